"""The comparator of transistors in ngspice: common mode, delays, levels, and the macromodel that stands for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from part_bench import Bench, crossing, step, value_at

import neuromorph as nm

SUPPLY = 5.0
MIDDLE = {"p": 0.65, "n": 2.5}
each_kind = pytest.mark.parametrize("kind", ["p", "n"])


def bench(part, v_in, reference, r_load=1e12, load=0.0):
    return Bench(
        held={"v_in": v_in, "reference": reference, "pos": SUPPLY, "load": load},
        resistors=[("out", "load", r_load)],
        parts={"part": (part, {"in_p": "v_in", "in_n": "reference", "v_pos": "pos", "v_neg": "0", "out": "out"})},
    )


def delays(part, common_mode, overdrive, before=0.3):
    """From the step of the input to the output's middle, up and down [s]; nan where it never gets there."""
    times = []
    for sign in (1, -1):
        drive = step(sign * (overdrive + before), 1e-7, offset=common_mode - sign * before)
        r = bench(part, drive, common_mode).run("spice", 4e-7, 1e-10)
        try:
            times.append(crossing(r, "v_out", SUPPLY / 2, rising=sign > 0, after=1e-7) - 1e-7)
        except IndexError:
            times.append(math.nan)
    return times


@pytest.mark.parametrize("common_mode", [0.6, 0.7])
def test_p_channel_inputs_compare_at_a_low_common_mode_and_n_channel_ones_do_not(common_mode):
    """Inputs near 0.65 V, as a trigger of 0.8 V and 0.05 V has them: an n-channel pair is off there, silently."""
    assert max(delays(nm.TransistorComparator(inputs="p"), common_mode, 0.1, before=0.1)) < 5e-9
    assert all(math.isnan(t) for t in delays(nm.TransistorComparator(inputs="n"), common_mode, 0.1, before=0.1))


@each_kind
def test_common_mode_range_of_the_macromodel_is_that_of_the_transistors(kind):
    """At its ends both edges still come within 10 ns at 0.1 V; 0.8 V past its tighter end they do not."""
    part = nm.TransistorComparator(inputs=kind)
    model = part.macromodel(SUPPLY)
    for common_mode in (model.common_mode_low, model.common_mode_high):
        assert max(delays(part, common_mode, 0.1, before=0.1)) < 10e-9
    past = model.common_mode_high + 0.8 if kind == "p" else model.common_mode_low - 0.8
    slowest = max(delays(part, past, 0.1, before=0.1), key=lambda t: math.inf if math.isnan(t) else t)
    assert not slowest < 20e-9


@each_kind
@pytest.mark.parametrize("overdrive", [1e-3, 3e-3, 10e-3, 30e-3, 100e-3])
def test_delays_of_the_macromodel_within_a_factor_of_two(kind, overdrive):
    """Its own delay is a closed form, which is measured with the macromodel's other tests."""
    part = nm.TransistorComparator(inputs=kind)
    model = part.macromodel(SUPPLY)
    tau = model.t_delay / math.log(2)
    k = math.atanh(0.8) / math.tanh(model.t_rise / (2 * tau))
    a = 2 * model.gain * math.tanh(k) / (SUPPLY * k)
    expected = tau * math.log(1 + 1 / math.tanh(a * overdrive))
    for measured in delays(part, MIDDLE[kind], overdrive):
        assert 0.5 < measured / expected < 2.0


@each_kind
def test_edges_are_as_short_as_the_macromodel_s(kind):
    """0.07 to 0.4 ns from 10 to 90 %, by overdrive; the macromodel has 0.2 ns."""
    part = nm.TransistorComparator(inputs=kind)
    for overdrive in (1e-3, 0.1):
        drive = step(overdrive + 0.3, 1e-7, offset=MIDDLE[kind] - 0.3)
        r = bench(part, drive, MIDDLE[kind]).run("spice", 2e-7, 1e-11)
        rise = crossing(r, "v_out", 4.5) - crossing(r, "v_out", 0.5)
        assert 1 / 3 < rise / part.macromodel(SUPPLY).t_rise < 3


