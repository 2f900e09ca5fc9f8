"""Spike times and which neuron each belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.quantities import pluralised

__all__ = ["SpikeTrains", "frozen_array"]


def frozen_array(values: ArrayLike, dtype: type) -> NDArray[Any]:
    """A read-only, contiguous array of `dtype`; copied, unless the one given already is all that."""
    array = np.asarray(values)
    if array.flags.writeable or array.dtype != dtype or not array.flags.c_contiguous:
        array = np.array(array, dtype=dtype)
        array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, repr=False)
class SpikeTrains:
    """Spikes of one or many neurons, in the order of time.

    Parameters
    ----------
    times : array_like, shape (n_spikes,)
        Spike times, in any order [s].
    sources : array_like of int, shape (n_spikes,), optional
        Which neuron each spike belongs to, counted from 0; all to neuron 0 if left out.
    names : sequence of str
        Names of the neurons, one each; none if left out.
    n_sources : int, optional
        Number of neurons, silent ones included. If left out, the number of names or, without them, as many as
        `sources` shows.

    Raises
    ------
    ValueError
        When a time is not finite, lengths differ, a source is out of range, or `n_sources` is no whole number.

    Examples
    --------
    >>> spikes = SpikeTrains([3e-3, 1e-3, 2e-3], sources=[0, 0, 1], names=("a", "b", "c"))
    >>> spikes.counts().tolist()
    [2, 1, 0]
    >>> spikes.of("a").tolist()
    [0.001, 0.003]
    """

    times: NDArray[np.float64]
    sources: NDArray[np.int64]
    names: tuple[str, ...]
    n_sources: int

    def __init__(
        self,
        times: ArrayLike,
        sources: ArrayLike | None = None,
        names: Sequence[str] = (),
        n_sources: int | None = None,
    ) -> None:
        when = np.asarray(times, dtype=np.float64)
        who = np.zeros(when.shape, dtype=np.int64) if sources is None else np.asarray(sources)
        if when.ndim != 1 or who.shape != when.shape:
            raise ValueError(
                f"times and sources must be one-dimensional and of one length, got {when.shape} and {who.shape}"
            )
        if not np.isfinite(when).all():
            wrong = np.flatnonzero(~np.isfinite(when))[0]
            raise ValueError(f"times must be finite times in s, got times[{wrong}] = {when[wrong]}")
        if who.size and not np.issubdtype(who.dtype, np.integer):
            raise ValueError(f"sources must be integers, got an array of {who.dtype}")
        who = who.astype(np.int64, copy=False)
        texts = _checked_names(names)
        seen = int(who.max(initial=-1)) + 1
        if n_sources is None:
            n_sources = len(texts) or (1 if sources is None else seen)
        if n_sources != int(n_sources):
            raise ValueError(f"n_sources must be a whole number, got {n_sources!r}")
        if seen > n_sources or who.min(initial=0) < 0 or (texts and len(texts) != n_sources):
            raise ValueError(
                f"sources must be from 0 to n_sources - 1 and names one for each, got sources from "
                f"{who.min(initial=0)} to {seen - 1}, n_sources {n_sources} and "
                f"{pluralised(len(texts), 'name')}"
            )
        when, who = in_order(when, who)
        object.__setattr__(self, "times", frozen_array(when, np.float64))
        object.__setattr__(self, "sources", frozen_array(who, np.int64))
        object.__setattr__(self, "names", texts)
        object.__setattr__(self, "n_sources", int(n_sources))

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return f"SpikeTrains({pluralised(len(self), 'spike')} of {pluralised(self.n_sources, 'neuron')})"

    def __reduce__(self) -> tuple[object, ...]:
        # The default would restore writeable arrays in the process that a pool hands this to.
        return (SpikeTrains, (self.times, self.sources, self.names, self.n_sources))

    def counts(self) -> NDArray[np.int64]:
        """Number of spikes of each neuron.

        Returns
        -------
        ndarray of int, shape (n_sources,)
            Counts (pure numbers).
        """
        return np.bincount(self.sources, minlength=self.n_sources).astype(np.int64)

    def of(self, source: int | str) -> NDArray[np.float64]:
        """Spike times of one neuron.

        Parameters
        ----------
        source : int or str
            Its number or its name.

        Returns
        -------
        ndarray, shape (n_spikes_of_source,)
            Increasing times [s].

        Raises
        ------
        ValueError
            When there is no such neuron; the message lists the choices.
        """
        index = self.names.index(source) if isinstance(source, str) and source in self.names else source
        if isinstance(index, str) or not 0 <= index < self.n_sources:
            choices = f"0 to {self.n_sources - 1}" if self.n_sources else "none"
            named = f", or by name {', '.join(self.names)}" if self.names else ""
            raise ValueError(f"there is no source {source!r}; choices: {choices}{named}")
        train: NDArray[np.float64] = self.times[self.sources == index]
        return train

    def trains(self) -> tuple[NDArray[np.float64], ...]:
        """Spike times of each neuron.

        Returns
        -------
        tuple of ndarray, shape (n_spikes_of_source,) each
            Increasing times, one array a neuron, in the order of their numbers [s].
        """
        # One stable sort serves all neurons: a mask for each would take n_sources passes.
        grouped = self.times[np.argsort(self.sources, kind="stable")]
        return tuple(np.split(grouped, np.cumsum(self.counts())[:-1])) if self.n_sources else ()

    def intervals(self) -> tuple[NDArray[np.float64], ...]:
        """Times between successive spikes of each neuron.

        Returns
        -------
        tuple of ndarray, shape (n_spikes_of_source - 1,) each
            One array a neuron, in the order of their numbers [s]; empty below two spikes.
        """
        return tuple(np.diff(train) for train in self.trains())

    def to_neo(self, t_stop: float, t_start: float = 0.0) -> list[Any]:
        """The trains as objects of neo, which Elephant and others read.

        Parameters
        ----------
        t_stop, t_start : float
            End and start of the run [s].

        Returns
        -------
        list of neo.SpikeTrain
            One a neuron, silent ones included, times in s.

        Raises
        ------
        ImportError
            When neo is not installed; the message says how to get it.
        ValueError
            When a spike lies outside of the run.
        """
        from neuromorph.recording.neo import to_neo

        return to_neo(self, t_stop, t_start)

    @classmethod
    def from_neo(cls, trains: Iterable[Any]) -> SpikeTrains:
        """Trains from objects of neo.

        Parameters
        ----------
        trains : iterable of neo.SpikeTrain
            One a neuron, in any unit of time.

        Returns
        -------
        SpikeTrains
            Times in s; names where all trains have one.

        Raises
        ------
        ValueError
            When only some of the trains have names, or two have the same.
        """
        from neuromorph.recording.neo import from_neo

        return from_neo(trains)

    def between(self, t_start: float, t_stop: float) -> SpikeTrains:
        """Spikes from `t_start` to `t_stop`, both included [s]."""
        kept = (self.times >= t_start) & (self.times <= t_stop)
        return SpikeTrains(self.times[kept], self.sources[kept], self.names, self.n_sources)


def in_order(when: NDArray[np.float64], who: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Spikes by time, by source among equal times: it does not depend on how many threads found them.

    What is in order already comes back as it is; everything else is new and read-only.

    Parameters
    ----------
    when : ndarray, shape (n_spikes,) [s]
        Finite times.
    who : ndarray of int, shape (n_spikes,)
        Sources.

    Returns
    -------
    when, who : ndarray
        The same spikes in order.
    """
    if _are_in_order(when, who):
        return when, who
    # Numbers of 16 bits are sorted in linear time, and often this is all: of spikes on a grid, and of each neuron's in a row.
    with np.errstate(over="ignore"):
        bins = when - when.min()
    largest = bins.max()
    if 1e-290 < largest < np.inf:
        # In place: each array of this size costs as much as its arithmetic.
        bins *= 65535.0 / largest
    else:
        bins[:] = 0.0
    order = np.argsort(bins.astype(np.uint16), kind="stable")
    times, sources = when[order], who[order]
    if not _are_in_order(times, sources):
        # Stretches that are in order are of use to this sort, and not to a lexical one.
        again = np.argsort(times, kind="stable")
        times, sources = times[again], sources[again]
    if not _are_in_order(times, sources):
        order = np.lexsort((who, when))
        times, sources = when[order], who[order]
    times.setflags(write=False)
    sources.setflags(write=False)
    return times, sources


def _are_in_order(when: NDArray[np.float64], who: NDArray[Any]) -> bool:
    earlier, later = when[:-1], when[1:]
    if not np.all(earlier <= later):
        return False
    return not np.any((earlier == later) & (who[1:] < who[:-1]))


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise ValueError(f"names must be a sequence of names, got the text {names!r}")
    texts = tuple(names)
    for text in texts:
        if not isinstance(text, str) or not text or not text.isprintable():
            raise ValueError(f"names must be texts of printable characters, got {text!r}")
    if len(set(texts)) != len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(f"names must differ, got {twice!r} twice")
    return texts
