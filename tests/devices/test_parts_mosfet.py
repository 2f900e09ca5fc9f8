"""The transistor on both roads: currents against ngspice's own level 1, charges against closed forms."""

from __future__ import annotations

import math
import subprocess

import numpy as np
import pytest
import sympy
from part_bench import ROADS, Bench, crossing, step, value_at

import neuromorph as nm
from neuromorph.spice import read_raw

each_road = pytest.mark.parametrize("road", ROADS)
TRANSISTOR = nm.Mosfet(v_to=1.3, k_p=0.02, lambda_=0.03, c_gs=25e-12, c_gd=6e-12, c_ds=12e-12, i_s=2e-14)
V_GS = np.array([-2.0, 0.0, 1.0, 1.3, 1.5, 2.5, 5.0])
V_DS = np.array([-0.8, -0.5, -0.1, -1e-3, 0.0, 1e-3, 0.05, 0.5, 1.2, 3.7, 10.0])
# kT/q at 300.15 K, by hand.
V_T = 1.380649e-23 * 300.15 / 1.602176634e-19


def numeric(part, derivative=""):
    """The drain current, or its derivative, as a function of arrays."""
    v_gs, v_ds = sympy.symbols("v_gs v_ds", real=True)
    current = part.drain_current(v_gs, v_ds)
    expression = current.diff(sympy.Symbol(derivative, real=True)) if derivative else current
    return sympy.lambdify((v_gs, v_ds), expression, ["scipy", "numpy"])


def by_ngspice(part, v_gs, v_ds, folder):
    """Operating points of plain ``M`` elements, one for each pair of voltages."""
    lines = ["* transistors", ".options reltol=1e-12 abstol=1e-22 vntol=1e-14 gmin=1e-30"]
    lines.append(f".model m nmos level=1 vto={part.v_to} kp={part.k_p} lambda={part.lambda_} is={part.i_s}")
    for k, (gate, drain) in enumerate(zip(v_gs, v_ds, strict=True)):
        lines += [f"Vg{k} g{k} 0 {float(gate)!r}", f"Vd{k} d{k} 0 {float(drain)!r}", f"M{k} d{k} g{k} 0 0 m l=1u w=1u"]
    (folder / "grid.cir").write_text("\n".join([*lines, ".save all", ".op", ".end", ""]), encoding="utf-8")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "grid.cir"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (plot,) = read_raw(folder / "out.raw")
    return -np.array([float(plot[f"i(vd{k})"][0]) for k in range(len(v_gs))])


@pytest.mark.parametrize("part", [TRANSISTOR, nm.Mosfet(), nm.Mosfet(v_to=-1.5, lambda_=0.1)], ids=str)
def test_current_equals_the_level_1_of_ngspice(part, tmp_path):
    """Off, triode and saturation, both ways, and the body diode, whose kT/q has seven digits in ngspice."""
    v_gs, v_ds = (a.ravel() for a in np.meshgrid(V_GS, V_DS))
    reference = by_ngspice(part, v_gs, v_ds, tmp_path)
    computed = numeric(part)(v_gs, v_ds)
    # Where the diode is off, ngspice has its own way of writing 1e-14 A.
    np.testing.assert_allclose(computed, reference, rtol=3e-5, atol=3 * part.i_s)
    channel = (v_gs > part.v_to) & (v_ds > 0)
    np.testing.assert_allclose(computed[channel], reference[channel], rtol=1e-10, atol=3 * part.i_s)


@pytest.mark.parametrize("name", ["v_to", "k_p", "lambda_", "i_s"])
def test_two_percent_in_a_parameter_are_seen_in_the_current(name, tmp_path):
    v_gs, v_ds = (a.ravel() for a in np.meshgrid(V_GS, V_DS))
    reference = by_ngspice(TRANSISTOR, v_gs, v_ds, tmp_path)
    other = numeric(TRANSISTOR.replace(**{name: 1.02 * getattr(TRANSISTOR, name)}))(v_gs, v_ds)
    assert np.max(np.abs(other - reference) / (np.abs(reference) + 1e-12)) > 5e-4


