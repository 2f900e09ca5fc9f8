"""Model files that cannot be used: each says what is wrong, where, and what would do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import neuromorph as nm

GOOD = ".subckt part in out\nR1 in out 1k\n.ends\n"
PINS = {"in_p": "in", "out": "out"}


def written(folder: Path, content: str | bytes, name: str = "part.lib") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path, message: str, error: type[Exception] = ValueError, **arguments: Any) -> None:
    given = {"subcircuit": "part", "pins": PINS, **arguments}
    with pytest.raises(error, match=re.escape(message)) as caught:
        nm.VendorModel(path, **given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"* part\n$CDNENCSTART\n9f8a7b\n$CDNENCFINISH\n", "is encrypted for PSpice ('$CDNENCSTART'), which no other simulator"),
        (b"**$ENCRYPTED_LIB\n**$INTERFACE\n.subckt part in out\n", "is encrypted for PSpice ('**$ENCRYPTED_LIB')"),
        (b"* LTspice Encrypted File\n*\n* This encrypted file has been supplied by a 3rd\n", "is encrypted for LTspice"),
        (b"<Binary File>\n\nBegin:\n\x8f\x01\x02\x93\xff\x00", "is encrypted for LTspice"),
        (b"* part\n.subckt part in out\n.prot\nxx\n.unprot\n.ends\n", "is encrypted for HSPICE ('.prot')"),
        (b"PK\x03\x04\x14\x00\x06\x00", "is no text (it holds the byte '\\x03'): give a SPICE model file"),
        (b"", "is empty"),
        (b"  \n\n", "is empty"),
        (b"+ 1k\n", "line 1 of part.lib begins with '+', but there is no line that it continues"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(content: bytes, message: str, tmp_path: Path) -> None:
    refused(written(tmp_path, content), message)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(tmp_path / "nosuch.lib", "model file", FileNotFoundError)
    refused(tmp_path, "does not exist", FileNotFoundError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subcircuit": "prat"}, "has no subcircuit 'prat'; did you mean 'part'? subcircuits: part, other; model cards: dx"),
        ({"pins": {"in_p": "in"}}, "subcircuit 'part' has 2 pins, 1 are given; left out: out; its pins: 1 in, 2 out; give each a role in pins="),
        ({"pins": {"in_p": "inp", "out": "out"}}, "has no pin 'inp'; did you mean 'in'? its pins: 1 in, 2 out"),
        ({"pins": {"in_p": 1, "out": 3}}, "has no pin 3; its pins: 1 in, 2 out"),
        ({"pins": {"in_p": True, "out": 2}}, "has no pin True"),
        ({"pins": {"in_p": 1, "out": "IN"}}, "pin 'in' of subcircuit 'part' is given twice"),
        ({"pins": {"in p": 1, "out": 2}}, "the role 'in p' of a pin must be a name such as in_p"),
        ({"parameters": {"gian": 1.0}}, "has no parameter 'gian'; did you mean 'gain'? parameters: gain"),
        ({"parameters": {"gain": "1k"}}, "parameter 'gain' of subcircuit 'part' must be a finite number in SI units, got '1k'"),
        ({"parameters": {"gain": float("nan")}}, "must be a finite number"),
        ({"dialect": "hspice"}, "dialect must be one of auto, pspice, ltspice, ngspice, got 'hspice'"),
    ],
)  # fmt: skip
def test_arguments(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    text = (
        ".subckt part in out params: gain=2\nR1 in out {gain}\n.ends\n.subckt other a\nR1 a 0 1\n.ends\n.model dx d\n"
    )
    refused(written(tmp_path, text), message, **arguments)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("A1 in 0 0 0 0 0 out 0 SCHMITT Vt=1", "line 2 of part.lib ('a1 in 0 0 0 0 0 out 0 schmitt vt=1'): 'a1' is a special function of LTspice (schmitt)"),
        ("U1 INV DPWR DGND in out", "elements 'U' of PSpice have no counterpart here; known: C, D"),
        ("B1 in out 0 GX", "elements 'B' of PSpice have no counterpart"),
        ("E1 out 0 LAPLACE {V(in)} = {1/(1+s)}", "LAPLACE sources have no counterpart in a transient run"),
        ("E1 out 0 VALUE={V(in)^2}", "'^' is an exclusive or in PSpice and LTspice, and a power in ngspice: write **"),
        ("E1 out 0 VALUE={DDT(V(in))}", "ddt() cannot be translated for ngspice; known functions: abs, acos"),
        ("E1 out 0 VALUE={V(in)*gian}", "nothing is called 'gian'; give it in parameters=, or define it"),
        ("E1 out 0 VALUE={V(nowhere)}", "an expression of 'part' uses v(nowhere), but nothing is connected to that node"),
        ("E1 out 0 VALUE={I(V9)}", "i(v9): there is no such element"),
        ("E1 out 0 VALUE={I(E1)}", "ngspice knows the currents of voltage sources and inductors only"),
        ("E1 out 0 VALUE={LIMIT(V(in),1)}", "limit() takes 3 arguments, got 2"),
        ("E1 out 0 VALUE={TABLE(V(in),1,2,1,3)}", "the x of a table must rise"),
        ("E1 out 0 VALUE={TABLE(V(in),1,2,3)}", "a table needs pairs of numbers"),
        ("E1 out 0 VALUE={V(in)+}", "')' is not expected here"),
        ("R1 in out " + "(" * 5000, "expected one value, found none"),
        ("R1 in out {" + "(" * 5000 + "1" + ")" * 5000 + "}", "is nested too deeply"),
        ("E1 out 0 VALUE={(V(in)}", "expected ')', found 'the end'"),
        ("E1 out 0 VALUE={1/0}", "it divides by zero"),
        ("E1 out 0 VALUE={SQRT(-1)}", "sqrt(): math domain error"),
        ("E1 out 0 VALUE={V(in)", "a '{' is not closed"),
        ("R1 in out 4K7", "'4k7' is not a number that all simulators read alike"),
        ("D1 in out DX\n.model DX D(IS={TEMP*1e-15})", "a constant is needed, but the value depends on the temperature"),
        ("R1 in out", "expected one value, found none"),
        ("R1 in", "this is no element with nodes"),
        ("Q1 in out 0", "there is no model ''"),
        ("C1 in out {V(in)}", "only the value of a resistor may depend on signals"),
        ("C1 in out 1n foo=1", "foo= is not supported; known: ic, m"),
        ("D1 in out DFAST\n.model DFAST1 D", "there is no model 'dfast'; did you mean 'dfast1'? models in the file: dfast1"),
        ("D1 in out DX\n.model DX NPN", "model 'dx' is of type 'npn', not for elements 'D'"),
        ("D1 in out DX\n.model DX D(Ron=1 Vfwd=0.3)", "'ron' makes it LTspice's diode of straight lines"),
        ("D1 in out DX\n.model DX AKO:DY D(IS=1)", "'ako:' (a kind of) is not supported"),
        ("D1 in out DX\n.model DX D(T_ABS=30)", "t_abs gives the part a temperature of its own"),
        ("M1 in out 0 0 NX\n.model NX NMOS(LEVEL=7)", "level=7 of 'nmos' is another model in ngspice than in the vendor's simulator"),
        ("S1 in out in 0 SX\n.model SX VSWITCH(VON=1 VOFF=0 TD=1n)", "a switch in ngspice has no 'td'; known parameters: roff, ron, vh, voff, von, vt"),
        ("S1 in out in 0 SX\n.model SX VSWITCH(VON=1 VOFF=1)", "leave no room between on and off"),
        ("S1 in out in 0 SX\n.model SX ISWITCH(ION=1 IOFF=0)", "a model of type 'iswitch' belongs to W elements"),
        ("F1 in out E1 2\nE1 in 0 out 0 1", "'e1' is no voltage source of this subcircuit; its voltage sources: none"),
        ("X1 in out innr\n.subckt inner a\nR1 a 0 1\n.ends", "there is no subcircuit 'innr'; did you mean 'inner'?"),
        ("X1 in out inner\n.subckt inner a\nR1 a 0 1\n.ends", "'inner' has 1 pins (a), the line connects 2"),
        ("X1 in inner PARAMS: q=1\n.subckt inner a params: r=1\nR1 a 0 1\n.ends", "'inner' has no parameter 'q'; its parameters: r"),
        ("X1 in out part", "subcircuit 'part' contains itself"),
        ("R1 gnd out 1", "node 'gnd' is not ground in PSpice, but in LTspice and ngspice"),
        ("R1 $G_VCC out 1", "'$g_vcc' is a global node of PSpice"),
        ("R1 in out 1\nr1 in out 2", "subcircuit 'part' has two elements 'r1'"),
        (".param a={b} b={a}\nR1 in out {a}", "parameter 'a' depends on itself"),
        (".func f(x) {f(x)}\nR1 in out {f(1)}", "functions that call themselves cannot be used"),
        (".func f x\n", "write .func name(argument, ...) {expression}"),
        (".ic V(in)=1", "this command is not supported in a model file"),
        (".if (1)\nR1 in out 1\n.endif", "this command is not supported in a model file"),
        (".control\nshell false\n.endc", "a model file may not hold .control, which commands a simulator"),
        (".exec rm", "a model file may not hold .exec"),
        (".lib 'other.lib' tt", "sections of libraries are not supported"),
        ("V1 in 0 PULSE(0 1 0 0 0 1 2 3)", "pulse takes 2 to 7 numbers and nothing else"),
        ("V1 in 0 PWL(0 0 +1u 1)", "times that count from the one before (+1u) are not supported"),
        ("V1 in 0 PWL(file=x)", "pwl takes 2 to 100000 numbers and nothing else"),
        ("E1 out 0 POLY(2) in 0 1", "POLY(2) needs 2 inputs and coefficients"),
        ("E1 out 0 in 0", "expected two nodes and a gain"),
        ("T1 in 0 out 0 Z0=50", "a transmission line needs four nodes, z0= and td="),
        ("R1 in out 1e400", "out of the range of floating point numbers"),
        ("C1 in out {1e300*1e300}", "look for a division by zero or an overflow"),
        (".model X", "a model needs a name and a type"),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_translated(lines: str, message: str, tmp_path: Path) -> None:
    refused(
        written(tmp_path, f".subckt part in out\n{lines}\n.ends\n"),
        message,
        dialect="pspice" if lines[0] != "A" else "auto",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".subckt part in out\nR1 in out 1\n", "subcircuit 'part' of part.lib has no .ends"),
        (".ends\n", "ends no subcircuit"),
        (".subckt part in in\n.ends\n", "has the pin 'in' twice"),
        (".subckt part in 0\n.ends\n", "has ground as a pin"),
        (".subckt\n.ends\n", "a subcircuit needs a name"),
        (".global vcc\n" + GOOD, "line 1 of part.lib ('.global vcc'): this command is not supported"),
        (".include\n" + GOOD, "it names no file"),
        (".subckt part in out params: a\n.ends\n", "expected name=value, found 'a'"),
    ],
)  # fmt: skip
def test_structure(text: str, message: str, tmp_path: Path) -> None:
    refused(written(tmp_path, text), message)


def test_included_files(tmp_path: Path) -> None:
    (tmp_path / "Models").mkdir()
    written(tmp_path, ".subckt inner a b\nR1 a b 2k\n.ends\n", "Models/Inner.LIB")
    # Windows paths, and cases as on Windows.
    part = nm.VendorModel(
        written(tmp_path, '.lib "Models\\inner.lib"\n.subckt part in out\nX1 in out inner\n.ends\n'), "part", PINS
    )
    assert "r1 a b 2000.0" in part.definition
    refused(
        written(tmp_path, ".inc other.lib\n" + GOOD),
        f"line 1 of part.lib ('.inc other.lib'): the file 'other.lib' does not exist (looked for in {tmp_path})",
        FileNotFoundError,
    )
    refused(written(tmp_path, ".inc part.lib\n" + GOOD), "includes itself")
    written(tmp_path, "* nothing\n.control\nshell false\n.endc\n", "bad.lib")
    refused(
        written(tmp_path, ".inc bad.lib\n" + GOOD), "line 2 of bad.lib ('.control'): a model file may not hold .control"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    text = f"* 5 \u00b5m by M\u00fcller{end}.SUBCKT Part IN OUT{end}R1 IN OUT 3\u00b5{end}+ TC=1m{end}.ENDS{end}"
    path = tmp_path / "part.lib"
    path.write_bytes(text.encode(encoding))
    part = nm.VendorModel(path, "part", PINS)
    assert part.definition.split("\n") == [".subckt part in out", "r1 in out 3e-06 tc1=0.001", ".ends part"]


def test_comments_cannot_command(tmp_path: Path) -> None:
    # ngspice would run what stands behind '*#'; vendors draw lines with it.
    text = f"*#########\n*#shell touch {tmp_path}/done\n.subckt part in out ; a comment\nR1 in out 1k $ a comment\n*#quit\n.ends\n"
    part = nm.VendorModel(written(tmp_path, text), "part", PINS)
    assert part.definition == ".subckt part in out\nr1 in out 1000.0\n.ends part"


def test_a_test_bench_in_the_file_stays_out(tmp_path: Path) -> None:
    text = "V1 in 0 1\n.tran 1n 1u\n.options reltol=1\n" + GOOD + ".end\n.subckt part a b c\n.ends\n"
    assert nm.VendorModel(written(tmp_path, text), "part", PINS).definition.count("\n") == 2


def test_optional_pins_and_pins_that_stay_open(tmp_path: Path) -> None:
    text = ".SUBCKT part IN OUT NC OPTIONAL: G=$G_GND PARAMS: R=1 TEXT: IO=0\nR1 IN OUT {R}\nR2 NC G 1\n.ENDS\n"
    path = written(tmp_path, text)
    refused(path, "left out: nc, g; its pins: 1 in, 2 out, 3 nc, 4 g")
    part = nm.VendorModel(path, "part", PINS, open_pins=("NC",), ground_pins=(4,))
    circuit = nm.Schematic("bench")
    assert str(part.add_to(circuit, "one", in_p="a", out="b")) == "Xone a b one_open_3 0 part"


def test_nodes_by_role(tmp_path: Path) -> None:
    part = nm.VendorModel(written(tmp_path, GOOD), "part", PINS)
    assert part.roles == ("in_p", "out")
    circuit = nm.Schematic("bench")
    with pytest.raises(
        ValueError, match=r"'part' has no pin with the role 'in_n'; did you mean 'in_p'\? roles: in_p, out"
    ):
        part.add_to(circuit, "x", in_p="a", out="b", in_n="c")
    with pytest.raises(ValueError, match="'part' needs a node for each role; left out: out"):
        part.add_to(circuit, "x", in_p="a")
    with pytest.raises(ValueError, match="node name 'a b' cannot stand in a deck"):
        part.add_to(circuit, "x", in_p="a b", out="b")
    part.add_to(circuit, "x", in_p="a", out="b")
    part.add_to(circuit, "y", in_p="b", out="a")
    assert str(circuit.raw_spice).count(".subckt") == 1


def test_a_file_in_the_language_of_ngspice(tmp_path: Path) -> None:
    text = ".param q=3\n.subckt part in out r=1\nB1 out 0 v=v(in)^2*q\nR1 in 0 {r}\n.ends\n"
    circuit = nm.Schematic("bench", probes={"out": "v(out)", "i": "i(vin)"})
    circuit.V("in", "in", 0, -2.0)
    path = written(tmp_path, text)
    nm.VendorModel(path, "part", PINS, dialect="ngspice", parameters={"r": 4.0}).add_to(
        circuit, "x", in_p="in", out="out"
    )
    recording = nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6))
    assert (recording["out"][-1], recording["i"][-1]) == pytest.approx((12.0, 0.5))
    refused(
        written(tmp_path, ".subckt part in gnd\n.ends\n"),
        "has a pin 'gnd', which ngspice connects to ground",
        dialect="ngspice",
        pins={"a": 1, "b": 2},
    )
    refused(written(tmp_path, ".model part d\n"), "is a model card: wrap it", dialect="ngspice", pins={"a": 1, "b": 2})


def test_a_parameter_that_ngspice_does_not_know(tmp_path: Path) -> None:
    # ngspice leaves it out and goes on.
    path = written(tmp_path, ".subckt part in out\nD1 in out DX\n.model DX D(IS=1e-14 NOSUCH=3)\n.ends\n")
    circuit = nm.Schematic("bench", probes={"i": "i(vin)"})
    circuit.V("in", "in", 0, 0.5)
    nm.VendorModel(path, "part", PINS).add_to(circuit, "x", in_p="in", out="0")
    with pytest.raises(nm.SimulationError, match="ngspice's model has no parameter nosuch, and would leave it out"):
        nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6))
