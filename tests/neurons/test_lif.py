"""The leaky neuron on both roads: closed-form intervals, perturbations, bad parameters."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.stimulus import Constant, SquareWave
from neuromorph.validate import Tolerances, compare
from neuromorph.validate.verdict import criteria_of

NEURONS = {
    "default": (nm.LIF(), 0.2e-3),
    "no refractory time": (nm.LIF(t_refractory=0.0), 0.2e-3),
    "just above the threshold": (nm.LIF(), 0.11e-3),
    "reset below rest": (nm.LIF(v_reset=-0.3, v_rest=0.1, t_refractory=0.5e-3), 0.25e-3),
    "long refractory time": (nm.LIF(t_refractory=3e-3), 0.5e-3),
}


@pytest.mark.parametrize(("neuron", "current"), NEURONS.values(), ids=NEURONS)
def test_ngspice_interval_is_the_closed_form(neuron, current):
    """Demanded 0.1 %; measured 9e-6."""
    interval = neuron.interval(current)
    recording = nm.simulate(neuron, Constant(value=current), 8.5 * interval, "ngspice")
    intervals = np.diff(recording.spikes.times)
    assert len(intervals) >= 6
    np.testing.assert_allclose(intervals, interval, rtol=2e-5)


@pytest.mark.parametrize("name", ["capacitance", "r_leak", "v_th", "t_refractory"])
def test_a_parameter_off_by_2_percent_does_not_pass(name):
    neuron, drive, t_stop = nm.LIF(), SquareWave(amplitude=0.2e-3, frequency=200.0), 10e-3
    candidate = nm.simulate(neuron, drive, t_stop, "ngspice")

    def passes(design):
        comparison = compare(nm.simulate(design, drive, t_stop), candidate)
        return all(criterion.passed for criterion in criteria_of(comparison, Tolerances(), {}))

    assert passes(neuron)
    for factor in (0.98, 1.02):
        assert not passes(neuron.replace(**{name: factor * getattr(neuron, name)}))


@pytest.mark.parametrize("name", ["v_reset", "v_rest"])
def test_a_voltage_that_is_off_does_not_pass(name):
    neuron, t_stop = nm.LIF(v_reset=-0.2, v_rest=0.1), 10e-3
    candidate = nm.simulate(neuron, Constant(value=0.15e-3), t_stop, "ngspice")
    for change in (-0.02, 0.02):
        other = neuron.replace(**{name: getattr(neuron, name) + change * neuron.v_th})
        comparison = compare(nm.simulate(other, Constant(value=0.15e-3), t_stop), candidate)
        assert not all(criterion.passed for criterion in criteria_of(comparison, Tolerances(), {}))


def test_the_membrane_is_held_in_the_refractory_time():
    neuron = nm.LIF()
    recording = nm.simulate(neuron, Constant(value=0.2e-3), 3e-3)
    spike = recording.spikes.times[0]
    held = (recording.time > spike + 1e-9) & (recording.time < spike + neuron.t_refractory - 1e-9)
    assert held.sum() > 3
    assert not recording["v_mem"][held].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"capacitance": -1e-9}, "capacitance must be a positive capacitance in F, got -1e-09"),
        ({"r_leak": 0.0}, "r_leak must be a positive resistance in ohm, got 0.0"),
        ({"t_refractory": -1e-3}, "t_refractory must be"),
        ({"v_reset": 1.0}, r"v_reset must be below v_th \(1 V\), got 1.0"),
        ({"v_rest": float("inf")}, "v_rest must be"),
    ],
)
def test_bad_parameters(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        nm.LIF(**changes)
