"""A subcircuit of a vendor's file, translated for ngspice: numbers instead of parameters, nothing that is not understood.

ngspice's own modes for such files (``set ngbehavior=psa``) act on the whole deck: they give every parameter
``vt``, ``temp`` and ``gmin`` another value, and leave constructs that ngspice reads in another way without
a word. What is written here means the same in every mode.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from neuromorph.schematic.vendor import parts, sources
from neuromorph.schematic.vendor.cell import Cell
from neuromorph.schematic.vendor.expressions import evaluated
from neuromorph.schematic.vendor.library import Definition, ModelCard, near, unbraced
from neuromorph.schematic.vendor.statements import Statement
from neuromorph.schematic.vendor.values import Signal, as_text, constant

_DEEPEST = 20
# Of no meaning to the simulation.
_INFORMATION = ("tol", "pwr", "mfg", "pn", "type", "irms", "vrated", "ipk", "noiseless")
_SERIES = {"c": ("rser", "lser"), "l": ("rser",)}
_INSTANCE = {
    "d": {"area", "m"},
    "q": {"area", "m"},
    "j": {"area", "m"},
    "m": {"l", "w", "ad", "as", "pd", "ps", "nrd", "nrs", "m"},
}
_KINDS = {"d": {"d"}, "q": {"npn", "pnp", "lpnp"}, "j": {"njf", "pjf"}, "m": {"nmos", "pmos", "vdmos"}}
_TERMINALS = {"d": 2, "q": 3, "j": 3, "m": 4}
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
        letter = next(letter for letter, kinds in _KINDS.items() if card.kind in kinds)
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
        letter, words = statement.text[0], statement.tokens
        if len(words) < 3 or not words[0][0].isalpha() or words[1] in "=(),":
            raise ValueError(f"{statement.where}: this is no element with nodes")
        if letter in "vi":
            return sources.independent(cell, statement)
        if letter in "egfh":
            return sources.controlled(cell, statement)
        if letter == "b" and self.dialect == "ltspice":
            return sources.ltspice_behavioural(cell, statement)
        if letter in "rcl":
            return self._passive(cell, statement)
        if letter in _KINDS:
            return self._semiconductor(cell, statement)
        if letter in "sw":
            return self._switch(cell, statement)
        if letter == "x":
            return self._instance(cell, statement)
        if letter == "k":
            return _coupling(cell, statement)
        if letter == "t":
            return _line(cell, statement)
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

    def _passive(self, cell: Cell, statement: Statement) -> list[str]:
        if self.dialect == "ltspice" and (found := sources.behavioural_resistor(cell, statement)):
            return found
        words, pairs = _split(statement)
        letter, name = words[0][0], cell.name(words[0])
        nodes = cell.terminals(words, 2, statement)
        rest = [word for word in words[3:] if word not in _INFORMATION]
        for key in _INFORMATION:
            pairs.pop(key, None)
        extra: dict[str, float | None] = {}
        factor = 1.0
        card = _visible_model(cell, rest[0]) if rest else None
        if card is not None:
            if parts.VALUES.get(card.kind) != letter:
                raise ValueError(f"{statement.where}: model {card.name!r} is of type {card.kind!r}")
            given = self._model_values(cell, card)
            factor = given.pop(letter, 1.0) or 1.0
            for key, coefficient in given.items():
                if key not in ("tc1", "tc2") or letter != "r":
                    raise ValueError(f"{card.statement.where}: {key!r} of {card.kind} models is not supported")
                extra[key] = coefficient
            rest = rest[1:]
        if "value" in pairs or letter in pairs:
            rest.append(pairs.pop("value", "") or pairs.pop(letter))
        if len(rest) != 1:
            raise ValueError(f"{statement.where}: expected one value, found {' '.join(rest) or 'none'}")
        value = evaluated(unbraced(rest[0]), cell)
        if "tc" in pairs:
            for key, text in zip(("tc1", "tc2"), pairs.pop("tc").split(","), strict=False):
                pairs[key] = text
        lines: list[str] = []
        for key in _SERIES.get(letter, ()):
            resistance = sources.number(cell, pairs.pop(key, "0"))
            if resistance:
                inner = cell.inner(f"{name}_{key}")
                lines.append(f"{key[0]}{name}_{key} {nodes[0]} {inner} {resistance!r}")
                nodes[0] = inner
        for key in ("rpar", "cpar") if letter in "cl" else ():
            if key in pairs:
                outer = cell.terminals(words, 2, statement)
                lines.append(f"{key[0]}{name}_{key} {outer[0]} {outer[1]} {sources.number(cell, pairs.pop(key))!r}")
        known = {"r": ("tc1", "tc2", "m"), "c": ("ic", "m"), "l": ("ic", "m")}[letter]
        for key, text in pairs.items():
            if key not in known:
                raise ValueError(f"{statement.where}: {key}= is not supported; known: {', '.join(known)}")
            extra[key] = sources.number(cell, text)
        if isinstance(value, Signal):
            if letter != "r" or extra or factor != 1.0:
                raise ValueError(f"{statement.where}: only the value of a resistor may depend on signals")
            return [f"b{name} {nodes[0]} {nodes[1]} i=v({nodes[0]},{nodes[1]})/{as_text(value)}"]
        words = [f"{key}={number!r}" for key, number in extra.items()]
        return [*lines, " ".join([name, *nodes, repr(constant(value * factor)), *words])]

    def _semiconductor(self, cell: Cell, statement: Statement) -> list[str]:
        words, pairs = _split(statement)
        letter, count = words[0][0], _TERMINALS[words[0][0]]
        if letter == "m" and len(words) > 4 and (found := _visible_model(cell, words[4])) and found.kind == "vdmos":
            count = 3
        if letter == "q" and len(words) > 5 and _visible_model(cell, words[4]) is None:
            count = 4
        nodes = cell.terminals(words, count, statement)
        rest = words[count + 1 :]
        card = _visible_model(cell, rest[0]) if rest else None
        if card is None:
            names = ", ".join(sorted(_models_seen(cell.definition)))
            raise ValueError(
                f"{statement.where}: there is no model {rest[0] if rest else ''!r}; {near(rest[0] if rest else '', _models_seen(cell.definition))}"
                f"models in the file: {names or 'none'}"
            )
        if card.kind not in _KINDS[letter]:
            raise ValueError(
                f"{statement.where}: model {card.name!r} is of type {card.kind!r}, not for elements {letter.upper()!r}"
            )
        rest = [word for word in rest[1:] if word != "off"]
        if rest and letter != "m":
            pairs["area"] = rest.pop(0)
        if rest:
            raise ValueError(f"{statement.where}: {' '.join(rest)!r} is not understood")
        name = cell.name(words[0])
        model = f"{name}_{deck_name(card.name)}"
        known = _INSTANCE[letter] if card.kind != "vdmos" else {"m"}
        for key in pairs:
            if key not in known:
                raise ValueError(f"{statement.where}: {key}= is not supported; known: {', '.join(sorted(known))}")
        settings = [f"{key}={sources.number(cell, text)!r}" for key, text in pairs.items()]
        return [
            " ".join([name, *nodes, model, *settings]),
            parts.model_line(model, card, self._model_values(cell, card)),
        ]

    def _switch(self, cell: Cell, statement: Statement) -> list[str]:
        words, _ = _split(statement)
        letter, name = words[0][0], cell.name(words[0])
        nodes = cell.terminals(words, 2, statement)
        count = 4 if letter == "s" else 3
        card = _visible_model(cell, words[count + 1]) if len(words) > count + 1 else None
        if card is None or card.kind not in parts.SWITCHES:
            raise ValueError(f"{statement.where}: there is no switch model {words[-1]!r} in the file")
        control: tuple[str, str] | str
        if letter == "s":
            control = (cell.node(words[3]), cell.node(words[4]))
        else:
            control = sources.sensed_source(cell, words[3], statement)
        return parts.switch_lines(
            name, (nodes[0], nodes[1]), control, cell.inner(f"{name}_c"), card, self._model_values(cell, card)
        )

    def _instance(self, cell: Cell, statement: Statement) -> list[str]:
        words, pairs = _split(statement)
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

    def _model_values(self, cell: Cell, card: ModelCard) -> dict[str, float | None]:
        try:
            return {
                key: sources.number(cell, text) if text else None
                for key, text in card.parameters.items()
                if key not in parts.INFORMATION
            }
        except ValueError as error:
            raise ValueError(f"{card.statement.where}: {error}") from None


def _instance_name(name: str, values: Mapping[str, float]) -> str:
    # Other values make another subcircuit: they are written into it.
    text = repr(sorted(values.items()))
    return deck_name(name) + (f"__{hashlib.sha256(text.encode()).hexdigest()[:8]}" if values else "")


def deck_name(name: str) -> str:
    """The name of a subcircuit or model in the deck: letters, digits and ``_``, a letter first."""
    made = re.sub(r"[^a-z0-9_]", "_", name)
    return made if made[:1].isalpha() else f"m{made}"


def _split(statement: Statement) -> tuple[list[str], dict[str, str]]:
    """Words before the first ``name=``, and the values by name; a list of values keeps its commas."""
    tokens = [token for token in statement.tokens if token not in "()"]
    words: list[str] = []
    pairs: dict[str, str] = {}
    position = 0
    while position < len(tokens):
        if tokens[position + 1 : position + 2] == ["="]:
            key, value = tokens[position], "".join(tokens[position + 2 : position + 3])
            if not value:
                raise ValueError(f"{statement.where}: {key!r} has no value")
            position += 3
            while tokens[position : position + 1] == [","] and key == "tc":
                value += "," + "".join(tokens[position + 1 : position + 2])
                position += 2
            pairs[key] = value
        else:
            if tokens[position] != ",":
                words.append(tokens[position])
            position += 1
    return words, pairs


def _visible_model(cell: Cell, name: str) -> ModelCard | None:
    return cell.definition.model(name)


def _models_seen(definition: Definition) -> list[str]:
    return [*definition.models, *(_models_seen(definition.parent) if definition.parent else [])]


def _subcircuits_seen(definition: Definition) -> list[str]:
    return [*definition.subcircuits, *(_subcircuits_seen(definition.parent) if definition.parent else [])]


def _refuse_twins(lines: list[str], name: str) -> None:
    seen: set[str] = set()
    for line in lines:
        word = line.split()[1 if line.startswith(".") else 0]
        if word in seen:
            raise ValueError(f"subcircuit {name!r} has two elements {word!r}")
        seen.add(word)


def _coupling(cell: Cell, statement: Statement) -> list[str]:
    words, _ = _split(statement)
    if len(words) != 4 or any(word not in cell.elements or word[0] != "l" for word in words[1:3]):
        raise ValueError(f"{statement.where}: a coupling needs two inductors of the subcircuit and a number")
    return [f"{cell.name(words[0])} {cell.name(words[1])} {cell.name(words[2])} {sources.number(cell, words[3])!r}"]


def _line(cell: Cell, statement: Statement) -> list[str]:
    words, pairs = _split(statement)
    nodes = cell.terminals(words, 4, statement)
    if len(words) != 5 or set(pairs) != {"z0", "td"}:
        raise ValueError(f"{statement.where}: a transmission line needs four nodes, z0= and td=, and nothing else")
    return [
        " ".join(
            [cell.name(words[0]), *nodes, *(f"{key}={sources.number(cell, pairs[key])!r}" for key in ("z0", "td"))]
        )
    ]
