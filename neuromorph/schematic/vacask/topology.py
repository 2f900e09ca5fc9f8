"""What a switch makes jump, and where currents are measured."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from neuromorph.schematic.vacask.netlist import GROUND, Element, Netlist

# Elements through which a jump of a voltage goes on.
_PASSING = "rsvb"
# A capacitor that holds less than this share of the charge tolerance at 1 V is no concern of the error control.
_IDLE_SHARE = 0.1
_LOOK = re.compile(r"\bv\(\s*([^\s(),]+)\s*(?:,\s*([^\s(),]+))?\s*\)")
_NAME = re.compile(r"[^\s()+*/,{}]+")
_COMPARES = re.compile(r"[<>?&|!]|==|\b(?:sgn|u|int|nint)\s*\(")
_PROBE = re.compile(r"@(?P<element>[\w.#:]+)\[(?P<quantity>\w+)\]")


def jumping_nodes(netlist: Netlist, chgtol: float | None = None) -> frozenset[str]:
    """Nodes whose voltages jump when a switch acts, because nothing at them stores a charge that matters.

    Parameters
    ----------
    netlist : Netlist
        The circuit.
    chgtol : float, optional
        Charge [C] that the circuit asks an engine to overlook.

    Returns
    -------
    frozenset of str
        Nodes on which no error control is of use [V].
    """
    pulses = _pulse_lines(netlist)
    held = {node for e in netlist.elements if e.kind not in _PASSING + "cieghf" for node in e.nodes} | {GROUND}
    held |= set(netlist.initial)
    charged = _charges(netlist)
    idle = {node for node, charge in charged.items() if chgtol and charge < _IDLE_SHARE * chgtol} - held
    held |= set(charged) - idle - pulses
    held -= pulses
    # What looks at a voltage may store it.
    held |= {node for e in netlist.elements if e.kind in "s" for node in e.nodes[2:]}
    found = {node for e in netlist.elements if e.kind == "s" for node in e.nodes[:2]} - held
    found |= (idle | pulses) - held
    grows = True
    while grows:
        reached = {n for e in netlist.elements if e.kind in "rs" and found & set(e.nodes[:2]) for n in e.nodes[:2]}
        # What amplifies a jump jumps, and would be resolved to a tolerance that is none of its input's.
        reached |= {e.nodes[0] for e in netlist.elements if e.kind == "e" and found & set(e.nodes[2:])}
        grows = bool(reached - held - found)
        found |= reached - held
    return frozenset(found)


def stepping_nodes(netlist: Netlist) -> frozenset[str]:
    """Nodes whose voltages take steps in no time, because an expression that compares states them.

    Parameters
    ----------
    netlist : Netlist
        The circuit.

    Returns
    -------
    frozenset of str
        Nodes that are nobody's but their source's [V]: there is no current that would step with them.
    """
    stated = [e for e in netlist.elements if e.kind == "b" and _COMPARES.search(" ".join(e.words))]
    found = {e.nodes[0]: e for e in stated if e.words[0].lstrip().startswith("v") and e.nodes[1] == GROUND}
    shared = {n for e in netlist.elements for n in e.nodes if found.get(n) is not e and e.kind not in "eg"}
    shared |= {n for e in netlist.elements if e.kind in "eg" for n in e.nodes[:2]}
    return frozenset(set(found) - shared - set(netlist.initial))


def _pulse_lines(netlist: Netlist) -> set[str]:
    """Nodes of lines that end in a threshold, and of what a buffer puts onto them: only their crossings count."""
    controls = {node for e in netlist.elements if e.kind == "s" for node in e.nodes[2:]}
    compared = {node for e in netlist.elements if e.kind == "e" and e.nodes[0] in controls for node in e.nodes[2:]}
    compared = (compared | controls) - {GROUND}
    carried = {node for e in netlist.elements if e.kind == "t" and compared & set(e.nodes) for node in e.nodes}
    ends = carried - {GROUND}
    carried |= {node for e in netlist.elements if e.kind == "e" and ends & set(e.nodes[:2]) for node in e.nodes[2:]}
    return carried - {GROUND}


def amplifiers_of(netlist: Netlist, vectors: Iterable[str]) -> dict[str, Element]:
    """What does nothing but amplify the control voltage of switches.

    A latch can look at its input, which spares two unknowns and an error control that would be as many times stricter.

    Parameters
    ----------
    netlist : Netlist
        The circuit.
    vectors : iterable of str
        SPICE vectors in lower case that are recorded [V or A].

    Returns
    -------
    dict of str to Element
        The linear source, by the node that it drives.
    """
    made = {e.nodes[0]: e for e in netlist.elements if e.kind == "e" and e.nodes[1] == GROUND and len(e.words) == 1}
    made = {node: element for node, element in made.items() if element.scope.number(element.words[0]) != 0}
    controls = {e.nodes[2] for e in netlist.elements if e.kind == "s" and e.nodes[3] == GROUND}
    seen = {vector[2:-1] for vector in vectors} | set(netlist.initial)
    # Whose current is asked for, or used, by its name.
    used = {re.sub(r"^[a-z]\.(?=x)", "", name) for name in seen}
    for element in netlist.elements:
        ends = element.nodes if element.kind != "s" else (*element.nodes[:2], element.nodes[3])
        seen |= {node for k, node in enumerate(ends) if k > 0 or made.get(node) is not element}
        for names in _LOOK.findall(" ".join(element.words) if element.kind == "b" else ""):
            seen |= {element.scope.node(name) for name in names if name}
        text = " ".join(element.words) if element.kind in "bfh" else ""
        used |= {element.scope.element(word) for word in _NAME.findall(text)}
    return {node: e for node, e in made.items() if node in controls and node not in seen and e.name not in used}


def _charges(netlist: Netlist) -> dict[str, float]:
    """What the capacitors at each node hold at 1 V [C]."""
    found: dict[str, float] = {}
    for element in netlist.elements:
        if element.kind == "c":
            value = element.scope.number(element.words[0].removeprefix("c=")) if len(element.words) == 1 else math.inf
            for node in element.nodes:
                found[node] = found.get(node, 0.0) + abs(value)
    return found


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
