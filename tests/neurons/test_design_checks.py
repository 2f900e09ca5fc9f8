"""Faults of designs: each is provoked in ngspice, and the check would have warned of it."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

import neuromorph as nm
from neuromorph.cli.app import app

STEP = nm.Constant(value=1e-3)
T_STOP = 0.3e-3


def _spikes(neuron, fidelity, drive=STEP, t_stop=T_STOP, **arguments):
    """Spike times in ngspice, without the warning [s]."""
    return nm.simulate(neuron, drive, t_stop, "ngspice", fidelity=fidelity, warn=False, **arguments).spikes.times


def _only(neuron, fidelity, drive=STEP, t_stop=T_STOP, **arguments):
    findings = nm.check_design(neuron, drive, t_stop, fidelity=fidelity, **arguments)
    assert len(findings) == 1, findings
    return findings[0]


@pytest.mark.parametrize("fidelity", ["ideal", "macromodel", "transistor"])
def test_the_published_designs_have_no_faults(fidelity):
    for neuron in (nm.MemristiveALIF(), nm.RCNeuron(), nm.MemristiveALIF(amplifier=nm.DifferenceAmplifier(gain=10.0))):
        assert nm.check_design(neuron, fidelity=fidelity) == ()


@pytest.mark.parametrize("fidelity", ["ideal", "macromodel"])
def test_latch_up(fidelity):
    """A lower threshold that the current through the switch does not let the membrane fall to."""
    latched = nm.MemristiveALIF(v_lo=3e-3)
    if fidelity == "macromodel":
        trigger = nm.SchmittTrigger(v_high=0.8, v_low=0.005)
        assert trigger.thresholds[1] < 0.01
        latched = latched.replace(trigger=trigger)
    finding = _only(latched, fidelity)
    parameter, scale = ("v_lo", 1.0) if fidelity == "ideal" else ("trigger.v_low", 2.0)
    assert (finding.fault, finding.parameter) == ("latch-up", parameter)
    assert finding.limit == pytest.approx(scale * 1e-3 * 10 * 0.6, rel=0.02)
    assert f"raise {parameter} to" in finding.message
    assert len(_spikes(latched, fidelity)) == 1
    # The value that the message names would do.
    cured = nm.MemristiveALIF(v_lo=1.3 * finding.limit)
    if fidelity == "macromodel":
        # Of a trigger that was given, v_lo moves nothing; preferred values miss by some millivolts.
        cured = latched.replace(trigger=nm.SchmittTrigger(v_high=0.8, v_low=finding.limit + 8e-3))
    assert nm.check_design(cured, STEP, T_STOP, fidelity=fidelity) == ()
    assert len(_spikes(cured, fidelity)) > 8


def test_latch_up_by_the_amplifiers_offset():
    """20 mV of offset is 60 mV at the output of an amplifier of gain 2, above the lower threshold of 40 mV."""
    neuron = nm.MemristiveALIF(amplifier=nm.DifferenceAmplifier(op_amp=nm.OpAmp(v_offset=20e-3)))
    finding = _only(neuron, "macromodel")
    assert finding.fault == "latch-up"
    assert finding.limit == pytest.approx(30e-3 + 1e-3 * 10 * 0.6, rel=0.02)
    assert "offset" in finding.message
    # Both outputs of the trigger are possible at rest, so it may even begin with the discharge.
    assert len(_spikes(neuron, "macromodel")) <= 1
    cured = neuron.replace(v_lo=1.2 * finding.limit)
    assert nm.check_design(cured, STEP, T_STOP, fidelity="macromodel") == ()
    assert len(_spikes(cured, "macromodel")) > 8


def test_a_transistor_whose_gate_never_opens_it():
    """3.75 V at the gate over 2.5 V at the source is less than the transistor's 1.5 V."""
    neuron = nm.MemristiveALIF(v_rest=2.5)
    finding = _only(neuron, "macromodel")
    assert (finding.fault, finding.parameter) == ("latch-up", "transistor.v_to")
    assert finding.limit == pytest.approx(1.25)
    assert "infinite" not in finding.message
    assert len(_spikes(neuron, "macromodel")) == 1
    cured = neuron.replace(transistor=nm.Mosfet(v_to=0.5))
    assert nm.check_design(cured, STEP, T_STOP, fidelity="macromodel") == ()
    assert len(_spikes(cured, "macromodel")) > 8


def test_no_firing_once_the_memristor_is_on():
    """1 mA through 500 ohm is 0.5 V: above that, only a memristor that is still off lets the neuron fire."""
    neuron = nm.MemristiveALIF(v_th=0.55)
    finding = _only(neuron, "ideal")
    assert (finding.fault, finding.parameter) == ("no firing", "v_th")
    assert finding.limit == pytest.approx(0.5, rel=1e-9)
    assert "ceases to fire" in finding.message
    spikes = _spikes(neuron, "ideal", t_stop=2e-3)
    assert len(spikes) == 3
    assert spikes[-1] < 0.2e-3
    assert nm.check_design(nm.MemristiveALIF(v_th=0.41), STEP, T_STOP) == ()
    assert _spikes(nm.MemristiveALIF(v_th=0.41), "ideal", t_stop=2e-3)[-1] > 1.9e-3


def test_no_firing_at_all():
    finding = _only(nm.MemristiveALIF(v_th=1.6), "ideal")
    assert finding.limit == pytest.approx(1.5, rel=1e-9)
    assert "never fires" in finding.message
    assert len(_spikes(nm.MemristiveALIF(v_th=1.6), "ideal")) == 0
    weak = nm.Constant(value=0.95e-4)
    assert _only(nm.RCNeuron(), "ideal", weak, 5e-3).limit == pytest.approx(0.95, rel=1e-9)
    assert len(_spikes(nm.RCNeuron(), "ideal", weak, 5e-3)) == 0


