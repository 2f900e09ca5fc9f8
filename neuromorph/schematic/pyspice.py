"""The adapter to PySpice: its circuits as checked lines of a deck.

PySpice draws the circuit; the text is assembled here, part by part, so that nothing in a name or a value
can become a line of its own.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from PySpice.Spice.ElementParameter import ElementNamePositionalParameter, ModelPositionalParameter
from PySpice.Unit.Unit import UnitValue

from neuromorph.schematic.names import (
    checked_element,
    checked_identifier,
    checked_line,
    checked_node,
    checked_part,
    checked_value,
    refuse_case_twins,
    refuse_misread_numbers,
)
from neuromorph.schematic.raw_text import checked_raw_spice, include_line, lib_line, refuse_two_meanings


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
    lines = [include_line(path) for path in circuit._includes]
    lines += [lib_line(path, section) for path, section in circuit._libs]
    if circuit._global_nodes:
        lines.append(".global " + " ".join(checked_node(n) for n in sorted(map(str, circuit._global_nodes))))
    refuse_case_twins(circuit._parameters, "parameter")
    lines += [f".param {_assignment(name, value, 'parameter')}" for name, value in circuit._parameters.items()]
    lines += _netlist_lines(circuit)
    refuse_two_meanings(lines)
    return lines


def _netlist_lines(netlist: Any) -> list[str]:
    lines = checked_raw_spice(str(netlist.raw_spice))
    refuse_case_twins((str(subcircuit.name) for subcircuit in netlist.subcircuits), "subcircuit")
    for subcircuit in netlist.subcircuits:
        lines += _subcircuit_lines(subcircuit)
    elements = [element for element in netlist.elements if element.enabled]
    refuse_case_twins((name for name in map(str, netlist.node_names) if name.lower() != "gnd"), "node")
    refuse_case_twins((str(element.name) for element in elements), "element")
    refuse_case_twins((str(model.name) for model in netlist.models), "model")
    lines += [_element_line(element) for element in elements]
    return lines + [_model_line(model) for model in netlist.models]


def _subcircuit_lines(subcircuit: Any) -> list[str]:
    name = checked_part(subcircuit.name, "subcircuit")
    pins = [checked_node(pin, inner=False) for pin in subcircuit.external_nodes]
    refuse_case_twins(dict.fromkeys([*pins, *map(str, subcircuit.node_names)]), "node")
    head = f".subckt {name} {' '.join(pins)}"
    if subcircuit.parameters:
        what = f"parameter of subcircuit {name!r}:"
        head += " params: " + " ".join(_assignment(k, v, what) for k, v in subcircuit.parameters.items())
    return [head, *_netlist_lines(subcircuit), f".ends {name}"]


def _element_line(element: Any) -> str:
    name = checked_element(element.name)
    what = f"element {name!r}"
    nodes = [checked_node(node, inner=False) for node in element.nodes]
    plain = _with_plain_numbers(element, what)
    line = checked_line(str(plain), what)
    named = set()
    for attribute, parameter in type(element)._positional_parameters.items():
        value = getattr(element, attribute)
        if isinstance(parameter, ElementNamePositionalParameter | ModelPositionalParameter) and value is not None:
            named.add(checked_part(value, f"{what}: {attribute.replace('_', ' ')}"))
    if isinstance(getattr(element, "initial_state", None), str):
        raise ValueError(
            f"{what} has initial_state={element.initial_state!r}, which PySpice prints as 'on': give True or False"
        )
    for name, value in getattr(element, "parameters", {}).items():
        _assignment(name, value, f"{what}:")
    if line.count("{") != line.count("}"):
        raise ValueError(f"{what} has braces that do not pair: {line!r}")
    values = line.split()[1 + len(nodes) :]
    if not values:
        raise ValueError(f"{what} has no value: SPICE would take some value of its own")
    refuse_misread_numbers(" ".join(value for value in values if value not in named), what)
    return line


def _model_line(model: Any) -> str:
    name = checked_part(model.name, "model")
    what = f"parameter of model {name!r}:"
    pairs = [_assignment(key, model[key], what) for key in sorted(model.parameters) if model[key] is not None]
    return f".model {name} {checked_identifier(model.model_type, 'model type')} ({' '.join(pairs)})"


def _assignment(name: object, value: object, what: str) -> str:
    what = f"{what} {str(name)!r}"
    text = checked_value(_plain_number(value, what), what)
    refuse_misread_numbers(text, what)
    return f"{checked_identifier(name)}={text}"


def _with_plain_numbers(element: Any, what: str) -> Any:
    """The element, or a copy in which numbers have no unit letters, which SPICE would read in its own way."""
    given = vars(element)
    changed = {}
    for attribute, value in given.items():
        if attribute in ("_netlist", "_pins", "_name"):
            continue
        plain = _plain(value, what)
        if plain is not value:
            changed[attribute] = plain
    if not changed:
        return element
    twin = copy.copy(element)
    for attribute, value in changed.items():
        object.__setattr__(twin, attribute, value)
    return twin


def _plain(value: Any, what: str) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_plain(part, what) for part in value)
    if isinstance(value, dict):
        return {name: _plain(part, what) for name, part in value.items()}
    return _plain_number(value, what)


def _plain_number(value: Any, what: str) -> Any:
    """A number of PySpice or numpy as Python's own, a finite one; anything else as it is."""
    if isinstance(value, UnitValue | np.floating):
        # float(), not the value itself: 1 A prints as 1A, which ngspice 44 reads as one atto.
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{what} has the value {value!r}: a circuit needs finite numbers")
    return value
