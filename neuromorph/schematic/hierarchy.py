"""A circuit as a subcircuit of another: its lines, and what its probes are called from outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

_VOLTAGE = re.compile(r"\bv\(\s*(?P<nodes>[\w.#:]+(?:\s*,\s*[\w.#:]+)?)\s*\)", re.IGNORECASE | re.ASCII)
_CURRENT = re.compile(r"\bi\(\s*(?P<element>[\w.#:]+)\s*\)", re.IGNORECASE | re.ASCII)
_QUANTITY = re.compile(r"@(?P<element>[A-Za-z][\w.#:]*)\[", re.ASCII)
# An element inside a subcircuit: v.x1.v1, with its letter first.
_INNER = re.compile(r"[a-z]\.(?=x)", re.IGNORECASE)
# What holds for the whole circuit wherever it stands, or has to.
_OUTER = (".include", ".inc", ".lib", ".global", ".param", ".func")


@dataclass(frozen=True)
class SubcircuitLines:
    """The lines of a circuit, made ready to stand in another.

    Parameters
    ----------
    shared : tuple of str
        Subcircuits and commands that belong outside, once for all.
    body : tuple of str
        What goes between ``.subckt`` and ``.ends``.
    """

    shared: tuple[str, ...]
    body: tuple[str, ...]


def split_lines(lines: Iterable[str]) -> SubcircuitLines:
    """Take the definitions out of a circuit's lines.

    Parameters
    ----------
    lines : iterable of str
        Checked lines of a circuit.

    Returns
    -------
    SubcircuitLines
        Its subcircuits, and the rest.
    """
    shared: list[str] = []
    body: list[str] = []
    comments: list[str] = []
    depth, target = 0, body
    for line in lines:
        word = line.strip().lower()
        if word.startswith("*"):
            comments.append(line)
            continue
        if not word.startswith("+"):
            is_start, is_end = word.startswith(".subckt"), word.startswith(".ends")
            target = shared if depth or is_start or word.startswith(_OUTER) else body
            depth += is_start - is_end
        # A comment belongs to what it stands before.
        target += [*comments, line]
        comments = []
    return SubcircuitLines(tuple(shared), (*body, *comments))


def definitions(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Subcircuits of the top level by name in lower case, each from its comments to ``.ends``; other commands by their text.

    Parameters
    ----------
    lines : sequence of str
        Shared lines of :func:`split_lines`.

    Returns
    -------
    dict of str to tuple of str
        In the order of the lines.
    """
    found: dict[str, tuple[str, ...]] = {}
    depth, block = 0, []
    for line in lines:
        word = line.strip().lower()
        block.append(line)
        depth += word.startswith(".subckt") - word.startswith(".ends")
        if depth or word.startswith("*"):
            continue
        head = next(text for text in block if not text.lstrip().startswith("*"))
        words = head.lower().split()
        found[words[1] if words[0] == ".subckt" else " ".join(words)] = tuple(block)
        block = []
    return found


def seen_from_outside(expression: str, instance: str, pins: Mapping[str, str]) -> str:
    """A probe's expression inside a subcircuit, as it is called from outside.

    Parameters
    ----------
    expression : str
        Such as ``"v(c, m) * i(Vrest)"``.
    instance : str
        Name of the instance, with its X.
    pins : mapping of str to str
        Outer node of each pin.

    Returns
    -------
    str
        Such as ``"v(xn0.c, xn0.m) * i(v.xn0.Vrest)"``.
    """
    outside = {pin.lower(): node for pin, node in pins.items()}

    def node(name: str) -> str:
        name = name.strip()
        if name.lower() in ("0", "gnd"):
            return name
        return outside.get(name.lower(), f"{instance}.{name}")

    def element(name: str) -> str:
        inner = _INNER.sub("", name, count=1) if _INNER.match(name) else name
        return f"{inner.rpartition('.')[2][0]}.{instance}.{inner}"

    text = _VOLTAGE.sub(lambda m: f"v({', '.join(map(node, m['nodes'].split(',')))})", expression)
    text = _CURRENT.sub(lambda m: f"i({element(m['element'])})", text)
    return _QUANTITY.sub(lambda m: f"@{element(m['element'])}[", text)
