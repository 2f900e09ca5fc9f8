"""A subcircuit of a vendor's file, translated for ngspice: numbers instead of parameters, nothing that is not understood.

ngspice's own modes for such files (``set ngbehavior=psa``) act on the whole deck: they give every parameter
``vt``, ``temp`` and ``gmin`` another value, and leave constructs that ngspice reads in another way without
a word. What is written here means the same in every mode.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from neuromorph.schematic.vendor import elements, sources
from neuromorph.schematic.vendor.cell import Cell
from neuromorph.schematic.vendor.library import Definition, ModelCard, deck_name, near
from neuromorph.schematic.vendor.statements import Statement

TERMINAL_NAMES = {
    **dict.fromkeys(("npn", "pnp", "lpnp"), ("c", "b", "e")),
    **dict.fromkeys(("njf", "pjf", "vdmos"), ("d", "g", "s")),
    **dict.fromkeys(("nmos", "pmos"), ("d", "g", "s", "b")),
    "d": ("anode", "cathode"),
}
"""Terminals of a part that is a model card only, by the card's type."""


class Translation:
    """Subcircuits of one file as lines of ngspice.

    Parameters
    ----------
    library : Definition
        The file.
    dialect : str
        ``"pspice"`` or ``"ltspice"``.
    """

    def __init__(self, library: Definition, dialect: str) -> None:
        self.dialect = dialect
        self.root = Cell(library, {}, dialect)
        self.lines: list[str] = []
        self._made: dict[tuple[int, int, tuple[tuple[str, float], ...]], str] = {}
        self._open: list[int] = []
        self._prefix = ""

    def subcircuit(self, name: str, values: Mapping[str, float]) -> str:
        """Translate a subcircuit and what it needs into `lines`.

        Parameters
        ----------
        name : str
            In lower case; it exists.
        values : mapping of str to float
            Its parameters (SI units).

        Returns
        -------
        str
            Its name in the deck.

        Raises
        ------
        ValueError
            When a part of it cannot be translated.
        """
        definition = self.root.definition.subcircuits[name]
        self._prefix = _instance_name(name, values)
        return self._translated(definition, dict(values), self.root)

    def card(self, card: ModelCard, values: Mapping[str, float]) -> str:
        """A part that is a model card only, as a subcircuit with its terminals; see :meth:`subcircuit`."""
        letter = next(letter for letter, kinds in elements.KINDS.items() if card.kind in kinds)
        pins = TERMINAL_NAMES[card.kind]
        pairs = " ".join(f"{key}={value!r}" for key, value in values.items())
        line = f"{letter}1 {' '.join(pins)} {card.name} {pairs}".strip()
        statement = Statement(line, card.statement.number, card.statement.file, line)
        definition = Definition(card.name, pins, elements=[statement], parent=self.root.definition)
        self._prefix = _instance_name(card.name, values)
        return self._translated(definition, {}, self.root)

    def _translated(self, definition: Definition, values: dict[str, float], parent: Cell) -> str:
        key = (id(definition), id(parent), tuple(sorted(values.items())))
        if key in self._made:
            return self._made[key]
        if id(definition) in self._open:
            raise ValueError(f"subcircuit {definition.name!r} contains itself")
        if definition.refused:
            raise ValueError(f"{definition.refused[0].where}: this command is not supported in a model file: remove it")
        name = self._prefix if not self._open else f"{self._prefix}__{deck_name(definition.name)}_{len(self._made) + 1}"
        self._open.append(id(definition))
        cell = Cell(definition, values, self.dialect, parent)
        lines: list[str] = []
        for statement in definition.elements:
            try:
                lines += self._element(cell, statement)
            except (ValueError, OverflowError) as error:
                message = str(error)
                raise ValueError(message if message.startswith("line ") else f"{statement.where}: {message}") from None
        cell.check()
        _refuse_twins(lines, definition.name)
        self._open.pop()
        self.lines += [f".subckt {name} {' '.join(cell.pins)}", *lines, f".ends {name}"]
        self._made[key] = name
        return name

    def _element(self, cell: Cell, statement: Statement) -> list[str]:
        letter = statement.text[0]
        words = [word for word in statement.tokens if letter in "vi" or word not in "(),"]
        if len(words) < 3 or not words[0][0].isalpha() or words[1] in "=(),":
            raise ValueError(f"{statement.where}: this is no element with nodes")
        if letter in "vi":
            return sources.independent(cell, statement)
        if letter in "egfh":
            return sources.controlled(cell, statement)
        if letter == "b" and self.dialect == "ltspice":
            return sources.ltspice_behavioural(cell, statement)
        if letter in "rcl":
            return elements.passive(cell, statement)
        if letter in elements.KINDS:
            return elements.semiconductor(cell, statement)
        if letter in "sw":
            return elements.switch(cell, statement)
        if letter == "x":
            return self._instance(cell, statement)
        if letter == "k":
            return elements.coupling(cell, statement)
        if letter == "t":
            return elements.line(cell, statement)
        if letter == "a":
            devices = [w for w in statement.text.split()[1:] if w in ("opamp", "ota", "varistor", "and", "or", "buf", "inv", "schmitt", "dflop", "srflop", "modulate", "counter", "phidet", "samplehold")]  # fmt: skip
            what = f" ({devices[0]})" if devices else ""
            raise ValueError(
                f"{statement.where}: {statement.text.split()[0]!r} is a special function of LTspice{what}, which ngspice does "
                "not have: use a model in standard elements"
            )
        raise ValueError(
            f"{statement.where}: elements {letter.upper()!r} of {'PSpice' if self.dialect == 'pspice' else 'LTspice'} have no "
            "counterpart here; known: "
            + ", ".join("BCDEFGHIJKLMQRSTVWX" if self.dialect == "ltspice" else "CDEFGHIJKLMQRSTVWX")
        )

    def _instance(self, cell: Cell, statement: Statement) -> list[str]:
        words, pairs = elements.split_words(statement)
        words = [word for word in words if word != "params:"]
        definition = cell.definition.subcircuit(words[-1])
        if definition is None:
            choices = _subcircuits_seen(cell.definition)
            raise ValueError(
                f"{statement.where}: there is no subcircuit {words[-1]!r}; {near(words[-1], choices)}subcircuits in the file: "
                f"{', '.join(choices)}"
            )
        nodes = cell.terminals(words, len(words) - 2, statement)
        if len(nodes) != len(definition.pins):
            raise ValueError(
                f"{statement.where}: {definition.name!r} has {len(definition.pins)} pins ({', '.join(definition.pins)}), "
                f"the line connects {len(nodes)}"
            )
        for key in pairs:
            if key not in definition.defaults:
                choices = list(definition.defaults)
                raise ValueError(
                    f"{statement.where}: {definition.name!r} has no parameter {key!r}; its parameters: {', '.join(choices) or 'none'}"
                )
        values = {key: sources.number(cell, text) for key, text in pairs.items()}
        parent: Cell | None = cell
        while parent is not None and parent.definition is not definition.parent:
            parent = parent.parent
        assert parent is not None
        return [" ".join([cell.name(words[0]), *nodes, self._translated(definition, values, parent)])]


def _instance_name(name: str, values: Mapping[str, float]) -> str:
    # Other values make another subcircuit: they are written into it.
    text = repr(sorted(values.items()))
    return deck_name(name) + (f"__{hashlib.sha256(text.encode()).hexdigest()[:8]}" if values else "")


def _subcircuits_seen(definition: Definition) -> list[str]:
    return [*definition.subcircuits, *(_subcircuits_seen(definition.parent) if definition.parent else [])]


def _refuse_twins(lines: list[str], name: str) -> None:
    seen: set[str] = set()
    for line in lines:
        word = line.split()[1 if line.startswith(".") else 0]
        if word in seen:
            raise ValueError(f"subcircuit {name!r} has two elements {word!r}")
        seen.add(word)
