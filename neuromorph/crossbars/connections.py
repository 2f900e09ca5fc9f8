"""Which nodes of an array hang together: those that a path joins to a fixed voltage, and those that are one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES, Terminations, Wires

__all__ = ["connected_nodes", "node_numbers"]

Array = NDArray[np.float64]


def connected_nodes(g: Array, wires: Wires, terminations: Terminations) -> NDArray[np.bool_]:
    """Which nodes a path of conductors joins to a fixed voltage.

    Parameters
    ----------
    g : ndarray, shape (m, n)
        Conductances [S].
    wires : Wires
        Resistances; lines of infinite resistance join nothing.
    terminations : Terminations
        What the ends are joined to.

    Returns
    -------
    ndarray of bool, shape (2, m, n)
        Word layer, bit layer.
    """
    m, n = g.shape
    held = {side: np.isfinite(terminations.resistances(side, wires)) for side in SIDES}
    word, bit = held["left"] | held["right"], held["top"] | held["bottom"]
    if word.all() and bit.all():
        return np.ones((2, m, n), dtype=bool)
    joins = g > 0
    whole_word, whole_bit = np.isfinite(wires.r_word), np.isfinite(wires.r_bit)
    # Only whole lines pass a connection on; a node of a cut line is the end of a path.
    while whole_word and whole_bit:
        more_word = word | joins[:, bit].any(axis=1)
        more_bit = bit | joins[more_word].any(axis=0)
        if (more_word == word).all() and (more_bit == bit).all():
            break
        word, bit = more_word, more_bit
    connected = np.zeros((2, m, n), dtype=bool)
    connected[0] = word[:, None] | (joins & bit & (not whole_word))
    connected[1] = bit | (joins & word[:, None] & (not whole_bit))
    return connected


def node_numbers(
    wires: Wires, terminations: Terminations, connected: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], dict[str, NDArray[np.intp]], int]:
    """Number the nodes whose voltages are unknown, then the ends.

    Parameters
    ----------
    wires, terminations
        Of the array.
    connected : ndarray of bool, shape (2, m, n)
        As from :func:`connected_nodes`.

    Returns
    -------
    nodes : ndarray of int, shape (2, m, n)
        The nodes of a line without resistance share a number, that of an end which holds them without any resistance;
        -1 where there is no connection.
    ends : dict of str to ndarray of int, shape (lines,)
        Numbers of the ends of each side.
    size : int
        How many voltages are unknown; the ends' numbers start here.
    """
    _, m, n = connected.shape
    numbers = np.arange(2 * m * n).reshape(2, m, n)
    if wires.r_word == 0:
        numbers[0] = numbers[0, :, :1]
    if wires.r_bit == 0:
        numbers[1] = numbers[1, :1]
    fixed = {side: terminations.resistances(side, wires) == 0 for side in SIDES}
    free = connected.copy()
    free[0] &= ~(fixed["left"] | fixed["right"])[:, None]
    free[1] &= ~(fixed["top"] | fixed["bottom"])
    nodes = np.full((2, m, n), -1)
    unknown, nodes[free] = np.unique(numbers[free], return_inverse=True)
    size = len(unknown)
    ends = {}
    number = size
    for side in SIDES:
        ends[side] = np.arange(number, number + len(fixed[side]))
        number += len(fixed[side])
        held = fixed[side]
        if side in ("left", "right"):
            nodes[0, held] = ends[side][held, None]
        else:
            nodes[1, :, held] = ends[side][held, None]
    return nodes, ends, size
