"""Node voltages with more digits than a double has, and how well they fulfil Kirchhoff's current law."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES, Terminations, Wires

__all__ = ["NodeVoltages", "drop"]

Array = NDArray[np.float64]


def drop(high: Array, low: Array, other_high: Array, other_low: Array) -> Array:
    """Differences of voltages that are sums of two doubles, exact to the last digits of one [V].

    Source of the exact difference: D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
    """
    difference = high - other_high
    part = difference - high
    lost = (high - (difference - part)) - (other_high + part)
    return difference + (lost + (low - other_low))


@dataclass(frozen=True, eq=False)
class NodeVoltages:
    """The voltages of an array's nodes, and the currents that follow from them.

    Parameters
    ----------
    g : ndarray, shape (m, n)
        Conductances [S].
    wires, terminations
        Of the array.
    ends : dict of str to ndarray, shape (p, lines)
        Voltages behind the ends of each side [V].
    high, low : ndarray, shape (p, 2, m, n)
        The voltages are the sums [V]: word layer, then bit layer. With one double, a wire of 1e-9 ohm would carry
        1e-7 A of rounding error.
    connected : ndarray of bool, shape (2, m, n)
        Which nodes a path of conductors joins to a fixed voltage.
    offsets : ndarray, shape (m, n) or (p, m, n), optional
        Currents of the devices at no voltage [A].
    iterations : int
        Of the solver (pure number).
    method : str
        The solver.
    """

    g: Array
    wires: Wires
    terminations: Terminations
    ends: dict[str, Array]
    high: Array
    low: Array | None
    connected: NDArray[np.bool_]
    offsets: Array | None = None
    iterations: int = 0
    method: str = ""
    _cache: dict[str, Array] = field(default_factory=dict, repr=False)

    @cached_property
    def _low(self) -> Array:
        return np.zeros_like(self.high) if self.low is None else self.low

    @cached_property
    def device_voltages(self) -> Array:
        """Word minus bit node, shape (p, m, n) [V]; 0 at devices without a connection to any fixed voltage."""
        high, low = self.high, self._low
        u = drop(high[:, 0], low[:, 0], high[:, 1], low[:, 1])
        return np.where(self.connected.all(axis=0), u, 0.0)

    @cached_property
    def device_currents(self) -> Array:
        """From word to bit node, shape (p, m, n) [A]."""
        currents = self.g * self.device_voltages
        return currents if self.offsets is None else currents + self.offsets

    @cached_property
    def _balance(self) -> tuple[dict[str, Array], Array, Array]:
        """Currents into the ends, current out of each node along all branches, largest current of each vector."""
        terminal: dict[str, Array] = {}
        imbalance = np.zeros_like(self.high)
        d = self.device_currents
        scale = np.abs(d).max(axis=(1, 2))
        self._balance_layer(0, d, ("left", "right"), terminal, imbalance[:, 0], scale)
        # Bit lines are word lines of the transposed array, with currents reversed.
        transposed = np.swapaxes(imbalance[:, 1], 1, 2)
        self._balance_layer(1, -np.swapaxes(d, 1, 2), ("top", "bottom"), terminal, transposed, scale)
        return terminal, imbalance, scale

    def _balance_layer(
        self, layer: int, d: Array, sides: tuple[str, str], terminal: dict[str, Array], out: Array, scale: Array
    ) -> None:
        high, low, live = self.high[:, layer], self._low[:, layer], self.connected[layer]
        if layer == 1:
            high, low, live = np.swapaxes(high, 1, 2), np.swapaxes(low, 1, 2), live.T
        r = self.wires.segment(sides[0])
        stiff = np.zeros(high.shape[1], dtype=bool)
        out[...] = d
        for side, k in zip(sides, (0, -1), strict=True):
            resistance = self.terminations.resistances(side, self.wires)
            stiff |= resistance == 0
            difference = drop(high[:, :, k], low[:, :, k], self.ends[side], np.zeros(1))
            with np.errstate(divide="ignore", invalid="ignore"):
                terminal[side] = np.where(np.isfinite(resistance) & (resistance > 0), difference / resistance, 0.0)
            out[:, :, k] += terminal[side]
        if 0 < r < np.inf and out.shape[2] > 1:
            along = drop(high[:, :, :-1], low[:, :, :-1], high[:, :, 1:], low[:, :, 1:]) / r
            out[:, :, :-1] += along
            out[:, :, 1:] -= along
            np.maximum(scale, np.abs(along).max(axis=(1, 2)), out=scale)
        for side in sides:
            fixed = self.terminations.resistances(side, self.wires) == 0
            terminal[side] = np.where(fixed, -out.sum(axis=2), terminal[side])
            np.maximum(scale, np.abs(terminal[side]).max(axis=1), out=scale)
        out[:, stiff] = 0.0
        out *= live

    @cached_property
    def _lacking(self) -> Array:
        """Largest sum of currents at a node, and the sum over all nodes, of each vector [A]."""
        lacking = np.zeros((2, len(self.high)))
        for layer, r in ((0, self.wires.r_word), (1, self.wires.r_bit)):
            # A line without resistance is one node.
            out = self.imbalance[:, layer].sum(axis=2 - layer) if r == 0 else self.imbalance[:, layer]
            amounts = np.abs(out).reshape(len(out), -1)
            lacking[0] = np.maximum(lacking[0], amounts.max(axis=1))
            lacking[1] += amounts.sum(axis=1)
        return lacking

    @property
    def imbalance(self) -> Array:
        """Sum of the currents out of each node, 0 in a perfect solution, shape (p, 2, m, n) [A]."""
        return self._balance[1]

    @property
    def terminal_currents(self) -> dict[str, Array]:
        """Out of the array into each end, by side, shape (p, lines) [A]."""
        return {side: self._balance[0][side] for side in SIDES}

    @cached_property
    def scale(self) -> Array:
        """Largest current of each vector, shape (p,) [A]."""
        return self._balance[2]

    @cached_property
    def residuals(self) -> Array:
        """Largest sum of currents at a node over the largest current, shape (p,) (pure number)."""
        return _over(self._lacking[0], self.scale)

    @cached_property
    def error_bounds(self) -> Array:
        """Bound on the error of any current over the largest current, shape (p,) (pure number).

        What a node lacks of Kirchhoff's law is a current that is injected there and leaves at the ends. No branch of
        resistors carries more than all of it, so the sum over the nodes bounds the error of every branch.
        """
        return _over(self._lacking[1], self.scale)

    @property
    def residual(self) -> float:
        """Largest of :attr:`residuals` (pure number)."""
        return float(self.residuals.max())

    @property
    def error_bound(self) -> float:
        """Largest of :attr:`error_bounds` (pure number)."""
        return float(self.error_bounds.max())

    def shown(self) -> Array:
        """Voltages as doubles, NaN at nodes without a connection to any fixed voltage, shape (p, 2, m, n) [V]."""
        return np.where(self.connected, self.high if self.low is None else self.high + self.low, np.nan)


def _over(amounts: Array, scale: Array) -> Array:
    return np.divide(amounts, scale, out=np.zeros_like(amounts), where=scale > 0)
