"""Networks as equations, against closed forms and against the same network stated as one flat hybrid system."""

from __future__ import annotations

import dataclasses
import itertools
import math

import networkx
import numpy as np
import pytest
import sympy

import neuromorph as nm
from neuromorph.behaviour import NetworkSolver, default_solver, simulate_system
from neuromorph.systems.hybrid import canonical

MEMRISTIVE = nm.MemristiveALIF(r_switch=25.0)
STRONG = nm.Constant(value=1e-3)


def run(graph, t_stop=2e-3, **settings):
    return nm.simulate(nm.compose(graph), t_stop=t_stop, **settings)


def pair(synapse, target=None, **target_attributes):
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=MEMRISTIVE, drive=STRONG)
    graph.add_node("b", neuron=target or nm.MemristiveALIF(capacitance=10e-9, r_switch=25.0), **target_attributes)
    graph.add_edge("a", "b", synapse=synapse)
    return graph


def pulse_source(synapse, neuron, times=(1e-3,), t_pulse=0.5e-3, v_pulse=0.4, **attributes):
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=times, driver=nm.PulseDriver(v_pulse=v_pulse, t_pulse=t_pulse))
    graph.add_node("n", neuron=neuron, **attributes)
    graph.add_edge("s", "n", synapse=synapse)
    return graph


def flat(neurons, drives, couplings):
    """All neurons as one hybrid system: a mode for every combination of theirs, every current written out.

    ``couplings`` gives, by pre and post, what a spike of the one puts into the other: a current [A], or for a low-pass
    the current and its time constant [s].
    """
    systems = {name: neuron.dynamics() for name, neuron in neurons.items()}
    states, parameters, unknowns, renamed = {}, {}, {}, {}
    for name, system in systems.items():
        own = [*system.states, *system.parameters, *system.unknowns]
        renamed[name] = {sympy.Symbol(s, real=True): sympy.Symbol(f"{name}_{s}", real=True) for s in own}
        states |= {f"{name}_{s}": state for s, state in system.states.items()}
        parameters |= {f"{name}_{p}": value for p, value in system.parameters.items()}
        unknowns |= {
            f"{name}_{u}": nm.Unknown(canonical(unknown.residual).xreplace(renamed[name]), unknown.unit)
            for u, unknown in system.unknowns.items()
        }
    filters = {
        key: sympy.Symbol(f"g_{key[0]}_{key[1]}", real=True) for key, c in couplings.items() if isinstance(c, tuple)
    }
    states |= {symbol.name: nm.State(0.0, "A") for symbol in filters.values()}

    def current_into(name, modes):
        total = sympy.Float(drives.get(name, 0.0))
        for (pre, post), coupling in couplings.items():
            if post == name:
                active = modes[pre] == "discharging"
                total += filters[pre, post] if isinstance(coupling, tuple) else (coupling if active else 0.0)
        return total

    names = list(neurons)
    modes, transitions = {}, []
    for combination in itertools.product(*(systems[n].modes for n in names)):
        now = dict(zip(names, combination, strict=True))
        rates = {}
        for name, system in systems.items():
            enters = {sympy.Symbol("i_in", real=True): current_into(name, now)}
            for s, rate in system.modes[now[name]].rates.items():
                rates[f"{name}_{s}"] = canonical(rate).xreplace(renamed[name] | enters)
            for t in system.transitions:
                if t.source == now[name]:
                    then = "_".join((now | {name: t.target})[n] for n in names)
                    guard = canonical(t.guard).xreplace(renamed[name])
                    transitions.append(nm.Transition("_".join(combination), then, guard, emits_spike=t.emits_spike))
        for (pre, post), symbol in filters.items():
            current, tau = couplings[pre, post]
            rates[symbol.name] = ((current if now[pre] == "discharging" else 0.0) - symbol) / tau
        scales = [system.modes[now[name]].time_scale.xreplace({**renamed[name]}) for name, system in systems.items()]
        modes["_".join(combination)] = nm.Mode(rates=rates, time_scale=sympy.Min(*scales))
    return nm.HybridSystem(
        name="flat",
        states=states,
        modes=modes,
        parameters=parameters,
        unknowns=unknowns,
        transitions=tuple(transitions),
    )


