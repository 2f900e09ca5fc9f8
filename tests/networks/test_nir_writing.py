"""Networks to NIR: there and back, what has no place in it, what is refused, and what is said without the package."""

from __future__ import annotations

import re
import sys

import networkx
import nir
import numpy as np
import pytest
from nir_networks import BIAS, PULSES, UNITS, WEIGHTS, cuba, lif, recurrent, simulated

import neuromorph as nm
from neuromorph.networks import plan_of


def test_there_and_back():
    first = recurrent(lif(3, tau=[8e-3, 9e-3, 10e-3]), WEIGHTS, BIAS, [1e-3, 0.0, 2e-3])
    graph, _ = nm.from_nir(first, **UNITS, driver=PULSES)
    second, _ = nm.to_nir(graph, **UNITS)
    for name in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
        np.testing.assert_allclose(getattr(second.nodes["lif"], name), getattr(first.nodes["cells"], name), rtol=1e-12)
    again, _ = nm.from_nir(second, **UNITS, driver=PULSES)
    assert len(again.edges) == len(graph.edges) == 6
    for a, b in graph.edges:
        one, other = (
            graph.edges[a, b]["synapse"],
            again.edges[a.replace("cells", "lif"), b.replace("cells", "lif")]["synapse"],
        )
        assert other.conductance == pytest.approx(one.conductance)
        assert (other.delay, other.inhibitory) == (pytest.approx(one.delay), one.inhibitory)
    drives = [[g.nodes[n]["drive"].value for n in g] for g in (graph, again)]
    assert drives[0] == pytest.approx(drives[1])


def test_through_a_file(tmp_path):
    graph, _ = nm.from_nir(recurrent(cuba(2), 1e-3 * (1 - np.eye(2)), [1.5, 1.2]), **UNITS, driver=PULSES)
    exported, _ = nm.to_nir(graph, **UNITS)
    nir.write(tmp_path / "network.nir", exported)
    again, _ = nm.from_nir(nir.read(tmp_path / "network.nir"), **UNITS, driver=PULSES)
    assert plan_of(again).synapses == tuple(
        part.__class__(part.source.replace("cells", "cuba_lif"), part.target.replace("cells", "cuba_lif"), part.synapse)
        for part in plan_of(graph).synapses
    )


def test_what_never_fires_gets_no_weights_that_would_pass_on_its_voltage():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.RCNeuron(v_th=None), driver=PULSES, drive=nm.Constant(value=1e-4))
    graph.add_node("b", neuron=nm.LIF(), drive=nm.Constant(value=1e-4))
    graph.add_edge("a", "b", synapse=nm.StaticSynapse())
    nm.networks.join_through_crossbar(graph, ["a"], ["b"], [[1e-3]])
    exported, report = nm.to_nir(graph, **UNITS)
    assert [edge for edge in exported.edges if edge[0] == "li"] == [("li", "li_output")]
    assert "a: its synapses onto others, which carry nothing: it has no threshold" in report.lost


def test_low_passes_are_cuba_lif_where_all_synapses_have_the_same():
    graph = networkx.DiGraph()
    for name in "abcd":
        graph.add_node(name, neuron=nm.LIF(t_refractory=0.0), drive=nm.Constant(value=0.2e-3), driver=PULSES)
    graph.add_edge("a", "b", synapse=nm.LowPassSynapse(tau=2e-3))
    graph.add_edge("d", "b", synapse=nm.LowPassSynapse(tau=2e-3))
    graph.add_edge("a", "c", synapse=nm.LowPassSynapse(tau=2e-3))
    graph.add_edge("d", "c", synapse=nm.StaticSynapse())
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e3)
    assert exported.nodes["cuba_lif"].tau_syn == pytest.approx([2.0])
    assert len(exported.nodes["lif"].tau) == 3
    assert "a -> c: the low-pass of 2 ms, since the neuron has synapses of another kind" in report.lost
    assert "b: currents get the low-pass of the synapses" in report.lost


