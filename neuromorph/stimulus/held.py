"""Stimuli that hold a value for a step: samples, spikes that arrive, Poisson trains."""

from __future__ import annotations

import itertools
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.quantities import choice, format_quantity, parameter, pluralised
from neuromorph.stimulus.base import (
    DRIVE_UNIT,
    FloatArray,
    Stimulus,
    check_segment_count,
    checked_t_stop,
    linear_segments,
)
from neuromorph.stimulus.periodic import SHORTEST_EDGE
from neuromorph.stimulus.sampled import checked_sequence
from neuromorph.stimulus.spike_file import read_spike_table

__all__ = ["PoissonInput", "SpikeInput", "ZeroOrderHold"]

# Above this share of steps with a spike, one spike a step at most is no Poisson process any more.
_CROWDED = 0.1


@dataclass(frozen=True, kw_only=True)
class ZeroOrderHold(Stimulus):
    """Samples, each held for one step; the last one from then on.

    Parameters
    ----------
    values : sequence of float
        Sample `k` holds from ``k*step`` on [A or V]. Kept as a tuple.
    step : float
        Time from sample to sample [s].
    edge : float
        Length of the straight line from one sample to the next, at the start of each step [s].

    Raises
    ------
    ValueError
        When the edge takes more than half of a step, or a value is not finite.

    Notes
    -----
    The same noise path goes to equations and circuit in this way. The edge delays it by half of its length.

    Examples
    --------
    >>> ZeroOrderHold(values=[1.0, 3.0], step=1e-3)([0.5e-3, 1.5e-3, 9.0]).tolist()
    [1.0, 3.0, 3.0]
    """

    values: Sequence[float] | FloatArray
    step: float = parameter(unit="s", doc="time from sample to sample", positive=True)
    edge: float = parameter(10e-9, unit="s", doc="length of the line between samples", low=SHORTEST_EDGE)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "values", tuple(checked_sequence("values", self.values, DRIVE_UNIT).tolist()))
        check_edge(self.edge, self.step, "step")

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: an edge and a hold for each sample that differs from the one before."""
        return held_segments(np.array(self.values), self.step, self.edge, checked_t_stop(t_stop))

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        low, high = (format_quantity(float(v), unit) for v in (min(self.values), max(self.values)))
        held = format_quantity(self.step, "s")
        return f"{pluralised(len(self.values), 'sample')} of {held}, {low} to {high}"


@dataclass(frozen=True, kw_only=True)
class SpikeInput(Stimulus):
    """Spikes that arrive at a synapse, as a rate: in each step the number of arrivals over the step's length.

    Every spike is a rectangle of area 1, so a synapse that integrates it gets one spike, whatever the step. Spikes may come
    together.

    Parameters
    ----------
    times : sequence of float
        When spikes arrive, from 0 s on, in any order [s]. Kept as a sorted tuple; it may be empty.
    width : float
        Length of a step, and of a spike [s]. A spike is spread over the step in which it falls: its middle is up to half of a
        width earlier or later, on the average neither.
    edge : float
        Length of the straight lines between steps [s].

    Raises
    ------
    ValueError
        When a time is negative or not finite, or the edge takes more than half of a step.

    Notes
    -----
    The value is in 1/s, whatever the unit is called where it is attached.

    Examples
    --------
    >>> spikes = SpikeInput(times=[0.25e-3, 0.21e-3], width=0.1e-3)
    >>> round(spikes(0.25e-3)), round(spikes(0.35e-3))
    (20000, 0)
    """

    times: Sequence[float] | FloatArray
    width: float = parameter(1e-4, unit="s", doc="length of a spike", positive=True)
    edge: float = parameter(10e-9, unit="s", doc="length of the line between steps", low=SHORTEST_EDGE)

    def __post_init__(self) -> None:
        super().__post_init__()
        times = np.sort(checked_sequence("times", self.times, "s")) if len(self.times) else np.empty(0)
        if times.size and times[0] < 0:
            raise ValueError(f"times must be at least 0 s, got {times[0]:g} s")
        object.__setattr__(self, "times", tuple(times.tolist()))
        check_edge(self.edge, self.width, "width")

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        source: int | str | None = None,
        *,
        width: float = 1e-4,
        edge: float = 10e-9,
    ) -> SpikeInput:
        """The spikes of a text file.

        Parameters
        ----------
        path : path-like
            A text with a spike a line, its time [s] and, where there are many neurons, the number or name of one. A first line such
            as ``time [ms], neuron`` may state the unit.
        source : int or str, optional
            The neuron whose spikes arrive; the spikes of all without it.
        width, edge : float
            As for the class [s].

        Returns
        -------
        SpikeInput
            With the times as numbers: a file that changes later does not change it.

        Raises
        ------
        MeasurementError
            When the file cannot be read, or a time is negative; the message names the file and the line.
        ValueError
            When there is no such neuron, or the file is no text: :func:`neuromorph.load_spikes` reads others.
        """
        name = os.fspath(path)
        if name.lower().endswith((".nc", ".mat", ".nix", ".nwb")):
            raise ValueError(f"{name} is no text: give SpikeInput(times=nm.load_spikes({name!r}).times)")
        table = read_spike_table(path)
        early = np.flatnonzero(table.times < 0)
        if early.size:
            k = int(early[0])
            raise MeasurementError(f"{name}, line {table.lines[k]}: a run starts at 0 s, got {table.times[k]:g} s")
        return cls(times=table.times[table.chosen(source, name)], width=width, edge=edge)

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: an edge and a hold wherever the number of arrivals changes."""
        t_stop = checked_t_stop(t_stop)
        # A time on the grid belongs to the step that it begins, in spite of rounding.
        steps = np.floor(np.array(self.times) / self.width + 1e-9).astype(np.int64)
        counts = np.bincount(steps[steps * self.width < t_stop], minlength=1)
        return held_segments(np.append(counts, 0) / self.width, self.width, self.edge, t_stop, before=0.0)

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        return f"{pluralised(len(self.times), 'spike')}, {format_quantity(self.width, 's')} wide"


