"""The array at one moment: voltages, currents and powers that follow from states and sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.device_equations import exponential_functions
from neuromorph.crossbars.solving.newton import LinearSolver, solve_nonlinear
from neuromorph.crossbars.solving.solver import solver_for
from neuromorph.crossbars.terminations import SIDES
from neuromorph.equations import load_kernel

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar
    from neuromorph.crossbars.solving.voltages import NodeVoltages

__all__ = ["POWERS", "ArrayCircuit", "Moment", "kernels"]

FloatArray = NDArray[np.float64]

POWERS = ("delivered", "devices", "word_lines", "bit_lines", "drivers", "sensing")
"""What the power of an array is split into: what the sources give, and who takes it."""


@cache
def kernels() -> ModuleType:
    """The compiled functions that do not depend on the model."""
    files = ("exponential_step_kernel.py", "line_currents_kernel.py")
    texts = [resources.files("neuromorph.crossbars.transients").joinpath(file).read_text("utf-8") for file in files]
    return load_kernel("crossbar_transient", "\n\n".join([exponential_functions(), *texts]))


@dataclass
class Moment:
    """What one solve gave.

    Parameters
    ----------
    found : NodeVoltages or None
        As the solver returned it: where the next solve starts from [V].
    ends : dict of str to ndarray
        Voltages behind the ends [V].
    v : ndarray, shape (m n,)
        Device voltages [V].
    current : ndarray, shape (m n,)
        Device currents [A].
    residual : float
        Largest sum of currents at a node over the largest current (pure number).
    """

    found: NodeVoltages | None
    ends: dict[str, FloatArray]
    v: FloatArray
    current: FloatArray
    residual: float


class ArrayCircuit:
    """A crossbar of memristors whose states are given anew for each solve.

    Parameters
    ----------
    crossbar : Crossbar
        With a :class:`DeviceArray`.
    tolerance : float
        Of each solve (pure number).
    """

    def __init__(self, crossbar: Crossbar, tolerance: float) -> None:
        self.crossbar, self.devices, self.tolerance = crossbar, crossbar.devices, tolerance
        self.shape = crossbar.shape
        self.solver: LinearSolver = solver_for("auto", crossbar.shape, crossbar.wires, crossbar.terminations)
        self.functions = self.devices.kernel.functions
        self.constants, self.stuck = self.devices.constants, self.devices.stuck_flat
        wires, terminations = crossbar.wires, crossbar.terminations
        self.wires = wires
        self._behind = [
            np.stack([terminations.resistances(side, wires) for side in sides]) for sides in (SIDES[:2], SIDES[2:])
        ]
        inner = [("driven", wires.r_driver), ("sensed", wires.r_sense)]
        self._inner = [
            np.array([[_where(terminations.having(side, kind), r) for side in sides] for kind, r in inner])
            for sides in (SIDES[:2], SIDES[2:])
        ]
        self._g = np.empty(self.devices.states.size)
        self.solves = self.iterations = 0
        self.residual = 0.0

    def at(self, x: FloatArray, ends: dict[str, FloatArray], start: Any) -> Moment:
        """Solve for states and sources.

        Parameters
        ----------
        x : ndarray, shape (m n,)
            States (pure numbers).
        ends : dict of str to ndarray, shape (lines,)
            Voltages behind the ends [V].
        start : NodeVoltages or None
            A solution nearby.

        Returns
        -------
        Moment
            Voltages [V] and currents [A].
        """
        if self.devices.is_linear and not any(values.any() for values in ends.values()):
            # Nothing flows, and there is no largest current that errors could be related to.
            return Moment(None, ends, np.zeros(x.size), np.zeros(x.size), 0.0)
        batch = {side: values[None] for side, values in ends.items()}
        self.solves += 1
        if self.devices.is_linear:
            self.functions.fill_conductances(x, self.constants, self.stuck, self._g)
            g = self._g.reshape(self.shape)
            found = self.solver.solve(g, batch, None, start, self.tolerance)
            v = found.device_voltages[0].ravel()
            current = self._g * v
        else:
            devices = self.devices.with_states(x.reshape(self.shape))
            found = solve_nonlinear(self.solver, devices, batch, start, self.tolerance)
            v = found.device_voltages[0].ravel()
            current = devices.current(v.reshape(self.shape)).ravel()
        self.iterations += found.iterations
        return Moment(found, ends, v, current, found.residual)

    def rates(self, x: FloatArray, moment: Moment, out: FloatArray) -> None:
        """Fill in the rate of each state [1/s], shape (m n,)."""
        self.functions.fill_rates(moment.v[None], x, self.constants, self.stuck, out[None])

    def rates_and_slopes(self, x: FloatArray, moment: Moment, rate: FloatArray, slope: FloatArray) -> None:
        """Fill in the rate of each state and its derivative by the state [1/s], shape (m n,)."""
        self.functions.fill_rates_and_slopes(moment.v[None], x, self.constants, self.stuck, rate[None], slope[None])

    def holding_bounds(self, voltage: float) -> NDArray[np.int64]:
        """Bounds at which a state stays for ever, as windows that are zero there make it.

        Parameters
        ----------
        voltage : float
            That moves the states, with either sign [V].

        Returns
        -------
        ndarray, shape (m n,)
            0 where none does, 1 for the lower, 2 for the upper one, 3 for both.
        """
        n = self.devices.states.size
        rates = [
            (np.full(n, sign * voltage), np.full(n, x), np.empty((1, n)))
            for x in (0.5, 0.0, 1.0)
            for sign in (1.0, -1.0)
        ]
        for v, x, rate in rates:
            self.functions.fill_rates(v[None], x, self.constants, self.stuck, rate)
        holds = np.zeros(n, dtype=np.int64)
        kernels().find_holding_bounds(*(rate[0] for _, _, rate in rates), holds)
        return holds

    def terminal_currents(self, moment: Moment) -> tuple[dict[str, FloatArray], FloatArray]:
        """Currents out of the array into each end [A], by side, and powers in the order of :data:`POWERS` [W]."""
        m, n = self.shape
        powers, into_word, into_bit = np.empty(len(POWERS)), np.empty((2, m)), np.empty((2, n))
        ends = moment.ends
        kernels().find_currents_and_powers(
            moment.v.reshape(self.shape),
            moment.current.reshape(self.shape),
            self.wires.r_word,
            self.wires.r_bit,
            *self._behind,
            *self._inner,
            np.array([ends["left"], ends["right"]]),
            np.array([ends["top"], ends["bottom"]]),
            into_word,
            into_bit,
            powers,
        )
        return dict(zip(SIDES, (*into_word, *into_bit), strict=True)), powers


def _where(present: NDArray[np.bool_], r: float) -> FloatArray:
    """A resistance where there is one and current can pass it, 0 elsewhere [ohm]."""
    return np.where(present, r if np.isfinite(r) else 0.0, 0.0)
