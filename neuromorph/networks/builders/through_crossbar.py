"""Populations joined through crossbars: one to another, one to itself, and any neurons of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.crossbars import Crossbar, DeviceArray
from neuromorph.networks.builders.populations import (
    DRIVE,
    DRIVER,
    NEURON,
    Drives,
    Neurons,
    add_population,
    column,
    names_of,
    new_graph,
    ring,
)
from neuromorph.networks.synapses import PulseDriver

if TYPE_CHECKING:
    import networkx


def join_through_crossbar(
    graph: networkx.DiGraph[str],
    sources: Sequence[str],
    targets: Sequence[str],
    crossbar: Crossbar | DeviceArray | ArrayLike,
    *,
    delay: float | Sequence[float] = 0.0,
    inhibitory: bool = False,
    name: str = "crossbar",
) -> None:
    """Add a crossbar to a graph: the lines of some neurons drive its rows, its columns drive others.

    Parameters
    ----------
    graph : networkx.DiGraph
        What to add to.
    sources, targets : sequence of str
        Names of neurons (or of nodes with spikes) for the rows, and of neurons for the columns.
    crossbar : Crossbar, DeviceArray, or array_like of shape (sources, targets)
        Row by source, column by target. Conductances [S] below zero become a second crossbar, ``<name>_inhibitory``, whose
        currents are drawn from the targets.
    delay : float or sequence of float
        From each line to its row [s], one for all or one for each.
    inhibitory : bool
        Whether the columns draw current from the targets; what is below zero then gives it.
    name : str
        Name of the node.

    Raises
    ------
    ValueError
        When the numbers of rows and columns are not those of sources and targets, or a name is taken or unknown.

    Examples
    --------
    >>> import neuromorph as nm
    >>> graph = nm.networks.chain(2)
    >>> join_through_crossbar(graph, ["n1"], ["n0"], [[-1e-3]])
    >>> list(graph.predecessors("n0"))
    ['crossbar_inhibitory']
    """
    for what, names in (("sources", sources), ("targets", targets)):
        unknown = [n for n in names if n not in graph]
        if isinstance(names, str) or unknown:
            raise ValueError(
                f"{what} must be names of nodes of the graph, got {names if isinstance(names, str) else unknown[0]!r}"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"{what} must be different nodes, got {list(names)!r}")
    parts = _parts_of(crossbar)
    shape = next(iter(parts.values())).shape
    if shape != (len(sources), len(targets)):
        raise ValueError(
            f"a crossbar of {shape[0]} rows and {shape[1]} columns cannot join {len(sources)} sources to {len(targets)} targets"
        )
    delays = [delay] * len(sources) if not isinstance(delay, Sequence) else list(delay)
    if len(delays) != len(sources):
        raise ValueError(
            f"delay has {len(delays)} entries for {len(sources)} sources: give one for all, or one for each"
        )
    for suffix, part in parts.items():
        node = f"{name}{suffix}"
        if node in graph:
            raise ValueError(f"the graph has a node {node!r} already: give another name")
        graph.add_node(node, crossbar=part)
        for row, source in enumerate(sources):
            late = {"delay": delays[row]} if delays[row] else {}
            graph.add_edge(source, node, row=row, **late)
        for k, target in enumerate(targets):
            graph.add_edge(node, target, column=k, inhibitory=inhibitory != (suffix != ""))


def crossbar_between(
    crossbar: Crossbar | DeviceArray | ArrayLike,
    *,
    pre: Neurons = NEURON,
    post: Neurons = NEURON,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    delay: float = 0.0,
    prefixes: tuple[str, str] = ("pre", "post"),
) -> networkx.DiGraph[str]:
    """Two populations, the first of which drives the second through a crossbar.

    Parameters
    ----------
    crossbar : Crossbar, DeviceArray, or array_like of shape (m, n)
        Of m neurons that drive its rows, and n that get the current of its columns. Conductances [S] below zero become a
        second crossbar, which inhibits.
    pre, post : Neuron or sequence of Neuron
        One for all, or one for each.
    drive : Stimulus, sequence of Stimulus or None
        Current into each neuron of the first population: one for all, or one for each [A].
    driver : PulseDriver
        Pulses on the rows [V, s].
    delay : float
        From each line to its row [s].
    prefixes : tuple of str
        What the names of the two populations begin with.

    Returns
    -------
    networkx.DiGraph
        ``pre0``, ``pre1`` and so on, ``post0`` and so on, and the node ``crossbar``.

    Raises
    ------
    ValueError
        When something does not fit the shape of the crossbar.

    Examples
    --------
    >>> import neuromorph as nm
    >>> graph = crossbar_between([[2e-3, 1e-3], [0.0, 3e-3], [1e-3, 1e-3]])
    >>> nm.compose(graph).neurons
    ('pre0', 'pre1', 'pre2', 'post0', 'post1')
    """
    m, n = next(iter(_parts_of(crossbar).values())).shape
    graph = new_graph("crossbar")
    names = [names_of(prefix, count) for prefix, count in zip(prefixes, (m, n), strict=True)]
    add_population(graph, names[0], pre, drive, driver, column(m, 0.0), layer=0, population=prefixes[0])
    add_population(graph, names[1], post, None, driver, column(n, 2.0), layer=1, population=prefixes[1])
    join_through_crossbar(graph, names[0], names[1], crossbar, delay=delay)
    _place_crossbars(graph, (1.0, 0.0))
    return graph


def recurrent_crossbar(
    crossbar: Crossbar | DeviceArray | ArrayLike,
    *,
    neuron: Neurons = NEURON,
    drive: Drives = DRIVE,
    driver: PulseDriver = DRIVER,
    delay: float = 0.0,
    prefix: str = "n",
) -> networkx.DiGraph[str]:
    """A population that drives itself through one crossbar.

    Parameters
    ----------
    crossbar : Crossbar, DeviceArray, or array_like of shape (n, n)
        Row by source, column by target. Conductances [S] below zero become a second crossbar, which inhibits.
    neuron : Neuron or sequence of Neuron
        One for all, or one for each.
    drive : Stimulus, sequence of Stimulus or None
        Current into each neuron: one for all, or one for each [A].
    driver : PulseDriver
        Pulses on the rows [V, s].
    delay : float
        From each line to its row [s]; a neuron that drives itself needs one.
    prefix : str
        What the names begin with.

    Returns
    -------
    networkx.DiGraph
        ``n0``, ``n1`` and so on, and the node ``crossbar``.

    Raises
    ------
    ValueError
        When the crossbar is not square, a neuron drives itself without a delay, or something does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> graph = recurrent_crossbar(1e-3 * (1 - np.eye(4)))
    >>> graph.nodes["crossbar"]["crossbar"].shape
    (4, 4)
    """
    parts = _parts_of(crossbar)
    m, n = next(iter(parts.values())).shape
    if m != n:
        raise ValueError(f"a crossbar that joins a population to itself must be square, got {m} rows and {n} columns")
    if not delay:
        for part in parts.values():
            own = np.flatnonzero(np.diagonal(part.conductances))
            if own.size:
                raise ValueError(
                    f"neuron {own[0]} drives itself at once through row and column {own[0]}: give delay=, or a conductance of 0 S there"
                )
    names = names_of(prefix, n)
    graph = new_graph("recurrent crossbar")
    add_population(graph, names, neuron, drive, driver, ring(n))
    join_through_crossbar(graph, names, names, crossbar, delay=delay)
    _place_crossbars(graph, (0.0, 0.0))
    return graph


def _parts_of(crossbar: Any) -> dict[str, Crossbar]:
    """One crossbar, or two where conductances have two signs, by what is added to the name."""
    if isinstance(crossbar, Crossbar):
        return {"": crossbar}
    if isinstance(crossbar, DeviceArray):
        return {"": Crossbar(crossbar)}
    try:
        signed = np.asarray(crossbar, dtype=float)
    except (TypeError, ValueError):
        signed = None
    if signed is None or signed.ndim != 2 or not signed.size or not np.isfinite(signed).all():
        raise ValueError(
            f"crossbar must be a nm.Crossbar, a nm.DeviceArray, or rows of finite conductances in S, got {crossbar!r}"
        )
    parts = {"": np.maximum(signed, 0.0), "_inhibitory": np.maximum(-signed, 0.0)}
    return {
        suffix: Crossbar(conductances)
        for suffix, conductances in parts.items()
        if conductances.any() or (suffix == "" and not (signed < 0).any())
    }


def _place_crossbars(graph: networkx.DiGraph[str], place: tuple[float, float]) -> None:
    crossbars = [name for name, attributes in graph.nodes(data=True) if "crossbar" in attributes]
    for k, name in enumerate(crossbars):
        graph.nodes[name]["pos"] = (place[0], place[1] + 0.5 * ((len(crossbars) - 1) / 2 - k))