@dataclass(frozen=True, kw_only=True)
class PoissonInput(Stimulus):
    """Random spikes that arrive at a synapse from one or many independent sources, as a rate.

    Parameters
    ----------
    rate : float
        Spikes per second of one source [Hz].
    n_sources : int
        Number of sources (pure number).
    width : float
        Length of a step, and of a spike [s].
    seed : int
        The same seed gives the same spikes; a longer run begins with those of a shorter one (pure number). Two inputs
        of a neuron want a seed each, which a warning says where they have one.
    counting : {"poisson", "bernoulli"}
        ``"poisson"``: any number of spikes in a step; exact. ``"bernoulli"``: a source fires in a step with the
        probability ``rate*width``, at most once.
    edge : float
        Length of the straight lines between steps [s].

    Raises
    ------
    ValueError
        When a value is not physical, or a probability is above 1.

    Warns
    -----
    UserWarning
        When ``rate*width`` is above 0.1 with ``"bernoulli"``: the spikes are then too regular.

    Notes
    -----
    ``"bernoulli"`` is equation (10) of T. K. T. Thieu and R. Melnik on Langevin LIF neurons. The value is in 1/s,
    whatever the unit is called where it is attached.

    Examples
    --------
    >>> import numpy as np
    >>> drive = PoissonInput(rate=10.0, n_sources=100, seed=1)
    >>> bool(900 < np.mean(drive(np.arange(0.5e-4, 10.0, 1e-4))) < 1100)
    True
    """

    rate: float = parameter(unit="Hz", doc="spikes per second of one source", low=0.0)
    n_sources: int = parameter(1, unit="", doc="number of sources", low=1)
    width: float = parameter(1e-4, unit="s", doc="length of a spike", positive=True)
    seed: int = parameter(0, unit="", doc="seed of the spikes", low=0)
    counting: str = choice("poisson", ("poisson", "bernoulli"), doc="how many spikes a source may give in a step")
    edge: float = parameter(10e-9, unit="s", doc="length of the line between steps", low=SHORTEST_EDGE)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("n_sources", "seed"):
            if getattr(self, name) != int(getattr(self, name)):
                raise ValueError(f"{name} must be a whole number, got {getattr(self, name)!r}")
            object.__setattr__(self, name, int(getattr(self, name)))
        check_edge(self.edge, self.width, "width")
        if self.counting == "bernoulli":
            self._check_probability()

    def _check_probability(self) -> None:
        share = self.rate * self.width
        advice = f"a source of {format_quantity(self.rate, 'Hz')} fires in {share:.3g} of all steps of {format_quantity(self.width, 's')}"
        if share > 1:
            raise ValueError(f"{advice}: lower width, or use counting='poisson'")
        if share > _CROWDED:
            warnings.warn(f"{advice}, at most once in each: lower width, or use counting='poisson'", stacklevel=4)

    def counts(self, t_stop: float) -> FloatArray:
        """Number of spikes of all sources in each step.

        Parameters
        ----------
        t_stop : float
            Up to where [s].

        Returns
        -------
        ndarray, shape (n_steps,)
            Counts (pure numbers).

        Raises
        ------
        ValueError
            When `t_stop` is not a positive time, or more than 5e6 segments would be needed.
        """
        n_steps = int(np.ceil(checked_t_stop(t_stop) / self.width * (1 - 1e-12)))
        check_segment_count(2 * n_steps, t_stop)
        random = np.random.default_rng(self.seed)
        if self.counting == "bernoulli":
            return random.binomial(self.n_sources, self.rate * self.width, n_steps).astype(np.float64)
        return random.poisson(self.n_sources * self.rate * self.width, n_steps).astype(np.float64)

    def draws_like(self, other: PoissonInput) -> bool:
        """Whether both have their spikes at the same times, for they draw the same numbers for the same law."""
        mine, its = ((p.seed, p.width, p.counting) for p in (self, other))
        # For at most one spike a step, numpy takes more of the same numbers at a higher rate.
        return mine == its and (
            self.counting == "bernoulli" or math.isclose(self.rate * self.n_sources, other.rate * other.n_sources)
        )

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: an edge and a hold wherever the number of arrivals changes."""
        values = self.counts(t_stop) / self.width
        return held_segments(values, self.width, self.edge, checked_t_stop(t_stop), before=0.0)

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        rate = format_quantity(self.rate, "Hz")
        return f"Poisson spikes, {pluralised(self.n_sources, 'source')} of {rate}, seed {self.seed}"


def same_spikes(drives: Mapping[str, Any]) -> tuple[int, str] | None:
    """What to say where two inputs get the same random spikes at the same times, though each is stated as a source of its own.

    Parameters
    ----------
    drives : mapping of str to Stimulus
        What drives each input [1/s].

    Returns
    -------
    int, str
        The seed that both have (pure number), and the fault with its remedy; ``None`` where there is none.
    """
    random = [(name, drive) for name, drive in drives.items() if isinstance(drive, PoissonInput)]
    for (a, one), (b, other) in itertools.combinations(random, 2):
        if one.draws_like(other):
            return one.seed, (
                f"{a} and {b} get the same random spikes at the same times, since both have the seed {one.seed}: give one of "
                f"them another, such as seed={one.seed + 1}"
            )
    return None


def check_edge(edge: float, step: float, name: str) -> None:
    """Refuse an edge that leaves nothing to hold."""
    if edge > step / 2:
        raise ValueError(f"edge must be at most half of {name} ({step:g} s), got {edge:g} s")


def held_segments(
    values: FloatArray, step: float, edge: float, t_stop: float, before: float | None = None
) -> FloatArray:
    """Table of segments of values that are each held for a step.

    Parameters
    ----------
    values : ndarray, shape (n,)
        The values [any unit].
    step, edge : float
        Length of a step, and of the line at its start [s].
    t_stop : float
        End of the time that is asked for [s].
    before : float, optional
        From where the line of the first step starts; without it, the first value is there at 0 s [any unit].

    Returns
    -------
    ndarray, shape (n_segments, 6)
        As :meth:`Stimulus.segments` states it; steps that repeat a value make no segment.
    """
    check_segment_count(2 * min(len(values), t_stop / step), t_stop)
    values = values[: int(np.ceil(t_stop / step)) + 1]
    first = float(values[0]) if before is None else before
    old = np.concatenate(([first], values[:-1]))
    changes = np.flatnonzero(values != old)
    starts = changes * step
    lower, upper = old[changes], values[changes]
    rows_start = np.concatenate(([0.0], np.column_stack((starts, starts + edge)).ravel()))
    offsets = np.concatenate(([first], np.column_stack((lower, upper)).ravel()))
    slopes = np.concatenate(([0.0], np.column_stack(((upper - lower) / edge, np.zeros(len(changes)))).ravel()))
    return linear_segments(rows_start, offsets, slopes, t_stop, first)
