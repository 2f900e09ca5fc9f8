"""Nodal equations against dense nodal analysis in numpy, on networks by hand and at random."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.systems import HybridSystem, Mode, NodalEquations, Output

NODES = ("a", "b", "c", "d")


def voltages(nodes, values):
    return {sympy.Symbol(f"v_{node}", real=True): value for node, value in zip(nodes, values, strict=True)}


def dense(nodes, elements, held):
    """Matrix of a kind of elements between the nodes, and its columns for the held nodes."""
    index = {node: i for i, node in enumerate((*nodes, *held))}
    matrix = np.zeros((len(index), len(index)))
    for plus, minus, value in elements:
        i, j = index[plus], index[minus]
        matrix[i, i] += value
        matrix[j, j] += value
        matrix[i, j] -= value
        matrix[j, i] -= value
    n = len(nodes)
    return matrix[:n, :n], matrix[:n, n:], matrix


pairs = st.tuples(st.sampled_from((*NODES, "0", "in")), st.sampled_from((*NODES, "0", "in"))).filter(
    lambda pair: pair[0] != pair[1]
)
values = st.floats(0.1, 10.0)
elements = st.lists(st.tuples(pairs, values).map(lambda e: (*e[0], e[1])), max_size=8)


@settings(max_examples=60)
@given(
    resistors=elements,
    capacitors=elements,
    grounded=st.tuples(*[values] * 4),
    v=st.tuples(*[st.floats(-5, 5)] * 4),
    v_in=st.floats(-5, 5),
)
def test_rates_of_any_network_are_those_of_the_dense_solution(resistors, capacitors, grounded, v, v_in):
    """C dv/dt = -G v, every node with a capacitor to ground; the source's current and the energy from the same."""
    equations = NodalEquations({"in": sympy.Symbol("v_source", real=True)})
    capacitors = [*capacitors, *((node, "0", value) for node, value in zip(NODES, grounded, strict=True))]
    for plus, minus, value in capacitors:
        equations.add_capacitor(plus, minus, value)
    for plus, minus, value in resistors:
        equations.add_resistor(plus, minus, value)
    held = ("0", "in")
    conductances = [(plus, minus, 1 / value) for plus, minus, value in resistors]
    c, _, c_all = dense(NODES, capacitors, held)
    g, g_held, g_all = dense(NODES, conductances, held)
    expected = np.linalg.solve(c, -g @ v - g_held @ np.array([0.0, v_in]))
    at = voltages(NODES, v) | {sympy.Symbol("v_source", real=True): v_in}
    rates = equations.rates()
    computed = [float(rates[f"v_{node}"].subs(at)) for node in NODES]
    scale = 1 + np.abs(expected).max()
    np.testing.assert_allclose(computed, expected, atol=1e-10 * scale)
    everything, motion = np.array([*v, 0.0, v_in]), np.array([*expected, 0.0, 0.0])
    current = (g_all @ everything + c_all @ motion)[-1]
    assert float(sympy.sympify(equations.source_current("in")).subs(at)) == pytest.approx(current, abs=1e-9 * scale)
    energy = everything @ c_all @ everything / 2
    assert float(sympy.sympify(equations.stored_energy).subs(at)) == pytest.approx(energy, rel=1e-10, abs=1e-12)


def network():
    """A ladder of two, a coupling capacitor to a third node, and a node without a capacitor between resistors."""
    r, c, v_in = sympy.symbols("r c v_in", real=True)
    equations = NodalEquations({"in": v_in})
    equations.add_resistor("in", "a", r)
    equations.add_resistor("a", "m", 2 * r)
    equations.add_resistor("m", "b", r)
    equations.add_resistor("m", "0", 5 * r)
    equations.add_resistor("d", "0", 3 * r)
    equations.add_capacitor("a", "0", c)
    equations.add_capacitor("b", "0", c / 2)
    equations.add_capacitor("b", "d", c / 4)
    equations.add_capacitor("d", "in", c / 8)
    return equations


