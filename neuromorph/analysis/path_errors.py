"""Runs of one system with several steps on the same Wiener paths, and what each path's errors are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.event_states import EventStates, values_of_paths
from neuromorph.behaviour import EulerMaruyama, simulate_batch

Array = NDArray[np.float64]

_VALUES_IN_MEMORY = 20_000_000


@dataclass(frozen=True, kw_only=True)
class PathTask:
    """What is run at all step sizes.

    Parameters
    ----------
    states : EventStates
        The system with its account of spikes.
    drives : object
        As for :func:`neuromorph.simulate_batch`, but not one a path.
    t_stop, sample_dt : float
        Length of the runs, and time between the samples that are compared [s].
    solvers : sequence of EulerMaruyama or Milstein
        From the longest step to the shortest, the reference last where there is one.
    seed : int
        Of the paths (pure number).
    parameters, initial : mapping of str to array_like
        As for :func:`neuromorph.simulate_batch` (SI units).
    signals : mapping of str to (str or None)
        Signals to compare, and the signal that holds the exact value of each on the same path, if one does.
    threads : int or None
        Of a batch.
    """

    states: EventStates
    drives: Any
    t_stop: float
    sample_dt: float
    solvers: Sequence[EulerMaruyama]
    seed: int
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]
    signals: Mapping[str, str | None]
    threads: int | None = None

    @property
    def recorded(self) -> list[str]:
        """Names of the signals that a run keeps."""
        exact = [name for name in self.signals.values() if name is not None]
        several = len(self.states.sources) > 1
        return list(dict.fromkeys([*self.signals, *exact, *(self.states.times if several else ())]))

    def chunks(self, n: int) -> list[range]:
        """Ranges of paths that fit into memory together (pure numbers)."""
        n_samples = round(self.t_stop / self.sample_dt)
        size = max(1, _VALUES_IN_MEMORY // (2 * n_samples * max(1, len(self.recorded))))
        return [range(start, min(start + size, n)) for start in range(0, n, size)]

    def run(self, solver: EulerMaruyama, paths: range) -> Run:
        """Simulate some of the paths with one step."""
        n = len(paths)
        batch = simulate_batch(
            self.states.system,
            self.drives,
            self.t_stop,
            n,
            solver=solver,
            seed=self.seed,
            parameters=values_of_paths(self.parameters, paths),
            initial=values_of_paths(self.initial, paths),
            record=self.recorded,
            every=max(1, round(self.sample_dt / solver.dt)),
            first=paths.start,
            threads=self.threads,
        )
        counts = [np.rint(batch.last[name]).astype(int) for name in self.states.counts]
        if len(self.states.sources) == 1:
            order = np.lexsort((batch.spikes.times, batch.spikes.sources))
            spikes = [(batch.spikes.times[order], batch.spikes.sources[order])]
        else:
            spikes = [_changes(batch[name]) for name in self.states.times]
        return Run({name: batch.signals[name] for name in self.recorded}, counts, spikes)


@dataclass(frozen=True)
class Run:
    """What some paths did with one step: samples by name, counts and spikes (time [s], path) of each source."""

    samples: Mapping[str, Array]
    counts: list[NDArray[Any]]
    spikes: list[tuple[Array, NDArray[Any]]]


@dataclass
class PathErrors:
    """Errors of each path at each step size.

    Parameters
    ----------
    square : dict of str to ndarray, shape (n_steps, n_paths)
        Mean over the samples of the squared error of a signal [its unit squared].
    mean : dict of str to ndarray, shape (n_steps, n_paths)
        Mean over the samples of the error [its unit].
    missed : dict of str to ndarray, shape (n_steps, n_paths)
        Whether the number of spikes of a source differs from the reference's (0 or 1).
    timing : dict of str to list of (ndarray, ndarray)
        For each step, errors of the times of matched spikes [s], and the path of each.
    rate : dict of str to float
        Spikes a path in the reference (pure number).
    lost : int
        Spikes whose time was not kept, because another of the same source came before the next sample.
    """

    square: dict[str, Array] = field(default_factory=dict)
    mean: dict[str, Array] = field(default_factory=dict)
    missed: dict[str, Array] = field(default_factory=dict)
    timing: dict[str, list[tuple[Array, NDArray[Any]]]] = field(default_factory=dict)
    rate: dict[str, float] = field(default_factory=dict)
    lost: int = 0


def path_errors(task: PathTask, n: int, n_steps: int, told: Any) -> PathErrors:
    """Run all paths with all steps, and compare.

    Parameters
    ----------
    task : PathTask
        What to run; its last solver is the reference where there are more than `n_steps`.
    n, n_steps : int
        How many paths, and how many step sizes to compare (pure numbers).
    told : callable
        Told the share of the work that is done (pure number).

    Returns
    -------
    PathErrors
        In units of the signals [and s].
    """
    found = PathErrors()
    for kind in (found.square, found.mean):
        kind.update({name: np.empty((n_steps, n)) for name in task.signals})
    has_reference = len(task.solvers) > n_steps
    sources = task.states.sources if has_reference else ()
    found.missed.update({name: np.empty((n_steps, n)) for name in sources})
    pieces: dict[str, list[list[tuple[Array, NDArray[Any]]]]] = {name: [[] for _ in range(n_steps)] for name in sources}
    found.rate.update(dict.fromkeys(sources, 0.0))
    done, total = 0.0, n * sum(_cost(s) for s in task.solvers)
    for paths in task.chunks(n):
        reference = task.run(task.solvers[-1], paths) if has_reference else None
        done += len(paths) * _cost(task.solvers[-1]) if has_reference else 0
        told(done / total)
        here = slice(paths.start, paths.stop)
        for k, solver in enumerate(task.solvers[:n_steps]):
            run = task.run(solver, paths)
            for name, exact in task.signals.items():
                right = run.samples[exact] if exact is not None else reference.samples[name]  # type: ignore[union-attr]
                error = run.samples[name] - right
                found.square[name][k, here] = np.mean(error**2, axis=0)
                found.mean[name][k, here] = np.mean(error, axis=0)
            for i, name in enumerate(sources):
                assert reference is not None
                found.missed[name][k, here] = run.counts[i] != reference.counts[i]
                errors, whose = _matched(run, reference, i)
                pieces[name][k].append((errors, whose + paths.start))
            done += len(paths) * _cost(solver)
            told(done / total)
        for i, name in enumerate(sources):
            assert reference is not None
            count = int(reference.counts[i].sum())
            found.rate[name] += count / n
            found.lost += count - len(reference.spikes[i][0])
    for name in sources:
        found.timing[name] = [
            (np.concatenate([e for e, _ in parts]), np.concatenate([p for _, p in parts])) for parts in pieces[name]
        ]
    return found


def _cost(solver: EulerMaruyama) -> float:
    """Cost of a run, roughly: steps, and the fine increments that they are made of [1/s]."""
    return (1 + 0.3 * solver.pieces_per_step) / solver.dt


def _changes(last_times: Array) -> tuple[Array, NDArray[Any]]:
    """Times and paths of spikes, from samples of the time of the last one, shape (n_samples, n_paths) [s]."""
    before = np.concatenate([np.full((1, last_times.shape[1]), -1.0), last_times[:-1]])
    path, sample = np.nonzero((last_times != before).T)
    return last_times[sample, path], path


def _matched(run: Run, reference: Run, source: int) -> tuple[Array, NDArray[Any]]:
    """Errors of spike times, one to one in the paths in which both have as many, and no time was lost [s]."""
    times, whose = run.spikes[source]
    right, of = reference.spikes[source]
    n = len(run.counts[source])
    seen = np.bincount(whose, minlength=n)
    same = (run.counts[source] == reference.counts[source]) & (seen == np.bincount(of, minlength=n))
    same &= seen == run.counts[source]
    return np.abs(times[same[whose]] - right[same[of]]), whose[same[whose]]


def checked_steps(steps: Sequence[float], t_stop: float) -> list[float]:
    """The steps from the longest on [s].

    Raises
    ------
    ValueError
        When there are fewer than three, or one is no whole multiple of the next, or `t_stop` is no time.
    """
    found = sorted({float(dt) for dt in steps}, reverse=True)
    if len(found) < 3:
        raise ValueError(f"an order needs at least three different steps in s, got {list(steps)}")
    if not all(math.isfinite(dt) and dt > 0 for dt in found):
        raise ValueError(f"steps must be positive times in s, got {list(steps)}")
    if not (math.isfinite(t_stop) and t_stop > 0):
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    for long, short in zip([t_stop, *found[:-1]], found, strict=True):
        if abs(long / short - round(long / short)) > 1e-6:
            what = "t_stop" if long == t_stop else "each step"
            raise ValueError(
                f"{what} must be a whole multiple of the next step, got {long:g} s and {short:g} s; halve them, such as "
                f"steps=[{2 * short:g}, {short:g}, {short / 2:g}]"
            )
    return found
