"""Real drivers and summing circuits of a network: currents against a dense solve, both roads, what they refuse."""

from __future__ import annotations

import math

import networkx
import numba
import numpy as np
import pytest
from scipy import integrate, optimize

import neuromorph as nm
from neuromorph.behaviour.network_source import device_module
from neuromorph.networks.equations.linear_paths import port_conductances

OWN_PARTS = {"driver": "macromodel", "conveyor": "macromodel"}
# So much resistance that what leaves it out is microseconds off.
CONVEYOR = nm.CurrentConveyor(r_x=500.0)
DRIVER = nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6, r_out=300.0)
NEURON = nm.MemristiveALIF(capacitance=220e-9)
WEIGHTS = 1e-3 * np.array([[0.0, -0.6, 0.9, 0.3], [0.8, 0.0, -0.4, 0.5], [-0.7, 0.6, 0.0, 1.0], [0.5, 0.9, -0.8, 0.0]])
DRIVES = [nm.Constant(value=value) for value in (1.0e-3, 1.1e-3, 1.2e-3, 1.3e-3)]


def pair(synapse=None, back=None, driver=DRIVER):
    graph = networkx.DiGraph(name="pair", t_stop=2e-3)
    graph.add_node("a", neuron=NEURON, drive=DRIVES[0], driver=driver)
    graph.add_node("b", neuron=NEURON, drive=nm.Constant(value=0.9e-3), driver=driver)
    graph.add_edge("a", "b", synapse=synapse or nm.StaticSynapse(conductance=1e-3))
    graph.add_edge("b", "a", synapse=back or nm.LowPassSynapse(conductance=0.6e-3, tau=150e-6, inhibitory=True))
    return graph


def recurrent():
    given = {"weights": WEIGHTS, "neuron": NEURON, "driver": DRIVER, "drive": DRIVES}
    graph = nm.networks.recurrent(4, 0, prefixes=("n", "i"), **given)
    graph.graph["t_stop"] = 2e-3
    return graph


def through_crossbars(**wires):
    graph = nm.networks.recurrent_crossbar(WEIGHTS, neuron=NEURON, driver=DRIVER, drive=DRIVES)
    graph.graph["t_stop"] = 2e-3
    for name, attributes in graph.nodes(data=True):
        if "crossbar" in attributes:
            graph.nodes[name]["crossbar"] = nm.Crossbar(attributes["crossbar"].conductances, **wires)
    return graph


def run(graph, engine="ode", conveyor=CONVEYOR, fidelity=None, **settings):
    network = nm.compose(graph, fidelity=OWN_PARTS if fidelity is None else fidelity, conveyor=conveyor)
    return nm.simulate(network, engine=engine, warn=False, **settings)


def distance(one, other):
    """Largest difference of spike times [s]; infinite where the neurons do not fire equally often."""
    if one.spikes.counts().tolist() != other.spikes.counts().tolist():
        return np.inf
    pairs = [(one.spikes.of(name), other.spikes.of(name)) for name in one.spikes.names]
    return max(np.max(np.abs(a - b), initial=0.0) for a, b in pairs)


# ---------------------------------------------------------------- currents


class Nodal:
    """Kirchhoff's law of a network of resistors, written down node by node and solved densely."""

    def __init__(self):
        self.resistors, self.sources = [], {}

    def add(self, a, b, resistance):
        self.resistors.append((a, b, resistance))

    def solved(self):
        names = sorted({node for a, b, _ in self.resistors for node in (a, b)} - set(self.sources))
        at = {node: k for k, node in enumerate(names)}
        matrix, right = np.zeros((len(names), len(names))), np.zeros(len(names))
        for a, b, resistance in self.resistors:
            for here, there in ((a, b), (b, a)):
                if here in at:
                    matrix[at[here], at[here]] += 1 / resistance
                    if there in at:
                        matrix[at[here], at[there]] -= 1 / resistance
                    else:
                        right[at[here]] += self.sources[there] / resistance
        return dict(zip(names, np.linalg.solve(matrix, right), strict=True)) | self.sources


