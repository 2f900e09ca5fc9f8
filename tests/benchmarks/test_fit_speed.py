"""Speed of a fit beside scipy's least squares over solve_ivp on the same record, in one run on one machine."""

from __future__ import annotations

import math
import time

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares
from taking_turns import shortest

import neuromorph as nm
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)
START = DEVICE.replace(r_on=2.5e3, r_off=4e4, v_on=0.25, v_off=0.2, tau=1e-3)
DEMANDED = 50.0


def with_scipy(record, start):
    """The usual way: two periods of solve_ivp to settle, differences for the Jacobian, plain floats."""
    period, resistor = 1.0 / record.frequency, record.series_resistor
    span, v_t = np.ptp(record.current), BOLTZMANN * DEVICE.temperature / ELEMENTARY_CHARGE
    times, drive = np.append(record.time, period), np.append(record.drive, record.drive[0])
    amplitude, omega = float(record.metadata["amplitude"]), 2.0 * math.pi * record.frequency
    exp = math.exp

    def current(theta):
        r_on, r_off, tau = math.exp(theta[0]), math.exp(theta[1]), math.exp(theta[4])
        v_on, v_off = float(theta[2]), float(theta[3])

        def rate(t, y):
            x = y[0]
            v = amplitude * math.sin(omega * t) / (1.0 + resistor * (x / r_on + (1.0 - x) / r_off))
            return ((1.0 - x) / (1.0 + exp((v_on - v) / v_t)) - x / (1.0 + exp((v + v_off) / v_t))) / tau

        y = [0.0]
        for _ in range(2):
            run = solve_ivp(rate, (0.0, period), y, method="LSODA", rtol=1e-8, atol=1e-10, t_eval=times)
            y = [float(run.y[0, -1])]
        g = run.y[0] / r_on + (1.0 - run.y[0]) / r_off
        return (drive * g / (1.0 + resistor * g))[:-1]

    def residual(theta):
        return (current(theta) - record.current) / span

    theta = [math.log(start.r_on), math.log(start.r_off), start.v_on, start.v_off, math.log(start.tau)]
    result = least_squares(residual, theta, x_scale=[1.0, 1.0, 0.05, 0.05, 1.0], ftol=1e-6)
    return float(np.sqrt(np.mean(result.fun**2)))


def test_fit_is_fifty_times_faster_than_least_squares_over_solve_ivp():
    """From the same start to the same residual."""
    record = nm.synthetic_measurement(DEVICE, 0.8, 10.0, 5e3, noise=0.003)
    options = {"starts": 1, "clean": False, "prior": None}
    ours = nm.fit_memristor(record, START, **options).nrmse[0]
    theirs = with_scipy(record, START)
    best = shortest(
        {"fit": lambda: nm.fit_memristor(record, START, **options), "scipy": lambda: with_scipy(record, START)},
        lambda best: best["scipy"] / best["fit"] >= DEMANDED,
        rounds=2,
        clock=time.process_time,
    )
    ratio = best["scipy"] / best["fit"]
    print(f"\nfit {1e3 * best['fit']:.0f} ms, least_squares over solve_ivp {best['scipy']:.2f} s: {ratio:.0f} times; "
          f"NRMSE {ours:.5f} and {theirs:.5f}")  # fmt: skip
    assert abs(ours - theirs) < 2e-4
    assert ratio >= DEMANDED
