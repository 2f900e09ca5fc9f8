"""The signal of one neuron among many whose rises are its spikes."""

from __future__ import annotations

from dataclasses import dataclass

from neuromorph.schematic.probes import Probe


@dataclass(frozen=True)
class SpikeSignal:
    """A signal whose rise through a level is a spike.

    Parameters
    ----------
    probe : Probe
        What to look at.
    level : float
        In the probe's unit.
    """

    probe: Probe
    level: float = 0.5