SENSED = nm.CurrentConveyor(r_x=400.0, r_z=1e12, c_z=1e-15, v_offset=3e-3, i_bias=2e-6, current_gain=0.97)
ARRAY = np.array([[1.0e-3, 0.4e-3], [0.7e-3, 1.5e-3]])
PULSED = {"s0": (100e-6, 100e-6, 300.0), "s1": (150e-6, 100e-6, 200.0), "s2": (180e-6, 120e-6, 100.0)}


def sources_and_crossbar():
    """Three lines, two of them into a crossbar, one of these and the third into synapses as well."""
    graph = networkx.DiGraph(t_stop=350e-6)
    for name, (time, length, r_out) in PULSED.items():
        driver = nm.PulseDriver(v_pulse=0.5, t_pulse=length, r_out=r_out)
        graph.add_node(name, spikes=[time], driver=driver)
    graph.add_node("x", crossbar=nm.Crossbar(ARRAY, r_word=20.0, r_bit=30.0, r_driver=40.0, r_sense=60.0))
    for k, gain in enumerate((1.0, 0.5)):
        graph.add_node(f"n{k}", neuron=nm.RCNeuron(v_th=None, capacitance=1e-6), gain=gain)
    for k in range(2):
        graph.add_edge(f"s{k}", "x", row=k)
        graph.add_edge("x", f"n{k}", column=k, inhibitory=k == 1)
    graph.add_edge("s0", "n1", synapse=nm.StaticSynapse(conductance=0.8e-3))
    graph.add_edge("s2", "n1", synapse=nm.StaticSynapse(conductance=0.5e-3, inhibitory=True))
    graph.add_edge("s2", "n0", synapse=nm.StaticSynapse(conductance=1.2e-3))
    return graph


def expected_currents(active):
    """Of both neurons, with the lines that are active [A]."""
    nodal = Nodal()
    for name, (_, _, r_out) in PULSED.items():
        nodal.sources[f"{name} source"] = 0.5 * active[name]
        nodal.add(f"{name} source", name, r_out)
    for x in ("sum n0", "sum n1", "inh n1"):
        nodal.sources[f"{x} held"] = SENSED.v_offset
        nodal.add(x, f"{x} held", SENSED.r_x)
    for i in range(2):
        nodal.add(f"s{i}", f"left {i}", 40.0)
        nodal.add(f"left {i}", f"word {i} 0", 20.0)
        nodal.add(f"word {i} 0", f"word {i} 1", 20.0)
        for j in range(2):
            nodal.add(f"word {i} {j}", f"bit {i} {j}", 1 / ARRAY[i, j])
    for j, x in enumerate(("sum n0", "inh n1")):
        nodal.add(f"bit 0 {j}", f"bit 1 {j}", 30.0)
        nodal.add(f"bit 1 {j}", f"bottom {j}", 30.0)
        nodal.add(f"bottom {j}", x, 60.0)
    nodal.add("s0", "sum n1", 1 / 0.8e-3)
    nodal.add("s2", "inh n1", 1 / 0.5e-3)
    nodal.add("s2", "sum n0", 1 / 1.2e-3)
    v = nodal.solved()
    given = {x: (v[x] - SENSED.v_offset) / SENSED.r_x + SENSED.i_bias for x in ("sum n0", "sum n1", "inh n1")}
    return 0.97 * given["sum n0"], 0.97 * 0.5 * (given["sum n1"] - given["inh n1"])


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
def test_currents_are_those_of_a_dense_solve_of_all_nodes(engine):
    recording = run(sources_and_crossbar(), engine, SENSED)
    for time in (50e-6, 130e-6, 170e-6, 195e-6, 225e-6, 280e-6, 330e-6):
        active = {name: start < time < start + length for name, (start, length, _) in PULSED.items()}
        for name, expected in zip(("n0", "n1"), expected_currents(active), strict=True):
            found = np.interp(time, recording.time, recording[f"{name}.i_syn"])
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_one_column_is_the_conductances_divided_by_what_its_input_holds():
    """``I = sum g v / (1 + r_x sum g)`` with drivers of no resistance."""
    g = np.array([1e-3, 2e-3, 0.5e-3])
    graph = networkx.DiGraph(t_stop=100e-6)
    graph.add_node("n", neuron=nm.RCNeuron(v_th=None))
    for k, one in enumerate(g):
        graph.add_node(f"s{k}", spikes=[10e-6] if k else [], driver=nm.PulseDriver(v_pulse=0.4, t_pulse=50e-6))
        graph.add_edge(f"s{k}", "n", synapse=nm.StaticSynapse(conductance=float(one)))
    conveyor = nm.CurrentConveyor(r_x=500.0, v_offset=0.0, i_bias=0.0, r_z=1e12, current_gain=1.0)
    recording = run(graph, conveyor=conveyor, fidelity={"conveyor": "macromodel"})
    expected = 0.4 * (g[1] + g[2]) / (1 + 500.0 * g.sum())
    assert np.interp(30e-6, recording.time, recording["n.i_syn"]) == pytest.approx(expected, rel=1e-9)


