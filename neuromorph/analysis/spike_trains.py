"""Measures of spike trains, one function each: rates, regularity, synchrony, spectra."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neuromorph.quantities import format_quantity
from neuromorph.recording import SpikeTrains

FloatArray = NDArray[np.float64]

# Points of frequency times spikes that are held at once in a spectrum: 32 MB.
_AT_ONCE = 2_000_000


def firing_rates(spikes: SpikeTrains, t_start: float, t_stop: float) -> FloatArray:
    """Spikes per second of each neuron.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    t_start, t_stop : float
        Window that is looked at, its start included, its end not [s].

    Returns
    -------
    ndarray, shape (n_sources,)
        Rates [Hz].

    Raises
    ------
    ValueError
        When the window is empty.

    Examples
    --------
    >>> from neuromorph import SpikeTrains
    >>> firing_rates(SpikeTrains([0.1, 0.2, 0.3], sources=[0, 0, 1]), 0.0, 0.5).tolist()
    [4.0, 2.0]
    """
    return counts_in_bins(spikes, np.array([t_start, checked_stop(t_start, t_stop)]))[:, 0] / (t_stop - t_start)


def counts_in_bins(spikes: SpikeTrains, edges: FloatArray) -> FloatArray:
    """How often each neuron fires in each bin.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    edges : ndarray, shape (n_bins + 1,)
        Increasing edges of the bins; a bin holds its left edge, not its right one [s].

    Returns
    -------
    ndarray, shape (n_sources, n_bins)
        Counts (pure numbers). A spike that rounding has put 1e-9 of a bin before an edge counts as on it.
    """
    n_bins = len(edges) - 1
    # Times on a grid may lie a rounding error before the edge that they are meant to be on.
    where = np.searchsorted(edges - 1e-9 * np.diff(edges).min(), spikes.times, side="right") - 1
    inside = (where >= 0) & (where < n_bins)
    flat = np.bincount(spikes.sources[inside] * n_bins + where[inside], minlength=spikes.n_sources * n_bins)
    return flat.reshape(spikes.n_sources, n_bins).astype(np.float64)


def in_window(spikes: SpikeTrains, t_start: float, t_stop: float) -> SpikeTrains:
    """The spikes that :func:`counts_in_bins` finds in a bin from `t_start` to `t_stop` [s]."""
    allowed = 1e-9 * (t_stop - t_start)
    inside = (spikes.times >= t_start - allowed) & (spikes.times < t_stop - allowed)
    return SpikeTrains(spikes.times[inside], spikes.sources[inside], spikes.names, spikes.n_sources)


def spiking_fraction(spikes: SpikeTrains, step: float, t_start: float, t_stop: float) -> tuple[FloatArray, FloatArray]:
    """Share of neurons (or trials) that fire within each step of a simulation.

    It depends on the step and is no rate; divided by the step it is one.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes, one source a neuron or trial.
    step : float
        Length of a step [s].
    t_start, t_stop : float
        Window that is looked at; a part of a step at its end is left out [s].

    Returns
    -------
    edges : ndarray, shape (n_steps + 1,)
        Where the steps begin and end [s].
    fraction : ndarray, shape (n_steps,)
        Shares, 0 to 1; a neuron that fires twice in a step counts once (pure numbers).

    Raises
    ------
    ValueError
        When the window does not hold one step, or there is no neuron.

    Notes
    -----
    Source: the "firing rate" of T. K. T. Thieu and R. Melnik on Langevin LIF neurons is this number.

    Examples
    --------
    >>> from neuromorph import SpikeTrains
    >>> spiking_fraction(SpikeTrains([1e-4, 2e-4, 6e-4], sources=[0, 0, 1], n_sources=4), 5e-4, 0.0, 1e-3)[1].tolist()
    [0.25, 0.25]
    """
    edges = bins(step, t_start, t_stop)
    refuse_none(spikes)
    return edges, (counts_in_bins(spikes, edges) > 0).mean(axis=0)


def psth(spikes: SpikeTrains, bin_width: float, t_start: float, t_stop: float) -> tuple[FloatArray, FloatArray]:
    """Peristimulus time histogram: the mean rate over neurons (or trials) in each bin.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes, one source a neuron or trial.
    bin_width : float
        Width of a bin [s].
    t_start, t_stop : float
        Window that is looked at; a part of a bin at its end is left out [s].

    Returns
    -------
    edges : ndarray, shape (n_bins + 1,)
        Edges of the bins [s].
    rate : ndarray, shape (n_bins,)
        Mean rate [Hz].

    Raises
    ------
    ValueError
        When the window does not hold one bin, or there is no neuron.
    """
    edges = bins(bin_width, t_start, t_stop)
    refuse_none(spikes)
    return edges, counts_in_bins(spikes, edges).mean(axis=0) / bin_width


def interval_cv(spikes: SpikeTrains) -> FloatArray:
    """Coefficient of variation of each neuron's interspike intervals.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.

    Returns
    -------
    ndarray, shape (n_sources,)
        Standard deviation over mean: 0 for a clock, 1 for a Poisson process; not-a-number below three spikes, or where all
        come at one time (pure numbers).
    """
    return np.array([np.std(d) / np.mean(d) if len(d) > 1 and d.any() else np.nan for d in spikes.intervals()])


def local_variation(spikes: SpikeTrains) -> FloatArray:
    """Shinomoto's local variation of each neuron: irregularity that slow changes of the rate do not fake.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.

    Returns
    -------
    ndarray, shape (n_sources,)
        0 for a clock, 1 for a Poisson process; not-a-number below three spikes (pure numbers).

    Notes
    -----
    Source: S. Shinomoto, K. Shima and J. Tanji, "Differences in spiking patterns among cortical neurons",
    Neural Computation 15 (2003) 2823: the mean of ``3 ((I_k - I_{k+1}) / (I_k + I_{k+1}))**2``.
    """
    return np.array([_local_variation(d) if len(d) > 1 else np.nan for d in spikes.intervals()])


def _local_variation(d: FloatArray) -> float:
    both = d[1:] + d[:-1]
    # Three spikes at one time: two equal intervals.
    shares = np.divide(np.diff(d), both, out=np.zeros_like(both), where=both > 0)
    return float(3.0 * np.mean(shares**2))


def fano_factor(spikes: SpikeTrains, window: float, t_start: float, t_stop: float) -> FloatArray:
    """Variance over mean of each neuron's spike counts in successive windows.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    window : float
        Length of a counting window [s].
    t_start, t_stop : float
        What is divided into windows; a part of one at its end is left out [s].

    Returns
    -------
    ndarray, shape (n_sources,)
        0 for a clock, 1 for a Poisson process; not-a-number for silent neurons (pure numbers).

    Raises
    ------
    ValueError
        When there is no room for two windows.
    """
    edges = bins(window, t_start, t_stop)
    if len(edges) < 3:
        raise ValueError(
            f"a Fano factor needs two windows at least: {format_quantity(window, 's')} fits once between "
            f"{format_quantity(t_start, 's')} and {format_quantity(t_stop, 's')}; give a shorter window"
        )
    counts = counts_in_bins(spikes, edges)
    mean = counts.mean(axis=1)
    factors = np.full(len(mean), np.nan)
    np.divide(counts.var(axis=1, ddof=1), mean, out=factors, where=mean > 0)
    return factors


def burst_index(spikes: SpikeTrains, shorter_than: float) -> float:
    """Share of all interspike intervals that are shorter than a limit.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    shorter_than : float
        The limit [s].

    Returns
    -------
    float
        0 to 1; not-a-number where there is no interval (pure number).

    Raises
    ------
    ValueError
        When the limit is no positive time.
    """
    if not shorter_than > 0:
        raise ValueError(f"shorter_than must be a positive time in s, got {shorter_than!r}")
    pooled = np.concatenate([*spikes.intervals(), np.empty(0)])
    return float(np.mean(pooled < shorter_than)) if pooled.size else math.nan


def synchrony(spikes: SpikeTrains, bin_width: float, t_start: float, t_stop: float) -> float:
    """How far the neurons fire together: variance of their mean activity over the mean of their variances.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    bin_width : float
        Activity is the count in bins of this width [s].
    t_start, t_stop : float
        Window that is looked at [s].

    Returns
    -------
    float
        1 for identical trains, 1 / n_sources for independent ones; not-a-number where no count varies
        (pure number).

    Raises
    ------
    ValueError
        When the window does not hold one bin, or there is no neuron.

    Notes
    -----
    Source: the squared measure chi of D. Golomb and J. Rinzel, "Clustering in globally coupled inhibitory
    neurons", Physica D 72 (1994) 259, with counts in the place of voltages.
    """
    refuse_none(spikes)
    counts = counts_in_bins(spikes, bins(bin_width, t_start, t_stop))
    single = float(counts.var(axis=1).mean())
    return float(counts.mean(axis=0).var()) / single if single > 0 else math.nan


def spike_spectrum(
    spikes: SpikeTrains, frequencies: FloatArray, t_start: float, t_stop: float, *, pooled: bool = False
) -> FloatArray:
    """Power spectral density of spike trains, as trains of impulses: without bins, exact at each frequency.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes.
    frequencies : ndarray, shape (n_frequencies,)
        Where to evaluate; multiples of ``1 / (t_stop - t_start)`` are free of the mean rate's leakage [Hz].
    t_start, t_stop : float
        Window that is looked at [s].
    pooled : bool
        Whether the trains are one train, divided by the number of neurons. What the neurons have in common shows
        in it ``n_sources`` times stronger.

    Returns
    -------
    ndarray, shape (n_frequencies,)
        Two-sided density, the mean over neurons [Hz]: for a Poisson process its rate.

    Raises
    ------
    ValueError
        When the window is empty, there is no neuron, or a frequency is not finite.
    """
    checked_stop(t_start, t_stop)
    refuse_none(spikes)
    where = np.asarray(frequencies, dtype=np.float64)
    if not np.isfinite(where).all():
        raise ValueError("frequencies must be finite numbers in Hz")
    seen = in_window(spikes, t_start, t_stop)
    times, sources = seen.times - t_start, seen.sources
    order = np.argsort(sources, kind="stable")
    times, sources = times[order], np.zeros_like(sources) if pooled else sources[order]
    density = np.zeros(len(where))
    if times.size:
        firsts = np.flatnonzero(np.diff(sources, prepend=-1))
        block = max(1, _AT_ONCE // times.size)
        for k in range(0, len(where), block):
            waves = np.exp(-2j * np.pi * np.outer(where[k : k + block], times))
            density[k : k + block] = (np.abs(np.add.reduceat(waves, firsts, axis=1)) ** 2).sum(axis=1)
    result: FloatArray = density / ((t_stop - t_start) * spikes.n_sources)
    return result


def bins(width: float, t_start: float, t_stop: float) -> FloatArray:
    """Edges of as many whole bins as fit [s]."""
    checked_stop(t_start, t_stop)
    if not 0 < width < math.inf:
        raise ValueError(f"a bin, step or window must be longer than zero, got {width!r} s")
    # A window of ten bins must not lose the tenth to rounding.
    rounding = np.spacing(max(abs(t_start), abs(t_stop)))
    n = math.floor((t_stop - t_start + 2 * rounding) / width * (1 + 1e-12))
    if n < 1:
        raise ValueError(
            f"{format_quantity(width, 's')} does not fit once between {format_quantity(t_start, 's')} "
            f"and {format_quantity(t_stop, 's')}"
        )
    return np.asarray(t_start + width * np.arange(n + 1), dtype=np.float64)


def checked_stop(t_start: float, t_stop: float) -> float:
    if not (math.isfinite(t_start) and math.isfinite(t_stop) and t_start < t_stop):
        raise ValueError(f"the window must end after it starts, got {t_start!r} s to {t_stop!r} s")
    return t_stop


def refuse_none(spikes: SpikeTrains) -> None:
    if spikes.n_sources == 0:
        raise ValueError("there is no neuron to look at: give SpikeTrains with n_sources of 1 at least")
