"""Both roads over each other, and what is between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, scaled_time
from neuromorph.plots.recordings import plot_signal

if TYPE_CHECKING:
    from neuromorph.validate.cross import CrossValidation

_MOST_SIGNALS = 4
_LONGEST_INTERVAL = 5.0
_LEAST_SPAN = 0.05


def plot_validation(check: CrossValidation) -> Any:
    """Draw a cross-validation: the signals of both roads, their spikes, intervals and spike-time errors.

    Parameters
    ----------
    check : CrossValidation
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Signals in their units over time [s]; intervals and spike-time errors [s] over time [s].
    """
    names = _signals(check)
    has_spikes = len(check.reference.spikes) + len(check.candidate.spikes) > 0
    has_pairs = len(check.comparison.match.pairs) > 1
    ratios = [1.2] + [1.0] * (len(names) - 1) + [0.35] * has_spikes + [0.9, 0.9] * has_pairs
    figure, axes = new_figure(len(ratios), ratios, size=(9.0, 1.6 * sum(ratios) + 1.0))
    labels = [f"{r.provenance['engine']} {r.provenance['version']}" for r in (check.reference, check.candidate)]
    for ax, name in zip(axes, names, strict=False):
        plot_signal(check.reference, name, ax, color=REFERENCE, linewidth=1.8, alpha=0.55, label=labels[0])
        plot_signal(check.candidate, name, ax, color=CANDIDATE, linewidth=0.8, linestyle="--", label=labels[1])
    axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize="small")
    rest = list(axes[len(names) :])
    factor, unit = scaled_time(float(check.reference.time[-1]))
    if has_spikes:
        _draw_spikes(check, rest.pop(0), factor)
    if has_pairs:
        _draw_intervals(check, rest.pop(0), factor)
        _draw_time_errors(check, rest.pop(0), factor)
    for ax in axes[1:]:
        ax.sharex(axes[0])
    for ax in axes[:-1]:
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel(f"time [{unit}]")
    axes[0].set_title(f"{check.design}: {'agree' if check.passed else 'DISAGREE'}", loc="left", fontweight="bold")
    figure.align_ylabels()
    return figure


def _signals(check: CrossValidation) -> list[str]:
    shared = [name for name in check.comparison.nrmse if check.reference.units.get(name) != "W"]
    first = [name for name in ("v_mem", "x", "v_c", "i_in") if name in shared]
    return (first + [name for name in shared if name not in first])[:_MOST_SIGNALS]


def _draw_spikes(check: CrossValidation, ax: Any, factor: float) -> None:
    trains = [check.candidate.spikes.times * factor, check.reference.spikes.times * factor]
    ax.eventplot(trains, colors=[CANDIDATE, REFERENCE], linewidths=0.9, linelengths=0.8)
    ax.set_yticks([0, 1], [check.candidate.provenance["engine"], check.reference.provenance["engine"]])
    ax.set_ylabel("spikes")
    ax.grid(visible=False)


def _draw_intervals(check: CrossValidation, ax: Any, factor: float) -> None:
    for recording, color, marker, size in (
        (check.reference, REFERENCE, "o", 5.0),
        (check.candidate, CANDIDATE, "x", 4.0),
    ):
        times = recording.spikes.times
        intervals = np.diff(times)
        # The pauses between bursts would press the intervals inside them flat.
        within = intervals <= _LONGEST_INTERVAL * np.median(intervals) if intervals.size else intervals > 0
        scale, unit = scaled_time(float(np.max(intervals[within], initial=1e-9)))
        ax.plot(
            times[1:][within] * factor,
            intervals[within] * scale,
            marker,
            color=color,
            markersize=size,
            mew=1.0,
            alpha=0.8,
        )
    ax.set_ylabel(f"ISI [{unit}]\nwithin bursts")
    # Intervals that are all but equal should look so.
    low, high = ax.get_ylim()
    middle = 0.5 * (low + high)
    ax.set_ylim(min(low, middle * (1 - _LEAST_SPAN)), max(high, middle * (1 + _LEAST_SPAN)))
    ax.ticklabel_format(axis="y", useOffset=False)


def _draw_time_errors(check: CrossValidation, ax: Any, factor: float) -> None:
    match = check.comparison.match
    times, errors = match.reference[match.pairs[:, 0]], match.time_errors()
    scale, unit = scaled_time(float(np.max(np.abs(errors), initial=0.0)) or 1e-9)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    ax.plot(times * factor, errors * scale, ".-", color=ACCENT, markersize=4.0, linewidth=0.7)
    ax.set_ylabel(f"spike-time\nerror [{unit}]")
