"""Events of hybrid systems: where they are, in which order, and what happens when they do not end.

The rates depend on time alone and are polynomials of a degree that the method integrates exactly, so every event has a
time that can be worked out on paper.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import sympy

import neuromorph as nm
from neuromorph.behaviour import RK4, generate, simulate_system
from neuromorph.behaviour import simulate as simulate_module
from neuromorph.errors import ConvergenceError, SimulationError
from neuromorph.stimulus import Constant, PiecewiseLinear, Sine, SquareWave
from neuromorph.systems import HybridSystem, Mode, Output, State, Transition, Unknown

interpreted = pytest.mark.usefixtures("interpreter")

t, t_mode, y, v, u, w, p, q = sympy.symbols("t t_mode y v u w p q")


def counter(guards, rate=1, name="counter", parameters=None):
    """One mode; the n-th transition sets ``which`` to n and moves on into a mode without end."""
    return HybridSystem(
        name=name,
        states={"y": State(0.0), "which": State(0.0)},
        parameters=parameters or {},
        modes={"before": Mode(rates={"y": rate, "which": 0}), "after": Mode(rates={"y": 0, "which": 0})},
        transitions=[
            Transition("before", "after", guard, resets={"which": n + 1}, emits_spike=True)
            for n, guard in enumerate(guards)
        ],
    )


@interpreted
def test_the_earliest_of_two_crossings_in_one_step_wins():
    recording = simulate_system(counter([y - 0.52, y - 0.51]), None, 1.0, RK4(dt=0.1))
    assert recording.spikes.times == pytest.approx([0.51], rel=1e-14)
    assert recording["which"][-1] == 2.0


@interpreted
def test_of_equal_guards_the_first_stated_wins():
    recording = simulate_system(counter([y - 0.5, y - 0.5]), None, 1.0, RK4(dt=0.1))
    assert recording["which"][-1] == 1.0
    recording = simulate_system(counter([-1 - y, y, y + 1]), None, 1.0, RK4(dt=0.1))
    assert recording.spikes.times == pytest.approx([0.0], abs=0)
    assert recording["which"][-1] == 2.0


@interpreted
@pytest.mark.parametrize("top", [0.312, 0.331, 0.35, 0.3743, 0.39])
def test_a_grazing_crossing_inside_a_step_is_found(top):
    """The guard is above zero for 2 % of a step only, and below it at the start, in the middle and at the end."""
    width = 1e-3
    system = counter([1 - ((t - p) / q) ** 2], name="grazing", parameters={"p": top, "q": width})
    recording = simulate_system(system, None, 1.0, RK4(dt=0.1))
    assert recording.spikes.times == pytest.approx([top - width], rel=1e-12)


@interpreted
def test_a_grazing_crossing_of_a_state_that_is_no_parabola():
    """y = 1.2 t (1 - t) (1 + t/3): its top, from the derivative's root, is met to a hundred-millionth."""
    height = sympy.Rational(6, 5) * t * (1 - t) * (1 + t / 3)
    (where,) = [r for r in sympy.solve(sympy.diff(height, t), t) if 0 < r < 1]
    top = float(height.subs(t, where))
    for below, expected in ((1e-8, 1), (-1e-8, 0)):
        system = counter([y - p], rate=sympy.diff(height, t), name="bump", parameters={"p": top - below})
        recording = simulate_system(system, None, 1.0, RK4(dt=0.23))
        assert len(recording.spikes) == expected
        for time in recording.spikes.times:
            assert time == pytest.approx(float(where), abs=2e-4)
            assert time < where
            assert float(height.subs(t, time)) == pytest.approx(top - below, abs=1e-13)


@interpreted
def test_a_near_miss_is_no_event():
    system = counter([-1e-9 - (t - p) ** 2], name="near_miss", parameters={"p": 0.35})
    assert len(simulate_system(system, None, 1.0, RK4(dt=0.1)).spikes) == 0


