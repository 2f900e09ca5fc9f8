"""Delays in VACASK: lines against the closed form of their reflections, pulses and networks against the equations and ngspice."""

from __future__ import annotations

import dataclasses

import networkx
import numpy as np
import pytest
from numpy.typing import NDArray

import neuromorph as nm
from neuromorph.schematic.vacask import vacask_deck

SLOW = nm.MemristiveALIF(capacitance=220e-9)


def line(load: float, delay: float, wave: str) -> nm.Schematic:
    """A line of 50 ohm behind 75 ohm."""
    circuit = nm.Schematic("line", probes={"near": "v(a)", "far": "v(b)", "sent": "v(s)"})
    circuit.raw_spice += f"Vs s 0 {wave}\nRs s a 75\nT1 a 0 b 0 z0=50 td={delay!r}\nRload b 0 {load!r}\n"
    circuit.resolution = nm.Resolution(t_max=20e-9)
    return circuit


def far_end(times: NDArray[np.float64], recording: nm.Recording, load: float, delay: float) -> NDArray[np.float64]:
    """The far voltage, as the sum over all ways that the source's voltage takes [V]."""
    at_load, at_source = (load - 50) / (load + 50), (75 - 50) / (75 + 50)
    found = np.zeros_like(times)
    for k in range(200):
        sent = times - (2 * k + 1) * delay
        voltage = np.interp(sent, recording.time, recording["sent"], left=0.0)
        found += voltage * 50 / 125 * (1 + at_load) * (at_load * at_source) ** k
    return found


PULSE = "PULSE(0 1 1u 0.1u 0.1u 3u 20u)"


@pytest.mark.parametrize(
    ("load", "delay", "wave"),
    [(50.0, 2.37e-6, PULSE), (200.0, 2.37e-6, PULSE), (10.0, 0.7e-6, PULSE), (10.0, 1e-9, "SIN(0 1 100k)")],
    ids=["matched", "high", "low", "shorter than a step"],
)
def test_a_line_reflects_as_the_closed_form_says(load: float, delay: float, wave: str):
    found = nm.simulate(line(load, delay, wave), None, 40e-6, engine="vacask")
    times = np.linspace(0, 40e-6, 3001)
    exact = far_end(times, found, load, delay)
    assert np.max(np.abs(np.interp(times, found.time, found["far"]) - exact)) < 2e-3 * np.ptp(exact)
    wrong = far_end(times, found, 0.9 * load, delay)
    assert np.max(np.abs(np.interp(times, found.time, found["far"]) - wrong)) > 2e-2 * np.ptp(exact)


def test_a_line_is_a_wire_at_an_operating_point():
    body = ("Vs s 0 1", "Rs s a 75", "T1 a 0 b 0 z0=50 f=1meg nl=0.25", "Rload b 0 25")
    deck = nm.Deck(name="wire", body=body, probes={"far": nm.Probe("v(b)")}, t_stop=None)
    assert nm.Vacask().run(deck)["far"] == pytest.approx([0.25], rel=1e-6)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("z0=50", "needs a positive Z0 and TD, or Z0 and F"),
        ("td=1n", "needs a positive Z0 and TD, or Z0 and F"),
        ("z0=-50 td=1n", "needs a positive Z0 and TD, or Z0 and F"),
        ("z0=50 td=1n ic=0,0,0,0", "Z0, TD, F and NL can be translated, not 'ic=0,0,0,0'"),
    ],
)
def test_lines_without_a_counterpart_are_refused_by_name(words: str, message: str):
    deck = nm.Deck(name="t", body=("R1 a 0 1k", f"T1 a 0 b 0 {words}"), probes={"a": nm.Probe("v(a)")}, t_stop=1e-3)
    with pytest.raises(ValueError, match=rf"VACASK cannot run 't1 a 0 b 0 {words}': .*{message}; use ngspice"):
        vacask_deck(deck)


