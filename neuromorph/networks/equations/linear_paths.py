"""Currents from lines to summing circuits through conductances and crossbars, where lines and inputs have a resistance."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars import Crossbar

__all__ = ["LinearPaths", "behind_resistances", "port_conductances"]

FloatArray = NDArray[np.float64]
# A resistance of infinity is one that lets nothing through which a double would notice [ohm].
_OPEN = 1e30
# A solution keeps the voltages of all nodes; of so many vectors' together, some hundred megabytes.
_NODES_AT_ONCE = 2_000_000


class LinearPaths:
    """A network of conductances between terminals, each a voltage behind a resistance."""

    def __init__(self) -> None:
        self._resistances: list[float] = []
        self._branches: list[tuple[int, int, float]] = []
        self._ports: list[tuple[list[int], list[int], FloatArray]] = []

    def terminal(self, resistance: float) -> int:
        """A voltage behind a resistance [ohm]; its number."""
        self._resistances.append(resistance)
        return len(self._resistances) - 1

    def join(self, a: int, b: int, conductance: float) -> None:
        """A conductance [S] between two terminals, behind their resistances."""
        self._branches.append((a, b, conductance))

    def join_crossbar(self, crossbar: Crossbar, rows: Mapping[int, int], columns: Mapping[int, int]) -> None:
        """A crossbar, by the terminal of each row and column; those that have none are at 0 V."""
        m, _ = crossbar.shape
        ends = [*rows, *(m + column for column in columns)]
        self._ports.append((ends, [*rows.values(), *columns.values()], port_conductances(crossbar)))

    def currents(self) -> FloatArray:
        """Current out of each terminal for one volt at each, shape (terminals, terminals) [S]."""
        n = len(self._resistances)
        joined = np.zeros((n, n))
        for a, b, g in self._branches:
            joined[a, a] += g
            joined[b, b] += g
            joined[a, b] -= g
            joined[b, a] -= g
        for ends, terminals, conductances in self._ports:
            np.add.at(joined, np.ix_(terminals, terminals), conductances[np.ix_(ends, ends)])
        return behind_resistances(joined, np.array(self._resistances))


def behind_resistances(conductances: FloatArray, resistances: FloatArray) -> FloatArray:
    """Conductances between ends of a network, seen through a resistance at each end.

    Parameters
    ----------
    conductances : ndarray, shape (n, n)
        Current into each end for one volt at each [S].
    resistances : ndarray, shape (n,)
        In series with the ends [ohm]; 0 and infinity are allowed.

    Returns
    -------
    ndarray, shape (n, n)
        The same for the outer ends [S].

    Notes
    -----
    ``v = e - R i`` and ``i = G v`` give ``i = (1 + G R)^-1 G e``, which needs no resistance to differ from zero.
    """
    if not resistances.any():
        return conductances
    through = conductances * np.minimum(resistances, _OPEN)
    through[np.diag_indices_from(through)] += 1.0
    return np.asarray(np.linalg.solve(through, conductances))


def port_conductances(crossbar: Crossbar) -> FloatArray:
    """Current into the left and bottom ends of a crossbar for one volt at each of them.

    Parameters
    ----------
    crossbar : Crossbar
        Linear, driven at the left and sensed at the bottom.

    Returns
    -------
    ndarray, shape (m + n, m + n)
        Conductances [S], ``r_driver`` and ``r_sense`` included; word lines before bit lines.
    """
    m, n = crossbar.shape
    if not (crossbar.r_word or crossbar.r_bit):
        g = np.asarray(crossbar.conductances, dtype=float)
        found = np.block([[np.diag(g.sum(axis=1)), -g], [-g.T, np.diag(g.sum(axis=0))]])
    else:
        both = dataclasses.replace(crossbar, bottom="driven", r_driver=0.0, r_sense=0.0)
        found = np.empty((m + n, m + n))
        at_once = max(1, _NODES_AT_ONCE // (2 * m * n))
        for first in range(0, m + n, at_once):
            volts = np.eye(m + n)[first : first + at_once]
            out = both.solve({"left": volts[:, :m], "bottom": volts[:, m:]}).terminal_currents
            found[first : first + at_once] = -np.concatenate([out["left"], out["bottom"]], axis=1)
        # Exact but for the solver's rounding, and symmetric.
        found = (found + found.T) / 2
    series = np.concatenate([np.full(m, crossbar.r_driver), np.full(n, crossbar.r_sense)])
    return behind_resistances(found, series)
