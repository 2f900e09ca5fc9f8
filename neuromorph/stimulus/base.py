"""The stimulus contract: one table of segments, from which values, breakpoints and source text follow."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.quantities import Parameters, format_quantity

__all__ = ["DRIVE_UNIT", "SEGMENT_LIMIT", "FloatArray", "Stimulus", "checked_t_stop", "linear_segments"]

FloatArray = NDArray[np.float64]

#: The unit of a drive is decided by where it is attached: a current source or a voltage source.
DRIVE_UNIT = "A or V"

#: Above this a table of segments takes more than 240 MB: the call was hardly meant.
SEGMENT_LIMIT = 5_000_000

_POINTS_PER_LINE = 8


@dataclass(frozen=True, kw_only=True)
class Stimulus(Parameters, ABC):
    """Base of everything that drives a circuit.

    A stimulus of your own is a frozen dataclass that states :meth:`segments`; sampling, breakpoints and, for
    piecewise linear ones, the SPICE source text are derived from it here.

    Notes
    -----
    Time starts at 0 s. The value is a current [A] or a voltage [V], depending on where it is attached.
    """

    @abstractmethod
    def segments(self, t_stop: float) -> FloatArray:
        """The stimulus from 0 s to `t_stop`, as a table.

        From ``t_start`` of a row up to that of the next one, the value is ``offset
        + slope*(t - t_start) + amplitude*sin(angular_frequency*(t - t_start) + phase)``.

        Parameters
        ----------
        t_stop : float
            End of the time that is asked for [s].

        Returns
        -------
        ndarray, shape (n_segments, 6)
            Contiguous float64 rows of t_start [s], offset [A or V], slope [A/s or V/s], amplitude [A or V],
            angular_frequency [rad/s], phase [rad]. The first starts at 0 s, the others where value or
            derivative jumps; none has zero length, none starts at or after `t_stop`.

        Raises
        ------
        ValueError
            When `t_stop` is not a positive time, or more than 5e6 segments would be needed.
        """

    def shortest_period(self, t_stop: float) -> float | None:
        """Period of the fastest sine in the stimulus, which a fixed time step must resolve.

        Parameters
        ----------
        t_stop : float
            End of the time that is asked for [s].

        Returns
        -------
        float or None
            Period [s]; ``None`` for straight lines, which every step meets exactly.
        """
        rows = self.segments(t_stop)
        fastest = np.max(np.abs(rows[:, 4]), where=rows[:, 3] != 0.0, initial=0.0)
        return float(2 * np.pi / fastest) if fastest > 0.0 else None

    def describe(self, unit: str = "") -> str:
        """The stimulus in one line, for reports.

        Parameters
        ----------
        unit : str
            ``"A"`` or ``"V"``, where it is known what the stimulus is attached to.

        Returns
        -------
        str
            For example ``"square wave, 1 mA, 1 kHz, 50 %"``.
        """
        return type(self).__name__

    @overload
    def __call__(self, t: float) -> float: ...
    @overload
    def __call__(self, t: ArrayLike) -> Any: ...
    def __call__(self, t: ArrayLike) -> Any:
        """Value at given times; at a jump, the value after it.

        Parameters
        ----------
        t : float or array_like
            Times from 0 s on, in any order [s].

        Returns
        -------
        float or ndarray, shape of `t`
            Value [A or V].

        Raises
        ------
        ValueError
            When a time is negative or not finite.
        """
        times = np.asarray(t, dtype=np.float64)
        if times.size == 0:
            return np.zeros(times.shape)
        first, last = float(times.min()), float(times.max())
        if not (first >= 0 and math.isfinite(last)):
            raise ValueError(f"t must be finite times in s of at least 0, got {t!r}")
        # One ulp further, so that a segment that starts exactly at the last time is there to be used.
        rows = self.segments(float(np.nextafter(last, np.inf)))
        row = rows[np.searchsorted(rows[:, 0], times, side="right") - 1]
        elapsed = times - row[..., 0]
        wave = row[..., 3] * np.sin(row[..., 4] * elapsed + row[..., 5])
        values = row[..., 1] + row[..., 2] * elapsed + wave
        return float(values) if times.ndim == 0 else values

    def breakpoints(self, t_stop: float) -> FloatArray:
        """Times at which value or derivative jumps.

        Parameters
        ----------
        t_stop : float
            End of the time that is asked for [s].

        Returns
        -------
        ndarray, shape (n_breakpoints,)
            Increasing times after 0 s and before `t_stop` [s].
        """
        starts: FloatArray = self.segments(t_stop)[1:, 0]
        return np.ascontiguousarray(starts)

    def spice(self, t_stop: float) -> str:
        """The value of an independent source in an ngspice deck, as ``I1 0 n1 <this text>``.

        Parameters
        ----------
        t_stop : float
            End of the transient analysis [s]; the text is not valid beyond it.

        Returns
        -------
        str
            ``DC``, ``PULSE``, ``SIN`` or ``PWL`` with plain numbers that read back as the same floats; no
            unit letters, since SPICE reads ``1M`` as one milli. May go on over lines that start with ``+``.

        Raises
        ------
        ValueError
            When the stimulus jumps or has sine segments, which ``PWL`` cannot state; such a class states
            its own `spice`.

        Notes
        -----
        No ``DC`` value stands before a waveform: ngspice would start the transient from it, instead of from
        the waveform's value at 0 s. Beyond some 10 000 points ngspice becomes slow on a ``PWL`` source.
        """
        rows = self.segments(t_stop)
        starts, offsets, slopes = rows[:, 0], rows[:, 1], rows[:, 2]
        ends = offsets + slopes * np.diff(starts, append=t_stop)
        name = type(self).__name__
        if np.any(rows[:, 3] != 0):
            raise ValueError(f"{name} has sine segments, which PWL cannot state: give the class its own spice()")
        span = max(np.ptp(offsets), np.ptp(ends))
        jumps = np.flatnonzero(np.abs(offsets[1:] - ends[:-1]) > 1e-6 * span)
        if jumps.size:
            raise ValueError(
                f"{name} jumps at {starts[jumps[0] + 1]:g} s, which a SPICE source cannot: "
                "give it an edge of finite length, such as 10 ns"
            )
        if len(rows) == 1 and slopes[0] == 0:
            return f"DC {float(offsets[0])!r}"
        times = [*starts.tolist(), float(t_stop)]
        points = [f"{t!r} {v!r}" for t, v in zip(times, [*offsets.tolist(), float(ends[-1])], strict=True)]
        lines = (points[i : i + _POINTS_PER_LINE] for i in range(0, len(points), _POINTS_PER_LINE))
        return "PWL(" + "\n+ ".join(" ".join(line) for line in lines) + ")"


def checked_t_stop(t_stop: float) -> float:
    """`t_stop` as a float, or ``ValueError`` when it is not a positive, finite time [s]."""
    value = float(t_stop)
    if not (0 < value < math.inf):
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    return value


def check_segment_count(count: float, t_stop: float) -> None:
    """Raise ``ValueError`` before a table is made that would not fit into memory."""
    if count > SEGMENT_LIMIT:
        raise ValueError(
            f"{count:.3g} segments are needed up to {format_quantity(t_stop, 's')}, at most {SEGMENT_LIMIT} "
            "are accepted: lower t_stop or the frequency, or run the time in parts"
        )


def linear_segments(
    starts: FloatArray, offsets: FloatArray, slopes: FloatArray, t_stop: float, initial: float
) -> FloatArray:
    """Table of segments without sines.

    Parameters
    ----------
    starts : ndarray, shape (n,)
        Start times [s], not decreasing but for rounding. Of equal ones the last counts.
    offsets, slopes : ndarray, shape (n,)
        Value at the start [A or V], slope [A/s or V/s].
    t_stop : float
        Segments from there on are left out [s].
    initial : float
        Value before the first start [A or V].

    Returns
    -------
    ndarray, shape (n_segments, 6)
        As :meth:`Stimulus.segments` states it.
    """
    if starts[0] > 0:
        starts, offsets, slopes = (
            np.concatenate(([first], rest)) for first, rest in ((0.0, starts), (initial, offsets), (0.0, slopes))
        )
    starts = np.maximum.accumulate(starts)
    # Far from 0 s an edge can be shorter than the spacing of floats: it is then a jump, not a segment.
    kept = (starts < t_stop) & (np.diff(starts, append=np.inf) > 0)
    rows = np.zeros((np.count_nonzero(kept), 6))
    rows[:, 0], rows[:, 1], rows[:, 2] = starts[kept], offsets[kept], slopes[kept]
    return rows
