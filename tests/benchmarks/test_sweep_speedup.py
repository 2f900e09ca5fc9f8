"""A sweep on two processes against the same sweep on one, in one run on one machine."""

from __future__ import annotations

import itertools
import subprocess
import time

import numpy as np
import pytest
from taking_turns import alone_and_speed_up, shortest

import neuromorph as nm
from neuromorph.roads import deck_of

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
def test_two_processes_are_1_7_times_as_fast_as_one(tmp_path, capsys):
    """Twenty-eight runs of ngspice of about two seconds each; start of the workers, some two seconds, included."""
    capacitances, t_stop = np.linspace(5e-9, 12e-9, 28), 5e-3
    _seconds(1, capacitances[:1], 1e-4)  # the engine is probed once
    neuron = nm.MemristiveALIF()
    (tmp_path / "deck.cir").write_text(deck_of(neuron, neuron.working_point().drive, t_stop).text())

    def plain():
        subprocess.run(["ngspice", "-n", "-b", "deck.cir"], cwd=tmp_path, check=True, capture_output=True)

    speed_ups, shares = [], []
    for _ in range(ROUNDS):
        _, offered = alone_and_speed_up(plain)
        one, two = (_seconds(workers, capacitances, t_stop) for workers in (1, 2))
        with capsys.disabled():
            print(f"\n28 runs of ngspice: one process {one:.2f} s, two {two:.2f} s, speed-up {one / two:.2f}", end="")
        speed_ups.append(one / two)
        if speed_ups[-1] >= DEMANDED:
            break
        # Where another program wants a processor, nothing is 1.7 times as fast on two: the same share is demanded of
        # what plain programs reach, before or after, whichever is more.
        offered = max(offered, alone_and_speed_up(plain)[1])
        shares.append(one / two / offered)
        with capsys.disabled():
            print(f"; plain programs {offered:.2f}", end="")
        if shares[-1] >= DEMANDED / 2.0:
            break
    assert max(speed_ups) >= DEMANDED or max(shares) >= DEMANDED / 2.0


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
        capacitances = {name: itertools.count(50) for name in ("here", "there")}

        def here():
            perform(setup, measures, {"capacitance": next(capacitances["here"]) * 1e-9})

        def there():
            pool.submit(perform, setup, measures, {"capacitance": next(capacitances["there"]) * 1e-9}).result()

        # Where other programs wait for the processors too, few of the round trips find one free at once.
        best = shortest(
            {"here": here, "there": there},
            lambda best: best["there"] - best["here"] < 10e-3,
            rounds=20,
            attempts=10,
        )
    with capsys.disabled():
        print(f"\na short run: here {best['here'] * 1e3:.1f} ms, in a worker {best['there'] * 1e3:.1f} ms")
    assert best["there"] - best["here"] < 10e-3
