"""White noise that the circuit simulator itself draws, for runs too long for a table of samples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neuromorph.quantities import format_quantity, parameter
from neuromorph.stimulus.base import DRIVE_UNIT, FloatArray, Stimulus, checked_t_stop

__all__ = ["WhiteNoise"]


@dataclass(frozen=True, kw_only=True)
class WhiteNoise(Stimulus):
    """Normal samples, each held for one step, that ngspice draws while it runs.

    Below the frequency ``1/step`` it is white: the samples have the standard deviation ``intensity/sqrt(step)``, so that its
    two-sided power spectral density is ``intensity**2``, and a capacitor integrates it to ``intensity`` times a Wiener process.

    Parameters
    ----------
    step : float
        How long each sample is held [s].
    seed : int
        Of ngspice's generator, from 1 on: the same seed gives the same samples, also in another version (pure number). All
        white noise of one run has one seed; several sources draw different samples.
    intensity : float
        Square root of the two-sided power spectral density [A sqrt(s) or V sqrt(s)]. 1 is what the port ``noise`` of a neuron
        takes, whose own `noise_current` scales it.
    mean : float
        Added to every sample [A or V].

    Raises
    ------
    ValueError
        When a value is not physical, or `seed` is no whole number from 1 to 2147483647.

    Notes
    -----
    The samples are ngspice's and nobody else's: a run by the equations, or by VACASK, refuses them. There, give the neuron its
    `noise_current` and the run a `seed`, and compare statistics; :func:`neuromorph.frozen_noise` compares path by path.
    The value is the mean at 0 s, and the first sample from then on. One sample costs ngspice some ten time points.

    Examples
    --------
    >>> WhiteNoise(step=1e-4, seed=7).spice(1.0)
    'TRRANDOM(2 0.0001 0 100.0 0.0)'
    """

    step: float = parameter(unit="s", doc="how long each sample is held", positive=True)
    seed: int = parameter(unit="", doc="seed of ngspice's generator", low=1, high=2**31 - 1)
    intensity: float = parameter(1.0, unit="", doc="square root of the two-sided spectral density", positive=True)
    mean: float = parameter(0.0, unit=DRIVE_UNIT, doc="added to every sample")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed != int(self.seed):
            raise ValueError(f"seed must be a whole number, got {self.seed!r}")
        object.__setattr__(self, "seed", int(self.seed))

    @property
    def standard_deviation(self) -> float:
        """Of one sample [A or V]."""
        return self.intensity / math.sqrt(self.step)

    def segments(self, t_stop: float) -> FloatArray:
        """Always refused: nobody knows the samples before ngspice has drawn them [A or V]."""
        raise ValueError(
            "WhiteNoise is drawn by ngspice, so only engine='ngspice' takes it: for the equations, give the neuron its "
            "noise_current and the run a seed, or one path for both roads with nm.frozen_noise(...)"
        )

    def shortest_period(self, t_stop: float) -> None:
        """None: ngspice puts a time point at every new sample [s]."""

    def spice(self, t_stop: float) -> str:
        """See :meth:`Stimulus.spice`; the seed is the deck's."""
        checked_t_stop(t_stop)
        return f"TRRANDOM(2 {self.step!r} 0 {self.standard_deviation!r} {self.mean!r})"

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        held, sd = format_quantity(self.step, "s"), format_quantity(self.standard_deviation, unit)
        return f"white noise, samples of {held}, standard deviation {sd}, seed {self.seed}"
