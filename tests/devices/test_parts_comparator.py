"""The comparator's macromodel on both roads against closed forms: delay, edges, gain, levels, loads, bias."""

from __future__ import annotations

import math

import numpy as np
import pytest
from part_bench import ROADS, Bench, crossing, step, value_at

import neuromorph as nm

each_road = pytest.mark.parametrize("road", ROADS)
COMPARATOR = nm.Comparator(
    t_delay=9e-9,
    t_rise=5e-9,
    gain=2500.0,
    v_offset=4e-3,
    v_high=3.6,
    v_low=0.2,
    r_out=120.0,
    c_in=2e-12,
    i_bias=5e-6,
    v_pair=40e-3,
    i_supply=3e-3,
)
REFERENCE = 1.5
R_SOURCE = 10.0


def bench(part, v_in, *, r_source=1.0, r_load=1e12, load=0.0):
    return Bench(
        held={"in": v_in, "reference": REFERENCE, "pos": 5.0, "load": load},
        resistors=[("in", "p", r_source), ("reference", "n", 1.0), ("out", "load", r_load)],
        parts={"part": (part, {"in_p": "p", "in_n": "n", "v_pos": "pos", "v_neg": "0", "out": "out"})},
    )


def edge(road, part, overdrive=1.0, before=-1.0, **around):
    """Step from `before` to `overdrive` [V], both beside balance, at 100 ns; the output is low before it."""
    balance = REFERENCE - part.v_offset
    drive = step(overdrive - before, 1e-7, rise=1e-11, offset=balance + before)
    sign = 1.0 if before > 0 else -1.0
    level = part.v_high if before > 0 else part.v_low
    ready = {"part_stage": sign, "v_p": balance + before, "v_n": REFERENCE, "v_out": level}
    return bench(part, drive, **around).run(road, 3e-7, 1e-10, ready)


def middle(part):
    return (part.v_high + part.v_low) / 2


def delay(road, part, overdrive=1.0):
    return crossing(edge(road, part, overdrive), "v_out", middle(part)) - 1e-7


def rise_time(road, part):
    r = edge(road, part)
    low, high = (part.v_low + share * (part.v_high - part.v_low) for share in (0.1, 0.9))
    return crossing(r, "v_out", high) - crossing(r, "v_out", low)


def around_balance(road, part, span):
    """Output against input: a ramp of twice `span` [V] within 100 us, so slow that the delay does not count."""
    drive = nm.PiecewiseLinear(times=[0.0, 1e-4], values=[REFERENCE - span, REFERENCE + span])
    ready = {"part_stage": 0.0, "v_p": REFERENCE, "v_n": REFERENCE, "v_out": middle(part)}
    return bench(part, drive).run(road, 1e-4, 5e-8, ready)


def static_gain(road, part):
    r = around_balance(road, part.replace(v_offset=0.0), 2e-5)
    return (value_at(r, "v_out", 7e-5) - value_at(r, "v_out", 3e-5)) / (0.4 * 4e-5)


def offset(road, part):
    r = around_balance(road, part, 8e-3)
    return REFERENCE - value_at(r, "v_in", crossing(r, "v_out", middle(part), after=1e-6))


def output(road, part, v_in, r_load=1e12, load=0.0):
    r = bench(part, nm.Constant(value=v_in), r_load=r_load, load=load).run(road, 3e-7)
    return r["v_out"][-1]


def output_resistance(road, part):
    """From the drop under 1 kohm to ground, with the output high."""
    loaded = output(road, part, 2.5, 1e3)
    return (output(road, part, 2.5) - loaded) / (loaded / 1e3)


def input_time(road, part):
    # Without bias current, which changes sides on the way.
    r = edge(road, part.replace(i_bias=0.0), r_source=1e4)
    level = r["v_p"][-1] - 2.0 / math.e
    return crossing(r, "v_p", level) - 1e-7


def supply_current(road, part):
    return bench(part, nm.Constant(value=2.5)).run(road, 3e-7)["i_pos"][-1]


def input_currents(road, part, v_d):
    """Out of both inputs [A], from what the sources of a ramp and of the reference take; 1 ohm lies between."""
    v_in = REFERENCE + v_d - part.v_offset
    drive = nm.PiecewiseLinear(times=[0.0, 1e-4], values=[v_in - 1e-3, v_in + 1e-3])
    ready = {"part_stage": math.copysign(1.0, v_d), "v_p": v_in, "v_n": REFERENCE, "v_out": middle(part)}
    r = bench(part, drive, r_source=R_SOURCE).run(road, 1e-4, 5e-8, ready)
    # The voltage across the resistor before the input; the ramp's 20 V/s charge c_in with far less.
    i_p = np.interp(5e-5, r.time, (r["v_p"] - r["v_in"]) / R_SOURCE)
    return i_p, -np.interp(5e-5, r.time, r["i_reference"])


