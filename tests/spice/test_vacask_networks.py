"""Dense networks in VACASK: every neuron fires as often as in the equations, at the same times."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm


def wired(size: int) -> networkx.DiGraph:
    """Neurons that drive each other through one crossbar with wires, a microsecond later."""
    generator = np.random.default_rng(size)
    conductances = generator.uniform(0.5, 1.5, (size, size)) * 4e-3 / size
    np.fill_diagonal(conductances, 0.0)
    drives = [nm.Constant(value=float(value)) for value in generator.uniform(1.0e-3, 1.4e-3, size)]
    crossbar = nm.Crossbar(conductances, r_word=2.0, r_bit=2.0)
    return nm.networks.recurrent_crossbar(crossbar, neuron=nm.MemristiveALIF(), drive=drives, delay=1e-6)


def leaky(size: int) -> networkx.DiGraph:
    """Neurons that reset in no time, half of whose synapses inhibit."""
    generator = np.random.default_rng(size)
    weights = generator.uniform(-0.15e-3, 0.15e-3, (size, size))
    np.fill_diagonal(weights, 0.0)
    drives = [nm.Constant(value=float(value)) for value in generator.uniform(0.15e-3, 0.3e-3, size)]
    neuron = nm.LIF(capacitance=3e-9, t_refractory=0.0)
    return nm.networks.recurrent(size, 0, weights=weights, neuron=neuron, drive=drives, prefixes=("n", "i"))


@pytest.mark.parametrize(
    ("graph", "t_stop"),
    [
        (nm.networks.random_network(8, 0.5, seed=0), 0.1e-3),
        (nm.networks.random_network(8, 0.5, seed=3), 0.1e-3),
        (nm.networks.winner_take_all(4), 0.1e-3),
        (wired(4), 0.15e-3),
        (leaky(4), 0.15e-3),
    ],
    ids=["random", "random again", "winner take all", "crossbar with wires and delays", "resets in no time"],
)
def test_networks_fire_as_in_the_equations(graph: networkx.DiGraph, t_stop: float):
    network = nm.compose(graph)
    exact, found = (nm.simulate(network, t_stop=t_stop, engine=engine).spikes for engine in ("ode", "vacask"))
    assert len(exact) > 5
    assert found.counts().tolist() == exact.counts().tolist()
    for name in network.neurons:
        assert np.max(np.abs(found.of(name) - exact.of(name)), initial=0.0) < 0.3e-6


@pytest.mark.parametrize(("fidelity", "delay"), [("macromodel", 2e-6), ("transistor", 0.0)])
def test_networks_with_real_parts_fire_as_in_ngspice(fidelity: str, delay: float):
    """Lines that jump with a pulse were resolved to the tolerance of membranes, until no step was short enough."""
    graph = networkx.DiGraph(name="real", t_stop=30e-6)
    for name in ("a", "b"):
        driver = nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6)
        graph.add_node(name, neuron=nm.MemristiveALIF(), drive=nm.Constant(value=1e-3), driver=driver)
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=2e-3, delay=delay))
    network = nm.compose(graph, fidelity=fidelity)
    runs = [nm.simulate(network, engine=engine, warn=False).spikes for engine in ("ngspice", "vacask")]
    assert runs[0].counts().tolist() == runs[1].counts().tolist()
    assert runs[0].counts().min() > 0
    assert np.max(np.abs(runs[0].times - runs[1].times)) < 0.05e-6
