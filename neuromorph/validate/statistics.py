"""Spike trains of two roads compared as samples: what is left to judge in a sensitive network, or where each road draws its own noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.recording import Recording
from neuromorph.validate.verdict import Criterion

FALSE_ALARM = 1e-3
"""Chance of each of the three tests to call roads different that are not (pure number)."""
COUNT, INTERVALS, RATE = "count", "distribution of intervals", "population rate"
"""What is judged, as a report names it."""
_BINS = 20
# Fewer intervals say nothing about a distribution.
_LEAST_INTERVALS = 8
_LARGEST_CORRELATION = 0.9
# A relative variance below this is that of roundings.
_ROUNDING = 1e-20


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
    agree_until : float
        Until when the spikes agree one by one all the same [s].
    """

    counts: dict[str, float]
    counts_limit: float
    intervals: dict[str, float]
    rate: float
    rate_limit: float
    rate_resolved: float
    agree_until: float

    @property
    def passed(self) -> bool:
        """Whether no test calls the two roads different."""
        return all(criterion.passed for criterion in self.criteria())

    def criteria(self) -> tuple[Criterion, ...]:
        """Every line of the verdict (pure numbers)."""
        return (
            *(criterion for neuron in self.counts for criterion in self.criteria_of(neuron)),
            self.criterion_of_all(),
        )

    def summary(self) -> str:
        """The verdict as text (pure numbers)."""
        lines = [f"{'':36}{'value':>10}{'limit':>10}"]
        for neuron in self.counts:
            lines += [_line(f"{neuron}: {criterion.name}", criterion) for criterion in self.criteria_of(neuron)]
        lines.append(_line(RATE, self.criterion_of_all()))
        lines.append("one law" if self.passed else "two laws: what differs is beyond chance")
        return "\n".join(lines)

    def criteria_of(self, neuron: str) -> tuple[Criterion, ...]:
        """The verdict on one neuron: its count, and its intervals where there are enough (pure numbers)."""
        count = Criterion(COUNT, self.counts[neuron], self.counts_limit)
        if neuron not in self.intervals:
            return (count,)
        return (count, Criterion(INTERVALS, self.intervals[neuron], 1.0))

    def criterion_of_all(self) -> Criterion:
        """The verdict on all neurons together (pure number)."""
        return Criterion(RATE, self.rate, self.rate_limit)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON (pure numbers)."""
        return dict(vars(self))


def compare_statistics(
    reference: Recording, candidate: Recording, t_stop: float, isi: float = 2e-2
) -> StatisticalComparison:
    """Compare the spike trains of two roads as samples of one law.

    Parameters
    ----------
    reference, candidate : Recording
        Of the same neurons; without names they are numbered.
    t_stop : float
        Length of the runs [s].
    isi : float
        Relative error of an interval up to which single spikes agree (pure number).

    Returns
    -------
    StatisticalComparison
        Three tests, each with a chance of 1e-3 to call roads different that are not, however many neurons there are.

    Raises
    ------
    ValueError
        When the recordings are not of the same neurons, or `t_stop` is no positive time.

    Notes
    -----
    A count is taken to vary as in a renewal process of the measured variation of intervals, and by one spike at the ends.
    Intervals are compared by the two-sample Kolmogorov-Smirnov test, in which intervals that differ by less than `isi` are
    alike: locked neurons have intervals of a few values that both roads hit almost. Where an interval tells of the next, both
    tests count as many fewer. The population rate is compared by a paired t-test over bins.
    """
    from scipy.special import ndtri, stdtrit

    if not 0 < t_stop < math.inf:
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    trains_of = [_trains(recording) for recording in (reference, candidate)]
    names = tuple(trains_of[0])
    if set(names) != set(trains_of[1]):
        raise ValueError(
            f"the recordings are of different neurons: {', '.join(names) or 'none'}; {', '.join(trains_of[1]) or 'none'}"
        )
    share = FALSE_ALARM / max(len(names), 1)
    counts: dict[str, float] = {}
    intervals: dict[str, float] = {}
    for name in names:
        trains = [found[name] for found in trains_of]
        gaps = [np.diff(train) for train in trains]
        memory = _memory(gaps)
        counts[name] = abs(len(trains[1]) - len(trains[0])) / math.sqrt(_count_variance(gaps) * memory + 1.0)
        if min(map(len, gaps)) >= _LEAST_INTERVALS:
            n, m = (len(g) / memory for g in gaps)
            allowed = math.sqrt(-math.log(share / 2) / 2 * (n + m) / (n * m))
            intervals[name] = _distance(gaps[0], gaps[1], isi) / allowed
    edges = np.linspace(0.0, t_stop, _BINS + 1)
    binned = [np.histogram(recording.spikes.times, edges)[0] for recording in (reference, candidate)]
    differences = binned[1] - binned[0]
    # One spike in a bin is the least that can differ: without it, equal trains would have no error at all.
    error = math.sqrt(max(float(np.var(differences, ddof=1)), 1.0 / _BINS) * _memory([differences]) / _BINS)
    rate_limit = float(stdtrit(_BINS - 1, 1 - FALSE_ALARM / 2))
    mean = float(np.mean(binned))
    return StatisticalComparison(
        counts=counts,
        counts_limit=float(ndtri(1 - share / 2)),
        intervals=intervals,
        rate=abs(float(np.mean(differences))) / error,
        rate_limit=rate_limit,
        rate_resolved=rate_limit * error / mean if mean else math.inf,
        agree_until=min([t_stop, *(_agree_until(trains_of[0][n], trains_of[1][n], isi) for n in names)]),
    )


def _line(title: str, criterion: Criterion) -> str:
    return f"{title:36}{criterion.value:>10.3g}{criterion.limit:>10.3g}"


def _trains(recording: Recording) -> dict[str, Any]:
    """Spike times [s] of each neuron, by name or number."""
    spikes = recording.spikes
    return {name: spikes.of(k) for k, name in enumerate(spikes.names or map(str, range(spikes.n_sources)))}


def _memory(gaps: list[Any]) -> float:
    """How many intervals in a row count as one, since an interval tells of the next (pure number of at least 1).

    By the correlation of neighbours, as in a sequence that forgets exponentially.
    """
    # Around each train's own mean: trains that differ have no memory by that.
    around = [g - np.mean(g) for g in gaps if len(g) > 1]
    spread = sum(float(np.sum(g**2)) for g in around)
    size = sum(float(np.sum(g**2)) for g in gaps)
    if spread <= _ROUNDING * size:
        return 1.0
    correlation = sum(float(np.sum(g[1:] * g[:-1])) for g in around) / spread
    correlation = min(max(correlation, 0.0), _LARGEST_CORRELATION)
    return (1.0 + correlation) / (1.0 - correlation)


def _count_variance(gaps: list[Any]) -> float:
    """Variance of the difference of two counts of renewal processes."""
    together = np.concatenate(gaps)
    # By the spread within each train: a difference between them is what is looked for.
    within = sum(float(np.sum((g - np.mean(g)) ** 2)) for g in gaps if len(g))
    variation = within / len(together) / float(np.mean(together)) ** 2 if len(together) > 2 else 1.0
    return variation * sum(len(g) + 1 for g in gaps)


def _distance(a: Any, b: Any, isi: float) -> float:
    """Largest distance of two empirical distributions that is left when values within a share `isi` are alike (pure number)."""

    def further(a: Any, b: Any) -> float:
        below = np.arange(1, len(a) + 1) / len(a)
        return float(np.max(below - np.searchsorted(b, a * (1.0 + isi), "right") / len(b)))

    a, b = np.sort(a), np.sort(b)
    return max(further(a, b), further(b, a), 0.0)


def _agree_until(a: Any, b: Any, isi: float) -> float:
    """End of the last interval of two trains before the first that differs [s]."""
    both = min(len(a), len(b))
    intervals = [np.diff(train[:both], prepend=0.0) for train in (a, b)]
    wrong = np.flatnonzero(np.abs(intervals[1] - intervals[0]) > isi * intervals[0])
    if wrong.size:
        return float(a[wrong[0]])
    return math.inf if len(a) == len(b) else float(max(a, b, key=len)[both])
