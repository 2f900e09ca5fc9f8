"""What all builders share: neurons with their drives, and the synapses between them, from one value or many."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.networks.synapses import PulseDriver, StaticSynapse, Synapse
from neuromorph.neurons import MemristiveALIF, Neuron
from neuromorph.neurons.neuron import NeuronAtFidelity
from neuromorph.stimulus import Constant, Stimulus

if TYPE_CHECKING:
    import networkx

Neurons = Neuron | NeuronAtFidelity | Sequence[Neuron | NeuronAtFidelity]
"""One neuron for all, or one for each."""
Drives = Stimulus | Sequence[Stimulus | None] | None
"""One current for all [A], or one for each; ``None`` for none."""
Synapses = Synapse | Callable[[str, str], Synapse | None]
"""One synapse for all, or a function of the names of source and target."""
Weights = float | ArrayLike | Callable[[str, str], float]
"""Conductances [S]: one for all, an array, or a function of the names of source and target."""

NEURON = MemristiveALIF()
"""The neuron of a network that is not told of another one."""
DRIVE = Constant(value=1e-3)
"""The current of a network that is not told of another one: the default neuron fires from 0.6 mA on, adapted from 0.8 mA on [A]."""
DRIVER = PulseDriver(v_pulse=0.5, t_pulse=20e-6)
"""Pulses that last: those of the discharge alone, 1 us, are too short to charge the membrane of the default neuron [V, s]."""
DRIVING = 4e-3
"""All the synapses of a neuron together, where they are to fire it: one pulse of all fires the default neuron [S]."""
MODULATING = 1e-3
"""All the synapses of one sign of a neuron together, where it is driven and they are to change its rate [S]."""


def shared(conductance: float, count: float, inhibitory: bool = False) -> StaticSynapse:
    """One of `count` synapses that together have a conductance [S]."""
    return StaticSynapse(conductance=conductance / max(count, 1.0), inhibitory=inhibitory)


def new_graph(name: str) -> networkx.DiGraph[str]:
    """A graph of no nodes."""
    import networkx

    return networkx.DiGraph(name=name)


def count_of(what: str, given: Any, low: int = 1) -> int:
    """A whole number of at least `low`, or ``ValueError``."""
    if isinstance(given, bool) or not isinstance(given, numbers.Integral) or given < low:
        raise ValueError(f"{what} must be a whole number of at least {low}, got {given!r}")
    return int(given)


def names_of(prefix: str, count: int) -> list[str]:
    """``n0``, ``n1`` and so on."""
    return [f"{prefix}{k}" for k in range(count)]


def one_for_each(what: str, given: Any, kind: tuple[type, ...], names: Sequence[str]) -> list[Any]:
    """A value, or one for each name, as a list; ``ValueError`` for another number of them."""
    if isinstance(given, kind):
        return [given] * len(names)
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(value, kind) for value in given):
        wanted = " or ".join(k.__name__ for k in kind if k is not type(None))
        raise ValueError(f"{what} must be a {wanted}, or a sequence of them, one for each, got {given!r}")
    if len(given) != len(names):
        raise ValueError(f"{what} has {len(given)} entries for {len(names)} neurons: give one for all, or one for each")
    return list(given)


def add_population(
    graph: networkx.DiGraph[str],
    names: Sequence[str],
    neuron: Neurons,
    drive: Drives,
    driver: PulseDriver,
    positions: Iterable[tuple[float, float]],
    **drawing: Any,
) -> None:
    """Add neurons to a graph, with their drives [A], pulses and places in a drawing (pure numbers)."""
    neurons = one_for_each("neuron", neuron, (Neuron, NeuronAtFidelity), names)
    drives = one_for_each("drive", drive, (Stimulus, type(None)), names)
    for name, one, current, place in zip(names, neurons, drives, positions, strict=True):
        if name in graph:
            raise ValueError(f"the graph has a node {name!r} already: give another prefix")
        driven = {} if current is None else {"drive": current}
        graph.add_node(name, neuron=one, driver=driver, **driven, pos=place, **drawing)


def connect(
    graph: networkx.DiGraph[str],
    pairs: Iterable[tuple[str, str, tuple[int, ...]]],
    synapse: Synapses,
    weights: Weights | None,
    shape: tuple[int, ...],
) -> None:
    """Add synapses between pairs of names, each with its place in the array of weights [S] of a given shape."""
    value = _value_of(weights, shape)
    for source, target, place in pairs:
        made = synapse(source, target) if callable(synapse) else synapse
        if made is not None and not isinstance(made, Synapse):
            raise ValueError(
                f"synapse must be a synapse, such as nm.StaticSynapse(), or a function that gives one for the names of source and "
                f"target, got {made!r}"
            )
        if made is not None and value is not None:
            made = _weighted(made, value(source, target, place), f"{source} -> {target}")
        if made is not None:
            graph.add_edge(source, target, synapse=made)


def _value_of(weights: Weights | None, shape: tuple[int, ...]) -> Callable[[str, str, tuple[int, ...]], Any] | None:
    if weights is None:
        return None
    if callable(weights):
        return lambda source, target, place: weights(source, target)
    try:
        array = np.asarray(weights, dtype=float)
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape not in ((), shape):
        got = repr(weights) if array is None else f"an array of shape {array.shape}"
        raise ValueError(
            f"weights must be a conductance in S, an array of them of shape {shape}, or a function of the names of source and "
            f"target, got {got}"
        )
    return lambda source, target, place: array[place] if array.shape else array[()]


def _weighted(synapse: Synapse, weight: Any, where: str) -> Synapse | None:
    if isinstance(weight, bool) or not isinstance(weight, numbers.Real) or not math.isfinite(weight):
        raise ValueError(f"the weight of {where} must be a finite conductance in S, got {weight!r}")
    if not hasattr(synapse, "conductance"):
        raise ValueError(
            f"a {type(synapse).__name__} has no conductance to be weighted: leave weights= out, and give synapse= as a function of the "
            "names of source and target"
        )
    if weight == 0:
        return None
    return dataclasses.replace(  # type: ignore[call-arg]
        synapse, conductance=abs(float(weight)), inhibitory=synapse.inhibitory != bool(weight < 0)
    )


def column(count: int, x: float) -> list[tuple[float, float]]:
    """Places below each other (pure numbers)."""
    return [(x, (count - 1) / 2 - k) for k in range(count)]


def ring(count: int, radius: float = 1.0) -> list[tuple[float, float]]:
    """Places on a circle, clockwise from the top (pure numbers)."""
    angles = [2 * math.pi * k / count for k in range(count)]
    return [(radius * math.sin(angle), radius * math.cos(angle)) for angle in angles]


def generator_of(seed: Any) -> np.random.Generator:
    """Random numbers that the seed alone decides."""
    # The bit generator is named: numpy's default one may be another some day.
    return np.random.Generator(np.random.PCG64(count_of("seed", seed, 0)))


def check_probability(what: str, given: Any) -> None:
    """Raise ``ValueError`` when it is no number from 0 to 1."""
    if isinstance(given, bool) or not isinstance(given, numbers.Real) or not 0 <= float(given) <= 1:
        raise ValueError(f"{what} must be a number from 0 to 1, got {given!r}")
