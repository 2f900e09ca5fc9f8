"""Whatever text a user gives, a deck has exactly the lines that were asked for, or the text is refused by name."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySpice.Spice.Netlist import Circuit, SubCircuit

import neuromorph as nm

# What ends lines, continues them, comments, quotes, calls a shell, or commands ngspice.
FRAGMENTS = [
    "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x00", "\t", " ", "\n+ ", "\n.control\nshell false\n.endc\n",
    "\n*#shell false\n", "\n.include /etc/passwd\n", "\n.end\n", "\n.options reltol=1\n", "\n.tran 1 1\n", "\nRx out 0 1\n",
    ".control", "*#shell false", ";", "$", " $ ", "`false`", "\\", "\\\\", "'", '"', "{", "}", "(", ")", "=", ",", "+", "-", "*", "#", "@", "%", "~",
    "A", "a", "out", "OUT", "0", "GND", "gnd", "1M", "1e3", "nan", "inf", "x1.m", "v1#branch", "params:", "ω", "ſ", "K", "０",
]  # fmt: skip
ANYTHING = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=4).map("".join),
    st.text(max_size=12),
    st.text(string.printable, min_size=1, max_size=12),
    st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=8),
)
PROBES = {"v": "v(out)"}
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What begins the lines of a deck that has none of a user's own commands.
KNOWN_COMMANDS = {".options", ".save", ".print", ".tran", ".end"}


def base() -> Circuit:
    circuit = Circuit("base")
    circuit.V("in", "src", 0, 1.0)
    circuit.R("1", "src", "out", 1e3)
    circuit.R("2", "out", 0, 1e3)
    return circuit


def lines_of(change: Callable[[Circuit], Any], **deck: Any) -> list[str] | None:
    """Lines of the deck of the base circuit with a change, or ``None`` where the change is refused."""
    circuit = base()
    try:
        change(circuit)
    except (ValueError, NameError, KeyError, TypeError, AttributeError, IndexError):
        return None  # PySpice itself will not have it
    text = message = ""
    try:
        text = nm.make_deck(circuit, t_stop=1e-3, **{"probes": PROBES, **deck}).text()
    except (ValueError, FileNotFoundError) as error:
        message = str(error)
    if message:
        assert "\n" not in message, "the message must quote what it names"
        return None
    # What counts as the end of a line for anybody must be none inside a line.
    assert text.splitlines() == text.split("\n")[:-1]
    assert "\r" not in text
    return text.split("\n")[:-1]


def check(lines: list[str] | None, expected: list[str], commands: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """The deck is the base deck with the expected lines more, and nothing begins like a command."""
    if lines is None:
        return
    plain = lines_of(lambda circuit: None)
    assert plain is not None
    for line in lines[1:]:
        assert not line[:1].isspace()
        assert not line.startswith(("*", "+", "$", ";", "?"))
        if line.startswith("."):
            assert line.split()[0] in KNOWN_COMMANDS | commands
    # Lists of lines may interleave: what is left without the base deck's lines is what was added.
    rest = list(lines[1:])
    for line in plain[1:]:
        assert line in rest
        rest.remove(line)
    assert rest == expected


@given(text=ANYTHING)
@example(text="in\n.control")
@example(text="a b")
@MANY
def test_node_names(text: str) -> None:
    check(lines_of(lambda c: c.R("new", text, 0, 1e3)), [f"Rnew {text} 0 1000.0"])


@given(text=ANYTHING)
@example(text="x\nRy out 0 1")
@MANY
def test_element_names(text: str) -> None:
    check(lines_of(lambda c: c.R(text, "out", 0, 1e3)), [f"R{text} out 0 1000.0"])


@given(text=ANYTHING)
@example(text="1k\n.tran 1 1")
@example(text="1k $ comment")
@MANY
def test_values_of_elements(text: str) -> None:
    check(lines_of(lambda c: c.R("new", "out", 0, text)), [f"Rnew out 0 {text}"])
    check(
        lines_of(lambda c: c.R("new", "out", 0, 1.0, raw_spice=text)),
        [f"Rnew out 0 1.0 {text}" if text else "Rnew out 0 1.0"],
    )
    check(lines_of(lambda c: c.B("new", "new", 0, voltage_expression=text)), [f"Bnew new 0 v={text}"])


@given(text=ANYTHING)
@example(text="1 b=2")
@example(text="{1}\n.end")
@MANY
def test_parameter_values(text: str) -> None:
    check(lines_of(lambda c: c.parameter("p", text)), [f".param p={text}"], {".param"})


@given(text=ANYTHING)
@example(text="a=1 b")
@MANY
def test_parameter_names(text: str) -> None:
    check(lines_of(lambda c: c.parameter(text, 1.0)), [f".param {text}=1.0"], {".param"})


@given(name=ANYTHING, key=ANYTHING, value=ANYTHING)
@example(name="m", key="vt", value="1 vh=2")
@example(name="m (vt=1)\n.model n", key="vt", value="1")
@MANY
def test_models(name: str, key: str, value: str) -> None:
    check(lines_of(lambda c: c.model(name, "sw", vt=1.0)), [f".model {name} sw (vt=1.0)"], {".model"})
    check(lines_of(lambda c: c.model("m", name, vt=1.0)), [f".model m {name} (vt=1.0)"], {".model"})
    shown = key[:-1] if key.endswith("_") else key  # PySpice's way to write is=...
    check(lines_of(lambda c: c.model("m", "sw", **{key: value})), [f".model m sw ({shown}={value})"], {".model"})
    check(
        lines_of(lambda c: (c.S("new", "src", "out", "src", 0, model=name), c.model("m", "sw"))),
        [f"Snew src out src 0 {name}", ".model m sw ()"],
        {".model"},
    )


@given(name=ANYTHING, pin=ANYTHING, key=ANYTHING, value=ANYTHING)
@example(name="s", pin="a", key="r", value="1 q=2")
@MANY
def test_subcircuits(name: str, pin: str, key: str, value: str) -> None:
    def add(circuit: Circuit) -> None:
        cell = SubCircuit(name, pin, **{key: value})
        cell.R("1", pin, 0, 1e3)
        circuit.subcircuit(cell)
        circuit.X("1", name, "out", **{key: value})

    expected = [
        f".subckt {name} {pin} params: {key}={value}", f"R1 {pin} 0 1000.0", f".ends {name}", f"X1 out {name} {key}={value}"
    ]  # fmt: skip
    check(lines_of(add), expected, {".subckt", ".ends"})


@given(text=ANYTHING)
@example(text="the title\n.control")
@MANY
def test_titles(text: str) -> None:
    def rename(circuit: Circuit) -> None:
        circuit.title = text

    lines = lines_of(rename)
    check(lines, [])
    assert lines is None or lines[0] == f"* {text or 'circuit'}"


@given(text=ANYTHING)
@example(text="v(out)\n.control")
@example(text="v(out)*(__import__('os').getpid())")
@example(text="v(out)" + "+1" * 5000)
@example(text="(" * 500 + "v(out)" + ")" * 500)
@example(text="v(out)*" + "9" * 400)
@example(text="1if v(out)else 2")
@example(text="_0+v(out)")
@MANY
def test_probes(text: str) -> None:
    plain = lines_of(lambda c: None)
    assert plain is not None
    for probes in ({"v": f"v(out){text}"}, {"v": f"v(out)*v({text})"}, {"v": f"v(out)+@R1[{text}]"}, {text: "v(out)"}):
        lines = lines_of(lambda c: None, probes=probes)
        if lines is not None:
            for line in (line for line in lines if line not in plain):
                assert re.fullmatch(r"\.(save|print tran) v\(out\)( v\([\w.#:]+\))*( @r1\[\w+\])?", line, re.ASCII)
            assert len(lines) == len(plain)


@given(text=ANYTHING)
@example(text="p\nRx out 0 1\n*")
@MANY
def test_port_names_and_nodes(text: str) -> None:
    expected = [f"Idrive_{text} 0 drive_{text} 0", f"Vsense_{text} drive_{text} out 0"]
    check(lines_of(lambda c: None, ports={text: nm.Port("out")}), expected)
    driven = [f"Vdrive_{text} out 0 DC 1.0"]
    drives = {text: nm.Constant(value=1.0)}
    check(lines_of(lambda c: None, ports={text: nm.Port("out", kind="voltage")}, drives=drives), driven)
    try:
        port = nm.Port(text)
    except ValueError:
        return
    check(
        lines_of(lambda c: None, ports={"p": port}),
        ["Idrive_p 0 drive_p 0", f"Vsense_p drive_p {text} 0"],
    )


@given(text=ANYTHING)
@MANY
def test_stimuli_of_a_user_s_own(text: str) -> None:
    class Own(nm.Constant):
        def spice(self, t_stop: float) -> str:
            return text

    drives, ports = {"p": Own(value=1.0)}, {"p": nm.Port("out", kind="voltage")}
    lines = lines_of(lambda c: None, ports=ports, drives=drives)
    if lines is not None:
        (start,) = [i for i, line in enumerate(lines) if line.startswith("Vdrive_p ")]
        given_lines = f"Vdrive_p out 0 {text}".split("\n")
        assert lines[start : start + len(given_lines)] == given_lines
        assert all(line.startswith("+") for line in given_lines[1:])


@given(text=ANYTHING)
@example(text="out)=1\n.end")
@MANY
def test_initial_voltages(text: str) -> None:
    check(lines_of(lambda c: None, initial={text: 1.0}), [f".ic v({text})=1.0"], {".ic"})


@given(name=ANYTHING, value=ANYTHING)
@example(name="gmin", value="1e-12 reltol=1")
@example(name="gmin", value="1e-12\n.control")
@example(name="RELTOL", value="1")
@MANY
def test_options(name: str, value: str) -> None:
    for extra in ({name: 1.0}, {"gmin": value}, {name: True}):
        try:
            options = nm.NgspiceOptions(extra=extra)
        except ValueError:
            continue
        lines = nm.make_deck(base(), t_stop=1e-3, probes=PROBES).text(options).splitlines()
        (line,) = [line for line in lines if line.startswith(".options")]
        assert len(lines) == 9
        (shown,) = line.split()[6:]
        ((key, setting),) = extra.items()
        assert shown == (key if setting is True else f"{key}={setting}")


@given(text=ANYTHING)
@example(text='"\n.control')
@example(text="a file with blanks")
@MANY
def test_include_paths(text: str, tmp_path: Path) -> None:
    # Below the test's own folder in any case.
    path = tmp_path / "file" / ("_" + text.replace("/", "_"))
    path.parent.mkdir(exist_ok=True)
    try:
        path.write_text("* nothing\n")
        resolved = path.resolve()
    except (OSError, ValueError):
        resolved = path
    # With an include, the engine judges the probes.
    check(lines_of(lambda c: c.include(path)), [f'.include "{resolved}"'], {".include"})
    check(lines_of(lambda c: c.lib(path, "tt")), [f'.lib "{resolved}" tt'], {".lib"})
    check(lines_of(lambda c: c.lib(tmp_path / "file", text)), [], {".lib"})


@given(text=ANYTHING)
@example(text="Rx out 0 1k\n+ tc1=0\n* comment\n\n  .model d d")
@example(text="+ 1k")
@example(text="* comment\n+ 1k")
@example(text="Rx out 0 1k \\\\")
@example(text="  *#shell false")
@example(text=" .CONTROL")
@MANY
def test_raw_lines_have_no_command_of_a_run(text: str) -> None:
    def add(circuit: Circuit) -> None:
        circuit.raw_spice = text

    lines = lines_of(add)
    if lines is None:
        return
    plain = lines_of(lambda circuit: None)
    assert plain is not None
    if re.search(r"\.(inc|lib)", text, re.IGNORECASE):
        return  # the paths of these lines are made absolute
    own = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    assert lines == [plain[0], *own, *plain[1:]]
    for line in own:
        assert not re.match(
            r"\s*(\*#|\.(control|endc|end|tran|ac|dc|op|options?|save|print|plot|meas|width)\b)", line, re.IGNORECASE
        )
    if own:
        assert not own[0].lstrip().startswith("+")
        assert not own[-1].rstrip().endswith("\\")


# ---------------------------------------------------------------- twins


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.R("3", "OUT", 0, 1.0), "nodes 'out' and 'OUT' differ in case only"),
        (lambda c: c.V("IN", "b", 0, 1.0) and c.R("b", "b", 0, 1.0), "elements 'Vin' and 'VIN' differ in case only"),
        (lambda c: (c.model("d", "D"), c.model("D", "D")), "models 'd' and 'D' differ in case only"),
        (lambda c: (c.parameter("r", 1), c.parameter("R", 2)), "parameters 'r' and 'R' differ in case only"),
        (lambda c: (c.subcircuit(SubCircuit("s", "a")), c.subcircuit(SubCircuit("S", "a"))), "subcircuits 's' and 'S'"),
        (lambda c: c.subcircuit(SubCircuit("s", "a", "A")), "nodes 'a' and 'A' differ in case only"),
        (
            lambda c: (setattr(c, "raw_spice", ".model d D(is=1e-14)"), c.model("d", "D", IS=1e-15)),
            "model 'd' is defined twice, and differently",
        ),
        (
            lambda c: setattr(c, "raw_spice", nm.MMS(tau=1e-4).subcircuit() + nm.MMS(tau=2e-4).subcircuit()),
            "subcircuit 'mms' is defined twice, and differently",
        ),
    ],
)  # fmt: skip
def test_two_things_that_spice_would_take_for_one(change: Callable[[Circuit], Any], message: str) -> None:
    circuit = base()
    change(circuit)
    with pytest.raises(ValueError, match=re.escape(message)):
        nm.make_deck(circuit, t_stop=1e-3, probes=PROBES)


def test_equal_definitions_may_come_twice() -> None:
    circuit = base()
    circuit.raw_spice = nm.MMS().subcircuit() + nm.MMS().subcircuit() + ".model d D(is=1)\n.MODEL D  D(is=1)"
    circuit.X("a", "mms", "out", 0, "xa")
    circuit.X("b", "mms", "out", 0, "xb")
    deck = nm.make_deck(circuit, t_stop=1e-5, probes=PROBES, initial={"xa": 0.5, "xb": 0.5})
    assert nm.Ngspice().run(deck)["v"][-1] == pytest.approx(
        1 / (1 + 1e3 * (1e-3 + 2 * (0.5 / 500 + 0.5 / 1500))), rel=1e-2
    )


def test_names_of_ports_that_differ_in_case_only() -> None:
    with pytest.raises(ValueError, match="ports 'p' and 'P' differ in case only"):
        nm.make_deck(base(), t_stop=1e-3, probes=PROBES, ports={"p": nm.Port("out"), "P": nm.Port("src")})
    with pytest.raises(ValueError, match="initial nodes 'out' and 'OUT' differ in case only"):
        nm.make_deck(base(), t_stop=1e-3, probes=PROBES, initial={"out": 0.0, "OUT": 1.0})


# ---------------------------------------------------------------- what ngspice makes of it


@pytest.mark.parametrize(
    "text",
    [
        "*#shell touch {}",
        "  *# shell touch {}",
        ".control\nshell touch {}\n.endc",
        "+ 1k\n.control\nshell touch {}\n.endc",
    ],
)
def test_no_text_of_a_user_runs_a_command(text: str, tmp_path: Path) -> None:
    # ngspice executes what stands behind *#, which looks like a comment.
    circuit = base()
    circuit.raw_spice = text.format(tmp_path / "done")
    with pytest.raises(ValueError, match="line 1 of raw_spice is"):
        nm.make_deck(circuit, t_stop=1e-3, probes=PROBES)
    (tmp_path / "inner.inc").write_text("* a comment\n" + circuit.raw_spice + "\n")
    circuit.raw_spice = ""
    circuit.include(tmp_path / "inner.inc")
    with pytest.raises(ValueError, match=r"include file .* holds .*: analyses and control blocks belong to the run"):
        nm.make_deck(circuit, t_stop=1e-3, probes=PROBES)
    assert not (tmp_path / "done").exists()


def test_a_deck_made_by_hand_is_checked_too() -> None:
    given: dict[str, Any] = {"name": "d", "probes": {"v": nm.Probe("v(a)")}, "t_stop": 1.0}
    assert nm.Deck(body=("V1 a 0 1",), **given)
    for body in (("V1 a 0 1\n.control",), (".tran 1 1",), ("*#shell false",), ("+ 1",), ("V1 a 0 1", "")):
        with pytest.raises(ValueError, match=r"raw_spice|body of deck"):
            nm.Deck(body=body, **given)


@given(
    nodes=st.lists(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,6}", fullmatch=True), min_size=2, max_size=4, unique_by=str.lower),
    name=st.from_regex(r"[A-Za-z0-9_.]{1,6}", fullmatch=True),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_ngspice_sees_the_circuit_that_was_meant(nodes: list[str], name: str) -> None:
    # A chain of equal resistors: the voltages tell which node is which.
    circuit = Circuit(f"chain {name}")
    circuit.V("in", nodes[0], 0, 1.0)
    for i, (one, other) in enumerate(zip(nodes, [*nodes[1:], "0"], strict=True)):
        circuit.R(f"{name}{i}", one, other, 1e3)
    try:
        deck = nm.make_deck(circuit, t_stop=1e-3, probes={f"p{i}": f"v({node})" for i, node in enumerate(nodes)})
    except ValueError:
        assert any(n.lower() in ("0", "gnd") or re.match(r"x.*\.", n, re.IGNORECASE) for n in nodes)
        return
    recording = nm.Ngspice().run(deck)
    for i in range(len(nodes)):
        assert recording[f"p{i}"][-1] == pytest.approx(1 - i / len(nodes), rel=1e-4)
