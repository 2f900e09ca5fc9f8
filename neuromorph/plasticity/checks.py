"""Numbers and times as a user gives them, checked."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["SHORTEST", "finite", "increasing_times", "numbers", "positive"]

SHORTEST = 1e-15
"""Two times closer than this are one [s]."""

Array = NDArray[np.float64]


def increasing_times(name: str, given: ArrayLike) -> Array:
    """Spike times as an array.

    Parameters
    ----------
    name : str
        What they are, for the message.
    given : array_like, shape (n,)
        Increasing [s]; may be empty.

    Returns
    -------
    ndarray, shape (n,)
        In s.

    Raises
    ------
    ValueError
        When they are not finite or do not increase.
    """
    times = numbers(name, given, "s", empty=True)
    wrong = np.flatnonzero(np.diff(times) < SHORTEST)
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"{name} must increase: {name}[{k + 1}] = {times[k + 1]:g} s does not come after {name}[{k}] = {times[k]:g} s"
        )
    return times


def numbers(name: str, given: ArrayLike, unit: str, empty: bool = False) -> Array:
    """A sequence of finite numbers as an array, or ``ValueError`` that names it and the unit."""
    wanted = f"{name} must be a sequence of finite numbers in {unit}"
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {given!r}") from None
    if values.ndim != 1 or not (values.size or empty) or not np.isfinite(values).all():
        raise ValueError(f"{wanted}, got {given!r}")
    return values


def finite(name: str, given: float, what: str = "a finite number") -> float:
    """A finite number, or ``ValueError`` that names it (in the unit of `what`)."""
    try:
        value = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name} must be {what}, got {given!r}")
    return value


def positive(name: str, given: float) -> float:
    """A time above zero [s], or ``ValueError`` that names it."""
    value = finite(name, given, "a positive time in s")
    if value <= 0:
        raise ValueError(f"{name} must be a positive time in s, got {given!r}")
    return value
