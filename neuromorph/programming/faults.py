"""Devices that do not switch: stuck where they conduct best, or stuck where they conduct least."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.crossbars.masked import refuse_masked
from neuromorph.programming.transformation import ArrayState, Transformation
from neuromorph.quantities import parameter

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True)
class StuckDevices(Transformation):
    """Devices stuck on and stuck off, by chance, by given masks, or both.

    From here on they keep their conductance: no later transformation changes it.

    Parameters
    ----------
    p_on, p_off : float
        Probability of a device to be stuck on, and stuck off (pure numbers whose sum is at most 1).
    on, off : array of bool, shape (m, lines), optional
        Devices that are stuck for certain.
    g_on, g_off : float, optional
        Conductance of a device stuck on, and stuck off [S]; by default the ends of the window. 0 S is an open device.

    Raises
    ------
    ValueError
        When a probability is outside of 0 to 1 or their sum is above 1; once it is given to an array, when masks do not
        fit it or each other.

    Notes
    -----
    One number is drawn for each device whatever the probabilities are, so the devices that fail at a low probability also
    fail, with the same seed, at a higher one. A device of a mask is stuck as the mask says. Devices that were stuck before
    stay as they are.
    """

    p_on: float = parameter(0.0, unit="", low=0.0, high=1.0, doc="probability of being stuck on")
    p_off: float = parameter(0.0, unit="", low=0.0, high=1.0, doc="probability of being stuck off")
    on: np.ndarray | None = field(default=None)
    off: np.ndarray | None = field(default=None)
    g_on: float | None = parameter(None, unit="S", low=0.0, optional=True, doc="conductance of a device stuck on")
    g_off: float | None = parameter(None, unit="S", low=0.0, optional=True, doc="conductance of a device stuck off")

    # Arrays have no truth value to compare by.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.p_on + self.p_off > 1.0:
            raise ValueError(
                f"a device is stuck on or off, not both: p_on + p_off must be at most 1, got {self.p_on + self.p_off:g}"
            )
        for name in ("on", "off"):
            given = getattr(self, name)
            if given is None:
                continue
            refuse_masked(f"mask {name!r}", given)
            try:
                mask = np.array(given)
            except ValueError:
                raise ValueError(f"mask {name!r} must be a matrix of booleans, with rows of one length") from None
            if mask.dtype != bool or mask.ndim != 2:
                raise ValueError(
                    f"mask {name!r} must be a matrix of booleans, one for each device, got {mask.dtype} of shape {mask.shape}"
                )
            mask.setflags(write=False)
            object.__setattr__(self, name, mask)

    def check(self, array: ProgrammedArray) -> None:
        """Refuse masks that do not fit the array or each other."""
        self._masks(array.shape)

    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances with the faults in them [S]."""
        on, off = self._faults(conductances.shape, rng)
        return self._with_faults(conductances, on, off, array)

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state with more devices stuck [conductances in S]."""
        on, off = self._faults(state.conductances.shape, rng)
        faulty = self._with_faults(state.conductances, on, off, array)
        return dataclasses.replace(
            state,
            conductances=np.where(state.stuck, state.conductances, faulty),
            stuck=state.stuck | on | off,
        )

    def _with_faults(
        self, conductances: np.ndarray, on: np.ndarray, off: np.ndarray, array: ProgrammedArray
    ) -> np.ndarray:
        g_on = array.mapping.g_on if self.g_on is None else self.g_on
        g_off = array.mapping.g_off if self.g_off is None else self.g_off
        return np.where(on, g_on, np.where(off, g_off, conductances))

    def _faults(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        drawn = rng.random(shape)
        on, off = self._masks(shape)
        masked = on | off
        return on | ((drawn < self.p_on) & ~masked), off | ((drawn >= 1.0 - self.p_off) & ~masked)

    def _masks(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        given = []
        for name, mask in (("on", self.on), ("off", self.off)):
            if mask is not None and mask.shape != shape:
                raise ValueError(f"mask {name!r} has the shape {mask.shape}, the array's devices {shape}")
            given.append(np.zeros(shape, dtype=bool) if mask is None else mask)
        on, off = given
        if (on & off).any():
            i, j = np.argwhere(on & off)[0]
            raise ValueError(f"device ({i}, {j}) is in the mask of devices stuck on and in that of devices stuck off")
        return on, off
