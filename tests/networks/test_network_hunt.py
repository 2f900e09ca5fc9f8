"""Corners of networks' equations where a wrong answer would come without an error."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm


def source_and_neuron(synapse, neuron, **attributes):
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=[0.2e-3], driver=nm.PulseDriver(v_pulse=0.4, t_pulse=1e-3))
    graph.add_node("n", neuron=neuron, **attributes)
    graph.add_edge("s", "n", synapse=synapse)
    return graph


@pytest.mark.parametrize("conductance", [1e-3, 1e-2])
def test_steps_follow_a_membrane_that_its_load_makes_fast(conductance):
    neuron = nm.LIF(v_th=10.0, r_leak=100e3, capacitance=10e-9)
    graph = source_and_neuron(nm.StaticSynapse(conductance=conductance, routing="voltage"), neuron)
    recording = nm.simulate(nm.compose(graph), t_stop=1e-3)
    total = 1 / neuron.r_leak + conductance
    since = np.maximum(recording.time - 0.2e-3, 0.0)
    expected = conductance * 0.4 / total * (1 - np.exp(-since * total / neuron.capacitance))
    np.testing.assert_allclose(recording["n.v_mem"], expected, atol=2e-9)


def test_a_refractory_period_of_no_length_needs_pulses_of_some():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(t_refractory=0.0), drive=nm.Constant(value=0.3e-3))
    graph.add_node("b", neuron=nm.LIF())
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=1e-3))
    with pytest.raises(ValueError, match=r"neuron 'a' resets in no time.*driver=nm.PulseDriver"):
        nm.compose(graph).dynamics()
    graph.nodes["a"]["driver"] = nm.PulseDriver(t_pulse=5e-6)
    recording = nm.simulate(nm.compose(graph), t_stop=1.2e-3)
    on = np.trapezoid(recording["a.v_line"], recording.time)
    assert on == pytest.approx(0.5 * 5e-6 * len(recording.spikes.of("a")), rel=1e-9)
    assert len(recording.spikes.of("a")) > 1


def test_a_pulse_of_no_length_cannot_move_the_far_end_of_a_memristor():
    neuron = nm.MemristiveALIF(r_switch=None)
    graph = source_and_neuron(nm.MemristiveSynapse(v_back=0.5), neuron)
    with pytest.raises(ValueError, match=r"neuron 'n' resets in no time"):
        nm.compose(graph).dynamics()
    graph.edges["s", "n"]["synapse"] = nm.MemristiveSynapse()
    assert nm.compose(graph).dynamics().neurons == ("n",)


def test_a_line_without_voltage_leaves_a_memristor_as_it_is():
    graph = source_and_neuron(nm.MemristiveSynapse(memristor=nm.LinearIonDrift(), x0=0.4), nm.LIF())
    graph.nodes["s"]["driver"] = nm.PulseDriver(v_pulse=0.0, t_pulse=1e-3)
    network = nm.compose(graph)
    recording = nm.simulate(network, t_stop=1e-3)
    assert not recording["n.i_syn"].any()
    assert set(recording["s->n.x"]) == {0.4}
    assert "s_to_n" in str(network.schematic().raw_spice)


@pytest.mark.parametrize("conductance", [None, 0.0])
def test_a_source_of_spikes_that_reaches_nobody_is_in_the_circuit(conductance):
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=[0.2e-3], driver=nm.PulseDriver(t_pulse=1e-4))
    graph.add_node("n", neuron=nm.LIF(), drive=nm.Constant(value=0.2e-3))
    if conductance is not None:
        graph.add_edge("s", "n", synapse=nm.StaticSynapse(conductance=conductance))
    recording = nm.simulate(nm.compose(graph), t_stop=1e-3, engine="ngspice")
    assert len(recording.spikes) == 1
