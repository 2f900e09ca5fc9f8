"""Elements of a vendor's file other than sources and subcircuits: passive parts, semiconductors, switches, lines."""

from __future__ import annotations

from neuromorph.schematic.vendor import parts, sources
from neuromorph.schematic.vendor.cell import Cell
from neuromorph.schematic.vendor.expressions import evaluated
from neuromorph.schematic.vendor.library import Definition, ModelCard, deck_name, near, unbraced
from neuromorph.schematic.vendor.statements import Statement
from neuromorph.schematic.vendor.values import Signal, as_text, constant

# Of no meaning to the simulation.
_INFORMATION = ("tol", "pwr", "mfg", "pn", "type", "irms", "vrated", "ipk", "noiseless")
_SERIES = {"c": ("rser", "lser"), "l": ("rser",)}
_INSTANCE = {
    "d": {"area", "m"},
    "q": {"area", "m"},
    "j": {"area", "m"},
    "m": {"l", "w", "ad", "as", "pd", "ps", "nrd", "nrs", "m"},
}
KINDS = {"d": {"d"}, "q": {"npn", "pnp", "lpnp"}, "j": {"njf", "pjf"}, "m": {"nmos", "pmos", "vdmos"}}
_TERMINALS = {"d": 2, "q": 3, "j": 3, "m": 4}


def passive(cell: Cell, statement: Statement) -> list[str]:
    """Lines of an R, C or L element."""
    if cell.dialect == "ltspice" and (found := sources.behavioural_resistor(cell, statement)):
        return found
    words, pairs = split_words(statement)
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
        given = _model_values(cell, card)
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


def semiconductor(cell: Cell, statement: Statement) -> list[str]:
    """Lines of a D, Q, J or M element, with its model card."""
    words, pairs = split_words(statement)
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
    if card.kind not in KINDS[letter]:
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
    settings = {key: sources.number(cell, text) for key, text in pairs.items()}
    values = _model_values(cell, card)
    lines = _moved_from_card(cell, name, nodes, card, values, settings) if letter == "m" else []
    return [
        *lines,
        " ".join([name, *nodes, model, *(f"{key}={number!r}" for key, number in settings.items())]),
        parts.model_line(model, card, values),
    ]


def _moved_from_card(
    cell: Cell,
    name: str,
    nodes: list[str],
    card: ModelCard,
    values: dict[str, float | None],
    settings: dict[str, float],
) -> list[str]:
    """What PSpice has in a MOSFET's card and ngspice has not: sizes, the resistance of the gate, and one from drain to source."""
    lines = []
    if card.kind == "vdmos":
        return []
    for key in ("l", "w"):
        size = values.pop(key, None)
        if size is not None:
            settings.setdefault(key, size)
    shunt, gate = values.pop("rds", None), values.pop("rg", None)
    if shunt:
        lines.append(f"r{name}_rds {nodes[0]} {nodes[2]} {shunt!r}")
    if gate:
        inner = cell.inner(f"{name}_rg")
        lines.append(f"r{name}_rg {nodes[1]} {inner} {gate!r}")
        nodes[1] = inner
    # The drain's diode: ngspice has neither for these transistors.
    for key, harmless in (("n", 1.0), ("tt", 0.0)):
        if values.get(key, harmless) == harmless:
            values.pop(key, None)
        else:
            raise ValueError(
                f"{card.statement.where}: {key}={values[key]} of the body diode has no counterpart in ngspice's {card.kind}: "
                "remove it if that diode never conducts, else add a diode to the subcircuit"
            )
    return lines


def switch(cell: Cell, statement: Statement) -> list[str]:
    """Lines of an S or W element."""
    words, _ = split_words(statement)
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
        name, (nodes[0], nodes[1]), control, cell.inner(f"{name}_c"), card, _model_values(cell, card)
    )


def _model_values(cell: Cell, card: ModelCard) -> dict[str, float | None]:
    try:
        return {
            key: sources.number(cell, text) if text else None
            for key, text in card.parameters.items()
            if key not in parts.INFORMATION
        }
    except ValueError as error:
        raise ValueError(f"{card.statement.where}: {error}") from None


def split_words(statement: Statement) -> tuple[list[str], dict[str, str]]:
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


def coupling(cell: Cell, statement: Statement) -> list[str]:
    """Lines of a K element."""
    words, _ = split_words(statement)
    if len(words) != 4 or any(word not in cell.elements or word[0] != "l" for word in words[1:3]):
        raise ValueError(f"{statement.where}: a coupling needs two inductors of the subcircuit and a number")
    return [f"{cell.name(words[0])} {cell.name(words[1])} {cell.name(words[2])} {sources.number(cell, words[3])!r}"]


def line(cell: Cell, statement: Statement) -> list[str]:
    """Lines of a T element."""
    words, pairs = split_words(statement)
    nodes = cell.terminals(words, 4, statement)
    if len(words) != 5 or set(pairs) != {"z0", "td"}:
        raise ValueError(f"{statement.where}: a transmission line needs four nodes, z0= and td=, and nothing else")
    return [
        " ".join(
            [cell.name(words[0]), *nodes, *(f"{key}={sources.number(cell, pairs[key])!r}" for key in ("z0", "td"))]
        )
    ]
