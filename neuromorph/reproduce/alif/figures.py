"""Figures 5 and 6 panel by panel, the damping against the capacitor, and what causes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.reproduce.alif.variants import CAPACITANCES, GAINS, T_STOP, Run, Variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ZOOM = 1.15e-3
_SPIKE_ZOOM = 0.62e-3
_NAMES = {"v_mem": "$v_{mem}$ [V]", "x": "$x_m$", "v_c": "$v_c$ [V]", "v_gate": "gate [V]"}
_TITLES = {
    "v_mem": "voltage across the memristor",
    "x": "state of the memristor",
    "v_c": "voltage across the capacitor",
    "v_gate": "spikes, output of the Schmitt trigger",
}
# Seven digits of capacitance are not a label.
_NANO = 1e9


def draw_figure_5(run: Run) -> Figure:
    """Figure 5 of the paper: the equations.

    Parameters
    ----------
    run : Run
        The ideal neuron on the equations' road, with its waveforms.

    Returns
    -------
    matplotlib.figure.Figure
        Panels (a) ``v_mem`` [V], (b) ``x``, (c) ``v_c`` [V] over time [ms], each whole and in zoom.
    """
    from neuromorph.plots.figures import REFERENCE

    figure, axes = _panels(3, 2, (11.0, 7.5))
    for row, (letter, name) in zip(axes, zip("abc", ("v_mem", "x", "v_c"), strict=True), strict=True):
        _title(row[0], letter, name)
        for ax, until in zip(row, (T_STOP, _ZOOM), strict=True):
            _line(ax, run, name, until, color=REFERENCE)
        _zoom_of(*row)
    _last_rows(axes)
    _threshold(axes[0], run.variant)
    figure.suptitle(_suptitle("Figure 5: the ideal neuron, equations", run), fontsize="medium")
    return figure


def draw_figure_6(run: Run, ideal: Run) -> Figure:
    """Figure 6 of the paper: the hardware, with the ideal neuron behind it.

    Parameters
    ----------
    run : Run
        The hardware neuron in SPICE, with its waveforms.
    ideal : Run
        The ideal neuron, with its waveforms.

    Returns
    -------
    matplotlib.figure.Figure
        Panels (a) ``v_mem`` [V], (b) ``v_c`` [V], each whole and in zoom, (c) spikes in zoom, (d) ``x``, over time [ms].
    """
    from neuromorph.plots.figures import CANDIDATE

    figure, axes = _panels(3, 2, (11.0, 7.5))
    for row, (letter, name) in zip(axes[:2], zip("ab", ("v_mem", "v_c"), strict=True), strict=True):
        _title(row[0], letter, name)
        _line(row[0], run, name, T_STOP, color=CANDIDATE)
        _line(row[1], ideal, name, _ZOOM, color="0.6", label="ideal")
        _line(row[1], run, name, _ZOOM, color=CANDIDATE, label="hardware")
        _zoom_of(*row)
    axes[0, 1].legend(ncols=2, frameon=False, fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 0.98))
    spikes, state = axes[2]
    _title(spikes, "c", "v_gate")
    _line(spikes, run, "v_gate", _SPIKE_ZOOM, color=CANDIDATE)
    _title(state, "d", "x")
    _line(state, ideal, "x", T_STOP, color="0.6")
    _line(state, run, "x", T_STOP, color=CANDIDATE)
    _last_rows(axes)
    _threshold(axes[0], run.variant)
    figure.suptitle(_suptitle(f"Figure 6: the hardware, {run.engine}", run), fontsize="medium")
    return figure


def draw_damping(runs: Mapping[tuple[Variant, str], Run], ax: Axes | None = None) -> Figure:
    """Adaptation that the hardware loses, against the capacitor, by gain.

    Parameters
    ----------
    runs : mapping from (Variant, road) to Run
        The variants in SPICE, and by the equations where they are there.
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.

    Returns
    -------
    matplotlib.figure.Figure
        Share that is lost of the adaptation ratio [%] over capacitance [nF], both logarithmic.
    """
    from matplotlib.ticker import NullLocator

    from neuromorph.plots.figures import CANDIDATE, REFERENCE, new_figure
    from neuromorph.reproduce.alif.reading import damping
    from neuromorph.reproduce.alif.reference import HARDWARE

    if ax is None:
        _, (ax,) = new_figure(1, size=(7.0, 4.6))
    assert ax is not None
    for gain, color in zip(GAINS, (REFERENCE, CANDIDATE), strict=True):
        variants = [Variant(capacitance=c, gain=gain, fidelity="macromodel") for c in CAPACITANCES]
        for road, marker, line in (("ode", "x", "none"), ("spice", "o", "-")):
            known = [v for v in variants if (v, road) in runs]
            if known:
                label = f"gain {gain:g}, {'SPICE' if road == 'spice' else 'equations'}"
                lost = [100 * damping(runs, v, road) for v in known]
                ax.plot(
                    [v.capacitance * _NANO for v in known],
                    lost,
                    marker=marker,
                    linestyle=line,
                    color=color,
                    label=label,
                    markersize=8 if road == "ode" else 5,
                )
        told = [v for v in variants if v in HARDWARE]
        ax.plot(
            [v.capacitance * _NANO for v in told],
            [100 * HARDWARE[v].damping for v in told],
            marker="s",
            markersize=7,
            fillstyle="none",
            linestyle=":",
            linewidth=1.0,
            color=color,
            alpha=0.7,
            label=f"gain {gain:g}, reference",
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks([c * _NANO for c in CAPACITANCES], [f"{c * _NANO:g}" for c in CAPACITANCES])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_ylim(1.0, 50.0)
    ax.set_xlabel("membrane capacitor [nF]")
    ax.set_ylabel("adaptation lost against the ideal neuron [%]")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title("Real parts damp the adaptation", loc="left", fontsize="medium")
    return ax.get_figure()  # type: ignore[return-value]


def draw_budget(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """What lengthens the first interval, cause by cause.

    Parameters
    ----------
    rows : sequence of mapping
        Of :func:`neuromorph.reproduce.alif.budget.budget_of` [s].

    Returns
    -------
    matplotlib.figure.Figure
        Lengthening of the first interval [us], one column a neuron.
    """
    from neuromorph.plots.figures import CANDIDATE, REFERENCE

    cases = list(dict.fromkeys((row["capacitance"], row["gain"]) for row in rows))
    figure, axes = _panels(1, len(cases), (11.0, 4.8))
    colors = {"all": "0.4", "put in": REFERENCE, "taken out": CANDIDATE}
    for ax, case in zip(axes[0], cases, strict=True):
        own = [row for row in rows if (row["capacitance"], row["gain"]) == case]
        names = [f"{row['cause']}" if row["kind"] == "all" else f"{row['cause']} ({row['kind']})" for row in own]
        bars = ax.barh(
            range(len(own)), [row["isi_first"] * 1e6 for row in own], color=[colors[row["kind"]] for row in own]
        )
        labels = [f"{100 * row['share_first']:+.0f} %" for row in own]
        ax.bar_label(bars, labels, padding=3, fontsize="small")
        ax.set_yticks(range(len(own)), names if ax is axes[0, 0] else [])
        ax.invert_yaxis()
        ax.margins(x=0.16)
        ax.axvline(0.0, color="0.4", linewidth=0.8)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("lengthening of the first ISI [us]")
        ax.set_title(f"{case[0] * _NANO:g} nF, gain {case[1]:g}", loc="left", fontsize="medium")
    figure.suptitle(
        "Real parts put into the ideal neuron one by one; figures of parts taken out of the hardware", fontsize="medium"
    )
    return figure


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    from neuromorph.plots.figures import style

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.ravel():
        style(ax)
    return figure, axes


def _title(ax: Axes, letter: str, name: str) -> None:
    ax.set_title(f"({letter}) {_TITLES[name]}", loc="left", fontsize="medium")
    ax.set_ylabel(_NAMES[name])


def _line(ax: Axes, run: Run, name: str, until: float, **line: Any) -> None:
    time = run.waveforms["time"]
    inside = slice(0, int(np.searchsorted(time, until, side="right")))
    ax.plot(time[inside] * 1e3, run.waveforms[name][inside], linewidth=0.9, **line)
    ax.set_xlim(0.0, until * 1e3)


def _zoom_of(whole: Axes, zoom: Axes) -> None:
    zoom.set_ylim(whole.get_ylim())
    zoom.set_title("zoom", loc="left", fontsize="medium")


def _threshold(axes: Sequence[Axes], variant: Variant) -> None:
    for ax in axes:
        ax.axhline(variant.neuron().v_th, color="0.5", linewidth=0.8, linestyle=":")


def _last_rows(axes: Any) -> None:
    for ax in axes[-1]:
        ax.set_xlabel("time [ms]")


def _suptitle(what: str, run: Run) -> str:
    s = run.statistics
    return (
        f"{what} ({run.variant.label}): {s.spike_count} spikes, ISI {s.isi_first * 1e6:.2f} to {s.isi_steady * 1e6:.2f} us, "
        f"x = {run.x_ends[-1]:.5f} at the end of the last on-phase"
    )