def test_ends_of_a_crossbar_see_what_its_solver_gives():
    """Currents into the sensed ends for voltages at the driven ones, and Kirchhoff's law for all ends."""
    rng = np.random.Generator(np.random.PCG64(5))
    for wires in (
        {},
        {"r_driver": 50.0, "r_sense": 20.0},
        {"r_word": 2.0, "r_bit": 3.0, "r_driver": 5.0, "r_sense": 7.0},
    ):
        crossbar = nm.Crossbar(rng.uniform(1e-4, 1e-3, (5, 3)), **wires)
        volts = rng.uniform(-1.0, 1.0, 5)
        ends = port_conductances(crossbar) @ np.concatenate([volts, np.zeros(3)])
        np.testing.assert_allclose(-ends[5:], crossbar.solve(volts).output_currents, rtol=1e-9)
        assert abs(ends.sum()) < 1e-9 * np.abs(ends).max()


# ---------------------------------------------------------------- both roads


@pytest.mark.parametrize(
    "graph",
    [pair(), recurrent(), through_crossbars(), through_crossbars(r_word=5.0, r_bit=5.0, r_driver=20.0, r_sense=30.0)],
    ids=["pair", "recurrent", "crossbars", "crossbars with wires"],
)
def test_roads_agree_where_ideal_parts_would_be_microseconds_off(graph):
    equations, circuit = run(graph), run(graph, "ngspice")
    assert circuit.spikes.counts().min() >= 3
    assert distance(equations, circuit) < 0.1e-6
    assert distance(equations, run(graph, fidelity={})) > 5e-6
    for left_out in OWN_PARTS:
        assert distance(equations, run(graph, fidelity={left_out: "macromodel"})) > 1e-6
    # A fifth of one resistance is seen.
    assert distance(run(graph, conveyor=nm.CurrentConveyor(r_x=600.0)), circuit) > 0.5e-6


@pytest.mark.parametrize("v_back", [0.0, 0.4])
def test_a_memristor_that_is_not_linear_stands_behind_its_resistances(v_back):
    graph = pair(nm.MemristiveSynapse(memristor=nm.GMMS(), x0=0.3, v_back=v_back))
    equations, circuit = run(graph), run(graph, "ngspice")
    assert distance(equations, circuit) < 0.1e-6
    assert equations["a->b.x"][-1] == pytest.approx(circuit["a->b.x"][-1], abs=3e-5)
    assert abs(run(graph, conveyor=nm.CurrentConveyor(r_x=600.0))["a->b.x"][-1] - circuit["a->b.x"][-1]) > 3e-4
    # While the line is active, the current is that of the device at what the resistances leave of the voltage.
    k = np.flatnonzero(equations["a.v_line"] > 0)[5]
    through = (equations["b.i_syn"][k] + equations["b.v_c"][k] / CONVEYOR.r_z) / CONVEYOR.current_gain - CONVEYOR.i_bias
    u = 0.5 - v_back * (equations["b.v_line"][k] > 0) - CONVEYOR.v_offset - (500.0 + 300.0) * through
    assert nm.GMMS().current(u, equations["a->b.x"][k]) == pytest.approx(through, rel=1e-9)


