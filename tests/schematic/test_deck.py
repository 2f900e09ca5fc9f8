"""Decks, ports, probes and options: what they accept, what they print, what they refuse."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit

import neuromorph as nm


def circuit() -> nm.Schematic:
    made = nm.Schematic("rc", ports={"i_in": nm.Port("out")}, probes={"v": "v(out)"}, initial={"out": 0.5})
    made.R("1", "out", made.gnd, 1e3)
    made.C("1", "out", made.gnd, 1e-9)
    return made


def test_a_whole_deck() -> None:
    deck = nm.make_deck(circuit(), drives=nm.Constant(value=1e-3), t_stop=1e-3)
    options = nm.NgspiceOptions(t_max=1e-6, reltol=1e-4, chgtol=1e-16, extra={"itl4": 50, "noopiter": True})
    assert deck.text(options, use_klu=True).splitlines() == [
        "* rc",
        "R1 out 0 1000.0",
        "C1 out 0 1e-09",
        "Idrive_i_in 0 drive_i_in DC 0.001",
        "Vsense_i_in drive_i_in out 0",
        ".ic v(out)=0.5",
        ".options method=gear reltol=0.0001 abstol=1e-12 vntol=1e-07 chgtol=1e-16 itl4=50 noopiter klu",
        ".save v(out)",
        ".print tran v(out)",
        ".tran 1e-06 0.001 0 1e-06",
        ".end",
    ]


def test_a_run_of_hours_is_refused() -> None:
    deck = nm.make_deck(circuit(), drives=nm.Constant(value=1e-3), t_stop=10.0)
    with pytest.raises(ValueError, match=r"1e\+10 steps of at most 1e-09 s in 10 s would take ngspice hours"):
        deck.text(nm.NgspiceOptions(t_max=1e-9))


def test_an_undriven_port_gets_zero() -> None:
    made = circuit()
    made.ports["v_in"] = nm.Port("far", kind="voltage")
    made.R("2", "far", "out", 1e3)
    body = nm.make_deck(made, t_stop=1e-3).body
    assert "Idrive_i_in 0 drive_i_in 0" in body
    assert "Vdrive_v_in far 0 0" in body


def test_a_current_flows_into_the_plus_node_and_can_be_recorded() -> None:
    deck = nm.make_deck(circuit(), drives=nm.Constant(value=1e-3), t_stop=1e-4, probes=["v(out)", "i(Vsense_i_in)"])
    recording = nm.Ngspice().run(deck)
    assert recording["v(out)"][-1] == pytest.approx(1.0, rel=1e-5)
    assert recording["i(Vsense_i_in)"] == pytest.approx(1e-3)
    assert recording.units == {"v(out)": "V", "i(Vsense_i_in)": "A"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t_stop": 0.0}, "t_stop must be a positive time in s, got 0.0"),
        ({"t_stop": math.nan}, "t_stop must be a positive time in s, got nan"),
        ({"probes": []}, "nothing to record from 'rc': give probes, such as ['v(out)', 'i(V1)']"),
        ({"probes": {"time": "v(out)"}}, "a probe's name must be printable and none of time"),
        ({"probes": {"a\nb": "v(out)"}}, "a probe's name must be printable"),
        ({"probes": [3]}, "a probe is a text such as 'v(out)', got 3"),
        ({"probes": ["out"]}, "cannot read the probe 'out': write v(node), v(a, b), i(Vsource)"),
        ({"probes": ["1+1"]}, "probe '1+1' names no SPICE vector"),
        ({"probes": ["v(out)**2"]}, "cannot read the probe 'v(out)**2'"),
        ({"initial": {"out": math.inf}}, "the initial voltage of node 'out' must be finite, got inf"),
        ({"drives": {"nosuch": nm.Constant(value=1.0)}}, "'rc' has no port 'nosuch'; its ports: i_in"),
        (
            {"drives": {"i_in": 3.0}},
            "the drive of port 'i_in' must be a Stimulus, such as Constant(value=1e-3), got 3.0",
        ),
        ({"drives": 3.0}, "drives must be a Stimulus or a dict of them by port, got 3.0"),
        ({"ports": {}, "drives": nm.Constant(value=1.0)}, "'rc' has 0 ports (none): give a dict"),
        ({"ports": {"1a": nm.Port("out")}}, "port name '1a' cannot stand in a deck"),
    ],
)
def test_what_a_deck_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        nm.make_deck(circuit(), **{"t_stop": 1e-3, **arguments})


@pytest.mark.parametrize("name", ["1N4148", "LM741/NS", "BC547B", "2N-2222.A", "d_1", "74+x"])
def test_part_numbers_are_good_names_of_models(name: str) -> None:
    made = circuit()
    made.D("1", "out", 0, model=name)
    made.model(name, "D", IS=1e-14)
    assert nm.Ngspice().run(nm.make_deck(made, t_stop=1e-6))["v"].size


@pytest.mark.parametrize("name", ["1", "a b", "", "a(b", "d;x", "é"])
def test_other_names_of_models_are_refused(name: str) -> None:
    made = circuit()
    made.model(name, "D")
    with pytest.raises(ValueError, match=rf"model name {re.escape(repr(name))} cannot stand in a deck"):
        nm.make_deck(made, t_stop=1e-3)


def test_an_element_without_a_value_is_refused() -> None:
    made = circuit()
    made.C("2", "out", 0)
    with pytest.raises(ValueError, match="element 'C2' has no value: SPICE would take some value of its own"):
        nm.make_deck(made, t_stop=1e-3)


@pytest.mark.parametrize("value", ["{1e3", "1e3}", "{a}}"])
def test_braces_that_do_not_pair_are_refused(value: str) -> None:
    made = circuit()
    made.R("2", "out", 0, value)
    with pytest.raises(ValueError, match="element 'R2' has braces that do not pair"):
        nm.make_deck(made, t_stop=1e-3)


def test_parameters_and_expressions_in_braces() -> None:
    made = circuit()
    made.parameter("load", 2e3)
    made.parameter("half", "{load / 2}")
    made.R("2", "out", 0, "{half}")
    deck = nm.make_deck(made, drives=nm.Constant(value=1e-3), t_stop=1e-4)
    assert nm.Ngspice().run(deck)["v"][-1] == pytest.approx(0.5, rel=1e-5)


def test_a_disabled_element_is_left_out() -> None:
    made = circuit()
    made.R("2", "out", 0, math.nan).enabled = False
    assert not any("R2" in line for line in nm.make_deck(made, t_stop=1e-3).body)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "euler"}, "method is 'gear' or 'trap', got 'euler'"),
        ({"linear_solver": "lu"}, "linear_solver is 'auto', 'sparse' or 'klu', got 'lu'"),
        ({"reltol": 0}, "reltol must be a positive number, got 0"),
        ({"abstol": math.nan}, "abstol must be a positive number, got nan"),
        ({"vntol": "1u"}, "vntol must be a positive number, got '1u'"),
        ({"t_max": -1.0}, "t_max must be a positive number, got -1.0"),
        ({"refinement": 0}, "refinement must be a power of two from 1 on, got 0"),
        ({"refinement": 3}, "refinement must be a power of two from 1 on, got 3"),
        ({"extra": {"retlol": 1}}, "ngspice has no option 'retlol' and would ignore it"),
        ({"extra": {"gminstep": 1}}, "did you mean 'gminsteps'?"),
        ({"extra": {"reltol": 1e-3}}, "option 'reltol' has a field of its own: NgspiceOptions(reltol=...)"),
        ({"extra": {"klu": True}}, "option 'klu' has a field of its own: NgspiceOptions(linear_solver=...)"),
        ({"extra": {"gmin": "1e-12 reltol=1"}}, "option 'gmin' is not one value: '1e-12 reltol=1'"),
        ({"extra": {"gmin": math.nan}}, "option 'gmin' must have a finite number"),
        ({"extra": {"rshunt": "1M"}}, "option 'rshunt' holds '1M', whose 'M' SPICE reads as a thousandth"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        nm.NgspiceOptions(**settings)


def test_a_refined_run_is_nearer_to_the_truth() -> None:
    made = circuit()
    made.C1.capacitance = 1e-6
    deck = nm.make_deck(made, drives=nm.Constant(value=1e-3), t_stop=3e-3, initial={"out": 0.0})
    coarse = nm.NgspiceOptions(t_max=100e-6, reltol=1e-2)
    errors = []
    for options in (coarse, coarse.refined(), coarse.refined().refined()):
        recording = nm.Ngspice().run(deck, options)
        errors.append(np.abs(recording["v"] + np.expm1(-recording.time / 1e-3)).max())
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_any_circuit_of_pyspice_will_do() -> None:
    plain = Circuit("")
    plain.V("1", "a", 0, 1.0)
    plain.R("1", "a", 0, 1.0)
    deck = nm.make_deck(plain, t_stop=1e-3, probes="v(a)")
    assert deck.name == "circuit"
    assert list(deck.probes) == ["v(a)"]
    assert deck.vectors == ("v(a)",)


def test_an_operating_point_with_thousands_of_probes_saves_all() -> None:
    body = tuple(line for k in range(600) for line in (f"V{k} n{k} 0 {k}.0", f"R{k} n{k} 0 1.0"))
    probes = {f"v{k}": nm.Probe(f"v(n{k})") for k in range(600)}
    deck = nm.Deck(name="many", body=body, probes=probes, t_stop=None)
    assert [line for line in deck.text().splitlines() if line.startswith((".save", ".print"))] == [".save all"]
    recording = nm.Ngspice().run(deck)
    assert recording.names == tuple(probes)
    assert [recording[name][0] for name in probes] == [float(k) for k in range(600)]
    few = nm.Deck(name="few", body=body, probes={"i": nm.Probe("@r3[i]"), **probes}, t_stop=None)
    assert ".save all" not in few.text()
