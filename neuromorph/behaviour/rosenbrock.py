"""A linearly implicit Runge-Kutta method with error control and located events, for stiff hybrid systems."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neuromorph.behaviour.rosenbrock_tableau import N_STAGES

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

_SMALLEST_RTOL, _LARGEST_RTOL = 1e-13, 1e-2
# So that a recording shows what the run looks like even where nothing happens, and guards are looked at.
_FEWEST_STEPS_PER_RUN = 1000


@dataclass(frozen=True, kw_only=True)
class Rosenbrock:
    """RODASP, a linearly implicit Runge-Kutta method of order 4, with steps that keep to a tolerance.

    For systems whose time constants lie far apart: a time constant that has died out does not limit the step.

    Parameters
    ----------
    rtol : float
        Largest estimated error of a step in each state, in relation to its magnitude plus its scale
        [pure number], from 1e-13 to 0.01.
    first_step : float, optional
        First step tried at the start, at a breakpoint of the stimulus and after an event [s]. Without it,
        the bend of the solution tells.
    dt : float, optional
        Longest time step [s]; 1/1000 of the run without it.
    refinement : int
        One more divides the tolerance by 10 [pure number]; it divides `dt`.

    Notes
    -----
    Six stages, L-stable and stiffly accurate; the embedded method of order 3 estimates the error, and the
    Jacobian is exact. Sources in ``rosenbrock_tableau.py``.

    A state's absolute tolerance is `rtol` times :attr:`State.scale`, so state the scale of what is far
    from 1 in its unit, such as a charge.

    A sine in the stimulus limits the step to 1/10 of its period. Guards are looked at on dense output at each
    quarter of a step, and at the top of the parabolas through these values; a crossing is located by steps of
    part length, so spike times are of the method's own order.
    """

    rtol: float = 1e-7
    first_step: float | None = None
    dt: float | None = None
    refinement: int = 1

    order: ClassVar[int] = 4
    engine: ClassVar[str] = "rosenbrock"
    kernel: ClassVar[str] = "rosenbrock_kernel"
    steps_per_period: ClassVar[int] = 10

    def __post_init__(self) -> None:
        for name in ("first_step", "dt"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive time in s, or None, got {value!r}")
        if not _SMALLEST_RTOL <= self.rtol <= _LARGEST_RTOL:
            raise ValueError(f"rtol must be a number from {_SMALLEST_RTOL:g} to {_LARGEST_RTOL:g}, got {self.rtol!r}")
        if not (isinstance(self.refinement, int) and self.refinement >= 1):
            raise ValueError(f"refinement must be a whole number from 1 on, got {self.refinement!r}")

    @property
    def tolerance(self) -> float:
        """Relative tolerance with the refinement taken into account [pure number], not below 1e-13."""
        return max(self.rtol * 10.0 ** (1 - self.refinement), _SMALLEST_RTOL)

    def refined(self) -> Rosenbrock:
        """The same method with a tenth of the tolerance [pure number], whose error is about a tenth."""
        return dataclasses.replace(self, refinement=self.refinement + 1)

    def steps(self, system: HybridSystem, t_stop: float) -> dict[str, float]:
        """Longest time step of each mode [s].

        Parameters
        ----------
        system : HybridSystem
            Whose modes count.
        t_stop : float
            Length of the run [s].

        Returns
        -------
        dict of str to float
            Step by mode [s].
        """
        step = t_stop / _FEWEST_STEPS_PER_RUN if self.dt is None else min(self.dt, t_stop)
        return dict.fromkeys(system.modes, step / self.refinement)

    def arguments(self, system: HybridSystem, steps: Mapping[str, float], t_stop: float) -> Any:
        """What the kernel calls ``method``: longest and first steps [s], tolerances, and room to compute in."""
        n = len(system.states)
        guards = max(1, *(sum(t.source == mode for t in system.transitions) for mode in system.modes))
        return (
            np.array([steps[mode] for mode in system.modes]),
            np.array([*system.scales().values()]),
            self.tolerance,
            self.first_step or 0.0,
            1e-22 * t_stop,
            np.zeros((n, n)),
            np.zeros(n),
            np.zeros((n, n)),
            np.zeros(n, dtype=np.int64),
            np.zeros((N_STAGES, n)),
            np.zeros((2, n)),
            np.zeros((guards, 5)),
            np.zeros(n),
        )

    def options(self, steps: Mapping[str, float]) -> dict[str, Any]:
        """For the provenance of a recording: tolerance [pure number], first and longest steps [s]."""
        return {"rtol": self.tolerance, "first_step": self.first_step, "dt": dict(steps)}
