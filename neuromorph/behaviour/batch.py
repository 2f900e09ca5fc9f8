"""Many neurons, or many realisations of one: tiles of lanes through all steps, threads over tiles."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.behaviour import lanes
from neuromorph.behaviour.batch_inputs import BatchInputs
from neuromorph.behaviour.batch_setup import BatchSetup
from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.generate import recorded_names
from neuromorph.behaviour.lanes import LaneForm, lane_kernel
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.simulate import failure
from neuromorph.behaviour.tile import Samples, SpikeBuffers, Tile
from neuromorph.progress import Progress, silent
from neuromorph.quantities import Parameters, check_value
from neuromorph.recording import BatchRecording, SpikeTrains
from neuromorph.recording.spikes import in_order
from neuromorph.stimulus import Stimulus
from neuromorph.version import __version__

Array = NDArray[np.float64]
Drive = Stimulus | ArrayLike | Sequence[Stimulus]

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
    """Simulate many neurons of one kind, or many realisations of one, step by step.

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
        Values that take the place of the system's own [parameter's unit]; what a neuron refuses is refused here, too. They
        do not move the states at time zero: a `v_rest` for each neuron may want an `initial` for each.
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
    design, system = system, system.dynamics() if hasattr(system, "dynamics") else system
    setup = BatchSetup.of(system, drives, t_stop, n, solver, seed, parameters, initial, record, every, first)
    _refuse_unphysical(design, setup, parameters or {})
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be a whole number from 1 on, got {threads!r}")
    return _recording(setup, threads, progress)


def _refuse_unphysical(design: Any, setup: BatchSetup, given: Mapping[str, Any]) -> None:
    """Let the design itself refuse values that do not go together, such as a reset above the threshold.

    What a design asks is an order of two values, so the neurons in which two of them are closest or farthest apart tell for all.
    """
    fields = {field.name for field in dataclasses.fields(design)} if isinstance(design, Parameters) else set()
    columns = {name: k for k, name in enumerate(setup.system.parameters) if name in given and name in fields}
    table = setup.parameters
    apart = (table[:, k] - other for k in columns.values() for other in table.T)
    for neuron in sorted({int(end(difference)) for difference in apart for end in (np.argmin, np.argmax)}):
        try:
            design.replace(**{name: float(table[neuron, k]) for name, k in columns.items()})
        except ValueError as error:
            raise ValueError(f"neuron {neuron}: {error}") from None


def _recording(setup: BatchSetup, threads: int, progress: Progress) -> BatchRecording:
    """All tiles moved forward together by some thousand steps at a time."""
    inputs = BatchInputs(setup)
    solver, record = setup.solver, setup.record
    crossings = getattr(solver, "crossings", "interpolated")
    own_parameters = len(setup.parameters) > 1
    begins_above = isinstance(solver, EulerMaruyama) and setup.begins_above
    controls_error = bool(setup.control[0])
    form = LaneForm(solver.engine, crossings, own_parameters, inputs.kinds, lanes.WIDTH, begins_above, controls_error)
    kernel = lane_kernel(setup.system, form)
    samples = _no_samples_yet(setup, inputs)
    shared_tables = [tables[0] for tables in inputs.tables(range(1))]
    tiles = [Tile(setup, inputs, kernel, start) for start in range(0, setup.n, kernel.WIDTH)]
    found: list[tuple[Array, NDArray[np.int32]]] = []
    threads = min(threads, len(tiles))
    with ThreadPoolExecutor(threads) as pool:
        steps_per_call = inputs.steps_per_call(kernel.WIDTH)
        for start in range(0, inputs.n_steps, steps_per_call):
            times = inputs.times(start, min(start + steps_per_call, inputs.n_steps))
            call = (start, times, inputs.sampled(shared_tables, times), samples)
            _advance_all(pool, threads, tiles, call)
            parts = [part for tile in tiles for part in tile.taken_spikes()]
            found.append(
                in_order(
                    np.concatenate([np.zeros(0), *(when for when, _ in parts)]),
                    np.concatenate([np.zeros(0, np.int32), *(who for _, who in parts)]),
                )
            )
            progress(min(1.0, (start + steps_per_call) / inputs.n_steps), solver.engine)
    for tile in tiles:
        if tile.status != kernel.QUIET:
            raise failure(setup.system, tile.status, tile.t_failed, None, f"neuron {setup.first + tile.failed}")
    states = np.concatenate([tile.states() for tile in tiles], axis=1)
    when, who = _joined(found)
    return BatchRecording(
        spikes=SpikeTrains(when, who, n_sources=setup.n),
        time=inputs.ends(setup.every) if record else np.zeros(0),
        signals={name: samples.values[:, i] for i, name in enumerate(record)},
        units=setup.system.units(),
        last=dict(zip(setup.system.states, states, strict=True)),
        provenance=_provenance(setup, inputs),
    )


def _advance_all(
    pool: ThreadPoolExecutor, threads: int, tiles: list[Tile], call: tuple[int, Array, Array, Samples]
) -> None:
    """Each thread takes the next tile that is left."""
    left = list(tiles)
    next_ones = iter(left)

    def advance() -> None:
        found = SpikeBuffers()
        for tile in next_ones:
            tile.advance(*call, found)

    try:
        for thread in [pool.submit(advance) for _ in range(threads)]:
            thread.result()
    finally:
        # Where the run is stopped, or a tile has failed, no thread takes another one.
        left.clear()


def _no_samples_yet(setup: BatchSetup, inputs: BatchInputs) -> Samples:
    names = recorded_names(setup.system)
    every = setup.every if setup.record else 0
    n_samples = inputs.n_steps // every if every else 0
    if setup.record and n_samples == 0:
        raise ValueError(f"every is {setup.every}, but the run has {inputs.n_steps} steps: nothing would be recorded")
    if n_samples * setup.n * len(setup.record) > _MOST_SAMPLES:
        raise ValueError(
            f"{n_samples} samples of {len(setup.record)} signals of {setup.n} neurons would not fit into memory: "
            "record fewer, or give a larger every"
        )
    columns = np.array([names.index(name) for name in setup.record], dtype=np.int64)
    return Samples(columns, every, np.empty((n_samples, len(columns), setup.n)))


def _provenance(setup: BatchSetup, inputs: BatchInputs) -> dict[str, Any]:
    if isinstance(setup.solver, EulerMaruyama):
        options = {**setup.solver.options(), "interpretation": setup.system.interpretation}
    else:
        options = setup.solver.options(float(np.max(np.diff(inputs.grid))))
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
