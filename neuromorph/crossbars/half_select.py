"""Half-select disturbance: how far the other cells of an array move while one of them is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars.crossbar import Crossbar
from neuromorph.crossbars.schemes import BiasScheme, checked_cell, checked_scheme
from neuromorph.progress import Progress
from neuromorph.stimulus import PulseTrain, Stimulus

if TYPE_CHECKING:
    from neuromorph.crossbars.transients.transient import CrossbarTransient

__all__ = ["HalfSelectDisturbance", "half_select_disturbance"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class HalfSelectDisturbance:
    """What pulses on one cell did to all the others.

    Parameters
    ----------
    scheme : BiasScheme
        What the lines were held at.
    cell : tuple of int
        Row and column of the selected cell.
    voltage : float
        Of the selected cell over ideal wires [V].
    transient : CrossbarTransient
        The run; its frames are the start and the end of each pulse's period.
    """

    scheme: BiasScheme
    cell: tuple[int, int]
    voltage: float
    transient: CrossbarTransient

    @property
    def states(self) -> FloatArray:
        """States before the first pulse and after each, shape (pulses + 1, m, n) (pure numbers)."""
        return self.transient.states

    @property
    def groups(self) -> Mapping[str, NDArray[np.bool_]]:
        """Which devices are ``selected``, half-selected on the ``word_line`` or ``bit_line``, and ``unselected``; (m, n)."""
        (row, column), shape = self.cell, self.states.shape[1:]
        on_word, on_bit = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        on_word[row], on_bit[:, column] = True, True
        return {
            "selected": on_word & on_bit,
            "word_line": on_word & ~on_bit,
            "bit_line": on_bit & ~on_word,
            "unselected": ~(on_word | on_bit),
        }

    @property
    def shifts(self) -> FloatArray:
        """By how much each state has moved since before the first pulse, shape (pulses + 1, m, n) (pure numbers)."""
        moved: FloatArray = self.states - self.states[0]
        return moved

    def largest_shift(self, group: str) -> FloatArray:
        """The largest shift in a group, with its sign, after each pulse.

        Parameters
        ----------
        group : str
            One of :attr:`groups`.

        Returns
        -------
        ndarray, shape (pulses + 1,)
            Shift of the device that has moved most (pure numbers); 0 where the group is empty.

        Raises
        ------
        ValueError
            When there is no such group; the message lists them.
        """
        if group not in self.groups:
            raise ValueError(f"there is no group {group!r}; choices: {', '.join(self.groups)}")
        inside = self.shifts[:, self.groups[group]]
        if inside.shape[1] == 0:
            return np.zeros(len(inside))
        largest: FloatArray = inside[np.arange(len(inside)), np.abs(inside).argmax(axis=1)]
        return largest


def half_select_disturbance(
    crossbar: Crossbar,
    cell: tuple[int, int],
    voltage: float,
    *,
    width: float,
    pulses: int,
    scheme: BiasScheme | str = "V/2",
    period: float | None = None,
    tolerance: float = 1e-5,
    progress: Progress | None = None,
) -> HalfSelectDisturbance:
    """Write one cell with equal pulses and look at all the others.

    Parameters
    ----------
    crossbar : Crossbar
        With a :class:`DeviceArray`. Its wires count; what its ends are joined to is replaced by the scheme.
    cell : tuple of int
        Row and column of the cell that is written.
    voltage : float
        Of that cell over ideal wires [V]; a negative one turns it off.
    width : float
        Length of a pulse, from half height to half height [s].
    pulses : int
        How many.
    scheme : BiasScheme or str
        What the other lines are held at.
    period : float, optional
        From the start of one pulse to that of the next [s]; by default twice the width.
    tolerance : float
        Of the states, as :meth:`Crossbar.simulate` takes it (pure number).
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    HalfSelectDisturbance
        States after each pulse, by group of devices.

    Raises
    ------
    ValueError
        When there is no such cell or scheme, pulses are not at least one, voltage and times are not what they should
        be, or a pulse is longer than the period.

    Examples
    --------
    >>> import numpy as np
    >>> import neuromorph as nm
    >>> crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.zeros((4, 4))), r_word=1.0, r_bit=1.0)
    >>> found = nm.half_select_disturbance(crossbar, (1, 2), 0.5, width=1e-5, pulses=3)
    >>> found.largest_shift("selected").round(3).tolist()
    [0.0, 0.095, 0.181, 0.259]
    >>> bool(found.largest_shift("word_line")[-1] > 10 * found.largest_shift("unselected")[-1])
    True
    """
    if not isinstance(crossbar, Crossbar):
        raise ValueError(f"crossbar must be a Crossbar of a DeviceArray, got {type(crossbar).__name__}")
    scheme = checked_scheme(scheme)
    cell = checked_cell(crossbar.shape, cell)
    if isinstance(pulses, bool) or not isinstance(pulses, int | np.integer) or pulses < 1:
        raise ValueError(f"pulses must be a whole number of at least 1, got {pulses!r}")
    pulses, width = int(pulses), _checked_time("width", width)
    span = 2.0 * width if period is None else _checked_time("period", period)
    starts = np.arange(pulses) * span
    biased = scheme.applied_to(crossbar, cell)
    stimuli = scheme.pulses(crossbar.shape, cell, voltage, times=starts.tolist(), width=width)
    # A pulse train refuses pulses that overlap; the last one must not be cut off by the end of the run either.
    takes = _duration(stimuli)
    if span < takes * (1 - 1e-12):
        raise ValueError(f"period must be at least {takes:g} s, what a pulse takes with its edges, got {period!r}")
    transient = biased.simulate(
        stimuli, pulses * span, save_at=np.append(starts, pulses * span), tolerance=tolerance, progress=progress
    )
    return HalfSelectDisturbance(scheme=scheme, cell=cell, voltage=float(voltage), transient=transient)


def _duration(stimuli: Mapping[str, list[Stimulus | None]]) -> float:
    """How long one pulse takes, edges included [s]."""
    train = next(one for of_side in stimuli.values() for one in of_side if isinstance(one, PulseTrain))
    return train.width + 0.5 * (train.rise + train.fall)


def _checked_time(name: str, given: Any) -> float:
    try:
        seconds = math.nan if isinstance(given, bool | str) else float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0.0 < seconds < math.inf:
        raise ValueError(f"{name} must be a positive time in s, got {given!r}")
    return seconds
