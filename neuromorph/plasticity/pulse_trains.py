"""A train of pulses as corners of straight lines, where pulses may overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neuromorph.plasticity.checks import SHORTEST

if TYPE_CHECKING:
    from neuromorph.plasticity.pulse_shape import PulseShape

__all__ = ["restarted", "summed"]

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
        kept = corners < cut - _gap(cut) if math.isfinite(cut) else np.ones(corners.size, dtype=bool)
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
    corners = corners[np.concatenate([[True], np.diff(corners) > _gap(corners[1:])])]
    values = np.zeros(corners.size)
    for spike in spikes:
        first, last = np.searchsorted(corners, (spike + shape.start, spike + shape.end), side="left")
        part = slice(first, last + 1)
        values[part] += shape(corners[part] - spike)
    return corners, values


def _gap(times: Array | float) -> Array:
    """How close to given times another corner is the same [s]."""
    gap: Array = np.maximum(SHORTEST, 4 * np.spacing(np.asarray(times, dtype=float)))
    return gap
