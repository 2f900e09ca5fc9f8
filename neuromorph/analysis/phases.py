"""The times at which a stimulus drives: its on-phases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.stimulus import Stimulus

# A sine is taken for this many straight lines in a period: the crossing is then within 1/1000 of it.
_LINES_PER_PERIOD = 64


def on_phases(drive: Mapping[str, Stimulus] | Stimulus | None, t_stop: float) -> NDArray[np.float64]:
    """The times during which a stimulus is on: beyond halfway between its two extremes.

    Parameters
    ----------
    drive : Stimulus, or mapping of str to Stimulus, or None
        What drives [A or V]; of several the first counts. Without one the whole run is one phase.
    t_stop : float
        Length of the run [s].

    Returns
    -------
    ndarray, shape (n_phases, 2)
        Start and end of each phase [s]. A constant other than zero is one phase, zero is none.

    Raises
    ------
    ValueError
        When `t_stop` is not a positive time.

    Notes
    -----
    On is the side of the extreme that is further from zero, so the pulses of an inhibitory current are
    phases too.

    Examples
    --------
    >>> from neuromorph.stimulus import SquareWave
    >>> on_phases(SquareWave(amplitude=1e-3, frequency=1e3, rise=2e-6, fall=2e-6), t_stop=2e-3).round(6).tolist()
    [[1e-06, 0.000501], [0.001001, 0.001501]]
    """
    if isinstance(drive, Mapping):
        drive = next(iter(drive.values()), None)
    if drive is None:
        return np.array([[0.0, float(t_stop)]])
    times, values = _polyline(drive, t_stop)
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([[0.0, float(t_stop)]]) if high else np.zeros((0, 2))
    if -low > high:
        values, low, high = -values, -high, -low
    level = 0.5 * (low + high)
    is_on = values > level
    starts = [0.0] if is_on[0] else []
    ends = [float(t_stop)] if is_on[-1] else []
    rises, falls = np.flatnonzero(~is_on[:-1] & is_on[1:]), np.flatnonzero(is_on[:-1] & ~is_on[1:])
    return np.column_stack(
        [
            [*starts, *_crossings(times, values, level, rises)],
            [*_crossings(times, values, level, falls), *ends],
        ]
    )


def _crossings(times: Any, values: Any, level: float, before: Any) -> Any:
    share = (level - values[before]) / (values[before + 1] - values[before])
    return times[before] + share * (times[before + 1] - times[before])


def _polyline(drive: Stimulus, t_stop: float) -> tuple[Any, Any]:
    """Times and values of the corners of a stimulus; two equal times at a jump."""
    rows = drive.segments(t_stop)
    ends = np.append(rows[1:, 0], t_stop)
    if not np.any(rows[:, 3]):
        times = np.column_stack([rows[:, 0], ends]).ravel()
        values = np.column_stack([rows[:, 1], rows[:, 1] + rows[:, 2] * (ends - rows[:, 0])]).ravel()
        return times, values
    parts = []
    for (start, offset, slope, amplitude, frequency, phase), end in zip(rows, ends, strict=True):
        periods = abs(frequency) * (end - start) / (2 * np.pi) if amplitude else 0.0
        elapsed = np.linspace(0.0, end - start, int(np.ceil(_LINES_PER_PERIOD * periods)) + 2)
        wave = offset + slope * elapsed + amplitude * np.sin(frequency * elapsed + phase)
        parts.append((start + elapsed, wave))
    return np.concatenate([t for t, _ in parts]), np.concatenate([v for _, v in parts])
