"""NIR graphs of a few neurons, for the tests of what is read and written."""

from __future__ import annotations

import nir
import numpy as np

import neuromorph as nm

PULSES = nm.PulseDriver(v_pulse=0.5, t_pulse=1e-6)
UNITS = {"v_unit": 1.0, "t_unit": 1.0, "r_unit": 1e6}
TAU = 10e-3
WEIGHTS = 1e-3 * np.array([[0.0, 2.0, -1.5], [1.0, 0.0, 1.0], [-2.0, 1.5, 0.0]])
BIAS = [1.6, 1.4, 1.25]


def lif(n, **changes):
    values = {"tau": TAU, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0} | changes
    return nir.LIF(**{name: np.broadcast_to(np.asarray(value, float), (n,)).copy() for name, value in values.items()})


def cuba(n, **changes):
    values = {"tau_mem": TAU, "tau_syn": 3e-3, "r": 1.0, "v_leak": 0.0, "v_threshold": 1.0, "w_in": 1.0} | changes
    return nir.CubaLIF(
        **{name: np.broadcast_to(np.asarray(value, float), (n,)).copy() for name, value in values.items()}
    )


def integrator(n):
    return nir.LI(tau=np.full(n, TAU), r=np.ones(n), v_leak=np.zeros(n))


def graph_of(nodes, *edges):
    return nir.NIRGraph(nodes=nodes, edges=[tuple(edge.split(" ")) for edge in edges], type_check=False)


def recurrent(cells, weights, bias, delay=None):
    """Neurons with constant currents that drive each other."""
    n = len(bias)
    nodes = {
        "input": nir.Input({"input": np.array([1])}),
        "bias": nir.Affine(weight=np.zeros((n, 1)), bias=np.asarray(bias, float)),
        "cells": cells,
        "weights": nir.Linear(weight=np.asarray(weights, float)),
        "output": nir.Output({"output": np.array([n])}),
    }
    edges = ["input bias", "bias cells", "weights cells", "cells output"]
    if delay is None:
        return graph_of(nodes, *edges, "cells weights")
    return graph_of(
        nodes | {"delay": nir.Delay(delay=np.asarray(delay, float))}, *edges, "cells delay", "delay weights"
    )


def trains(times, sources, n):
    return [np.asarray(times)[np.asarray(sources) == k] for k in range(n)]


def simulated(graph, t_stop):
    recording = nm.simulate(nm.compose(graph, record=[]), t_stop=t_stop)
    names = list(recording.provenance["neurons"])
    return trains(recording.spikes.times, recording.spikes.sources, len(names))
