"""Networks that make large differences of small ones, and others; on the equations' road alone."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.behaviour import default_solver
from neuromorph.networks import recurrent_crossbar
from neuromorph.validate.networks.sensitivity import Sensitivity, perturbed, sensitivity_of

T_STOP = 20e-3
DRIVER = nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6)


def found(network) -> Sensitivity:
    system = network.dynamics()
    solver = default_solver(system)
    reference = nm.simulate(network, t_stop=T_STOP)
    return sensitivity_of(system, reference, T_STOP, solver, isi=2e-2)


def balanced(seed: int, n: int = 8, weight: float = 1e-3):
    """Every other neuron inhibits; 60 % of the synapses are there."""
    rng = np.random.Generator(np.random.PCG64(seed))
    weights = rng.uniform(0.5, 1.5, (n, n)) * weight * np.where(np.arange(n) % 2, -1.0, 1.0)[:, None]
    weights *= rng.random((n, n)) < 0.6
    np.fill_diagonal(weights, 0.0)
    drives = [nm.Constant(value=float(200e-6 * share)) for share in rng.uniform(0.9, 1.3, n)]
    return nm.compose(recurrent_crossbar(weights, neuron=nm.LIF(), drive=drives, driver=DRIVER, delay=50e-6))


def pair(weight: float, drive: float = 80e-6):
    """The first neuron fires regularly; the second one, below its threshold by itself, through a synapse."""
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=200e-6), driver=DRIVER)
    graph.add_node("b", neuron=nm.LIF(), drive=nm.Constant(value=drive))
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=weight))
    return nm.compose(graph)


def test_one_neuron_grows_by_the_law_of_its_interval():
    """dT/T over dI/I of a LIF neuron in closed form; the one neuron is changed by a share between half and all of it."""
    neuron, current = nm.LIF(), 150e-6
    tau, drop = neuron.capacitance * neuron.r_leak, current * neuron.r_leak
    charging = tau * np.log(drop / (drop - neuron.v_th))
    # The first interval has no refractory time in it.
    expected = tau * neuron.v_th / (drop - neuron.v_th) / charging
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=neuron, drive=nm.Constant(value=current))
    assert 0.5 * expected < found(nm.compose(graph)).growth < 1.001 * expected


def test_a_chain_is_not_sensitive():
    outcome = found(pair(5e-4))
    assert not outcome.is_sensitive
    assert outcome.growth < 20
    assert outcome.spikes_changed == 0


@pytest.mark.parametrize("seed", [2, 4])
def test_balanced_excitation_and_inhibition_is_sensitive(seed):
    """A change of a millionth grows until intervals have nothing in common."""
    outcome = found(balanced(seed))
    assert outcome.is_sensitive
    assert outcome.courses[-1] > 1e4
    # It grows over the run, by orders of magnitude.
    early = outcome.courses[np.searchsorted(outcome.times, 2e-3)]
    assert outcome.courses[-1] > 100 * early
    assert np.all(np.diff(outcome.courses) >= 0)


def test_a_threshold_that_is_just_reached_is_sensitive():
    """Bisected: at the least synapse that makes the second neuron fire at all, a ten-thousandth less and it does not."""
    low, high = 1e-5, 1e-3
    for _ in range(40):
        middle = 0.5 * (low + high)
        fires = len(nm.simulate(pair(middle), t_stop=T_STOP).spikes.of("b")) > 0
        low, high = (low, middle) if fires else (middle, high)
    assert found(pair(high)).is_sensitive
    assert found(pair(high)).neuron == "b"
    # As it is on the other side, where there is no spike yet to be moved.
    assert found(pair(low)).is_sensitive
    assert found(pair(low)).spikes_changed > 0
    assert not found(pair(1.2 * high)).is_sensitive


def test_every_current_into_a_neuron_is_changed_by_the_same_share():
    network = balanced(2).dynamics()
    changed = perturbed(network, 1e-3)
    shares = {}
    for before, after in ((network.static, changed.static), (network.inputs, changed.inputs)):
        there = before.currents != 0
        for target, share in zip(
            before.targets[there], after.currents[there] / before.currents[there] - 1.0, strict=True
        ):
            shares.setdefault(int(target), []).append(share)
    for values in shares.values():
        assert np.ptp(values) < 1e-12
        assert 0.5e-3 <= abs(values[0]) <= 1e-3
    signs = [np.sign(values[0]) for values in shares.values()]
    assert sum(signs) == 0


def test_silent_networks_are_not_sensitive():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=10e-6))
    outcome = found(nm.compose(graph))
    assert (outcome.growth, outcome.neuron, outcome.is_sensitive) == (0.0, "", False)
