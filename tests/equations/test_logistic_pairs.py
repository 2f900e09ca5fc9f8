"""Logistic functions in pairs: the same values, and only where the sum of the arguments is fixed."""

from __future__ import annotations

import sympy

from neuromorph.equations import logistic, print_lanes, with_logistic_pairs
from neuromorph.equations.logistic_pairs import logistic_beside, logistic_opposite

V, X, A, B, SCALE = sympy.symbols("v x a b scale", real=True)


def unpaired(expression):
    """What the pairs stand for."""
    return expression.replace(logistic_beside, lambda u, total: logistic(u)).replace(
        logistic_opposite, lambda u, total: logistic(total - u)
    )


def test_rates_of_a_switch_are_a_pair():
    rate = (1 - X) * logistic((V - A) / SCALE) - X * logistic(-(V + B) / SCALE)
    (paired,) = with_logistic_pairs([rate], {A, B, SCALE})
    assert paired.has(logistic_beside)
    assert paired.has(logistic_opposite)
    assert not paired.has(logistic)
    values = {V: 0.3, X: 0.2, A: 0.25, B: 0.1, SCALE: 0.026}
    assert abs(float((unpaired(paired) - rate).subs(values))) < 1e-15
    assert print_lanes(paired.args[0]).count("lane_logistic_") == 1


def test_a_voltage_that_is_an_expression_leaves_the_sum():
    voltage = (V - A) / (1 + B * X)
    rates = [logistic((voltage - A) * SCALE), logistic((-voltage - B) * SCALE)]
    assert with_logistic_pairs(rates, {A, B, SCALE})[0].func is logistic_beside


def test_what_has_no_fixed_sum_stays():
    expressions = [logistic(V - A), logistic(V + B), logistic(X), sympy.Integer(1)]
    assert with_logistic_pairs(expressions, {A, B}) == expressions
    # One of three is left alone.
    found = with_logistic_pairs([logistic(V - A), logistic(-V - B), logistic(A - V)], {A, B})
    assert sorted(e.func.__name__ for e in found) == ["logistic", "logistic_beside", "logistic_opposite"]
