"""The neurons written out once more, by hand, for scipy's integrators with events."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit

import neuromorph as nm
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE


def alif(neuron: nm.MemristiveALIF, i_in: float, t_stop: float, **solver) -> tuple[np.ndarray, np.ndarray]:
    """Spike times [s] and the last states (v_c [V], x) of a memristive ALIF under a constant current [A]."""
    m = neuron.memristor
    v_t = BOLTZMANN * m.temperature / ELEMENTARY_CHARGE

    def resistance(x):
        return 1.0 / (x / m.r_on + (1.0 - x) / m.r_off)

    def v_mem(y):
        r_m = resistance(y[1])
        return (y[0] - neuron.v_rest) * r_m / (r_m + neuron.r_s)

    def rates(t, y, closed):
        v = v_mem(y)
        leak = (y[0] - neuron.v_rest) / (resistance(y[1]) + neuron.r_s)
        if closed:
            leak += (y[0] - neuron.v_rest) / neuron.r_switch
        on, off = expit((v - m.v_on) / v_t), expit(-(v + m.v_off) / v_t)
        return [(i_in - leak) / neuron.capacitance, ((1.0 - y[1]) * on - y[1] * off) / m.tau]

    def reaches_threshold(t, y, closed):
        return v_mem(y) - neuron.v_th

    def falls_low(t, y, closed):
        return v_mem(y) - neuron.v_lo

    reaches_threshold.terminal, reaches_threshold.direction = True, 1
    falls_low.terminal, falls_low.direction = True, -1
    t, y, spikes, closed = 0.0, np.array([neuron.v_rest, neuron.x0]), [], False
    while t < t_stop:
        event = falls_low if closed else reaches_threshold
        part = solve_ivp(rates, (t, t_stop), y, args=(closed,), events=event, **solver)
        t, y = part.t[-1], part.y[:, -1]
        if part.status == 1:
            if not closed:
                spikes.append(t)
            if neuron.r_switch is None:
                y = np.array([neuron.v_rest, y[1]])
            else:
                closed = not closed
    return np.array(spikes), y