def test_by_hand():
    """Saturation, triode, the same backwards, and the diode, written out from the textbook."""
    i_d = numeric(TRANSISTOR)
    assert i_d(3.3, 4.0) == pytest.approx(0.01 * 2.0**2 * 1.12, rel=1e-12)
    assert i_d(3.3, 0.5) == pytest.approx(0.02 * (2.0 * 0.5 - 0.125) * 1.015, rel=1e-12)
    # Source and drain change places: v_gd = 3.3 + 0.3, v_sd = 0.3.
    assert i_d(3.3, -0.3) == pytest.approx(-0.02 * (2.3 * 0.3 - 0.045) * 1.009, rel=1e-6)
    assert i_d(0.0, -0.6) == pytest.approx(-2e-14 * (math.exp(0.6 / V_T) - 1), rel=1e-9)


def test_on_resistance_is_the_slope_at_zero_drain_voltage():
    slope = numeric(TRANSISTOR, "v_ds")
    for v_gs in (2.0, 3.7, 5.0):
        assert 1 / (slope(v_gs, 0.0) - 2e-14 / V_T) == pytest.approx(TRANSISTOR.on_resistance(v_gs), rel=1e-9)
    assert TRANSISTOR.on_resistance(TRANSISTOR.v_to) == math.inf
    assert nm.Mosfet().on_resistance(3.75) == pytest.approx(1 / (0.045 * 2.25), rel=1e-12)


@pytest.mark.parametrize("derivative", ["v_gs", "v_ds"])
def test_current_and_its_derivatives_have_no_jump(derivative):
    """At threshold, at pinch-off, where the drain changes sides and where the diode goes on as a straight line."""
    bend = -80 * V_T
    points = [(1.3, 2.0), (1.3, 0.0), (3.3, 2.0), (3.3, 0.0), (0.0, 0.0), (1.0, -0.3), (0.0, bend)]
    current, slope = numeric(TRANSISTOR), numeric(TRANSISTOR, derivative)
    for v_gs, v_ds in points:
        for function in (current, slope):
            here = [function(v_gs + a, v_ds + b) for a in (-1e-9, 0.0, 1e-9) for b in (-1e-9, 0.0, 1e-9)]
            # The steepest second derivative is that of the diode: the value over kT/q.
            scale = np.abs(here).max() / V_T + 1.0
            assert np.ptp(here) < 1e-8 * scale, (v_gs, v_ds)
            assert np.isfinite(here).all()


def test_no_voltage_overflows():
    """A trial step of an implicit solver may be anywhere."""
    for v_ds in (-1e3, -50.0, 1e3):
        for function in (numeric(TRANSISTOR), *(numeric(TRANSISTOR, name) for name in ("v_gs", "v_ds"))):
            assert math.isfinite(function(5.0, v_ds))
    assert numeric(TRANSISTOR)(0.0, -3.0) < numeric(TRANSISTOR)(0.0, -2.5) < numeric(TRANSISTOR)(0.0, -2.0)


def bench(part, v_gate, v_drain, *, r_gate=1.0, r_drain=1.0):
    return Bench(
        held={"gate": v_gate, "drain": v_drain},
        resistors=[("gate", "g", r_gate), ("drain", "d", r_drain)],
        parts={"part": (part, {"d": "d", "g": "g", "s": "0"})},
    )


