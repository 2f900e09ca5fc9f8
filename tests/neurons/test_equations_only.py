"""Neurons that are equations alone, against scipy at tight tolerance with the equations written out anew."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm


def spike_times(rate, state, peak, reset, t_stop):
    """Integrate to each event, jump, go on."""

    def event(t, y):
        return y[0] - peak

    event.terminal, event.direction = True, 1
    t, times = 0.0, []
    while True:
        run = solve_ivp(rate, (t, t_stop), state, method="DOP853", rtol=1e-10, atol=[1e-14, 1e-21], events=event)
        if not run.t_events[0].size:
            return np.array(times)
        t, state = run.t_events[0][0], reset(run.y_events[0][0])
        times.append(t)


def test_adex_fires_when_its_published_equations_do():
    def rate(t, y):
        v, w = y
        exponential = 30e-9 * 2e-3 * np.exp((v + 50.4e-3) / 2e-3)
        return [(-30e-9 * (v + 70.6e-3) + exponential - w + 1e-9) / 281e-12, (4e-9 * (v + 70.6e-3) - w) / 144e-3]

    # From 14 delta_t above v_t on the rest of the upstroke, without any cap, takes 8 ns.
    expected = spike_times(rate, [-70.6e-3, 0.0], -50.4e-3 + 28e-3, lambda y: [-70.6e-3, y[1] + 80.5e-12], 0.2)
    found = nm.simulate(nm.AdaptiveExponentialIF(), nm.Constant(value=1e-9), 0.2).spikes.times
    assert len(found) == len(expected) >= 8
    assert found == pytest.approx(expected, rel=1e-5)
    assert np.diff(found)[-1] > 1.5 * np.diff(found)[0]


def test_izhikevich_fires_when_its_published_equations_do():
    # In ms, mV, pA, pF as in the book.
    def rate(t, y):
        v, u = y
        return [(0.7 * (v + 60) * (v + 40) - u + 100) / 100, 0.03 * (-2 * (v + 60) - u)]

    expected = spike_times(rate, [-60.0, 0.0], 35.0, lambda y: [-50.0, y[1] + 100], 500.0)
    found = nm.simulate(nm.Izhikevich(), nm.Constant(value=100e-12), 0.5).spikes.times
    assert len(found) == len(expected) >= 6
    assert found * 1e3 == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["capacitance", "v_t", "b", "v_reset"])
@pytest.mark.parametrize("neuron", [nm.AdaptiveExponentialIF(), nm.Izhikevich()], ids=["adex", "izhikevich"])
def test_a_parameter_off_by_2_percent_moves_the_spikes(neuron, name):
    point = neuron.working_point()
    drive, t_stop = point.drive, point.t_stop / 4
    reference = nm.simulate(neuron, drive, t_stop).spikes.times
    other = nm.simulate(neuron.replace(**{name: 1.02 * getattr(neuron, name)}), drive, t_stop).spikes.times
    count = min(len(reference), len(other))
    assert count >= 2
    assert np.abs(other[:count] / reference[:count] - 1).max() > 1e-4


@pytest.mark.parametrize("neuron", [nm.AdaptiveExponentialIF(), nm.Izhikevich()], ids=["adex", "izhikevich"])
def test_what_has_no_circuit_says_so(neuron):
    for call in (neuron.schematic, lambda: nm.simulate(neuron, engine="ngspice"), lambda: nm.cross_validate(neuron)):
        with pytest.raises(ValueError, match=r"has no circuit: simulate it with engine='ode'"):
            call()


@pytest.mark.parametrize("cls", [nm.AdaptiveExponentialIF, nm.Izhikevich])
def test_a_peak_below_the_reset_is_refused(cls):
    with pytest.raises(ValueError, match="v_reset must be below v_peak"):
        cls(v_reset=50e-3)
