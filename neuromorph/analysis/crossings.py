"""How fast a threshold is crossed, and how seldom it is only just reached."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.bootstrap import Estimate, estimate, refuse_bad_bootstrap, weights_of_paths
from neuromorph.analysis.event_states import event_initials, values_of_paths, with_event_states
from neuromorph.behaviour import EulerMaruyama, simulate_batch
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity, pluralised

Array = NDArray[np.float64]

_VALUES_IN_MEMORY = 20_000_000
# Exponents from 0 to this are told apart.
_STEEPEST = 50.0


@dataclass(frozen=True, kw_only=True)
class NearTangential:
    """How the probability of slow crossings vanishes.

    Parameters
    ----------
    slowest, fastest : float
        Range of speeds a that is looked at [guard's unit / s].
    exponent : Estimate
        The k of ``P(A < a) ~ a**k`` by maximum likelihood from the speeds in this range (pure number); its standard error is half of
        that of a line through log P(A < a).
    share : Estimate
        P(A < a) at the fastest a (pure number).
    bound_ratio : Estimate
        P(A < a) / a**2 at the slowest a, over that at the fastest (pure number): not above 1 where ``C a**2`` with C from
        the fastest holds at the slowest.
    """

    slowest: float
    fastest: float
    exponent: Estimate
    share: Estimate
    bound_ratio: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (speeds in guard's unit / s)."""
        estimates = {name: getattr(self, name).to_dict() for name in ("exponent", "share", "bound_ratio")}
        return {"slowest": self.slowest, "fastest": self.fastest, **estimates}


@dataclass(frozen=True, kw_only=True)
class CrossingSpeeds:
    """Speeds with which thresholds are crossed.

    Parameters
    ----------
    design : str
        What was simulated.
    dt, t_stop : float
        Step and length of the runs [s].
    n : int
        Number of paths.
    speeds : mapping of str to ndarray, shape (n_crossings,)
        By source of spikes [guard's unit / s].
    rates : mapping of str to Estimate
        Flux through each threshold [Hz].
    near_tangential : NearTangential
        Of the crossings of all sources.
    """

    design: str
    dt: float
    t_stop: float
    n: int
    speeds: Mapping[str, Array]
    rates: Mapping[str, Estimate]
    near_tangential: NearTangential

    def to_dict(self) -> dict[str, Any]:
        """Numbers, ready for JSON (SI units); of the speeds their quartiles."""
        return {
            "design": self.design,
            "dt": self.dt,
            "t_stop": self.t_stop,
            "n": self.n,
            "rates": {name: rate.to_dict() for name, rate in self.rates.items()},
            "crossings": {name: len(speeds) for name, speeds in self.speeds.items()},
            "quartiles": {
                name: np.quantile(speeds, [0.25, 0.5, 0.75]).tolist() if len(speeds) else None
                for name, speeds in self.speeds.items()
            },
            "near_tangential": self.near_tangential.to_dict(),
        }

    def summary(self) -> str:
        """The numbers as text (speeds in guard's unit / s, rates in Hz)."""
        near = self.near_tangential
        lines = [
            f"{self.design}: crossing speeds A, {pluralised(self.n, 'path')} of {format_quantity(self.t_stop, 's')}, "
            f"step {format_quantity(self.dt, 's')}"
        ]
        for name, speeds in self.speeds.items():
            median = f"median {np.median(speeds):.4g}/s" if len(speeds) else "none"
            lines.append(f"  {name:16}{pluralised(len(speeds), 'crossing')}, {self.rates[name]} Hz, {median}")
        lines += [
            f"  P(A < a) ~ a**{near.exponent} from {near.slowest:.4g}/s to {near.fastest:.4g}/s; "
            f"P(A < {near.fastest:.4g}/s) = {near.share}",
            f"  P(A < a)/a**2 at {near.slowest:.4g}/s over that at {near.fastest:.4g}/s: {near.bound_ratio}",
        ]
        return "\n".join(lines)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw P(A < a).

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            Probability [pure number] over speed [guard's unit / s], both logarithmic.
        """
        from neuromorph.plots import finished_figure, plot_crossing_speeds

        return finished_figure(plot_crossing_speeds(self), path)


def crossing_speeds(
    system: Any,
    t_stop: float,
    dt: float,
    n: int,
    *,
    seed: int,
    limits: tuple[float, float] | None = None,
    sample_dt: float | None = None,
    drives: Any = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    n_bootstrap: int = 400,
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = silent,
) -> CrossingSpeeds:
    """Measure how fast thresholds are crossed, and the exponent of P(A < a) for slow crossings.

    Parameters
    ----------
    system : HybridSystem or Neuron
        Noise must enter by states other than those in the threshold: else a crossing has no speed.
    t_stop, dt : float
        Length of the runs and step [s].
    n : int
        Number of paths.
    seed : int
        Of the paths, and of the confidence intervals.
    limits : tuple of float, optional
        Range of speeds for the exponent [guard's unit / s]; from the 0.5 % to the 5 % quantile where it is left out.
    sample_dt : float, optional
        Crossings of one threshold must be further apart than this [s]; a 200th of the run where it is left out.
    drives, parameters, initial : optional
        As for :func:`convergence` (SI units).
    n_bootstrap : int
        Samples from which the confidence intervals follow.
    level : float
        Of the confidence intervals (pure number).
    threads : int, optional
        How many threads work; one a processor without it.
    progress : Progress
        Told how far the runs are.

    Returns
    -------
    CrossingSpeeds
        Speeds [guard's unit / s], rates [Hz], exponent (pure number).

    Raises
    ------
    ValueError
        When a crossing has no speed, there are fewer than 100, or some were missed between samples.

    Notes
    -----
    The speed is the guard's drift at the crossing. It is known to ``b sqrt(dt)`` with the noise b of the speed: choose
    `dt` so that this is well below the slowest speed that matters.
    """
    system = system.dynamics() if hasattr(system, "dynamics") else system
    refuse_bad_bootstrap(n_bootstrap, level)
    states = with_event_states(system, speeds=True)
    if not states.sources:
        raise ValueError(f"{system.name!r} has no transition that emits a spike: nothing is crossed")
    every = max(1, round((t_stop / 200 if sample_dt is None else sample_dt) / dt))
    n_samples = math.ceil(t_stop / dt / every)
    size = max(1, _VALUES_IN_MEMORY // (2 * n_samples * len(states.sources)))
    given = event_initials(states, initial)
    found: list[list[tuple[Array, NDArray[Any]]]] = [[] for _ in states.sources]
    counts = np.empty((len(states.sources), n))
    for start in range(0, n, size):
        stop = min(start + size, n)
        paths = range(start, stop)
        batch = simulate_batch(
            states.system,
            drives,
            t_stop,
            stop - start,
            solver=EulerMaruyama(dt=dt),
            seed=seed,
            parameters=values_of_paths(parameters, paths),
            initial=values_of_paths(given, paths),
            record=[*states.counts, *states.speeds],
            every=every,
            first=start,
            threads=threads,
        )
        for k, (count, speed) in enumerate(zip(states.counts, states.speeds, strict=True)):
            # The last samples may be before the end of the run.
            seen = np.concatenate([np.zeros((1, stop - start)), batch[count], batch.last[count][None]])
            values = np.concatenate([batch[speed], batch.last[speed][None]])
            jumps = np.diff(seen, axis=0)
            if (jumps > 1).any():
                raise ValueError(
                    f"{states.sources[k]!r} was crossed more than once within {every * dt:g} s: give a shorter sample_dt"
                )
            path, sample = np.nonzero(jumps.T)
            found[k].append((values[sample, path], path + start))
            counts[k, start:stop] = batch.last[count]
        progress(stop / n, "crossing speeds")
    weights = weights_of_paths(n, n_bootstrap, seed)
    speeds = {name: np.concatenate([a for a, _ in parts]) for name, parts in zip(states.sources, found, strict=True)}
    pooled, whose = np.concatenate([*speeds.values()]), np.concatenate([p for parts in found for _, p in parts])
    return CrossingSpeeds(
        design=system.name,
        dt=float(dt),
        t_stop=float(t_stop),
        n=int(n),
        speeds=speeds,
        rates={name: estimate(weights @ counts[k] / t_stop, level) for k, name in enumerate(states.sources)},
        near_tangential=near_tangential(pooled, whose, weights, limits, level),
    )


def near_tangential(
    speeds: Array, paths: NDArray[Any], weights: Array, limits: tuple[float, float] | None, level: float
) -> NearTangential:
    """The exponent of P(A < a) from speeds that belong to paths.

    Parameters
    ----------
    speeds : ndarray, shape (n_crossings,)
        Of all crossings [guard's unit / s].
    paths : ndarray of int, shape (n_crossings,)
        To which path each belongs (pure numbers).
    weights : ndarray, shape (n_samples + 1, n_paths)
        Of the bootstrap (pure numbers).
    limits : tuple of float or None
        Range of speeds [guard's unit / s]; from the 0.5 % to the 5 % quantile where it is left out.
    level : float
        Of the confidence intervals (pure number).

    Returns
    -------
    NearTangential
        Exponent, share, bound (pure numbers).

    Raises
    ------
    ValueError
        When there are fewer than 100 crossings, or the range cannot be used.
    """
    if len(speeds) < 100:
        raise ValueError(
            f"{pluralised(len(speeds), 'crossing')} are too few for an exponent: more paths or a longer run"
        )
    slowest, fastest = map(float, np.quantile(speeds, [0.005, 0.05]) if limits is None else limits)
    if not 0 < slowest < fastest:
        raise ValueError(f"limits must be two increasing positive speeds, got {slowest:g} and {fastest:g}")
    n_paths = weights.shape[1]
    below, slow = (np.bincount(paths[speeds < a], minlength=n_paths) for a in (fastest, slowest))
    inside = (speeds >= slowest) & (speeds < fastest)
    logarithms = np.bincount(paths[inside], np.log(fastest / speeds[inside]), n_paths)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (
            np.stack([weights @ slow, weights @ below], axis=1)
            / (weights @ np.bincount(paths, minlength=n_paths))[:, None]
        )
        exponents = power_of(weights @ logarithms / (weights @ (below - slow)), math.log(fastest / slowest))
        ratios = shares[:, 0] / shares[:, -1] * (fastest / slowest) ** 2
    return NearTangential(
        slowest=slowest,
        fastest=fastest,
        exponent=estimate(exponents, level),
        share=estimate(shares[:, -1], level),
        bound_ratio=estimate(ratios, level),
    )


def power_of(means: Array, length: float) -> Array:
    """The most likely k of a density ``a**(k - 1)`` on a range of values, from the mean of ``log(highest / a)``.

    Parameters
    ----------
    means : ndarray
        Means of the logarithms over the values in the range (pure numbers).
    length : float
        Logarithm of the highest value over the lowest (pure number).

    Returns
    -------
    ndarray
        Exponents from 0 to 50 (pure numbers); not-a-number where a mean is.

    Notes
    -----
    ``log(highest / a)`` is exponential with the rate k, cut off at `length`; its mean ``1/k - length / (exp(k length) - 1)`` falls
    with k. Source: the maximum-likelihood estimator of B. M. Hill, Annals of Statistics 3 (1975) 1163, on a range.

    Examples
    --------
    >>> uniform = np.array([1.0 - math.log(2.0)])  # of values from 1 to 2
    >>> round(float(power_of(uniform, math.log(2.0))[0]), 9)
    1.0
    """
    low, high = np.full(np.shape(means), 1e-9), np.full(np.shape(means), _STEEPEST)
    # Each halving leaves one bit less to be found.
    for _ in range(60):
        k = 0.5 * (low + high)
        is_below = 1 / k - length / np.expm1(k * length) > means
        low, high = np.where(is_below, k, low), np.where(is_below, high, k)
    return np.where(np.isfinite(means), 0.5 * (low + high), math.nan)
