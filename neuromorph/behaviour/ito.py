"""Stochastic calculus on expressions: drift of the Ito equation, terms of Milstein's method, noise in a guard.

A diffusion is a matrix of expressions ``b[i][j]``: what multiplies the increment of Wiener process ``j`` in state ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy

Matrix = Sequence[Sequence[Any]]


def ito_drift(rates: Sequence[Any], diffusion: Matrix, states: Sequence[Any]) -> list[Any]:
    """Drift of the Ito equation that has the solutions of a Stratonovich equation.

    Parameters
    ----------
    rates : sequence of sympy expression, one a state
        Drift of the Stratonovich equation [state's unit / s].
    diffusion : sequence of sequence of sympy expression
        Rows by state, columns by Wiener process [state's unit / sqrt(s)].
    states : sequence of sympy.Symbol
        The states.

    Returns
    -------
    list of sympy expression
        ``a_i + 1/2 sum_jk b_kj d(b_ij)/d(y_k)`` [state's unit / s].

    Notes
    -----
    Source: Kloeden and Platen, Numerical Solution of Stochastic Differential Equations, section 4.9.

    Examples
    --------
    >>> import sympy
    >>> y, sigma = sympy.symbols("y sigma")
    >>> ito_drift([0], [[sigma * y]], [y])
    [sigma**2*y/2]
    """
    sources = range(len(diffusion[0]))
    half = sympy.Rational(1, 2)
    return [
        rate + half * sum(moved_by(row[j], j, diffusion, states) for j in sources)
        for rate, row in zip(rates, diffusion, strict=True)
    ]


def moved_by(expression: Any, source: int, diffusion: Matrix, states: Sequence[Any]) -> Any:
    """What a Wiener process does to an expression: ``sum_k b_kj d(expression)/d(y_k)`` [its unit / sqrt(s)]."""
    return sum(row[source] * slope(expression, state) for row, state in zip(diffusion, states, strict=True))


def slope(expression: Any, symbol: Any) -> Any:
    """Derivative by a symbol [expression's unit / symbol's unit]; functions that jump are flat."""
    derivative = sympy.diff(sympy.sympify(expression), symbol)
    return derivative.replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)


def milstein_terms(diffusion: Matrix, states: Sequence[Any], increments: Sequence[Any], h: Any) -> list[Any]:
    """What Milstein's method adds to the Euler-Maruyama step, where the noise is commutative.

    Parameters
    ----------
    diffusion : sequence of sequence of sympy expression
        Rows by state, columns by Wiener process [state's unit / sqrt(s)].
    states, increments : sequence of sympy.Symbol
        The states, and the increments of the processes in the step [sqrt(s)].
    h : sympy.Symbol
        The step [s].

    Returns
    -------
    list of sympy expression
        ``1/2 sum_jl (L_j b_il) (w_j w_l - [j = l] h)``, one a state [state's unit].

    Notes
    -----
    Source: Kloeden and Platen, equations (10.3.3) and (10.3.16).
    """
    terms = []
    for row in diffusion:
        total = sympy.S.Zero
        for j, w in enumerate(increments):
            total += moved_by(row[j], j, diffusion, states) * (w * w - h) / 2
            for k in range(j):
                total += moved_by(row[j], k, diffusion, states) * w * increments[k]
        terms.append(total)
    return terms


def commute(diffusion: Matrix, j: int, k: int, states: Sequence[Any]) -> bool:
    """Whether the order in which two Wiener processes act does not matter: ``L_j b_ik = L_k b_ij`` for every state."""
    differences = (moved_by(row[k], j, diffusion, states) - moved_by(row[j], k, diffusion, states) for row in diffusion)
    return all(sympy.simplify(difference) == 0 for difference in differences)
