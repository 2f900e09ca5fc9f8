"""What happens to an array between the conductances that were meant and those that are read."""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neuromorph.quantities import Parameters, format_quantity

if TYPE_CHECKING:
    from neuromorph.programming.programmed_array import ProgrammedArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayState:
    """An array between two transformations.

    Parameters
    ----------
    conductances : ndarray, shape (m, lines)
        Conductances [S].
    stuck : array of bool, shape (m, lines)
        Which devices have failed; their conductance no longer changes.
    line_gains : ndarray, shape (lines,)
        Factors on the currents of the bit lines (pure numbers).
    output_gains : ndarray, shape (n,)
        Factors on the outputs (pure numbers).
    """

    conductances: np.ndarray
    stuck: np.ndarray
    line_gains: np.ndarray
    output_gains: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Transformation(Parameters, ABC):
    """One thing that changes the conductances of an array.

    One of your own is a frozen dataclass that derives from this one, has its parameters as :func:`neuromorph.parameter` fields and
    writes :meth:`changed`. Devices that are stuck keep their conductance whatever it returns. Draw from `rng` alone, and as
    often whatever the conductances are: the same seed then means the same devices.
    """

    at_read: ClassVar[bool] = False
    """Whether it acts anew at every read, on the conductances as they are by then, instead of once."""

    @abstractmethod
    def changed(self, conductances: np.ndarray, array: ProgrammedArray, rng: np.random.Generator) -> np.ndarray:
        """Conductances afterwards.

        Parameters
        ----------
        conductances : ndarray, shape (m, lines)
            Conductances before [S]; not to be written to.
        array : ProgrammedArray
            The array before: its mapping, weights and targets.
        rng : numpy.random.Generator
            The only source of randomness.

        Returns
        -------
        ndarray, shape (m, lines)
            Conductances [S]; what is below zero is set to zero.
        """

    def check(self, array: ProgrammedArray) -> None:
        """Refuse an array that this does not fit, when it is added to a history; nothing is refused unless it is overridden.

        Parameters
        ----------
        array : ProgrammedArray
            The array before.

        Raises
        ------
        ValueError
            When it does not fit.
        """
        return

    def apply(self, state: ArrayState, array: ProgrammedArray, rng: np.random.Generator) -> ArrayState:
        """The state afterwards, stuck devices left alone.

        Parameters
        ----------
        state : ArrayState
            The state before.
        array : ProgrammedArray
            The array before.
        rng : numpy.random.Generator
            The only source of randomness.

        Returns
        -------
        ArrayState
            With new conductances [S].

        Raises
        ------
        ValueError
            When the transformation returns another shape or values that are not finite.
        """
        before = state.conductances
        after = np.asarray(self.changed(before.copy(), array, rng), dtype=float)
        if after.shape != before.shape or not np.isfinite(after).all():
            raise ValueError(
                f"{self.name} must return finite conductances of the shape {before.shape}, got the shape {after.shape}"
                f" with {np.count_nonzero(~np.isfinite(after))} values that are not finite"
            )
        return dataclasses.replace(state, conductances=np.where(state.stuck, before, np.maximum(after, 0.0)))

    @property
    def name(self) -> str:
        """What it is called in a history, such as ``"write noise"``."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(self).__name__).lower()

    def settings(self) -> str:
        """Its parameters in one line, with units; what has its default value is left out."""
        shown = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            default = field.default_factory() if callable(field.default_factory) else field.default
            if value is default or (not isinstance(value, np.ndarray) and value == default):
                continue
            shown.append(f"{field.name}={_shown(value, field.metadata.get('unit', ''))}")
        return ", ".join(shown)


def applied_to_working(
    transformation: Transformation,
    state: ArrayState,
    array: ProgrammedArray,
    rng: np.random.Generator,
    placeholder: float,
) -> ArrayState:
    """The state after a transformation that is not to see the conductances of stuck devices.

    Parameters
    ----------
    transformation : Transformation
        Its :meth:`Transformation.changed` is called.
    state : ArrayState
        The state before.
    array : ProgrammedArray
        The array before.
    rng : numpy.random.Generator
        The only source of randomness.
    placeholder : float
        Conductance that it sees in place of those of stuck devices [S].

    Returns
    -------
    ArrayState
        With new conductances of the working devices [S].
    """
    seen = dataclasses.replace(state, conductances=np.where(state.stuck, placeholder, state.conductances))
    after = Transformation.apply(transformation, seen, array, rng)
    return dataclasses.replace(after, conductances=np.where(state.stuck, state.conductances, after.conductances))


def spread_of(
    conductances: np.ndarray, relative: float, of_window: float, array: ProgrammedArray, rng: np.random.Generator
) -> np.ndarray:
    """Conductances with independent normal errors, of a share of their own value and a share of the window.

    Parameters
    ----------
    conductances : ndarray, shape (m, lines)
        Conductances [S].
    relative, of_window : float
        Standard deviations as shares of each conductance and of the window (pure numbers).
    array : ProgrammedArray
        Gives the window.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    ndarray, shape (m, lines)
        Conductances [S].
    """
    window = array.mapping.g_on - array.mapping.g_off
    deviation = np.hypot(relative * conductances, of_window * window)
    return np.asarray(conductances + deviation * rng.standard_normal(conductances.shape))


def _shown(value: Any, unit: str) -> str:
    if isinstance(value, np.ndarray):
        return f"array of {' x '.join(map(str, value.shape))}"
    if isinstance(value, Parameters):
        return type(value).__name__
    if isinstance(value, float):
        return format_quantity(value, unit)
    return str(value)
