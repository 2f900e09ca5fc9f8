"""Accuracy against work of both steppers of the measured circuit, in one run on one machine."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from taking_turns import shortest

import neuromorph as nm
from neuromorph.fit.generate import kernel_of
from neuromorph.fit.response import RecordSimulator

DEVICES = {
    "mms": nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4),
    "gmms": nm.GMMS(
        r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4, alpha_f=2e-6, beta_f=5.0, alpha_r=3e-6, beta_r=4.0
    ),
}
ACCURACY = 1e-5
"""Largest error of the current, as a share of its peak to peak, at which the times are compared."""
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
DEMANDED = {"source": 1.3, "voltage": 1.8}


def simulations(device, record, drive, expected):
    """Errors of one periodic simulation by both steppers at every tolerance, and what to time."""
    values = np.array([*device.values().values()])
    errors, actions = {}, {}
    for solver in ("sdirk", "exponential"):
        simulator = RecordSimulator(device, record, drive=drive)
        simulator.kernel = kernel_of(device, solver)
        for tolerance in TOLERANCES:
            status, current, *_ = simulator.run(values, tolerance=tolerance)
            assert status == 0
            errors[solver, tolerance] = float(np.max(np.abs(current - expected)) / np.ptp(expected))
            actions[solver, tolerance] = functools.partial(simulator.run, values, tolerance=tolerance)
    return errors, actions


@pytest.mark.parametrize("drive", DEMANDED)
@pytest.mark.parametrize("name", DEVICES)
def test_exponential_steps_need_less_work_at_equal_accuracy(name, drive):
    """The source against LSODA at 1e-10, the imposed voltage against the general stepper at 1e-9."""
    device, ratios = DEVICES[name], []
    for frequency in (1.0, 10.0, 1e3):
        record = nm.synthetic_measurement(device, 0.8, frequency, 5e3, shape="triangle")
        expected = record.current
        if drive == "voltage":
            reference = RecordSimulator(device, record, drive=drive)
            reference.kernel = kernel_of(device, "sdirk")
            expected = reference.run(np.array([*device.values().values()]), tolerance=1e-9)[1]
        errors, actions = simulations(device, record, drive, expected)

        def ratio(best, errors=errors):
            """Of the cheapest runs that are exact enough."""
            least = {
                solver: min(best[solver, tol] for tol in TOLERANCES if errors[solver, tol] <= ACCURACY)
                for solver in ("sdirk", "exponential")
            }
            return least["sdirk"] / least["exponential"]

        best = shortest(actions, lambda best, ratio=ratio: ratio(best) >= DEMANDED[drive], rounds=10)
        for solver in ("sdirk", "exponential"):
            text = ", ".join(f"{1e3 * best[solver, tol]:.3f} ms at {errors[solver, tol]:.0e}" for tol in TOLERANCES)
            print(f"\n{name}, {drive}, {frequency:g} Hz, {solver}: {text}", end="")
        ratios.append(ratio(best))
        print(f"\n  {ratios[-1]:.2f} times at {ACCURACY:g}", end="")
    assert min(ratios) >= DEMANDED[drive]
