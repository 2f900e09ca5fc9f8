"""Stimuli given by values or times: constant, pulses at given times, straight lines between points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neuromorph.quantities import format_quantity, parameter, pluralised
from neuromorph.stimulus.base import (
    DRIVE_UNIT,
    FloatArray,
    Stimulus,
    check_segment_count,
    checked_t_stop,
    linear_segments,
)
from neuromorph.stimulus.periodic import SHORTEST_EDGE

__all__ = ["Constant", "PiecewiseLinear", "PulseTrain"]


@dataclass(frozen=True, kw_only=True)
class Constant(Stimulus):
    """The same value from 0 s on.

    Parameters
    ----------
    value : float
        The value [A or V].

    Examples
    --------
    >>> Constant(value=1e-3).spice(t_stop=1.0)
    'DC 0.001'
    """

    value: float = parameter(unit=DRIVE_UNIT, doc="the value")

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: one segment."""
        checked_t_stop(t_stop)
        return np.array([[0.0, self.value, 0.0, 0.0, 0.0, 0.0]])

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        return f"constant, {format_quantity(self.value, unit)}"


@dataclass(frozen=True, kw_only=True)
class PulseTrain(Stimulus):
    """Equal pulses at given times.

    Parameters
    ----------
    times : sequence of float
        Start of the rising edge of each pulse [s]; increasing, from 0 s on. Kept as a tuple.
    width : float
        Time between the half-height points of a pulse [s], so that its charge above `offset` is exactly
        ``amplitude*width``.
    amplitude : float
        Height above `offset` [A or V].
    offset : float
        Value between pulses [A or V].
    rise, fall : float
        Length of the edges [s].

    Raises
    ------
    ValueError
        When a pulse has no flat top, pulses overlap or times do not increase; the message names the index.

    Examples
    --------
    >>> pulses = PulseTrain(times=[1e-3, 4e-3], width=1e-4, amplitude=1e-3)
    >>> pulses([0.0, 1.05e-3, 2e-3, 4.05e-3]).tolist()
    [0.0, 0.001, 0.0, 0.001]
    """

    times: Sequence[float] | FloatArray
    width: float = parameter(unit="s", doc="time between the half-height points", positive=True)
    amplitude: float = parameter(unit=DRIVE_UNIT, doc="height above the offset")
    offset: float = parameter(0.0, unit=DRIVE_UNIT, doc="value between pulses")
    rise: float = parameter(10e-9, unit="s", doc="length of the rising edge", low=SHORTEST_EDGE)
    fall: float = parameter(10e-9, unit="s", doc="length of the falling edge", low=SHORTEST_EDGE)

    def __post_init__(self) -> None:
        super().__post_init__()
        times = checked_times(self.times)
        object.__setattr__(self, "times", tuple(times.tolist()))
        if not self.flat_top > 0:
            raise ValueError(
                f"width - (rise + fall)/2 = {self.flat_top:g} s is the flat top of a pulse and must be "
                f"positive: raise width (got {self.width:g} s) or shorten rise and fall (got {self.rise:g} s "
                f"and {self.fall:g} s)"
            )
        length = self.rise + self.flat_top + self.fall
        overlapping = np.flatnonzero(np.diff(times) < length - _rounding(times[1:], length))
        if overlapping.size:
            k = int(overlapping[0])
            raise ValueError(
                f"times must not let pulses overlap, each takes {length:g} s with its edges: "
                f"times[{k + 1}] = {times[k + 1]:g} s comes only {times[k + 1] - times[k]:g} s after "
                f"times[{k}] = {times[k]:g} s"
            )

    @property
    def flat_top(self) -> float:
        """Time that a pulse stays at full height [s]."""
        return self.width - (self.rise + self.fall) / 2

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: rise, top, fall of each pulse, and the time up to the next."""
        t_stop = checked_t_stop(t_stop)
        rising = np.array(self.times)
        following = np.append(rising[1:], np.inf)
        shown = max(int(np.searchsorted(rising, t_stop)), 1)
        check_segment_count(4 * shown + 1, t_stop)
        starts = np.empty((shown, 4))
        starts[:, 0] = rising[:shown]
        starts[:, 1] = starts[:, 0] + self.rise
        starts[:, 2] = starts[:, 1] + self.flat_top
        ends = starts[:, 2] + self.fall
        # Pulses that touch, but for rounding, leave no segment between them.
        touching = following[:shown] - ends <= _rounding(ends, self.width)
        starts[:, 3] = np.where(touching, following[:shown], ends)
        high = self.offset + self.amplitude
        offsets = np.tile([self.offset, high, high, self.offset], shown)
        slopes = np.tile([self.amplitude / self.rise, 0.0, -self.amplitude / self.fall, 0.0], shown)
        return linear_segments(starts.ravel(), offsets, slopes, t_stop, self.offset)

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        height, width = format_quantity(self.amplitude, unit), format_quantity(self.width, "s")
        offset = f", offset {format_quantity(self.offset, unit)}" if self.offset else ""
        return f"{pluralised(len(self.times), 'pulse')}, {height}, {width} wide{offset}"


@dataclass(frozen=True, kw_only=True)
class PiecewiseLinear(Stimulus):
    """Straight lines between points; the first value before them, the last one after.

    Parameters
    ----------
    times : sequence of float
        Increasing, from 0 s on [s]. Kept as a tuple.
    values : sequence of float
        As many [A or V]. Kept as a tuple.

    Raises
    ------
    ValueError
        When times do not increase, or the lengths differ; the message names the index.

    Examples
    --------
    >>> ramp = PiecewiseLinear(times=[1e-3, 3e-3], values=[0.0, 1.0])
    >>> ramp([0.0, 2e-3, 9e-3]).tolist()
    [0.0, 0.5, 1.0]
    >>> ramp.spice(t_stop=5e-3)
    'PWL(0.0 0.0 0.001 0.0 0.003 1.0 0.005 1.0)'
    """

    times: Sequence[float] | FloatArray
    values: Sequence[float] | FloatArray

    def __post_init__(self) -> None:
        super().__post_init__()
        times, values = checked_times(self.times), checked_sequence("values", self.values, DRIVE_UNIT)
        if len(times) != len(values):
            raise ValueError(f"times and values must have one length, got {len(times)} and {len(values)}")
        object.__setattr__(self, "times", tuple(times.tolist()))
        object.__setattr__(self, "values", tuple(values.tolist()))

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: one segment a point, and the hold before the first."""
        t_stop = checked_t_stop(t_stop)
        check_segment_count(len(self.times) + 1, t_stop)
        times, values = np.array(self.times), np.array(self.values)
        slopes = np.append(np.diff(values) / np.diff(times), 0.0)
        return linear_segments(times, values, slopes, t_stop, float(values[0]))

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        low, high = (format_quantity(float(v), unit) for v in (min(self.values), max(self.values)))
        return f"piecewise linear, {pluralised(len(self.times), 'point')}, {low} to {high}"


