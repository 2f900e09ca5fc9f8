"""Networks as circuits, against closed forms: pulses, delays, synapses, summing circuits and crossbars."""

from __future__ import annotations

import math

import networkx
import numpy as np
import pytest

import neuromorph as nm

# A passive stretch of the neuron: the threshold is out of reach.
LEAKY = nm.LIF(v_th=50.0, t_refractory=0.0)
TAU = LEAKY.r_leak * LEAKY.capacitance
CONSTANT = nm.Constant(value=0.2e-3)
LIF = nm.LIF()


def source(synapse, neuron=LEAKY, times=(0.1e-3, 0.4e-3), t_pulse=50e-6, v_pulse=0.5, **attributes):
    graph = networkx.DiGraph(name="from a source")
    graph.add_node("s", spikes=times, driver=nm.PulseDriver(v_pulse=v_pulse, t_pulse=t_pulse))
    graph.add_node("n", neuron=neuron, **attributes)
    graph.add_edge("s", "n", synapse=synapse)
    return graph


def pair(synapse, neuron=LIF, drive=CONSTANT, t_pulse=20e-6, target=LEAKY):
    graph = networkx.DiGraph(name="pair")
    graph.add_node("a", neuron=neuron, drive=drive, driver=nm.PulseDriver(v_pulse=0.5, t_pulse=t_pulse))
    graph.add_node("b", neuron=target)
    graph.add_edge("a", "b", synapse=synapse)
    return graph


def run(graph, t_stop=1e-3, engine="ngspice", **settings):
    return nm.simulate(nm.compose(graph), t_stop=t_stop, engine=engine, warn=False, **settings)


def membrane(times, current, pulses, tau=TAU, resistance=LEAKY.r_leak):
    """Voltage of a leaky capacitor under a rectangle of current for each pulse, by superposition [V]."""
    total = np.zeros_like(times)
    for start, end in pulses:
        for edge, sign in ((start, 1.0), (end, -1.0)):
            elapsed = np.maximum(times - edge, 0.0)
            total += sign * resistance * current * -np.expm1(-elapsed / tau)
    return total


def within_pulses(times, pulses, margin=1e-6):
    return np.any([(times > start + margin) & (times < end - margin) for start, end in pulses], axis=0)


def crossings(recording, name, level):
    """Times at which a signal that jumps has risen and has fallen [s]."""
    above = recording[name] >= level
    middle = (recording.time[1:] + recording.time[:-1]) / 2
    return middle[above[1:] & ~above[:-1]], middle[~above[1:] & above[:-1]]


# ---------------------------------------------------------------- synapses


@pytest.mark.parametrize(("inhibitory", "gain"), [(False, 1.0), (True, 1.0), (False, 2.5), (True, 0.5)])
def test_a_conductance_charges_the_membrane_as_the_closed_form_says(inhibitory, gain):
    synapse = nm.StaticSynapse(conductance=1e-3, inhibitory=inhibitory)
    recording = run(source(synapse, gain=gain))
    current = gain * (-1 if inhibitory else 1) * 1e-3 * 0.5
    pulses = [(0.1e-3, 0.15e-3), (0.4e-3, 0.45e-3)]
    expected = membrane(recording.time, current, pulses)
    assert np.max(np.abs(recording["n.v_mem"] - expected)) < 1e-5 * np.max(np.abs(expected))
    inside = within_pulses(recording.time, pulses)
    assert np.max(np.abs(recording["n.i_syn"][inside] - current)) < 1e-9 * abs(current)


def test_pulses_that_overlap_are_one():
    recording = run(source(nm.StaticSynapse(conductance=1e-3), times=(0.1e-3, 0.13e-3, 0.4e-3)))
    expected = membrane(recording.time, 0.5e-3, [(0.1e-3, 0.18e-3), (0.4e-3, 0.45e-3)])
    assert np.max(np.abs(recording["n.v_mem"] - expected)) < 1e-5 * np.max(expected)


