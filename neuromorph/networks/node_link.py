"""Networks as files: node-link JSON, as networkx writes it, with neurons, stimuli, synapses and crossbars by name."""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.files import write_text_atomically
from neuromorph.networks.encoding import Registry, decoded, encoded, registry_of
from neuromorph.networks.plan import plan_of
from neuromorph.neurons import DesignWarning

if TYPE_CHECKING:
    import networkx

__all__ = ["load_network", "save_network"]

_FORMAT = "neuromorph-network"
_VERSION = 1
_REMEDIES = {
    errno.ENOENT: "check its name and folder",
    errno.EACCES: "ask for the right to read it",
    errno.EISDIR: "give the name of a file in it",
}
_WRITERS = "nm.save_network and 'neuromorph network convert' write what can be read here"


def save_network(graph: networkx.DiGraph[str], path: str | os.PathLike[str]) -> None:
    """Write a graph of neurons and synapses to a file, from which :func:`load_network` reads the same.

    Parameters
    ----------
    graph : networkx.DiGraph
        As :func:`neuromorph.compose` takes it.
    path : path-like
        A JSON file, made or replaced; it is written whole or not at all.

    Raises
    ------
    ValueError
        When the graph is no network, or holds an object that has no place in a file.
    OSError
        When the file cannot be written; says what to do.

    Notes
    -----
    Node-link JSON, which ``networkx.node_link_graph`` and other programs read, with ``format`` and ``version`` beside. An object is
    ``{"type": "LIF", "parameters": {...}}`` with numbers in SI units; every float reads back as the same one. Classes of your
    own are named ``module:Class``.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import neuromorph as nm
    >>> graph = nm.networks.chain(2, neuron=nm.LIF())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "chain.json"
    ...     save_network(graph, file)
    ...     nm.networks.plan_of(load_network(file)) == nm.networks.plan_of(graph)
    True
    """
    _check(graph)
    heads = [
        ("format", _FORMAT),
        ("version", _VERSION),
        ("directed", True),
        ("multigraph", False),
        ("graph", {key: encoded(value, f"graph attribute {key!r}") for key, value in graph.graph.items()}),
    ]
    nodes = [{"id": name} | _attributes(f"node {name!r}", given) for name, given in graph.nodes(data=True)]
    edges = [
        {"source": source, "target": target} | _attributes(f"edge {source!r} -> {target!r}", given)
        for source, target, given in graph.edges(data=True)
    ]
    # A line for each node and edge, so that versions of a file can be compared.
    lines = [f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in heads]
    for key, entries in (("nodes", nodes), ("edges", edges)):
        inner = ",\n  ".join(json.dumps(entry, allow_nan=False) for entry in entries)
        lines.append(f'"{key}": [\n  {inner}\n ]' if entries else f'"{key}": []')
    write_text_atomically(path, "{\n " + ",\n ".join(lines) + "\n}\n")


def load_network(path: str | os.PathLike[str], *, types: Mapping[str, type] | None = None) -> networkx.DiGraph[str]:
    """Read a graph of neurons and synapses from a file.

    Parameters
    ----------
    path : path-like
        As :func:`save_network` writes it.
    types : mapping of str to type, optional
        Classes of your own that the file may hold, by the names that they have there (``"module:Class"``). Nothing is ever
        imported because a file says so.

    Returns
    -------
    networkx.DiGraph
        For :func:`neuromorph.compose`.

    Raises
    ------
    ValueError
        When the file is no JSON or no network, names an unknown type, or a value is not accepted; the message names the file
        and the place in it.
    OSError
        When there is no such file, or it cannot be read.
    """
    registry = registry_of(types)
    name = os.fspath(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "copy it to another disk")
        raise OSError(error.errno, f"cannot read the network: {error.strerror}; {remedy}", name) from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name}: no network: not a text file ({error.reason} at byte {error.start}); {_WRITERS}"
        ) from None
    try:
        graph = _graph(_parsed(text), registry)
        _check(graph)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return graph


