"""Many neurons, or many realisations of one: tiles of lanes through all steps, threads over tiles."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.behaviour import lanes
from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.generate import recorded_names
from neuromorph.behaviour.lanes import LaneForm, lane_kernel
from neuromorph.behaviour.paths import checked_seed
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.simulate import default_solver, failure, refuse_chance
from neuromorph.behaviour.steps import (
    divided_at_breakpoints,
    mean_inputs,
    pieces_at,
    refuse_bad_noise,
    refuse_long_steps,
)
from neuromorph.progress import Progress, silent
from neuromorph.quantities import check_value
from neuromorph.recording import BatchRecording, SpikeTrains
from neuromorph.recording.spikes import in_order
from neuromorph.stimulus import Constant, Stimulus
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

Array = NDArray[np.float64]
Drive = Stimulus | ArrayLike | Sequence[Stimulus]

_STEPS_PER_CALL = 16384
# Where each neuron has an input of its own, the courses of a tile in a call must fit into some megabytes.
_OWN_VALUES_PER_CALL = 1 << 18
_SPIKES_PER_CALL = 1 << 17
_MOST_SAMPLES = 2_000_000_000


def simulate_batch(
    system: Any,
    drives: Mapping[str, Drive] | Drive | None,
    t_stop: float,
    n: int,
    *,
    solver: EulerMaruyama | RK4 | None = None,
    seed: int | None = None,
    parameters: Mapping[str, ArrayLike] | None = None,
    initial: Mapping[str, ArrayLike] | None = None,
    record: Sequence[str] = (),
    every: int = 1,
    first: int = 0,
    threads: int | None = None,
    progress: Progress = silent,
) -> BatchRecording:
    """Simulate many neurons of one kind, or many realisations of one, with fixed steps.

    Neuron `k` does the same, bit for bit, for any number of neurons, threads and calls that share the work.

    Parameters
    ----------
    system : HybridSystem or Neuron
        What each of them is.
    drives : Stimulus, array_like, sequence of Stimulus, mapping of str to these, or None
        What drives the input, or each input by name [input's unit]: one stimulus for all, a number for each neuron
        (shape (n,)), or a stimulus for each. Inputs left out are zero.
    t_stop : float
        Length of the run [s]; a whole number of steps for a stochastic method.
    n : int
        How many.
    solver : EulerMaruyama, Milstein or RK4, optional
        Method and step; by default Euler-Maruyama for a random system and RK4 for another.
    seed : int, optional
        Chooses the paths of a random system (pure number).
    parameters : mapping of str to array_like, shape (n,) or (), optional
        Values that take the place of the system's own [parameter's unit]; what a neuron refuses is refused here, too.
    initial : mapping of str to array_like, shape (n,) or (), optional
        States at time zero that take the place of the system's own [state's unit].
    record : sequence of str
        Signals to keep at all neurons. Without them, memory does not grow with the number of steps.
    every : int
        Keep them at the end of each `every`-th step.
    first : int
        Number of the first neuron, for a population that several calls share: random numbers belong to a
        neuron's number.
    threads : int, optional
        How many threads work; one a processor without it.
    progress : Progress
        Told how far the run is.

    Returns
    -------
    BatchRecording
        Spikes [s], recorded signals and last states (SI units).

    Raises
    ------
    ValueError
        When an argument cannot be used, or the solver does not suit the system.
    SimulationError
        When a neuron's states cease to be finite or it chatters; the message names the neuron.

    Examples
    --------
    >>> import neuromorph as nm
    >>> batch = nm.simulate_batch(nm.LIF(), [0.5e-4, 1.5e-4, 3e-4], 10e-3, 3, solver=nm.RK4(dt=10e-6))
    >>> batch.spikes.counts().tolist()
    [0, 7, 16]
    """
    for name, values in (parameters or {}).items():
        for value in (np.min(values), np.max(values)) if np.size(values) else ():
            check_value(system, name, float(value))
    system = system.dynamics() if hasattr(system, "dynamics") else system
    setup = _Setup.of(system, drives, t_stop, n, solver, seed, parameters, initial, record, every, first)
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be a whole number from 1 on, got {threads!r}")
    return _Run(setup).recording(threads, progress)


@dataclass(frozen=True)
class _Setup:
    """A checked task: everything by neuron, in the order of the system's own names."""

    system: HybridSystem
    solver: EulerMaruyama | RK4
    t_stop: float
    n: int
    first: int
    seed: int
    parameters: Array  # (n or 1, n_parameters + 1)
    initial: Array  # (n or 1, n_states)
    drives: tuple[Any, ...]  # for each input a stimulus, an array or a list of stimuli
    record: tuple[str, ...]
    every: int

    @classmethod
    def of(
        cls,
        system: HybridSystem,
        drives: Any,
        t_stop: float,
        n: int,
        solver: EulerMaruyama | RK4 | None,
        seed: int | None,
        parameters: Mapping[str, ArrayLike] | None,
        initial: Mapping[str, ArrayLike] | None,
        record: Sequence[str],
        every: int,
        first: int,
    ) -> _Setup:
        for name, value, low in (("n", n, 1), ("every", every, 1), ("first", first, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"{name} must be a whole number from {low} on, got {value!r}")
        if first + n > 2**32:
            raise ValueError(f"neurons are numbered below 2**32, got first={first} and n={n}")
        t_stop = float(t_stop)
        if not 0 < t_stop < np.inf:
            raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
        solver = solver if solver is not None else default_solver(system)
        if not isinstance(solver, EulerMaruyama | RK4):
            raise ValueError(
                f"a batch needs a method with fixed steps, nm.EulerMaruyama, nm.Milstein or nm.RK4, got {solver!r}"
            )
        own = _by_neuron("parameter", parameters or {}, system.parameters, n)
        states = _by_neuron("initial state", initial or {}, system.states, n)
        names = recorded_names(system)
        for name in [record] if isinstance(record, str) else record:
            if name not in names:
                raise ValueError(f"cannot record {name!r}; {system.name!r} has the signals {', '.join(names)}")
        start = {name: float(state.initial) for name, state in system.states.items()} | states
        if isinstance(solver, EulerMaruyama):
            solver.n_steps(t_stop)
            seed = checked_seed(system, seed)
            refuse_long_steps(system, solver.dt, own)
            refuse_bad_noise(system, own, start)
        else:
            refuse_chance(system, solver)
            if seed is not None:
                raise ValueError(f"seed belongs to a random system, and {system.name!r} is not one: leave it out")
            refuse_long_steps(system, _rk4_step(system, solver, t_stop), own)
        return cls(
            system,
            solver,
            t_stop,
            int(n),
            int(first),
            seed or 0,
            _table([*({**system.parameters, **own}.values()), 0.0]),
            _table([*start.values()]),
            _drives(system, drives, n),
            (record,) if isinstance(record, str) else tuple(record),
            int(every),
        )


class _Run:
    """The tiles of a batch, moved forward together by some thousand steps at a time."""

    def __init__(self, setup: _Setup) -> None:
        self.setup = setup
        system, solver = setup.system, setup.solver
        self.is_stochastic = isinstance(solver, EulerMaruyama)
        kinds = tuple(
            "shared" if isinstance(d, Stimulus) else "constant" if isinstance(d, np.ndarray) else "own"
            for d in setup.drives
        )
        form = LaneForm(
            solver.engine, getattr(solver, "crossings", "interpolated"), len(setup.parameters) > 1, kinds, lanes.WIDTH
        )
        self.kinds, self.kernel = kinds, lane_kernel(system, form)
        self.width = form.width
        self.tiles = [_Tile(self, start) for start in range(0, setup.n, form.width)]
        if isinstance(solver, EulerMaruyama):
            self.n_steps = solver.n_steps(setup.t_stop)
        else:
            stimuli = [
                s for d in setup.drives for s in ([d] if isinstance(d, Stimulus) else d) if isinstance(s, Stimulus)
            ]
            step = _rk4_step(system, solver, setup.t_stop)
            periods = [p for s in stimuli if (p := s.shortest_period(setup.t_stop)) is not None]
            step = min([step, *(p / solver.steps_per_period for p in periods)])
            self.grid = divided_at_breakpoints(stimuli, setup.t_stop, step)
            self.n_steps = len(self.grid) - 1
        self.shared_tables = self.tables(range(1))
        n_samples = self.n_steps // setup.every if setup.record else 0
        if n_samples * setup.n * len(setup.record) > _MOST_SAMPLES:
            raise ValueError(
                f"{n_samples} samples of {len(setup.record)} signals of {setup.n} neurons would not fit into memory: "
                "record fewer, or give a larger every"
            )
        self.room = threading.local()
        self.columns = np.array([recorded_names(system).index(name) for name in setup.record], dtype=np.int64)
        self.samples = np.empty((n_samples, len(setup.record), setup.n))

    def tables(self, neurons: range) -> list[list[Array]]:
        """Segments of the inputs that have any, one table for all neurons or one each."""
        found = []
        for drive, kind in zip(self.setup.drives, self.kinds, strict=True):
            if kind == "shared":
                found.append([drive.segments(self.setup.t_stop)])
            elif kind == "own":
                found.append([drive[k].segments(self.setup.t_stop) for k in neurons])
            else:
                found.append([np.array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])])
        return found

    def times(self, start: int, end: int) -> Array:
        """Ends of the steps from `start` to `end` [s]."""
        if isinstance(self.setup.solver, EulerMaruyama):
            return self.setup.solver.times(start, end)
        return np.asarray(self.grid[start : end + 1])

    def room_for_spikes(self) -> tuple[Array, NDArray[np.int32]]:
        """Arrays that this thread fills again and again: new ones would be new pages of memory for each tile."""
        if not hasattr(self.room, "spikes"):
            self.room.spikes = np.empty(_SPIKES_PER_CALL), np.empty(_SPIKES_PER_CALL, dtype=np.int32)
        times, who = self.room.spikes
        return times, who

    def recording(self, threads: int, progress: Progress) -> BatchRecording:
        setup = self.setup
        own_inputs = sum(kind == "own" for kind in self.kinds) * self.width * (1 if self.is_stochastic else 5)
        chunk = min(_STEPS_PER_CALL, max(16, _OWN_VALUES_PER_CALL // own_inputs) if own_inputs else _STEPS_PER_CALL)
        sampled = self.inputs if self.is_stochastic else self.pieces
        found: list[tuple[Array, NDArray[np.int32]]] = []
        with ThreadPoolExecutor(min(threads, len(self.tiles))) as pool:
            for start in range(0, self.n_steps, chunk):
                times = self.times(start, min(start + chunk, self.n_steps))
                shared = sampled([tables[0] for tables in self.shared_tables], times)
                for _ in pool.map(lambda tile, a=start, b=times, c=shared: tile.advance(a, b, c), self.tiles):
                    pass
                found.append(self.spikes_in_order())
                progress(min(1.0, (start + chunk) / self.n_steps), setup.solver.engine)
        for tile in self.tiles:
            if tile.status != self.kernel.QUIET:
                raise failure(setup.system, tile.status, tile.t_failed, None, f"neuron {setup.first + tile.failed}")
        states = np.concatenate([tile.states() for tile in self.tiles], axis=1)
        times, who = _joined(found)
        return BatchRecording(
            spikes=SpikeTrains(times, who, n_sources=setup.n),
            time=self._sample_times(),
            signals={name: self.samples[:, i] for i, name in enumerate(setup.record)},
            units=setup.system.units(),
            last=dict(zip(setup.system.states, states, strict=True)),
            provenance=self._provenance(),
        )

    def spikes_in_order(self) -> tuple[Array, NDArray[np.int32]]:
        """Times [s] and neurons of the spikes since the last call, which the tiles forget."""
        found = [part for tile in self.tiles for part in tile.spikes]
        for tile in self.tiles:
            tile.spikes = []
        return in_order(
            np.concatenate([np.zeros(0), *(times for times, _ in found)]),
            np.concatenate([np.zeros(0, np.int32), *(who for _, who in found)]),
        )

    def inputs(self, tables: list[Array], times: Array) -> Array:
        """Means of the inputs [input's unit]."""
        return mean_inputs(tables, times)

    def pieces(self, tables: list[Array], times: Array) -> Array:
        """Inputs as lines and sines [input's unit]."""
        return pieces_at(tables, times)

    def _sample_times(self) -> Array:
        ends = (
            np.arange(self.setup.every, self.n_steps + 1, self.setup.every) if self.setup.record else np.zeros(0, int)
        )
        if isinstance(self.setup.solver, EulerMaruyama):
            return np.asarray(ends * self.setup.solver.dt, dtype=np.float64)
        return np.asarray(self.grid[ends])

    def _provenance(self) -> dict[str, Any]:
        setup = self.setup
        if isinstance(setup.solver, EulerMaruyama):
            options = {**setup.solver.options(), "interpretation": setup.system.interpretation}
        else:
            options = {"dt": float(np.max(np.diff(self.grid)))}
        return {
            "engine": setup.solver.engine,
            "version": __version__,
            "design": setup.system.name,
            "options": options,
            "parameters": dict(setup.system.parameters),
            "t_stop": setup.t_stop,
            "n": setup.n,
            "first": setup.first,
            "seed": setup.seed if setup.system.is_random else None,
        }


@dataclass
class _Tile:
    """Some hundred neurons: their state between calls of the kernel, and their spikes."""

    run: _Run
    start: int
    spikes: list[tuple[Any, Any]] = field(default_factory=list)
    status: int = 0
    failed: int = 0
    t_failed: float = 0.0

    def __post_init__(self) -> None:
        run, setup = self.run, self.run.setup
        self.count = min(run.width, setup.n - self.start)
        # Lanes without a neuron do what the last one does, unseen.
        self.neurons = np.minimum(self.start + np.arange(run.width), setup.n - 1)
        constant = [
            drive[self.neurons] if kind == "constant" else np.zeros(run.width)
            for drive, kind in zip(setup.drives, run.kinds, strict=True)
        ]
        self.lanes = np.empty(run.kernel.N_ROWS * run.width)
        run.kernel.begin_tile(
            self.lanes,
            self._of_neurons(setup.initial),
            self._of_neurons(setup.parameters),
            np.ascontiguousarray(np.array(constant).reshape(len(constant), run.width).T),
        )
        self.tables = run.tables(range(self.start, self.start + self.count)) if "own" in run.kinds else []

    def _of_neurons(self, table: Array) -> Array:
        return table[self.neurons] if len(table) > 1 else np.repeat(table, self.run.width, axis=0)

    def states(self) -> Array:
        """States by name and neuron [state's unit]."""
        kernel, width = self.run.kernel, self.run.width
        rows = self.lanes[kernel.STATES :][: kernel.N_STATES * width].reshape(kernel.N_STATES, width)
        return rows[:, : self.count].copy()

    def _own_inputs(self, times: Array) -> Array:
        if not self.tables:
            return np.zeros((1, 1, 1) if self.run.is_stochastic else (1, 1, 1, 1))
        sampled = self.run.inputs if self.run.is_stochastic else self.run.pieces
        by_neuron = [sampled([t[min(k, len(t) - 1)] for t in self.tables], times) for k in range(self.count)]
        by_neuron += [by_neuron[-1]] * (self.run.width - self.count)
        return np.ascontiguousarray(np.moveaxis(np.array(by_neuron), 0, -1))

    def advance(self, start: int, times: Array, shared: Array) -> None:
        """Move forward by the steps whose ends are `times` [s]."""
        if self.status != 0:
            return
        run, setup, kernel, solver = self.run, self.run.setup, self.run.kernel, self.run.setup.solver
        own = self._own_inputs(times)
        spike_times, spike_lanes = run.room_for_spikes()
        path = (
            (solver.dt, solver.pieces_per_step, solver.increment_scale) if isinstance(solver, EulerMaruyama) else None
        )
        dt, pieces, scale = path or (0.0, 1, 0.0)
        every = setup.every if setup.record else 0
        done, n_steps = 0, len(times) - 1
        while done < n_steps:
            status, steps, n_spikes, lane = kernel.run_tile(
                self.lanes,
                setup.first + self.start,
                self.count,
                start + done,
                times[done:],
                dt,
                pieces,
                scale,
                shared[done:],
                own[done:] if self.tables else own,
                setup.parameters[0],
                np.uint64(setup.seed),
                spike_times,
                spike_lanes,
                every,
                run.columns,
                run.samples[(start + done) // setup.every :, :, self.start : self.start + self.count],
            )
            done += steps
            if n_spikes:
                self.spikes.append((spike_times[:n_spikes].copy(), spike_lanes[:n_spikes] + np.int32(self.start)))
            if status not in (kernel.QUIET, kernel.BUFFER_FULL):
                self.status, self.failed, self.t_failed = int(status), self.start + int(lane), float(times[done])
                return


def _joined(found: list[tuple[Array, NDArray[np.int32]]]) -> tuple[Array, NDArray[np.int64]]:
    """All spikes, taken from the list one by one: millions of them would be in memory twice."""
    if len(found) == 1:
        return found[0][0], found[0][1].astype(np.int64)
    n = sum(len(times) for times, _ in found)
    times, who = np.empty(n), np.empty(n, dtype=np.int64)
    while found:
        when, neurons = found.pop()
        times[n - len(when) : n], who[n - len(when) : n] = when, neurons
        n -= len(when)
    times.setflags(write=False)
    who.setflags(write=False)
    return times, who


def _by_neuron(kind: str, given: Mapping[str, ArrayLike], names: Mapping[str, Any], n: int) -> dict[str, Array]:
    values = {}
    for name, value in given.items():
        if name not in names:
            raise ValueError(f"there is no {kind} {name!r}; choices: {', '.join(names)}")
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (n,)):
            raise ValueError(f"{kind} {name!r} must be one number or {n}, one for each neuron, got shape {array.shape}")
        wrong = np.flatnonzero(~np.isfinite(np.atleast_1d(array)))
        if wrong.size:
            raise ValueError(
                f"{kind} {name!r} must be finite, got {np.atleast_1d(array)[wrong[0]]} for neuron {wrong[0]}"
            )
        values[name] = array
    return values


def _table(columns: Sequence[Any]) -> Array:
    """One row a neuron, or one row where all are the same."""
    return np.ascontiguousarray(
        np.stack(np.broadcast_arrays(*(np.atleast_1d(c) for c in columns)), axis=1), dtype=float
    )


def _drives(system: HybridSystem, drives: Any, n: int) -> tuple[Any, ...]:
    """For each input a stimulus, an array of numbers, or a list of stimuli."""
    if drives is not None and not isinstance(drives, Mapping):
        if len(system.inputs) != 1:
            raise ValueError(
                f"{system.name!r} has {len(system.inputs)} inputs ({', '.join(system.inputs) or 'none'}): "
                "give a dict with a drive for each"
            )
        drives = {next(iter(system.inputs)): drives}
    given = dict(drives or {})
    for name in given:
        if name not in system.inputs:
            raise ValueError(f"{system.name!r} has no input {name!r}; its inputs: {', '.join(system.inputs) or 'none'}")
    return tuple(_drive(name, given.get(name, Constant(value=0.0)), n) for name in system.inputs)


def _drive(name: str, given: Any, n: int) -> Any:
    if isinstance(given, Stimulus):
        return given
    if isinstance(given, Sequence) and given and all(isinstance(s, Stimulus) for s in given):
        if len(given) != n:
            raise ValueError(
                f"input {name!r} has {len(given)} stimuli for {n} neurons: give one for all, or one for each"
            )
        return list(given)
    array = _by_neuron("drive", {name: given}, {name: None}, n)[name]
    return Constant(value=float(array)) if array.shape == () else array


def _rk4_step(system: HybridSystem, solver: RK4, t_stop: float) -> float:
    """The longest step that suits all modes [s]: neurons in different modes go together."""
    return min(solver.steps(system, t_stop).values())