def test_one_neuron_is_what_it_is_by_itself():
    graph = networkx.DiGraph()
    graph.add_node("n", neuron=nm.MemristiveALIF(), drive=nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5))
    alone = nm.simulate(nm.MemristiveALIF(), t_stop=3e-3)
    recording = run(graph, 3e-3)
    assert len(recording.spikes) == len(alone.spikes) == 33
    np.testing.assert_allclose(recording.spikes.times, alone.spikes.times, atol=1e-13)
    assert recording["n.x"][-1] == pytest.approx(alone["x"][-1], abs=1e-10)


def test_static_currents_are_those_of_the_flat_system():
    weights = {("a", "b"): 0.8e-3, ("b", "c"): 0.9e-3, ("c", "a"): 0.5e-3, ("c", "b"): -0.6e-3}
    neurons = {
        name: nm.MemristiveALIF(capacitance=c, r_switch=25.0)
        for name, c in zip("abc", (22e-9, 15e-9, 10e-9), strict=True)
    }
    drives = {"a": 1e-3, "b": 0.8e-3, "c": 0.8e-3}
    graph = networkx.DiGraph()
    for name, neuron in neurons.items():
        graph.add_node(name, neuron=neuron, drive=nm.Constant(value=drives[name]))
    for (pre, post), current in weights.items():
        graph.add_edge(pre, post, synapse=nm.StaticSynapse(conductance=abs(current) / 0.5, inhibitory=current < 0))
    expected = simulate_system(flat(neurons, drives, weights), None, 1e-3)
    recording = run(graph, 1e-3)
    assert len(recording.spikes) == len(expected.spikes) > 30
    assert min(recording.spikes.counts()) > 5
    np.testing.assert_allclose(recording.spikes.times, expected.spikes.times, atol=2e-12)
    for name in neurons:
        assert recording[f"{name}.x"][-1] == pytest.approx(expected[f"{name}_x"][-1], abs=1e-9)


def test_low_passes_are_those_of_the_flat_system_and_share_a_time_constant():
    neurons = dict.fromkeys("ab", MEMRISTIVE)
    drives, tau = {"a": 1e-3, "b": 0.6e-3}, 40e-6
    couplings = {("a", "b"): (2e-3, tau), ("b", "a"): (-1e-3, tau)}
    graph = networkx.DiGraph()
    for name, neuron in neurons.items():
        graph.add_node(name, neuron=neuron, drive=nm.Constant(value=drives[name]))
    for (pre, post), (current, _) in couplings.items():
        synapse = nm.LowPassSynapse(conductance=abs(current) / 0.5, tau=tau, inhibitory=current < 0)
        graph.add_edge(pre, post, synapse=synapse)
    expected = simulate_system(flat(neurons, drives, couplings), None, 1e-3)
    recording = run(graph, 1e-3)
    assert len(recording.spikes) == len(expected.spikes) > 25
    np.testing.assert_allclose(recording.spikes.times, expected.spikes.times, atol=5e-11)


def test_spike_times_converge_with_order_four():
    graph = pair(nm.LowPassSynapse(conductance=4e-3, tau=30e-6), drive=nm.Constant(value=0.5e-3))
    graph.add_edge("b", "a", synapse=nm.MemristiveSynapse(memristor=nm.MMS(v_on=0.2, tau=2e-5)))
    system = nm.compose(graph).dynamics()
    coarse = NetworkSolver(dt=4e-6)
    reference = simulate_system(system, None, 0.4e-3, NetworkSolver(dt=4e-6, refinement=64)).spikes.times
    errors = []
    for refinement in (1, 2, 4, 8):
        times = simulate_system(system, None, 0.4e-3, NetworkSolver(dt=coarse.dt, refinement=refinement)).spikes.times
        errors.append(np.max(np.abs(times - reference)))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[0] > 5e-12
    assert np.all(orders > 3.3), (errors, orders)