@interpreted
def test_guards_that_hold_at_the_entry_fire_at_once_one_after_the_other():
    names = ["a", "b", "c", "d"]
    system = HybridSystem(
        name="cascade",
        states={"y": State(2.0)},
        modes={name: Mode(rates={"y": 1}) for name in names},
        transitions=[
            Transition("a", "b", y - 2, resets={"y": y + 1}, emits_spike=True),
            Transition("b", "c", y - 2, resets={"y": y * 2}),
            Transition("c", "d", y - 6, resets={"y": y - 5}, emits_spike=True),
        ],
    )
    recording = simulate_system(system, None, 1.0, RK4(dt=0.1))
    assert recording.spikes.times.tolist() == [0.0, 0.0]
    # Each value on the way is recorded: 2, 3, 6, then 1.
    assert recording["y"][:4].tolist() == [2.0, 3.0, 6.0, 1.0]
    assert recording.time[:4].tolist() == [0.0] * 4
    assert recording["y"][-1] == pytest.approx(2.0, rel=1e-14)


@interpreted
def test_transitions_without_end_are_chattering():
    system = HybridSystem(
        name="chatter",
        states={"y": State(0.0)},
        modes={"up": Mode(rates={"y": 1}), "down": Mode(rates={"y": -1})},
        transitions=[Transition("up", "down", y - 0.25), Transition("down", "up", 0.25 - y)],
    )
    with pytest.raises(SimulationError, match="transitions follow each other without any time between them") as caught:
        simulate_system(system, None, 1.0, RK4(dt=0.1))
    assert caught.value.time_reached == pytest.approx(0.25, rel=1e-12)
    assert "hysteresis" in caught.value.remedy
    assert "chatter" in str(caught.value)


@interpreted
def test_a_jump_that_does_not_leave_its_guard_is_chattering():
    system = HybridSystem(
        name="stuck",
        states={"y": State(0.0)},
        modes={"on": Mode(rates={"y": 1})},
        transitions=[Transition("on", "on", y - 0.5, emits_spike=True)],
    )
    with pytest.raises(SimulationError, match="without any time") as caught:
        simulate_system(system, None, 1.0, RK4(dt=0.1))
    assert caught.value.time_reached == pytest.approx(0.5, rel=1e-12)


def ball(restitution):
    return HybridSystem(
        name="ball",
        states={"y": State(1.0, "m"), "v": State(0.0, "m/s")},
        parameters={"e": restitution},
        modes={"flying": Mode(rates={"y": v, "v": -9.81})},
        transitions=[
            Transition("flying", "flying", -y, resets={"v": -sympy.Symbol("e") * v}, emits_spike=True),
        ],
    )


@interpreted
@pytest.mark.parametrize("dt", [0.013, 0.9])
def test_a_bouncing_ball(dt):
    """Bounces at sqrt(2 h / g) and then at intervals that shrink by the restitution; two may lie in one step."""
    fall = math.sqrt(2 / 9.81)
    exact = fall + 2 * fall * np.cumsum([0.0, *0.7 ** np.arange(1, 7)])
    recording = simulate_system(ball(0.7), None, float(exact[-1] + 1e-3), RK4(dt=dt))
    assert len(recording.spikes) == 7
    np.testing.assert_allclose(recording.spikes.times, exact, rtol=1e-13)


@interpreted
def test_bounces_without_end_stop_where_they_pile_up():
    """The geometric series ends at fall (1 + e) / (1 - e) = 3 fall for e = 1/2."""
    with pytest.raises(SimulationError, match="without any time") as caught:
        simulate_system(ball(0.5), None, 5.0, RK4(dt=0.01))
    assert caught.value.time_reached == pytest.approx(3 * math.sqrt(2 / 9.81), rel=1e-8)


def timer(periods):
    """Two modes that take turns, each for a time of its own."""
    return HybridSystem(
        name="timer",
        states={"y": State(0.0)},
        inputs={"u": "V"},
        parameters=dict(zip(("p", "q"), periods, strict=True)),
        modes={"up": Mode(rates={"y": 1}), "down": Mode(rates={"y": -1})},
        transitions=[
            Transition("up", "down", t_mode - p, emits_spike=True),
            Transition("down", "up", t_mode - q, emits_spike=True),
        ],
    )


@interpreted
def test_an_output_of_its_own_in_each_mode():
    """The row before a jump has the old mode's expression, the row after it the new one's."""
    system = dataclasses.replace(
        timer((0.3, 0.2)), outputs={"power": Output({"up": 10 + y, "down": -t_mode}, "W"), "twice": Output(2 * y)}
    )
    recording = simulate_system(system, None, 1.0, RK4(dt=0.1))
    power, state, times = recording["power"], recording["y"], recording.time
    (at,) = np.flatnonzero(np.isclose(times, 0.3, rtol=1e-12) & np.append(np.diff(times) == 0, False))
    assert power[at] == pytest.approx(10.3, rel=1e-13)
    assert power[at + 1] == 0.0
    up = (times < 0.29) | ((times > 0.51) & (times < 0.79))
    np.testing.assert_allclose(power[up], 10 + state[up], rtol=1e-14)
    down = (times > 0.31) & (times < 0.49)
    np.testing.assert_allclose(power[down], 0.3 - times[down], rtol=1e-12)
    np.testing.assert_allclose(recording["twice"], 2 * state, rtol=1e-15)


