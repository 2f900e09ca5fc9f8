"""The RC neuron: closed forms, both roads, and what its real parts cost."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.analysis import energy

DRIVE, T_STOP = nm.Constant(value=0.2e-3), 2e-3


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
@pytest.mark.parametrize("current", [0.15e-3, 0.2e-3, 1e-3])
def test_interval_is_the_closed_form(engine, current):
    neuron = nm.RCNeuron()
    spikes = nm.simulate(neuron, nm.Constant(value=current), 4 * neuron.interval(current), engine).spikes.times
    rtol = 1e-9 if engine == "ode" else 1e-4
    np.testing.assert_allclose(np.diff(spikes), neuron.interval(current), rtol=rtol)


def test_interval_is_infinite_where_the_neuron_does_not_fire():
    neuron = nm.RCNeuron()
    assert neuron.interval(0.99e-4) == np.inf
    assert neuron.interval(1.0) == np.inf
    assert nm.RCNeuron(v_th=None).interval(1e-3) == np.inf


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
@pytest.mark.parametrize("fidelity", ["ideal", "macromodel"])
def test_passive_membrane_is_an_exponential(engine, fidelity):
    """At any fidelity: without a threshold there are no parts to be real."""
    neuron = nm.RCNeuron(v_th=None, v_rest=0.1)
    recording = nm.simulate(neuron, nm.Constant(value=50e-6), 3e-3, engine, fidelity=fidelity)
    exact = 0.1 + 0.5 * (1 - np.exp(-recording.time / 1e-3))
    np.testing.assert_allclose(recording["v_mem"], exact, atol=1e-6 if engine == "ode" else 2e-5)
    assert len(recording.spikes) == 0


@pytest.mark.parametrize("fidelity", ["ideal", "macromodel", {"comparator": "macromodel"}, {"discharge": "macromodel"}])
def test_both_roads_agree(fidelity):
    check = nm.cross_validate(nm.RCNeuron(), DRIVE, T_STOP, fidelity=fidelity, error_budget=False)
    assert check.passed, check.summary()
    assert len(check.reference.spikes) in (2, 3)
    assert check.metrics["spikes_unmatched"] == 0
    assert check.metrics["isi_error_max"] < 3e-4


def test_transistor_comparator_within_3_percent():
    check = nm.cross_validate(nm.RCNeuron(), DRIVE, T_STOP, fidelity="transistor", error_budget=False)
    assert check.passed, check.summary()
    assert check.metrics["isi_error_max"] < 0.03


def test_a_circuit_that_is_off_is_found():
    neuron = nm.RCNeuron()
    neuron = neuron.replace(trigger=neuron.schmitt_trigger)
    for changes in ({"capacitance": 102e-9}, {"r_leak": 10.2e3}, {"trigger.v_supply": 5.05}):
        pair = (neuron.dynamics("macromodel"), neuron.with_nested(changes).schematic("macromodel"))
        assert not nm.cross_validate(pair, DRIVE, T_STOP, error_budget=False).passed, changes


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
def test_energy_is_conserved(engine):
    for fidelity in ("ideal", "macromodel"):
        assert energy(nm.simulate(nm.RCNeuron(v_rest=0.02), DRIVE, T_STOP, engine, fidelity=fidelity)).imbalance < 2e-4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"v_lo": 1.2}, "v_rest, v_lo and v_th must rise in this order, got 0.0, 1.2 and 1.0 V"),
        ({"v_rest": 0.1}, "must rise in this order"),
        ({"capacitance": 0.0}, "capacitance must be a positive capacitance in F, got 0.0"),
    ],
)
def test_what_is_not_physical_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        nm.RCNeuron(**changes)


def test_a_passive_membrane_has_no_trigger():
    with pytest.raises(ValueError, match=r"passive membrane \(v_th=None\) has no trigger: give v_th in V"):
        _ = nm.RCNeuron(v_th=None).schmitt_trigger
