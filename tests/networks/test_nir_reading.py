"""Networks from NIR: weights, resets, delays, what is lost, what is refused."""

from __future__ import annotations

import re

import nir
import numpy as np
import pytest
from nir_networks import BIAS, PULSES, TAU, UNITS, WEIGHTS, cuba, graph_of, integrator, lif, recurrent

import neuromorph as nm
from neuromorph.networks import plan_of


def test_weights_become_conductances_of_the_same_charge():
    graph, report = nm.from_nir(recurrent(lif(3), WEIGHTS, BIAS), **UNITS, driver=PULSES)
    assert "a spike is a pulse of 500 mV for 1 us, so a weight of 1 is a conductance of 2 S" in report.notes
    synapse = graph.edges["cells_2", "cells_0"]["synapse"]
    # 1.5e-3 * 1 uA * 1 s = 0.5 V * 1 us * G
    assert (synapse.conductance, synapse.inhibitory) == (pytest.approx(3e-3), True)
    assert not graph.has_edge("cells_0", "cells_0")


def test_the_default_pulse_is_a_hundredth_of_the_fastest_time():
    graph, _ = nm.from_nir(recurrent(cuba(2), np.zeros((2, 2)), [0.0, 0.0]), v_unit=1.0, t_unit=2.0, r_unit=1e6)
    assert graph.nodes["cells_0"]["neuron"].t_refractory == pytest.approx(2 * 3e-3 / 100)
    # Its line is high while it is reset, and no longer.
    assert graph.nodes["cells_0"]["driver"] == nm.PulseDriver(v_pulse=0.5, t_pulse=0.0)


def test_linear_nodes_in_series_are_multiplied():
    nodes = {
        "a": lif(2),
        "first": nir.Affine(weight=np.array([[1e-3, 2e-3], [0.0, 1e-3], [1e-3, 0.0]]), bias=np.array([1.0, 0.0, 0.0])),
        "scale": nir.Scale(scale=np.array([2.0, 1.0, 0.5])),
        "delay": nir.Delay(delay=np.full(3, 1e-3)),
        "second": nir.Linear(weight=np.array([[1.0, 1.0, 0.0]])),
        "b": lif(1),
    }
    graph, _ = nm.from_nir(
        graph_of(nodes, "a first", "first scale", "scale delay", "delay second", "second b"), **UNITS, driver=PULSES
    )
    conductances = [graph.edges[f"a_{k}", "b_0"]["synapse"].conductance for k in range(2)]
    assert conductances == pytest.approx([2 * 2e-3, 2 * 5e-3])
    assert graph.edges["a_0", "b_0"]["synapse"].delay == 1e-3
    assert graph.nodes["b_0"]["drive"].value == pytest.approx(2e-6)


def test_parallel_linear_nodes_are_added():
    nodes = {name: nir.Linear(weight=np.array([[value]])) for name, value in (("p", 3e-3), ("q", -1e-3))}
    nodes |= {"a": lif(1), "b": lif(1)}
    graph, _ = nm.from_nir(graph_of(nodes, "a p", "p b", "a q", "q b"), **UNITS, driver=PULSES)
    assert graph.edges["a_0", "b_0"]["synapse"].conductance == pytest.approx(4e-3)


def test_graphs_inside_are_unpacked():
    inner = graph_of(
        {
            "input": nir.Input({"input": np.array([2])}),
            "lif": lif(2),
            "w": nir.Linear(weight=1e-3 * np.array([[0.0, 1.0], [1.0, 0.0]])),
            "output": nir.Output({"output": np.array([2])}),
        },
        "input lif",
        "lif w",
        "w lif",
        "lif output",
    )
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "0": nir.Linear(weight=2e-3 * np.eye(2)),
        "1": inner,
        "output": nir.Output({"output": np.array([2])}),
    }
    graph, report = nm.from_nir(graph_of(nodes, "input 0", "0 1", "1 output"), **UNITS, driver=PULSES)
    assert sorted(n for n in graph if "neuron" in graph.nodes[n]) == ["n1_lif_0", "n1_lif_1"]
    assert {("n1_lif_0", "n1_lif_1"), ("input_0", "n1_lif_0")} <= set(graph.edges)
    assert "output 'output' is the spikes of '1.lif'" in report.notes


def test_names_can_stand_in_a_circuit():
    nodes = {"my lif": lif(1), "My-LIF": lif(1), "0": lif(1)}
    graph, _ = nm.from_nir(graph_of(nodes), **UNITS)
    assert list(graph) == ["my_lif_0", "My_LIF_2_0", "n0_0"]
    for name in graph:
        graph.nodes[name]["drive"] = nm.Constant(value=1e-6)
    plan_of(graph)


