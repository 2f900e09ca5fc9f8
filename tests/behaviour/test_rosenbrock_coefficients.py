"""The coefficients of the Rosenbrock method against the order conditions, and what makes it fit for stiff systems.

Conditions: E. Hairer and G. Wanner, Solving Ordinary Differential Equations II, section IV.7, in the untransformed
form with alpha, gamma and beta = alpha + gamma.
"""

from __future__ import annotations

import numpy as np
import pytest

from neuromorph.behaviour import rosenbrock_tableau as tableau

N = tableau.N_STAGES
ONE = np.ones(N)
UNTRANSFORMED = np.linalg.inv(np.eye(N) / tableau.GAMMA - np.pad(tableau.C, ((0, 0), (0, 1))))
ALPHA = np.pad(tableau.A, ((0, 0), (0, 1))) @ UNTRANSFORMED
BETA = ALPHA + UNTRANSFORMED
WEIGHTS = np.append(tableau.A[-1], 1.0) @ UNTRANSFORMED
EMBEDDED = np.append(tableau.A[-1], 0.0) @ UNTRANSFORMED
A, B = ALPHA @ ONE, BETA @ ONE

# What a sum over the weights must give, by order.
CONDITIONS = {
    1: [(ONE, 1)],
    2: [(B, 1 / 2)],
    3: [(A**2, 1 / 3), (BETA @ B, 1 / 6)],
    4: [(A**3, 1 / 4), (A * (ALPHA @ B), 1 / 8), (BETA @ A**2, 1 / 12), (BETA @ BETA @ B, 1 / 24)],
}


@pytest.mark.parametrize("order", CONDITIONS)
def test_order_conditions(order):
    for vector, value in CONDITIONS[order]:
        assert WEIGHTS @ vector == pytest.approx(value, abs=1e-14)


def test_conditions_for_systems_that_depend_on_time():
    """Time as one more state has the stage values t + NODES h and the slopes SLOPES: the sums of the rows."""
    np.testing.assert_allclose(tableau.NODES, A, atol=1e-14)
    np.testing.assert_allclose(tableau.SLOPES, UNTRANSFORMED @ ONE, atol=1e-14)


def test_the_embedded_method_has_order_3_and_no_more():
    for order in (1, 2, 3):
        for vector, value in CONDITIONS[order]:
            assert EMBEDDED @ vector == pytest.approx(value, abs=1e-14)
    assert max(abs(EMBEDDED @ vector - value) for vector, value in CONDITIONS[4]) > 1e-2


def stability(weights, z):
    return 1 + z * (weights @ np.linalg.solve(np.eye(N) - z * BETA, ONE))


@pytest.mark.parametrize("weights", [WEIGHTS, EMBEDDED], ids=["method", "embedded"])
def test_l_stability(weights):
    """No growth on the imaginary axis, no pole on the left (all are at 1/GAMMA), and nothing left at infinity."""
    assert all(abs(stability(weights, 1j * y)) <= 1 + 1e-12 for y in np.logspace(-3, 4, 400))
    assert np.all(np.diag(BETA) == pytest.approx(tableau.GAMMA))
    assert tableau.GAMMA > 0
    assert abs(1 - weights @ np.linalg.solve(BETA, ONE)) < 1e-13


def test_stiffly_accurate():
    np.testing.assert_allclose(BETA[-1], WEIGHTS, atol=1e-14)
    assert A[-1] == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("power", range(4))
def test_conditions_for_stiff_nodes_that_follow_an_input(power):
    """Of the paper in rosenbrock_tableau.py: without them the order falls to 2 in the stiff limit."""
    defect = np.linalg.matrix_power(BETA, power) @ (2 * BETA @ B - A**2)
    assert WEIGHTS @ defect == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("s", [0.25, 0.5, 0.75])
def test_dense_output_has_order_3(s):
    first, second = np.pad(tableau.DENSE, ((0, 0), (0, 1))) @ UNTRANSFORMED
    weights = s * (WEIGHTS + (1 - s) * (first + s * second))
    for order in (1, 2, 3):
        for vector, value in CONDITIONS[order]:
            assert weights @ vector == pytest.approx(value * s**order, abs=1e-14)
