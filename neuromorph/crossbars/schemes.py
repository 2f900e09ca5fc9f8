"""Bias schemes: what the lines of an array are held at while one of its cells is read or written."""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.quantities import Parameters, choice
from neuromorph.stimulus import PulseTrain, Stimulus

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar

__all__ = ["BiasScheme", "checked_cell", "checked_scheme", "checked_shape"]

FloatArray = NDArray[np.float64]

# Word line and bit line of the others, as shares of the voltage of the selected word line; that of the selected bit line is 0.
_SHARES = {"V/2": (1.0 / 2.0, 1.0 / 2.0), "V/3": (1.0 / 3.0, 2.0 / 3.0), "grounded": (0.0, 0.0)}


@dataclass(frozen=True, kw_only=True)
class BiasScheme(Parameters):
    """What the word lines and bit lines are held at while one cell is read or written.

    The selected word line has the voltage `v`, the selected bit line 0 V. The others:

    - ``"V/2"``: all at ``v / 2``. Cells on the selected lines are half-selected, with ``v / 2`` each; all others have 0 V.
    - ``"V/3"``: word lines at ``v / 3``, bit lines at ``2 v / 3``. Half-selected cells have ``v / 3``, all others
      ``-v / 3``: less disturbance, and a current through every cell of the array.
    - ``"floating"``: joined to nothing. The cells between them carry the sneak currents.
    - ``"grounded"``: all at 0 V. No sneak current reaches the selected bit line over ideal wires, and the cells of the selected word
      line have the full voltage: a scheme for reading.

    Parameters
    ----------
    kind : {"V/2", "V/3", "floating", "grounded"}
        The scheme.

    Raises
    ------
    ValueError
        When there is no such scheme.

    Notes
    -----
    The voltages are those of ideal wires; IR drop takes its share. Sources: A. Chen, "A comprehensive crossbar array model
    with solutions for line resistance and nonlinear device characteristics", IEEE Trans. Electron Devices 60 (2013)
    1318; for floating lines A. Flocke and T. G. Noll, "Fundamental analysis of resistive nano-crossbars for the use in hybrid
    nano/CMOS-memory", ESSCIRC 2007.

    Examples
    --------
    >>> BiasScheme(kind="V/3").device_voltages((2, 3), (0, 1), 0.9).round(3).tolist()
    [[0.3, 0.9, 0.3], [-0.3, 0.3, -0.3]]
    """

    kind: str = choice("V/2", (*_SHARES, "floating"), doc="what the lines that are not selected are held at")

    def line_voltages(self, shape: tuple[int, int], cell: tuple[int, int], v: float) -> dict[str, FloatArray]:
        """Voltages of the lines.

        Parameters
        ----------
        shape : tuple of int
            Word lines and bit lines.
        cell : tuple of int
            Row and column of the selected cell.
        v : float
            Voltage of the selected cell over ideal wires [V]; a negative one turns it off.

        Returns
        -------
        dict of str to ndarray
            ``left`` (m,), the word lines, and ``bottom`` (n,), the bit lines [V]; NaN where a line floats.

        Raises
        ------
        ValueError
            When there is no such cell, or the voltage is not finite.
        """
        row, column = checked_cell(shape, cell)
        v = _checked_voltage(v)
        word_share, bit_share = _SHARES.get(self.kind, (np.nan, np.nan))
        word, bit = np.full(shape[0], v * word_share), np.full(shape[1], v * bit_share)
        word[row], bit[column] = v, 0.0
        return {"left": word, "bottom": bit}

    def device_voltages(self, shape: tuple[int, int], cell: tuple[int, int], v: float) -> FloatArray:
        """Voltages of the devices over ideal wires.

        Parameters
        ----------
        shape : tuple of int
            Word lines and bit lines.
        cell : tuple of int
            Row and column of the selected cell.
        v : float
            Voltage of the selected cell [V].

        Returns
        -------
        ndarray, shape (m, n)
            Word minus bit line [V]; NaN where it is the devices that decide, on lines that float.
        """
        lines = self.line_voltages(shape, cell, v)
        voltages: FloatArray = lines["left"][:, None] - lines["bottom"][None, :]
        return voltages

    def applied_to(self, crossbar: Crossbar, cell: tuple[int, int], *, sense: bool = False) -> Crossbar:
        """The crossbar with its ends joined as the scheme wants them.

        Parameters
        ----------
        crossbar : Crossbar
            Its devices and resistances are kept; word lines are driven at their left ends, bit lines at their
            bottom ends.
        cell : tuple of int
            Row and column of the selected cell.
        sense : bool
            Whether the selected bit line is sensed, behind `r_sense`, instead of driven at 0 V, behind `r_driver`.

        Returns
        -------
        Crossbar
            To be solved with :meth:`line_voltages`, or simulated with :meth:`pulses` [SI units].
        """
        row, column = checked_cell(crossbar.shape, cell)
        others = "floating" if self.kind == "floating" else "driven"
        left, bottom = [others] * crossbar.shape[0], [others] * crossbar.shape[1]
        left[row], bottom[column] = "driven", "sensed" if sense else "driven"
        return dataclasses.replace(crossbar, left=tuple(left), bottom=tuple(bottom), right="floating", top="floating")

    def voltages_of(self, biased: Crossbar, cell: tuple[int, int], v: float) -> dict[str, FloatArray]:
        """What :meth:`Crossbar.solve` takes for a crossbar of :meth:`applied_to`.

        Parameters
        ----------
        biased : Crossbar
            From :meth:`applied_to`, for the same cell.
        cell : tuple of int
            Row and column of the selected cell.
        v : float
            Voltage of the selected cell [V].

        Returns
        -------
        dict of str to ndarray
            By side that has driven ends [V], 0 where an end is not driven.
        """
        lines = self.line_voltages(biased.shape, cell, v)
        return {side: np.nan_to_num(lines[side]) for side in biased.terminations.sides_with("driven")}

    def pulses(
        self, shape: tuple[int, int], cell: tuple[int, int], v: float, *, times: Sequence[float], width: float
    ) -> dict[str, list[Stimulus | None]]:
        """What :meth:`Crossbar.simulate` takes, for voltage pulses with 0 V between them.

        Parameters
        ----------
        shape : tuple of int
            Word lines and bit lines.
        cell : tuple of int
            Row and column of the selected cell.
        v : float
            Voltage of the selected cell during a pulse [V].
        times : sequence of float
            Start of each pulse [s].
        width : float
            Length of a pulse, from half height to half height [s].

        Returns
        -------
        dict of str to list
            By side, a stimulus for each driven line.
        """
        known: dict[float, Stimulus] = {}

        def stimulus(volts: float) -> Stimulus | None:
            if np.isnan(volts):
                return None
            # One object for all lines of a voltage: it is looked at once.
            return known.setdefault(volts, PulseTrain(times=times, width=width, amplitude=volts))

        lines = self.line_voltages(shape, cell, v)
        return {side: [stimulus(float(volts)) for volts in values] for side, values in lines.items()}


