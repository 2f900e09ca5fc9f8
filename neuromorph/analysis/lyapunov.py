"""Lyapunov exponents of one state: by the flux through thresholds and their saltation factors, and by two trajectories."""

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
from neuromorph.analysis.twin_state import with_twin
from neuromorph.behaviour import EulerMaruyama, simulate_batch
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity, pluralised

Array = NDArray[np.float64]

METHODS = ("both", "two trajectories")
_SAMPLES = 40
_ROUNDINGS = 100
# Trajectories that are apart by this share of the state's own spread go apart no further, which shortens the mean where so many pairs do.
_APART = 0.1
_MOST_APART = 0.05


@dataclass(frozen=True, kw_only=True)
class LyapunovExponent:
    """How fast a small perturbation of a state grows; negative where it shrinks.

    Parameters
    ----------
    design, state : str
        Of what, and of which state.
    dt, t_start, t_stop : float
        Step, start and end of the window that counts [s].
    n : int
        Number of paths for each of the two methods.
    flux : Estimate or None
        By threshold flux and saltation [1/s]; ``None`` where it was not asked for.
    two_trajectories : Estimate
        By two trajectories on the same path [1/s]; minus infinity where some became equal, not-a-number where too many
        are far apart.
    flow : float
        What the flow between jumps contributes to `flux` [1/s].
    rate : float
        Flux through the thresholds: jumps that stretch or shrink the perturbation [Hz].
    mean_stretch : float
        Mean logarithm of the saltation factor, over these jumps (pure number).
    n_equal : int
        Pairs of trajectories that became equal, but for a hundred roundings.
    n_apart : int
        Pairs whose distance is a tenth of the state's standard deviation or more: they go apart no further.
    time, flux_course, distance_course : ndarray, shape (n_samples,)
        Times [s], and the mean logarithm of the perturbation there (pure numbers).
    """

    design: str
    state: str
    dt: float
    t_start: float
    t_stop: float
    n: int
    flux: Estimate | None
    two_trajectories: Estimate
    flow: float
    rate: float
    mean_stretch: float
    n_equal: int
    n_apart: int
    time: Array
    flux_course: Array
    distance_course: Array

    @property
    def difference(self) -> float:
        """Flux minus two trajectories, in standard errors of the difference of independent estimates (pure number)."""
        if self.flux is None:
            return math.nan
        spread = math.hypot(self.flux.standard_error, self.two_trajectories.standard_error)
        return (self.flux.value - self.two_trajectories.value) / spread if spread > 0 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units); ``None`` stands for what is not a number."""
        content = {
            "design": self.design,
            "state": self.state,
            "dt": self.dt,
            "t_start": self.t_start,
            "t_stop": self.t_stop,
            "n": self.n,
            "flux": None if self.flux is None else self.flux.to_dict(),
            "two_trajectories": self.two_trajectories.to_dict(),
            "flow": self.flow,
            "rate": self.rate,
            "mean_stretch": self.mean_stretch,
            "difference": self.difference,
            "n_equal": self.n_equal,
            "n_apart": self.n_apart,
        }
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in content.items()}

    def summary(self) -> str:
        """The exponents as text [1/s], with what they are made of."""
        window = f"{format_quantity(self.t_start, 's')} to {format_quantity(self.t_stop, 's')}"
        lines = [f"{self.design}: Lyapunov exponent of {self.state}, {pluralised(self.n, 'path')}, {window}"]
        if self.flux is not None:
            lines.append(
                f"  flux and saltation  {self.flux}/s: {self.flow:.4g}/s between jumps, {self.rate:.4g} Hz times "
                f"{self.mean_stretch:.4g}"
            )
        lines.append(f"  two trajectories    {self.two_trajectories}/s")
        if self.flux is not None and math.isfinite(self.difference):
            lines.append(f"  difference          {self.difference:.2f} standard errors")
        if self.n_equal:
            lines.append(
                f"  {pluralised(self.n_equal, 'pair')} became equal: a reset on the grid does so, an interpolated one does not; "
                "or the window is too long for the digits of a float"
            )
        if self.n_apart > _MOST_APART * self.n:
            lines.append(
                f"  {pluralised(self.n_apart, 'pair')} went as far apart as trajectories can, and no longer show how fast: give a "
                "shorter window or a smaller perturbation"
            )
        return "\n".join(lines)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the perturbation over time.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            Mean logarithm of the perturbation [pure number] over time [s].
        """
        from neuromorph.plots import finished_figure, plot_lyapunov

        return finished_figure(plot_lyapunov(self), path)


