"""Stimuli at the driven ends of an array's lines: from what is given to voltages at any time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.terminations import SIDES, Terminations
from neuromorph.stimulus import Stimulus
from neuromorph.stimulus.base import checked_t_stop

__all__ = ["Sources", "stimuli_by_line"]

FloatArray = NDArray[np.float64]


def stimuli_by_line(terminations: Terminations, stimuli: Any) -> dict[str, tuple[Stimulus | None, ...]]:
    """One stimulus for each driven end, ``None`` for the others.

    Parameters
    ----------
    terminations : Terminations
        What the ends of the lines are joined to.
    stimuli : Stimulus, sequence of Stimulus or mapping of str to these
        Voltages [V]: one for all driven ends of a side, or one a line (``None`` where the line is not driven). A
        mapping gives them by side; without it they belong to the one side that is driven.

    Returns
    -------
    dict of str to tuple
        By side, in the order of the lines.

    Raises
    ------
    ValueError
        When a side that is driven has none, a side that is not has some, or their number does not match.
    """
    driven = terminations.sides_with("driven")
    if not isinstance(stimuli, Mapping):
        if len(driven) != 1:
            listed = ", ".join(driven) or "none"
            raise ValueError(
                f"stimuli must be a mapping from side to stimuli, such as {{'left': nm.Constant(value=1.0)}}, since "
                f"the driven sides are: {listed}"
            )
        stimuli = {driven[0]: stimuli}
    for side in stimuli:
        if side not in driven:
            raise ValueError(f"side {side!r} is not driven; driven sides: {', '.join(driven) or 'none'}")
    missing = [side for side in driven if side not in stimuli]
    if missing:
        raise ValueError(f"the driven side {missing[0]} has no stimulus: give one, such as nm.Constant(value=0.0)")
    given = {}
    for side in SIDES:
        is_driven = terminations.having(side, "driven")
        given[side] = _of_side(side, stimuli[side], is_driven) if side in stimuli else (None,) * is_driven.size
    return given


def _of_side(side: str, stimuli: Any, driven: NDArray[np.bool_]) -> tuple[Stimulus | None, ...]:
    if isinstance(stimuli, Stimulus):
        return tuple(stimuli if is_driven else None for is_driven in driven)
    if not isinstance(stimuli, Sequence) or isinstance(stimuli, str):
        raise ValueError(f"stimuli of side {side!r} must be a stimulus, or one a line, got {stimuli!r}")
    if len(stimuli) != driven.size:
        raise ValueError(f"side {side!r} has {driven.size} lines, got {len(stimuli)} stimuli")
    for line, (stimulus, is_driven) in enumerate(zip(stimuli, driven, strict=True)):
        if is_driven and not isinstance(stimulus, Stimulus):
            raise ValueError(f"line {line} of side {side!r} is driven and needs a stimulus, got {stimulus!r}")
        if not is_driven and stimulus is not None:
            raise ValueError(f"line {line} of side {side!r} is not driven: its stimulus must be None, got {stimulus!r}")
    return tuple(stimuli)


class Sources:
    """Voltages behind the ends of all lines, as functions of time.

    Parameters
    ----------
    lines : dict of str to tuple
        What :func:`stimuli_by_line` gives.
    t_stop : float
        End of the run [s].
    stops : iterable of float
        More times at which a step has to end [s].

    Attributes
    ----------
    corners : ndarray, shape (n_pieces + 1,)
        Times between which every stimulus is one straight line or sine [s]: 0 s, ..., `t_stop`.
    """

    def __init__(
        self, lines: Mapping[str, tuple[Stimulus | None, ...]], t_stop: float, stops: Sequence[float] | FloatArray = ()
    ) -> None:
        t_stop = checked_t_stop(t_stop)
        # By identity: lines that share a stimulus are the rule, and stimuli of users may not be hashable.
        known: dict[int, int] = {}
        tables: list[FloatArray] = [np.zeros((1, 6))]
        self._rows: dict[str, NDArray[np.intp]] = {}
        for side in SIDES:
            rows = np.zeros(len(lines[side]), dtype=np.intp)
            for line, stimulus in enumerate(lines[side]):
                if stimulus is None:
                    continue
                if id(stimulus) not in known:
                    known[id(stimulus)] = len(tables)
                    tables.append(stimulus.segments(t_stop))
                rows[line] = known[id(stimulus)]
            self._rows[side] = rows
        self._tables = tables
        found = np.unique(np.concatenate([[0.0, t_stop], np.asarray(stops, dtype=float), *(t[:, 0] for t in tables)]))
        # Edges that are meant to be at once, but for rounding, are one.
        kept = np.ones(found.size, dtype=bool)
        kept[1:] = np.diff(found) > 8 * np.spacing(found[1:])
        self.corners: FloatArray = found[kept]
        self.corners[-1] = t_stop
        self._coefficients = np.zeros((len(tables), 6))
        self.longest_step = math.inf
        self.varies = False

    @property
    def largest(self) -> float:
        """Bound on the voltages at any time of the run [V]."""
        t_stop = self.corners[-1]
        bounds = []
        for table in self._tables:
            lengths = np.diff(np.append(table[:, 0], max(t_stop, table[-1, 0])))
            bounds.append(np.max(np.abs(table[:, 1]) + np.abs(table[:, 2]) * lengths + np.abs(table[:, 3])))
        return float(max(bounds))

    def enter(self, piece: int) -> None:
        """Make a piece the one that :meth:`at` speaks of.

        `longest_step` [s] then resolves its fastest sine, and `varies` says whether any voltage changes in it.
        """
        middle = 0.5 * (self.corners[piece] + self.corners[piece + 1])
        for table, coefficients in zip(self._tables, self._coefficients, strict=True):
            coefficients[:] = table[np.searchsorted(table[:, 0], middle, side="right") - 1]
        fastest = np.max(np.abs(self._coefficients[:, 4]), where=self._coefficients[:, 3] != 0.0, initial=0.0)
        self.varies = bool(np.any(self._coefficients[:, 2:4]))
        self.longest_step = 0.1 * 2 * np.pi / fastest if fastest > 0.0 else math.inf

    def at(self, t: float) -> dict[str, FloatArray]:
        """Voltages behind the ends [V], by side, at a time [s] within the piece or at its ends; 0 V if not driven."""
        start, offset, slope, amplitude, frequency, phase = self._coefficients.T
        elapsed = t - start
        parts = offset, slope * elapsed, amplitude * np.sin(frequency * elapsed + phase)
        values = parts[0] + parts[1] + parts[2]
        # The end of an edge down to 0 V is 0 V, not what rounding of the time leaves of it.
        values[np.abs(values) < 4 * np.spacing(t) * np.abs(slope) + 1e-15 * np.abs(parts[0])] = 0.0
        return {side: values[rows] for side, rows in self._rows.items()}
