"""A crossbar: conductances between word and bit lines, the wires, and what the lines end in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.crossbars.masked import refuse_masked
from neuromorph.crossbars.solution import CrossbarSolution, SolveInterrupted
from neuromorph.crossbars.solving.newton import solve_nonlinear
from neuromorph.crossbars.solving.solver import refuse_too_large, solver_for
from neuromorph.crossbars.solving.voltages import NodeVoltages, read_only
from neuromorph.crossbars.terminations import Terminations, Wires, end_voltages
from neuromorph.progress import Progress, silent

if TYPE_CHECKING:
    from neuromorph.crossbars.transients.transient import CrossbarTransient
    from neuromorph.schematic import Deck, NgspiceOptions, VacaskOptions
    from neuromorph.spice import Engine

__all__ = ["Crossbar"]

# Vectors that are solved side by side, and in how many parts at most a batch is solved: Ctrl-C keeps those that are done.
_ABREAST, _BATCHES = 8, 50
_LARGEST_TOLERANCE, _LEAST_TOLERANCE = 1e-2, 1e-16


@dataclass(frozen=True, eq=False)
class Crossbar:
    """An array of m word lines and n bit lines with a device at each crossing.

    Device (i, j) joins word node (i, j) to bit node (i, j); its voltage is word minus bit. A word line runs from its
    left end through a segment to node (i, 0), from node to node, and through a last segment to its right end; a bit
    line likewise from top to bottom.

    Parameters
    ----------
    devices : array_like, shape (m, n), or DeviceArray
        Conductances [S]; 0 is an open device.
    r_word, r_bit : float
        Resistance of a segment of a word line, and of a bit line [ohm].
    r_driver, r_sense : float
        Resistance between a voltage source and a driven end, and between a sensed end and 0 V [ohm].
    left, right, top, bottom : str or sequence of str
        What the ends of a side are joined to, in one word or one for each line: ``"driven"``, ``"sensed"`` (held at
        0 V, its current is an output), ``"grounded"`` (held at 0 V) or ``"floating"``.

    Raises
    ------
    ValueError
        When a conductance is negative, infinite or not a number, when shapes do not fit, a resistance is negative,
        or when two fixed voltages meet through no resistance.

    Notes
    -----
    Resistances of 0 and infinity are exact limits.

    Examples
    --------
    >>> crossbar = Crossbar([[1e-3, 2e-3], [3e-3, 4e-3]])
    >>> crossbar.solve([0.1, 0.2]).output_currents
    array([0.0007, 0.001 ])
    """

    devices: Any
    r_word: float = 0.0
    r_bit: float = 0.0
    r_driver: float = 0.0
    r_sense: float = 0.0
    left: str | Sequence[str] = "driven"
    right: str | Sequence[str] = "floating"
    top: str | Sequence[str] = "floating"
    bottom: str | Sequence[str] = "sensed"

    def __post_init__(self) -> None:
        if not hasattr(self.devices, "is_linear"):
            object.__setattr__(self, "devices", _checked_conductances(self.devices))
        wires, terminations = self.wires, self.terminations
        terminations.refuse_short_circuits(wires)
        for name in ("r_word", "r_bit", "r_driver", "r_sense"):
            object.__setattr__(self, name, getattr(wires, name))
        for side in ("left", "right", "top", "bottom"):
            if not isinstance(getattr(self, side), str):
                object.__setattr__(self, side, getattr(terminations, side))

    @property
    def shape(self) -> tuple[int, int]:
        """Word lines and bit lines."""
        m, n = self.devices.shape
        return int(m), int(n)

    @cached_property
    def wires(self) -> Wires:
        """Resistances of wires, drivers and sensing inputs."""
        return Wires(r_word=self.r_word, r_bit=self.r_bit, r_driver=self.r_driver, r_sense=self.r_sense)

    @cached_property
    def terminations(self) -> Terminations:
        """What each end is joined to."""
        return Terminations.of(self.shape, left=self.left, right=self.right, top=self.top, bottom=self.bottom)

    @property
    def conductances(self) -> NDArray[np.float64]:
        """Conductances of linear devices, shape (m, n) [S]."""
        return self.devices if isinstance(self.devices, np.ndarray) else np.asarray(self.devices.conductances())

    def with_ideal_wires(self) -> Crossbar:
        """The same array with wires of no resistance.

        Returns
        -------
        Crossbar
            Segments of lines that would join two fixed voltages through nothing have 1e-9 of their resistance, at most 1e-6 ohm.
        """
        changes: dict[str, Any] = {}
        for name, sides in (("r_word", ("left", "right")), ("r_bit", ("top", "bottom"))):
            given = getattr(self, name)
            ideal = dataclasses.replace(self.wires, **{name: 0.0})
            meeting = np.logical_and(*(self.terminations.resistances(side, ideal) == 0 for side in sides)).any()
            changes[name] = min(1e-9 * given, 1e-6) if meeting else 0.0
        return dataclasses.replace(self, **changes)

    def solve(
        self,
        v: Any,
        *,
        method: str = "auto",
        tolerance: float = 1e-11,
        progress: Progress | None = None,
        engine: str | Engine = "ode",
        options: NgspiceOptions | None = None,
        longest: float = 300.0,
    ) -> CrossbarSolution:
        """Stationary voltages and currents.

        Parameters
        ----------
        v : array_like, shape (lines,) or (p, lines), or mapping of str to such
            Voltages of the driven side [V]; where several sides are driven, by the side's name.
        method : str
            ``"lines"`` (conjugate gradients over exact solves of the lines), ``"direct"`` (sparse elimination) or
            ``"auto"``: lines, and elimination where these do not reach the tolerance.
        tolerance : float
            Bound on the error of any current over the largest current (pure number), from 1e-16 to 0.01. In very large arrays, where the
            last digits of all currents add up to more, as far as these go.
        progress : callable, optional
            Told the share of the vectors that is solved (pure number).
        engine : {"ode", "ngspice", "ngspice-shared", "vacask"} or Engine
            ``"ode"``: the array's own equations. ``"ngspice"``: an operating point of its deck for each vector.
        options : NgspiceOptions, optional
            Settings of the runs of ngspice.
        longest : float
            Longest estimated time of the runs of ngspice that is accepted [s].

        Returns
        -------
        CrossbarSolution
            One for all vectors.

        Raises
        ------
        ValueError
            When voltages do not fit the driven ends, the tolerance is none, or ngspice would take longer than `longest`.
        ConvergenceError
            When the tolerance is not reached; says how far the solver came.
        MemoryError
            When more memory is needed than is free, before anything is computed.
        SimulationError
            When ngspice failed.
        SolveInterrupted
            On Ctrl-C once vectors are solved: a ``KeyboardInterrupt`` that has these.
        """
        if (
            isinstance(tolerance, bool)
            or not isinstance(tolerance, int | float)
            or not _LEAST_TOLERANCE <= tolerance <= _LARGEST_TOLERANCE
        ):
            raise ValueError(
                f"tolerance must be a number from {_LEAST_TOLERANCE:g} to {_LARGEST_TOLERANCE:g}, got {tolerance!r}"
            )
        if engine != "ode":
            from neuromorph.crossbars.spice.road import solve_in_ngspice

            if method != "auto":
                raise ValueError(f"method belongs to engine 'ode', got {method!r} with another engine")
            return solve_in_ngspice(self, v, engine=engine, options=options, longest=longest)
        solver = solver_for(method, self.shape, self.wires, self.terminations)
        ends, single = end_voltages(self.terminations, v)
        told = silent if progress is None else progress
        p = len(ends["left"])
        refuse_too_large(self.shape, p, method)
        if isinstance(self.devices, np.ndarray) or self.devices.is_linear:
            batches: list[NodeVoltages] = []
            g = read_only(self.conductances)
            try:
                # Elimination is shared by all vectors; the line solver takes them a few at a time anyway.
                size = p if method == "direct" else max(_ABREAST, -(-p // _BATCHES))
                for first in range(0, p, size):
                    told(first / p, "vectors")
                    some = {side: voltages[first : first + size] for side, voltages in ends.items()}
                    batches.append(solver.solve(g, some, tolerance=tolerance))
                told(1.0, "vectors")
            except KeyboardInterrupt:
                raise self._interrupted(batches, p) from None
            return CrossbarSolution(crossbar=self, voltages=NodeVoltages.joined(batches), single=single)
        parts: list[NodeVoltages] = []
        try:
            for k in range(p):
                told(k / p, "vectors")
                one = {side: voltages[k : k + 1] for side, voltages in ends.items()}
                parts.append(solve_nonlinear(solver, self.devices, one, tolerance=tolerance))
            told(1.0, "vectors")
        except KeyboardInterrupt:
            raise self._interrupted(parts, p) from None
        return CrossbarSolution(crossbar=self, voltages=NodeVoltages.joined(parts), single=single)

    def _interrupted(self, parts: list[NodeVoltages], p: int) -> KeyboardInterrupt:
        """What Ctrl-C becomes once some of the vectors are solved."""
        if not parts:
            return KeyboardInterrupt()
        found = NodeVoltages.joined(parts)
        solved = len(found.high)
        return SolveInterrupted(
            f"stopped after {solved} of {p} vectors; the exception's result has these",
            CrossbarSolution(crossbar=self, voltages=found, single=False),
        )

    def simulate(
        self,
        stimuli: Any,
        t_stop: float,
        *,
        tolerance: float = 1e-5,
        save_at: int | str | ArrayLike = 101,
        max_steps: int = 1_000_000,
        progress: Progress | None = None,
        engine: str | Engine = "ode",
        options: NgspiceOptions | VacaskOptions | None = None,
        longest: float = 300.0,
    ) -> CrossbarTransient:
        """Let the states of the devices move while the lines carry current.

        See :func:`neuromorph.crossbars.transients.transient.simulate_states` for the method.

        Parameters
        ----------
        stimuli : Stimulus, sequence of Stimulus, or mapping of str to these
            Voltages of the driven ends [V]: one stimulus for all of a side, or one a line (``None`` where the line is not
            driven); where several sides are driven, by the side's name.
        t_stop : float
            Length of the run [s].
        tolerance : float
            Largest estimated error of any state in a step (pure number), from 1e-12 to 0.01; for engine ``"ode"``.
        save_at : int, "steps" or array_like
            What to keep: a number of frames evenly from 0 s to `t_stop`, times [s], or every step.
        max_steps : int
            Steps after which the run gives up; for engine ``"ode"``.
        progress : callable, optional
            Told the share that is done, and what is being done.
        engine : {"ode", "ngspice", "ngspice-shared", "vacask"} or Engine
            ``"ode"``: the array's own equations. The others: a transient of its deck, in steps of their own.
        options : NgspiceOptions or VacaskOptions, optional
            Settings of the simulator.
        longest : float
            Longest estimated time of the run of ngspice that is accepted [s].

        Returns
        -------
        CrossbarTransient
            States, currents and energies [SI units].

        Raises
        ------
        ValueError
            When the devices have no states, stimuli, times or tolerance are not what they should be, or ngspice would take
            longer than `longest`.
        MemoryError
            When the frames would not fit into memory.
        SimulationError
            When the states cannot be followed; ``partial`` has what was simulated until then.
        TransientInterrupted
            On Ctrl-C: a ``KeyboardInterrupt`` that has what was simulated until then.

        Examples
        --------
        >>> import neuromorph as nm
        >>> crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), [[0.0, 0.5]]), r_word=1.0, r_bit=1.0)
        >>> transient = crossbar.simulate(nm.Constant(value=1.0), t_stop=1e-3)
        >>> transient.states[-1].round(3).tolist()
        [[1.0, 1.0]]
        """
        if engine != "ode":
            from neuromorph.crossbars.spice.road import simulate_in_ngspice

            return simulate_in_ngspice(
                self,
                stimuli,
                t_stop,
                engine=engine,
                options=options,
                save_at=save_at,
                longest=longest,
                progress=progress,
            )
        from neuromorph.crossbars.transients.transient import simulate_states

        return simulate_states(
            self, stimuli, t_stop, tolerance=tolerance, save_at=save_at, max_steps=max_steps, progress=progress
        )

    def deck(
        self,
        drive: Any = None,
        t_stop: float | None = None,
        *,
        record: str | Iterable[str] | None = None,
        name: str | None = None,
    ) -> Deck:
        """The array as text for ngspice: an operating point, or a transient.

        See :func:`neuromorph.crossbars.spice.deck.crossbar_deck` for the names in it.

        Parameters
        ----------
        drive : array_like, Stimulus, sequence of Stimulus, or mapping of str to these, optional
            Voltages [V] of the driven ends, as :meth:`solve` or :meth:`simulate` take them; 1 V without it.
        t_stop : float, optional
            Length of a transient [s]; an operating point without it.
        record : str or sequence of str, optional
            ``"currents"`` of the ends, ``"states"``, ``"voltages"``. By default currents, and states in a transient.
        name : str, optional
            The deck's title.

        Returns
        -------
        Deck
            Its ``text()`` is what ``ngspice -b`` runs [SI units].

        Raises
        ------
        ValueError
            When the drive does not fit the driven ends, or nothing is joined to any end.

        Examples
        --------
        >>> import neuromorph as nm
        >>> deck = nm.Crossbar([[1e-3, 2e-3]]).deck([0.5])
        >>> float(nm.simulate(deck)["i_bottom_1"][0])
        0.001
        """
        from neuromorph.crossbars.spice.deck import crossbar_deck

        return crossbar_deck(self, drive, t_stop, record=record, name=name)


def _checked_conductances(given: Any) -> NDArray[np.float64]:
    refuse_masked("conductances", given, "0.0")
    try:
        g = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"conductances must be numbers in S, in an array of shape (m, n), got {given!r}") from None
    if g.ndim != 2 or g.size == 0:
        raise ValueError(f"conductances need the shape (m, n), word lines by bit lines, got {g.shape}")
    wrong = ~(np.isfinite(g) & (g >= 0))
    if wrong.any():
        i, j = (int(k) for k in np.argwhere(wrong)[0])
        remedy = "; for a shorted device give the conductance of the short" if g[i, j] > 0 else ""
        raise ValueError(f"the conductance of device ({i}, {j}) must be finite and at least 0 S, got {g[i, j]}{remedy}")
    g.flags.writeable = False
    return g
