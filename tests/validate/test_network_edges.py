"""Weights of edges from synaptic currents that are known in closed form."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.validate.networks.edges import compare_edges

V_PULSE, T_STOP = 0.5, 10e-3
DRIVER = nm.PulseDriver(v_pulse=V_PULSE, t_pulse=100e-6)
A_PULSES = [(1e-3, 1.3e-3), (3e-3, 3.1e-3), (6e-3, 6.5e-3)]
B_PULSES = [(0.5e-3, 0.8e-3), (3.05e-3, 3.4e-3), (8e-3, 8.2e-3)]


def graph(**synapses) -> networkx.DiGraph:
    """Neurons a and b drive c through the given synapses."""
    made = networkx.DiGraph(t_stop=T_STOP)
    for name in "abc":
        made.add_node(name, neuron=nm.LIF(), drive=nm.Constant(value=1e-4), driver=DRIVER)
    for source, synapse in synapses.items():
        made.add_edge(source, "c", synapse=synapse)
    return made


def line(time, pulses):
    return sum((((time >= start) & (time < end)).astype(float) for start, end in pulses), np.zeros(len(time)))


def low_passed(time, pulses, tau):
    """The closed form: each pulse rises as 1 - exp and falls as exp."""
    total = np.zeros(len(time))
    for start, end in pulses:
        total += np.where(time >= start, -np.expm1(-np.clip(time - start, 0, None) / tau), 0.0)
        total -= np.where(time >= end, -np.expm1(-np.clip(time - end, 0, None) / tau), 0.0)
    return total


def recording(current, a=A_PULSES, b=B_PULSES, points=20011, names=("a", "b", "c")):
    time = np.linspace(0.0, T_STOP, points)
    signals = {f"{n}.v_line": V_PULSE * line(time, p) for n, p in {"a": a, "b": b, "c": []}.items() if n in names}
    signals["c.i_syn"] = current(time)
    return Recording(
        time, signals, spikes=SpikeTrains([], names=("a", "b", "c")), provenance={"neurons": ["a", "b", "c"]}
    )


def static(g_a, g_b, a=A_PULSES, b=B_PULSES):
    return recording(lambda t: V_PULSE * (g_a * line(t, a) + g_b * line(t, b)), a, b)


PLAN = nm.compose(
    graph(a=nm.StaticSynapse(conductance=1e-3), b=nm.StaticSynapse(conductance=2e-3, inhibitory=True))
).plan


def test_the_weight_that_is_off_is_named():
    report = compare_edges(PLAN, static(1e-3, -2e-3), static(1e-3, -2.1e-3))
    a, b = report.edges
    assert (a.name, b.name) == ("a->c", "b->c")
    assert a.reference == pytest.approx(1e-3, rel=1e-12)
    assert a.difference == pytest.approx(0.0, abs=1e-12)
    # Inhibition has a positive conductance: the sign is in the graph.
    assert (b.reference, b.candidate) == (pytest.approx(2e-3, rel=1e-12), pytest.approx(2.1e-3, rel=1e-12))
    assert b.difference == pytest.approx(0.05, rel=1e-9)
    assert report.left_over["c"] < 1e-12


def test_a_weight_does_not_depend_on_when_neurons_fire():
    later = [(s + 0.4e-3, e + 0.4e-3) for s, e in B_PULSES]
    report = compare_edges(PLAN, static(1e-3, -2e-3), static(1e-3, -2e-3, b=later))
    assert max(abs(edge.difference) for edge in report.edges) < 1e-12


def test_current_that_no_edge_explains_is_left_over():
    """A third of the edge's current from elsewhere, at other times: its norm over that of all current."""
    extra = [(9e-3, 9.5e-3)]
    one = static(1e-3, -2e-3)
    two = recording(lambda t: V_PULSE * (1e-3 * line(t, A_PULSES) - 2e-3 * line(t, B_PULSES) + 1e-3 * line(t, extra)))
    expected = np.sqrt(0.5e-3 / (0.9e-3 + 4 * 0.85e-3 + 0.5e-3 - 4 * 0.05e-3))
    report = compare_edges(PLAN, one, two)
    # In 3.05 ms to 3.1 ms both pulses overlap: (1 - 2)^2 in place of 1 + 4.
    assert report.left_over["c"] == pytest.approx(expected, rel=5e-3)


