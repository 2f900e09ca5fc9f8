"""Pairs of logistic functions whose arguments have a fixed sum, so that one exponential function serves both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Any

import sympy

from neuromorph.equations.functions import logistic


class logistic_beside(sympy.Function):
    """The logistic function ``s(u)`` where ``s(total - u)`` is needed, too; both are pure numbers."""

    nargs = 2


class logistic_opposite(sympy.Function):
    """``s(total - u)`` where ``s(u)`` is needed, too; both are pure numbers."""

    nargs = 2


def with_logistic_pairs(expressions: Sequence[Any], fixed: Collection[Any]) -> list[Any]:
    """Expressions in which logistic functions stand in pairs where they can.

    Rates of opposite transitions are such a pair: of a switch that turns on above one voltage and off below another, the
    arguments ``(v - v_on) / v_t`` and ``-(v + v_off) / v_t`` have a sum without ``v``.

    Parameters
    ----------
    expressions : sequence of sympy expression
        What is computed together.
    fixed : collection of sympy.Symbol
        What stays the same during a run.

    Returns
    -------
    list of sympy expression
        Equal in value and unit.

    Examples
    --------
    >>> from neuromorph.equations import logistic
    >>> v, a, b = sympy.symbols("v a b", real=True)
    >>> with_logistic_pairs([logistic(v - a) - logistic(-v - b)], {a, b})
    [logistic_beside(-a + v, -a - b) - logistic_opposite(-a + v, -a - b)]
    """
    found = {call.args[0] for e in expressions for call in sympy.sympify(e).atoms(logistic)}
    alone = sorted(found, key=sympy.default_sort_key)
    pairs: dict[Any, Any] = {}
    for u, other in combinations(alone, 2):
        if logistic(u) in pairs or logistic(other) in pairs:
            continue
        total = sympy.expand_mul(u + other)
        if total.free_symbols <= set(fixed):
            pairs |= {logistic(u): logistic_beside(u, total), logistic(other): logistic_opposite(u, total)}
    return [e.xreplace(pairs) for e in map(sympy.sympify, expressions)]
