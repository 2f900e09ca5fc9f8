"""Devices whose currents bend: Newton's method against scipy's root finder on the same network, written out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import root

import neuromorph as nm
from neuromorph.crossbars.solving.direct import DirectSolver
from neuromorph.crossbars.solving.line_solver import LineSolver
from neuromorph.crossbars.solving.newton import solve_nonlinear
from neuromorph.crossbars.terminations import SIDES, Terminations, Wires

WIRES = Wires(r_word=2.0, r_bit=1.0, r_driver=10.0, r_sense=3.0)
STEEP = nm.GMMS(beta_f=38.0, beta_r=38.0, alpha_f=1e-6, alpha_r=1e-6, schottky="pinched")


@dataclass(frozen=True, kw_only=True)
class Cubic(nm.MemristorModel):
    """``i = a v + c v^3``: flat at 0 V for a = 0, with a falling branch for negative a."""

    a: float = nm.parameter(0.0, unit="S", doc="slope at 0 V")
    c: float = nm.parameter(1e-3, unit="S", doc="curvature, per square of a volt")
    tau: float = nm.parameter(1.0, unit="s", positive=True, doc="time constant")

    def current_equation(self, v: Any, x: Any) -> Any:
        return self.a * v + self.c * v**3

    def state_equation(self, v: Any, x: Any) -> Any:
        return (v - x) / self.tau


class Counted:
    """A solver that counts how often it is asked."""

    def __init__(self, solver):
        self.solver, self.solves = solver, 0

    def solve(self, *args, **keywords):
        self.solves += 1
        return self.solver.solve(*args, **keywords)


def array(model, shape=(4, 3), seed=0, wires=WIRES, **sides):
    rng = np.random.default_rng(seed)
    devices = nm.DeviceArray(model, rng.random(shape))
    return devices, Counted(LineSolver(shape, wires, Terminations.of(shape, **sides)))


def ends_of(shape, **given):
    lines = dict.fromkeys(("left", "right"), shape[0]) | dict.fromkeys(("top", "bottom"), shape[1])
    return {side: np.atleast_2d(given.get(side, np.zeros(lines[side]))).astype(float) for side in SIDES}


def currents_out_of_nodes(nodes, devices, v, wires):
    """Kirchhoff's law at each node of an array driven on the left and sensed at the bottom, node by node."""
    word, bit = nodes.reshape(2, *devices.shape)
    (m, n), out = devices.shape, np.zeros((2, *devices.shape))
    i = devices.current(word - bit)
    out[0] += i
    out[1] -= i
    for row in range(m):
        out[0, row, 0] += (word[row, 0] - v[row]) / (wires.r_word + wires.r_driver)
        for k in range(n - 1):
            along = (word[row, k] - word[row, k + 1]) / wires.r_word
            out[0, row, k] += along
            out[0, row, k + 1] -= along
    for column in range(n):
        out[1, m - 1, column] += bit[m - 1, column] / (wires.r_bit + wires.r_sense)
        for k in range(m - 1):
            along = (bit[k, column] - bit[k + 1, column]) / wires.r_bit
            out[1, k, column] += along
            out[1, k + 1, column] -= along
    return out.ravel()


