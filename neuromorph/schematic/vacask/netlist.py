"""The lines of a deck as elements: subcircuits put in their place, parameters computed, names in lower case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from neuromorph.schematic.vacask.expressions import Signal, Value, evaluated, read_number

_WORD = re.compile(r"(?:\{[^{}]*\}|'[^']*'|\([^()]*\)|[^\s(){}'])+")
_ASSIGNMENT = re.compile(r"([a-z_]\w*)\s*=\s*(\{[^{}]*\}|'[^']*'|[^\s=,()]+)")
_ICS = re.compile(r"v\(\s*([^\s()]+)\s*\)\s*=\s*(\{[^{}]*\}|[^\s]+)")
# Commands that mean nothing to a run that says everything itself.
_IDLE = (".nodeset",)
_DEEPEST = 40

GROUND = "0"


@dataclass(frozen=True)
class Element:
    """One element of the flat circuit.

    Parameters
    ----------
    name : str
        With the names of the subcircuits around it: ``xamp.rout``.
    nodes : tuple of str
        Where its terminals are; ground is ``"0"``.
    words : tuple of str
        What stands behind the nodes.
    scope : Scope
        What names in `words` stand for.
    line : str
        The line that it comes from.
    """

    name: str
    nodes: tuple[str, ...]
    words: tuple[str, ...]
    scope: Scope
    line: str

    @property
    def kind(self) -> str:
        """Its letter."""
        # A name may have dots of its own, and an ammeter's line is not of the deck.
        return self.line[0]

    def refusal(self, reason: str) -> ValueError:
        """The error that says why VACASK cannot have this element."""
        return ValueError(f"VACASK cannot run {self.line.strip()[:80]!r}: {reason}; use ngspice")


@dataclass(frozen=True)
class Model:
    """A model card.

    Parameters
    ----------
    kind : str
        Such as ``"sw"``.
    parameters : mapping of str to float
        In SI units.
    """

    kind: str
    parameters: Mapping[str, float]


@dataclass
class _Definition:
    name: str
    pins: list[str]
    defaults: str
    lines: list[str] = field(default_factory=list)


class Scope:
    """Parameters, nodes, models and subcircuits that one level of the circuit sees."""

    def __init__(self, prefix: str, nodes: Mapping[str, str], outer: Scope | None) -> None:
        self.prefix, self.outer = prefix, outer
        self.nodes = dict(nodes)
        self.parameters: dict[str, float] = {}
        self.models: dict[str, str] = {}
        self.definitions: dict[str, _Definition] = {}

    def parameter(self, name: str) -> float | None:
        """Value of a parameter (SI units)."""
        if name in self.parameters:
            return self.parameters[name]
        return self.outer.parameter(name) if self.outer else None

    def voltage(self, node: str) -> str:
        """Refused: what a level states is constant."""
        raise ValueError(f"v({node}) cannot stand in a constant")

    def current(self, source: str) -> str:
        """Refused: what a level states is constant."""
        raise ValueError(f"i({source}) cannot stand in a constant")

    def constant(self, value: float) -> str:
        """A number as text (SI units)."""
        return repr(value)

    def number(self, text: str) -> float:
        """The value of a word (SI units), or ``ValueError``."""
        value: Value
        try:
            value = read_number(text)
        except ValueError:
            value = evaluated(text, self, is_parameter=True)
        if isinstance(value, Signal):
            raise ValueError(f"{text!r} is not constant")
        return value

    def node(self, name: str) -> str:
        """The node of the flat circuit."""
        if name in ("0", "gnd"):
            return GROUND
        return self.nodes.get(name, self.prefix + name)

    def element(self, name: str) -> str:
        """The name of an element in the flat circuit."""
        return self.prefix + name

    def definition(self, name: str) -> tuple[_Definition, Scope] | None:
        """A subcircuit and the level that defines it."""
        if name in self.definitions:
            return self.definitions[name], self
        return self.outer.definition(name) if self.outer else None

    def model(self, name: str) -> Model | None:
        """A model card, computed with the parameters of its level."""
        text = self.models.get(name)
        if text is None:
            return self.outer.model(name) if self.outer else None
        kind, _, rest = text.replace("(", " ", 1).partition(" ")
        return Model(kind, {key: self.number(value) for key, value in _ASSIGNMENT.findall(rest)})


@dataclass(frozen=True)
class Netlist:
    """A flat circuit.

    Parameters
    ----------
    elements : tuple of Element
        In the order of the deck.
    initial : mapping of str to float
        Node voltages at time zero [V].
    """

    elements: tuple[Element, ...]
    initial: Mapping[str, float]


def read_netlist(lines: Iterable[str], devices: Iterable[str] = ()) -> Netlist:
    """Read the lines of a deck.

    Parameters
    ----------
    lines : iterable of str
        Checked lines of a deck's body (SI units).
    devices : iterable of str
        Subcircuits that are not to be opened: something else stands for them.

    Returns
    -------
    Netlist
        Elements and initial voltages.

    Raises
    ------
    ValueError
        When something has no counterpart in VACASK; the message names the line and the remedy.
    """
    top = Scope("", {}, None)
    elements: list[Element] = []
    initial: dict[str, float] = {}
    _read_level(_joined(lines), top, elements, initial, frozenset(name.lower() for name in devices), 0)
    return Netlist(tuple(elements), initial)


def _joined(lines: Iterable[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        # What stands behind ';' or a lonely '$' is a comment.
        text = re.split(r";|(?<!\S)\$", line, maxsplit=1)[0]
        text = " ".join(text.lower().split())
        if text.startswith("+") and joined:
            joined[-1] += " " + text[1:].strip()
        elif text and not text.startswith("*"):
            joined.append(text)
    return joined


def _read_level(
    lines: list[str],
    scope: Scope,
    elements: list[Element],
    initial: dict[str, float],
    devices: frozenset[str],
    depth: int,
) -> None:
    """Definitions first, since a deck may use what it defines later."""
    if depth > _DEEPEST:
        raise ValueError(f"subcircuits are nested more than {_DEEPEST} deep, or contain themselves")
    own, parameters = _sorted_out(lines, scope)
    for line in parameters:
        for name, text in _ASSIGNMENT.findall(line):
            scope.parameters.setdefault(name, _stated(scope, text, line))
    for line in own:
        if line.startswith(".ic"):
            for node, text in _ICS.findall(line):
                initial[scope.node(node)] = _stated(scope, text, line)
        elif line[0] == "x":
            _place(line, scope, elements, initial, devices, depth)
        else:
            elements.append(_element(line, scope))


def _sorted_out(lines: list[str], scope: Scope) -> tuple[list[str], list[str]]:
    own: list[str] = []
    parameters: list[str] = []
    open_definitions: list[_Definition] = []
    for line in lines:
        words = line.split()
        if words[0] == ".subckt":
            definition = _definition(line)
            if open_definitions:
                open_definitions[-1].lines.append(line)
            open_definitions.append(definition)
        elif words[0] == ".ends":
            closed = open_definitions.pop() if open_definitions else None
            if closed is None:
                raise ValueError("the deck has an .ends without a .subckt")
            if open_definitions:
                open_definitions[-1].lines.append(line)
            else:
                scope.definitions[closed.name] = closed
        elif open_definitions:
            open_definitions[-1].lines.append(line)
        elif words[0] == ".param":
            parameters.append(line.removeprefix(".param"))
        elif words[0] == ".model":
            _, name, rest = line.split(" ", 2) if len(words) > 2 else (*words, "", "")[:3]
            scope.models[name] = rest
        elif words[0].startswith(".") and words[0] not in (".ic", *_IDLE):
            raise ValueError(f"VACASK cannot run {line[:80]!r}: {words[0]} has no counterpart there; use ngspice")
        elif words[0] not in _IDLE:
            own.append(line)
    if open_definitions:
        raise ValueError(f"subcircuit {open_definitions[-1].name!r} has no .ends")
    return own, parameters


def _definition(line: str) -> _Definition:
    head, _, defaults = line.partition("params:")
    words = head.split()
    pins = [word for word in words[2:] if "=" not in word]
    if len(words) < 2:
        raise ValueError(f"{line!r} names no subcircuit")
    return _Definition(words[1], pins, defaults or " ".join(word for word in words[2:] if "=" in word))


def _element(line: str, scope: Scope) -> Element:
    words = _WORD.findall(line)
    name = words[0]
    kind = name[0]
    count = {"m": 4, "e": 4, "g": 4, "s": 4, "t": 4}.get(kind, 2)
    if kind not in "rclviegsbfhdmt":
        raise ValueError(
            f"VACASK cannot run {line[:80]!r}: elements {kind.upper()} have no counterpart there; use ngspice"
        )
    if kind == "b":
        # Blanks in an expression are no separators.
        words = [*line.split(" ", 3)[:3], line.split(" ", 3)[3] if line.count(" ") >= 3 else ""]
    if len(words) <= count:
        raise ValueError(f"{line[:80]!r} has too few nodes")
    nodes = tuple(scope.node(word) for word in words[1 : count + 1])
    return Element(scope.element(name), nodes, tuple(words[count + 1 :]), scope, line)


def _place(
    line: str,
    scope: Scope,
    elements: list[Element],
    initial: dict[str, float],
    devices: frozenset[str],
    depth: int,
) -> None:
    """Put a subcircuit in the place of its instance."""
    assignments = dict(_ASSIGNMENT.findall(line))
    words = [word for word in _WORD.findall(_ASSIGNMENT.sub(" ", line)) if word not in ("params:", "params")]
    name, subcircuit, nodes = words[0], words[-1], [scope.node(word) for word in words[1:-1]]
    found = scope.definition(subcircuit)
    if found is None:
        raise ValueError(f"{line[:80]!r}: the deck defines no subcircuit {subcircuit!r}")
    definition, home = found
    if len(nodes) != len(definition.pins):
        raise ValueError(
            f"{line[:80]!r}: subcircuit {subcircuit!r} has {len(definition.pins)} pins, {len(nodes)} are connected"
        )
    values = {key: _stated(home, text, definition.defaults) for key, text in _ASSIGNMENT.findall(definition.defaults)}
    for key, text in assignments.items():
        if key == "m" and key not in values:
            raise ValueError(
                f"VACASK cannot run {line[:80]!r}: m=, several of a subcircuit side by side, has no counterpart there; use ngspice"
            )
        if key not in values:
            raise ValueError(f"{line[:80]!r}: subcircuit {subcircuit!r} has no parameter {key!r}")
        values[key] = _stated(scope, text, line)
    if subcircuit in devices:
        inner = Scope(scope.element(name) + ".", {}, scope)
        inner.parameters = values
        elements.append(Element(scope.element(name), tuple(nodes), (subcircuit,), inner, line))
        return
    inner = Scope(scope.element(name) + ".", dict(zip(definition.pins, nodes, strict=True)), home)
    inner.parameters.update(values)
    _read_level(definition.lines, inner, elements, initial, devices, depth + 1)


def _stated(scope: Scope, text: str, line: str) -> float:
    try:
        return scope.number(text)
    except ValueError as error:
        raise ValueError(f"in {line.strip()[:80]!r}: {error}") from None
