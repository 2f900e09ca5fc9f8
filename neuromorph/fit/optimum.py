"""The search for the best fit: many cheap looks, some descents, one finish on lmfit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.fit.problem import Problem
from neuromorph.fit.starts import latin_hypercube
from neuromorph.progress import Progress

LOSSES = ("linear", "soft_l1", "huber", "cauchy", "arctan")

# Looks at points of the hypercube for each start that is followed.
_LOOKS = 12
_COARSE = 1e-2

# From this number of free parameters on, the best optimum is kicked by this much, in the coordinates of the problem.
_MANY = 7
_KICK = 0.5


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """Where a start ended.

    Parameters
    ----------
    cost : float
        Half the sum of squared residuals, after the loss function (pure number).
    theta : ndarray
        The point in the coordinates of the problem (pure numbers).
    values : dict of str to float
        Free parameters [SI units].
    start : int
        Number of the start.
    evaluations : int
        Simulations of all records.
    """

    cost: float
    theta: np.ndarray
    values: dict[str, float]
    start: int
    evaluations: int


def search(
    problem: Problem,
    starts: int,
    rng: np.random.Generator,
    loss: str,
    loss_scale: float,
    progress: Progress,
    first: np.ndarray | None = None,
) -> tuple[tuple[Optimum, ...], Optimum | None]:
    """All optima, best first, and the best one finished.

    Parameters
    ----------
    problem : Problem
        What is minimised.
    starts : int
        How many points are followed.
    rng : numpy.random.Generator
        For the starting points.
    loss : str
        One of :data:`LOSSES`.
    loss_scale : float
        Residual that counts as large (pure number).
    progress : callable
        Told of each start.
    first : ndarray, optional
        A start that the user gave (pure numbers).

    Returns
    -------
    tuple
        Optima, best first; the best, or ``None`` where nothing could be simulated.

    Raises
    ------
    ValueError
        When there is no such loss.
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
    options = {"loss": loss, "f_scale": loss_scale}
    points = starting_points(problem, starts, rng, first)
    if first is not None and starts == 1:
        only = finish(problem, _optimum(problem, points[0], np.inf, 0, 0), options)
        alone = [] if only is None else [only]
        if problem.has_prior and alone:
            alone = [o for f in _with_prior(problem, alone, options) if (o := finish(problem, f, options)) is not None]
        progress(1.0, "fitted")
        return tuple(alone), alone[0] if alone else None
    found: list[Optimum] = []
    for number, point in enumerate(points):
        progress(number / (len(points) + 1), f"start {number + 1} of {len(points)}")
        optimum = descend(problem, point, number, options, evaluations=40, ftol=1e-4)
        if optimum is not None:
            found.append(optimum)
    if not found:
        return (), None
    found.sort(key=lambda o: o.cost)
    progress(len(points) / (len(points) + 1), "finishing")
    if problem.has_prior:
        found = _with_prior(problem, found, options)
    # What is nearly as good after a short descent may be better at the end.
    close = _distinct([o for o in found if o.cost <= 1.3 * found[0].cost])[:3]
    finished = [o for c in close if (o := finish(problem, c, options)) is not None]
    best = min(finished, key=lambda o: o.cost, default=found[0])
    better = _kicked(problem, best, len(points), rng, options)
    if better is not best:
        finished.append(better)
        best = better
    progress(1.0, "fitted")
    rest = [o for o in found if o.start not in {f.start for f in finished}]
    return tuple(sorted([*finished, *rest], key=lambda o: o.cost)), best


def _kicked(problem: Problem, best: Optimum, kicks: int, rng: np.random.Generator, options: dict[str, Any]) -> Optimum:
    """The best optimum, kicked away some times and followed back: valleys lie side by side where a model has many parameters."""
    if best.theta.size < _MANY:
        return best
    for _ in range(kicks):
        kick = _KICK * rng.standard_normal(best.theta.size)
        optimum = descend(problem, best.theta + kick, best.start, options, evaluations=30, ftol=1e-4)
        if optimum is None or optimum.cost > 1.1 * best.cost:
            continue
        if optimum.cost > 0.999 * best.cost:
            continue
        finished = finish(problem, optimum, options)
        if finished is not None and finished.cost < best.cost:
            best = finished
    return best


def _distinct(found: list[Optimum]) -> list[Optimum]:
    """One of each cost: several starts often end in the same place."""
    kept: list[Optimum] = []
    for optimum in found:
        if all(abs(optimum.cost - other.cost) > 3e-3 * other.cost for other in kept):
            kept.append(optimum)
    return kept


