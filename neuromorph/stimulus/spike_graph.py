"""Arriving spikes from a graph: which Poisson sources fire at which neurons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.stimulus.base import FloatArray, checked_t_stop
from neuromorph.stimulus.held import SpikeInput

if TYPE_CHECKING:
    import networkx

__all__ = ["spike_inputs"]

_KINDS = ("neuron", "rate", "spikes")
_BESIDE = {"neuron": (), "rate": ("n_sources",), "spikes": ()}
_OF_EDGES = ("inhibitory", "delay")


def spike_inputs(
    graph: networkx.DiGraph, t_stop: float, *, seed: int = 0, width: float = 1e-4
) -> dict[str, dict[str, SpikeInput]]:
    """Spikes that arrive at each neuron of a graph of sources and neurons with synaptic conductances.

    Parameters
    ----------
    graph : networkx.DiGraph
        Every node has one of the attributes ``rate``: a Poisson source [Hz], or as many as ``n_sources`` says;
        ``spikes``: a source with given times [s]; ``neuron``: whatever it is. Edges go from sources to neurons; they may
        have ``inhibitory`` (False) and ``delay`` (0) [s]. What a source fires arrives at all neurons that it has edges to.
    t_stop : float
        Up to where sources fire [s].
    seed : int
        Of the sources (pure number). A source's spikes depend on the seed and on its place among the sources only; a longer
        run begins with those of a shorter one.
    width : float
        Of the spikes, as for :class:`SpikeInput` [s].

    Returns
    -------
    dict of str to dict of str to SpikeInput
        By the name of a neuron, the drives ``s_exc`` and ``s_inh`` of a :class:`neuromorph.ConductanceLIF` [1/s].

    Raises
    ------
    ValueError
        When the graph is not such a graph; the message names the node or edge.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.DiGraph()
    >>> graph.add_node("retina", rate=200.0)
    >>> graph.add_node("clock", spikes=[1e-3, 2e-3])
    >>> graph.add_node("a", neuron=True)
    >>> graph.add_edge("retina", "a")
    >>> graph.add_edge("clock", "a", inhibitory=True, delay=0.5e-3)
    >>> spike_inputs(graph, 0.1, seed=1)["a"]["s_inh"].times
    (0.0015, 0.0025)
    """
    t_stop = checked_t_stop(t_stop)
    if not (hasattr(graph, "is_directed") and graph.is_directed()) or graph.is_multigraph():
        raise ValueError(f"expected a networkx.DiGraph, got {type(graph).__name__}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0 on, got {seed!r}")
    kinds = {name: _kind(name, given) for name, given in graph.nodes(data=True)}
    sources = [name for name, kind in kinds.items() if kind != "neuron"]
    fired = {
        name: _fired(name, graph.nodes[name], t_stop, np.random.default_rng([seed, place]))
        for place, name in enumerate(sources)
    }
    arriving: dict[str, dict[str, list[FloatArray]]] = {
        name: {"s_exc": [], "s_inh": []} for name, kind in kinds.items() if kind == "neuron"
    }
    for source, target, given in graph.edges(data=True):
        inhibitory, delay = _edge(source, target, given, kinds)
        arriving[target]["s_inh" if inhibitory else "s_exc"].append(fired[source] + delay)
    return {
        name: {
            kind: SpikeInput(times=np.concatenate([*trains, np.empty(0)]), width=width)
            for kind, trains in sides.items()
        }
        for name, sides in arriving.items()
    }


def _kind(name: Any, given: Mapping[str, Any]) -> str:
    found = [kind for kind in _KINDS if kind in given]
    if len(found) != 1:
        raise ValueError(
            f"node {name!r} must have exactly one of {', '.join(_KINDS)}, got {', '.join(given) or 'none'}"
        )
    beside = _BESIDE[found[0]]
    other = [key for key in given if key != found[0] and key not in beside]
    if other:
        also = f"; beside {found[0]} it may have {', '.join(beside)}" if beside else ""
        raise ValueError(f"node {name!r} has an attribute {other[0]!r} that means nothing here{also}")
    return found[0]


def _fired(name: Any, given: Mapping[str, Any], t_stop: float, random: np.random.Generator) -> FloatArray:
    """Spike times of a source [s]."""
    if "spikes" in given:
        try:
            times = np.array(SpikeInput(times=given["spikes"]).times)
        except ValueError as error:
            raise ValueError(f"node {name!r}: {error}") from None
        return times[times < t_stop]
    rate, n_sources = given["rate"], given.get("n_sources", 1)
    if not (isinstance(rate, int | float | np.number) and math.isfinite(rate) and rate >= 0):
        raise ValueError(f"node {name!r}: rate must be a finite frequency in Hz of at least 0, got {rate!r}")
    if isinstance(n_sources, bool) or not isinstance(n_sources, int | np.integer) or n_sources < 1:
        raise ValueError(f"node {name!r}: n_sources must be a whole number from 1 on, got {n_sources!r}")
    total = float(rate) * int(n_sources)
    if total == 0:
        return np.empty(0)
    # Intervals one after the other, so that a longer run begins with a shorter one.
    trains, reached = [np.empty(0)], 0.0
    while reached < t_stop:
        trains.append(reached + np.cumsum(random.exponential(1 / total, 1024)))
        reached = float(trains[-1][-1])
    times = np.concatenate(trains)
    return times[times < t_stop]


def _edge(source: Any, target: Any, given: Mapping[str, Any], kinds: Mapping[Any, str]) -> tuple[bool, float]:
    """Whether an edge inhibits, and its delay [s]."""
    where = f"edge {source!r} to {target!r}"
    if kinds[source] == "neuron" or kinds[target] != "neuron":
        raise ValueError(
            f"{where}: edges go from sources (rate, spikes) to neurons; networks whose neurons fire at each other are made "
            "by nm.compose"
        )
    other = [key for key in given if key not in _OF_EDGES]
    if other:
        raise ValueError(
            f"{where} has an attribute {other[0]!r} that means nothing here; choices: {', '.join(_OF_EDGES)}"
        )
    inhibitory, delay = given.get("inhibitory", False), given.get("delay", 0.0)
    if not isinstance(inhibitory, bool | np.bool_):
        raise ValueError(f"{where}: inhibitory must be True or False, got {inhibitory!r}")
    if not (isinstance(delay, int | float | np.number) and math.isfinite(delay) and delay >= 0):
        raise ValueError(f"{where}: delay must be a finite time in s of at least 0, got {delay!r}")
    return bool(inhibitory), float(delay)
