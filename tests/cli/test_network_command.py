"""The command ``network`` as a user types it, and networks under the other commands."""

from __future__ import annotations

import errno
import json
import re

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.cli.network_graphs import BUILDERS

SCRIPT = """
import networkx
import neuromorph as nm

def design(current=0.3e-3):
    graph = networkx.DiGraph(name="two", t_stop=2e-3)
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=current), driver=nm.PulseDriver(v_pulse=0.5, t_pulse=50e-6))
    graph.add_node("b", neuron=nm.LIF(), drive=nm.Constant(value=0.15e-3))
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=1e-3))
    return {returned}
"""


@pytest.fixture
def script(tmp_path):
    """A function that writes a script whose design() returns an expression."""

    def write(returned="nm.compose(graph)"):
        path = tmp_path / "two.py"
        path.write_text(SCRIPT.replace("{returned}", returned))
        return path

    return write


def test_a_builder_is_simulated_drawn_and_written(run, tmp_path):
    result = run(
        "network", "simulate", "chain:2", "--t-stop", "1ms", "--record", "n1",
        "--json", tmp_path / "r.json", "--save", tmp_path / "r.nc", "--plot", tmp_path / "r.png",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    expected = nm.simulate(nm.compose(nm.networks.chain(2)), t_stop=1e-3)
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["spike_times"]["n1"] == pytest.approx(expected.spikes.of("n1").tolist(), rel=1e-6)
    assert content["rates"]["n0"] == pytest.approx(len(expected.spikes.of("n0")) / 1e-3)
    assert all(name.startswith("n1.") for name in content["signals"])
    count = len(expected.spikes.of("n0"))
    assert re.search(rf"^n0 +{count} +{count} kHz", result.stdout, re.MULTILINE), result.stdout
    assert "waveforms of n1\n" in result.stdout
    saved = nm.load(tmp_path / "r.nc")
    assert np.array_equal(saved.spikes.of("n1"), content["spike_times"]["n1"])
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_currents_replace_those_of_the_network(run):
    result = run(
        "network", "simulate", "chain:2", "--t-stop", "0.2ms", "--record", "none",
        "--drive", "n0=constant(value=0A)", "--drive", "n1=constant(value=1.2mA)", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["spike_times"]["n0"] == []
    assert len(content["spike_times"]["n1"]) > 3
    assert content["signals"] == []


def test_both_roads_of_a_script_agree(run, script, tmp_path):
    result = run(
        "network",
        "validate",
        script(),
        "--no-error-budget",
        "--json",
        tmp_path / "v.json",
        "--plot",
        tmp_path / "v.png",
    )
    assert result.exit_code == 0, result.output
    assert "verdict: agree" in result.stdout
    content = json.loads((tmp_path / "v.json").read_text())
    assert content["passed"] is True
    assert set(content["neurons"]) == {"a", "b"}
    assert (tmp_path / "v.png").read_bytes().startswith(b"\x89PNG")


def test_plain_commands_take_a_script_of_a_network(run, script, tmp_path):
    path = script("graph")  # a graph will do
    simulated = run(
        "simulate",
        path,
        "--set",
        "current=0.4mA",
        "--drive",
        "b=constant(value=0A)",
        "--plot",
        tmp_path / "s.png",
        "--json",
        "-",
    )
    assert simulated.exit_code == 0, simulated.output
    network = nm.networks.chain(2, neuron=nm.LIF())
    expected = nm.simulate(nm.compose(network), {"n0": nm.Constant(value=0.4e-3)}, t_stop=2e-3)
    content = json.loads(simulated.stdout)
    assert content["spike_times"]["a"] == pytest.approx(expected.spikes.of("n0").tolist(), rel=1e-6)
    validated = run("validate", path, "--no-error-budget")
    assert validated.exit_code == 0, validated.output
    assert "2 neurons, 1 edge" in validated.stdout
    deck = run("netlist", path)
    assert deck.exit_code == 0, deck.output
    assert deck.stdout.startswith("* two")
    assert ".tran" in deck.stdout


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_is_built_as_it_is_shown(name, run):
    result = run("network", "show", f"{name}:{BUILDERS[name][0]}", "--json", "-")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    sizes = {
        "chain": 4,
        "layered": 9,
        "recurrent": 8,
        "winner-take-all": 4,
        "random": 20,
        "crossbar": 7,
        "recurrent-crossbar": 8,
    }
    assert len(content["neurons"]) == sizes[name]


def test_one_seed_is_one_network(run):
    shown = [run("network", "show", f"random:10:0.3:{seed}").stdout for seed in (1, 1, 2)]
    assert shown[0] == shown[1] != shown[2]
    assert "n_edges" not in shown[0]
    assert f"{nm.networks.random_network(10, 0.3, seed=1).number_of_edges()} synapses" in shown[0]


def test_show_names_sources_crossbars_and_signs(run, tmp_path):
    graph = nm.networks.crossbar_between([[1e-3, -1e-3]])
    graph.add_node("noise", input=nm.Sine(amplitude=1e-4, frequency=1e3))
    graph.add_edge("noise", "post0", gain=1.0)
    graph.add_node("clock", spikes=[1e-3, 2e-3], driver=nm.PulseDriver(v_pulse=0.5, t_pulse=20e-6))
    graph.add_edge("clock", "post1", synapse=nm.StaticSynapse(conductance=2e-3, inhibitory=True))
    graph.add_edge("pre0", "post1", synapse=nm.LowPassSynapse(conductance=1e-3, tau=150e-6, delay=50e-6))
    graph.add_edge("post0", "post1", synapse=nm.MemristiveSynapse(memristor=nm.VTEAM(), x0=0.25))
    nm.save_network(graph, tmp_path / "n.json")
    result = run("network", "show", tmp_path / "n.json", "--json", tmp_path / "shown.json")
    assert result.exit_code == 0, result.output
    for line in (
        "crossbar_inhibitory: 1 x 2, 1 row and 2 columns joined",
        "clock       2 spikes",
        "2 mS  static, inhibits",
        "1 mS  low-pass 150 us, 50 us late",
        "VTEAM at x = 0.25",
        "1 kHz",
    ):
        assert line in result.stdout, result.stdout
    shown = json.loads((tmp_path / "shown.json").read_text())
    assert {(s["source"], s["target"]): (s["kind"], s["delay"]) for s in shown["synapses"]} == {
        ("clock", "post1"): ("StaticSynapse", 0.0),
        ("pre0", "post1"): ("LowPassSynapse", 50e-6),
        ("post0", "post1"): ("MemristiveSynapse", 0.0),
    }
    assert shown["inputs"] == [{"source": "noise", "target": "post0", "gain": 1.0}]
    inhibitory = shown["crossbars"]["crossbar_inhibitory"]
    assert inhibitory["shape"] == [1, 2]
    assert inhibitory["rows"] == [{"row": 0, "source": "pre0", "delay": 0.0}]
    assert [column["inhibitory"] for column in inhibitory["columns"]] == [True, True]


def test_a_graph_is_drawn(run, tmp_path):
    result = run("network", "draw", "winner-take-all:3", "-o", tmp_path / "w.svg")
    assert result.exit_code == 0, result.output
    assert b"<svg" in (tmp_path / "w.svg").read_bytes()


def test_there_and_back_through_a_file(run, tmp_path):
    assert run("network", "convert", "layered:3-2", "-o", tmp_path / "l.json").exit_code == 0
    graph = nm.load_network(tmp_path / "l.json")
    assert nm.networks.plan_of(graph) == nm.networks.plan_of(nm.networks.layered([3, 2]))


def test_nir_and_what_is_lost(run, tmp_path):
    nm.save_network(nm.networks.chain(2, neuron=nm.LIF()), tmp_path / "c.json")
    units = ["--v-unit", "1V", "--t-unit", "1ms", "--r-unit", "10kohm"]
    written = run(
        "network", "convert", tmp_path / "c.json", "-o", tmp_path / "c.nir", *units, "--json", tmp_path / "lost.json"
    )
    assert written.exit_code == 0, written.output
    assert "n0, n1: the refractory time of 200 us" in written.stdout
    assert json.loads((tmp_path / "lost.json").read_text())["lost"][0] == "n0, n1: the refractory time of 200 us"
    read = run("network", "convert", tmp_path / "c.nir", "-o", tmp_path / "d.json", *units)
    assert read.exit_code == 0, read.output
    assert "read as:\n  1 in NIR is 1 V, 1 ms, 10 kohm" in read.stdout
    back = nm.compose(nm.load_network(tmp_path / "d.json"))
    neuron = back.plan.neurons[0].neuron
    assert (neuron.capacitance, neuron.v_th) == pytest.approx((nm.LIF().capacitance, nm.LIF().v_th))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["simulate", "chian:3"], r"no network 'chian:3'. Choices: a file \(.json\), a script .* chain:4, layered:4-3-2"),
        (["simulate", "chain"], "chain needs sizes: write chain:4"),
        (["simulate", "chain:x"], "chain cannot be made of 'x': write chain:4"),
        (["simulate", "chain:0"], "chain:0: n must be a whole number of at least 1, got 0"),
        (["simulate", "winner-take-all:1"], "winner-take-all:1: n must be a whole number of at least 2, got 1"),
        (["simulate", "random:20:1.5"], "random:20:1.5: probability must be a number from 0 to 1, got 1.5"),
        (["simulate", "recurrent:100000"], "100000 neurons would have up to 1e.10 synapses: give fewer"),
        (["simulate", "crossbar:0x3"], "a crossbar needs a row and a column at least"),
        (["simulate", "no.json"], r"^error: no.json: cannot read the network: No such file or directory; check its name and folder; or"),
        (["validate", "no.json"], "^error: no.json: cannot read the network"),
        (["show", "no.json"], "^error: no.json: cannot read the network"),
        (["draw", "no.json", "-o", "g.png"], "^error: no.json: cannot read the network"),
        (["convert", "no.json", "-o", "g.json"], "^error: no.json: cannot read the network"),
        (["simulate", "no/such"], "^error: no/such: cannot read the network: .*; or give a script .* chain:4"),
        (["simulate", "."], "'.' is a folder: give a network's file"),
        (["simulate", "no.py"], "the script 'no.py' does not exist; give another one, a file .* or one of chain:4"),
        (["validate", "chain:2", "--engine", "rk4"], "engine 'rk4' solves equations, and a circuit needs one of ngspice, ngspice-shared, vacask, auto"),
        (["simulate", "some.nir"], "neuromorph network convert some.nir -o network.json"),
        (["simulate", "chain:2", "--record", "q"], "cannot record 'q': the network has no neuron of that name"),
        (["simulate", "chain:2", "--drive", "constant(value=1mA)"], "write neuron=stimulus, such as n0=constant"),
        (["simulate", "chain:2", "--drive", "n9=constant(value=1mA)"], "no neuron 'n9'; its neurons: n0, n1"),
        (["simulate", "chain:2", "--drive", "n0=constant(value=1V)"], "1V"),
        (["simulate", "chain:2", "--set", "n=3"], "--set is for arguments of a script's design"),
        (["simulate", "chain:2", "--engine", "spectre"], "no engine 'spectre'; choices: ode"),
        (["simulate", "chain:2", "--fidelity", "perfect"], "perfect"),
        (["simulate", "chain:2", "--save", "r.txt"], "a name that ends in .nc"),
        (["draw", "chain:2", "-o", "g.xyz"], "cannot write a picture as 'g.xyz'"),
        (["convert", "chain:2", "-o", "g.xyz"], r"a name that ends in .json \(a network\) or .nir"),
        (["convert", "chain:2", "-o", "g.nir"], "NIR's numbers have no units: say what 1 is with --v-unit, --t-unit, --r-unit"),
        (["convert", "chain:2", "-o", "g.json", "--v-unit", "1V"], "are for NIR, and neither of these files is one"),
        (["convert", "chain:2", "-o", "g.json", "--spike-area", "1e-3"], "--spike-area is for NIR, and neither"),
        (
            ["convert", "some.nir", "-o", "g.json", "--set", "n0.tau=1ms", "--v-unit", "1V", "--t-unit", "1s", "--r-unit", "1ohm"],
            "--set is for arguments of a script's design.., and '.*some.nir' is no script",
        ),
        (["convert", "chain:2", "-o", "g.json", "--through", "crossbar"], "it is for a NIR file that becomes a network"),
        (["convert", "chain:2", "-o", "g.json", "--memristive-state", "0.5"], "give --output a name in .nir"),
        (["convert", "a.nir", "-o", "b.nir"], "NIR becomes a network; give a name that ends in .json"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_status_2(run, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("network", *words)
    assert result.exit_code == 2, result.output
    assert re.search(message, result.stderr), result.stderr
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_files_that_are_no_networks_are_status_2(run, tmp_path):
    for content in (b"{", b"\xff\xfe", b'{"nodes": []}', b"[]"):
        (tmp_path / "n.json").write_bytes(content)
        result = run("network", "show", tmp_path / "n.json")
        assert result.exit_code == 2, result.output
        assert "n.json" in result.stderr
    (tmp_path / "n.nir").write_bytes(b"nothing")
    units = ["--v-unit", "1V", "--t-unit", "1s", "--r-unit", "1ohm"]
    result = run("network", "convert", tmp_path / "n.nir", "-o", tmp_path / "m.json", *units)
    assert result.exit_code == 2
    assert "is no NIR file that can be read" in result.stderr


def test_a_file_that_may_not_be_read_is_status_2(run, tmp_path, monkeypatch):
    """Root, as which tests may run, reads everything."""

    def refuse(path, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "n.json").write_text("{}")
    monkeypatch.setattr("neuromorph.networks.node_link.open", refuse, raising=False)
    result = run("network", "show", tmp_path / "n.json")
    assert result.exit_code == 2, result.output
    assert "n.json: cannot read the network: Permission denied; ask for the right to read it" in result.stderr


@pytest.mark.parametrize("name", ["n.json", "n.nir", "chain:3"])
def test_plain_commands_point_to_those_of_networks(run, name):
    result = run("simulate", name)
    assert result.exit_code == 2
    assert f"no design '{name}'" in result.stderr
    assert "neuromorph network -h" in result.stderr


def test_scripts_without_a_network(run, tmp_path, script):
    path = script("nm.LIF()")
    result = run("network", "simulate", path)
    assert result.exit_code == 2
    assert "returned a LIF, no network: return nm.compose(graph)" in result.stderr
    path = script("networkx.DiGraph(bad=1)")
    result = run("simulate", path)
    assert result.exit_code == 2
    assert "two.py" in result.stderr
    result = run("simulate", script(), "--probe", "v(a)")
    assert result.exit_code == 2
    assert "is a network: --probe and --seed are for other designs" in result.stderr


def test_ctrl_c_keeps_what_was_simulated(run, tmp_path, monkeypatch):
    monkeypatch.setattr("neuromorph.behaviour.network._NEURON_STRETCHES_PER_CALL", 1)
    calls = []

    def stop(self, fraction, what):
        calls.append(fraction)
        if fraction > 0.3:
            raise KeyboardInterrupt

    monkeypatch.setattr("neuromorph.cli.output.DelayedProgress.__call__", stop)
    result = run("network", "simulate", "chain:2", "--t-stop", "20ms", "--save", tmp_path / "r.nc")
    assert result.exit_code == 130, result.output
    assert re.search(r"error: interrupted: stopped at \S+ ms of 20 ms", result.stderr), result.stderr
    assert not (tmp_path / "r.nc").exists()
    kept = nm.load(tmp_path / "r.partial.nc")
    # The last row is at most a row before the point that was reached.
    assert kept.time[-1] == pytest.approx(20e-3 * calls[-1], abs=5e-6)
    whole = nm.simulate(nm.compose(nm.networks.chain(2)), t_stop=20e-3)
    expected = whole.spikes.of("n0")
    assert np.allclose(kept.spikes.of("n0"), expected[expected <= kept.time[-1]], rtol=1e-9)


def test_a_stopped_circuit_keeps_what_was_simulated(tmp_path):
    def stop(fraction, what):
        if fraction > 0.01:
            raise KeyboardInterrupt

    with pytest.raises(nm.SimulationInterrupted, match=r"stopped at .* of 1 s") as stopped:
        nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), t_stop=1.0, engine=nm.Ngspice(folder=tmp_path), progress=stop)
    partial = stopped.value.result
    assert 5e-3 < partial.time[-1] < 1.0
    assert len(partial.spikes) >= 5


@pytest.mark.parametrize(
    ("name", "units"), [("n.json", []), ("n.nir", ["--v-unit", "1V", "--t-unit", "1ms", "--r-unit", "1Mohm"])]
)
def test_converting_says_that_the_fidelity_of_a_script_is_lost(run, script, tmp_path, name, units):
    path = script("nm.compose(graph, fidelity={'driver': 'macromodel'})")
    result = run("network", "convert", path, "-o", tmp_path / name, *units)
    assert result.exit_code == 0, result.output
    assert "real parts become ideal ones: give --fidelity driver=macromodel to the command" in result.output
    result = run("network", "convert", script("graph"), "-o", tmp_path / name, *units)
    assert "real parts" not in result.output
