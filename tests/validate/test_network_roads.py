"""Networks on both roads: those that agree, those of which one edge is off, those that are sensitive."""

from __future__ import annotations

import dataclasses
import json

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.networks import recurrent_crossbar
from neuromorph.validate import NetworkValidation, Tolerances

CAPACITANCE = 220e-9
NEURON = nm.MemristiveALIF(capacitance=CAPACITANCE)
DRIVER = nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6)


def three(weight=0.6e-3, t_stop=4e-3, **driven) -> networkx.DiGraph:
    """Two driven neurons and a source of spikes; excitation, inhibition, a delay, a low-pass."""
    graph = networkx.DiGraph(name="three", t_stop=t_stop)
    graph.add_node("a", neuron=NEURON, drive=nm.Constant(value=1.0e-3), driver=DRIVER)
    graph.add_node("b", neuron=NEURON, drive=nm.Constant(value=0.9e-3), driver=DRIVER)
    graph.add_node("source", spikes=[0.3e-3, 1.1e-3, 2.3e-3], driver=DRIVER)
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=1e-3))
    graph.add_edge("source", "b", synapse=nm.StaticSynapse(conductance=0.5e-3, delay=50e-6))
    graph.add_edge("b", "a", synapse=nm.LowPassSynapse(conductance=weight, tau=150e-6, inhibitory=True))
    return graph


@pytest.fixture(scope="module")
def agreeing() -> NetworkValidation:
    return nm.cross_validate(nm.compose(three()))


def test_both_roads_agree(agreeing):
    check = agreeing
    assert isinstance(check, NetworkValidation)
    assert check.passed, check.summary()
    assert not check.sensitivity.is_sensitive
    assert [n.name for n in check.neurons] == ["a", "b"]
    assert check.metrics["spike_count_reference"] == check.metrics["spike_count_candidate"] > 10
    assert check.metrics["isi_error_max"] < 1e-4
    assert {e.name for e in check.edges} == {"a->b", "source->b", "b->a"}
    # Both roads have the weights of the graph.
    weights = {e.name: (e.reference, e.candidate) for e in check.edges}
    for name, weight in {"a->b": 1e-3, "source->b": 0.5e-3, "b->a": 0.6e-3}.items():
        assert weights[name] == (pytest.approx(weight, rel=1e-3), pytest.approx(weight, rel=1e-3))


def test_what_is_left_is_numerical(agreeing):
    assert all(c.is_numerical is not None for c in agreeing.criteria)
    assert set(agreeing.numerical_error) == {"reference", "candidate"}
    assert agreeing.numerical_error["reference"]["spike_time_error_max"] < 1e-9
    assert agreeing.numerical_error["candidate"]["spike_time_error_max"] < 1e-6


def test_the_report_names_neurons_edges_totals_and_reasons(agreeing):
    text = agreeing.summary()
    for expected in (
        "three: rk4",
        "2 neurons, 3 edges, 4 ms",
        "not sensitive, spikes are judged one by one",
        f"worst neuron: {agreeing.worst_neuron.name}",
        f"worst edge: {agreeing.worst_edge.name}",
        "spikes of all",
        "error budget: ngspice",
        "verdict: agree",
    ):
        assert expected in text
    plain = json.loads(json.dumps(agreeing.to_dict()))
    assert plain["passed"] is True
    assert set(plain["neurons"]) == {"a", "b"}
    assert plain["sensitivity"]["is_sensitive"] is False
    assert plain["reference"]["spike_times"]["a"] == agreeing.reference.spikes.of("a").tolist()


def test_the_picture(agreeing, tmp_path):
    figure = agreeing.plot(tmp_path / "three.png")
    assert (tmp_path / "three.png").stat().st_size > 10_000
    assert "agree" in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("off", [0.95, 1.05])
