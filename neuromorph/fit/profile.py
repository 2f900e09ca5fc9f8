"""Profile likelihood: how the best fit worsens while one parameter is held away from its value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.fit.optimum import cost_of, descend
from neuromorph.fit.problem import Problem
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit


@dataclass(frozen=True)
class Profile:
    """The best fit as a function of one parameter.

    Parameters
    ----------
    name : str
        The parameter.
    unit : str
        Its SI unit.
    values : ndarray, shape (n,)
        Where it was held [unit of the parameter].
    deviance : ndarray, shape (n,)
        Twice the loss of log-likelihood with the effective number of samples (pure number).
    nrmse : ndarray, shape (n,)
        Mean NRMSE over the records (pure number).
    best : float
        The fitted value [unit of the parameter].
    limit : float
        Deviance at the ends of the confidence interval (pure number).
    """

    name: str
    unit: str
    values: np.ndarray
    deviance: np.ndarray
    nrmse: np.ndarray
    best: float
    limit: float

    def interval(self) -> tuple[float | None, float | None]:
        """Ends of the confidence interval [unit of the parameter]; ``None`` where the profile does not close."""
        low = high = None
        middle = int(np.argmin(np.abs(self.values - self.best)))
        for k in range(middle, 0, -1):
            if self.deviance[k - 1] > self.limit >= self.deviance[k]:
                low = self._crossing(k, k - 1)
                break
        for k in range(middle, self.values.size - 1):
            if self.deviance[k + 1] > self.limit >= self.deviance[k]:
                high = self._crossing(k, k + 1)
                break
        return low, high

    def _crossing(self, inside: int, outside: int) -> float:
        share = (self.limit - self.deviance[inside]) / (self.deviance[outside] - self.deviance[inside])
        a, b = self.values[inside], self.values[outside]
        return float(a * (b / a) ** share if a > 0 and b > 0 else a + share * (b - a))


def profile_likelihood(
    fit: MemristorFit, name: str, *, points: int = 15, level: float = 0.95, progress: Progress = silent
) -> Profile:
    """Hold a parameter at values around its own and fit the rest anew.

    Parameters
    ----------
    fit : MemristorFit
        The fit.
    name : str
        A free parameter.
    points : int
        Number of values; odd, so that the best is one of them.
    level : float
        Confidence of the interval (pure number).
    progress : callable
        Told how far it is.

    Returns
    -------
    Profile
        Values from four standard errors below to four above, wider where the profile stays flat [unit of the parameter].

    Raises
    ------
    ValueError
        When the parameter is not free.
    """
    from scipy.stats import chi2

    problem = fit.problem
    if name not in problem.free_names:
        raise ValueError(f"{name!r} is not free in this fit; choices: {', '.join(problem.free_names)}")
    column = problem.free_names.index(name)
    n, limit = fit.uncertainty.n_effective, float(chi2.ppf(level, 1))
    loss = {"loss": fit.options.get("loss", "linear"), "f_scale": fit.options.get("loss_scale", 1.0)}
    base = 2.0 * cost_of(problem, fit.theta, loss)
    held = _holding(problem, name)
    side = max(points // 2, 3)
    spread = _spread(fit, column)
    offsets: list[float] = [0.0]
    squares, errors = {0.0: base}, {0.0: float(fit.nrmse.mean())}
    done = 0
    for sign in (-1.0, 1.0):
        theta, at, step = np.delete(fit.theta, column), 0.0, 1.0
        for _ in range(side):
            progress(done / (2 * side), f"profile of {name}")
            done += 1
            at += step
            position = fit.theta[column] + sign * at * spread
            if not problem.lower[column] <= position <= problem.upper[column]:
                break
            found = _refit(held, name, _value(problem, column, position), theta, loss)
            if found is None:
                break
            theta, square = found
            # What is known of the held parameter itself counts too.
            square += problem.prior_square(column, position)
            offsets.append(sign * at)
            squares[sign * at] = square
            errors[sign * at] = float(held.errors(theta).mean())
            deviance = n * np.log(square / base)
            if deviance > 3.0 * limit:
                break
            # Wider where it is flat, finer where it is steep.
            step *= 1.6 if deviance < 0.3 * limit else (0.7 if deviance > limit else 1.0)
    order = sorted(offsets)
    values = np.array([_value(problem, column, fit.theta[column] + o * spread) for o in order])
    return Profile(
        name=name,
        unit=problem.parameters[problem.free[column]].unit,
        values=values,
        deviance=np.array([n * np.log(max(squares[o], 1e-300) / base) for o in order]),
        nrmse=np.array([errors[o] for o in order]),
        best=_value(problem, column, fit.theta[column]),
        limit=limit,
    )


def _spread(fit: MemristorFit, column: int) -> float:
    """A step of about half a standard error, in the problem's coordinates (pure number)."""
    name = fit.problem.free_names[column]
    uncertainty = fit.uncertainty
    if name not in uncertainty.names:
        return 0.2
    k = uncertainty.names.index(name)
    return float(np.clip(0.6 * np.sqrt(max(uncertainty.covariance[k, k], 0.0)), 1e-5, 0.7))


def _value(problem: Problem, column: int, theta: float) -> float:
    return float(np.exp(theta)) if problem.is_log[column] else float(theta * problem.scale[column])


def _holding(problem: Problem, name: str) -> Problem:
    parameters = [dataclasses.replace(p, vary=False) if p.name == name else p for p in problem.parameters]
    held = Problem(problem.model, problem.records, parameters, problem.weights, problem.tolerance, problem.prior)
    held.prior_strength = problem.prior_strength
    return held


def _refit(
    problem: Problem, name: str, value: float, theta: np.ndarray, loss: dict[str, Any]
) -> tuple[np.ndarray, float] | None:
    problem.hold(name, value)
    if theta.size == 0:
        return theta, 2.0 * cost_of(problem, theta, loss)
    optimum = descend(problem, theta, 0, loss, evaluations=30, ftol=1e-5)
    return None if optimum is None else (optimum.theta, 2.0 * optimum.cost)
