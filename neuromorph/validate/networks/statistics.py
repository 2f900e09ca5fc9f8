"""Spike trains of two roads compared as samples: what is left to judge in a sensitive network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.recording import Recording
from neuromorph.validate.verdict import Criterion

FALSE_ALARM = 1e-3
"""Chance of each of the three tests to call roads different that are not (pure number)."""
_BINS = 20
# Fewer intervals say nothing about a distribution.
_LEAST_INTERVALS = 8


@dataclass(frozen=True, kw_only=True)
class StatisticalComparison:
    """Counts, intervals and population rate of two roads, each against what chance allows.

    Parameters
    ----------
    counts : dict of str to float
        For each neuron the difference of its counts over its standard deviation (pure number).
    counts_limit : float
        What chance exceeds once in a thousand networks (pure number).
    intervals : dict of str to float
        For each neuron with intervals enough the largest distance of the two distributions of intervals, over what
        chance allows (pure number).
    rate : float
        Mean difference of the population rates in 20 bins over its standard error (pure number).
    rate_limit : float
        What chance exceeds once in a thousand networks (pure number).
    rate_resolved : float
        The relative difference of the population rates that would just have been noticed (pure number).
    """

    counts: dict[str, float]
    counts_limit: float
    intervals: dict[str, float]
    rate: float
    rate_limit: float
    rate_resolved: float

    def criteria(self) -> list[Criterion]:
        """The verdict, line by line; each names its worst neuron."""
        found = [_worst("count", self.counts, self.counts_limit)]
        if self.intervals:
            found.append(_worst("distribution of intervals", self.intervals, 1.0))
        return [*found, Criterion("population rate", self.rate, self.rate_limit)]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON (pure numbers)."""
        return dict(vars(self))


def compare_statistics(reference: Recording, candidate: Recording, t_stop: float) -> StatisticalComparison:
    """Compare the spike trains of two roads as samples of one law.

    Parameters
    ----------
    reference, candidate : Recording
        Of the same neurons.
    t_stop : float
        Length of the runs [s].

    Returns
    -------
    StatisticalComparison
        Three tests, each with a chance of 1e-3 to call roads different that are not, however many neurons there are.

    Notes
    -----
    A count is taken to vary as in a renewal process of the measured variation of intervals, and by one spike at the ends.
    Intervals are compared by the two-sample Kolmogorov-Smirnov test, the population rate by a paired t-test over bins.
    """
    from scipy.stats import norm, t

    names = reference.spikes.names
    share = FALSE_ALARM / max(len(names), 1)
    counts: dict[str, float] = {}
    intervals: dict[str, float] = {}
    for name in names:
        trains = [recording.spikes.of(name) for recording in (reference, candidate)]
        gaps = [np.diff(train) for train in trains]
        counts[name] = abs(len(trains[1]) - len(trains[0])) / math.sqrt(_count_variance(trains, gaps))
        if min(map(len, gaps)) >= _LEAST_INTERVALS:
            n, m = map(len, gaps)
            allowed = math.sqrt(-math.log(share / 2) / 2 * (n + m) / (n * m))
            intervals[name] = _distance(*gaps) / allowed
    edges = np.linspace(0.0, t_stop, _BINS + 1)
    binned = [np.histogram(recording.spikes.times, edges)[0] for recording in (reference, candidate)]
    differences = binned[1] - binned[0]
    # One spike in a bin is the least that can differ: without it, equal trains would have no error at all.
    error = math.sqrt(max(float(np.var(differences, ddof=1)), 1.0 / _BINS) / _BINS)
    rate_limit = float(t.ppf(1 - FALSE_ALARM / 2, _BINS - 1))
    mean = float(np.mean(binned))
    return StatisticalComparison(
        counts=counts,
        counts_limit=float(norm.ppf(1 - share / 2)),
        intervals=intervals,
        rate=abs(float(np.mean(differences))) / error,
        rate_limit=rate_limit,
        rate_resolved=rate_limit * error / mean if mean else math.inf,
    )


def _count_variance(trains: list[Any], gaps: list[Any]) -> float:
    """Variance of the difference of two counts."""
    together = np.concatenate(gaps)
    variation = float(np.var(together) / np.mean(together) ** 2) if len(together) > 1 else 1.0
    # Both ends of a run cut an interval at an arbitrary place.
    return variation * sum(map(len, trains)) + 1.0


def _distance(a: Any, b: Any) -> float:
    """Largest distance of two empirical distributions (pure number)."""
    a, b = np.sort(a), np.sort(b)
    points = np.concatenate([a, b])
    return float(
        np.max(np.abs(np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(b)))
    )


def _worst(what: str, values: dict[str, float], limit: float) -> Criterion:
    name = max(values, key=lambda n: values[n])
    return Criterion(f"{what} ({name})", values[name], limit)
