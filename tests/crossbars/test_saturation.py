"""States that reach 0 or 1 in a transient: when that was decides the other states and the energies; against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm


def reference(crossbar, volts, t_stop):
    """States and delivered energy of one word line with lumped resistances, by scipy from bound to bound."""
    devices, n = crossbar.devices, crossbar.shape[1]
    r_first, r_word = crossbar.r_driver + crossbar.r_word, crossbar.r_word

    def solve(x):
        g = devices.with_states(np.clip(x, 0.0, 1.0)[None]).conductances()[0]
        matrix, right = np.diag(g), np.zeros(n)
        matrix[0, 0] += 1.0 / r_first
        right[0] = volts / r_first
        for j in range(n - 1):
            if r_word == 0.0:
                # One node for the whole line.
                return np.full(n, volts / (1.0 + r_first * g.sum())), g
            matrix[j : j + 2, j : j + 2] += np.array([[1.0, -1.0], [-1.0, 1.0]]) / r_word
        return np.linalg.solve(matrix, right), g

    def rate(_, y):
        v, g = solve(y[:-1])
        now = devices.with_states(np.clip(y[:-1], 1e-12, 1.0 - 1e-12)[None])
        dx = now.state_rate(v[None])[0]
        return np.append(np.where(held, 0.0, dx), volts * (g * v).sum() * 1e6)

    def bound(k):
        def reached(_, y):
            return 1.0 if held[k] else (1.0 - y[k]) * y[k]

        reached.terminal = True
        return reached

    held, t, y = np.zeros(n, dtype=bool), 0.0, np.append(devices.states.ravel(), 0.0)
    while t < t_stop:
        run = solve_ivp(
            rate, (t, t_stop), y, method="LSODA", rtol=1e-10, atol=1e-13, events=[bound(k) for k in range(n)]
        )
        t, y = run.t[-1], run.y[:, -1]
        for k, times in enumerate(run.t_events):
            if times.size:
                held[k], y[k] = True, np.round(y[k])
    return y[:-1], y[-1] * 1e-6, int(held.sum())


CASES = {
    "the first saturates at once": ([[0.9, 0.05]], {"k_on": [[1e6, 2e3]]}, {"r_driver": 1000.0}, 1.5, 1e-4, 1),
    "two on a line": ([[0.95, 0.3]], {}, {"r_word": 100.0, "r_driver": 100.0}, 1.0, 1e-4, 2),
    "two on a line, longer": ([[0.95, 0.3]], {}, {"r_word": 100.0, "r_driver": 100.0}, 1.0, 2e-4, 2),
    "three, to the other bound": ([[0.02, 0.3, 0.8]], {}, {"r_word": 100.0, "r_driver": 100.0}, -1.2, 2e-4, 3),
    "one, long before the first frame": ([[0.5]], {}, {"r_driver": 500.0}, 1.0, 1e-2, 1),
}


@pytest.mark.parametrize(("states", "variations", "wires", "volts", "t_stop", "saturated"), CASES.values(), ids=CASES)
def test_states_and_energies_behind_a_bound(states, variations, wires, volts, t_stop, saturated):
    crossbar = nm.Crossbar(nm.DeviceArray(nm.VTEAM(), states, variations), **wires)
    x, energy, held = reference(crossbar, volts, t_stop)
    assert held == saturated
    for tolerance, most in ((1e-5, 30), (1e-7, 110)):
        found = crossbar.simulate(nm.Constant(value=volts), t_stop, save_at=2, tolerance=tolerance)
        np.testing.assert_allclose(found.states[-1, 0], x, atol=10 * tolerance)
        assert found.energy["delivered"][-1] == pytest.approx(energy, rel=10 * tolerance)
        assert found.statistics["steps"] + found.statistics["rejected"] < most


def test_frames_do_not_decide_when_a_state_saturates():
    crossbar = nm.Crossbar(nm.DeviceArray(nm.VTEAM(), [[0.5]]), r_driver=500.0)
    rough = crossbar.simulate(nm.Constant(value=1.0), 1.0)
    _, exact, _ = reference(crossbar, 1.0, 0.01)
    assert rough.energy["delivered"][1] == pytest.approx(exact, rel=1e-4)
    # Frames after the bound are a step each.
    assert rough.statistics["steps"] < 130


def test_a_state_leaves_its_bound_when_the_voltage_turns():
    devices, turn, end = nm.DeviceArray(nm.VTEAM(), [[0.5]]), 0.25e-3, 0.3e-3
    crossbar = nm.Crossbar(devices, r_driver=50.0)
    wave = nm.PiecewiseLinear(times=[0.0, turn, turn + 1e-6, end], values=[1.2, 1.2, -0.5, -0.5])

    def rate(t, x):
        now = devices.with_states(np.clip(x, 1e-12, 1.0 - 1e-12)[None])
        volts = np.interp(t, [turn, turn + 1e-6], [1.2, -0.5])
        held = volts / (1.0 + 50.0 * now.conductances()[0])
        return np.where((volts > 0.0) & (x >= 1.0), 0.0, now.state_rate(held[None])[0])

    back = solve_ivp(rate, (turn, end), [1.0], method="LSODA", rtol=1e-10, atol=1e-13, max_step=1e-7).y[0, -1]
    assert 0.5 < back < 0.9
    found = crossbar.simulate(wave, end, save_at=201, tolerance=1e-7)
    again = crossbar.simulate(wave, end, save_at=3, tolerance=1e-7)
    assert found.states.max() == 1.0
    assert found.states[-1, 0, 0] == pytest.approx(back, abs=1e-6)
    np.testing.assert_allclose(again.states[-1], found.states[-1], atol=1e-6)
    assert again.energy["delivered"][-1] == pytest.approx(found.energy["delivered"][-1], rel=1e-6)