def _rounding(times: FloatArray, length: float) -> FloatArray:
    # What sums and differences of a few such times may be off by, without being meant.
    rounding: FloatArray = np.maximum(4 * np.spacing(times), 1e-12 * length)
    return rounding


def checked_sequence(name: str, given: Sequence[float] | FloatArray, unit: str) -> FloatArray:
    wanted = f"{name} must be a sequence of at least one finite number in {unit}"
    try:
        values = np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {given!r}") from None
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{wanted}, got {given!r}")
    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        raise ValueError(f"{wanted}, got {name}[{wrong[0]}] = {values[wrong[0]]}")
    return values


def checked_times(given: Sequence[float] | FloatArray) -> FloatArray:
    times = checked_sequence("times", given, "s")
    if times[0] < 0:
        raise ValueError(f"times must be at least 0 s, got times[0] = {times[0]:g} s")
    wrong = np.flatnonzero(np.diff(times) < SHORTEST_EDGE)
    if wrong.size:
        k = int(wrong[0])
        raise ValueError(
            f"times must increase by at least {SHORTEST_EDGE:g} s (a jump needs an edge, such as 10 ns): times[{k + 1}] = "
            f"{times[k + 1]!s} s does not come after times[{k}] = {times[k]!s} s"
        )
    return times
