"""Pictures of one recording."""

from __future__ import annotations

from typing import Any

from neuromorph.plots.figures import REFERENCE, label_of, new_figure, scaled_time, scaled_values, style
from neuromorph.recording import Recording


def plot_signal(recording: Recording, name: str, ax: Any = None, **line: Any) -> Any:
    """Draw one signal over time.

    Parameters
    ----------
    recording : Recording
        Where the signal is.
    name : str
        Which one.
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.
    **line
        Properties of the line.

    Returns
    -------
    matplotlib Axes
        Time with the prefix that suits the run [s]; the signal in its unit.
    """
    if ax is None:
        _, (ax,) = new_figure(1, size=(8.0, 3.0))
    factor, unit = scaled_time(float(recording.time[-1]))
    scale, signal_unit = scaled_values(recording[name], recording.units.get(name, ""))
    ax.plot(recording.time * factor, recording[name] * scale, **{"color": REFERENCE, "linewidth": 1.0, **line})
    ax.set_ylabel(label_of(name, signal_unit))
    ax.set_xlabel(f"time [{unit}]")
    return ax


def plot_recording(recording: Recording, names: list[str] | None = None) -> Any:
    """Draw a recording: one row a signal, and its spikes.

    Parameters
    ----------
    recording : Recording
        What to draw.
    names : list of str, optional
        Which signals; all but derived powers where it is left out.

    Returns
    -------
    matplotlib.figure.Figure
        Time with the prefix that suits the run [s].
    """
    chosen = names or [n for n in recording.names if recording.units.get(n) != "W"]
    with_spikes = len(recording.spikes) > 0
    ratios = [1.0] * len(chosen) + [0.3] * with_spikes
    figure, axes = new_figure(len(ratios), ratios, size=(9.0, 1.7 * len(chosen) + 1.2))
    for ax, name in zip(axes, chosen, strict=False):
        plot_signal(recording, name, ax)
        ax.label_outer()
    if with_spikes:
        factor, unit = scaled_time(float(recording.time[-1]))
        raster = style(axes[-1])
        raster.eventplot([recording.spikes.times * factor], colors=[REFERENCE], linewidths=0.8)
        raster.set_yticks([])
        raster.set_ylabel("spikes")
        raster.set_xlabel(f"time [{unit}]")
        axes[-2].set_xlabel("")
    for ax in axes:
        ax.sharex(axes[0]) if ax is not axes[0] else None
    figure.suptitle(f"{recording.provenance.get('design', '')} ({recording.provenance.get('engine', '')})")
    return figure
