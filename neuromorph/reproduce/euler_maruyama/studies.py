"""What is simulated to judge the statements on Euler-Maruyama, and how much of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neuromorph.analysis import (
    Convergence,
    CrossingSpeeds,
    LyapunovExponent,
    convergence,
    crossing_speeds,
    lyapunov_exponent,
)
from neuromorph.progress import Progress, silent
from neuromorph.reproduce.euler_maruyama.chain import initial_states, lif_chain

MS = 1e-3
T_STOP = 50 * MS
STEPS = tuple(2.0**-k * MS for k in range(2, 7))
REFERENCE = 2.0**-10 * MS
# Longer ones for means: their errors are larger, and paths cheaper.
WEAK_STEPS, WEAK_REFERENCE = tuple(2 * dt for dt in STEPS), 2 * REFERENCE
SLOW = (2.0, 10.0)
"""Range of crossing speeds [1/s] over which the exponent of P(A < a) is taken; their median is 45/s."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many paths each study takes.

    Parameters
    ----------
    grid, interpolated, weak, crossings, lyapunov : int
        Paths of the orders with either kind of reset, of weak orders, of crossing speeds, and of Lyapunov exponents.

    Notes
    -----
    The default ones leave four standard errors or about that between each number and its limits.
    """

    grid: int = 8000
    interpolated: int = 4000
    weak: int = 40000
    crossings: int = 90000
    lyapunov: int = 1500


@dataclass(frozen=True, kw_only=True)
class Studies:
    """What came out.

    Parameters
    ----------
    grid : Convergence
        Resets at the end of the step, as the method is usually run.
    interpolated : Convergence
        Resets inside the step.
    weak : Convergence
        Resets at the end of the step, more paths and longer steps.
    crossings : CrossingSpeeds
        Of all layers.
    lyapunov : dict of str to LyapunovExponent
        Of the voltage of each layer, under the same input.
    """

    grid: Convergence
    interpolated: Convergence
    weak: Convergence
    crossings: CrossingSpeeds
    lyapunov: dict[str, LyapunovExponent]


def run_studies(sizes: Sizes | None = None, *, threads: int | None = None, progress: Progress = silent) -> Studies:
    """Run everything, each study on paths of its own.

    Parameters
    ----------
    sizes : Sizes, optional
        How many paths (pure numbers); the default ones where it is left out.
    threads : int, optional
        How many threads work; one a processor without it.
    progress : Progress
        Told how far the runs are.

    Returns
    -------
    Studies
        SI units.
    """
    sizes = sizes or Sizes()
    system = lif_chain()

    def part(place: int) -> Callable[[float, str], None]:
        return lambda share, _: progress((place + share) / 7, "euler-maruyama")

    def options(n: int, seed: int, place: int) -> dict[str, Any]:
        start = initial_states(n, seed)
        return {"seed": seed, "initial": start, "threads": threads, "progress": part(place)}

    grid, interpolated = (
        convergence(system, T_STOP, STEPS, n, reference=REFERENCE, crossings=kind, **options(n, 1 + place, place))
        for place, (kind, n) in enumerate([("grid", sizes.grid), ("interpolated", sizes.interpolated)])
    )
    weak = convergence(
        system,
        T_STOP,
        WEAK_STEPS,
        sizes.weak,
        reference=WEAK_REFERENCE,
        crossings="grid",
        signals=[name for name in system.states if name.startswith("v")],
        **options(sizes.weak, 7, 2),
    )
    crossings = crossing_speeds(
        system, T_STOP, 2 * REFERENCE, sizes.crossings, limits=SLOW, n_bootstrap=200, **options(sizes.crossings, 3, 3)
    )
    n = sizes.lyapunov
    # Later, a float has no digits left for the distance of some pairs.
    ends = {"v_1": 300 * MS, "v_2": 150 * MS, "v_3": 130 * MS}
    exponents = {
        state: lyapunov_exponent(
            system, state, end, STEPS[-1], n, t_start=T_STOP, perturbation=1e-6, **options(n, 4 + place, 4 + place)
        )
        for place, (state, end) in enumerate(ends.items())
    }
    return Studies(grid=grid, interpolated=interpolated, weak=weak, crossings=crossings, lyapunov=exponents)
