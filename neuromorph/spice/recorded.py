"""From the vectors that a SPICE engine wrote to a recording: probes evaluated, spikes found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.schematic import Deck
from neuromorph.spice.raw import RawPlot


def recording_of(deck: Deck, plot: RawPlot, provenance: dict[str, Any]) -> Recording:
    """The recording of a run.

    Parameters
    ----------
    deck : Deck
        What was run.
    plot : RawPlot
        With every vector of the deck [V or A], by the deck's names.
    provenance : dict
        Where it comes from.

    Returns
    -------
    Recording
        The deck's probes over the engine's own time grid [s]; an operating point has the one time 0 s.
    """
    vectors = {name: plot[name] for name in deck.vectors}
    time_grid = np.zeros(1) if deck.t_stop is None else plot.axis
    spikes = _spikes(deck, time_grid, vectors)
    return Recording(
        time=time_grid,
        signals={name: probe.evaluate(vectors) for name, probe in deck.probes.items()},
        units={name: probe.resolved_unit() for name, probe in deck.probes.items()},
        spikes=spikes,
        provenance=provenance | ({"neurons": list(spikes.names)} if spikes.names else {}),
    )


def stopped_at(partial: Recording, deck: Deck) -> str:
    """How far a run was when it was stopped, for the message [s]."""
    return f"stopped at {format_quantity(float(partial.time[-1]), 's')} of {format_quantity(deck.t_stop or 0.0, 's')}"


def _spikes(deck: Deck, time_grid: Any, vectors: Mapping[str, Any]) -> SpikeTrains:
    if deck.spike_trains:
        trains = [
            np.empty(0) if signal is None else _rises(time_grid, signal.probe.evaluate(vectors), signal.level)
            for signal in deck.spike_trains.values()
        ]
        sources = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
        return SpikeTrains(np.concatenate(trains), sources, tuple(deck.spike_trains))
    if deck.spikes is None:
        return SpikeTrains(np.empty(0))
    return SpikeTrains(_rises(time_grid, deck.spikes.evaluate(vectors), deck.spike_level))


def _rises(time_grid: Any, signal_values: Any, level: float) -> Any:
    """Times at which a signal rises through a level, interpolated between the engine's time points [s]."""
    above = signal_values >= level
    before = np.flatnonzero(above[1:] & ~above[:-1])
    low, high = signal_values[before], signal_values[before + 1]
    share = (level - low) / (high - low)
    return time_grid[before] + share * (time_grid[before + 1] - time_grid[before])
