"""Preferred values of resistors: the series E24 and E96 of IEC 60063."""

from __future__ import annotations

import math
from functools import lru_cache

_E24 = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
_DECADE = {
    "E24": tuple(value / 10 for value in _E24),
    "E96": tuple(round(10 ** (i / 96), 2) for i in range(96)),
}

SERIES = tuple(_DECADE)
"""Names of the series."""


@lru_cache(maxsize=4096)
def _of_decades(first: int, last: int, series: str) -> tuple[float, ...]:
    # Written and read as text: 1.02 * 10**4 is not the float nearest to 10200.
    return tuple(float(f"{value:.2f}e{exponent}") for exponent in range(first, last + 1) for value in _DECADE[series])


def preferred_values(low: float, high: float, series: str = "E96") -> tuple[float, ...]:
    """All values of a series in a range.

    Parameters
    ----------
    low, high : float
        Ends of the range, both included [ohm].
    series : {"E24", "E96"}
        Series of IEC 60063; E24 comes with 5 %, E96 with 1 % tolerance.

    Returns
    -------
    tuple of float
        Rising [ohm].

    Raises
    ------
    ValueError
        When the series is unknown or the range is empty.

    Examples
    --------
    >>> preferred_values(60e3, 70e3, "E24")
    (62000.0, 68000.0)
    """
    if series not in _DECADE:
        raise ValueError(f"no series {series!r} of preferred values; choices: {', '.join(SERIES)}")
    if not 0 < low <= high < math.inf:
        raise ValueError(f"preferred values need a range of positive resistances in ohm, got {low!r} to {high!r}")
    values = _of_decades(math.floor(math.log10(low)), math.floor(math.log10(high)), series)
    return tuple(value for value in values if low * (1 - 1e-12) <= value <= high * (1 + 1e-12))


def nearest_preferred_value(resistance: float, series: str = "E96") -> float:
    """The value of a series that is nearest in ratio.

    Parameters
    ----------
    resistance : float
        What is wanted [ohm].
    series : {"E24", "E96"}
        Series of IEC 60063.

    Returns
    -------
    float
        Resistance [ohm].

    Raises
    ------
    ValueError
        When the series is unknown or the resistance is not positive.

    Examples
    --------
    >>> nearest_preferred_value(66.1e3)
    66500.0
    """
    if not 0 < resistance < math.inf:
        raise ValueError(f"resistance must be a positive number of ohm, got {resistance!r}")
    choices = preferred_values(0.5 * resistance, 2 * resistance, series)
    return min(choices, key=lambda value: abs(math.log(value / resistance)))
