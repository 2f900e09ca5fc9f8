"""The reference values of the study, from a prototype of the same circuits that was written apart from this library."""

from __future__ import annotations

from dataclasses import dataclass

from neuromorph.reproduce.alif.variants import Variant


@dataclass(frozen=True)
class Reference:
    """What the prototype measured of one variant.

    Parameters
    ----------
    spikes : int
        Spikes in five periods.
    isi_first, isi_steady : float
        First interval, and interval of the fifth on-phase [s].
    ratio : float
        Adaptation ratio of the hardware (pure number).
    ratio_ideal : float
        Adaptation ratio of the ideal neuron (pure number).
    """

    spikes: int
    isi_first: float
    isi_steady: float
    ratio: float
    ratio_ideal: float

    @property
    def damping(self) -> float:
        """Share of the adaptation ratio that is lost [pure number]."""
        return 1 - self.ratio / self.ratio_ideal


def _hardware(capacitance: float, gain: float, fidelity: str = "macromodel") -> Variant:
    return Variant(capacitance=capacitance, gain=gain, fidelity=fidelity)


HARDWARE = {
    _hardware(22e-9, 2.0): Reference(51, 20.05e-6, 52.91e-6, 2.64, 2.69),
    _hardware(22e-9, 10.0): Reference(47, 22.7e-6, 57.0e-6, 2.51, 2.69),
    _hardware(10e-9, 2.0): Reference(114, 9.0e-6, 24.9e-6, 2.76, 2.92),
    _hardware(10e-9, 10.0): Reference(103, 10.4e-6, 26.9e-6, 2.58, 2.92),
    _hardware(4.7e-9, 2.0): Reference(236, 4.67e-6, 12.1e-6, 2.59, 3.03),
    _hardware(4.7e-9, 10.0): Reference(208, 5.68e-6, 13.5e-6, 2.38, 3.03),
    _hardware(2.2e-9, 10.0): Reference(382, 3.56e-6, 7.3e-6, 2.04, 3.07),
    _hardware(22e-9, 2.0, "transistor"): Reference(51, 20.06e-6, 53.08e-6, 2.65, 2.69),
}
"""The hardware variants that the prototype ran."""
F_I = {0.4e-3: (0, 0), 0.6e-3: (2, 0), 0.8e-3: (9, 1), 1e-3: (15, 9), 1.5e-3: (28, 19), 2e-3: (41, 29)}
"""Spikes of the first and the fifth on-phase by the amplitude of the drive [A], 22 nF, instant reset."""

SPIKE_TOLERANCE, ISI_TOLERANCE = 0.03, 0.05
"""Relative tolerance of counts and intervals (pure numbers)."""
ISI_RESOLUTION = 0.42e-6
"""How well the prototype resolves an interval [s]: its spike times are good to 0.30 us each."""
