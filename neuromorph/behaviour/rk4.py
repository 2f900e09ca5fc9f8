"""The classical Runge-Kutta method with located events, for one hybrid system."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neuromorph.behaviour.generate import kernel_of, recorded_names
from neuromorph.errors import ConvergenceError, SimulationError
from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.stimulus import Constant, Stimulus
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

_ROWS_PER_CALL = 1 << 16
_MOST_ROWS = 200_000_000
# Default steps in the fastest time constant of a mode; cross-validation measures what error is left.
_STEPS_PER_TIME_SCALE = 100
_DEFAULT_STEPS_PER_RUN = 20_000
_STEPS_PER_PERIOD = 50


@dataclass(frozen=True, kw_only=True)
class RK4:
    """The fourth-order Runge-Kutta method with fixed steps, restarted at every event.

    Parameters
    ----------
    dt : float, optional
        Longest time step [s]. A mode whose stated time constant is short takes shorter ones. Without it
        the step is 1/100 of each mode's time constant, or 1/20000 of the run where none is stated.
    refinement : int
        Divides every step, the default ones too [pure number].

    Notes
    -----
    A sine in the stimulus limits the step to 1/50 of its period.

    A crossing is located by Runge-Kutta steps of part length, so waveforms and spike times both converge
    with order 4; dense output would be an order less exact (Hairer, Norsett and Wanner, Solving Ordinary
    Differential Equations I, section II.6). Guards are looked at at the start, in the middle and at the end
    of each step, and at the top of the parabola through these values.
    """

    dt: float | None = None
    refinement: int = 1

    order: ClassVar[int] = 4

    def __post_init__(self) -> None:
        if self.dt is not None and not (math.isfinite(self.dt) and self.dt > 0):
            raise ValueError(f"dt must be a positive time in s, or None, got {self.dt!r}")

    def steps(self, system: HybridSystem, t_stop: float) -> dict[str, float]:
        """Longest time step of each mode [s].

        Parameters
        ----------
        system : HybridSystem
            Whose time scales count.
        t_stop : float
            Length of the run [s].

        Returns
        -------
        dict of str to float
            Step by mode [s].
        """
        steps = {}
        for mode, scale in system.time_scales().items():
            if self.dt is None:
                step = t_stop / _DEFAULT_STEPS_PER_RUN if scale is None else scale / _STEPS_PER_TIME_SCALE
            else:
                # Ten steps in a time constant: enough for the order to show, far from instability.
                step = self.dt if scale is None else min(self.dt, scale / 10)
            steps[mode] = min(step, t_stop) / self.refinement
        return steps

    def refined(self) -> RK4:
        """The same method with steps half as long [pure number], whose error is a sixteenth."""
        return dataclasses.replace(self, refinement=2 * self.refinement)


def simulate_system(
    system: HybridSystem,
    drives: Mapping[str, Stimulus] | Stimulus | None,
    t_stop: float,
    solver: RK4 | None = None,
    progress: Progress = silent,
) -> Recording:
    """Integrate a hybrid system.

    Parameters
    ----------
    system : HybridSystem
        What to integrate.
    drives : Stimulus, or mapping of str to Stimulus, or None
        The stimulus of each input; one alone for a system with one input. Inputs left out are zero.
    t_stop : float
        Length of the run [s].
    solver : RK4, optional
        Method and step.
    progress : Progress
        Told how far the run is.

    Returns
    -------
    Recording
        States, unknowns, inputs and outputs at the solver's own time points, shape (n_steps,) each.

    Raises
    ------
    ValueError
        When t_stop or the step cannot be used, or an input is unknown.
    SimulationError
        When the solution ceases to be finite or chatters; ConvergenceError as its cause where an algebraic
        unknown has no solution. Its ``partial`` holds the recording up to there.
    """
    solver = solver or RK4()
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
        mode: min([step, *(p / (_STEPS_PER_PERIOD * solver.refinement) for p in periods)])
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
    status, t_reached = _integrate(system, steps, starts, pieces, t_stop, rows, progress)
    recording = Recording(
        time=rows.time(),
        signals=rows.signals(recorded_names(system)),
        units=system.units(),
        spikes=SpikeTrains(times=rows.spike_times()),
        provenance={
            "engine": "rk4",
            "version": __version__,
            "design": system.name,
            "options": {"dt": steps},
            "parameters": dict(system.parameters),
            "t_stop": t_stop,
            "seed": None,
            "states": list(system.states),
            "inputs": list(system.inputs),
        },
    )
    if status != 0:
        raise _failure(system, status, t_reached, recording)
    return recording


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
        self._blocks: list[tuple[Any, Any]] = []
        self._spikes: list[Any] = []

    def add(self, times: Any, values: Any, spikes: Any) -> None:
        # A run that goes on after a full buffer says first where it is, which may be known already.
        if self._blocks and len(times) and self._repeats(times[0], values[0]):
            times, values = times[1:], values[1:]
        if len(times) or not self._blocks:
            self._blocks.append((times.copy(), values.T.copy()))
        self._spikes.append(spikes.copy())

    def _repeats(self, time: float, values: Any) -> bool:
        last_times, last_values = self._blocks[-1]
        return bool(time == last_times[-1] and np.array_equal(values, last_values[:, -1]))

    def time(self) -> Any:
        return np.concatenate([times for times, _ in self._blocks])

    def signals(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: np.concatenate([v[i] for _, v in self._blocks]) for i, name in enumerate(names)}

    def spike_times(self) -> Any:
        return np.concatenate(self._spikes)


def _integrate(
    system: HybridSystem,
    steps: Mapping[str, float],
    starts: Any,
    pieces: Any,
    t_stop: float,
    rows: _Rows,
    progress: Progress,
) -> tuple[int, float]:
    kernel = kernel_of(system, "rk4_kernel")
    y = np.array([state.initial for state in system.states.values()], dtype=float)
    z = np.zeros(max(len(system.unknowns), 1))
    p = np.array([*map(float, system.parameters.values()), 0.0])
    step_of_mode = np.array([steps[mode] for mode in system.modes])
    where, clock = np.zeros(8, dtype=np.int64), np.zeros(4)
    where[kernel.REPEATED] = -1
    times = np.empty(_ROWS_PER_CALL)
    out = np.empty((_ROWS_PER_CALL, rows.n_signals))
    spikes = np.empty(_ROWS_PER_CALL)
    while True:
        status, n, n_spikes = kernel.integrate(
            starts, pieces, t_stop, step_of_mode, y, z, p, where, clock, times, out, spikes
        )
        rows.add(times[:n], out[:n], spikes[:n_spikes])
        progress(min(clock[kernel.T_NOW] / t_stop, 1.0), "rk4")
        if status != kernel.BUFFER_FULL:
            return int(status), float(clock[kernel.T_NOW])


def _failure(system: HybridSystem, status: int, t_reached: float, partial: Recording) -> SimulationError:
    cause, remedy = {
        2: (
            "Newton's method found no solution for the algebraic unknowns " + ", ".join(system.unknowns),
            "check that the residual has one solution for every state; give a shorter dt",
        ),
        3: (
            "the states ceased to be finite numbers",
            "give a shorter dt; check the right-hand side for a division by zero or an unbounded growth",
        ),
        4: (
            "transitions follow each other without any time between them",
            "separate the thresholds of the guards (hysteresis), or reset a state away from its guard",
        ),
    }[status]
    error = SimulationError(
        cause=f"{system.name}: {cause}",
        remedy=remedy,
        where=f"system {system.name!r}",
        time_reached=t_reached,
        partial=partial,
    )
    if status == 2:
        error.__cause__ = ConvergenceError(cause)
    return error
