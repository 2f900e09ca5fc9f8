"""Windows that keep the state of a drift model between its ends."""

from __future__ import annotations

from typing import Any

WINDOWS = ("none", "joglekar", "biolek", "prodromakis")
"""Names of the windows."""

_EDGE = 1e-3
"""Share of the state's range [1/1] over which a bare end stops the drift."""


def windows(kind: str, x: Any, p: Any, j: Any) -> tuple[Any, Any]:
    """Factors of a rate towards one and of a rate towards zero.

    Parameters
    ----------
    kind : str
        One of :data:`WINDOWS`.
    x : sympy expression
        State (pure number).
    p : sympy expression
        Exponent of the window, at least 1 (pure number).
    j : sympy expression
        Height of Prodromakis' window (pure number).

    Returns
    -------
    tuple of sympy expressions
        Window towards one, window towards zero (pure numbers).

    Notes
    -----
    - ``"none"``: 1; over the last thousandth before the end that the state moves to, it falls to 0 in a straight
      line, so that no method of integration can step over the end. Back from the end the state is free.
    - ``"joglekar"``: ``1 - (2 x - 1)^(2 p)`` (Y. N. Joglekar and S. J. Wolf, Eur. J. Phys. 30 (2009) 661). It is zero
      at both ends in both directions: a state that has arrived at an end stays there for ever, and one that has come
      very close takes a charge that grows with the logarithm of what is left to come back (the terminal state
      problem).
    - ``"biolek"``: ``1 - (x - stp(-i))^(2 p)``, `stp` the unit step (Z. Biolek, D. Biolek and V. Biolkova,
      Radioengineering 18 (2009) 210): zero only at the end that the state moves to, and one at the
      other, so nothing sticks.
    - ``"prodromakis"``: ``j (1 - ((x - 1/2)^2 + 3/4)^p)`` (T. Prodromakis, B. P. Peh, C. Papavassiliou and C. Toumazou,
      IEEE Trans. Electron Devices 58 (2011) 3099): its height is free and `p` need not be whole; at
      the ends it is like Joglekar's.

    Powers are of absolute values, so that `p` may be any real number from 1. Joglekar's and
    Prodromakis' windows are zero outside of [0, 1], where their formulas would drive the state away.
    """
    import sympy

    if kind == "none":
        return _clipped((1 - x) / _EDGE), _clipped(x / _EDGE)
    if kind == "biolek":
        return 1 - _even_power(x, p), 1 - _even_power(x - 1, p)
    if kind == "joglekar":
        window = 1 - _even_power(2 * x - 1, p)
    else:
        window = j * (1 - ((x - sympy.Rational(1, 2)) ** 2 + sympy.Rational(3, 4)) ** p)
    inside = sympy.Piecewise((window, (x >= 0) & (x <= 1)), (0, True))
    return inside, inside


def steepness(kind: str, p: Any, j: Any) -> Any:
    """By how much a window makes the state's time scale shorter than the time from end to end.

    Parameters
    ----------
    kind : str
        One of :data:`WINDOWS`.
    p, j : sympy expressions
        Exponent and height of the window (pure numbers).

    Returns
    -------
    sympy expression
        Pure number, at least 1. For ``"none"`` what a solver's step must stay stable with, not the full slope
        at the end: what happens within the last thousandth need not be resolved.
    """
    import sympy

    return {"none": sympy.Integer(10), "joglekar": 4 * p, "biolek": 2 * p, "prodromakis": 1 + j * p}[kind]


def _even_power(u: Any, p: Any) -> Any:
    """``u^(2 p)``; zero apart, since sympy's derivative of the power has a division by `u`."""
    import sympy

    size = sympy.Abs(u)
    return sympy.Piecewise((size ** (2 * p), size > 0), (0, True))


def _clipped(u: Any) -> Any:
    import sympy

    return sympy.Min(sympy.Max(u, 0), 1)
