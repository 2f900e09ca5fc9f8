"""Spike trains to and from neo, the object model that tools of electrophysiology share."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from neuromorph.recording.spikes import SpikeTrains

__all__ = ["from_neo", "to_neo"]

HOW_TO_GET_IT = "neo is not installed: pip install '.[neo]' in neuromorph's folder"
"""What to do where it is not there."""


def to_neo(spikes: SpikeTrains, t_stop: float, t_start: float = 0.0) -> list[Any]:
    """One ``neo.SpikeTrain`` a neuron; what :meth:`SpikeTrains.to_neo` documents."""
    try:
        import neo
    except ImportError as error:
        raise ImportError(HOW_TO_GET_IT) from error
    if not (math.isfinite(t_start) and math.isfinite(t_stop)):
        raise ValueError(f"t_start and t_stop must be finite times in s, got {t_start!r} and {t_stop!r}")
    outside = (spikes.times < t_start) | (spikes.times > t_stop)
    if outside.any():
        raise ValueError(
            f"{outside.sum()} of {len(spikes)} spikes lie outside of {t_start!r} s to {t_stop!r} s, the first at "
            f"{float(spikes.times[outside][0])!r} s: give the whole run, or the spikes.between(t_start, t_stop)"
        )
    return [
        neo.SpikeTrain(train, units="s", t_start=t_start, t_stop=t_stop, name=name)
        for train, name in zip(spikes.trains(), spikes.names or [""] * spikes.n_sources, strict=True)
    ]


def from_neo(trains: Iterable[Any]) -> SpikeTrains:
    """Spike trains from ``neo.SpikeTrain``s; what :meth:`SpikeTrains.from_neo` documents."""
    if hasattr(trains, "rescale"):
        raise ValueError("expected a sequence of neo.SpikeTrain, got one: give [train]")
    trains = list(trains)
    times = [np.asarray(train.rescale("s").magnitude, dtype=np.float64) for train in trains]
    names = [train.name or "" for train in trains]
    if any(names) and not all(names):
        nameless = names.index("")
        raise ValueError(f"either all trains have a name or none: train {nameless} has none, others do")
    return SpikeTrains(
        np.concatenate([*times, np.empty(0)]),
        np.repeat(np.arange(len(times)), [len(train) for train in times]),
        names if any(names) else (),
        n_sources=len(times),
    )
