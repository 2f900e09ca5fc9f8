"""ngspice runs: the right numbers, proved success, and every known trap of the program met."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit
from PySpice.Unit import u_A, u_kΩ, u_m, u_ms, u_MΩ, u_s, u_V

import neuromorph as nm
from neuromorph.errors import SimulationError
from neuromorph.schematic.threshold import Threshold

# ---------------------------------------------------------------- right numbers


@pytest.mark.parametrize("method", ["gear", "trap"])
def test_a_charging_capacitor_follows_its_closed_form(method: str) -> None:
    circuit = nm.Schematic("rc", ports={"v_in": nm.Port("in", kind="voltage")}, initial={"out": 0.0})
    circuit.R("1", "in", "out", 1e3)
    circuit.C("1", "out", circuit.gnd, 1e-6)
    options = nm.NgspiceOptions(method=method)
    recording = nm.simulate(circuit, nm.Constant(value=2.0), 5e-3, options=options, probes=["v(out)"])
    exact = 2.0 * -np.expm1(-recording.time / 1e-3)
    assert np.abs(recording["v(out)"] - exact).max() < 2e-5
    assert recording.provenance["engine"] == "ngspice"
    assert recording.provenance["options"]["method"] == method


@pytest.mark.parametrize("t_stop", [1e-3, 1e-3 / 3, 7.77777777777e-5, 0.12345678901234567, 4e-9, 1e3])
def test_a_run_ends_where_it_was_asked_to(divider: nm.Schematic, runs: Path, t_stop: float) -> None:
    recording = nm.Ngspice(folder=runs).run(nm.make_deck(divider, t_stop=t_stop))
    assert recording.time[0] == 0
    assert recording.time[-1] == pytest.approx(t_stop, rel=1e-11)
    assert recording["v_out"][-1] == pytest.approx(0.5, rel=1e-6)
    assert recording["i_in"][-1] == pytest.approx(-0.5e-3, rel=1e-6)
    assert list(runs.iterdir()) == [], "a run that succeeded leaves nothing behind"


def test_a_run_needs_no_writable_working_directory(divider: nm.Schematic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/proc")
    assert nm.simulate(divider, t_stop=1e-3)["v_out"][-1] == pytest.approx(0.5)


def test_probes_with_arithmetic(divider: nm.Schematic) -> None:
    probes = {"p": nm.Probe("-v(in) * i(Vin)", unit="W"), "r": nm.Probe("v(in, OUT) / @Rtop[i]", unit="ohm")}
    recording = nm.simulate(divider, t_stop=1e-3, probes=probes)
    assert recording["p"] == pytest.approx(0.5e-3)
    assert recording["r"] == pytest.approx(1e3)
    assert recording.units == {"p": "W", "r": "ohm"}


def test_a_quotient_of_zeros_is_no_number_and_no_failure(divider: nm.Schematic) -> None:
    recording = nm.simulate(divider, t_stop=1e-3, probes={"r": "(v(in) - 1) / (v(in) - 1)", "v": "v(in) / 0"})
    assert np.isnan(recording["r"]).all()
    assert np.isinf(recording["v"]).all()


def test_progress_goes_from_nothing_to_the_end(long_deck: nm.Deck, runs: Path) -> None:
    seen: list[float] = []

    class Enough(Exception):
        pass

    def listener(fraction: float, what: str) -> None:
        assert what == "ngspice"
        seen.append(fraction)
        if len(seen) == 3:
            raise Enough

    with pytest.raises(Enough):
        nm.Ngspice(folder=runs).run(long_deck, progress=listener)
    assert 0 < seen[0] < seen[1] < seen[2] < 0.1


# ---------------------------------------------------------------- what must not change a result

POISON = "set filetype=ascii\nset ngbehavior=psa\nset noinit\necho poisoned\nset nopadding\nquit 0\n"


def test_settings_of_the_user_are_kept_out(
    divider: nm.Schematic, tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deck = nm.make_deck(divider, t_stop=1e-3)
    expected = nm.Ngspice(folder=runs).run(deck)
    for folder in ("home", "cwd", "scripts"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ".spiceinit").write_text(POISON)
        (tmp_path / folder / "spinit").write_text(POISON)
    runs.mkdir(exist_ok=True)
    (runs / ".spiceinit").write_text(POISON)
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SPICE_SCRIPTS", str(tmp_path / "scripts"))
    monkeypatch.setenv("SPICE_ASCIIRAWFILE", "1")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    recording = nm.Ngspice(folder=runs).run(deck)
    assert recording.time.tolist() == expected.time.tolist()
    assert recording["v_out"].tolist() == expected["v_out"].tolist()


# ---------------------------------------------------------------- numbers


def test_numbers_of_pyspice_lose_their_unit_letters() -> None:
    circuit = Circuit("units")
    circuit.I("1", 0, "amp", 1 @ u_A)  # 1A is one atto in ngspice 44
    circuit.R("1", "amp", 0, 1 @ u_V)
    circuit.R("2", "amp", 0, 1 @ u_MΩ)
    circuit.PulseVoltageSource(
        "p", "pulse", 0, initial_value=0 @ u_V, pulsed_value=1 @ u_V, pulse_width=1 @ u_ms, period=1 @ u_s
    )
    circuit.R("3", "pulse", 0, np.float64(1e3))
    circuit.R("4", "pulse", 0, 1 @ u_m)  # 1m would be a thousandth
    circuit.subcircuit(sub := nm_subcircuit())
    circuit.X("1", sub.name, "amp", r=2 @ u_kΩ)
    deck = nm.make_deck(circuit, t_stop=1e-3, probes=["v(amp)"])
    assert deck.body == (
        ".subckt load a params: r=1000.0",
        "R1 a 0 {r}",
        ".ends load",
        "I1 0 amp 1.0",
        "R1 amp 0 1.0",
        "R2 amp 0 1000000.0",
        "Vp pulse 0 DC 0.0 PULSE(0.0 1.0 0.0 0.0 0.0 0.001 1.0)",
        "R3 pulse 0 1000.0",
        "R4 pulse 0 1.0",
        "X1 amp load r=2000.0",
    )
    expected = 1 / (1 + 1e-6 + 0.5e-3)
    assert nm.Ngspice().run(deck)["v(amp)"][-1] == pytest.approx(expected, rel=1e-6)


def nm_subcircuit() -> Any:
    from PySpice.Spice.Netlist import SubCircuit

    load = SubCircuit("load", "a", r=1 @ u_kΩ)
    load.R("1", "a", 0, "{r}")
    return load


@pytest.mark.parametrize(
    ("value", "read_as"),
    [("1M", "milli"), ("2.2MHz", "milli"), ("1e3M", "milli"), ("10F", "femto"), ("1A", "atto"), ("{r}*1M", "milli")],
)
def test_a_letter_that_spice_misreads_is_refused(divider: nm.Schematic, value: str, read_as: str) -> None:
    divider.R("extra", "out", 0, value)
    with pytest.raises(ValueError, match=rf"(?s)element 'Rextra' holds .* SPICE reads as .*{read_as}.*1e6"):
        nm.make_deck(divider, t_stop=1e-3)


@pytest.mark.parametrize("value", ["1Meg", "1MEGohm", "1k", "10u", "1m", "1mil", "1e-3", "{1e3 + 2}", "1uF", "3p"])
def test_letters_that_spice_reads_as_written_are_kept(divider: nm.Schematic, value: str) -> None:
    divider.R("extra", "out", 0, value)
    assert f"Rextra out 0 {value}" in nm.make_deck(divider, t_stop=1e-3).body


def test_what_braces_hold_is_pasted_without_parentheses(divider: nm.Schematic) -> None:
    # The trap itself: 2 * {1 + 1} is fine, because numbers are computed first; parameters that are negative
    # and differences of quotients have to stand in parentheses. Models print them so.
    model = _Skewed(r_on=300.0, r_off=-7e3, tilt=-2e-4)
    text = model.subcircuit()
    assert all(f"({{{name}}})" in text for name in model.values())
    assert not any(f"{sign}{{{name}}}" in text for name in model.values() for sign in "*/+-")
    _check_terminal_current(model)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Skewed(nm.MemristorModel):
    """A negative parameter and a difference of reciprocals."""

    r_on: float = nm.parameter(300.0, unit="ohm", doc="on")
    r_off: float = nm.parameter(-7e3, unit="ohm", doc="off")
    tilt: float = nm.parameter(-2e-4, unit="S", doc="tilt")

    def current_equation(self, v: Any, x: Any) -> Any:
        return v * (1 / self.r_off + x * (1 / self.r_on - 1 / self.r_off)) - self.tilt * v * x

    def state_equation(self, v: Any, x: Any) -> Any:
        return (v - self.tilt * 1e3 - x) * 1e3


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Cubic(nm.MemristorModel):
    """Powers of what is negative half of the time: pow(-2, 3) is 8 in ngspice."""

    g: float = nm.parameter(1e-3, unit="S", doc="conductance")

    def current_equation(self, v: Any, x: Any) -> Any:
        return self.g * (v**3 + 0.1 * v + x**3 * v**2)

    def state_equation(self, v: Any, x: Any) -> Any:
        return (v**5 - x) * 1e3


def _check_terminal_current(model: nm.MemristorModel) -> None:
    circuit = Circuit("terminal current")
    circuit.raw_spice = model.subcircuit()
    circuit.SinusoidalVoltageSource("1", "p", 0, amplitude=1.5, frequency=1e3)
    circuit.X("1", model.subcircuit_name, "p", 0, "x", **model.values())
    probes = {"v": "v(p)", "x": "v(x)", "i": nm.Probe("-i(V1)", unit="A")}
    deck = nm.make_deck(circuit, t_stop=2e-3, probes=probes, initial={"x": 0.25})
    recording = nm.Ngspice().run(deck)
    v, x = recording["v"], recording["x"]
    assert v.min() < -1.49
    assert x[0] == 0.25
    assert recording["i"] == pytest.approx(np.asarray(model.current(v, x)), rel=1e-5, abs=1e-12)  # Newton stops at 1e-6
    # The state follows the equation too, in mean over each step.
    rate = np.asarray(model.state_rate(v, x))
    change = np.diff(recording.time) * (rate[1:] + rate[:-1]) / 2
    assert np.cumsum(change) == pytest.approx(x[1:] - x[0], abs=2e-4)


def test_odd_powers_of_negative_voltages_keep_their_sign() -> None:
    _check_terminal_current(_Cubic())


def test_every_digit_of_a_parameter_arrives() -> None:
    # ngspice keeps eleven digits of a number in a B source, and all of a parameter.
    model = nm.MMS(r_on=1234.5678901234567, r_off=1234.5678901234567)
    circuit = Circuit("digits")
    circuit.raw_spice = model.subcircuit() + "B1 0 literal I=1.2345678901234567e-3\n"
    circuit.V("1", "p", 0, 1.0)
    circuit.X("1", model.subcircuit_name, "p", 0, "x", **model.values())
    circuit.R("1", "literal", 0, 1e3)
    circuit.V("2", "plain", 0, 1.2345678901234567)
    circuit.R("2", "plain", 0, 1.0)
    probes = ["i(V1)", "v(literal)", "v(plain)"]
    recording = nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6, probes=probes, initial={"x": 0.5}))
    assert recording["v(plain)"][-1] == pytest.approx(1.2345678901234567, rel=1e-15)
    assert -recording["i(V1)"][-1] == pytest.approx(1 / 1234.5678901234567, rel=1e-14)
    assert recording["v(literal)"][-1] == pytest.approx(1.2345678901234567, rel=1e-10)


# ---------------------------------------------------------------- switches


@pytest.mark.parametrize("state", ["off", "on", "OFF"])
def test_a_state_of_a_switch_that_pyspice_would_turn_on_is_refused(divider: nm.Schematic, state: str) -> None:
    divider.S("1", "in", "out", "in", 0, model="sw1", initial_state=state)
    divider.model("sw1", "sw", vt=2.0)
    with pytest.raises(ValueError, match=f"element 'S1' has initial_state='{state}'.*give True or False"):
        nm.make_deck(divider, t_stop=1e-3)


@pytest.mark.parametrize(("state", "level"), [(True, 1.0), (False, 0.5), (None, 0.5)])
def test_the_initial_state_of_a_switch(divider: nm.Schematic, state: bool | None, level: float) -> None:
    # The control voltage lies between the thresholds, where a switch keeps the state it has.
    divider.S("1", "in", "out", "in", 0, model="sw1", initial_state=state)
    divider.model("sw1", "sw", vt=1.0, vh=0.5, ron=1e-3, roff=1e12)
    assert nm.simulate(divider, t_stop=1e-3)["v_out"][-1] == pytest.approx(level, rel=1e-3)


def _level_of_closing(add_switch: Callable[[Circuit], None]) -> float:
    """Voltage of a ramp at which a switch between the nodes high and out closes [V]."""
    circuit = Circuit("ramp")
    circuit.PieceWiseLinearVoltageSource("1", "c", 0, values=[(0, 0.0), (100e-6, 1.0)])
    circuit.V("high", "high", 0, 1.0)
    circuit.R("1", "out", 0, 1e6)
    add_switch(circuit)
    deck = nm.make_deck(circuit, t_stop=100e-6, probes={"ramp": "v(c)", "out": "v(out)"})
    recording = nm.Ngspice().run(deck, nm.NgspiceOptions(t_max=7e-6))
    return float(recording["ramp"][recording["out"] > 0.5][0])


def test_a_switch_meets_its_threshold_only_when_its_control_is_amplified() -> None:
    def bare(circuit: Circuit) -> None:
        circuit.S("1", "high", "out", "c", 0, model="plain")
        circuit.model("plain", "sw", vt=0.21, vh=0.19, ron=1e-3, roff=1e12)

    def amplified(circuit: Circuit) -> None:
        Threshold(circuit, "c", "0", v_high=0.4, v_low=0.02).add_switch("close", "high", "out", r_on=1e-3)

    assert _level_of_closing(amplified) == pytest.approx(0.4, abs=1e-5)
    assert _level_of_closing(bare) > 0.4 + 1e-3, "ngspice lets a control voltage pass the threshold of a switch"


# ---------------------------------------------------------------- faults that end with status 0


@pytest.mark.parametrize(
    ("lines", "where", "cause", "remedy"),
    [
        (["Rx a b 1k", "Ry a b 2k"], "a", "the node a has no path for direct current to ground", "large resistor"),
        (["Lx in 0 1m"], "lx", "closes a loop of voltage sources or inductors", "small resistor in series"),
        (["Rx out 0"], "rx", "the resistor rx has no value", "write a value"),
        ([".if (1 > 0)", "Rx out 0 1k"], ".if", ".if and .endif do not pair", "end every .if"),
        (["?x out 0 1k"], "?x out 0 1k", "no element begins like this line", "begin an element with its letter"),
        ([".ic v(nowhere)=1"], "nowhere", "the node nowhere, which a .ic", "correct the node's name"),
    ],
)
def test_a_fault_behind_status_0(
    with_lines: Callable[..., nm.Deck],
    failure: Callable[..., SimulationError],
    lines: list[str],
    where: str,
    cause: str,
    remedy: str,
) -> None:
    error = failure(with_lines(*lines))
    assert error.where == where
    assert cause in error.cause
    assert remedy in error.remedy
    assert error.log_lines


@pytest.mark.parametrize(
    ("lines", "where", "cause"),
    [
        (["RTOP out 0 1k"], "rtop", "two elements with the name rtop"),
        (["Xa in out nosuch"], "xa", "subcircuit nosuch is not defined"),
        (["Dx out 0 nosuch"], "dx", "the model nosuch is not defined"),
        (["Rx out 0 {nosuch}"], "line 2: Rx out 0 {nosuch}", "the parameter nosuch is not defined"),
        (["Rx out 0 {1k"], "line 2: Rx out 0 {1k", "an opening bracket without its closing }"),
        (["Bx out 0 V=nosuch(1)"], "line 2: Bx out 0 V=nosuch(1)", "the function nosuch does not exist"),
        (["Bx out 0 I=v(in)+*2"], "bx", "syntax error"),
        ([".subckt cell a b", "Ra a b 1k"], ".subckt cell a b", "do not pair"),
    ],
)
def test_a_fault_with_status_1(
    with_lines: Callable[..., nm.Deck],
    failure: Callable[..., SimulationError],
    lines: list[str],
    where: str,
    cause: str,
) -> None:
    error = failure(with_lines(*lines))
    assert cause in error.cause
    assert error.where in (where, "line 2: " + lines[0])


def test_a_value_that_is_absurd_is_refused_with_vector_and_time(
    divider: nm.Schematic, failure: Callable[..., SimulationError]
) -> None:
    # ngspice makes 1e32 of a division by zero, without a word.
    divider.PieceWiseLinearVoltageSource("z", "z", 0, values=[(0, 1.0), (0.5e-3, 0.0), (1e-3, 0.0)])
    divider.B("1", "big", 0, voltage_expression="1/v(z)")
    divider.R("big", "big", 0, 1e3)
    error = failure(nm.make_deck(divider, t_stop=1e-3, probes=["v(big)"]))
    assert error.cause == "v(big) is 1e+32"
    assert error.where == "v(big)"
    assert error.time_reached == pytest.approx(0.5e-3, rel=0.05)
    assert "division by zero" in error.remedy


def test_other_analyses_are_refused(
    divider: nm.Schematic, tmp_path: Path, failure: Callable[..., SimulationError]
) -> None:
    (tmp_path / "inner.inc").write_text(".op\n")
    (tmp_path / "outer.inc").write_text(f'.include "{tmp_path}/inner.inc"\n')
    divider.include(tmp_path / "outer.inc")
    error = failure(nm.make_deck(divider, t_stop=1e-3))
    assert "the run holds other analyses: Operating Point, Transient Analysis" in error.cause


def test_a_value_that_is_no_number_is_refused(divider: nm.Schematic) -> None:
    divider.R("extra", "out", 0, math.nan)
    with pytest.raises(ValueError, match="element 'Rextra' has the value nan: a circuit needs finite numbers"):
        nm.make_deck(divider, t_stop=1e-3)


# ---------------------------------------------------------------- operating points


def point(*lines: str, probes: tuple[str, ...] = ("v(out)", "i(v1)")) -> nm.Deck:
    """The deck of an operating point."""
    return nm.Deck(name="point", body=lines, probes={p: nm.Probe(p) for p in probes}, t_stop=None)


DIVIDER = ("V1 in 0 1", "R1 in out 1000.0", "R2 out 0 3000.0")


def test_an_operating_point_is_one_value_at_time_zero(runs: Path) -> None:
    deck = point(*DIVIDER)
    assert deck.is_operating_point
    assert deck.text().splitlines()[-2:] == [".op", ".end"]
    recording = nm.Ngspice(folder=runs).run(deck)
    assert recording.time.tolist() == [0.0]
    assert recording["v(out)"] == pytest.approx([0.75], rel=1e-14)
    assert recording["i(v1)"] == pytest.approx([-0.25e-3], rel=1e-12)
    assert recording.provenance["t_stop"] is None
    assert list(runs.iterdir()) == []
    assert nm.simulate(deck).last == recording.last


def test_an_operating_point_takes_no_time(runs: Path) -> None:
    with pytest.raises(ValueError, match="the deck of an operating point takes an engine and options only"):
        nm.simulate(point(*DIVIDER), t_stop=1e-3)


def test_an_operating_point_that_is_none(runs: Path) -> None:
    """A floating node, and a vector that is not there: ngspice ends with status 0 after both."""
    floating = point("V1 in 0 1", "R1 in 0 1", "R2 out other 1", "I1 other out 1e-3")
    with pytest.raises(SimulationError, match="the node out has no path for direct current to ground") as caught:
        nm.Ngspice(folder=runs).run(floating)
    assert caught.value.time_reached is None
    with pytest.raises(SimulationError, match=r"ngspice did not record v\(nowhere\)"):
        nm.Ngspice(folder=runs).run(point(*DIVIDER, probes=("v(out)", "v(nowhere)")))
    absurd = point(*DIVIDER, "B1 x 0 V=1/(v(out)-v(out))", "R3 x 0 1", probes=("v(x)",))
    with pytest.raises(SimulationError, match=r"v\(x\) is 1e\+32|v\(x\) is") as caught:
        nm.Ngspice(folder=runs).run(absurd)
    assert caught.value.time_reached is None


def test_a_sweep_is_no_operating_point(stand_in: Callable[[str], Path], runs: Path) -> None:
    swept = "sed -i 's/^.op$/.dc V1 0 1 0.5/' deck.cir"
    with pytest.raises(SimulationError, match="the run holds other analyses: DC transfer characteristic"):
        nm.Ngspice(program=stand_in(f'{swept}; exec "$ngspice" "$@"'), folder=runs).run(point(*DIVIDER))
    transient = "sed -i 's/^.op$/.tran 1e-4 1e-3/' deck.cir"
    with pytest.raises(SimulationError, match="the run holds other analyses: Transient Analysis"):
        nm.Ngspice(program=stand_in(f'{transient}; exec "$ngspice" "$@"'), folder=runs).run(point(*DIVIDER))
