"""Events, restarts, failures and buffers of the Rosenbrock method; what the run shares with RK4 is in test_events.py."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import sympy
from stiff_systems import DRIVE, circuit

from neuromorph.behaviour import Rosenbrock, simulate_system
from neuromorph.behaviour import simulate as simulate_module
from neuromorph.errors import ConvergenceError, SimulationError
from neuromorph.stimulus import SquareWave
from neuromorph.systems import HybridSystem, Mode, State, Transition, Unknown

interpreted = pytest.mark.usefixtures("interpreter")

t, t_mode, y, v, u, w = sympy.symbols("t t_mode y v u w")


def falling(guards, rates=None, **more):
    """From one mode into another without end, at the first of some guards, which is recorded as ``which``."""
    rates = (rates or {"y": 1}) | {"which": 0}
    return HybridSystem(
        name="guards",
        states={"y": State(0.0), "which": State(0.0)},
        modes={"before": Mode(rates=rates), "after": Mode(rates={"y": 0, "which": 0})},
        transitions=[
            Transition("before", "after", guard, resets={"which": n + 1}, emits_spike=True)
            for n, guard in enumerate(guards)
        ],
        **more,
    )


@interpreted
@pytest.mark.parametrize("top", [0.312, 0.331, 0.35, 0.3743, 0.39])
def test_a_guard_that_rises_and_falls_within_a_step(top):
    """It is above zero for 2 % of a step only."""
    recording = simulate_system(falling([1 - ((t - top) / 1e-3) ** 2]), None, 1.0, Rosenbrock(dt=0.1, first_step=0.1))
    assert recording.spikes.times == pytest.approx([top - 1e-3], rel=1e-12)


@interpreted
def test_a_near_miss_is_no_event():
    system = falling([-1e-9 - (t - 0.35) ** 2])
    assert len(simulate_system(system, None, 1.0, Rosenbrock(dt=0.1)).spikes) == 0


@interpreted
def test_the_earliest_of_two_crossings_in_one_step_wins_and_of_equal_ones_the_first_stated():
    recording = simulate_system(falling([y - 0.52, y - 0.51]), None, 1.0, Rosenbrock(dt=0.2, first_step=0.2))
    assert recording.spikes.times == pytest.approx([0.51], rel=1e-14)
    assert recording["which"][-1] == 2.0
    recording = simulate_system(falling([y - 0.5, y - 0.5]), None, 1.0, Rosenbrock(dt=0.2))
    assert recording["which"][-1] == 1.0


@interpreted
def test_a_fast_node_crosses_long_after_its_time_constant():
    """y follows 2 t within 1 us: it reaches 0.5 at 0.25 s and its own microsecond."""
    system = falling([y - sympy.Rational(1, 2)], {"y": 1e6 * (2 * t - y)})
    recording = simulate_system(system, None, 1.0, Rosenbrock())
    assert recording.spikes.times == pytest.approx([0.25 + 1e-6], rel=1e-12)
    assert np.sum((recording.time > 1e-3) & (recording.time < 0.25)) < 300


def timer(up, down):
    return HybridSystem(
        name="timer",
        states={"y": State(0.0)},
        inputs={"u": "V"},
        modes={"up": Mode(rates={"y": 1 - y + u}), "down": Mode(rates={"y": -1 - y})},
        transitions=[
            Transition("up", "down", t_mode - up, emits_spike=True),
            Transition("down", "up", t_mode - down, emits_spike=True),
        ],
    )


@interpreted
def test_timers_breakpoints_and_rows():
    drive = SquareWave(amplitude=1.0, frequency=1e3)
    recording = simulate_system(timer(0.137e-3, 0.071e-3), drive, 2e-3, Rosenbrock(dt=5e-5))
    exact = np.cumsum(np.tile([0.137e-3, 0.071e-3], 10))
    np.testing.assert_allclose(recording.spikes.times, exact[exact < 2e-3], rtol=1e-13)
    assert recording.time[0] == 0.0
    assert recording.time[-1] == 2e-3
    assert np.all(np.diff(recording.time) >= 0)
    for edge in drive.segments(2e-3)[:, 0]:
        assert edge in recording.time
    rows = np.stack([recording.time, *(recording[name] for name in recording.names)])
    assert not np.any(np.all(rows[:, 1:] == rows[:, :-1], axis=0))


@interpreted
def test_a_bouncing_ball():
    fall = math.sqrt(2 / 9.81)
    exact = fall + 2 * fall * np.cumsum([0.0, *0.7 ** np.arange(1, 7)])
    ball = HybridSystem(
        name="ball",
        states={"y": State(1.0, "m"), "v": State(0.0, "m/s")},
        modes={"flying": Mode(rates={"y": v, "v": -9.81})},
        transitions=[Transition("flying", "flying", -y, resets={"v": -0.7 * v}, emits_spike=True)],
    )
    recording = simulate_system(ball, None, float(exact[-1] + 1e-3), Rosenbrock(dt=0.5))
    np.testing.assert_allclose(recording.spikes.times, exact, rtol=1e-12)


@interpreted
def test_transitions_without_end_are_chattering():
    system = HybridSystem(
        name="chatter",
        states={"y": State(0.0)},
        modes={"up": Mode(rates={"y": 1}), "down": Mode(rates={"y": -1})},
        transitions=[Transition("up", "down", y - 0.25), Transition("down", "up", 0.25 - y)],
    )
    with pytest.raises(SimulationError, match="transitions follow each other without any time") as caught:
        simulate_system(system, None, 1.0, Rosenbrock(dt=0.1))
    assert caught.value.time_reached == pytest.approx(0.25, rel=1e-12)


def test_a_run_in_many_buffers_is_the_run_in_one(monkeypatch):
    whole = simulate_system(circuit(), DRIVE, 6e-5, Rosenbrock())
    told = []
    monkeypatch.setattr(simulate_module, "_ROWS_PER_CALL", 64)
    parts = simulate_system(circuit(), DRIVE, 6e-5, Rosenbrock(), lambda done, what: told.append((done, what)))
    np.testing.assert_array_equal(parts.time, whole.time)
    np.testing.assert_array_equal(parts.spikes.times, whole.spikes.times)
    for name in whole.names:
        np.testing.assert_array_equal(parts[name], whole[name])
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == (1.0, "rosenbrock")


def only(rate, initial=0.0, **more):
    return HybridSystem(name="fails", states={"y": State(initial)}, modes={"on": Mode(rates={"y": rate})}, **more)


@interpreted
def test_growth_without_bound_ends_with_what_was_computed():
    """y' = y**2 from y = 2 is 1 / (1/2 - t)."""
    with pytest.raises(SimulationError, match="no step is short enough for the tolerance") as caught:
        simulate_system(only(y**2, 2.0), None, 1.0, Rosenbrock())
    error = caught.value
    assert error.time_reached == pytest.approx(0.5, abs=1e-5)
    assert error.partial.time[-1] == error.time_reached
    assert error.partial["y"][-1] > 1e4
    assert "growth without bound" in error.remedy
    assert "fails" in str(error)


