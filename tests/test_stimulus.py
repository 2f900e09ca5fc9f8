"""Stimuli: one statement of each, and ngspice reads it as Python does."""

from __future__ import annotations

import math
import pickle
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
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
