"""Graphs as plans: what is read, and what every kind of bad input is told."""

from __future__ import annotations

import re
import warnings

import networkx
import numpy as np
import pytest

import neuromorph as nm
from neuromorph.networks import plan_of

PULSES = nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6)
SYNAPSE = nm.StaticSynapse(conductance=2e-3)
DRIVE = nm.Constant(value=1e-3)


def pair(**attributes):
    """Two neurons, the first of which is driven; attributes of the edge between them."""
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(), drive=DRIVE)
    graph.add_node("b", neuron=nm.LIF())
    graph.add_edge("a", "b", **attributes)
    return graph


def joined(crossbar=None, rows=(0, 1), columns=(0, 1)):
    """Two neurons that drive two through a crossbar."""
    graph = networkx.DiGraph()
    graph.add_node("x", crossbar=nm.Crossbar(1e-3 * np.ones((2, 2))) if crossbar is None else crossbar)
    for k, row in enumerate(rows):
        graph.add_node(f"a{k}", neuron=nm.LIF(), drive=DRIVE, driver=PULSES)
        graph.add_edge(f"a{k}", "x", **({} if row is None else {"row": row}))
    for k, column in enumerate(columns):
        graph.add_node(f"b{k}", neuron=nm.LIF())
        graph.add_edge("x", f"b{k}", **({} if column is None else {"column": column}))
    return graph


def refusal(graph):
    with pytest.raises(ValueError, match=r"\w") as caught:
        plan_of(graph)
    return str(caught.value)


