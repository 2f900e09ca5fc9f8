"""Accuracy of the Rosenbrock method: measured orders, stiff problems against scipy's Radau, proportion to the tolerance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy
from scipy.integrate import quad, solve_ivp
from stiff_systems import DRIVE, circuit, circuit_by_scipy

import neuromorph as nm
from neuromorph.behaviour import RK4, Rosenbrock, default_solver, simulate_system
from neuromorph.stimulus import Constant, Sine
from neuromorph.systems import HybridSystem, Mode, State, Transition, Unknown

interpreted = pytest.mark.usefixtures("interpreter")

t, y, w, u, p, q, x = sympy.symbols("t y w u p q x")
# So large a scale that every step is allowed: the steps are what first_step and dt say.
FREE = 1e12


def fixed(dt):
    return Rosenbrock(rtol=1e-2, first_step=dt, dt=dt)


def order(steps, errors):
    """Slope of the error over the step, both as logarithms."""
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


def system(rates, initial, scales=None, **more):
    scales = scales or [None] * len(rates)
    return HybridSystem(
        name="accuracy",
        states={name: State(v, scale=s) for name, v, s in zip(rates, initial, scales, strict=True)},
        modes=more.pop("modes", None) or {"on": Mode(rates=rates)},
        stiff=True,
        **more,
    )


@interpreted
def test_order_of_waveform_and_event_under_a_sine():
    """y' = -y**2 + u(t), and an event where y rises through 0.7; reference: DOP853 at 3e-14."""

    def rate(s, v):
        return -(v**2) + 0.5 + math.sin(3.0 * s + 0.4)

    def event(s, v):
        return v[0] - 0.7

    exact = solve_ivp(rate, (0, 2), [0.2], method="DOP853", rtol=3e-14, atol=1e-16, events=event, dense_output=True)
    rates = {"y": -(y**2) + u, "w": 0}
    neuron = system(
        rates,
        [0.2, 0.0],
        [FREE, FREE],
        inputs={"u": "V"},
        modes={"before": Mode(rates=rates), "after": Mode(rates=rates)},
        transitions=[Transition("before", "after", y - sympy.Rational(7, 10), emits_spike=True)],
    )
    drive = Sine(amplitude=1.0, frequency=3 / (2 * math.pi), offset=0.5, phase=0.4)
    steps, errors = np.array([1 / 10, 1 / 20, 1 / 40, 1 / 80]), []
    for dt in steps:
        recording = simulate_system(neuron, drive, 2.0, fixed(dt))
        assert np.max(np.diff(recording.time)) <= dt * (1 + 1e-12)
        wave = np.max(np.abs(recording["y"] - exact.sol(recording.time)[0]))
        errors.append([abs(recording.spikes.times[0] - exact.t_events[0][0]), wave])
    for of_one in np.array(errors).T:
        assert 3.7 < order(steps, of_one) < 4.4
    assert max(errors[-1]) < 1e-8


@interpreted
def test_order_of_a_stiff_node_that_follows_a_sine():
    """y' = 1e6 (u - y), w' = y - w with steps of 0.05 s, in closed form: methods without the further conditions fall to 2."""
    rate, omega = 1e6, 2 * math.pi
    follower = system(
        {"y": p * (u - y), "w": y - w}, [0.0, 0.0], [FREE, FREE], inputs={"u": "V"}, parameters={"p": rate}
    )

    def exact(s):
        return (rate**2 * math.sin(omega * s) - rate * omega * math.cos(omega * s)) / (rate**2 + omega**2)

    slow = quad(lambda s: exact(s) * math.exp(s - 1.0), 0, 1, epsabs=1e-14, epsrel=1e-13)[0]
    slow += omega * math.exp(-1.0) / (rate**2 + omega**2)  # what the first microseconds leave
    steps, errors = np.array([1 / 20, 1 / 40, 1 / 80]), []
    for dt in steps:
        recording = simulate_system(follower, Sine(amplitude=1.0, frequency=1.0), 1.0, fixed(dt))
        errors.append([abs(recording["y"][-1] - exact(1.0)), abs(recording["w"][-1] - slow)])
    for of_one in np.array(errors).T:
        assert 3.8 < order(steps, of_one) < 4.2


def test_van_der_pol():
    mu = 1000.0

    def rates(s, v):
        return [v[1], mu**2 * ((1 - v[0] ** 2) * v[1] - v[0])]

    exact = solve_ivp(rates, (0, 2), [2.0, -0.66], method="Radau", rtol=1e-11, atol=1e-13)
    # In time units of mu: y'' = mu**2 ((1 - y**2) y' - y).
    oscillator = system({"y": w, "w": p**2 * ((1 - y**2) * w - y)}, [2.0, -0.66], parameters={"p": mu})
    errors = []
    for rtol in (1e-6, 1e-8):
        recording = simulate_system(oscillator, None, 2.0, Rosenbrock(rtol=rtol))
        errors.append(abs(recording["y"][-1] - exact.y[0, -1]))
        assert len(recording.time) < 20_000
    assert errors[0] < 1e-4
    assert errors[1] < 1e-6
    assert errors[1] < 0.1 * errors[0]


@interpreted
def test_robertson():
    """Three reactions with rates from 0.04 to 3e7; the sum of the concentrations stays."""

    def rates(s, v):
        slow, fast = 0.04 * v[0] - 1e4 * v[1] * v[2], 3e7 * v[1] ** 2
        return [-slow, slow - fast, fast]

    exact = solve_ivp(rates, (0, 1e4), [1, 0, 0], method="Radau", rtol=1e-11, atol=1e-16)
    slow, fast = 0.04 * x - 1e4 * y * w, 3e7 * y**2
    reaction = system({"x": -slow, "y": slow - fast, "w": fast}, [1.0, 0.0, 0.0], [1.0, 1e-5, 1.0])
    recording = simulate_system(reaction, None, 1e4, Rosenbrock(rtol=1e-8))
    last = np.array([recording[name][-1] for name in "xyw"])
    np.testing.assert_allclose(last, exact.y[:, -1], rtol=1e-7)
    assert np.max(np.abs(recording["x"] + recording["y"] + recording["w"] - 1.0)) < 1e-13
    assert len(recording.time) < 3000


