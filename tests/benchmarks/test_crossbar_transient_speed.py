"""Transients of crossbars: against the same run in ngspice, and how the time grows with the array."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from taking_turns import shortest

import neuromorph as nm


def case(n: int) -> tuple[nm.Crossbar, list[nm.Stimulus]]:
    rng = np.random.default_rng(1)
    devices = nm.DeviceArray(nm.MMS(), rng.random((n, n)), {"r_on": rng.uniform(400.0, 600.0, (n, n))})
    crossbar = nm.Crossbar(devices, r_word=1.0, r_bit=1.0, r_driver=50.0, r_sense=10.0)
    return crossbar, [nm.SquareWave(amplitude=float(a), frequency=1e3) for a in rng.uniform(-1.0, 1.0, n)]


def run(n: int, engine: str = "ode") -> Callable[[], nm.CrossbarTransient]:
    crossbar, stimuli = case(n)
    return lambda: crossbar.simulate(stimuli, 2e-3, save_at=3, engine=engine)


@pytest.mark.slow
def test_ten_times_faster_than_ngspice_at_16_by_16(capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = run(16), run(16, "ngspice")
    np.testing.assert_allclose(ours().states, theirs().states, atol=1e-3)
    best = shortest({"ours": ours, "ngspice": theirs}, lambda best: best["ngspice"] / best["ours"] > 10, rounds=1)
    ratio = best["ngspice"] / best["ours"]
    with capsys.disabled():
        print(f"\n16 x 16, 2 ms: {best['ours']:.3f} s, ngspice {best['ngspice']:.2f} s, ratio {ratio:.0f}")
    assert ratio > 10


@pytest.mark.slow
def test_sixteen_times_the_devices_take_less_than_thirty_times_as_long(capsys: pytest.CaptureFixture[str]) -> None:
    best = shortest({n: run(n) for n in (32, 128)}, lambda best: best[128] / best[32] < 30, rounds=3)
    ratio = best[128] / best[32]
    with capsys.disabled():
        print(f"\n32 x 32: {best[32]:.3f} s, 128 x 128: {best[128]:.3f} s, ratio {ratio:.1f}")
    assert ratio < 30
