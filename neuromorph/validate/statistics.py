"""Spike trains of two roads compared as samples: what is left to judge in a sensitive network, or where each road draws its own noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.quantities import format_quantity
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
# One over the number of values of a train from which on the bias of their correlation is no small correction.
_SHARE_OF_BIAS = 1 / 6
# A relative variance below this is that of roundings.
_ROUNDING = 1e-20


@dataclass(frozen=True, kw_only=True)
class StatisticalComparison:
    """Counts, intervals and population rate of two roads, each against what chance allows.

    Parameters
    ----------
    counts : dict of str to float
        For each neuron the difference of its counts over its standard deviation, less where few intervals say how large that
        is: a normal deviate (pure number).
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
        """Ready for JSON (pure numbers); ``None`` where without a spike no difference would have been noticed."""
        resolved = self.rate_resolved if math.isfinite(self.rate_resolved) else None
        return vars(self) | {"rate_resolved": resolved}


def compare_statistics(
    reference: Recording, candidate: Recording, t_stop: float, isi: float = 2e-2
) -> StatisticalComparison:
    """Compare the spike trains of two roads as samples of one law.

    Parameters
    ----------
    reference, candidate : Recording
        Of the same neurons; without names they are numbered.
    t_stop : float
        Up to when they are compared [s].
    isi : float
        Relative error of an interval up to which single spikes agree (pure number).

    Returns
    -------
    StatisticalComparison
        Three tests, each with a chance of 1e-3 to call roads different that are not, however many neurons there are.

    Raises
    ------
    ValueError
        When the recordings are not of the same neurons, one ends before `t_stop`, or that is no positive time.

    Notes
    -----
    A count is taken to vary as in a renewal process of the measured variation of intervals, and by one spike at the ends; how
    uncertain that variation is counts by degrees of freedom, as in Welch's test.
    Intervals are compared by the two-sample Kolmogorov-Smirnov test, in which intervals that differ by less than `isi` are
    alike: locked neurons have intervals of a few values that both roads hit almost. Where an interval tells of the next, both
    tests count as many fewer; where many intervals in a row are alike, correlated by 0.8, chance is called a difference up to once in
    a hundred times all the same. The population rate is compared by a paired t-test over bins.
    """
    from scipy.special import ndtri, stdtr, stdtrit

    if not 0 < t_stop < math.inf:
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    for recording in (reference, candidate):
        if len(recording.time) and recording.time[-1] < t_stop * (1.0 - 1e-6):
            raise ValueError(
                f"a recording ends at {format_quantity(float(recording.time[-1]), 's')}, before t_stop, "
                f"{format_quantity(t_stop, 's')}: no spikes there would look like silence"
            )
    trains_of = [_trains(recording, t_stop) for recording in (reference, candidate)]
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
        variance, freedom = _count_variance(gaps, memory)
        deviate = abs(len(trains[1]) - len(trains[0])) / math.sqrt(variance + 1.0)
        # The variance is an estimate, the one spike at the ends is not.
        freedom *= ((variance + 1.0) / variance) ** 2 if variance else math.inf
        counts[name] = min(deviate, float(-ndtri(stdtr(freedom, -deviate)))) if deviate else 0.0
        if min(map(len, gaps)) >= _LEAST_INTERVALS:
            n, m = (len(g) / memory for g in gaps)
            allowed = math.sqrt(-math.log(share / 2) / 2 * (n + m) / (n * m))
            intervals[name] = _distance(gaps[0], gaps[1], isi) / allowed
    edges = np.linspace(0.0, t_stop, _BINS + 1)
    binned = [np.histogram(recording.spikes.times, edges)[0] for recording in (reference, candidate)]
    differences = binned[1] - binned[0]
    # One spike in a bin is the least that can differ: without it, equal trains would have no error at all.
    memory = _memory([differences])
    error = math.sqrt(max(float(np.var(differences, ddof=1)), 1.0 / _BINS) * memory / _BINS)
    rate_limit = float(stdtrit((_BINS - 1) / memory, 1 - FALSE_ALARM / 2))
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


def _trains(recording: Recording, t_stop: float) -> dict[str, Any]:
    """Spike times [s] of each neuron up to `t_stop`, by name or number."""
    spikes = recording.spikes.between(-math.inf, t_stop)
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
    # Around a mean of their own few values seem less alike than they are (Marriott and Pope 1954).
    per_train = len(around) / sum(map(len, around))
    if per_train < _SHARE_OF_BIAS:
        correlation = (correlation + per_train) / (1.0 - 3.0 * per_train)
    correlation = min(max(correlation, 0.0), _LARGEST_CORRELATION)
    return (1.0 + correlation) / (1.0 - correlation)


def _count_variance(gaps: list[Any], memory: float) -> tuple[float, float]:
    """Variance of the difference of two counts of renewal processes, and the degrees of freedom of that estimate."""
    together = np.concatenate(gaps)
    # By the spread within each train: a difference between them is what is looked for.
    within = sum(float(np.sum((g - np.mean(g)) ** 2)) for g in gaps if len(g))
    relative = within / float(np.mean(together)) ** 2 if within else 0.0
    # Few intervals may be alike by chance: one more is taken to be there that varies as those of a Poisson process.
    weight = len(together) - sum(1 for g in gaps if len(g)) + 1
    variation = (relative + 1.0) / weight
    # That of the variance of gamma intervals.
    freedom = weight / (1.0 + variation) / memory
    return variation * memory * sum(len(g) + 1 for g in gaps), freedom


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
