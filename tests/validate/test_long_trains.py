"""Verdicts on long trains: what adds up is allowed for, and a single spike or a small difference of rates is still found."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.validate import Tolerances, compare, match_spikes
from neuromorph.validate.report import criteria_table
from neuromorph.validate.verdict import criteria_of

N, T = 1000, 1e-3
TRAIN = T * np.arange(1, N + 1)
# Ten spikes, and a pause: fifty times.
BURSTS = np.concatenate([k + T * np.arange(1, 11) for k in range(50)])


def failed(reference, candidate, tolerances=None):
    """Names of the criteria that two trains without waveforms do not meet."""
    tolerances = tolerances or Tolerances()
    one, other = (
        Recording(np.array([0.0, 100.0]), {"v": np.zeros(2)}, spikes=SpikeTrains(np.sort(spikes)))
        for spikes in (reference, candidate)
    )
    comparison = compare(one, other, drift=tolerances.drift)
    return [c.name for c in criteria_of(comparison, tolerances, {}) if not c.passed]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_rate_that_is_off_by_numerical_error_agrees_at_any_length(sign):
    """1.3e-5 for each interval was measured with a circuit; it is 0.013 intervals after a thousand of them."""
    for n in (10, 100, 1000):
        assert failed(TRAIN[:n], (1 + sign * 1.3e-5) * TRAIN[:n]) == []


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_rate_that_is_off_by_more_is_found(sign):
    """Less than a thousandth, so that no single interval shows it: the more spikes, the less need it be."""
    assert failed(TRAIN[:20], (1 + sign * 5e-4) * TRAIN[:20]) == ["spike time"]
    assert failed(TRAIN[:100], (1 + sign * 2e-4) * TRAIN[:100]) == ["spike time"]
    assert failed(TRAIN, (1 + sign * 1.2e-4) * TRAIN) == ["spike time"]


def shifted(train, k, by):
    other = train.copy()
    other[k] += by
    return other


@pytest.mark.parametrize("k", [1, 500, 990])
def test_a_shifted_spike_is_found_wherever_it_is(k):
    assert failed(TRAIN, shifted(TRAIN, k, 2e-3 * T)) == ["interspike interval"]
    assert failed(TRAIN, shifted(TRAIN, k, 0.2 * T)) == ["spike time", "interspike interval"]
    # Also in a train that has drifted.
    assert failed(TRAIN, shifted(1.00001 * TRAIN, k, 2e-3 * T)) == ["interspike interval"]


def test_a_burst_that_is_shifted_after_a_pause_is_found():
    """0.2 ms of a pause of 0.99 s is no large share of it, and late in the train no large time either."""
    later = BURSTS + 0.2 * T * (BURSTS >= 40.0)
    (name,) = failed(BURSTS, later, Tolerances(drift=1e-2))
    assert name == "spike time"


def test_a_drive_that_begins_anew_brings_drifted_spikes_together():
    """In each of five pulses 200 spikes drift apart by 0.016 intervals; after it both roads begin at the same time."""
    within = T * np.arange(1, 201)
    reference, candidate = (np.concatenate([k + factor * within for k in range(5)]) for factor in (1.0, 1 + 8e-5))
    assert failed(reference, candidate) == []
    assert failed(reference, np.concatenate([k + (1 + 3e-4) * within for k in range(5)])) == ["spike time"]


@pytest.mark.parametrize("k", [1, 500, 998])
def test_a_lost_spike_inside_a_train_is_found(k):
    assert failed(TRAIN, np.delete(TRAIN, k)) == ["unmatched spikes"]
    assert failed(np.delete(TRAIN, k), TRAIN) == ["unmatched spikes"]
    assert failed(TRAIN, np.delete(1.00005 * TRAIN, k)) == ["unmatched spikes"]


@pytest.mark.parametrize("k", [0, 500, 999])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7])
def test_a_doubled_spike_is_found(k, share):
    assert "unmatched spikes" in failed(TRAIN, np.append(TRAIN, TRAIN[k] + share * T))
    assert "unmatched spikes" in failed(np.append(TRAIN, TRAIN[k] + share * T), TRAIN)


def test_one_spike_at_an_end_may_be_lost():
    assert failed(TRAIN, TRAIN[:-1]) == []
    assert failed(TRAIN[:-1], TRAIN) == []
    end_of_burst = 10 * 25 - 1
    assert failed(BURSTS, np.delete(BURSTS, end_of_burst)) == []
    assert failed(np.delete(BURSTS, end_of_burst), BURSTS) == []
    assert failed(BURSTS, np.delete(BURSTS, [end_of_burst, end_of_burst + 10])) == ["unmatched spikes"]
    assert failed(BURSTS, np.delete(BURSTS, end_of_burst - 1)) == ["unmatched spikes"]


def test_networks_may_lose_a_spike_inside():
    """Neurons that others drive may just miss one anywhere."""
    assert failed(TRAIN, np.delete(TRAIN, 500), Tolerances.for_networks()) == []


def test_stand_ins_are_judged_at_any_length():
    """Intervals within 3 % are agreement: spikes are matched through the drift, and 3 % of them may be missing."""
    tolerances = Tolerances.for_stand_ins()
    for factor in (0.98, 1.02):
        candidate = factor * TRAIN
        candidate = np.append(candidate, candidate[-1] + factor * T * np.arange(1, 30))
        assert failed(TRAIN, candidate[candidate <= TRAIN[-1]], tolerances) == []
    for factor in (0.95, 1.05):
        assert "interspike interval" in failed(TRAIN, factor * TRAIN, tolerances)


def test_the_matching_follows_a_drift():
    match = match_spikes(TRAIN, 1.02 * TRAIN, drift=0.03)
    assert match.unmatched == 0
    assert match.drift == pytest.approx(0.02, rel=1e-9)
    assert match_spikes(TRAIN, 1.02 * TRAIN).unmatched > 30
    # A spike that is lost on the way stays the only one.
    match = match_spikes(TRAIN, np.delete(1.02 * TRAIN, 500), drift=0.03)
    assert (match.unmatched, match.inside) == (1, 1)


def sawtooth(period, height=1.0, t_stop=1.0):
    """A membrane that is charged to its threshold again and again."""
    time = np.linspace(0.0, t_stop, 200_001)
    spikes = period * np.arange(1, int(t_stop / period - 1e-9) + 1)
    values = height * np.sqrt((time / period) % 1.0)
    return Recording(time, {"v": values}, {"v": "V"}, SpikeTrains(spikes), {"states": ["v"]})


def test_waveforms_are_laid_over_each_other_where_spikes_have_drifted():
    """5 % of an interval at the end: as waveforms in time they differ by more than the limit, from spike to spike they do not."""
    drifted = compare(sawtooth(T), sawtooth((1 + 5e-5) * T), drift=1e-4)
    assert drifted.nrmse["v"] > 5e-3
    assert drifted.nrmse_aligned["v"] < 2.5e-3
    assert [c.name for c in criteria_of(drifted, Tolerances(), {}) if not c.passed] == []
    other = compare(sawtooth(T), sawtooth((1 + 5e-5) * T, height=1.02), drift=1e-4)
    assert "waveform v" in [c.name for c in criteria_of(other, Tolerances(), {}) if not c.passed]


def test_the_report_says_how_the_limit_came_about():
    one, other = sawtooth(T, t_stop=0.1), sawtooth(1.00002 * T, t_stop=0.1)
    text = "\n".join(criteria_table(criteria_of(compare(one, other), Tolerances(), {})))
    assert (
        "spike time: limit of spike 99: 100 ns for each interval before it; the candidate's intervals are 2.0e-05 longer"
        in text
    )


@pytest.fixture(scope="module")
def second():
    """A second of the leaky neuron's circuit: 1119 spikes."""
    return nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), 1.0, "ngspice")


def verdict_on(neuron, candidate, t_stop=1.0):
    reference = nm.simulate(neuron, nm.Constant(value=0.2e-3), t_stop)
    return {c.name: c for c in criteria_of(compare(reference, candidate, drift=1e-4), Tolerances(), {})}


def test_a_second_of_the_circuit_agrees(second):
    criteria = verdict_on(nm.LIF(), second)
    assert [c.name for c in criteria.values() if not c.passed] == []
    # Measured 7e-6; before the reset's switch became better, 1.3e-5.
    assert criteria["interspike interval"].value < 1e-5
    assert abs(second.spikes.times[-1] - nm.LIF().interval(0.2e-3) * 1119 + 0.2e-3) < 9e-6


@pytest.mark.parametrize("name", ["capacitance", "r_leak", "v_th", "t_refractory"])
def test_a_parameter_that_is_off_by_a_thousandth_does_not_agree_over_a_second(second, name):
    """2 % is found in twenty spikes; a twentieth of it in a thousand."""
    neuron = nm.LIF()
    for factor in (0.999, 1.001):
        criteria = verdict_on(neuron.replace(**{name: factor * getattr(neuron, name)}), second)
        assert not criteria["spike time"].passed
