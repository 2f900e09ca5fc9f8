"""Crossbars in closed form: ideal and cut wires, drivers, voltage drops, power; starts, ways out, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars import DirectSolver, LineSolver, end_voltages
from neuromorph.crossbars.solving import line_solver as line_solver_module
from neuromorph.crossbars.solving import solver as solver_module

G = np.array([[1e-3, 2e-3, 0.0], [3e-3, 4e-3, 5e-4]])


def test_ideal_wires_multiply_a_vector_by_a_matrix():
    v = np.array([[0.1, 0.2], [-1.0, 0.5]])
    solution = nm.Crossbar(G).solve(v)
    np.testing.assert_allclose(solution.output_currents, v @ G, rtol=1e-15)
    np.testing.assert_array_equal(solution.node_voltages[:, 0], np.repeat(v[:, :, None], 3, axis=2))
    np.testing.assert_array_equal(solution.bit_voltages, 0.0)
    assert solution.residual == 0.0


def test_one_device_is_a_divider():
    """Driver, segment, device, segment, sensing input in series."""
    crossbar = nm.Crossbar([[1e-2]], r_word=10.0, r_bit=20.0, r_driver=30.0, r_sense=40.0)
    solution = crossbar.solve([2.0])
    current = 2.0 / (30 + 10 + 100 + 20 + 40)
    assert solution.output_currents[0] == pytest.approx(current, rel=1e-14)
    assert solution.terminal_currents["left"][0] == pytest.approx(-current, rel=1e-14)
    assert solution.word_voltages[0, 0] == pytest.approx(2.0 - 40 * current, rel=1e-14)
    assert solution.bit_voltages[0, 0] == pytest.approx(60 * current, rel=1e-14)
    power = {name: r * current**2 for name, r in (("devices", 100), ("word_lines", 10), ("bit_lines", 20))}
    power |= {"drivers": 30 * current**2, "sensing": 40 * current**2, "delivered": 2.0 * current}
    assert solution.power == pytest.approx(power, rel=1e-13)
    # Without the wires' 30 ohm the current is 2 / 170.
    assert solution.ir_drop[0, 0] == pytest.approx(100 * (2.0 / 170 - current), rel=1e-12)


@pytest.mark.parametrize("method", ["lines", "direct"])
def test_small_wires_tend_to_none(method):
    """The first order in r of 1e-9 ohm is seen, and that of 0 ohm is its limit."""
    ideal = nm.Crossbar(G).solve([0.1, 0.2], method=method).output_currents
    some = [nm.Crossbar(G, r_word=r, r_bit=r).solve([0.1, 0.2], method=method).output_currents for r in (1e-9, 2e-9)]
    np.testing.assert_allclose((ideal - some[1]) / (ideal - some[0]), 2.0, rtol=1e-3)


@pytest.mark.parametrize("method", ["auto", "lines", "direct"])
def test_cut_lines_carry_nothing(method):
    """A node of a cut line takes the voltage of its device's other side; without a device it has none."""
    solution = nm.Crossbar(G, r_word=np.inf, r_bit=1.0, top="driven").solve(
        {"left": [1.0, 1.0], "top": [0.3, 0.6, 0.9]}, method=method
    )
    assert np.abs(solution.device_currents).max() == 0.0
    expected = np.outer([2.0, 1.0], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(solution.bit_voltages, expected, rtol=1e-14)
    np.testing.assert_allclose(solution.word_voltages, np.where(G > 0, expected, np.nan), rtol=1e-14)
    np.testing.assert_allclose(solution.output_currents, [0.1, 0.2, 0.3], rtol=1e-13)
    nothing = nm.Crossbar(G, r_word=np.inf, r_bit=np.inf).solve([1.0, 1.0], method=method)
    assert np.isnan(nothing.node_voltages).all()
    assert np.abs(nothing.output_currents).max() == 0.0


@pytest.mark.parametrize("method", ["lines", "direct"])
def test_parts_without_a_connection_have_no_voltage(method):
    g = np.array([[1e-3, 0.0], [0.0, 1e-3], [0.0, 0.0]])
    crossbar = nm.Crossbar(
        g, r_word=1.0, left=["driven", "floating", "floating"], bottom=["sensed", "floating"], right=["floating"] * 3
    )
    solution = crossbar.solve([1.0, np.nan, 0.0], method=method)
    expected = [[[False, False], [True, True], [True, True]], [[False, True], [False, True], [False, True]]]
    np.testing.assert_array_equal(np.isnan(solution.node_voltages), expected)
    assert solution.output_currents == pytest.approx([1 / 1001], rel=1e-13)
    assert solution.device_currents[1, 1] == 0.0


@pytest.mark.parametrize("method", ["lines", "direct"])
def test_equal_voltages_drive_no_current(method):
    """All ends at 0.3 V: every node is there, and no current is left of rounding."""
    crossbar = nm.Crossbar(G, r_word=0.1, r_bit=1e-9, r_driver=7.0, bottom="driven")
    solution = crossbar.solve({"left": [0.3, 0.3], "bottom": [0.3, 0.3, 0.3]}, method=method)
    assert np.abs(solution.device_currents).max() == 0.0
    assert np.abs(solution.node_voltages - 0.3).max() == 0.0
    assert solution.residual == solution.error_bound == 0.0


def test_floating_lines_settle_between_their_devices():
    """Word line 1 floats: it takes the mean of the bit voltages, weighted with its devices."""
    g = np.array([[1e-3, 1e-3], [1e-3, 3e-3]])
    crossbar = nm.Crossbar(g, left=["floating", "floating"], top="driven", bottom=["floating", "floating"])
    solution = crossbar.solve([1.0, 0.0])
    np.testing.assert_allclose(solution.word_voltages, [[0.5, 0.5], [0.25, 0.25]], rtol=1e-14)
    np.testing.assert_allclose(solution.terminal_currents["top"], [-1.25e-3, 1.25e-3], rtol=1e-13)
    assert solution.output_currents.size == 0


def test_drop_between_two_held_ends_is_that_of_their_divider():
    """A word line from 1 V to 0 V: ideal wires leave its voltages as they are without devices."""
    crossbar = nm.Crossbar(np.full((1, 3), 1e-4), r_word=100.0, r_bit=50.0, right="grounded")
    ideal = np.array([0.75, 0.5, 0.25])
    solution = crossbar.solve([1.0])
    np.testing.assert_allclose(solution.device_voltages + solution.ir_drop, [ideal], rtol=1e-10)
    assert (solution.ir_drop > 0).all()


def test_the_residual_is_that_of_the_voltages_given_back():
    """Computed again here from node voltages, and not small where these are not a solution."""
    rng = np.random.default_rng(0)
    g = 10 ** rng.uniform(-5, -3, (5, 6))
    crossbar = nm.Crossbar(g, r_word=5.0, r_bit=4.0)
    solution = crossbar.solve(rng.uniform(0, 1, 5))
    voltages = solution.voltages
    assert solution.residual < 1e-13
    moved = voltages.high.copy()
    moved[0, 0, 2, 3] += 1e-6
    other = dataclasses.replace(voltages, high=moved, imbalance=None)
    # Two segments and the device pull at the node that was moved.
    expected = 1e-6 * (2 / 5.0 + g[2, 3]) / other.scale[0]
    assert other.residual == pytest.approx(expected, rel=1e-6)
    assert other.error_bound == pytest.approx(1e-6 * (4 / 5.0 + 2 * g[2, 3]) / other.scale[0], rel=1e-6)


@pytest.mark.parametrize("solver", [LineSolver, DirectSolver])
def test_offsets_are_sources_beside_the_devices(solver):
    """A device with an offset of g u is one that a source of u is in series with: here all of -0.2 V."""
    rng = np.random.default_rng(3)
    g = 10 ** rng.uniform(-5, -3, (4, 3))
    crossbar = nm.Crossbar(g, r_word=1.0, r_bit=2.0, top="grounded")
    ends, _ = end_voltages(crossbar.terminations, rng.uniform(0, 1, (2, 4)))
    made = solver(crossbar.shape, crossbar.wires, crossbar.terminations)
    shifted = {**ends, "left": ends["left"] - 0.2}
    with_sources = made.solve(g, ends, device_offsets=-0.2 * g)
    without = made.solve(g, shifted)
    np.testing.assert_allclose(with_sources.device_currents, without.device_currents, rtol=1e-9)
    np.testing.assert_allclose(with_sources.shown()[:, 0], without.shown()[:, 0] + 0.2, rtol=1e-12)


@pytest.mark.parametrize("wires", [{"r_word": 1.0}, {"r_word": np.inf, "r_bit": 1.0}, {"r_bit": np.inf}])
def test_batches_of_offsets_by_both_methods(wires):
    """More vectors than are solved side by side, each with sources of its own; a single row serves them all."""
    rng = np.random.default_rng(8)
    g = 10 ** rng.uniform(-5, -3, (4, 3))
    crossbar = nm.Crossbar(g, top=["driven", "floating", "floating"], r_driver=5.0, **wires)
    v = {"left": rng.uniform(0, 1, (19, 4)), "top": [0.5, 0.0, 0.0]}
    ends, _ = end_voltages(crossbar.terminations, v)
    for offsets in (1e-4 * rng.uniform(-1, 1, (19, 4, 3)), 1e-4 * rng.uniform(-1, 1, (4, 3))):
        lines, direct = (
            solver(crossbar.shape, crossbar.wires, crossbar.terminations).solve(g, ends, offsets)
            for solver in (LineSolver, DirectSolver)
        )
        assert max(lines.error_bound, direct.error_bound) < 1e-10
        scale = float(lines.scale.max()) or 1.0
        np.testing.assert_allclose(lines.device_currents, direct.device_currents, rtol=0, atol=1e-11 * scale)
        np.testing.assert_allclose(lines.shown(), direct.shown(), rtol=0, atol=1e-12)
        for side, currents in lines.terminal_currents.items():
            np.testing.assert_allclose(currents, direct.terminal_currents[side], rtol=0, atol=1e-11 * scale)


def test_a_start_near_the_solution_saves_iterations():
    rng = np.random.default_rng(4)
    g = 10 ** rng.uniform(-4, -3, (40, 40))
    crossbar = nm.Crossbar(g, r_word=2.0, r_bit=2.0)
    ends, _ = end_voltages(crossbar.terminations, rng.uniform(0, 1, 40))
    solver = LineSolver(crossbar.shape, crossbar.wires, crossbar.terminations)
    cold = solver.solve(g, ends)
    other = g * (1 + 1e-6 * rng.uniform(-1, 1, g.shape))
    warm = solver.solve(other, ends, start=cold)
    again = solver.solve(g, ends, start=cold.shown())
    assert solver.solve(g, ends, start=cold).iterations == 0
    assert max(warm.iterations, again.iterations) < cold.iterations
    np.testing.assert_allclose(warm.device_currents, solver.solve(other, ends).device_currents, rtol=1e-8)


def test_memristors_of_any_kind_are_solved():
    """Linear ones by their conductances; for others Kirchhoff's law holds with the devices' own currents."""
    states = np.random.default_rng(5).uniform(0, 1, (3, 4))
    linear = nm.DeviceArray(nm.MMS(), states)
    wires = {"r_word": 1.0, "r_bit": 1.0}
    v = np.array([[0.1, 0.2, 0.3], [0.3, -0.1, 0.0]])
    found = nm.Crossbar(linear, **wires).solve(v).output_currents
    np.testing.assert_array_equal(found, nm.Crossbar(linear.conductances(), **wires).solve(v).output_currents)
    bent = nm.DeviceArray(nm.Yakopcic(), states)
    solution = nm.Crossbar(bent, **wires).solve(v)
    for k in range(2):
        currents = bent.current(solution.device_voltages[k])
        scale = np.abs(currents).max()
        np.testing.assert_allclose(currents, solution.device_currents[k], rtol=0, atol=1e-9 * scale)
        np.testing.assert_allclose(solution.output_currents[k], currents.sum(axis=0), rtol=0, atol=1e-9 * scale)


def test_no_convergence_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(line_solver_module, "_MOST_ITERATIONS", 1)
    monkeypatch.setattr(line_solver_module, "_CORRECTIONS", 2)
    g = 10 ** np.random.default_rng(6).uniform(-4, -2, (20, 20))
    crossbar = nm.Crossbar(g, r_word=10.0, r_bit=10.0)
    with pytest.raises(
        nm.ConvergenceError, match=r"after 2 iterations with an error bound of .*\(tolerance 1e-11\): try"
    ):
        crossbar.solve(np.ones(20), method="lines")
    # 'auto' goes on by elimination, and says so.
    solution = crossbar.solve(np.ones(20))
    assert solution.method == "direct"
    assert solution.error_bound < 1e-11


@pytest.mark.parametrize("solver", [LineSolver, DirectSolver])
def test_what_is_not_a_number_is_named(solver):
    crossbar = nm.Crossbar(G, r_word=1.0)
    ends, _ = end_voltages(crossbar.terminations, [1.0, 1.0])
    made = solver(crossbar.shape, crossbar.wires, crossbar.terminations)
    with pytest.raises(nm.ConvergenceError, match=r"the conductance of device \(1, 2\) is not finite"):
        made.solve(np.where(G == 5e-4, np.nan, G), ends)
    with pytest.raises(nm.ConvergenceError, match=r"current at no voltage of device \(0, 0\)"):
        made.solve(G, ends, np.full(G.shape, np.inf))
    with pytest.raises(nm.ConvergenceError, match="voltage of side left"):
        made.solve(G, {**ends, "left": np.array([0.0, np.nan])})


@pytest.mark.parametrize("method", ["auto", "direct"])
def test_the_smallest_and_largest_numbers(method):
    """Nothing overflows where conductances are as small as a double can be."""
    g = np.array([[1e-310, 1e-3], [1e-300, 1e-3]])
    solution = nm.Crossbar(g, r_word=1.0, r_bit=1.0).solve([1.0, 1.0], method=method)
    reference = nm.Crossbar(g[:, 1:], r_word=2.0, r_bit=1.0, left="driven").solve([1.0, 1.0], method="direct")
    assert solution.output_currents[0] == pytest.approx(0.0, abs=1e-200)
    assert solution.output_currents[1] == pytest.approx(reference.output_currents[0], rel=1e-10)


def test_a_solve_beyond_the_memory_is_refused_with_numbers(monkeypatch):
    monkeypatch.setattr(solver_module, "free_memory", lambda: 1e6)
    crossbar = nm.Crossbar(np.full((64, 64), 1e-3))
    with pytest.raises(MemoryError, match=r"64 x 64 array for 100 vectors needs about 0\.0\d+ GB.*0\.001 GB are free"):
        crossbar.solve(np.ones((100, 64)))
    with pytest.raises(MemoryError, match="try method='lines'"):
        crossbar.solve(np.ones(64), method="direct")
    nm.Crossbar(G).solve([0.1, 0.2])


def test_progress_is_told():
    told = []
    nm.Crossbar(G, r_word=1.0).solve(np.ones((20, 2)), progress=lambda fraction, what: told.append((fraction, what)))
    assert [what for _, what in told] == ["vectors"] * len(told)
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"devices": [1e-3, 2e-3]}, r"need the shape \(m, n\), word lines by bit lines, got \(2,\)"),
        ({"devices": np.empty((0, 3))}, r"need the shape \(m, n\)"),
        ({"devices": [["a", "b"]]}, "must be numbers in S"),
        ({"devices": [[1e-3, -1e-3]]}, r"device \(0, 1\) must be finite and at least 0 S, got -0.001"),
        ({"devices": [[1e-3, np.nan]]}, r"device \(0, 1\) must be finite and at least 0 S, got nan"),
        ({"devices": [[np.inf, 1e-3]]}, r"device \(0, 0\) must be finite.*got inf; for a shorted device give"),
        ({"r_word": -1.0}, r"r_word, the resistance of a segment of a word line in ohm, must be at least 0.*got -1.0"),
        ({"r_sense": np.nan}, "r_sense, the resistance of a sensing input.*got nan"),
        ({"r_bit": "thick"}, "r_bit.*got 'thick'"),
        ({"left": "open"}, "an end of side left must be one of driven, sensed, grounded, floating, got 'open'"),
        ({"top": ["driven"]}, "side top needs one word, or one for each of the 3 bit lines, got 1"),
        (
            {"right": "driven"},
            r"word line 0 has no resistance and joins its driven left end to its driven right end.*r_word",
        ),
        (
            {"top": "grounded"},
            "bit line 0 has no resistance and joins its grounded top end to its sensed bottom end.*r_bit",
        ),
    ],
)
def test_bad_arrays_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        nm.Crossbar(**{"devices": G, **arguments})


