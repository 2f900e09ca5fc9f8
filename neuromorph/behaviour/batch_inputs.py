"""The steps of a batch, and what its inputs are in each: the same for all neurons, a number for each, or a course for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neuromorph.behaviour.batch_setup import longest_rk4_step
from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.steps import divided_at_breakpoints, mean_inputs, pieces_at
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    from neuromorph.behaviour.batch_setup import BatchSetup

Array = NDArray[np.float64]

_STEPS_PER_CALL = 16384
# Where each neuron has an input of its own, the courses of a tile in a call must fit into some megabytes.
_OWN_VALUES_PER_CALL = 1 << 18


class BatchInputs:
    """Inputs and steps of a batch: means over steps on a fixed grid, or lines and sines between breakpoints.

    Parameters
    ----------
    setup : BatchSetup
        The task.
    """

    def __init__(self, setup: BatchSetup) -> None:
        self.setup = setup
        self.kinds = tuple(
            "shared" if isinstance(d, Stimulus) else "constant" if isinstance(d, np.ndarray) else "own"
            for d in setup.drives
        )
        self.differ = "own" in self.kinds
        if isinstance(setup.solver, EulerMaruyama):
            self.n_steps = setup.solver.n_steps(setup.t_stop)
        else:
            periods = [p for s in setup.stimuli if (p := s.shortest_period(setup.t_stop)) is not None]
            step = longest_rk4_step(setup.system, setup.solver, setup.t_stop)
            step = min([step, *(p / setup.solver.steps_per_period for p in periods)])
            self.grid = divided_at_breakpoints(setup.stimuli, setup.t_stop, step)
            self.n_steps = len(self.grid) - 1

    def times(self, start: int, end: int) -> Array:
        """Ends of the steps from `start` to `end` [s]."""
        if isinstance(self.setup.solver, EulerMaruyama):
            return self.setup.solver.times(start, end)
        return np.asarray(self.grid[start : end + 1])

    def ends(self, every: int) -> Array:
        """End of each `every`-th step [s]."""
        steps = np.arange(every, self.n_steps + 1, every)
        if isinstance(self.setup.solver, EulerMaruyama):
            return np.asarray(steps * self.setup.solver.dt, dtype=np.float64)
        return np.asarray(self.grid[steps])

    def steps_per_call(self, width: int) -> int:
        """How many steps a tile of so many lanes makes in a call of the kernel."""
        values = self.kinds.count("own") * width * (1 if isinstance(self.setup.solver, EulerMaruyama) else 5)
        return min(_STEPS_PER_CALL, max(16, _OWN_VALUES_PER_CALL // values)) if values else _STEPS_PER_CALL

    def tables(self, neurons: range) -> list[list[Array]]:
        """Segments of each input: one table for all neurons, or one each; zero where numbers of lanes take its place."""
        found = []
        for drive, kind in zip(self.setup.drives, self.kinds, strict=True):
            if kind == "shared":
                found.append([drive.segments(self.setup.t_stop)])
            elif kind == "own":
                found.append([drive[k].segments(self.setup.t_stop) for k in neurons])
            else:
                found.append([np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])])
        return found

    def sampled(self, tables: list[Array], times: Array) -> Array:
        """Inputs in each step, by one table each: their means, or their lines and sines [input's unit]."""
        return (mean_inputs if isinstance(self.setup.solver, EulerMaruyama) else pieces_at)(tables, times)

    def none_sampled(self) -> Array:
        """What stands for inputs that differ where there are none."""
        return np.zeros((1, 1, 1) if isinstance(self.setup.solver, EulerMaruyama) else (1, 1, 1, 1))
