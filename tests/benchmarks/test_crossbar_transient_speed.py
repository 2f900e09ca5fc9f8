"""Transients of crossbars: against the same run in ngspice, and how the time grows with the array."""

from __future__ import annotations

import time

import numpy as np
import pytest

import neuromorph as nm


def case(n: int) -> tuple[nm.Crossbar, list[nm.Stimulus]]:
    rng = np.random.default_rng(1)
    devices = nm.DeviceArray(nm.MMS(), rng.random((n, n)), {"r_on": rng.uniform(400.0, 600.0, (n, n))})
    crossbar = nm.Crossbar(devices, r_word=1.0, r_bit=1.0, r_driver=50.0, r_sense=10.0)
    return crossbar, [nm.SquareWave(amplitude=float(a), frequency=1e3) for a in rng.uniform(-1.0, 1.0, n)]


def seconds(n: int, rounds: int = 3) -> float:
    crossbar, stimuli = case(n)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        crossbar.simulate(stimuli, 2e-3, save_at=3)
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.slow
def test_ten_times_faster_than_ngspice_at_16_by_16(capsys: pytest.CaptureFixture[str]) -> None:
    crossbar, stimuli = case(16)
    started = time.perf_counter()
    spice = crossbar.simulate(stimuli, 2e-3, save_at=3, engine="ngspice")
    theirs = time.perf_counter() - started
    ours = seconds(16)
    found = crossbar.simulate(stimuli, 2e-3, save_at=3)
    with capsys.disabled():
        print(f"\n16 x 16, 2 ms: {ours:.3f} s, ngspice {theirs:.2f} s, ratio {theirs / ours:.0f}")
    np.testing.assert_allclose(found.states, spice.states, atol=1e-3)
    assert theirs / ours > 10


@pytest.mark.slow
def test_sixteen_times_the_devices_take_less_than_thirty_times_as_long(capsys: pytest.CaptureFixture[str]) -> None:
    small, large = seconds(32), seconds(128)
    with capsys.disabled():
        print(f"\n32 x 32: {small:.3f} s, 128 x 128: {large:.3f} s, ratio {large / small:.1f}")
    assert large / small < 30
