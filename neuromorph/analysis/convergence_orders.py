"""Orders of convergence of a stochastic system: strong, weak, spike counts, spike times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.bootstrap import (
    Estimate,
    estimate,
    refuse_bad_bootstrap,
    slopes,
    weighted_medians,
    weights_of_paths,
)
from neuromorph.analysis.event_states import event_initials, with_event_states
from neuromorph.analysis.path_errors import PathErrors, PathTask, checked_steps, path_errors
from neuromorph.behaviour import EulerMaruyama
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity, pluralised

Array = NDArray[np.float64]

# Errors that are known better than this count no more for it: the slope shall be that of all steps.
_FLOOR = 0.03

KINDS = {
    "strong": "root mean square error",
    "strong_matched": "root mean square error, paths with the right numbers of spikes",
    "weak": "error of the mean over time and paths",
    "mismatch": "probability that the number of spikes differs",
    "spike_times": "median error of matched spike times",
}
"""What is measured, by its name."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """An error by the length of the step, and the order with which it vanishes.

    Parameters
    ----------
    name : str
        The signal or source of spikes.
    unit : str
        Unit of the errors.
    steps : tuple of float
        Steps [s].
    errors : tuple of Estimate
        Error at each step [unit].
    order : Estimate
        Slope of the logarithm of the error over that of the step (pure number), each step weighted by how well its error
        is known, up to 3 % (relative); not-a-number where an error is zero.
    """

    name: str
    unit: str
    steps: tuple[float, ...]
    errors: tuple[Estimate, ...]
    order: Estimate

    @property
    def resolved(self) -> bool:
        """Whether every error differs from zero by its confidence interval, so that the order means something."""
        return all(e.low > 0 or e.high < 0 for e in self.errors)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (steps [s], errors in `unit`)."""
        return {
            "name": self.name,
            "unit": self.unit,
            "steps": list(self.steps),
            "errors": [e.to_dict() for e in self.errors],
            "order": self.order.to_dict(),
            "resolved": self.resolved,
        }


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """How the errors of a method vanish with its step, on the same paths at all steps.

    Parameters
    ----------
    design, method : str
        What was integrated, and by which method.
    t_stop : float
        Length of the runs [s].
    reference : float or None
        Step of the reference [s]; ``None`` where exact values were all that was compared with.
    n : int
        Number of paths.
    level : float
        Of the confidence intervals (pure number).
    strong, strong_matched, weak : mapping of str to Order
        By signal [its unit]: root mean square error over paths and times; the same over paths in which all
        numbers of spikes are right; error of the mean over times and paths.
    mismatch : mapping of str to Order
        By source of spikes: probability that the number of spikes differs from the reference's (pure number).
    spike_times : mapping of str to Order
        By source of spikes: median error of the times of spikes, where their number is right [s].
    spikes_per_path : mapping of str to float
        By source of spikes, in the reference (pure number).
    lost : int
        Spikes of the reference without a known time; see Notes of :func:`convergence`.
    seed : int
        Of the paths.
    """

    design: str
    method: str
    t_stop: float
    reference: float | None
    n: int
    level: float
    strong: Mapping[str, Order]
    strong_matched: Mapping[str, Order]
    weak: Mapping[str, Order]
    mismatch: Mapping[str, Order]
    spike_times: Mapping[str, Order]
    spikes_per_path: Mapping[str, float]
    lost: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units)."""
        return {
            "design": self.design,
            "method": self.method,
            "t_stop": self.t_stop,
            "reference": self.reference,
            "n": self.n,
            "level": self.level,
            "seed": self.seed,
            "spikes_per_path": dict(self.spikes_per_path),
            "lost": self.lost,
            **{kind: {name: o.to_dict() for name, o in getattr(self, kind).items()} for kind in KINDS},
        }

    def summary(self) -> str:
        """The orders as a table, with confidence intervals (pure numbers; errors in SI units with prefixes)."""
        against = "exact values" if self.reference is None else f"a step of {format_quantity(self.reference, 's')}"
        lines = [
            f"{self.design}: {self.method}, {pluralised(self.n, 'path')} of {format_quantity(self.t_stop, 's')}, against "
            f"{against}; intervals of {100 * self.level:g} %"
        ]
        for kind, meaning in KINDS.items():
            orders = getattr(self, kind)
            if not orders:
                continue
            lines += ["", f"{meaning}:"]
            for name, found in orders.items():
                first, last = (abs(found.errors[k].value) for k in (0, -1))
                if math.isnan(first) or math.isnan(last):
                    lines.append(f"  {name:16}no spikes to compare")
                    continue
                e = [format_quantity(value, found.unit, 3) for value in (first, last)]
                note = "" if found.resolved else "  (errors are not resolved: more paths)"
                lines.append(f"  {name:16}order {found.order!s:28}{e[0]:>12} to {e[1]}{note}")
        if self.lost:
            lines += ["", f"{pluralised(self.lost, 'spike')} without a known time: they came in pairs between samples"]
        return "\n".join(lines)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw errors over steps.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            A panel for each kind of error [its unit] over the step [s], both logarithmic.
        """
        from neuromorph.plots import finished_figure, plot_convergence

        return finished_figure(plot_convergence(self), path)