class TestWhatIsRead:
    def test_every_kind_of_node_and_edge_in_the_order_of_the_graph(self):
        graph = networkx.DiGraph(name="all", t_stop=5e-3)
        graph.add_node("n1", neuron=nm.LIF(), drive=DRIVE, driver=PULSES, gain=2)
        graph.add_node("s", spikes=[3e-3, 1e-3], driver=PULSES)
        graph.add_node("c", input=DRIVE)
        graph.add_node("x", crossbar=nm.Crossbar([[1e-3, 2e-3]]))
        graph.add_node("n0", neuron=nm.MemristiveALIF().at_fidelity("macromodel"))
        graph.add_edge("s", "n1", synapse=SYNAPSE)
        graph.add_edge("n1", "n0", synapse=nm.LowPassSynapse(delay=1e-3))
        graph.add_edge("c", "n0", gain=0.5)
        graph.add_edge("s", "x", row=0, delay=2e-6)
        graph.add_edge("x", "n0", column=1, inhibitory=True)
        plan = plan_of(graph)
        assert (plan.title, plan.t_stop) == ("all", 5e-3)
        assert [part.name for part in plan.neurons] == ["n1", "n0"]
        assert (plan.neurons[0].gain, plan.neurons[0].drive) == (2.0, DRIVE)
        assert plan.neurons[1].driver == nm.PulseDriver()
        assert plan.spike_sources[0].times == (1e-3, 3e-3)
        assert plan.current_sources[0].stimulus == DRIVE
        assert [(part.source, part.target) for part in plan.synapses] == [("n1", "n0"), ("s", "n1")]
        assert [(part.source, part.target, part.gain) for part in plan.injections] == [("c", "n0", 0.5)]
        (crossbar,) = plan.crossbars
        assert [(r.row, r.source, r.delay) for r in crossbar.rows] == [(0, "s", 2e-6)]
        assert [(c.column, c.target, c.inhibitory) for c in crossbar.columns] == [(1, "n0", True)]
        assert plan.drivers == {"n1": PULSES, "n0": nm.PulseDriver(), "s": PULSES}

    def test_what_a_drawing_needs_is_let_through(self):
        graph = pair(synapse=SYNAPSE)
        graph.nodes["a"].update(pos=(0.0, 1.0), label="first", layer=0, population="input")
        assert plan_of(graph).neurons[0].name == "a"

    def test_numbers_of_numpy_are_numbers(self):
        graph = joined(rows=(np.int64(0), 1))
        graph.nodes["a0"]["gain"] = np.float64(2.0)
        assert plan_of(graph).crossbars[0].rows[0].row == 0

    def test_a_graph_without_a_name_is_a_network(self):
        assert plan_of(pair(synapse=SYNAPSE)).title == "network"

    def test_a_frozen_graph_and_a_view_are_read(self):
        graph = pair(synapse=SYNAPSE)
        assert plan_of(networkx.freeze(graph)) == plan_of(graph.subgraph(["a", "b"]))

    def test_other_drives_replace_those_of_neurons(self):
        plan = plan_of(pair(synapse=SYNAPSE)).driven_by({"b": DRIVE})
        assert [part.drive for part in plan.neurons] == [DRIVE, DRIVE]

    @pytest.mark.parametrize(
        ("drives", "said"),
        [
            ({"c": DRIVE}, "'network' has no neuron 'c' to drive; its neurons: a, b"),
            (
                {"b": 1e-3},
                "the drive of neuron 'b' must be a Stimulus in A, such as nm.Constant(value=1e-3), got 0.001",
            ),
        ],
    )
    def test_other_drives_that_do_not_fit(self, drives, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            plan_of(pair(synapse=SYNAPSE)).driven_by(drives)


class TestGraph:
    @pytest.mark.parametrize(
        ("graph", "said"),
        [
            (networkx.Graph(), "a network is a networkx.DiGraph, got a networkx.Graph"),
            (
                networkx.MultiDiGraph(),
                "a network is a networkx.DiGraph, got a networkx.MultiDiGraph; two synapses between the same neurons: put a crossbar "
                "node between them",
            ),
            ({"a": ["b"]}, "a network is a networkx.DiGraph, got {'a': ['b']}"),
            (None, "a network is a networkx.DiGraph, got None"),
            (
                networkx.DiGraph(),
                "a network needs at least one node with the attribute neuron=, such as neuron=nm.LIF()",
            ),
        ],
    )
    def test_what_is_no_network(self, graph, said):
        assert refusal(graph) == said

    def test_neither_is_one_of_sources_only(self):
        graph = networkx.DiGraph()
        graph.add_node("s", spikes=[1e-3], driver=PULSES)
        assert refusal(graph).startswith("a network needs at least one node with the attribute neuron=")

    @pytest.mark.parametrize("t_stop", [0, -1e-3, float("nan"), float("inf"), "5ms", True])
    def test_length_of_a_run(self, t_stop):
        graph = pair(synapse=SYNAPSE)
        graph.graph["t_stop"] = t_stop
        assert re.match(r"t_stop of the graph must be a .* (time|number) in s", refusal(graph))
        assert refusal(graph).endswith(f"got {t_stop!r}")


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["n 0", "n0 ", "n0\n", "\tn0", "n0\n.end", "", "0n", "n-0", "n.0", "nö", "n\u0660", 0, 1.5, ("n", 0), None],
    )
    def test_that_cannot_stand_in_a_circuit(self, name):
        graph = networkx.DiGraph()
        if name is None:
            # networkx itself refuses None.
            with pytest.raises(ValueError, match="None cannot be a node"):
                graph.add_node(name)
            return
        graph.add_node(name, neuron=nm.LIF(), drive=DRIVE)
        assert refusal(graph) == (
            f"node name {name!r} cannot stand in a circuit: give a string of letters, digits and underscores that does not "
            "begin with a digit, such as 'n0' (networkx.relabel_nodes renames all)"
        )

    def test_the_remedy_works(self):
        graph = networkx.DiGraph()
        graph.add_node(0, neuron=nm.LIF(), drive=DRIVE)
        assert plan_of(networkx.relabel_nodes(graph, {0: "n0"})).neurons[0].name == "n0"

    def test_that_differ_in_case_only(self):
        graph = pair(synapse=SYNAPSE)
        graph.add_node("A", neuron=nm.LIF(), drive=DRIVE)
        assert refusal(graph) == "nodes 'a' and 'A' differ in case only, which SPICE does not see: rename one"


