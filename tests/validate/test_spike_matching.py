"""Matching of spike trains against a search through all matchings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuromorph.validate import match_spikes

# Times on a grid of thirds, so that ties and equal times do occur.
trains = st.lists(st.integers(0, 30), max_size=5, unique=True).map(lambda t: np.array(sorted(t)) / 3.0)


def half_of_nearest(times, k):
    """Half the distance of a spike to its nearest neighbour in its own train."""
    return 0.5 * min((abs(times[k] - other) for n, other in enumerate(times) if n != k), default=np.inf)


def all_matchings(reference, candidate):
    """Every way to match in order, no pair further apart than its neighbours allow: the largest number of pairs, then the least summed distance."""
    best = (0, 0.0)
    near = [half_of_nearest(reference, k) for k in range(len(reference))]
    near_too = [half_of_nearest(candidate, k) for k in range(len(candidate))]
    for n in range(1, min(len(reference), len(candidate)) + 1):
        for rows in itertools.combinations(range(len(reference)), n):
            for columns in itertools.combinations(range(len(candidate)), n):
                apart = np.abs(reference[list(rows)] - candidate[list(columns)])
                if all(a <= min(near[i], near_too[j]) for a, i, j in zip(apart, rows, columns, strict=True)):
                    best = min(best, (-n, float(apart.sum())))
    return best


@given(trains, trains)
def test_against_all_matchings(reference, candidate):
    count, apart = all_matchings(reference, candidate)
    match = match_spikes(reference, candidate)
    assert len(match.pairs) == -count
    assert match.unmatched == len(reference) + len(candidate) + 2 * count
    assert np.all(np.diff(match.pairs, axis=0) > 0)
    furthest = np.array(
        [min(half_of_nearest(reference, i), half_of_nearest(candidate, j)) for i, j in match.pairs.tolist()]
    )
    assert np.all(np.abs(match.time_errors()) <= furthest)
    # Where a spike is exactly between two partners, either may be taken.
    if np.all(np.abs(match.time_errors()) < furthest):
        assert np.abs(match.time_errors()).sum() == pytest.approx(apart, abs=1e-12)


def test_a_train_that_slows_down_is_matched_by_its_own_intervals():
    """Late spikes are 100 times as far apart as the first ones, and so may be their errors."""
    reference = np.cumsum(np.geomspace(1.0, 100.0, 30))
    candidate = reference + 0.4 * np.geomspace(1.0, 100.0, 30) * np.linspace(0.0, 1.0, 30)
    assert match_spikes(reference, candidate).unmatched == 0


@given(
    st.lists(st.floats(0.02, 1.0), min_size=2, max_size=40),
    st.integers(0, 39),
    st.integers(0, 39),
    st.integers(0, 2**32 - 1),
)
def test_jitter_and_lost_spikes_do_not_disturb_the_others(intervals, lost, gained, seed):
    """One spike missing in each train, at different places: all others stay matched with their own."""
    times = np.cumsum(intervals)
    lost, gained = lost % len(times), gained % len(times)
    jitter = np.random.default_rng(seed).uniform(-1e-3, 1e-3, len(times))
    kept, kept_too = np.arange(len(times)) != gained, np.arange(len(times)) != lost
    match = match_spikes(times[kept], (times + jitter)[kept_too])
    both = kept & kept_too
    assert len(match.pairs) >= both.sum()
    names, names_too = np.flatnonzero(kept), np.flatnonzero(kept_too)
    same = names[match.pairs[:, 0]] == names_too[match.pairs[:, 1]]
    assert same.sum() == both.sum()
    np.testing.assert_allclose(match.time_errors()[same], jitter[both], atol=1e-12)


def test_by_hand():
    match = match_spikes([1.0, 2.0, 3.0, 4.0], [2.1, 2.9, 4.0, 5.0])
    assert match.pairs.tolist() == [[1, 0], [2, 1], [3, 2]]
    assert match.unmatched == 2
    np.testing.assert_allclose(match.time_errors(), [0.1, -0.1, 0.0], atol=1e-15)
    # 2.0 to 3.0 became 2.1 to 2.9, 3.0 to 4.0 became 2.9 to 4.0.
    np.testing.assert_allclose(match.interval_errors(), [-0.2, 0.1], atol=1e-14)


def test_intervals_with_a_lost_spike_inside_do_not_count():
    match = match_spikes([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 4.1])
    assert match.unmatched == 1
    np.testing.assert_allclose(match.interval_errors(), [0.1], atol=1e-14)


@pytest.mark.parametrize(
    ("reference", "candidate", "pairs"), [([], [], 0), ([], [1.0], 0), ([1.0], [], 0), ([1.0], [7.0], 1)]
)
def test_next_to_nothing(reference, candidate, pairs):
    match = match_spikes(reference, candidate)
    assert match.pairs.shape == (pairs, 2)
    assert match.unmatched == len(reference) + len(candidate) - 2 * pairs
    assert match.interval_errors().size == 0
