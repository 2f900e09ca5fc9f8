"""One run of a stochastic hybrid system: steps on a grid, a row for each, two for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.behaviour.generate import recorded_names
from neuromorph.behaviour.lanes import LaneForm, lane_kernel
from neuromorph.behaviour.steps import mean_inputs, refuse_bad_noise, refuse_long_steps
from neuromorph.errors import SimulationInterrupted
from neuromorph.progress import Progress
from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.behaviour.euler_maruyama import EulerMaruyama
    from neuromorph.stimulus import Stimulus
    from neuromorph.systems import HybridSystem

_STEPS_PER_CALL = 1 << 14
_MOST_ROWS = 200_000_000


def checked_seed(system: HybridSystem, seed: int | None) -> int:
    """The seed, which a system without chance does not need.

    Parameters
    ----------
    system : HybridSystem
        Which may be random.
    seed : int or None
        As given (pure number).

    Returns
    -------
    int
        From 0 to 2**64 - 1 (pure number).

    Raises
    ------
    ValueError
        When it is left out for a random system, or out of range.
    """
    if seed is None:
        if system.is_random:
            chance = ", ".join([*system.noise_sources, *system.random])
            raise ValueError(
                f"system {system.name!r} is random ({chance}): give a seed, a whole number, so that the run can be repeated"
            )
        return 0
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**64:
        raise ValueError(f"seed must be a whole number from 0 to 2**64 - 1, got {seed!r}")
    return int(seed)


def simulate_path(
    system: HybridSystem,
    stimuli: dict[str, Stimulus],
    t_stop: float,
    solver: EulerMaruyama,
    seed: int | None,
    progress: Progress,
) -> tuple[Recording, int]:
    """Integrate a stochastic system once; the same as neuron 0 of a batch, bit for bit.

    Parameters
    ----------
    system : HybridSystem
        What to integrate.
    stimuli : dict of str to Stimulus
        Of every input.
    t_stop : float
        Length of the run, a whole number of steps [s].
    solver : EulerMaruyama or Milstein
        Method and step.
    seed : int or None
        Chooses the path (pure number).
    progress : Progress
        Told how far the run is.

    Returns
    -------
    recording, status
        What was recorded up to the end (SI units), and what ended the run: 0 where nothing did.

    Raises
    ------
    SimulationInterrupted
        On Ctrl-C, with the recording up to there.
    """
    n_steps, seed = solver.n_steps(t_stop), checked_seed(system, seed)
    refuse_long_steps(system, solver.dt, {})
    initial = {name: float(state.initial) for name, state in system.states.items()}
    refuse_bad_noise(system, {}, initial)
    if n_steps > _MOST_ROWS:
        raise ValueError(f"{n_steps:.2g} steps would not fit into memory: give a longer dt or a shorter t_stop")
    form = LaneForm(solver.engine, solver.crossings, False, ("shared",) * len(system.inputs), 1)
    kernel = lane_kernel(system, form)
    p = np.array([*map(float, system.parameters.values()), 0.0])
    lane = np.empty(kernel.N_ROWS)
    kernel.begin_tile(lane, np.array([[*initial.values()]]), p[None], np.zeros((1, 0)))
    tables = [stimulus.segments(t_stop) for stimulus in stimuli.values()]
    names = recorded_names(system)
    times, rows, spikes = np.empty(4 * _STEPS_PER_CALL), np.empty((4 * _STEPS_PER_CALL, len(names))), np.empty(1 << 14)
    blocks: list[tuple[Any, Any]] = []
    found: list[Any] = []
    step, status = 0, 0
    stopped = False
    try:
        while step < n_steps:
            grid = solver.times(step, min(step + _STEPS_PER_CALL, n_steps))
            inputs = mean_inputs(tables, grid)
            status, done, n, n_spikes = kernel.run_path(
                lane,
                step,
                len(grid) - 1,
                solver.dt,
                solver.pieces_per_step,
                solver.increment_scale,
                inputs,
                p,
                np.uint64(seed),
                times,
                rows,
                spikes,
            )
            step += done
            blocks.append((times[:n].copy(), rows[:n].T.copy()))
            found.append(spikes[:n_spikes].copy())
            progress(step / n_steps, solver.engine)
            if status not in (kernel.QUIET, kernel.BUFFER_FULL):
                break
            status = 0
    except KeyboardInterrupt:
        if not found:
            raise
        stopped = True
    time = np.concatenate([t for t, _ in blocks])
    signals = {name: np.concatenate([values[i] for _, values in blocks]) for i, name in enumerate(names)}
    kept = _without_repeats(time, signals)
    recording = Recording(
        time=time[kept],
        signals={name: values[kept] for name, values in signals.items()},
        units=system.units(),
        spikes=SpikeTrains(times=np.concatenate(found)),
        provenance={
            "engine": solver.engine,
            "version": __version__,
            "design": system.name,
            "options": {**solver.options(), "interpretation": system.interpretation},
            "parameters": dict(system.parameters),
            "t_stop": t_stop,
            "seed": seed,
            "states": list(system.states),
            "inputs": list(system.inputs),
        },
    )
    if stopped:
        reached = f"{format_quantity(float(recording.time[-1]), 's')} of {format_quantity(t_stop, 's')}"
        raise SimulationInterrupted(f"stopped at {reached}", recording)
    return recording, int(status)


def _without_repeats(time: Any, signals: dict[str, Any]) -> Any:
    """Which rows say something that the row before did not say: the end of one call is the start of the next."""
    same = np.diff(time, prepend=np.nan) == 0
    for values in signals.values():
        same &= np.diff(values, prepend=np.nan) == 0
    return ~same
