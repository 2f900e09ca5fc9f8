"""How often interspike intervals of each length occur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.spike_trains import bins
from neuromorph.recording import SpikeTrains

FloatArray = NDArray[np.float64]


def interval_distribution(spikes: SpikeTrains, bin_width: float, longest: float) -> tuple[FloatArray, FloatArray]:
    """Density of the interspike intervals of all neurons together.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes. Long intervals are rarer in short runs: none is longer than the run.
    bin_width : float
        Width of a bin [s].
    longest : float
        Up to which length intervals are shown; a part of a bin at its end is left out [s].

    Returns
    -------
    edges : ndarray, shape (n_bins + 1,)
        Edges of the bins, from 0 s on [s].
    density : ndarray, shape (n_bins,)
        Share of all intervals in each bin over its width [1/s]; intervals that are longer than `longest` count among all. Not-a-number where
        there is no interval.

    Raises
    ------
    ValueError
        When `longest` does not hold one bin.

    Examples
    --------
    >>> from neuromorph import SpikeTrains
    >>> interval_distribution(SpikeTrains([0.0, 1e-3, 3e-3]), 1e-3, 3e-3)[1].tolist()
    [0.0, 500.0, 500.0]
    """
    edges = bins(bin_width, 0.0, longest)
    pooled = np.concatenate([*spikes.intervals(), np.empty(0)])
    if not pooled.size:
        return edges, np.full(len(edges) - 1, np.nan)
    # Differences of times on a grid may lie a rounding error beside the edge that they are meant to be on.
    where = np.searchsorted(edges - 1e-9 * bin_width, pooled, side="right") - 1
    counts = np.bincount(where[where < len(edges) - 1], minlength=len(edges) - 1)
    return edges, counts / (pooled.size * bin_width)