@interpreted
def test_timers_are_exact_and_breakpoints_do_not_disturb_them():
    drive = SquareWave(amplitude=1.0, frequency=1e3)
    recording = simulate_system(timer((0.137e-3, 0.071e-3)), drive, 5e-3, RK4(dt=5e-5))
    exact = np.cumsum(np.tile([0.137e-3, 0.071e-3], 24))
    np.testing.assert_allclose(recording.spikes.times, exact[exact < 5e-3], rtol=1e-13)


@interpreted
def test_an_event_on_a_breakpoint_happens_once():
    """The timer ends where the input's edges begin and end, at multiples of 0.5 ms and 10 ns later."""
    drive = PiecewiseLinear(times=[0.0, 1e-3, 2e-3, 2.5e-3], values=[0.0, 1.0, -1.0, 0.0])
    recording = simulate_system(timer((1e-3, 0.5e-3)), drive, 4e-3, RK4(dt=7e-5))
    np.testing.assert_allclose(
        recording.spikes.times, [1e-3, 1.5e-3, 2.5e-3, 3e-3, 4e-3][: len(recording.spikes)], rtol=1e-13
    )
    assert len(recording.spikes) in (4, 5)  # the last one is on the very end
    assert np.all(np.diff(recording.time) >= 0)


@interpreted
def test_the_run_ends_at_t_stop_whatever_the_step():
    for dt in (0.3e-3, 0.7e-3, 1e-3, 0.999e-3):
        recording = simulate_system(timer((1.0, 1.0)), None, 1e-3, RK4(dt=dt))
        assert recording.time[-1] == 1e-3
        assert recording.time[0] == 0.0
        assert np.max(np.diff(recording.time)) <= dt * (1 + 1e-9)


def capacitor(**more):
    return HybridSystem(
        name="capacitor",
        states={"v": State(0.0, "V")},
        inputs={"i_a": "A", "i_b": "A"},
        parameters={"c": 1e-6},
        modes={"on": Mode(rates={"v": (sympy.Symbol("i_a") - 2 * sympy.Symbol("i_b")) / sympy.Symbol("c")})},
        outputs={"i": Output(sympy.Symbol("i_a") - 2 * sympy.Symbol("i_b"), "A")},
        **more,
    )


@interpreted
def test_every_edge_of_several_inputs_is_hit():
    """The charge on a capacitor is the integral of its currents, in closed form, edges of 10 ns included."""
    a = SquareWave(amplitude=1e-3, frequency=1e3, duty=0.3)
    b = Sine(amplitude=0.2e-3, frequency=700.0, phase=0.4, delay=0.31e-3)
    recording = simulate_system(capacitor(), {"i_a": a, "i_b": b}, 4.0e-3, RK4(dt=5e-6))
    # To 4 ms: four whole pulses of half-height width 0.3 ms.
    charge_a = 4 * 1e-3 * 0.3e-3
    omega, since = 2 * math.pi * 700.0, 4.0e-3 - 0.31e-3
    charge_b = 0.2e-3 * (math.sin(0.4) * 0.31e-3 + (math.cos(0.4) - math.cos(omega * since + 0.4)) / omega)
    assert recording["v"][-1] == pytest.approx((charge_a - 2 * charge_b) / 1e-6, rel=3e-11)
    np.testing.assert_allclose(recording["i_a"], a(recording.time), atol=1e-13)
    np.testing.assert_allclose(recording["i_b"], b(recording.time), atol=1e-15)
    for edge in (0.0, 10e-9, 0.29999e-3, 0.3e-3, 1e-3, 1.00001e-3):
        assert np.min(np.abs(recording.time - edge)) < 1e-11 + 1e-5 * 1e-3


@interpreted
def test_inputs_left_out_are_zero():
    recording = simulate_system(capacitor(), {"i_b": Constant(value=1e-3)}, 1e-3, RK4(dt=1e-4))
    assert recording["v"][-1] == pytest.approx(-2.0, rel=1e-13)
    assert not recording["i_a"].any()


