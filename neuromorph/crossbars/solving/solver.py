"""Which solver takes an array of linear devices, and what memory that needs."""

from __future__ import annotations

from typing import Any

from neuromorph.crossbars.solving.direct import DirectSolver
from neuromorph.crossbars.solving.line_solver import LineSolver
from neuromorph.crossbars.solving.memory import free_memory
from neuromorph.crossbars.solving.voltages import Array, NodeVoltages
from neuromorph.crossbars.terminations import Terminations, Wires
from neuromorph.errors import ConvergenceError
from neuromorph.progress import Progress, silent

__all__ = ["METHODS", "AutoSolver", "refuse_too_large", "solver_for"]

METHODS = ("auto", "lines", "direct")
"""Names of the methods that solve linear devices."""


class AutoSolver:
    """The line solver, and elimination where that does not reach the tolerance.

    Parameters
    ----------
    shape : tuple of int
        Word lines and bit lines.
    wires : Wires
        Resistances [ohm].
    terminations : Terminations
        What the ends are joined to.
    """

    method = "auto"

    def __init__(self, shape: tuple[int, int], wires: Wires, terminations: Terminations) -> None:
        self.shape = shape
        self._lines = LineSolver(shape, wires, terminations)

    def solve(
        self,
        g: Array,
        ends: dict[str, Array],
        device_offsets: Array | None = None,
        start: Any = None,
        tolerance: float = 1e-11,
        progress: Progress = silent,
    ) -> NodeVoltages:
        """As :meth:`LineSolver.solve`; the method of what is returned says which way it was [V, A, S]."""
        lines = self._lines
        try:
            return lines.solve(g, ends, device_offsets, start, tolerance, progress)
        except ConvergenceError as error:
            needed = memory_needed(self.shape, 1, "direct")
            if needed > free_memory():
                raise ConvergenceError(f"{error}; elimination would need {needed / 1e9:.3g} GB of memory") from None
            direct = DirectSolver(self.shape, lines.wires, lines.terminations)
            try:
                return direct.solve(g, ends, device_offsets, None, tolerance, progress)
            except ConvergenceError as other:
                raise ConvergenceError(f"neither method came to an end: {error}; {other}") from None


def solver_for(
    method: str, shape: tuple[int, int], wires: Wires, terminations: Terminations
) -> LineSolver | DirectSolver | AutoSolver:
    """The solver of a name.

    Parameters
    ----------
    method : str
        One of :data:`METHODS`.
    shape : tuple of int
        Word lines and bit lines.
    wires, terminations
        Of the array.

    Returns
    -------
    LineSolver, DirectSolver or AutoSolver
        With the same ``solve``.

    Raises
    ------
    ValueError
        When the name is unknown (the message lists the choices), or two fixed voltages meet through no resistance.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    kind: Any = {"auto": AutoSolver, "lines": LineSolver, "direct": DirectSolver}[method]
    solver: LineSolver | DirectSolver | AutoSolver = kind(shape, wires, terminations)
    return solver


def refuse_too_large(shape: tuple[int, int], p: int, method: str) -> None:
    """Refuse a solve that needs more memory than is free, before it starts.

    Parameters
    ----------
    shape : tuple of int
        Word lines and bit lines.
    p : int
        Vectors.
    method : str
        One of :data:`METHODS`.

    Raises
    ------
    MemoryError
        Says how much is needed and how much there is.
    """
    needed, free = memory_needed(shape, p, method), free_memory()
    if needed > free:
        m, n = shape
        vectors = f" for {p} vectors" if p > 1 else ""
        fewer = "fewer vectors at once" if p > 1 else "a smaller array" if method != "direct" else "method='lines'"
        raise MemoryError(
            f"solving the {m} x {n} array{vectors} needs about {needed / 1e9:.3g} GB of memory "
            f"and {free / 1e9:.3g} GB are free: try {fewer}"
        )


def memory_needed(shape: tuple[int, int], p: int, method: str) -> float:
    """About what a solve needs beside the array itself, with the maps of its solution [byte]."""
    cells = float(shape[0]) * shape[1]
    # Voltages of two layers in two doubles, and what is shown of them: 10 numbers a cell and vector. Blocks of up to
    # eight vectors: 7 of work, 6 of balance and starts. Coefficients: 4.
    numbers = cells * (10 * p + 13 * min(p, 8) + 4)
    if method == "direct":
        # All vectors are refined side by side.
        numbers += 12 * cells * p + _FILL * cells * max(cells, 2.0) ** 0.25
    return 8.0 * numbers


# Numbers of elimination for a cell, over the fourth root of the cells: 10 in the factors of arrays of 32 x 32 to
# 256 x 256 with usual wires, 31 with very good ones, and half as much for where they stand.
_FILL = 60.0
