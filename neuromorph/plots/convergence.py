"""Errors over steps, crossing speeds, and perturbations that shrink, as pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, style

if TYPE_CHECKING:
    from neuromorph.analysis import Convergence, CrossingSpeeds, LyapunovExponent

_COLORS = (REFERENCE, CANDIDATE, ACCENT, "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "osD^vP"
# The order that is expected of each kind, as a line to hold against.
_TITLES = {
    "strong": ("strong error", 0.5),
    "weak": ("weak error", 1.0),
    "mismatch": ("wrong number of spikes, probability", 1.0),
    "spike_times": ("median error of spike times", 1.0),
}


def plot_convergence(found: Convergence) -> Any:
    """Draw errors over steps, a panel for each kind.

    Parameters
    ----------
    found : Convergence
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Errors with confidence intervals [their unit] over steps [s], both logarithmic, and lines of the order named.
    """
    from matplotlib.figure import Figure

    kinds = [kind for kind in _TITLES if getattr(found, kind)]
    columns = min(2, len(kinds))
    figure = Figure(figsize=(6.2 * columns, 4.0 * math.ceil(len(kinds) / columns)), layout="constrained")
    axes = figure.subplots(math.ceil(len(kinds) / columns), columns, squeeze=False).ravel()
    for ax in axes[len(kinds) :]:
        ax.set_visible(False)
    open_symbols = ""
    for ax, kind in zip(axes, kinds, strict=False):
        title, slope = _TITLES[kind]
        style(ax)
        drawn: list[float] = []
        for k, order in enumerate(getattr(found, kind).values()):
            values = np.abs([e.value for e in order.errors])
            limits = np.array([[e.low, e.high] for e in order.errors])
            # An error whose interval holds zero has no place on a logarithmic axis: only its size is shown.
            known = (values > 0) & (limits.min(axis=1) * limits.max(axis=1) > 0)
            limits = np.sort(np.abs(limits), axis=1)
            bars = np.where(known, np.maximum([values - limits[:, 0], limits[:, 1] - values], 0.0), 0.0)
            steps = np.array(order.steps)
            color, marker = _COLORS[k % len(_COLORS)], _MARKERS[k % len(_MARKERS)]
            if known.any():
                ax.errorbar(
                    steps[known],
                    values[known],
                    yerr=bars[:, known],
                    marker=marker,
                    color=color,
                    linewidth=0.9,
                    markersize=4,
                    capsize=2,
                    label=f"{order.name}: {order.order.value:.2f}" if order.resolved else f"{order.name}: not resolved",
                )
            unknown = (values > 0) & ~known
            if unknown.any():
                open_symbols = "; open symbols: not told from zero"
                label = None if known.any() else f"{order.name}: not resolved"
                ax.plot(steps[unknown], values[unknown], marker, color=color, mfc="none", ms=4, alpha=0.6, label=label)
            drawn += [v for v in values if v > 0]
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        if drawn:
            steps = np.array([min(found_steps(found)), max(found_steps(found))])
            line = min(drawn) * 0.7 * (steps / steps[0]) ** slope
            ax.plot(steps, line, color="0.5", linestyle=":", label=f"slope {slope:g}")
            ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
        ax.set_xlabel("step [s]")
        units = {order.unit for order in getattr(found, kind).values()}
        unit = f" [{units.pop()}]" if len(units) == 1 and units != {""} else ""
        ax.set_title(f"{title}{unit}", loc="left", fontsize="medium")
    figure.suptitle(f"{found.design}: {found.method}, {found.n} paths{open_symbols}", fontsize="medium")
    return figure


def found_steps(found: Convergence) -> tuple[float, ...]:
    """The steps that were compared [s]."""
    return next(iter(found.strong.values())).steps


def plot_crossing_speeds(found: CrossingSpeeds) -> Any:
    """Draw the distribution of crossing speeds.

    Parameters
    ----------
    found : CrossingSpeeds
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Share of crossings that are slower than a [pure number] over a [guard's unit / s], both logarithmic.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    ax = style(figure.subplots())
    for k, (name, speeds) in enumerate(found.speeds.items()):
        ordered = np.sort(speeds[speeds > 0])
        if not len(ordered):
            continue
        share = (np.arange(len(ordered)) + 1 + np.count_nonzero(speeds <= 0)) / len(speeds)
        ax.plot(ordered, share, color=_COLORS[k % len(_COLORS)], label=name, linewidth=1.2)
    near = found.near_tangential
    limits = np.array([near.slowest, near.fastest])
    line = near.share.value * (limits / near.fastest) ** near.exponent.value
    ax.plot(limits, line, color="black", linewidth=2, label=f"all: exponent {near.exponent.value:.2f}")
    ax.plot(
        limits, near.share.value * (limits / near.fastest) ** 2, color="0.5", linestyle=":", label="bound, exponent 2"
    )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(max(1e-5, 0.05 * line[0]), 1.5)
    ax.set_xlim(0.3 * near.slowest, None)
    ax.set_xlabel("a, in units of the threshold a second")
    ax.set_ylabel("P(A < a)")
    ax.legend(frameon=False, fontsize="small")
    ax.set_title(f"{found.design}: crossing speeds A", loc="left", fontsize="medium")
    return figure


def plot_lyapunov(found: LyapunovExponent) -> Any:
    """Draw how a perturbation shrinks or grows.

    Parameters
    ----------
    found : LyapunovExponent
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Mean logarithm of the distance of two trajectories, and of what flux and saltation make of it [pure numbers],
        over time [s].
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    ax = style(figure.subplots())
    if found.flux is not None:
        label = f"flux and saltation: {found.flux.value:.4g}/s"
        ax.plot(found.time, found.flux_course, color=REFERENCE, linewidth=1.5, label=label)
    label = f"two trajectories: {found.two_trajectories.value:.4g}/s"
    ax.plot(found.time, found.distance_course, ".", color=CANDIDATE, label=label)
    ax.set_xlabel("time [s]")
    ax.set_ylabel("mean logarithm of the perturbation")
    ax.legend(frameon=False)
    ax.set_title(f"{found.design}: perturbation of {found.state}", loc="left", fontsize="medium")
    return figure