def test_a_pulse_makes_the_neuron_fire_when_the_closed_form_says():
    recording = run(source(nm.StaticSynapse(conductance=4e-3), neuron=LIF, times=(0.2e-3,), t_pulse=0.2e-3))
    expected = 0.2e-3 + TAU * math.log(20 / 19)
    assert recording.spikes.of("n")[0] == pytest.approx(expected, abs=20e-9)


def test_a_low_pass_spreads_a_pulse_into_exponentials():
    tau = 30e-6
    recording = run(source(nm.LowPassSynapse(conductance=1e-3, tau=tau)))
    times = recording.time
    expected = membrane(times, 0.5e-3, [(0.1e-3, 0.15e-3), (0.4e-3, 0.45e-3)], tau=tau, resistance=1.0)
    assert np.max(np.abs(recording["n.i_syn"] - expected)) < 2e-4 * 0.5e-3


def test_a_low_pass_without_its_time_constant_would_fail():
    recording = run(source(nm.LowPassSynapse(conductance=1e-3, tau=33e-6)))
    expected = membrane(recording.time, 0.5e-3, [(0.1e-3, 0.15e-3), (0.4e-3, 0.45e-3)], tau=30e-6, resistance=1.0)
    assert np.max(np.abs(recording["n.i_syn"] - expected)) > 0.02 * 0.5e-3


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_voltage_routed_conductance_loads_the_membrane_always(sign):
    g = 3e-4
    synapse = nm.StaticSynapse(conductance=g, routing="voltage", inhibitory=sign < 0)
    recording = run(source(synapse, drive=nm.Constant(value=1e-4), gain=7.0))
    loaded = 1 / (1 / LEAKY.r_leak + g)
    tau = loaded * LEAKY.capacitance
    pulses = [(0.1e-3, 0.15e-3), (0.4e-3, 0.45e-3)]
    expected = membrane(recording.time, sign * g * 0.5, pulses, tau=tau, resistance=loaded)
    expected += membrane(recording.time, 1e-4, [(0.0, 1.0)], tau=tau, resistance=loaded)
    assert np.max(np.abs(recording["n.v_mem"] - expected)) < 1e-4 * np.max(np.abs(expected))
    inside = within_pulses(recording.time, pulses)
    flowing = g * (sign * 0.5 * inside - recording["n.v_mem"])
    away = inside | ~within_pulses(recording.time, pulses, -1e-6)
    assert np.max(np.abs(recording["n.i_syn"] - flowing)[away]) < 1e-8


def test_a_memristor_moves_as_its_equations_say():
    memristor = nm.MMS()
    recording = run(source(nm.MemristiveSynapse(memristor=memristor, x0=0.3), t_pulse=100e-6))
    at_rest, driven = memristor.state_rate(0.0, 0.0), memristor.state_rate(0.5, np.array([0.0, 1.0]))
    assert abs(at_rest) < 1.0
    # At a constant voltage its rate is linear in the state.
    target, rate = driven[0] / (driven[0] - driven[1]), driven[0] - driven[1]
    expected = target + (0.3 - target) * math.exp(-rate * 200e-6)
    assert recording["s->n.x"][-1] == pytest.approx(expected, abs=1e-4)
    inside = within_pulses(recording.time, [(0.1e-3, 0.2e-3), (0.4e-3, 0.5e-3)])
    current = memristor.current(0.5, recording["s->n.x"])
    assert np.max(np.abs(recording["n.i_syn"] - current)[inside]) < 1e-9 * np.max(current)


