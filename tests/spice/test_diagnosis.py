"""What diagnose() makes of the logs of the real ngspice, of faulty decks and of healthy ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from neuromorph.spice.diagnosis import Diagnosis, diagnose

RC = "V1 in 0 PULSE(0 1 0 1u 1u 1m 2m)\nR1 in out 1k\nC1 out 0 100n\n"
LOAD = "V1 in 0 1\nR1 in 0 1k\n"
TRAN = ".tran 10u 1m\n"


def run(folder: Path, deck: str, raw: str = "out.raw") -> str:
    """Standard output and error of a batch run."""
    (folder / "deck.cir").write_text(deck)
    command = ["ngspice", "-n", "-b", "-r", raw, "deck.cir"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    first, second = diagnose(ended.stdout + ended.stderr, deck), diagnose(ended.stderr + ended.stdout, deck)
    assert first == second, "the order of the two streams must not matter"
    return ended.stdout + ended.stderr


def found(folder: Path, body: str, title: str = "deck") -> Diagnosis | None:
    deck = f"{title}\n{body}.end\n"
    return diagnose(run(folder, deck), deck)


FAULTY = {
    "capacitors only": (
        "C1 in mid 1n\nC2 mid 0 1n\n" + LOAD + TRAN,
        "mid",
        "no path for direct current",
        "rshunt",
    ),
    "island": ("R2 a b 1k\nR3 a b 2k\n" + LOAD + ".op\n", "a", "no path for direct current", "rshunt"),
    "island with uic": ("R2 a b 1k\nR3 a b 2k\n" + LOAD + ".tran 1u 1m uic\n", "a", "no path", "rshunt"),
    "island in ac": ("R2 a b 1k\n" + LOAD + ".ac dec 3 1 1k\n", "a", "no path", "rshunt"),
    "no ground": ("V1 in x 1\nR1 in x 1k\n.op\n", "x", "no path", "ground"),
    "node in a subcircuit": (
        ".subckt cell a\nC1 a m 1n\nC2 m 0 1n\n.ends\nXc1 in cell\n" + LOAD + ".op\n",
        "xc1.m",
        "no path",
        "rshunt",
    ),
    "state node without .ic": ("B1 0 x I=1u*v(in)\nC1 x 0 1n\n" + LOAD + TRAN, "x", "no path", ".ic v(x)="),
    "B source on a node that is not there": (
        "B1 o 0 V=v(nonode)*2\nR2 o 0 1k\n" + LOAD + ".op\n",
        "nonode",
        "no path",
        "",
    ),
    "voltage source loop": (
        "V2 in 0 2\n" + LOAD + ".op\n",
        "v2",
        "loop of voltage sources",
        "resistor in series",
    ),
    "inductor across a source": (
        "L1 in 0 1m\n" + LOAD + ".op\n",
        "l1",
        "loop of voltage sources",
        "in series",
    ),
    "shorted source": ("V2 in in 1\n" + LOAD + ".op\n", "v2", "on one node", "two nodes"),
    "include": (
        '.include "nowhere.lib"\n' + RC + TRAN,
        "nowhere.lib",
        "include file nowhere.lib does not exist",
        "path",
    ),
    "library": (
        '.lib "nowhere.lib" tt\n' + RC + TRAN,
        "nowhere.lib",
        "library file nowhere.lib does not",
        "path",
    ),
    "include without a name": (".include\n" + RC + TRAN, None, "names no file", "quotes"),
    "unknown subcircuit": (
        "X1 in out nosuch r=1k\n" + RC + TRAN,
        "x1",
        "subcircuit nosuch is not defined",
        ".subckt",
    ),
    "unknown subcircuit inside another": (
        ".subckt cell a b\nX1 a b nosuch\n.ends\nXc1 in 0 cell\n" + LOAD + TRAN,
        "xc1.x1",
        "subcircuit nosuch is not defined",
        ".subckt",
    ),
    "subcircuit in itself": (
        ".subckt cell a\nX1 a cell\n.ends\nX1 in cell\n" + LOAD + TRAN,
        "cell",
        "contains itself",
        "X",
    ),
    "too few nodes": (
        ".subckt cell a b c\nRa a b 1\nRb b c 1\n.ends\nX1 in 0 cell\n" + LOAD + TRAN,
        "x1",
        "too few",
        "cell",
    ),
    "too many nodes": (
        ".subckt cell a b\nRa a b 1\n.ends\nX1 in 0 in cell\n" + LOAD + TRAN,
        "x1",
        "too many",
        "cell",
    ),
    "no .ends": (
        ".subckt cell a b\nRa a b 1k\nX1 in 0 cell\n" + LOAD + TRAN,
        ".subckt cell a b",
        "do not pair",
        ".ends",
    ),
    "no .endif": (".param k=1\n.if (k==1)\n" + RC + TRAN, ".if", ".endif do not pair", ".endif"),
    "no .endif, all dropped": (".param k=0\n.if (k==1)\n" + RC + TRAN, ".if", ".endif do not pair", ".endif"),
    "no .endc": (RC + TRAN + ".control\nrun\n", ".control", "no end", ".endc"),
    "unknown diode model": ("D1 in 0 dmiss\n" + LOAD + TRAN, "d1", "model dmiss is not defined", ".model"),
    "unknown switch model": (
        "S1 in 0 in 0 smiss\n" + LOAD + TRAN,
        "s1",
        "model smiss is not defined",
        ".model",
    ),
    "unknown model in a subcircuit": (
        ".subckt cell a\nD1 a 0 dmiss\n.ends\nXc1 in cell\n" + LOAD + TRAN,
        "xc1.d1",
        "model dmiss is not defined",
        ".model",
    ),
    "model of another kind": (
        "D1 in 0 dm\n.model dm nmos\n" + LOAD + TRAN,
        "d1",
        "no model of its kind",
        ".model",
    ),
    "undefined parameter": (
        "R2 in 0 {rload}\n" + LOAD + TRAN,
        "line 2: R2 in 0 {rload}",
        "parameter rload is not",
        ".param rload",
    ),
    "undefined parameter of a parameter": (
        ".param a={b*2}\nR2 in 0 {a}\n" + LOAD + TRAN,
        "line 2: .param a={b*2}",
        "parameter b is",
        ".param b",
    ),
    "undefined parameter in a subcircuit": (
        ".subckt cell a\nRa a 0 {rr}\n.ends\nX1 in cell\n" + LOAD + TRAN,
        "line 3: Ra a 0 {rr}",
        "parameter rr is not defined",
        ".param rr",
    ),
    "undefined function": (
        "R2 in 0 {nofunc(3)}\n" + LOAD + TRAN,
        "line 2: R2 in 0 {nofunc(3)}",
        "function nofunc",
        ".func",
    ),
    "circular parameters": (
        ".param a={b+1} b={a+1}\nR2 in 0 {a}\n" + LOAD + TRAN,
        ".param a={b+1}",
        "circle",
        "number",
    ),
    "unbalanced brace": (
        "R2 in 0 {1k\n" + LOAD + TRAN,
        "line 2: R2 in 0 {1k",
        "without its closing }",
        "close",
    ),
    "unbalanced bracket": (
        "R2 in 0 {(1k+2}\n" + LOAD + TRAN,
        "line 2: R2 in 0 {(1k+2}",
        "without its closing )",
        "close",
    ),
    "syntax of a parameter": (
        "R2 in 0 {1k +* 2}\n" + LOAD + TRAN,
        "line 2: R2 in 0 {1k +* 2}",
        "1k+*2",
        "operators",
    ),
    "division by zero in a parameter": (
        "R2 in 0 {1/0}\n" + LOAD + TRAN,
        "r2",
        "comes out as inf",
        "division by zero",
    ),
    "B source without expression": ("B1 o 0\nR2 o 0 1k\n" + LOAD + TRAN, "b1", "no expression", "V=..."),
    "B source with unknown function": (
        "B1 o 0 V=nofunc(v(in))\nR2 o 0 1\n" + LOAD + TRAN,
        "line 2: B1 o 0 V=nofunc(v(in))",
        "nofunc",
        ".func",
    ),
    "B source outside a domain": (
        "B1 o 0 V=sqrt(v(in)-2)\nR2 o 0 1k\n" + LOAD + ".op\n",
        "b1",
        "takes sqrt of -2",
        "max(",
    ),
    "B source that gives nan": ("B1 o 0 V=pwl(v(in),0,0,1)\nR2 o 0 1k\n" + LOAD + ".op\n", "o", "nan", "0/0"),
    "control by a missing source": (
        "F1 o 0 vmiss 2\nR2 o 0 1k\n" + LOAD + TRAN,
        "f1",
        "vmiss, which is not in",
        "0 V",
    ),
    "coupling of a missing inductor": (
        "L1 in x 1m\nR2 x 0 1\nK1 L1 Lmiss 0.5\n" + LOAD + TRAN,
        "k1",
        "lmiss, which",
        "inductors",
    ),
    "sweep of a missing source": (LOAD + ".dc vmiss 0 1 0.1\n", "vmiss", "sweeps vmiss", "source"),
    "resistor without value": ("R2 in 0\n" + LOAD + TRAN, "r2", "r2 has no value", "value"),
    "resistor with a word for a value": (
        "R2 in 0 abc\n" + LOAD + TRAN,
        "r2",
        "r2 has abc where a value",
        "number",
    ),
    "resistor with an unknown parameter": (
        "R2 in 0 5k nonsense=3\n" + LOAD + TRAN,
        "r2",
        "parameter nonsense",
        "correct",
    ),
    "duplicate name": ("r1 in 0 2k\n" + LOAD + TRAN, "r1", "two elements with the name r1", "rename"),
    "duplicate name in a subcircuit": (
        ".subckt cell a\nR1 a 0 1k\nR1 a 0 2k\n.ends\nX1 in cell\n" + LOAD + TRAN,
        "x1.r1",
        "two elements with the name x1.r1",
        "rename",
    ),
    "strange first letter": ("?1 in 0 1k\n" + LOAD + TRAN, "?1 in 0 1k", "drops it", "letter"),
    "unknown command": (LOAD + ".trann 10u 1m\n", ".trann", "command .trann", "correct"),
    "impossible stop time": (LOAD + ".tran 10u\n", ".tran", "TSTOP is invalid", "correct"),
    "PWL that goes back in time": (
        "V2 a 0 PWL(0 0 1m 1 0.5m 2)\nR2 a 0 1\n" + LOAD + TRAN,
        "v2",
        "do not ascend",
        "order",
    ),
    "no analysis": (LOAD, None, "no analysis", ".tran"),
    "empty deck": ("", None, "no", ""),
    "bad option value": (LOAD + ".option reltol=abc\n" + TRAN, "reltol", "wrong type", "number"),
    "bad method": (LOAD + ".option method=foo\n" + TRAN, "method", "neither trap nor gear", "gear"),
    "nothing to save": (LOAD + ".save v(nonode)\n" + TRAN, ".save", "names nothing", "correct"),
    "element variable that is not there": (
        LOAD + ".save v(in) @rmiss[i]\n" + TRAN,
        "@rmiss[i]",
        "is not in",
        "correct",
    ),
    "initial condition of no node": (
        LOAD + ".ic v(nonode)=1\n" + TRAN,
        "nonode",
        "not in the circuit",
        "name",
    ),
    "no operating point": (
        "B1 o 0 V=v(o)>0.5 ? 0 : 1\nR2 o 0 1k\n" + LOAD + ".op\n",
        "o",
        "no operating point",
        ".nodeset",
    ),
    "no operating point of a transient": (
        "B1 o 0 V=v(o)>0.5 ? 0 : 1\nR2 o 0 1k\n" + LOAD + TRAN,
        "o",
        "no operating point",
        ".nodeset",
    ),
    "no first step": (
        "B1 x 0 V=v(x)>0.5 ? 0 : 1\nC1 x y 1n\nR1 y 0 1k\n.tran 1u 1m uic\n",
        "x",
        "first time step",
        "uic",
    ),
}


@pytest.mark.parametrize(("body", "where", "cause", "remedy"), FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_deck(tmp_path: Path, body: str, where: str | None, cause: str, remedy: str) -> None:
    diagnosis = found(tmp_path, body)
    assert diagnosis is not None
    assert cause in diagnosis.cause
    assert remedy in diagnosis.remedy
    assert diagnosis.where == where
    assert all(line == line.strip() and "\n" not in line for line in diagnosis.lines)
    assert "{" not in diagnosis.remedy


@pytest.mark.parametrize("expression", ["v(in)+*2", "(v(in)+2", "v(in)*", "v(in)>0.5 ? 1", "v(in,)+2"])
def test_the_syntax_of_a_b_source(tmp_path: Path, expression: str) -> None:
    # ngspice 39 names the element, 44 the line.
    diagnosis = found(tmp_path, f"B1 o 0 V={expression}\nR2 o 0 1k\n{LOAD}{TRAN}")
    assert diagnosis is not None
    assert "syntax error" in diagnosis.cause
    assert diagnosis.where is not None
    assert "b1" in diagnosis.where.lower()


def test_the_time_of_a_step_that_became_too_small(tmp_path: Path) -> None:
    # dv/dt = (v^2 + 1) * 1e3 / s from v = 1 reaches infinity at (pi/2 - pi/4) ms.
    deck = "B1 0 x I=v(x)*v(x)*1u+1u\nC1 x 0 1n\nR1 x 0 1g\n.ic v(x)=1\n.tran 1u 10m uic\n"
    diagnosis = found(tmp_path, deck)
    assert diagnosis is not None
    assert diagnosis.where == "x"
    assert diagnosis.time_reached == pytest.approx(0.7854e-3, rel=1e-3)
    assert "0.000785" in diagnosis.cause
    assert diagnosis.lines[0].startswith("doAnalyses: TRAN:  Timestep too small; time = ")


def test_the_time_of_an_expression_that_left_its_domain(tmp_path: Path) -> None:
    deck = "V1 in 0 PWL(0 1 1m -1)\nB1 o 0 V=sqrt(v(in))\nR1 o 0 1k\n.tran 10u 1m\n"
    diagnosis = found(tmp_path, deck)
    assert diagnosis is not None
    assert diagnosis.where == "b1"
    assert "sqrt" in diagnosis.cause
    assert diagnosis.time_reached == pytest.approx(0.5e-3, rel=0.05)


def test_a_full_disk(tmp_path: Path) -> None:
    deck = f"deck\n{RC}.tran 1u 20m 0 1u\n.end\n"
    diagnosis = diagnose(run(tmp_path, deck, raw="/dev/full"), deck)
    assert diagnosis is not None
    assert "disk is full" in diagnosis.cause
    assert "free space" in diagnosis.remedy
    assert "Warning: rawfile write error !!" in diagnosis.lines


def test_a_raw_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    diagnosis = diagnose(run(tmp_path, f"deck\n{RC}{TRAN}.end\n", raw="nowhere/out.raw"))
    assert diagnosis is not None
    assert diagnosis.where == "nowhere/out.raw"
    assert "No such file or directory" in diagnosis.cause


HEALTHY = {
    "tran": RC + TRAN,
    "op": RC + ".op\n",
    "dc": RC + ".dc v1 0 1 0.1\n",
    "ac": "V1 in 0 dc 0 ac 1\nR1 in out 1k\nC1 out 0 1n\n.ac dec 5 1 1k\n",
    "noise": "V1 in 0 dc 0 ac 1\nR1 in out 1k\nC1 out 0 1n\n.noise v(out) v1 dec 5 1 1k\n",
    "several analyses": LOAD + ".op\n.tran 10u 1m\n.dc v1 0 1 0.5\n",
    "B source": "V1 in 0 SIN(0 1 1k)\nB1 o 0 V=tanh(v(in))*({2-1})\nR1 o 0 1k\n" + TRAN,
    "subcircuit with parameters": ".subckt cell a b params: r=1k\nRa a b {r}\n.ends\n"
    "X1 in o cell r=2k\nX2 o 0 cell\n" + LOAD + TRAN,
    "functions": ".param a=2 b={a*3}\n.func f(x) {x*a}\n"
    "V1 in 0 {a}\nR1 in 0 {f(b)*1k}\n.option reltol=1e-4 method=gear\n" + TRAN,
    "value by a bare parameter name": ".param rload=1k\nR2 in 0 rload\n" + LOAD + TRAN,
    "ic": RC + ".ic v(out)=0.5\n" + TRAN,
    "uic": RC + ".ic v(out)=0.5\n.tran 10u 1m uic\n",
    "state node with ic": "V1 in 0 SIN(0 1 1k)\nB1 0 x I=1u*v(in)\nC1 x 0 1n\n.ic v(x)=0.5\n" + TRAN,
    "source without a DC value": "V2 a 0\nR2 a 0 1k\n" + LOAD + TRAN,
    "singular matrix cured by gmin stepping": "I1 0 x 1m\nB1 x 0 I=v(x)*v(x)*v(x)\n.op\n",
    "domain left and found again": "V1 in 0 PULSE(0 4 1u 1u 1u 1 2)\n"
    "R0 in x 1k\nB1 x 0 I=1e-3*sqrt(v(x)+1e-3)*10\n.tran 1u 100u\n",
    "gmin stepping": LOAD + ".option noopiter\n.op\n",
    "control block": RC + TRAN + ".control\nrun\nwrite out.raw\n.endc\n",
    "words as nodes": "V1 error 0 1\nR1 error fatal 1k\n"
    "Rerror fatal singular 1k\nC1 singular 0 1n\nRwarning singular 0 1k\n" + TRAN,
    "colon in a node": "V1 error: 0 1\nR1 error: nan 1k\nR2 nan 0 1k\n" + TRAN,
    "comments": "* Error: unknown subckt: x1\nV1 in 0 1 $ Fatal error: bad\nR1 in 0 1k\n" + TRAN,
}


@pytest.mark.parametrize("body", HEALTHY.values(), ids=HEALTHY.keys())
def test_a_healthy_deck(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body) is None


@pytest.mark.parametrize(
    "title",
    [
        "Error: unknown subckt: x1 a b",
        "doAnalyses: TRAN:  Timestep too small; initial timepoint: cause unrecorded.",
        "Warning: singular matrix:  check node a",
        "Undefined parameter [a]",
        "run simulation(s) aborted",
        "out.raw: No such file or directory",
    ],
)
def test_a_title_is_not_a_fault(tmp_path: Path, title: str) -> None:
    assert found(tmp_path, RC + TRAN, title) is None
