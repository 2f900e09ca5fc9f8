"""A fitted memristor: loops, courses, residuals, profiles, and SPICE beside the measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, scaled_time, scaled_values, style
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuromorph.fit import MemristorFit
    from neuromorph.fit.profile import Profile
    from neuromorph.fit.verification import Verification


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        style(ax)
    return figure, axes


def plot_fit(fit: MemristorFit) -> Any:
    """Draw each record: its I-V loop, its course in time, and the residual.

    Parameters
    ----------
    fit : MemristorFit
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        One row a record; voltages [V], currents [A] and times [s] with prefixes.
    """
    n = len(fit.names)
    figure, axes = _figure(n, 3, (12.0, 2.9 * n + 0.4))
    for k, (loop, course, residual) in enumerate(axes):
        record, response = fit.problem.records[k], fit.response(k)
        factor, unit = scaled_values(record.measured, "A")
        t_factor, t_unit = scaled_time(float(response["time"][-1]))
        loop.plot(
            _closed(record.voltage, record),
            factor * _closed(record.measured, record),
            color=REFERENCE,
            lw=1.6,
            alpha=0.6,
            label="measured",
        )
        loop.plot(
            _closed(response["voltage"], record),
            factor * _closed(response["current"], record),
            color=CANDIDATE,
            lw=1.0,
            label=type(fit.model).__name__,
        )
        loop.set_xlabel("voltage across the device [V]")
        loop.set_ylabel(f"current [{unit}]")
        loop.set_title(
            f"{record.name}: NRMSE {fit.nrmse[k]:.4f}, resistor {fit.null_nrmse[k]:.3f}", loc="left", fontsize="small"
        )
        time = t_factor * response["time"]
        course.plot(time, factor * record.measured, color=REFERENCE, lw=1.6, alpha=0.6)
        course.plot(time, factor * response["current"], color=CANDIDATE, lw=1.0)
        course.set_xlabel(f"time [{t_unit}]")
        course.set_ylabel(f"current [{unit}]")
        state = course.twinx()
        state.plot(time, response["state"], color=ACCENT, lw=0.8, linestyle=":")
        state.set_ylabel("state", color=ACCENT)
        state.spines["top"].set_visible(False)
        residual.plot(time, 100.0 * response["residual"] / record.span, color=CANDIDATE, lw=0.9)
        residual.axhline(0.0, color="0.6", lw=0.6)
        residual.set_xlabel(f"time [{t_unit}]")
        residual.set_ylabel("residual [% of peak to peak]")
    axes[0, 0].legend(frameon=False, fontsize="small")
    return figure


def plot_profiles(profiles: Sequence[Profile]) -> Any:
    """Draw profile likelihoods.

    Parameters
    ----------
    profiles : sequence of Profile
        One an Axes.

    Returns
    -------
    matplotlib.figure.Figure
        Loss of log-likelihood (pure number) over each parameter in its unit.
    """
    columns = min(3, max(1, len(profiles)))
    rows = -(-len(profiles) // columns)
    figure, axes = _figure(rows, columns, (4.0 * columns, 2.6 * rows + 0.3))
    for ax in axes.flat[len(profiles) :]:
        ax.set_visible(False)
    for ax, profile in zip(axes.flat, profiles, strict=False):
        factor, unit = scaled_values(profile.values, profile.unit)
        ax.plot(factor * profile.values, profile.deviance, color=REFERENCE, marker=".", lw=1.0)
        ax.axhline(profile.limit, color="0.5", lw=0.8, linestyle="--")
        ax.axvline(factor * profile.best, color=CANDIDATE, lw=0.8)
        positive = profile.values[profile.values > 0]
        if positive.size == profile.values.size and positive.max() > 20 * positive.min():
            ax.set_xscale("log")
        ax.set_xlabel(f"{profile.name} [{unit}]" if unit else profile.name)
        ax.set_ylabel("loss of 2 ln(likelihood)")
        ax.set_ylim(bottom=min(0.0, float(profile.deviance.min())), top=max(3.0 * profile.limit, 1.0))
    return figure


def plot_correlation(names: Sequence[str], matrix: Any) -> Any:
    """Draw a correlation matrix.

    Parameters
    ----------
    names : sequence of str
        Parameters.
    matrix : ndarray, shape (n, n)
        Correlations (pure numbers).

    Returns
    -------
    matplotlib.figure.Figure
        Colours from -1 to 1 (pure numbers), the numbers in the fields.
    """
    n = len(names)
    figure, axes = _figure(1, 1, (1.6 + 0.62 * n, 1.2 + 0.52 * n))
    ax = axes[0, 0]
    ax.grid(visible=False)
    image = ax.imshow(matrix, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    ax.set_xticks(range(n), names, rotation=45, ha="right", fontsize="small")
    ax.set_yticks(range(n), names, fontsize="small")
    for a in range(n):
        for b in range(n):
            color = "white" if abs(matrix[a][b]) > 0.6 else "black"
            ax.text(b, a, f"{matrix[a][b]:.2f}", ha="center", va="center", fontsize=7, color=color)
    figure.colorbar(image, ax=ax, shrink=0.8)
    return figure


def plot_verification(check: Verification) -> Any:
    """Draw a record as measured, as fitted, and as the engine runs the fitted device.

    Parameters
    ----------
    check : Verification
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        I-V loop and course in time; voltages [V], currents [A] and times [s] with prefixes.
    """
    figure, axes = _figure(1, 2, (11.0, 4.0))
    loop, course = axes[0]
    factor, unit = scaled_values(check.measured, "A")
    t_factor, t_unit = scaled_time(float(check.time[-1]))
    for voltage, current, label, look in (
        (check.voltage, check.measured, "measured", {"color": REFERENCE, "lw": 2.2, "alpha": 0.5}),
        (check.fitted_voltage, check.fitted, "fit", {"color": CANDIDATE, "lw": 1.2}),
        (check.spice_voltage, check.spice, check.engine, {"color": "black", "lw": 0.9, "linestyle": ":"}),
    ):
        loop.plot(voltage, factor * current, label=label, **look)
        course.plot(t_factor * check.time, factor * current, label=label, **look)
    loop.set_xlabel("voltage across the device [V]")
    course.set_xlabel(f"time [{t_unit}]")
    for ax in (loop, course):
        ax.set_ylabel(f"current [{unit}]")
    loop.legend(frameon=False, fontsize="small")
    loop.set_title(check.name, loc="left", fontsize="small")
    course.set_title(
        f"{check.engine} against the fit: at most {100 * check.disagreement:.2g} % of peak to peak",
        loc="left",
        fontsize="small",
    )
    return figure


def plot_comparison(names: Sequence[str], fitted: Sequence[float], foretold: Sequence[float | None]) -> Any:
    """Draw how models fit and foretell.

    Parameters
    ----------
    names : sequence of str
        Models.
    fitted : sequence of float
        Mean NRMSE of the fits (pure numbers).
    foretold : sequence of float or None
        Mean NRMSE of what was left out (pure numbers).

    Returns
    -------
    matplotlib.figure.Figure
        Bars in pure numbers.
    """
    figure, axes = _figure(1, 1, (6.5, 0.55 * len(names) + 1.3))
    ax = axes[0, 0]
    places = np.arange(len(names))
    ax.barh(places - 0.18, fitted, 0.34, color=REFERENCE, label="fitted")
    ax.barh(places + 0.18, [f or 0.0 for f in foretold], 0.34, color=CANDIDATE, label="foretold")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_xlabel("mean NRMSE")
    ax.legend(frameon=False, fontsize="small")
    return figure


def _closed(values: Any, record: Any) -> Any:
    return np.append(values, values[0]) if record.periodic else values


def interval_text(low: float | None, high: float | None, unit: str) -> str:
    """The ends of an interval, open where it does not close [unit given]."""
    ends = [format_quantity(e, unit, 3) if e is not None else "open" for e in (low, high)]
    return f"{ends[0]} to {ends[1]}"
