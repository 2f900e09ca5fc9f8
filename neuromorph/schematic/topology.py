"""What a circuit connects: nodes that float, and probes of what is not there."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from neuromorph.schematic.raw_text import included_lines, top_level_lines, words_of

# Elements through which no direct current flows. All other elements, and subcircuits, whose inside is looked
# at on its own, connect all their terminals.
_NO_DIRECT_CURRENT = {"C", "I", "G", "F"}
_HAS_BRANCH = {"V", "L", "E", "H", "B"}


def floating_nodes(
    circuit: Any, held: set[str], drives: Iterable[tuple[str, str]] = (), lines: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Nodes that no direct current can reach from ground, with the elements at each.

    ngspice simulates such a circuit without an error and gives the node some voltage.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        What to look at; raw lines other than capacitors and current sources are taken to connect all nodes
        that they touch.
    held : set of str
        Nodes (lower case) whose initial voltage [V] is given; a capacitor may hold these.
    drives : iterable of pairs of str
        Nodes between which a voltage source is put.
    lines : iterable of str
        The circuit's checked lines, by which its raw text and its included files are known.

    Returns
    -------
    dict of str to list of str
        Element names by node, in the order of the circuit; of PySpice subcircuits after those of the circuit.
    """
    neighbours: dict[str, set[str]] = {"0": set()}
    at: dict[str, list[str]] = {}
    coupled: dict[str, list[str]] = {}
    for element in circuit.elements:
        if not element.enabled:
            continue
        nodes = [_ground_or(str(node)) for node in element.nodes]
        for node in nodes:
            at.setdefault(node, []).append(str(element.name))
            neighbours.setdefault(node, set())
        _join(neighbours, _conducting(element, nodes))
        if str(element.name)[0] == "L":
            coupled[str(element.name)] = nodes
        if str(element.name)[0] == "K":
            # A transformer is the designer's business; ngspice names its secondary if it floats.
            _join(neighbours, [n for name in (element.inductor1, element.inductor2) for n in coupled.get(name, [])])
    for plus, minus in drives:
        _join(neighbours, [_ground_or(plus), _ground_or(minus)])
    held = set(held)
    for line in _user_lines(circuit, lines):
        words = line.split()
        if line[0] in "ci" and len(words) > 2:
            for node in map(_ground_or, words[1:3]):
                neighbours.setdefault(node, set())
                at.setdefault(node, []).append(words[0])
        else:
            held |= words_of([line])
    # Whatever hangs on a node that raw lines touch may be grounded there.
    for node in {_ground_or(word) for word in held} & set(neighbours):
        _join(neighbours, [node, "0"])
    reached, ahead = {"0"}, ["0"]
    while ahead:
        found = neighbours[ahead.pop()] - reached
        reached |= found
        ahead.extend(found)
    floating = {node: names for node, names in at.items() if node not in reached}
    for subcircuit in circuit.subcircuits:
        pins = {str(pin).lower() for pin in subcircuit.external_nodes}
        inside = floating_nodes(subcircuit, held | pins)
        floating |= {f"{subcircuit.name}:{node}": names for node, names in inside.items()}
    return floating


def _join(neighbours: dict[str, set[str]], path: list[str]) -> None:
    for one, other in itertools.pairwise(path):
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)


def _conducting(element: Any, nodes: list[str]) -> list[str]:
    """The terminals between which direct current flows."""
    prefix, outputs = str(element.name)[0].upper(), nodes[:2]
    if prefix in ("E", "S"):
        return outputs
    if prefix == "M":
        return [nodes[0], *nodes[2:]]
    if prefix == "G" and set(nodes[2:]) & set(outputs) - {"0"}:
        return outputs
    if prefix in _NO_DIRECT_CURRENT and len(nodes) != 2:
        return []
    # A current that depends on the voltage at its own terminals is a conductance.
    if prefix in ("B", "G") and (prefix == "G" or re.search(r"\bi\s*=", str(element), re.IGNORECASE)):
        own = "|".join(re.escape(node) for node in outputs if node != "0") or "(?!)"
        depends = re.search(rf"v\(\s*(?:[^()]*,\s*)?(?:{own})\s*[,)]", str(element), re.IGNORECASE)
        return outputs if depends else []
    return [] if prefix in _NO_DIRECT_CURRENT else nodes


def known_nodes(circuit: Any, lines: Iterable[str]) -> set[str]:
    """Names that may be nodes outside subcircuits.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit.
    lines : iterable of str
        The circuit's checked lines.

    Returns
    -------
    set of str
        In lower case; ground always, and every word of raw and included elements.
    """
    nodes = {str(node).lower() for element in circuit.elements for node in element.nodes if element.enabled}
    return {"0", "gnd"} | nodes | words_of(_user_lines(circuit, lines))


def refuse_unknown_vectors(circuit: Any, vectors: Iterable[str], lines: Iterable[str], drives: Iterable[str]) -> None:
    """Raise ``ValueError`` for a probe of a node or element that is not there.

    What is inside a subcircuit is left to the engine, and so is everything where a file is included.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        The circuit.
    vectors : iterable of str
        SPICE vectors in lower case.
    lines : iterable of str
        The circuit's checked lines.
    drives : iterable of str
        Lines of the sources that drive it.
    """
    lines = list(lines)
    if included_lines(lines):
        return
    raw = words_of([*_user_lines(circuit, ()), *top_level_lines(drives)])
    elements = {str(element.name).lower(): element for element in circuit.elements if element.enabled}
    nodes = {_ground_or(str(node)) for element in elements.values() for node in element.nodes}
    for vector in vectors:
        name = re.sub(r"^@|\[.*", "", vector) if vector.startswith("@") else vector[2:-1]
        if "." in name or "#" in name or name in raw:
            continue
        known: Mapping[str, Any] | set[str] = nodes if vector.startswith("v(") else elements
        if name not in known:
            what = "node" if vector.startswith("v(") else "element"
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ValueError(
                f"probe {vector!r}: {str(circuit.title)!r} has no {what} {name!r}; {hint}{what}s: {', '.join(sorted(known))}"
            )
        if vector.startswith("i(") and name[0].upper() not in _HAS_BRANCH:
            raise ValueError(
                f"probe {vector!r}: SPICE records i() of voltage sources and inductors only; write @{name}[i]"
            )


def _user_lines(circuit: Any, lines: Iterable[str]) -> list[str]:
    """What a user wrote as text: raw lines and included files, outside subcircuits."""
    return top_level_lines([*str(circuit.raw_spice).splitlines(), *included_lines(lines)])


def _ground_or(node: str) -> str:
    node = node.lower()
    return "0" if node == "gnd" else node