@pytest.mark.parametrize("real", ["driver", "conveyor"])
def test_the_far_end_of_a_memristor_takes_no_current_and_follows_its_own_driver(real):
    """Into input Y of a conveyor flows nothing, so a resistance before it has no effect; its edges have one."""
    graph = pair(nm.MemristiveSynapse(memristor=nm.MMS(), x0=0.3, v_back=-0.4))
    graph.nodes["b"]["driver"] = nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6, r_out=800.0, t_rise=0.8e-6)
    equations, circuit = run(graph, fidelity={real: "macromodel"}), run(graph, "ngspice", fidelity={real: "macromodel"})
    assert distance(equations, circuit) < 0.1e-6
    assert equations["a->b.x"][-1] == pytest.approx(circuit["a->b.x"][-1], abs=2e-4)
    back = nm.compose(graph, fidelity={real: "macromodel"}).dynamics()
    assert back.line_delays[back.devices[0].back_lines[0]] == pytest.approx(
        0.8e-6 / math.log(9) if real == "driver" else 2.7e-9, rel=0.05
    )


def test_a_neuron_that_fires_during_an_edge_sees_the_edge():
    """Pulses of 20 ms with edges of 0.9 ms: short beside the pulse, long beside the time in which the neuron charges."""
    driver = nm.PulseDriver(v_pulse=0.5, t_pulse=20e-3, t_rise=2e-3)
    graph = networkx.DiGraph(t_stop=10e-3)
    graph.add_node("s", spikes=[1e-3], driver=driver)
    graph.add_node("n", neuron=nm.LIF(), driver=driver)
    graph.add_edge("s", "n", synapse=nm.StaticSynapse(conductance=2e-3))
    found = run(graph, fidelity={"driver": "macromodel"}).spikes.of("n")
    # The same current, an exponential rise through 1/(1/2 mS + 50 ohm), from scipy.
    tau, current, neuron = 2e-3 / math.log(9), 0.5 / 550.0, nm.LIF()

    def rate(t, v):
        return (current * (1 - math.exp(-(t - 1e-3) / tau)) - v / neuron.r_leak) / neuron.capacitance

    def threshold(t, v):
        return v[0] - neuron.v_th

    threshold.terminal = True
    start = 1e-3
    for time in found[:5]:
        solved = integrate.solve_ivp(rate, (start, 10e-3), [neuron.v_reset], events=threshold, rtol=1e-10, atol=1e-12)
        assert time == pytest.approx(solved.t[-1], abs=1e-8)
        start = solved.t[-1] + neuron.t_refractory


@pytest.mark.parametrize(
    "conveyor",
    [
        nm.CurrentConveyor(v_offset=20e-3, i_bias=30e-6, r_z=30e3),
        nm.CurrentConveyor(c_z=20e-9),
        nm.CurrentConveyor(bandwidth=5e3),
        nm.CurrentConveyor(bandwidth=100e3),
        nm.CurrentConveyor(current_gain=0.8),
    ],
    ids=["offsets and output resistance", "capacitance", "a slow pole", "a lag", "gain"],
)
def test_roads_agree_on_every_fault_of_a_conveyor(conveyor):
    graph = pair(driver=nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6))
    equations, circuit = run(graph, conveyor=conveyor), run(graph, "ngspice", conveyor)
    assert distance(equations, circuit) < 0.1e-6
    assert distance(run(graph, conveyor=nm.CurrentConveyor()), circuit) > 0.5e-6


@pytest.mark.parametrize("t_rise", [5e-6, 60e-6], ids=["as a delay", "as a state"])
def test_roads_agree_on_edges_that_take_time(t_rise):
    driver = nm.PulseDriver(v_pulse=0.5, t_pulse=100e-6, t_rise=t_rise)
    graph = pair(nm.StaticSynapse(conductance=1e-3, routing="voltage"), nm.StaticSynapse(conductance=0.3e-3), driver)
    equations, circuit = run(graph), run(graph, "ngspice")
    assert distance(equations, circuit) < 0.1e-6
    assert distance(run(pair(driver=DRIVER)), circuit) > 0.5e-6


