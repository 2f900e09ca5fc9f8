"""Stimuli that are refused, and stimuli as text."""

from __future__ import annotations

import contextlib
import math
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuromorph.stimulus import (
    Constant,
    PiecewiseLinear,
    PulseTrain,
    Sine,
    SquareWave,
    Stimulus,
    Triangle,
    parse_stimulus,
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(value=math.nan), "value must be a finite value in A or V, got nan"),
        (
            lambda: SquareWave(amplitude=1, frequency=-1e3),
            "frequency must be a positive frequency in Hz, got -1000.0",
        ),
        (
            lambda: Sine(amplitude=math.inf, frequency=1),
            "amplitude must be a finite value in A or V, got inf",
        ),
        (lambda: Sine(amplitude=1, frequency=0), "frequency must be a positive frequency in Hz, got 0"),
        (
            lambda: Triangle(amplitude=1, frequency=1, delay=-1),
            "delay must be a finite time in s of at least 0, got -1",
        ),
        (
            lambda: SquareWave(amplitude=1, frequency=1e3, rise=0),
            "rise must be a finite time in s of at least 1e-15, got 0",
        ),
        (
            lambda: SquareWave(amplitude=1, frequency=1e3, duty=50),
            "duty must be a finite number from 0 to 1, got 50",
        ),
        (
            lambda: SquareWave(amplitude=1, frequency=1e3, duty=0.1, rise=1e-4, fall=3e-4),
            "duty/frequency - (rise + fall)/2 = -0.0001 s is the flat top of a pulse and must be positive: "
            "raise duty (got 0.1) or shorten rise and fall (got 0.0001 s and 0.0003 s; the period is 0.001",
        ),
        (
            lambda: SquareWave(amplitude=1, frequency=1e3, duty=1.0),
            "(1 - duty)/frequency - (rise + fall)/2 = -1e-08 s is the time between two pulses",
        ),
        (
            lambda: PulseTrain(times=[], width=1, amplitude=1),
            "times must be a sequence of at least one finite number in s, got []",
        ),
        (
            lambda: PulseTrain(times=[0, math.inf], width=1, amplitude=1),
            "times must be a sequence of at least one finite number in s, got times[1] = inf",
        ),
        (
            lambda: PulseTrain(times=[-1], width=1, amplitude=1),
            "times must be at least 0 s, got times[0] = -1 s",
        ),
        (
            lambda: PulseTrain(times=[0, 3, 2], width=1, amplitude=1),
            "times[2] = 2.0 s does not come after times[1] = 3.0 s",
        ),
        (
            lambda: PulseTrain(times=[0, 3, 3.5], width=1, amplitude=1),
            "times[2] = 3.5 s comes only 0.5 s after times[1] = 3 s",
        ),
        (
            lambda: PulseTrain(times=[0], width=1e-9, amplitude=1),
            "width - (rise + fall)/2 = -9e-09 s is the flat top of a pulse and must be positive",
        ),
        (
            lambda: PulseTrain(times="soon", width=1, amplitude=1),
            "times must be a sequence of at least one finite number in s, got 'soon'",
        ),
        (
            lambda: PiecewiseLinear(times=[0, 1], values=[1]),
            "times and values must have one length, got 2 and 1",
        ),
        (
            lambda: PiecewiseLinear(times=[0, 0], values=[1, 2]),
            "times must increase by at least 1e-15 s (a jump needs an edge, such as 10 ns): times[1] = 0.0 s does not come",
        ),
        (
            lambda: PiecewiseLinear(times=[0, 1], values=[1, math.nan]),
            "values must be a sequence of at least one finite number in A or V, got values[1] = nan",
        ),
        (
            lambda: PiecewiseLinear(times=[[0, 1]], values=[1, 2]),
            "times must be a sequence of at least one finite number in s, got [[0, 1]]",
        ),
        (
            lambda: SquareWave(amplitude=1, frequency=1e6).segments(10),
            "4e+07 segments are needed up to 10 s, at most 5000000 are accepted: lower t_stop or",
        ),
        (
            lambda: Triangle(amplitude=1, frequency=1e6).segments(10),
            "2e+07 segments are needed up to 10 s",
        ),
    ],
)
def test_bad_input_says_what_is_accepted(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


# Text.


@pytest.mark.parametrize(
    ("text", "stimulus"),
    [
        ("1mA", Constant(value=1e-3)),
        (" -0.5 V ", Constant(value=-0.5)),
        ("constant(value=2)", Constant(value=2.0)),
        (
            "square(amplitude=1mA, frequency=1kHz, duty=50%)",
            SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5),
        ),
        (
            "SquareWave( frequency = 1 kHz,amplitude=1 V , rise=1us)",
            SquareWave(amplitude=1, frequency=1e3, rise=1e-6),
        ),
        (
            "pulses(times=[1ms, 2ms], width=0.1ms, amplitude=1V)",
            PulseTrain(times=[1e-3, 2e-3], width=1e-4, amplitude=1),
        ),
        (
            "sine(amplitude=0.5V, frequency=100Hz, phase=1.5rad)",
            Sine(amplitude=0.5, frequency=100, phase=1.5),
        ),
        ("Triangle(amplitude=1V, frequency=250)", Triangle(amplitude=1, frequency=250)),
        ("pwl(times=[0,1m],values=[0 V,1V])", PiecewiseLinear(times=[0, 1e-3], values=[0, 1])),
    ],
)
def test_stimuli_are_read_from_text(text: str, stimulus: Stimulus) -> None:
    assert parse_stimulus(text) == stimulus


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names: constant, square, pulses, sine, triangle, pwl"),
        ("sawtooth(amplitude=1)", "names: constant, square, pulses, sine, triangle, pwl"),
        ("square", "names: constant, square, pulses, sine, triangle, pwl"),
        ("square(amplitude=1mA", "cannot read the stimulus 'square(amplitude=1mA'"),
        ("square()", "square also needs amplitude, frequency; its parameters: amplitude, frequency, duty"),
        ("pwl(times=[1])", "pwl also needs values; its parameters: times, values"),
        ("sine(amplitude=1V, freq=1)", "sine has no parameter 'freq'"),
        ("sine(amplitude=1V, freqency=1)", "did you mean 'frequency'? choices: amplitude, frequency"),
        ("sine(1V, frequency=1)", "sine: expected name=value, got '1V'"),
        ("sine(amplitude=1V, amplitude=2V, frequency=1)", "sine: amplitude is given twice"),
        ("sine(amplitude=1F, frequency=1)", "sine: amplitude: cannot read '1F': expected a value in A or V"),
        ("sine(amplitude=1V, frequency=1s)", "sine: frequency: cannot read '1s': expected a value in Hz"),
        (
            "sine(amplitude=1V, frequency=1, offset=1mA)",
            "a stimulus is a current or a voltage, got values in both A and V",
        ),
        ("pwl(times=1, values=[1])", "pwl: times: expected a list such as [1, 2, 3], got '1'"),
        ("pwl(times=[], values=[1])", "times must be a sequence of at least one finite number in s"),
        ("pwl(times=[1,,2], values=[1])", "pwl: times: cannot read ''"),
        ("sine(amplitude=1V, frequency=-1)", "frequency must be a positive frequency in Hz, got -1.0"),
        ("1mF", "cannot read '1mF': expected a value in A or V"),
    ],
)
def test_unreadable_text_lists_the_choices(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_stimulus(text)


numbers = st.floats(-1e6, 1e6)
frequencies = st.floats(1e-3, 1e3)
delays = st.floats(0, 1e3)
increasing = (
    st.lists(st.floats(0, 1e3), min_size=1, max_size=6, unique=True)
    .map(sorted)
    .filter(lambda times: all(b - a >= 1e-15 for a, b in pairwise(times)))
)
some_stimulus = st.one_of(
    st.builds(Constant, value=numbers),
    st.builds(SquareWave, amplitude=numbers, frequency=frequencies, duty=st.floats(0.1, 0.9), delay=delays),
    st.builds(Sine, amplitude=numbers, frequency=frequencies, offset=numbers, phase=numbers, delay=delays),
    st.builds(Triangle, amplitude=numbers, frequency=frequencies, offset=numbers, delay=delays),
    increasing.flatmap(
        lambda times: st.builds(
            PiecewiseLinear,
            times=st.just(times),
            values=st.lists(numbers, min_size=len(times), max_size=len(times)),
        )
    ),
)


@given(stimulus=some_stimulus)
def test_a_stimulus_reads_back_from_its_own_repr(stimulus: Stimulus) -> None:
    text = repr(stimulus).replace("=(", "=[").replace(",)", ")")
    text = re.sub(r"\)(?=[,)])", "]", text)
    assert parse_stimulus(text) == stimulus


@settings(deadline=None)
@given(stimulus=some_stimulus, t_stop=st.floats(1e-9, 100))
def test_any_stimulus_has_sound_segments(stimulus: Stimulus, t_stop: float) -> None:
    rows = stimulus.segments(t_stop)
    assert rows[0, 0] == 0
    assert np.all(np.diff(rows[:, 0]) > 0)
    assert np.all(rows[:, 0] < t_stop)
    assert np.isfinite(rows).all()


@given(text=st.text(alphabet="squarewinpl()[]=,. 01mAVkHz-+%\n", max_size=40))
def test_any_text_is_a_stimulus_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_stimulus(text), Stimulus)
