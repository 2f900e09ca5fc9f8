"""A tile of a batch: its neurons between calls of the kernel, and the spikes that they had."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neuromorph.behaviour.euler_maruyama import EulerMaruyama

if TYPE_CHECKING:
    from neuromorph.behaviour.batch_inputs import BatchInputs
    from neuromorph.behaviour.batch_setup import BatchSetup

Array = NDArray[np.float64]

_SPIKES_PER_CALL = 1 << 17


class SpikeBuffers:
    """Arrays that a thread fills for one tile after the other: new ones would be new pages of memory for each."""

    def __init__(self) -> None:
        self.times = np.empty(_SPIKES_PER_CALL)
        self.lanes = np.empty(_SPIKES_PER_CALL, dtype=np.int32)


@dataclass
class Samples:
    """Signals of all neurons that are kept.

    Parameters
    ----------
    columns : ndarray of int, shape (n_columns,)
        Which of a system's signals.
    every : int
        At the end of each so many-th step; 0 for none.
    values : ndarray, shape (n_samples, n_columns, n_neurons)
        Filled in as the tiles go on (SI units).
    """

    columns: NDArray[np.int64]
    every: int
    values: Array

    def after(self, step: int) -> Array:
        """Where the samples of what follows a step belong."""
        return self.values[step // self.every :] if self.every else self.values


@dataclass
class Tile:
    """Some hundred neurons, one a lane.

    Parameters
    ----------
    setup : BatchSetup
        The task of all neurons.
    inputs : BatchInputs
        Its inputs and steps.
    kernel : module
        The system's kernel for lanes.
    start : int
        Number of the first neuron in the batch.
    """

    setup: BatchSetup
    inputs: BatchInputs
    kernel: ModuleType
    start: int
    spikes: list[tuple[Array, NDArray[np.int32]]] = field(default_factory=list)
    status: int = 0
    failed: int = 0
    t_failed: float = 0.0

    def __post_init__(self) -> None:
        setup, inputs, width = self.setup, self.inputs, self.kernel.WIDTH
        self.count = min(width, setup.n - self.start)
        # Lanes without a neuron do what the last one does, unseen.
        self.neurons = np.minimum(self.start + np.arange(width), setup.n - 1)
        constant = [
            drive[self.neurons] if kind == "constant" else np.zeros(width)
            for drive, kind in zip(setup.drives, inputs.kinds, strict=True)
        ]
        self.lanes = np.empty(self.kernel.N_ROWS * width)
        self.kernel.begin_tile(
            self.lanes,
            self._of_neurons(setup.initial),
            self._of_neurons(setup.parameters),
            np.ascontiguousarray(np.array(constant).reshape(len(constant), width).T),
        )
        self.control = setup.control
        self.tables = inputs.tables(range(self.start, self.start + self.count)) if inputs.differ else []

    def _of_neurons(self, table: Array) -> Array:
        return table[self.neurons] if len(table) > 1 else np.repeat(table, len(self.neurons), axis=0)

    def states(self) -> Array:
        """States by name and neuron [state's unit]."""
        kernel = self.kernel
        rows = self.lanes[kernel.STATES :][: kernel.N_STATES * kernel.WIDTH].reshape(kernel.N_STATES, kernel.WIDTH)
        return rows[:, : self.count].copy()

    def _own_inputs(self, times: Array) -> Array:
        if not self.tables:
            return self.inputs.none_sampled()
        by_neuron = [
            self.inputs.sampled([t[min(k, len(t) - 1)] for t in self.tables], times) for k in range(self.count)
        ]
        by_neuron += [by_neuron[-1]] * (self.kernel.WIDTH - self.count)
        return np.ascontiguousarray(np.moveaxis(np.array(by_neuron), 0, -1))

    def advance(self, start: int, times: Array, shared: Array, samples: Samples, found: SpikeBuffers) -> None:
        """Move forward by the steps whose ends are `times` [s], from step number `start` on."""
        if self.status != 0:
            return
        setup, kernel, solver = self.setup, self.kernel, self.setup.solver
        own = self._own_inputs(times)
        dt, pieces, scale = 0.0, 1, 0.0
        if isinstance(solver, EulerMaruyama):
            dt, pieces, scale = solver.dt, solver.pieces_per_step, solver.increment_scale
        done, n_steps = 0, len(times) - 1
        while done < n_steps:
            kept = samples.after(start + done)[:, :, self.start : self.start + self.count]
            status, steps, n_spikes, lane = kernel.run_tile(
                self.lanes,
                (setup.first + self.start, self.count),
                (start + done, times[done:], dt),
                (pieces, scale),
                (shared[done:], own[done:] if self.tables else own),
                setup.parameters[0],
                self.control,
                np.uint64(setup.seed),
                (found.times, found.lanes),
                (samples.every, samples.columns, kept),
            )
            done += steps
            if n_spikes:
                self.spikes.append((found.times[:n_spikes].copy(), found.lanes[:n_spikes] + np.int32(self.start)))
            if status not in (kernel.QUIET, kernel.BUFFER_FULL):
                self.status, self.failed, self.t_failed = int(status), self.start + int(lane), float(times[done])
                return

    def taken_spikes(self) -> list[tuple[Array, NDArray[np.int32]]]:
        """Times [s] and neurons of the spikes since the last call, which the tile forgets."""
        taken, self.spikes = self.spikes, []
        return taken
