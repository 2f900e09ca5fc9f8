"""Pulses and trains of them: formulas of their courses, brute-force sums, messages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm

TAIL = {"v_spike": -0.3, "width": 10e-6, "v_tail": 0.2}


def test_a_rectangle_has_its_area_and_its_spike_at_the_start():
    shape = nm.PulseShape.rectangular(amplitude=-0.4, width=10e-6, edge=1e-6)
    assert np.trapezoid(shape.values, shape.times) == pytest.approx(-0.4 * 10e-6, rel=1e-14)
    assert (shape.start, shape.end) == (0.0, pytest.approx(11e-6, rel=1e-12))
    # Half of the height, a width apart.
    assert shape([0.5e-6, 10.5e-6]) == pytest.approx([-0.2, -0.2], rel=1e-12)


def test_an_exponential_tail_is_within_a_thousandth_of_its_formula():
    tau, length = 100e-6, 350e-6
    shape = nm.PulseShape.biphasic(**TAIL, tau=tau, length=length)
    since = np.linspace(0.0, length, 20001)
    cut = np.exp(-length / tau)
    formula = 0.2 * (np.exp(-since / tau) - cut) / (1 - cut)
    off = shape(10.1e-6 + since) - formula
    assert np.abs(off).max() < 1.05e-3 * 0.2 / (1 - cut)
    assert np.abs(off).max() > 0.5e-3 * 0.2, "finer than needed: each corner costs SPICE a breakpoint"
    assert shape.values[-1] == 0.0
    assert shape.end == pytest.approx(10.1e-6 + length, rel=1e-14)


def test_a_linear_tail_is_a_straight_line():
    shape = nm.PulseShape.biphasic(**TAIL, length=100e-6, decay="linear", edge=1e-6)
    assert shape.times == pytest.approx((0.0, 1e-6, 10e-6, 11e-6, 111e-6), rel=1e-14)
    assert shape.values == (0.0, -0.3, -0.3, 0.2, 0.0)


def test_tails_on_both_sides_jump_in_the_middle_of_the_spike():
    shape = nm.PulseShape.tails(v_before=-0.2, v_after=0.3, tau_before=20e-6, tau_after=50e-6, edge=1e-6)
    assert shape.start == pytest.approx(-0.5e-6 - 5 * 20e-6, rel=1e-12)
    assert shape.end == pytest.approx(0.5e-6 + 5 * 50e-6, rel=1e-12)
    assert shape([-0.5e-6, 0.0, 0.5e-6]) == pytest.approx([-0.2, 0.05, 0.3], abs=1e-12)
    cut = np.exp(-5)
    assert shape(-0.5e-6 - 20e-6) == pytest.approx(-0.2 * (np.exp(-1) - cut) / (1 - cut), abs=2e-4)
    sawtooth = nm.PulseShape.tails(
        v_before=-0.2, v_after=0.3, length_before=1e-5, length_after=2e-5, decay="linear", edge=1e-6
    )
    assert len(sawtooth.times) == 4


def test_extremes_reach_and_scaling():
    shape = nm.PulseShape.biphasic(**TAIL, tau=100e-6)
    assert (shape.v_min, shape.v_max) == (-0.3, 0.2)
    turned = shape.scaled(-0.5)
    assert (turned.v_min, turned.v_max) == (-0.1, 0.15)
    assert turned.times == shape.times
    # The tail falls to a twentieth of 0.3 V, but for the chords and the cut.
    assert shape.reach == pytest.approx(10e-6 + 100e-6 * np.log(0.2 / 0.015), rel=0.03)
    assert nm.PulseShape.rectangular(amplitude=1.0, width=1e-3).reach == pytest.approx(1e-3, rel=0.02)


def test_a_line_without_spikes_is_at_rest():
    assert nm.PulseShape.rectangular(amplitude=1.0, width=1e-3).stimulus([]) == nm.Constant(value=0.0)


def test_a_spike_starts_the_pulse_anew():
    shape = nm.PulseShape.biphasic(**TAIL, tau=100e-6)
    line = shape.stimulus([0.0, 50e-6, 1e-3])
    assert line(50e-6) == pytest.approx(float(shape(50e-6)), rel=1e-9)
    later = np.array([50.1e-6, 55e-6, 70e-6, 300e-6])
    np.testing.assert_allclose(line(later), shape(later - 50e-6), rtol=0, atol=1e-12)
    # A pulse that has ended leaves nothing behind.
    apart = np.array([1.00001e-3, 1.2e-3])
    np.testing.assert_allclose(line(apart), shape(apart - 1e-3), rtol=0, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    spikes=st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True),
    overlap=st.sampled_from(["restart", "sum"]),
)
def test_trains_are_what_is_added_or_started_anew_by_hand(spikes, overlap):
    shape = nm.PulseShape.tails(
        v_before=-0.1, v_after=0.3, length_before=15e-6, length_after=60e-6, decay="linear", edge=0.5e-6
    )
    times = np.sort(np.array(spikes)) * 1e-6 + 20e-6
    line = shape.stimulus(times, overlap)
    t = np.linspace(0.0, 600e-6, 4801) + 1.3e-9
    if overlap == "sum":
        expected = sum(shape(t - spike) for spike in times)
        np.testing.assert_allclose(line(t), expected, rtol=0, atol=1e-9)
        return
    # Off the first stretch of each pulse, on which it comes from what was before, only the latest counts.
    begun = np.searchsorted(times + shape.start, t, side="right") - 1
    since = t - times[np.maximum(begun, 0)]
    first_stretch = (begun >= 0) & (since < shape.times[1])
    expected = np.where(begun >= 0, shape(since), 0.0)
    np.testing.assert_allclose(line(t)[~first_stretch], expected[~first_stretch], rtol=0, atol=1e-9)
    assert np.abs(line(t)).max() <= 0.3 + 1e-12


def test_rounding_before_time_zero_is_none():
    shape = nm.PulseShape.tails(v_before=-0.1, v_after=0.1, tau_before=1e-5, tau_after=1e-5, edge=1e-7)
    line = shape.stimulus([-shape.start * (1 - 1e-15)])
    assert line.times[0] == 0.0


RECTANGULAR, BIPHASIC, TAILS = nm.PulseShape.rectangular, nm.PulseShape.biphasic, nm.PulseShape.tails


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (nm.PulseShape, {"times": [0, 1], "values": [0, 0]}, "a pulse needs at least three points, got 2"),
        (nm.PulseShape, {"times": [0, 1, 2], "values": [0, 1]}, "must have one length, got 3 and 2"),
        (nm.PulseShape, {"times": [0, 2, 1], "values": [0, 1, 0]}, r"times\[2\] = 1 s does not come after times\[1\]"),
        (nm.PulseShape, {"times": [0, 1, 2], "values": [0, 1, 0.5]}, "must begin and end at 0 V.*add a point"),
        (
            nm.PulseShape,
            {"times": [0, 1, np.inf], "values": [0, 1, 0]},
            "times must be a sequence of finite numbers in s",
        ),
        (nm.PulseShape, {"times": [0, 1, 2], "values": "abc"}, "values must be a sequence of finite numbers in V"),
        (RECTANGULAR, {"amplitude": 1.0, "width": 0.0}, "width must be a positive time in s, got 0.0"),
        (RECTANGULAR, {"amplitude": "high", "width": 1.0}, "amplitude must be a finite number, got 'high'"),
        (
            RECTANGULAR,
            {"amplitude": 1.0, "width": 1e-6, "edge": 2e-6},
            "edge must be shorter than the width of the pulse",
        ),
        (BIPHASIC, TAIL, "an exponential tail needs its time constant: give tau"),
        (BIPHASIC, {**TAIL, "decay": "linear", "tau": 1e-3}, "a linear tail has a length: give length"),
        (BIPHASIC, {**TAIL, "decay": "cubic", "tau": 1e-3}, "decay must be one of exponential, linear, got 'cubic'"),
        (BIPHASIC, {**TAIL, "tau": -1e-3}, "tau must be a positive time in s, got -0.001"),
        (TAILS, {"v_before": 1.0, "v_after": 1.0, "tau_before": 1e-3, "edge": 1e-6}, "give tau_after"),
    ],
)
def test_what_is_no_pulse_is_refused(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


@pytest.mark.parametrize(
    ("spikes", "overlap", "message"),
    [
        ([0.0], "restart", "the pulse of the first spike begins .* s before it.* spike_times must be at least"),
        ([1.0, 1.0], "sum", r"spike_times\[1\] = 1 s does not come after spike_times\[0\] = 1 s"),
        ([1.0], "queue", "overlap must be one of restart, sum, got 'queue'"),
        ([np.nan], "sum", "spike_times must be a sequence of finite numbers in s"),
    ],
)
def test_spikes_that_make_no_train_are_refused(spikes, overlap, message):
    shape = TAILS(v_before=-0.1, v_after=0.1, tau_before=1e-5, tau_after=1e-5, edge=1e-7)
    with pytest.raises(ValueError, match=message):
        shape.stimulus(spikes, overlap)
