"""The part of a network's recording that belongs to one neuron."""

from __future__ import annotations

import pytest

from neuromorph.recording import Recording, SpikeTrains


def network() -> Recording:
    return Recording(
        [0.0, 1e-3, 2e-3],
        {
            "a.v_mem": [0.0, 0.1, 0.2],
            "a.v_line": [0.0, 0.5, 0.0],
            "ab.v_mem": [1.0, 2.0, 3.0],
            "a->ab.x": [0.0, 0.0, 0.1],
        },
        {"a.v_mem": "V", "a.v_line": "V", "ab.v_mem": "V"},
        spikes=SpikeTrains([1.5e-3, 0.5e-3, 1e-3], [0, 0, 1], names=("a", "ab", "silent")),
        provenance={
            "engine": "ngspice",
            "design": "three",
            "neurons": ["a", "ab", "silent"],
            "states": ["a.v_mem", "ab.v_mem", "a->ab.x"],
            "inputs": [],
            "parameters": {"a.c": 1e-9, "ab.c": 2e-9},
        },
    )


def test_one_neuron_under_its_own_names():
    part = network().neuron("a")
    assert part.names == ("v_mem", "v_line")
    assert part.units == {"v_mem": "V", "v_line": "V"}
    assert part.spikes.times.tolist() == [0.5e-3, 1.5e-3]
    assert part.spikes.names == ("a",)
    assert part["v_mem"].tolist() == [0.0, 0.1, 0.2]


def test_provenance_of_one_neuron():
    known = network().neuron("ab").provenance
    assert (known["design"], known["network"], known["engine"]) == ("ab", "three", "ngspice")
    assert known["states"] == ["v_mem"]
    assert known["parameters"] == {"c": 2e-9}
    assert known["spike_signal"] is None
    assert network().neuron("a").provenance["spike_signal"] == "v_line"


def test_a_neuron_of_which_only_spikes_were_recorded():
    part = network().neuron("silent")
    assert part.names == ()
    assert len(part.spikes) == 0
    assert part.time.tolist() == [0.0, 1e-3, 2e-3]


def test_unknown_neurons_and_recordings_of_one_neuron():
    with pytest.raises(ValueError, match="no neuron 'b'; choices: a, ab, silent"):
        network().neuron("b")
    with pytest.raises(ValueError, match="no network, so there is no neuron 'a' in it"):
        Recording([0.0], {"v": [0.0]}).neuron("a")
