"""What a switch makes jump, and where currents are measured."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from neuromorph.schematic.vacask.netlist import GROUND, Element, Netlist

# Elements through which a jump of a voltage goes on.
_PASSING = "rsvb"
_PROBE = re.compile(r"@(?P<element>[\w.#:]+)\[(?P<quantity>\w+)\]")


def jumping_nodes(netlist: Netlist) -> frozenset[str]:
    """Nodes whose voltages jump when a switch acts, because nothing at them stores charge.

    Parameters
    ----------
    netlist : Netlist
        The circuit.

    Returns
    -------
    frozenset of str
        Nodes on which no error control is of use [V].
    """
    held = {node for e in netlist.elements if e.kind not in _PASSING + "ieghf" for node in e.nodes} | {GROUND}
    held |= set(netlist.initial)
    # What looks at a voltage may store it.
    held |= {node for e in netlist.elements if e.kind in "s" for node in e.nodes[2:]}
    found = {node for e in netlist.elements if e.kind == "s" for node in e.nodes[:2]} - held
    grows = True
    while grows:
        reached = {n for e in netlist.elements if e.kind in "rs" and found & set(e.nodes[:2]) for n in e.nodes[:2]}
        grows = bool(reached - held - found)
        found |= reached - held
    return frozenset(found)


def probed_elements(vectors: Iterable[str]) -> dict[str, str]:
    """Elements whose currents are asked for.

    Parameters
    ----------
    vectors : iterable of str
        SPICE vectors in lower case [V or A].

    Returns
    -------
    dict of str to str
        The name of the ammeter, a voltage source of 0 V, by vector.

    Raises
    ------
    ValueError
        When another quantity than a current is asked for.
    """
    found = {}
    for vector in vectors:
        if match := _PROBE.fullmatch(vector):
            if match["quantity"] != "i":
                raise ValueError(f"probe {vector!r}: of an element VACASK records only the current [i]; use ngspice")
            element = re.sub(r"^[a-z]\.(?=x)", "", match["element"])
            prefix, dot, name = element.rpartition(".")
            found[vector] = f"{prefix}{dot}v#{name}"
    return found


def with_ammeters(netlist: Netlist, vectors: Iterable[str]) -> Netlist:
    """The circuit with a voltage source of 0 V before each element whose current is asked for.

    Parameters
    ----------
    netlist : Netlist
        The circuit.
    vectors : iterable of str
        SPICE vectors in lower case [V or A].

    Returns
    -------
    Netlist
        The circuit itself where nothing is to be measured.
    """
    meters = probed_elements(vectors)
    wanted = {meter.replace("v#", "", 1): meter for meter in meters.values()}
    if not wanted:
        return netlist
    known = {e.name for e in netlist.elements if e.kind in "rcsdlbgf"}
    for name in wanted:
        if name not in known:
            raise ValueError(f"probe @{name}[i]: VACASK gets no element {name!r} with two terminals; use ngspice")
    elements: list[Element] = []
    for element in netlist.elements:
        meter = wanted.get(element.name)
        if meter is None:
            elements.append(element)
            continue
        inner = f"{element.name}#p"
        nodes = (inner, *element.nodes[1:])
        elements.append(Element(meter, (element.nodes[0], inner), ("0",), element.scope, f"v {meter} (ammeter)"))
        elements.append(replace(element, nodes=nodes))
    return replace(netlist, elements=tuple(elements))