def test_one_weight_off_by_five_percent_fails_and_is_named(off):
    check = nm.cross_validate((nm.compose(three()), nm.compose(three(weight=off * 0.6e-3))), error_budget=False)
    assert not check.passed
    assert check.worst_edge.name == "b->a"
    assert check.worst_edge.difference == pytest.approx(off - 1, abs=2e-3)
    assert "weight of b->a" in [c.name for c in check.criteria if not c.passed]
    assert f"worst edge: b->a differs by {100 * (off - 1):+.1g}" in check.summary()
    assert "DISAGREE" in check.summary()


def test_the_error_budget_says_that_the_models_differ():
    check = nm.cross_validate((nm.compose(three()), nm.compose(three(weight=1.05 * 0.6e-3))), t_stop=2e-3)
    assert "the models differ: weight of b->a" in check.summary()


def test_a_pulse_of_another_length_is_found():
    """2 % longer pulses of one neuron: its own line shows it, whatever they do to the other."""
    longer = three()
    longer.nodes["a"]["driver"] = dataclasses.replace(DRIVER, t_pulse=102.5e-6)
    check = nm.cross_validate((nm.compose(three()), nm.compose(longer)), t_stop=2e-3, error_budget=False)
    assert "pulse length (a)" in [c.name for c in check.criteria if not c.passed]
    assert check.worst_neuron.name == "a"


def test_a_delay_that_is_off_leaves_current_over():
    late = three()
    late.edges["source", "b"]["synapse"] = nm.StaticSynapse(conductance=0.5e-3, delay=55e-6)
    check = nm.cross_validate((nm.compose(three()), nm.compose(late)), t_stop=2e-3, error_budget=False)
    assert "current left over (b)" in [c.name for c in check.criteria if not c.passed]


def test_drives_replace_those_of_the_graph_on_both_roads():
    check = nm.cross_validate(nm.compose(three()), {"b": nm.Constant(value=1.3e-3)}, t_stop=2e-3, error_budget=False)
    assert check.passed, check.summary()
    plain = nm.simulate(nm.compose(three()), t_stop=2e-3)
    assert len(check.reference.spikes.of("b")) > len(plain.spikes.of("b"))
    assert "run with the error budget" not in check.summary()
    assert "error budget: not measured" in check.summary()


def test_neurons_that_are_not_recorded_are_judged_by_their_spikes():
    check = nm.cross_validate(nm.compose(three(), record=["a"]), t_stop=2e-3, error_budget=False)
    assert check.passed, check.summary()
    assert check.neurons[1].comparison.nrmse == {}
    by_name = {edge.name: edge for edge in check.edges}
    assert by_name["a->b"].difference is None
    assert "nm.compose(graph, record=...)" in by_name["a->b"].remark
    assert by_name["b->a"].remark.endswith("with a and b measures it")


def test_arguments_that_a_network_does_not_take():
    network = nm.compose(three())
    with pytest.raises(ValueError, match=r"nm.compose\(graph, fidelity=..., record=...\)"):
        nm.cross_validate(network, fidelity="macromodel")
    with pytest.raises(ValueError, match="has no neuron 'c' to drive; its neurons: a, b"):
        nm.cross_validate(network, {"c": nm.Constant(value=1e-3)})
    with pytest.raises(ValueError, match="give a dict with a stimulus for each neuron"):
        nm.cross_validate(network, nm.Constant(value=1e-3))
    other = networkx.relabel_nodes(three(), {"a": "z"})
    with pytest.raises(ValueError, match="must have the same ones and record the same: a, b against z, b"):
        nm.cross_validate((network, nm.compose(other)))
    with pytest.raises(ValueError, match="got Network, MemristiveALIF"):
        nm.cross_validate((network, NEURON))


