"""The elements of a deck, as a drawing shows them: name, nodes, and the value that is printed beside the symbol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from neuromorph.devices import TransistorComparator
from neuromorph.quantities import Parameters, format_quantity, parameter_units

_UNITS = {"R": "ohm", "C": "F", "L": "H", "V": "V", "I": "A"}
# How many nodes an element has; the last two of E, G and S only control it.
_NODE_COUNTS = {"R": 2, "C": 2, "L": 2, "V": 2, "I": 2, "D": 2, "B": 2, "F": 2, "H": 2, "W": 2, "E": 4, "G": 4, "S": 4}
_NODE_COUNTS |= {"M": 4, "Q": 3, "J": 3, "Z": 3, "T": 4, "O": 4, "U": 3, "K": 0}
_MODEL_UNITS = {"ron": "ohm", "roff": "ohm"}


@dataclass(frozen=True)
class Element:
    """One element of a deck.

    Parameters
    ----------
    name : str
        Its name in the deck, SPICE's letter included.
    nodes : tuple of str
        Its nodes in SPICE's order; ground is ``"0"``.
    words : tuple of str
        What follows the nodes in the deck.
    """

    name: str
    nodes: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def kind(self) -> str:
        """SPICE's letter, a capital."""
        return self.name[0].upper()

    @property
    def controls(self) -> tuple[str, ...]:
        """The nodes that only control it."""
        return self.nodes[2:] if self.kind in "EGS" else ()

    @property
    def is_expression(self) -> bool:
        """Whether its value is an expression, too long to stand at a symbol."""
        return self.kind == "B" or (self.kind in "EG" and len(self.nodes) == 2)

    @property
    def parameters(self) -> dict[str, str]:
        """What the deck sets by name."""
        return dict(word.split("=", 1) for word in self.words if "=" in word)

    @property
    def model(self) -> str:
        """The model or subcircuit that it names, or nothing."""
        plain = [word for word in self.words if "=" not in word and word.lower() != "params:"]
        # A switch that a current controls names the source of that current first.
        plain = plain[1:] if self.kind == "W" else plain
        return plain[0] if plain and self.kind in "XSWDMQJZOUA" else ""


@dataclass(frozen=True)
class ModelCard:
    """A ``.model`` line: what kind of part it describes, and what it sets."""

    kind: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        pairs = [f"{name} {quantity(value, _MODEL_UNITS.get(name.lower(), ''))}" for name, value in self.values.items()]
        return ", ".join([self.kind, *pairs])


@dataclass(frozen=True)
class Netlist:
    """The elements of a deck outside subcircuits.

    Parameters
    ----------
    title : str
        Name of the design.
    elements : mapping of str to Element
        By name, in the deck's order.
    models : mapping of str to ModelCard
        The ``.model`` lines, by name.
    units : mapping of str to dict
        For subcircuits whose Python class is known: the unit of each parameter, by name.
    files : tuple of str
        Included files, whose elements are not looked at.
    spellings : mapping of str to str
        Nodes by their names in lower case: SPICE does not tell capitals from small letters.
    pins : mapping of str to tuple of str
        The pins of each subcircuit that the deck defines.
    """

    title: str
    elements: Mapping[str, Element]
    models: Mapping[str, ModelCard] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def node(self, name: str) -> str:
        """A node as the drawing spells it; ground is ``"0"``."""
        return self.spellings.get(name.lower(), name)

    def value(self, element: Element) -> str:
        """What is printed beside the symbol, such as ``22 nF``; nothing where the notes tell it."""
        words = element.words
        if not words:
            return ""
        if element.kind in _UNITS:
            return quantity(" ".join(words), _UNITS[element.kind])
        if element.is_expression:
            return ""
        if element.kind in "EGFH":
            unit = {"G": "S", "H": "ohm"}.get(element.kind, "")
            return f"gain {quantity(words[-1], unit)}"
        if element.kind in "SW":
            return self._on_resistance(element)
        return element.model

    def note(self, element: Element) -> str:
        """The values that are too long for the symbol, or nothing."""
        if element.is_expression:
            text = re.sub(r"\(\{([^{}]*)\}\)", lambda match: _short(match[1]), " ".join(element.words))
            return f"{element.name}: {text}"
        if element.kind == "K":
            return f"{element.name}: {' '.join(element.words)}"
        given = element.parameters
        if element.kind in "XMQJZDTOU" and given:
            units = self.units.get(element.model.lower(), {})
            pairs = [f"{name} {quantity(value, units.get(name, ''))}" for name, value in given.items()]
            return f"{element.name}: {', '.join(pairs)}"
        return ""

    def notes(self) -> list[str]:
        """A line for each element, model and file whose values do not stand at a symbol."""
        lines = [note for element in self.elements.values() if (note := self.note(element))]
        lines += [f".model {name}: {text}" for name, text in self.models.items()]
        return lines + [f"with the file {name}" for name in self.files]

    def _on_resistance(self, element: Element) -> str:
        card = self.models.get(element.model)
        return quantity(card.values["ron"], "ohm") if card and "ron" in card.values else element.model

    def thresholds(self, switch: Element, amplifier: Element | None = None) -> tuple[float, float] | None:
        """Where a switch closes and opens [V], at the input of the amplifier of its control voltage if there is one.

        ``None`` where the deck does not say it in numbers.
        """
        card = self.models.get(switch.model)
        try:
            gain = 1.0 if amplifier is None else float(amplifier.words[-1])
            middle, half = (float(card.values[name]) / gain for name in ("vt", "vh")) if card else (0.0, 0.0)
        except (KeyError, ValueError, IndexError):
            return None
        return (middle + half, middle - half) if card else None


