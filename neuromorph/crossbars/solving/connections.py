"""Which parts of an array hang together, which of them a fixed voltage holds, and which nodes are one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES, Terminations, Wires

__all__ = ["connected_nodes", "line_components", "node_numbers", "set_known_voltages"]

Array = NDArray[np.float64]


def line_components(g: Array) -> NDArray[np.intp]:
    """Number the groups of lines that devices join.

    Parameters
    ----------
    g : ndarray, shape (m, n)
        Conductances [S].

    Returns
    -------
    ndarray of int, shape (m + n,)
        Group of each word line, then of each bit line.
    """
    m, n = g.shape
    if g.min() > 0:
        return np.zeros(m + n, dtype=np.intp)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    word, bit = np.nonzero(g)
    graph = coo_array((np.ones(len(word), dtype=np.int8), (word, m + bit)), shape=(m + n, m + n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


def connected_nodes(g: Array, wires: Wires, terminations: Terminations) -> NDArray[np.bool_] | None:
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
    ndarray of bool, shape (2, m, n), or None
        Word layer, bit layer; ``None`` where all are connected.
    """
    m, n = g.shape
    held = {side: np.isfinite(terminations.resistances(side, wires)) for side in SIDES}
    word, bit = held["left"] | held["right"], held["top"] | held["bottom"]
    connected = np.zeros((2, m, n), dtype=bool)
    if np.isfinite(wires.r_word) and np.isfinite(wires.r_bit):
        if word.all() and bit.all():
            return None
        groups = line_components(g)
        reached = np.isin(groups, groups[np.concatenate([word, bit])])
        connected[0], connected[1] = reached[:m, None], reached[m:]
    else:
        # A node of a cut line is the end of a path.
        connected[0] = word[:, None] | ((g > 0) & bit)
        connected[1] = bit | ((g > 0) & word[:, None])
    return None if connected.all() else connected


def set_known_voltages(
    high: Array, low: Array, g: Array, wires: Wires, terminations: Terminations, ends: dict[str, Array]
) -> None:
    """Set what is known beforehand: the voltages of parts that no current flows in, and of lines held fast.

    Parameters
    ----------
    high, low : ndarray, shape (p, 2, m, n)
        Node voltages in two doubles [V]; overwritten where they are known.
    g : ndarray, shape (m, n)
        Conductances [S].
    wires, terminations
        Of the array.
    ends : dict of str to ndarray, shape (p, lines)
        Voltages behind the ends [V].
    """
    m, p = len(g), len(high)
    resistances = {side: terminations.resistances(side, wires) for side in SIDES}
    groups = line_components(g)
    of_side = {"left": groups[:m], "right": groups[:m], "top": groups[m:], "bottom": groups[m:]}
    group = np.concatenate([of_side[side][np.isfinite(resistances[side])] for side in SIDES])
    voltage = np.concatenate([ends[side][:, np.isfinite(resistances[side])] for side in SIDES], axis=1)
    if groups.max() == 0 and len(group):
        lowest, highest = voltage.min(axis=1)[None], voltage.max(axis=1)[None]
    else:
        lowest, highest = np.full((groups.max() + 1, p), np.inf), np.full((groups.max() + 1, p), -np.inf)
        np.minimum.at(lowest, group, voltage.T)
        np.maximum.at(highest, group, voltage.T)
    # Ends at one voltage drive no current.
    for at_rest, k in np.argwhere(lowest == highest):
        word, bit = groups[:m] == at_rest, groups[m:] == at_rest
        for values, volts in ((high, lowest[at_rest, k]), (low, 0.0)):
            values[k, 0, word] = volts
            values[k, 1][:, bit] = volts
    for side in SIDES:
        fixed = resistances[side] == 0
        if not fixed.any():
            continue
        for values, volts in ((high, ends[side]), (low, np.zeros_like(ends[side]))):
            if side in ("left", "right"):
                values[:, 0, fixed] = volts[:, fixed, None]
            else:
                values[:, 1, :, fixed] = volts.T[fixed][..., None]


def node_numbers(
    wires: Wires, terminations: Terminations, connected: NDArray[np.bool_] | None
) -> tuple[NDArray[np.intp], dict[str, NDArray[np.intp]], int]:
    """Number the nodes whose voltages are unknown, then the ends.

    Parameters
    ----------
    wires, terminations
        Of the array.
    connected : ndarray of bool, shape (2, m, n), or None
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
    m, n = terminations.shape
    numbers = np.arange(2 * m * n).reshape(2, m, n)
    if wires.r_word == 0:
        numbers[0] = numbers[0, :, :1]
    if wires.r_bit == 0:
        numbers[1] = numbers[1, :1]
    fixed = {side: terminations.resistances(side, wires) == 0 for side in SIDES}
    free = np.ones((2, m, n), dtype=bool) if connected is None else connected.copy()
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
