"""Metrics, verdict and report on recordings whose differences are known, and on runs of both roads."""

from __future__ import annotations

import json

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.errors import ValidationError
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.schematic import NgspiceOptions
from neuromorph.validate import Comparison, Criterion, CrossValidation, Tolerances, compare, cross_validate
from neuromorph.validate.report import explanation_of
from neuromorph.validate.verdict import criteria_of

GRID = np.linspace(0.0, 1.0, 2001)


def recording(spikes=(), time=GRID, states=("x",), engine="rk4", **signals):
    return Recording(
        time,
        {name: values if np.ndim(values) else np.full(time.size, values) for name, values in signals.items()},
        spikes=SpikeTrains(spikes),
        provenance={"engine": engine, "version": "1", "states": [s for s in states if s in signals]},
    )


def test_a_recording_is_like_itself():
    one = recording(spikes=[0.2, 0.5, 0.7], v=np.sin(9 * GRID), x=GRID, p_in=GRID**2)
    metrics = compare(one, one).metrics()
    assert metrics["spikes_unmatched"] == 0
    for name in ("spike_time_error_max", "spike_time_error_rms", "isi_error_max", "state_error_max", "energy_error"):
        assert metrics[name] == 0.0
    assert set(metrics["nrmse"].values()) == {0.0}
    assert all(c.passed for c in criteria_of(compare(one, one), Tolerances(), {}))


def test_roundings_of_a_constant_are_no_difference():
    """A source may write 0.3 mA as the neighbouring number; a constant that differs does differ."""
    one = recording(v=GRID, i_in=3e-4)
    assert compare(one, recording(v=GRID, i_in=np.nextafter(3e-4, 0.0))).nrmse["i_in"] == 0.0
    assert compare(one, recording(v=GRID, i_in=3e-4 * (1 + 1e-9))).nrmse["i_in"] == pytest.approx(1.0)


def test_metrics_that_can_be_worked_out():
    reference = recording(spikes=[0.2, 0.4, 0.8], v=GRID, x=1 - GRID, p_in=2.0)
    candidate = recording(
        spikes=[0.21, 0.4, 0.78, 0.95], time=GRID[::2], v=GRID[::2] + 0.05, x=1 - GRID[::2] + 0.03 * GRID[::2], p_in=2.5
    )
    comparison = compare(reference, candidate)
    metrics = comparison.metrics()
    assert (metrics["spike_count_reference"], metrics["spike_count_candidate"], metrics["spikes_unmatched"]) == (
        3,
        4,
        1,
    )
    assert metrics["spike_time_error_max"] == pytest.approx(0.02, rel=1e-12)
    assert metrics["spike_time_error_rms"] == pytest.approx(np.sqrt((0.01**2 + 0.02**2) / 3), rel=1e-12)
    # Intervals 0.2 and 0.4 became 0.19 and 0.38: both are 5 % short.
    assert metrics["isi_error_max"] == pytest.approx(0.05, rel=1e-12)
    # v differs by 0.05 everywhere; both together range over 1.05.
    assert metrics["nrmse"]["v"] == pytest.approx(0.05 / 1.05, rel=1e-12)
    # x differs most at the end, by 0.03; spikes and their neighbourhood do not count, the end does.
    assert metrics["state_error_max"] == pytest.approx(0.03, rel=1e-12)
    assert metrics["final_state_error"] == {"x": pytest.approx(0.03, rel=1e-12)}
    assert metrics["energy_error"] == pytest.approx(0.5 / 2.5, rel=1e-12)


def test_a_waveform_counts_by_time_and_not_by_samples():
    """The difference is 1 in the last tenth of the time, however many samples lie there: sqrt(0.1)."""
    time = np.concatenate([np.linspace(0.0, 0.9, 50), np.linspace(0.9, 1.0, 5000)])
    late = np.concatenate([np.zeros(50), np.ones(5000)])
    nrmse = compare(recording(time=time, v=0.0), recording(time=time, v=late)).nrmse["v"]
    assert nrmse == pytest.approx(np.sqrt(0.1), rel=5e-2)


def test_waveforms_next_to_a_spike_do_not_count():
    """A jump that comes 1 ms later in one of the two is a spike-time error, and no waveform error."""
    reference, candidate = (recording(spikes=[t, 0.9], v=np.where(t > GRID, GRID, 0.0)) for t in (0.5, 0.501))
    metrics = compare(reference, candidate).metrics()
    assert metrics["spike_time_error_max"] == pytest.approx(1e-3, rel=1e-9)
    assert metrics["nrmse"]["v"] == 0.0


