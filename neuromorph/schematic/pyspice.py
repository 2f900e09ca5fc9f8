"""The adapter to PySpice: its circuits as checked lines of a deck.

PySpice draws the circuit; the text is assembled here, part by part, so that nothing in a name or a value
can become a line of its own.
"""

from __future__ import annotations

import re
from typing import Any

import networkx

from neuromorph.schematic.names import (
    checked_identifier,
    checked_line,
    checked_node,
    checked_path,
    checked_raw_spice,
    refuse_case_twins,
)

# Elements through which no direct current flows between the terminals named here. All other elements, and
# subcircuits, whose inside is not looked at, connect all their terminals.
_NO_DIRECT_CURRENT = {"C", "I", "G", "F"}
_CONTROL_TERMINALS = {"E": slice(2, 4), "S": slice(2, 4), "G": slice(2, 4)}


def circuit_lines(circuit: Any) -> list[str]:
    """A PySpice circuit as lines of a deck, without title and end.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        What to print.

    Returns
    -------
    list of str
        Lines in SI units.

    Raises
    ------
    ValueError
        When a name or value cannot stand in a deck.
    FileNotFoundError
        When an included file does not exist.
    """
    lines = [f'.include "{checked_path(path)}"' for path in circuit._includes]
    for path, section in circuit._libs:
        suffix = f" {checked_identifier(section, 'library section')}" if section else ""
        lines.append(f'.lib "{checked_path(path, "library")}"{suffix}')
    if circuit._global_nodes:
        lines.append(".global " + " ".join(checked_node(n) for n in sorted(map(str, circuit._global_nodes))))
    for name, value in circuit._parameters.items():
        lines.append(checked_line(f".param {checked_identifier(name)}={value}", f"parameter {name!r}"))
    return lines + _netlist_lines(circuit)


def _netlist_lines(netlist: Any) -> list[str]:
    lines = checked_raw_spice(str(netlist.raw_spice))
    for subcircuit in netlist.subcircuits:
        lines += _subcircuit_lines(subcircuit)
    elements = [element for element in netlist.elements if element.enabled]
    refuse_case_twins((str(name) for name in netlist.node_names), "node")
    refuse_case_twins((str(element.name) for element in elements), "element")
    lines += [_element_line(element) for element in elements]
    for model in netlist.models:
        lines.append(checked_line(str(model), f"model {model.name!r}"))
        checked_identifier(model.name, "model")
    return lines


def _subcircuit_lines(subcircuit: Any) -> list[str]:
    name = checked_identifier(subcircuit.name, "subcircuit")
    pins = " ".join(checked_node(n) for n in subcircuit.external_nodes)
    head = f".subckt {name} {pins}"
    if subcircuit.parameters:
        pairs = (f"{checked_identifier(k)}={v}" for k, v in subcircuit.parameters.items())
        head += " params: " + " ".join(pairs)
    return [checked_line(head, f"subcircuit {name!r}"), *_netlist_lines(subcircuit), f".ends {name}"]


def _element_line(element: Any) -> str:
    name = str(element.name)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.#]*", name):
        raise ValueError(f"element name {name!r} cannot stand in a deck: use letters, digits, '_', '.' and '#'")
    for node in element.nodes:
        checked_node(node)
    return checked_line(str(element), f"element {name!r}")


def floating_nodes(circuit: Any, held: set[str]) -> dict[str, list[str]]:
    """Nodes that no direct current can reach from ground, with the elements at each.

    ngspice simulates such a circuit without an error and gives the node some voltage.

    Parameters
    ----------
    circuit : PySpice.Spice.Netlist.Circuit
        What to look at; subcircuits and raw lines are taken to connect all nodes that they touch.
    held : set of str
        Nodes (lower case) whose initial voltage [V] is given; a capacitor may hold these.

    Returns
    -------
    dict of str to list of str
        Element names by node, in the order of the circuit.
    """
    graph = networkx.Graph()
    graph.add_node("0")
    at: dict[str, list[str]] = {}
    for element in circuit.elements:
        if not element.enabled:
            continue
        nodes = [_ground_or(str(node)) for node in element.nodes]
        prefix = str(element.name)[0].upper()
        for node in nodes:
            at.setdefault(node, []).append(str(element.name))
        graph.add_nodes_from(nodes)
        conducting = nodes
        if prefix in _CONTROL_TERMINALS:
            control = nodes[_CONTROL_TERMINALS[prefix]]
            conducting = [n for i, n in enumerate(nodes) if i < 2] if control else nodes
        if prefix == "M":
            conducting = [nodes[0], nodes[2], *nodes[3:]]
        is_current_source = prefix == "B" and re.search(r"\bi\s*=", str(element), re.IGNORECASE)
        if prefix not in _NO_DIRECT_CURRENT and not is_current_source:
            networkx.add_path(graph, conducting)
    reached = networkx.node_connected_component(graph, "0")
    raw = {_ground_or(token) for token in re.split(r"[\s(),=]+", str(circuit.raw_spice))}
    # Whatever hangs on a node that raw lines touch may be grounded there.
    for node in raw & set(graph):
        reached = reached | networkx.node_connected_component(graph, node)
    for node in held & set(graph):
        reached = reached | networkx.node_connected_component(graph, node)
    return {node: names for node, names in at.items() if node not in reached}


def _ground_or(node: str) -> str:
    node = node.lower()
    return "0" if node == "gnd" else node
