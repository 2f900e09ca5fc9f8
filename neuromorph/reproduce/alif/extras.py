"""What the paper says of rest and of the input current: short runs of the ideal neuron."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuromorph.analysis import spikes
from neuromorph.neurons import MemristiveALIF
from neuromorph.reproduce.alif.variants import DRIVE, T_STOP, quietly
from neuromorph.roads import simulate
from neuromorph.stimulus import PiecewiseLinear

CURRENTS = (0.4e-3, 0.6e-3, 0.8e-3, 1e-3, 1.5e-3, 2e-3)
"""Amplitudes of the f-I curve [A]."""
_ON, _SETTLED, _REST, _EDGE = 0.5e-3, 0.1e-3, 10e-3, 10e-9


@dataclass(frozen=True)
class Rest:
    """What a rest does to the memristor's state.

    Parameters
    ----------
    before, after : float
        State when the capacitor is empty, and 10 ms later (pure numbers).
    """

    before: float
    after: float

    @property
    def kept(self) -> float:
        """Share of the state that is left [pure number]."""
        return self.after / self.before

    @property
    def time_constant(self) -> float:
        """Time constant with which the state drifts towards 0.5 [s]."""
        return -_REST / math.log((self.after - 0.5) / (self.before - 0.5))


def state_after_rest() -> Rest:
    """The state after 0.5 ms of 1 mA and then 10 ms of rest [s, A]."""
    times, values = [0.0, _EDGE, _ON, _ON + _EDGE], [0.0, DRIVE.amplitude, DRIVE.amplitude, 0.0]
    drive = PiecewiseLinear(times=times, values=values)
    recording = simulate(MemristiveALIF(), drive, _ON + _SETTLED + _REST, "ode")
    before, after = np.interp([_ON + _SETTLED, _ON + _SETTLED + _REST], recording.time, recording["x"])
    return Rest(float(before), float(after))


def counts_at(current: float) -> tuple[int, int]:
    """Spikes of the first and of the fifth on-phase of the ideal neuron.

    Parameters
    ----------
    current : float
        Amplitude of the drive [A].

    Returns
    -------
    first, steady : int
        Numbers of spikes.
    """
    drive = type(DRIVE)(amplitude=current, frequency=DRIVE.frequency, duty=DRIVE.duty)
    with quietly():
        statistics = spikes(simulate(MemristiveALIF(), drive, T_STOP, "ode"), drive)
    return statistics.count_first, statistics.count_steady
