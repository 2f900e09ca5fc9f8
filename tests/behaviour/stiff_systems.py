"""Stiff systems, each stated twice: as a hybrid system, and by hand for scipy's Radau with events."""

from __future__ import annotations

import math

import numpy as np
import sympy
from scipy.integrate import solve_ivp

from neuromorph.stimulus import SquareWave
from neuromorph.systems import HybridSystem, Mode, Output, State, Transition

VALUES = {
    "c_m": 1e-9,
    "r_m": 1e5,
    "v_th": 0.8,
    "v_dd": 3.3,
    "slew": 20e6,
    "v_slew": 0.2,
    "tau_cmp": 10e-9,
    "v_cmp": 5e-3,
    "tau_gate": 4e-9,
    "v_gate": 0.1,
    "g_reset": 2e-3,
    "tau_hold": 2e-6,
    "tau_sense": 1e-6,
    "g_adapt": 2e-6,
    "tau_adapt": 500e-6,
}
DRIVE = SquareWave(amplitude=30e-6, frequency=2e3, offset=5e-6, duty=0.6)


def circuit():
    """A neuron as its circuit: membrane (100 us), op-amp with slew, comparator (10 ns), gates (4 ns), reset with hold.

    A spike is the comparator's output on its way up.
    """
    names = "v_m v_oa v_c g_1 g_2 v_h v_s w"
    v_m, v_oa, v_c, g_1, g_2, v_h, v_s, w = sympy.symbols(names)
    p = {name: sympy.Symbol(name) for name in VALUES}
    logistic = lambda x: 1 / (1 + sympy.exp(-x))  # noqa: E731
    reset = p["g_reset"] * logistic((v_h - p["v_dd"] / 2) / p["v_gate"]) * v_m
    rates = {
        "v_m": (sympy.Symbol("i_in") - v_m / p["r_m"] - reset - p["g_adapt"] * w) / p["c_m"],
        "v_oa": p["slew"] * sympy.tanh((v_m - v_oa) / p["v_slew"]),
        "v_c": (p["v_dd"] * logistic((v_oa - p["v_th"]) / p["v_cmp"]) - v_c) / p["tau_cmp"],
        "g_1": (p["v_dd"] * logistic((p["v_dd"] / 2 - v_c) / p["v_gate"]) - g_1) / p["tau_gate"],
        "g_2": (p["v_dd"] * logistic((p["v_dd"] / 2 - g_1) / p["v_gate"]) - g_2) / p["tau_gate"],
        # A diode charges the hold node fast, its resistor discharges it slowly.
        "v_h": sympy.Max(g_2 - v_h, 0) / (5 * p["tau_gate"]) - v_h / p["tau_hold"],
        "v_s": (v_oa - v_s) / p["tau_sense"],
        "w": (v_s - w) / p["tau_adapt"],
    }
    return HybridSystem(
        name="stiff_circuit",
        states={name: State(3.3 if name == "g_1" else 0.0, "V") for name in names.split()},
        inputs={"i_in": "A"},
        parameters=VALUES,
        modes={"low": Mode(rates=rates), "high": Mode(rates=rates)},
        transitions=[
            Transition("low", "high", v_c - p["v_dd"] / 2, emits_spike=True),
            Transition("high", "low", p["v_dd"] / 10 - v_c),
        ],
        outputs={"p_in": Output(v_m * sympy.Symbol("i_in"), "W")},
        stiff=True,
    )


def circuit_by_scipy(t_stop, drive=DRIVE, method="Radau", **solver):
    """Spike times [s], and the times [s] and states of every step, shape (8, n_steps)."""
    k, exp, tanh = VALUES, math.exp, math.tanh

    def logistic(x):
        return 1.0 / (1.0 + exp(-x)) if x > -700.0 else 0.0

    half, v_dd = k["v_dd"] / 2, k["v_dd"]

    def rates(t, y, offset, slope, start):
        v_m, v_oa, v_c, g_1, g_2, v_h, v_s, w = y.tolist()
        i_in = offset + slope * (t - start)
        reset = k["g_reset"] * logistic((v_h - half) / k["v_gate"]) * v_m
        return [
            (i_in - v_m / k["r_m"] - reset - k["g_adapt"] * w) / k["c_m"],
            k["slew"] * tanh((v_m - v_oa) / k["v_slew"]),
            (v_dd * logistic((v_oa - k["v_th"]) / k["v_cmp"]) - v_c) / k["tau_cmp"],
            (v_dd * logistic((half - v_c) / k["v_gate"]) - g_1) / k["tau_gate"],
            (v_dd * logistic((half - g_1) / k["v_gate"]) - g_2) / k["tau_gate"],
            max(g_2 - v_h, 0.0) / (5 * k["tau_gate"]) - v_h / k["tau_hold"],
            (v_oa - v_s) / k["tau_sense"],
            (v_s - w) / k["tau_adapt"],
        ]

    def rises(t, y, *piece):
        return y[2] - half

    rises.direction = 1
    table = drive.segments(t_stop)
    ends = [*table[1:, 0], t_stop]
    y, spikes, times, states = np.array([0.0, 0.0, 0.0, 3.3, 0.0, 0.0, 0.0, 0.0]), [], [], []
    for row, end in zip(table, ends, strict=True):
        part = solve_ivp(rates, (row[0], end), y, method=method, events=rises, args=(row[1], row[2], row[0]), **solver)
        y = part.y[:, -1]
        spikes += part.t_events[0].tolist()
        times.append(part.t)
        states.append(part.y)
    return np.array(spikes), np.concatenate(times), np.hstack(states)
