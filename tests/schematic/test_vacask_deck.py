"""Decks in VACASK's language: what is refused, what cannot be smuggled, how switches become latches."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.roads import deck_of, working_point
from neuromorph.schematic.vacask import vacask_deck
from neuromorph.schematic.vacask.expressions import evaluated, read_number

# Every line that the writer makes, and nothing else.
_LINE = re.compile(
    r"neuromorph deck|ground 0|load \"[\w./]+\"|model model\d+ \w+( \w+=[-+.\de]+)*|"
    r"e_\w+ \([\w ]+\) model\d+( \w+=(\"\w+\"|\[[-+.\de, ]*\]|[-+.\de]+))*|control|endc|"
    r"  options [\w\"=+-. ]+|  save( v\(\w+\))*|"
    r"  analysis out tran step=[-+.\de]+ stop=[-+.\de]+ maxstep=[-+.\de]+ icmode=\"(op|uic)\"( ic=\{[-+.\de\w\", ]*\})?|"
)


def deck_of_lines(*lines: str, probes: tuple[str, ...] = ("v(a)",)) -> nm.Deck:
    """A deck with these lines."""
    return nm.Deck(name="lines", body=lines, probes={p: nm.Probe(p) for p in probes}, t_stop=1e-3)


def refuse_strange_lines(text: str) -> None:
    """Fail where the text has a line that no statement of a circuit makes."""
    for line in text.split("\n"):
        assert _LINE.fullmatch(line), line
    assert text.count("\ncontrol\n") == text.count("\nendc\n") == 1
    assert "postprocess" not in text
    assert "include" not in text


@pytest.mark.parametrize(
    "design", [nm.MemristiveALIF(), nm.LIF(), nm.RCNeuron(), nm.MemristiveALIF().at_fidelity("transistor")]
)
def test_decks_of_neurons_hold_statements_only(design: object):
    deck = deck_of(design, *working_point(design, None, None))
    refuse_strange_lines(vacask_deck(deck).text)
    assert vacask_deck(deck) == vacask_deck(deck)


_WORDS = st.text(st.sampled_from("abxv019_.()=\"'{}[]/*\\<>|;,:#@$%&!? \t+-"), max_size=12)


@given(st.lists(st.tuples(st.sampled_from("RCLVIEGFHSBXDMQ"), _WORDS, _WORDS, _WORDS, _WORDS), max_size=4))
@settings(max_examples=300, deadline=None)
def test_no_line_of_a_deck_becomes_another_statement(elements: list[tuple[str, ...]]):
    lines = [f"{kind}{name} {a} {b} {value}" for kind, name, a, b, value in elements]
    try:
        text = vacask_deck(deck_of_lines("R1 a 0 1k", *lines)).text
    except (ValueError, FileNotFoundError):
        return
    refuse_strange_lines(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
@settings(max_examples=300, deadline=None)
def test_no_expression_becomes_another_statement(expression: str):
    try:
        stated = vacask_deck(deck_of_lines("R1 a 0 1k", f"B1 a 0 I={expression}"))
    except (ValueError, FileNotFoundError):
        return
    refuse_strange_lines(stated.text)
    values = [line for line in stated.source.splitlines() if line.startswith("        value = ")]
    for line in values:
        assert re.fullmatch(r"        value = [\w\s()+\-*/,.?:<>=!&|$]+;", line), line
        assert ";" not in line[:-1]


@given(
    st.text(st.sampled_from("abAB01_.#"), min_size=1, max_size=6),
    st.text(st.sampled_from("abAB01_.#"), min_size=1, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_different_nodes_stay_different(first: str, second: str):
    if first.lower() == second.lower() or {first, second} & {"0", "00"}:
        return
    try:
        stated = vacask_deck(
            deck_of_lines(f"R1 {first} {second} 1k", f"R2 {first} 0 1k", probes=(f"v({first})", f"v({second})"))
        )
    except ValueError:
        return
    names = [name for name in stated.names.values() if name is not None]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("J1 a b 0 jfet", "elements J have no counterpart there; use ngspice"),
        ("K1 L1 L2 0.9", "elements K have no counterpart there; use ngspice"),
        (".func f(x) {x*2}", r"\.func has no counterpart there; use ngspice"),
        (".if (1)", r"\.if has no counterpart there; use ngspice"),
        (".global vdd", r"\.global has no counterpart there; use ngspice"),
        ("R2 a 0 1k tc1=1", "only its value can be translated; use ngspice"),
        ("R2 a 0 0", "its resistance is zero; use ngspice"),
        ("C2 a 0 1n ic=1", "only its value can be translated; use ngspice"),
        ("V2 b 0 EXP(0 1 1u 1u)", "it has no waveform EXP; use ngspice"),
        ("V2 b 0 PWL(0 1 2)", "PWL takes pairs of time and value; use ngspice"),
        ("V2 b 0 PULSE(0)", "PULSE takes two to seven numbers; use ngspice"),
        ("V2 b 0 PULSE(0 1 0 2u 2u 1u 3u)", "its edges take longer than its period; use ngspice"),
        ("V2 b 0 SIN(0)", "SIN takes two to six numbers; use ngspice"),
        ("E2 b 0 poly(1) a 0 1 2", "of controlled sources only the linear ones can be translated; use ngspice"),
        ("F2 b 0 V9 1", r"i\(v9\) names no voltage source or inductor; use ngspice"),
        ("B2 b 0 R=5", "it states neither i= nor v=; use ngspice"),
        ("B2 b 0 I=floor(v(a))", r"floor\(\) has no translation for VACASK; translated are .*; use ngspice"),
        ("B2 b 0 I=noise(v(a))", r"noise\(\) has no translation"),
        ("B2 b 0 I=v(a)+vdd", "nothing is called 'vdd' here; use ngspice"),
        ("B2 b 0 I=v(a)+", "'the end' is not expected here"),
        ("B2 b 0 I=1/0", "float division by zero"),
        ("S2 a 0 b 0 nomodel", "the deck has no model of type SW for it; use ngspice"),
        ("D2 a 0 nomodel", "the deck has no such model; use ngspice"),
        ("X2 a 0 nothing", "the deck defines no subcircuit 'nothing'"),
        (".subckt open a b", "subcircuit 'open' has no .ends"),
        (".ends", r"the deck has an \.ends without a \.subckt"),
        ("R2 a", "has too few nodes"),
        ("R2 a 0 {1+nix}", "nothing is called 'nix' here"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(line: str, message: str):
    with pytest.raises(ValueError, match=message):
        vacask_deck(deck_of_lines("R1 a 0 1k", line))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (".model m sw (vt=1 vh=-1)", "a negative hysteresis makes another kind of switch"),
        (".model m sw (vt=1 ron=0)", "its resistances must be positive"),
        (".model m sw (vt=1 area=2)", "its model has area"),
        (".model m csw (it=1)", "the deck has no model of type SW for it"),
    ],
)
def test_switches_without_a_counterpart_are_refused(model: str, message: str):
    with pytest.raises(ValueError, match=message):
        vacask_deck(deck_of_lines("R1 a 0 1k", "S1 a 0 a 0 m", model))


def test_other_models_are_refused():
    with pytest.raises(ValueError, match="of MOS models only level 1 is translated"):
        vacask_deck(deck_of_lines("R1 a 0 1k", "M1 a a 0 0 m", ".model m nmos level=8"))
    with pytest.raises(ValueError, match="a model of type npn has no counterpart there"):
        vacask_deck(deck_of_lines("R1 a 0 1k", "D1 a 0 m", ".model m npn"))


def test_subcircuits_that_contain_themselves_are_refused():
    with pytest.raises(ValueError, match="nested more than 40 deep, or contain themselves"):
        vacask_deck(deck_of_lines("R1 a 0 1k", ".subckt s a", "X1 a s", ".ends", "X1 a s"))
    with pytest.raises(ValueError, match="subcircuit 's' has 1 pins, 2 are connected"):
        vacask_deck(deck_of_lines("R1 a 0 1k", ".subckt s a", "R1 a 0 1", ".ends", "X1 a 0 s"))
    with pytest.raises(
        ValueError, match="m=, several of a subcircuit side by side, has no counterpart there; use ngsp"
    ):
        vacask_deck(deck_of_lines("R1 a 0 1k", ".subckt s a", "R1 a 0 1k", ".ends", "X1 a s m=3"))
    with pytest.raises(ValueError, match="subcircuit 's' has no parameter 'k'"):
        vacask_deck(deck_of_lines("R1 a 0 1k", ".subckt s a params: r=1", "R1 a 0 {r}", ".ends", "X1 a s k=2"))


def test_probes_without_a_counterpart_are_refused():
    with pytest.raises(ValueError, match=r"probe '@r1\[p\]': of an element VACASK records only the current"):
        vacask_deck(deck_of_lines("R1 a 0 1k", probes=("@R1[p]",)))
    with pytest.raises(ValueError, match="no element 'r2' with two terminals"):
        vacask_deck(deck_of_lines("R1 a 0 1k", probes=("@R2[i]",)))
    with pytest.raises(ValueError, match="the circuit that VACASK gets has no node 'b'"):
        vacask_deck(deck_of_lines("R1 a 0 1k", probes=("v(b)",)))
    with pytest.raises(ValueError, match="VACASK records the current of voltage sources and inductors"):
        vacask_deck(deck_of_lines("R1 a 0 1k", probes=("i(R1)",)))


def test_operating_points():
    def point(*lines: str) -> str:
        return vacask_deck(nm.Deck(name="point", body=lines, probes={"a": nm.Probe("v(a)")}, t_stop=None)).text

    text = point("V1 a 0 1", "R1 a 0 1k")
    assert "  analysis out op\n" in text
    assert "tran" not in text
    with pytest.raises(ValueError, match="depends on what was before; use ngspice"):
        point("V1 a 0 1", "S1 a 0 a 0 latch", ".model latch sw (vt=1 vh=0.5)")
    with pytest.raises(ValueError, match="an operating point needs sources that are constant; use ngspice"):
        point("V1 a 0 PULSE(0 1 0 1u 1u 1m 2m)", "R1 a 0 1k")
    with pytest.raises(ValueError, match="has initial voltages, which VACASK would hold; use ngspice"):
        point("R1 a 0 1k", ".ic v(a)=1")


def test_a_mode_is_refused():
    mode = nm.Deck(name="mode", body=("R1 a 0 1k",), probes={"a": nm.Probe("v(a)")}, t_stop=1.0, compatibility="psa")
    with pytest.raises(ValueError, match="VACASK has no compatibility mode 'psa': use ngspice"):
        vacask_deck(mode)


def test_switches_with_one_threshold_share_a_latch():
    neuron = nm.MemristiveALIF()
    text = vacask_deck(deck_of(neuron, *working_point(neuron, None, None))).text
    assert len(re.findall(r"^e_latch\d+ ", text, re.MULTILINE)) == 1
    assert len(re.findall(r"^e_s\w+ .* r_on=", text, re.MULTILINE)) == 2
    # Far faster than 10 ohm discharge 22 nF, and twice as fast in a refined run.
    (tau,) = map(float, re.findall(r"tau=(\S+)$", text, re.MULTILINE)[-1:])
    assert tau == pytest.approx(3e-5 * 10 * 22e-9)
    refined = vacask_deck(deck_of(neuron, *working_point(neuron, None, None)), nm.VacaskOptions(refinement=2)).text
    assert float(re.findall(r"tau=(\S+)$", refined, re.MULTILINE)[-1]) == pytest.approx(tau / 2)


def test_equal_expressions_share_a_module():
    body = [f"B{k} n{k} 0 V=v(a)*{k + 1}.5+{k}.25" for k in range(20)]
    stated = vacask_deck(deck_of_lines("R1 a 0 1k", *body, *(f"R{k + 2} n{k} 0 1k" for k in range(20))))
    assert stated.source.count("\nmodule ") == 2
    assert "k0=20.5 k1=19.25" in stated.text


def test_a_memristor_comes_with_its_own_verilog_a():
    neuron = nm.MemristiveALIF()
    stated = vacask_deck(deck_of(neuron, *working_point(neuron, None, None)))
    assert "module mms(p, n, x);" in stated.source
    assert '(* type="instance" *) parameter real r_on = 500.0;' in stated.source
    assert "disciplines.vams" not in stated.source
    assert re.search(r"^e_xmemristor \(v_mem v_rest v_x\) model\d+ r_on=500.0", stated.text, re.MULTILINE)


class _Constants:
    def parameter(self, name: str) -> float | None:
        return {"r": 2.0}.get(name)

    def voltage(self, node: str) -> str:
        return f"V({node})"

    def current(self, source: str) -> str:
        return f"V(i_{source})"

    def constant(self, value: float) -> str:
        return repr(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1k", 1e3), ("2meg", 2e6), ("3mil", 76.2e-6), ("4m", 4e-3), ("5u", 5e-6), ("6n", 6e-9), ("7p", 7e-12),
        ("8f", 8e-15), ("9kohm", 9e3), ("1.5e-3", 1.5e-3), ("2t", 2e12), ("3g", 3e9), ("4v", 4.0), ("-2u", -2e-6),
    ],
)  # fmt: skip
def test_numbers_have_the_scale_letters_of_spice(text: str, value: float):
    assert read_number(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2*r+1", 5.0), ("-2^2", -4.0), ("2**3**2", 64.0), ("2^-1^2", 0.5), ("(-r)^3", 8.0), ("pow(-2, 3)", 8.0), ("{r}/'r'", 1.0), ("r > 1 ? 3 : 4", 3.0),
        ("sqrt(16)*max(1,2)", 8.0), ("!0 + (1 && 0) + (1 || 0)", 2.0), ("1 <> 2", 1.0), ("pwr(-2, 3)", -8.0),
        ("2*pi", 6.283185307179586), ("(1+2)*(3+4)", 21.0), ("1k/2m", 5e5),
    ],
)  # fmt: skip
def test_constants_are_computed(text: str, value: float):
    assert evaluated(text, _Constants()) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"), [("2^3^2", 64.0), ("2^-1^2", 0.25), ("(-2)^3", 8.0), ("pow(-2, 3)", -8.0), ("pwr(-2, 3)", 8.0)]
)
def test_what_is_computed_as_the_deck_is_read_has_other_signs(text: str, value: float):
    assert evaluated(text, _Constants(), is_parameter=True) == pytest.approx(value, rel=1e-12)


def test_deep_nesting_is_refused_as_such():
    with pytest.raises(ValueError, match="is nested too deeply"):
        evaluated("(" * 20000 + "1" + ")" * 20000, _Constants())
