"""Networks as files: the same graph comes back, and what a damaged file is told."""

from __future__ import annotations

import copy
import dataclasses
import errno
import json
import math
import os
import re
import warnings

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.devices.transistor_comparator import TransistorComparator
from neuromorph.networks import plan_of
from neuromorph.networks.encoding import decoded, encoded, registry_of

PULSES = nm.PulseDriver(v_pulse=0.3, t_pulse=7e-6)


def everything():
    """A graph with every kind of node and edge, parts inside parts, numbers that have no short decimal form."""
    graph = networkx.DiGraph(name="everything", t_stop=0.1 + 0.2)
    memristor = nm.MMS(r_on=1000 / 3)
    graph.add_node(
        "a",
        neuron=nm.MemristiveALIF(
            memristor=memristor, r_switch=None, trigger=nm.SchmittTrigger(comparator=nm.Comparator(gain=3e4))
        ),
        drive=nm.PiecewiseLinear(times=[0.0, 1e-3 / 3], values=[0.0, 1e-3]),
        driver=PULSES,
        gain=1 / 3,
        pos=(0.1, -1.0),
        label="first",
        layer=0,
        population="input",
    )
    graph.add_node("b", neuron=nm.MemristiveALIF(memristor=nm.GMMS()).at_fidelity("macromodel"))
    parts = {"comparator": TransistorComparator(inputs="n"), "discharge": "macromodel"}
    graph.add_node("c", neuron=nm.RCNeuron().at_fidelity(parts), driver=PULSES)
    graph.add_node("s", spikes=np.array([3e-3, 1e-3]), driver=PULSES)
    graph.add_node("i", input=nm.Sine(amplitude=1e-3, frequency=1e3 / 7))
    graph.add_node("x", crossbar=nm.Crossbar([[1e-3 / 3, 2e-3]], r_word=1.0, r_sense=0.1))
    devices = nm.DeviceArray(nm.Yakopcic(), [[0.1, 0.9]], variations={"a1": [[0.17, 0.18]]}, stuck=[[math.nan, 1e-4]])
    graph.add_node("y", crossbar=nm.Crossbar(devices))
    graph.add_edge(
        "a", "b", synapse=nm.MemristiveSynapse(memristor=nm.VTEAM(window="joglekar"), x0=0.3, v_back=-0.2, delay=1e-6)
    )
    graph.add_edge("b", "a", synapse=nm.LowPassSynapse(conductance=1e-3, tau=1e-4 / 3, inhibitory=True))
    graph.add_edge("c", "a", synapse=nm.StaticSynapse(routing="voltage"))
    graph.add_edge("i", "c", gain=-0.5)
    graph.add_edge("s", "x", row=0, delay=1e-6 / 3)
    graph.add_edge("x", "b", column=np.int64(1), inhibitory=True)
    graph.add_edge("c", "y", row=0)
    graph.add_edge("y", "c", column=0)
    return graph


def same(one, other):
    """Equal to the last bit, arrays and crossbars included."""
    if isinstance(one, nm.Crossbar | nm.DeviceArray):
        fields = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(same(getattr(one, f), getattr(other, f)) for f in fields)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "items"):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def same_graph(one, other):
    return (
        list(one) == list(other)
        and list(one.edges) == list(other.edges)
        and same(one.graph, other.graph)
        and all(same(one.nodes[n], other.nodes[n]) for n in one if n != "s")
        and all(same(one.edges[e], other.edges[e]) for e in one.edges if e != ("x", "b"))
    )


@pytest.fixture
def file(tmp_path):
    return tmp_path / "network.json"


