"""Networks in which spikes come back: excitation with inhibition, winner-take-all, random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neuromorph.networks.builders.populations import (
    DRIVE,
    DRIVER,
    DRIVING,
    MODULATING,
    NEURON,
    Drives,
    Neurons,
    Synapses,
    Weights,
    add_population,
    check_probability,
    connect,
    count_of,
    generator_of,
    names_of,
    new_graph,
    one_for_each,
    ring,
    shared,
)
from neuromorph.networks.synapses import PulseDriver, StaticSynapse
from neuromorph.neurons import Neuron
from neuromorph.neurons.neuron import NeuronAtFidelity
from neuromorph.stimulus import Constant, Stimulus

if TYPE_CHECKING:
    import networkx


def recurrent(
    n_excitatory: int,
    n_inhibitory: int,
    *,
    neuron: Neurons = NEURON,
    excitatory: Synapses | None = None,
    inhibitory: Synapses | None = None,
    weights: Weights | None = None,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    prefixes: tuple[str, str] = ("e", "i"),
) -> networkx.DiGraph[str]:
    """Excitatory and inhibitory neurons, each of which drives all others.

    Parameters
    ----------
    n_excitatory, n_inhibitory : int
        Numbers of neurons; one of them may be 0.
    neuron : Neuron or sequence of Neuron
        One for all, or one for each, the excitatory ones first.
    excitatory, inhibitory : Synapse or callable, optional
        What a neuron of that kind drives the others through: one synapse for all, or a function of the names of source and
        target. By default static: 1 mS for all excitatory synapses of a neuron, as much for the inhibitory ones.
    weights : float, array_like of shape (n, n), or callable, optional
        Conductances in place of those of the synapses [S], row by source and column by target, as :func:`chain` has them;
        above zero they are of the sign that the synapse has.
    drive : Stimulus, sequence of Stimulus or None
        Current into each neuron: one for all, or one for each [A].
    driver : PulseDriver
        Pulses on the lines [V, s].
    prefixes : tuple of str
        What the names of the two kinds begin with.

    Returns
    -------
    networkx.DiGraph
        ``e0``, ``e1`` and so on, then ``i0``; the attribute ``population`` says which kind a neuron is.

    Raises
    ------
    ValueError
        When a number of neurons is none, an inhibitory synapse does not inhibit, or something does not fit.

    Examples
    --------
    >>> graph = recurrent(2, 1)
    >>> [edge for edge in graph.edges if graph.edges[edge]["synapse"].inhibitory]
    [('i0', 'e0'), ('i0', 'e1')]
    """
    counts = (count_of("n_excitatory", n_excitatory, 0), count_of("n_inhibitory", n_inhibitory, 0))
    total = count_of("n_excitatory + n_inhibitory", sum(counts))
    graph = new_graph("recurrent")
    names = _add_two_kinds(graph, counts, neuron, drive, driver, prefixes)
    if excitatory is None:
        excitatory = shared(MODULATING, counts[0])
    if inhibitory is None:
        inhibitory = shared(MODULATING, counts[1], inhibitory=True)
    _connect_two_kinds(graph, names, counts[0], ~np.eye(total, dtype=bool), (excitatory, inhibitory), weights)
    return graph


def winner_take_all(
    n: int,
    *,
    interneuron: Neuron | NeuronAtFidelity | None = None,
    neuron: Neurons = NEURON,
    synapse: Synapses | None = None,
    weights: Weights | None = None,
    drive: Drives = None,
    driver: PulseDriver = DRIVER,
    prefix: str = "n",
) -> networkx.DiGraph[str]:
    """Neurons that inhibit each other, so that the one with the largest current silences the others.

    Parameters
    ----------
    n : int
        Number of neurons that compete.
    interneuron : Neuron, optional
        All excite this one, and it inhibits all; without it each inhibits each other.
    neuron : Neuron or sequence of Neuron
        One for all, or one for each.
    synapse : Synapse or callable, optional
        The inhibition: one inhibitory synapse for all, or a function of the names of source and target; by default static, 4 mS.
    weights : float, array_like of shape (n, n), or callable, optional
        Conductances of the inhibition in place of that of `synapse` [S], row by source and column by target; with an
        interneuron of shape (n,).
    drive : Stimulus, sequence of Stimulus, optional
        Current into each neuron: one for all, or one for each [A]; by default constant, 1.3 mA into the first and 1 mA into the
        others.
    driver : PulseDriver
        Pulses on the lines [V, s].
    prefix : str
        What the names begin with.

    Returns
    -------
    networkx.DiGraph
        ``n0``, ``n1`` and so on; the interneuron is ``n_inhibitor``.

    Raises
    ------
    ValueError
        When there are less than 2 neurons, the synapse does not inhibit, or something does not fit.

    Examples
    --------
    >>> import neuromorph as nm
    >>> list(winner_take_all(2).edges)
    [('n0', 'n1'), ('n1', 'n0')]
    >>> winner_take_all(8, interneuron=nm.MemristiveALIF()).number_of_edges()
    16
    """
    names = names_of(prefix, count_of("n", n, 2))
    if drive is None:
        drive = [Constant(value=1.3e-3), *[DRIVE] * (n - 1)]
    if synapse is None:
        synapse = StaticSynapse(conductance=DRIVING, inhibitory=True)
    if not getattr(synapse, "inhibitory", True):
        raise ValueError("the neurons of a winner-take-all network inhibit: give synapse= inhibitory=True")
    graph = new_graph("winner-take-all")
    places = ring(n)
    add_population(graph, names, neuron, drive, driver, places, population="competing")
    if interneuron is None:
        pairs: list[tuple[str, str, tuple[int, ...]]] = [
            (source, target, (i, j)) for i, source in enumerate(names) for j, target in enumerate(names) if i != j
        ]
        connect(graph, pairs, synapse, weights, (n, n))
        return graph
    inhibitor = f"{prefix}_inhibitor"
    add_population(graph, [inhibitor], interneuron, None, driver, [(0.0, 0.0)], population="inhibitor")
    connect(graph, [(name, inhibitor, ()) for name in names], shared(DRIVING, 1), None, ())
    connect(graph, [(inhibitor, name, (k,)) for k, name in enumerate(names)], synapse, weights, (n,))
    return graph


def random_network(
    n: int,
    probability: float,
    *,
    seed: int,
    inhibitory_share: float = 0.2,
    neuron: Neurons = NEURON,
    excitatory: Synapses | None = None,
    inhibitory: Synapses | None = None,
    weights: Weights | None = None,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    prefixes: tuple[str, str] = ("e", "i"),
) -> networkx.DiGraph[str]:
    """Excitatory and inhibitory neurons with random synapses: each ordered pair has one with the same probability.

    Parameters
    ----------
    n : int
        Number of neurons.
    probability : float
        Of a synapse from one neuron to another (pure number).
    seed : int
        The same seed gives the same graph (pure number).
    inhibitory_share : float
        Share of the neurons whose synapses inhibit; they are the last ones (pure number).
    neuron : Neuron or sequence of Neuron
        One for all, or one for each.
    excitatory, inhibitory : Synapse or callable, optional
        As :func:`recurrent` has them; by default 1 mS for all synapses of a kind that a neuron has on the average.
    weights : float, array_like of shape (n, n), or callable, optional
        Conductances in place of those of the synapses [S], as :func:`recurrent` has them.
    drive : Stimulus, sequence of Stimulus or None
        Current into each neuron: one for all, or one for each [A].
    driver : PulseDriver
        Pulses on the lines [V, s].
    prefixes : tuple of str
        What the names of the two kinds begin with.

    Returns
    -------
    networkx.DiGraph
        As :func:`recurrent` gives it, with some of the synapses.

    Raises
    ------
    ValueError
        When a probability is none, or something does not fit the number of neurons.

    Examples
    --------
    >>> random_network(10, 0.3, seed=1).number_of_edges()
    28
    """
    total = count_of("n", n)
    check_probability("probability", probability)
    check_probability("inhibitory_share", inhibitory_share)
    n_inhibitory = round(inhibitory_share * total)
    counts = (total - n_inhibitory, n_inhibitory)
    graph = new_graph("random")
    names = _add_two_kinds(graph, counts, neuron, drive, driver, prefixes)
    if excitatory is None:
        excitatory = shared(MODULATING, counts[0] * probability)
    if inhibitory is None:
        inhibitory = shared(MODULATING, counts[1] * probability, inhibitory=True)
    is_there = generator_of(seed).random((total, total)) < probability
    np.fill_diagonal(is_there, False)
    _connect_two_kinds(graph, names, counts[0], is_there, (excitatory, inhibitory), weights)
    return graph


def _add_two_kinds(
    graph: networkx.DiGraph[str],
    counts: tuple[int, int],
    neuron: Neurons,
    drive: Drives,
    driver: PulseDriver,
    prefixes: tuple[str, str],
) -> list[str]:
    """Add excitatory and inhibitory neurons on one circle, and give their names."""
    names = [name for prefix, count in zip(prefixes, counts, strict=True) for name in names_of(prefix, count)]
    neurons = one_for_each("neuron", neuron, (Neuron, NeuronAtFidelity), names)
    drives = one_for_each("drive", drive, (Stimulus, type(None)), names)
    places = ring(len(names))
    for population, part in (("excitatory", slice(counts[0])), ("inhibitory", slice(counts[0], None))):
        add_population(graph, names[part], neurons[part], drives[part], driver, places[part], population=population)
    return names


def _connect_two_kinds(
    graph: networkx.DiGraph[str],
    names: list[str],
    n_excitatory: int,
    is_there: NDArray[np.bool_],
    synapses: tuple[Synapses, Synapses],
    weights: Weights | None,
) -> None:
    """Add the synapses of both kinds, where `is_there` says so, row by source."""
    for kind, synapse in zip(("excitatory", "inhibitory"), synapses, strict=True):
        inhibits = kind == "inhibitory"
        if getattr(synapse, "inhibitory", inhibits) != inhibits:
            raise ValueError(f"{kind} is a synapse with inhibitory={not inhibits}: give it inhibitory={inhibits}")
        rows = slice(n_excitatory, None) if inhibits else slice(n_excitatory)
        first = n_excitatory if inhibits else 0
        pairs = [(names[first + i], names[j], (first + i, j)) for i, j in np.argwhere(is_there[rows]).tolist()]
        connect(graph, pairs, synapse, weights, is_there.shape)
