"""Spikes of two roads matched one to one in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


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

    def time_errors(self) -> Any:
        """Candidate minus reference of each pair, shape (n_matched,) [s]."""
        return self.candidate[self.pairs[:, 1]] - self.reference[self.pairs[:, 0]]

    def interval_errors(self) -> Any:
        """Relative error of each interval whose both ends are matched neighbours, shape (n,) [pure number]."""
        steps = np.diff(self.pairs, axis=0)
        neighbours = np.flatnonzero((steps == 1).all(axis=1))
        first, second = self.pairs[neighbours], self.pairs[neighbours + 1]
        reference = self.reference[second[:, 0]] - self.reference[first[:, 0]]
        candidate = self.candidate[second[:, 1]] - self.candidate[first[:, 1]]
        return candidate / reference - 1.0


def match_spikes(reference: Any, candidate: Any) -> SpikeMatch:
    """Match two spike trains one to one, in order.

    Parameters
    ----------
    reference, candidate : ndarray, shape (n_reference,) and (n_candidate,) [s]
        Spike times in ascending order.

    Returns
    -------
    SpikeMatch
        As many pairs as there can be; spikes further apart than half the shortest interval of both trains
        together are no pair. A spike that one train has and the other has not leaves the others matched.
    """
    reference, candidate = np.asarray(reference, dtype=float), np.asarray(candidate, dtype=float)
    intervals = np.concatenate([np.diff(reference), np.diff(candidate)])
    furthest = 0.5 * float(intervals.min(initial=np.inf))
    pairs = []
    i = j = 0
    # Within half the shortest interval a spike has one partner at most, so the first one met is the right one.
    while i < len(reference) and j < len(candidate):
        if abs(candidate[j] - reference[i]) <= furthest:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif reference[i] < candidate[j]:
            i += 1
        else:
            j += 1
    return SpikeMatch(reference, candidate, np.array(pairs, dtype=int).reshape(-1, 2))
