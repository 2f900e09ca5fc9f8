"""Nodes that float are found before a run, and nothing that is sound is called floating."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySpice.Spice.Netlist import Circuit, SubCircuit

import neuromorph as nm
from neuromorph.neurons import LIBRARY
from neuromorph.neurons.neuron import EquationsOnly
from neuromorph.schematic.topology import floating_nodes

Build = Callable[[Any], object]


def base() -> Circuit:
    """A driven RC, of which every node is sound."""
    circuit = Circuit("base")
    circuit.V("in", "src", 0, 1.0)
    circuit.R("1", "src", "out", 1e3)
    circuit.C("1", "out", 0, 1e-9)
    return circuit


FLOATING: dict[str, tuple[Build, str]] = {
    "capacitors only": (lambda c: (c.C("a", "src", "mid", 1e-9), c.C("b", "mid", 0, 1e-9)), "mid"),
    "current source into nothing": (lambda c: c.I("a", 0, "mid", 1e-6), "mid"),
    "current sources in series": (lambda c: (c.I("a", 0, "mid", 1e-3), c.I("b", "mid", 0, 2e-3)), "mid"),
    "gate": (lambda c: (c.M("a", "src", "gate", 0, 0, model="n"), c.model("n", "nmos")), "gate"),
    "gate behind a capacitor": (
        lambda c: (c.M("a", "src", "gate", 0, 0, model="n"), c.C("g", "src", "gate", 1e-12), c.model("n", "nmos")),
        "gate",
    ),
    "control of a voltage source": (lambda c: (c.VCVS("a", "o", 0, "ctl", 0, voltage_gain=2), c.R("o", "o", 0, 1)), "ctl"),
    "control of a current source": (lambda c: c.VCCS("a", "out", 0, "ctl", 0, transconductance=2), "ctl"),
    "output of a current source": (lambda c: c.VCCS("a", "mid", 0, "src", 0, transconductance=2), "mid"),
    "mirrored current": (lambda c: c.CCCS("a", "mid", 0, source="Vin", current_gain=2), "mid"),
    "control of a switch": (lambda c: (c.S("a", "src", "out", "ctl", 0, model="s"), c.model("s", "sw")), "ctl"),
    "behavioural current": (lambda c: c.B("a", "mid", 0, current_expression="v(src)*1m"), "mid"),
    "island": (lambda c: (c.R("a", "p", "q", 1.0), c.R("b", "q", "p", 1.0)), "p"),
    "disabled resistor": (lambda c: setattr(c.C("a", "mid", 0, 1e-9) and c.R("a", "mid", 0, 1.0), "enabled", False), "mid"),
    "case of letters": (lambda c: (c.C("a", "src", "MID", 1e-9), c.C("b", "MID", "GND", 1e-9)), "mid"),
    "inside a subcircuit": (lambda c: (c.subcircuit(open_cell()), c.X("a", "cell", "src")), "cell:m"),
    "raw capacitor": (lambda c: setattr(c, "raw_spice", "Ca src mid 1n\nCb mid 0 1n"), "mid"),
    "raw current source": (lambda c: setattr(c, "raw_spice", "Ia 0 mid\n+ 1u"), "mid"),
    "word of a subcircuit or model": (
        lambda c: (
            setattr(c, "raw_spice", ".subckt cell mid\nR1 mid 0 1k\n.ends\n.model mid d\n* mid"),
            c.C("a", "mid", 0, 1e-9),
        ),
        "mid",
    ),
}  # fmt: skip


def open_cell() -> SubCircuit:
    cell = SubCircuit("cell", "a")
    cell.C("1", "a", "m", 1e-9)
    cell.C("2", "m", 0, 1e-9)
    return cell


def transformer(circuit: Any) -> None:
    circuit.L("1", "out", 0, 1e-3)
    circuit.L("2", "s", "t", 1e-3)
    circuit.K("1", "L1", "L2", 0.9)
    circuit.R("s", "s", "t", 1e3)


SOUND: dict[str, Build] = {
    "nothing added": lambda c: None,
    "diode": lambda c: (c.D("a", "out", "k", model="d"), c.C("k", "k", 0, 1e-9), c.model("d", "D")),
    "one terminal": lambda c: c.R("a", "out", "end", 1e3),
    "bipolar transistor": lambda c: (
        c.Q("a", "src", "base", "em", model="q"),
        c.C("e", "em", 0, 1e-9),
        c.model("q", "npn"),
    ),
    "drain and bulk": lambda c: (c.M("a", "d", "src", 0, "b", model="n"), c.model("n", "nmos")),
    "inductor": lambda c: (c.L("a", "out", "l", 1e-3), c.C("l", "l", 0, 1e-9)),
    "switch": lambda c: (c.S("a", "sw", "out", "src", 0, model="s"), c.model("s", "sw")),
    "behavioural voltage": lambda c: (c.B("a", "bv", 0, voltage_expression="v(src)"), c.C("b", "bv", "out", 1e-9)),
    "behavioural conductance": lambda c: (
        c.B("a", "out", "g", current_expression="v(out, g)*1m"),
        c.C("g", "g", 0, 1e-9),
    ),
    "behavioural leak": lambda c: c.B("a", "g", 0, current_expression="1e-3*(v(src) - 2*V( G ))"),
    "conductance": lambda c: (c.VCCS("a", "g", 0, "g", 0, transconductance=1e-3), c.C("g", "g", 0, 1e-9)),
    "subcircuit pins": lambda c: (c.subcircuit(sound_cell()), c.X("a", "cell", "src", "p"), c.C("p", "p", 0, 1e-9)),
    "transformer": transformer,
    "transmission line": lambda c: (
        c.LosslessTransmissionLine("a", "t", 0, "src", 0, Z0=50, TD=1e-9),
        c.C("t", "t", 0, 1e-12),
    ),
    "raw resistor": lambda c: (c.C("a", "mid", 0, 1e-9), setattr(c, "raw_spice", "Ra mid 0\n+ 1k")),
    "raw initial voltage": lambda c: (c.C("a", "mid", 0, 1e-9), setattr(c, "raw_spice", ".ic v(mid)=0.5")),
    "named ground": lambda c: (c.R("a", "out", "gnd", 1e3), c.R("b", "z", "GND", 1e3)),
}


def make(circuit: Circuit) -> nm.Deck:
    return nm.make_deck(circuit, t_stop=1e-6, probes=["v(out)"])


@pytest.mark.parametrize("name", FLOATING)
def test_a_floating_node_is_named_with_what_hangs_on_it(name: str) -> None:
    build, node = FLOATING[name]
    circuit = base()
    build(circuit)
    with pytest.raises(
        ValueError, match=rf"node '{node}' of 'base' floats: no direct current reaches it from ground"
    ) as caught:
        make(circuit)
    assert "connected to " in str(caught.value)
    assert "add a resistor to ground, or give its initial voltage" in str(caught.value)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_circuit_is_not_called_floating(name: str) -> None:
    circuit = base()
    SOUND[name](circuit)
    assert make(circuit)


@pytest.mark.parametrize("name", [name for name in SOUND if name not in ("transformer", "transmission line")])
def test_ngspice_agrees_that_it_is_sound(name: str) -> None:
    # A transformer without a ground on its secondary is refused by ngspice itself, which names the node.
    circuit = base()
    SOUND[name](circuit)
    assert nm.Ngspice().run(make(circuit))["v(out)"].size


def test_the_secondary_of_a_transformer_is_named_by_ngspice() -> None:
    circuit = base()
    transformer(circuit)
    with pytest.raises(nm.SimulationError, match=r"the node [st] has no path for direct current to ground"):
        nm.Ngspice().run(make(circuit))


def sound_cell() -> SubCircuit:
    cell = SubCircuit("cell", "a", "b")
    cell.R("1", "a", "m", 1e3)
    cell.R("2", "m", "b", 1e3)
    return cell


def test_an_initial_voltage_holds_a_capacitor() -> None:
    circuit = base()
    circuit.C("a", "src", "MID", 1e-9)
    circuit.C("b", "MID", 0, 1e-9)
    deck = nm.make_deck(circuit, t_stop=1e-6, probes=["v(mid)"], initial={"Mid": 0.25})
    assert nm.Ngspice().run(deck)["v(mid)"] == pytest.approx(0.25, rel=1e-6)


def test_a_voltage_port_grounds_its_node_and_a_current_port_does_not() -> None:
    circuit = base()
    circuit.C("p", "pin", "far", 1e-9)
    circuit.C("f", "far", 0, 1e-9)
    circuit.R("f", "far", 0, 1e6)
    voltage, current = nm.Port("pin", kind="voltage"), nm.Port("pin")
    assert nm.make_deck(circuit, t_stop=1e-6, probes=["v(pin)"], ports={"p": voltage})
    with pytest.raises(ValueError, match="node 'pin' of 'base' floats"):
        nm.make_deck(circuit, t_stop=1e-6, probes=["v(pin)"], ports={"p": current})
    across = nm.Port("pin", "far2", kind="voltage")
    circuit.C("g", "far2", 0, 1e-9)
    with pytest.raises(ValueError, match="node 'pin' of 'base' floats"):
        nm.make_deck(circuit, t_stop=1e-6, probes=["v(pin)"], ports={"p": across})


def test_elements_of_an_included_file_ground_what_they_touch(tmp_path: Path) -> None:
    (tmp_path / "part.inc").write_text(".subckt cell other\nR1 other 0 1k\n.ends\nRa\n+ mid 0 1k\n")
    circuit = base()
    circuit.C("a", "mid", 0, 1e-9)
    circuit.include(tmp_path / "part.inc")
    assert make(circuit)
    circuit.C("b", "other", 0, 1e-9)
    with pytest.raises(ValueError, match="node 'other' of 'base' floats"):
        make(circuit)


def test_a_circuit_without_a_ground() -> None:
    circuit = Circuit("no ground")
    circuit.V("1", "a", "b", 1.0)
    circuit.R("1", "a", "b", 1.0)
    assert set(floating_nodes(circuit, set())) == {"a", "b"}


@pytest.mark.parametrize("name", [name for name, neuron in LIBRARY.items() if not issubclass(neuron, EquationsOnly)])
def test_no_neuron_of_the_library_floats(name: str) -> None:
    neuron = LIBRARY[name]()
    assert nm.make_deck(neuron.schematic(), t_stop=1e-3, drives=None)


# ---------------------------------------------------------------- ports and probes of what is not there


def test_a_port_at_a_node_that_is_not_there() -> None:
    with pytest.raises(
        ValueError, match="port 'i' enters at node 'otu', which 'base' does not have; nodes: 0, gnd, out, src"
    ):
        nm.make_deck(base(), t_stop=1e-6, probes=["v(out)"], ports={"i": nm.Port("otu")})


def test_a_node_with_the_name_of_a_port_s_source() -> None:
    circuit = base()
    circuit.R("a", "Drive_I", 0, 1e3)
    with pytest.raises(ValueError, match="node 'drive_i' of 'base' has the name that the source at port 'i' needs"):
        nm.make_deck(circuit, t_stop=1e-6, probes=["v(out)"], ports={"i": nm.Port("out")})


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        ("v(otu)", "probe 'v(otu)': 'base' has no node 'otu'; did you mean 'out'? nodes: 0, out, src"),
        ("v(out, srk)", "probe 'v(srk)': 'base' has no node 'srk'; did you mean 'src'?"),
        ("i(Vout)", "'base' has no element 'vout'"),
        ("@R7[i]", "'base' has no element 'r7'; elements: c1, r1, vin"),
        ("i(R1)", "SPICE records i() of voltage sources and inductors only; write @r1[i]"),
    ],
)
def test_a_probe_of_what_is_not_there(probe: str, message: str) -> None:
    with pytest.raises(ValueError, match="probe") as caught:
        nm.make_deck(base(), t_stop=1e-6, probes=[probe])
    assert message in str(caught.value)


def test_probes_of_what_may_be_there(tmp_path: Path) -> None:
    circuit = base()
    circuit.raw_spice = "Vraw raw 0 1\nRraw raw 0 1k"
    probes = [
        "v(raw)",
        "i(vraw)",
        "v(x1.inner)",
        "v(drive_i)",
        "i(Vsense_i)",
        "@r.x1.r1[i]",
        "v(SRC)",
        "v(out,0)",
        "v(out,gnd)",
    ]
    assert nm.make_deck(circuit, t_stop=1e-6, probes=probes, ports={"i": nm.Port("out")})
    (tmp_path / "part.inc").write_text(".global vdd\n")
    circuit.include(tmp_path / "part.inc")
    assert nm.make_deck(circuit, t_stop=1e-6, probes=["v(vdd)"])
