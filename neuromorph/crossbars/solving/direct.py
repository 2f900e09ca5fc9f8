"""The array as one sparse system, solved by elimination: the checker, and the way out where iterations fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.solving.connections import connected_nodes, node_numbers, set_known_voltages
from neuromorph.crossbars.solving.cut_lines import has_cut_lines, joined_to_cut_lines
from neuromorph.crossbars.solving.voltages import Array, Boundary, NodeVoltages, drop, read_only, refuse_not_finite
from neuromorph.crossbars.terminations import SIDES, Terminations, Wires
from neuromorph.errors import ConvergenceError
from neuromorph.progress import Progress, silent

__all__ = ["DirectSolver"]

# Branches this much better than the median device are stated by their resistance, with their current as an unknown.
_STIFF = 1e5
_REFINEMENTS = 30


class DirectSolver:
    """Sparse elimination (SuperLU) of all nodes at once, refined until Kirchhoff's law is fulfilled.

    Good conductors are stated as ``r i = v1 - v2`` with an unknown current, all others as ``i = g (v1 - v2)``. So
    wires of no resistance are exact, and small ones do not drown the devices in rounding errors.

    Parameters
    ----------
    shape : tuple of int
        Word lines and bit lines.
    wires : Wires
        Resistances [ohm].
    terminations : Terminations
        What the ends are joined to.
    """

    method = "direct"

    def __init__(self, shape: tuple[int, int], wires: Wires, terminations: Terminations) -> None:
        terminations.refuse_short_circuits(wires)
        self.shape, self.wires, self.terminations = shape, wires, terminations
        self.boundary = Boundary(wires, terminations)

    def solve(
        self,
        g: Array,
        ends: dict[str, Array],
        device_offsets: Array | None = None,
        start: Any = None,
        tolerance: float = 1e-11,
        progress: Progress = silent,
    ) -> NodeVoltages:
        """Node voltages of linear devices; `start` is not needed, as elimination starts from nothing.

        Parameters
        ----------
        g : ndarray, shape (m, n)
            Conductances [S].
        ends : dict of str to ndarray, shape (p, lines)
            Voltages behind the ends of each side [V].
        device_offsets : ndarray, shape (m, n) or (p, m, n), optional
            Currents of the devices at no voltage [A].
        tolerance : float
            Bound on the error of any current over the largest current (pure number).
        progress : callable
            Told when all vectors are solved (pure number): they share one elimination.

        Returns
        -------
        NodeVoltages
            With its residual.

        Raises
        ------
        ConvergenceError
            When refinement does not come down to the tolerance.
        """
        ends = {side: np.atleast_2d(np.asarray(v, dtype=float)) for side, v in ends.items()}
        offsets = None if device_offsets is None else np.reshape(device_offsets, (-1, *g.shape))
        p = max([len(v) for v in ends.values()] + ([] if offsets is None else [len(offsets)]))
        ends = {side: np.ascontiguousarray(np.broadcast_to(v, (p, v.shape[1]))) for side, v in ends.items()}
        g = read_only(g)
        offsets = None if offsets is None else read_only(offsets)
        refuse_not_finite(g, ends, offsets)
        if has_cut_lines(self.wires):
            without = self._solve(read_only(np.zeros(self.shape)), ends, None, tolerance)
            found = joined_to_cut_lines(without, g, offsets)
        else:
            found = self._solve(g, ends, offsets, tolerance)
        progress(1.0, "vectors")
        return found

    def _solve(self, g: Array, ends: dict[str, Array], offsets: Array | None, tolerance: float) -> NodeVoltages:
        connected = connected_nodes(g, self.wires, self.terminations)
        tableau = _Tableau(g, self.wires, self.terminations, connected)
        p = len(ends["left"])
        shared = np.broadcast_to(np.zeros(g.shape) if offsets is None else offsets, (p, *g.shape))
        start = np.zeros((p, 2, *self.shape))
        set_known_voltages(start, np.zeros_like(start), g, self.wires, self.terminations, ends)
        columns = [tableau.column({side: ends[side][k] for side in SIDES}, start[k], shared[k]) for k in range(p)]
        previous = np.inf
        for iteration in range(1, _REFINEMENTS + 1):
            for column in columns:
                tableau.refine(column)
            high, low = (np.stack([tableau.spread(part) for part in parts]) for parts in zip(*columns, strict=True))
            found = NodeVoltages(g, self.boundary, ends, high, low, connected, offsets, iteration, self.method)
            if (found.lacking <= found.allowed(tolerance)).all():
                return found
            if iteration > 2 and found.lacking.max() > 0.8 * previous:
                if (found.error_bounds <= np.maximum(tolerance, found.rounding)).all():
                    return found
                break
            previous = float(found.lacking.max())
        raise ConvergenceError(
            f"elimination of the {self.shape[0]} x {self.shape[1]} array, refined {iteration} times, leaves an error "
            f"bound of {found.error_bound:.3g} of the largest current and a residual of {found.residual:.3g} (tolerance "
            f"{tolerance:.3g}): try a larger tolerance, or 0 ohm for wires that are too good to matter"
        )


class _Column:
    """One vector: voltages of all nodes and ends as sums of two doubles, currents of the good conductors."""

    def __init__(self, high: Array, currents: Array, injected: Array) -> None:
        self.high, self.low, self.currents, self.injected = high, np.zeros_like(high), currents, injected

    def __iter__(self) -> Iterator[Array]:
        return iter((self.high, self.low))


class _Tableau:
    """The equations of all branches, factorised."""

    def __init__(self, g: Array, wires: Wires, terminations: Terminations, connected: Any) -> None:
        from scipy.sparse import csc_array
        from scipy.sparse.linalg import splu

        self.nodes, self.ends, self.size = node_numbers(wires, terminations, connected)
        word, bit = self.nodes
        outermost = {"left": word[:, 0], "right": word[:, -1], "top": bit[0], "bottom": bit[-1]}
        m, n = g.shape
        with np.errstate(divide="ignore", over="ignore"):
            branches = [(word, bit, 1.0 / g)]
        branches.append((word[:, :-1], word[:, 1:], np.full((m, n - 1), wires.r_word)))
        branches.append((bit[:-1], bit[1:], np.full((m - 1, n), wires.r_bit)))
        branches += [(outermost[side], self.ends[side], terminations.resistances(side, wires)) for side in SIDES]
        first, second, resistance = (np.concatenate([b[k].ravel() for b in branches]) for k in range(3))
        # A branch between two fixed voltages, or within one node, is no part of the system.
        inside = (first != second) & np.isfinite(resistance) & ((first < self.size) | (second < self.size))
        first, second, resistance = first[inside], second[inside], resistance[inside]
        self.unit = float(np.median(g[g > 0])) if (g > 0).any() else 1.0
        # Currents are counted in `unit` times a volt, so that the numbers of the system are near one.
        stiff = resistance * self.unit * _STIFF < 1.0
        self.weak = first[~stiff], second[~stiff], 1.0 / (resistance[~stiff] * self.unit)
        self.stiff = first[stiff], second[stiff], resistance[stiff] * self.unit
        rows, columns, values = [], [], []

        def add(row: NDArray[np.intp], column: NDArray[np.intp], value: Array) -> None:
            within = (row < self.size) & (column < self.size)
            rows.append(row[within])
            columns.append(column[within])
            values.append(value[within])

        a, b, conductance = self.weak
        for row, column, value in ((a, a, 1), (b, b, 1), (a, b, -1), (b, a, -1)):
            add(row, column, value * conductance)
        a, b, r = self.stiff
        self.total = self.size + len(r)
        if self.total == 0:
            return
        current = np.arange(self.size, self.total)
        for node, sign in ((a, 1.0), (b, -1.0)):
            within = node < self.size
            rows += [node[within], current[within]]
            columns += [current[within], node[within]]
            values += [np.full(int(within.sum()), sign)] * 2
        rows.append(current)
        columns.append(current)
        values.append(-r)
        entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
        matrix = csc_array(entries, shape=(self.total, self.total))
        if len(r):
            self.factors = splu(matrix)
        else:
            symmetric = {"SymmetricMode": True}
            self.factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=symmetric)

    def column(self, ends: dict[str, Array], start: Array, offsets: Array) -> _Column:
        """Voltages behind the ends and of the nodes to start from [V], currents of the devices at no voltage [A]."""
        high = np.zeros(self.size + sum(len(v) for v in ends.values()))
        high[self.nodes[self.nodes >= 0]] = start[self.nodes >= 0]
        for side, numbers in self.ends.items():
            high[numbers] = ends[side]
        injected = np.zeros(len(high))
        for layer, sign in ((0, -1.0), (1, 1.0)):
            known = self.nodes[layer] >= 0
            np.add.at(injected, self.nodes[layer][known], sign * offsets[known] / self.unit)
        return _Column(high, np.zeros(len(self.stiff[0])), injected)

    def refine(self, column: _Column) -> None:
        """Solve for what the equations lack, and add it."""
        if self.total == 0:
            return
        high, low = column.high, column.low
        a, b, conductance = self.weak
        weak = conductance * drop(high[a], low[a], high[b], low[b])
        lacking = column.injected.copy()
        lacking += np.bincount(b, weak, len(high)) - np.bincount(a, weak, len(high))
        a, b, r = self.stiff
        lacking += np.bincount(b, column.currents, len(high)) - np.bincount(a, column.currents, len(high))
        step = self.factors.solve(
            np.concatenate([lacking[: self.size], r * column.currents - drop(high[a], low[a], high[b], low[b])])
        )
        column.currents += step[self.size :]
        rest = low[: self.size] + step[: self.size]
        total = high[: self.size] + rest
        low[: self.size] = rest - (total - high[: self.size])
        high[: self.size] = total

    def spread(self, values: Array) -> Array:
        """Values of the unknowns and ends at the nodes, 0 without a connection, shape (2, m, n) [unit of the values]."""
        return np.where(self.nodes >= 0, values[self.nodes], 0.0)
