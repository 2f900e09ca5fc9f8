"""A batch is a loop around the same kernel: no second version of the equations."""

from __future__ import annotations

import numpy as np

import neuromorph as nm
from neuromorph.behaviour.generate import kernel_source
from neuromorph.behaviour.simulate import _pieces
from neuromorph.equations import load_kernel

BATCH = '''

@kernel
def spike_counts(piece_starts, pieces, t_stop, method, y, z, p):
    """Spikes of each of n systems; ``y``, ``z`` and ``p`` have one row for each."""
    counts = np.zeros(y.shape[0], dtype=np.int64)
    times, spikes = np.empty(1 << 16), np.empty(1 << 16)
    out = np.empty((1 << 16, N_OBSERVED))
    for i in range(y.shape[0]):
        where, clock = np.zeros(8, dtype=np.int64), np.zeros(5)
        status = BUFFER_FULL
        while status == BUFFER_FULL:
            status, _, n_spikes = integrate(
                piece_starts, pieces, t_stop, method, y[i], z[i], p[i], where, clock, times, out, spikes
            )
            counts[i] += n_spikes
    return counts
'''


def test_a_batch_of_parameter_sets_runs_on_the_equations_of_one_neuron():
    capacitances = np.array([10e-9, 15e-9, 22e-9, 33e-9])
    neurons = [nm.MemristiveALIF(capacitance=c) for c in capacitances]
    drive, t_stop = nm.Constant(value=1e-3), 1e-3
    system = neurons[0].dynamics()
    kernel = load_kernel("batch", kernel_source(system, "rk4_kernel") + BATCH)
    p = np.array([[*n.dynamics().parameters.values(), 0.0] for n in neurons])
    starts, pieces = _pieces({"i_in": drive}, t_stop)
    solver = nm.RK4(dt=20e-9)
    method = solver.arguments(system, solver.steps(system, t_stop), t_stop)
    y = np.array([[s.initial for s in system.states.values()]] * len(neurons))
    counts = kernel.spike_counts(starts, pieces, t_stop, method, y, np.zeros((len(neurons), 1)), p)
    alone = [len(nm.simulate(n, drive, t_stop, dt=20e-9).spikes) for n in neurons]
    assert counts.tolist() == alone
    assert len(set(alone)) == len(neurons)
