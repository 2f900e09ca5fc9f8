"""A crossbar's nodes, wires, devices and ends as lines of a deck, written directly: an array has tens of thousands.

Names, which also stand at the head of each deck: word node (i, j) is ``w{i}_{j}``, bit node ``b{i}_{j}``; a line without
resistance is one node, ``w{i}`` or ``b{j}``. Device (i, j) is ``Rd{i}_{j}`` or ``Xd{i}_{j}``, its state the voltage of
``x{i}_{j}``. The segment that ends at a node is ``Rw{i}_{j}`` or ``Rb{i}_{j}``. An end of line k is the source
``Vleft{k}``, behind ``Rleft{k}`` (one segment with the driver or sensing input), and so on for the other sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.solving.connections import connected_nodes
from neuromorph.crossbars.terminations import SIDES, Terminations, Wires

__all__ = ["ArrayNetlist"]

Array = NDArray[np.float64]
Names = list[list[str]]


class ArrayNetlist:
    """The lines of one array.

    Parameters
    ----------
    devices : ndarray, shape (m, n), or DeviceArray
        Conductances [S], or memristors.
    wires : Wires
        Resistances [ohm].
    terminations : Terminations
        What the ends are joined to.

    Attributes
    ----------
    word, bit : list of list of str
        Names of the nodes, by row and column.
    connected : ndarray of bool, shape (2, m, n)
        Which nodes the deck has: those that a path joins to an end.
    """

    def __init__(self, devices: Any, wires: Wires, terminations: Terminations) -> None:
        self.devices, self.wires, self.terminations = devices, wires, terminations
        m, n = terminations.shape
        self.word: Names = [[f"w{i}"] * n if wires.r_word == 0 else [f"w{i}_{j}" for j in range(n)] for i in range(m)]
        bit_line = [f"b{j}" for j in range(n)]
        self.bit: Names = [bit_line if wires.r_bit == 0 else [f"b{i}_{j}" for j in range(n)] for i in range(m)]
        found = connected_nodes(self._conducting(), wires, terminations)
        self.connected: NDArray[np.bool_] = np.ones((2, m, n), dtype=bool) if found is None else found

    @property
    def _is_memristive(self) -> bool:
        return hasattr(self.devices, "model")

    def _conducting(self) -> Array:
        """Conductances, 1 S where a memristor works: which devices conduct at all [S]."""
        if not self._is_memristive:
            return np.asarray(self.devices)
        stuck = self.devices.stuck
        return np.ones(self.devices.shape) if stuck is None else np.where(np.isnan(stuck), 1.0, stuck)

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Which devices have a state that moves, shape (m, n)."""
        if not self._is_memristive:
            return np.zeros(self.terminations.shape, dtype=bool)
        return ~np.asarray(self.devices.is_stuck)

    def ends(self) -> dict[str, list[int]]:
        """The lines of each side whose end carries current: none that floats or is cut off."""
        finite = {side: np.isfinite(self.terminations.resistances(side, self.wires)) for side in SIDES}
        return {side: [int(k) for k in np.flatnonzero(finite[side])] for side in SIDES}

    def head(self) -> list[str]:
        """What the names mean, as comments."""
        word = "w<i>" if self.wires.r_word == 0 else "w<i>_<j>"
        bit = "b<j>" if self.wires.r_bit == 0 else "b<i>_<j>"
        m, n = self.terminations.shape
        return [
            f"* {m} word lines x {n} bit lines; word node (i, j) is {word}, bit node (i, j) is {bit}",
            "* Rd or Xd<i>_<j>: device from word to bit node; Rw, Rb<i>_<j>: segment that ends at node (i, j)",
            "* Vleft<i>, Vright<i>, Vtop<j>, Vbottom<j>: ends of the lines, i(V...) is the current out of the array",
        ]

    def wire_lines(self) -> list[str]:
        """Segments between nodes [ohm]; none on lines that nothing reaches."""
        lines: list[str] = []
        if 0 < self.wires.r_word < math.inf:
            r = repr(self.wires.r_word)
            for i in np.flatnonzero(self.connected[0, :, 0]).tolist():
                row = self.word[i]
                lines += [f"Rw{i}_{j} {row[j - 1]} {row[j]} {r}" for j in range(1, len(row))]
        if 0 < self.wires.r_bit < math.inf:
            r = repr(self.wires.r_bit)
            live = np.flatnonzero(self.connected[1, 0]).tolist()
            for i in range(1, len(self.bit)):
                above, row = self.bit[i - 1], self.bit[i]
                lines += [f"Rb{i}_{j} {above[j]} {row[j]} {r}" for j in live]
        return lines

    def end_lines(self, sources: Mapping[str, Sequence[Sequence[str] | None]]) -> list[str]:
        """Sources and resistors of the ends.

        Parameters
        ----------
        sources : mapping of str to sequence
            By side and line: what stands behind the nodes of a driven end's source, as one line and those that go on
            [V]; ``None`` for the ends that are held at 0 V.

        Returns
        -------
        list of str
            Lines in SI units.
        """
        lines = []
        for side, ends in self.ends().items():
            resistances = self.terminations.resistances(side, self.wires).tolist()
            for k in ends:
                first, *rest = sources[side][k] or ("0",)
                node = self._outermost(side, k)
                if resistances[k] == 0:
                    lines += [f"V{side}{k} {node} 0 {first}", *rest]
                else:
                    lines += [
                        f"V{side}{k} {side}{k} 0 {first}",
                        *rest,
                        f"R{side}{k} {node} {side}{k} {resistances[k]!r}",
                    ]
        return lines

    def pins(self, side: str) -> dict[int, str]:
        """Where a side is entered when the array is a subcircuit: the node by line, without those that are cut off."""
        resistances = self.terminations.resistances(side, self.wires)
        return {k: f"{side}{k}" if resistances[k] > 0 else self._outermost(side, k) for k in self.ends()[side]}

    def pin_lines(self, side: str) -> list[str]:
        """Resistors between the pins of a side and its lines [ohm]."""
        resistances = self.terminations.resistances(side, self.wires).tolist()
        return [
            f"R{pin} {self._outermost(side, k)} {pin} {resistances[k]!r}"
            for k, pin in self.pins(side).items()
            if resistances[k] > 0
        ]

    def _outermost(self, side: str, k: int) -> str:
        if side in ("left", "right"):
            return self.word[k][0 if side == "left" else -1]
        return self.bit[0 if side == "top" else -1][k]

    def device_lines(self, held: bool, *, explicit: bool = False) -> list[str]:
        """Devices, with the subcircuit that they need.

        Parameters
        ----------
        held : bool
            Whether the states of memristors are numbers that do not move, not nodes.
        explicit : bool
            Whether each instance states all parameters, for a deck in which others of its kind have other values.

        Returns
        -------
        list of str
            Lines in SI units.

        Raises
        ------
        ValueError
            When a conductance is so small that its resistance is infinite.
        """
        if not self._is_memristive:
            return self._resistors(np.asarray(self.devices))
        working, model = self.moving, self.devices.model
        stuck = self._resistors(np.where(working, 0.0, np.nan_to_num(self._conducting())))
        if not working.any():
            return stuck
        text = held_subcircuit(model) if held else model.subcircuit()
        return [*text.rstrip("\n").split("\n"), *self._instances(held, explicit), *stuck]

    def _instances(self, held: bool, explicit: bool) -> list[str]:
        model, (m, n) = self.devices.model, self.devices.shape
        name = f"{model.subcircuit_name}_held" if held else model.subcircuit_name
        varied = {"x": self.devices.states} if held else {}
        varied |= {
            key: self.devices.parameter(key) for key in (model.values() if explicit else self.devices.variations)
        }
        values = [[f" {key}={value!r}" for value in np.ravel(of).tolist()] for key, of in varied.items()]
        settings = ["".join(of) for of in zip(*values, strict=True)] if values else [""] * (m * n)
        moving, live = self.moving.ravel().tolist(), self.connected.all(axis=0).ravel().tolist()
        lines, k = [], 0
        for i in range(m):
            for j, (word, bit) in enumerate(zip(self.word[i], self.bit[i], strict=True)):
                if moving[k] and not (held and not live[k]):
                    # Nothing reaches the device: no voltage, but its state still moves.
                    pins = f"{word} {bit}" if live[k] else "0 0"
                    lines.append(f"Xd{i}_{j} {pins} {'' if held else f'x{i}_{j} '}{name}{settings[k]}")
                k += 1
        return lines

    def _resistors(self, g: Array) -> list[str]:
        g = np.where(self.connected.all(axis=0), g, 0.0)
        with np.errstate(divide="ignore", over="ignore"):
            resistance = 1.0 / g
        unusable = np.isinf(resistance) & (g > 0)
        if unusable.any():
            i, j = (int(k) for k in np.argwhere(unusable)[0])
            raise ValueError(
                f"the conductance of device ({i}, {j}), {g[i, j]} S, has no finite resistance, which a deck needs: give 0 S "
                "for an open device"
            )
        rows = enumerate(zip(self.word, self.bit, resistance.tolist(), strict=True))
        if (g > 0).all():
            return [f"Rd{i}_{j} {word[j]} {bit[j]} {r!r}" for i, (word, bit, row) in rows for j, r in enumerate(row)]
        return [
            f"Rd{i}_{j} {word[j]} {bit[j]} {r!r}"
            for i, (word, bit, row) in rows
            for j, r in enumerate(row)
            if r != math.inf
        ]

    def state_nodes(self) -> list[str]:
        """Nodes whose voltages are the states of the devices that work, row by row."""
        return [f"x{i}_{j}" for i, j in np.argwhere(self.moving).tolist()]

    def initial_states(self) -> list[str]:
        """The states at time zero, for ``.ic`` lines (pure numbers)."""
        values = np.asarray(self.devices.states)[self.moving].tolist()
        return [f"v({node})={value!r}" for node, value in zip(self.state_nodes(), values, strict=True)]


def held_subcircuit(model: Any) -> str:
    """A memristor whose state is a parameter: what an operating point needs.

    Parameters
    ----------
    model : MemristorModel
        Gives the current's equation, and the defaults of the parameters [SI units].

    Returns
    -------
    str
        From ``.subckt`` to ``.ends``, with the pins ``p n``.
    """
    from neuromorph.equations import print_ngspice

    current, _ = model.expressions()
    # A parameter keeps every digit, and its value is pasted bare, hence the parentheses.
    names = {"v": "v(p,n)", "x": "({x})", **{name: f"({{{name}}})" for name in model.values()}}
    name = f"{model.subcircuit_name}_held"
    parameters = " ".join(f"{key}={value!r}" for key, value in {"x": 0.5, **model.values()}.items())
    return "\n".join(
        [
            f"* {name}: current from p to n, state x held",
            f".subckt {name} p n params: {parameters}",
            f"Bcurrent p n I={print_ngspice(current, names)}",
            f".ends {name}",
        ]
    )