@pytest.mark.parametrize("rows", [40, 64, 1000])
@pytest.mark.parametrize(
    "neuron",
    [nm.MemristiveALIF(), nm.MemristiveALIF(r_switch=None), nm.LIF(t_refractory=0.0)],
    ids=["switch", "instant", "lif"],
)
def test_a_run_in_many_buffers_is_the_run_in_one(neuron, rows, monkeypatch):
    drive, solver = SquareWave(amplitude=1e-3, frequency=1e3), RK4(dt=2e-6)
    whole = simulate_system(neuron.dynamics(), drive, 1.2e-3, solver)
    monkeypatch.setattr(simulate_module, "_ROWS_PER_CALL", rows)
    parts = simulate_system(neuron.dynamics(), drive, 1.2e-3, solver)
    np.testing.assert_array_equal(parts.time, whole.time)
    np.testing.assert_array_equal(parts.spikes.times, whole.spikes.times)
    for name in whole.names:
        np.testing.assert_array_equal(parts[name], whole[name])


@interpreted
def test_progress_rises_to_the_end(monkeypatch):
    monkeypatch.setattr(simulate_module, "_ROWS_PER_CALL", 64)
    told = []
    simulate_system(timer((0.1, 0.1)), None, 1.0, RK4(dt=1e-3), lambda done, what: told.append(done))
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_no_row_is_said_twice():
    recording = nm.simulate(nm.MemristiveALIF())
    rows = np.stack([recording.time, *(recording[name] for name in recording.names)])
    assert not np.any(np.all(rows[:, 1:] == rows[:, :-1], axis=0))


def algebraic(residuals, name):
    return HybridSystem(
        name=name,
        states={"y": State(0.5)},
        modes={"on": Mode(rates={"y": 1})},
        unknowns={symbol: Unknown(residual) for symbol, residual in residuals.items()},
    )


@interpreted
def test_algebraic_unknowns_are_solved_by_newton():
    """Residuals turned round: y = w + sinh(w) and then 3 u + u**3 = w, both monotone."""
    system = algebraic({"w": w + sympy.sinh(w) - 10 * y, "u": 3 * u + u**3 - w * y}, "two_unknowns")
    recording = simulate_system(system, None, 1.0, RK4(dt=0.01))
    got_w, got_u, got_y = recording["w"], recording["u"], recording["y"]
    np.testing.assert_allclose(got_w + np.sinh(got_w), 10 * got_y, rtol=1e-14)
    np.testing.assert_allclose(3 * got_u + got_u**3, got_w * got_y, rtol=1e-14)


@interpreted
def test_an_unknown_that_enters_linearly_is_eliminated():
    system = algebraic({"w": 3 * w - y - 1, "u": u * w - 1}, "linear_unknowns")
    recording = simulate_system(system, None, 1.0, RK4(dt=0.1))
    np.testing.assert_allclose(recording["w"], (recording["y"] + 1) / 3, rtol=1e-15)
    np.testing.assert_allclose(recording["u"], 1 / recording["w"], rtol=1e-15)


def test_newton_halves_steps_that_lead_away():
    """From zero, a full step for atan overshoots further each time."""
    system = algebraic({"w": sympy.atan(w - 20) + 0.1 * y}, "overshoot")
    recording = simulate_system(system, None, 1.0, RK4(dt=0.1))
    np.testing.assert_allclose(recording["w"], 20 - np.tan(0.1 * recording["y"]), rtol=1e-12)


def test_no_algebraic_solution():
    system = algebraic({"w": w**2 + w * 0.1 + 2 * (y - 1)}, "no_solution")
    with pytest.raises(SimulationError, match="no solution for the algebraic unknowns w") as caught:
        simulate_system(system, None, 1.0, RK4(dt=0.01))
    assert isinstance(caught.value.__cause__, ConvergenceError)
    # The discriminant vanishes at y = 1 + 0.1**2 / 8, that is half a second on.
    assert caught.value.time_reached == pytest.approx(0.5 + 0.01 / 8, abs=0.011)