def _with_prior(problem: Problem, found: list[Optimum], options: dict[str, Any]) -> list[Optimum]:
    """The optima again, with the prior in the scale of what the best one leaves over."""
    from neuromorph.fit.uncertainty import Uncertainty

    left = Uncertainty(problem, found[0].theta)
    mean_square = float(np.mean(np.concatenate(left.residuals) ** 2))
    # One unit of log-likelihood is that many times the mean square, since neighbours say the same.
    problem.prior_strength = float(np.sqrt(mean_square * left.n_samples / left.n_effective))
    again = []
    for optimum in found:
        cost = cost_of(problem, optimum.theta, options)
        again.append(dataclasses.replace(optimum, cost=cost))
    return sorted(again, key=lambda o: o.cost)


def starting_points(
    problem: Problem, starts: int, rng: np.random.Generator, first: np.ndarray | None = None
) -> list[np.ndarray]:
    """A given point, and the best of many points of a Latin hypercube (in the problem's coordinates, pure numbers)."""
    given = [] if first is None else [first]
    starts -= len(given)
    if not starts:
        return given
    ranges = [problem.parameters[k].range for k in problem.free]
    points = latin_hypercube(ranges, _LOOKS * starts, rng)
    thetas = [np.clip(problem.to_theta(point), problem.lower, problem.upper) for point in points]
    careful, problem.tolerance = problem.tolerance, _COARSE
    try:
        costs = [float(np.sum(problem.residual(theta) ** 2)) for theta in thetas]
    finally:
        problem.tolerance = careful
    return [*given, *(thetas[k] for k in np.argsort(costs, kind="stable")[:starts])]


def descend(
    problem: Problem, theta: np.ndarray, number: int, options: dict[str, Any], evaluations: int, ftol: float
) -> Optimum | None:
    """Least squares from one point (pure numbers); ``None`` where it cannot be simulated."""
    from scipy.optimize import least_squares

    inside = 1e-6 * np.minimum(problem.upper - problem.lower, 1.0)
    theta = np.clip(theta, problem.lower + inside, problem.upper - inside)
    try:
        # Where a parameter has next to no effect, scipy's trust region overflows on its way to a step that is right.
        with np.errstate(over="ignore"):
            result = least_squares(
                problem.residual,
                theta,
                jac=problem.jacobian,
                bounds=(problem.lower, problem.upper),
                max_nfev=evaluations,
                ftol=ftol,
                xtol=1e-8,
                gtol=None,
                **options,
            )
    except (ValueError, np.linalg.LinAlgError):
        return None
    return _optimum(problem, result.x, float(result.cost), number, int(result.nfev))


def finish(problem: Problem, start: Optimum, options: dict[str, Any]) -> Optimum | None:
    """The same, to the end, on lmfit."""
    import lmfit

    parameters = lmfit.Parameters()
    inside = 1e-6 * np.minimum(problem.upper - problem.lower, 1.0)
    first = np.clip(start.theta, problem.lower + inside, problem.upper - inside)
    for name, value, low, high in zip(problem.free_names, first, problem.lower, problem.upper, strict=True):
        parameters.add(name, value=float(value), min=float(low), max=float(high))
    names = problem.free_names

    def theta_of(given: Any) -> np.ndarray:
        return np.array([given[name].value for name in names])

    minimizer = lmfit.Minimizer(
        lambda given: problem.residual(theta_of(given)), parameters, calc_covar=False, max_nfev=200
    )
    try:
        # lmfit takes roots of a covariance that a parameter without effect makes indefinite; ours is worked out elsewhere.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            result = minimizer.least_squares(
                jac=lambda given: problem.jacobian(theta_of(given)), ftol=1e-7, xtol=1e-7, gtol=1e-12, **options
            )
    except (ValueError, np.linalg.LinAlgError):
        return None
    theta = theta_of(result.params)
    return _optimum(problem, theta, cost_of(problem, theta, options), start.start, start.evaluations + int(result.nfev))


def cost_of(problem: Problem, theta: np.ndarray, options: dict[str, Any]) -> float:
    """Half the sum of squares after the loss function (pure number)."""
    scale = float(options["f_scale"])
    z = (problem.residual(theta) / scale) ** 2
    if options["loss"] == "soft_l1":
        z = 2.0 * (np.sqrt(1.0 + z) - 1.0)
    elif options["loss"] == "huber":
        z = np.where(z <= 1.0, z, 2.0 * np.sqrt(z) - 1.0)
    elif options["loss"] == "cauchy":
        z = np.log1p(z)
    elif options["loss"] == "arctan":
        z = np.arctan(z)
    return float(0.5 * scale**2 * np.sum(z))


def _optimum(problem: Problem, theta: np.ndarray, cost: float, number: int, evaluations: int) -> Optimum:
    values = dict(zip(problem.free_names, problem.to_values(theta).tolist(), strict=True))
    return Optimum(cost=cost, theta=theta, values=values, start=number, evaluations=evaluations)
