"""A train of pulses as corners of straight lines, where pulses may overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from neuromorph.plasticity.pulse_shape import PulseShape

__all__ = ["joined", "restarted", "summed"]

Array = NDArray[np.float64]


def restarted(shape: PulseShape, spikes: Array) -> tuple[Array, Array]:
    """Each spike starts the pulse anew.

    Parameters
    ----------
    shape : PulseShape
        The pulse [s, V].
    spikes : ndarray, shape (n,)
        Increasing times [s].

    Returns
    -------
    tuple of ndarray
        Corners [s] and their voltages [V].
    """
    own_times, own_values = np.array(shape.times), np.array(shape.values)
    times, values = [], []
    following = np.append(spikes[1:] + shape.start, math.inf)
    value = 0.0
    for spike, cut in zip(spikes, following, strict=True):
        corners, heights = spike + own_times, own_values.copy()
        heights[0] = value
        # The next pulse begins at what this one has reached, and goes on to its own second point.
        value = float(np.interp(cut, corners, heights)) if cut < corners[-1] else 0.0
        kept = corners < cut - shape.gap if math.isfinite(cut) else np.ones(corners.size, dtype=bool)
        times.append(corners[kept])
        values.append(heights[kept])
    return np.concatenate(times), np.concatenate(values)


def summed(shape: PulseShape, spikes: Array) -> tuple[Array, Array]:
    """Pulses that overlap add up.

    Parameters
    ----------
    shape : PulseShape
        The pulse [s, V].
    spikes : ndarray, shape (n,)
        Increasing times [s].

    Returns
    -------
    tuple of ndarray
        Corners [s] and their voltages [V].
    """
    corners = np.unique((spikes[:, None] + np.array(shape.times)).ravel())
    corners = corners[np.concatenate([[True], np.diff(corners) > shape.gap])]
    values = np.zeros(corners.size)
    for spike in spikes:
        first, last = np.searchsorted(corners, (spike + shape.start, spike + shape.end), side="left")
        part = slice(first, last + 1)
        values[part] += shape(corners[part] - spike)
    return corners, values


def joined(times: Array, others: Array, gap: float) -> Array:
    """Times of one line, moved onto those of the other where they are close.

    Corners of two sources that nearly coincide, but for rounding, let a SPICE engine take steps of no length.

    Parameters
    ----------
    times, others : ndarray, shape (n,) and (m,)
        Increasing [s].
    gap : float
        What is close [s].

    Returns
    -------
    ndarray, shape (n,)
        Increasing [s].
    """
    if not others.size:
        return times
    after = np.minimum(np.searchsorted(others, times), others.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(others[after] - times) < np.abs(others[before] - times), others[after], others[before])
    moved = np.where(np.abs(nearest - times) <= gap, nearest, times)
    # Two of them may be close to one of the other line.
    twice = np.concatenate([[False], np.diff(moved) <= 0])
    return np.where(twice, times, moved)
