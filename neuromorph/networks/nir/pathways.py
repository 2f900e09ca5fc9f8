"""Between two populations of a NIR graph: the weights and delays of all linear nodes in series as one matrix each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bias", "FlatGraph", "Pathway", "flattened", "sanitized"]

FloatArray = NDArray[np.float64]

CELLS = ("LIF", "IF", "CubaLIF", "LI")
"""Nodes that become neurons."""
LINEAR = ("Linear", "Affine", "Scale", "Delay", "Flatten", "Port")
"""Nodes that become weights, delays and bias currents."""


@dataclass(frozen=True)
class Pathway:
    """Weights from one population to another.

    Parameters
    ----------
    source, target : str
        Names of the nodes.
    weights : ndarray, shape (targets, sources)
        As NIR multiplies them (pure numbers).
    delays : ndarray, shape (targets, sources)
        In NIR's unit of time; they count where a weight is not 0.
    """

    source: str
    target: str
    weights: FloatArray
    delays: FloatArray


@dataclass(frozen=True)
class Bias:
    """A constant of an affine node that arrives at a population, shape (targets,), in NIR's unit of current."""

    source: str
    target: str
    values: FloatArray


@dataclass(frozen=True)
class FlatGraph:
    """A NIR graph without graphs inside it."""

    nodes: dict[str, Any]
    edges: list[tuple[str, str]]

    def after(self, name: str) -> list[str]:
        """Nodes that an edge leads to."""
        return [target for source, target in self.edges if source == name]

    def size(self, name: str) -> int:
        """Number of neurons, or of channels."""
        node = self.nodes[name]
        shape = node.input_type["input"] if kind_of(node) == "Input" else np.shape(node.r)
        return int(np.prod(shape, dtype=int))

    def pathways(self, source: str) -> Iterator[Pathway]:
        """All ways from a population or input to populations and outputs.

        Parameters
        ----------
        source : str
            Name of the node.

        Yields
        ------
        Pathway
            Weights (pure numbers) and delays, in NIR's unit of time.

        Raises
        ------
        ValueError
            When sizes do not fit, ways go in circles, or delays of parts of one sum differ.
        """
        weights = np.eye(self.size(source))
        for first in self.after(source):
            yield from self._onward(source, source, first, weights, np.zeros_like(weights), 0)

    def _onward(
        self, source: str, before: str, name: str, weights: FloatArray, delays: FloatArray, steps: int
    ) -> Iterator[Pathway]:
        if steps > len(self.nodes):
            raise ValueError(
                f"the linear nodes behind {source!r} go in circles without a neuron: {name!r} feeds itself"
            )
        node = self.nodes[name]
        kind = kind_of(node)
        if kind in CELLS:
            _check_size(name, kind, self.size(name), before, len(weights))
        if kind not in LINEAR:
            yield Pathway(source, name, weights, delays)
            return
        weights, delays = _through(name, node, kind, before, weights, delays)
        for following in self.after(name):
            yield from self._onward(source, name, following, weights, delays, steps + 1)

    def biases(self) -> Iterator[Bias]:
        """What the constants of affine nodes come to at populations and outputs (NIR's unit of current)."""
        for name, node in self.nodes.items():
            if kind_of(node) == "Affine" and np.any(node.bias):
                value = np.asarray(node.bias, dtype=float).reshape(-1, 1)
                for first in self.after(name):
                    # One more source: the constant itself.
                    for way in self._onward(name, name, first, value, np.zeros_like(value), 0):
                        yield Bias(name, way.target, way.weights[:, 0])


def kind_of(node: Any) -> str:
    """Name of the class of a NIR node."""
    return type(node).__name__


def _through(
    name: str, node: Any, kind: str, before: str, weights: FloatArray, delays: FloatArray
) -> tuple[FloatArray, FloatArray]:
    if kind in ("Flatten", "Port"):
        return weights, delays
    if kind in ("Delay", "Scale"):
        values = np.asarray(node.delay if kind == "Delay" else node.scale, dtype=float).reshape(-1, 1)
        if values.size != 1:
            _check_size(name, kind, values.size, before, len(weights))
        return (weights, delays + values) if kind == "Delay" else (weights * values, delays)
    matrix = np.asarray(node.weight, dtype=float)
    if matrix.ndim != 2:
        raise ValueError(f"the weight of {kind} {name!r} must be a matrix, got one of shape {matrix.shape}")
    _check_size(name, kind, matrix.shape[1], before, len(weights))
    return matrix @ weights, _delays_of_sums(name, matrix, weights, delays)


