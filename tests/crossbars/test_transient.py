"""Transients of crossbars: against closed forms and scipy at tight tolerances; energies, symmetries, files, Ctrl-C."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import neuromorph as nm
from neuromorph.crossbars.transients.sources import Sources, stimuli_by_line
from neuromorph.crossbars.transients.transient import TransientInterrupted

SHAPE = (3, 4)
WIRES = {"r_word": 2.0, "r_bit": 3.0, "r_driver": 40.0, "r_sense": 15.0}
PARTS = ("devices", "word_lines", "bit_lines", "drivers", "sensing")


def array(model=None, shape=SHAPE, seed=0, **changes):
    rng = np.random.default_rng(seed)
    devices = nm.DeviceArray(model or nm.MMS(), rng.random(shape))
    return nm.Crossbar(devices, **(WIRES | changes))


def triangles(volts, frequency=500.0):
    return [nm.Triangle(amplitude=float(a), frequency=frequency) for a in volts]


def dense_reference(crossbar, stimuli, times, method="DOP853", rtol=1e-10):
    """States by scipy, the array by a dense matrix that is written out here: word nodes, then bit nodes, row by row."""
    (m, n), wires, devices = crossbar.shape, crossbar.wires, crossbar.devices
    lines = stimuli_by_line(crossbar.terminations, stimuli)

    def solve(g, ends):
        matrix, right = np.zeros((2 * m * n, 2 * m * n)), np.zeros(2 * m * n)

        def join(a, b, conductance):
            for p, q in ((a, b), (b, a)):
                matrix[p, p] += conductance
                matrix[p, q] -= conductance

        number = np.arange(2 * m * n).reshape(2, m, n)
        for i in range(m):
            for j in range(n):
                join(number[0, i, j], number[1, i, j], g[i, j])
                if j < n - 1:
                    join(number[0, i, j], number[0, i, j + 1], 1.0 / wires.r_word)
                if i < m - 1:
                    join(number[1, i, j], number[1, i + 1, j], 1.0 / wires.r_bit)
        for side, nodes in (("left", number[0, :, 0]), ("right", number[0, :, -1])):
            for node, r, volts in zip(nodes, crossbar.terminations.resistances(side, wires), ends[side], strict=True):
                matrix[node, node] += 1.0 / r
                right[node] += volts / r
        for side, nodes in (("top", number[1, 0]), ("bottom", number[1, -1])):
            for node, r, volts in zip(nodes, crossbar.terminations.resistances(side, wires), ends[side], strict=True):
                matrix[node, node] += 1.0 / r
                right[node] += volts / r
        return np.linalg.solve(matrix, right).reshape(2, m, n)

    def rate(t, y):
        ends = {side: np.array([0.0 if s is None else s(t) for s in of_side]) for side, of_side in lines.items()}
        now = devices.with_states(np.clip(y[:-1], 0.0, 1.0).reshape(m, n))
        g = now.conductances()
        word, bit = solve(g, ends)
        v = word - bit
        return np.append(now.state_rate(v), (g * v**2).sum() * 1e6)

    corners = Sources(lines, times[-1], times).corners
    y, kept = np.append(devices.states, 0.0), []
    for start, end in itertools.pairwise(corners):
        # Just inside: at a corner a stimulus has the value after it.
        run = solve_ivp(rate, (start, end * (1 - 1e-15)), y, method=method, rtol=rtol, atol=1e-12)
        y = run.y[:, -1]
        if np.isclose(times, end, rtol=1e-12).any():
            kept.append(y)
    return np.array(kept)[:, :-1].reshape(-1, m, n), np.array(kept)[:, -1] * 1e-6


@pytest.fixture(scope="module")
def sweep():
    """A triangle through the array and what scipy makes of it."""
    crossbar, stimuli = array(), triangles([1.0, -0.7, 0.5])
    times = np.array([0.4e-3, 1.1e-3, 2e-3])
    states, energy = dense_reference(crossbar, stimuli, times)
    return crossbar, stimuli, times, states, energy


def test_states_and_energy_against_a_dense_solve_and_scipy(sweep):
    crossbar, stimuli, times, states, energy = sweep
    found = crossbar.simulate(stimuli, times[-1], save_at=times, tolerance=1e-7)
    np.testing.assert_allclose(found.states, states, atol=1e-6)
    np.testing.assert_allclose(found.energy["devices"], energy, rtol=1e-6)
    rough = crossbar.simulate(stimuli, times[-1], save_at=times)
    np.testing.assert_allclose(rough.states, states, atol=5e-5)
    assert np.abs(states[-1] - crossbar.devices.states).max() > 0.1


def test_the_error_follows_the_tolerance_and_the_method_is_of_order_four(sweep):
    crossbar, stimuli, times, states, _ = sweep
    errors, steps = [], []
    for tolerance in (1e-4, 1e-6, 1e-8):
        found = crossbar.simulate(stimuli, times[-1], save_at=times, tolerance=tolerance)
        errors.append(np.abs(found.states - states).max())
        steps.append(found.statistics["steps"])
        assert errors[-1] < 10 * tolerance
    # The error estimate is of order 4 in the step: a hundredth of the tolerance is 3.2 times the steps.
    order = np.log(errors[0] / errors[2]) / np.log(steps[2] / steps[0])
    assert 3.0 < order < 5.5


def test_fixed_steps_show_order_four_with_moving_lines():
    """The states of one device behind a resistor, at half the step each time; measured against 1e-12."""
    crossbar = array(shape=(2, 2), r_driver=300.0)
    stimuli = [nm.Constant(value=0.6), nm.Constant(value=-0.5)]
    exact = crossbar.simulate(stimuli, 2e-4, save_at=2, tolerance=1e-11).states[-1]
    errors = []
    for steps in (8, 16, 32):
        times = np.linspace(0.0, 2e-4, steps + 1)
        # So rough a tolerance that the frames alone decide.
        found = crossbar.simulate(stimuli, 2e-4, save_at=times, tolerance=1e-2)
        assert found.statistics["steps"] == steps
        errors.append(np.abs(found.states[-1] - exact).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 4.0) < 0.6), (orders, errors)


@pytest.mark.parametrize(
    "model",
    [
        nm.VTEAM(window="biolek", p=2.0),
        nm.VTEAM(k_on=1e7, k_off=1e7, alpha_on=3.0, alpha_off=3.0),
        nm.LinearIonDrift(window="joglekar", depth=1e-9, mobility=1e-13),
        nm.MMS(tau=1e-6),
    ],
    ids=["vteam", "fast vteam", "ion drift", "fast mms"],
)
def test_other_models_against_scipy(model):
    crossbar, stimuli, times = array(model, shape=(2, 2), seed=4), triangles([0.8, -0.8], 1e3), np.array([0.3e-3, 1e-3])
    states, _ = dense_reference(crossbar, stimuli, times, method="LSODA", rtol=1e-8)
    found = crossbar.simulate(stimuli, 1e-3, save_at=times, tolerance=1e-6)
    np.testing.assert_allclose(found.states, states, atol=2e-5)
    assert np.abs(states[0] - crossbar.devices.states).max() > 0.05


def test_devices_that_bend_against_scipy():
    model = nm.GMMS(schottky="pinched")
    crossbar, times = array(model, shape=(2, 2), r_word=0.0, r_bit=0.0), np.array([0.2e-3, 0.5e-3])
    volts = np.array([0.9, -0.8])

    def rate(_, x):
        now = crossbar.devices.with_states(np.clip(x, 0, 1).reshape(2, 2))
        # Each line is one node here: the currents that meet in it fix its voltage.
        word, bit = volts.copy(), np.zeros(2)
        for _ in range(60):
            current, slope = now.current_and_slope(word[:, None] - bit[None, :])
            lacking = np.append((word - volts) / 40.0 + current.sum(axis=1), bit / 15.0 - current.sum(axis=0))
            matrix = np.block(
                [[np.diag(1 / 40.0 + slope.sum(axis=1)), -slope], [-slope.T, np.diag(1 / 15.0 + slope.sum(axis=0))]]
            )
            step = np.linalg.solve(matrix, -lacking)
            word, bit = word + step[:2], bit + step[2:]
            if np.abs(step).max() < 1e-14:
                break
        return now.state_rate(word[:, None] - bit[None, :]).ravel()

    x0 = crossbar.devices.states.ravel()
    exact = solve_ivp(rate, (0, 0.5e-3), x0, t_eval=times, method="LSODA", rtol=1e-10, atol=1e-11).y.T
    found = crossbar.simulate([nm.Constant(value=v) for v in volts], 0.5e-3, save_at=times, tolerance=1e-7)
    np.testing.assert_allclose(found.states.reshape(2, 4), exact, atol=1e-6)
    assert found.energy_balance < 1e-6


def test_ideal_wires_are_each_device_alone_and_exact_for_any_step():
    """With 0 ohm everywhere the state of an MMS under a constant voltage is a sum of exponentials, one step long."""
    model = nm.MMS()
    crossbar = array(model, r_word=0.0, r_bit=0.0, r_driver=0.0, r_sense=0.0)
    volts = np.array([0.5, -0.4, 0.2])
    found = crossbar.simulate([nm.Constant(value=v) for v in volts], 1e-3, save_at=[1e-3])
    zero, one = (model.state_rate(volts, x) for x in (0.0, 1.0))
    speed, rest = zero - one, zero / (zero - one)
    x0 = crossbar.devices.states
    exact = rest[:, None] + (x0 - rest[:, None]) * np.exp(-speed * 1e-3)[:, None]
    np.testing.assert_allclose(found.states[-1], exact, atol=1e-12)
    # The energy of the decay is what the steps are for: its integral has a closed form too.
    power = volts[:, None] ** 2 / model.r_off
    gain = volts[:, None] ** 2 * (1 / model.r_on - 1 / model.r_off)
    area = rest[:, None] * 1e-3 + (x0 - rest[:, None]) * (-np.expm1(-speed * 1e-3) / speed)[:, None]
    assert found.energy["delivered"][-1] == pytest.approx(float((power * 1e-3 + gain * area).sum()), rel=1e-4)


def test_a_threshold_between_two_flat_ends_is_not_stepped_over():
    """A ramp that passes the threshold late: the rate depends on time alone, which the stages cannot tell apart."""
    crossbar = array(shape=(1, 1), r_word=0.0, r_bit=0.0, r_driver=0.0, r_sense=0.0)
    ramp = nm.PiecewiseLinear(times=[0.0, 1e-4], values=[0.0, 1.0])
    times = np.array([1e-4])
    model = nm.MMS()
    exact = solve_ivp(
        lambda t, x: model.state_rate(ramp(t), x),
        (0, 1e-4),
        crossbar.devices.states.ravel(),
        rtol=1e-11,
        atol=1e-12,
        max_step=1e-6,
    ).y[0, -1]
    found = crossbar.simulate([ramp], 1e-4, save_at=times, tolerance=1e-6)
    assert found.states[-1, 0, 0] == pytest.approx(exact, abs=5e-6)


def test_energy_balance_and_powers_of_every_frame():
    crossbar = array()
    stimuli = [nm.SquareWave(amplitude=a, frequency=1e3) for a in (0.9, -0.6, 0.4)]
    found = crossbar.simulate(stimuli, 3e-3, save_at=31)
    assert found.energy_balance < 1e-9
    taken = np.sum([found.energy[name] for name in PARTS], axis=0)
    np.testing.assert_allclose(taken, found.energy["delivered"], rtol=1e-9)
    assert all(found.energy[name][-1] > 0 for name in PARTS)
    for k in (7, 16):
        volts = found.terminal_voltages["left"][k]
        solved = found.at(k).solve(volts)
        np.testing.assert_allclose(found.output_currents[k], solved.output_currents, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(
            found.terminal_currents["left"][k], solved.terminal_currents["left"], rtol=1e-6, atol=1e-12
        )
        for name, watts in solved.power.items():
            assert found.power[name][k] == pytest.approx(watts, rel=1e-6, abs=1e-15)
    # Energies against the trapezoidal rule on every step's powers.
    dense = crossbar.simulate(stimuli, 3e-3, save_at=np.linspace(0.0, 3e-3, 601))
    for name, watts in dense.power.items():
        rule = np.trapezoid(watts, dense.time)
        assert found.energy[name][-1] == pytest.approx(rule, rel=5e-3)
        assert found.energy[name][-1] == pytest.approx(dense.energy[name][-1], rel=1e-4)


def test_transposed_arrays_give_transposed_transients():
    crossbar = array(r_word=2.0, r_bit=5.0)
    stimuli = triangles([0.9, -0.6, 0.4])
    turned = nm.Crossbar(
        nm.DeviceArray(nm.MMS(), crossbar.devices.states.T),
        **(WIRES | {"r_word": 5.0, "r_bit": 2.0}),
        left="floating",
        top="driven",
        bottom="floating",
        right="sensed",
    )
    one = crossbar.simulate(stimuli, 1e-3, save_at=5, tolerance=1e-7)
    # The device's voltage is word minus bit in both: to drive the bit lines is to drive with the other sign.
    other = turned.simulate(
        [nm.Triangle(amplitude=-a, frequency=500.0) for a in (0.9, -0.6, 0.4)], 1e-3, save_at=5, tolerance=1e-7
    )
    np.testing.assert_allclose(other.states, one.states.transpose(0, 2, 1), atol=2e-6)
    np.testing.assert_allclose(other.output_currents, -one.output_currents, rtol=1e-4, atol=1e-9)
    # It is the wires that make the difference, which are turned with the array.
    same = nm.Crossbar(turned.devices, **WIRES, left="floating", top="driven", bottom="floating", right="sensed")
    wrong = same.simulate(
        [nm.Triangle(amplitude=-a, frequency=500.0) for a in (0.9, -0.6, 0.4)], 1e-3, save_at=5, tolerance=1e-7
    )
    assert np.abs(wrong.states - one.states.transpose(0, 2, 1)).max() > 1e-3


def test_drive_and_sense_exchanged():
    """Reciprocity at every frame: the array frozen there, driven at one line and sensed at another, and the other way."""
    found = array().simulate(triangles([0.9, -0.6, 0.4]), 1e-3, save_at=4)
    for k in range(1, 4):
        frozen = found.at(k).conductances
        ends = {"r_word": 2.0, "r_bit": 3.0, "r_driver": 20.0, "r_sense": 20.0}
        there = nm.Crossbar(frozen, **ends).solve([0.0, 1.0, 0.0]).output_currents[2]
        back = nm.Crossbar(frozen, **ends, left="sensed", bottom="driven").solve([0.0, 0.0, 1.0, 0.0])
        assert there == pytest.approx(back.output_currents[1], rel=1e-9)


def test_several_sides_stuck_devices_and_lines_that_are_not_driven():
    stuck = np.full(SHAPE, np.nan)
    stuck[0, 1], stuck[2, 2] = 0.0, 1e-2
    devices = nm.DeviceArray(nm.MMS(), np.full(SHAPE, 0.5), {"tau": np.full(SHAPE, 2e-4)}, stuck)
    crossbar = nm.Crossbar(devices, **WIRES, left=("driven", "floating", "driven"), top="driven", bottom="floating")
    drive = nm.Constant(value=0.8)
    times = np.array([0.2e-3, 0.5e-3])
    stimuli = {"left": [drive, None, nm.Constant(value=0.2)], "top": nm.Constant(value=-0.1)}
    found = crossbar.simulate(stimuli, 0.5e-3, save_at=times, tolerance=1e-7)
    assert np.all(found.states[:, ~np.isnan(stuck)] == 0.5)
    finite = nm.Crossbar(devices, **WIRES, left=("driven", "floating", "driven"), top="driven", bottom="floating")
    states, _ = dense_reference(finite, stimuli, times, rtol=1e-9)
    np.testing.assert_allclose(found.states, states, atol=1e-6)
    assert not found.terminal_currents["left"][:, 1].any()
    assert found.energy_balance < 1e-9


def test_frames_steps_and_corners():
    crossbar = array()
    pulse = nm.PulseTrain(times=[2e-4], width=1e-4, amplitude=0.9)
    found = crossbar.simulate(pulse, 1e-3)
    np.testing.assert_allclose(found.time, np.linspace(0.0, 1e-3, 101), rtol=1e-12)
    assert found.states.shape == (101, *SHAPE)
    np.testing.assert_array_equal(found.states[0], crossbar.devices.states)
    every = crossbar.simulate(pulse, 1e-3, save_at="steps")
    assert len(every.time) == every.statistics["steps"] + 1
    for corner in pulse.breakpoints(1e-3):
        assert np.any(np.abs(every.time - corner) < 1e-15)
    some = crossbar.simulate(pulse, 1e-3, save_at=[0.1e-3, 0.25e-3, 0.9e-3])
    np.testing.assert_allclose(some.time, [0.1e-3, 0.25e-3, 0.9e-3], rtol=1e-12)
    np.testing.assert_allclose(some.states[1], found.states[25], atol=2e-5)
    assert np.all(some.states[0] == pytest.approx(crossbar.devices.states, abs=1e-3))
    assert found.is_complete
    assert found.final.devices.states == pytest.approx(found.states[-1])
    assert "101 frames up to 1 ms" in repr(found)


def test_the_same_run_goes_on_from_where_another_ended():
    crossbar, wave = array(), nm.Constant(value=0.6)
    whole = crossbar.simulate(wave, 4e-4, save_at=2, tolerance=1e-8)
    half = crossbar.simulate(wave, 2e-4, save_at=2, tolerance=1e-8)
    rest = half.final.simulate(wave, 2e-4, save_at=2, tolerance=1e-8)
    np.testing.assert_allclose(rest.states[-1], whole.states[-1], atol=1e-7)


def test_without_wires_the_result_is_another_one(sweep):
    crossbar, stimuli, times, states, _ = sweep
    ideal = nm.Crossbar(crossbar.devices).simulate(stimuli, times[-1], save_at=times)
    assert np.abs(ideal.states - states).max() > 0.01


def test_a_sine_is_resolved_even_where_nothing_moves():
    crossbar = array(nm.MMS(tau=1e3))
    sine = nm.Sine(amplitude=0.5, frequency=1e3)
    found = crossbar.simulate(sine, 5e-3, save_at=2)
    mean = crossbar.solve(np.full(3, 0.5 / np.sqrt(2))).power["delivered"]
    assert found.energy["delivered"][-1] == pytest.approx(5e-3 * mean, rel=1e-3)
    assert found.statistics["steps"] >= 50


def test_saved_and_loaded_bit_for_bit(tmp_path):
    stuck = np.where(np.arange(12).reshape(SHAPE) == 5, 1e-3, np.nan)
    devices = nm.DeviceArray(nm.VTEAM(window="biolek"), np.full(SHAPE, 0.4), {"r_on": np.full(SHAPE, 450.0)}, stuck)
    crossbar = nm.Crossbar(devices, **WIRES, left=("driven", "driven", "grounded"))
    stimuli = [nm.Sine(amplitude=0.8, frequency=1e3), nm.Constant(value=0.5), None]
    found = crossbar.simulate(stimuli, 1e-3, save_at=11)
    path = found.save(tmp_path / "run.nc")
    again = nm.CrossbarTransient.load(path)
    assert np.array_equal(again.time, found.time)
    assert np.array_equal(again.states, found.states)
    for name in found.energy:
        assert np.array_equal(again.energy[name], found.energy[name])
        assert np.array_equal(again.power[name], found.power[name])
    for side in found.terminal_currents:
        assert np.array_equal(again.terminal_currents[side], found.terminal_currents[side])
        assert np.array_equal(again.terminal_voltages[side], found.terminal_voltages[side])
    assert (again.t_stop, again.statistics, again.provenance) == (found.t_stop, found.statistics, found.provenance)
    assert again.crossbar.left == crossbar.left
    assert again.crossbar.devices.model == devices.model
    np.testing.assert_array_equal(again.crossbar.devices.stuck, stuck)
    np.testing.assert_array_equal(again.final.conductances, found.final.conductances)
    assert set(found.to_xarray().dims) == {"time", "row", "column"}

    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(nm.MeasurementError, match=r"run.nc.*checksum is wrong"):
        nm.CrossbarTransient.load(path)
    with pytest.raises(nm.MeasurementError, match="there is no such file"):
        nm.CrossbarTransient.load(tmp_path / "missing.nc")
    with pytest.raises(OSError, match="make the folder first"):
        found.save(tmp_path / "nowhere" / "run.nc")


def test_ctrl_c_keeps_what_was_simulated():
    crossbar, seen = array(), []

    def stop(fraction, what):
        seen.append((fraction, what))
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(TransientInterrupted, match=r"stopped at .* of 4 ms") as caught:
        crossbar.simulate(triangles([0.9, -0.6, 0.4]), 4e-3, progress=stop)
    partial = caught.value.result
    assert not partial.is_complete
    assert 1.2e-3 < partial.time[-1] < 1.6e-3
    assert "stopped before 4 ms" in repr(partial)
    whole = crossbar.simulate(triangles([0.9, -0.6, 0.4]), 4e-3)
    kept = len(partial.time) - 1
    np.testing.assert_array_equal(partial.states[:kept], whole.states[:kept])
    assert [f for f, _ in seen] == sorted(f for f, _ in seen)
    assert seen[0][1].startswith("transient at")


def test_a_true_signal_stops_it_too():
    crossbar = array(shape=(16, 16))
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(TransientInterrupted) as caught:
            crossbar.simulate(nm.Sine(amplitude=0.9, frequency=1e4), 10.0, save_at=2)
    finally:
        timer.cancel()
    assert 0.0 < caught.value.result.time[-1] < 10.0


def test_what_cannot_be_followed_says_so_and_keeps_what_there_is():
    crossbar = array()
    with pytest.raises(
        nm.SimulationError, match=r"more than 20 steps.*\n.*time reached.*\n.*raise max_steps"
    ) as caught:
        crossbar.simulate(triangles([0.9, -0.6, 0.4]), 10e-3, max_steps=20)
    assert len(caught.value.partial.time) > 1
    assert 0 < caught.value.time_reached < 10e-3


@dataclass(frozen=True, kw_only=True)
class Unsound(nm.MemristorModel):
    """A rate that is no number, or a current that falls ever faster, which no resistor holds."""

    k: float = nm.parameter(1.0, unit="A", doc="size of the current")

    def current_equation(self, v: Any, x: Any) -> Any:
        import sympy

        return v * 1e-3 if self.k == 0 else -self.k * sympy.exp(v) * (1 + v**2)

    def state_equation(self, v: Any, x: Any) -> Any:
        import sympy

        return sympy.log(x - 2) + v


def test_a_model_that_is_not_sound_is_named():
    @dataclass(frozen=True, kw_only=True)
    class NoNumber(Unsound):
        def current_equation(self, v: Any, x: Any) -> Any:
            return 1e-3 * v

    drive = nm.Constant(value=1.0)
    with pytest.raises(nm.SimulationError, match=r"rate of a state is nan at .* V, state 0.25\n.*device \(0, 1\)"):
        nm.Crossbar(nm.DeviceArray(NoNumber(), [[1.0, 0.25]], stuck=[[1e-3, np.nan]])).simulate(drive, 1e-3)
    hopeless = nm.Crossbar(nm.DeviceArray(Unsound(), [[0.5]]), r_driver=300.0, r_sense=200.0)
    with pytest.raises(nm.SimulationError, match=r"lines cannot be solved at 0 s: .*"):
        hopeless.simulate(drive, 1e-3)


@pytest.mark.parametrize(
    ("stimuli", "keywords", "message"),
    [
        (nm.Constant(value=1.0), {"t_stop": 0.0}, "t_stop must be a positive time"),
        (nm.Constant(value=1.0), {"tolerance": 0.0}, "tolerance must be a number from 1e-12 to 0.01"),
        (nm.Constant(value=1.0), {"save_at": 1}, "number of frames of at least 2"),
        (nm.Constant(value=1.0), {"save_at": [2.0]}, r"increasing times in s from 0 s to t_stop.*\(0.001 s\)"),
        (nm.Constant(value=1.0), {"save_at": "all"}, "got 'all'"),
        ([nm.Constant(value=1.0)], {}, "side 'left' has 3 lines, got 1 stimuli"),
        ([nm.Constant(value=1.0), None, 1.0], {}, "line 1 of side 'left' is driven and needs a stimulus, got None"),
        ({"top": nm.Constant(value=1.0)}, {}, "side 'top' is not driven; driven sides: left"),
        ({}, {}, "the driven side left has no stimulus"),
        (1.0, {}, "must be a stimulus, or one a line, got 1.0"),
    ],
)
def test_bad_requests_are_named(stimuli, keywords, message):
    with pytest.raises(ValueError, match=message):
        array().simulate(stimuli, **({"t_stop": 1e-3} | keywords))


def test_devices_without_states_and_frames_that_do_not_fit():
    with pytest.raises(ValueError, match=r"make the crossbar of a DeviceArray"):
        nm.Crossbar(np.full(SHAPE, 1e-3)).simulate(nm.Constant(value=1.0), 1e-3)
    with pytest.raises(MemoryError, match=r"100000000000 frames of a 3 x 4 array take .* GB.*keep fewer frames"):
        array().simulate(nm.Constant(value=1.0), 1e-3, save_at=10**11)
    both = array(top="driven", bottom="floating")
    with pytest.raises(ValueError, match=r"mapping from side to stimuli.*driven sides are: left, top"):
        both.simulate(nm.Constant(value=1.0), 1e-3)


def test_the_end_of_an_edge_down_to_nothing_is_nothing():
    crossbar = array(shape=(3, 2))
    waves = [nm.SquareWave(amplitude=a, frequency=997.0) for a in (0.7, -0.3, 0.1)]
    sources = Sources(stimuli_by_line(crossbar.terminations, waves), 1e-3)
    sources.enter(2)
    assert not sources.at(float(sources.corners[3]))["left"].any()
    assert np.all(sources.at(float(sources.corners[2]))["left"] == pytest.approx([0.7, -0.3, 0.1], rel=1e-9))
    assert sources.varies
    sources.enter(1)
    assert not sources.varies


@pytest.mark.parametrize("logits", [8.0, 14.0, 20.0])
@pytest.mark.parametrize("shape", ["triangle", "sine", "steps"])
def test_a_state_that_a_window_nearly_stops_comes_back_by_the_charge_that_brought_it(shape, logits):
    """Joglekar's window, r_on = r_off: ``log(x / (1 - x))`` follows the flux, which is 0 again after a period."""
    model = nm.LinearIonDrift(window="joglekar", r_on=100.0, r_off=100.0)
    flux = logits * model.depth**2 / (4 * model.mobility)
    stimulus = {
        "triangle": nm.Triangle(amplitude=4 * flux, frequency=1.0),
        "sine": nm.Sine(amplitude=np.pi * flux, frequency=1.0),
        "steps": nm.PiecewiseLinear(
            times=[0.0, 0.5 - 1e-9, 0.5 + 1e-9, 1.0], values=[2 * flux, 2 * flux, -2 * flux, -2 * flux]
        ),
    }[shape]
    crossbar = nm.Crossbar(nm.DeviceArray(model, [[0.5]]))
    found = crossbar.simulate(stimulus, 1.0, save_at=[0.5, 1.0]).states.ravel()
    assert 1.0 - found[0] == pytest.approx(1.0 / (1.0 + np.exp(logits)), rel=0.01)
    # Demanded 1e-3, measured 3e-4.
    assert found[1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("model", [nm.VTEAM, nm.LinearIonDrift])
@pytest.mark.parametrize("window", ["joglekar", "prodromakis"])
def test_a_state_at_an_end_without_a_rate_stays_there(model, window):
    devices = nm.DeviceArray(model(window=window), [[0.0], [1.0]])
    crossbar = nm.Crossbar(devices, r_driver=10.0)
    t_stop = 5e-3 if model is nm.VTEAM else 0.5
    for amplitude in (1.0, -1.0):
        found = crossbar.simulate(nm.Sine(amplitude=amplitude, frequency=1 / t_stop), t_stop, save_at=5)
        assert (found.states == devices.states).all()


@pytest.mark.parametrize("tolerance", [1e-5, 1e-7])
@pytest.mark.parametrize(
    "stimulus",
    [
        nm.Triangle(amplitude=1.0, frequency=1e3),
        nm.Sine(amplitude=1.0, frequency=1e3),
        nm.Sine(amplitude=0.7, frequency=3e3),
    ],
    ids=["triangle", "sine", "fast sine"],
)
@pytest.mark.parametrize(
    "model",
    [nm.MMS(tau=1e4), nm.GMMS(tau=1e4, schottky="pinched", alpha_f=1e-9, alpha_r=1e-9, beta_f=20.0, beta_r=20.0)],
    ids=["linear", "exponential"],
)
def test_energy_where_powers_bend_and_states_rest(model, stimulus, tolerance):
    """What a device without motion takes is an integral over time alone, which asks for steps of its own."""
    crossbar = nm.Crossbar(nm.DeviceArray(model, [[0.5]]))
    found = crossbar.simulate(stimulus, 1e-3, tolerance=tolerance, save_at=2)
    corners = np.linspace(0.0, 1e-3, 13)
    exact = sum(
        quad(lambda t: float(stimulus(t) * model.current(stimulus(t), 0.5)), start, end, epsrel=1e-12)[0]
        for start, end in itertools.pairwise(corners)
    )
    # Each step may be off by ten times the tolerance; measured: 2e-6, and 2e-8 at the finer one.
    assert found.energy["devices"][-1] == pytest.approx(exact, rel=2 * tolerance)
    assert found.energy["delivered"][-1] == pytest.approx(exact, rel=2 * tolerance)


def test_energy_where_a_current_begins_asks_for_no_endless_steps():
    """A device that carries nothing at 0 until its state leaves it: no energy is there yet that errors could be related to."""
    crossbar = nm.Crossbar(nm.DeviceArray(nm.Yakopcic(), [[0.0]]), r_driver=20.0)
    ramp = nm.PiecewiseLinear(times=[0.0, 1e-3], values=[-0.1, 0.4])
    found = crossbar.simulate(ramp, 1e-3, save_at=2)
    assert found.statistics["steps"] < 500
    assert found.states[-1, 0, 0] > 0.1
