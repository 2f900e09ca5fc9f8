"""A drawing that connects other things than the deck does is refused, and any circuit gets a true one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySpice.Spice.Netlist import Circuit

import neuromorph as nm
from neuromorph.drawing import nets
from neuromorph.drawing.netlist import netlist_of
from neuromorph.drawing.sheet import LayoutError, Sheet

DIVIDER = ["V1 in 0 1.0", "R1 in out 1000.0", "R2 out 0 2000.0"]


def _divider(r2="R2", lower=0.0):
    """The divider's sheet, with a fault on demand."""
    sheet = Sheet(netlist_of("divider", DIVIDER))
    sheet.two_terminal("V1", (0.0, 4.0), (0.0, 0.0))
    sheet.wire((0.0, 4.0), (3.0, 4.0))
    sheet.two_terminal("R1", (3.0, 4.0), (3.0, 2.0))
    sheet.two_terminal(r2, (3.0, 2.0), (3.0, lower))
    sheet.wire((0.0, 0.0), (3.0, 0.0))
    sheet.flag((0.0, 0.0), "0")
    return sheet


def test_true_layout_passes_and_gets_its_dots():
    sheet = _divider()
    sheet.finish()
    assert not any(type(mark).__name__ == "Circle" for mark in sheet.marks)  # corners only: nothing branches
    sheet = _divider()
    sheet.wire((3.0, 2.0), (5.0, 2.0))
    sheet.finish()
    assert [mark.centre for mark in sheet.marks if type(mark).__name__ == "Circle"] == [(3.0, 2.0)]


def test_gap_is_refused():
    with pytest.raises(LayoutError, match="drawing of 'divider' leaves 0 in 2 pieces"):
        _divider(lower=0.5).finish()


def test_short_is_refused():
    sheet = _divider()
    sheet.wire((3.0, 2.0), (0.0, 2.0), (0.0, 0.0))
    with pytest.raises(LayoutError, match=r"connects 0 \(at \w.*\) and out \(at R\d\)"):
        sheet.finish()


def test_crossing_lines_are_not_connected():
    wires = [((0.0, 1.0), (2.0, 1.0)), ((1.0, 0.0), (1.0, 2.0))]
    pins = [nets.Pin("R1", "a", (0.0, 1.0)), nets.Pin("R2", "b", (1.0, 0.0))]
    assert nets.faults(wires, pins, []) == []
    assert nets.junctions(wires, pins) == []
    ending = [wires[0], ((1.0, 0.0), (1.0, 1.0))]
    assert nets.faults(ending, pins, []) == ["connects a (at R1) and b (at R2)"]
    assert nets.junctions(ending, pins) == [(1.0, 1.0)]


def test_element_left_out_is_refused():
    sheet = Sheet(netlist_of("divider", [*DIVIDER, "C1 out 0 1e-9"]))
    for mark in ("V1", "R1", "R2"):
        sheet.pins(mark, {})
    with pytest.raises(LayoutError, match="leaves out C1 at out"):
        sheet.finish()


def test_names_of_nodes_are_checked_too():
    sheet = _divider()
    sheet.node((3.0, 2.0), "in")
    with pytest.raises(LayoutError, match=r"connects in \(at a name\) and out"):
        sheet.finish()


def test_circuit_with_the_title_of_a_neuron_is_drawn_as_it_is():
    circuit = nm.LIF().schematic()
    circuit.R("extra", "mem", circuit.gnd, 47e3)
    drawing = nm.draw_schematic(circuit)
    assert not drawing.by_hand
    assert {"Rextra", "47 kohm"} <= set(drawing.words)


def test_deck_and_raw_lines_are_drawn():
    circuit = Circuit("mixed")
    circuit.raw_spice += "* a comment\n.subckt half a b\nRin a b 2k\n.ends\nRraw OUT\n+ 0 4.7k\nXhalf in out half\n"
    circuit.V("1", "in", circuit.gnd, "SIN(0 1 1000)")
    circuit.C("1", "out", circuit.gnd, 1e-6)
    deck = nm.make_deck(circuit, t_stop=1e-3, probes=["v(out)"])
    for design in (circuit, deck):
        words = nm.draw_schematic(design).words
        assert {"Rraw", "4.7k", "Xhalf", "half", "SIN(0 1 1000)"} <= set(words)
        # OUT and out are one node in SPICE; insides of subcircuits are not elements of the circuit.
        assert len({"OUT", "out"} & set(words)) == 1
        assert not {"Rin", "2k"} & set(words)


