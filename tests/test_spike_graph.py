"""Arriving spikes from a graph of Poisson sources and neurons: rates, shared sources, delays, both roads, bad graphs."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from scipy import stats

import neuromorph as nm


def graph_of(nodes, edges=()):
    graph = nx.DiGraph()
    for name, given in nodes.items():
        graph.add_node(name, **given)
    for source, target, given in edges:
        graph.add_edge(source, target, **given)
    return graph


def shared():
    """One source fires at both neurons, one at the second alone and there late, as inhibition."""
    return graph_of(
        {"x": {"rate": 100.0}, "y": {"rate": 10.0, "n_sources": 5}, "a": {"neuron": True}, "b": {"neuron": True}},
        [("x", "a", {}), ("x", "b", {}), ("y", "b", {"inhibitory": True, "delay": 2e-3})],
    )


def test_a_source_fires_at_all_its_neurons():
    found = nm.spike_inputs(shared(), 1.0, seed=1)
    assert list(found) == ["a", "b"]
    assert found["a"]["s_exc"] == found["b"]["s_exc"]
    assert found["a"]["s_inh"].times == ()
    undelayed = nm.spike_inputs(
        graph_of({"o": {"rate": 1.0}, "y": {"rate": 50.0}, "b": {"neuron": 0}}, [("y", "b", {})]), 1.0, seed=1
    )
    assert found["b"]["s_inh"].times == pytest.approx([t + 2e-3 for t in undelayed["b"]["s_exc"].times])


def test_a_longer_run_begins_with_the_shorter_one_and_the_seed_counts():
    short, long, other = (
        nm.spike_inputs(shared(), t, seed=s)["a"]["s_exc"].times for t, s in ((0.5, 1), (20.0, 1), (0.5, 2))
    )
    assert long[: len(short)] == short
    assert len(long) > 1024  # more than are drawn at once
    assert other != short


def test_sources_are_poisson_processes():
    """4.5 standard errors: a right one fails once in 1e5. 5 % more rate is found with 98 %; a regular train, or one of CV 0.9, by Kolmogorov."""
    rate, t_stop = 500.0, 60.0
    times = np.array(
        nm.spike_inputs(graph_of({"x": {"rate": rate}, "a": {"neuron": 0}}, [("x", "a", {})]), t_stop)["a"][
            "s_exc"
        ].times
    )
    n = rate * t_stop
    assert len(times) == pytest.approx(n, abs=4.5 * math.sqrt(n))
    assert stats.norm.sf((4.5 * math.sqrt(n) - 0.05 * n) / math.sqrt(1.05 * n)) > 0.98
    assert stats.kstest(np.diff(times), stats.expon(scale=1 / rate).cdf).pvalue > 1e-5
    assert stats.kstest(np.diff(times), stats.gamma(1 / 0.9**2, scale=0.9**2 / rate).cdf).pvalue < 1e-5


def test_neurons_of_a_graph_agree_on_both_roads_and_in_a_batch():
    graph = graph_of(
        {
            "e": {"rate": 10.0, "n_sources": 100},
            "i": {"rate": 20.0, "n_sources": 30},
            "a": {"neuron": 0},
            "b": {"neuron": 0},
        },
        [("e", "a", {}), ("e", "b", {"delay": 1e-3}), ("i", "b", {"inhibitory": True})],
    )
    neuron, drives = nm.ConductanceLIF(w_exc=4e-9), nm.spike_inputs(graph, 0.1, seed=3)
    check = nm.cross_validate(neuron, drives["b"], 0.1)
    assert check.passed
    batch = nm.simulate_batch(
        neuron,
        {kind: [drives[name][kind] for name in "ab"] for kind in ("s_exc", "s_inh")},
        0.1,
        2,
        solver=nm.RK4(dt=20e-6),
    )
    assert len(batch.spikes.of(0)) > len(batch.spikes.of(1)) > 2
    np.testing.assert_allclose(batch.spikes.of(1), check.reference.spikes.times, atol=1e-6)


N, R = {"neuron": 0}, {"rate": 1.0}


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ({"x": {}}, [], "node 'x' must have exactly one of neuron, rate, spikes, got none"),
        (
            {"x": {"rate": 1.0, "neuron": 0}},
            [],
            "node 'x' must have exactly one of neuron, rate, spikes, got rate, neuron",
        ),
        ({"x": {"rate": math.nan}}, [], "node 'x': rate must be a finite frequency in Hz of at least 0, got nan"),
        ({"x": {"rate": -1.0}}, [], "node 'x': rate must be a finite frequency in Hz of at least 0, got -1.0"),
        ({"x": {"rate": 1.0, "n_sources": 0}}, [], "node 'x': n_sources must be a whole number from 1 on, got 0"),
        (
            {"x": {"rate": 1.0, "weight": 2}},
            [],
            "'x' has an attribute 'weight' that means nothing here; beside rate it may have n_s",
        ),
        ({"x": {"spikes": [0.1, -0.1]}}, [], "node 'x': times must be at least 0 s, got -0.1 s"),
        ({"x": {"spikes": [math.nan]}}, [], r"node 'x': times must be a sequence .*, got times\[0\] = nan"),
        ({"x": R, "a": N}, [("a", "x", {})], "edge 'a' to 'x': edges go from sources .*nm.compose"),
        (
            {"x": R, "a": N},
            [("x", "a", {"delay": -1.0})],
            "edge 'x' to 'a': delay must be a finite time in s of at least 0",
        ),
        ({"x": R, "a": N}, [("x", "a", {"inhibitory": 1})], "edge 'x' to 'a': inhibitory must be True or False, got 1"),
        (
            {"x": R, "a": N},
            [("x", "a", {"weight": 1})],
            "has an attribute 'weight' that means nothing here; choices: inhibitory, d",
        ),
    ],
)
def test_bad_graphs_are_named(nodes, edges, message):
    with pytest.raises(ValueError, match=message):
        nm.spike_inputs(graph_of(nodes, edges), 1.0)


def test_other_graphs_and_seeds_are_refused():
    for graph in (nx.Graph(), nx.MultiDiGraph(), "graph"):
        with pytest.raises(ValueError, match=r"expected a networkx\.DiGraph, got"):
            nm.spike_inputs(graph, 1.0)
    with pytest.raises(ValueError, match="seed must be a whole number from 0 on, got -1"):
        nm.spike_inputs(nx.DiGraph(), 1.0, seed=-1)
