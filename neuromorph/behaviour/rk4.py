"""The classical Runge-Kutta method with located events and an estimate of its error, for one hybrid system."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

# Default steps in the fastest time constant of a mode; cross-validation measures what error is left.
_STEPS_PER_TIME_SCALE = 100
_DEFAULT_STEPS_PER_RUN = 20_000
_DEFAULT_RTOL, _SMALLEST_RTOL = 1e-6, 1e-14


@dataclass(frozen=True, kw_only=True)
class RK4:
    """The fourth-order Runge-Kutta method with equal steps, restarted at every event.

    Parameters
    ----------
    dt : float, optional
        Longest time step [s]. A mode whose stated time constant is short takes shorter ones. Without it
        the step is 1/100 of each mode's time constant, or 1/20000 of the run where none is stated.
    rtol : float, optional
        Largest estimated error of a step in each state, in relation to its magnitude plus its scale [pure number]; 0 for steps
        that depend on no estimate. Without it 1e-6 where `dt` is left out, and 0 where it is given.
    refinement : int
        Divides every step, the default ones too [pure number]; its third power divides `rtol`.

    Notes
    -----
    A step whose estimated error is too large is made again in shorter ones, such as where a membrane is so fast that it
    passes the range in which a memristor begins to switch within one step. The estimate is the difference to a method of order 2 of
    the same stages, far more than the error itself. In a batch, neurons go together by the shortest of these steps; one whose
    error is too large makes this step by itself, in shorter ones.

    A sine in the stimulus limits the step to 1/50 of its period.

    A crossing is located by Runge-Kutta steps of part length, so waveforms and spike times both converge
    with order 4; dense output would be an order less exact (Hairer, Norsett and Wanner, Solving Ordinary
    Differential Equations I, section II.6). Guards are looked at at the start, in the middle and at the end
    of each step, and at the top of the parabola through these values.
    """

    dt: float | None = None
    rtol: float | None = None
    refinement: int = 1

    order: ClassVar[int] = 4
    engine: ClassVar[str] = "rk4"
    kernel: ClassVar[str] = "rk4_kernel"
    steps_per_period: ClassVar[int] = 50

    def __post_init__(self) -> None:
        if self.dt is not None and not (math.isfinite(self.dt) and self.dt > 0):
            raise ValueError(f"dt must be a positive time in s, or None, got {self.dt!r}")
        if self.rtol is not None and not 0 <= self.rtol <= 1e-2:
            raise ValueError(f"rtol must be a number from 0 to 0.01, or None, got {self.rtol!r}")

    @property
    def tolerance(self) -> float:
        """Relative tolerance with the refinement taken into account [pure number]; 0 for none."""
        rtol = self.rtol if self.rtol is not None else _DEFAULT_RTOL if self.dt is None else 0.0
        return max(rtol / self.refinement**3, _SMALLEST_RTOL) if rtol else 0.0

    def steps(self, system: HybridSystem, t_stop: float) -> dict[str, float]:
        """Longest time step of each mode [s].

        Parameters
        ----------
        system : HybridSystem
            Whose time scales count.
        t_stop : float
            Length of the run [s].

        Returns
        -------
        dict of str to float
            Step by mode [s].
        """
        steps = {}
        for mode, scale in system.time_scales().items():
            if self.dt is None:
                step = t_stop / _DEFAULT_STEPS_PER_RUN if scale is None else scale / _STEPS_PER_TIME_SCALE
            else:
                # Ten steps in a time constant: enough for the order to show, far from instability.
                step = self.dt if scale is None else min(self.dt, scale / 10)
            steps[mode] = min(step, t_stop) / self.refinement
        return steps

    def refined(self) -> RK4:
        """The same method with steps half as long [pure number], whose error is a sixteenth."""
        return dataclasses.replace(self, refinement=2 * self.refinement)

    def arguments(self, system: HybridSystem, steps: Mapping[str, float], t_stop: float) -> Any:
        """What the kernel calls ``method``: the step of each mode [s], scales of the states, and tolerance."""
        return np.array([steps[mode] for mode in system.modes]), np.array([*system.scales().values()]), self.tolerance

    def options(self, steps: Mapping[str, float] | float) -> dict[str, Any]:
        """For the provenance of a recording: the longest steps [s], and the tolerance where steps keep to one."""
        return {"dt": steps if isinstance(steps, float) else dict(steps)} | (
            {"rtol": self.tolerance} if self.tolerance else {}
        )
