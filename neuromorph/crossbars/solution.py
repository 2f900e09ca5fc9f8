"""What a solved crossbar shows: voltages, currents, outputs, what the wires take, and where the power goes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.solving.voltages import NodeVoltages
from neuromorph.crossbars.terminations import SIDES

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar

__all__ = ["CrossbarSolution", "SolveInterrupted"]

Array = NDArray[np.float64]


class SolveInterrupted(KeyboardInterrupt):
    """Ctrl-C during a solve of many vectors; the message says how many are solved.

    Parameters
    ----------
    message : str
        How many of how many vectors.
    result : CrossbarSolution
        Of the first vectors, those that are solved [SI units].
    """

    def __init__(self, message: str, result: CrossbarSolution) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True, eq=False)
class CrossbarSolution:
    """Stationary voltages and currents of a crossbar, for one vector of voltages or a batch of p.

    Shapes below are those for one vector; a batch has p before them.

    Parameters
    ----------
    crossbar : Crossbar
        What was solved.
    voltages : NodeVoltages
        All digits of the voltages.
    single : bool
        Whether one vector was given.
    """

    crossbar: Crossbar
    voltages: NodeVoltages
    single: bool

    def _shown(self, values: Array) -> Array:
        return values[0] if self.single else values

    @property
    def node_voltages(self) -> Array:
        """Word layer and bit layer, shape (2, m, n) [V]; NaN where nothing joins a node to any end."""
        return self._shown(self.voltages.shown())

    @property
    def word_voltages(self) -> Array:
        """Voltages of the word nodes, shape (m, n) [V]."""
        return self.node_voltages[..., 0, :, :]

    @property
    def bit_voltages(self) -> Array:
        """Voltages of the bit nodes, shape (m, n) [V]."""
        return self.node_voltages[..., 1, :, :]

    @property
    def device_voltages(self) -> Array:
        """Word minus bit node, shape (m, n) [V]; 0 where nothing joins a device to any end."""
        return self._shown(self.voltages.device_voltages)

    @property
    def device_currents(self) -> Array:
        """From word to bit line, shape (m, n) [A]."""
        return self._shown(self.voltages.device_currents)

    @property
    def terminal_currents(self) -> dict[str, Array]:
        """Currents out of the array into each end, by side, shape (lines,) [A]; 0 at floating ends."""
        return {side: self._shown(i) for side, i in self.voltages.terminal_currents.items()}

    @property
    def output_currents(self) -> Array:
        """Currents into the sensed ends, in the order left, right, top, bottom, shape (outputs,) [A]."""
        having = self.crossbar.terminations.having
        sensed = [i[..., having(side, "sensed")] for side, i in self.terminal_currents.items()]
        return np.concatenate(sensed, axis=-1)

    @cached_property
    def ir_drop(self) -> Array:
        """What each device lacks of its voltage with wires of no resistance, shape (m, n) [V].

        Drivers and sensing inputs keep their resistance. A line between two ends that are held without resistance has
        no single voltage then: its segments are taken as 1e-9 of what they are, at most 1e-6 ohm, which leaves the
        divider they form.
        """
        driven = self.crossbar.terminations.sides_with("driven")
        ideal = self.crossbar.with_ideal_wires().solve({side: self.voltages.ends[side] for side in driven})
        return self._shown(ideal.voltages.device_voltages - self.voltages.device_voltages)

    @property
    def residual(self) -> float:
        """Largest sum of the currents at a node over the largest current (pure number)."""
        return self.voltages.residual

    @property
    def error_bound(self) -> float:
        """Bound on the error of any current over the largest current (pure number)."""
        return self.voltages.error_bound

    @property
    def iterations(self) -> int:
        """Iterations of the solver (pure number)."""
        return self.voltages.iterations

    @property
    def method(self) -> str:
        """``"lines"`` or ``"direct"``."""
        return self.voltages.method

    @property
    def power(self) -> dict[str, Any]:
        """Where the power goes [W]: ``delivered`` by the sources, and what ``devices``, ``word_lines``, ``bit_lines``,
        ``drivers`` and ``sensing`` take.
        """
        volts, wires = self.voltages, self.crossbar.wires
        currents, d = volts.terminal_currents, volts.device_currents
        power = {"delivered": -np.add.reduce([(volts.ends[s] * currents[s]).sum(axis=1) for s in SIDES])}
        power["devices"] = (volts.device_voltages * d).sum(axis=(1, 2))
        for name, r, sides, out in (
            ("word_lines", wires.r_word, ("left", "right"), d),
            ("bit_lines", wires.r_bit, ("top", "bottom"), -np.swapaxes(d, 1, 2)),
        ):
            first, last = (currents[side] for side in sides)
            # Kirchhoff's law from the first end on: what is left of the line's current behind each device.
            along = -np.cumsum(np.concatenate([first[..., None], out], axis=2), axis=2)[..., :-1]
            squares = (along[..., 1:] ** 2).sum(axis=(1, 2)) + (first**2).sum(axis=1) + (last**2).sum(axis=1)
            power[name] = r * squares if 0 < r < np.inf else np.zeros_like(squares)
        for name, r, kind in (("drivers", wires.r_driver, "driven"), ("sensing", wires.r_sense, "sensed")):
            having = self.crossbar.terminations.having
            total = np.add.reduce([(currents[s][:, having(s, kind)] ** 2).sum(axis=1) for s in SIDES])
            power[name] = r * total if 0 < r < np.inf else np.zeros_like(total)
        return {name: float(watts[0]) if self.single else watts for name, watts in power.items()}