def test_low_pass_and_delay_against_their_closed_form():
    delay, tau = 70e-6, 200e-6
    plan = nm.compose(
        graph(
            a=nm.LowPassSynapse(conductance=1e-3, tau=tau, delay=delay),
            b=nm.StaticSynapse(conductance=2e-3, delay=delay),
        )
    ).plan
    a, b = ([(s + delay, e + delay) for s, e in p] for p in (A_PULSES, B_PULSES))

    def current(g):
        return lambda t: V_PULSE * (g * low_passed(t, a, tau) + 2e-3 * line(t, b))

    report = compare_edges(plan, recording(current(1e-3)), recording(current(1.05e-3), points=30011))
    assert [e.difference for e in report.edges] == [pytest.approx(0.05, abs=2e-3), pytest.approx(0.0, abs=2e-3)]
    assert report.left_over["c"] < 5e-3
    wrong_delay = nm.compose(
        graph(a=nm.LowPassSynapse(conductance=1e-3, tau=tau), b=nm.StaticSynapse(conductance=2e-3, delay=delay))
    ).plan
    assert compare_edges(wrong_delay, recording(current(1e-3)), recording(current(1e-3))).left_over["c"] > 5e-2


def test_edges_whose_pulses_come_together_are_measured_as_one():
    one = static(1e-3, -2e-3, b=A_PULSES)
    (edge,) = compare_edges(PLAN, one, one).edges
    assert edge.members == ("a->c", "b->c")
    assert "only the sum was measured" in edge.remark
    plan = nm.compose(graph(a=nm.StaticSynapse(conductance=1e-3), b=nm.StaticSynapse(conductance=1e-3))).plan
    (edge,) = compare_edges(plan, static(1e-3, 1e-3, b=A_PULSES), static(1e-3, 1.05e-3, b=A_PULSES)).edges
    assert edge.candidate == pytest.approx(2.05e-3, rel=1e-9)
    # As if the whole difference were that of one of the two.
    assert edge.difference == pytest.approx(0.05, rel=1e-6)


def test_an_edge_that_no_pulse_passed_is_said_to_be_unmeasured():
    one = static(1e-3, 0.0, b=[])
    a, b = compare_edges(PLAN, one, one).edges
    assert a.difference == pytest.approx(0.0, abs=1e-12)
    assert (b.difference, b.remark) == (None, "no pulse passed it on one of the roads")


def test_lines_that_were_not_recorded_are_asked_for():
    one = recording(lambda t: 0.0 * t, names=("a", "c"))
    report = compare_edges(PLAN, one, one)
    assert all(edge.difference is None for edge in report.edges)
    assert report.edges[0].remark == "not recorded: nm.compose(graph, record=...) with c and b measures it"


@pytest.mark.parametrize("weight", [2e-3, 2.1e-3])
def test_a_pulse_within_one_step_is_measured_at_its_jumps(weight):
    """A spike source's lines are not recorded, and equations make one step of a pulse that is short beside the membrane."""
    made = graph()
    made.add_node("s", spikes=[1e-3, 4e-3], driver=nm.PulseDriver(v_pulse=V_PULSE, t_pulse=10e-6))
    made.add_edge("s", "c", synapse=nm.StaticSynapse(conductance=2e-3))

    def steps(conductance, last):
        time = np.array([0.0, 1e-3, 1e-3, 1.01e-3, 1.01e-3, 4e-3, 4e-3, 4.01e-3, 4.01e-3, last])
        active = np.array([0, 0, 1, 1, 0, 0, 1, 1, 0, 0], dtype=float)
        signals = {"c.i_syn": conductance * V_PULSE * active}
        return Recording(time, signals, spikes=SpikeTrains([], names=("a", "b", "c")), provenance={})

    report = compare_edges(nm.compose(made).plan, steps(2e-3, T_STOP), steps(weight, T_STOP))
    (edge,) = report.edges
    assert edge.reference == pytest.approx(2e-3, rel=1e-12)
    assert edge.difference == pytest.approx(weight / 2e-3 - 1, abs=1e-12)
    assert report.left_over["c"] < 1e-12
