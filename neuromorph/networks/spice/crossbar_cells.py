"""A crossbar of a network as a subcircuit whose pins are its driven and sensed ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.networks.plan import CrossbarPart

if TYPE_CHECKING:
    from neuromorph.networks.spice.cells import Subcircuits

__all__ = ["CrossbarCell", "crossbar_cell"]


@dataclass(frozen=True)
class CrossbarCell:
    """The subcircuit of a crossbar.

    Parameters
    ----------
    subcircuit : str
        Its name.
    rows, columns : tuple of int
        Word and bit lines that have a pin, in the order of the pins: rows before columns.
    states : dict of tuple of int to tuple
        Node inside and state at time zero (pure number) of each device that moves, by row and column.
    """

    subcircuit: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    states: dict[tuple[int, int], tuple[str, float]]


def crossbar_cell(part: CrossbarPart, subcircuits: Subcircuits) -> CrossbarCell:
    """Write a crossbar as a subcircuit.

    Parameters
    ----------
    part : CrossbarPart
        The array.
    subcircuits : Subcircuits
        Where it is added; arrays that are equal share one.

    Returns
    -------
    CrossbarCell
        Name and pins.
    """
    from neuromorph.crossbars.spice.netlist import ArrayNetlist

    crossbar = part.crossbar
    netlist = ArrayNetlist(crossbar.devices, crossbar.wires, crossbar.terminations)
    rows, columns = netlist.pins("left"), netlist.pins("bottom")
    lines = [
        *netlist.pin_lines("left"),
        *netlist.pin_lines("bottom"),
        *netlist.wire_lines(),
        *netlist.device_lines(held=False, explicit=True),
    ]
    model = getattr(crossbar.devices, "model", None)
    verilog_a = {} if model is None else {model.subcircuit_name: model.verilog_a()}
    states: dict[tuple[int, int], tuple[str, float]] = {}
    if model is not None:
        values = np.asarray(crossbar.devices.states)
        places = np.argwhere(netlist.moving).tolist()
        states = {
            (i, j): (node, float(values[i, j])) for (i, j), node in zip(places, netlist.state_nodes(), strict=True)
        }
    name = subcircuits.add("crossbar", (*rows.values(), *columns.values()), lines, verilog_a)
    return CrossbarCell(name, tuple(rows), tuple(columns), states)
