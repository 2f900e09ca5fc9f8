"""Confidence intervals by drawing paths again: what an estimate would be had other paths been seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with what is known of its error.

    Parameters
    ----------
    value : float
        From all paths [its unit].
    low, high : float
        Limits of the confidence interval [its unit].
    standard_error : float
        Standard deviation of the value over bootstrap samples [its unit].
    """

    value: float
    low: float
    high: float
    standard_error: float

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return "-"
        return f"{self.value:.4g} ({self.low:.4g} to {self.high:.4g})"

    def to_dict(self) -> dict[str, float | None]:
        """Value, limits and standard error [the value's unit]; ``None`` stands for what is not a number."""
        named = {"value": self.value, "low": self.low, "high": self.high, "standard_error": self.standard_error}
        return {name: value if math.isfinite(value) else None for name, value in named.items()}


def weights_of_paths(n: int, n_samples: int, seed: int) -> Array:
    """How often each path is drawn in each bootstrap sample.

    Parameters
    ----------
    n, n_samples : int
        Number of paths and of samples (pure numbers).
    seed : int
        Of the drawing (pure number).

    Returns
    -------
    ndarray, shape (n_samples + 1, n)
        Shares of the paths [pure numbers]; the first row is the data themselves.
    """
    weights = np.full((n_samples + 1, n), 1.0 / n)
    np.divide(np.random.default_rng(seed).multinomial(n, weights[0], size=n_samples), n, out=weights[1:])
    return weights


def estimate(values: Array, level: float) -> Estimate:
    """The first value with the percentile interval of the others.

    Parameters
    ----------
    values : ndarray, shape (n_samples + 1,)
        A statistic of the data and of bootstrap samples [its unit].
    level : float
        Share of the interval, such as 0.95 (pure number).

    Returns
    -------
    Estimate
        Not-a-number limits where a tenth of the samples or more has no finite value [its unit].
    """
    known = values[1:][np.isfinite(values[1:])]
    if not math.isfinite(values[0]) or len(known) < 0.9 * (len(values) - 1) or len(known) < 2:
        return Estimate(float(values[0]), math.nan, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(values[0]), float(low), float(high), float(known.std(ddof=1)))


def of_means(per_path: Array, weights: Array, statistic: Callable[[Array], Array], level: float) -> Estimate:
    """An estimate of a function of means over paths.

    Parameters
    ----------
    per_path : ndarray, shape (n_quantities, n_paths)
        What each path contributes [its unit].
    weights : ndarray, shape (n_samples + 1, n_paths)
        Of :func:`weights_of_paths` (pure numbers).
    statistic : callable
        From means, shape (n_samples + 1, n_quantities), to numbers, shape (n_samples + 1,).
    level : float
        Share of the interval (pure number).

    Returns
    -------
    Estimate
        In the unit of the statistic.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return estimate(statistic(weights @ np.asarray(per_path, dtype=float).T), level)


def weighted_medians(values: Array, paths: NDArray[Any], weights: Array) -> Array:
    """Median of values that belong to paths, in each bootstrap sample.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Any number a path [their unit].
    paths : ndarray of int, shape (n_values,)
        To which path each belongs (pure numbers).
    weights : ndarray, shape (n_samples + 1, n_paths)
        Of :func:`weights_of_paths` (pure numbers).

    Returns
    -------
    ndarray, shape (n_samples + 1,)
        Medians [unit of the values]; not-a-number where a sample has none.
    """
    order = np.argsort(values, kind="stable")
    medians = np.full(len(weights), math.nan)
    for k, row in enumerate(weights):
        shares = np.cumsum(row[paths[order]])
        if len(shares) and shares[-1] > 0:
            medians[k] = values[order[np.searchsorted(shares, 0.5 * shares[-1])]]
    return medians


def slopes(x: Sequence[float] | Array, y: Array, shares: Array | None = None) -> Array:
    """Slope of the least-squares line of each row.

    Parameters
    ----------
    x : array_like, shape (n_points,)
        Abscissae [their unit].
    y : ndarray, shape (n_rows, n_points)
        Ordinates [their unit].
    shares : ndarray, shape (n_points,), optional
        Weights of the points, in proportion to the inverse of their variance (pure numbers); equal where left out.

    Returns
    -------
    ndarray, shape (n_rows,)
        Slopes [unit of y / unit of x].
    """
    shares = np.ones(len(x)) if shares is None else shares
    centred = np.asarray(x, dtype=float) - np.average(x, weights=shares)
    return np.asarray(y @ (shares * centred) / (shares * centred @ centred))


def refuse_bad_bootstrap(n_bootstrap: int, level: float) -> None:
    """Raise ``ValueError`` when the number of samples or the level of confidence cannot be used (pure numbers)."""
    if isinstance(n_bootstrap, bool) or not isinstance(n_bootstrap, int) or n_bootstrap < 20:
        raise ValueError(f"n_bootstrap must be a whole number from 20 on, got {n_bootstrap!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must be a share between 0 and 1, such as 0.95, got {level!r}")
