"""What a simulated millisecond of the hardware neuron costs beside one of the ideal neuron, on both roads."""

from __future__ import annotations

import time

import pytest

import neuromorph as nm

DRIVE, T_STOP = nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5), 2e-3


def _seconds(engine, fidelity):
    """Best of three runs, kernel warm [s]."""
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        recording = nm.simulate(nm.MemristiveALIF(), DRIVE, T_STOP, engine, fidelity=fidelity)
        best = min(best, time.perf_counter() - start)
    assert 20 < len(recording.spikes) < 40
    return best


@pytest.mark.timeout(600)
def test_cost_of_the_macromodel_neuron(capsys):
    cost = {
        (engine, fidelity): _seconds(engine, fidelity)
        for engine in ("ode", "ngspice")
        for fidelity in ("ideal", "macromodel")
    }
    with capsys.disabled():
        print()
        for engine in ("ode", "ngspice"):
            ideal, real = cost[engine, "ideal"], cost[engine, "macromodel"]
            print(
                f"{engine:8} ideal {500 * ideal:7.1f} ms, macromodel {500 * real:7.1f} ms a simulated ms: {real / ideal:.1f} times"
            )
    # Eight nodes with nanoseconds instead of one: a step costs more, and each spike takes more of them.
    assert cost["ngspice", "macromodel"] < 25 * cost["ngspice", "ideal"]
    # The equations are what a study of many variants runs on.
    assert cost["ode", "macromodel"] < cost["ngspice", "macromodel"] / 5