class TestRoundTrip:
    def test_everything_comes_back(self, file):
        graph = everything()
        nm.save_network(graph, file)
        loaded = nm.load_network(file)
        assert type(loaded) is networkx.DiGraph
        assert same_graph(graph, loaded)
        assert loaded.nodes["s"]["spikes"] == (3e-3, 1e-3)
        assert loaded.edges["x", "b"] == {"column": 1, "inhibitory": True}

    def test_one_part_that_differs_is_noticed(self, file):
        """The comparison of this file is not blind."""
        graph = everything()
        nm.save_network(graph, file)
        other = copy.deepcopy(graph)
        other.nodes["y"]["crossbar"].devices.variations["a1"].flags.writeable = True
        other.nodes["y"]["crossbar"].devices.variations["a1"][0, 0] = np.nextafter(0.17, 1)
        assert not same_graph(other, nm.load_network(file))

    def test_a_second_time_gives_the_same_file(self, file, tmp_path):
        nm.save_network(everything(), file)
        nm.save_network(nm.load_network(file), again := tmp_path / "again.json")
        first, second = (json.loads(path.read_text()) for path in (file, again))
        assert first == second

    @pytest.mark.parametrize(
        "make",
        [
            lambda: nm.networks.layered([3, 2]),
            lambda: nm.networks.random_network(8, 0.4, seed=2),
            lambda: nm.networks.crossbar_between([[1e-3, -2e-3]]),
        ],
    )
    def test_built_networks_have_the_same_plan(self, make, file):
        graph = make()
        nm.save_network(graph, file)
        loaded = nm.load_network(file)
        assert same(plan_parts(graph), plan_parts(loaded))

    def test_a_graph_frozen_by_compose_is_saved(self, file):
        nm.save_network(nm.compose(nm.networks.chain(2)).graph, file)
        assert nm.compose(nm.load_network(file)).neurons == ("n0", "n1")

    def test_networkx_reads_it(self, file):
        nm.save_network(everything(), file)
        graph = networkx.node_link_graph(json.loads(file.read_text()), edges="edges")
        assert list(graph.edges) == list(everything().edges)
        assert graph.nodes["a"]["neuron"]["parameters"]["memristor"]["parameters"]["r_on"] == 1000 / 3

    def test_it_is_what_networkx_writes(self, file):
        graph = networkx.DiGraph(name="plain")
        graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=1e-3))
        nm.save_network(graph, file)
        content = json.loads(file.read_text())
        plain = networkx.node_link_graph(content, edges="edges")
        assert networkx.node_link_data(plain, edges="edges") == {
            key: value for key, value in content.items() if key not in ("format", "version")
        }

    def test_links_of_an_older_networkx_are_read(self, file):
        nm.save_network(nm.networks.chain(2), file)
        content = json.loads(file.read_text())
        content["links"] = content.pop("edges")
        file.write_text(json.dumps(content))
        assert list(nm.load_network(file).edges) == [("n0", "n1")]

    def test_neurons_that_nothing_drives_are_no_matter_of_files(self, file):
        graph = networkx.DiGraph()
        graph.add_node("a", neuron=nm.LIF())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            nm.save_network(graph, file)
            nm.load_network(file)

    def test_a_vendors_model_is_named_by_its_file(self, file, tmp_path):
        (tmp_path / "part.lib").write_text(".subckt buf1 p n out\nE1 out 0 VALUE={LIMIT(2*V(p,n), -1, 1)}\n.ends\n")
        model = nm.VendorModel(tmp_path / "part.lib", "buf1", {"in_p": "p", "in_n": 2, "out": "out"})
        back = decoded(encoded(model, "model"), "model", registry_of(None))
        assert back.definition == model.definition
        assert (back.pins, back.path) == (model.pins, str(model.path))

    @given(
        st.floats(min_value=1e-15, max_value=1e-3),
        st.floats(min_value=0.0, max_value=1.0),
        st.lists(st.floats(min_value=0.0, max_value=1e3, allow_subnormal=True), max_size=5),
        st.lists(st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=2, max_size=2), min_size=1, max_size=3),
        st.text(max_size=20),
    )
    @settings(max_examples=60, deadline=None)
    def test_any_numbers(self, tmp_path_factory, value, x0, times, conductances, label):
        file = tmp_path_factory.getbasetemp() / "any.json"
        graph = networkx.DiGraph()
        graph.add_node("n", neuron=nm.LIF(capacitance=value), drive=nm.Constant(value=-value), gain=value, label=label)
        graph.add_node("s", spikes=times, driver=nm.PulseDriver(v_pulse=-value, t_pulse=value))
        graph.add_node("x", crossbar=nm.Crossbar(conductances))
        graph.add_edge("s", "n", synapse=nm.MemristiveSynapse(x0=x0, delay=value))
        graph.add_edge("s", "x", row=0, delay=value)
        graph.add_edge("x", "n", column=1)
        nm.save_network(graph, file)
        loaded = nm.load_network(file)
        assert same_graph(graph, loaded)
        assert loaded.nodes["s"]["spikes"] == tuple(times)

    @pytest.mark.parametrize("value", [math.inf, -math.inf, 5e-324, 1.7976931348623157e308, -0.0, 0.1])
    def test_floats_at_their_limits(self, value):
        back = decoded(json.loads(json.dumps(encoded(value, "value"), allow_nan=False)), "value", registry_of(None))
        assert (back, math.copysign(1, back)) == (value, math.copysign(1, value))


