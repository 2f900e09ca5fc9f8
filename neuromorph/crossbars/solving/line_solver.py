"""Conjugate gradients preconditioned by exact solves of all lines: a method made for two layers of lines."""

from __future__ import annotations

import dataclasses
from importlib import resources
from types import ModuleType

import numpy as np

from neuromorph.crossbars.solving.connections import connected_nodes, set_known_voltages
from neuromorph.crossbars.solving.cut_lines import has_cut_lines, joined_to_cut_lines
from neuromorph.crossbars.solving.voltages import Array, Boundary, NodeVoltages, read_only, refuse_not_finite
from neuromorph.crossbars.terminations import SIDES, Terminations, Wires
from neuromorph.equations import load_kernel
from neuromorph.errors import ConvergenceError
from neuromorph.progress import Progress, silent

__all__ = ["LineSolver"]

# Vectors that are solved side by side: they share the coefficients of the lines.
_ABREAST = 8
_CORRECTIONS = 20
_MOST_ITERATIONS = 1000

_kernel: ModuleType | None = None


def line_kernel() -> ModuleType:
    """The compiled loops of ``line_solver_kernel.py``."""
    global _kernel
    if _kernel is None:
        text = resources.files("neuromorph.crossbars.solving").joinpath("line_solver_kernel.py").read_text("utf-8")
        _kernel = load_kernel("crossbar_lines", text)
    return _kernel


class LineSolver:
    """Solves arrays of one shape, with the same wires and ends, for linear devices.

    The nodes of the word lines are eliminated, so that the bit nodes are left; conjugate gradients on these are
    preconditioned by the bit lines. Lines are solved by adding conductances in series and in parallel, which loses no
    digits and is exact for segments of no resistance. What is left of Kirchhoff's law at the nodes is evaluated with
    voltages of twice the digits, and corrected in the same way.

    Parameters
    ----------
    shape : tuple of int
        Word lines and bit lines.
    wires : Wires
        Resistances [ohm].
    terminations : Terminations
        What the ends are joined to.

    Raises
    ------
    ValueError
        When two fixed voltages meet through no resistance.
    """

    method = "lines"

    def __init__(self, shape: tuple[int, int], wires: Wires, terminations: Terminations) -> None:
        terminations.refuse_short_circuits(wires)
        self.shape, self.wires, self.terminations = shape, wires, terminations
        self.boundary = Boundary(wires, terminations)

    def solve(
        self,
        g: Array,
        ends: dict[str, Array],
        device_offsets: Array | None = None,
        start: NodeVoltages | Array | None = None,
        tolerance: float = 1e-11,
        progress: Progress = silent,
    ) -> NodeVoltages:
        """Node voltages of devices with the current ``g (v_word - v_bit) + device_offsets``.

        Parameters
        ----------
        g : ndarray, shape (m, n)
            Conductances [S].
        ends : dict of str to ndarray, shape (lines,) or (p, lines)
            Voltages behind the ends of each side [V]; those of floating ends are not used.
        device_offsets : ndarray, shape (m, n) or (p, m, n), optional
            Currents of the devices at no voltage [A].
        start : NodeVoltages or ndarray, shape (2, m, n) or (p, 2, m, n), optional
            Voltages to start from [V].
        tolerance : float
            Bound on the error of any current over the largest current (pure number).
        progress : callable
            Told the share of the vectors that is solved (pure number).

        Returns
        -------
        NodeVoltages
            With its residual.

        Raises
        ------
        ConvergenceError
            When the tolerance is not reached; says how far it came.
        """
        ends = {side: np.atleast_2d(np.asarray(ends[side], dtype=float)) for side in SIDES}
        offsets = None if device_offsets is None else np.reshape(device_offsets, (-1, *self.shape))
        p = max([len(v) for v in ends.values()] + ([] if offsets is None else [len(offsets)]))
        ends = {side: np.ascontiguousarray(np.broadcast_to(v, (p, v.shape[1]))) for side, v in ends.items()}
        g = read_only(g)
        offsets = None if offsets is None else read_only(offsets)
        refuse_not_finite(g, ends, offsets)
        if has_cut_lines(self.wires):
            found = self._solve(read_only(np.zeros(self.shape)), ends, None, None, tolerance, progress)
            return joined_to_cut_lines(found, g, offsets)
        return self._solve(g, ends, offsets, start, tolerance, progress)

    def _solve(
        self,
        g: Array,
        ends: dict[str, Array],
        offsets: Array | None,
        start: NodeVoltages | Array | None,
        tolerance: float,
        progress: Progress,
    ) -> NodeVoltages:
        lines = _Lines(g, self.boundary)
        connected = connected_nodes(g, self.wires, self.terminations)
        p = len(ends["left"])
        high, low = np.empty((2, p, 2, *self.shape))
        parts = []
        for first in range(0, p, _ABREAST):
            block = slice(first, min(first + _ABREAST, p))
            progress(first / p, "vectors")
            some_ends = {side: v[block] for side, v in ends.items()}
            high[block] = low[block] = 0.0
            some_offsets = offsets if offsets is None or len(offsets) == 1 else offsets[block]
            if start is not None:
                self._start(start, block, high[block], low[block])
            set_known_voltages(high[block], low[block], g, self.wires, self.terminations, some_ends)
            guess = NodeVoltages(
                g, self.boundary, some_ends, high[block], low[block], connected, some_offsets, 0, self.method
            )
            parts.append(self._corrected(guess, lines, tolerance, start is not None))
        progress(1.0, "vectors")
        return NodeVoltages.joined(parts, high, low)

    def _corrected(self, found: NodeVoltages, lines: _Lines, tolerance: float, warm: bool) -> NodeVoltages:
        iterations, stalled, least = 0, 0, np.inf
        for correction in range(_CORRECTIONS + 1):
            if (found.lacking <= found.allowed(tolerance)).all():
                return found
            lacking = float(found.lacking.max())
            if correction > 1 and lacking > 0.5 * least:
                if (found.error_bounds <= np.maximum(tolerance, found.rounding)).all():
                    return found
                stalled += 1
            if stalled == 3 or correction == _CORRECTIONS:
                break
            least = min(least, lacking)
            # The currents of a start are those of the solution, about; those without one are nothing to go by.
            targets: Array | None = np.minimum(0.1 * found.allowed(tolerance), 1e-3 * found.lacking)
            if correction == 0 and not (warm and (found.largest_device_current > 0).all()):
                targets = None
            assert found.imbalance is not None
            iterations += lines.correct(found.imbalance, found.high, found.low, targets, tolerance)
            found = dataclasses.replace(found, iterations=iterations)
        raise ConvergenceError(
            f"the line solver stopped after {iterations} iterations with an error bound of {found.error_bound:.3g} of the "
            f"largest current and a residual of {found.residual:.3g} (tolerance {tolerance:.3g}): "
            "try method='direct', a larger tolerance, or 0 ohm for wires that are too good to matter"
        )

    def _start(self, start: NodeVoltages | Array, block: slice, high: Array, low: Array) -> None:
        # Nodes without a connection are shown as not a number.
        parts = (start.high, start.low) if isinstance(start, NodeVoltages) else (np.nan_to_num(start), None)
        for target, given in zip((high, low), parts, strict=True):
            if given is None:
                continue
            given = given if given.ndim == 3 or len(given) == 1 else given[block]
            target[...] = given
            # The nodes of a line without resistance are one.
            if self.wires.r_word == 0:
                target[:, 0] = target[:, 0, :, :1]
            if self.wires.r_bit == 0:
                target[:, 1] = target[:, 1, :1]