def convergence(
    system: Any,
    t_stop: float,
    steps: Sequence[float],
    n: int,
    *,
    seed: int,
    drives: Any = None,
    solver: type[EulerMaruyama] = EulerMaruyama,
    crossings: str = "interpolated",
    reference: float | None = None,
    signals: Sequence[str] | None = None,
    exact: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    n_bootstrap: int = 400,
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = silent,
) -> Convergence:
    """Measure the orders of convergence of a stochastic system or network, on the same Wiener paths at all steps.

    Parameters
    ----------
    system : HybridSystem or Neuron
        What is integrated; each guard that emits spikes is a source of spikes, named by the states in it.
    t_stop : float
        Length of the runs, a whole number of the longest steps [s].
    steps : sequence of float
        At least three steps, each a whole multiple of the next shorter one [s].
    n : int
        Number of paths.
    seed : int
        Of the paths, and of the confidence intervals.
    drives : Stimulus, or mapping of str to Stimulus or number, optional
        The input, the same for all paths [input's unit].
    solver : EulerMaruyama or Milstein
        The method, as a class.
    crossings : {"interpolated", "grid", "bridge"}
        How events inside steps are found.
    reference : float, optional
        Step of the reference [s]; 1/16 of the shortest step where it is left out.
    signals : sequence of str, optional
        What is compared; all states, or those in `exact`, where it is left out.
    exact : mapping of str to str, optional
        The output that holds the exact value of a signal on the same path, for systems that are solved in closed
        form.
    parameters, initial : mapping of str to array_like, shape (n,) or (), optional
        Values that take the place of the system's own (SI units).
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
    Convergence
        Orders (pure numbers) and errors (SI units) with bootstrap confidence intervals over paths.

    Raises
    ------
    ValueError
        When an argument cannot be used, or the system is not random.
    SimulationError
        When a path ceases to be finite.

    Notes
    -----
    Signals are compared at whole multiples of the longest step. Against a numerical reference of step ``r``, an error
    of order 1 shows as ``h - r``: with ``r`` at 1/16 of the shortest of five halved steps, its slope is 0.02 too large.

    In a network, the time of a spike is kept until the next of the same source. One that is followed by another within a
    longest step counts for the mismatch, but its path has no part in the errors of spike times.

    Errors of spike times have heavy tails, because a crossing with speed A has an error in proportion to 1/A; their
    root mean square has no usable slope, hence the median.

    Examples
    --------
    >>> import sympy, neuromorph as nm
    >>> v = sympy.Symbol("v")
    >>> decay = nm.HybridSystem(
    ...     name="noisy_decay",
    ...     states={"v": nm.State(1.0)},
    ...     modes={"only": nm.Mode(rates={"v": -v})},
    ...     diffusion={"v": {"w": 0.5}},
    ... )
    >>> found = nm.analysis.convergence(decay, 1.0, [1 / 8, 1 / 16, 1 / 32], 200, seed=1)
    >>> bool(0.9 < found.strong["v"].order.value < 1.2)
    True
    """
    system = system.dynamics() if hasattr(system, "dynamics") else system
    if not system.is_random:
        raise ValueError(f"{system.name!r} has no noise: orders on random paths need a diffusion")
    refuse_bad_bootstrap(n_bootstrap, level)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 20:
        raise ValueError(f"n must be a whole number of paths from 20 on, got {n!r}")
    lengths = checked_steps(steps, float(t_stop))
    chosen = _signals(system, signals, exact or {})
    states = with_event_states(system)
    needs_reference = bool(states.sources) or None in chosen.values()
    fine = lengths[-1] / 16 if reference is None else float(reference)
    if needs_reference and not fine < lengths[-1] * 0.75:
        raise ValueError(f"reference must be shorter than the shortest step, {lengths[-1]:g} s, got {fine:g} s")
    used = [*lengths, fine] if needs_reference else lengths
    task = PathTask(
        states=states,
        drives=drives,
        t_stop=float(t_stop),
        sample_dt=lengths[0],
        solvers=[solver(dt=dt, crossings=crossings, path_dt=used[-1]) for dt in used],
        seed=seed,
        parameters=dict(parameters or {}),
        initial=event_initials(states, initial),
        signals=chosen,
        threads=threads,
    )
    errors = path_errors(task, int(n), len(lengths), lambda share: progress(share, "convergence"))
    units = system.units()
    orders = _orders(errors, lengths, units, weights_of_paths(int(n), n_bootstrap, seed), level)
    return Convergence(
        design=system.name,
        method=f"{solver.engine}, crossings {crossings}" if system.transitions else solver.engine,
        t_stop=float(t_stop),
        reference=fine if needs_reference else None,
        n=int(n),
        level=level,
        spikes_per_path=errors.rate,
        lost=errors.lost,
        seed=seed,
        **orders,
    )


