"""Integration of one hybrid system by a solver: stimuli, kernel, rows, failures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np

from neuromorph.behaviour.euler_maruyama import EulerMaruyama, default_steps
from neuromorph.behaviour.generate import kernel_of, recorded_names
from neuromorph.behaviour.network import NetworkSolver, simulate_network
from neuromorph.behaviour.paths import simulate_path
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.rosenbrock import Rosenbrock
from neuromorph.errors import ConvergenceError, SimulationError, SimulationInterrupted
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.stimulus import Constant, Stimulus
from neuromorph.systems.network import HybridNetwork
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

_ROWS_PER_CALL = 1 << 16
_MOST_ROWS = 200_000_000
_TOO_MANY_ROWS = 6


class Solver(Protocol):
    """A method of integration, such as :class:`RK4` and :class:`Rosenbrock`.

    Attributes
    ----------
    engine : str
        Its name in the provenance of a recording.
    kernel : str
        Name of its file of generated code's text.
    steps_per_period : int
        How finely it must sample a sine in the stimulus [pure number].
    dt : float or None
        Longest time step [s].
    refinement : int
        Raised by :meth:`refined` [pure number].
    """

    engine: ClassVar[str]
    kernel: ClassVar[str]
    steps_per_period: ClassVar[int]

    @property
    def dt(self) -> float | None:
        """Longest time step [s]."""

    @property
    def refinement(self) -> int:
        """Divides the longest steps [pure number]."""

    def refined(self) -> Self:
        """The same method with a smaller error (pure number)."""

    def steps(self, system: HybridSystem, t_stop: float) -> dict[str, float]:
        """Longest time step of each mode [s]."""

    def arguments(self, system: HybridSystem, steps: Mapping[str, float], t_stop: float) -> Any:
        """What the kernel takes as ``method``, given the longest steps [s]."""

    def options(self, steps: Mapping[str, float]) -> dict[str, Any]:
        """What the provenance of a recording says of it; times in s."""


def default_solver(system: HybridSystem | HybridNetwork, dt: float | None = None) -> Any:
    """The solver that suits a system: RK4, Rosenbrock for a stiff one, Euler-Maruyama for a random one.

    Parameters
    ----------
    system : HybridSystem or HybridNetwork
        Which says whether it is stiff or random.
    dt : float, optional
        Longest time step [s].

    Returns
    -------
    RK4, Rosenbrock, EulerMaruyama or NetworkSolver
        With its own defaults.

    Raises
    ------
    ValueError
        When the system is random and neither it nor `dt` says how long a step may be.
    """
    if isinstance(system, HybridNetwork):
        return NetworkSolver(dt=dt)
    if system.is_random:
        return default_steps(system, dt)
    return Rosenbrock(dt=dt) if system.stiff else RK4(dt=dt)


def simulate_system(
    system: HybridSystem | HybridNetwork,
    drives: Mapping[str, Stimulus] | Stimulus | None,
    t_stop: float,
    solver: Solver | EulerMaruyama | NetworkSolver | None = None,
    progress: Progress = silent,
    seed: int | None = None,
) -> Recording:
    """Integrate a hybrid system.

    Parameters
    ----------
    system : HybridSystem or HybridNetwork
        What to integrate.
    drives : Stimulus, or mapping of str to Stimulus, or None
        The stimulus of each input; one alone for a system with one input. Inputs left out are zero. A network has its own.
    t_stop : float
        Length of the run [s].
    solver : RK4, Rosenbrock, EulerMaruyama, Milstein or NetworkSolver, optional
        Method and step; by default RK4, Rosenbrock for a stiff system, EulerMaruyama for a random one.
    progress : Progress
        Told how far the run is.
    seed : int, optional
        Chooses the path of a random system (pure number).

    Returns
    -------
    Recording
        States, unknowns, inputs and outputs at the solver's own time points, shape (n_steps,) each.

    Raises
    ------
    ValueError
        When t_stop or the step cannot be used, an input is unknown, or the solver does not suit the system.
    SimulationError
        When the solution ceases to be finite or chatters; ConvergenceError as its cause where an algebraic
        unknown has no solution. Its ``partial`` holds the recording up to there.
    SimulationInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has the recording up to there.
    """
    if isinstance(system, HybridNetwork):
        return simulate_network(system, t_stop, _of_network(system, drives, solver, seed), progress)
    solver = solver or default_solver(system)
    if isinstance(solver, NetworkSolver):
        raise ValueError(f"NetworkSolver is for networks, and {system.name!r} is none: use nm.RK4 or nm.Rosenbrock")
    if isinstance(solver, EulerMaruyama):
        recording, status = simulate_path(system, drives_by_input(system, drives), t_stop, solver, seed, progress)
        if status != 0:
            raise failure(system, status, float(recording.time[-1]), recording)
        return recording
    refuse_chance(system, solver)
    if seed is not None:
        raise ValueError(f"seed belongs to a random system, and {system.name!r} is not one: leave it out")
    if not (math.isfinite(t_stop) and t_stop > 0):
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    if solver.dt is not None and t_stop < solver.dt:
        raise ValueError(
            f"t_stop ({t_stop:g} s) is shorter than one time step ({solver.dt:g} s): lengthen it or shorten dt"
        )
    stimuli = drives_by_input(system, drives)
    steps = solver.steps(system, t_stop)
    periods = [period for s in stimuli.values() if (period := s.shortest_period(t_stop)) is not None]
    # A step of many periods would sample a sine at a few phases and take what it sees for a constant.
    steps = {
        mode: min([step, *(p / (solver.steps_per_period * solver.refinement) for p in periods)])
        for mode, step in steps.items()
    }
    starts, pieces = _pieces(stimuli, t_stop)
    expected = t_stop / max(steps.values())
    if expected > _MOST_ROWS:
        raise ValueError(
            f"{expected:.2g} steps of {max(steps.values()):g} s in {t_stop:g} s would not fit into memory: "
            "give a longer dt or a shorter t_stop"
        )
    rows = _Rows(len(recorded_names(system)))
    provenance = {
        "engine": solver.engine,
        "version": __version__,
        "design": system.name,
        "options": solver.options(steps),
        "parameters": dict(system.parameters),
        "t_stop": t_stop,
        "seed": None,
        "states": list(system.states),
        "inputs": list(system.inputs),
    }
    try:
        status, t_reached = _integrate(system, solver, steps, starts, pieces, t_stop, rows, progress)
    except KeyboardInterrupt:
        if not rows.count:
            raise
        partial = rows.recording(system, provenance)
        reached = f"{format_quantity(float(partial.time[-1]), 's')} of {format_quantity(t_stop, 's')}"
        raise SimulationInterrupted(f"stopped at {reached}", partial) from None
    recording = rows.recording(system, provenance)
    if status != 0:
        raise failure(system, status, t_reached, recording)
    return recording


def _of_network(system: HybridNetwork, drives: Any, solver: Any, seed: int | None) -> NetworkSolver:
    """The solver of a network, and what does not go with one refused."""
    if drives:
        raise ValueError(f"{system.name!r} is a network, which has its drives in it: give none")
    if seed is not None:
        raise ValueError(f"seed belongs to a random system, and the network {system.name!r} is not one: leave it out")
    if solver is None or isinstance(solver, NetworkSolver):
        return solver or NetworkSolver()
    if isinstance(solver, RK4):
        return NetworkSolver(dt=solver.dt, rtol=solver.rtol, refinement=solver.refinement)
    raise ValueError(
        f"a network is solved by RK4, and by Rosenbrock where a neuron is stiff, with the events of all: give dt or nm.RK4(dt=...), not {solver!r}"
    )


def refuse_chance(system: HybridSystem, solver: Any) -> None:
    """Raise ``ValueError`` that names solvers which do suit, where a deterministic one was given a random system."""
    if system.is_random:
        what = "noise" if system.noise_sources else "random resets"
        names = ", ".join(system.noise_sources or system.random)
        raise ValueError(
            f"{type(solver).__name__} is a deterministic solver, and system {system.name!r} has {what} ({names}): use "
            "solver=nm.EulerMaruyama(dt=...) or nm.Milstein(dt=...)"
        )


def drives_by_input(system: HybridSystem, drives: Mapping[str, Stimulus] | Stimulus | None) -> dict[str, Stimulus]:
    """The stimulus of every input of a system, zero where none was given.

    Parameters
    ----------
    system : HybridSystem
        Whose inputs count.
    drives : Stimulus, or mapping of str to Stimulus, or None
        As :func:`simulate_system` takes them [input's unit].

    Returns
    -------
    dict of str to Stimulus
        In the order of the system's inputs.

    Raises
    ------
    ValueError
        When a name is not an input, or one stimulus is given for several inputs.
    """
    if isinstance(drives, Stimulus):
        if len(system.inputs) != 1:
            raise ValueError(
                f"{system.name!r} has {len(system.inputs)} inputs ({', '.join(system.inputs) or 'none'}): "
                "give a dict with a stimulus for each"
            )
        drives = {next(iter(system.inputs)): drives}
    given = dict(drives or {})
    for name in given:
        if name not in system.inputs:
            raise ValueError(f"{system.name!r} has no input {name!r}; its inputs: {', '.join(system.inputs) or 'none'}")
    return {name: given.get(name, Constant(value=0.0)) for name in system.inputs}


def _pieces(stimuli: Mapping[str, Stimulus], t_stop: float) -> tuple[Any, Any]:
    """Starts of the smooth pieces of all stimuli together, and each one's coefficients in each piece."""
    tables = [stimulus.segments(t_stop) for stimulus in stimuli.values()]
    starts = np.unique(np.concatenate([[0.0], *(table[:, 0] for table in tables)]))
    pieces = np.zeros((len(starts), max(len(tables), 1), 5))
    for i, table in enumerate(tables):
        rows = table[np.searchsorted(table[:, 0], starts, side="right") - 1]
        since = starts - rows[:, 0]
        pieces[:, i, 0] = rows[:, 1] + rows[:, 2] * since
        pieces[:, i, 1:4] = rows[:, 2:5]
        pieces[:, i, 4] = rows[:, 5] + rows[:, 4] * since
    return starts, pieces


class _Rows:
    """What a run has produced so far, in the blocks that the kernel filled."""

    def __init__(self, n_signals: int) -> None:
        self.n_signals = n_signals
        self.count = 0
        self._blocks: list[tuple[Any, Any]] = []
        self._spikes: list[Any] = []

    def add(self, times: Any, values: Any, spikes: Any) -> None:
        # A run that goes on after a full buffer says first where it is, which may be known already.
        if self._blocks and len(times) and self._repeats(times[0], values[0]):
            times, values = times[1:], values[1:]
        if len(times) or not self._blocks:
            self._blocks.append((times.copy(), values.T.copy()))
            self.count += len(times)
        self._spikes.append(spikes.copy())

    def _repeats(self, time: float, values: Any) -> bool:
        last_times, last_values = self._blocks[-1]
        return bool(time == last_times[-1] and np.array_equal(values, last_values[:, -1]))

    def recording(self, system: HybridSystem, provenance: dict[str, Any]) -> Recording:
        return Recording(
            time=np.concatenate([times for times, _ in self._blocks]),
            signals={
                name: np.concatenate([v[i] for _, v in self._blocks]) for i, name in enumerate(recorded_names(system))
            },
            units=system.units(),
            spikes=SpikeTrains(times=np.concatenate(self._spikes)),
            provenance=provenance,
        )


def _integrate(
    system: HybridSystem,
    solver: Solver,
    steps: Mapping[str, float],
    starts: Any,
    pieces: Any,
    t_stop: float,
    rows: _Rows,
    progress: Progress,
) -> tuple[int, float]:
    kernel = kernel_of(system, solver.kernel)
    y = np.array([state.initial for state in system.states.values()], dtype=float)
    z = np.zeros(max(len(system.unknowns), 1))
    p = np.array([*map(float, system.parameters.values()), 0.0])
    method = solver.arguments(system, steps, t_stop)
    where, clock = np.zeros(8, dtype=np.int64), np.zeros(5)
    where[kernel.REPEATED] = -1
    times = np.empty(_ROWS_PER_CALL)
    out = np.empty((_ROWS_PER_CALL, rows.n_signals))
    spikes = np.empty(_ROWS_PER_CALL)
    while True:
        status, n, n_spikes = kernel.integrate(
            starts, pieces, t_stop, method, y, z, p, where, clock, times, out, spikes
        )
        rows.add(times[:n], out[:n], spikes[:n_spikes])
        progress(min(clock[kernel.T_NOW] / t_stop, 1.0), solver.engine)
        if status == kernel.BUFFER_FULL and rows.count > _MOST_ROWS:
            status = _TOO_MANY_ROWS
        if status != kernel.BUFFER_FULL:
            return int(status), float(clock[kernel.T_NOW])


def failure(
    system: HybridSystem, status: int, t_reached: float, partial: Recording | None, where: str = ""
) -> SimulationError:
    """The error that says what a kernel's status means.

    Parameters
    ----------
    system : HybridSystem
        What was integrated.
    status : int
        As the kernel gave it back (pure number).
    t_reached : float
        How far the run came [s].
    partial : Recording, optional
        What was recorded so far (SI units).
    where : str
        Which of many systems it was.

    Returns
    -------
    SimulationError
        With cause and remedy.
    """
    cause, remedy = {
        2: (
            "Newton's method found no solution for the algebraic unknowns " + ", ".join(system.unknowns),
            "check that the residual has one solution for every state; give a shorter dt",
        ),
        3: (
            "the states ceased to be finite numbers",
            "give a shorter dt; check the right-hand side for a division by zero or an unbounded growth"
            + (", and the diffusion for the root of a negative variance" if system.noise_sources else ""),
        ),
        4: (
            "transitions follow each other without any time between them",
            "separate the thresholds of the guards (hysteresis), or reset a state away from its guard",
        ),
        5: (
            "no step is short enough for the tolerance",
            "check the right-hand side for growth without bound and for jumps, which belong into transitions; "
            "state a larger scale of the states, or a larger rtol",
        ),
        _TOO_MANY_ROWS: (
            f"more than {_MOST_ROWS:.0e} steps were needed, which would not fit into memory",
            "give a shorter t_stop or a larger rtol; a right-hand side that jumps to and fro needs a hysteresis",
        ),
    }[status]
    error = SimulationError(
        cause=f"{system.name}: {cause}",
        remedy=remedy,
        where=", ".join(filter(None, [f"system {system.name!r}", where])),
        time_reached=t_reached,
        partial=partial,
    )
    if status == 2:
        error.__cause__ = ConvergenceError(cause)
    return error
