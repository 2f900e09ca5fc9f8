"""The op-amp's macromodel on both roads against closed forms of one pole, slew rate, rails and loads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from part_bench import ROADS, Bench, crossing, step, value_at

import neuromorph as nm

each_road = pytest.mark.parametrize("road", ROADS)
ZERO = nm.Constant(value=0.0)
# Not the defaults, so that nothing agrees by being left out.
AMPLIFIER = nm.OpAmp(
    gbw=3e6,
    slew_rate=7e6,
    gain=2e4,
    v_offset=2e-3,
    r_in=1e6,
    c_in=2e-12,
    r_out=180.0,
    headroom_high=1.2,
    headroom_low=0.8,
    i_supply=300e-6,
)
# The stage passes a rail by this much at full slew [V].
PAST_RAIL = 0.05


def bench(part, in_p, in_n=ZERO, *, r_source=1.0, r_g=1e12, r_f=1.0, r_load=1e12):
    """Follower; r_g and r_f make it an amplifier of gain, r_g = 1 and r_f = 1e12 open its loop."""
    return Bench(
        held={"in_p": in_p, "in_n": in_n, "pos": 15.0, "neg": -14.0, "load": 0.0},
        resistors=[("in_p", "p", r_source), ("in_n", "n", r_g), ("n", "out", r_f), ("out", "load", r_load)],
        parts={"amp": (part, {"in_p": "p", "in_n": "n", "v_pos": "pos", "v_neg": "neg", "out": "out"})},
    )


OPEN = {"r_g": 1.0, "r_f": 1e12}


def time_constant(recording, signal, at):
    """From a step response to its end, both read off the recording."""
    first, last = value_at(recording, signal, at), recording[signal][-1]
    level = last + (first - last) / math.e
    return crossing(recording, signal, level, rising=last > first, after=at) - at


def follower_time(road, part):
    ready = {"amp_stage": part.v_offset, "v_out": part.v_offset, "v_n": part.v_offset}
    r = bench(part, step(5e-3, 1e-7, rise=1e-11)).run(road, 1.2e-6, 1e-9, ready)
    return time_constant(r, "v_out", 1e-7)


def slope(road, part):
    r = bench(part, step(10.0, 1e-7)).run(road, 1.5e-6, 2e-9)
    return (value_at(r, "v_out", 1.1e-6) - value_at(r, "v_out", 0.4e-6)) / 0.7e-6


def open_loop_output(road, part, v_in=0.0):
    r = bench(part.replace(r_in=1e12, v_offset=0.0), nm.Constant(value=v_in), **OPEN).run(road, 20e-3, 1e-5)
    return r["v_out"][-1]


def follower_output(road, part):
    return bench(part, ZERO).run(road, 5e-6)["v_out"][-1]


def input_divider(road, part):
    r = bench(part, nm.Constant(value=1.0), r_source=1e6, **OPEN).run(road, 40e-6)
    return r["v_p"][-1]


def input_time(road, part):
    r = bench(part, step(1.0, 1e-7, rise=1e-11), r_source=1e4, **OPEN).run(road, 1e-6, 1e-9)
    return time_constant(r, "v_p", 1e-7)


def output_resistance(road, part):
    free, loaded = (
        bench(part, nm.Constant(value=1.0), **OPEN, r_load=r_load).run(road, 5e-6)["v_out"][-1]
        for r_load in (1e12, 1e3)
    )
    return (free - loaded) / (loaded / 1e3)


def rail(road, part, v_in):
    return bench(part, nm.Constant(value=v_in), **OPEN).run(road, 5e-6)["v_out"][-1]


def supply_current(road, part):
    return bench(part.replace(v_offset=0.0), ZERO, **OPEN).run(road, 1e-6)["i_pos"][-1]


# What shows each parameter: how it is measured, its closed form, and how well they agree.
MEASURES = {
    "gbw": (follower_time, lambda p: 1 / (2 * math.pi * p.gbw * (1 + 1 / p.gain)), 1e-3),
    "slew_rate": (slope, lambda p: p.slew_rate, 1e-3),
    "gain": (
        lambda road, p: open_loop_output(road, p, 1e-4) - open_loop_output(road, p, -1e-4),
        lambda p: 2e-4 * p.gain,
        1e-5,
    ),
    "v_offset": (follower_output, lambda p: p.v_offset * p.gain / (1 + p.gain), 1e-5),
    "r_in": (input_divider, lambda p: p.r_in / (p.r_in + 1e6), 1e-4),
    "c_in": (input_time, lambda p: p.c_in / (1 / 1e4 + 1 / p.r_in), 2e-3),
    "r_out": (output_resistance, lambda p: p.r_out, 1e-4),
    "headroom_high": (lambda road, p: rail(road, p, 1.0), lambda p: 15 - p.headroom_high + PAST_RAIL, 1e-4),
    "headroom_low": (lambda road, p: rail(road, p, -1.0), lambda p: -14 + p.headroom_low - PAST_RAIL, 1e-4),
    "i_supply": (supply_current, lambda p: p.i_supply, 1e-4),
}


@each_road
@pytest.mark.parametrize("name", MEASURES)
def test_closed_form_of_each_parameter(name, road):
    """The measured quantity is the closed form's, and 2 % off in the parameter is seen."""
    measure, closed_form, tolerance = MEASURES[name]
    assert measure(road, AMPLIFIER) == pytest.approx(closed_form(AMPLIFIER), rel=tolerance)
    other = AMPLIFIER.replace(**{name: 1.02 * getattr(AMPLIFIER, name)})
    measured = measure(road, other)
    assert measured == pytest.approx(closed_form(other), rel=tolerance)
    assert measured != pytest.approx(closed_form(AMPLIFIER), rel=tolerance)


