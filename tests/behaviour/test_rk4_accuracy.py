"""Accuracy of RK4: measured orders in waveform and in spike time, closed forms, conservation.

References: scipy's DOP853 at a relative tolerance of 1e-13 with its own event location, on equations written out by hand,
and the closed solution of the leaky integrator.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy_reference
import sympy
from scipy.optimize import brentq

import neuromorph as nm
from neuromorph.behaviour import RK4, Rosenbrock, simulate_system
from neuromorph.stimulus import Constant, Sine, SquareWave
from neuromorph.systems import HybridSystem, Mode, State


def order(steps, errors):
    """Slope of the error over the step, both as logarithms."""
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize("r_switch", [10.0, None], ids=["switch", "instant reset"])
def test_order_with_events_of_the_memristive_neuron(r_switch):
    """Eight spikes, each of which restarts the method: an event that is off by less than the order spoils them all."""
    neuron, t_stop = nm.MemristiveALIF(r_switch=r_switch), 2e-4
    spikes, last = scipy_reference.alif(neuron, 1e-3, t_stop, method="DOP853", rtol=1e-13, atol=1e-16)
    assert len(spikes) == 8
    # Refinement halves the steps of all modes; dt alone would leave those of the discharge.
    refinements = [1, 2, 4, 8]
    errors = []
    for refinement in refinements:
        recording = simulate_system(
            neuron.dynamics(), Constant(value=1e-3), t_stop, RK4(dt=1e-6, refinement=refinement)
        )
        assert len(recording.spikes) == len(spikes)
        spike_error = np.max(np.abs(recording.spikes.times - spikes))
        errors.append([spike_error, abs(recording["v_c"][-1] - last[0]), abs(recording["x"][-1] - last[1])])
    steps = 1e-6 / np.array(refinements)
    for errors_of_one in np.array(errors).T:
        assert 3.8 < order(steps, errors_of_one) < 4.3
    assert errors[0][0] < 1e-10
    assert errors[-1][0] < 3e-14


def test_steps_shorten_where_a_fast_membrane_passes_the_range_of_switching_at_once():
    """A hundredth of its time constant moves this membrane by six times the thermal voltage, in which a memristor switches."""
    device = nm.MMS(r_on=110.0, r_off=1400.0, v_on=2.7, v_off=0.9, tau=33e-9)
    neuron = nm.MemristiveALIF(
        memristor=device, capacitance=45e-12, r_s=280.0, v_th=2.87, v_lo=0.59, r_switch=0.92, v_rest=0.0
    )
    drive, t_stop = Constant(value=77e-3), 40e-9
    spikes, _ = scipy_reference.alif(neuron, drive.value, t_stop, method="DOP853", rtol=1e-13, atol=1e-16)
    # Scipy locates each event to 4 eps in s, two of which are a millionth of an interval; another method goes on from there.
    other = simulate_system(neuron.dynamics(), drive, t_stop, Rosenbrock(rtol=1e-12))
    assert np.max(np.abs(other.spikes.times - spikes)) < 8 * np.finfo(float).eps * len(spikes)
    found = {}
    for name, solver in {
        "equal": RK4(rtol=0.0),
        "default": RK4(),
        "refined": RK4(refinement=2),
        "strict": RK4(rtol=1e-13),
    }.items():
        recording = simulate_system(neuron.dynamics(), drive, t_stop, solver)
        assert len(recording.spikes) == len(spikes) > 10
        intervals = np.diff(recording.spikes.times) - np.diff(other.spikes.times)
        found[name] = np.max(np.abs(intervals)) / np.min(np.diff(spikes)), len(recording.time)
    errors, points = ({name: pair[k] for name, pair in found.items()} for k in (0, 1))
    assert errors["equal"] > 2e-4
    assert errors["default"] < 3e-5
    assert errors["refined"] < 0.5 * errors["default"]
    assert errors["strict"] < 1e-8
    assert points["default"] < 1.2 * points["equal"]


def test_the_estimate_leaves_steps_alone_that_are_short_enough():
    for neuron, drive in ((nm.MemristiveALIF(), 1e-3), (nm.LIF(), 1.5e-4)):
        runs = [
            simulate_system(neuron.dynamics(), Constant(value=drive), 1e-3, solver) for solver in (RK4(), RK4(rtol=0.0))
        ]
        for name in runs[0].signals:
            np.testing.assert_array_equal(runs[0][name], runs[1][name])
        assert runs[0].provenance["options"]["rtol"] == 1e-6
        assert "rtol" not in runs[1].provenance["options"]


def test_an_oscillation_without_a_stated_time_constant_is_not_damped():
    """Steps of 1/20000 of this run are longer than a radian."""
    omega, t_stop = 3e4, 1.0
    x, v = sympy.symbols("x v")
    system = HybridSystem(
        name="oscillator",
        states={"x": State(initial=1.0), "v": State(initial=0.0)},
        modes={"all": Mode(rates={"x": omega * v, "v": -omega * x})},
    )
    kept, damped = (simulate_system(system, None, t_stop, solver) for solver in (RK4(), RK4(rtol=0.0)))
    # The error is far below its estimate, by 1e-6 at most in each step.
    energy = kept["x"][-1] ** 2 + kept["v"][-1] ** 2
    assert energy == pytest.approx(1.0, abs=2e-5)
    assert damped["x"][-1] ** 2 + damped["v"][-1] ** 2 < 1e-6


def test_rates_that_jump_end_no_run():
    """A ramp of 1 V/s that becomes one of -1 V/s where it passes 0.3 V, without an event: it stays there."""
    x = sympy.Symbol("x")
    system = HybridSystem(
        name="jump",
        states={"x": State(initial=0.0)},
        modes={"all": Mode(rates={"x": sympy.Piecewise((1, x < sympy.Rational(3, 10)), (-1, True))})},
    )
    recording = simulate_system(system, None, 0.31, RK4())
    assert recording["x"][-1] == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize("rtol", [-1e-9, 0.1, math.nan])
def test_a_tolerance_out_of_range_is_refused(rtol):
    with pytest.raises(ValueError, match=r"rtol must be a number from 0 to 0\.01, or None, got"):
        RK4(rtol=rtol)


def lif_solution(neuron, drive, t, v_start, t_start):
    """Membrane voltage under ``offset + amplitude sin(omega t + phase)``, in closed form, from `t_start` on."""
    tau, omega = neuron.r_leak * neuron.capacitance, 2 * math.pi * drive.frequency
    mean = neuron.v_rest + neuron.r_leak * drive.offset
    gain = neuron.r_leak * drive.amplitude / (1 + (omega * tau) ** 2)

    def forced(s):
        angle = omega * s + drive.phase
        return mean + gain * (math.sin(angle) - omega * tau * math.cos(angle))

    return forced(t) + (v_start - forced(t_start)) * math.exp(-(t - t_start) / tau)


def lif_spikes(neuron, drive, t_stop):
    spikes, t, v = [], 0.0, neuron.v_rest
    while True:
        grid = np.arange(t, t_stop, 1e-6)
        above = [s for s in grid if lif_solution(neuron, drive, s, v, t) >= neuron.v_th]
        if not above:
            return np.array(spikes)
        spike = brentq(
            lambda s, v=v, t=t: lif_solution(neuron, drive, s, v, t) - neuron.v_th,
            above[0] - 1e-6,
            above[0],
            xtol=1e-18,
            rtol=1e-15,
        )
        spikes.append(spike)
        t, v = spike + neuron.t_refractory, neuron.v_reset


def test_order_of_the_leaky_neuron_under_a_sine():
    neuron, t_stop = nm.LIF(t_refractory=0.13e-3), 6e-3
    drive = Sine(amplitude=0.1e-3, frequency=430.0, offset=0.15e-3, phase=0.6)
    exact = lif_spikes(neuron, drive, t_stop)
    assert len(exact) >= 4
    steps, spike_errors, wave_errors = [40e-6, 20e-6, 10e-6, 5e-6], [], []
    for dt in steps:
        recording = simulate_system(neuron.dynamics(), drive, t_stop, RK4(dt=dt))
        assert len(recording.spikes) == len(exact)
        spike_errors.append(np.max(np.abs(recording.spikes.times - exact)))
        before = recording.time < exact[0]
        solution = [lif_solution(neuron, drive, s, neuron.v_rest, 0.0) for s in recording.time[before]]
        wave_errors.append(np.max(np.abs(recording["v_mem"][before] - solution)))
    assert 3.8 < order(steps, spike_errors) < 4.3
    assert 3.8 < order(steps, wave_errors) < 4.3
    assert spike_errors[-1] < 1e-13


@pytest.mark.parametrize(
    ("neuron", "current"),
    [
        (nm.LIF(), 0.2e-3),
        (nm.LIF(), 0.101e-3),
        (nm.LIF(t_refractory=0.0), 0.5e-3),
        (nm.LIF(v_rest=-0.065, v_th=-0.05, v_reset=-0.07, capacitance=200e-12, r_leak=100e6), 0.3e-9),
        (nm.LIF(t_refractory=5e-3), 5e-3),
    ],
)
def test_interval_of_the_leaky_neuron(neuron, current):
    interval = neuron.interval(current)
    recording = simulate_system(
        neuron.dynamics(), Constant(value=current), 20.5 * interval + 5e-2 * neuron.r_leak * neuron.capacitance
    )
    intervals = np.diff(recording.spikes.times)
    assert len(intervals) >= 15
    np.testing.assert_allclose(intervals, interval, rtol=1e-9)


def test_below_the_threshold_there_is_no_spike():
    neuron = nm.LIF()
    current = neuron.v_th / neuron.r_leak
    assert math.isinf(neuron.interval(current))
    assert len(simulate_system(neuron.dynamics(), Constant(value=current), 20e-3).spikes) == 0
    assert len(simulate_system(neuron.dynamics(), Constant(value=current * 1.0001), 20e-3).spikes) > 0


def test_charge_is_conserved_between_spikes():
    """Input minus leak, by quadrature of the recorded waveforms, is what the capacitor has gained."""
    neuron = nm.MemristiveALIF()
    recording = simulate_system(neuron.dynamics(), SquareWave(amplitude=1e-3, frequency=1e3), 1e-3, RK4(dt=20e-9))
    m, x, v = neuron.memristor, recording["x"], recording["v_mem"]
    leak = v * (x / m.r_on + (1 - x) / m.r_off)
    np.testing.assert_allclose(v + neuron.r_s * leak, recording["v_c"], atol=1e-15)
    np.testing.assert_allclose(recording["p_in"], recording["v_c"] * recording["i_in"], rtol=1e-15)
    spikes = recording.spikes.times
    checked = 0
    for first, last in itertools.pairwise(spikes):
        # From the end of the discharge, 0.2 us after the spike at most, to the next spike.
        inside = (recording.time > first + 2e-6) & (recording.time <= last)
        charge = np.trapezoid((recording["i_in"] - leak)[inside], recording.time[inside])
        gained = neuron.capacitance * np.ptp(recording["v_c"][inside][[0, -1]])
        assert charge == pytest.approx(gained, rel=1e-6)
        checked += 1
    assert checked == 14


def test_energy_goes_where_it_should():
    """Source energy is what the capacitor stores and what r_s, the memristor and the switch turn into heat."""
    neuron = nm.MemristiveALIF()
    recording = simulate_system(neuron.dynamics(), Constant(value=1e-3), 0.5e-3, RK4(dt=10e-9))
    m, x, v, v_c, t = neuron.memristor, recording["x"], recording["v_mem"], recording["v_c"], recording.time
    leak = v * (x / m.r_on + (1 - x) / m.r_off)
    delivered = np.trapezoid(recording["p_in"], t)
    stored = 0.5 * neuron.capacitance * (v_c[-1] ** 2 - v_c[0] ** 2)
    heat = np.trapezoid(v_c * leak, t)
    # While the switch is closed, the capacitor's voltage says what it takes.
    steps = np.diff(t)
    slope = np.diff(v_c) / np.where(steps > 0, steps, 1.0)
    closed = slope < -1e4
    v_switch = 0.5 * (v_c[1:] + v_c[:-1])
    switched = np.sum(np.where(closed, v_switch**2 / neuron.r_switch * steps, 0.0))
    assert delivered == pytest.approx(stored + heat + switched, rel=1e-4)
    assert switched > 0.1 * delivered