def plan_parts(graph):
    plan = plan_of(graph)
    return [getattr(plan, field.name) for field in dataclasses.fields(plan) if field.name != "crossbars"], [
        (part.name, part.crossbar, part.rows, part.columns) for part in plan.crossbars
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SlowMMS(nm.MMS):
    """A memristor of a user."""

    slowness: float = nm.parameter(1.0, unit="", positive=True, doc="how much slower")

    def state_equation(self, v, x):
        return super().state_equation(v, x) / self.slowness


OWN = f"{__name__}:SlowMMS"


class TestClassesOfTheUser:
    @pytest.fixture
    def saved(self, file):
        nm.save_network(nm.networks.chain(2, neuron=nm.MemristiveALIF(memristor=SlowMMS(slowness=3.0))), file)
        return file

    def test_are_made_when_the_caller_names_them(self, saved):
        graph = nm.load_network(saved, types={OWN: SlowMMS})
        assert graph.nodes["n1"]["neuron"].memristor == SlowMMS(slowness=3.0)

    def test_are_refused_otherwise(self, saved):
        said = (
            f"{saved}: nodes[0] ('n0'): neuron.memristor: unknown type '{OWN}'; for a class of your own, give "
            f"types={{'{OWN}': <the class>}}; known: AdaptiveExponentialIF, Comparator,"
        )
        with pytest.raises(ValueError, match=re.escape(said)):
            nm.load_network(saved)

    def test_are_never_imported(self, file, tmp_path, monkeypatch):
        """A module that would leave a trace, if it were imported."""
        (tmp_path / "trap.py").write_text("open('sprung', 'w').close()\nclass Neuron: pass\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        neuron = {"type": "trap:Neuron", "parameters": {}}
        file.write_text(json.dumps({"version": 1, "nodes": [{"id": "n0", "neuron": neuron}], "edges": []}))
        with pytest.raises(ValueError, match="unknown type 'trap:Neuron'"):
            nm.load_network(file)
        assert not (tmp_path / "sprung").exists()

    def test_do_not_replace_those_of_the_package(self, saved):
        with pytest.raises(
            ValueError, match=re.escape(f"types['MMS'] has the name of a class of neuromorph: name it '{OWN}'")
        ):
            nm.load_network(saved, types={"MMS": SlowMMS})

    def test_are_dataclasses(self, saved):
        with pytest.raises(ValueError, match=re.escape("types['os:system'] must be a dataclass, got <built-in")):
            nm.load_network(saved, types={"os:system": os.system})


class TestWhatCannotBeSaved:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (
                lambda g: g.graph.update(author=object),
                "graph attribute 'author' is a type, which a network file cannot hold",
            ),
            (
                lambda g: g.nodes["n0"].update(label={1: 2}),
                "label of node 'n0' is a mapping with the keys [1], which a network file",
            ),
            (
                lambda g: g.nodes["n0"].update(label={"type": 2}),
                "label of node 'n0' is a mapping with the keys ['type'], which",
            ),
            (
                lambda g: g.nodes["n0"].update(pos=(0.0, b"x")),
                "pos of node 'n0'[1] is a bytes, which a network file cannot hold",
            ),
            (lambda g: g.nodes["n0"].pop("neuron"), "node 'n0' has none of the attributes"),
        ],
    )
    def test_is_named(self, change, said, file):
        graph = nm.networks.chain(2)
        change(graph)
        with pytest.raises(ValueError, match=re.escape(said)):
            nm.save_network(graph, file)
        assert not file.exists()

    def test_what_was_there_before_stays(self, file):
        nm.save_network(nm.networks.chain(2), file)
        before = file.read_bytes()
        graph = nm.networks.chain(2)
        graph.graph["author"] = object()
        with pytest.raises(ValueError, match="author"):
            nm.save_network(graph, file)
        assert file.read_bytes() == before

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="cannot write: No such file or directory; make the folder first"):
            nm.save_network(nm.networks.chain(2), tmp_path / "none" / "network.json")


def edited(file, change):
    """A good file with something changed."""
    graph = nm.networks.crossbar_between([[1e-3]], pre=nm.LIF(), post=nm.LIF())
    nm.networks.join_through_crossbar(graph, ["post0"], ["pre0"], [[1e-3]], name="back")
    graph.add_edge("pre0", "post0", synapse=nm.StaticSynapse())
    nm.save_network(graph, file)
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return file


NODE = "nodes[0] ('pre0')"
SYNAPSE = "edges[1] ('pre0' -> 'post0')"


