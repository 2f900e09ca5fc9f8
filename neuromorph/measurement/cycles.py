"""How many periods of a drive a record holds, found from the record itself."""

from __future__ import annotations

import numpy as np

from neuromorph.measurement.measurement import Array

_FEWEST, _MOST_POINTS, _POINTS_OF_FEW = 8, 4096, 1024
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
        Count of periods (pure number); ``None`` where no sine explains half of the signal, or it is too short.

    Examples
    --------
    >>> round(cycles_of(np.sin(np.linspace(0, np.pi, 200, endpoint=False))), 2)
    0.5
    """
    values = thinned(signal, _MOST_POINTS)
    values = values - values.mean()
    total = float(values @ values)
    if total == 0 or values.size < _FEWEST:
        return None
    spectrum = np.abs(np.fft.rfft(values, 8 * values.size)) ** 2
    peak = int(np.argmax(spectrum)) / 8.0
    if peak > _FEW:
        counts = np.arange(peak - 0.5, peak + 0.5, 0.02)
    else:
        counts = np.arange(0.2, _FEW + 1.0, 0.02)
        values = thinned(values, _POINTS_OF_FEW)
        total = float(values @ values)
    residuals = residuals_of_sines(values, counts)
    best = int(np.argmin(residuals))
    if residuals[best] > 0.5 * total:
        return None
    # A parabola through the neighbours of the best count.
    if 0 < best < counts.size - 1:
        before, here, after = residuals[best - 1 : best + 2]
        bend = before - 2 * here + after
        if bend > 0:
            return float(counts[best] + 0.02 * 0.5 * (before - after) / bend)
    return float(counts[best])


def residuals_of_sines(values: Array, counts: Array) -> Array:
    """What a constant and a sine leave of a signal, for each count of periods.

    Parameters
    ----------
    values : ndarray, shape (n,) [any unit]
        The signal, its mean taken off.
    counts : ndarray, shape (n_counts,)
        Periods in it (pure numbers).

    Returns
    -------
    ndarray, shape (n_counts,) [unit of the values squared]
        Sum of squares.
    """
    n = values.size
    turns = np.exp(2j * np.pi * np.outer(counts, np.arange(n) / n))
    once, twice, product = turns.sum(axis=1), (turns * turns).sum(axis=1), turns @ values
    # Normal equations of constant, cosine and sine.
    gram = np.empty((counts.size, 3, 3))
    gram[:, 0, 0] = n
    gram[:, 0, 1] = gram[:, 1, 0] = once.real
    gram[:, 0, 2] = gram[:, 2, 0] = once.imag
    gram[:, 1, 1], gram[:, 2, 2] = (n + twice.real) / 2, (n - twice.real) / 2
    gram[:, 1, 2] = gram[:, 2, 1] = twice.imag / 2
    right = np.stack([np.full(counts.size, values.sum()), product.real, product.imag], axis=1)
    solution = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
    return np.asarray(np.maximum(values @ values - np.sum(right * solution, axis=1), 0.0), dtype=float)


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