@pytest.fixture(scope="module")
def circuit_reference():
    return circuit_by_scipy(6e-5, rtol=1e-10, atol=1e-12)


def circuit_errors(reference, rtol):
    spikes, _, states = reference
    recording = simulate_system(circuit(), DRIVE, 6e-5, Rosenbrock(rtol=rtol))
    assert len(recording.spikes) == len(spikes) == 2
    last = [abs(recording[name][-1] - states[i, -1]) for i, name in enumerate(circuit().states)]
    return np.max(np.abs(recording.spikes.times - spikes)), max(last), recording


def test_a_circuit_with_nanoseconds_in_it(circuit_reference):
    """Eight nodes from 4 ns to 500 us, saturation, a diode, an input that jumps; spikes of the hand-written equations."""
    errors = {rtol: circuit_errors(circuit_reference, rtol)[:2] for rtol in (1e-5, 1e-7, 1e-9)}
    assert errors[1e-5][0] < 3e-9
    assert errors[1e-7][0] < 5e-11
    assert errors[1e-9][0] < 1e-12
    assert errors[1e-9][1] < 1e-8
    # In proportion to the tolerance, more or less.
    for coarse, fine in ((1e-5, 1e-7), (1e-7, 1e-9)):
        assert errors[fine][0] < 0.1 * errors[coarse][0]
        assert errors[fine][1] < 0.1 * errors[coarse][1]


def test_steps_leave_the_nanoseconds_behind(circuit_reference):
    _, _, recording = circuit_errors(circuit_reference, 1e-6)
    steps = np.diff(recording.time)
    assert np.max(steps) > 30e-9
    assert len(steps) < 2500
    # RK4 is unstable beyond 2.8 times the fastest time constant, 4 ns.
    assert np.min(steps[steps > 0]) < 1e-9


def test_refinement_divides_the_error_by_ten_or_so(circuit_reference):
    coarse = Rosenbrock(rtol=1e-6)
    spikes = [
        simulate_system(circuit(), DRIVE, 6e-5, s).spikes.times
        for s in (coarse, coarse.refined(), coarse.refined().refined())
    ]
    errors = [np.max(np.abs(s - circuit_reference[0])) for s in spikes]
    assert errors[1] < 0.5 * errors[0]
    assert errors[2] < 0.5 * errors[1]


def test_an_implicit_unknown():
    """y' = 1e4 (w - y) with w + sinh(w) = 2 cos(t) + y/4: index 1, against the hand-written reduced equation."""
    from scipy.optimize import brentq

    def unknown(s, v):
        return brentq(lambda z: z + math.sinh(z) - 2 * math.cos(s) - v / 4, -3, 3, xtol=1e-15, rtol=1e-15)

    exact = solve_ivp(
        lambda s, v: [1e4 * (unknown(s, v[0]) - v[0])], (0, 2), [0.0], method="Radau", rtol=1e-10, atol=1e-12
    )
    divider = system(
        {"y": 10000 * (w - y)}, [0.0], unknowns={"w": Unknown(w + sympy.sinh(w) - 2 * sympy.cos(t) - y / 4)}
    )
    recording = simulate_system(divider, None, 2.0, Rosenbrock(rtol=1e-9))
    assert recording["y"][-1] == pytest.approx(exact.y[0, -1], abs=1e-8)
    assert recording["w"][-1] == pytest.approx(unknown(2.0, recording["y"][-1]), abs=1e-13)


@pytest.mark.parametrize(
    ("neuron", "drive", "t_stop"),
    [
        (nm.LIF(), Sine(amplitude=0.1e-3, frequency=430.0, offset=0.15e-3, phase=0.6), 6e-3),
        (nm.MemristiveALIF(), Constant(value=1e-3), 5e-4),
    ],
    ids=["lif", "alif"],
)
def test_the_neurons_spike_as_with_rk4(neuron, drive, t_stop):
    by_rk4 = simulate_system(neuron.dynamics(), drive, t_stop, RK4(refinement=2))
    implicit = simulate_system(neuron.dynamics(), drive, t_stop, Rosenbrock(rtol=1e-10))
    assert len(by_rk4.spikes) > 3
    np.testing.assert_allclose(implicit.spikes.times, by_rk4.spikes.times, rtol=1e-9)


def test_the_system_chooses_its_solver():
    assert default_solver(nm.LIF().dynamics(), dt=1e-6) == RK4(dt=1e-6)
    assert default_solver(circuit(), dt=1e-6) == Rosenbrock(dt=1e-6)
    for engine in (None, "ode", "rk4"):
        assert nm.simulate(circuit(), DRIVE, 1e-6, engine).provenance["engine"] == "rosenbrock"
    assert nm.simulate(nm.LIF(), engine="ode").provenance["engine"] == "rk4"
    recording = nm.simulate(circuit(), DRIVE, 1e-6, solver=RK4(dt=1e-9))
    assert recording.provenance["engine"] == "rk4"
    options = nm.simulate(circuit(), DRIVE, 1e-6, dt=5e-9).provenance["options"]
    assert options == {"rtol": 1e-7, "first_step": None, "dt": {"low": 5e-9, "high": 5e-9}}