def test_a_memristor_on_a_line_follows_its_own_equations():
    from scipy.integrate import solve_ivp

    device, times, t_pulse = nm.MMS(v_on=0.3, tau=2e-4), (0.1e-3, 0.6e-3, 0.65e-3), 0.2e-3
    synapse = nm.MemristiveSynapse(memristor=device, x0=0.1)
    recording = run(pulse_source(synapse, nm.LIF(), times, t_pulse), 1.2e-3)
    x, t = 0.1, 0.0
    for begin, end in ((0.1e-3, 0.3e-3), (0.6e-3, 0.85e-3), (1.2e-3, 1.2e-3)):
        for until, v in ((begin, 0.0), (end, 0.4)):
            if until > t:
                answer = solve_ivp(
                    lambda _, x, v=v: device.state_rate(v, x[0]), (t, until), [x], rtol=1e-11, atol=1e-13
                )
                x, t = answer.y[0, -1], until
                here = np.argmin(np.abs(recording.time - until))
                assert recording.time[here] == pytest.approx(until, abs=1e-15)
                assert recording["s->n.x"][here] == pytest.approx(x, abs=1e-9)
    during = (recording.time > 0.15e-3) & (recording.time < 0.25e-3)
    currents = [device.current(0.4, x) for x in recording["s->n.x"][during]]
    np.testing.assert_allclose(recording["n.i_syn"][during], currents, rtol=1e-12)


def test_the_far_end_of_a_memristor_moves_with_the_targets_own_pulse():
    device = nm.MMS(v_on=0.5, v_off=0.5, tau=1e-5)
    neuron = nm.LIF(t_refractory=1e-3)
    graph = pulse_source(
        nm.MemristiveSynapse(memristor=device, x0=0.5, v_back=-0.6), neuron, (5e-3,), drive=nm.Constant(value=0.2e-3)
    )
    graph.nodes["n"]["driver"] = nm.PulseDriver(v_pulse=0.1)
    recording = run(graph, 1e-3)
    fired = recording.spikes.times[0]
    after = recording.time > fired
    # 0 V minus -0.6 V is above v_on: the state rises only while the target fires.
    assert np.ptp(recording["s->n.x"][~after]) < 1e-3
    assert recording["s->n.x"][-1] > 0.95


def test_voltage_routing_loads_the_membrane():
    neuron, g, v_pulse = nm.LIF(v_th=10.0), 50e-6, 0.4
    recording = run(pulse_source(nm.StaticSynapse(conductance=g, routing="voltage"), neuron, (1e-3,), 3e-3), 3e-3)
    total = 1 / neuron.r_leak + g
    tau, v_end = neuron.capacitance / total, g * v_pulse / total
    expected = v_end * (1 - math.exp(-2e-3 / tau))
    assert recording["n.v_mem"][-1] == pytest.approx(expected, rel=1e-8)
    assert recording["n.i_syn"][-1] == pytest.approx(g * (v_pulse - expected), rel=1e-8)


@pytest.mark.parametrize("inhibitory", [False, True])
def test_an_inhibitory_synapse_draws_what_another_gives(inhibitory):
    synapse = nm.StaticSynapse(conductance=1e-4, inhibitory=inhibitory)
    neuron = nm.LIF(v_th=10.0)
    recording = run(pulse_source(synapse, neuron, (0.0,), 5e-3, gain=2.0), 5e-3)
    tau, current = neuron.r_leak * neuron.capacitance, 2.0 * 1e-4 * 0.4 * (-1 if inhibitory else 1)
    assert recording["n.v_mem"][-1] == pytest.approx(current * neuron.r_leak * (1 - math.exp(-5e-3 / tau)), rel=1e-8)


def test_delays_and_pulses_are_as_long_as_they_say():
    graph = pair(nm.StaticSynapse(conductance=1e-3, delay=7.5e-6))
    graph.nodes["a"]["driver"] = nm.PulseDriver(v_pulse=0.3, t_pulse=3e-6)
    graph.add_node("c", neuron=nm.LIF())
    graph.add_edge("a", "c", synapse=nm.StaticSynapse(conductance=1e-3))
    recording = run(graph, 0.2e-3)

    def edges(name):
        jumps = np.flatnonzero(np.diff(recording.time) == 0)
        return [recording.time[k] for k in jumps if recording[name][k] != recording[name][k + 1]]

    line, delayed = np.array(edges("c.i_syn")), np.array(edges("b.i_syn"))
    spikes = recording.spikes.of("a")
    np.testing.assert_allclose(line[::2], spikes, atol=1e-15)
    lengths = line[1::2] - spikes[: len(line[1::2])]
    # RC discharge from v_th to v_lo through 25 ohm beside the membrane's own path, and 3 us.
    assert np.all((lengths > 3e-6 + 1e-6) & (lengths < 3e-6 + 4e-6))
    np.testing.assert_allclose(delayed, line[: len(delayed)] + 7.5e-6, atol=1e-15)


