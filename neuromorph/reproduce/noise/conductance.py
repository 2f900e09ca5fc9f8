"""Figures 5 to 8: one neuron with synaptic conductances under Poisson spikes, with noise and random refractory time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis import burst_index
from neuromorph.behaviour import EulerMaruyama, simulate_batch
from neuromorph.neurons import ConductanceLIF
from neuromorph.recording import BatchRecording, SpikeTrains
from neuromorph.reproduce.noise.readings import DT, reading_of
from neuromorph.stimulus import Constant, PoissonInput

FloatArray = NDArray[np.float64]

N_PATHS, T_STOP = 200, 2.0
"""Runs with other spikes and noise, and length of each [s]: together some thousand intervals, and rates known to 0.2 Hz or better."""
BURST_ISI = 3e-3
"""Intervals shorter than this belong to bursts [s]."""
SHOWN = 1.0
"""What is kept of the first run's waveforms for the figures, from the start [s]."""
_TAU_M = 10e-3
_SETTLED = 0.1
_RECORDED = ("v_mem", "g_exc", "g_inh")


@dataclass(frozen=True, kw_only=True)
class ConductanceCase:
    """A panel of figures 6 to 8.

    Parameters
    ----------
    panel : str
        Figure and side.
    i_mean, additive, multiplicative : float
        ``I = i_mean + (additive + multiplicative V) xi``, V in mV (paper's unit).
    t_refractory, t_refractory_sd : float
        Mean and standard deviation of the refractory time, before it is truncated [s].
    g_leak : float
        Leak conductance [S].
    """

    panel: str
    i_mean: float
    additive: float = 0.0
    multiplicative: float = 0.0
    t_refractory: float = 8e-3
    t_refractory_sd: float = 0.0
    g_leak: float = 20e-9


