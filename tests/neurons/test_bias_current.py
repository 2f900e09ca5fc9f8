"""The comparator's bias current in hardware neurons: intervals, energy, and one that is off."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.analysis import energy

ENGINES = ("ode", "ngspice")
ALIF = nm.MemristiveALIF(trigger=nm.MemristiveALIF().schmitt_trigger)
RC = nm.RCNeuron(trigger=nm.RCNeuron().schmitt_trigger)
DRIVE = nm.Constant(value=0.2e-3)


def _with_bias(neuron, i_bias):
    """The neuron with another bias current [A] and the same resistors."""
    trigger = neuron.trigger.replace(comparator=neuron.trigger.comparator.replace(i_bias=i_bias))
    vars(trigger)["resistors"] = neuron.trigger.resistors
    return neuron.replace(trigger=trigger)


def test_default_triggers_have_the_thresholds_that_are_wanted():
    """As near as ratios of E96 come, 2.4 % apart."""
    assert RC.trigger.thresholds == pytest.approx((1.0, 0.05), abs=6e-3)
    assert ALIF.trigger.thresholds == pytest.approx((0.8, 0.04), abs=6e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_intervals_of_an_rc_neuron_follow_the_bias_current(engine):
    """An RC charge between the trigger's thresholds: the leak beside its resistors, 6 uA out of the lower input.

    The closed form leaves out the time of the discharge and how far it goes on below the threshold, 1 %, which is
    nearly the same without bias current.
    """
    found, expected = {}, {}
    for i_bias in (0.0, 3e-6):
        neuron = _with_bias(RC, i_bias)
        found[i_bias] = np.diff(nm.simulate(neuron, DRIVE, 2.5e-3, engine, fidelity="macromodel").spikes.times)[-1]
        resistors, (high, low) = neuron.trigger.resistors, neuron.trigger.thresholds
        behind = resistors.r_b + neuron.trigger.comparator.r_out
        r_load = resistors.r_a + behind
        r_membrane = 1 / (1 / RC.r_leak + 1 / r_load)
        v_end = r_membrane * (0.2e-3 + 2 * i_bias * behind / r_load)
        expected[i_bias] = r_membrane * RC.capacitance * math.log((v_end - low) / (v_end - high))
    assert found[3e-6] == pytest.approx(expected[3e-6], rel=0.015)
    assert expected[0.0] > 1.05 * expected[3e-6]
    assert found[0.0] / found[3e-6] == pytest.approx(expected[0.0] / expected[3e-6], rel=5e-3)


@pytest.mark.parametrize("i_bias", [0.0, 3e-6, 6e-6])
@pytest.mark.parametrize("neuron", [nm.MemristiveALIF(), nm.RCNeuron()], ids=["alif", "rc"])
@pytest.mark.parametrize("engine", ENGINES)
def test_energy_is_conserved_with_the_bias_current(neuron, engine, i_bias):
    """The supply gives it, and what flows out of the inputs arrives in resistors, amplifier and membrane."""
    trigger = neuron.schmitt_trigger
    other = neuron.replace(trigger=trigger.replace(comparator=trigger.comparator.replace(i_bias=i_bias)))
    is_alif = isinstance(neuron, nm.MemristiveALIF)
    drive, t_stop = (nm.Constant(value=1e-3), 0.2e-3) if is_alif else (DRIVE, 2e-3)
    balance = energy(nm.simulate(other, drive, t_stop, engine, fidelity="macromodel"))
    assert balance.spike_count > 1
    assert balance.imbalance < 1e-4, balance.summary()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_supply_gives_the_bias_current(engine):
    """A silent membrane: 4.5 mA, 6 uA out of the lower input, the divider, and no more; within 1e-6 of it."""
    with pytest.warns(nm.DesignWarning, match="never fires"):
        recording = nm.simulate(RC, nm.Constant(value=0.0), 2e-3, engine, fidelity="macromodel")
    trigger = RC.trigger
    divider = 5.0**2 / (trigger.resistors.r_top + trigger.resistors.r_bottom)
    assert recording["p_supply_logic"][-1] == pytest.approx(divider + 5.0 * (4.5e-3 + 6e-6), rel=1e-6)


@pytest.mark.parametrize(("neuron", "t_stop"), [(ALIF, 0.15e-3), (RC, 2.5e-3)], ids=["alif", "rc"])
def test_ten_percent_of_bias_current_on_one_road_are_found(neuron, t_stop):
    """3 mV of thresholds of 0.8 V or 1 V; the same bias current on both roads passes."""
    drive = nm.Constant(value=1e-3) if neuron is ALIF else DRIVE
    system = neuron.dynamics("macromodel")
    circuits = [other.schematic("macromodel") for other in (neuron, _with_bias(neuron, 3.3e-6))]
    same, off = (nm.cross_validate((system, circuit), drive, t_stop, error_budget=False) for circuit in circuits)
    assert same.passed, same.summary()
    assert not off.passed, off.summary()


def test_a_comparator_of_transistors_takes_no_bias_current():
    assert nm.TransistorComparator().macromodel().i_bias == 0.0
    assert nm.TransistorComparator(inputs="n").macromodel().i_bias == 0.0