@pytest.mark.slow
def test_one_word_makes_everything_real():
    graph = pair()
    equations, circuit = run(graph, fidelity="macromodel"), run(graph, "ngspice", fidelity="macromodel")
    assert distance(equations, circuit) < 0.5e-6
    parts = {"amplifier": "macromodel", "comparator": "macromodel", "discharge": "macromodel"}
    assert distance(run(graph, fidelity=parts), circuit) > 5e-6


# ---------------------------------------------------------------- cross-validation


def hardware(graph, conveyor=CONVEYOR):
    return nm.compose(graph, fidelity=OWN_PARTS, conveyor=conveyor)


@pytest.mark.parametrize(
    ("graph", "left_over"),
    [
        (pair(), 1e-4),
        (pair(nm.MemristiveSynapse(memristor=nm.GMMS(), x0=0.3, v_back=0.4)), 1e-3),
        (pair(nm.StaticSynapse(conductance=1e-3, routing="voltage")), 1e-3),
        (recurrent(), 1e-3),
        (through_crossbars(r_word=5.0, r_bit=5.0, r_driver=20.0, r_sense=30.0), 1e-3),
    ],
    ids=["pair", "memristor", "voltage", "recurrent", "crossbars with wires"],
)
def test_edges_are_measured_as_real_parts_pass_them_on(graph, left_over):
    check = nm.cross_validate(hardware(graph), error_budget=False)
    assert check.passed, check.summary()
    assert all(abs(edge.difference) < 1e-4 for edge in check.edges if edge.difference is not None)
    criteria = {criterion.name: criterion.value for criterion in check.criteria}
    assert max(value for name, value in criteria.items() if name.startswith("current left over")) < left_over


def test_the_weight_of_an_edge_is_what_acts():
    """1 mS behind 300 ohm and before 500 ohm is 1/1.8 mS."""
    check = nm.cross_validate(hardware(pair()), error_budget=False)
    by_name = {edge.name: edge for edge in check.edges}
    assert by_name["a->b"].reference == pytest.approx(1e-3 / 1.8, rel=1e-5)
    assert by_name["b->a"].candidate == pytest.approx(0.6e-3 / (1 + 0.8 * 0.6), rel=1e-4)


def test_a_resistance_that_is_off_by_a_fifth_on_one_road_fails():
    roads = hardware(pair()), hardware(pair(), nm.CurrentConveyor(r_x=600.0))
    check = nm.cross_validate(roads, error_budget=False)
    assert not check.passed
    by_name = {edge.name: edge for edge in check.edges}
    assert by_name["a->b"].difference == pytest.approx(1.8 / 1.9 - 1, rel=1e-3)


# ---------------------------------------------------------------- the deck, files, refusals


def deck_lines(graph, **settings):
    network = nm.compose(graph, **settings)
    return nm.make_deck(network.schematic(), drives=network.drives(), t_stop=1e-3).body


def test_ideal_parts_leave_the_deck_as_it_is():
    graph = pair()
    plain = deck_lines(graph)
    assert deck_lines(graph, fidelity={}, conveyor=CONVEYOR) == plain
    assert deck_lines(graph, fidelity={"driver": "ideal", "conveyor": "ideal"}) == plain
    names = [line.split()[1] for line in deck_lines(graph, fidelity=OWN_PARTS) if line.startswith(".subckt")]
    assert names == ["mms", "memristive_alif", "pulse_driver", "pulse_output", "currentconveyor", "lowpass"]