def checked_cell(shape: tuple[int, int], cell: Any) -> tuple[int, int]:
    """Row and column of a cell, or ``ValueError`` that says which ones there are."""
    m, n = checked_shape(shape)
    found = _whole_pair(cell)
    if found is None:
        raise ValueError(f"a cell is a row and a column, such as (0, 1), got {cell!r}")
    row, column = found
    if not (0 <= row < m and 0 <= column < n):
        raise ValueError(f"there is no cell ({row}, {column}) in an array of {m} rows and {n} columns")
    return row, column


def checked_shape(shape: Any) -> tuple[int, int]:
    """Word lines and bit lines, or ``ValueError`` when these are not two whole numbers of at least 1."""
    found = _whole_pair(shape)
    if found is None or min(found) < 1:
        raise ValueError(
            f"a shape is a number of word lines and one of bit lines, at least 1 each, such as (16, 16), got {shape!r}"
        )
    return found


def checked_scheme(scheme: Any) -> BiasScheme:
    """A scheme, also by its name, or ``ValueError`` that lists the names."""
    return scheme if isinstance(scheme, BiasScheme) else BiasScheme(kind=scheme)


def _whole_pair(given: Any) -> tuple[int, int] | None:
    try:
        first, second = given
        if isinstance(first, bool) or isinstance(second, bool):
            return None
        return operator.index(first), operator.index(second)
    except (TypeError, ValueError):
        return None


def _checked_voltage(v: Any) -> float:
    try:
        volts = math.nan if isinstance(v, bool | str) else float(v)
    except (TypeError, ValueError):
        volts = math.nan
    if not math.isfinite(volts):
        # NaN is what stands for a line that floats, so it must not come in from outside.
        raise ValueError(f"the voltage of the selected cell must be a finite number of volts, got {v!r}")
    return volts
