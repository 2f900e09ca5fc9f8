"""Spike trains of two roads as samples: how often chance is called a difference, and what is found."""

from __future__ import annotations

import json

import numpy as np
import pytest

from neuromorph.recording import Recording, SpikeTrains
from neuromorph.validate.statistics import compare_statistics

T_STOP, N = 1.0, 8
NAMES = tuple(f"n{k}" for k in range(N))


def network(rng, shape=20.0, scale=1.0, mean=20e-3, neuron=None):
    """Renewal processes with gamma intervals; `scale` stretches those of one neuron, or of all."""
    trains = []
    for name in NAMES:
        stretch = scale if neuron in (None, name) else 1.0
        times = np.cumsum(rng.gamma(shape, mean * stretch / shape, int(3 * T_STOP / mean)))
        trains.append(times[times < T_STOP])
    return recording(trains)


def recording(trains):
    sources = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    spikes = SpikeTrains(np.concatenate(trains), sources, NAMES[: len(trains)])
    return Recording([0.0, T_STOP], {}, spikes=spikes)


def alarms(found):
    return (
        max(found.counts.values()) > found.counts_limit,
        max(found.intervals.values(), default=0.0) > 1.0,
        found.rate > found.rate_limit,
    )


@pytest.mark.parametrize("shape", [1.0, 20.0])
def test_chance_is_rarely_called_a_difference(shape):
    """At 1e-3 each, five alarms of one kind in 200 networks come in one of 4e5 such tests; of a kind that gives one in twenty, 97 %."""
    rng = np.random.default_rng(5)
    seen = np.array([alarms(compare_statistics(network(rng, shape), network(rng, shape), T_STOP)) for _ in range(200)])
    assert seen.sum(axis=0).max() <= 4


def test_few_spikes_are_rarely_called_a_difference():
    """20 neurons of 10 spikes, whose variance is hardly known: 6 alarms in 300 come in one of 2e5 at 1e-3; of a kind that gives one in twenty, 99 %."""
    rng = np.random.default_rng(10)

    def irregular():
        times = [np.sort(rng.uniform(0.0, T_STOP, rng.poisson(10.0))) for _ in range(20)]
        sources = np.repeat(np.arange(20), [len(t) for t in times])
        return Recording([0.0, T_STOP], {}, spikes=SpikeTrains(np.concatenate(times), sources, n_sources=20))

    seen = np.array([alarms(compare_statistics(irregular(), irregular(), T_STOP)) for _ in range(300)])
    assert seen.sum(axis=0).max() <= 5


def test_silence_is_told_from_many_spikes():
    regular = recording([np.arange(1, 30) / 30])
    found = compare_statistics(regular, recording([np.empty(0)]), T_STOP)
    assert found.counts["n0"] > 2 * found.counts_limit


def test_what_comes_after_the_end_does_not_count_and_what_is_missing_is_no_silence():
    long = Recording([0.0, 2.0], {}, spikes=SpikeTrains(np.arange(1, 100) * 20e-3, names=("n0",)))
    short = recording([np.arange(1, 50) * 20e-3])
    assert compare_statistics(long, short, T_STOP).passed
    with pytest.raises(
        ValueError, match="a recording ends at 1 s, before t_stop, 2 s: no spikes there would look like silence"
    ):
        compare_statistics(long, short, 2.0)


def test_rates_that_differ_are_found():
    rng = np.random.default_rng(6)
    seen = [alarms(compare_statistics(network(rng), network(rng, scale=1.2), T_STOP))[2] for _ in range(50)]
    assert np.mean(seen) > 0.9


def test_what_would_be_noticed_is_about_what_is_noticed():
    rng = np.random.default_rng(7)
    resolved = np.mean([compare_statistics(network(rng), network(rng), T_STOP).rate_resolved for _ in range(20)])
    assert 0.02 < resolved < 0.2


def test_one_neuron_that_fires_otherwise_is_named():
    rng = np.random.default_rng(8)
    found = compare_statistics(network(rng), network(rng, scale=2.0, neuron="n3"), T_STOP)
    assert max(found.counts, key=found.counts.get) == "n3"
    assert not all(c.passed for c in found.criteria_of("n3"))
    assert all(c.passed for c in found.criteria_of("n2"))


def test_intervals_of_another_shape_at_the_same_rate_are_found():
    """Regular against Poisson: the counts agree, the distributions do not."""
    rng = np.random.default_rng(9)
    found = compare_statistics(network(rng, 400.0, mean=4e-3), network(rng, 1.0, mean=4e-3), T_STOP)
    assert max(found.intervals.values()) > 1.0


def test_locked_trains_that_differ_a_little_agree():
    """All intervals 1e-5 longer: two distributions without overlap, and no difference that matters."""
    regular = np.arange(1, 40) * 25e-3
    a, b = recording([regular]), recording([regular * (1 + 1e-5)])
    found = compare_statistics(a, b, T_STOP)
    assert found.intervals["n0"] == 0.0
    assert found.agree_until == T_STOP
    # Beyond the 2 % that count as agreement they do not.
    assert compare_statistics(a, recording([regular * 1.05]), T_STOP).intervals["n0"] > 1.0


def test_until_when_single_spikes_agree():
    a = np.array([0.1, 0.2, 0.3, 0.4])
    found = compare_statistics(recording([a]), recording([np.array([0.1, 0.2, 0.33, 0.43])]), T_STOP)
    assert found.agree_until == pytest.approx(0.3)
    assert compare_statistics(recording([a]), recording([a[:3]]), T_STOP).agree_until == pytest.approx(0.4)


def test_silent_networks_agree():
    silent = recording([np.empty(0), np.empty(0)])
    found = compare_statistics(silent, silent, T_STOP)
    assert alarms(found) == (False, False, False)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["rate_resolved"] is None