def test_the_charge_of_a_pulse_counts_its_discharge_and_the_gain():
    graph = nm.networks.chain(
        2, neuron=nm.LIF(t_refractory=10e-6), weights=[-2e-3], driver=nm.PulseDriver(t_pulse=30e-6)
    )
    graph.nodes["n1"]["gain"] = 3.0
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e4)
    # 2 mS * 0.5 V * 40 us * 3, over 0.1 mA * 1 ms.
    np.testing.assert_allclose(exported.nodes["lif_to_lif"].weight, [[0, 0], [-1.2, 0]], rtol=1e-12)
    assert "n0, n1: the refractory time of 10 us" in report.lost
    assert any(line.startswith("n0: a pulse of 40 us becomes an impulse of the same charge") for line in report.lost)


def test_crossbars_are_matrices_with_their_wires():
    conductances = np.array([[1e-3, 2e-3], [3e-3, 0.5e-3]])
    crossbar = nm.Crossbar(conductances, r_word=10.0, r_bit=20.0, r_driver=5.0)
    neuron = nm.LIF(t_refractory=0.0)
    graph = nm.networks.crossbar_between(crossbar, pre=neuron, post=neuron, driver=PULSES, delay=1e-4)
    exported, _ = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e4)
    weight = exported.nodes["lif_to_lif"].weight[2:, :2]
    currents = np.array([crossbar.solve(v).output_currents for v in ([0.5, 0.0], [0.0, 0.5])])
    np.testing.assert_allclose(weight, currents.T * 1e-6 / (1e-4 * 1e-3), rtol=1e-9)
    assert (weight < conductances.T * 0.5 * 1e-6 / 1e-7).all()
    np.testing.assert_allclose(exported.nodes["lif_to_lif_delay"].delay, 0.1)


def test_memristors_stay_where_they_are():
    devices = nm.DeviceArray(nm.MMS(), [[0.0, 1.0]])
    neuron = nm.LIF(t_refractory=0.0)
    graph = nm.networks.crossbar_between(devices, pre=neuron, post=neuron, driver=PULSES)
    graph.add_edge("post0", "post1", synapse=nm.MemristiveSynapse(x0=0.5, v_back=0.1))
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e4)
    weight = exported.nodes["lif_to_lif"].weight
    per_siemens = 0.5 * 1e-6 / (1e-4 * 1e-3)
    assert weight[1:, 0] == pytest.approx([per_siemens / 1500, per_siemens / 500])
    assert weight[2, 1] == pytest.approx(per_siemens * (0.5 / 500 + 0.5 / 1500))
    assert "crossbar: plasticity: the memristors stay in their states" in report.lost
    assert "post0 -> post1: plasticity and v_back of 100 mV: the memristor stays at the state 0.5" in report.lost


def test_memristive_neurons_are_refused_or_taken_at_a_state():
    graph = nm.networks.chain(2)
    with pytest.raises(
        ValueError,
        match=r"neuron 'n0' is a MemristiveALIF, whose leak changes with every spike.*give memristive_state= from 0 to 1",
    ):
        nm.to_nir(graph, **UNITS)
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e3, memristive_state=1.0)
    cells = exported.nodes["lif"]
    # 500 ohm and 1 kohm in series: 0.4 V across the memristor are 1.2 V of the capacitor.
    assert (cells.r[0], cells.v_threshold[0], cells.v_reset[0]) == pytest.approx((1.5, 1.2, 0.06))
    assert cells.tau[0] == pytest.approx(22e-9 * 1500 / 1e-3)
    assert "n0, n1: adaptation: the leak is 1.5 kohm, as it is at the state 1" in report.lost


def test_a_memristive_neuron_that_does_not_move_fires_as_its_leaky_one():
    """The translation of its thresholds: a memristor so slow that it stays where it is."""
    neuron = nm.MemristiveALIF(memristor=nm.MMS(tau=1e3), x0=0.7)
    graph = nm.networks.chain(1, neuron=neuron, drive=nm.Constant(value=1e-3))
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1.0, r_unit=1.0, memristive_state=0.7)
    cells = exported.nodes["lif"]
    end = cells.r[0] * 1e-3
    interval = cells.tau[0] * np.log((end - cells.v_reset[0]) / (end - cells.v_threshold[0]))
    (told,) = (line for line in report.lost if "the discharge of" in line)
    discharge = float(re.search(r"of ([\d.]+) ns", told).group(1)) * 1e-9
    # What is told of the discharge is without the drive, which slows it by some per cent; measured 1.2e-3.
    np.testing.assert_allclose(np.diff(simulated(graph, 2e-3)[0]), interval + discharge, rtol=2e-3)
    assert discharge > 0.01 * interval