def test_transistors_and_controlled_sources():
    circuit = Circuit("many kinds")
    circuit.V("dd", "vdd", circuit.gnd, 5.0)
    circuit.MOSFET("1", "d", "g", "s", circuit.gnd, model="nch")
    circuit.model("nch", "nmos", level=1, vto=1.0)
    circuit.BJT("1", "vdd", "d", "e", model="npn1")
    circuit.model("npn1", "npn", bf=100)
    circuit.R("d", "vdd", "d", 10e3)
    circuit.R("g", "vdd", "g", 1e6)
    circuit.R("s", "s", circuit.gnd, 470.0)
    circuit.R("e", "e", circuit.gnd, 2e3)
    circuit.R("both", circuit.gnd, circuit.gnd, 1.0)
    circuit.VCVS("1", "out", circuit.gnd, "d", "e", voltage_gain=10.0)
    circuit.CCCS("1", "out", circuit.gnd, "Vdd", 2.0)
    circuit.L("1", "out", "far", 1e-3)
    circuit.R("far", "far", circuit.gnd, 50.0)
    circuit.L("2", "far", circuit.gnd, 1e-3)
    circuit.raw_spice += "K1 L1 L2 0.9\nMp d g s power\n.model power vdmos (vto=2)\nA1 [d] [far] adc\n.model adc adc_bridge (in_low=1 in_high=2)\nW1 d 0 Vdd wsw\n.model wsw csw (it=1m ron=3.0)\n"
    words = nm.draw_schematic(circuit).words
    names = "M1 Q1 E1 F1 L1 K1 Mp power A1 W1".split()
    assert {*names, "3 ohm", "by v(d, e)", "by i(Vdd)", "gain 10", "1 mH"} <= set(words)
    assert {"d", "g", "s", "b"} <= set(words)
    assert "K1: L1 L2 0.9" in words
    assert ".model nch: nmos, level 1, vto 1" in words


def test_crossbar_is_drawn_in_seconds(tmp_path):
    circuit = Circuit("crossbar")
    for row in range(8):
        circuit.V(f"row{row}", f"row{row}", circuit.gnd, 0.1 * row)
        for column in range(8):
            circuit.R(f"{row}_{column}", f"row{row}", f"column{column}", 1e3)
        circuit.R(f"load{row}", f"column{row}", circuit.gnd, 50.0)
    drawing = nm.draw_schematic(circuit)
    assert {f"R{row}_{column}" for row in range(8) for column in range(8)} <= set(drawing.words)
    drawing.save(tmp_path / "crossbar.png")


KINDS = {"R": 2, "C": 2, "L": 2, "V": 2, "I": 2, "D": 2, "B": 2, "E": 4, "G": 4, "S": 4, "M": 4, "Q": 3, "X": 5}
VALUES = {"D": "dmod", "B": "v=v(a)", "S": "smod", "M": "mmod", "Q": "qmod", "X": "part p=1.0"}
MODELS = [
    ".model smod sw (vt=1 vh=0.5)",
    ".model qmod npn (bf=10)",
    ".model mmod nmos (vto=1)",
    ".model dmod d (is=1e-14)",
]


@st.composite
def _lines(draw):
    lines = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        nodes = draw(
            st.lists(st.sampled_from(["0", *"abcdefghi", "a_long_name"]), min_size=KINDS[kind], max_size=KINDS[kind])
        )
        lines.append(f"{kind}{number} {' '.join(nodes)} {VALUES.get(kind, '1.5e-3')}")
    return lines


@given(_lines())
@settings(max_examples=60)
def test_any_circuit_gets_a_true_drawing(lines):
    """`draw_schematic` checks each drawing's connections and raises where they differ from the deck's."""
    circuit = Circuit("random")
    circuit.raw_spice += "\n".join([*lines, *MODELS]) + "\n"
    words = nm.draw_schematic(circuit).words
    assert {line.split()[0] for line in lines} <= set(words)
