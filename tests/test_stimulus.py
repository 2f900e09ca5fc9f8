"""Stimuli: one statement of each, and ngspice reads it as Python does."""

from __future__ import annotations

import contextlib
import math
import pickle
import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neuromorph.stimulus import (
    Constant,
    PiecewiseLinear,
    PoissonInput,
    PulseTrain,
    Sine,
    SpikeInput,
    SquareWave,
    Stimulus,
    Triangle,
    ZeroOrderHold,
    parse_stimulus,
)

T_STOP = 5e-3

STIMULI = {
    "constant": Constant(value=-0.3),
    "square": SquareWave(amplitude=1e-3, frequency=1e3),
    "square, delayed, on an offset": SquareWave(
        amplitude=-2.0, frequency=730.0, duty=0.3, offset=0.7, delay=0.41e-3, rise=3e-6, fall=20e-9
    ),
    "square, pulses touch": SquareWave(amplitude=1.0, frequency=1e3, duty=0.9, rise=1e-4, fall=1e-4),
    "square, delayed beyond the end": SquareWave(amplitude=1.0, frequency=1e3, offset=0.2, delay=1.0),
    "pulses": PulseTrain(times=[0.0, 1e-3, 1.5e-3, 4.9999e-3], width=3e-4, amplitude=0.2, offset=-0.1),
    "pulses, first one later": PulseTrain(times=(1e-3 / 3,), width=3e-4, amplitude=0.2, rise=1e-6, fall=2e-6),
    "sine": Sine(amplitude=0.5, frequency=1e3),
    "sine, with everything": Sine(amplitude=0.5, frequency=777.0, offset=0.2, phase=2.5, delay=0.3e-3),
    "sine, negative phase": Sine(amplitude=0.5, frequency=200.0, phase=-1.0, delay=1e-3),
    "sine, delayed beyond the end": Sine(amplitude=0.5, frequency=200.0, phase=1.0, delay=1.0),
    "triangle": Triangle(amplitude=1.0, frequency=400.0),
    "triangle, delayed": Triangle(amplitude=-1.3, frequency=333.0, offset=0.4, delay=0.7e-3),
    "piecewise linear": PiecewiseLinear(times=np.array([2e-4, 1e-3, 1.00001e-3, 3e-3]), values=[0.1, 0.4, -1, 2]),
    "piecewise linear, many points": PiecewiseLinear(times=np.linspace(0, 6e-3, 500), values=np.sin(np.arange(500.0))),
    "piecewise linear, one point": PiecewiseLinear(times=[2e-3], values=[0.4]),
    "held samples": ZeroOrderHold(values=[0.1, -0.4, -0.4, 0.3], step=1e-3 / 3, edge=2e-8),
    "held samples, more than are asked for": ZeroOrderHold(values=np.sin(np.arange(500.0)), step=1e-4),
    "spikes that arrive": SpikeInput(times=[1e-3, 0.0, 1.02e-3, 2e-3], width=2e-4, edge=1e-6),
    "no spikes": SpikeInput(times=[]),
    "Poisson spikes": PoissonInput(rate=20.0, n_sources=100, seed=3),
}

every_stimulus = pytest.mark.parametrize("stimulus", STIMULI.values(), ids=STIMULI)


def span(stimulus: Stimulus) -> float:
    return float(np.max(np.abs(stimulus(np.linspace(0, T_STOP, 2001)))))


