"""The neurons of a NIR node as circuits: capacitor and leak from time constant and resistance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.networks.nir.pathways import FlatGraph, kind_of
from neuromorph.networks.nir.report import Findings
from neuromorph.networks.nir.units import NirUnits
from neuromorph.neurons import LIF, Neuron, RCNeuron
from neuromorph.quantities import format_quantity

__all__ = ["neurons_of", "shortest_time", "values_of"]

# An integrator without a leak gets one that takes this many units of time.
_NO_LEAK = 1e5
_TIMES = {"LIF": ("tau",), "LI": ("tau",), "CubaLIF": ("tau_mem", "tau_syn")}
_POSITIVE = ("r", "tau", "tau_mem", "tau_syn")


def shortest_time(flat: FlatGraph) -> float:
    """The shortest time constant of all neurons and synapses, in NIR's unit of time; 0 where there is none."""
    times = [
        np.min(getattr(node, name), initial=np.inf)
        for node in flat.nodes.values()
        for name in _TIMES.get(kind_of(node), ())
    ]
    shortest = float(min(times, default=0.0))
    return shortest if np.isfinite(shortest) else 0.0


def values_of(flat: FlatGraph, name: str, parameter: str) -> NDArray[np.float64]:
    """A parameter of all neurons of a node.

    Parameters
    ----------
    flat : FlatGraph
        The graph.
    name : str
        The node.
    parameter : str
        As NIR calls it.

    Returns
    -------
    ndarray, shape (n,)
        In NIR's units.

    Raises
    ------
    ValueError
        When a value is not finite, or not positive where it must be.
    """
    given = np.asarray(getattr(flat.nodes[name], parameter), dtype=float)
    values = np.broadcast_to(given, np.shape(flat.nodes[name].r)).reshape(-1)
    kind = "positive" if parameter in _POSITIVE else "finite"
    if not np.isfinite(values).all() or (kind == "positive" and (values <= 0).any()):
        raise ValueError(f"{parameter} of {kind_of(flat.nodes[name])} {name!r} must be {kind} numbers, got {given!r}")
    return values


def neurons_of(flat: FlatGraph, name: str, units: NirUnits, t_reset: float, findings: Findings) -> list[Neuron]:
    """The circuits that stand for the neurons of a node.

    Parameters
    ----------
    flat : FlatGraph
        The graph.
    name : str
        The node.
    units : NirUnits
        What its numbers stand for.
    t_reset : float
        How long a neuron is held at its reset voltage [s].
    findings : Findings
        Told what is lost.

    Returns
    -------
    list of Neuron
        In SI units.

    Raises
    ------
    ValueError
        When a parameter cannot be that of a circuit; the message names the neuron.
    """
    kind = kind_of(flat.nodes[name])
    resistance: NDArray[np.float64] = values_of(flat, name, "r") * units.r_unit
    if kind == "IF":
        # No time constant: r is the slope of the membrane voltage for a current of 1.
        capacitance = units.t_unit / resistance
        resistance, v_leak = _NO_LEAK * resistance, np.zeros_like(resistance)
        leak = format_quantity(_NO_LEAK * units.t_unit, "s")
        findings.lose(repr(name), f"an integrator has a leak here, of the time constant {leak}")
    else:
        capacitance = values_of(flat, name, _TIMES[kind][0]) * units.t_unit / resistance
        v_leak = values_of(flat, name, "v_leak") * units.v_unit
    membranes = [
        {"capacitance": c, "r_leak": r, "v_rest": v}
        for c, r, v in zip(capacitance.tolist(), resistance.tolist(), v_leak.tolist(), strict=True)
    ]
    if kind == "LI":
        return [RCNeuron(v_th=None, **membrane) for membrane in membranes]
    levels = [(values_of(flat, name, level) * units.v_unit).tolist() for level in ("v_threshold", "v_reset")]
    neurons: list[Neuron] = []
    for k, (membrane, v_th, v_reset) in enumerate(zip(membranes, *levels, strict=True)):
        try:
            neurons.append(LIF(v_th=v_th, v_reset=v_reset, t_refractory=t_reset, **membrane))
        except ValueError as error:
            raise ValueError(f"neuron {k} of {kind} {name!r} is no circuit: {error}") from None
    return neurons