def through_crossbar(n: int, feed_back: bool = True):
    """Memristive neurons, excitation and inhibition of random size through two crossbars."""
    rng = np.random.Generator(np.random.PCG64(2))
    weights = rng.uniform(-1.0, 1.0, (n, n)) * 4e-3 / n
    weights = weights * (1 - np.eye(n)) if feed_back else np.triu(weights, 1)
    return recurrent_crossbar(
        weights,
        neuron=nm.MemristiveALIF(capacitance=1e-6),
        drive=[nm.Constant(value=float(i)) for i in np.linspace(1.0e-3, 1.4e-3, n)],
        driver=nm.PulseDriver(v_pulse=0.5, t_pulse=200e-6),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("n", "feed_back"), [(2, True), (4, True), (8, False), (8, True), (16, True)])
def test_memristive_neurons_through_a_crossbar(n, feed_back):
    """20 ms: counts within one for each neuron, intervals within 2 % unless the network is sensitive."""
    check = nm.cross_validate(nm.compose(through_crossbar(n, feed_back)), t_stop=20e-3, error_budget=False)
    assert check.passed, check.summary()
    assert not check.sensitivity.is_sensitive, check.summary()
    assert check.metrics["spike_count_reference"] >= 8 * n
    for neuron in check.neurons:
        match = neuron.comparison.match
        assert abs(len(match.reference) - len(match.candidate)) <= 1
        assert np.max(np.abs(match.interval_errors()), initial=0.0) < 2e-2
    assert check.metrics["isi_error_max"] < 1e-3
    assert all(edge.difference is not None for edge in check.edges), check.summary()


@pytest.mark.slow
def test_one_device_of_a_crossbar_off_by_five_percent_is_named():
    """Of the 56 devices between eight neurons the third largest, which moves no interval by 2 %."""
    graph, wrong = through_crossbar(8), through_crossbar(8)
    crossbar = wrong.nodes["crossbar"]["crossbar"]
    conductances = np.array(crossbar.conductances)
    i, j = np.unravel_index(np.argsort(conductances, axis=None)[-3], conductances.shape)
    conductances[i, j] *= 1.05
    wrong.nodes["crossbar"]["crossbar"] = nm.Crossbar(conductances)
    check = nm.cross_validate((nm.compose(graph), nm.compose(wrong)), t_stop=6e-3, error_budget=False)
    assert not check.passed
    assert check.worst_edge.name == f"crossbar[{i},{j}] (n{i}->n{j})"
    assert check.worst_edge.difference == pytest.approx(0.05, abs=1e-3)
    failed = [c.name for c in check.criteria if not c.passed]
    assert f"weight of crossbar[{i},{j}] (n{i}->n{j})" in failed


def balanced(wrong: float = 1.0):
    """Four LIF neurons that excite and inhibit each other."""
    rng = np.random.Generator(np.random.PCG64(4))
    weights = rng.uniform(0.5, 1.5, (4, 4)) * 5e-4 * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    weights *= rng.random((4, 4)) < 0.6
    np.fill_diagonal(weights, 0.0)
    drives = [nm.Constant(value=float(110e-6 * share)) for share in rng.uniform(0.9, 1.3, 4)]
    weights[0, 2] *= wrong
    driver = nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6)
    return nm.compose(recurrent_crossbar(weights, neuron=nm.LIF(), drive=drives, driver=driver, delay=50e-6))


@pytest.mark.slow
def test_a_sensitive_network_is_judged_as_samples():
    check = nm.cross_validate(balanced(), t_stop=20e-3, error_budget=False)
    assert check.sensitivity.is_sensitive
    assert check.passed, check.summary()
    names = [c.name for c in check.criteria]
    assert "population rate" in names
    assert any(n.startswith("distribution of intervals") for n in names)
    assert not any(n.startswith(("interspike interval", "spike time", "unmatched")) for n in names)
    text = check.summary()
    assert "SENSITIVE" in text
    assert "spikes agree one by one until" in text
    assert "verdict: agree - judged statistically, since the network is sensitive" in text
    assert json.loads(json.dumps(check.to_dict()))["statistics"]["rate_resolved"] < 0.2
    assert check.plot() is not None


