"""The memristive neuron with real parts: both roads, limits, energy, and parameters that are off."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.analysis import energy

DRIVE = nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5)
T_STOP = 0.3e-3
ROLES = ("amplifier", "comparator", "discharge")
# What spike times of both roads may differ by [s]: numerical error of ngspice, mostly.
CLOSE = 100e-9


def _check(neuron, fidelity, t_stop=T_STOP, **arguments):
    return nm.cross_validate(neuron, DRIVE, t_stop, fidelity=fidelity, error_budget=False, **arguments)


@pytest.mark.parametrize(
    "fidelity",
    ["macromodel", *({role: "macromodel"} for role in ROLES), {"amplifier": "macromodel", "discharge": "transistor"}],
    ids=str,
)
def test_both_roads_agree_part_by_part(fidelity):
    check = _check(nm.MemristiveALIF(), fidelity)
    assert check.passed, check.summary()
    assert check.metrics["spikes_unmatched"] == 0
    assert check.metrics["spike_time_error_max"] < CLOSE
    assert len(check.reference.spikes) in (10, 11)
    # The interval is longer than that of the ideal neuron, 19.73 us, with every real part.
    assert np.diff(check.reference.spikes.times)[0] > 19.75e-6


def test_both_roads_agree_where_the_rest_is_not_at_ground():
    check = _check(nm.MemristiveALIF(v_rest=0.1), "macromodel")
    assert check.passed, check.summary()
    assert max(balance.imbalance for balance in check.comparison.energies) < 1e-4
    assert check.comparison.energies[0].delivered["supply_rest"] != 0


@pytest.mark.parametrize("memristor", [nm.GMMS(), nm.MMS(tau=1e-5)], ids=["GMMS", "fast MMS"])
def test_other_memristors_in_the_hardware(memristor):
    check = _check(nm.MemristiveALIF(memristor=memristor, v_th=0.25), "macromodel")
    assert check.passed, check.summary()
    assert len(check.reference.spikes) > 3


def test_transistor_comparator_within_3_percent_of_its_macromodel():
    check = _check(nm.MemristiveALIF(), "transistor")
    assert check.passed, check.summary()
    assert 1e-4 < check.metrics["isi_error_max"] < 0.03


OFF = {
    "amplifier.gain": 1.01,
    "amplifier.op_amp.gbw": 0.8,
    "amplifier.op_amp.slew_rate": 0.4,
    "amplifier.op_amp.c_in": 5.0,
    "trigger.v_supply": 1.01,
    "trigger.comparator.t_delay": 6.0,
    "trigger.comparator.c_in": 3.0,
    "trigger.comparator.v_high": 0.98,
    "transistor.k_p": 0.7,
    "transistor.v_to": 1.3,
    "capacitance": 1.02,
    "r_s": 1.02,
}


@pytest.mark.parametrize("name", OFF)
def test_a_part_that_is_off_on_one_road_is_found(name):
    """The equations of one neuron against the circuit of another, at a gain of 10, where the amplifier slews."""
    neuron = nm.MemristiveALIF(amplifier=nm.DifferenceAmplifier(gain=10.0))
    neuron = neuron.replace(trigger=neuron.schmitt_trigger)
    value = neuron
    for part in name.split("."):
        value = getattr(value, part)
    other = neuron.with_nested({name: OFF[name] * value})
    pair = (neuron.dynamics("macromodel"), other.schematic("macromodel"))
    check = nm.cross_validate(pair, DRIVE, T_STOP, error_budget=False)
    assert not check.passed


def test_rosenbrock_and_rk4_give_the_same_spikes():
    system = nm.MemristiveALIF().dynamics("macromodel")
    stiff = nm.simulate_system(system, DRIVE, 60e-6, nm.Rosenbrock(rtol=1e-9))
    explicit = nm.simulate_system(system, DRIVE, 60e-6, nm.RK4(dt=0.5e-9))
    assert len(stiff.spikes) == 2
    np.testing.assert_allclose(stiff.spikes.times, explicit.spikes.times, atol=1e-11)


def test_parts_that_become_ideal_make_the_ideal_neuron():
    """Delays to nothing, gains to infinity: what is left is the ideal neuron at the trigger's own thresholds."""
    op_amp = nm.OpAmp(gbw=4e10, slew_rate=1e13, gain=1e8, c_in=1e-17, r_out=1.0)
    comparator = nm.Comparator(t_delay=1e-12, t_rise=1e-12, gain=1e8, c_in=1e-17, r_out=1.0)
    # Input resistors of 100 Mohm do not load the memristor.
    amplifier = nm.DifferenceAmplifier(op_amp=op_amp, r_in=1e8)
    trigger = nm.SchmittTrigger(v_high=0.8, v_low=0.04, comparator=comparator)
    hardware = nm.MemristiveALIF(amplifier=amplifier, trigger=trigger)
    high, low = trigger.thresholds
    ideal = nm.MemristiveALIF(v_th=high / 2, v_lo=low / 2)
    real = {"amplifier": "macromodel", "comparator": "macromodel"}
    spikes = [
        nm.simulate(neuron, DRIVE, T_STOP, fidelity=fidelity).spikes.times
        for neuron, fidelity in ((hardware, real), (ideal, "ideal"))
    ]
    np.testing.assert_allclose(*spikes, rtol=3e-5)


def test_energy_is_conserved_on_both_roads_at_every_fidelity():
    for fidelity in ("macromodel", {"amplifier": "macromodel"}, {"comparator": "macromodel"}):
        for engine in ("ode", "ngspice"):
            balance = energy(nm.simulate(nm.MemristiveALIF(), DRIVE, T_STOP, engine, fidelity=fidelity))
            assert balance.imbalance < 2e-4, (fidelity, engine, balance.summary())