def test_the_pulse_of_the_target_reaches_the_far_end_of_the_memristor():
    memristor = nm.MMS()
    graph = networkx.DiGraph(name="both ends")
    graph.add_node("s", spikes=[0.1e-3], driver=nm.PulseDriver(v_pulse=0.2, t_pulse=0.8e-3))
    graph.add_node("n", neuron=LIF, drive=nm.Constant(value=0.6e-3), driver=nm.PulseDriver(t_pulse=50e-6))
    graph.add_edge("s", "n", synapse=nm.MemristiveSynapse(memristor=memristor, x0=0.7, v_back=0.6, inhibitory=True))
    recording = run(graph, t_stop=0.65e-3)
    times, fired = recording.time, recording.spikes.of("n")[0]
    back = within_pulses(times, [(fired, fired + LIF.t_refractory + 50e-6)])
    line = within_pulses(times, [(0.1e-3, 0.9e-3)])
    near = within_pulses(times, [(t - 2e-6, t + 2e-6) for t in (0.1e-3, 0.9e-3, fired, fired + 250e-6)], 0.0)
    voltage = 0.2 * line - 0.6 * back
    expected = -memristor.current(voltage, recording["s->n.x"])
    assert np.max(np.abs(recording["n.i_syn"] - expected)[~near]) < 1e-8
    # -0.4 V or -0.6 V are beyond the lower threshold: the state falls, and only then.
    before = recording["s->n.x"][times < fired - 1e-6]
    assert before[-1] > before[0]
    assert recording["s->n.x"][-1] < 0.2


def test_analog_inputs_reach_several_neurons_with_their_gains():
    graph = networkx.DiGraph(name="inputs")
    graph.add_node("i", input=nm.Constant(value=1e-4))
    for name, gain in (("a", 2.0), ("b", -1.0)):
        graph.add_node(name, neuron=LEAKY)
        graph.add_edge("i", name, gain=gain)
    recording = run(graph)
    for name, gain in (("a", 2.0), ("b", -1.0)):
        expected = membrane(recording.time, gain * 1e-4, [(0.0, 1.0)])
        assert np.max(np.abs(recording[f"{name}.v_mem"] - expected)) < 1e-5
        assert not recording[f"{name}.i_syn"].any()


# ---------------------------------------------------------------- pulses and delays


@pytest.mark.parametrize(
    ("neuron", "drive", "t_pulse", "delay"),
    [
        (LIF, 0.2e-3, 20e-6, 30e-6),
        (LIF, 0.2e-3, 5e-6, 700e-6),
        (LIF, 0.2e-3, 0.0, 300e-6),
        (nm.LIF(t_refractory=0.0), 2e-3, 5e-6, 1e-6),
    ],
)
def test_pulses_last_and_arrive_to_the_nanosecond(neuron, drive, t_pulse, delay):
    synapse = nm.StaticSynapse(conductance=1e-4, delay=delay)
    recording = run(pair(synapse, neuron, nm.Constant(value=drive), t_pulse), t_stop=2.5e-3)
    rises, falls = crossings(recording, "a.v_line", 0.25)
    spikes = recording.spikes.of("a")[: len(rises)]
    n = min(len(falls), len(spikes))
    assert n >= 2
    np.testing.assert_allclose(rises, spikes, rtol=0, atol=2e-9)
    # The circuit of the neuron itself needs some nanoseconds to empty its capacitor.
    np.testing.assert_allclose((falls - rises[: len(falls)])[:n], neuron.t_refractory + t_pulse, rtol=0, atol=10e-9)
    arrived, left = crossings(recording, "b.i_syn", 0.25e-4)
    m = min(len(arrived), len(left))
    assert m >= 2
    np.testing.assert_allclose(arrived[:m], rises[:m] + delay, rtol=0, atol=2e-9)
    np.testing.assert_allclose(left[:m], falls[:m] + delay, rtol=0, atol=2e-9)


def test_a_spike_during_the_pulse_prolongs_it():
    neuron, drive = nm.LIF(t_refractory=0.0), 2e-3
    interval = neuron.interval(drive)
    # Pulses that are longer than the interval join.
    recording = run(pair(nm.StaticSynapse(conductance=1e-4), neuron, nm.Constant(value=drive), 1.2 * interval))
    rises, falls = crossings(recording, "a.v_line", 0.25)
    assert len(recording.spikes.of("a")) > 15
    assert len(rises) == 1
    assert len(falls) == 0
    # A little shorter and they do not.
    recording = run(pair(nm.StaticSynapse(conductance=1e-4), neuron, nm.Constant(value=drive), 0.9 * interval))
    rises, falls = crossings(recording, "a.v_line", 0.25)
    assert len(rises) == len(recording.spikes.of("a"))
    np.testing.assert_allclose(falls - rises[: len(falls)], 0.9 * interval, rtol=0, atol=10e-9)