def test_pulses_that_meet_are_one():
    recording = run(pulse_source(nm.StaticSynapse(conductance=1e-3), nm.LIF(v_th=50.0), (1e-3, 1.2e-3), 0.5e-3), 3e-3)
    on = recording["n.i_syn"] > 0
    assert recording.time[on][[0, -1]] == pytest.approx([1e-3, 1.7e-3], abs=1e-15)
    assert recording["n.i_syn"].max() == pytest.approx(0.4e-3)


def test_many_spikes_under_way_at_once_are_all_delivered():
    graph = pair(nm.StaticSynapse(conductance=1e-6, delay=0.9e-3), target=nm.LIF())
    recording = run(graph, 4e-3)
    spikes = recording.spikes.of("a")
    assert np.count_nonzero(spikes < 0.9e-3) > 16
    jumps = np.flatnonzero((np.diff(recording.time) == 0) & (np.diff(recording["b.i_syn"]) > 0))
    arrived = recording.time[jumps]
    np.testing.assert_allclose(arrived, spikes[: len(arrived)] + 0.9e-3, atol=1e-15)
    assert len(arrived) == np.count_nonzero(spikes + 0.9e-3 < 4e-3)


def test_analog_inputs_add_up():
    graph = networkx.DiGraph()
    graph.add_node("source", input=nm.Sine(amplitude=0.1e-3, frequency=1e3))
    graph.add_node("n", neuron=nm.LIF(v_th=50.0), drive=nm.Constant(value=0.1e-3))
    graph.add_edge("source", "n", gain=-2.0)
    expected = nm.simulate(nm.LIF(v_th=50.0), nm.Sine(amplitude=-0.2e-3, frequency=1e3, offset=0.1e-3), 3e-3, dt=1e-6)
    recording = run(graph, 3e-3)
    at = np.linspace(0.2e-3, 2.9e-3, 50)
    ours, theirs = (np.interp(at, r.time, r[n]) for r, n in ((recording, "n.v_mem"), (expected, "v_mem")))
    # Straight lines between rows, which are a fiftieth of a period apart.
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    # A cubic over a fiftieth of a period is a sine to some 1e-7.
    assert recording["n.v_mem"][-1] == pytest.approx(expected["v_mem"][-1], abs=3e-7)


def crossbar_pair(crossbar, **edge):
    graph = networkx.DiGraph()
    m, n = crossbar.shape
    for i in range(m):
        graph.add_node(f"s{i}", spikes=[(i + 1) * 1e-3], driver=nm.PulseDriver(v_pulse=0.1 * (i + 1), t_pulse=0.4e-3))
        graph.add_edge(f"s{i}", "xb", row=i)
    graph.add_node("xb", crossbar=crossbar)
    for j in range(n):
        graph.add_node(f"n{j}", neuron=nm.LIF(v_th=50.0))
        graph.add_edge("xb", f"n{j}", column=j, **edge)
    return graph


@pytest.mark.parametrize("wires", [{}, {"r_word": 5.0, "r_bit": 3.0, "r_driver": 20.0, "r_sense": 10.0}])
def test_a_crossbar_gives_each_column_its_sum(wires):
    crossbar = nm.Crossbar(np.linspace(1e-4, 1e-3, 6).reshape(2, 3), **wires)
    recording = run(crossbar_pair(crossbar, inhibitory=True), 4e-3)
    for i, time in enumerate((1.2e-3, 2.2e-3)):
        v = np.zeros(2)
        v[i] = 0.1 * (i + 1)
        expected = -crossbar.solve(v).output_currents
        k = np.searchsorted(recording.time, time)
        np.testing.assert_allclose([recording[f"n{j}.i_syn"][k] for j in range(3)], expected, rtol=1e-9)