_NOISY = {"i_mean": 1.0, "additive": 2.0}
_MULTIPLIED = {"i_mean": 1.0, "multiplicative": 2.0}
_RANDOM = {"t_refractory": 1e-3, "t_refractory_sd": 2e-3}
CASES = {
    case.panel: case
    for case in (
        ConductanceCase(panel="6 left", i_mean=8.0),
        ConductanceCase(panel="6 right", **_NOISY),
        ConductanceCase(panel="7 left", **_NOISY, **_RANDOM),
        ConductanceCase(panel="7 right", **_MULTIPLIED, **_RANDOM),
        ConductanceCase(panel="8 left", **_MULTIPLIED, g_leak=200e-9),
        ConductanceCase(panel="8 right", **_MULTIPLIED, **_RANDOM, g_leak=200e-9),
        # Not in the paper: random, with the mean of a fixed refractory time.
        ConductanceCase(panel="7 left, mean 8 ms", **_NOISY, t_refractory=8e-3, t_refractory_sd=2e-3),
    )
}
"""The panels by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ConductanceRun:
    """What the neuron of a panel did, and its free membrane potential on the same path.

    Parameters
    ----------
    case : ConductanceCase
        The panel.
    reading : str
        Name of the reading of the paper's units.
    t_stop : float
        Length of a run [s].
    spikes : SpikeTrains
        Of the neuron in each run [s].
    free_mean, free_sd : float
        Of the free membrane potential, the neuron's without a threshold, after 0.1 s [V].
    g_exc_mean, g_inh_mean : float
        Of the conductances, after 0.1 s [S].
    waveforms : mapping of str to ndarray, shape (n_steps,)
        The start of the first run: ``time`` [s], ``v_mem``, ``v_free`` [V], ``g_exc``, ``g_inh`` [S].
    """

    case: ConductanceCase
    reading: str
    t_stop: float
    spikes: SpikeTrains
    free_mean: float
    free_sd: float
    g_exc_mean: float
    g_inh_mean: float
    waveforms: dict[str, FloatArray] = field(repr=False)

    @property
    def intervals(self) -> FloatArray:
        """Interspike intervals [s]."""
        return np.concatenate(self.spikes.intervals())

    @property
    def rate(self) -> float:
        """Spikes per second [Hz]."""
        return len(self.spikes) / (self.t_stop * self.spikes.n_sources)

    @property
    def isi_mean(self) -> float:
        """Mean interspike interval [s]; not-a-number below two spikes."""
        return float(self.intervals.mean()) if self.intervals.size else float("nan")

    @property
    def cv(self) -> float:
        """Standard deviation of the intervals over their mean (pure number)."""
        return float(self.intervals.std() / self.isi_mean) if self.intervals.size > 1 else float("nan")

    @property
    def burst_share(self) -> float:
        """Share of the intervals under 3 ms (pure number)."""
        return burst_index(self.spikes, BURST_ISI)

    def row(self) -> dict[str, Any]:
        """The numbers by name (SI units)."""
        return {
            "model": "conductance",
            "panel": self.case.panel,
            "reading": self.reading,
            "spikes": len(self.spikes),
            "rate": self.rate,
            "isi_mean": self.isi_mean,
            "cv": self.cv,
            "burst_share": self.burst_share,
            "free_mean": self.free_mean,
            "free_sd": self.free_sd,
        }


def neuron_of(case: ConductanceCase, reading: str = "W") -> ConductanceLIF:
    """The neuron of a panel (SI units).

    Parameters
    ----------
    case : ConductanceCase
        The panel.
    reading : str
        Name of the reading.
    """
    units = reading_of(reading)
    return ConductanceLIF(
        capacitance=case.g_leak * _TAU_M,
        g_leak=case.g_leak,
        v_rest=-60e-3,
        v_th=-55e-3,
        v_reset=-70e-3,
        e_exc=0.0,
        e_inh=-80e-3,
        tau_exc=2e-3,
        tau_inh=5e-3,
        w_exc=2.4e-9,
        w_inh=2.4e-9,
        t_refractory=case.t_refractory,
        t_refractory_sd=case.t_refractory_sd,
        noise_current=units.noise(case.additive, case.g_leak),
        # The printed factor multiplies V in mV.
        noise_conductance=units.noise(case.multiplicative, case.g_leak) * 1e3,
        v_initial=-65e-3,
    )


def drives_of(case: ConductanceCase, reading: str = "W", *, seed: int = 1, n_paths: int = 1) -> dict[str, Any]:
    """Current [A] and arriving spikes [1/s] of each run, the same for all panels, by equation (10).

    Parameters
    ----------
    case : ConductanceCase
        The panel.
    reading : str
        Name of the reading.
    seed : int
        Of the spikes (pure number).
    n_paths : int
        Number of runs (pure number).
    """
    seeds = np.random.SeedSequence(seed).generate_state(2 * n_paths).tolist()
    arriving: dict[str, Any] = {"width": DT, "counting": "bernoulli"}
    return {
        "i_in": Constant(value=reading_of(reading).current(case.i_mean, case.g_leak)),
        "s_exc": [PoissonInput(rate=10.0, n_sources=100, seed=k, **arriving) for k in seeds[:n_paths]],
        "s_inh": [PoissonInput(rate=20.0, n_sources=50, seed=k, **arriving) for k in seeds[n_paths:]],
    }


def run_conductance(
    panel: str, reading: str = "W", *, seed: int = 1, n_paths: int = N_PATHS, t_stop: float = T_STOP
) -> ConductanceRun:
    """Simulate a panel of figures 6 to 8 as the paper does: Euler's method, events at the ends of steps.

    Parameters
    ----------
    panel : str
        One of :data:`CASES`.
    reading : str
        One of :data:`neuromorph.reproduce.noise.READINGS`.
    seed : int
        Of spikes, noise and refractory times; the same one gives all panels the same spikes (pure number).
    n_paths : int
        Number of runs, each with spikes and noise of its own (pure number).
    t_stop : float
        Length of each [s].

    Returns
    -------
    ConductanceRun
        Spikes [s] and statistics (SI units).

    Raises
    ------
    ValueError
        When there is no such panel or reading.
    """
    if panel not in CASES:
        raise ValueError(f"no panel {panel!r}; choices: {', '.join(CASES)}")
    case = CASES[panel]
    neuron, drives = neuron_of(case, reading), drives_of(case, reading, seed=seed, n_paths=n_paths)

    def batch(design: ConductanceLIF) -> BatchRecording:
        system = design.dynamics()
        return simulate_batch(
            system,
            drives,
            t_stop,
            n_paths,
            solver=EulerMaruyama(dt=DT, crossings="grid"),
            seed=seed if system.is_random else None,
            record=_RECORDED,
        )

    bound, free = batch(neuron), batch(neuron.free())
    shown, settled = free.time <= SHOWN, free.time > _SETTLED
    return ConductanceRun(
        case=case,
        reading=reading,
        t_stop=t_stop,
        spikes=bound.spikes,
        free_mean=float(free["v_mem"][settled].mean()),
        free_sd=float(free["v_mem"][settled].std()),
        g_exc_mean=float(free["g_exc"][settled].mean()),
        g_inh_mean=float(free["g_inh"][settled].mean()),
        waveforms={
            "time": bound.time[shown],
            "v_free": free["v_mem"][shown, 0],
            **{name: bound[name][shown, 0] for name in _RECORDED},
        },
    )
