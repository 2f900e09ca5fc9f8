"""Pictures of spike trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuromorph.analysis import population, psth
from neuromorph.analysis.spike_trains import in_window
from neuromorph.plots.figures import CANDIDATE, REFERENCE, new_figure, scaled_time, style
from neuromorph.recording import SpikeTrains

# A raster of more dots than this is a grey field, and slow.
_DOTS = 200_000
# Of the intervals that are shown, in shares of the longest.
_LEAST_SPREAD = 1e-3


def plot_raster(spikes: SpikeTrains, t_start: float, t_stop: float, ax: Any = None) -> Any:
    """Draw every spike as a mark in its neuron's row.

    Parameters
    ----------
    spikes : SpikeTrains
        What to draw.
    t_start, t_stop : float
        Window that is shown [s].
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.

    Returns
    -------
    matplotlib Axes
        Time with the prefix that suits the window [s]; neurons by number, or by name where there are few. Of very many
        neurons an even selection is shown, and the label says so.
    """
    if ax is None:
        _, (ax,) = new_figure(1, size=(8.0, 4.0))
    factor, unit = scaled_time(t_stop)
    seen = spikes.between(t_start, t_stop)
    every = max(1, -(-len(seen) // _DOTS))
    shown = seen.sources % every == 0
    rows = max(1, spikes.n_sources // every)
    height = max(1.0, min(12.0, 220.0 / rows))
    ax.scatter(
        seen.times[shown] * factor, seen.sources[shown], marker="|", s=height**2, linewidths=0.8, color=REFERENCE
    )
    ax.set_xlim(t_start * factor, t_stop * factor)
    ax.set_ylim(-0.5, max(spikes.n_sources, 1) - 0.5)
    if spikes.names and spikes.n_sources <= 20:
        ax.set_yticks(range(spikes.n_sources), spikes.names)
    ax.set_ylabel("neuron" if every == 1 else f"neuron (one in {every} is shown)")
    ax.set_xlabel(f"time [{unit}]")
    return ax


def plot_spikes(spikes: SpikeTrains, t_start: float, t_stop: float, *, bin_width: float | None = None) -> Any:
    """Draw spike trains on one page: raster, rate over time, intervals, rates of the neurons.

    Parameters
    ----------
    spikes : SpikeTrains
        What to draw, one source a neuron or trial.
    t_start, t_stop : float
        Window that is shown [s].
    bin_width : float, optional
        Of the rate over time; a hundredth of the window where it is left out [s].

    Returns
    -------
    matplotlib.figure.Figure
        Times with the prefixes that suit them [s], rates [Hz].

    Raises
    ------
    ValueError
        When the window is empty or there is no neuron.
    """
    from matplotlib.figure import Figure

    found = population(spikes, t_start, t_stop)
    edges, rate = psth(spikes, bin_width or (t_stop - t_start) / 100, t_start, t_stop)
    figure = Figure(figsize=(9.0, 7.5), layout="constrained")
    grid = figure.add_gridspec(3, 2, height_ratios=[2.2, 1.0, 1.3])
    raster = style(figure.add_subplot(grid[0, :]))
    plot_raster(spikes, t_start, t_stop, raster)
    factor, unit = scaled_time(t_stop)
    over_time = style(figure.add_subplot(grid[1, :], sharex=raster))
    over_time.stairs(rate, edges * factor, color=REFERENCE)
    over_time.axhline(found.rate, color=CANDIDATE, linewidth=0.8)
    over_time.set_ylim(bottom=0)
    over_time.set_ylabel("rate [Hz]")
    over_time.set_xlabel(f"time [{unit}]")
    raster.set_xlabel("")
    seen = in_window(spikes, t_start, t_stop)
    _draw_intervals(style(figure.add_subplot(grid[2, 0])), seen, found.cv)
    rates = style(figure.add_subplot(grid[2, 1]))
    rates.hist(seen.counts() / (t_stop - t_start), bins="auto", color=REFERENCE)
    rates.set_xlabel("rate of a neuron [Hz]")
    rates.set_ylabel("neurons")
    figure.suptitle(
        f"{found.spike_count} spikes of {found.n_neurons} neurons, {found.rate:.3g} Hz, CV {found.cv:.2f}, Fano factor {found.fano:.2f}"
    )
    return figure


def _draw_intervals(ax: Any, spikes: SpikeTrains, cv: float) -> None:
    pooled = np.concatenate([*spikes.intervals(), np.empty(0)])
    ax.set_ylabel("intervals")
    if not pooled.size:
        ax.set_xlabel("interspike interval: none")
        return
    longest = float(np.quantile(pooled, 0.99))
    factor, unit = scaled_time(longest)
    shown = pooled[pooled <= longest]
    # Intervals of a clock differ by roundings, which do not make fifty bins.
    low = min(float(shown.min()), longest * (1 - _LEAST_SPREAD))
    ax.hist(shown * factor, bins=50, range=(low * factor, max(longest, 1e-15) * factor), color=REFERENCE)
    ax.set_xlabel(f"interspike interval [{unit}], CV {cv:.2f}")