@pytest.mark.parametrize("engine", ["ode", "ngspice"])
def test_what_an_ideal_comparator_gives_to_a_real_gate_is_counted(engine):
    """At 2.2 nF the gate takes as much as a per cent of what the drive gives."""
    neuron = nm.MemristiveALIF(capacitance=2.2e-9)
    balance = energy(nm.simulate(neuron, DRIVE, 50e-6, engine, fidelity={"discharge": "macromodel"}))
    assert balance.imbalance < 1.5e-3
    assert balance.delivered["supply_gate"] > 5e-3 * balance.delivered["in"]


def test_a_sweep_of_what_has_no_effect_is_refused():
    over = {"amplifier.op_amp.gbw": [1e6, 4e6]}
    with pytest.raises(
        ValueError, match=r"amplifier.op_amp.gbw has no effect while every part is ideal: give a fidelity"
    ):
        nm.sweep(nm.MemristiveALIF(), over, workers=1)
    result = nm.sweep(nm.MemristiveALIF(), over, t_stop=50e-6, measure="isi_first", fidelity="macromodel", workers=1)
    first, second = result.values("isi_first")
    assert first > second > 0


def test_half_the_step_moves_no_interval_by_a_percent():
    neuron = nm.MemristiveALIF()
    t_max = neuron.schematic("macromodel").resolution.t_max
    intervals = [
        np.diff(
            nm.simulate(
                neuron, DRIVE, T_STOP, "ngspice", fidelity="macromodel", options=nm.NgspiceOptions(t_max=step)
            ).spikes.times
        )
        for step in (t_max, t_max / 2)
    ]
    np.testing.assert_allclose(*intervals, rtol=1e-2)
    np.testing.assert_allclose(*intervals, rtol=1e-3)


def test_thresholds_of_the_trigger_follow_from_the_neuron():
    trigger = nm.MemristiveALIF(v_th=0.3, v_lo=0.03, amplifier=nm.DifferenceAmplifier(gain=5.0)).schmitt_trigger
    assert (trigger.v_high, trigger.v_low) == pytest.approx((1.5, 0.15))
    np.testing.assert_allclose(trigger.thresholds, (1.5, 0.15), atol=0.01)


def test_a_trigger_with_one_value_changed_follows_the_thresholds_that_change_with_it():
    """In any order, and through the gain too; the part that follows from the others comes last."""
    for changes in (
        {"v_th": 0.3, "amplifier.gain": 5.0, "trigger.comparator.t_delay": 8e-9},
        {"trigger.comparator.t_delay": 8e-9, "amplifier.gain": 5.0, "v_th": 0.3},
    ):
        trigger = nm.MemristiveALIF(v_lo=0.03).with_nested(changes).schmitt_trigger
        assert (trigger.v_high, trigger.v_low) == pytest.approx((1.5, 0.15))
        assert trigger.comparator.t_delay == 8e-9
    given = nm.MemristiveALIF(trigger=nm.SchmittTrigger(v_high=1.0, v_low=0.1))
    assert given.with_nested({"v_th": 0.3, "trigger.r_a": 12e3}).schmitt_trigger.v_high == 1.0
    rc = nm.RCNeuron().with_nested({"trigger.r_a": 12e3, "v_th": 0.8})
    assert (rc.schmitt_trigger.v_high, rc.schmitt_trigger.r_a) == (0.8, 12e3)
    with pytest.raises(ValueError, match="no part 'trigger' with these values"):
        nm.RCNeuron().with_nested({"trigger.r_a": 12e3, "v_th": None})


@pytest.mark.parametrize(
    ("fidelity", "words"),
    [
        ({"comparators": "macromodel"}, "has no part 'comparators'; its parts: amplifier, comparator, discharge"),
        ({"comparator": "real"}, "no fidelity 'real'; choices: ideal, macromodel, transistor, or a VendorModel"),
        (3, "fidelity must be one of ideal, macromodel, transistor, or a dict"),
        ({"comparator": 3}, "must be a word or a VendorModel, got 3"),
        ({"comparator": nm.Comparator(t_delay=1e-6)}, "make it a parameter of the neuron"),
        ({"discharge": nm.TransistorComparator()}, "a TransistorComparator is no 'discharge'"),
    ],
)
def test_unknown_fidelities_list_the_choices(fidelity, words):
    with pytest.raises(ValueError, match=words):
        nm.simulate(nm.MemristiveALIF(), fidelity=fidelity)


def test_a_reset_in_no_time_has_no_real_parts():
    with pytest.raises(ValueError, match=r"r_switch is None, a reset in no time.*give r_switch in ohm"):
        nm.MemristiveALIF(r_switch=None).dynamics({"amplifier": "macromodel"})


def test_designs_without_parts_say_so():
    with pytest.raises(ValueError, match="'lif' has the fidelity 'ideal' only, got 'macromodel'"):
        nm.simulate(nm.LIF(), fidelity="macromodel")
    with pytest.raises(ValueError, match="HybridSystem has no parts of different fidelity"):
        nm.simulate(nm.LIF().dynamics(), nm.Constant(value=1e-4), 1e-3, fidelity="macromodel")


def test_a_vendors_transistor_takes_the_place_of_the_discharge(tmp_path):
    file = tmp_path / "transistor.lib"
    file.write_text(".model NX NMOS (LEVEL=1 VTO=1.5 KP=0.045 CGSO=30p CGDO=5p)\n")
    vendor = nm.VendorModel(file, "NX", {"d": "d", "g": "g", "s": "s"})
    check = _check(nm.MemristiveALIF(), {"comparator": "macromodel", "discharge": vendor})
    assert check.passed, check.summary()
    assert check.metrics["isi_error_max"] < 5e-3
    assert max(balance.imbalance for balance in check.comparison.energies) < 1e-3