def run_ngspice(folder: Path, source: str, element: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time [s] and value of one source, at the time points of ngspice itself."""
    deck = folder / "deck.cir"
    deck.write_text(f"* one source\n{element} {source}\nr1 a 0 1\n.tran 1e-5 {T_STOP!r} 0 2e-5\n.end\n")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", deck.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert "dc value used" not in done.stdout + done.stderr
    header, data = (folder / "out.raw").read_bytes().split(b"Binary:\n", 1)
    listed = header.decode().split("Variables:\n")[1].split("\n")
    names = [line.split()[1] for line in listed if line.strip()]
    rows = np.frombuffer(data, dtype=np.float64).reshape(-1, len(names))
    return rows[:, names.index("time")], rows[:, names.index("v(a)")]


@every_stimulus
@pytest.mark.parametrize("element", ["v1 a 0", "i1 0 a"])
def test_ngspice_reads_the_same_stimulus(stimulus: Stimulus, element: str, tmp_path: Path) -> None:
    time, value = run_ngspice(tmp_path, stimulus.spice(T_STOP), element)
    assert time[0] == 0
    assert time[-1] == pytest.approx(T_STOP, rel=1e-12)
    np.testing.assert_allclose(value, stimulus(time), rtol=0, atol=1e-9 * span(stimulus))


def test_ngspice_would_see_a_wrong_stimulus(tmp_path: Path) -> None:
    time, value = run_ngspice(tmp_path, Sine(amplitude=0.5, frequency=1e3).spice(T_STOP), "v1 a 0")
    wrong = Sine(amplitude=0.5, frequency=1e3, phase=1e-6)
    assert np.max(np.abs(value - wrong(time))) > 1e-9 * 0.5


@every_stimulus
def test_segments_keep_their_promises(stimulus: Stimulus) -> None:
    rows = stimulus.segments(T_STOP)
    assert rows.dtype == np.float64
    assert rows.flags.c_contiguous
    assert rows.ndim == 2
    assert rows.shape[1] == 6
    assert rows[0, 0] == 0
    assert np.all(np.diff(rows[:, 0]) > 0)
    assert np.all(rows[:, 0] < T_STOP)
    np.testing.assert_array_equal(stimulus.breakpoints(T_STOP), rows[1:, 0])


@every_stimulus
def test_a_shorter_run_sees_the_beginning_of_a_longer_one(stimulus: Stimulus) -> None:
    rows = stimulus.segments(T_STOP)
    for t_stop in (1e-9, 1e-3, 2.5e-3, *rows[1:4, 0]):
        np.testing.assert_array_equal(stimulus.segments(t_stop), rows[rows[:, 0] < t_stop])


@every_stimulus
def test_every_stimulus_is_continuous(stimulus: Stimulus) -> None:
    starts = stimulus.breakpoints(T_STOP)
    before = stimulus(np.nextafter(starts, 0))
    np.testing.assert_allclose(before, stimulus(starts), rtol=0, atol=1e-9 * span(stimulus))


@every_stimulus
def test_values_are_vectorised(stimulus: Stimulus) -> None:
    times = np.linspace(0, T_STOP, 12).reshape(3, 4)
    values = stimulus(times)
    assert values.shape == (3, 4)
    assert values[1, 2] == stimulus(float(times[1, 2]))
    assert type(stimulus(1e-3)) is float
    assert type(stimulus(np.float64(1e-3))) is float
    assert stimulus([]).shape == (0,)
    np.testing.assert_array_equal(stimulus(times.ravel()[::-1]), values.ravel()[::-1])


@every_stimulus
def test_stimuli_hash_pickle_and_describe_themselves(stimulus: Stimulus) -> None:
    copy = pickle.loads(pickle.dumps(stimulus))
    assert copy == stimulus
    assert hash(copy) == hash(stimulus)
    assert "\n" not in stimulus.describe("A")
    if not isinstance(stimulus, SpikeInput | PoissonInput):  # which count, in 1/s
        assert re.search(r"\d [mu]?A|0 A", stimulus.describe("A"))
    assert not re.search(r"\d [mu]?A", stimulus.describe())


@every_stimulus
@pytest.mark.parametrize("t_stop", [0.0, -1.0, math.nan, math.inf])
def test_a_run_without_length_is_refused(stimulus: Stimulus, t_stop: float) -> None:
    for ask in (stimulus.segments, stimulus.spice, stimulus.breakpoints):
        with pytest.raises(ValueError, match="t_stop must be a positive time in s, got"):
            ask(t_stop)


@pytest.mark.parametrize("t", [-1e-9, math.nan, math.inf, [0.0, math.nan], [0.0, -1.0]])
def test_times_before_the_start_are_refused(t: Any) -> None:
    with pytest.raises(ValueError, match="t must be finite times in s of at least 0"):
        Constant(value=1.0)(t)


# The statements themselves, against closed forms.


@given(
    frequency=st.floats(1.0, 1e5),
    duty=st.floats(0.05, 0.95),
    edges=st.floats(0.001, 0.04),
    amplitude=st.floats(-10, 10),
    periods=st.integers(1, 40),
)
def test_the_charge_of_a_square_wave_is_exact(
    frequency: float, duty: float, edges: float, amplitude: float, periods: int
) -> None:
    edge = edges / frequency
    wave = SquareWave(amplitude=amplitude, frequency=frequency, duty=duty, rise=edge, fall=edge / 2)
    t_stop = periods / frequency
    rows = wave.segments(t_stop)
    length = np.diff(rows[:, 0], append=t_stop)
    charge = np.sum(rows[:, 1] * length + rows[:, 2] * length**2 / 2)
    expected = amplitude * duty / frequency * periods
    assert charge == pytest.approx(expected, rel=1e-9, abs=1e-12 * abs(amplitude) * t_stop)


def test_periods_do_not_drift() -> None:
    wave = SquareWave(amplitude=1.0, frequency=3e5, delay=1e-7)
    rises = wave.breakpoints(1.0)[::4]
    np.testing.assert_array_equal(rises, 1e-7 + np.arange(len(rises)) * wave.period)
    assert len(rises) == 300_000


def test_a_square_wave_is_half_high_in_the_middle_of_its_edges() -> None:
    wave = SquareWave(amplitude=1e-3, frequency=1e3, rise=2e-6, fall=2e-6)
    # The first pulse is above half height for duty/frequency = 0.5 ms, from 1 us on.
    times = [0.0, 1e-6, 2e-6, 0.5e-3, 0.501e-3, 0.502e-3, 1e-3]
    np.testing.assert_allclose(wave(times), [0, 5e-4, 1e-3, 1e-3, 5e-4, 0, 0], atol=1e-12)


def test_a_sine_holds_its_first_value_until_it_starts() -> None:
    sine = Sine(amplitude=2.0, frequency=50.0, offset=1.0, phase=0.5, delay=1e-3)
    np.testing.assert_allclose(sine([0.0, 5e-4, 1e-3]), 1 + 2 * math.sin(0.5), rtol=1e-15)
    assert sine(2e-3) == pytest.approx(1 + 2 * math.sin(2 * math.pi * 50 * 1e-3 + 0.5), rel=1e-14)


def test_a_triangle_peaks_after_a_quarter_of_a_period() -> None:
    triangle = Triangle(amplitude=2.0, frequency=1.0, offset=1.0, delay=1.0)
    times = [0.0, 1.0, 1.125, 1.25, 1.5, 1.75, 2.0, 2.25]
    assert triangle(times).tolist() == [1.0, 1.0, 2.0, 3.0, 1.0, -1.0, 1.0, 3.0]
    assert triangle.breakpoints(3.0).tolist() == [1.0, 1.25, 1.75, 2.25, 2.75]


def test_pulses_that_touch_leave_no_gap() -> None:
    # 0.1 + 0.2 is not 0.3 in floats: a sliver of a segment would remain.
    train = PulseTrain(times=np.arange(1, 30) * 0.1, width=0.06, amplitude=1.0, rise=0.04, fall=0.04)
    assert np.min(np.diff(train.segments(5.0)[:, 0])) > 0.01


def test_an_edge_shorter_than_the_floats_resolve_becomes_a_jump() -> None:
    train = PulseTrain(times=[1e9, 2e9], width=1.0, amplitude=1.0)
    assert train.segments(3e9)[:, :3].tolist() == [
        [0, 0, 0],
        [1e9, 1, 0],
        [1e9 + 1, 0, 0],
        [2e9, 1, 0],
        [2e9 + 1, 0, 0],
    ]
    with pytest.raises(ValueError, match=r"PulseTrain jumps at 1e\+09 s, which a SPICE source cannot"):
        train.spice(3e9)


def test_long_source_texts_are_split_over_lines() -> None:
    lines = STIMULI["piecewise linear, many points"].spice(T_STOP).split("\n")
    assert len(lines) > 50
    assert all(line.startswith("+ ") for line in lines[1:])
    assert max(map(len, lines)) < 400


@every_stimulus
def test_source_texts_hold_no_unit_letters(stimulus: Stimulus) -> None:
    words = re.split(r"[()\s]+", stimulus.spice(T_STOP))
    kind, numbers = words[0], [word for word in words[1:] if word not in ("", "+")]
    assert kind in {"DC", "PULSE", "SIN", "PWL"}
    assert all(math.isfinite(float(number)) for number in numbers)


# A stimulus of a user's own.


@dataclass(frozen=True, kw_only=True)
class Ramp(Stimulus):
    """Rises without end."""

    def segments(self, t_stop: float) -> NDArray[np.float64]:
        return np.array([[0.0, 0.0, 3.0, 0.0, 0.0, 0.0]])


@dataclass(frozen=True, kw_only=True)
class Chord(Stimulus):
    """A sine, and another one after it."""

    def segments(self, t_stop: float) -> NDArray[np.float64]:
        return np.array([[0.0, 0.0, 0.0, 1.0, 5.0, 0.0], [1.0, 0.0, 0.0, 1.0, 7.0, 5.0]])


def test_a_class_that_states_segments_gets_the_rest() -> None:
    assert Ramp()(2.0) == 6.0
    assert Ramp().spice(2.0) == "PWL(0.0 0.0 2.0 6.0)"
    assert Ramp().describe() == "Ramp"
    with pytest.raises(ValueError, match="Chord has sine segments, which PWL cannot state"):
        Chord().spice(2.0)


# Bad input.


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


class TestSpikeInput:
    def test_each_spike_has_the_area_one_in_whatever_step_it_falls(self):
        times = np.sort(np.random.default_rng(0).uniform(0, 0.1, 200))
        stimulus = SpikeInput(times=times, width=1.7e-4)
        rows = stimulus.segments(0.2)
        ends = np.append(rows[1:, 0], 0.2)
        area = np.sum((ends - rows[:, 0]) * (rows[:, 1] + rows[:, 2] * (ends - rows[:, 0]) / 2))
        assert area == pytest.approx(200.0, rel=1e-9)

    @pytest.mark.parametrize("width", [1e-4, 1e-4 / 3, 1e-3 / 7])
    def test_a_spike_on_the_grid_begins_its_own_step(self, width):
        stimulus = SpikeInput(times=np.arange(500) * width, width=width)
        assert stimulus((np.arange(500) + 0.5) * width) == pytest.approx(1 / width)
        assert stimulus(500.5 * width) == 0.0

    def test_spikes_add_up(self):
        stimulus = SpikeInput(times=[1e-3] * 3, width=1e-4)
        assert stimulus(1.05e-3) == pytest.approx(3e4)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"times": [-1e-3]}, "times must be at least 0 s"),
            ({"times": [math.nan]}, "times"),
            ({"times": [0.0], "width": 1e-8}, "edge must be at most half of width"),
        ],
    )
    def test_bad_spikes_are_refused(self, given, message):
        with pytest.raises(ValueError, match=message):
            SpikeInput(**given)


class TestPoissonInput:
    def test_a_longer_run_begins_with_the_shorter_one(self):
        stimulus = PoissonInput(rate=300.0, seed=5)
        longer = stimulus.counts(0.4)
        assert stimulus.counts(0.1).tolist() == longer[:1000].tolist()
        assert not np.array_equal(longer, PoissonInput(rate=300.0, seed=6).counts(0.4))

    # 1e6 steps with a mean of 0.1: four standard errors; a rate that is off by 2 % or a variance off by 1 % fails.
    @pytest.mark.parametrize(("counting", "variance"), [("poisson", 0.1), ("bernoulli", 0.1 * (1 - 0.001))])
    def test_counts_have_the_mean_and_variance_of_their_law(self, counting, variance):
        counts = PoissonInput(rate=10.0, n_sources=100, counting=counting, seed=1).counts(100.0)
        assert counts.mean() == pytest.approx(0.1, abs=4 * math.sqrt(0.1 / 1e6))
        assert counts.var() == pytest.approx(variance, rel=4 * math.sqrt((2 + 1 / 0.1) / 1e6))

    def test_one_spike_a_step_is_warned_of_when_steps_are_crowded(self):
        with pytest.warns(UserWarning, match=r"fires in 0\.2 of all steps of 100 us.*lower width"):
            PoissonInput(rate=2e3, counting="bernoulli")
        with pytest.raises(ValueError, match="lower width, or use counting='poisson'"):
            PoissonInput(rate=2e4, counting="bernoulli")
        assert PoissonInput(rate=2e4).counts(1.0).mean() == pytest.approx(2.0, abs=0.1)

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"rate": -1.0}, "rate"),
            ({"rate": 1.0, "n_sources": 0}, "n_sources"),
            ({"rate": 1.0, "n_sources": 1.5}, "n_sources must be a whole number"),
            ({"rate": 1.0, "counting": "uniform"}, "counting"),
        ],
    )
    def test_bad_sources_are_refused(self, given, message):
        with pytest.raises(ValueError, match=message):
            PoissonInput(**given)

    def test_from_text(self):
        text = "poisson(rate=10Hz, n_sources=100, counting=bernoulli, seed=3)"
        assert parse_stimulus(text) == PoissonInput(rate=10.0, n_sources=100, counting="bernoulli", seed=3)


def test_an_edge_longer_than_the_hold_is_refused():
    with pytest.raises(ValueError, match="edge must be at most half of step"):
        ZeroOrderHold(values=[1.0, 2.0], step=1e-8)