def test_the_discharge_of_real_switches_is_told():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.RCNeuron().at_fidelity("macromodel"), drive=nm.Constant(value=1e-3))
    graph.add_node("b", neuron=nm.RCNeuron(v_th=None), drive=nm.Constant(value=1e-6))
    exported, report = nm.to_nir(graph, **UNITS)
    assert list(exported.nodes)[:2] == ["lif", "li"]
    assert "a: parts of the fidelity 'macromodel' become ideal ones" in report.lost
    assert any(re.fullmatch(r"a: the discharge of .*s becomes a reset in no time", line) for line in report.lost)


def test_what_comes_in_is_told():
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=[1e-3], driver=PULSES)
    graph.add_node("i", input=nm.Sine(amplitude=1e-4, frequency=50.0))
    graph.add_node("c", input=nm.Constant(value=1e-4))
    graph.add_node("a", neuron=nm.LIF(t_refractory=0.0), drive=nm.Constant(value=2e-4))
    graph.add_node("b", neuron=nm.LIF(t_refractory=0.0), drive=nm.Sine(amplitude=1e-4, frequency=60.0))
    graph.add_edge("s", "a", synapse=nm.StaticSynapse(routing="voltage"))
    graph.add_edges_from([("i", "a"), ("i", "b")], gain=0.5)
    graph.add_edge("c", "b", gain=-2.0)
    exported, report = nm.to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e4)
    affine = exported.nodes["currents_to_lif"]
    np.testing.assert_allclose(affine.bias, [2.0, -2.0])
    np.testing.assert_allclose(affine.weight, [[0.0, 0.5], [1.0, 0.5]])
    assert list(exported.nodes["spikes"].input_type["input"]) == [1]
    lost = "\n".join(report.lost)
    assert "s: the spike times: NIR has inputs, not what comes in" in lost
    assert "i: the waveform of its current (sine, 100 uA, 50 Hz): NIR has inputs, not what comes in" in lost
    assert "s -> a: the load and the driving force of a synapse routed as a voltage" in lost


def test_nothing_lost_is_said_too():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(t_refractory=0.0), drive=nm.Constant(value=2e-4))
    _, report = nm.to_nir(graph, **UNITS)
    assert report.lost == ()
    assert str(report).startswith(
        "lost:\n  nothing\nread as:\n  1 in NIR is 1 V, 1 s, 1 Mohm and 1 uA; a spike of weight 1"
    )


def test_many_neurons_are_one_line():
    _, report = nm.to_nir(nm.networks.recurrent(20, 0, neuron=nm.LIF()), **UNITS)
    assert report.lost[0] == "e0, e1, e2, e3, e4, e5 and 14 more: the refractory time of 200 us"


@pytest.mark.parametrize(
    ("neuron", "arguments", "said"),
    [
        (
            nm.Izhikevich(),
            {},
            "neuron 'n0' is a Izhikevich, which NIR has no node for; what can be written: LIF, RCNeuron, and",
        ),
        (nm.LIF(), {"memristive_state": 2.0}, "memristive_state must be a number from 0 to 1, got 2.0"),
        (nm.LIF(), {"t_unit": 0.0}, "t_unit must be a positive time in s, got 0.0"),
    ],
)
def test_what_is_refused(neuron, arguments, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        nm.to_nir(nm.networks.chain(1, neuron=neuron), **(UNITS | arguments))


@pytest.mark.parametrize("call", [lambda: nm.from_nir(None, **UNITS), lambda: nm.to_nir(nm.networks.chain(1), **UNITS)])
def test_without_the_package_the_message_says_how_to_get_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(
        ImportError, match=re.escape("nir is not installed: pip install '.[nir]' in neuromorph's folder")
    ):
        call()