class TestNodes:
    @staticmethod
    def of(**attributes):
        graph = networkx.DiGraph()
        graph.add_node("n0", neuron=nm.LIF(), drive=DRIVE)
        graph.add_node("m", **attributes)
        return refusal(graph)

    def test_without_a_kind(self):
        assert self.of() == (
            "node 'm' has none of the attributes neuron=, input=, spikes=, crossbar=: say what it is, such as "
            "graph.add_node('m', neuron=nm.LIF())"
        )

    def test_that_an_edge_made_by_a_slip(self):
        graph = pair(synapse=SYNAPSE)
        graph.add_edge("a", "bb", synapse=SYNAPSE)
        assert refusal(graph).startswith("node 'bb' has none of the attributes")

    def test_of_two_kinds(self):
        assert self.of(neuron=nm.LIF(), input=DRIVE) == "node 'm' has neuron= and input=: a node is one of them"

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            (
                {"neuron": nm.LIF(), "drives": DRIVE},
                "node 'm' with neuron= has an attribute 'drives'; known: neuron, drive, driver, gain, conveyor",
            ),
            ({"input": DRIVE, "driver": PULSES}, "node 'm' with input= has an attribute 'driver'; known: input"),
            ({"spikes": [], "gain": 2.0}, "node 'm' with spikes= has an attribute 'gain'; known: spikes, driver"),
            (
                {"neuron": nm.LIF},
                "neuron of node 'm' must be a neuron, such as nm.LIF(), got <class 'neuromorph.neurons.lif.LIF'>",
            ),
            ({"neuron": "lif"}, "neuron of node 'm' must be a neuron, such as nm.LIF(), got 'lif'"),
            (
                {"neuron": nm.LIF(), "drive": 1e-3},
                "drive of node 'm' must be a Stimulus in A, such as nm.Constant(value=1e-3), got 0.001",
            ),
            ({"input": 1e-3}, "input of node 'm' must be a Stimulus in A, such as nm.Constant(value=1e-3), got 0.001"),
            ({"neuron": nm.LIF(), "gain": "2"}, "gain of node 'm' must be a finite number, got '2'"),
            ({"neuron": nm.LIF(), "gain": True}, "gain of node 'm' must be a finite number, got True"),
            ({"neuron": nm.LIF(), "gain": float("inf")}, "gain of node 'm' must be a finite number, got inf"),
            (
                {"neuron": nm.LIF(), "driver": 5e-6},
                "driver of node 'm' must be a PulseDriver, such as nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6), got 5e-06",
            ),
            (
                {"spikes": [1e-3]},
                "driver of node 'm' must be a PulseDriver, such as nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6), got None",
            ),
            (
                {"spikes": [1e-3], "driver": nm.PulseDriver()},
                "the driver of node 'm' must say how long a pulse is: driver=nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6)",
            ),
            ({"spikes": ["a"], "driver": PULSES}, "spikes of node 'm' must be times in s, got ['a']"),
            (
                {"spikes": [[1e-3]], "driver": PULSES},
                "spikes of node 'm' must be finite times of at least 0 s, got [[0.001]]",
            ),
            (
                {"spikes": [-1e-3], "driver": PULSES},
                "spikes of node 'm' must be finite times of at least 0 s, got [-0.001]",
            ),
            (
                {"spikes": [float("nan")], "driver": PULSES},
                "spikes of node 'm' must be finite times of at least 0 s, got [nan]",
            ),
            ({"crossbar": [[1e-3]]}, "crossbar of node 'm' must be a nm.Crossbar, got [[0.001]]"),
        ],
    )
    def test_with_a_wrong_attribute(self, attributes, said):
        assert self.of(**attributes) == said


