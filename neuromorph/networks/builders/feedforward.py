"""Networks in which spikes go one way: a chain, and layers."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.networks.builders.populations import (
    DRIVE,
    DRIVER,
    DRIVING,
    NEURON,
    Drives,
    Neurons,
    Synapses,
    Weights,
    add_population,
    check_probability,
    column,
    connect,
    count_of,
    generator_of,
    names_of,
    new_graph,
    one_for_each,
    shared,
)
from neuromorph.networks.synapses import PulseDriver
from neuromorph.neurons import Neuron
from neuromorph.neurons.neuron import NeuronAtFidelity

if TYPE_CHECKING:
    import networkx


def chain(
    n: int,
    *,
    neuron: Neurons = NEURON,
    synapse: Synapses | None = None,
    weights: Weights | None = None,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    prefix: str = "n",
) -> networkx.DiGraph[str]:
    """Neurons in a row: each one drives the next.

    Parameters
    ----------
    n : int
        Number of neurons.
    neuron : Neuron or sequence of Neuron
        One for all, or one for each.
    synapse : Synapse or callable, optional
        One for all, or a function of the names of source and target; by default static, 4 mS.
    weights : float, array_like of shape (n - 1,), or callable, optional
        Conductances in place of that of `synapse` [S]; a function of the names of source and target gives one for each. Below
        zero a synapse is inhibitory (an inhibitory `synapse` becomes excitatory), with 0 it is left out.
    drive : Stimulus, sequence of Stimulus or None
        Current into the first neuron, or, in a sequence, into each [A].
    driver : PulseDriver
        Pulses on the lines [V, s].
    prefix : str
        What the names begin with.

    Returns
    -------
    networkx.DiGraph
        ``n0``, ``n1`` and so on; for :func:`neuromorph.compose`.

    Raises
    ------
    ValueError
        When a number of neurons is none, or something does not fit it.

    Examples
    --------
    >>> list(chain(3).edges)
    [('n0', 'n1'), ('n1', 'n2')]
    """
    names = names_of(prefix, count_of("n", n))
    drives = drive if isinstance(drive, Sequence) else [drive, *[None] * (n - 1)]
    graph = new_graph("chain")
    add_population(graph, names, neuron, drives, driver, [(float(k), 0.0) for k in range(n)])
    pairs = [(names[k], names[k + 1], (k,)) for k in range(n - 1)]
    connect(graph, pairs, shared(DRIVING, 1) if synapse is None else synapse, weights, (n - 1,))
    return graph


def layered(
    sizes: Sequence[int],
    *,
    probability: float = 1.0,
    seed: int = 0,
    neuron: Neurons = NEURON,
    synapse: Synapses | None = None,
    weights: Weights | Sequence[Weights] | None = None,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    prefix: str = "n",
) -> networkx.DiGraph[str]:
    """Layers of neurons: each neuron drives all of the next layer, or some.

    Parameters
    ----------
    sizes : sequence of int
        Number of neurons in each layer.
    probability : float
        Share of the possible synapses that are there, drawn one by one (pure number).
    seed : int
        Of that draw (pure number).
    neuron : Neuron or sequence of Neuron
        One for all, or one for each.
    synapse : Synapse or callable, optional
        One for all, or a function of the names of source and target; by default static, 4 mS for all synapses of a neuron.
    weights : float, sequence of array_like of shape (sizes[k], sizes[k + 1]), or callable, optional
        Conductances in place of that of `synapse` [S], an array for each two layers, as :func:`chain` has them.
    drive : Stimulus, sequence of Stimulus or None
        Current into each neuron of the first layer: one for all, or one for each [A].
    driver : PulseDriver
        Pulses on the lines [V, s].
    prefix : str
        What the names begin with.

    Returns
    -------
    networkx.DiGraph
        ``n0``, ``n1`` and so on through all layers; the attribute ``layer`` says in which one a neuron is.

    Raises
    ------
    ValueError
        When a number of neurons is none, or something does not fit it.

    Examples
    --------
    >>> layered([2, 1]).nodes["n2"]["layer"]
    1
    """
    given: Any = sizes
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise ValueError(f"sizes must be the numbers of neurons in each layer, such as [4, 2], got {sizes!r}")
    counts = [count_of(f"sizes[{k}]", size) for k, size in enumerate(sizes)]
    generator = generator_of(seed)
    check_probability("probability", probability)
    names = names_of(prefix, sum(counts))
    starts = np.cumsum([0, *counts]).tolist()
    layers = [names[a:b] for a, b in itertools.pairwise(starts)]
    neurons = one_for_each("neuron", neuron, (Neuron, NeuronAtFidelity), names)
    graph = new_graph("layered")
    for k, layer in enumerate(layers):
        places = column(len(layer), float(k))
        own = neurons[starts[k] : starts[k + 1]]
        add_population(graph, layer, own, drive if k == 0 else None, driver, places, layer=k)
    per_pair = _weights_of_layers(weights, len(layers) - 1)
    for k, (before, after) in enumerate(itertools.pairwise(layers)):
        is_there = generator.random((len(before), len(after))) < probability
        pairs = [
            (source, target, (i, j))
            for i, source in enumerate(before)
            for j, target in enumerate(after)
            if is_there[i, j]
        ]
        taken = shared(DRIVING, len(before) * probability) if synapse is None else synapse
        connect(graph, pairs, taken, per_pair[k], is_there.shape)
    return graph


def _weights_of_layers(weights: Any, count: int) -> list[Any]:
    if weights is None or callable(weights) or isinstance(weights, numbers.Real):
        return [weights] * count
    if not isinstance(weights, Sequence) or isinstance(weights, str) or len(weights) != count:
        raise ValueError(
            f"weights must be a conductance in S, a function, or a list of {count} arrays, one for each two layers, got {weights!r}"
        )
    return list(weights)