def test_a_solution_that_grows_beyond_all_bounds():
    """y' = y**2 from y = 2 is 1 / (1/2 - t)."""
    system = HybridSystem(name="blow_up", states={"y": State(2.0)}, modes={"on": Mode(rates={"y": y**2})})
    with pytest.raises(SimulationError, match="ceased to be finite") as caught:
        simulate_system(system, None, 1.0, RK4(dt=1e-3))
    assert caught.value.time_reached == pytest.approx(0.5, abs=0.01)
    assert "shorter dt" in str(caught.value)


def test_a_division_by_zero():
    system = HybridSystem(
        name="pole", states={"y": State(1.0)}, modes={"on": Mode(rates={"y": sympy.sqrt(sympy.Rational(1, 2) - t)})}
    )
    with pytest.raises(SimulationError, match="ceased to be finite") as caught:
        simulate_system(system, None, 1.0, RK4(dt=1e-3))
    assert caught.value.time_reached == pytest.approx(0.5, abs=2e-3)


@interpreted
def test_names_of_a_system_do_not_meet_names_of_the_generated_code():
    """Many states that decay alike, named like what the generator and the solver make themselves."""
    names = ["c_0", "k_0", "z_u", "y_y", "u_0", "mode", "rows", "solved", "end", "h6", "a", "new", "math", "np"]
    k, k_1 = sympy.symbols("k k_1")
    rates = {name: -sympy.Symbol(name) / k * k_1 + 0 * sympy.exp(-sympy.Symbol(name) / k) for name in names}
    system = HybridSystem(
        name="names",
        states={name: State(1.0 + i) for i, name in enumerate(names)},
        parameters={"k": 2.0, "k_1": 3.0},
        modes={"on": Mode(rates=rates)},
    )
    recording = simulate_system(system, None, 1.0, RK4(dt=1e-2))
    for i, name in enumerate(names):
        assert recording[name][-1] == pytest.approx((1.0 + i) * math.exp(-1.5), rel=1e-8)


@pytest.mark.parametrize("dt", [0.0, -1e-6, float("nan"), float("inf")])
def test_bad_steps(dt):
    with pytest.raises(ValueError, match="dt must be a positive time in s, or None, got "):
        RK4(dt=dt)


