"""What the paper's numbers without a usable unit may mean."""

from __future__ import annotations

from dataclasses import dataclass

DT = 1e-4
"""Time step of the paper's second part, taken for both [s]."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How "I = 6 + 2 xi" becomes a current.

    Parameters
    ----------
    name : str
        By which it is asked for.
    meaning : str
        In words.
    amperes : float
        One unit of I [A]; 0 where it is a voltage.
    volts : float
        One unit of I over the leak conductance, where it is that [V].
    per_step : float
        What a standard normal number is multiplied by in each step of 0.1 ms (pure number).
    counts_clamped : bool
        Whether a neuron without synapses spikes also while it is held at the reset voltage.
    """

    name: str
    meaning: str
    amperes: float = 0.0
    volts: float = 0.0
    per_step: float = 1.0
    counts_clamped: bool = False

    def current(self, value: float, g_leak: float) -> float:
        """A current of the paper [A].

        Parameters
        ----------
        value : float
            As printed (paper's unit).
        g_leak : float
            Leak conductance of the neuron [S].
        """
        return value * (self.amperes + self.volts * g_leak)

    def noise(self, value: float, g_leak: float) -> float:
        """Amplitude of the white noise that adds the same to a step [A sqrt(s)].

        Parameters
        ----------
        value : float
            Standard deviation as printed (paper's unit).
        g_leak : float
            Leak conductance of the neuron [S].
        """
        return float(self.current(value, g_leak) * self.per_step * DT**0.5)


READINGS = {
    reading.name: reading
    for reading in (
        Reading(
            name="R*",
            meaning="12 mV a unit of I/g_L, 20 normal numbers a step (white noise of sigma sqrt(40 ms)), spikes counted before the clamp",
            volts=12e-3,
            per_step=20.0,
            counts_clamped=True,
        ),
        Reading(
            name="R* strict",
            meaning="as R*, but a neuron that is held at its reset voltage does not spike",
            volts=12e-3,
            per_step=20.0,
        ),
        Reading(
            name="W", meaning="I in pA, white noise of sigma pA sqrt(s)", amperes=1e-12, per_step=1 / float(DT**0.5)
        ),
        Reading(name="pA", meaning="I in pA, one normal number a step", amperes=1e-12),
        Reading(name="nA", meaning="I in nA, one normal number a step", amperes=1e-9),
        Reading(name="mV", meaning="I/g_L in mV as printed, one normal number a step", volts=1e-3),
    )
}
"""The readings by name."""


def reading_of(name: str) -> Reading:
    """The reading of a name; ``ValueError`` lists the choices."""
    if name not in READINGS:
        raise ValueError(f"no reading {name!r}; choices: {', '.join(READINGS)}")
    return READINGS[name]
