"""Lengths of a neuron's pulses on both roads, where pulses follow each other so closely that they nearly touch."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.validate import Tolerances
from neuromorph.validate.networks.neurons import compare_neurons

LENGTH = 100e-6
SPIKES = (1e-3, 1e-3 + LENGTH, 3e-3)


def plan():
    graph = networkx.DiGraph(t_stop=5e-3)
    driver = nm.PulseDriver(v_pulse=0.5, t_pulse=LENGTH)
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=1e-4), driver=driver)
    return nm.compose(graph).plan


def recording(pulses):
    """A line with sharp edges, and a spike where each of the three pulses began."""
    edges = np.repeat(np.ravel(pulses), 2)
    values = np.tile([0.0, 0.5, 0.5, 0.0], len(edges) // 4)
    time, line = np.concatenate([[0.0], edges, [5e-3]]), np.concatenate([[0.0], values, [0.0]])
    spikes = SpikeTrains(SPIKES, np.zeros(3, dtype=int), names=("a",))
    return Recording(time, {"a.v_line": line}, {"a.v_line": "V"}, spikes=spikes, provenance={"neurons": ["a"]})


def pulse_length(reference, candidate):
    (neuron,) = compare_neurons(plan(), recording(reference), recording(candidate), Tolerances.for_networks(), {})
    (criterion,) = (c for c in neuron.criteria if c.name == "pulse length")
    return neuron, criterion


TOUCHING = [(SPIKES[0], SPIKES[1] + LENGTH), (SPIKES[2], SPIKES[2] + LENGTH)]


def test_two_pulses_that_are_one_on_the_other_road_are_no_difference():
    apart = [(SPIKES[0], SPIKES[1] - 1e-9), (SPIKES[1], SPIKES[1] + LENGTH), TOUCHING[1]]
    neuron, criterion = pulse_length(TOUCHING, apart)
    assert neuron.pulses == (pytest.approx(LENGTH, rel=1e-9), pytest.approx(LENGTH - 1e-9 / 3, rel=1e-9))
    assert criterion.passed
    assert criterion.value == pytest.approx(1e-9 / 3 / LENGTH, rel=1e-3)


def test_longer_pulses_are_a_difference_though_they_touch():
    longer = [(start, end + 0.05 * LENGTH) for start, end in TOUCHING]
    _, criterion = pulse_length(TOUCHING, longer)
    # Of three pulses two show their ends.
    assert criterion.value == pytest.approx(0.05 * 2 / 3, rel=1e-6)
    assert not criterion.passed