def test_signals_that_only_one_has_are_left_out():
    comparison = compare(recording(v=GRID, x=GRID), recording(v=GRID, w=GRID))
    assert set(comparison.nrmse) == {"v"}
    assert comparison.state_errors == {}
    assert comparison.energy_error is None


def test_recordings_with_nothing_in_common():
    with pytest.raises(ValidationError, match="nothing to compare: the reference has v, the candidate has w; give the"):
        compare(recording(v=GRID), recording(w=GRID))


def test_recordings_of_different_duration():
    with pytest.raises(ValidationError, match="the recordings end at 1 s and at 2 s"):
        compare(recording(v=GRID), recording(time=2 * GRID, v=GRID))


def test_recordings_without_spikes():
    metrics = compare(recording(v=GRID), recording(v=GRID)).metrics()
    assert metrics["spike_time_error_max"] is None
    assert metrics["isi_error_max"] is None
    assert metrics["spikes_unmatched"] == 0


def test_a_value_that_is_no_number_does_not_pass():
    broken = np.where(GRID == 0.5, np.nan, GRID)
    criteria = criteria_of(compare(recording(v=GRID), recording(v=broken)), Tolerances(), {})
    assert not all(criterion.passed for criterion in criteria)


def judged(value, numerical, limit=1e-3, **others):
    """A cross-validation with one criterion that decides."""
    one = recording(spikes=[0.2, 0.4], v=GRID)
    metrics = compare(one, one).metrics()
    return CrossValidation(
        design="design",
        reference=one,
        candidate=recording(spikes=[0.2, 0.4], v=GRID, engine="ngspice"),
        comparison=compare(one, one),
        criteria=(
            Criterion("interspike interval", value, limit, numerical=numerical),
            Criterion("state", 0.0, 1.0, numerical=0.0),
        ),
        numerical_error={} if numerical is None else {"reference": metrics, "candidate": metrics},
        **others,
    )


VERDICTS = {
    "all within": (5e-4, None, True, "every difference is within its limit"),
    "within, numerical": (5e-4, 4e-4, True, "what difference is left is numerical error"),
    "within, but more than numerical": (
        5e-4,
        1e-5,
        True,
        "every difference is within its limit; interspike interval differs by more than numerical error accounts for",
    ),
    "beyond, numerical": (
        3e-3,
        2e-3,
        False,
        "interspike interval beyond the limit, but no further than numerical error goes",
    ),
    "beyond, real": (3e-3, 1e-4, False, "the models differ: interspike interval is off by 3.00e-03"),
    "beyond, unknown": (3e-3, None, False, "interspike interval beyond the limit; run with the error budget"),
}


@pytest.mark.parametrize(("value", "numerical", "passed", "text"), VERDICTS.values(), ids=VERDICTS)
def test_the_verdict_says_why(value, numerical, passed, text):
    check = judged(value, numerical)
    assert check.passed is passed
    assert explanation_of(check).startswith(text)
    summary = check.summary()
    assert f"verdict: {'agree' if passed else 'DISAGREE'} - {text}" in summary
    assert summary.count("FAIL") == (0 if passed else 1)
    assert ("error budget: not measured" in summary) is (numerical is None)
    data = json.loads(json.dumps(check.to_dict()))
    assert data["passed"] is passed
    assert [c["name"] for c in data["criteria"]] == ["interspike interval", "state"]


DRIVE, T_STOP = nm.SquareWave(amplitude=1e-3, frequency=1e3), 0.6e-3


def test_coarse_settings_are_found_out_as_numerical_error():
    """ngspice with a step of 3 us and a reltol of 1e-2 misses the limits, and half of the step moves it as far."""
    options = NgspiceOptions(reltol=1e-2, t_max=3e-6, method="gear")
    check = cross_validate(nm.MemristiveALIF(), DRIVE, T_STOP, options=options)
    assert not check.passed
    assert "no further than numerical error goes" in check.summary()


def test_a_difference_of_the_models_is_found_out_as_such():
    neuron = nm.MemristiveALIF()
    pair = (neuron.dynamics(), neuron.replace(capacitance=1.02 * neuron.capacitance).schematic())
    check = cross_validate(pair, DRIVE, T_STOP)
    assert not check.passed
    assert "the models differ: " in check.summary()
    assert len(check.numerical_error) == 2


def test_roads_that_agree():
    check = cross_validate(nm.MemristiveALIF(), DRIVE, T_STOP)
    assert check.passed
    assert "verdict: agree" in check.summary()
    assert check.metrics["numerical_error"]["reference"]["spike_time_error_max"] < 1e-11
    assert isinstance(check.comparison, Comparison)


