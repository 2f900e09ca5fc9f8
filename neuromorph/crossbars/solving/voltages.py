"""Node voltages with more digits than a double has, and how well they fulfil Kirchhoff's current law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES, Terminations, Wires
from neuromorph.equations import load_kernel
from neuromorph.errors import ConvergenceError

__all__ = ["Array", "Boundary", "NodeVoltages", "drop", "read_only", "refuse_not_finite"]

Array = NDArray[np.float64]


def drop(high: Array, low: Array, other_high: Array, other_low: Array) -> Array:
    """Differences of voltages that are sums of two doubles, exact to the last digits of one [V].

    Source of the exact difference: D. E. Knuth, The Art of Computer Programming, volume 2, section 4.2.2, theorem B.
    """
    difference = high - other_high
    part = difference - high
    lost = (high - (difference - part)) - (other_high + part)
    return difference + (lost + (low - other_low))


class Boundary:
    """The ends of an array as the kernels read them.

    Parameters
    ----------
    wires, terminations
        Of the array.
    """

    def __init__(self, wires: Wires, terminations: Terminations) -> None:
        self.wires, self.terminations = wires, terminations
        self.conductances_word, self.fixed_word = self._ends("left", "right")
        self.conductances_bit, self.fixed_bit = self._ends("top", "bottom")

    def _ends(self, *sides: str) -> tuple[Array, NDArray[np.bool_]]:
        resistances = np.stack([self.terminations.resistances(side, self.wires) for side in sides])
        fixed = resistances == 0
        return np.divide(1.0, resistances, out=np.zeros_like(resistances), where=~fixed), fixed


@dataclass(frozen=True, eq=False)
class NodeVoltages:
    """The voltages of an array's nodes, and the currents that follow from them.

    Kirchhoff's current law is evaluated at every node when an object is made, from these voltages and the statement
    of the array alone.

    Parameters
    ----------
    g : ndarray, shape (m, n) or (p, m, n)
        Conductances [S].
    boundary : Boundary
        Wires and ends of the array.
    ends : dict of str to ndarray, shape (p, lines)
        Voltages behind the ends of each side [V].
    high, low : ndarray, shape (p, 2, m, n)
        The voltages are the sums [V]: word layer, then bit layer. With one double, a wire of 1e-9 ohm would carry
        1e-7 A of rounding error.
    connected : ndarray of bool, shape (2, m, n), optional
        Which nodes a path of conductors joins to a fixed voltage, where that is not all of them.
    offsets : ndarray, shape (1 or p, m, n), optional
        Currents of the devices at no voltage [A].
    iterations : int
        Of the solver (pure number).
    method : str
        The solver.
    imbalance : ndarray, shape (p, 2, m, n), optional
        Room for the sums of the currents out of each node [A], which are 0 in a perfect solution.
    """

    g: Array
    boundary: Boundary
    ends: dict[str, Array]
    high: Array
    low: Array
    connected: NDArray[np.bool_] | None = None
    offsets: Array | None = None
    iterations: int = 0
    method: str = ""
    imbalance: Array | None = None
    terminal_currents: dict[str, Array] = field(init=False)
    """Out of the array into each end, by side, shape (p, lines) [A]."""
    scale: Array = field(init=False)
    """Largest current of each vector, shape (p,) [A]."""
    largest_device_current: Array = field(init=False)
    """Largest current in a device of each vector, shape (p,) [A]."""
    residuals: Array = field(init=False)
    """Largest sum of currents at a node over the largest current, shape (p,) (pure number)."""
    error_bounds: Array = field(init=False)
    """Bound on the error of any current over the largest current, shape (p,) (pure number).

    What a node lacks of Kirchhoff's law is a current that is injected there and leaves at the ends. No branch of
    resistors carries more than all of it, so the sum over the nodes bounds the error of every branch.
    """

    lacking: Array = field(init=False)
    """Sum over the nodes of what they lack of KCL, shape (p,) [A]."""
    rounding: Array = field(init=False)
    """What the error bound may be for no other reason than that currents are doubles, shape (p,) (pure number)."""

    def __post_init__(self) -> None:
        p, _, m, n = self.high.shape
        imbalance = np.empty_like(self.high) if self.imbalance is None else self.imbalance
        boundary, nothing = self.boundary, read_only(np.empty((0, 0, 0)))
        terminal_word, terminal_bit = np.empty((2, p, m)), np.empty((2, p, n))
        scale, of_devices, largest, total, moved = np.empty((5, p))
        balance_kernel().balance(
            read_only(self.g).reshape(-1, m, n),
            nothing if self.offsets is None else self.offsets,
            boundary.wires.r_word,
            boundary.wires.r_bit,
            boundary.conductances_word,
            boundary.conductances_bit,
            boundary.fixed_word,
            boundary.fixed_bit,
            np.stack([self.ends["left"], self.ends["right"]]),
            np.stack([self.ends["top"], self.ends["bottom"]]),
            self.high,
            self.low,
            np.empty((0, 0, 0), dtype=bool) if self.connected is None else self.connected,
            terminal_word,
            terminal_bit,
            imbalance,
            scale,
            of_devices,
            largest,
            total,
            moved,
        )
        found: dict[str, Any] = {
            "imbalance": imbalance,
            "terminal_currents": dict(zip(SIDES, (*terminal_word, *terminal_bit), strict=True)),
            "scale": scale,
            "largest_device_current": of_devices,
            "residuals": _over(largest, scale),
            "lacking": total,
            "error_bounds": _over(total, scale),
            "rounding": _over(2.0 * np.finfo(float).eps * moved, scale),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def with_balance_of(self, other: NodeVoltages) -> NodeVoltages:
        """These voltages with the residual and the currents into the ends of others [A]."""
        for name in ("terminal_currents", *_OF_VECTORS):
            object.__setattr__(self, name, getattr(other, name))
        return self

    def allowed(self, tolerance: float) -> Array:
        """What the nodes may lack in sum of KCL for a tolerance, shape (p,) [A].

        That share of the largest current; where currents pass the devices by, from end to end of a line, a thousand
        times that share of the largest device current.
        """
        devices = 1e3 * self.largest_device_current if self.g.any() else np.inf
        return tolerance * np.minimum(self.scale, devices)

    @classmethod
    def joined(cls, parts: Sequence[NodeVoltages], high: Array | None = None, low: Array | None = None) -> NodeVoltages:
        """Batches of vectors as one.

        Parameters
        ----------
        parts : sequence of NodeVoltages
            Of the same array.
        high, low : ndarray, shape (p, 2, m, n), optional
            Their voltages one after the other, where these are at hand [V].

        Returns
        -------
        NodeVoltages
            With what was evaluated for the parts.
        """
        first = parts[0]
        if len(parts) == 1:
            return first
        whole = object.__new__(cls)
        values: dict[str, Any] = {
            "boundary": first.boundary,
            "connected": first.connected,
            "imbalance": None,
            "method": first.method if all(part.method == first.method for part in parts) else "auto",
            "iterations": max(part.iterations for part in parts),
            "high": np.concatenate([part.high for part in parts]) if high is None else high,
            "low": np.concatenate([part.low for part in parts]) if low is None else low,
        }
        for name in ("ends", "terminal_currents"):
            values[name] = {side: np.concatenate([getattr(part, name)[side] for part in parts]) for side in SIDES}
        for name in _OF_VECTORS:
            values[name] = np.concatenate([getattr(part, name) for part in parts])
        for name in ("g", "offsets"):
            given = [getattr(part, name) for part in parts]
            # Views of one array count as that array.
            shared = all(
                value is given[0]
                or (
                    value is not None
                    and given[0] is not None
                    and value.shape == given[0].shape
                    and value.ctypes.data == given[0].ctypes.data
                )
                for value in given
            )
            cells = first.high.shape[2:]
            values[name] = (
                given[0]
                if shared
                else np.concatenate(
                    [
                        np.broadcast_to(value.reshape(-1, *cells), (len(part.high), *cells))
                        for value, part in zip(given, parts, strict=True)
                    ]
                )
            )
        for name, value in values.items():
            object.__setattr__(whole, name, value)
        return whole

    @cached_property
    def device_voltages(self) -> Array:
        """Word minus bit node, shape (p, m, n) [V]; 0 at devices without a connection to any fixed voltage."""
        u = np.empty((len(self.high), *self.high.shape[2:]))
        balance_kernel().device_voltages(self.high, self.low, u)
        return u if self.connected is None else np.where(self.connected.all(axis=0), u, 0.0)

    @cached_property
    def device_currents(self) -> Array:
        """From word to bit node, shape (p, m, n) [A]."""
        currents = self.g * self.device_voltages
        return currents if self.offsets is None else currents + self.offsets

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
        voltages = self.high + self.low
        if self.connected is not None:
            voltages[:, ~self.connected] = np.nan
        return voltages


_OF_VECTORS = ("scale", "largest_device_current", "residuals", "lacking", "error_bounds", "rounding")


def read_only(values: Any) -> Array:
    """Numbers as the kernels take them: one after the other, not to be written, so that they are compiled once."""
    view = np.ascontiguousarray(values, dtype=float).view()
    view.flags.writeable = False
    return view


def refuse_not_finite(g: Array, ends: dict[str, Array], offsets: Array | None) -> None:
    """Stop before a solver works with what is not a number.

    Parameters
    ----------
    g : ndarray, shape (m, n)
        Conductances [S].
    ends : dict of str to ndarray, shape (p, lines)
        Voltages behind the ends [V].
    offsets : ndarray, shape (1 or p, m, n), optional
        Currents of the devices at no voltage [A].

    Raises
    ------
    ConvergenceError
        Names the first device or side.
    """
    for name, values in (("conductance", g), ("current at no voltage", offsets)):
        if values is not None and not np.isfinite(values).all():
            i, j = (int(k) for k in np.argwhere(~np.isfinite(values))[0][-2:])
            raise ConvergenceError(f"the {name} of device ({i}, {j}) is not finite")
    for side, volts in ends.items():
        if not np.isfinite(volts).all():
            raise ConvergenceError(f"a voltage of side {side} is not finite")


def balance_kernel() -> ModuleType:
    """The compiled loops of ``balance_kernel.py``; every kind of argument is compiled once and kept on disk."""
    global _kernel
    if _kernel is None:
        text = resources.files("neuromorph.crossbars.solving").joinpath("balance_kernel.py").read_text("utf-8")
        _kernel = load_kernel("crossbar_balance", text)
    return _kernel


_kernel: ModuleType | None = None


def _over(amounts: Array, scale: Array) -> Array:
    # Beyond what a double holds where wires are next to nothing: whoever reads the bounds refuses them.
    with np.errstate(over="ignore", invalid="ignore"):
        return np.divide(amounts, scale, out=np.where(amounts > 0, np.inf, 0.0), where=scale > 0)
