"""The neuron with synaptic conductances on both roads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm
from neuromorph.validate import Tolerances, compare
from neuromorph.validate.verdict import criteria_of

SPIKES = {
    "s_exc": nm.SpikeInput(times=[2e-3, 5e-3, 5.02e-3, 11e-3, 12e-3, 13e-3, 14e-3, 24e-3, 25e-3, 26e-3, 26.1e-3]),
    "s_inh": nm.SpikeInput(times=[8e-3, 20e-3]),
}
NEURON = nm.ConductanceLIF(w_exc=8e-9, w_inh=4e-9, t_refractory=3e-3)
T_STOP = 40e-3


@pytest.fixture(scope="module")
def candidate():
    return nm.simulate(NEURON, SPIKES, T_STOP, "ngspice")


def passes(neuron, candidate):
    comparison = compare(nm.simulate(neuron, SPIKES, T_STOP), candidate)
    return all(criterion.passed for criterion in criteria_of(comparison, Tolerances(), {}))


def test_both_roads_agree_at_the_working_point():
    check = nm.cross_validate(nm.ConductanceLIF())
    assert check.passed
    assert len(check.reference.spikes) >= 5
    # Measured 60 ns; a hundredth of a step of the arriving spikes.
    assert np.abs(check.reference.spikes.times - check.candidate.spikes.times).max() < 1e-6


@pytest.mark.parametrize(
    "name",
    [
        "capacitance",
        "g_leak",
        "v_rest",
        "v_th",
        "v_reset",
        "t_refractory",
        "e_inh",
        "tau_exc",
        "tau_inh",
        "w_exc",
        "w_inh",
    ],
)
def test_a_parameter_off_by_2_percent_does_not_pass(candidate, name):
    assert len(candidate.spikes) >= 3
    assert passes(NEURON, candidate)
    for factor in (0.98, 1.02):
        assert not passes(NEURON.replace(**{name: factor * getattr(NEURON, name)}), candidate)


def test_the_reversal_of_excitation_that_is_off_does_not_pass(candidate):
    for shift in (-1e-3, 1e-3):  # 2 % of the synaptic drive
        assert not passes(NEURON.replace(e_exc=shift), candidate)


def test_a_single_spike_gives_the_conductance_of_the_paper():
    """g jumps by w and decays with tau; the membrane follows the linear equation, here by scipy."""
    neuron = nm.ConductanceLIF(t_refractory=0.0).free()
    recording = nm.simulate(neuron, {"s_exc": nm.SpikeInput(times=[1e-3], width=1e-6)}, 10e-3)
    after = recording.time > 1.002e-3
    t = recording.time[after] - 1.0005e-3
    assert recording["g_exc"][after] == pytest.approx(2.4e-9 * np.exp(-t / 2e-3), rel=1e-5)

    def rate(t, v):
        return (-20e-9 * (v + 60e-3) - 2.4e-9 * np.exp(-t / 2e-3) * v) / 200e-12

    reference = solve_ivp(rate, (0, t[-1]), [-60e-3], rtol=1e-10, atol=1e-14, t_eval=t[-1:])
    assert recording["v_mem"][-1] == pytest.approx(reference.y[0, -1], abs=1e-8)


def test_the_free_membrane_potential_ignores_the_threshold():
    free = nm.simulate(NEURON.free(), SPIKES, T_STOP)
    with_spikes = nm.simulate(NEURON, SPIKES, T_STOP)
    assert len(free.spikes) == 0
    assert free["v_mem"].max() > NEURON.v_th
    first = with_spikes.spikes.times[0]
    assert free.resample([0.9 * first])["v_mem"] == pytest.approx(
        with_spikes.resample([0.9 * first])["v_mem"], rel=1e-9
    )


def test_energy_is_conserved_on_both_roads(candidate):
    for recording in (candidate, nm.simulate(NEURON, SPIKES, T_STOP)):
        assert abs(nm.analysis.energy(recording).imbalance) < 1e-3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"v_reset": -50e-3}, "v_reset must be below v_th"),
        ({"v_initial": 0.0}, "v_initial must be below v_th"),
        ({"g_leak": 0.0}, "g_leak"),
        ({"tau_exc": -1.0}, "tau_exc"),
    ],
)
def test_unphysical_neurons_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        nm.ConductanceLIF(**given)