@pytest.mark.parametrize("t_stop", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_durations(t_stop):
    with pytest.raises(ValueError, match="t_stop must be a positive time in s, got "):
        simulate_system(timer((1.0, 1.0)), None, t_stop)


def test_a_run_shorter_than_a_step():
    with pytest.raises(ValueError, match=r"t_stop \(0.001 s\) is shorter than one time step \(0.1 s\)"):
        simulate_system(timer((1.0, 1.0)), None, 1e-3, RK4(dt=0.1))


def test_a_run_that_does_not_fit_into_memory():
    with pytest.raises(ValueError, match="would not fit into memory: give a longer dt or a shorter t_stop"):
        simulate_system(timer((1.0, 1.0)), None, 1.0, RK4(dt=1e-12))


def test_unknown_inputs_list_the_choices():
    with pytest.raises(ValueError, match=r"i_c.*i_a, i_b"):
        simulate_system(capacitor(), {"i_c": Constant(value=1.0)}, 1.0)


def test_one_stimulus_for_several_inputs_is_refused():
    with pytest.raises(ValueError, match=r"i_a.*i_b"):
        simulate_system(capacitor(), Constant(value=1.0), 1.0)


def test_default_steps_follow_the_time_scales():
    steps = RK4().steps(nm.MemristiveALIF().dynamics(), 5e-3)
    assert steps["charging"] == pytest.approx(22e-6 / 100)
    assert steps["discharging"] == pytest.approx(22e-9 * 10 * 1000 / 1010 / 100)
    assert RK4(dt=1e-3).steps(nm.LIF().dynamics(), 1.0)["integrating"] == pytest.approx(1e-4)
    assert RK4(dt=1e-5).refined().steps(nm.LIF().dynamics(), 1.0)["integrating"] == 5e-6
    assert RK4().steps(timer((1.0, 1.0)), 2.0)["up"] == 1e-4


def test_the_compiled_kernel_does_what_its_text_says(request):
    """Machine code against the same text run by Python, event for event and bit for bit but for rounding in exp()."""
    neuron, drive = nm.MemristiveALIF(), Constant(value=1e-3)
    compiled = simulate_system(neuron.dynamics(), drive, 0.1e-3, RK4(dt=1e-6))
    request.getfixturevalue("interpreter")
    interpreted = simulate_system(neuron.dynamics(), drive, 0.1e-3, RK4(dt=1e-6))
    np.testing.assert_allclose(interpreted.time, compiled.time, rtol=1e-13)
    for name in compiled.names:
        np.testing.assert_allclose(interpreted[name], compiled[name], rtol=1e-11, atol=1e-15)


@interpreted
def test_a_failed_run_keeps_what_it_had_computed():
    with pytest.raises(SimulationError) as caught:
        simulate_system(ball(0.5), None, 5.0, RK4(dt=0.01))
    assert caught.value.partial.time[-1] == pytest.approx(caught.value.time_reached, rel=1e-12)
    assert len(caught.value.partial.spikes) > 30


@interpreted
def test_a_run_that_fails_before_its_first_row_keeps_an_empty_recording():
    system = algebraic({"w": w**2 + w * 0.1 + y}, "none_at_the_start")
    with pytest.raises(SimulationError, match="no solution") as caught:
        simulate_system(system, None, 1.0, RK4(dt=0.01))
    assert caught.value.time_reached == 0.0
    assert len(caught.value.partial.time) == 0


def test_systems_that_differ_in_values_have_one_kernel_and_others_have_not():
    kernel = generate.kernel_of(nm.LIF().dynamics(), "rk4_kernel")
    assert generate.kernel_of(nm.LIF(r_leak=5e3, v_rest=0.1).dynamics(), "rk4_kernel") is kernel
    for changes in (
        {"name": "another"},
        {"outputs": {"p_in": Output(2 * sympy.Symbol("i_in"), "W")}},
        {"outputs": {"p_in": Output({"integrating": 1, "refractory": 2}, "W")}},
        {"transitions": nm.LIF().dynamics().transitions[:1]},
    ):
        changed = dataclasses.replace(nm.LIF().dynamics(), **changes)
        assert generate.statement_of(changed) != generate.statement_of(nm.LIF().dynamics())


@pytest.mark.parametrize("solver", [nm.RK4(), nm.Rosenbrock()])
def test_ctrl_c_keeps_what_was_computed(solver, monkeypatch):
    """The same rows and spikes as those of a whole run, up to there."""
    monkeypatch.setattr("neuromorph.behaviour.simulate._ROWS_PER_CALL", 256)

    def stop(fraction, what):
        if fraction > 0.5:
            raise KeyboardInterrupt

    drive = nm.Constant(value=0.2e-3)
    with pytest.raises(nm.SimulationInterrupted, match=r"^stopped at \S+ ms of 50 ms$") as stopped:
        nm.simulate(nm.LIF(), drive, t_stop=50e-3, solver=solver, progress=stop)
    partial = stopped.value.result
    whole = nm.simulate(nm.LIF(), drive, t_stop=50e-3, solver=solver)
    count = len(partial.time)
    assert 25e-3 < partial.time[-1] < 50e-3
    assert np.array_equal(partial["v_mem"], whole["v_mem"][:count])
    assert np.array_equal(partial.spikes.times, whole.spikes.times[whole.spikes.times <= partial.time[-1]])

    def at_once(fraction, what):
        raise KeyboardInterrupt

    monkeypatch.setattr("neuromorph.behaviour.simulate._Rows.add", lambda *_: None)
    with pytest.raises(KeyboardInterrupt) as early:
        nm.simulate(nm.LIF(), drive, t_stop=50e-3, solver=solver, progress=at_once)
    assert not isinstance(early.value, nm.SimulationInterrupted)


def test_ctrl_c_in_a_random_run_keeps_what_was_computed():
    def stop(fraction, what):
        if fraction > 0.3:
            raise KeyboardInterrupt

    noisy = nm.LIF(noise_current=1e-9)
    drive, t_stop = nm.Constant(value=0.2e-3), 100e-3
    whole = nm.simulate(noisy, drive, t_stop=t_stop, dt=1e-6, seed=3)
    with pytest.raises(nm.SimulationInterrupted, match=r"^stopped at \S+ ms of 100 ms$") as stopped:
        nm.simulate(noisy, drive, t_stop=t_stop, dt=1e-6, seed=3, progress=stop)
    partial = stopped.value.result
    assert 30e-3 < partial.time[-1] < 100e-3
    assert np.array_equal(partial["v_mem"], whole["v_mem"][: len(partial.time)])
    assert np.array_equal(partial.spikes.times, whole.spikes.times[whole.spikes.times <= partial.time[-1]])
