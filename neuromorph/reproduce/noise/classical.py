"""Figures 2 to 4: a hundred realisations of a leaky neuron with noisy current and random refractory time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis import firing_rates, spiking_fraction, synchrony
from neuromorph.behaviour import EulerMaruyama, simulate_batch
from neuromorph.neurons import LIF
from neuromorph.recording import SpikeTrains
from neuromorph.reproduce.noise.clamped import counts_while_clamped
from neuromorph.reproduce.noise.readings import DT, reading_of

FloatArray = NDArray[np.float64]

N_TRIALS, T_STOP = 100, 0.15
"""Realisations, and length of each [s]."""
EARLY, LATE = (5e-3, 10e-3), (20e-3, T_STOP)
"""The window of which the text gives mean voltages, and the time after the onset [s]."""
_G_LEAK, _TAU_M = 16.7e-9, 30e-3
_SYNCHRONY_BIN = 1e-3


@dataclass(frozen=True, kw_only=True)
class ClassicalCase:
    """A column of figures 2 to 4.

    Parameters
    ----------
    panel : str
        Figure and side.
    i_mean, additive, multiplicative : float
        ``I = i_mean + (additive + multiplicative V) xi``, V in mV (paper's unit).
    t_refractory, t_refractory_sd : float
        Mean and standard deviation of the refractory time, before it is truncated [s].
    """

    panel: str
    i_mean: float
    additive: float = 0.0
    multiplicative: float = 0.0
    t_refractory: float = 8e-3
    t_refractory_sd: float = 0.0


CASES = {
    case.panel: case
    for case in (
        ClassicalCase(panel="2 left", i_mean=3.0),
        ClassicalCase(panel="2 right", i_mean=3.0, t_refractory=0.0, t_refractory_sd=1e-3),
        ClassicalCase(panel="3 left", i_mean=6.0, additive=2.0),
        # Its numbers are not given; those of figure 2 are taken.
        ClassicalCase(panel="3 right", i_mean=6.0, additive=2.0, t_refractory=0.0, t_refractory_sd=1e-3),
        ClassicalCase(panel="4 left", i_mean=6.0, additive=2.0, t_refractory=5e-3, t_refractory_sd=1e-3),
        ClassicalCase(panel="4 right", i_mean=6.0, multiplicative=2.0, t_refractory=5e-3, t_refractory_sd=1e-3),
    )
}
"""The columns by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassicalRun:
    """What the realisations of a column did.

    Parameters
    ----------
    case : ClassicalCase
        The column.
    reading : str
        Name of the reading of the paper's units.
    time : ndarray, shape (n_steps,)
        Ends of the steps [s].
    v_mean, v_sd : ndarray, shape (n_steps,)
        Mean over the realisations and standard deviation between them, equations (4) and (5) [V].
    spikes : SpikeTrains
        Of all realisations [s].
    t_refractory : ndarray, shape (n_trials,)
        As drawn [s].
    """

    case: ClassicalCase
    reading: str
    time: FloatArray
    v_mean: FloatArray
    v_sd: FloatArray
    spikes: SpikeTrains
    t_refractory: FloatArray = field(repr=False)

    @property
    def v_early(self) -> float:
        """Mean voltage over the realisations and 5 to 10 ms [V]."""
        return float(self.v_mean[(self.time > EARLY[0] - DT / 2) & (self.time < EARLY[1] + DT / 2)].mean())

    @property
    def rate(self) -> float:
        """Mean rate after 20 ms [Hz]."""
        return float(firing_rates(self.spikes, *LATE).mean())

    @property
    def fraction(self) -> FloatArray:
        """What the paper calls the rate: the share of the realisations that spike in each step (pure numbers)."""
        # A spike is counted at the end of its step, and each bin holds its left edge: half a step makes it unambiguous.
        return spiking_fraction(self.spikes, DT, DT / 2, T_STOP + DT / 2)[1]

    def fraction_after(self, t_start: float) -> float:
        """Mean of :attr:`fraction` after `t_start` [s] (pure number)."""
        return float(self.fraction[self.time > t_start].mean())

    @property
    def synchrony(self) -> float:
        """How far the realisations spike together, in bins of 1 ms (pure number)."""
        return synchrony(self.spikes, _SYNCHRONY_BIN, 0.0, T_STOP)

    def row(self) -> dict[str, Any]:
        """The numbers by name (SI units)."""
        return {
            "model": "classical",
            "panel": self.case.panel,
            "reading": self.reading,
            "spikes": len(self.spikes),
            "v_early": self.v_early,
            "v_mean_min": float(self.v_mean.min()),
            "v_sd_max": float(self.v_sd.max()),
            "rate": self.rate,
            "fraction_per_step": self.fraction_after(LATE[0]),
            "synchrony": self.synchrony,
            "t_refractory_mean": float(self.t_refractory.mean()),
        }


def neuron_of(case: ClassicalCase, reading: str = "R*") -> LIF:
    """The neuron of a column, its refractory time constant (SI units).

    Parameters
    ----------
    case : ClassicalCase
        The column.
    reading : str
        Name of the reading.
    """
    units = reading_of(reading)
    return LIF(
        capacitance=_G_LEAK * _TAU_M,
        r_leak=1 / _G_LEAK,
        v_th=-50e-3,
        v_reset=-70e-3,
        v_rest=-70e-3,
        t_refractory=case.t_refractory,
        noise_current=units.noise(case.additive, _G_LEAK),
        # The printed factor multiplies V in mV.
        noise_conductance=units.noise(case.multiplicative, _G_LEAK) * 1e3,
    )


def run_classical(panel: str, reading: str = "R*", *, seed: int = 1, n_trials: int = N_TRIALS) -> ClassicalRun:
    """Simulate a column of figures 2 to 4 as the paper does: Euler's method, events at the ends of steps.

    Parameters
    ----------
    panel : str
        One of :data:`CASES`.
    reading : str
        One of :data:`neuromorph.reproduce.noise.READINGS`.
    seed : int
        Of the noise and of the refractory times (pure number).
    n_trials : int
        Realisations (pure number).

    Returns
    -------
    ClassicalRun
        Voltages [V] and spikes [s].

    Raises
    ------
    ValueError
        When there is no such panel or reading.
    """
    if panel not in CASES:
        raise ValueError(f"no panel {panel!r}; choices: {', '.join(CASES)}")
    case, units = CASES[panel], reading_of(reading)
    neuron = neuron_of(case, reading)
    normal = np.random.default_rng(seed).standard_normal(n_trials)
    t_refractory = np.maximum(0.0, case.t_refractory + case.t_refractory_sd * normal)
    system = counts_while_clamped(neuron, DT) if units.counts_clamped else neuron.dynamics()
    batch = simulate_batch(
        system,
        units.current(case.i_mean, _G_LEAK),
        T_STOP,
        n_trials,
        solver=EulerMaruyama(dt=DT, crossings="grid"),
        seed=seed if system.is_random else None,
        parameters={"t_refractory": t_refractory},
        record=["v_mem"],
    )
    v = batch["v_mem"]
    return ClassicalRun(
        case=case,
        reading=reading,
        time=batch.time,
        v_mean=v.mean(axis=1),
        # Of what differs from the first trial, so that equal trials give exactly zero.
        v_sd=(v - v[:, :1]).std(axis=1, ddof=1),
        spikes=batch.spikes,
        t_refractory=t_refractory,
    )


def truncated_mean(mean: float, sd: float) -> float:
    """Mean of a normal variable that counts as zero where it is below (in the unit of both).

    Parameters
    ----------
    mean, sd : float
        Of the variable before (any one unit, such as s).
    """
    if sd == 0:
        return max(mean, 0.0)
    x = mean / sd
    return mean * 0.5 * math.erfc(-x / math.sqrt(2)) + sd * math.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
