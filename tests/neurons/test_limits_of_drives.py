"""Drives at the edge: sines faster than the default step, neurons whose rest is above the threshold."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import neuromorph as nm


@pytest.mark.parametrize("engine", ["rk4", "ngspice"])
@pytest.mark.parametrize("frequency", [250e3, 1e6])
def test_a_sine_faster_than_the_default_step_is_not_taken_for_a_constant(engine, frequency):
    """The mean of the drive, 0.09 mA, is below threshold; sampled once a period it would be far above."""
    neuron = nm.LIF()
    drive = nm.Sine(amplitude=1e-3, frequency=frequency, offset=0.09e-3, phase=0.3)
    recording = nm.simulate(neuron, drive, 0.5e-3, engine)
    assert len(recording.spikes) == 0
    assert np.ptp(recording["i_in"]) == pytest.approx(2e-3, rel=0.02)
    # First-order response to the mean; the ripple of the sine is below 1 % of it.
    exact = neuron.r_leak * 0.09e-3 * -np.expm1(-0.5e-3 / (neuron.r_leak * neuron.capacitance))
    assert recording["v_mem"][-1] == pytest.approx(exact, rel=0.03)


def test_a_neuron_that_rests_above_its_threshold_spikes_by_itself_on_both_roads():
    neuron = nm.LIF(v_rest=1.5)
    check = nm.cross_validate(neuron, nm.Constant(value=0.0), 6e-3, error_budget=False)
    assert check.passed
    assert check.metrics["spikes_unmatched"] == 0
    assert np.diff(check.reference.spikes.times) == pytest.approx(neuron.interval(0.0), rel=1e-9)


def test_an_error_on_one_road_does_not_wait_for_the_other():
    """The circuit would run for minutes; the equations fail at once."""
    import sympy

    v = sympy.Symbol("v")
    growing = nm.HybridSystem(
        name="growing", states={"v": nm.State(1e3, "V")}, modes={"on": nm.Mode(rates={"v": v**2}, time_scale=1e-4)}
    )
    circuit = nm.Schematic("long", probes={"v": "v(a)"}, resolution=nm.Resolution(t_max=1e-9))
    circuit.V("1", "a", 0, 1.0)
    circuit.R("1", "a", 0, 1e3)
    started = time.monotonic()
    with pytest.raises(nm.SimulationError, match="ceased to be finite"):
        nm.cross_validate((growing, circuit), t_stop=1.0, error_budget=False)
    assert time.monotonic() - started < 20
    assert threading.active_count() < 10


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), "1%"])
def test_tolerances_are_numbers_of_at_least_zero(tolerance):
    with pytest.raises(ValueError, match="tolerance isi must be a number of at least 0"):
        nm.Tolerances(isi=tolerance)


@pytest.mark.parametrize(
    "neuron",
    [nm.MemristiveALIF(capacitance=100e-6), nm.MemristiveALIF(memristor=nm.MMS(tau=5e-8))],
    ids=["large capacitor", "fast memristor"],
)
def test_the_default_step_resolves_the_memristor_too(neuron):
    """Without that RK4 is unstable in x: no spikes, x far above one, and no error."""
    t_stop = 1.0 if neuron.capacitance > 1e-6 else 0.2e-3
    check = nm.cross_validate(neuron, nm.Constant(value=1e-3), t_stop, error_budget=False)
    assert 0.0 <= check.reference["x"].min() <= check.reference["x"].max() <= 1.0
    assert len(check.reference.spikes) == len(check.candidate.spikes) > 1
    assert check.metrics["isi_error_max"] < 1e-3
