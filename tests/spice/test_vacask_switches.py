"""Switches in VACASK: no spike too many, few time points, and what a latch looks at."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.schematic.vacask import vacask_deck


def test_neurons_that_reset_in_no_time_do_not_fire_at_the_start():
    """Their lower threshold is the voltage that they start at: the first step went to where a latch cannot rest."""
    graph = networkx.DiGraph(name="pair", t_stop=3e-3)
    for name, current in (("a", 0.2e-3), ("b", 0.17e-3)):
        driver = nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6)
        graph.add_node(name, neuron=nm.LIF(t_refractory=0.0), drive=nm.Constant(value=current), driver=driver)
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=0.1e-3))
    graph.add_edge("b", "a", synapse=nm.StaticSynapse(conductance=0.1e-3, inhibitory=True))
    exact, found = (nm.simulate(nm.compose(graph), engine=engine).spikes for engine in ("ode", "vacask"))
    assert found.counts().tolist() == exact.counts().tolist()
    for name in "ab":
        assert np.max(np.abs(found.of(name) - exact.of(name))) < 0.5e-6


def test_a_neuron_alone_does_not_fire_at_the_start():
    neuron = nm.LIF(t_refractory=0.0)
    found = nm.simulate(neuron, nm.Constant(value=0.2e-3), 3e-3, engine="vacask").spikes.times
    assert found[0] == pytest.approx(neuron.interval(0.2e-3), rel=1e-3)


@pytest.mark.parametrize("neuron", [nm.LIF(), nm.LIF(t_refractory=0.0)], ids=["refractory", "at once"])
def test_a_threshold_that_is_reached_slowly_takes_few_points(neuron: nm.LIF):
    found = nm.simulate(neuron, nm.Constant(value=0.2e-3), 4e-3, engine="vacask")
    assert len(found.spikes) in (4, 5)
    assert len(found.time) / len(found.spikes) < 1000


@pytest.mark.parametrize("seed", range(8))
def test_designs_at_random_fire_as_in_the_equations(seed: int):
    generator = np.random.default_rng(seed)
    refractory = 0.0 if seed % 2 else 10 ** generator.uniform(-5, -3)
    capacitance, r_leak = 10 ** generator.uniform(-9, -6.5), 10 ** generator.uniform(3.5, 5)
    v_th, v_reset = generator.uniform(0.3, 1.2), generator.uniform(-0.2, 0.1)
    neuron = nm.LIF(capacitance=capacitance, r_leak=r_leak, v_th=v_th, v_reset=v_reset, t_refractory=refractory)
    tau_m = capacitance * r_leak
    amplitude = generator.uniform(1.5, 4) * v_th / r_leak
    drive = nm.SquareWave(amplitude=amplitude, frequency=1 / (6 * tau_m), duty=0.8)
    exact, found = (nm.simulate(neuron, drive, 5 * tau_m, engine=e).spikes.times for e in ("rk4", "vacask"))
    assert len(found) == len(exact)
    assert np.max(np.abs(found - exact)) < 1e-3 * tau_m


_AMPLIFIED = ("V1 a 0 SIN(0 1 1k)", "E1 c 0 a 0 1000", "S1 o 0 c 0 m", "R1 p o 1k", "V2 p 0 1")


@pytest.mark.parametrize(
    ("more", "model", "control"),
    [
        ((), "vt=200 vh=100", r"(v_a 0 x_latch0 s_latch0)"),
        (("B1 q 0 I=v(c)", "R2 q 0 1"), "vt=200 vh=100", "(v_c 0 "),
        (("F1 q 0 E1 1", "R2 q 0 1"), "vt=200 vh=100", "(v_c 0 "),
        (("R2 c 0 1",), "vt=200 vh=100", "(v_c 0 "),
    ],
    ids=["amplified only", "looked at by an expression", "whose current is used", "loaded"],
)
def test_a_latch_looks_at_what_is_amplified_for_it(more: tuple[str, ...], model: str, control: str):
    deck = nm.Deck(
        name="amplified",
        body=(*_AMPLIFIED, *more, f".model m sw ({model} ron=1 roff=1meg)"),
        probes={"o": nm.Probe("v(o)")},
        t_stop=2e-3,
    )
    assert control in vacask_deck(deck).text
    found = nm.Vacask().run(deck)
    # Closed from 0.3 V on the way up to 0.1 V on the way down.
    closes, opens = np.arcsin(0.3) / (2e3 * np.pi), 0.5e-3 - np.arcsin(0.1) / (2e3 * np.pi)
    is_closed = found["o"] < 0.5
    assert found.time[np.argmax(is_closed)] == pytest.approx(closes, abs=20e-9)
    after = (found.time > closes + 1e-6) & ~is_closed
    assert found.time[np.argmax(after)] == pytest.approx(opens, abs=20e-9)


def test_an_amplifier_that_inverts():
    body = ("V1 a 0 SIN(0 1 1k)", "E1 c 0 a 0 -1000", "S1 o 0 c 0 m", "R1 p o 1k", "V2 p 0 1")
    deck = nm.Deck(
        name="inverted", body=(*body, ".model m sw (vt=-200 vh=100 ron=1 roff=1meg)"),
        probes={"o": nm.Probe("v(o)")}, t_stop=1e-3,
    )  # fmt: skip
    # It closes above -100 V, that is at once, and opens below -300 V.
    found = nm.Vacask().run(deck)
    is_open = (found["o"] > 0.5) & (found.time > 1e-5)
    assert found.time[np.argmax(is_open)] == pytest.approx(np.arcsin(0.3) / (2e3 * np.pi), abs=20e-9)


def test_a_voltage_that_steps_in_no_time_does_not_stop_a_run():
    body = ("V1 a 0 SIN(0 1 1k)", "B1 b 0 V=v(a) > 0.5 ? 1 : 0", "G1 0 c b 0 1m", "C1 c 0 1u", "R1 c 0 1g")
    deck = nm.Deck(name="steps", body=body, probes={"c": nm.Probe("v(c)")}, t_stop=1e-3)
    found = nm.Vacask().run(deck)
    # A third of a period above half of the amplitude: 1 mA into 1 uF.
    assert found["c"][-1] == pytest.approx(1e-3 / 1e-6 * 1e-3 / 3, rel=1e-3)
