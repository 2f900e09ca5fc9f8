"""Exponential steps of the measured circuit: when they are taken, where they are exact, their order, their derivatives."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import neuromorph as nm
from neuromorph.fit.generate import is_linear, kernel_of
from neuromorph.fit.response import RecordSimulator

MMS = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)
GMMS = nm.GMMS(
    r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4, alpha_f=2e-6, beta_f=5.0, alpha_r=3e-6, beta_r=4.0
)
# One step an interval, whatever the error.
ANY_ERROR = 1e12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quadratic(nm.MMS):
    """A rate that is not linear in the state."""

    def state_equation(self, v, x):
        return super().state_equation(v, x) - x**2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tunnel(nm.MMS):
    """A current that is not linear in the state."""

    def current_equation(self, v, x):
        return v * x**2 / self.r_on


def made(device, time, drive, *, resistor=5e3, periodic=False, frequency=None):
    """A record of which the drive counts."""
    return nm.Measurement(
        time=time, voltage=drive, current=1e-6 * np.arange(time.size), drive=drive, series_resistor=resistor,
        periodic=periodic, frequency=frequency,
    )  # fmt: skip


def simulator(device, record, drive="source", solver="exponential"):
    record = RecordSimulator(device, record, drive=drive)
    record.kernel = kernel_of(device, solver)
    return record


def values(device):
    return np.array([*device.values().values()])


@pytest.mark.parametrize(
    ("model", "linear"),
    [
        (nm.MMS(), True),
        (nm.GMMS(), True),
        (nm.GMMS(schottky="pinched"), True),
        (Quadratic(), False),
        (Tunnel(), False),
        (nm.VTEAM(), False),
        (nm.VTEAM(window="biolek"), False),
        (nm.Yakopcic(), False),
        (nm.LinearIonDrift(), False),
    ],
)
def test_equations_decide_on_the_steps(model, linear):
    assert is_linear(model) is linear


def test_linear_devices_take_exponential_steps_unless_a_capacitor_holds_the_voltage():
    record = RecordSimulator(MMS, nm.synthetic_measurement(MMS, 0.8, 1e3, 47e3))
    assert record.kernel is kernel_of(MMS, "exponential")
    assert kernel_of(MMS) is not kernel_of(MMS, "sdirk")
    plain = record.run(values(MMS))[1]
    # A capacitor too small to see: the other solver, the same current.
    tiny = record.run(values(MMS), capacitance=1e-16)[1]
    np.testing.assert_allclose(tiny, plain, atol=2e-5 * np.ptp(plain))
    assert np.any(tiny != plain)


@pytest.mark.parametrize("device", [MMS, GMMS], ids=["mms", "gmms"])
@pytest.mark.parametrize("level", [0.5, 0.29, -0.4, 0.05])
def test_a_constant_voltage_is_exact_however_long(device, level):
    """Samples from a hundredth of the time constant to a thousand of them, against the exponential itself."""
    time = np.concatenate([[0.0], np.geomspace(3e-6, 0.3, 12)])
    record = made(device, time, np.full(time.size, level))
    rate_0, rate_1 = (float(device.state_rate(level, x)) for x in (0.0, 1.0))
    final, b = rate_0 / (rate_0 - rate_1), rate_0 - rate_1
    expected = final + (0.9 - final) * np.exp(-b * time)
    run = simulator(device, record, "voltage").run(values(device), x0=0.9, tolerance=ANY_ERROR)
    np.testing.assert_allclose(run[4], expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(run[1], device.current(level, expected), rtol=1e-12)
    other = simulator(device, record, "voltage", "sdirk").run(values(device), x0=0.9, tolerance=ANY_ERROR)[4]
    if level != 0.05:  # where hardly anything moves
        assert np.max(np.abs(other - expected)) > 1e-6


def test_derivatives_at_a_constant_voltage_are_those_of_the_exponential():
    time = np.concatenate([[0.0], np.geomspace(3e-6, 3e-2, 10)])
    record = made(MMS, time, np.full(time.size, 0.33))
    by = simulator(MMS, record, "voltage").run(values(MMS), [2, 4], x0=0.9, tolerance=ANY_ERROR)[2]

    def current(v_on, tau):
        device = MMS.replace(v_on=v_on, tau=tau)
        rate_0, rate_1 = (float(device.state_rate(0.33, x)) for x in (0.0, 1.0))
        final, b = rate_0 / (rate_0 - rate_1), rate_0 - rate_1
        return device.current(0.33, final + (0.9 - final) * np.exp(-b * time))

    for column, step in enumerate(([1e-6, 0.0], [0.0, 1e-9])):
        up, down = (current(0.31 + s * step[0], 3e-4 + s * step[1]) for s in (1, -1))
        numeric = (up - down) / (2 * sum(step))
        np.testing.assert_allclose(by[:, column], numeric, rtol=0, atol=1e-7 * np.max(np.abs(numeric)))


def ramp_reference(device, drive, start):
    """State at the end of a ramp of 10 ms from -0.2 V to 0.6 V, by LSODA at 1e-12."""

    def voltage(t, x):
        source = -0.2 + 80.0 * t
        if drive == "voltage":
            return source
        return brentq(lambda v: v + 5e3 * float(device.current(v, x)) - source, -1.0, 1.0, xtol=1e-15, rtol=1e-14)

    run = solve_ivp(
        lambda t, y: [float(device.state_rate(voltage(t, y[0]), y[0]))],
        (0.0, 0.01), [start], method="LSODA", rtol=1e-12, atol=1e-14, max_step=1e-4,
    )  # fmt: skip
    return float(run.y[0, -1])


@pytest.mark.parametrize("drive", ["source", "voltage"])
@pytest.mark.parametrize("device", [MMS.replace(tau=3e-3), GMMS.replace(tau=3e-3)], ids=["mms", "gmms"])
def test_the_order_is_four(device, drive):
    reference = ramp_reference(device, drive, 0.2)
    errors = []
    for n in (64, 128, 256):
        time = np.linspace(0.0, 0.01, n + 1)
        run = simulator(device, made(device, time, -0.2 + 80.0 * time), drive)
        errors.append(abs(run.run(values(device), x0=0.2, tolerance=ANY_ERROR)[4][-1] - reference))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 3.6), orders
    assert errors[-1] < 1e-6


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("drive", ["source", "voltage"])
def test_the_error_stays_below_what_is_tolerated(drive, tolerance):
    """Few samples, so that steps are chosen by the error, not by the samples."""
    time = np.linspace(0.0, 0.01, 9)
    run = simulator(MMS, made(MMS, time, -0.2 + 80.0 * time), drive)
    state = run.run(values(MMS), x0=0.2, tolerance=tolerance)[4][-1]
    assert abs(state - ramp_reference(MMS, drive, 0.2)) < tolerance


@pytest.mark.parametrize("periodic", [False, True], ids=["once", "periodic"])
@pytest.mark.parametrize("drive", ["source", "voltage"])
@pytest.mark.parametrize("device", [MMS, GMMS], ids=["mms", "gmms"])
def test_derivatives_are_those_of_the_steps(device, drive, periodic):
    """Samples so close that each interval is one step: nothing jumps, and differences show the derivatives' digits."""
    time = np.arange(3000) * (0.1 / 3000)
    voltage = 0.6 * np.sin(2 * np.pi * 10.0 * time)
    record = simulator(
        device, made(device, time, voltage, periodic=periodic, frequency=10.0 if periodic else None), drive
    )
    at = values(device)
    columns = [*range(at.size), record.circuit_columns["drive_offset"], record.circuit_columns["x0"]]
    options = {"tolerance": 1e-8, "x0": 0.3}
    by = record.run(at, columns, **options)[2]
    for column, k in enumerate(columns):
        if periodic and k == record.circuit_columns["x0"]:
            continue
        step = 1e-5 * (at[k] if k < at.size else 1.0)
        runs = []
        for sign in (1, -1):
            moved, other = at.copy(), dict(options)
            if k < at.size:
                moved[k] += sign * step
            elif k == record.circuit_columns["x0"]:
                other["x0"] += sign * step
            else:
                other["offset"] = sign * step
            runs.append(record.run(moved, **other)[1])
        numeric = (runs[0] - runs[1]) / (2 * step)
        assert np.max(np.abs(numeric - by[:, column])) < 1e-5 * np.max(np.abs(numeric)), column


