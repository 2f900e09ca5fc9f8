"""How a component value scatters from one specimen to the next."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Distribution(ABC):
    """Base of the distributions that a parameter may be drawn from."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, nominal: float | None) -> float:
        """One value.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where randomness comes from.
        nominal : float or None
            The design's own value, in the parameter's unit.

        Returns
        -------
        float
            In the parameter's unit.

        Raises
        ------
        ValueError
            When the spread is relative to a nominal value that the design does not have.
        """


@dataclass(frozen=True, kw_only=True)
class Normal(Distribution):
    """Normal distribution, around the design's own value unless `mean` says otherwise.

    Parameters
    ----------
    relative : float, optional
        Standard deviation over the mean (pure number).
    sigma : float, optional
        Standard deviation, in the parameter's unit, instead of `relative`.
    mean : float, optional
        Mean, in the parameter's unit; the design's own value where it is left out.

    Raises
    ------
    ValueError
        When not exactly one of `relative` and `sigma` is given, or it is not positive.

    Examples
    --------
    >>> Normal(relative=0.05)
    Normal(relative=0.05, sigma=None, mean=None)
    """

    relative: float | None = None
    sigma: float | None = None
    mean: float | None = None

    def __post_init__(self) -> None:
        _check_spread("Normal", relative=self.relative, sigma=self.sigma)

    def draw(self, rng: np.random.Generator, nominal: float | None) -> float:
        """See :meth:`Distribution.draw` (in the parameter's unit)."""
        mean = _centre("Normal", "mean", self.mean, nominal)
        sigma = self.sigma if self.sigma is not None else abs(mean) * (self.relative or 0.0)
        return float(rng.normal(mean, sigma))


@dataclass(frozen=True, kw_only=True)
class LogNormal(Distribution):
    """Lognormal distribution, for values that cannot be negative and scatter by factors.

    Parameters
    ----------
    relative : float
        Standard deviation over the mean (pure number).
    median : float, optional
        Median, in the parameter's unit; the design's own value where it is left out.

    Raises
    ------
    ValueError
        When `relative` or `median` is not positive.
    """

    relative: float
    median: float | None = None

    def __post_init__(self) -> None:
        _check_spread("LogNormal", relative=self.relative)
        if self.median is not None and not self.median > 0:
            raise ValueError(f"LogNormal: median must be positive, got {self.median!r}")

    def draw(self, rng: np.random.Generator, nominal: float | None) -> float:
        """See :meth:`Distribution.draw` (in the parameter's unit)."""
        median = _centre("LogNormal", "median", self.median, nominal)
        if not median > 0:
            raise ValueError(f"LogNormal needs a positive median, the design's value is {median!r}")
        return float(median * math.exp(rng.normal(0.0, math.sqrt(math.log1p(self.relative**2)))))


@dataclass(frozen=True, kw_only=True)
class Uniform(Distribution):
    """Uniform distribution: a tolerance band.

    Parameters
    ----------
    relative : float, optional
        Half the width over the design's own value (pure number): 0.05 for a part of 5 %.
    low, high : float, optional
        Ends of the band, in the parameter's unit, instead of `relative`.

    Raises
    ------
    ValueError
        When neither `relative` nor both ends are given, or the band has no width.
    """

    relative: float | None = None
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            _check_spread("Uniform", relative=self.relative)
        elif self.relative is not None or self.low is None or self.high is None or not self.low < self.high:
            raise ValueError(
                f"Uniform: give relative, or low below high, got relative={self.relative!r}, low={self.low!r}, high={self.high!r}"
            )

    def draw(self, rng: np.random.Generator, nominal: float | None) -> float:
        """See :meth:`Distribution.draw` (in the parameter's unit)."""
        if self.low is not None and self.high is not None:
            return float(rng.uniform(self.low, self.high))
        centre = _centre("Uniform", "low and high", None, nominal)
        half = abs(centre) * (self.relative or 0.0)
        return float(rng.uniform(centre - half, centre + half))


def _check_spread(owner: str, **spreads: float | None) -> None:
    given = {name: value for name, value in spreads.items() if value is not None}
    if len(given) != 1:
        raise ValueError(f"{owner}: give one of {' and '.join(spreads)}, got {', '.join(given) or 'none'}")
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value > 0):
            raise ValueError(f"{owner}: {name} must be a positive number, got {value!r}")


def _centre(owner: str, name: str, given: float | None, nominal: float | None) -> float:
    if given is not None:
        return given
    if nominal is None:
        raise ValueError(f"{owner}: the design has no value of its own for this parameter: give {name}")
    return nominal
