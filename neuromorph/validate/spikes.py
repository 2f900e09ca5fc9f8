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
    """Match two spike trains one to one, in order, so that the summed time differences are least.

    Parameters
    ----------
    reference, candidate : ndarray, shape (n_reference,) and (n_candidate,) [s]
        Spike times in ascending order.

    Returns
    -------
    SpikeMatch
        All spikes of the shorter train are considered; a pair further apart than half the shortest
        interval of both trains together is no pair.
    """
    reference, candidate = np.asarray(reference, dtype=float), np.asarray(candidate, dtype=float)
    pairs = _aligned(reference, candidate)
    intervals = np.concatenate([np.diff(reference), np.diff(candidate)])
    if intervals.size and len(pairs):
        apart = np.abs(candidate[pairs[:, 1]] - reference[pairs[:, 0]])
        pairs = pairs[apart <= 0.5 * intervals.min()]
    return SpikeMatch(reference, candidate, pairs)


def _aligned(reference: Any, candidate: Any) -> Any:
    """Order-preserving assignment of every spike of the shorter train (dynamic programming in a band)."""
    swapped = len(reference) > len(candidate)
    short, long = (candidate, reference) if swapped else (reference, candidate)
    n, surplus = len(short), len(long) - len(short)
    if n == 0:
        return np.empty((0, 2), dtype=int)
    # cost[k]: least sum so far when the spike goes to the partner k places beyond its own index.
    cost = np.zeros(surplus + 1)
    choice = np.empty((n, surplus + 1), dtype=np.int64)
    offsets = np.arange(surplus + 1)
    for i in range(n):
        best = np.minimum.accumulate(cost)
        is_new = np.concatenate([[True], cost[1:] < best[:-1]])
        choice[i] = np.maximum.accumulate(np.where(is_new, offsets, 0))
        cost = best + np.abs(long[i + offsets] - short[i])
    k = int(np.argmin(cost))
    partners = np.empty(n, dtype=np.int64)
    for i in range(n - 1, -1, -1):
        partners[i] = i + k
        k = int(choice[i, k])
    pairs = np.stack([np.arange(n), partners], axis=1)
    return pairs[:, ::-1] if swapped else pairs