def test_a_crossbar_of_memristors_moves_their_states():
    states = np.array([[0.1, 0.9], [0.5, 0.3]])
    stuck = np.array([[np.nan, np.nan], [2e-3, np.nan]])
    devices = nm.DeviceArray(nm.MMS(v_on=0.15, tau=1e-4), states, stuck=stuck)
    recording = run(crossbar_pair(nm.Crossbar(devices)), 4e-3)
    assert [n for n in recording.signals if n.endswith(".x")] == ["xb[0,0].x", "xb[0,1].x", "xb[1,1].x"]
    k = np.searchsorted(recording.time, 2.2e-3)
    expected = 0.2 * 2e-3
    assert recording["n0.i_syn"][k] == pytest.approx(expected, rel=1e-12)
    assert recording["xb[1,1].x"][-1] > 0.5


def test_memristors_behind_wires_are_refused():
    devices = nm.DeviceArray(nm.MMS(), np.full((1, 1), 0.5))
    with pytest.raises(ValueError, match=r"crossbar 'xb' has memristors and wires with a resistance.*set r_word"):
        run(crossbar_pair(nm.Crossbar(devices, r_word=1.0)))


def test_neurons_of_several_kinds_and_values_meet():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=0.2e-3))
    graph.add_node("b", neuron=MEMRISTIVE, drive=STRONG)
    graph.add_node("c", neuron=nm.LIF(capacitance=50e-9), drive=nm.Constant(value=0.2e-3))
    recording = run(graph, 3e-3)
    for name in "ac":
        part = graph.nodes[name]
        alone = nm.simulate(part["neuron"], part["drive"], 3e-3)
        np.testing.assert_allclose(recording.spikes.of(name), alone.spikes.times, atol=1e-12)
    np.testing.assert_allclose(recording.spikes.of("b"), nm.simulate(MEMRISTIVE, STRONG, 3e-3).spikes.times, atol=1e-11)


def test_a_stiff_neuron_is_solved_by_its_own_method():
    graph = networkx.DiGraph()
    graph.add_node("n", neuron=nm.MemristiveALIF().at_fidelity("macromodel"), drive=STRONG)
    graph.add_node("m", neuron=nm.LIF())
    graph.add_edge("n", "m", synapse=nm.StaticSynapse(conductance=1e-3))
    recording = run(graph, 0.1e-3)
    alone = nm.simulate(nm.MemristiveALIF(), STRONG, 0.1e-3, fidelity="macromodel")
    assert len(recording.spikes.of("n")) == len(alone.spikes) > 2
    np.testing.assert_allclose(recording.spikes.of("n"), alone.spikes.times, atol=2e-9)
    half = np.interp(50e-6, alone.time, alone["v_mem"])
    assert np.interp(50e-6, recording.time, recording["n.v_mem"]) == pytest.approx(half, abs=1e-3)


def test_only_chosen_neurons_leave_waveforms_and_all_leave_spikes():
    graph = pair(nm.StaticSynapse(conductance=1e-3), drive=STRONG)
    everything = run(graph, 0.5e-3)
    chosen = nm.simulate(nm.compose(graph, record=["b"]), t_stop=0.5e-3)
    none = nm.simulate(nm.compose(graph, record=[]), t_stop=0.5e-3)
    assert {name.split(".")[0] for name in chosen.signals} == {"b"}
    assert not none.signals
    for recording in (chosen, none):
        np.testing.assert_allclose(recording.spikes.times, everything.spikes.times, atol=2e-12)


