"""Lines whose segments have infinite resistance: no current flows in any device, and their nodes follow the others."""

from __future__ import annotations

import numpy as np

from neuromorph.crossbars.solving.connections import connected_nodes
from neuromorph.crossbars.solving.voltages import Array, NodeVoltages
from neuromorph.crossbars.terminations import Wires

__all__ = ["has_cut_lines", "joined_to_cut_lines"]


def has_cut_lines(wires: Wires) -> bool:
    """Whether the lines of a layer are cut between all of their nodes."""
    return not (np.isfinite(wires.r_word) and np.isfinite(wires.r_bit))


def joined_to_cut_lines(found: NodeVoltages, g: Array, offsets: Array | None) -> NodeVoltages:
    """The solution for an array with cut lines from that without devices.

    A node of a cut line has its device as the only branch, so that carries no current.

    Parameters
    ----------
    found : NodeVoltages
        The lines that are whole, with no device at all.
    g : ndarray, shape (m, n)
        Conductances [S].
    offsets : ndarray, shape (1 or p, m, n), optional
        Currents of the devices at no voltage [A].

    Returns
    -------
    NodeVoltages
        With the devices.
    """
    boundary = found.boundary
    high, low = found.high.copy(), found.low.copy()
    if not (np.isinf(boundary.wires.r_word) and np.isinf(boundary.wires.r_bit)):
        cut, whole, sign = (0, 1, -1.0) if np.isinf(boundary.wires.r_word) else (1, 0, 1.0)
        high[:, cut], low[:, cut] = high[:, whole], low[:, whole]
        if offsets is not None:
            low[:, cut] += sign * np.divide(offsets, g, out=np.zeros_like(offsets), where=g > 0)
    connected = connected_nodes(g, boundary.wires, boundary.terminations)
    joined = NodeVoltages(g, boundary, found.ends, high, low, connected, offsets, found.iterations, found.method)
    # Devices with offsets carry what is left of two equal currents: no measure for the residual, which is the others'.
    return joined if offsets is None else joined.with_balance_of(found)