class TestSynapses:
    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            (
                {},
                "edge 'a' -> 'b' needs the attribute synapse=, such as synapse=nm.StaticSynapse(conductance=1e-3), got nothing",
            ),
            (
                {"synapse": 1e-3},
                "edge 'a' -> 'b' needs the attribute synapse=, such as synapse=nm.StaticSynapse(conductance=1e-3), got 0.001",
            ),
            ({"weight": 1e-3}, "edge 'a' -> 'b' has an attribute 'weight'; known: synapse"),
            ({"synapse": SYNAPSE, "delay": 1e-3}, "edge 'a' -> 'b' has an attribute 'delay'; known: synapse"),
        ],
    )
    def test_that_are_missing_or_wrong(self, attributes, said):
        assert refusal(pair(**attributes)) == said

    def test_of_a_neuron_to_itself_at_once(self):
        graph = pair(synapse=SYNAPSE)
        graph.add_edge("b", "b", synapse=SYNAPSE)
        assert refusal(graph) == (
            "edge 'b' -> 'b' joins a neuron to itself at once, while it discharges: give the synapse a delay, or take a LowPassSynapse"
        )

    @pytest.mark.parametrize(
        "synapse", [nm.StaticSynapse(delay=1e-4), nm.MemristiveSynapse(delay=1e-4), nm.LowPassSynapse()]
    )
    def test_of_a_neuron_to_itself_later(self, synapse):
        graph = pair(synapse=SYNAPSE)
        graph.add_edge("b", "b", synapse=synapse)
        assert plan_of(graph).synapses[-1].synapse == synapse

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (
                lambda: nm.StaticSynapse(conductance=-1e-3),
                "conductance must be a finite conductance in S of at least 0, got -0.001",
            ),
            (lambda: nm.StaticSynapse(routing="light"), "routing must be one of current, voltage, got 'light'"),
            (lambda: nm.StaticSynapse(delay=-1.0), "delay must be a finite time in s of at least 0, got -1.0"),
            (lambda: nm.StaticSynapse(inhibitory=1), "inhibitory must be True or False, got 1"),
            (lambda: nm.LowPassSynapse(tau=0.0), "tau must be a positive time in s, got 0.0"),
            (
                lambda: nm.MemristiveSynapse(memristor=500.0),
                "memristor must be a MemristorModel, such as nm.MMS(), got 500.0",
            ),
            (lambda: nm.MemristiveSynapse(x0=1.5), "x0 must be a finite number from 0 to 1, got 1.5"),
            (lambda: nm.PulseDriver(t_pulse=-1e-6), "t_pulse must be a finite time in s of at least 0, got -1e-06"),
        ],
    )
    def test_values_that_are_not_physical(self, make, said):
        with pytest.raises(ValueError, match=re.escape(said)):
            make()

    def test_into_what_nothing_can_drive(self):
        graph = pair(synapse=SYNAPSE)
        graph.add_node("s", spikes=[1e-3], driver=PULSES)
        graph.add_edge("a", "s", synapse=SYNAPSE)
        assert (
            refusal(graph)
            == "edge 'a' -> 's' ends at a node with spikes=, which nothing can drive: only neurons and crossbars"
        )

    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ({"synapse": SYNAPSE}, "edge 'c' -> 'b' has an attribute 'synapse'; known: gain"),
            ({"gain": "2"}, "gain of edge 'c' -> 'b' must be a finite number, got '2'"),
        ],
    )
    def test_from_a_current(self, attributes, said):
        graph = pair(synapse=SYNAPSE)
        graph.add_node("c", input=DRIVE)
        graph.add_edge("c", "b", **attributes)
        assert refusal(graph) == said


