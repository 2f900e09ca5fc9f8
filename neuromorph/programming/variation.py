"""What writing and reading leave to chance: write noise, variation between devices, read noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from neuromorph.programming.transformation import Transformation, spread_of
from neuromorph.quantities import choice, parameter

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class _NormalErrors(Transformation):
    """Normal errors, of a share of each conductance and of a share of the window."""

    relative: float = parameter(0.0, unit="", low=0.0, doc="standard deviation as a share of each conductance")
    of_window: float = parameter(0.0, unit="", low=0.0, doc="standard deviation as a share of the window")

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances with errors [S]."""
        return spread_of(conductances, self.relative, self.of_window, array, rng)


@dataclass(frozen=True, kw_only=True)
class WriteNoise(_NormalErrors):
    """Normal errors of writing, drawn once.

    ``g' = g + sqrt((relative g)^2 + (of_window (g_on - g_off))^2) z``, `z` standard normal and independent in every device

    Parameters
    ----------
    relative : float
        Standard deviation as a share of each conductance (pure number).
    of_window : float
        Standard deviation as a share of the window (pure number).

    Raises
    ------
    ValueError
        When a value is negative.

    Notes
    -----
    Conductances may leave the window; below zero they are set to zero.
    """


@dataclass(frozen=True, kw_only=True)
class DeviceVariation(Transformation):
    """Lognormal variation from device to device, drawn once.

    ``g' = g exp(sigma z)`` (median) or ``g' = g exp(sigma z - sigma^2 / 2)`` (mean), `z` standard normal

    Parameters
    ----------
    sigma : float
        Standard deviation of the logarithm (pure number).
    centre : {"median", "mean"}
        What of the distribution stays at `g`.

    Raises
    ------
    ValueError
        When `sigma` is negative.
    """

    sigma: float = parameter(unit="", low=0.0, doc="standard deviation of the logarithm")
    centre: str = choice("median", ("median", "mean"), doc="what of the distribution stays where it was")

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances of the devices as they are [S]."""
        shift = 0.5 * self.sigma**2 if self.centre == "mean" else 0.0
        return np.asarray(conductances * np.exp(self.sigma * rng.standard_normal(conductances.shape) - shift))


@dataclass(frozen=True, kw_only=True)
class ReadNoise(_NormalErrors):
    """Normal errors of reading, drawn anew at every read.

    ``g' = g + sqrt((relative g)^2 + (of_window (g_on - g_off))^2) z``. Reads have numbers, and the same read of the same array has
    the same noise.

    Parameters
    ----------
    relative : float
        Standard deviation as a share of each conductance (pure number).
    of_window : float
        Standard deviation as a share of the window (pure number).

    Raises
    ------
    ValueError
        When a value is negative.

    Notes
    -----
    White from read to read. The noise of real devices is correlated over time (1/f and telegraph noise), so averaging over
    many reads helps them less than it does here.
    """

    at_read: ClassVar[bool] = True
