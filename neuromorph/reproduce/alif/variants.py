"""The runs behind figures 5 and 6: the neuron ideal and as hardware, on both roads, for several capacitors and gains."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis import SpikeStatistics, spikes
from neuromorph.devices import DifferenceAmplifier, SchmittTrigger
from neuromorph.neurons import MemristiveALIF
from neuromorph.neurons.design_checks import DesignWarning
from neuromorph.recording import Recording
from neuromorph.roads import simulate
from neuromorph.stimulus import SquareWave

ROADS = {"ode": "ode", "spice": "auto"}
"""Engine of each road: VACASK where it is here, ngspice else, which takes six times as long for real parts."""
DRIVE = SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5)
"""The paper's drive: a unipolar square current of 1 mA, 1 kHz, 50 %."""
T_STOP = 5e-3
"""Five periods [s]."""

# What the hardware is made of where the paper says nothing. The amplifier's resistors from output and to ground have
# 100 kohm; the trigger acts at a membrane voltage of 0.4 V and 25 mV, 0.80 V and 0.05 V behind a gain of 2.
_R_FEEDBACK = 100e3
_V_HIGH, _V_LOW = 0.40, 0.025
# About a spike [s]: the capacitor's voltage peaks there.
_PEAK = 1e-6
_SIGNALS = ("v_mem", "x", "v_c", "v_gate")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One neuron of the study.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    gain : float
        Gain of the difference amplifier [V/V]; an ideal neuron compares the membrane voltage itself, gain 1.
    fidelity : {"ideal", "macromodel", "transistor"}
        How real the parts are; ``"transistor"`` has a comparator of transistors.
    """

    capacitance: float
    gain: float = 1.0
    fidelity: str = "ideal"

    @property
    def label(self) -> str:
        """Short name, such as ``macromodel 22 nF, gain 2`` [nF]."""
        gain = "" if self.fidelity == "ideal" else f", gain {self.gain:g}"
        return f"{self.fidelity} {self.capacitance * 1e9:g} nF{gain}"

    def neuron(self) -> MemristiveALIF:
        """The neuron (SI units)."""
        return hardware_neuron(self.capacitance, self.gain)


CAPACITANCES = (22e-9, 10e-9, 4.7e-9, 2.2e-9)
"""Membrane capacitors of the study [F]."""
GAINS = (2.0, 10.0)
"""Gains of the difference amplifier [V/V]."""
VARIANTS = (
    *(Variant(capacitance=c) for c in CAPACITANCES),
    *(Variant(capacitance=c, gain=g, fidelity="macromodel") for c in CAPACITANCES for g in GAINS),
    Variant(capacitance=22e-9, gain=2.0, fidelity="transistor"),
)
"""Every variant of the study."""


def hardware_neuron(capacitance: float = 22e-9, gain: float = 2.0) -> MemristiveALIF:
    """The neuron of figure 4b with the amplifier and the trigger of the study.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    gain : float
        Gain of the difference amplifier [V/V].

    Returns
    -------
    MemristiveALIF
        With an amplifier that has 100 kohm in its feedback, and a trigger for 0.4 V and 25 mV at the membrane.
    """
    return MemristiveALIF(
        capacitance=capacitance,
        amplifier=DifferenceAmplifier(gain=gain, r_in=_R_FEEDBACK / gain),
        trigger=SchmittTrigger(v_high=gain * _V_HIGH, v_low=gain * _V_LOW),
    )


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is kept of a run.

    Parameters
    ----------
    variant : Variant
        What was run.
    road : {"ode", "spice"}
        By which road.
    engine : str
        What ran it.
    statistics : SpikeStatistics
        Its spikes.
    x_ends : tuple of float
        Memristor state at the end of each on-phase (pure numbers).
    peaks : tuple of float
        Voltage of the capacitor at the first and at the last spike [V].
    phase_energies : tuple of float
        Energy from the drive in each period [J].
    discharge_energies : tuple of float
        Energy that the discharge took in each period [J].
    supply_power : float
        Mean power from the supplies [W].
    spike_times : ndarray, shape (n_spikes,)
        When it spiked [s].
    waveforms : dict of str to ndarray
        Time [s] and signals for pictures [V, pure number]; empty where none were asked for.
    """

    variant: Variant
    road: str
    engine: str
    statistics: SpikeStatistics
    x_ends: tuple[float, ...]
    peaks: tuple[float, float]
    phase_energies: tuple[float, ...]
    discharge_energies: tuple[float, ...]
    supply_power: float
    spike_times: NDArray[np.float64]
    waveforms: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """One row of the table of variants (SI units)."""
        s = self.statistics
        return {
            "road": self.road,
            "engine": self.engine,
            "capacitance": self.variant.capacitance,
            "gain": self.variant.gain,
            "fidelity": self.variant.fidelity,
            "spikes": s.spike_count,
            "isi_first": s.isi_first,
            "isi_last": s.isi_last,
            "isi_steady": s.isi_steady,
            "adaptation_ratio": s.adaptation_ratio,
            "x_end": self.x_ends[-1],
        }


def run_variant(
    variant: Variant, road: str, with_waveforms: bool = False, options: Any = None, engine: str | None = None
) -> Run:
    """Run one variant by one road.

    Parameters
    ----------
    variant : Variant
        What to run.
    road : {"ode", "spice"}
        By which road.
    with_waveforms : bool
        Whether to keep the signals.
    options : NgspiceOptions, optional
        Settings of the SPICE run.
    engine : str, optional
        What is to run it; the road's own of :data:`ROADS` where it is left out.

    Returns
    -------
    Run
        In SI units.

    Raises
    ------
    SimulationError
        When the run failed.
    """
    with quietly():
        recording = simulate(
            variant.neuron(), DRIVE, T_STOP, engine or ROADS[road], fidelity=variant.fidelity, options=options
        )
    statistics = spikes(recording, DRIVE)
    times = recording.spikes.times
    periods = [start for start, _ in statistics.phases] + [T_STOP]
    kept = [n for n in _SIGNALS if n in recording.names] if with_waveforms else []
    return Run(
        variant=variant,
        road=road,
        engine=recording.provenance["engine"],
        statistics=statistics,
        x_ends=tuple(float(np.interp(end, recording.time, recording["x"])) for _, end in statistics.phases),
        peaks=(_peak(recording, times[0]), _peak(recording, times[-1])) if len(times) else (math.nan, math.nan),
        phase_energies=_energies(recording, "p_in", periods),
        discharge_energies=_energies(recording, "p_discharge", periods),
        supply_power=sum(_energies(recording, n, [0.0, T_STOP])[0] for n in recording.names if n.startswith("p_supply"))
        / T_STOP,
        spike_times=np.asarray(times),
        waveforms={n: np.asarray(recording[n]) for n in kept} | ({"time": np.asarray(recording.time)} if kept else {}),
    )


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings of a designer: a study of bad working points has them on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DesignWarning)
        yield


def _peak(recording: Recording, at: float) -> float:
    first, last = np.searchsorted(recording.time, [at - _PEAK, at + _PEAK])
    return float(np.max(recording["v_c"][first:last]))


def _energies(recording: Recording, name: str, borders: list[float]) -> tuple[float, ...]:
    """Integral of a power between each two borders [J]."""
    time, power = recording.time, recording[name]
    steps = np.diff(time) * (power[1:] + power[:-1]) / 2
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return tuple(np.diff(np.interp(borders, time, total)).tolist())