@pytest.mark.parametrize("volts", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("model", [nm.GMMS(), nm.Yakopcic(b=3.0), STEEP], ids=["gmms", "yakopcic", "steep"])
def test_node_voltages_against_a_root_finder(model, volts):
    devices, solver = array(model)
    v = np.random.default_rng(3).uniform(-volts, volts, 4)
    found = solve_nonlinear(solver, devices, ends_of(devices.shape, left=v))
    nodes = (found.high + found.low)[0].ravel()
    # From the solution, since from nothing the root finder fails on the steep devices.
    exact = root(currents_out_of_nodes, nodes + 1e-4, args=(devices, v, WIRES), tol=1e-14)
    np.testing.assert_allclose(nodes, exact.x, atol=1e-9 * volts)
    np.testing.assert_allclose(found.device_currents[0], devices.current(found.device_voltages[0]), rtol=1e-11)
    assert found.residual < 1e-11
    assert solver.solves < 25


def test_the_residual_is_that_of_the_original_equations():
    devices, solver = array(nm.GMMS())
    v = np.array([1.0, -0.5, 0.3, 0.8])
    found = solve_nonlinear(solver, devices, ends_of(devices.shape, left=v))
    lacking = currents_out_of_nodes((found.high + found.low)[0].ravel(), devices, v, WIRES)
    assert np.abs(lacking).max() < 1e-10 * np.abs(found.device_currents).max()
    # One step from the tangents at no voltage, which is what linear devices would need, is not a solution.
    tangents = devices.current_and_slope(np.zeros(devices.shape))
    once = solver.solve(tangents[1], ends_of(devices.shape, left=v), tangents[0])
    lacking = currents_out_of_nodes((once.high + once.low)[0].ravel(), devices, v, WIRES)
    assert np.abs(lacking).max() > 1e-2 * np.abs(once.device_currents).max()


def test_steps_are_quadratic_near_the_end_and_few_from_nearby():
    devices, solver = array(nm.GMMS(), shape=(16, 12))
    v = np.linspace(-1.0, 1.0, 16)
    cold = solve_nonlinear(solver, devices, ends_of(devices.shape, left=v))
    from_nothing, solver.solves = solver.solves, 0
    again = solve_nonlinear(solver, devices, ends_of(devices.shape, left=v * 1.0001), start=cold)
    assert solver.solves <= 2 < from_nothing
    assert again.residual < 1e-11
    lacking = []
    for tolerance in (1e-1, 1e-3, 1e-6, 1e-12):
        solver.solves = 0
        solve_nonlinear(solver, devices, ends_of(devices.shape, left=v), tolerance=tolerance)
        lacking.append(solver.solves)
    # Twice the digits with each step: from six to twelve in no more than two.
    assert lacking[3] - lacking[2] <= 2


def test_both_solvers_of_linear_devices_carry_it():
    devices, solver = array(nm.Yakopcic(), shape=(6, 9))
    ends = ends_of((6, 9), left=np.linspace(0.2, 1.5, 6))
    lines = solve_nonlinear(solver, devices, ends)
    direct = solve_nonlinear(DirectSolver((6, 9), WIRES, Terminations.of((6, 9))), devices, ends)
    np.testing.assert_allclose(lines.device_currents, direct.device_currents, rtol=1e-9)


def test_one_device_between_two_resistors_against_its_equation():
    """v = 1 V - 20 ohm times i(v): where the straight line of the resistors meets the curve."""
    devices = nm.DeviceArray(STEEP, [[0.4]])
    solver = LineSolver((1, 1), Wires(r_driver=15.0, r_sense=5.0), Terminations.of((1, 1)))
    found = solve_nonlinear(solver, devices, ends_of((1, 1), left=[1.0]))
    v = float(found.device_voltages[0, 0, 0])
    assert v == pytest.approx(1.0 - 20.0 * float(STEEP.current(v, 0.4)), abs=1e-11)


def test_devices_that_are_flat_at_no_voltage():
    devices, solver = array(Cubic(), wires=Wires(r_driver=100.0, r_sense=50.0), shape=(1, 1))
    found = solve_nonlinear(solver, devices, ends_of((1, 1), left=[2.0]))
    v = float(found.device_voltages[0, 0, 0])
    assert v == pytest.approx(2.0 - 150.0 * 1e-3 * v**3, abs=1e-10)
    grid, solver = array(Cubic(), shape=(5, 4))
    found = solve_nonlinear(solver, grid, ends_of((5, 4), left=np.linspace(-2.0, 1.0, 5)))
    assert found.residual < 1e-11
    np.testing.assert_allclose(found.device_currents[0], 1e-3 * found.device_voltages[0] ** 3, atol=1e-13)


def test_open_devices_stay_open():
    model = nm.Yakopcic(b=2.0)
    devices = nm.DeviceArray(model, [[0.0, 0.7], [0.0, 0.0]])
    solver = LineSolver((2, 2), WIRES, Terminations.of((2, 2)))
    found = solve_nonlinear(solver, devices, ends_of((2, 2), left=[1.0, 0.5]))
    assert np.count_nonzero(found.device_currents[0]) == 1
    assert found.terminal_currents["bottom"][0, 0] == 0.0
    v = float(found.device_voltages[0, 0, 1])
    resistance = WIRES.r_driver + 2 * WIRES.r_word + 2 * WIRES.r_bit + WIRES.r_sense
    assert v == pytest.approx(1.0 - resistance * float(model.current(v, 0.7)), abs=1e-11)


def test_without_sources_only_what_the_devices_drive_flows():
    pinched, solver = array(nm.GMMS(schottky="pinched"))
    found = solve_nonlinear(solver, pinched, ends_of(pinched.shape))
    assert not found.device_currents.any()
    # As published, the barrier drives a current at 0 V when its two sides differ.
    driving, solver = array(nm.GMMS(alpha_r=1e-4))
    found = solve_nonlinear(solver, driving, ends_of(driving.shape))
    assert found.residual < 1e-11
    assert np.all(found.device_currents > 0.0)
    lacking = currents_out_of_nodes((found.high + found.low)[0].ravel(), driving, np.zeros(4), WIRES)
    assert np.abs(lacking).max() < 1e-10 * found.device_currents.max()


def test_a_negative_slope_gives_a_solution_or_says_that_there_is_none():
    """A cubic with a falling branch: every answer is checked in the original equation."""
    model = Cubic(a=-1e-3, c=1e-3)
    answers = 0
    for drive in np.linspace(-2.1, 2.0, 17):
        devices, solver = array(model, shape=(1, 1), wires=Wires(r_driver=300.0, r_sense=200.0))
        found = solve_nonlinear(solver, devices, ends_of((1, 1), left=[drive]))
        v = float(found.device_voltages[0, 0, 0])
        assert v == pytest.approx(drive - 500.0 * (1e-3 * v**3 - 1e-3 * v), abs=1e-9)
        answers += abs(v) < 0.57
    # Some of them stand on the falling branch, between the extrema at 3^(-1/2) V.
    assert answers > 2


def test_falling_branches_in_an_array():
    devices, solver = array(Cubic(a=-1e-4, c=1e-3), shape=(5, 4), wires=Wires(r_driver=200.0, r_sense=100.0))
    v = np.linspace(-1.5, 1.5, 5)
    found = solve_nonlinear(solver, devices, ends_of((5, 4), left=v))
    u = found.device_voltages[0]
    currents = 1e-3 * u**3 - 1e-4 * u
    np.testing.assert_allclose(found.device_currents[0], currents, atol=1e-13)
    # Lines without resistance: each row's and each column's currents meet in one resistor.
    word, bit = v - 200.0 * currents.sum(axis=1), 100.0 * currents.sum(axis=0)
    np.testing.assert_allclose(u, word[:, None] - bit[None, :], atol=1e-9)


def test_no_solution_is_an_error_that_says_how_far_it_came():
    @dataclass(frozen=True, kw_only=True)
    class Escaping(Cubic):
        """A current that falls ever faster, more than any resistor can hold."""

        def current_equation(self, v: Any, x: Any) -> Any:
            import sympy

            return -self.c * sympy.exp(v) * (1 + v**2)

    devices, solver = array(Escaping(c=1.0), shape=(1, 1), wires=Wires(r_driver=300.0, r_sense=200.0))
    with pytest.raises(
        nm.ConvergenceError, match=r"1 x 1 array went to .* V, where a device of Escaping has no finite"
    ):
        solve_nonlinear(solver, devices, ends_of((1, 1), left=[1.0]))


def test_hardly_any_current_after_a_large_one():
    """Tangents at half a volt have no digits left for 1e-17 V, so the start is given up."""
    devices, solver = array(nm.GMMS(schottky="pinched"), shape=(16, 16))
    v = np.linspace(-0.8, 0.8, 16)
    large = solve_nonlinear(solver, devices, ends_of((16, 16), left=v))
    small = solve_nonlinear(solver, devices, ends_of((16, 16), left=1e-17 * v), start=large)
    # So little that each device is its slope at 0 V.
    _, slope = devices.current_and_slope(np.zeros((16, 16)))
    linear = solver.solve(slope, ends_of((16, 16), left=v)).device_currents[0]
    np.testing.assert_allclose(small.device_currents[0], 1e-17 * linear, rtol=1e-6, atol=1e-12 * 1e-17)
