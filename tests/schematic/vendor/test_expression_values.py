"""Expressions of vendors' files: one value in Python, in ngspice, and where they are written out again."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.schematic.vendor.expressions import evaluated
from neuromorph.schematic.vendor.statements import statements_of, without_comment
from neuromorph.schematic.vendor.values import Signal, Value, number_text, read_number

MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Names:
    """Some parameters, and two nodes."""

    def __init__(self, values: dict[str, Value], dialect: str = "ltspice") -> None:
        self.values, self.dialect = values, dialect

    def parameter(self, name: str) -> Value | None:
        return self.values.get(name)

    def function(self, name: str) -> tuple[Sequence[str], str] | None:
        return (["x"], "2*x+a") if name == "twice" else None

    def voltage(self, plus: str, minus: str | None) -> str:
        return f"v({plus})"

    def current(self, element: str) -> str:
        return f"i({element})"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1k", 1e3), ("1meg", 1e6), ("1m", 1e-3), ("1mil", 25.4e-6), ("10nF", 1e-8), ("1\u00b5", 1e-6), ("2.5Gohm", 2.5e9), ("1F", 1e-15),
        ("1A", 1.0), ("3V", 3.0), ("-1e3k", -1e6), ("4k7", 4700.0), ("2r2", 2.2), (".5", 0.5), ("1e-15", 1e-15), ("3T", 3e12),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float) -> None:
    assert read_number(text.lower(), "ltspice") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2*3", 7.0), ("-2**2", -4.0), ("2**3**2", 512.0), ("2**-1", 0.5), ("(1+2)*3", 9.0), ("10/4/5", 0.5), ("1-2-3", -4.0),
        ("if(1<2, 3, 4)", 3.0), ("1<2 & 2<1", 0.0), ("!(1<2)|(1==1)", 1.0), ("1<2 ? 3 : 4", 3.0), ("limit(5,1,-1)", 1.0),
        ("pwr(-2,3)", 8.0), ("pwrs(-2,3)", -8.0), ("(-2)**3", -8.0), ("table(0.5,0,1,1,3)", 2.0), ("table(9,0,1,1,3)", 3.0), ("table(-9,0,1)", 1.0),
        ("int(-1.7)", -1.0), ("round(2.5)", 3.0), ("twice(a)", 9.0), ("max(1,min(2,3))", 2.0), ("uplim(1,2,0.1)", 1.0), ("dnlim(-9,2,0.1)", 2.0),
        ("stp(1)+u(-1)+uramp(2)+buf(1)+inv(1)", 4.0), ("atan(1)*4-pi", 0.0), ("ln(e)", 1.0), ("'a*2'", 6.0), ("{a*{2}}", 6.0), ("1k*2", 2e3),
    ],
)  # fmt: skip
def test_constants(text: str, value: float) -> None:
    from neuromorph.schematic.vendor.library import unbraced

    assert evaluated(unbraced(text), Names({"a": 3.0})) == pytest.approx(value, rel=1e-12, abs=1e-12)


@given(value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
@MANY
def test_printed_numbers_keep_their_digits(value: float) -> None:
    text = number_text(value)
    assert eval(text) == pytest.approx(value, rel=1e-15, abs=1e-300)


def expressions(values: dict[str, float]) -> st.SearchStrategy[tuple[str, float]]:
    """Texts with their values in Python, of values that stay moderate."""
    numbers = st.floats(-3, 3).map(lambda x: round(x, 3)).map(lambda x: (f"({x!r})", x))
    leaves = st.one_of(numbers, st.sampled_from(list(values.items())))

    def larger(inner: st.SearchStrategy[tuple[str, float]]) -> st.SearchStrategy[tuple[str, float]]:
        two = st.tuples(inner, inner)
        return st.one_of(
            two.map(lambda p: (f"({p[0][0]}+{p[1][0]})", p[0][1] + p[1][1])),
            two.map(lambda p: (f"({p[0][0]} - {p[1][0]})", p[0][1] - p[1][1])),
            two.map(lambda p: (f"{p[0][0]}*{p[1][0]}", p[0][1] * p[1][1])),
            two.map(lambda p: (f"max({p[0][0]},{p[1][0]})", max(p[0][1], p[1][1]))),
            two.map(lambda p: (f"limit({p[0][0]},{p[1][0]},1)", max(min(p[0][1], max(p[1][1], 1)), min(p[1][1], 1)))),
            two.map(
                lambda p: (f"if({p[0][0]}<{p[1][0]}+0.123,2,{p[0][0]})", 2.0 if p[0][1] < p[1][1] + 0.123 else p[0][1])
            ),
            inner.map(lambda p: (f"tanh({p[0]})", math.tanh(p[1]))),
            inner.map(lambda p: (f"(tanh({p[0]}))**3", math.tanh(p[1]) ** 3)),
            inner.map(lambda p: (f"(tanh({p[0]}))**7", math.tanh(p[1]) ** 7)),
            inner.map(lambda p: (f"(-{p[0]})", -p[1])),
            inner.map(lambda p: (f"pwrs({p[0]},1.5)", math.copysign(abs(p[1]) ** 1.5, p[1]) if p[1] else 0.0)),
            inner.map(lambda p: (f"table({p[0]},-1,2,0.5,3,2,-1)", _table(p[1]))),
        )

    return st.recursive(leaves, larger, max_leaves=8)


def _table(x: float) -> float:
    import numpy as np

    return float(np.interp(x, [-1, 0.5, 2], [2, 3, -1]))


@given(case=expressions({"a": 0.7, "b": -1.3}))
@MANY
def test_constant_expressions_have_the_value_that_python_finds(case: tuple[str, float]) -> None:
    text, value = case
    assert evaluated(text, Names({"a": 0.7, "b": -1.3})) == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(cases=st.lists(expressions({"v(a)": 0.7, "v(b)": -1.3}), min_size=20, max_size=30))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_ngspice_finds_the_same_value(cases: list[tuple[str, float]], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("vendor")
    pins = [f"o{i}" for i in range(len(cases))]
    sources = [f"E{pin} {pin} 0 VALUE={{{text}}}" for pin, (text, _) in zip(pins, cases, strict=True)]
    (folder / "part.lib").write_text(
        "\n".join([f".subckt part {' '.join(pins)}", "VA a 0 0.7", "VB b 0 -1.3", *sources, ".ends"])
    )
    circuit = nm.Schematic("bench", probes={pin: f"v({pin})" for pin in pins})
    for pin in pins:
        circuit.R(pin, pin, 0, 1e6)
    part = nm.VendorModel(folder / "part.lib", "part", {pin: pin for pin in pins}, dialect="pspice")
    part.add_to(circuit, "x", **{pin: pin for pin in pins})
    recording = nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6))
    for pin, (text, value) in zip(pins, cases, strict=True):
        assert recording[pin][-1] == pytest.approx(value, rel=1e-6, abs=1e-6), text


@given(text=st.text("ab1.(),+-*/<>=&|!^?: \t{}'\"~$#@ekmv", max_size=30))
@example(text="1/(a-3)")
@example(text="9" * 400)
@example(text="1e99999999999")
@example(text="0**-1")
@example(text="(-8)**0.5")
@example(text="v(a,b,c)")
@example(text="exp(1000)")
@MANY
def test_any_text_is_a_value_or_refused_by_name(text: str) -> None:
    names, message = Names({"a": 3.0, "b": -1.0, "v": 2.0}), ""
    try:
        assert isinstance(evaluated(text, names), float | Signal)
    except ValueError as error:
        message = str(error)
    assert "\n" not in message


PIECES = st.sampled_from([
    "\n", "\r\n", "\n+ ", "+", "* ", "*#shell false", "\n.control\nshell false\n.endc\n", ".include /etc/passwd", ".subckt part in out", ".ends", "\n.ends\n",
    ".end", "R1 in out ", "E1 out 0 VALUE=", "V(in)", "{", "}", "(", ")", "=", ",", ";", "$", "`false`", "\\", "'", '"', ".model dx d", "D1 in out dx",
    "params: r=1", "{r}", "1k", "\x00", "\u2028", "\x85", "\u00b5", "X1 in out part", ".param q=2", "\t", "S1 in out in 0 sx", "B1 out 0 V=V(in)", ".tran 1 1",
])  # fmt: skip


@given(pieces=st.lists(st.one_of(PIECES, st.text(string.printable, max_size=5)), max_size=12))
@example(pieces=["R1 in out 1k\n.control\nshell false\n.endc"])
@example(pieces=["E1 out 0 VALUE={V(in)}\n*#shell false"])
@example(pieces=["V1 in\u2028.tran 0 1"])
@MANY
def test_whatever_a_file_holds_only_elements_reach_the_deck(pieces: list[str], tmp_path: Path) -> None:
    path = tmp_path / "part.lib"
    path.write_bytes((".subckt part in out\n" + "".join(pieces) + "\n.ends\n").encode())
    part, message = None, ""
    try:
        part = nm.VendorModel(path, "part", {"in_p": "in", "out": "out"})
    except (ValueError, FileNotFoundError) as error:
        message = str(error)
    assert "\n" not in message
    if part is None:
        return
    circuit = nm.Schematic("bench", probes={"out": "v(out)"})
    circuit.R("load", "out", 0, 1e3)
    part.add_to(circuit, "x", in_p="0", out="out")
    lines = nm.make_deck(circuit, t_stop=1e-6).body
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        assert line[0].isalpha() or line.split()[0] in (".subckt", ".ends", ".model")


@given(text=st.text(max_size=60))
@MANY
def test_statements_have_neither_comments_nor_line_ends(text: str) -> None:
    if next((line for line in text.split("\n") if without_comment(line)), "").lstrip().startswith("+"):
        with pytest.raises(ValueError, match=r"begins with '\+', but there is no line that it continues"):
            statements_of(text, "file")
        return
    statements = statements_of(text, "file")
    for statement in statements:
        assert "\n" not in statement.text
        assert ";" not in statement.text
        assert not statement.text.startswith(("*", "+"))
