"""The Schmitt trigger: standard resistors, and thresholds measured by a slow triangle on both roads."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from part_bench import ROADS, Bench, crossing, value_at

import neuromorph as nm

each_road = pytest.mark.parametrize("road", ROADS)
OTHER = nm.Comparator(v_offset=6e-3, v_high=4.8, v_low=0.1, r_out=400.0, gain=2e4)
TRIGGERS = {
    "default": nm.SchmittTrigger(),
    "E24": nm.SchmittTrigger(series="E24"),
    "narrow": nm.SchmittTrigger(v_high=1.02, v_low=1.0),
    "wide": nm.SchmittTrigger(v_high=2.4, v_low=0.4, series="E24"),
    "below ground": nm.SchmittTrigger(v_high=1.0, v_low=-0.5),
    "no bias current": nm.SchmittTrigger(comparator=nm.Comparator(i_bias=0.0)),
    "large bias current": nm.SchmittTrigger(comparator=nm.Comparator(i_bias=20e-6, v_offset=-3e-3), r_reference=3e3),
    "spared input": nm.SchmittTrigger(v_high=1.0, r_a=100e3),
    "another comparator": nm.SchmittTrigger(v_high=1.6, v_low=1.2, comparator=OTHER, r_a=4.7e3, v_supply=6.0),
}


def measured(trigger, road):
    """Input at which the output passes its middle, up and down, on a triangle of 20 ms [V]."""
    high, low = trigger.thresholds
    first, last = low - 0.5 * (high - low), high + 0.5 * (high - low)
    drive = nm.PiecewiseLinear(times=[0.0, 10e-3, 20e-3], values=[first, last, first])
    bench = Bench(
        held={"v_in": drive, "pos": trigger.v_supply},
        parts={"trigger": (trigger, {"in": "v_in", "v_pos": "pos", "v_neg": "0", "out": "out"})},
    )
    comparator = trigger.comparator
    ready = trigger.states_at_rest("trigger", first) | {"v_out": comparator.v_low}
    r = bench.run(road, 20e-3, 10e-6, ready)
    middle = (comparator.v_high + comparator.v_low) / 2
    return tuple(value_at(r, "v_v_in", crossing(r, "v_out", middle, rising)) for rising in (True, False))


@each_road
@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=TRIGGERS)
def test_thresholds_are_those_of_a_slow_triangle(trigger, road):
    """0.1 mV and 1e-4 of the hysteresis: what the triangle moves on while the output runs away."""
    high, low = trigger.thresholds
    assert measured(trigger, road) == pytest.approx((high, low), abs=1e-4 + 1e-4 * (high - low))


@each_road
def test_finite_gain_and_offset_are_in_the_thresholds(road):
    """Both are worth millivolts here, so that leaving them out would be seen."""
    trigger = nm.SchmittTrigger(comparator=nm.Comparator(gain=1000.0, v_offset=15e-3))
    resistors, comparator = trigger.resistors, trigger.comparator
    r_b = resistors.r_b + comparator.r_out
    ideal = [(trigger.v_reference * (resistors.r_a + r_b) - v * resistors.r_a) / r_b for v in (0.0, 3.75)]
    assert all(abs(a - b) > 5e-3 for a, b in zip(ideal, trigger.thresholds, strict=True))
    assert measured(trigger, road) == pytest.approx(trigger.thresholds, abs=3e-4)


def with_comparator(trigger, comparator):
    """The same resistors around another comparator."""
    other = trigger.replace(comparator=comparator)
    vars(other)["resistors"] = trigger.resistors
    return other


@each_road
def test_bias_current_moves_both_thresholds_by_what_it_makes_in_the_resistors(road):
    """Down by 3 uA in the input resistor, up by 3 uA in the divider; 2 mV for the pair being beside balance."""
    trigger = nm.SchmittTrigger()
    without = with_comparator(trigger, trigger.comparator.replace(i_bias=0.0))
    r = trigger.resistors
    parallel = r.r_top * r.r_bottom / (r.r_top + r.r_bottom)
    shift = 3e-6 * (parallel * (1 + r.r_a / (r.r_b + 80.0)) - r.r_a)
    assert -40e-3 < shift < -25e-3
    moved = [a - b for a, b in zip(measured(trigger, road), measured(without, road), strict=True)]
    assert moved == pytest.approx([shift, shift], abs=2.5e-3)
    assert moved == pytest.approx(
        [a - b for a, b in zip(trigger.thresholds, without.thresholds, strict=True)], abs=1e-4
    )


@each_road
@pytest.mark.parametrize(("name", "factor"), [("i_bias", 1.1), ("v_pair", 0.5)])
def test_a_bias_current_that_is_off_is_seen_in_the_thresholds(name, factor, road):
    """10 % of 3 uA are 3 mV in the input resistor; half the pair's voltage turns twice as much of it."""
    trigger = nm.SchmittTrigger()
    comparator = trigger.comparator
    off = with_comparator(trigger, comparator.replace(**{name: factor * getattr(comparator, name)}))
    found = measured(trigger, road)
    tolerance = {"abs": 1e-4 + 1e-4 * (found[0] - found[1])}
    assert found == pytest.approx(trigger.thresholds, **tolerance)
    assert all(abs(a - b) > 1e-3 for a, b in zip(found, off.thresholds, strict=True))