class TestCrossbars:
    @pytest.mark.parametrize(
        ("lines", "said"),
        [
            ({"rows": (0, 2)}, "edge 'a1' -> 'x' needs the attribute row= from 0 to 1, got 2"),
            ({"rows": (0, -1)}, "edge 'a1' -> 'x' needs the attribute row= from 0 to 1, got -1"),
            ({"rows": (0, 1.0)}, "edge 'a1' -> 'x' needs the attribute row= from 0 to 1, got 1.0"),
            ({"rows": (0, True)}, "edge 'a1' -> 'x' needs the attribute row= from 0 to 1, got True"),
            ({"rows": (0, None)}, "edge 'a1' -> 'x' needs the attribute row= from 0 to 1, got None"),
            ({"columns": (0, 5)}, "edge 'x' -> 'b1' needs the attribute column= from 0 to 1, got 5"),
            ({"columns": (None, 1)}, "edge 'x' -> 'b0' needs the attribute column= from 0 to 1, got None"),
            ({"rows": (1, 1)}, "row 1 of crossbar 'x' is joined twice: one edge for each row"),
            ({"columns": (0, 0)}, "column 0 of crossbar 'x' is joined twice: one edge for each column"),
            ({"rows": ()}, "crossbar 'x' has no edge into a row: join it to neurons"),
            ({"columns": ()}, "crossbar 'x' has no edge out of a column: join it to neurons"),
        ],
    )
    def test_with_wrong_lines(self, lines, said):
        assert refusal(joined(**lines)) == said

    def test_with_lines_left_open(self):
        part = plan_of(joined(rows=(1,), columns=(0,))).crossbars[0]
        assert [r.row for r in part.rows] == [1]
        assert [c.column for c in part.columns] == [0]

    def test_sensed_elsewhere(self):
        crossbar = nm.Crossbar(np.ones((2, 2)), bottom="floating", right="sensed", left="floating", top="driven")
        assert refusal(joined(crossbar)).startswith(
            "crossbar 'x' must be driven at the left and sensed at the bottom, its other ends floating, got {'left': 'floating'"
        )

    @pytest.mark.parametrize(
        ("edge", "attributes", "said"),
        [
            (
                ("a0", "x"),
                {"row": 0, "synapse": SYNAPSE},
                "edge 'a0' -> 'x' has an attribute 'synapse'; known: row, delay",
            ),
            (
                ("a0", "x"),
                {"row": 0, "delay": -1e-6},
                "delay of edge 'a0' -> 'x' must be a finite number in s of at least 0, got -1e-06",
            ),
            (
                ("x", "b0"),
                {"column": 0, "inhibitory": 1},
                "inhibitory of edge 'x' -> 'b0' must be True or False, got 1",
            ),
            (
                ("x", "b0"),
                {"column": 0, "delay": 1e-6},
                "edge 'x' -> 'b0' has an attribute 'delay'; known: column, inhibitory",
            ),
        ],
    )
    def test_with_a_wrong_edge(self, edge, attributes, said):
        graph = joined()
        graph.remove_edge(*edge)
        graph.add_edge(*edge, **attributes)
        assert refusal(graph) == said

    def test_driven_by_a_current(self):
        graph = joined(rows=(0,))
        graph.add_node("c", input=DRIVE)
        graph.add_edge("c", "x", row=1)
        assert refusal(graph) == "edge 'c' -> 'x': a crossbar joins neurons or spikes to neurons, not input to crossbar"

    def test_behind_each_other(self):
        graph = joined(columns=(0,))
        graph.add_node("y", crossbar=nm.Crossbar([[1e-3]]))
        graph.add_edge("x", "y", column=1)
        graph.add_edge("y", "b0", column=0)
        assert (
            refusal(graph) == "edge 'x' -> 'y': a crossbar joins neurons or spikes to neurons, not crossbar to crossbar"
        )