@pytest.mark.slow
def test_a_weight_that_is_off_is_found_in_a_sensitive_network():
    check = nm.cross_validate((balanced(), balanced(1.05)), t_stop=10e-3, error_budget=False)
    assert not check.passed
    assert check.worst_edge.name == "crossbar[0,2] (n0->n2)"
    assert check.worst_edge.difference == pytest.approx(0.05, abs=1e-3)


def test_tolerances_of_networks():
    tolerances = Tolerances.for_networks()
    assert (tolerances.isi, tolerances.spike_count, tolerances.weight) == (2e-2, 1, 1e-2)
    with pytest.raises(ValueError, match="tolerance weight must be a number of at least 0"):
        Tolerances(weight=-1.0)


@pytest.mark.filterwarnings("ignore:neuron 'a'. the neuron never fires")
def test_what_switches_that_are_off_let_through_is_no_difference():
    """A neuron that no pulse ever reaches gets nanoamperes in the circuit and nothing in the equations."""
    graph = networkx.DiGraph(name="silent source", t_stop=1e-3)
    graph.add_node("a", neuron=NEURON, drive=nm.Constant(value=0.1e-3), driver=DRIVER)
    graph.add_node("b", neuron=NEURON, drive=nm.Constant(value=1e-3))
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=4e-3))
    check = nm.cross_validate(nm.compose(graph), error_budget=False)
    assert np.any(check.candidate["b.i_syn"])
    assert 0 < check.left_over["b"] < 0.01
    assert check.passed, check.summary()


@pytest.mark.parametrize("spikes", [[1e-4], [1e-4, 1e-4, 5.0], [0.0]])
def test_one_short_pulse_of_a_source_is_seen_on_both_roads(spikes):
    """The equations make one step of it, and record nothing inside."""
    graph = networkx.DiGraph(name="one pulse", t_stop=0.5e-3)
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=0.3e-3))
    graph.add_node("source", spikes=spikes, driver=nm.PulseDriver(v_pulse=0.5, t_pulse=10e-6))
    graph.add_edge("source", "a", synapse=nm.StaticSynapse(conductance=2e-3))
    check = nm.cross_validate(nm.compose(graph), error_budget=False)
    assert check.passed, check.summary()
    assert check.worst_edge.reference == pytest.approx(2e-3, rel=1e-6)
    heavier = graph.copy()
    heavier.edges["source", "a"]["synapse"] = nm.StaticSynapse(conductance=2.1e-3)
    wrong = nm.cross_validate((nm.compose(graph), nm.compose(heavier)), error_budget=False)
    assert [c.name for c in wrong.criteria if not c.passed] == ["weight of source->a"]


@pytest.mark.slow
@pytest.mark.parametrize("memristor", [nm.VTEAM(), nm.Yakopcic(), nm.GMMS(), nm.LinearIonDrift()])
def test_synapses_of_every_memristor_learn_the_same_on_both_roads(memristor):
    graph = networkx.DiGraph(name="learning", t_stop=2e-3)
    for name, current in (("a", 1.0e-3), ("b", 0.9e-3)):
        graph.add_node(name, neuron=NEURON, drive=nm.Constant(value=current), driver=DRIVER)
    forth = nm.MemristiveSynapse(memristor=memristor, x0=0.5, v_back=-0.3)
    graph.add_edge("a", "b", synapse=forth)
    graph.add_edge("b", "a", synapse=nm.MemristiveSynapse(memristor=memristor, x0=0.5, inhibitory=True))
    check = nm.cross_validate(nm.compose(graph), error_budget=False)
    assert check.passed, check.summary()
    assert all(len(n.comparison.match.reference) == len(n.comparison.match.candidate) > 0 for n in check.neurons)
    assert np.ptp(check.reference["a->b.x"]) > 1e-4