def test_states_at_rest_are_where_the_trigger_stays():
    """With the bias current in the input resistor and in the divider; the equations, for ngspice finds its own start."""
    trigger = nm.SchmittTrigger(v_high=1.0, r_a=30e3)
    bench = Bench(
        held={"v_in": 0.1, "pos": 5.0},
        parts={"trigger": (trigger, {"in": "v_in", "v_pos": "pos", "v_neg": "0", "out": "out"})},
    )
    ready = trigger.states_at_rest("trigger", 0.1)
    resistors = trigger.resistors
    # All of the pair's 6 uA flow out of the lower input.
    inner = (0.1 / resistors.r_a + 6e-6) / (1 / resistors.r_a + 1 / (resistors.r_b + 80.0))
    assert ready["v_trigger_in"] == pytest.approx(inner, rel=1e-6)
    assert ready["v_trigger_reference"] == pytest.approx(trigger.v_reference, rel=1e-6)
    r = bench.run("ode", 20e-6, 1e-8, ready | {"v_out": 0.0})
    assert r["v_trigger_in"][-1] == pytest.approx(inner, rel=2e-3)
    assert r["v_trigger_reference"][-1] == pytest.approx(trigger.v_reference, rel=1e-6)
    assert r["v_out"][-1] == pytest.approx(80.0 / (resistors.r_b + 80.0) * inner, rel=1e-2)


def test_two_percent_in_a_resistor_are_seen():
    trigger = nm.SchmittTrigger()
    other = nm.SchmittTrigger(v_high=0.816, v_low=0.066)
    assert measured(trigger, "spice") != pytest.approx(other.thresholds, abs=2e-3)


def in_series(value, series):
    """Digits of the value, against the printed lists of IEC 60063 (E24) and its rule (E96)."""
    mantissa = value / 10 ** math.floor(math.log10(value) + 1e-9)
    e24 = "10 11 12 13 15 16 18 20 22 24 27 30 33 36 39 43 47 51 56 62 68 75 82 91".split()
    digits = [int(v) / 10 for v in e24] if series == "E24" else [round(10 ** (i / 96), 2) for i in range(96)]
    return min(abs(mantissa - d) for d in digits) < 1e-9


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=TRIGGERS)
def test_resistors_are_standard_and_near_what_was_asked(trigger):
    assert all(in_series(value, trigger.series) for value in vars(trigger.resistors).values())
    assert 1 / 1.5 <= trigger.resistors.r_a / trigger.r_a <= 1.5
    assert 1 / 1.5 <= trigger.resistors.r_bottom / trigger.r_reference <= 1.5


