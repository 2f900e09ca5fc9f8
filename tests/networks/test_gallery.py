"""The circuits of the gallery that are networks: they do what they say, on the equations and as scripts."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import numpy as np
import pytest

import neuromorph as nm


@pytest.fixture
def gallery(root):
    """A function that imports a script of the gallery."""

    def load(name):
        spec = importlib.util.spec_from_file_location(f"gallery_{name}", root / "circuits" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def _with_synapse(network, **changes):
    graph = network.graph.copy()
    for *_, attributes in graph.edges(data=True):
        attributes["synapse"] = attributes["synapse"].replace(**changes)
    return nm.compose(graph)


def test_a_synapse_learns_to_make_the_second_neuron_fire(gallery):
    network = gallery("two_neurons").design()
    recording = nm.simulate(network)
    post, x, time = recording.spikes.of("post"), recording["pre->post.x"], recording.time
    assert 1.5e-3 < post[0] < 2.5e-3
    assert np.interp(1e-3, time, x) == pytest.approx(0.64, abs=0.02)
    # Its own pulses take away what the others gave: without them on the synapse it goes on to learn.
    alone = nm.simulate(_with_synapse(network, v_back=0.0))
    assert x[-1] < 0.85 < 0.95 < alone["pre->post.x"][-1]
    assert len(alone.spikes.of("post")) > 1.5 * len(post)


def test_the_largest_current_wins_and_then_the_next(gallery):
    script = gallery("winner_take_all")
    network = script.design()
    recording = nm.simulate(network)
    assert script.winners(recording) == ("n0", "n2")
    counts = dict(zip(network.neurons, recording.spikes.counts().tolist(), strict=True))
    assert counts["n1"] == counts["n3"] == 0
    # It is the inhibition that does it.
    free = nm.simulate(_with_synapse(network, conductance=0.0))
    assert min(free.spikes.counts()) > 50


def test_wires_take_from_the_recurrent_network(gallery):
    network = gallery("recurrent_8").design()
    assert [part.crossbar.shape for part in network.plan.crossbars] == [(6, 8), (2, 8)]
    graph = network.graph.copy()
    for name in ("excitation", "inhibition"):
        graph.nodes[name]["crossbar"] = nm.Crossbar(graph.nodes[name]["crossbar"].conductances)
    recording, ideal = nm.simulate(network), nm.simulate(nm.compose(graph))
    assert min(recording.spikes.counts()) > 10
    largest = [max(np.abs(r[f"{name}.i_syn"]).max() for name in network.neurons) for r in (recording, ideal)]
    assert largest[0] < largest[1]
    assert not np.array_equal(recording.spikes.counts(), ideal.spikes.counts())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["two_neurons", "winner_take_all", "recurrent_8"])
def test_scripts_say_that_both_roads_agree(name, root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(root / "circuits" / f"{name}.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert re.search(r"^verdict: agree", done.stdout, re.MULTILINE), done.stdout
    assert "not sensitive" in done.stdout
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