def test_every_parameter_has_its_measure():
    assert set(MEASURES) == set(AMPLIFIER.values())


@each_road
@pytest.mark.parametrize(("inverting", "gain"), [(True, -10.0), (False, 11.0)])
def test_closed_loop_gain_and_bandwidth(road, inverting, gain):
    """Both have the noise gain 11: the pole lies at gbw / 11. The output starts settled."""
    part = AMPLIFIER.replace(r_in=1e12, v_offset=0.0, c_in=1e-15)
    drive = step(2e-3, 1e-7, rise=1e-11)
    r = bench(part, *((ZERO, drive) if inverting else (drive, ZERO)), r_g=1e3, r_f=1e4).run(road, 10e-6, 5e-9)
    assert r["v_out"][-1] == pytest.approx(2e-3 * gain / (1 + 11 / part.gain), rel=1e-4)
    # The feedback loads the output: a part of it is lost in r_out.
    loss = (11e3 + part.r_out) / 11e3
    assert time_constant(r, "v_out", 1e-7) == pytest.approx(11 * loss / (2 * math.pi * part.gbw), rel=2e-3)


@each_road
def test_sine_at_the_bandwidth(road):
    """At gbw / 11 the amplitude is down by the square root of two, with a lag of 45 degrees."""
    part = AMPLIFIER.replace(r_in=1e12, v_offset=0.0, c_in=1e-15, r_out=1.0)
    f = part.gbw / 11
    r = bench(part, nm.Sine(amplitude=1e-3, frequency=f), r_g=1e3, r_f=1e4).run(road, 10 / f, 0.002 / f)
    t = np.linspace(5 / f, 10 / f, 5001)[:-1]
    response = 2 * np.mean(np.interp(t, r.time, r["v_out"]) * np.exp(-2j * np.pi * f * t)) * 1j / 1e-3
    assert response == pytest.approx(11 / (1 + 1j) / (1 + 11 / part.gain), rel=3e-3)


@each_road
def test_recovery_from_the_rail_takes_the_slew_rate_alone(road):
    """From the upper clamp through zero at the slew rate, with no storage time: (rail + 0.05 V) / slew rate."""
    ready = {"amp_stage": 13.8, "v_out": 13.8, "v_p": 2.0}
    r = bench(AMPLIFIER, step(-4.0, 2e-6, offset=2.0), **OPEN).run(road, 8e-6, 4e-9, ready)
    high = 15 - AMPLIFIER.headroom_high + PAST_RAIL
    assert value_at(r, "v_out", 1.9e-6) == pytest.approx(high, abs=1e-3)
    assert crossing(r, "v_out", 0.0, rising=False) - 2e-6 == pytest.approx(high / AMPLIFIER.slew_rate, rel=2e-3)
    assert r["v_out"][-1] == pytest.approx(-14 + AMPLIFIER.headroom_low - PAST_RAIL, abs=1e-3)


@each_road
@pytest.mark.parametrize("v_in", [1.0, -1.0])
def test_the_supplies_give_what_the_load_takes(road, v_in):
    part = AMPLIFIER.replace(v_offset=0.0)
    r = bench(part, nm.Constant(value=v_in), r_load=1e3).run(road, 5e-6)
    # The input resistance carries next to nothing: there is next to no voltage across it.
    i_load = r["v_out"][-1] / 1e3
    assert r["v_out"][-1] == pytest.approx(v_in, rel=2e-4)
    assert r["i_pos"][-1] == pytest.approx(part.i_supply + max(i_load, 0), rel=1e-5)
    assert r["i_neg"][-1] == pytest.approx(-part.i_supply + min(i_load, 0), rel=1e-5)
    power = 15 * r["i_pos"][-1] - 14 * r["i_neg"][-1]
    assert power == pytest.approx(float(part.supply_power(15.0, -14.0, i_load)), rel=1e-5)


def test_roads_agree_on_a_large_step_into_a_load():
    """Slew rate, then the pole, through an input pole: 0.5 mV of 5 V everywhere."""
    ode, spice = (bench(AMPLIFIER, step(5.0, 1e-7), r_source=1e4, r_load=500.0).run(r, 3e-6, 1e-9) for r in ROADS)
    assert np.max(np.abs(np.interp(ode.time[1:], spice.time, spice["v_out"]) - ode["v_out"][1:])[500:]) < 5e-4


def test_runge_kutta_with_small_steps_agrees():
    part = AMPLIFIER.replace(v_offset=0.0)
    parts = bench(part, step(5e-3, 1e-7, rise=1e-11), r_source=200.0, r_f=200.0)
    r = parts.run("ode", 1e-6, solver=nm.RK4(dt=5e-11))
    stiff = parts.run("ode", 1e-6)
    assert time_constant(r, "v_out", 1e-7) == pytest.approx(time_constant(stiff, "v_out", 1e-7), rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gbw": 0.0}, "gbw must be a positive frequency in Hz, got 0.0"),
        ({"slew_rate": -1.0}, "slew_rate must be a positive value in V/s, got -1.0"),
        ({"gain": float("nan")}, "gain must be a positive number, got nan"),
        ({"r_out": 0.0}, "r_out must be a positive resistance in ohm, got 0.0"),
        ({"headroom_low": -0.1}, "headroom_low must be a finite voltage in V of at least 0, got -0.1"),
        ({"i_supply": -1e-3}, "i_supply must be a finite current in A of at least 0, got -0.001"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.OpAmp(**changes)