class TestNeuronsThatNothingDrives:
    def test_are_warned_of_at_the_line_of_the_caller(self):
        graph = networkx.DiGraph()
        graph.add_nodes_from(["a", "b"], neuron=nm.LIF())
        with pytest.warns(
            nm.DesignWarning, match="nothing drives a, b: give the node drive=, or an edge into it"
        ) as caught:
            nm.compose(graph)
        assert caught[0].filename == __file__

    def test_are_counted_when_they_are_many(self):
        graph = networkx.DiGraph()
        graph.add_nodes_from([f"n{k}" for k in range(12)], neuron=nm.LIF())
        with pytest.warns(nm.DesignWarning, match="nothing drives n0, n1, .*n7 and 4 more"):
            nm.compose(graph)

    def test_are_not_those_behind_a_crossbar(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            plan_of(joined())


class TestWhatOnlyACircuitWouldRefuse:
    """So that both roads take the same networks."""

    def test_a_name_of_the_graph_that_is_no_line(self):
        graph = pair(synapse=SYNAPSE)
        graph.graph["name"] = "a\n.control"
        with pytest.raises(
            ValueError, match=r"name of the graph 'a\\n.control' must be one line of printable characters"
        ):
            nm.compose(graph)

    def test_names_that_ngspice_has_no_room_for(self):
        graph = pair(synapse=nm.MemristiveSynapse())
        longest = networkx.relabel_nodes(graph, {"a": "a" * 100, "b": "b" * 100})
        run = nm.simulate(nm.compose(longest), t_stop=1e-5, engine="ngspice")
        assert f"{'a' * 100}->{'b' * 100}.x" in run
        with pytest.raises(
            ValueError, match=r"node name 'aaaaaaaaaaaaaaaa'\.\.\. has 101 characters, .*: give 100 at most"
        ):
            nm.compose(networkx.relabel_nodes(graph, {"a": "a" * 101}))

    def test_what_is_no_graph_or_no_design(self):
        graph = pair(synapse=SYNAPSE)
        with pytest.raises(ValueError, match="this is a network already: simulate and cross_validate take it as it is"):
            nm.compose(nm.compose(graph))
        for function in (nm.simulate, nm.cross_validate):
            with pytest.raises(ValueError, match=r"networkx.DiGraph is no design yet: hand in nm.compose\(graph\)"):
                function(graph, t_stop=1e-3)


@pytest.mark.parametrize("neuron", [nm.MemristiveALIF(r_switch=None), nm.LIF(t_refractory=0.0)])
def test_pulses_of_no_length_are_refused_where_the_graph_is_read(neuron):
    """Both roads are made from the plan, so neither can accept what the other refuses."""
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=neuron, drive=DRIVE)
    graph.add_node("b", neuron=nm.LIF())
    graph.add_edge("a", "b", synapse=nm.StaticSynapse())
    with pytest.raises(
        ValueError, match=r"neuron 'a' resets in no time.*driver=nm.PulseDriver\(v_pulse=0.5, t_pulse=5e-6"
    ):
        nm.compose(graph)
    graph.nodes["a"]["driver"] = nm.PulseDriver(t_pulse=1e-6)
    assert nm.compose(graph).neurons == ("a", "b")
    # Nobody waits for the pulses of the second neuron.
    graph.nodes["b"]["neuron"] = neuron
    assert nm.compose(graph).neurons == ("a", "b")


def test_conveyors_are_those_of_the_nodes_then_that_of_the_network():
    graph = networkx.DiGraph()
    own, all_others = nm.CurrentConveyor(r_x=10.0), nm.CurrentConveyor(r_x=20.0)
    graph.add_node("a", neuron=nm.LIF(), drive=DRIVE, conveyor=own)
    graph.add_node("b", neuron=nm.LIF(), drive=DRIVE)
    hardware = {"conveyor": "macromodel", "driver": "transistor"}
    plan = nm.compose(graph, conveyor=all_others, fidelity=hardware).plan
    assert plan.conveyors == {"a": own, "b": all_others}
    assert plan.outputs == {name: (50.0, pytest.approx(10e-9 / np.log(9))) for name in "ab"}
    assert nm.compose(graph, fidelity=hardware).plan.conveyors["b"] == nm.CurrentConveyor()
    for ideal in (None, {"conveyor": "ideal"}, {}):
        plan = nm.compose(graph, fidelity=ideal).plan
        assert plan.conveyors == {"a": None, "b": None}
        assert plan.outputs == {"a": (0.0, 0.0), "b": (0.0, 0.0)}
    graph.nodes["a"]["conveyor"] = 50.0
    with pytest.raises(
        ValueError, match=r"conveyor of node 'a' must be a CurrentConveyor, such as nm.CurrentConveyor.*got 50"
    ):
        nm.compose(graph)
    with pytest.raises(ValueError, match=r"conveyor must be a CurrentConveyor, .* got 'ad844'"):
        nm.compose(graph, conveyor="ad844")
    graph.nodes["a"]["conveyor"] = own
    with pytest.raises(
        ValueError, match="the fidelity of 'driver' must be one of ideal, macromodel, transistor, got 'real'"
    ):
        nm.compose(graph, fidelity={"driver": "real"})