R, C, STEP = 2e3, 3e-9, 1.5


def exact(times):
    """Voltages of a, b, d and m by the matrix exponential, m eliminated by hand."""
    nodes, held = ("a", "b", "d", "m"), ("0", "in")
    g_list = [
        ("in", "a", 1 / R),
        ("a", "m", 0.5 / R),
        ("m", "b", 1 / R),
        ("m", "0", 0.2 / R),
        ("d", "0", 1 / (3 * R)),
    ]
    c_list = [("a", "0", C), ("b", "0", C / 2), ("b", "d", C / 4), ("d", "in", C / 8)]
    g, g_held, _ = dense(nodes, g_list, held)
    c, _, _ = dense(nodes, c_list, held)
    # Schur complement on m.
    g_moving = g[:3, :3] - np.outer(g[:3, 3], g[3, :3]) / g[3, 3]
    drive = -(g_held[:3, 1] - g[:3, 3] * g_held[3, 1] / g[3, 3]) * STEP
    a = -np.linalg.solve(c[:3, :3], g_moving)
    b = np.linalg.solve(c[:3, :3], drive)
    end = -np.linalg.solve(a, b)
    v = np.array([end - scipy.linalg.expm(a * t) @ end for t in times])
    return v, -(v @ g[3, :3]) / g[3, 3]


def test_a_run_of_a_network_with_an_unknown_against_the_matrix_exponential():
    equations = network()
    assert list(equations.unknowns()) == ["v_m"]
    assert list(equations.rates()) == ["v_a", "v_b", "v_d"]
    assert {name: (state.initial, state.unit) for name, state in equations.states({"v_b": 0.25}).items()} == {
        "v_a": (0.0, "V"),
        "v_b": (0.25, "V"),
        "v_d": (0.0, "V"),
    }
    system = HybridSystem(
        name="network",
        states=equations.states({}),
        inputs={"v_in": "V"},
        parameters={"r": R, "c": C},
        unknowns=equations.unknowns(),
        modes={"on": Mode(equations.rates(), time_scale=sympy.Symbol("r") * sympy.Symbol("c"))},
        outputs={
            "i_in": Output(equations.source_current("in"), "A"),
            "e_stored": Output(equations.stored_energy, "J"),
        },
    )
    r = nm.simulate_system(system, nm.Constant(value=STEP), 60e-6, nm.RK4(dt=20e-9))
    some = slice(0, None, 100)
    v, v_m = exact(r.time[some])
    for i, node in enumerate("abd"):
        np.testing.assert_allclose(r[f"v_{node}"][some], v[:, i], atol=1e-8)
    np.testing.assert_allclose(r["v_m"][some], v_m, atol=1e-8)
    # Charge conservation at the source, by the derivative of the exact voltage of d.
    step = 1e-10
    dv_d = (exact(r.time[some] + step)[0][:, 2] - exact(r.time[some] - step)[0][:, 2]) / (2 * step)
    np.testing.assert_allclose(r["i_in"][some], (STEP - v[:, 0]) / R - C / 8 * dv_d, atol=1e-8)
    energy = C / 2 * (v[:, 0] ** 2 + v[:, 1] ** 2 / 2 + (v[:, 1] - v[:, 2]) ** 2 / 4 + (v[:, 2] - STEP) ** 2 / 8)
    np.testing.assert_allclose(r["e_stored"][some], energy, rtol=1e-6)


def test_two_percent_in_an_element_are_seen():
    """Fifty times the resistance, in parallel to one resistor: its conductance is 2 % larger."""
    at = {"r": R, "c": C, "v_in": STEP, "v_a": 0.5, "v_b": 0.2, "v_d": 0.1, "v_m": 0.3}

    def rates(equations):
        return [float(rate.subs({s: at[s.name] for s in rate.free_symbols})) for rate in equations.rates().values()]

    other = network()
    other.add_resistor("m", "b", 50 * R)
    assert rates(other) != pytest.approx(rates(network()), rel=1e-3)


