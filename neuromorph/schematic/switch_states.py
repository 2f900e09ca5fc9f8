"""Switches of a circuit at an operating point: ngspice's small-signal analyses take every switch as open, also one that is closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from neuromorph.schematic.raw_text import statements
from neuromorph.schematic.vacask.expressions import read_number

_VALUE = re.compile(r"(\w+)\s*=\s*([^\s()]+)")
# ngspice's values where a model card has none: threshold, hysteresis [V or A], resistances [ohm].
_DEFAULTS = {"vt": 0.0, "it": 0.0, "vh": 0.0, "ih": 0.0, "ron": 1.0, "roff": 1e12}


@dataclass(frozen=True)
class Switch:
    """One switch.

    Parameters
    ----------
    name : str
        As ngspice calls it, ``s1`` or inside a subcircuit ``s.x1.s1``.
    control : tuple of str
        Vectors of an operating point: the voltages between which its control lies, or the current [V or A].
    model : mapping of str to str
        Values of its model card, as they are written there.
    starts_closed : bool
        Whether its line says ``on``.
    words : tuple of str
        Of its line.
    """

    name: str
    control: tuple[str, ...]
    model: Mapping[str, str]
    starts_closed: bool
    words: tuple[str, ...]

    def is_closed(self, point: Mapping[str, float]) -> bool | None:
        """Whether it is closed at an operating point [V, A]; ``None`` where its control lies between its two thresholds."""
        high, low = (*self.control, "")[:2]
        control = point.get(high, 0.0) - point.get(low, 0.0)
        kind = "v" if self.words[0][0] == "s" else "i"
        threshold, hysteresis = self.value(f"{kind}t"), abs(self.value(f"{kind}h"))
        if abs(control - threshold) <= hysteresis:
            return None
        return control > threshold

    def value(self, name: str) -> float:
        """A value of its model card (SI units).

        Raises
        ------
        ValueError
            When it is no number.
        """
        try:
            return read_number(self.model[name]) if name in self.model else _DEFAULTS[name]
        except ValueError:
            raise ValueError(
                f"whether switch {self.name!r} is closed cannot be told, and ngspice's noise analysis takes it as open: state "
                f"{name}={self.model[name]} of its model as a number"
            ) from None


@dataclass
class _Level:
    lines: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    models: dict[str, dict[str, str]] = field(default_factory=dict)


def switches(lines: Iterable[str]) -> list[Switch]:
    """All switches of a circuit, those inside subcircuits too.

    Parameters
    ----------
    lines : iterable of str
        Lines of a circuit.

    Returns
    -------
    list of Switch
        In the order of the lines (SI units).
    """
    top = _Level()
    levels: dict[str, _Level] = {}
    inside = [top]
    shared = {"0", "gnd"}
    for line in statements(lines):
        words = line.split()
        if words[0] == ".subckt" and len(words) > 1:
            inside.append(levels.setdefault(words[1], _Level(pins=[word for word in words[2:] if "=" not in word])))
        elif words[0] == ".ends" and len(inside) > 1:
            inside.pop()
        elif words[0] == ".model" and len(words) > 2:
            inside[-1].models[words[1]] = dict(_VALUE.findall(line))
        elif words[0] == ".global":
            shared |= set(words[1:])
        elif line[0] in "swx":
            inside[-1].lines.append(line)

    def found(level: _Level, prefix: str, nodes: Mapping[str, str], path: tuple[str, ...]) -> Iterable[Switch]:
        def node(name: str) -> str:
            return name if name in shared or not prefix else nodes.get(name, prefix + name)

        def element(name: str) -> str:
            return f"{name[0]}.{prefix}{name}" if prefix else name

        for line in level.lines:
            words = line.split()
            if line[0] == "x":
                plain = re.split(r"\s+(?:params:|\w+\s*=)", line, maxsplit=1)[0].split()
                if plain[-1] in levels and plain[-1] not in path:
                    inner = levels[plain[-1]]
                    pins = dict(zip(inner.pins, map(node, plain[1:-1]), strict=False))
                    yield from found(inner, f"{prefix}{words[0]}.", pins, (*path, plain[-1]))
                continue
            n_control = 2 if line[0] == "s" else 1
            if len(words) < 4 + n_control:
                continue
            names = words[3 : 3 + n_control]
            control = [f"v({node(n)})" for n in names] if line[0] == "s" else [f"i({element(names[0])})"]
            card = words[3 + n_control]
            model = level.models.get(card, top.models.get(card, {}))
            starts_closed = "on" in words[4 + n_control :]
            yield Switch(element(words[0]), tuple(control), model, starts_closed, tuple(words))

    return list(found(top, "", {}, ()))


def with_held_switches(lines: Sequence[str], closed: Mapping[str, bool]) -> tuple[str, ...]:
    """A circuit whose switches stay as they are, whatever controls them, in every analysis.

    Parameters
    ----------
    lines : sequence of str
        Lines of a circuit.
    closed : mapping of str to bool
        For each switch of the top level that is held, whether it is closed.

    Returns
    -------
    tuple of str
        Lines in which both resistances of such a switch are the one that it has [ohm].

    Raises
    ------
    ValueError
        When a switch is closed that does not stand in these lines by itself: inside a subcircuit or an included file.
    """
    known = {switch.name: switch for switch in switches(lines)}
    kept: list[str] = []
    held: list[str] = []
    depth, skipping = 0, False
    for line in lines:
        word = (line.split() or [""])[0].lower()
        if word.startswith(("+", "*")) or not word:
            # A comment may stand between a line and its continuation.
            if not (skipping and word.startswith("+")):
                kept.append(line)
            continue
        depth += (word == ".subckt") - (word == ".ends")
        skipping = depth == 0 and word in closed
        if not skipping:
            kept.append(line)
            continue
        words, card = known[word].words, f"{word}_held"
        resistance = known[word].value("ron" if closed[word] else "roff")
        held.append(" ".join([*words[: 5 if word[0] == "s" else 4], card]))
        held.append(f".model {card} {'sw' if word[0] == 's' else 'csw'} ron={resistance!r} roff={resistance!r}")
    written = {line.split()[0] for line in held}
    for name in (name for name, is_closed in closed.items() if is_closed and name not in written):
        raise ValueError(
            f"switch {name!r} is closed at this operating point, and ngspice's noise analysis takes every switch as open: put a "
            "resistor in its place, or write it outside of subcircuits and included files"
        )
    return (*kept, *held)
