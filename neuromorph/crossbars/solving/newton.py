"""Newton's method on top of the solver for linear devices: what bends in the devices, not in the wires.

Each device is replaced by its tangent, a conductance and an offset, until the tangents meet the curves. For devices whose
current grows with the voltage the solution is the one minimum of a convex function of the node voltages, the
network's co-content, and Newton's steps with a line search reach it from anywhere. (Co-content: W. Millar, Phil. Mag. 42
(1951) 1150.)
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import ConvergenceError

if TYPE_CHECKING:
    from neuromorph.crossbars.device_array import DeviceArray
    from neuromorph.crossbars.solving.voltages import NodeVoltages

__all__ = ["LinearSolver", "solve_nonlinear"]

FloatArray = NDArray[np.float64]

_MOST_ITERATIONS = 200
# Share of the slope along a step that may be left at its end: less is a better step, and costs evaluations.
_SLOPE_LEFT = 0.5
_MOST_TRIALS = 60
# Far from the solution, the tangent of a steep device leads to currents that no wire carries: it is then drawn where
# the device carries the current that was promised, not at the voltage. (The larger factor overshoots.)
_OVERSHOOT = 4.0
_MOST_COLD_STARTS = 8
_HALVINGS = 24
# A device that is flat at one voltage need not be so at the next: it counts as this part of the best conductor.
_LEAST_SHARE = 1e-9


class LinearSolver(Protocol):
    """What solves an array of linear devices: :class:`LineSolver` or :class:`DirectSolver`."""

    def solve(
        self,
        g: FloatArray,
        ends: dict[str, FloatArray],
        device_offsets: FloatArray | None = None,
        start: Any = None,
        tolerance: float = 1e-12,
    ) -> NodeVoltages:
        """Node voltages [V] of devices with conductances `g` [S] and offsets [A]."""


def solve_nonlinear(
    solver: LinearSolver,
    devices: DeviceArray,
    ends: dict[str, FloatArray],
    start: NodeVoltages | FloatArray | None = None,
    tolerance: float = 1e-12,
) -> NodeVoltages:
    """Node voltages of an array of devices whose currents are not linear in the voltage.

    Parameters
    ----------
    solver : LinearSolver
        Of the same shape, wires and terminations.
    devices : DeviceArray
        The devices in their states, shape (m, n).
    ends : dict of str to ndarray, shape (1, lines)
        Voltages behind the ends of each side [V].
    start : NodeVoltages or ndarray, shape (1, 2, m, n), optional
        Where to start from [V]; by default without any voltage.
    tolerance : float
        Bound on what Kirchhoff's law lacks, over the largest current (pure number).

    Returns
    -------
    NodeVoltages
        Whose device currents are those of the devices' own equations, so that its residual is that of the original
        equations; ``iterations`` counts all those of the linear solver.

    Raises
    ------
    ConvergenceError
        When the steps stop short of the tolerance; says how far they came.

    Notes
    -----
    A device with a negative differential conductance is replaced by a line of the opposite slope through the same
    point: the method then converges linearly, to one of the solutions, or fails; the residual is never that of the
    replacement.
    """
    if start is None:
        return _solved(solver, devices, ends, None, tolerance)
    try:
        return _solved(solver, devices, ends, start, tolerance)
    except ConvergenceError:
        # Tangents of a time with large currents have no digits left for one with hardly any.
        return _solved(solver, devices, ends, None, tolerance)


def _solved(
    solver: LinearSolver,
    devices: DeviceArray,
    ends: dict[str, FloatArray],
    start: NodeVoltages | FloatArray | None,
    tolerance: float,
) -> NodeVoltages:
    shape = devices.shape
    reach = max((float(np.abs(v).max()) for v in ends.values() if v.size), default=0.0)
    is_open = _carry_nothing(devices, reach)
    if start is None:
        v = np.zeros(shape)
    else:
        v = start[0, 0] - start[0, 1] if isinstance(start, np.ndarray) else start.device_voltages[0]
    current, slope = devices.current_and_slope(v)
    lacking: FloatArray | None = None
    near: Any = start
    iterations, share, cold = 0, 1.0, 0
    # Rounding leaves something of each device's current.
    enough = max(tolerance, 4e-16 * v.size)
    for _ in range(_MOST_ITERATIONS):
        if not (np.isfinite(current).all() and np.isfinite(slope).all()):
            raise ConvergenceError(
                f"Newton's method on the {shape[0]} x {shape[1]} array went to {float(np.abs(v).max()):.3g} V, where a device of "
                f"{type(devices.model).__name__} has no finite current: devices whose currents fall ever faster have no "
                "stable solution"
            )
        g = _tangents(current, slope, v, is_open)
        # While the devices' bend leaves much to the next step, the lines need not be solved to their last digit.
        accuracy = 0.1 * tolerance if share < 1e-3 else max(0.1 * tolerance, 1e-6)
        found = solver.solve(g, ends, current - g * v, start=near, tolerance=accuracy)
        near = found
        iterations += found.iterations
        step = found.device_voltages[0] - v
        # The first tangents give voltages that fulfil Kirchhoff's law, whatever the start was; the last ones likewise.
        length = 1.0 if lacking is None or share <= enough else _step_length(devices, v, step, g, current, lacking)
        v_next = v + length * step
        next_current, slope = devices.current_and_slope(v_next)
        if lacking is None and cold < _MOST_COLD_STARTS:
            wanted = current + g * step
            overshot = ~(np.abs(next_current) <= _OVERSHOOT * np.abs(wanted))
            if np.any(overshot & (wanted != 0.0)):
                cold += 1
                v = np.where(overshot, _voltages_of(devices, wanted, v, v_next), v_next)
                current, slope = devices.current_and_slope(v)
                continue
        kept = 0.0 if lacking is None else (1.0 - length) * lacking
        lacking = kept + next_current - current - g * (v_next - v)
        v, current = v_next, next_current
        # Of all currents: a device at the end of a floating line carries nothing but rounding.
        scale = max(float(np.abs(current).max()), float(found.scale.max()))
        share = float(np.abs(lacking).sum()) / scale if scale > 0 else float(np.abs(lacking).sum() > 0)
        if length == 1.0 and share + found.error_bound <= max(enough, 2.0 * float(found.rounding.max())):
            return dataclasses.replace(found, offsets=(current - g * v)[None], iterations=iterations)
    raise ConvergenceError(
        f"Newton's method on the {shape[0]} x {shape[1]} array lacks {share:.3g} of the largest current after "
        f"{_MOST_ITERATIONS} steps, more than the tolerance {tolerance:.3g}: raise the tolerance, or start from the "
        "solution of a smaller voltage; devices with a negative differential conductance may have no stable solution"
    )


def _carry_nothing(devices: DeviceArray, reach: float) -> NDArray[np.bool_]:
    """Devices that are open at any voltage: those without current at three different ones."""
    empty = np.ones(devices.shape, dtype=bool)
    for v in (-max(reach, 1e-3), 0.37 * max(reach, 1e-3), max(reach, 1e-3)):
        empty &= devices.current(np.full(devices.shape, v)) == 0.0
    return empty


def _tangents(current: FloatArray, slope: FloatArray, v: FloatArray, is_open: NDArray[np.bool_]) -> FloatArray:
    g = np.abs(slope)
    best = float(g.max())
    if best == 0.0:
        # Everything is flat here: any conductance shows the way.
        best = float(np.abs(current).max()) / max(float(np.abs(v).max()), 1e-3) or 1e-6
    np.maximum(g, _LEAST_SHARE * best, out=g)
    g[is_open] = 0.0
    return g


def _voltages_of(devices: DeviceArray, wanted: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where between two voltages each device carries the current that its tangent promised [V]."""
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        current = devices.current(middle)
        # Not <=, which would pass over what is not a number.
        beyond = ~(np.abs(current) < np.abs(wanted))
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return 0.5 * (low + high)


def _step_length(
    devices: DeviceArray, v: FloatArray, step: FloatArray, g: FloatArray, current: FloatArray, lacking: FloatArray
) -> float:
    """How far to go: to where the co-content has stopped to fall along the step, about."""

    def slope_at(length: float) -> float:
        v_there = v + length * step
        there = (1.0 - length) * lacking + devices.current(v_there) - current - g * (v_there - v)
        return float((step * there).sum())

    before = float((step * lacking).sum())
    # A step that goes nowhere, or upwards for rounding, is taken as it is.
    if not before < 0.0:
        return 1.0
    low, high, length = 0.0, np.inf, 1.0
    for _ in range(_MOST_TRIALS):
        slope = slope_at(length)
        if abs(slope) <= -_SLOPE_LEFT * before:
            break
        if slope < 0.0:
            low = length
            length = 2.0 * length if high == np.inf else 0.5 * (low + high)
        else:
            # Not a number where the current overflowed.
            high = length
            length = 0.5 * (low + high) if low > 0.0 else 0.3 * high
    return length