def _check(graph: Any) -> None:
    with warnings.catch_warnings():
        # Said when the network is composed.
        warnings.simplefilter("ignore", DesignWarning)
        plan_of(graph)


def _attributes(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if "spikes" in given:
        given = {**given, "spikes": np.atleast_1d(np.asarray(given["spikes"], dtype=float))}
    return {key: encoded(value, f"{key} of {where}") for key, value in given.items()}


def _parsed(text: str) -> Any:
    if not text.strip():
        raise ValueError(f"no network: the file is empty; {_WRITERS}")
    try:
        return json.loads(text, object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}; {_WRITERS}") from None
    except RecursionError:
        raise ValueError("not a network: brackets are nested too deeply") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twin!r} stands twice in one object")
    return found


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _graph(content: Any, registry: Registry) -> networkx.DiGraph[str]:
    import networkx

    if not isinstance(content, dict):
        raise ValueError(
            f"a network is a JSON object with the keys 'nodes' and 'edges', got a {type(content).__name__}; {_WRITERS}"
        )
    _check_head(content)
    graph = networkx.DiGraph()
    for key, value in _of_kind(content.get("graph", {}), dict, "graph").items():
        graph.graph[key] = decoded(value, f"graph: {key}", registry)
    for k, entry in enumerate(_of_kind(_needed(content, "nodes", "the file"), list, "nodes")):
        name = _name(entry, "id", f"nodes[{k}]")
        where = f"nodes[{k}] ({name!r})"
        if name in graph:
            raise ValueError(f"{where}: a node before it has the same id")
        graph.add_node(name)
        graph.nodes[name].update(_read(entry, ("id",), where, registry))
    # networkx before 3.4 called them links.
    key = "edges" if "edges" in content or "links" not in content else "links"
    for k, entry in enumerate(_of_kind(_needed(content, key, "the file"), list, key)):
        ends = [_name(entry, end, f"{key}[{k}]") for end in ("source", "target")]
        where = f"{key}[{k}] ({ends[0]!r} -> {ends[1]!r})"
        for end in ends:
            if end not in graph:
                raise ValueError(f"{where}: there is no node {end!r}")
        if graph.has_edge(*ends):
            raise ValueError(f"{where}: an edge before it joins the same nodes")
        graph.add_edge(*ends)
        graph.edges[ends[0], ends[1]].update(_read(entry, ("source", "target"), where, registry))
    return graph


def _check_head(content: Mapping[str, Any]) -> None:
    if content.get("format", _FORMAT) != _FORMAT:
        raise ValueError(f"format is {content['format']!r}, that of a network is {_FORMAT!r}")
    if "version" not in content:
        keys = ", ".join(map(repr, list(content)[:8])) or "none"
        raise ValueError(f"no network: the file has no key 'version', only {keys}; {_WRITERS}")
    version = content["version"]
    if version != _VERSION or isinstance(version, bool):
        raise ValueError(
            f"the file is of version {version!r}, this neuromorph reads version {_VERSION}: update neuromorph, or save it again there"
        )
    if content.get("directed", True) is not True or content.get("multigraph", False) is not False:
        raise ValueError(
            "a network is directed and has one edge from one node to another: directed true, multigraph false"
        )


def _needed(entry: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise ValueError(f"{where} has no key {key!r}, only {', '.join(map(repr, entry)) or 'none'}")
    return entry[key]


def _of_kind(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"{where} must be {'an object' if kind is dict else 'a list'}, got {value!r}")
    return value


def _name(entry: Any, key: str, where: str) -> str:
    name = _needed(_of_kind(entry, dict, where), key, where)
    if not isinstance(name, str):
        raise ValueError(f"{where}: {key} must be a text, got {name!r}")
    return name


def _read(entry: Mapping[str, Any], ends: tuple[str, ...], where: str, registry: Registry) -> dict[str, Any]:
    return {key: decoded(value, f"{where}: {key}", registry) for key, value in entry.items() if key not in ends}