def lyapunov_exponent(
    system: Any,
    state: str,
    t_stop: float,
    dt: float,
    n: int,
    *,
    seed: int,
    t_start: float = 0.0,
    method: str = "both",
    perturbation: float | None = None,
    crossings: str = "interpolated",
    drives: Any = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    n_bootstrap: int = 400,
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = silent,
) -> LyapunovExponent:
    """Measure the Lyapunov exponent of a state in two independent ways.

    Parameters
    ----------
    system : HybridSystem or Neuron
        For the flux formula, what the state does to others must not come back to it, as in a feed-forward network.
    state : str
        The state that is perturbed.
    t_stop, dt : float
        End of the runs, and step [s].
    n : int
        Number of paths. One half of them serves the flux, the other the trajectories, so that both are independent;
        with one method all serve it.
    seed : int
        Of the paths, and of the confidence intervals.
    t_start : float
        Start of the window that counts [s].
    method : {"both", "two trajectories"}
        Two trajectories work for any network. Where nothing that the state does comes back to it, the second one is a
        copy of that state in the same network; else it is a second run, in which rounding errors of all steps differ too.
    perturbation : float, optional
        Initial distance of two trajectories [state's unit]; 1e-7 of the state's scale where it is left out. It has to stay
        small up to the end of the window.
    crossings : {"interpolated", "grid", "bridge"}
        How events inside steps are found; on the grid, two trajectories become equal at a reset.
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
    LyapunovExponent
        Exponents [1/s] with bootstrap confidence intervals over paths.

    Raises
    ------
    ValueError
        When an argument cannot be used, or the formula does not apply to the state; the message says why.

    Notes
    -----
    The exponent is ``<d f_v/d v> + rate <ln |S|>`` with the saltation factor S of each jump; for a leaky neuron
    ``-1/tau_m`` and ``S = 1 + (v_th - v_r)/(tau_m A)`` with the crossing speed A. A shift of the initial state
    that the flow carries through a jump changes the time of the jump, and with it the state after it. On one path
    both ways agree to ``dt/(2 tau_m**2)``, but for the rare crossings that part two trajectories because only one of them
    reaches the threshold.
    """
    system = system.dynamics() if hasattr(system, "dynamics") else system
    refuse_bad_bootstrap(n_bootstrap, level)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if state not in system.states:
        raise ValueError(f"there is no state {state!r}; choices: {', '.join(system.states)}")
    if not 0 <= t_start < t_stop:
        raise ValueError(f"t_start must be a time from 0 s to below t_stop, {t_stop:g} s, got {t_start!r}")
    perturbation = 1e-7 * system.scales()[state] if perturbation is None else perturbation
    if not (math.isfinite(perturbation) and perturbation != 0):
        raise ValueError(f"perturbation must be a finite number other than 0, got {perturbation!r}")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 40:
        raise ValueError(f"n must be a whole number of paths from 40 on, got {n!r}")
    both = method == "both"
    states = with_event_states(system, perturbed=state if both else None)
    half = n // 2 if both else n
    first = half if both else 0
    given = event_initials(states, initial)
    every, skipped = max(1, round(t_stop / _SAMPLES / dt)), 0
    if t_start > 0:
        # A sample falls on the start of the window.
        before = max(1, round(t_start / dt))
        skipped = max(k for k in range(1, max(1, before // every) + 1) if before % k == 0)
        every = before // skipped

    def run(observed: Any, recorded: list[str], start: int, shift: Mapping[str, float]) -> Any:
        paths = range(start, start + half)
        starts = values_of_paths(given, paths)
        for name, distance in shift.items():
            starts[name] = starts.get(state, system.states[state].initial) + distance
        return simulate_batch(
            observed,
            drives,
            t_stop,
            half,
            solver=EulerMaruyama(dt=dt, crossings=crossings),
            seed=seed,
            parameters=values_of_paths(parameters, paths),
            initial=starts,
            record=recorded,
            every=every,
            first=start,
            threads=threads,
        )

    def course(batch: Any, name: str) -> Array:
        """From the start of the window on, shape (n_samples, n_paths) [its unit]."""
        values = np.concatenate([batch[name][max(0, skipped - 1) :], batch.last[name][None]])
        before = np.broadcast_to(batch_start(name), (1, half)) if t_start == 0 else np.empty((0, half))
        return np.concatenate([before, values])

    def batch_start(name: str) -> Array:
        own = states.system.states
        value = given.get(name, own[name if name in own else state].initial)
        return np.asarray(value)[first : first + half] if np.ndim(value) else np.asarray(value)

    weights = weights_of_paths(half, n_bootstrap, seed)
    length = t_stop - skipped * every * dt
    flux, flow, rate, mean_stretch, flux_course = None, math.nan, math.nan, math.nan, np.zeros(0)
    if both:
        batch = run(states.system, [state, states.growth, states.stretch, states.hits], 0, {})
        progress(1 / 3, "Lyapunov exponent")
        growth, stretch = course(batch, states.growth), course(batch, states.stretch)
        grown, stretched = growth[-1] - growth[0], stretch[-1] - stretch[0]
        flux = estimate(weights @ (grown + stretched) / length, level)
        flow = float(np.mean(grown)) / length
        hits = course(batch, states.hits)
        jumps = float(np.sum(hits[-1] - hits[0]))
        rate = jumps / (half * length)
        mean_stretch = float(np.sum(stretched)) / jumps if jumps else math.nan
        flux_course = np.mean(growth + stretch - growth[0] - stretch[0], axis=1)
    twin = with_twin(system, state)
    if twin is None:
        a, b = (run(system, [state], first, shift) for shift in ({}, {state: perturbation}))
        distance = np.abs(course(b, state) - course(a, state))
    else:
        a = run(twin[0], [state, twin[1]], first, {twin[1]: perturbation})
        distance = np.abs(course(a, twin[1]) - course(a, state))
    progress(1.0, "Lyapunov exponent")
    if t_start == 0:
        distance[0] = abs(perturbation)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.log(distance)
        apart = logarithms - logarithms[0]
    # A distance of some roundings is no longer that of the trajectories. Roundings are of the size that the state has had of
    # late: earlier ones have shrunk or grown with the distance.
    late = np.abs(course(a, state)[-max(2, len(distance) // 5) :])
    digits = _ROUNDINGS * np.finfo(float).eps * late.max(axis=0)
    n_equal = int(np.count_nonzero(distance[-1] <= digits))
    spread = float(np.std(course(a, state)[-max(2, len(distance) // 5) :]))
    n_apart = int(np.count_nonzero(distance[-1] >= _APART * spread)) if spread > 0 else 0
    if n_equal:
        two = Estimate(-math.inf, math.nan, math.nan, math.nan)
    elif n_apart > _MOST_APART * half:
        two = Estimate(math.nan, math.nan, math.nan, math.nan)
    else:
        two = estimate(weights @ apart[-1] / length, level)
    known = np.isfinite(apart).all(axis=1)
    means = np.full(len(apart), math.nan)
    means[known] = apart[known].mean(axis=1)
    time = np.concatenate([[0.0] if t_start == 0 else [], a.time[max(0, skipped - 1) :], [t_stop]])
    return LyapunovExponent(
        design=system.name,
        state=state,
        dt=float(dt),
        t_start=float(t_stop - length),
        t_stop=float(t_stop),
        n=int(half),
        flux=flux,
        two_trajectories=two,
        flow=flow,
        rate=rate,
        mean_stretch=mean_stretch,
        n_equal=n_equal,
        n_apart=n_apart,
        time=time,
        flux_course=flux_course,
        distance_course=means,
    )