class TestDamagedFiles:
    def test_that_are_not_there(self, tmp_path):
        with pytest.raises(
            FileNotFoundError,
            match=r"cannot read the network: No such file or directory; check its name and folder: '.*none.json'",
        ):
            nm.load_network(tmp_path / "none.json")

    def test_that_are_folders(self, tmp_path):
        with pytest.raises(
            IsADirectoryError, match="cannot read the network: Is a directory; give the name of a file in it"
        ):
            nm.load_network(tmp_path)

    def test_that_may_not_be_read(self, file, monkeypatch):
        def refuse(path, *_, **__):
            # Root, as which tests may run, reads everything.
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr("builtins.open", refuse)
        with pytest.raises(
            PermissionError, match="cannot read the network: Permission denied; ask for the right to read it"
        ):
            nm.load_network(file)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (
                b"",
                "no network: the file is empty; nm.save_network and 'neuromorph network convert' write what can be read",
            ),
            (b" \n", "no network: the file is empty"),
            (b'{\n "nodes": [,]\n}', "not JSON: Expecting value in line 2, column 12"),
            (b"{'nodes': []}", "not JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
            (b"\x89HDF\r\n", "no network: not a text file (invalid start byte at byte 0); nm.save_network"),
            (b"[" * 100_000, "not a network: brackets are nested too deeply"),
            (b'{"version": NaN}', "NaN is no number of JSON"),
            (b'{"version": 1, "nodes": [], "nodes": []}', "the key 'nodes' stands twice in one object"),
            (b"[]", "a network is a JSON object with the keys 'nodes' and 'edges', got a list"),
            (b"{}", "the file has no key 'version', only none"),
            (b'{"version": 1}', "the file has no key 'nodes', only 'version'"),
            (b'{"version": 1, "nodes": []}', "the file has no key 'edges', only 'version', 'nodes'"),
            (
                b'{"version": 1, "nodes": [], "edges": []}',
                "a network needs at least one node with the attribute neuron=",
            ),
            (b'{"version": 1, "nodes": {}, "edges": []}', "nodes must be a list, got {}"),
            (b'{"version": 1, "graph": 5, "nodes": [], "edges": []}', "graph must be an object, got 5"),
            (b'{"version": 1, "nodes": ["a"], "edges": []}', "nodes[0] must be an object, got 'a'"),
            (b'{"version": 1, "nodes": [{"neuron": 1}], "edges": []}', "nodes[0] has no key 'id', only 'neuron'"),
            (b'{"version": 1, "nodes": [{"id": 7}], "edges": []}', "nodes[0]: id must be a text, got 7"),
            (
                b'{"version": 2, "nodes": []}',
                "the file is of version 2, this neuromorph reads version 1: update neuromorph",
            ),
            (b'{"version": true}', "the file is of version True"),
            (b'{"format": "graphml", "version": 1}', "format is 'graphml', that of a network is 'neuromorph-network'"),
            (b'{"version": 1, "directed": false}', "a network is directed and has one edge from one node to another"),
            (b'{"version": 1, "multigraph": true}', "a network is directed and has one edge from one node to another"),
        ],
        ids=lambda x: x[:30] if isinstance(x, str) else "",
    )
    def test_that_are_no_network(self, content, said, file):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(str(file)) + ".*" + re.escape(said)):
            nm.load_network(file)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda c: c["nodes"].append({"id": "pre0"}), "nodes[4] ('pre0'): a node before it has the same id"),
            (
                lambda c: c["nodes"].append({"id": "PRE0", "neuron": c["nodes"][0]["neuron"]}),
                "nodes 'pre0' and 'PRE0' differ in case",
            ),
            (lambda c: c["nodes"][0].update(id="pre 0"), "edges[0] ('pre0' -> 'crossbar'): there is no node 'pre0'"),
            (
                lambda c: c["edges"].append(c["edges"][1]),
                "edges[5] ('pre0' -> 'post0'): an edge before it joins the same nodes",
            ),
            (lambda c: c["edges"][0].pop("target"), "edges[0] has no key 'target', only 'source', 'row'"),
            (
                lambda c: c["edges"][0].update(row=3),
                "edge 'pre0' -> 'crossbar' needs the attribute row= from 0 to 0, got 3",
            ),
            (lambda c: c["nodes"][0].pop("neuron"), "node 'pre0' has none of the attributes neuron=, input="),
            (
                lambda c: c["nodes"][0].update(neuron=5),
                "neuron of node 'pre0' must be a neuron, such as nm.LIF(), got 5",
            ),
            (
                lambda c: c["nodes"][0]["neuron"].update(type="LIFF"),
                f"{NODE}: neuron: unknown type 'LIFF'; known: AdaptiveExponentialIF, Comparator, ",
            ),
            (lambda c: c["nodes"][0]["neuron"].update(type=["LIF"]), f"{NODE}: neuron: unknown type ['LIF']; known: "),
            (
                lambda c: c["nodes"][0]["neuron"].pop("parameters"),
                f"{NODE}: neuron: a LIF needs the keys 'type' and 'parameters', got 'type'",
            ),
            (
                lambda c: c["nodes"][0]["neuron"]["parameters"].update(v_thr=1.0),
                f"{NODE}: neuron: LIF has no parameter 'v_thr'; choices: capacitance, r_leak, v_th,",
            ),
            (
                lambda c: c["nodes"][0]["neuron"]["parameters"].update(capacitance=-1.0),
                f"{NODE}: neuron: capacitance must be a positive capacitance in F, got -1.0",
            ),
            (
                lambda c: c["nodes"][0]["neuron"]["parameters"].update(capacitance={"number": "inf"}),
                f"{NODE}: neuron: capacitance must be a positive capacitance in F, got inf",
            ),
            (
                lambda c: c["nodes"][0]["neuron"]["parameters"].update(capacitance={"number": "1e-9"}),
                f"{NODE}: neuron.capacitance: number must be one of inf, -inf, nan, got '1e-9'",
            ),
            (
                lambda c: c["nodes"][0]["neuron"]["parameters"].update(capacitance=10**400),
                f"{NODE}: neuron: capacitance must be a positive capacitance in F, got 1000",
            ),
            (
                lambda c: c["nodes"][0]["drive"].update(parameters={}),
                f"{NODE}: drive: Constant needs the parameter 'value'",
            ),
            (
                lambda c: c["nodes"][0].update(
                    drive={"type": "PulseTrain", "parameters": {"times": {}, "width": 1, "amplitude": 1}}
                ),
                f"{NODE}: drive: ",
            ),
            (
                lambda c: c["nodes"][0].update(
                    neuron={"type": "MemristiveALIF", "parameters": {"memristor": {"type": "LIF", "parameters": {}}}}
                ),
                f"{NODE}: neuron.memristor must be a MemristorModel, got LIF(",
            ),
            (
                lambda c: c["nodes"][0].update(
                    neuron={
                        "type": "NeuronAtFidelity",
                        "parameters": {"neuron": c["nodes"][0]["neuron"], "fidelity": "real"},
                    }
                ),
                f"{NODE}: neuron: 'lif' has the fidelity 'ideal' only, got 'real'",
            ),
            (
                lambda c: c["edges"][1]["synapse"]["parameters"].update(routing="light"),
                f"{SYNAPSE}: synapse: routing must be one of current, voltage, got 'light'",
            ),
            (
                lambda c: c["edges"][1]["synapse"]["parameters"].update(inhibitory="no"),
                f"{SYNAPSE}: synapse: inhibitory must be True or False, got 'no'",
            ),
            (
                lambda c: c["nodes"][2]["crossbar"]["parameters"].update(devices=[[1.0], [1.0, 2.0]]),
                "nodes[2] ('crossbar'): crossbar: ",
            ),
            (
                lambda c: c["nodes"][2]["crossbar"]["parameters"].update(devices="many"),
                "nodes[2] ('crossbar'): crossbar: ",
            ),
            (lambda c: c["graph"].update(t_stop="5ms"), "t_stop of the graph must be a finite number in s, got '5ms'"),
        ],
    )
    def test_with_a_wrong_entry(self, change, said, file):
        with pytest.raises(ValueError, match=re.escape(f"{edited(file, change)}: {said}")):
            nm.load_network(file)

    def test_cut_off_anywhere(self, file):
        """A copy that broke off is refused, wherever it did."""
        nm.save_network(nm.networks.chain(2, neuron=nm.LIF()), file)
        whole = file.read_text().rstrip()
        for length in range(1, len(whole), 37):
            file.write_text(whole[:length])
            with pytest.raises(ValueError, match="not JSON"):
                nm.load_network(file)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["type", "parameters", "number", "neuron", "value"]), inner)
            ),
            max_leaves=8,
        )
    )
    @settings(max_examples=150, deadline=None)
    def test_with_anything_in_place_of_a_neuron(self, tmp_path_factory, value):
        file = tmp_path_factory.getbasetemp() / "anything.json"
        file.write_text(json.dumps({"version": 1, "nodes": [{"id": "n0", "neuron": value}], "edges": []}))
        with pytest.raises(ValueError, match=re.escape(str(file))):
            nm.load_network(file)