@each_road
@pytest.mark.parametrize("v_gs", [0.0, 2.0, 4.0])
def test_both_roads_carry_the_current(road, v_gs, tmp_path):
    """A slow sweep of the drain through 1 ohm, against plain ``M`` elements at the drain's own voltage."""
    sweep = nm.PiecewiseLinear(times=[0.0, 10e-3], values=[-0.7, 3.0])
    r = bench(TRANSISTOR, nm.Constant(value=v_gs), sweep).run(road, 10e-3, 5e-6, {"v_g": v_gs, "v_d": -0.7})
    times = np.linspace(1e-3, 9.9e-3, 12)
    v_d, source = (np.interp(times, r.time, r[name]) for name in ("v_d", "v_drain"))
    reference = by_ngspice(TRANSISTOR, np.full(12, v_gs), v_d, tmp_path)
    # The capacitances take 18 pF times 370 V/s.
    assert np.max(np.abs((source - v_d) / 1.0 - reference)) < 2e-6 + 1e-4 * np.abs(reference).max()


def gate_time(road, part):
    """Off all the way, drain and source held: both gate capacitances through 10 kohm."""
    zero = nm.Constant(value=0.0)
    r = bench(part, step(0.5, 1e-7, rise=1e-11), zero, r_gate=1e4, r_drain=1e-3).run(road, 5e-6, 2e-9)
    return crossing(r, "v_g", 0.5 * (1 - 1 / math.e)) - 1e-7


def drain_time(road, part):
    zero = nm.Constant(value=0.0)
    r = bench(part, zero, step(1.0, 1e-7, rise=1e-11), r_gate=1e-3, r_drain=1e4).run(road, 5e-6, 2e-9)
    return crossing(r, "v_d", 1 - 1 / math.e) - 1e-7


def feedthrough(road, part):
    """A step of the drain on a gate that hangs on 1 Gohm: the share of the capacitive divider."""
    zero = nm.Constant(value=0.0)
    r = bench(part, zero, step(1.0, 1e-7, rise=1e-10), r_gate=1e9, r_drain=1e-2).run(road, 1.2e-7, 1e-10)
    return value_at(r, "v_g", 1.1e-7)


CHARGES = {
    "c_gs": (gate_time, lambda p: 1e4 * (p.c_gs + p.c_gd)),
    "c_ds": (drain_time, lambda p: 1e4 * (p.c_ds + p.c_gd)),
    "c_gd": (feedthrough, lambda p: p.c_gd / (p.c_gd + p.c_gs)),
}


@each_road
@pytest.mark.parametrize("name", CHARGES)
def test_capacitances(name, road):
    measure, closed_form = CHARGES[name]
    assert measure(road, TRANSISTOR) == pytest.approx(closed_form(TRANSISTOR), rel=1e-3)
    other = TRANSISTOR.replace(**{name: 1.02 * getattr(TRANSISTOR, name)})
    assert measure(road, other) == pytest.approx(closed_form(other), rel=1e-3)
    assert measure(road, other) != pytest.approx(closed_form(TRANSISTOR), rel=1e-3)


def test_roads_agree_on_an_inverter():
    """Gate up and down in 20 ns each, a drain that 1 kohm pulls up: 5 mV of 5 V."""
    gate = nm.PiecewiseLinear(times=[0.0, 5e-8, 7e-8, 3e-7, 3.2e-7], values=[0.0, 0.0, 4.0, 4.0, 0.0])
    ready = {"v_d": 5.0}
    runs = [
        bench(TRANSISTOR, gate, nm.Constant(value=5.0), r_gate=50.0, r_drain=1e3).run(road, 6e-7, 1e-10, ready)
        for road in ROADS
    ]
    ode, spice = runs
    assert ode["v_d"].min() < 0.15
    assert np.max(np.abs(np.interp(ode.time, spice.time, spice["v_d"]) - ode["v_d"])[5:]) < 5e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k_p": -0.1}, r"k_p must be a positive value in A/V\^2, got -0.1"),
        ({"v_to": float("inf")}, "v_to must be a finite voltage in V, got inf"),
        ({"lambda_": -0.01}, "lambda_ must be a finite inverse voltage in 1/V of at least 0, got -0.01"),
        ({"i_s": 0.0}, "i_s must be a positive current in A, got 0.0"),
        ({"c_gd": 0.0}, "c_gd must be a positive capacitance in F, got 0.0"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.Mosfet(**changes)
