"""Functions of PSpice and LTspice, computed where they are constant and printed for ngspice where not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from neuromorph.schematic.vendor.values import Signal, Value, as_text, constant, number_text


def table(x: Value, numbers: Sequence[float]) -> Value:
    """Straight lines between points, and constant beyond both ends.

    ngspice's own ``pwl`` goes on along the outermost lines.

    Parameters
    ----------
    x : float or Signal
        Where.
    numbers : sequence of float
        x and y of one point after the other; x rises.

    Returns
    -------
    float or Signal
        In the unit of y.

    Raises
    ------
    ValueError
        When there are no points, or x falls.
    """
    if not numbers or len(numbers) % 2:
        raise ValueError("a table needs pairs of numbers")
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    positions = [point[0] for point in points]
    if any(b <= a for a, b in pairwise(positions)):
        raise ValueError("the x of a table must rise from point to point")
    if not isinstance(x, Signal):
        if x <= positions[0]:
            return points[0][1]
        for (x0, y0), (x1, y1) in pairwise(points):
            if x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return points[-1][1]
    if len(points) == 1:
        return points[0][1]
    inside = _clamped(x, positions[0], positions[-1])
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        slope = number_text((y1 - y0) / (x1 - x0))
        return Signal(f"({number_text(y0)}+{slope}*({inside}-{number_text(x0)}))")
    # pwl() reads bare numbers only.
    flat = ",".join(f"{value:.11g}" for point in points for value in point)
    return Signal(f"pwl({inside},{flat})")


def _clamped(x: Signal, low: float, high: float) -> str:
    return f"min(max({as_text(x)},{number_text(low)}),{number_text(high)})"


def power(base: Value, exponent: Value) -> Value:
    if not isinstance(base, Signal) and not isinstance(exponent, Signal):
        if base < 0 and not exponent.is_integer():
            raise ValueError(f"{base!r} to the power of {exponent!r} is no real number")
        if base == 0 and exponent < 0:
            raise ValueError("zero to a negative power")
        return float(base**exponent)
    text = as_text(base)
    if isinstance(exponent, Signal):
        return Signal(f"pow({text},{as_text(exponent)})")
    if exponent.is_integer() and 1 <= exponent <= 4:
        return Signal("(" + "*".join([text] * int(exponent)) + ")")
    if exponent < 0:
        # pow() of zero ends the run where Newton's method begins at zero; a quotient does not.
        return Signal(f"(1.0/{as_text(power(base, -exponent))})")
    # pow() is |base|**exponent in ngspice.
    sign = f"sgn({text})*" if exponent.is_integer() and exponent % 2 else ""
    return Signal(f"({sign}pow({text},{number_text(exponent)}))")


def _plain(name: str, compute: Callable[[float], float], printed: str = "{}") -> tuple[int, Callable[..., Value]]:
    text = printed if "(" in printed else f"{name}({{}})"

    def apply(x: Value) -> Value:
        return Signal(text.replace("{}", as_text(x))) if isinstance(x, Signal) else float(compute(x))

    return 1, apply


def _least(name: str, compute: Callable[[float, float], float]) -> tuple[int, Callable[..., Value]]:
    def apply(x: Value, y: Value) -> Value:
        if isinstance(x, Signal) or isinstance(y, Signal):
            return Signal(f"{name}({as_text(x)},{as_text(y)})")
        return float(compute(x, y))

    return 2, apply


def _limit(x: Value, one: Value, other: Value) -> Value:
    low, high = _least("min", min)[1](one, other), _least("max", max)[1](one, other)
    return _least("max", max)[1](_least("min", min)[1](x, high), low)


def _pwr(x: Value, y: Value) -> Value:
    if isinstance(x, Signal) or isinstance(y, Signal):
        return Signal(f"pow(abs({as_text(x)}),{as_text(y)})")
    return float(abs(x) ** y)


def _pwrs(x: Value, y: Value) -> Value:
    if isinstance(x, Signal) or isinstance(y, Signal):
        return Signal(f"(sgn({as_text(x)})*pow(abs({as_text(x)}),{as_text(y)}))")
    return float(math.copysign(abs(x) ** y, x)) if x else 0.0


def _soft(x: Value, bound: Value, width: Value, is_upper: bool) -> Value:
    """LTspice's uplim and dnlim: a bound that is reached along a parabola from `width` before it."""
    edge, z = constant(bound), constant(width)
    if z <= 0:
        raise ValueError("the width must be positive")
    # The lower limit of x is minus the upper limit of -x.
    if not is_upper:
        return _negative(_soft(_negative(x), -edge, z, True))
    if not isinstance(x, Signal):
        share = min(max(0.0, x - edge + z), 2 * z) / (2 * z) - 1
        return min(x, edge - z) + (1 - share * share) * z
    share_text = f"({_clamped(Signal(f'({x.text}-{number_text(edge - z)})'), 0.0, 2 * z)}/{number_text(2 * z)}-1.0)"
    return Signal(f"(min({as_text(x)},{number_text(edge - z)})+(1.0-{share_text}*{share_text})*{number_text(z)})")


def _negative(x: Value) -> Value:
    return Signal(f"(-{as_text(x)})") if isinstance(x, Signal) else -x


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


# Number of arguments, and what computes or prints it.
FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "abs": _plain("abs", abs),
    "sqrt": _plain("sqrt", math.sqrt),
    "exp": _plain("exp", math.exp),
    "log": _plain("ln", math.log),
    "ln": _plain("ln", math.log),
    "log10": _plain("log10", math.log10),
    "sin": _plain("sin", math.sin),
    "cos": _plain("cos", math.cos),
    "tan": _plain("tan", math.tan),
    "asin": _plain("asin", math.asin),
    "acos": _plain("acos", math.acos),
    "atan": _plain("atan", math.atan),
    "arctan": _plain("atan", math.atan),
    "sinh": _plain("sinh", math.sinh),
    "cosh": _plain("cosh", math.cosh),
    "tanh": _plain("tanh", math.tanh),
    "asinh": _plain("asinh", math.asinh),
    "sgn": _plain("sgn", _sign),
    "stp": _plain("u", lambda x: float(x > 0)),
    "u": _plain("u", lambda x: float(x > 0)),
    "uramp": _plain("uramp", lambda x: max(x, 0.0), "max({},0.0)"),
    "buf": _plain("buf", lambda x: float(x > 0.5), "u({}-0.5)"),
    "inv": _plain("inv", lambda x: float(x <= 0.5), "u(0.5-{})"),
    "floor": _plain("floor", math.floor),
    "ceil": _plain("ceil", math.ceil),
    "int": _plain("int", math.trunc, "(sgn({})*floor(abs({})))"),
    "round": _plain("round", lambda x: math.floor(x + 0.5), "floor({}+0.5)"),
    "min": _least("min", min),
    "max": _least("max", max),
    "limit": (3, _limit),
    "pwr": (2, _pwr),
    "pwrs": (2, _pwrs),
    "pow": (2, power),
    "uplim": (3, lambda x, bound, width: _soft(x, bound, width, True)),
    "dnlim": (3, lambda x, bound, width: _soft(x, bound, width, False)),
}