@each_kind
def test_levels_and_output_resistance_are_the_macromodel_s(kind):
    part = nm.TransistorComparator(inputs=kind)
    model, reference = part.macromodel(SUPPLY), MIDDLE[kind]
    for v_in, load, level in ((reference + 0.2, 0.0, model.v_high), (reference - 0.2, SUPPLY, model.v_low)):
        free, loaded = (
            bench(part, v_in, reference, r_load, load).run("spice", 1e-7)["v_out"][-1] for r_load in (1e12, 1e3)
        )
        assert free == pytest.approx(level, abs=1e-6)
        assert abs(free - loaded) / (abs(loaded - load) / 1e3) == pytest.approx(model.r_out, rel=0.01)


@each_kind
def test_supply_current_is_the_macromodel_s_on_average(kind):
    part, reference = nm.TransistorComparator(inputs=kind), MIDDLE[kind]
    currents = [bench(part, reference + d, reference).run("spice", 1e-7)["i_pos"][-1] for d in (-0.2, 0.2)]
    assert np.mean(currents) == pytest.approx(part.macromodel(SUPPLY).i_supply, rel=0.1)


@each_kind
def test_balance_and_gain(kind):
    """A ramp of 10 mV within 1 ms: the output changes within 0.2 mV of balance, more steeply than 1e5."""
    reference = MIDDLE[kind]
    ramp = nm.PiecewiseLinear(times=[0.0, 1e-3], values=[reference - 5e-3, reference + 5e-3])
    r = bench(nm.TransistorComparator(inputs=kind), ramp, reference).run("spice", 1e-3, 2e-7)
    v_in = [value_at(r, "v_v_in", crossing(r, "v_out", level)) for level in (0.5, 2.5, 4.5)]
    assert v_in[1] == pytest.approx(reference, abs=2e-4)
    assert 4.0 / (v_in[2] - v_in[0]) > 1e5


@pytest.mark.parametrize(("v_high", "v_low"), [(0.8, 0.05), (1.5, 1.0)])
def test_thresholds_of_a_trigger_with_it(v_high, v_low):
    """The trigger is designed for the macromodel; the transistors in its place give the thresholds within 3 mV."""
    part = nm.TransistorComparator(inputs="p")
    trigger = nm.SchmittTrigger(v_high=v_high, v_low=v_low, comparator=part.macromodel(SUPPLY))
    resistors = trigger.resistors
    around = Bench(
        held={"v_in": nm.PiecewiseLinear(times=[0.0, 1e-3, 2e-3], values=[v_low - 0.2, v_high + 0.2, v_low - 0.2])}
        | {"pos": SUPPLY},
        resistors=[
            ("v_in", "inner", resistors.r_a),
            ("out", "inner", resistors.r_b),
            ("pos", "reference", resistors.r_top),
            ("reference", "0", resistors.r_bottom),
        ],
        parts={"part": (part, {"in_p": "inner", "in_n": "reference", "v_pos": "pos", "v_neg": "0", "out": "out"})},
    )
    r = around.run("spice", 2e-3, 1e-6)
    high, low = (value_at(r, "v_v_in", crossing(r, "v_out", 2.5, rising)) for rising in (True, False))
    assert (high, low) == pytest.approx(trigger.thresholds, abs=3e-3)


def test_other_sizes_reach_the_circuit_and_the_macromodel():
    """Twice the width: half the output resistance in both."""
    part = nm.TransistorComparator(width=200.0)
    assert part.macromodel().r_out == pytest.approx(nm.TransistorComparator().macromodel().r_out / 2)
    free, loaded = (bench(part, 0.9, 0.65, r).run("spice", 1e-7)["v_out"][-1] for r in (1e12, 1e3))
    assert (free - loaded) / (loaded / 1e3) == pytest.approx(part.macromodel().r_out, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": "pnp"}, "inputs must be 'p' or 'n', the polarity of the input pair, got 'pnp'"),
        ({"v_to": -0.8}, "v_to must be a positive voltage in V, got -0.8"),
        ({"r_bias": 0.0}, "r_bias must be a positive resistance in ohm, got 0.0"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.TransistorComparator(**changes)