@pytest.mark.parametrize("frequency", [10.0, 1e4])
def test_an_imposed_voltage_has_its_periodic_state_after_one_pass(frequency):
    """The map of a period is a straight line: one pass gives its fixed point, at 10 kHz as well, where nothing settles."""
    time = np.arange(200) / (200 * frequency)
    voltage = 0.5 * np.sin(2 * np.pi * frequency * time)
    record = simulator(GMMS, made(GMMS, time, voltage, periodic=True, frequency=frequency), "voltage")
    passes = []

    def counted(*arguments):
        passes.append(plain(*arguments)[1])
        return 0, passes[-1]

    plain = record.kernel.response
    record.kernel = SimpleNamespace(**(vars(record.kernel) | {"response": counted}))
    _, _, _, _, state = record.run(values(GMMS), tolerance=1e-6)
    assert passes == [1]
    record.periodic = False
    again = record.run(values(GMMS), x0=float(state[0]), tolerance=1e-8)[4]
    np.testing.assert_allclose(again, state, rtol=0, atol=1e-6 * np.ptp(state))


def test_a_state_that_hardly_moves_is_found_all_the_same():
    """A period that moves the state by a billionth closes from anywhere; where it stays in the end is one place."""
    device = MMS.replace(tau=1e3)
    time = np.arange(200) / 2e5
    voltage = 0.5 * np.sin(2 * np.pi * 1e3 * time)
    for drive in ("source", "voltage"):
        record = made(device, time, voltage, resistor=1.0, periodic=True, frequency=1e3)
        states = [
            simulator(device, record, drive, solver).run(values(device))[4][0] for solver in ("exponential", "sdirk")
        ]
        assert states[0] == pytest.approx(states[1], abs=1e-4)
    # Mean rates in both directions over the period, from the equation itself.
    on, off = np.mean(device.state_rate(voltage, 0.0)), np.mean(device.state_rate(voltage, 1.0))
    assert states[0] == pytest.approx(on / (on - off), abs=1e-4)