@settings(max_examples=60)
@given(
    v_low=st.floats(-1.0, 2.5),
    hysteresis=st.floats(0.02, 2.0),
    series=st.sampled_from(["E24", "E96"]),
    r_a=st.floats(1e3, 1e6),
    i_bias=st.sampled_from([0.0, 3e-6]),
)
def test_thresholds_are_near_the_wanted_ones_for_any_that_can_be_had(v_low, hysteresis, series, r_a, i_bias):
    """Within half a step of the series of what enters them, or a message that says what is wrong."""
    wanted = {"v_high": v_low + hysteresis, "v_low": v_low, "series": series, "r_a": r_a}
    wanted["comparator"] = nm.Comparator(i_bias=i_bias)
    shift = i_bias * r_a
    # The change of the bias current in r_a against what the output feeds back.
    assume(3000 * hysteresis / 3.75 > 10 * (1.6 + shift / 51.4e-3))
    # Worked out for an endless gain, which moves it by less than 0.05 V.
    reference = (wanted["v_high"] + shift) * 3.75 / (3.75 + hysteresis)
    if reference < -0.05 or reference > 5.05:
        with pytest.raises(ValueError, match="need a reference of"):
            nm.SchmittTrigger(**wanted)
        return
    assume(0.05 < reference < 4.95)
    trigger = nm.SchmittTrigger(**wanted)
    high, low = trigger.thresholds
    step = 0.08 if series == "E24" else 0.025
    # The reference is at most 5 V, and its divider wins little where it divides by little.
    scale = max(abs(trigger.v_high), abs(trigger.v_low), trigger.v_reference, hysteresis)
    assert max(abs(high - trigger.v_high), abs(low - trigger.v_low)) < step * scale
    assert low < high
    assert all(in_series(value, series) for value in vars(trigger.resistors).values())


def test_description_names_resistors_and_both_pairs_of_thresholds():
    text = nm.SchmittTrigger().describe()
    assert text.startswith("r_a 10.7 kohm, r_b 52.3 kohm, r_top 8.25 kohm, r_bottom 1.33 kohm: thresholds ")
    assert text.endswith("(wanted 0.8 V and 0.05 V), E96")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"v_low": 0.9}, r"v_low must be below v_high \(0.8 V\), got 0.9"),
        ({"series": "E12"}, "series must be one of E24, E96, got 'E12'"),
        (
            {"v_high": 9.0, "v_low": 8.0},
            "thresholds of 9 V and 8 V need a reference of 7.1\\d V, which a supply of 5 V cannot give: change v_high",
        ),
        (
            {"v_high": -2.0, "v_low": -3.0},
            "thresholds of -2 V and -3 V need a reference of -1.5\\d V, which a supply of 5 V cannot give",
        ),
        (
            {"v_high": 0.5005, "v_low": 0.5},
            r"thresholds of 0.5005 V and 0.5 V feed back 1/7.5e\+03 of the output, too little for a comparator with "
            "a gain of 3000: the loop gain must be at least 10",
        ),
        (
            {"r_a": 4e6},
            "thresholds of 0.8 V and 0.05 V need a reference of .* V, which a supply of 5 V cannot give: change v_high, "
            "v_low or v_supply, or lower r_a, in which the bias current makes 12 V",
        ),
        (
            {"v_high": 0.07, "r_a": 200e3},
            r"thresholds of 0.07 V and 0.05 V leave a loop gain of 1.2\d with r_a = 200000 ohm, in which the comparator's "
            "bias current makes 0.6 V: it must be at least 5; lower r_a or set them further apart",
        ),
        ({"r_a": 0.0}, "r_a must be a positive resistance in ohm, got 0.0"),
    ],
)
def test_what_cannot_be_built_and_how_it_is_said(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.SchmittTrigger(**changes)