def test_elements_add_up():
    """In parallel, in either direction, and of no effect from a node to itself."""
    equations = NodalEquations({})
    equations.add_capacitor("a", "0", 1.0)
    equations.add_capacitor("0", "a", 2.0)
    equations.add_capacitor("a", "a", 5.0)
    equations.add_resistor("a", "0", 2.0)
    equations.add_resistor("0", "a", 2.0)
    v_a = equations.voltage("a")
    assert sympy.simplify(equations.rates()["v_a"] + v_a / 3) == 0
    assert sympy.simplify(equations.stored_energy - 1.5 * v_a**2) == 0
    # What the resistors bring to ground, the capacitors take from it.
    assert sympy.simplify(equations.source_current("0")) == 0


def test_held_nodes():
    equations = NodalEquations({"in": 3.0})
    assert equations.holds("in")
    assert equations.holds("0")
    assert not equations.holds("a")
    assert equations.voltage("in") == 3.0
    equations.add_capacitor("in", "0", 1e-9)
    equations.add_current("in", "0", sympy.Float(2e-3))
    assert equations.source_current("in") == pytest.approx(2e-3)
    assert equations.source_current("0") == pytest.approx(-2e-3)
    assert equations.rates() == {}
    with pytest.raises(ValueError, match=r"^no source holds the node 'out'; held: 0, in"):
        equations.source_current("out")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_nodes_that_capacitors_alone_join(count):
    """Without a way to ground their common voltage is anything; symbols as capacitances, whose determinant is long."""
    equations = NodalEquations({})
    for i in range(count):
        equations.add_capacitor(f"n{i}", f"n{i + 1}", sympy.Symbol(f"c_{i}", positive=True))
    with pytest.raises(ValueError, match=r"^nodes n0, .* are joined by capacitors alone: tie one of them to ground"):
        equations.rates()
    equations.add_capacitor(f"n{count}", "0", sympy.Symbol("c_ground", positive=True))
    assert len(equations.rates()) == count + 1


def test_states_of_parts():
    equations = NodalEquations({})
    equations.add_capacitor("a", "0", 1.0)
    equations.add_state("stage", sympy.Integer(-1))
    assert list(equations.rates()) == ["v_a", "stage"]
    states = equations.states({"stage": 2.0}, units={"stage": "A"})
    assert (states["stage"].initial, states["stage"].unit) == (2.0, "A")
    with pytest.raises(ValueError, match=r"^there is a state 'stage' already: give each part a name of its own"):
        equations.add_state("stage", sympy.Integer(0))


def test_two_parts_of_one_name():
    equations = NodalEquations({})
    pins = {"in_p": "a", "in_n": "b", "v_pos": "0", "v_neg": "0", "out": "c"}
    nm.OpAmp().symbolic("x_").stamp(equations, "x", **pins)
    with pytest.raises(ValueError, match=r"^there is a state 'x_stage' already"):
        nm.OpAmp().symbolic("x_").stamp(equations, "x", **pins)


def test_unknowns_that_cannot_be_solved_one_after_the_other():
    equations = NodalEquations({"in": 1.0})
    for plus, minus in (("in", "a"), ("a", "b"), ("b", "0")):
        equations.add_resistor(plus, minus, 1.0)
    with pytest.raises(ValueError, match=r"^nodes 'a' and 'b' have no capacitor and depend on each other: give one"):
        equations.unknowns()
    equations.add_capacitor("b", "0", 1.0)
    assert list(equations.unknowns()) == ["v_a"]


def test_a_node_whose_voltage_nothing_fixes():
    equations = NodalEquations({})
    equations.add_current("0", "a", sympy.Symbol("i_in"))
    with pytest.raises(ValueError, match=r"^no current depends on the voltage of node 'a': connect it, or hold it"):
        equations.unknowns()
