"""How many periods of a drive a record holds, found from the record itself."""

from __future__ import annotations

import numpy as np

from neuromorph.measurement.measurement import Array

_MOST_POINTS = 4096
# Up to here the spectrum cannot tell: too few periods. A sine is tried for every count instead.
_FEW = 3.0
# A count of periods this near to a whole number is whole.
_WHOLE = 0.02


def cycles_of(signal: Array) -> float | None:
    """Periods of the strongest sine in a record of even steps.

    Parameters
    ----------
    signal : ndarray, shape (n,) [any unit]
        Voltage of the source.

    Returns
    -------
    float or None
        Count of periods (pure number); ``None`` where no sine explains half of the signal.

    Examples
    --------
    >>> round(cycles_of(np.sin(np.linspace(0, np.pi, 200, endpoint=False))), 2)
    0.5
    """
    values = thinned(signal, _MOST_POINTS)
    values = values - values.mean()
    total = float(values @ values)
    if total == 0:
        return None
    spectrum = np.abs(np.fft.rfft(values, 8 * values.size)) ** 2
    peak = int(np.argmax(spectrum)) / 8.0
    grids = [np.arange(0.2, _FEW, 0.02)]
    if peak > _FEW - 1:
        grids.append(np.arange(max(peak - 0.5, 0.2), peak + 0.5, 0.02))
    counts = np.concatenate(grids)
    residuals = [residual_of_sine(values, count) for count in counts]
    best = int(np.argmin(residuals))
    if residuals[best] > 0.5 * total:
        return None
    # A parabola through the neighbours of the best count.
    if 0 < best < len(counts) - 1 and counts[best + 1] - counts[best - 1] < 0.05:
        before, here, after = residuals[best - 1 : best + 2]
        bend = before - 2 * here + after
        if bend > 0:
            return float(counts[best] + 0.02 * 0.5 * (before - after) / bend)
    return float(counts[best])


def residual_of_sine(values: Array, count: float) -> float:
    """Sum of squares that a constant and a sine of `count` periods leave [unit of the values squared]."""
    angle = 2 * np.pi * count * np.arange(values.size) / values.size
    columns = np.column_stack([np.ones(values.size), np.sin(angle), np.cos(angle)])
    solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
    return float(np.sum((values - columns @ solution) ** 2))


def whole_cycles(count: float) -> bool:
    """Whether a count of periods (pure number) is whole, to what a clock and a last sample leave open."""
    return count > 0.5 and abs(count - round(count)) < _WHOLE


def thinned(signal: Array, most: int) -> Array:
    """Means of equal parts, so that no more than `most` values are left, in the signal's unit."""
    part = -(-signal.size // most)
    if part == 1:
        return signal
    count = signal.size // part
    means: Array = signal[: count * part].reshape(count, part).mean(axis=1)
    return means