def bias_current(road, part):
    """Half of what flows out of both inputs, wherever the pair stands."""
    return sum(input_currents(road, part, 15e-3)) / 2


def steering_voltage(road, part):
    i_p, i_n = input_currents(road, part, 15e-3)
    return 15e-3 / math.atanh((i_n - i_p) / (i_n + i_p))


MEASURES = {
    "t_delay": (delay, lambda p: p.t_delay, 1e-3),
    "t_rise": (rise_time, lambda p: p.t_rise, 2e-3),
    "gain": (static_gain, lambda p: p.gain, 1e-3),
    "v_offset": (offset, lambda p: p.v_offset, 2e-3),
    "v_high": (lambda road, p: output(road, p, 2.5), lambda p: p.v_high, 1e-5),
    "v_low": (lambda road, p: output(road, p, 0.5), lambda p: p.v_low, 1e-4),
    "r_out": (output_resistance, lambda p: p.r_out, 1e-4),
    "c_in": (input_time, lambda p: p.c_in * 1e4, 2e-3),
    "i_bias": (bias_current, lambda p: p.i_bias, 1e-3),
    "v_pair": (steering_voltage, lambda p: p.v_pair, 1e-2),
    "i_supply": (supply_current, lambda p: p.i_supply + 2 * p.i_bias, 1e-5),
}


@each_road
@pytest.mark.parametrize("name", MEASURES)
def test_closed_form_of_each_parameter(name, road):
    """The measured quantity is the closed form's, and 2 % off in the parameter is seen."""
    measure, closed_form, tolerance = MEASURES[name]
    assert measure(road, COMPARATOR) == pytest.approx(closed_form(COMPARATOR), rel=tolerance)
    other = COMPARATOR.replace(**{name: 1.02 * getattr(COMPARATOR, name)})
    measured = measure(road, other)
    assert measured == pytest.approx(closed_form(other), rel=tolerance)
    assert measured != pytest.approx(closed_form(COMPARATOR), rel=tolerance)


def test_every_parameter_has_its_measure():
    """All but the common-mode range, which the model does not know; design checks read it."""
    assert set(MEASURES) == set(COMPARATOR.values()) - {"common_mode_low", "common_mode_high"}


@each_road
@pytest.mark.parametrize("overdrive", [1e-3, 3e-3, 10e-3, 100e-3])
def test_delay_grows_as_overdrive_shrinks(road, overdrive):
    """From -1 the state reaches the middle after tau ln(1 + 1/tanh(a V)), tau = t_delay / ln 2."""
    part = COMPARATOR
    tau = part.t_delay / math.log(2)
    k = math.atanh(0.8) / math.tanh(part.t_rise / (2 * tau))
    a = 2 * part.gain * math.tanh(k) / ((part.v_high - part.v_low) * k)
    expected = tau * math.log(1 + 1 / math.tanh(a * overdrive))
    assert delay(road, part, overdrive) == pytest.approx(expected, rel=2e-3)
    assert (expected > 1.2 * part.t_delay) == (overdrive < 5e-3)


@each_road
@pytest.mark.parametrize("t_rise", [1e-9, 3e-9, 9e-9])
def test_edges_up_and_down_take_the_same_time(road, t_rise):
    """Within 1 % up to the longest edge, which is as long as the delay."""
    part = COMPARATOR.replace(t_rise=t_rise)
    low, high = (part.v_low + share * (part.v_high - part.v_low) for share in (0.1, 0.9))
    down = edge(road, part, overdrive=-1.0, before=1.0)
    fall = crossing(down, "v_out", low, rising=False) - crossing(down, "v_out", high, rising=False)
    assert fall == pytest.approx(part.t_rise, rel=1e-2)
    assert rise_time(road, part) == pytest.approx(part.t_rise, rel=1e-2)
    assert crossing(down, "v_out", middle(part), rising=False) - 1e-7 == pytest.approx(part.t_delay, rel=1e-3)


@each_road
@pytest.mark.parametrize(("v_in", "load"), [(2.5, 0.0), (0.5, 5.0)])
def test_the_supplies_give_what_the_load_takes(road, v_in, load):
    r = bench(COMPARATOR, nm.Constant(value=v_in), r_load=1e3, load=load).run(road, 3e-7)
    i_out = (r["v_out"][-1] - load) / 1e3
    level = COMPARATOR.v_high if v_in > REFERENCE else COMPARATOR.v_low
    assert i_out == pytest.approx((level - load) / (1e3 + COMPARATOR.r_out), rel=1e-5)
    quiescent = COMPARATOR.i_supply + 2 * COMPARATOR.i_bias
    assert r["i_pos"][-1] == pytest.approx(quiescent + max(i_out, 0), rel=1e-5)
    assert 5.0 * r["i_pos"][-1] == pytest.approx(float(COMPARATOR.supply_power(5.0, 0.0, i_out)), rel=1e-5)