def test_a_pulse_of_the_adaptive_neuron_outlasts_its_discharge():
    neuron, level = nm.MemristiveALIF(), nm.Constant(value=1e-3)
    short = run(pair(nm.StaticSynapse(conductance=1e-4), neuron, level, 0.0), t_stop=0.2e-3)
    long = run(pair(nm.StaticSynapse(conductance=1e-4), neuron, level, 5e-6), t_stop=0.2e-3)
    widths = []
    for recording in (short, long):
        rises, falls = crossings(recording, "a.v_line", 0.25)
        widths.append((falls - rises[: len(falls)])[:5])
    np.testing.assert_allclose(widths[1] - widths[0], 5e-6, rtol=0, atol=1e-9)


def test_a_source_of_spikes_is_delayed_too():
    recording = run(source(nm.StaticSynapse(conductance=1e-3, delay=77e-6)))
    expected = membrane(recording.time, 0.5e-3, [(0.177e-3, 0.227e-3), (0.477e-3, 0.527e-3)])
    assert np.max(np.abs(recording["n.v_mem"] - expected)) < 2e-4 * np.max(expected)


def test_a_delay_keeps_short_gaps_between_pulses():
    graph = source(nm.StaticSynapse(conductance=1e-3, delay=77e-6), times=(0.1e-3, 0.207e-3), t_pulse=100e-6)
    recording = run(graph)
    expected = membrane(recording.time, 0.5e-3, [(0.177e-3, 0.277e-3), (0.284e-3, 0.384e-3)])
    assert np.max(np.abs(recording["n.v_mem"] - expected)) < 2e-4 * np.max(expected)


@pytest.mark.parametrize("engine", ["ngspice", "vacask"])
def test_a_delay_keeps_a_pulse_that_is_a_short_discharge(engine):
    """70 ns, less than a time step of the neuron."""
    neuron = nm.MemristiveALIF(capacitance=22e-9, r_switch=1.0)
    graph = pair(nm.StaticSynapse(conductance=1e-3, delay=77e-6), neuron, nm.Constant(value=1e-3), t_pulse=0.0)
    circuit, equations = run(graph, 0.4e-3, engine), run(graph, 0.4e-3, "ode")
    assert len(equations.spikes.of("a")) > 5
    assert circuit["b.v_mem"][-1] == pytest.approx(equations["b.v_mem"][-1], rel=2e-3)


@pytest.mark.parametrize("engine", ["ngspice", "vacask"])
@pytest.mark.parametrize("fidelity", [None, {"driver": "macromodel"}], ids=["ideal", "slow edges"])
@pytest.mark.parametrize(
    "synapse",
    [nm.LowPassSynapse(conductance=1e-3, tau=100e-6), nm.StaticSynapse(conductance=1e-3, delay=0.2e-3)],
    ids=["low-pass", "delay"],
)
def test_a_spike_at_time_zero_finds_the_circuit_at_rest(synapse, fidelity, engine):
    """The operating point before a run must not have the line up already: low-passes would be charged, delay lines full."""
    graph = source(synapse, times=(0.0, 0.6e-3))
    graph.nodes["s"]["driver"] = nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6, t_rise=20e-6, r_out=0.0)
    network = nm.compose(graph, fidelity=fidelity)
    circuit, equations = (nm.simulate(network, t_stop=1e-3, engine=e, warn=False) for e in (engine, "ode"))
    times = np.linspace(0.01e-3, 1e-3, 500)
    found, expected = (np.interp(times, r.time, r["n.v_mem"]) for r in (circuit, equations))
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


