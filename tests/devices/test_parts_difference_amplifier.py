"""The difference amplifier on both roads: gain, common-mode rejection, what it takes from its inputs."""

from __future__ import annotations

import pytest
from part_bench import ROADS, Bench

import neuromorph as nm

each_road = pytest.mark.parametrize("road", ROADS)
GAIN, R_IN = 4.0, 20e3
AMPLIFIER = nm.DifferenceAmplifier(gain=GAIN, r_in=R_IN, op_amp=nm.OpAmp(gain=1e5))


def settled(road, v_plus, v_minus, *, part=AMPLIFIER, reference=0.0, r_source=1.0):
    """The last sample of a run of 20 us, and the sources' currents in it."""
    held = {"plus": v_plus, "minus": v_minus, "reference": reference, "pos": 15.0, "neg": -15.0}
    nodes = {"plus": "p", "minus": "m", "reference": "reference", "v_pos": "pos", "v_neg": "neg", "out": "out"}
    bench = Bench(held, [("plus", "p", r_source), ("minus", "m", 1.0)], parts={"amp": (part, nodes)})
    r = bench.run(road, 20e-6)
    return {name: float(r[name][-1]) for name in ("v_out", "v_p", "v_m", "i_plus", "i_minus")}


def loop(part):
    """What the finite open-loop gain leaves of a gain with the noise gain 1 + gain."""
    return 1 / (1 + (1 + part.gain) / part.op_amp.gain)


@each_road
@pytest.mark.parametrize(("v_plus", "v_minus"), [(1.0, 0.0), (0.0, 1.0), (2.5, 2.0), (-0.3, 0.4)])
def test_gain_of_the_difference(road, v_plus, v_minus):
    """The 1 ohm of the sources is 5e-5 of the input resistors."""
    expected = GAIN * (v_plus - v_minus) * loop(AMPLIFIER)
    assert settled(road, v_plus, v_minus)["v_out"] == pytest.approx(expected, rel=2e-4)
    assert settled(road, v_plus, v_minus)["v_out"] != pytest.approx(1.02 * expected, rel=1e-3)


@each_road
def test_common_mode_is_rejected_with_equal_resistors_and_not_with_a_source_resistance(road):
    """2 ohm in 20 kohm on one side let 2 / (R_in (1 + gain)) gain of the common mode through."""
    assert abs(settled(road, 3.0, 3.0)["v_out"]) < 1e-6 * 3.0
    r_extra = 200.0
    v_p = 3.0 * GAIN * R_IN / (R_IN + r_extra + GAIN * R_IN)
    expected = (v_p * (1 + GAIN * R_IN / (R_IN + 1.0)) - 3.0 * GAIN * R_IN / (R_IN + 1.0)) * loop(AMPLIFIER)
    assert settled(road, 3.0, 3.0, r_source=r_extra)["v_out"] == pytest.approx(expected, rel=1e-3)
    assert abs(expected) > 0.01


@each_road
def test_what_the_inputs_take(road):
    """The positive one sees (1 + gain) r_in to the reference; the negative one r_in to where the positive one is."""
    r = settled(road, 2.0, 0.5)
    at_inputs = 2.0 * GAIN / (1 + GAIN)
    assert r["i_plus"] == pytest.approx(2.0 / (R_IN * (1 + GAIN)), rel=2e-4)
    assert r["i_minus"] == pytest.approx((0.5 - at_inputs) / R_IN, rel=2e-4)


@each_road
def test_the_reference_is_added_to_the_output(road):
    expected = 1.25 + GAIN * (0.5 - 0.2) * loop(AMPLIFIER)
    assert settled(road, 0.5, 0.2, reference=1.25)["v_out"] == pytest.approx(expected, rel=1e-4)


@each_road
def test_offset_comes_out_with_the_noise_gain(road):
    part = AMPLIFIER.replace(op_amp=nm.OpAmp(gain=1e5, v_offset=1e-3))
    assert settled(road, 0.0, 0.0, part=part)["v_out"] == pytest.approx((1 + GAIN) * 1e-3 * loop(part), rel=1e-3)


@pytest.mark.parametrize("name", ["gain", "r_in"])
def test_bad_parameters(name):
    with pytest.raises(ValueError, match=f"^{name} must be a positive"):
        nm.DifferenceAmplifier(**{name: -1.0})
