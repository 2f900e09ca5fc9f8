"""Speed of the Rosenbrock method on a stiff circuit beside scipy's Radau and RK4, at equal error of the spike times."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from taking_turns import shortest

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


def by_radau(tolerance):
    """Spike times [s]."""
    return stiff_systems.circuit_by_scipy(T_STOP, rtol=tolerance, atol=tolerance)[0]


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

    own = {rtol: ours(Rosenbrock(rtol=rtol)) for rtol in 10 ** -np.arange(4.0, 9.01, 0.5)}
    errors = {rtol: error(run()) for rtol, run in own.items()}
    peers = [("Radau", tol, DEMANDED_BESIDE_RADAU, functools.partial(by_radau, tol)) for tol in (1e-4, 1e-6)]
    peers += [("RK4", dt, DEMANDED_BESIDE_RK4, ours(RK4(dt=dt))) for dt in (1e-9, 0.5e-9)]
    lines, failures = [], []
    for name, setting, demanded, peer in peers:
        least = error(peer())
        as_exact = {rtol: run for rtol, run in own.items() if errors[rtol] <= least}

        def ratio(best):
            """Beside the cheapest of our runs that is at least as exact."""
            return best["peer"] / min(duration for rtol, duration in best.items() if rtol != "peer")

        best = shortest({**as_exact, "peer": peer}, lambda best, least=demanded: ratio(best) >= least, rounds=2)
        lines.append(f"{name} {setting:g}: {best['peer']:.3f} s, error {least:.1e} s, {ratio(best):.0f} times ours")
        if ratio(best) < demanded:
            failures.append(lines[-1])
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert not failures