def test_leaky_integrators_have_no_threshold():
    cells = nir.LI(tau=np.array([TAU]), r=np.array([2.0]), v_leak=np.array([0.5]))
    graph, _ = nm.from_nir(graph_of({"li": cells}), **UNITS)
    neuron = graph.nodes["li_0"]["neuron"]
    assert (neuron.v_th, neuron.v_rest, neuron.r_leak) == (None, 0.5, 2e6)
    assert neuron.r_leak * neuron.capacitance == pytest.approx(TAU)


def test_silent_inputs_and_readouts_are_told():
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "w": nir.Linear(weight=np.array([[1e-3]])),
        "lif": lif(1),
        "readout": nir.Linear(weight=np.array([[2.0]])),
        "output": nir.Output({"output": np.array([1])}),
    }
    graph, report = nm.from_nir(
        graph_of(nodes, "input w", "w lif", "lif readout", "readout output"), **UNITS, driver=PULSES
    )
    assert graph.nodes["input_0"]["spikes"] == ()
    assert (
        "input 'input' is silent: give inputs={'input': [...]}, spike times or a stimulus for each channel"
        in report.notes
    )
    assert "'output': a readout with weights: only spikes and waveforms of neurons are recorded" in report.lost
    assert str(report).startswith(
        "lost:\n  'lif': a neuron is reset for 1 us, not in no time, and loses what arrives until then"
    )


def test_the_voltage_of_an_integrator_may_be_read_and_weights_of_zero_pass_nothing():
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "li": integrator(1),
        "w": nir.Linear(weight=np.zeros((1, 1))),
        "lif": lif(1),
        "output": nir.Output({"output": np.array([1])}),
    }
    graph, report = nm.from_nir(
        graph_of(nodes, "input li", "li w", "w lif", "li output"),
        **UNITS,
        driver=PULSES,
        inputs={"input": [nm.Constant(value=1e-6)]},
    )
    assert not list(graph.predecessors("lif_0"))
    assert "output 'output' is the voltage of 'li'" in report.notes
    assert report.lost == ("'lif': a neuron is reset for 1 us, not in no time, and loses what arrives until then",)


def test_input_spikes_whose_pulses_meet_are_told():
    nodes = {"input": nir.Input({"input": np.array([1])}), "lif": lif(1)}
    said = "'input': spikes less than 1 us apart, whose pulses meet, bring the charge of the time that both take"
    for times, meet in (([1e-3, 1e-3 + 1e-6], False), ([2e-3, 1e-3, 2e-3], True), ([1e-3, 1e-3 + 5e-7], True)):
        _, report = nm.from_nir(graph_of(nodes, "input lif"), **UNITS, driver=PULSES, inputs={"input": [times]})
        assert (said in report.lost) is meet


