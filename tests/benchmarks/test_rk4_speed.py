"""Speed of RK4 beside scipy's solve_ivp with events, at equal error of the spike times, in one run on one machine."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from taking_turns import shortest

import neuromorph as nm
from neuromorph.behaviour import RK4, simulate_system
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE
from neuromorph.stimulus import Constant

I_IN, T_STOP = 1e-3, 5e-3
PEERS = [("LSODA", 1e-4), ("LSODA", 1e-6), ("RK45", 1e-4), ("RK45", 1e-6), ("DOP853", 1e-6), ("DOP853", 1e-9)]
DEMANDED = 20.0


def with_scipy(neuron, method, rtol):
    """Spike times [s]. Plain floats and math.exp, which are faster here than anything from numpy."""
    m = neuron.memristor
    v_t = BOLTZMANN * m.temperature / ELEMENTARY_CHARGE
    exp, r_on, r_off, r_s, v_rest = math.exp, m.r_on, m.r_off, neuron.r_s, neuron.v_rest

    def v_mem(y):
        r_m = 1.0 / (y[1] / r_on + (1.0 - y[1]) / r_off)
        return (y[0] - v_rest) * r_m / (r_m + r_s)

    def rates(t, y):
        v_c, x = y.tolist()
        r_m = 1.0 / (x / r_on + (1.0 - x) / r_off)
        leak = (v_c - v_rest) / (r_m + r_s)
        v = leak * r_m
        on, off = 1.0 / (1.0 + exp((m.v_on - v) / v_t)), 1.0 / (1.0 + exp((v + m.v_off) / v_t))
        return ((I_IN - leak) / neuron.capacitance, ((1.0 - x) * on - x * off) / m.tau)

    def threshold(t, y):
        return v_mem(y) - neuron.v_th

    threshold.terminal, threshold.direction = True, 1
    t, y, spikes = 0.0, [v_rest, neuron.x0], []
    while t < T_STOP:
        part = solve_ivp(rates, (t, T_STOP), y, method=method, rtol=rtol, atol=1e-3 * rtol, events=threshold)
        t, y = part.t[-1], [v_rest, part.y[1, -1]]
        if part.status == 1:
            spikes.append(t)
    return np.array(spikes)


@pytest.mark.slow
def test_rk4_beside_solve_ivp(capsys):
    neuron = nm.MemristiveALIF(r_switch=None)
    system, drive = neuron.dynamics(), Constant(value=I_IN)
    exact = with_scipy(neuron, "DOP853", 3e-14)
    simulate_system(system, drive, T_STOP)  # compiles

    def largest_error(spikes):
        assert len(spikes) == len(exact)
        return float(np.max(np.abs(spikes - exact)))

    def by_rk4(dt):
        return simulate_system(system, drive, T_STOP, RK4(dt=dt)).spikes.times

    # RK4 from long steps to short ones: the first whose error is no larger than a peer's is the one to compare.
    own = []
    for dt in 2.2e-6 / 1.25 ** np.arange(24):
        spikes = by_rk4(dt)
        if len(spikes) == len(exact):
            own.append((dt, largest_error(spikes)))

    rows = []
    for method, rtol in PEERS:
        peer = functools.partial(with_scipy, neuron, method, rtol)
        error = largest_error(peer())
        dt, own_error = next(row for row in own if row[1] <= error)
        best = shortest(
            {"scipy": peer, "RK4": functools.partial(by_rk4, dt)},
            lambda best: best["scipy"] / best["RK4"] >= DEMANDED,
            rounds=3,
        )
        ratio = best["scipy"] / best["RK4"]
        rows.append((f"{method} {rtol:.0e}", error, best["scipy"], dt, own_error, best["RK4"], ratio))
    with capsys.disabled():
        print(f"\n{len(exact)} spikes in {T_STOP * 1e3:g} ms; times in ms, spike-time errors and dt in ns")
        print(f"{'solve_ivp':>14}{'error':>12}{'time':>9}{'RK4 dt':>9}{'error':>12}{'time':>8}{'ratio':>8}")
        for name, error, duration, dt, own_error, own_duration, ratio in rows:
            print(
                f"{name:>14}{error * 1e9:>12.3g}{duration * 1e3:>9.1f}{dt * 1e9:>9.0f}{own_error * 1e9:>12.3g}"
                f"{own_duration * 1e3:>8.2f}{ratio:>8.0f}"
            )
    assert min(row[-1] for row in rows) >= DEMANDED
