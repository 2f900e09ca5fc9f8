"""A curve as one run a delay against one deck with a synapse a delay."""

from __future__ import annotations

import numpy as np
import pytest
from taking_turns import shortest

import neuromorph as nm
from neuromorph.schematic import Port, Probe, Resolution, Schematic


def one_deck(synapse, delays):
    """All delays at once: a line of pre for all, a line of post for each."""
    protocols = [nm.SpikeProtocol.pairs(float(delay)) for delay in delays]
    latest = -min(delays)
    pulse, memristor = synapse.pre, synapse.memristor
    circuit = Schematic(
        "stdp",
        ports={"pre": Port("pre", kind="voltage")}
        | {f"post{k}": Port(f"post{k}", kind="voltage") for k in range(len(delays))},
        probes={f"x{k}": Probe(f"v(x{k})", unit="") for k in range(len(delays))},
        initial={f"x{k}": synapse.x0 for k in range(len(delays))},
        resolution=Resolution(t_max=pulse.duration / 50, reltol=1e-7, chgtol=1e-7),
    )
    circuit.raw_spice += memristor.subcircuit()
    for k in range(len(delays)):
        circuit.X(f"m{k}", memristor.subcircuit_name, "pre", f"post{k}", f"x{k}", **memristor.values())
    drives = {"pre": pulse.stimulus([latest])}
    drives |= {f"post{k}": pulse.stimulus([latest + p.post[0]]) for k, p in enumerate(protocols)}
    recording = nm.simulate(circuit, drives, latest + max(delays) + 1.1 * pulse.duration, "ngspice")
    return np.array([recording[f"x{k}"][-1] for k in range(len(delays))])


@pytest.mark.slow
def test_a_run_for_each_delay_is_faster_than_one_deck(capsys):
    delays = np.linspace(-301e-6, 299e-6, 41)
    synapse, states = nm.PlasticSynapse(), {}

    def runs():
        states["runs"] = nm.stdp_curve(delays=delays, engine="ngspice").changes.x

    def deck():
        states["deck"] = one_deck(synapse, delays)

    took = shortest({"runs": runs, "deck": deck}, lambda best: best["deck"] > 1.5 * best["runs"], rounds=1)
    with capsys.disabled():
        ratio = took["deck"] / took["runs"]
        print(f"\none deck takes {ratio:.1f} times as long as a run for each of {delays.size} delays")
    assert states["runs"] == pytest.approx(states["deck"], abs=5e-5)
    assert took["deck"] > 1.5 * took["runs"]
