"""The Euler-Maruyama method for stochastic hybrid systems, on a fixed grid of steps."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

CROSSINGS = ("grid", "interpolated", "bridge")
_WHOLE = 1e-9


@dataclass(frozen=True, kw_only=True)
class EulerMaruyama:
    """The Euler-Maruyama method with fixed steps.

    ``y(t + h) = y + a(y) h + b(y) (W(t + h) - W(t))`` for the Ito equation ``dy = a dt + b dW``. A Stratonovich
    equation is solved as the Ito equation that has the same solutions: the drift correction is exact, from the
    expressions.

    Parameters
    ----------
    dt : float
        Time step [s], the same in all modes.
    crossings : {"interpolated", "grid", "bridge"}
        How an event inside a step is found. ``"interpolated"``: the guard's values at both ends are joined by a
        straight line; the rest of the step starts at the jump. ``"grid"``: an event is as late as the end of
        its step, and a new step starts there, as most programs do it. ``"bridge"``: between the ends the guard
        is a Brownian bridge, so it may also cross and return; whether and when is drawn from its exact
        distribution.
    path_dt : float, optional
        Step of the Wiener path [s]; `dt` is a whole multiple of it. Runs of one seed and one `path_dt` see the
        same path at any `dt`. Without it, the path has the steps of the run.

    Notes
    -----
    Strong order 1/2, and 1 where the diffusion does not depend on the state; weak order 1. Where a guard is moved by
    the noise directly, ``"grid"`` and ``"interpolated"`` miss crossings inside steps: rates are then wrong in
    proportion to ``sqrt(dt)``; ``"bridge"`` is right in the mean to order 1, while its crossings depend on
    `dt`, also on one path.

    An input counts by its mean over each step, so that no charge is lost.

    Sources: G. Maruyama (1955); Kloeden and Platen, Numerical Solution of Stochastic Differential Equations (1992),
    sections 10.2 and 14.1.
    """

    dt: float
    crossings: str = "interpolated"
    path_dt: float | None = None

    strong_order: ClassVar[float] = 0.5
    weak_order: ClassVar[float] = 1.0
    engine: ClassVar[str] = "euler-maruyama"

    def __post_init__(self) -> None:
        for name in ("dt", "path_dt"):
            value = getattr(self, name)
            if value is None and name == "path_dt":
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive time in s, got {value!r}")
        if self.crossings not in CROSSINGS:
            raise ValueError(f"crossings must be one of {', '.join(CROSSINGS)}, got {self.crossings!r}")
        if self.path_dt is not None:
            ratio = self.dt / self.path_dt
            if ratio < 1 - _WHOLE or abs(ratio - round(ratio)) > _WHOLE * ratio:
                raise ValueError(
                    f"dt must be a whole multiple of path_dt, got {self.dt:g} s and {self.path_dt:g} s, "
                    f"{ratio:g} times as long"
                )

    @property
    def pieces_per_step(self) -> int:
        """Increments of the Wiener path in one step [pure number]."""
        return 1 if self.path_dt is None else round(self.dt / self.path_dt)

    @property
    def increment_scale(self) -> float:
        """Standard deviation of an increment of the Wiener path [sqrt(s)]."""
        return math.sqrt(self.dt / self.pieces_per_step)

    def refined(self) -> EulerMaruyama:
        """The same method with steps half as long [s], on the same Wiener path where it is fine enough."""
        return dataclasses.replace(self, dt=self.dt / 2)

    def n_steps(self, t_stop: float) -> int:
        """Number of steps in a run of the length `t_stop` [s]; ``ValueError`` where it is not whole."""
        if not (math.isfinite(t_stop) and t_stop > 0):
            raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
        ratio = t_stop / self.dt
        n = round(ratio)
        if n < 1 or abs(ratio - n) > 1e-6:
            near = max(1, n) * self.dt
            raise ValueError(
                f"t_stop ({t_stop:g} s) must be a whole number of steps of {self.dt:g} s: give t_stop={near:.12g}, or "
                f"dt={t_stop / max(1, n):.12g}"
            )
        return n

    def times(self, start: int, end: int) -> NDArray[np.float64]:
        """Ends of the steps from number `start` to number `end`, shape (end - start + 1,) [s]."""
        return np.asarray(np.arange(start, end + 1) * self.dt, dtype=np.float64)

    def options(self) -> dict[str, Any]:
        """For the provenance of a recording: steps [s] and how events are found."""
        return {"dt": self.dt, "crossings": self.crossings, "path_dt": self.path_dt}


def fastest(scales: Mapping[str, float | None]) -> float | None:
    """The smallest of the time constants [s] that are stated, if any is."""
    return min((scale for scale in scales.values() if scale is not None), default=None)


def default_steps(system: HybridSystem, dt: float | None) -> EulerMaruyama:
    """Euler-Maruyama with the step `dt` [s], or 1/100 of the fastest time constant.

    Raises
    ------
    ValueError
        When the system states no time constant and no step is given.
    """
    scale = fastest(system.time_scales())
    if dt is None and scale is None:
        raise ValueError(f"system {system.name!r} is stochastic and states no time_scale: give dt, the step in s")
    return EulerMaruyama(dt=dt if dt is not None else float(scale or 0.0) / 100)