class _Lines:
    """The prepared coefficients of all lines, and room for the iterations."""

    def __init__(self, g: Array, boundary: Boundary) -> None:
        m, n = g.shape
        # A multiple of the cache line, but of no large power of two.
        self.width = n + -n % 8 + (8 if n > 32 else 0)
        self.shape = (m, n)
        # A cut line has no devices and no ends here: its resistance does not matter.
        self.r_word, self.r_bit = (r if np.isfinite(r) else 0.0 for r in (boundary.wires.r_word, boundary.wires.r_bit))
        self.g, self.b_word, self.b_bit = np.zeros((3, m, self.width))
        self.e_word, self.e_bit = np.empty(m), np.empty(n)
        self.room: dict[int, Array] = {}
        line_kernel().prepare(
            g,
            self.r_word,
            self.r_bit,
            *boundary.conductances_word,
            *boundary.conductances_bit,
            boundary.fixed_word.any(axis=0),
            boundary.fixed_bit.any(axis=0),
            self.g,
            self.b_word,
            self.e_word,
            self.b_bit,
            self.e_bit,
        )

    def correct(self, imbalance: Array, high: Array, low: Array, targets: Array | None, tolerance: float) -> int:
        """Add what takes the imbalance away; the iterations made."""
        m, p = self.shape[0], len(high)
        if p not in self.room:
            self.room = {p: np.zeros((7, m * p, self.width))}
        iterations: int = line_kernel().correct(
            imbalance,
            self.g,
            self.r_word,
            self.b_word,
            self.e_word,
            self.r_bit,
            self.b_bit,
            self.e_bit,
            np.zeros(p) if targets is None else targets,
            _MOST_ITERATIONS,
            0.1 * tolerance if targets is None else 0.0,
            self.room[p],
        )
        line_kernel().add(*self.room[p][5:], high, low)
        return iterations