def delayed_pulses(times: list[float], delay: float, t_pulse: float) -> nm.Network:
    graph = networkx.DiGraph(name="edges", t_stop=max(times) + delay + 3 * t_pulse)
    graph.add_node("source", spikes=times, driver=nm.PulseDriver(v_pulse=0.5, t_pulse=t_pulse))
    graph.add_node("target", neuron=nm.RCNeuron(v_th=None))
    graph.add_edge("source", "target", synapse=nm.StaticSynapse(conductance=1e-3, delay=delay))
    return nm.compose(graph)


@pytest.mark.parametrize(
    ("times", "delay", "t_pulse"),
    [
        ([1e-4, 2e-4, 2.5e-4, 6e-4], 35e-6, 20e-6),
        ([1e-4, 2e-4, 2.5e-4, 6e-4], 0.8e-3, 20e-6),
        ([1e-4, 1.3e-4], 1e-7, 2e-6),
    ],
    ids=["one on its way", "all on their way at once", "shorter than the pulse"],
)
def test_both_edges_of_every_pulse_come_later_by_the_delay(times: list[float], delay: float, t_pulse: float):
    found = nm.simulate(delayed_pulses(times, delay, t_pulse), engine="vacask")
    level = found["target.i_syn"] / 0.25e-3 - 1
    before = np.nonzero(np.diff(np.sign(level)))[0]
    edges = found.time[before] - level[before] * np.diff(found.time)[before] / np.diff(level)[before]
    expected = np.ravel([[time + delay, time + delay + t_pulse] for time in times])
    assert len(edges) == len(expected)
    assert np.max(np.abs(edges - expected)) < 2e-9


def two_neurons(delay: float, neuron: nm.Neuron = SLOW, current: float = 1e-3) -> nm.Network:
    """A pair that excites one way and inhibits the other."""
    graph = networkx.DiGraph(name="pair", t_stop=3e-3)
    for name, drive in (("a", 1.1 * current), ("b", 0.9 * current)):
        driver = nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6)
        graph.add_node(name, neuron=neuron, drive=nm.Constant(value=drive), driver=driver)
    conductance = 0.6 * current
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=conductance, delay=delay))
    back = nm.LowPassSynapse(conductance=conductance, tau=1e-4, delay=delay, inhibitory=True)
    graph.add_edge("b", "a", synapse=back)
    return nm.compose(graph)


def recurrent(delay: float) -> nm.Network:
    """Four neurons, each of which excites or inhibits every other."""
    generator = np.random.default_rng(3)
    weights = generator.uniform(-0.4e-3, 0.6e-3, (4, 4))
    np.fill_diagonal(weights, 0.0)
    drives = [nm.Constant(value=float(value)) for value in generator.uniform(0.9e-3, 1.3e-3, 4)]
    graph = nm.networks.recurrent(4, 0, weights=weights, neuron=SLOW, drive=drives, prefixes=("n", "i"))
    for edge in graph.edges:
        graph.edges[edge]["synapse"] = dataclasses.replace(graph.edges[edge]["synapse"], delay=delay)
    graph.graph["t_stop"] = 1.5e-3
    return nm.compose(graph)


@pytest.mark.parametrize(
    "network",
    [
        two_neurons(100e-6),
        two_neurons(1.7e-3),
        two_neurons(250e-6, nm.LIF(), 0.2e-3),
        recurrent(80e-6),
    ],
    ids=["adaptive pair", "many pulses on their way", "leaky pair", "recurrent"],
)
def test_networks_with_delays_fire_as_in_the_equations_and_in_ngspice(network: nm.Network):
    runs = [nm.simulate(network, engine=engine).spikes for engine in ("ode", "ngspice", "vacask")]
    assert len(runs[0]) > 5
    for spikes in runs:
        assert spikes.counts().tolist() == runs[0].counts().tolist()
    for name in network.neurons:
        times = np.array([spikes.of(name) for spikes in runs])
        assert np.max(np.ptp(times, axis=0)) < 0.3e-6


def test_a_delay_that_is_off_by_two_per_cent_shows():
    exact = nm.simulate(two_neurons(100e-6), engine="ode").spikes.of("b")
    wrong = nm.simulate(two_neurons(102e-6), engine="vacask").spikes.of("b")
    assert len(wrong) == len(exact)
    assert np.max(np.abs(wrong - exact)) > 0.5e-6
