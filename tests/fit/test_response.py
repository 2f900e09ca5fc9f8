"""The simulator of the measured circuit against scipy's LSODA: source-driven, voltage-driven, with a stray capacitor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import neuromorph as nm
from neuromorph.fit.response import RecordSimulator

MODELS = {
    "mms": nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4),
    "gmms": nm.GMMS(
        r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4, alpha_f=2e-6, beta_f=5.0, alpha_r=3e-6, beta_r=4.0
    ),
    "gmms-pinched": nm.GMMS(
        r_on=2e3,
        r_off=9e4,
        v_on=0.2,
        v_off=0.2,
        tau=1e-2,
        alpha_f=2e-6,
        beta_f=3.0,
        alpha_r=3e-6,
        beta_r=4.0,
        schottky="pinched",
    ),
    "vteam": nm.VTEAM(
        r_on=1e3,
        r_off=5e4,
        v_on=0.15,
        v_off=0.1,
        k_on=60.0,
        k_off=40.0,
        alpha_on=2.0,
        alpha_off=1.5,
        window="biolek",
        p=2.0,
    ),
    "yakopcic": nm.Yakopcic(a1=2e-4, a2=1e-4, b=2.0, a_p=300.0, a_n=200.0, v_p=0.16, v_n=0.1),
    "linear-ion-drift": nm.LinearIonDrift(r_on=1e3, r_off=3e4, mobility=3e-12, window="biolek", p=1.5),
}


@pytest.mark.parametrize("name", MODELS)
def test_periodic_response_agrees_with_lsoda(name):
    """The synthetic record is LSODA's at 1e-10; a triangle has the same lines between samples on both sides."""
    record = nm.synthetic_measurement(MODELS[name], 0.8, 10.0, 5e3, shape="triangle")
    response = nm.simulate_measured(MODELS[name], record)
    span = np.ptp(record.current)
    assert np.max(np.abs(response.current - record.current)) < 1e-4 * span
    assert np.max(np.abs(response.voltage - record.voltage)) < 1e-4 * np.ptp(record.voltage)


@pytest.mark.parametrize("frequency", [0.1, 1.0, 100.0, 1e4])
def test_slow_and_fast_drives_are_no_harder(frequency):
    """At 0.1 Hz a sample lasts a hundred time constants, at 10 kHz the state hardly moves in a period."""
    record = nm.synthetic_measurement(MODELS["mms"], 0.8, frequency, 5e3, shape="triangle")
    response = nm.simulate_measured(MODELS["mms"], record)
    assert np.max(np.abs(response.current - record.current)) < 1e-4 * np.ptp(record.current)


def test_stray_capacitor_agrees_with_lsoda():
    device, resistor, stray = MODELS["mms"], 47e3, 3e-10
    record = nm.synthetic_measurement(device, 0.8, 1e3, resistor, shape="triangle")
    period = 1e-3
    times, drive = np.append(record.time, period), np.append(record.drive, record.drive[0])

    def rates(t, y):
        v, x = y
        source = np.interp(t % period, times, drive)
        return [
            ((source - v) / resistor - float(device.current(v, x))) / stray,
            float(device.state_rate(v, x)),
        ]

    y = np.array([0.0, 0.0])
    for _ in range(3):
        run = solve_ivp(
            rates, (0.0, period), y, method="LSODA", rtol=1e-8, atol=1e-10, t_eval=times, max_step=period / 100
        )
        y = run.y[:, -1]
    current = (drive - run.y[0])[:-1] / resistor
    response = nm.simulate_measured(device, record, parasitic_capacitance=stray)
    without = nm.simulate_measured(device, record)
    assert np.max(np.abs(response.current - current)) < 1e-4 * np.ptp(current)
    assert np.max(np.abs(without.current - current)) > 1e-2 * np.ptp(current)


def test_voltage_driven_response_agrees_with_lsoda():
    device = MODELS["gmms"]
    record = nm.synthetic_measurement(device, 0.5, 10.0, 1e3)
    period = 0.1
    times, voltage = np.append(record.time, period), np.append(record.voltage, record.voltage[0])

    def end(x):
        return solve_ivp(
            lambda t, y: [float(device.state_rate(np.interp(t, times, voltage), y[0]))],
            (0.0, period), [x], method="LSODA", rtol=1e-9, atol=1e-11, t_eval=times, max_step=period / 200,
        ).y[0]  # fmt: skip

    x0 = brentq(lambda x: end(x)[-1] - x, 0.0, 1.0, xtol=1e-10)
    current = device.current(record.voltage, end(x0)[:-1])
    response = nm.simulate_measured(device, record, drive="voltage")
    assert np.max(np.abs(response.current - current)) < 1e-4 * np.ptp(current)


