"""What the ends of the lines are joined to: driven, sensed, grounded or floating, and through which resistance."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.masked import refuse_masked

__all__ = ["KINDS", "SIDES", "Terminations", "Wires", "end_voltages"]

SIDES = ("left", "right", "top", "bottom")
"""The ends of the word lines, then those of the bit lines."""

KINDS = ("driven", "sensed", "grounded", "floating")
"""What an end can be joined to."""

_RESISTANCES = {
    "r_word": "a segment of a word line",
    "r_bit": "a segment of a bit line",
    "r_driver": "a driver",
    "r_sense": "a sensing input",
}


@dataclass(frozen=True, kw_only=True)
class Wires:
    """Resistances of an array's wires and of what its lines end in; 0 and infinity are exact limits.

    Parameters
    ----------
    r_word, r_bit : float
        Resistance of a segment of a word line, and of a bit line [ohm].
    r_driver, r_sense : float
        Resistance of a driver, and of a sensing input [ohm].

    Raises
    ------
    ValueError
        When a resistance is negative or not a number.
    """

    r_word: float = 0.0
    r_bit: float = 0.0
    r_driver: float = 0.0
    r_sense: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            given = getattr(self, field.name)
            try:
                value = math.nan if isinstance(given, bool) else float(given)
            except (TypeError, ValueError, OverflowError):
                value = math.nan
            if not value >= 0:
                raise ValueError(
                    f"{field.name}, the resistance of {_RESISTANCES[field.name]} in ohm, must be at least 0 "
                    f"(0 and inf are exact limits), got {given!r}"
                )
            object.__setattr__(self, field.name, value + 0.0)

    def segment(self, side: str) -> float:
        """Resistance [ohm] of the segments of the lines that end on a side."""
        return self.r_word if side in ("left", "right") else self.r_bit


@dataclass(frozen=True)
class Terminations:
    """What each end of each line is joined to; made by :meth:`of`.

    Parameters
    ----------
    left, right : tuple of str
        Ends of the word lines.
    top, bottom : tuple of str
        Ends of the bit lines.
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    top: tuple[str, ...]
    bottom: tuple[str, ...]

    @classmethod
    def of(
        cls,
        shape: tuple[int, int],
        *,
        left: str | Sequence[str] = "driven",
        right: str | Sequence[str] = "floating",
        top: str | Sequence[str] = "floating",
        bottom: str | Sequence[str] = "sensed",
    ) -> Terminations:
        """From one word a side, or one a line.

        Parameters
        ----------
        shape : tuple of int
            Word lines and bit lines of the array.
        left, right, top, bottom : str or sequence of str
            ``"driven"``, ``"sensed"``, ``"grounded"`` or ``"floating"``.

        Returns
        -------
        Terminations
            With a word for every line.

        Raises
        ------
        ValueError
            When a word is unknown (the message lists the choices) or their number is not that of the lines.
        """
        given = {"left": left, "right": right, "top": top, "bottom": bottom}
        return cls(**{side: _words(side, given[side], shape[side in ("top", "bottom")]) for side in SIDES})

    @cached_property
    def _kinds(self) -> dict[str, NDArray[np.intp]]:
        return {side: np.array([KINDS.index(word) for word in getattr(self, side)], dtype=np.intp) for side in SIDES}

    @cached_property
    def _resistances(self) -> dict[tuple[str, Wires], NDArray[np.float64]]:
        """What was asked for already: a transient asks at every step."""
        return {}

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines."""
        return len(self.left), len(self.top)

    def having(self, side: str, *kinds: str) -> NDArray[np.bool_]:
        """Which ends of a side are of one of some kinds."""
        return np.isin(self._kinds[side], [KINDS.index(kind) for kind in kinds])

    def sides_with(self, kind: str) -> list[str]:
        """The sides that have an end of a kind, in the order left, right, top, bottom."""
        return [side for side in SIDES if kind in getattr(self, side)]

    def resistances(self, side: str, wires: Wires) -> NDArray[np.float64]:
        """Resistance from the outermost node of each line to the fixed voltage behind its end.

        Parameters
        ----------
        side : str
            One of :data:`SIDES`.
        wires : Wires
            Resistances.

        Returns
        -------
        ndarray, shape (lines,)
            One segment and what is behind it [ohm]; infinite at floating ends.
        """
        found = self._resistances.get((side, wires))
        if found is None:
            behind = {"driven": wires.r_driver, "sensed": wires.r_sense, "grounded": 0.0, "floating": math.inf}
            by_kind = np.array([wires.segment(side) + behind[kind] for kind in KINDS])
            found = np.asarray(by_kind[self._kinds[side]])
            found.flags.writeable = False
            self._resistances[side, wires] = found
        return found

    def refuse_short_circuits(self, wires: Wires) -> None:
        """Refuse lines that join two fixed voltages through nothing: no current is then the solution.

        Parameters
        ----------
        wires : Wires
            Resistances.

        Raises
        ------
        ValueError
            Names the first such line and what to change.
        """
        for one, other, line in (("left", "right", "word line"), ("top", "bottom", "bit line")):
            if wires.segment(one) != 0:
                continue
            both = (self.resistances(one, wires) == 0) & (self.resistances(other, wires) == 0)
            if both.any():
                k = int(np.argmax(both))
                segment = "r_word" if one == "left" else "r_bit"
                raise ValueError(
                    f"{line} {k} has no resistance and joins its {getattr(self, one)[k]} {one} end to its "
                    f"{getattr(self, other)[k]} {other} end, so the current between them is not determined: "
                    f"give {segment}, r_driver or r_sense a value above 0 ohm, or leave one end floating"
                )


def end_voltages(terminations: Terminations, v: Any) -> tuple[dict[str, NDArray[np.float64]], bool]:
    """Voltages of all ends from those of the driven ones.

    Parameters
    ----------
    terminations : Terminations
        What the ends are joined to.
    v : array_like or mapping of str to array_like
        Voltages of the driven side, or of each side with driven ends by its name, shape (lines,) or
        (p, lines) [V]. Ends of that side that are not driven have 0 or NaN.

    Returns
    -------
    ends : dict of str to ndarray, shape (p, lines)
        Voltages [V], 0 where an end is not driven.
    single : bool
        Whether one vector was given, not a batch.

    Raises
    ------
    ValueError
        When sides, shapes or values do not fit.
    """
    driven = terminations.sides_with("driven")
    if isinstance(v, Mapping):
        given = dict(v)
        wrong = [str(side) for side in given if side not in driven]
        missing = [side for side in driven if side not in given]
        if wrong or missing:
            said = [f"{', '.join(wrong)} not driven"] if wrong else []
            said += [f"no voltages for {', '.join(missing)}"] if missing else []
            raise ValueError(f"voltages are for the driven sides ({', '.join(driven) or 'none'}): {'; '.join(said)}")
    elif len(driven) == 1:
        given = {driven[0]: v}
    else:
        raise ValueError(
            f"{len(driven)} sides are driven ({', '.join(driven) or 'none'}): "
            "give the voltages as a mapping from side to voltages, such as {'left': [...], 'top': [...]}"
        )
    arrays = {side: _voltages(terminations, side, values) for side, values in given.items()}
    counts = {a.shape[0] for a in arrays.values() if a.ndim == 2}
    if len(counts) > 1:
        sizes = ", ".join(f"{side} {a.shape[0]}" for side, a in arrays.items() if a.ndim == 2)
        raise ValueError(f"the driven sides must have equally many vectors, got {sizes}")
    p = counts.pop() if counts else 1
    ends = {}
    for side in SIDES:
        lines = len(getattr(terminations, side))
        ends[side] = np.array(np.broadcast_to(arrays.get(side, np.zeros(lines)), (p, lines)))
    return ends, all(a.ndim == 1 for a in arrays.values())


def _words(side: str, given: str | Sequence[str], lines: int) -> tuple[str, ...]:
    words = (given,) * lines if isinstance(given, str) else tuple(given)
    for word in words:
        if word not in KINDS:
            raise ValueError(f"an end of side {side} must be one of {', '.join(KINDS)}, got {word!r}")
    if len(words) != lines:
        kind = "word" if side in ("left", "right") else "bit"
        raise ValueError(f"side {side} needs one word, or one for each of the {lines} {kind} lines, got {len(words)}")
    return words


def _voltages(terminations: Terminations, side: str, values: Any) -> NDArray[np.float64]:
    driven = terminations.having(side, "driven")
    refuse_masked(f"voltages of side {side}", values)
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"voltages of side {side} must be numbers in V, got {values!r}") from None
    if array.ndim not in (1, 2) or array.shape[-1] != driven.size or array.shape[0] == 0:
        raise ValueError(
            f"voltages of side {side} need the shape ({driven.size},) or (p, {driven.size}), "
            f"one for each line, got {array.shape}"
        )
    meant = ((array != 0) & ~np.isnan(array) & ~driven).reshape(-1, driven.size).any(axis=0)
    if meant.any():
        k = int(np.argmax(meant))
        raise ValueError(
            f"line {k} of side {side} is {getattr(terminations, side)[k]}, not driven: its voltage must be 0 or NaN"
        )
    array[..., ~driven] = 0.0
    if not np.isfinite(array).all():
        k = int(np.argwhere(~np.isfinite(array))[0][-1])
        raise ValueError(f"the voltage of line {k} on side {side} must be finite, in V, got {array[..., k].ravel()[0]}")
    return array