@pytest.mark.filterwarnings("ignore:the neuron never fires")
def test_no_spikes_at_all():
    check = cross_validate(nm.MemristiveALIF(), nm.Constant(value=0.1e-3), T_STOP, error_budget=False)
    assert check.passed
    assert len(check.reference.spikes) == len(check.candidate.spikes) == 0
    assert "spike time" not in [criterion.name for criterion in check.criteria]
    assert "verdict: agree" in check.summary()


def test_tolerances_decide():
    neuron, strict = nm.LIF(), Tolerances(isi=1e-12)
    drive = nm.Constant(value=0.2e-3)
    assert cross_validate(neuron, drive, 5e-3, error_budget=False).passed
    check = cross_validate(neuron, drive, 5e-3, tolerances=strict, error_budget=False)
    assert [c.name for c in check.criteria if not c.passed] == ["interspike interval"]


def test_inputs_alone_say_nothing_of_a_circuit():
    neuron = nm.LIF()
    with pytest.raises(ValidationError, match=r"only inputs could be compared \(i_in\)"):
        cross_validate(neuron, t_stop=1e-3, probes={"i_in": "i(Vsense_i_in)"}, error_budget=False)


def test_one_spike_against_none_is_no_agreement():
    neuron = nm.LIF()
    drive = nm.Constant(value=0.2e-3)
    check = cross_validate(
        (neuron.dynamics(), neuron.replace(v_th=1.01).schematic()), drive, 0.7e-3, error_budget=False
    )
    assert (len(check.reference.spikes), len(check.candidate.spikes)) == (1, 0)
    assert not check.criteria[0].passed
    assert not check.passed


def test_a_deck_cannot_be_given_another_drive():
    neuron = nm.LIF()
    deck = nm.make_deck(neuron.schematic(), drives=nm.Constant(value=0.2e-3), t_stop=1e-3)
    assert len(nm.simulate(deck).spikes) == 1
    with pytest.raises(ValueError, match="a deck holds its own drive"):
        nm.simulate(deck, nm.Constant(value=0.0), 1e-3)


def test_a_glitch_at_a_spike_does_not_hide_a_difference_elsewhere():
    time = np.linspace(0.0, 1.0, 20001)
    spikes = np.arange(0.1, 1.0, 0.1)
    glitch = 200.0 * (np.abs(time[:, None] - spikes).min(axis=1) < 1e-3)

    def recorded(values):
        return Recording(time, {"v": values}, {"v": "V"}, SpikeTrains(spikes), {"states": ["v"]})

    sine = np.sin(10 * np.pi * time)
    assert compare(recorded(sine), recorded(0.5 * sine + glitch)).nrmse["v"] > 0.1


def test_a_bounded_state_that_hardly_moves_is_judged_against_its_bounds():
    """It goes from 0 to 3e-4 of a range of 1: a hundredth of the range is what a difference is small or large against."""
    still = 3e-4 * GRID
    close, off = (recording(x=still + difference) for difference in (8e-5, 2.5e-4))
    assert compare(recording(x=still), close).nrmse["x"] == pytest.approx(8e-5 / 3.8e-4, rel=1e-3)
    bounded = compare(recording(x=still), close, bounds={"x": (0.0, 1.0)})
    assert bounded.nrmse["x"] == pytest.approx(8e-3, rel=1e-9)
    assert bounded.state_errors["x"] == pytest.approx(8e-3, rel=1e-9)
    found = compare(recording(x=still), off, bounds={"x": (0.0, 1.0)})
    assert {c.name for c in criteria_of(found, Tolerances(), {}) if not c.passed} == {"state", "waveform x"}
    # Of a state that moves nothing changes.
    moving, moved = recording(x=0.02 * GRID), recording(x=0.0201 * GRID)
    assert compare(moving, moved, bounds={"x": (0.0, 1.0)}).nrmse == compare(moving, moved).nrmse


@pytest.mark.filterwarnings("ignore:latch-up")
@pytest.mark.filterwarnings("ignore:the neuron ceases to fire")
def test_a_memristor_that_hardly_moves():
    """A neuron in latch-up, whose memristor goes to 1.2e-3 in its only interval and rests there."""
    neuron, drive = nm.MemristiveALIF(memristor=nm.Yakopcic()), nm.Constant(value=3e-3)
    check = cross_validate(neuron, drive, 2e-3, error_budget=False)
    assert np.ptp(check.reference["x"]) < 2e-3
    assert check.passed, check.summary()
    faster = neuron.replace(memristor=nm.Yakopcic(a_p=1.5 * neuron.memristor.a_p))
    check = cross_validate((neuron.dynamics(), faster.schematic()), drive, 2e-3, error_budget=False)
    failed = [c.name for c in check.criteria if not c.passed]
    assert {"state", "waveform x"} <= set(failed)
