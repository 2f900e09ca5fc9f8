"""What a run of a crossbar in ngspice will cost, said before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar
    from neuromorph.schematic import Deck, NgspiceOptions

__all__ = ["NgspiceCost", "ngspice_cost"]

# Fitted to runs of ngspice 39 (Sparse 1.3) and 44 (KLU) on a machine with 2 cores of 2020 or so, from 8 x 8 to 128 x 128 and
# 8 x 256. Seconds unless said otherwise.
_START = 0.012
_PER_LINE = 8e-6
_PER_SAVED_SQUARED = 1e-8
# Evaluation of a memristor's two expressions and their derivatives; of five models the fastest and the slowest differ by 2.
_PER_DEVICE = 5e-6
# Of a compiled one.
_PER_COMPILED_DEVICE = 1.2e-6
_PER_RESISTOR = 2e-8
# Newton iterations of a time point, rejected steps included, and of an operating point.
_ITERATIONS, _POINT_ITERATIONS = 2.7, 5
# (time of an array of 64 x 64, exponent of the shorter side, exponent of the longer side): the first elimination, with
# the search for an order, and any other.
_FIRST = {"sparse": (2.6, 3.3, 2.0), "klu": (0.035, 2.2, 1.6)}
_NEXT = {"sparse": (0.08, 3.0, 1.4), "klu": (0.006, 2.0, 1.25)}
# Of an array whose lines of one direction or both have no resistance: far fewer unknowns meet.
_IDEAL_SHARE = {1: 0.1, 2: 0.03}
# Memory of the program, of a resistor crossing and of a memristor's [byte]; of an element of the factors [byte].
_PROGRAM, _PER_CROSSING, _PER_MEMRISTOR = 22e6, 3e3, 22e3
_PER_FACTOR = {"sparse": 60.0, "klu": 25.0}
# A recording is copied twice on its way from the raw file to the result.
_COPIES = 3
_EXTRA_POINTS = 1.1


@dataclass(frozen=True, kw_only=True)
class NgspiceCost:
    """What a run is estimated to cost; times are within a factor of three of what was measured.

    Parameters
    ----------
    seconds : float
        Time on the clock of a machine that does nothing else [s].
    memory : float
        Memory of the simulator and of the result [byte].
    raw_size : float
        Size of the raw file [byte].
    points : int
        Time points, 1 for an operating point (pure number).
    runs : int
        Runs of the program, one for each vector (pure number).
    solver : {"sparse", "klu"}
        Linear solver of the simulator.
    """

    seconds: float
    memory: float
    raw_size: float
    points: int
    runs: int
    solver: str

    def __str__(self) -> str:
        name = {"sparse": "Sparse 1.3", "klu": "KLU"}[self.solver]
        runs = f"{self.runs} runs, " if self.runs > 1 else ""
        return (
            f"{runs}about {format_quantity(self.seconds, 's', 2)} with {name}, {format_quantity(self.memory, 'B', 2)} of memory, "
            f"raw file {format_quantity(self.raw_size, 'B', 2)}"
        )

    def refuse_above(self, longest: float, shape: tuple[int, int]) -> None:
        """Refuse a run that would take too long or more memory than is free.

        Parameters
        ----------
        longest : float
            Longest time that is accepted [s]; infinite for any.
        shape : tuple of int
            Of the array, for the message.

        Raises
        ------
        ValueError
            With the estimate and what to do instead.
        MemoryError
            When the memory that is free would not do.
        """
        from neuromorph.crossbars.solving.memory import free_memory

        m, n = shape
        if self.seconds > longest:
            klu = "" if self.solver == "klu" else "an ngspice with the KLU solver (42 or later), "
            raise ValueError(
                f"ngspice would need {self} for this {m} x {n} array, and {longest:g} s are allowed: use the equations' "
                f"road (engine='ode'), {klu}a smaller array or a shorter run, or allow it with longest={1.5 * self.seconds:.2g}"
            )
        free = free_memory()
        if self.memory > free:
            raise MemoryError(
                f"ngspice would need {self} for this {m} x {n} array, and {format_quantity(free, 'B', 2)} are free: use the "
                "equations' road (engine='ode'), or a smaller array"
            )


def ngspice_cost(
    crossbar: Crossbar,
    deck: Deck,
    *,
    klu: bool,
    compiled: bool = False,
    options: NgspiceOptions | None = None,
    runs: int = 1,
) -> NgspiceCost:
    """Estimate a run.

    Parameters
    ----------
    crossbar : Crossbar
        The array.
    deck : Deck
        Its deck: length of the run [s], longest step [s], what is recorded.
    klu : bool
        Whether KLU solves, instead of Sparse 1.3.
    compiled : bool
        Whether the devices are compiled Verilog-A, instead of B sources.
    options : NgspiceOptions, optional
        Settings of the run.
    runs : int
        How often it is run.

    Returns
    -------
    NgspiceCost
        Time [s], memory and raw file [byte].
    """
    from neuromorph.schematic import NgspiceOptions

    solver = "klu" if klu else "sparse"
    shorter, longer = sorted(crossbar.shape)
    devices = shorter * longer
    resistances = (crossbar.r_word, crossbar.r_bit)
    share = _IDEAL_SHARE.get(sum(not 0 < r < math.inf for r in resistances), 1.0)

    def elimination(table: dict[str, tuple[float, float, float]]) -> float:
        seconds, short, long = table[solver]
        return float(share * seconds * (shorter / 64) ** short * (longer / 64) ** long)

    memristors = 0 if not hasattr(crossbar.devices, "is_stuck") else int(np.count_nonzero(~crossbar.devices.is_stuck))
    points, iterations = 1, _POINT_ITERATIONS if memristors else 2
    if deck.t_stop is not None:
        run = (options or NgspiceOptions()).transient(deck.resolution, deck.t_stop)
        points = math.ceil(_EXTRA_POINTS * run.t_stop / run.t_max) + 8
        iterations = math.ceil(_ITERATIONS * points)
    saved = len(deck.vectors)
    seconds = _START + _PER_LINE * len(deck.body) + elimination(_FIRST)
    per_device = _PER_COMPILED_DEVICE if compiled else _PER_DEVICE
    seconds += iterations * (per_device * memristors + 3 * _PER_RESISTOR * devices + elimination(_NEXT))
    if not deck.saves_all and deck.t_stop is not None:
        seconds += _PER_SAVED_SQUARED * saved**2
    raw_size = 8.0 * points * (saved + 1) + 30.0 * saved
    factors = share * 45e3 * (shorter / 32) ** 1.7 * (longer / 32) ** 1.05 + 8.0 * devices
    memory = _PROGRAM + _PER_CROSSING * devices + _PER_MEMRISTOR * memristors + _PER_FACTOR[solver] * factors
    return NgspiceCost(
        seconds=runs * seconds,
        memory=memory + _COPIES * raw_size,
        raw_size=raw_size,
        points=points,
        runs=runs,
        solver=solver,
    )