def test_roads_agree_on_an_edge_into_a_load():
    """4 mV of 3.4 V everywhere, an edge of 5 ns included."""
    ode, spice = (edge(r, COMPARATOR, 0.02, r_load=500.0, r_source=1e3) for r in ROADS)
    assert np.max(np.abs(np.interp(ode.time, spice.time, spice["v_out"]) - ode["v_out"])) < 4e-3


@each_road
@pytest.mark.parametrize("v_d", [-0.5, -0.03, 0.0, 0.02, 0.5])
def test_bias_current_leaves_the_higher_input_and_doubles_at_the_lower_one(road, v_d):
    """Measured at the pins themselves: what the sources of the inputs take, and `v_pos` gives on top."""
    part = COMPARATOR
    held = {"in": REFERENCE + v_d - part.v_offset, "reference": REFERENCE, "pos": 5.0}
    nodes = {"in_p": "in", "in_n": "reference", "v_pos": "pos", "v_neg": "0", "out": "out"}
    around = Bench(held=held, resistors=[("out", "0", 1e12)], parts={"part": (part, nodes)})
    r = around.run(road, 3e-7)
    steered = part.i_bias * math.tanh(v_d / part.v_pair)
    i_p, i_n = -r["i_in"][-1], -r["i_reference"][-1]
    assert (i_p, i_n) == pytest.approx((part.i_bias - steered, part.i_bias + steered), rel=1e-5, abs=1e-11)
    if v_d == 0.5:
        assert (i_p, i_n) == pytest.approx((0.0, 2 * part.i_bias), abs=1e-11)
    none = Bench(held=held, resistors=around.resistors, parts={"part": (part.replace(i_bias=0.0), nodes)})
    r_none = none.run(road, 3e-7)
    assert r["i_pos"][-1] - r_none["i_pos"][-1] == pytest.approx(i_p + i_n, rel=1e-4)
    assert r_none["i_in"][-1] == pytest.approx(0.0, abs=1e-11)


@each_road
def test_a_large_input_difference_does_no_harm(road):
    """tanh() of some thousand, and its derivative, on both roads."""
    part = nm.Comparator(gain=1e5)
    assert output(road, part, 15.0) == pytest.approx(part.v_high, rel=1e-6)
    assert output(road, part, -15.0) == pytest.approx(part.v_low, abs=1e-6)


def test_point_of_slope_is_that_of_the_static_output():
    """Slope by differences of the output written out here."""
    part = COMPARATOR
    tau = part.t_delay / math.log(2)
    k = math.atanh(0.8) / math.tanh(part.t_rise / (2 * tau))
    a = 2 * part.gain * math.tanh(k) / (3.4 * k)

    def static(v_d):
        return 0.2 + 3.4 * (1 + math.tanh(k * math.tanh(a * v_d)) / math.tanh(k)) / 2

    for slope in (1.5, 8.0, 500.0, 2499.0):
        v_d, come = part.point_of_slope(slope)
        assert (static(v_d + 1e-8) - static(v_d - 1e-8)) / 2e-8 == pytest.approx(slope, rel=1e-4)
        assert static(-v_d) - 0.2 == pytest.approx(come, rel=1e-9)
    # With a resistance the bias current, which falls as v_d rises, has to be made up for.
    v_d, _ = part.point_of_slope(8.0, 1e5)
    current = [5e-6 * math.tanh(v / 40e-3) for v in (v_d - 1e-8, v_d + 1e-8)]
    needed = 8.0 + 1e5 * (current[1] - current[0]) / 2e-8
    assert needed > 15.0
    assert (static(v_d + 1e-8) - static(v_d - 1e-8)) / 2e-8 == pytest.approx(needed, rel=1e-4)
    with pytest.raises(ValueError, match=r"^slope must be between 0 and the gain of 2500, got 2500.0"):
        part.point_of_slope(2500.0)
    with pytest.raises(ValueError, match=r"^slope 2000 and 625 that the bias current adds in 5e\+06 ohm must be below"):
        part.point_of_slope(2000.0, 5e6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"t_delay": 0.0}, "t_delay must be a positive time in s, got 0.0"),
        ({"t_rise": 8e-9}, r"t_rise must be at most t_delay \(7e-09 s\), got 8e-09: half of the edge"),
        ({"v_low": 4.0}, r"v_low must be below v_high \(3.75 V\), got 4.0"),
        ({"common_mode_low": 3.0}, r"common_mode_low must be below common_mode_high \(2.8 V\), got 3.0"),
        ({"i_bias": -3e-6}, "i_bias must be a finite current in A of at least 0, got -3e-06"),
        ({"v_pair": 0.0}, "v_pair must be a positive voltage in V, got 0.0"),
        ({"c_in": -1e-12}, "c_in must be a positive capacitance in F, got -1e-12"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.Comparator(**changes)