def test_a_neuron_that_resets_in_no_time_needs_pulses_of_some_length():
    graph = pair(nm.StaticSynapse(conductance=1e-3))
    graph.nodes["a"]["neuron"] = nm.MemristiveALIF(r_switch=None)
    with pytest.raises(ValueError, match=r"neuron 'a' resets in no time.*driver=nm.PulseDriver"):
        run(graph)
    graph.nodes["a"]["driver"] = nm.PulseDriver(v_pulse=0.5, t_pulse=4e-6)
    recording = run(graph, 0.2e-3)
    on = np.trapezoid(recording["a.v_line"], recording.time)
    assert on == pytest.approx(0.5 * 4e-6 * len(recording.spikes.of("a")), rel=1e-9)


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (nm.LIF(noise_current=1e-6), "neuron 'b' has noise"),
        (nm.ConductanceLIF(), "one input current"),
    ],
)
def test_neurons_that_do_not_fit_into_networks_are_refused(neuron, message):
    with pytest.raises(ValueError, match=message):
        run(pair(nm.StaticSynapse(conductance=1e-3), target=neuron))


def test_drives_are_given_by_neuron():
    network = nm.compose(pair(nm.StaticSynapse(conductance=0.0)))
    silent = nm.simulate(network, {"a": nm.Constant(value=0.0)}, 1e-3)
    assert len(silent.spikes) == 0
    with pytest.raises(ValueError, match="no neuron 'z' to drive; its neurons: a, b"):
        nm.simulate(network, {"z": STRONG}, 1e-3)
    with pytest.raises(ValueError, match="is a network: give a dict"):
        nm.simulate(network, STRONG, 1e-3)


def test_settings_of_other_solvers_are_refused():
    network = nm.compose(pair(nm.StaticSynapse(conductance=0.0)))
    with pytest.raises(ValueError, match="a network is solved by RK4"):
        nm.simulate(network, t_stop=1e-3, solver=nm.EulerMaruyama(dt=1e-6))
    with pytest.raises(ValueError, match="seed belongs to a random system"):
        nm.simulate(network, t_stop=1e-3, seed=1)
    with pytest.raises(ValueError, match="t_stop must be a positive time"):
        nm.simulate(network, t_stop=-1.0)
    assert default_solver(network.dynamics(), 1e-6) == NetworkSolver(dt=1e-6)


def test_progress_rises_to_one():
    seen = []
    nm.simulate(nm.compose(pair(nm.StaticSynapse(conductance=0.0))), t_stop=1e-3, progress=lambda f, _: seen.append(f))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_many_at_once_do_what_each_would_do_by_itself(monkeypatch):
    from neuromorph.behaviour import network as runs
    from neuromorph.networks import recurrent_crossbar

    rng = np.random.default_rng(5)
    n = 70
    conductances = rng.uniform(0, 1e-3 / n, (n, n)) * (1 - np.eye(n)) * rng.choice([1, 1, -1], n)[:, None]
    drives = [nm.Constant(value=value) for value in rng.uniform(0.6e-3, 1e-3, n)]
    network = nm.compose(recurrent_crossbar(conductances, drive=drives), record=["n3"])
    at_once = nm.simulate(network, t_stop=0.4e-3)
    monkeypatch.setattr(runs, "_FEWEST_LANES", n + 1)
    one_by_one = nm.simulate(network, t_stop=0.4e-3)
    assert len(at_once.spikes) == len(one_by_one.spikes) > 500
    assert np.array_equal(at_once.spikes.sources, one_by_one.spikes.sources)
    np.testing.assert_allclose(at_once.spikes.times, one_by_one.spikes.times, atol=1e-13)
    assert at_once["n3.x"][-1] == pytest.approx(one_by_one["n3.x"][-1], abs=1e-12)


class HastyLIF(nm.LIF):
    """Says that its equations change in a thousandth of the time."""

    def dynamics(self, fidelity="ideal"):
        system = super().dynamics(fidelity)
        hasty = {name: dataclasses.replace(mode, time_scale=1e-6) for name, mode in system.modes.items()}
        return dataclasses.replace(system, modes=hasty)


@pytest.mark.parametrize("names", [("calm", "hasty"), ("hasty", "calm")])
def test_neurons_of_the_same_equations_keep_their_own_steps(names):
    graph = networkx.DiGraph()
    for name in names:
        graph.add_node(name, neuron=nm.LIF() if name == "calm" else HastyLIF(), drive=STRONG)
    scales = {
        name: min(group.system.time_scales().values())
        for group in nm.compose(graph).dynamics().groups
        for name in [names[k] for k in group.members]
    }
    assert scales["hasty"] == 1e-6
    assert scales["calm"] > 1e-4
