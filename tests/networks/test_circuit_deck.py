"""The deck of a network: what is shared, how parts are called, what is refused, and the same results from all engines."""

from __future__ import annotations

import dataclasses
import pickle

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.networks.spice import network_drives
from neuromorph.networks.spice.circuit_names import CircuitNames
from neuromorph.schematic.hierarchy import definitions, seen_from_outside, split_lines

ALIF = nm.MemristiveALIF()
SQUARE = ALIF.working_point().drive
DRIVER = nm.PulseDriver(v_pulse=0.5, t_pulse=20e-6)


def chain(*neurons, conductance=4e-3, **attributes):
    graph = networkx.DiGraph(name="chain")
    for k, neuron in enumerate(neurons):
        graph.add_node(f"n{k}", neuron=neuron, driver=DRIVER, **attributes)
        if k:
            graph.add_edge(f"n{k - 1}", f"n{k}", synapse=nm.StaticSynapse(conductance=conductance))
    graph.nodes["n0"]["drive"] = SQUARE
    return graph


def deck_of(graph, t_stop=1e-3, **settings):
    network = nm.compose(graph, **settings)
    return nm.make_deck(network.schematic(), drives=network_drives(network.plan), t_stop=t_stop)


def heads(deck):
    return [line.split()[1] for line in deck.body if line.startswith(".subckt")]


# ---------------------------------------------------------------- the deck


def test_equal_neurons_share_a_subcircuit_and_bear_the_names_of_their_nodes():
    deck = deck_of(chain(*[nm.MemristiveALIF() for _ in range(5)]))
    assert heads(deck) == ["mms", "memristive_alif", "pulse_driver", "conveyor"]
    instances = [line for line in deck.body if line.startswith("Xn")]
    assert instances == [f"Xn{k} n{k}_in n{k}_spike memristive_alif" for k in range(5)]


def test_neurons_with_other_states_share_a_subcircuit_and_those_with_other_values_do_not():
    deck = deck_of(
        chain(ALIF, dataclasses.replace(ALIF, x0=0.3), dataclasses.replace(ALIF, capacitance=10e-9), nm.LIF())
    )
    assert heads(deck) == [
        "mms",
        "memristive_alif",
        "memristive_alif_2",
        "lif",
        "pulse_driver",
        "conveyor",
        "pulse_driver_2",
        "pulse_driver_3",
    ]
    initial = " ".join(line for line in deck.body if line.startswith(".ic"))
    assert "v(Xn0.x)=0.0" in initial
    assert "v(Xn1.x)=0.3" in initial


def test_a_network_of_a_thousand_neurons_is_written_in_seconds():
    graph = networkx.DiGraph(name="many")
    for k in range(1000):
        graph.add_node(f"n{k}", neuron=nm.MemristiveALIF(), drive=SQUARE)
    deck = deck_of(graph)
    assert len(deck.spike_trains) == 1000
    # Spikes of all, and nothing else.
    assert len(deck.vectors) == 1000


def test_recorded_signals_are_those_of_the_recorded_neurons():
    graph = chain(ALIF, ALIF)
    graph.add_edge("n1", "n0", synapse=nm.MemristiveSynapse())
    own = ("v_c", "x", "v_mem", "i_syn", "v_line")
    assert list(deck_of(graph).probes) == [*(f"n0.{s}" for s in own), *(f"n1.{s}" for s in own), "n1->n0.x"]
    assert list(deck_of(graph, record=["n1"]).probes) == [f"n1.{s}" for s in own]
    assert deck_of(graph, record=["n0"]).states == ("n0.v_c", "n0.x", "n1->n0.x")


def test_the_whole_is_resolved_as_its_finest_part():
    slow, fast = nm.LIF(), nm.LIF(capacitance=1e-9)
    own = [neuron.schematic().resolution for neuron in (slow, fast)]
    resolution = nm.compose(chain(slow, fast)).schematic().resolution
    assert resolution.t_max == min(own[1].t_max, DRIVER.t_pulse / 10)
    assert resolution.chgtol == own[1].chgtol < own[0].chgtol