def test_no_firing_above_a_trigger_that_was_given():
    """3 V after a gain of 2 are 1.5 V at the memristor, which 1 mA reaches in no state; v_th moves nothing then."""
    neuron = nm.MemristiveALIF(trigger=nm.SchmittTrigger(v_high=3.02, v_low=0.1))
    finding = _only(neuron, "macromodel")
    assert (finding.fault, finding.parameter) == ("no firing", "trigger.v_high")
    assert finding.limit == pytest.approx(2 * 1.5, rel=1e-9)
    assert "lower trigger.v_high to" in finding.message
    assert len(_spikes(neuron, "macromodel")) == 0
    assert nm.check_design(neuron, STEP, T_STOP, fidelity={"amplifier": "macromodel"}) == ()


@pytest.mark.parametrize("neuron", [nm.MemristiveALIF(), nm.RCNeuron()])
@pytest.mark.parametrize("current", [0.0, -1e-3])
def test_a_drive_that_does_not_charge_has_no_threshold_that_would_do(neuron, current):
    finding = _only(neuron, "ideal", nm.Constant(value=current))
    assert finding.fault == "no firing"
    assert "lower v_th" not in finding.message
    assert "drive it with" in finding.message


def test_thresholds_outside_the_common_mode_range():
    """A comparator with n-channel inputs does not compare at 0.7 V; with p-channel inputs it does."""
    deaf = {"comparator": nm.TransistorComparator(inputs="n"), "discharge": "macromodel"}
    finding = _only(nm.MemristiveALIF(), deaf)
    assert (finding.fault, finding.parameter) == ("common mode", "trigger.v_high")
    assert "use a comparator with p-channel inputs" in finding.message
    assert len(_spikes(nm.MemristiveALIF(), deaf)) <= 1
    hearing = {"comparator": nm.TransistorComparator(inputs="p"), "discharge": "macromodel"}
    assert nm.check_design(nm.MemristiveALIF(), STEP, T_STOP, fidelity=hearing) == ()
    assert len(_spikes(nm.MemristiveALIF(), hearing)) > 8


def test_a_threshold_above_the_amplifiers_output():
    """The membrane rises above its threshold, and the amplifier's output stays at its rail."""
    neuron = nm.MemristiveALIF(
        amplifier=nm.DifferenceAmplifier(gain=40.0),
        trigger=nm.SchmittTrigger(v_high=15.0, v_low=1.0, v_supply=12.0, comparator=nm.Comparator(common_mode_high=12.0, v_high=11.0)),
    )  # fmt: skip
    finding = next(f for f in nm.check_design(neuron, STEP, T_STOP, fidelity="macromodel") if f.fault == "output range")
    assert finding.parameter == "trigger.v_high"
    assert finding.limit == pytest.approx(14.1)
    designed = nm.check_design(nm.MemristiveALIF(amplifier=neuron.amplifier), STEP, T_STOP, fidelity="macromodel")
    assert "amplifier.gain" in [f.parameter for f in designed]
    assert len(_spikes(neuron, "macromodel")) == 0


def test_steps_longer_than_the_discharge():
    """Steps of 5 us, loosely controlled, make spikes up; the check asks for a fraction of 0.2 us."""
    coarse = nm.NgspiceOptions(t_max=5e-6, reltol=1e-3)
    finding = _only(nm.MemristiveALIF(), "macromodel", options=coarse)
    assert (finding.fault, finding.parameter) == ("time step", "t_max")
    assert finding.limit == pytest.approx(22e-9 * nm.Mosfet().on_resistance(nm.Comparator().v_high))
    true = np.diff(_spikes(nm.MemristiveALIF(), "macromodel"))
    found = np.diff(_spikes(nm.MemristiveALIF(), "macromodel", options=coarse))
    count = min(len(true), len(found))
    assert np.max(np.abs(found[:count] / true[:count] - 1)) > 0.05
    cured = nm.NgspiceOptions(t_max=finding.limit / 4)
    assert nm.check_design(nm.MemristiveALIF(), STEP, T_STOP, fidelity="macromodel", options=cured) == ()
    np.testing.assert_allclose(np.diff(_spikes(nm.MemristiveALIF(), "macromodel", options=cured)), true, rtol=1e-3)


def test_a_run_warns_at_the_line_that_asked_for_it():
    with pytest.warns(nm.DesignWarning, match="latch-up: 1 mA through the discharge's 10 ohm") as found:
        nm.simulate(nm.MemristiveALIF(v_lo=3e-3), STEP, 1e-5)
    assert found[0].filename == __file__
    with pytest.warns(nm.DesignWarning, match="latch-up"):
        check = nm.cross_validate(nm.MemristiveALIF(v_lo=3e-3), STEP, 1e-4, error_budget=False)
    assert "design: latch-up" in check.summary()
    assert check.to_dict()["findings"][0]["parameter"] == "v_lo"


def test_warnings_can_be_left_out_and_other_designs_have_no_checks():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nm.simulate(nm.MemristiveALIF(v_lo=3e-3), STEP, 1e-5, warn=False)
    assert nm.check_design(nm.LIF().dynamics(), STEP, T_STOP) == ()
    assert nm.check_design(nm.LIF(), STEP, T_STOP) == ()


def test_the_command_line_warns_and_goes_on(tmp_path):
    out = tmp_path / "out.json"
    arguments = ["validate", "memristive-alif", "--set", "v_lo=3mV", "--t-stop", "0.1ms", "--json", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "warning: latch-up" in done.stderr
    assert json.loads(out.read_text())["findings"][0]["fault"] == "latch-up"
