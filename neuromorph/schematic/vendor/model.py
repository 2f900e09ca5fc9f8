"""A vendor's model of a part: a subcircuit or model card of a file, put into a circuit by the roles of its pins."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from neuromorph.schematic.names import checked_node, checked_path
from neuromorph.schematic.vendor.library import Definition, near, read_library
from neuromorph.schematic.vendor.translation import TERMINAL_NAMES, Translation

_DIALECTS = ("auto", "pspice", "ltspice", "ngspice")
# What only LTspice writes.
_LTSPICE = re.compile(
    r"^\.backanno|^a\S+\s|^b\S+\s.*\b[vi]\s*=|\b(?:uplim|dnlim|idt|inv|buf|uramp)\s*\(|"
    r"\s(?:noiseless|vdmos\b|(?:rser|rpar|cpar|tripdv)\s*=)|^\.model\s+\S+\s+sw\b"
)


@dataclass(frozen=True)
class VendorModel:
    """A part as its vendor models it, from a PSpice, LTspice or ngspice file.

    The file is read and translated when the object is made: parameters become numbers, expressions keep the
    meaning that they have in the vendor's simulator, and what has no counterpart in ngspice is refused. So
    ngspice runs the deck in its own language, and no compatibility mode touches the rest of the circuit.

    Parameters
    ----------
    path : path-like
        The file.
    subcircuit : str
        Name of a subcircuit in it, or of a model card of a diode or transistor.
    pins : mapping of str to str or int
        For each role, such as ``in_p``, the pin of the subcircuit by name or by position, from 1 on. The terminals of
        a model card are named ``anode``, ``cathode``; ``c``, ``b``, ``e``; ``d``, ``g``, ``s`` and, of a MOSFET, ``b``.
    dialect : {"auto", "pspice", "ltspice", "ngspice"}
        Whose language the file is in. ``"ngspice"`` takes it as it is.
    parameters : mapping of str to float
        Values for the subcircuit's parameters (SI units).
    open_pins : tuple of str or int
        Pins that stay open; each gets a node of its own.
    ground_pins : tuple of str or int
        Pins that are grounded.

    Raises
    ------
    ValueError
        When the file is encrypted or no text, has no such subcircuit, a pin is unknown or left out, a parameter is
        unknown, or a line cannot be translated.
    FileNotFoundError
        When the file, or one that it includes, does not exist.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "buffer.lib"
    >>> _ = file.write_text(".subckt buf1 IN OUT\\nE1 OUT 0 VALUE={LIMIT(2*V(IN), -1, 1)}\\n.ends")
    >>> part = VendorModel(file, "BUF1", {"in_p": "IN", "out": "OUT"})
    >>> print(part.definition)
    .subckt buf1 in out
    be1 out 0 v=max(min((2.0*v(in)),1.0),(-1.0))
    .ends buf1
    >>> folder.cleanup()
    """

    path: Path | str
    subcircuit: str
    pins: Mapping[str, str | int]
    dialect: Literal["auto", "pspice", "ltspice", "ngspice"] = "auto"
    parameters: Mapping[str, float] = field(default_factory=dict)
    open_pins: tuple[str | int, ...] = ()
    ground_pins: tuple[str | int, ...] = ()
    definition: str = field(init=False, repr=False, compare=False, default="")
    _name: str = field(init=False, repr=False, compare=False, default="")
    _order: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if self.dialect not in _DIALECTS:
            raise ValueError(f"dialect must be one of {', '.join(_DIALECTS)}, got {self.dialect!r}")
        path = checked_path(self.path, "model")
        library = read_library(path)
        what, terminals, choices = self._found(library, path)
        values = self._checked_values(what, choices)
        order = self._pin_order(what, terminals)
        dialect = self.dialect
        if dialect == "auto":
            is_ltspice = any(_LTSPICE.search(statement.text) for statement in library.statements)
            dialect = "ltspice" if is_ltspice else "pspice"
        name = self.subcircuit.lower()
        if library.refused and dialect != "ngspice":
            raise ValueError(f"{library.refused[0].where}: this command is not supported in a model file: remove it")
        if dialect == "ngspice":
            lines, deck_name = _as_it_is(library, name, terminals), name
        else:
            translation = Translation(library, dialect)
            if name in library.subcircuits:
                deck_name = translation.subcircuit(name, values)
            else:
                deck_name = translation.card(library.models[name], values)
            lines = translation.lines
        object.__setattr__(self, "definition", "\n".join(lines))
        object.__setattr__(self, "_name", deck_name)
        object.__setattr__(self, "_order", order)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that :meth:`add_to` connects."""
        return tuple(self.pins)

    def add_to(self, circuit: Any, name: str, **nodes: str) -> Any:
        """Place the part into a circuit.

        Parameters
        ----------
        circuit : PySpice.Spice.Netlist.Netlist
            A circuit or subcircuit.
        name : str
            Name of the element; it gets an ``X`` in front.
        **nodes
            The node for each role.

        Returns
        -------
        PySpice.Spice.Netlist.Element
            The element.

        Raises
        ------
        ValueError
            When a role is unknown or left out.
        """
        for role in nodes:
            if role not in self.pins:
                raise ValueError(
                    f"{self.subcircuit!r} has no pin with the role {role!r}; {near(role, self.pins)}roles: {', '.join(self.pins)}"
                )
        missing = [role for role in self.pins if role not in nodes]
        if missing:
            raise ValueError(f"{self.subcircuit!r} needs a node for each role; left out: {', '.join(missing)}")
        connected = []
        for position, role in enumerate(self._order, start=1):
            if role in nodes:
                connected.append(checked_node(nodes[role], inner=False))
            else:
                connected.append("0" if role == "0" else f"{name}_open_{position}")
        text = self.definition + "\n"
        if text not in str(circuit.raw_spice):
            circuit.raw_spice += text
        values = dict(self.parameters) if self.dialect == "ngspice" else {}
        return circuit.X(name, self._name, *connected, **values)

    def _found(self, library: Definition, path: Path) -> tuple[str, tuple[str, ...], list[str] | None]:
        """How messages name the part, its pins, and the parameters that it has (None: the deck's engine knows)."""
        name = str(self.subcircuit).lower()
        if name in library.subcircuits:
            found = library.subcircuits[name]
            return f"subcircuit {self.subcircuit!r}", found.pins, [*found.defaults, *found.parameters]
        card = library.models.get(name)
        if card is not None and card.kind in TERMINAL_NAMES:
            return f"model {self.subcircuit!r} ({card.kind})", TERMINAL_NAMES[card.kind], None
        cards = [model.name for model in library.models.values() if model.kind in TERMINAL_NAMES]
        choices = [*library.subcircuits, *cards]
        raise ValueError(
            f"model file {str(path)!r} has no subcircuit {self.subcircuit!r}; {near(name, choices)}subcircuits: "
            f"{', '.join(library.subcircuits) or 'none'}; model cards: {', '.join(cards) or 'none'}"
        )

    def _checked_values(self, what: str, choices: list[str] | None) -> dict[str, float]:
        values: dict[str, float] = {}
        for key, value in self.parameters.items():
            if choices is not None and key.lower() not in choices:
                raise ValueError(
                    f"{what} has no parameter {key!r}; {near(key.lower(), choices)}parameters: {', '.join(choices) or 'none'}"
                )
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"parameter {key!r} of {what} must be a finite number in SI units, got {value!r}")
            values[key.lower()] = float(value)
        return values

    def _pin_order(self, what: str, terminals: tuple[str, ...]) -> tuple[str, ...]:
        """For each pin its role; ``"0"`` for a grounded one and nothing for an open one."""
        order: dict[str, str] = {}
        listed = ", ".join(f"{i} {pin}" for i, pin in enumerate(terminals, start=1)) or "none"
        given = [*self.pins.items(), *(("0", pin) for pin in self.ground_pins), *(("", pin) for pin in self.open_pins)]
        for role, pin in given:
            if role and role != "0" and not str(role).isidentifier():
                raise ValueError(f"the role {role!r} of a pin must be a name such as in_p")
            if isinstance(pin, int) and not isinstance(pin, bool) and 1 <= pin <= len(terminals):
                found = terminals[pin - 1]
            else:
                found = str(pin).lower()
            if found not in terminals:
                raise ValueError(f"{what} has no pin {pin!r}; {near(found, terminals)}its pins: {listed}")
            if found in order:
                raise ValueError(f"pin {found!r} of {what} is given twice; its pins: {listed}")
            order[found] = role
        if what.startswith("model") and terminals[-1] == "b" and "b" not in order and "s" in order:
            order["b"] = order["s"]
        missing = [pin for pin in terminals if pin not in order]
        if missing:
            raise ValueError(
                f"{what} has {len(terminals)} pins, {len(order)} are given; left out: {', '.join(missing)}; its pins: {listed}; "
                "give each a role in pins=, or name it in open_pins= or ground_pins="
            )
        return tuple(order[pin] for pin in terminals)


def _as_it_is(library: Definition, name: str, terminals: tuple[str, ...]) -> list[str]:
    """The definitions of a file in ngspice's own language."""
    if name not in library.subcircuits:
        raise ValueError(f"{name!r} is a model card: wrap it into a subcircuit, or give dialect='pspice'")
    if "gnd" in terminals:
        raise ValueError(
            f"subcircuit {name!r} has a pin 'gnd', which ngspice connects to ground: rename it in the file"
        )
    lines, depth = [], 0
    for statement in library.statements:
        command = re.split(r"[\s(=]", statement.text, maxsplit=1)[0]
        depth += command == ".subckt"
        if depth or command in (".model", ".param", ".func"):
            lines.append(statement.text)
        depth -= command == ".ends"
    return lines