def test_steps_see_a_memristor_that_is_faster_than_the_neurons():
    slow = nm.LIF(capacitance=10e-6)
    graph = chain(slow, slow)
    before = nm.compose(graph).schematic().resolution.t_max
    graph.nodes["n0"]["driver"] = graph.nodes["n1"]["driver"] = nm.PulseDriver(t_pulse=1e-3)
    graph.add_edge("n1", "n0", synapse=nm.MemristiveSynapse(memristor=nm.MMS(tau=50e-6)))
    assert nm.compose(graph).schematic().resolution.t_max == pytest.approx(5e-6) != before


def test_names_that_meet_get_a_number():
    graph = networkx.DiGraph(name="meeting")
    # 'a_to_b' to 'c' and 'a' to 'b_to_c' both want the resistor Ra_to_b_to_c; 'drive_a' wants the node of a port.
    for name in ("a_to_b", "c", "a", "b_to_c", "drive_a", "x", "driver_a", "low"):
        graph.add_node(name, neuron=nm.LIF(), drive=nm.Constant(value=2e-4), driver=DRIVER)
    for source, target in (("a_to_b", "c"), ("a", "b_to_c"), ("driver_a", "x")):
        graph.add_edge(source, target, synapse=nm.StaticSynapse(conductance=1e-4))
    deck = deck_of(graph)
    elements = [line.split()[0].lower() for line in deck.body if line[0].isalpha()]
    top = [name for name in elements if name.startswith(("x", "e", "r")) and "_" in name]
    assert len(set(top)) == len(top)
    recording = nm.simulate(deck, t_stop=1e-3, engine="ngspice")
    assert recording.spikes.counts().tolist() == [1] * 8


def test_a_taken_name_gets_the_next_number():
    names = CircuitNames(["Taken"])
    assert [names.take(name) for name in ("taken", "free", "FREE", "free")] == ["taken_2", "free", "FREE_2", "free_3"]


def test_probes_are_seen_from_outside():
    pins = {"c": "n0_in", "spike": "n0_spike"}
    seen = {
        "v(c, mem) * i(Vrest)": "v(n0_in, Xn0.mem) * i(V.Xn0.Vrest)",
        "v(gnd) + v( spike )": "v(gnd) + v(n0_spike)",
        "@Sdischarge[i] / 2.0": "@S.Xn0.Sdischarge[i] / 2.0",
        "i(V.Xtransistor.Vdrain)": "i(V.Xn0.Xtransistor.Vdrain)",
        "v(Xmemristor.x)": "v(Xn0.Xmemristor.x)",
    }
    for inside, outside in seen.items():
        assert seen_from_outside(inside, "Xn0", pins) == outside


def test_definitions_are_taken_out_of_a_circuit():
    lines = ["* model", ".subckt inner a b", "R1 a b 1", ".ends inner", "R2 a 0", "+ 2.0", ".param r=1", "* last"]
    split = split_lines(lines)
    assert split.body == ("R2 a 0", "+ 2.0", "* last")
    assert definitions(split.shared) == {
        "inner": ("* model", ".subckt inner a b", "R1 a b 1", ".ends inner"),
        ".param r=1": (".param r=1",),
    }


def test_a_deck_travels_between_processes():
    deck = deck_of(chain(ALIF, nm.LIF()))
    assert pickle.loads(pickle.dumps(deck)) == deck


# ---------------------------------------------------------------- what is refused


def alone(neuron):
    graph = networkx.DiGraph(name="alone")
    graph.add_node("n", neuron=neuron, drive=nm.Constant(value=1e-4))
    return nm.compose(graph)


@pytest.mark.parametrize("neuron", [nm.LIF(noise_current=1e-9), nm.ConductanceLIF()])
def test_a_neuron_with_more_than_its_current_is_refused(neuron):
    with pytest.raises(
        ValueError, match=r"neuron 'n' .* has the inputs .*: a neuron of a network has one input current"
    ):
        alone(neuron).schematic()


