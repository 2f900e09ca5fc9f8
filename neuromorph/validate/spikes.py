"""Spikes of two roads matched one to one in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

# A pause is at least so many times as long as the interval before it.
_PAUSE = 1.5
# What is at least such a share of the shortest interval of the other road is a whole one.
_WHOLE = 0.75


@dataclass(frozen=True)
class SpikeMatch:
    """Which spike of the candidate is which of the reference.

    Parameters
    ----------
    reference, candidate : ndarray, shape (n_reference,) and (n_candidate,) [s]
        The spike times.
    pairs : ndarray of int, shape (n_matched, 2)
        Indices into both, in the order of time.
    """

    reference: Any
    candidate: Any
    pairs: Any

    @property
    def unmatched(self) -> int:
        """Spikes of either road without a partner [pure number]."""
        return len(self.reference) + len(self.candidate) - 2 * len(self.pairs)

    @property
    def inside(self) -> int:
        """Spikes without a partner that no end of a train explains [pure number].

        At the end of a pulse, or of the run, one road may just fire and the other just not: such a spike has a pause or nothing
        behind it, and its full interval before it. A spike that is lost or doubled inside a train has not.
        """
        lost = 0
        trains = (self.reference, self.candidate)
        for own, other, matched in zip(trains, trains[::-1], self.pairs.T, strict=True):
            alone = np.ones(len(own), dtype=bool)
            alone[matched] = False
            shortest = _WHOLE * float(np.diff(other).min()) if len(other) > 1 else 0.0
            intervals = np.diff(own, prepend=0.0, append=np.inf)
            # Several may be lost at one end.
            edges = np.flatnonzero(np.diff(alone.astype(int), prepend=0, append=0))
            for first, end in edges.reshape(-1, 2).tolist():
                before, pause = intervals[first:end], intervals[end]
                if before.min() < shortest or pause < _PAUSE * before[-1]:
                    lost += end - first
        return lost

    def time_errors(self) -> Any:
        """Candidate minus reference of each pair, shape (n_matched,) [s]."""
        return self.candidate[self.pairs[:, 1]] - self.reference[self.pairs[:, 0]]

    @property
    def drift(self) -> float | None:
        """How much later the candidate's spikes come for each second of the train, from its first pair to its last [s/s]."""
        if len(self.pairs) < 2:
            return None
        errors, times = self.time_errors(), self.reference[self.pairs[:, 0]]
        return float((errors[-1] - errors[0]) / (times[-1] - times[0]))

    def interval_errors(self) -> Any:
        """Relative error of each interval whose both ends are matched neighbours, shape (n,) [pure number]."""
        steps = np.diff(self.pairs, axis=0)
        neighbours = np.flatnonzero((steps == 1).all(axis=1))
        first, second = self.pairs[neighbours], self.pairs[neighbours + 1]
        reference = self.reference[second[:, 0]] - self.reference[first[:, 0]]
        candidate = self.candidate[second[:, 1]] - self.candidate[first[:, 1]]
        return candidate / reference - 1.0


def match_spikes(reference: Any, candidate: Any, drift: float = 0.0) -> SpikeMatch:
    """Match two spike trains one to one, in order.

    Parameters
    ----------
    reference, candidate : ndarray, shape (n_reference,) and (n_candidate,) [s]
        Spike times in ascending order.
    drift : float
        Share by which the intervals of one train may be longer than those of the other (pure number): a spike is looked for
        where the pair before it was apart, as far as so much explains it.

    Returns
    -------
    SpikeMatch
        As many pairs as there can be; spikes further apart than half the shortest of the intervals before and behind both of
        them are no pair. A spike that one train has and the other has not leaves the others matched.
    """
    reference, candidate = np.asarray(reference, dtype=float), np.asarray(candidate, dtype=float)
    furthest, furthest_too = _half_of_nearest(reference), _half_of_nearest(candidate)
    pairs = []
    i = j = 0
    apart = 0.0
    # Within half of these intervals a spike has one partner at most, so the first one met is the right one.
    while i < len(reference) and j < len(candidate):
        difference = candidate[j] - reference[i]
        if abs(difference - apart) <= min(furthest[i], furthest_too[j]):
            pairs.append((i, j))
            drifted = drift * (reference[i] - reference[0])
            apart = min(max(difference, -drifted), drifted)
            i, j = i + 1, j + 1
        elif difference > apart:
            i += 1
        else:
            j += 1
    return SpikeMatch(reference, candidate, np.array(pairs, dtype=int).reshape(-1, 2))


def _half_of_nearest(times: Any) -> Any:
    """Half the shorter interval beside each spike [s]; infinite for a spike by itself."""
    intervals = np.diff(times, prepend=-np.inf, append=np.inf)
    return 0.5 * np.minimum(intervals[:-1], intervals[1:])