@pytest.mark.parametrize(
    ("ends", "v", "message"),
    [
        ({}, [0.1, 0.2, 0.3], r"side left need the shape \(2,\) or \(p, 2\), one for each line, got \(3,\)"),
        ({}, [[0.1, 0.2, 0.3]], r"got \(1, 3\)"),
        ({}, np.empty((0, 2)), r"got \(0, 2\)"),
        ({}, [0.1, np.inf], "the voltage of line 1 on side left must be finite, in V, got inf"),
        ({}, ["a", "b"], "voltages of side left must be numbers in V"),
        ({"left": ["driven", "grounded"]}, [0.1, 0.2], "line 1 of side left is grounded, not driven"),
        ({"top": "driven", "r_bit": 1.0}, [0.1, 0.2], "2 sides are driven.*as a mapping"),
        ({}, {"top": [0, 0, 0]}, r"for the driven sides \(left\): top not driven; no voltages for left"),
        (
            {"top": "driven", "r_bit": 1.0},
            {"left": np.ones((2, 2)), "top": np.ones((3, 3))},
            "equally many vectors, got left 2, top 3",
        ),
    ],
)
def test_bad_voltages_are_refused(ends, v, message):
    with pytest.raises(ValueError, match=message):
        nm.Crossbar(G, **ends).solve(v)


def test_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be one of auto, lines, direct, got 'dense'"):
        nm.Crossbar(G).solve([0.1, 0.2], method="dense")
