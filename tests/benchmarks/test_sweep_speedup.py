"""A sweep on two processes against the same sweep on one, in one run on one machine."""

from __future__ import annotations

import time

import numpy as np
import pytest

import neuromorph as nm

ROUNDS = 3
DEMANDED = 1.7


def _seconds(workers, capacitances, t_stop):
    started = time.perf_counter()
    result = nm.sweep(
        nm.MemristiveALIF(),
        {"capacitance": capacitances},
        t_stop=t_stop,
        measure="spike_count",
        engine="ngspice",
        workers=workers,
    )
    assert not result.failures
    return time.perf_counter() - started


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_are_1_7_times_as_fast_as_one(capsys):
    """Twenty-eight runs of ngspice of about two seconds each; start of the workers, some two seconds, included."""
    capacitances, t_stop = np.linspace(5e-9, 12e-9, 28), 5e-3
    _seconds(1, capacitances[:1], 1e-4)  # the engine is probed once
    speed_ups = []
    # Other load on the machine only ever adds, and it adds more where both processors are wanted.
    while len(speed_ups) < ROUNDS and max(speed_ups, default=0.0) < DEMANDED:
        one, two = (_seconds(workers, capacitances, t_stop) for workers in (1, 2))
        speed_ups.append(one / two)
        with capsys.disabled():
            print(f"\n28 runs of ngspice: one process {one:.2f} s, two {two:.2f} s, speed-up {one / two:.2f}")
    assert max(speed_ups) >= DEMANDED


@pytest.mark.slow
def test_a_run_in_a_worker_costs_little_more_than_the_run(capsys):
    """What travelling to a worker and back adds to a short run of RK4, start of the worker apart."""
    from neuromorph.sweeps import WorkerPool
    from neuromorph.sweeps.measures import measures_of
    from neuromorph.sweeps.setup import setup_of
    from neuromorph.sweeps.task import perform

    setup, measures = setup_of(nm.LIF(), None, None, {}), measures_of("spike_count")
    with WorkerPool(1) as pool:
        pool.submit(perform, setup, measures, {}).result()
        perform(setup, measures, {})
        pairs = []
        for k in range(20):
            values = {"capacitance": (50 + k) * 1e-9}
            started = time.perf_counter()
            perform(setup, measures, values)
            middle = time.perf_counter()
            pool.submit(perform, setup, measures, values).result()
            pairs.append((middle - started, time.perf_counter() - middle))
    here, there = (min(column) for column in zip(*pairs, strict=True))
    with capsys.disabled():
        print(f"\na short run: here {here * 1e3:.1f} ms, in a worker {there * 1e3:.1f} ms")
    assert there - here < 10e-3