def test_a_neuron_that_excites_itself_after_a_delay():
    graph = networkx.DiGraph(name="loop")
    graph.add_node("s", spikes=[0.1e-3], driver=nm.PulseDriver(t_pulse=0.2e-3))
    graph.add_node("n", neuron=LIF, driver=nm.PulseDriver(t_pulse=0.1e-3))
    graph.add_edge("s", "n", synapse=nm.StaticSynapse(conductance=4e-3))
    graph.add_edge("n", "n", synapse=nm.StaticSynapse(conductance=4e-3, delay=0.5e-3))
    spikes = run(graph, t_stop=2.5e-3).spikes.of("n")
    first = TAU * math.log(20 / 19)
    # The pulse comes back after the delay, and fires the neuron as long as it lasts and it is not refractory.
    assert spikes[0] == pytest.approx(0.1e-3 + first, abs=30e-9)
    again = spikes[spikes > spikes[0] + 0.4e-3]
    assert again[0] == pytest.approx(spikes[0] + 0.5e-3 + first, abs=50e-9)


# ---------------------------------------------------------------- crossbars


def through(crossbar, inhibitory=(False, True)):
    graph = networkx.DiGraph(name="through")
    graph.add_node("s", spikes=[0.1e-3], driver=nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6))
    graph.add_node("r", spikes=[0.15e-3], driver=nm.PulseDriver(v_pulse=0.4, t_pulse=100e-6))
    graph.add_node("xb", crossbar=crossbar)
    graph.add_edge("s", "xb", row=0)
    graph.add_edge("r", "xb", row=2)
    for j, sign in enumerate(inhibitory):
        graph.add_node(f"n{j}", neuron=LEAKY, gain=2.0)
        graph.add_edge("xb", f"n{j}", column=j, inhibitory=sign)
    return graph


def test_a_crossbar_with_wires_gives_the_currents_of_its_own_solver():
    rng = np.random.default_rng(7)
    crossbar = nm.Crossbar(rng.uniform(1e-4, 1e-3, (3, 3)), r_word=5.0, r_bit=3.0, r_driver=20.0, r_sense=10.0)
    recording = run(through(crossbar), t_stop=0.3e-3)
    for time, volts in ((0.12e-3, [0.5, 0, 0]), (0.17e-3, [0.5, 0, 0.4]), (0.22e-3, [0, 0, 0.4])):
        expected = crossbar.solve(np.array(volts)).output_currents
        for j, sign in ((0, 2.0), (1, -2.0)):
            flowing = np.interp(time, recording.time, recording[f"n{j}.i_syn"])
            assert flowing == pytest.approx(sign * expected[j], rel=1e-5)


def test_a_crossbar_of_memristors_moves_where_pulses_are():
    rng = np.random.default_rng(8)
    memristor = nm.MMS()
    states = rng.uniform(0.1, 0.5, (3, 3))
    crossbar = nm.Crossbar(nm.DeviceArray(memristor, states=states))
    recording = run(through(crossbar), t_stop=0.3e-3)
    assert {name for name in recording.names if name.endswith(".x")} == {
        f"xb[{i},{j}].x" for i in (0, 2) for j in (0, 1)
    }
    ends = memristor.state_rate(0.5, np.array([0.0, 1.0]))
    target, rate = ends[0] / (ends[0] - ends[1]), ends[0] - ends[1]
    expected = target + (states[0, 1] - target) * math.exp(-rate * 100e-6)
    assert recording["xb[0,1].x"][-1] == pytest.approx(expected, abs=1e-4)
    values = recording.resample([0.17e-3])
    current = memristor.current(0.5, values["xb[0,0].x"][0]) + memristor.current(0.4, values["xb[2,0].x"][0])
    assert values["n0.i_syn"][0] == pytest.approx(2 * current, rel=1e-6)


def test_devices_of_one_kind_with_other_values_stand_side_by_side():
    slow, fast = nm.MMS(tau=2e-4), nm.MMS(tau=1e-4)
    graph = source(nm.MemristiveSynapse(memristor=slow), neuron=nm.MemristiveALIF(memristor=fast), t_pulse=100e-6)
    graph.add_node("m", neuron=LEAKY)
    graph.add_edge("s", "m", synapse=nm.MemristiveSynapse(memristor=fast))
    recording = run(graph, t_stop=0.3e-3)
    grown = {name: -math.log1p(-recording[f"s->{name}.x"][-1]) for name in "nm"}
    assert grown["m"] / grown["n"] == pytest.approx(2.0, rel=1e-3)
