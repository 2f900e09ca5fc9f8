"""Design checks of the neurons inside a network: who is named, and when nothing is said."""

from __future__ import annotations

import networkx
import pytest

import neuromorph as nm

GOOD, LATCHING, WEAK = nm.MemristiveALIF(), nm.MemristiveALIF(v_lo=5e-3), nm.RCNeuron()
SQUARE = nm.SquareWave(amplitude=1e-3, frequency=1e3)


def network(**nodes):
    graph = networkx.DiGraph(name="checked")
    for name, attributes in nodes.items():
        graph.add_node(name, **attributes)
    return graph


def faults(graph, **arguments):
    return [(f.fault, f.message.split(":")[0]) for f in nm.check_design(nm.compose(graph), **arguments)]


def test_a_neuron_that_latches_up_is_named():
    graph = network(good={"neuron": GOOD, "drive": SQUARE}, bad={"neuron": LATCHING, "drive": SQUARE})
    assert faults(graph) == [("latch-up", "neuron 'bad'")]
    # As by itself.
    (alone,) = nm.check_design(LATCHING, SQUARE, 5e-3)
    (inside,) = nm.check_design(nm.compose(graph))
    assert inside.message == f"neuron 'bad': {alone.message}"
    assert inside.parameter == alone.parameter
    assert inside.limit == pytest.approx(alone.limit, rel=1e-9)


def test_neurons_with_one_fault_are_named_together():
    graph = network(**{f"n{k}": {"neuron": LATCHING, "drive": SQUARE} for k in range(10)})
    listed = ", ".join(f"'n{k}'" for k in range(8))
    assert faults(graph) == [("latch-up", f"neurons {listed} and 2 more")]


def test_a_weak_drive_is_a_fault_where_nothing_else_reaches_the_neuron():
    weak = {"neuron": WEAK, "drive": nm.Constant(value=50e-6)}
    graph = network(a={"neuron": nm.LIF(), "drive": nm.Constant(value=0.2e-3)}, b=weak)
    assert faults(graph) == [("no firing", "neuron 'b'")]
    graph.add_edge("a", "b", synapse=nm.StaticSynapse(conductance=1e-4))
    assert faults(graph) == []


def test_currents_of_analog_inputs_count():
    graph = network(source={"input": nm.Constant(value=50e-6)}, a={"neuron": WEAK})
    graph.add_edge("source", "a", gain=1.0)
    assert faults(graph) == [("no firing", "neuron 'a'")]
    graph.edges["source", "a"]["gain"] = 4.0
    assert faults(graph) == []
    graph.edges["source", "a"]["gain"] = -4.0
    assert faults(graph) == []


def test_a_drive_of_the_run_takes_the_place_of_the_neurons_own():
    graph = network(a={"neuron": WEAK, "drive": nm.Constant(value=0.2e-3)})
    assert faults(graph) == []
    assert faults(graph, drive={"a": nm.Constant(value=50e-6)}) == [("no firing", "neuron 'a'")]


def test_both_ways_to_run_warn():
    design = nm.compose(network(bad={"neuron": LATCHING, "drive": SQUARE}))
    for run in (nm.simulate, nm.cross_validate):
        arguments = {} if run is nm.simulate else {"error_budget": False}
        with pytest.warns(nm.DesignWarning, match="neuron 'bad': latch-up: 1 mA") as caught:
            result = run(design, t_stop=1.2e-3, **arguments)
        assert len(caught) == 1
    assert "design: neuron 'bad': latch-up" in result.summary()


def test_the_command_warns(tmp_path):
    from typer.testing import CliRunner

    from neuromorph.cli.app import app

    script = tmp_path / "bad.py"
    script.write_text(
        "import networkx, neuromorph as nm\n"
        "def design():\n"
        "    graph = networkx.DiGraph(name='g')\n"
        "    graph.add_node('bad', neuron=nm.MemristiveALIF(v_lo=5e-3), drive=nm.SquareWave(amplitude=1e-3, frequency=1e3))\n"
        "    return nm.compose(graph)\n"
    )
    result = CliRunner().invoke(app, ["network", "simulate", str(script), "--t-stop", "1ms"])
    assert result.exit_code == 0, result.output
    assert "warning: neuron 'bad': latch-up" in result.stderr