def test_not_a_number():
    with pytest.raises(SimulationError, match="ceased to be finite") as caught:
        simulate_system(only(sympy.sqrt(sympy.Rational(1, 2) - t) - y), None, 1.0, Rosenbrock())
    assert caught.value.time_reached == pytest.approx(0.5, abs=1e-6)


@interpreted
def test_an_unknown_without_solution():
    system = only(1, 0.5, unknowns={"w": Unknown(w**2 + w * 0.1 + 2 * (y - 1))})
    with pytest.raises(SimulationError, match="no solution for the algebraic unknowns w") as caught:
        simulate_system(system, None, 1.0, Rosenbrock())
    assert isinstance(caught.value.__cause__, ConvergenceError)
    assert caught.value.time_reached == pytest.approx(0.5 + 0.01 / 8, abs=1e-3)


@interpreted
def test_a_state_scale_decides_what_is_small():
    """A charge of picocoulombs: without its scale every error of it is allowed."""
    errors = []
    for scale in (None, 1e-12):
        system = dataclasses.replace(only(1e-12 * sympy.cos(40 * t)), states={"y": State(0.0, "C", scale=scale)})
        recording = simulate_system(system, None, 1.0, Rosenbrock(rtol=1e-8, dt=0.2))
        errors.append(abs(recording["y"][-1] - 1e-12 * math.sin(40.0) / 40))
    assert errors[0] > 1e-14
    assert errors[1] < 1e-20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rtol": 0.0}, "rtol must be a number from 1e-13 to 0.01, got 0.0"),
        ({"rtol": float("nan")}, "rtol must be a number from"),
        ({"dt": -1.0}, "dt must be a positive time in s, or None, got -1.0"),
        ({"first_step": float("inf")}, "first_step must be a positive time in s, or None, got inf"),
        ({"refinement": 0}, "refinement must be a whole number from 1 on, got 0"),
    ],
)
def test_bad_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        Rosenbrock(**arguments)


def test_refined_settings():
    solver = Rosenbrock(rtol=1e-6, dt=1e-6).refined()
    assert solver.tolerance == pytest.approx(1e-7)
    assert solver.steps(timer(1, 1), 1.0) == {"up": 5e-7, "down": 5e-7}
    assert Rosenbrock(rtol=1e-13).refined().tolerance == 1e-13
    with pytest.raises(ValueError, match="shorter than one time step"):
        simulate_system(timer(1, 1), None, 1e-3, Rosenbrock(dt=0.1))
