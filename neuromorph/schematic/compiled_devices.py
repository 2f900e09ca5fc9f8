"""A deck whose devices are compiled Verilog-A (OSDI) in the place of B sources, for an ngspice that loads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from neuromorph.schematic.deck import Deck
from neuromorph.schematic.raw_text import joined_lines
from neuromorph.schematic.verilog_a_module import VerilogAModule, read_module

_ASSIGNED = re.compile(r"([a-z_]\w*) *=")
_NAME = re.compile(r"(?<![\w.])[a-z_]\w*")


@dataclass(frozen=True)
class CompiledDevices:
    """What a deck becomes.

    Parameters
    ----------
    deck : Deck
        The same circuit; its subcircuits hold one compiled device each (SI units).
    source : str
        Verilog-A of all their modules, as one file.
    names : tuple of str
        The subcircuits that are compiled.
    """

    deck: Deck
    source: str
    names: tuple[str, ...]


def with_compiled_devices(deck: Deck) -> CompiledDevices | None:
    """State a deck with compiled devices.

    Parameters
    ----------
    deck : Deck
        With Verilog-A by subcircuit.

    Returns
    -------
    CompiledDevices or None
        ``None`` where no subcircuit can be compiled. One stays as it is where something outside refers to its inner parts,
        or where pins and parameters are not those of its module.
    """
    if not deck.verilog_a:
        return None
    sources = {name.lower(): text for name, text in deck.verilog_a.items()}
    body: list[str] = []
    modules: dict[str, VerilogAModule] = {}
    names: dict[str, None] = {}
    position = 0
    for start, end in _definitions(deck.body, sources):
        name, lines = _title(deck.body[start]), deck.body[start : end + 1]
        module = _module(sources[name])
        stated = None if module is None else _stated(lines, module, _without(deck, start, end))
        if module is None or stated is None or modules.setdefault(module.name, module) != module:
            continue
        names[name] = None
        body += [*deck.body[position:start], *stated]
        position = end + 1
    if not names:
        return None
    body += deck.body[position:]
    text = "\n".join(module.text.strip() + "\n" for module in modules.values())
    return CompiledDevices(
        deck=replace(deck, body=tuple(body)), source=f'`include "disciplines.vams"\n\n{text}', names=tuple(names)
    )


def _definitions(lines: Sequence[str], wanted: dict[str, str]) -> Iterator[tuple[int, int]]:
    """First and last line of each definition of a wanted subcircuit."""
    start, depth = None, 0
    for number, line in enumerate(lines):
        command = line.lstrip()[:7].lower()
        if command == ".subckt":
            if start is None and _title(line) in wanted:
                start, depth = number, 0
            depth += 1
        elif command.startswith(".ends"):
            depth -= 1
            if start is not None and depth == 0:
                yield start, number
                start = None


def _title(line: str) -> str:
    words = line.lower().split()
    return words[1] if len(words) > 1 else ""


def _module(text: str) -> VerilogAModule | None:
    try:
        return read_module(text)
    except ValueError:
        return None


def _without(deck: Deck, start: int, end: int) -> str:
    """All of a deck but one definition."""
    return "\n".join([*deck.body[:start], *deck.body[end + 1 :], *deck.vectors]).lower()


def _stated(lines: Sequence[str], module: VerilogAModule, outside: str) -> list[str] | None:
    """The definition with a compiled device in it, and the device's model."""
    head, *inner = joined_lines(lines)[:-1]
    name = head.split()[1]
    before, _, after = head.partition("params:")
    defaults = after or before
    pins = [word for word in _ASSIGNED.split(before)[0].split()[2:] if "=" not in word]
    own = {parameter: module.own_name(parameter) for parameter in _ASSIGNED.findall(defaults)}
    model = f"{name}_compiled"
    if len(pins) != len(module.terminals) or None in own.values() or re.search(rf"\b{re.escape(model)}\b", outside):
        return None
    hidden = {word for line in inner for word in _NAME.findall(line)} - set(pins)
    if hidden and re.search(rf"(?<=\w)\.(?:{'|'.join(map(re.escape, sorted(hidden)))})\b", outside):
        return None
    values = " ".join(f"{key}={{{parameter}}}" for parameter, key in own.items())
    stated = [head, f"Ndevice {' '.join(pins)} {model} {values}".rstrip(), f".ends {name}"]
    # Behind the subcircuit: inside, every instance would have a model of its own.
    return [*stated, f".model {model} {module.name}"]