def test_record_that_is_not_periodic_starts_from_its_state():
    device = MODELS["mms"]
    record = nm.synthetic_measurement(device, 0.8, 10.0, 5e3, shape="triangle")
    settled = nm.simulate_measured(device, record)
    once = nm.simulate_measured(device, record.replace(periodic=False), x0=float(settled.state[0]))
    np.testing.assert_allclose(once.current, settled.current, atol=1e-5 * np.ptp(settled.current))
    other = nm.simulate_measured(device, record.replace(periodic=False), x0=0.9)
    assert abs(other.state[0] - 0.9) < 1e-12


# Models with corners make the steps of the simulator, and with them the differences, jump a little.
CORNERS = ("vteam", "yakopcic", "linear-ion-drift")


@pytest.mark.parametrize("name", MODELS)
def test_derivatives_are_those_of_what_is_computed(name):
    """Against central differences of the simulator, of a size that stands above its steps."""
    device = MODELS[name]
    record = RecordSimulator(device, nm.synthetic_measurement(device, 0.8, 10.0, 5e3, shape="triangle"))
    values = np.array([*device.values().values()])
    columns = [k for k, v in enumerate(values) if v != 0.0]
    limit = 1e-2 if name in CORNERS else 2e-3
    _, _, by, *_ = record.run(values, [*columns, record.circuit_columns["drive_offset"]], tolerance=1e-7)
    scale = np.max(np.abs(by[:, : len(columns)]) * values[columns])
    for column, k in enumerate(columns):
        step = np.zeros(values.size)
        step[k] = 1e-3 * values[k]
        up, down = (record.run(values + s * step, tolerance=1e-7)[1] for s in (1, -1))
        numeric = (up - down) / (2 * step[k])
        assert np.max(np.abs(numeric - by[:, column])) * values[k] < limit * scale, list(device.values())[k]
    up, down = (record.run(values, offset=s * 1e-4, tolerance=1e-7)[1] for s in (1, -1))
    numeric = (up - down) / 2e-4
    # At zero itself the current of some models has a corner.
    off_zero = np.abs(record.drive) > 1e-3
    assert np.max(np.abs(numeric - by[:, -1])[off_zero]) < 3 * limit * np.max(np.abs(numeric))


def test_derivative_by_the_stray_capacitance():
    device = MODELS["mms"]
    record = RecordSimulator(device, nm.synthetic_measurement(device, 0.8, 1e3, 47e3))
    values = np.array([*device.values().values()])
    c = 3e-10
    _, _, by, *_ = record.run(
        values, [0, 4, record.circuit_columns["parasitic_capacitance"]], capacitance=c, tolerance=1e-7
    )
    up, down = (record.run(values, capacitance=c * s, tolerance=1e-7)[1] for s in (1.001, 0.999))
    np.testing.assert_allclose(by[:, -1], (up - down) / (0.002 * c), atol=2e-3 * np.max(np.abs(by[:, -1])))
    tau = values[4]
    up, down = (
        record.run(np.where(np.arange(values.size) == 4, tau * s, values), capacitance=c, tolerance=1e-7)[1]
        for s in (1.001, 0.999)
    )
    np.testing.assert_allclose(by[:, 1], (up - down) / (0.002 * tau), atol=2e-3 * np.max(np.abs(by[:, 1])))


def test_half_a_period_is_refused_with_a_way_out():
    record = nm.synthetic_measurement(MODELS["mms"], 0.8, 10.0, 5e3)
    half = record.replace(
        time=record.time[:100], voltage=record.voltage[:100], current=record.current[:100], drive=record.drive[:100]
    )
    with pytest.raises(nm.MeasurementError, match=r"0\.500 periods of 10 Hz were recorded.*periodic=False"):
        nm.simulate_measured(MODELS["mms"], half)


def test_missing_resistor_is_asked_for():
    record = nm.synthetic_measurement(MODELS["mms"], 0.8, 10.0, 5e3).replace(series_resistor=None, drive=None)
    with pytest.raises(
        nm.MeasurementError, match=r'series resistor is not known; give series_resistor.*or drive="voltage"'
    ):
        nm.simulate_measured(MODELS["mms"], record)
