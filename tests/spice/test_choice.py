"""Which engine is picked for which circuit, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars.spice.deck import crossbar_deck
from neuromorph.errors import EngineNotFoundError
from neuromorph.roads import deck_of, working_point
from neuromorph.spice.choice import choose_engine

ALIF = nm.MemristiveALIF()


def deck(design: Any, t_stop: float | None = None) -> nm.Deck:
    return deck_of(design, *working_point(design, None, t_stop))


def population(size: int, synapse: nm.Synapse | None = None) -> nm.Network:
    """Neurons of which each drives every other."""
    graph = nm.networks.recurrent(size, 0, neuron=ALIF, drive=nm.Constant(value=1e-3))
    for edge in graph.edges:
        graph.edges[edge]["synapse"] = synapse or graph.edges[edge]["synapse"]
    return nm.compose(graph)


def lowpass(t_stop: float | None = 1e-3, sections: int = 1, t_max: float | None = None) -> nm.Deck:
    circuit = nm.Schematic("lowpass", probes={"v": "v(n0)"}, resolution=nm.Resolution(t_max=t_max))
    circuit.V("in", "n0", circuit.gnd, 1.0)
    for k in range(sections):
        circuit.R(f"{k}", f"n{k}", f"n{k + 1}", 1e3)
        circuit.C(f"{k}", f"n{k + 1}", circuit.gnd, 1e-9)
    return nm.make_deck(circuit, t_stop=t_stop)


def array(size: int, t_stop: float | None) -> nm.Deck:
    if t_stop is None:
        return crossbar_deck(nm.Crossbar(np.full((size, size), 1e-4), r_word=1.0, r_bit=1.0))
    devices = nm.DeviceArray(nm.MMS(), np.full((size, size), 0.2))
    crossbar = nm.Crossbar(devices=devices, r_word=1.0, r_bit=1.0)
    return crossbar_deck(crossbar, nm.Sine(amplitude=0.6, frequency=100.0), t_stop)


@pytest.mark.parametrize(
    ("circuit", "engine", "why"),
    [
        (lambda: deck(ALIF), nm.Vacask(), "1 memristor and 1 threshold of switches: VACASK has memristors compiled"),
        (lambda: deck(nm.LIF()), nm.Ngspice(), "no memristors and 1 threshold of switches: when one acts ngspice"),
        (lambda: deck(population(2), 1e-3), nm.Ngspice(), "2 memristors and 4 thresholds of switches: when one acts"),
        (lambda: deck(population(8), 1e-3), nm.Ngspice(), "8 memristors and 16 thresholds of switches: when one acts"),
        (lambda: deck(population(4, nm.MemristiveSynapse()), 1e-3), nm.Vacask(), "16 memristors and 8 thresholds"),
        (lambda: deck(ALIF.at_fidelity("macromodel"), 0.5e-3), nm.Vacask(), "nothing switches: VACASK keeps"),
        (lambda: array(16, 10e-3), nm.Vacask(), "nothing switches: VACASK keeps its tolerance in fewer steps"),
        (lambda: lowpass(), nm.Ngspice(), "a small run without switches, in which ngspice starts sooner"),
        (lambda: lowpass(sections=1000), nm.Vacask(), "nothing switches: VACASK keeps"),
        (lambda: lowpass(t_max=1e-9), nm.Vacask(), "nothing switches: VACASK keeps"),
        (lambda: lowpass(None), nm.Ngspice(), "a small operating point, for which ngspice starts sooner"),
        (lambda: array(32, None), nm.Vacask(), "for which VACASK has the faster solver"),
        (lambda: array(8, None), nm.Ngspice(), "a small operating point"),
    ],
    ids=[
        "memristive neuron", "leaky neuron", "two neurons", "eight neurons", "memristive synapses", "macromodel",
        "array of memristors", "small run", "large run", "fine run", "point", "large array", "small array",
    ],
)  # fmt: skip
def test_what_the_circuit_holds_decides(circuit: Any, engine: Any, why: str):
    choice = choose_engine(circuit())
    assert choice.engine == engine
    assert why in choice.why


def test_a_recording_says_which_and_why():
    found = nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), t_stop=1e-3, engine="auto")
    assert found.provenance["engine"] == "ngspice"
    assert found.provenance["engine_choice"].startswith("no memristors and 1 threshold of switches: ")


def test_what_vacask_cannot_state_goes_to_ngspice():
    circuit = nm.Schematic("junction", probes={"v": "v(c)"})
    circuit.V("c", "c", circuit.gnd, 1.0)
    circuit.Q("1", "c", "c", circuit.gnd, model="npn")
    circuit.model("npn", "NPN")
    choice = choose_engine(nm.make_deck(circuit, t_stop=1e-3))
    assert choice.engine == nm.Ngspice()
    assert "ngspice, because VACASK cannot run" in choice.why
    assert "elements Q have no counterpart there" in choice.why


def test_options_of_one_engine_are_a_choice():
    choice = choose_engine(deck(nm.LIF()), nm.VacaskOptions(reltol=1e-6))
    assert (choice.engine, choice.why) == (nm.Vacask(), "the options are VACASK's")
    choice = choose_engine(deck(ALIF), nm.NgspiceOptions(extra={"gmin": 1e-12}))
    assert choice.engine == nm.Ngspice()
    assert "VACASK has no counterpart of ngspice's options gmin" in choice.why


def test_the_only_one_that_is_here_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "/nowhere/ngspice")
    choice = choose_engine(deck(nm.LIF()))
    assert choice.engine == nm.Vacask()
    assert "VACASK has all that the circuit needs, and ngspice cannot be used: /nowhere/ngspice" in choice.why
    monkeypatch.setenv("NEUROMORPH_VACASK", "/nowhere/vacask")
    with pytest.raises(EngineNotFoundError, match=r"no SPICE engine can run 'lif'\. ngspice .*VACASK cannot be used"):
        choose_engine(deck(nm.LIF()))
    monkeypatch.delenv("NEUROMORPH_NGSPICE")
    choice = choose_engine(deck(ALIF))
    assert choice.engine == nm.Ngspice()
    assert "ngspice, because VACASK cannot be used: /nowhere/vacask" in choice.why


def test_options_of_an_engine_that_cannot_run_the_circuit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NEUROMORPH_VACASK", "/nowhere/vacask")
    with pytest.raises(EngineNotFoundError, match="the options are VACASK's, and VACASK cannot be used"):
        choose_engine(deck(ALIF), nm.VacaskOptions())