def _signals(system: Any, signals: Sequence[str] | None, exact: Mapping[str, str]) -> dict[str, str | None]:
    known = list(system.units())
    chosen = list(signals) if signals is not None else list(exact) or list(system.states)
    for name in [*chosen, *exact, *exact.values()]:
        if name not in known:
            raise ValueError(f"{system.name!r} has no signal {name!r}; choices: {', '.join(known)}")
    return {name: exact.get(name) for name in chosen}


def _orders(
    errors: PathErrors, steps: list[float], units: Mapping[str, str], weights: Array, level: float
) -> dict[str, dict[str, Order]]:
    found: dict[str, dict[str, Order]] = {kind: {} for kind in KINDS}
    right = 1.0 - np.max([*errors.missed.values()], axis=0) if errors.missed else None
    for name, square in errors.square.items():
        unit = units[name]
        found["strong"][name] = _order(name, unit, steps, np.sqrt(weights @ square.T), level)
        found["weak"][name] = _order(name, unit, steps, weights @ errors.mean[name].T, level)
        if right is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                matched = np.sqrt((weights @ (right * square).T) / (weights @ right.T))
            found["strong_matched"][name] = _order(name, unit, steps, matched, level)
    for name, missed in errors.missed.items():
        found["mismatch"][name] = _order(name, "", steps, weights @ missed.T, level)
        medians = np.stack([weighted_medians(*timing, weights) for timing in errors.timing[name]], axis=1)
        found["spike_times"][name] = _order(name, "s", steps, medians, level)
    if len(errors.missed) > 1:
        some = weights @ np.max([*errors.missed.values()], axis=0).T
        found["mismatch"]["any"] = _order("any", "", steps, some, level)
        pooled = [
            tuple(np.concatenate([errors.timing[name][k][part] for name in errors.timing]) for part in (0, 1))
            for k in range(len(steps))
        ]
        medians = np.stack([weighted_medians(times, paths, weights) for times, paths in pooled], axis=1)
        found["spike_times"]["all"] = _order("all", "s", steps, medians, level)
    return found


def _order(name: str, unit: str, steps: list[float], values: Array, level: float) -> Order:
    """An order from errors of the data and of bootstrap samples, shape (n_samples + 1, n_steps) [unit]."""
    errors = tuple(estimate(values[:, k], level) for k in range(len(steps)))
    relative = np.array([e.standard_error / abs(e.value) if e.value else math.nan for e in errors])
    shares = 1 / (np.nan_to_num(relative, nan=1.0) ** 2 + _FLOOR**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.where(values != 0, np.log(np.abs(values)), math.nan)
        slope = slopes(np.log(steps), logarithms, shares)
    return Order(name=name, unit=unit, steps=tuple(steps), errors=errors, order=estimate(slope, level))