def _delays_of_sums(name: str, matrix: FloatArray, weights: FloatArray, delays: FloatArray) -> FloatArray:
    """Delay of each source at a linear node: all parts of one sum must have the same."""
    used = (weights != 0) & (matrix != 0).any(axis=0)[:, None]
    low = np.min(delays, axis=0, where=used, initial=np.inf)
    high = np.max(delays, axis=0, where=used, initial=-np.inf)
    if (high > low).any():
        raise ValueError(
            f"linear node {name!r} adds up signals of one source with different delays, which one synapse cannot have"
        )
    return np.broadcast_to(np.where(used.any(axis=0), low, 0.0), (len(matrix), weights.shape[1]))


def _check_size(name: str, kind: str, wanted: int, before: str, got: int) -> None:
    if wanted != got:
        raise ValueError(f"{kind} {name!r} takes {wanted} signals, {before!r} gives {got}")


def flattened(graph: Any) -> FlatGraph:
    """A NIR graph with the graphs inside it unpacked.

    Parameters
    ----------
    graph : nir.NIRGraph
        It may hold others.

    Returns
    -------
    FlatGraph
        Nodes of a graph inside are named ``outer.inner``.

    Raises
    ------
    ValueError
        When it is no NIR graph, a node is of a kind that no circuit here has, two nodes come to have one name, a delay is negative, or
        an edge has no end, is there twice, begins at an Output or ends at an Input.
    """
    if kind_of(graph) != "NIRGraph":
        raise ValueError(f"from_nir needs a nir.NIRGraph, got {graph!r}")
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    _unpack(graph, "", nodes, edges)
    _check_edges(nodes, edges)
    allowed = ("Input", "Output", *CELLS, *LINEAR)
    for name, node in nodes.items():
        if kind_of(node) not in allowed:
            raise ValueError(
                f"node {name!r} is a {kind_of(node)}, which no circuit here stands for; known: {', '.join(allowed[:-1])}"
            )
        if kind_of(node) == "Delay" and np.any(np.asarray(node.delay) < 0):
            raise ValueError(f"delay of Delay {name!r} must be numbers of at least 0, got {node.delay!r}")
    return FlatGraph(nodes, edges)


def _check_edges(nodes: dict[str, Any], edges: list[tuple[str, str]]) -> None:
    seen = set()
    for source, target in edges:
        edge = f"edge {source!r} -> {target!r}"
        for end in (source, target):
            if end not in nodes:
                raise ValueError(f"{edge}: there is no node {end!r}")
        if (source, target) in seen:
            raise ValueError(f"{edge} is there twice: an edge of NIR has no weight, so double the weights behind it")
        seen.add((source, target))
        if kind_of(nodes[source]) == "Output":
            raise ValueError(f"{edge} begins at an Output, from which nothing goes on: let it begin before {source!r}")
        if kind_of(nodes[target]) == "Input":
            raise ValueError(f"{edge} ends at an Input, which takes nothing: let it end behind {target!r}")


def _unpack(graph: Any, prefix: str, nodes: dict[str, Any], edges: list[tuple[str, str]]) -> None:
    inner = {name for name, node in graph.nodes.items() if kind_of(node) == "NIRGraph"}
    for name, node in graph.nodes.items():
        if name in inner:
            _unpack(node, f"{prefix}{name}.", nodes, edges)
        else:
            # Inside, what comes in and goes out is no more than a name.
            is_port = prefix and kind_of(node) in ("Input", "Output")
            if f"{prefix}{name}" in nodes:
                raise ValueError(
                    f"two nodes come to be called {prefix + name!r}: rename one, or the graph that it is in"
                )
            nodes[f"{prefix}{name}"] = Port() if is_port else node
    for source, target in graph.edges:
        ends = (
            _port(graph, prefix, str(source), inner, "Output"),
            _port(graph, prefix, str(target), inner, "Input"),
        )
        edges.append(ends)


def _port(graph: Any, prefix: str, name: str, inner: set[str], kind: str) -> str:
    if name not in inner:
        return f"{prefix}{name}"
    ports = [port for port, node in graph.nodes[name].nodes.items() if kind_of(node) == kind]
    if len(ports) != 1:
        raise ValueError(f"graph {prefix}{name!r} must have one {kind} to be joined by its name, got {len(ports)}")
    return _port(graph.nodes[name], f"{prefix}{name}.", ports[0], set(), kind)


class Port:
    """Where a graph inside another one begins or ends: it hands on what comes in."""


def sanitized(names: list[str]) -> dict[str, str]:
    """Names that can stand in a circuit, different from each other without regard to case, by the given ones."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9_]", "_", name, flags=re.ASCII)
        safe = safe if re.match(r"[A-Za-z_]", safe) else f"n{safe}"
        candidate, k = safe, 2
        while candidate.lower() in taken:
            candidate, k = f"{safe}_{k}", k + 1
        taken.add(candidate.lower())
        made[name] = candidate
    return made