@pytest.mark.parametrize(
    ("make", "arguments", "said"),
    [
        (lambda: "lif.nir", {}, "from_nir needs a nir.NIRGraph, got 'lif.nir'"),
        (
            lambda: graph_of({"o": nir.Output({"output": np.array([1])})}),
            {},
            "the graph has no time constant above 0",
        ),
        (
            lambda: graph_of({"o": nir.Output({"output": np.array([1])})}),
            {"driver": PULSES},
            "the NIR graph has no neurons; known: LIF, IF, CubaLIF, LI",
        ),
        (
            lambda: graph_of({"t": nir.Threshold(threshold=np.ones(1))}),
            {},
            "node 't' is a Threshold, which no circuit here stands for; known: Input, Output, LIF, IF, CubaLIF, LI, Linear, Affine, "
            "Scale, Delay, Flatten",
        ),
        (
            lambda: graph_of({"a": lif(2), "w": nir.Linear(weight=np.ones((1, 3)))}, "a w"),
            {},
            "Linear 'w' takes 3 signals, 'a' gives 2",
        ),
        (
            lambda: graph_of({"a": lif(2), "w": nir.Linear(weight=np.ones((3, 2))), "b": lif(2)}, "a w", "w b"),
            {},
            "LIF 'b' takes 2 signals, 'w' gives 3",
        ),
        (
            lambda: graph_of({"a": lif(2), "w": nir.Linear(weight=np.ones((2, 1, 2)))}, "a w"),
            {},
            "the weight of Linear 'w' must be a matrix, got one of shape (2, 1, 2)",
        ),
        (lambda: graph_of({"a": lif(2)}, "a b"), {}, "edge 'a' -> 'b': there is no node 'b'"),
        (
            lambda: graph_of({"a": lif(1), "w": nir.Linear(weight=np.eye(1)), "b": lif(1)}, "a w", "w b", "a w"),
            {},
            "edge 'a' -> 'w' is there twice: an edge of NIR has no weight, so double the weights behind it",
        ),
        (
            lambda: graph_of({"a": lif(1), "o": nir.Output({"output": np.array([1])}), "b": lif(1)}, "a o", "o b"),
            {},
            "edge 'o' -> 'b' begins at an Output, from which nothing goes on: let it begin before 'o'",
        ),
        (
            lambda: graph_of({"a": lif(1), "i": nir.Input({"input": np.array([1])}), "b": lif(1)}, "a i", "i b"),
            {},
            "edge 'a' -> 'i' ends at an Input, which takes nothing: let it end behind 'i'",
        ),
        (
            lambda: graph_of({"a": lif(1), "d": nir.Delay(delay=np.array([-1e-3])), "b": lif(1)}, "a d", "d b"),
            {},
            "delay of Delay 'd' must be numbers of at least 0, got array([-0.001])",
        ),
        (
            lambda: graph_of({"sub": graph_of({"lif": lif(1)}), "sub.lif": lif(1)}),
            {},
            "two nodes come to be called 'sub.lif': rename one, or the graph that it is in",
        ),
        (
            lambda: graph_of(
                {"li": integrator(2), "w": nir.Linear(weight=np.array([[0.0, 2.0]])), "lif": lif(1)},
                "li w",
                "w lif",
            ),
            {},
            "the voltage of LI 'li' drives 'lif', and synapses here pass on spikes alone: give 'li' a threshold (LIF), or let it end at "
            "an Output",
        ),
        (
            lambda: graph_of({"i": nir.Input({"input": np.array([1])}), "a": lif(1)}, "i a"),
            {"inputs": {"i": ["soon"]}},
            "inputs['i'] must be spike times in s or stimuli, got 'soon'",
        ),
        (
            lambda: graph_of({"a": lif(1), "w": nir.Linear(weight=np.eye(1))}, "a w", "w w"),
            {},
            "the linear nodes behind 'a' go in circles without a neuron: 'w' feeds itself",
        ),
        (
            lambda: graph_of(
                {"a": lif(2), "d": nir.Delay(delay=np.array([0.0, 1e-3])), "w": nir.Linear(weight=np.ones((2, 2)))}
                | {"v": nir.Linear(weight=np.ones((2, 2))), "b": lif(2)},
                "a v",
                "v d",
                "d w",
                "w b",
            ),
            {},
            "linear node 'w' adds up signals of one source with different delays, which one synapse cannot have",
        ),
        (
            lambda: graph_of(
                {
                    "a": lif(1),
                    "d": nir.Delay(delay=np.array([1e-3])),
                    "w": nir.Linear(weight=np.eye(1)),
                    "b": lif(1),
                },
                "a w",
                "w b",
                "a d",
                "d b",
            ),
            {},
            "'a' drives 'b' on several ways with different delays, and one neuron has one synapse to another: give through='crossbar'",
        ),
        (
            lambda: graph_of(
                {"a": lif(1), "w": nir.Linear(weight=np.ones((2, 1))), "d": nir.Delay(delay=np.array([1e-3, 2e-3]))}
                | {"b": lif(2)},
                "a w",
                "w d",
                "d b",
            ),
            {"through": "crossbar"},
            "delays from 'a' to 'b' differ from target to target, and a row of a crossbar has one delay: give through='edges'",
        ),
        (lambda: graph_of({"a": lif(1, r=-1.0)}), {}, "r of LIF 'a' must be positive numbers, got array([-1.])"),
        (
            lambda: graph_of({"a": lif(1, tau=0.0)}),
            {},
            "the graph has no time constant above 0 that says what a short pulse is",
        ),
        (
            lambda: graph_of({"a": lif(2, v_reset=[0.0, 2.0])}),
            {},
            "neuron 1 of LIF 'a' is no circuit: v_reset must be below v_th (1 V), got 2.0",
        ),
        (
            lambda: graph_of({"a": lif(1)}),
            {"through": "wires"},
            "through must be one of edges, crossbar, got 'wires'",
        ),
        (lambda: graph_of({"a": lif(1)}), {"v_unit": -1.0}, "v_unit must be a positive voltage in V, got -1.0"),
        (lambda: graph_of({"a": lif(1)}), {"spike_area": 0}, "spike_area must be a positive number, got 0"),
        (
            lambda: graph_of({"a": lif(1)}),
            {"driver": nm.PulseDriver()},
            "driver must have a pulse with a length and a height, got PulseDriver(v_pulse=0.5, t_pulse=0.0, ",
        ),
        (
            lambda: graph_of({"a": lif(1)}),
            {"inputs": {"b": [[]]}},
            "inputs names 'b', which is no Input node; choices: none",
        ),
        (
            lambda: graph_of({"i": nir.Input({"input": np.array([2])}), "a": lif(2)}, "i a"),
            {"inputs": {"i": [[1e-3]]}},
            "inputs['i'] has 1 entries for 2 channels",
        ),
        (
            lambda: graph_of({"i": nir.Input({"input": np.array([2])}), "a": lif(2)}, "i a"),
            {"inputs": {"i": [[1e-3], nm.Constant(value=1e-6)]}},
            "inputs['i'] must be spike times for all channels, or a stimulus for all",
        ),
    ],
)
def test_what_is_refused(make, arguments, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        nm.from_nir(make(), **(UNITS | arguments))
