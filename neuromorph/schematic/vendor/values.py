"""Values of a vendor's file: numbers with scale letters, and what depends on signals as text of ngspice."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

NUMBER = re.compile(r"(?P<digits>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?P<letters>[a-zµμΩω]*)(?P<more>\d+)?")
_SCALES = {"t": 12, "g": 9, "k": 3, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15}
# ngspice keeps eleven digits of a number in an expression.
_DIGITS = 10


@dataclass(frozen=True)
class Signal:
    """What depends on voltages, currents, time or temperature, as text of ngspice.

    Parameters
    ----------
    text : str
        An expression that can stand anywhere.
    is_condition : bool
        Whether it is true or false.
    """

    text: str
    is_condition: bool = False


Value = float | Signal


def read_number(text: str, dialect: str) -> float:
    """A number of PSpice or LTspice with its scale letter (``m`` is milli, ``meg`` is mega).

    Parameters
    ----------
    text : str
        In lower case.
    dialect : str
        LTspice reads ``4k7`` as 4700; the others have no such spelling.

    Returns
    -------
    float
        The value (in the unit of the quantity).

    Raises
    ------
    ValueError
        When it is no number, or one that simulators read differently.
    """
    sign = -1.0 if text.startswith("-") else 1.0
    match = NUMBER.fullmatch(text.lstrip("+-")) if len(text) - len(text.lstrip("+-")) < 2 else None
    if match is None:
        raise ValueError(f"{text!r} is not a number")
    digits, letters, more = match["digits"], match["letters"], match["more"]
    if more:
        if dialect != "ltspice" or not digits.isdigit() or letters not in (*_SCALES, "meg", "r"):
            raise ValueError(f"{text!r} is not a number that all simulators read alike: write it with a point")
        digits = f"{digits}.{more}"
    mantissa, _, power = digits.partition("e")
    if letters.startswith("mil"):
        value = float(digits) * 25.4e-6
    else:
        exponent = 6 if letters.startswith("meg") else _SCALES.get(letters[:1], 0)
        # One conversion, so that 10n is the float nearest to 1e-8.
        value = float(f"{mantissa}e{int(power or 0) + exponent}") if len(power) < 6 else math.inf
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is out of the range of floating point numbers")
    return sign * value


def number_text(value: float) -> str:
    """A number that ngspice reads in an expression without losing digits."""
    if not math.isfinite(value):
        raise ValueError(f"a value is {value!r}: look for a division by zero or an overflow")
    start = float(f"{value:.{_DIGITS - 1}e}")
    rest = value - start
    if rest:
        return f"({start!r}{rest:+.9e})"
    return repr(start) if start >= 0 else f"({start!r})"


def as_text(value: Value) -> str:
    """A value as text of ngspice; a condition counts as one or zero."""
    if not isinstance(value, Signal):
        return number_text(value)
    return f"ternary_fcn({value.text},1.0,0.0)" if value.is_condition else value.text


def constant(value: Value) -> float:
    """A value that must not depend on signals, or ``ValueError``."""
    if isinstance(value, Signal):
        reason = "the temperature" if "temper" in value.text else "voltages, currents or time"
        raise ValueError(f"a constant is needed, but the value depends on {reason}")
    if not math.isfinite(value):
        raise ValueError(f"a value is {value!r}: look for a division by zero or an overflow")
    return value
