"""Speed of the Rosenbrock method on a stiff circuit beside scipy's Radau and RK4, at equal error of the spike times."""

from __future__ import annotations

import importlib.util
import math
import time
from pathlib import Path

import numpy as np
import pytest

from neuromorph.behaviour import RK4, Rosenbrock, simulate_system

_PATH = Path(__file__).parents[1] / "behaviour" / "stiff_systems.py"
_SPEC = importlib.util.spec_from_file_location("stiff_systems", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
stiff_systems = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(stiff_systems)

T_STOP = 2e-4
DEMANDED_BESIDE_RADAU = 20.0
DEMANDED_BESIDE_RK4 = 5.0


def seconds(function, times):
    """Shortest duration of a call [s], and its result."""
    best, result = math.inf, None
    for _ in range(times):
        start = time.perf_counter()
        result = function()
        best = min(best, time.perf_counter() - start)
    return best, result


@pytest.mark.slow
def test_rosenbrock_beside_radau_and_rk4(capsys):
    system, drive = stiff_systems.circuit(), stiff_systems.DRIVE

    def ours(solver):
        return lambda: simulate_system(system, drive, T_STOP, solver).spikes.times

    exact = ours(Rosenbrock(rtol=1e-12))()
    ours(RK4(dt=4e-9))()  # compiles

    def error(spikes):
        assert len(spikes) == len(exact)
        return float(np.max(np.abs(spikes - exact)))

    runs = []
    for exponent in np.arange(4.0, 9.01, 0.5):
        duration, spikes = seconds(ours(Rosenbrock(rtol=10**-exponent)), 3)
        runs.append((duration, error(spikes)))
    lines, ratios = [], {"Radau": [], "RK4": []}
    peers = [("Radau", tol) for tol in (1e-4, 1e-6)] + [("RK4", dt) for dt in (1e-9, 0.5e-9)]
    for name, setting in peers:
        if name == "Radau":
            duration, (spikes, _, _) = seconds(
                lambda tol=setting: stiff_systems.circuit_by_scipy(T_STOP, rtol=tol, atol=tol), 1
            )
        else:
            duration, spikes = seconds(ours(RK4(dt=setting)), 3)
        # The cheapest of our runs that is at least as exact.
        fastest = min(d for d, e in runs if e <= error(spikes))
        ratios[name].append(duration / fastest)
        lines.append(
            f"{name} {setting:g}: {duration:.3f} s, error {error(spikes):.1e} s, {ratios[name][-1]:.0f} times ours"
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert min(ratios["Radau"]) >= DEMANDED_BESIDE_RADAU
    assert min(ratios["RK4"]) >= DEMANDED_BESIDE_RK4
