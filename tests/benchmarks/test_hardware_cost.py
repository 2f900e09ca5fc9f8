"""What a simulated millisecond of the hardware neuron costs beside one of the ideal neuron, on both roads."""

from __future__ import annotations

import functools

import pytest
from taking_turns import shortest

import neuromorph as nm

DRIVE, T_STOP = nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5), 2e-3


def _run(engine, fidelity):
    recording = nm.simulate(nm.MemristiveALIF(), DRIVE, T_STOP, engine, fidelity=fidelity)
    assert 20 < len(recording.spikes) < 40


def _ratios(cost):
    """Of the macromodel to the ideal neuron in ngspice, and of ngspice to the equations on the macromodel."""
    real = cost["ngspice", "macromodel"]
    return real / cost["ngspice", "ideal"], real / cost["ode", "macromodel"]


def _within(cost):
    dearer, faster = _ratios(cost)
    # Eight nodes with nanoseconds instead of one: a step costs more, and each spike takes more of them. The equations
    # are what a study of many variants runs on.
    return dearer < 25 and faster > 5


@pytest.mark.timeout(600)
def test_cost_of_the_macromodel_neuron(capsys):
    pairs = [(engine, fidelity) for engine in ("ode", "ngspice") for fidelity in ("ideal", "macromodel")]
    cost = shortest({pair: functools.partial(_run, *pair) for pair in pairs}, _within, rounds=3)
    with capsys.disabled():
        print()
        for engine in ("ode", "ngspice"):
            ideal, real = cost[engine, "ideal"], cost[engine, "macromodel"]
            print(
                f"{engine:8} ideal {500 * ideal:7.1f} ms, macromodel {500 * real:7.1f} ms a simulated ms: {real / ideal:.1f} times"
            )
    assert _within(cost), _ratios(cost)