def quantity(text: str, unit: str) -> str:
    """A number of the deck with its unit, such as ``"1 kohm"``; what is no number stays as it is."""
    try:
        return format_quantity(float(text), unit, digits=4 if unit else 5)
    except ValueError:
        return text.strip("{}")


def _short(text: str) -> str:
    return quantity(text, "")


def netlist_of(title: str, lines: Iterable[str], design: Any = None) -> Netlist:
    """Read the elements out of a deck's lines.

    Parameters
    ----------
    title : str
        Name of the design.
    lines : iterable of str
        Checked lines of a deck, or of its circuit.
    design : object, optional
        A design whose parts know the units of their parameters.

    Returns
    -------
    Netlist
        With every element outside subcircuits.
    """
    subcircuits: dict[str, tuple[str, ...]] = {}
    top, files, depth = [], [], 0
    for line in _whole(lines):
        word = line.split()[0].lower()
        if word == ".subckt":
            name, *pins = re.split(r"\s+params:|\s+\S+\s*=", line, maxsplit=1, flags=re.IGNORECASE)[0].split()[1:]
            subcircuits[name.lower()] = tuple(pins)
        depth += (word == ".subckt") - (word == ".ends")
        if word in (".include", ".inc", ".lib"):
            files.append(line.split(maxsplit=1)[1].strip("\"'").replace("\\", "/").rsplit("/", 1)[-1])
        elif depth == 0 and word != ".ends":
            top.append(line)
    models: dict[str, ModelCard] = {}
    for line in top:
        if line.lower().startswith(".model"):
            _, name, *rest = line.split()
            models[name] = _model_card(" ".join(rest))
    elements = [_element(line, models) for line in top if line[0].isalpha()]
    spellings: dict[str, str] = {"gnd": "0"}
    for element in elements:
        for node in element.nodes:
            spellings.setdefault(node.lower(), node)
    elements = [replace(e, nodes=tuple(spellings[node.lower()] for node in e.nodes)) for e in elements]
    return Netlist(
        title,
        {e.name: e for e in elements},
        models,
        _units(design),
        tuple(dict.fromkeys(files)),
        spellings,
        subcircuits,
    )


def _whole(lines: Iterable[str]) -> list[str]:
    """Lines without comments, each with the lines that continue it."""
    whole: list[str] = []
    for line in lines:
        text = line.strip()
        if text.startswith("+") and whole:
            whole[-1] += " " + text[1:]
        elif text and not text.startswith("*"):
            whole.append(text)
    return whole


def _element(line: str, models: Mapping[str, ModelCard]) -> Element:
    name, *words = line.split()
    kind = name[0].upper()
    named = next((i for i, word in enumerate(words) if "=" in word or word.lower() == "params:"), len(words))
    if kind in "XAP":
        count = max(named - 1, 0)
    elif kind in "QM":
        # Bipolar transistors may have a substrate, power MOSFETs have no bulk: the model's name ends the nodes.
        known = {model.lower() for model in models}
        count = next(
            (i for i, word in enumerate(words) if word.lower() in known and i >= 3), min(_NODE_COUNTS[kind], named)
        )
    elif kind in "EG" and (named < 4 or (len(words) > 2 and words[2].lower().startswith(("poly", "value", "table")))):
        count = 2
    else:
        count = min(_NODE_COUNTS.get(kind, 2), named)
    return Element(name, tuple(word.strip("[]") for word in words[:count]), tuple(words[count:]))


def _model_card(text: str) -> ModelCard:
    kind, _, inside = text.partition("(")
    kind, *more = kind.split() or [""]
    words = [*more, *inside.rstrip(") ").split()]
    return ModelCard(kind, dict(word.split("=", 1) for word in words if "=" in word))


def _units(design: Any) -> dict[str, dict[str, str]]:
    """Units by subcircuit and parameter, of all the parts of a design."""
    found: dict[str, dict[str, str]] = {}
    neuron = getattr(design, "neuron", design)
    is_passive = getattr(neuron, "v_th", 0.0) is None
    parts = [neuron, None if is_passive else getattr(neuron, "schmitt_trigger", None)]
    parts += [TransistorComparator(inputs=polarity) for polarity in ("p", "n")]
    while parts:
        part = parts.pop()
        if not isinstance(part, Parameters):
            continue
        parts += [value for value in vars(part).values() if isinstance(value, Parameters)]
        if hasattr(part, "subcircuit_name"):
            found[part.subcircuit_name.lower()] = parameter_units(part)
    return found
