"""Networks that are built often: their graphs, and what they do when they are run."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.networks import plan_of

GRAPHS = {
    "chain": lambda: nm.networks.chain(4),
    "one neuron": lambda: nm.networks.chain(1),
    "layered": lambda: nm.networks.layered([3, 2, 1]),
    "layered at random": lambda: nm.networks.layered([4, 4], probability=0.5, seed=3),
    "recurrent": lambda: nm.networks.recurrent(3, 2),
    "excitatory only": lambda: nm.networks.recurrent(3, 0),
    "winner-take-all": lambda: nm.networks.winner_take_all(4),
    "winner-take-all through one": lambda: nm.networks.winner_take_all(4, interneuron=nm.MemristiveALIF()),
    "random": lambda: nm.networks.random_network(10, 0.3, seed=5),
    "crossbar": lambda: nm.networks.crossbar_between([[1e-3, 2e-3, -1e-3], [0.0, -2e-3, 0.0]]),
    "recurrent crossbar": lambda: nm.networks.recurrent_crossbar(1e-3 * (1 - np.eye(3))),
}


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
class TestAllOfThem:
    def test_are_plain_graphs_that_compose_without_a_warning(self, make):
        graph = make()
        assert type(graph) is networkx.DiGraph
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            network = nm.compose(graph)
        assert network.neurons == tuple(name for name, a in graph.nodes(data=True) if "neuron" in a)

    def test_have_a_place_for_every_node_in_a_drawing(self, make):
        places = networkx.get_node_attributes(graph := make(), "pos")
        assert set(places) == set(graph)
        assert len(set(places.values())) == len(graph)

    def test_are_the_same_each_time(self, make):
        assert plan_names(make()) == plan_names(make())


def plan_names(graph):
    plan = plan_of(graph)
    return [(part.source, part.target, part.synapse) for part in plan.synapses], plan.neurons


def conductances(graph, names):
    """Signed conductances of static synapses [S], row by source."""
    matrix = np.zeros((len(names), len(names)))
    for source, target, synapse in graph.edges(data="synapse"):
        sign = -1 if synapse.inhibitory else 1
        matrix[names.index(source), names.index(target)] = sign * synapse.conductance
    return matrix


class TestNeuronsAndDrives:
    def test_a_chain_is_driven_at_its_head(self):
        graph = nm.networks.chain(3, drive=nm.Constant(value=2e-3), prefix="c")
        assert [graph.nodes[n].get("drive") for n in graph] == [nm.Constant(value=2e-3), None, None]
        assert list(graph) == ["c0", "c1", "c2"]

    def test_each_neuron_may_be_another(self):
        neurons = [nm.LIF(), nm.MemristiveALIF(), nm.LIF(v_th=0.5).at_fidelity("ideal")]
        graph = nm.networks.chain(3, neuron=neurons, drive=[None, nm.Constant(value=1e-3), None])
        assert [graph.nodes[n]["neuron"] for n in graph] == neurons
        assert "drive" not in graph.nodes["n0"]

    def test_layers_have_the_neurons_in_order(self):
        neurons = [nm.LIF(v_th=1.0 + k) for k in range(5)]
        graph = nm.networks.layered([2, 3], neuron=neurons, drive=[nm.Constant(value=1e-3), None])
        assert [graph.nodes[n]["neuron"].v_th for n in graph] == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert [graph.nodes[n]["layer"] for n in graph] == [0, 0, 1, 1, 1]
        assert [n for n in graph if "drive" in graph.nodes[n]] == ["n0"]

    def test_of_the_default_winner_the_current_is_largest(self):
        graph = nm.networks.winner_take_all(3)
        assert [graph.nodes[n]["drive"].value for n in graph] == [1.3e-3, 1e-3, 1e-3]

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda: nm.networks.chain(0), "n must be a whole number of at least 1, got 0"),
            (lambda: nm.networks.chain(2.0), "n must be a whole number of at least 1, got 2.0"),
            (lambda: nm.networks.chain(True), "n must be a whole number of at least 1, got True"),
            (lambda: nm.networks.winner_take_all(1), "n must be a whole number of at least 2, got 1"),
            (
                lambda: nm.networks.layered([]),
                "sizes must be the numbers of neurons in each layer, such as [4, 2], got []",
            ),
            (
                lambda: nm.networks.layered(4),
                "sizes must be the numbers of neurons in each layer, such as [4, 2], got 4",
            ),
            (lambda: nm.networks.layered([4, -1]), "sizes[1] must be a whole number of at least 1, got -1"),
            (
                lambda: nm.networks.recurrent(0, 0),
                "n_excitatory + n_inhibitory must be a whole number of at least 1, got 0",
            ),
            (
                lambda: nm.networks.chain(3, neuron=[nm.LIF()]),
                "neuron has 1 entries for 3 neurons: give one for all, or one for each",
            ),
            (
                lambda: nm.networks.recurrent(2, 1, drive=[None]),
                "drive has 1 entries for 3 neurons: give one for all, or one for each",
            ),
            (
                lambda: nm.networks.chain(2, neuron=nm.LIF),
                "neuron must be a Neuron or NeuronAtFidelity, or a sequence of them, one for each, got <class",
            ),
            (
                lambda: nm.networks.chain(2, drive=1e-3),
                "drive must be a Stimulus, or a sequence of them, one for each, got [0.001, None]",
            ),
            (
                lambda: nm.networks.recurrent(1, 1, prefixes=("n", "n")),
                "the graph has a node 'n0' already: give another prefix",
            ),
        ],
    )
    def test_what_does_not_fit(self, make, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            make()


def spike_counts(graph, t_stop=4e-3):
    recording = nm.simulate(nm.compose(graph, record=[]), t_stop=t_stop)
    names = recording.provenance["neurons"]
    settled = np.asarray(recording.spikes.sources)[np.asarray(recording.spikes.times) > t_stop / 2]
    return dict(zip(names, np.bincount(settled, minlength=len(names)).tolist(), strict=True))


class TestWhatTheyDo:
    """With the values that they have by themselves."""

    def test_a_chain_hands_on_each_spike(self):
        counts = spike_counts(nm.networks.chain(4))
        assert counts["n0"] > 30
        assert max(counts.values()) - min(counts.values()) <= 1

    def test_a_chain_with_weak_synapses_does_not(self):
        assert spike_counts(nm.networks.chain(2, weights=0.4e-3))["n1"] == 0

    def test_layers_hand_on_the_spikes_of_all(self):
        counts = spike_counts(nm.networks.layered([3, 2, 1]))
        assert counts["n5"] >= counts["n0"] - 1 > 30

    def test_inhibition_slows_and_excitation_quickens(self):
        alone = spike_counts(nm.networks.chain(1))["n0"]
        excited = spike_counts(nm.networks.recurrent(4, 0))["e0"]
        inhibited = spike_counts(nm.networks.recurrent(0, 4))["i0"]
        assert inhibited < 0.9 * alone < 1.2 * alone < excited
        mixed = spike_counts(nm.networks.recurrent(4, 1))
        assert 0 < mixed["e0"] < excited

    @pytest.mark.parametrize("interneuron", [None, nm.MemristiveALIF()])
    def test_the_winner_takes_all(self, interneuron):
        counts = spike_counts(nm.networks.winner_take_all(4, interneuron=interneuron))
        assert counts["n0"] > 20
        assert [counts[name] for name in ("n1", "n2", "n3")] == [0, 0, 0]

    def test_without_inhibition_there_is_no_winner(self):
        counts = spike_counts(nm.networks.winner_take_all(3, weights=1e-9))
        assert min(counts.values()) > 30

    def test_a_random_network_fires_unevenly(self):
        counts = spike_counts(nm.networks.random_network(12, 0.3, seed=4))
        assert len(set(counts.values())) > 4

    def test_a_crossbar_hands_on_what_it_has_to(self):
        counts = spike_counts(nm.networks.crossbar_between([[2e-3, 0.2e-3], [2e-3, 0.2e-3]]))
        assert counts["post0"] >= counts["pre0"] - 1 > 30
        assert counts["post1"] == 0

    def test_a_crossbar_does_what_the_synapses_in_it_would(self):
        weights = 0.6e-3 * np.array([[0, 1, -1], [1, 0, -2], [2, 1, 0]])
        drive = [nm.Constant(value=value) for value in (1e-3, 1.2e-3, 1.4e-3)]
        through = spike_counts(nm.networks.recurrent_crossbar(weights, drive=drive))
        among = spike_counts(nm.networks.recurrent(3, 0, weights=weights, drive=drive, prefixes=("n", "i")))
        assert through == among


class TestSynapses:
    def test_one_for_all(self):
        synapse = nm.MemristiveSynapse(x0=0.5)
        graph = nm.networks.recurrent(2, 0, excitatory=synapse)
        assert {s for *_, s in graph.edges(data="synapse")} == {synapse}

    def test_a_function_of_names(self):
        def synapse(source, target):
            return None if target == "n2" else nm.LowPassSynapse(delay=1e-3 * int(source[1:]))

        graph = nm.networks.layered([2, 2], synapse=synapse, drive=nm.Constant(value=1e-3))
        assert {edge: s.delay for *edge, s in graph.edges(data="synapse") for edge in [tuple(edge)]} == {
            ("n0", "n3"): 0.0,
            ("n1", "n3"): 1e-3,
        }

    @pytest.mark.parametrize(
        "weights",
        [
            3e-3,
            np.full((3, 3), 3e-3),
            (3e-3 * np.ones((3, 3))).tolist(),
            lambda source, target: 3e-3,
        ],
        ids=["number", "array", "lists", "function"],
    )
    def test_weights_in_every_form(self, weights):
        graph = nm.networks.recurrent(3, 0, weights=weights)
        np.testing.assert_array_equal(conductances(graph, list(graph)), 3e-3 * (1 - np.eye(3)))

    def test_weights_below_zero_inhibit_and_of_zero_are_left_out(self):
        weights = 1e-3 * np.array([[9, 1, -2], [0, 9, 3], [4, -5, 9]])
        graph = nm.networks.recurrent(3, 0, weights=weights)
        np.testing.assert_allclose(conductances(graph, list(graph)), weights * (1 - np.eye(3)))
        assert graph.number_of_edges() == 5

    def test_weights_of_inhibitory_neurons_are_magnitudes(self):
        graph = nm.networks.recurrent(1, 1, weights=[[0.0, 1e-3], [2e-3, 0.0]])
        np.testing.assert_allclose(conductances(graph, ["e0", "i0"]), [[0, 1e-3], [-2e-3, 0]])

    def test_weights_of_layers_are_arrays_from_layer_to_layer(self):
        weights = [np.array([[1e-3, 2e-3]]), np.array([[3e-3], [0.0]])]
        graph = nm.networks.layered([1, 2, 1], weights=weights)
        assert {(a, b): s.conductance for a, b, s in graph.edges(data="synapse")} == {
            ("n0", "n1"): 1e-3,
            ("n0", "n2"): 2e-3,
            ("n1", "n3"): 3e-3,
        }

    def test_weights_of_an_interneuron_are_those_of_its_inhibition(self):
        graph = nm.networks.winner_take_all(2, interneuron=nm.LIF(), weights=[1e-3, 2e-3])
        assert graph.edges["n_inhibitor", "n1"]["synapse"].conductance == 2e-3
        assert graph.edges["n_inhibitor", "n1"]["synapse"].inhibitory
        assert not graph.edges["n1", "n_inhibitor"]["synapse"].inhibitory

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (
                lambda: nm.networks.chain(3, weights=[1e-3]),
                "weights must be a conductance in S, an array of them of shape (2,), or a function of the names of source and target, "
                "got an array of shape (1,)",
            ),
            (lambda: nm.networks.chain(3, weights="big"), "of source and target, got 'big'"),
            (
                lambda: nm.networks.chain(3, weights=[1e-3, float("nan")]),
                "the weight of n1 -> n2 must be a finite conductance in S, got",
            ),
            (
                lambda: nm.networks.chain(3, weights=lambda a, b: None),
                "the weight of n0 -> n1 must be a finite conductance in S, got None",
            ),
            (
                lambda: nm.networks.chain(3, synapse=nm.MemristiveSynapse(), weights=1e-3),
                "a MemristiveSynapse has no conductance to be weighted: leave weights= out",
            ),
            (
                lambda: nm.networks.chain(3, synapse=lambda a, b: 1e-3),
                "synapse must be a synapse, such as nm.StaticSynapse(), or a function that gives one",
            ),
            (
                lambda: nm.networks.layered([2, 2, 2], weights=[1e-3]),
                "weights must be a conductance in S, a function, or a list of 2 arrays, one for each two layers, got [0.001]",
            ),
            (
                lambda: nm.networks.recurrent(2, 2, inhibitory=nm.StaticSynapse()),
                "inhibitory is a synapse with inhibitory=False: give it inhibitory=True",
            ),
            (
                lambda: nm.networks.recurrent(2, 2, excitatory=nm.StaticSynapse(inhibitory=True)),
                "excitatory is a synapse with inhibitory=True: give it inhibitory=False",
            ),
            (
                lambda: nm.networks.winner_take_all(2, synapse=nm.StaticSynapse()),
                "the neurons of a winner-take-all network inhibit: give synapse= inhibitory=True",
            ),
        ],
    )
    def test_what_does_not_fit(self, make, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            make()


class TestChance:
    def test_the_same_seed_gives_the_same_graph_in_another_process(self):
        code = "import neuromorph as nm; print(sorted(nm.networks.random_network(20, 0.2, seed=7).edges))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        graph = nm.networks.random_network(20, 0.2, seed=7)
        assert done.stdout.strip() == str(sorted(graph.edges))

    def test_a_seed_gives_the_graph_that_it_always_gave(self):
        # Pinned: a graph in a paper is named by its seed.
        graph = nm.networks.random_network(5, 0.3, seed=1)
        assert sorted(graph.edges) == [
            ("e0", "e2"),
            ("e1", "i0"),
            ("e3", "e1"),
            ("e3", "i0"),
            ("i0", "e1"),
        ]

    def test_another_seed_gives_another_graph(self):
        edges = [set(nm.networks.random_network(20, 0.2, seed=seed).edges) for seed in (7, 8)]
        assert edges[0] != edges[1]

    def test_the_number_of_synapses_is_binomial(self):
        counts = [nm.networks.random_network(40, 0.25, seed=seed).number_of_edges() for seed in range(20)]
        pairs = 40 * 39
        spread = np.sqrt(pairs * 0.25 * 0.75)
        assert abs(np.mean(counts) - 0.25 * pairs) < 4 * spread / np.sqrt(20)
        assert 0.5 * spread < np.std(counts) < 2 * spread

    def test_the_share_of_inhibitory_neurons(self):
        graph = nm.networks.random_network(20, 0.5, seed=1, inhibitory_share=0.25)
        assert [n for n in graph if graph.nodes[n]["population"] == "inhibitory"] == [f"i{k}" for k in range(5)]
        assert all(s.inhibitory == (source[0] == "i") for source, _, s in graph.edges(data="synapse"))

    def test_no_chance_is_all_or_nothing(self):
        assert nm.networks.random_network(5, 1.0, seed=1).number_of_edges() == 20
        assert nm.networks.random_network(5, 0.0, seed=1).number_of_edges() == 0

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"probability": 1.5, "seed": 1}, "probability must be a number from 0 to 1, got 1.5"),
            ({"probability": float("nan"), "seed": 1}, "probability must be a number from 0 to 1, got nan"),
            ({"probability": 0.5, "seed": -1}, "seed must be a whole number of at least 0, got -1"),
            ({"probability": 0.5, "seed": None}, "seed must be a whole number of at least 0, got None"),
            (
                {"probability": 0.5, "seed": 1, "inhibitory_share": 2},
                "inhibitory_share must be a number from 0 to 1, got 2",
            ),
        ],
    )
    def test_what_does_not_fit(self, arguments, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            nm.networks.random_network(5, **arguments)


class TestCrossbars:
    def test_rows_are_sources_and_columns_are_targets(self):
        graph = nm.networks.crossbar_between([[1e-3, 2e-3, 3e-3]], delay=2e-6)
        (part,) = plan_of(graph).crossbars
        assert [(r.row, r.source, r.delay) for r in part.rows] == [(0, "pre0", 2e-6)]
        assert [(c.column, c.target) for c in part.columns] == [(0, "post0"), (1, "post1"), (2, "post2")]

    def test_two_signs_are_two_crossbars(self):
        weights = 1e-3 * np.array([[1, -2], [0, 3]])
        graph = nm.networks.recurrent_crossbar(weights, delay=1e-6)
        parts = {part.name: part for part in plan_of(graph).crossbars}
        np.testing.assert_array_equal(parts["crossbar"].crossbar.conductances, np.maximum(weights, 0))
        np.testing.assert_array_equal(parts["crossbar_inhibitory"].crossbar.conductances, np.maximum(-weights, 0))
        assert [c.inhibitory for c in parts["crossbar_inhibitory"].columns] == [True, True]

    def test_one_sign_is_one_crossbar(self):
        graph = nm.networks.crossbar_between([[-1e-3]])
        assert [part.name for part in plan_of(graph).crossbars] == ["crossbar_inhibitory"]

    def test_wires_and_memristors_are_kept(self):
        crossbar = nm.Crossbar([[1e-3]], r_word=2.0)
        assert nm.networks.crossbar_between(crossbar).nodes["crossbar"]["crossbar"] is crossbar
        devices = nm.DeviceArray(nm.MMS(), [[0.0, 1.0]])
        assert nm.networks.crossbar_between(devices).nodes["crossbar"]["crossbar"].devices is devices

    def test_neurons_of_a_graph_are_joined(self):
        graph = nm.networks.chain(3)
        graph.add_node("s", spikes=[1e-3], driver=nm.PulseDriver(t_pulse=5e-6))
        nm.networks.join_through_crossbar(
            graph, ["s", "n2"], ["n0"], [[1e-3], [2e-3]], name="feedback", inhibitory=True
        )
        (part,) = plan_of(graph).crossbars
        assert [r.source for r in part.rows] == ["s", "n2"]
        assert part.columns[0].inhibitory

    def test_each_row_may_have_a_delay(self):
        graph = nm.networks.chain(3)
        nm.networks.join_through_crossbar(graph, ["n1", "n2"], ["n0"], [[1e-3], [1e-3]], delay=[0.0, 2e-6])
        assert [(r.source, r.delay) for r in plan_of(graph).crossbars[0].rows] == [("n1", 0.0), ("n2", 2e-6)]

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (
                lambda: nm.networks.join_through_crossbar(
                    nm.networks.chain(2), ["n0"], ["n1"], [[1e-3]], delay=[0.0, 0.0]
                ),
                "delay has 2 entries for 1 sources: give one for all, or one for each",
            ),
            (
                lambda: nm.networks.crossbar_between([1e-3]),
                "crossbar must be a nm.Crossbar, a nm.DeviceArray, or rows of finite conductances in S, got [0.001]",
            ),
            (lambda: nm.networks.crossbar_between([["a"]]), "rows of finite conductances in S, got [['a']]"),
            (lambda: nm.networks.crossbar_between([[float("nan")]]), "rows of finite conductances in S, got [[nan]]"),
            (
                lambda: nm.networks.crossbar_between([[1e-3]], pre=[nm.LIF(), nm.LIF()]),
                "neuron has 2 entries for 1 neurons",
            ),
            (
                lambda: nm.networks.recurrent_crossbar([[1e-3, 2e-3]]),
                "a crossbar that joins a population to itself must be square, got 1 rows and 2 columns",
            ),
            (
                lambda: nm.networks.recurrent_crossbar([[0.0, 1e-3], [1e-3, 1e-3]]),
                "neuron 1 drives itself at once through row and column 1: give delay=, or a conductance of 0 S there",
            ),
            (
                lambda: nm.networks.join_through_crossbar(nm.networks.chain(2), ["n0"], ["n1"], [[1e-3, 1e-3]]),
                "a crossbar of 1 rows and 2 columns cannot join 1 sources to 1 targets",
            ),
            (
                lambda: nm.networks.join_through_crossbar(nm.networks.chain(2), ["n7"], ["n1"], [[1e-3]]),
                "sources must be names of nodes of the graph, got 'n7'",
            ),
            (
                lambda: nm.networks.join_through_crossbar(nm.networks.chain(2), ["n0"], "n1", [[1e-3]]),
                "targets must be names of nodes of the graph, got 'n1'",
            ),
            (
                lambda: nm.networks.join_through_crossbar(nm.networks.chain(2), ["n0", "n0"], ["n1"], [[1e-3], [1e-3]]),
                "sources must be different nodes, got ['n0', 'n0']",
            ),
            (
                lambda: nm.networks.join_through_crossbar(nm.networks.chain(2), ["n0"], ["n1"], [[1e-3]], name="n1"),
                "the graph has a node 'n1' already: give another name",
            ),
        ],
    )
    def test_what_does_not_fit(self, make, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            make()
