"""One subcircuit of a vendor's file with its parameters set: what the names in it mean, and what it is called in the deck."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from neuromorph.schematic.vendor.expressions import evaluated
from neuromorph.schematic.vendor.library import Definition, near
from neuromorph.schematic.vendor.statements import Statement
from neuromorph.schematic.vendor.values import Value, constant, number_text


class Cell:
    """The names of one subcircuit.

    Parameters
    ----------
    definition : Definition
        What the file says.
    values : mapping of str to float
        Parameters of this instance (SI units).
    dialect : str
        ``"pspice"`` or ``"ltspice"``.
    parent : Cell or None
        The names that can be seen from outside.
    """

    def __init__(
        self, definition: Definition, values: Mapping[str, float], dialect: str, parent: Cell | None = None
    ) -> None:
        self.definition, self.dialect, self.parent = definition, dialect, parent
        self._values: dict[str, Value] = dict(values)
        self._pending: set[str] = set()
        self._nodes: dict[str, str] = {}
        self._taken = {"0", "gnd"}
        self._asked: set[str] = set()
        self.connected: set[str] = set()
        self.elements = {statement.text.split()[0]: statement for statement in definition.elements}
        self.pins = [self.node(pin) for pin in definition.pins]

    # ------------------------------------------------------------ what an expression asks for

    def parameter(self, name: str) -> Value | None:
        """Value of a parameter (SI units), or None where there is none of that name."""
        if name in self._values:
            return self._values[name]
        text = {**self.definition.defaults, **self.definition.parameters}.get(name)
        if text is None:
            return self.parent.parameter(name) if self.parent else None
        if name in self._pending:
            raise ValueError(f"parameter {name!r} depends on itself")
        self._pending.add(name)
        try:
            self._values[name] = evaluated(text, self)
        finally:
            self._pending.discard(name)
        return self._values[name]

    def function(self, name: str) -> tuple[Sequence[str], str] | None:
        """Arguments and body of a function that the file defines, or None."""
        found = self.definition.functions.get(name)
        return found or (self.parent.function(name) if self.parent else None)

    def voltage(self, plus: str, minus: str | None) -> str:
        """A voltage between two nodes, as text of ngspice."""
        nodes = [self.node(node) for node in (plus, minus or "0")]
        self._asked |= {node for node in nodes if node != "0"}
        if nodes[0] == "0":
            return f"(-v({nodes[1]}))" if nodes[1] != "0" else "0.0"
        return f"v({nodes[0]})" if nodes[1] == "0" else f"v({nodes[0]},{nodes[1]})"

    def current(self, element: str) -> str:
        """The current through an element, as text of ngspice."""
        statement = self.elements.get(element)
        if statement is None:
            raise ValueError(
                f"i({element}): there is no such element; {near(element, self.elements)}elements: {', '.join(self.elements)}"
            )
        if element[0] in "vl":
            return f"i({self.name(element)})"
        words = [word for word in statement.tokens if word not in "(),"]
        if element[0] == "r" and len(words) == 4:
            value = constant(evaluated(words[3].strip("{}"), self))
            return f"({self.voltage(words[1], words[2])}/{number_text(value)})"
        raise ValueError(
            f"i({element}): ngspice knows the currents of voltage sources and inductors only: put a source of 0 V in series"
        )

    # ------------------------------------------------------------ names

    def node(self, name: str) -> str:
        """Name of a node in the deck."""
        name = name.strip("[]")
        if name in self._nodes:
            return self._nodes[name]
        if name == "0":
            return "0"
        is_pin = name in self.definition.pins
        if name == "gnd" and not is_pin:
            if self.dialect == "ltspice":
                return "0"
            raise ValueError(
                "node 'gnd' is not ground in PSpice, but in LTspice and ngspice: name it 0, or give dialect='ltspice'"
            )
        if name.startswith("$g_"):
            raise ValueError(f"node {name!r} is a global node of PSpice, which is not supported: make it a pin")
        self._nodes[name] = self._free(re.sub(r"[^a-z0-9_]", "_", name.replace("+", "p").replace("-", "n")))
        return self._nodes[name]

    def inner(self, name: str) -> str:
        """Name of a node that the translation needs."""
        made = self._free(re.sub(r"[^a-z0-9_]", "_", name))
        self.connected.add(made)
        return made

    def _free(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self._taken or candidate.lstrip("0") == "":
            count += 1
            candidate = f"{name}_{count}"
        self._taken.add(candidate)
        return candidate

    def name(self, element: str) -> str:
        """Name of an element in the deck."""
        return re.sub(r"[^a-z0-9_]", "_", element)

    def terminals(self, words: Sequence[str], count: int, statement: Statement) -> list[str]:
        """The nodes of an element."""
        if len(words) < count + 1:
            raise ValueError(f"{statement.where}: it needs {count} nodes")
        nodes = [self.node(word) for word in words[1 : count + 1]]
        self.connected |= set(nodes)
        return nodes

    def check(self) -> None:
        """Raise ``ValueError`` for expressions that name nodes to which nothing is connected."""
        for node in sorted(self._asked - self.connected - set(self.pins)):
            given = next(name for name, made in self._nodes.items() if made == node)
            raise ValueError(
                f"an expression of {self.definition.name!r} uses v({given}), but nothing is connected to that node"
            )