def test_a_neuron_without_a_circuit_is_refused():
    with pytest.raises(ValueError, match="stated as equations and has no circuit"):
        alone(nm.Izhikevich()).schematic()


def test_spikes_that_are_no_node_are_refused():
    class Differential(nm.LIF):
        def schematic(self, fidelity="ideal"):
            circuit = super().schematic(fidelity)
            circuit.spikes = "v(spike, rest)"
            return circuit

    with pytest.raises(ValueError, match=r"spikes of neuron 'n' are 'v\(spike, rest\)'.*voltage of a node"):
        alone(Differential()).schematic()


def test_two_devices_of_one_name_that_differ_are_refused():
    class Odd(nm.MMS):
        def subcircuit(self):
            return super().subcircuit().replace("Cstate x 0", "Rmore x 0 1e9\nCstate x 0")

        @property
        def subcircuit_name(self):
            return "mms"

    with pytest.raises(ValueError, match="'mms' is defined twice"):
        nm.compose(chain(ALIF, dataclasses.replace(ALIF, memristor=Odd()))).schematic()


def test_a_source_of_spikes_has_to_be_given_its_times():
    graph = networkx.DiGraph(name="source")
    graph.add_node("s", spikes=[1e-4], driver=DRIVER)
    graph.add_node("n", neuron=nm.LIF())
    graph.add_edge("s", "n", synapse=nm.StaticSynapse(conductance=1e-3))
    with pytest.raises(ValueError, match=r"nothing drives port 's' .*network_drives"):
        nm.make_deck(nm.compose(graph).schematic(), t_stop=1e-3)


# ---------------------------------------------------------------- engines


def test_three_engines_agree_on_a_chain_of_adaptive_neurons():
    network = nm.compose(chain(ALIF, ALIF, conductance=4e-3))
    runs = [nm.simulate(network, t_stop=0.5e-3, engine=e, warn=False) for e in ("ngspice", "ngspice-shared", "vacask")]
    for recording in runs:
        assert recording.provenance["neurons"] == ["n0", "n1"]
        assert recording.spikes.names == ("n0", "n1")
        assert recording.spikes.counts().tolist() == runs[0].spikes.counts().tolist()
    assert runs[0].spikes.counts().min() > 5
    times = [recording.spikes.times for recording in runs]
    assert np.max(np.ptp(times, axis=0)) < 50e-9


def test_a_silent_neuron_is_counted():
    graph = chain(ALIF, ALIF, conductance=1e-5)
    graph.add_node("passive", neuron=nm.RCNeuron(v_th=None))
    graph.add_edge("n0", "passive", synapse=nm.StaticSynapse(conductance=1e-4))
    graph.add_edge("passive", "n1", synapse=nm.StaticSynapse(conductance=1e-4))
    recording = nm.simulate(nm.compose(graph), t_stop=0.2e-3, engine="ngspice", warn=False)
    counts = recording.spikes.counts()
    assert recording.spikes.names == ("n0", "n1", "passive")
    assert counts[0] > 5
    assert counts[1:].tolist() == [0, 0]
    assert not recording["passive.v_line"].any()
    assert recording["passive.v_mem"].max() > 0


def test_hardware_neurons_stand_in_a_network():
    """Their lines and summing circuits stay ideal: real ones take three tenths of the current of a synapse of 4 mS."""
    parts = dict.fromkeys(ALIF.parts, "macromodel")
    network = nm.compose(chain(ALIF, ALIF), fidelity=parts)
    recording = nm.simulate(network, t_stop=0.1e-3, engine="ngspice", warn=False)
    ideal = nm.simulate(nm.compose(chain(ALIF, ALIF)), t_stop=0.1e-3, engine="ngspice", warn=False)
    assert np.abs(recording.spikes.counts() - ideal.spikes.counts()).max() <= 1
    # A line knows two voltages, whatever the trigger's edges are.
    levels = recording["n0.v_line"]
    assert np.all((np.abs(levels) < 1e-3) | (np.abs(levels - 0.5) < 1e-3))
