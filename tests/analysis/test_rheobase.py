"""The threshold current by bisection, against the closed form of an RC membrane."""

from __future__ import annotations

import math

import pytest

import neuromorph as nm
from neuromorph.analysis import rheobase


def _closed_form(neuron, t_pulse):
    """Charging to the threshold within the pulse: ``(v_th - v_rest) / (r_leak (1 - exp(-t/tau)))``."""
    tau_m = neuron.r_leak * neuron.capacitance
    return (neuron.v_th - neuron.v_rest) / (neuron.r_leak * -math.expm1(-t_pulse / tau_m))


@pytest.mark.parametrize("t_stop", [0.5e-3, 1e-3, 20e-3])
@pytest.mark.parametrize("start", [1e-7, 0.11e-3, 1.0])
def test_lif_against_its_closed_form(t_stop, start):
    neuron = nm.LIF()
    found = rheobase(neuron, nm.Constant(value=start), t_stop, rtol=1e-6)
    assert found == pytest.approx(_closed_form(neuron, t_stop), rel=2e-6)


def test_both_roads_agree():
    neuron = nm.LIF()
    assert rheobase(neuron, t_stop=2e-3, rtol=1e-3, engine="ngspice") == pytest.approx(
        _closed_form(neuron, 2e-3), rel=2e-3
    )


def test_amplitude_of_pulses_and_of_a_named_input():
    neuron = nm.LIF()
    pulses = {"i_in": nm.SquareWave(amplitude=1e-3, frequency=1e2, duty=0.2, rise=1e-9, fall=1e-9)}
    assert rheobase(neuron, pulses, 5e-3, rtol=1e-5) == pytest.approx(_closed_form(neuron, 2e-3), rel=2e-5)


def test_inhibition_by_a_current_that_must_be_negative():
    """A neuron whose sign is turned round has its threshold at the mirrored current."""
    neuron = nm.LIF(v_th=-0.5, v_rest=-1.0, v_reset=-1.0, t_refractory=0.0)
    assert rheobase(neuron, nm.Constant(value=1e-3), 20e-3) == pytest.approx(0.5 / 10e3, rel=2e-3)


def test_what_cannot_be_searched_is_said():
    with pytest.raises(ValueError, match="PiecewiseLinear has no amplitude to vary"):
        rheobase(nm.LIF(), nm.PiecewiseLinear(times=[0, 1e-3], values=[0, 1e-3]), 1e-3)
    with pytest.raises(ValueError, match="value of the drive is 0"):
        rheobase(nm.LIF(), nm.Constant(value=0.0), 1e-3)
    with pytest.raises(ValueError, match="rtol must be a number between 0 and 1, got 0"):
        rheobase(nm.LIF(), rtol=0)
    with pytest.raises(nm.ValidationError, match="lif does not spike at a drive of -"):
        rheobase(nm.LIF(), nm.Constant(value=-1e-9), 1e-3)
    with pytest.raises(nm.ValidationError, match="lif still spikes at a drive of"):
        rheobase(nm.LIF(v_rest=2.0), nm.Constant(value=1e-3), 1e-3)


def test_progress_reaches_the_end():
    seen = []
    rheobase(nm.LIF(), progress=lambda fraction, what: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0, abs=0.01)