def test_who_takes_a_line_shares_its_output_and_a_memristor_has_its_own():
    graph = pair(nm.MemristiveSynapse())
    graph.add_node("c", neuron=NEURON)
    graph.add_node("d", neuron=NEURON)
    for name in "cd":
        graph.add_edge("a", name, synapse=nm.StaticSynapse(conductance=1e-3))
    lines = deck_lines(graph, fidelity=OWN_PARTS)
    outputs = [line.split()[:3] for line in lines if " pulse_output " in line and line.startswith("X")]
    assert ["Xa_line_out", "a_line", "a_line_out"] in outputs
    assert ["Xa_to_b_out", "a_line", "a_to_b_out"] in outputs
    assert [line.split()[1] for line in lines if line.startswith(("Ra_to_c", "Ra_to_d"))] == ["a_line_out"] * 2
    stiff = nm.PulseDriver(v_pulse=0.5, t_pulse=1e-6, r_out=0.0, t_rise=0.0)
    assert not any("_out" in line for line in deck_lines(pair(driver=stiff), fidelity=OWN_PARTS))


def test_a_file_keeps_drivers_and_conveyors(tmp_path):
    graph = pair()
    graph.nodes["a"]["conveyor"] = nm.CurrentConveyor(r_x=33.0, v_offset=-1e-4)
    nm.save_network(graph, tmp_path / "pair.json")
    loaded = nm.load_network(tmp_path / "pair.json")
    assert loaded.nodes["a"]["conveyor"] == graph.nodes["a"]["conveyor"]
    assert loaded.nodes["b"]["driver"] == DRIVER
    assert nm.compose(loaded, fidelity=OWN_PARTS).plan == nm.compose(graph, fidelity=OWN_PARTS).plan


def test_what_has_no_equations_is_refused():
    devices = nm.DeviceArray(nm.MMS(), np.full((1, 1), 0.5))
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=[1e-6], driver=nm.PulseDriver(t_pulse=5e-6))
    graph.add_node("n", neuron=NEURON)
    graph.add_node("x", crossbar=nm.Crossbar(devices))
    graph.add_edge("s", "x", row=0)
    graph.add_edge("x", "n", column=0)
    assert nm.compose(graph, fidelity={"discharge": "macromodel"}).dynamics().neurons == ("n",)
    for part in OWN_PARTS:
        with pytest.raises(
            ValueError, match=r"crossbar 'x' has memristors behind drivers .*leave 'driver' and 'conveyor' out of"
        ):
            nm.compose(graph, fidelity={part: "macromodel"}).dynamics()
    slow = nm.compose(pair(nm.MemristiveSynapse()), fidelity=OWN_PARTS, conveyor=nm.CurrentConveyor(bandwidth=1e3))
    with pytest.raises(ValueError, match=r"edge 'a' -> 'b' takes 0.000159 s to follow.*at most 2e-06 s"):
        slow.dynamics()
    graph = networkx.DiGraph()
    graph.add_node("s", spikes=[1e-6], driver=nm.PulseDriver(t_pulse=5e-6))
    graph.add_node("n", neuron=nm.AdaptiveExponentialIF())
    graph.add_edge("s", "n", synapse=nm.StaticSynapse())
    with pytest.raises(
        ValueError, match=r"neuron 'n' .* does not say at which voltage its input is.*leave 'conveyor' out of"
    ):
        nm.compose(graph, fidelity=OWN_PARTS).dynamics()


@pytest.mark.parametrize("model", [nm.MMS(), nm.GMMS(alpha_f=3e-4), nm.GMMS(alpha_f=1e-6, alpha_r=3e-4)], ids=repr)
def test_a_device_behind_a_resistance_has_the_voltage_that_is_left(model):
    """By bisection instead of Newton's method; a published GMMS carries a current at 0 V, so its own voltage passes zero."""
    module = device_module(model, behind_resistance=True)
    given = np.array([*model.values().values(), 500.0, 1e-3])

    @numba.njit
    def current(v, x, a):
        return module.device_current(v, x, module.pack_values(a))

    def left(u, v, x):
        return u + 500.0 * float(model.current(u, x)) - (v - 1e-3)

    for v in (-0.3, 0.0, 1e-3, 0.05, 0.5):
        for x in (0.0, 0.4, 1.0):
            own = optimize.brentq(left, -2.0, 2.0, args=(v, x), xtol=1e-16, rtol=1e-15)
            exact = float(model.current(own, x))
            assert current(v, x, given) == pytest.approx(exact, rel=1e-9, abs=1e-16), (v, x)
