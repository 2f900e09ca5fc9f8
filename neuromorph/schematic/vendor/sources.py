"""Sources of a vendor's file: independent, controlled by a number, a polynomial, a table or an expression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations_with_replacement

from neuromorph.schematic.vendor.cell import Cell
from neuromorph.schematic.vendor.expressions import evaluated
from neuromorph.schematic.vendor.functions import table
from neuromorph.schematic.vendor.library import unbraced
from neuromorph.schematic.vendor.statements import Statement
from neuromorph.schematic.vendor.values import Signal, as_text, constant, number_text

_WAVES = {"pulse": (2, 7), "sin": (2, 6), "exp": (2, 6), "pwl": (2, 100_000), "sffm": (2, 5)}
_UNSUPPORTED = ("laplace", "freq", "chebyshev", "laplace=")
_OPTIONS = re.compile(r"\s+(?P<name>[a-z]\w*)\s*=(?!=)\s*(?P<value>\{[^{}]*\}|\S+)")
# They steer LTspice's time step.
_STEP_OPTIONS = ("tripdv", "tripdt")


def independent(cell: Cell, statement: Statement) -> list[str]:
    """Lines of a V or I element."""
    words = statement.tokens
    name = cell.name(words[0])
    nodes = cell.terminals(words, 2, statement)
    rest = words[3:]
    lines, text, position = [], [], 0
    while position < len(rest):
        word = rest[position]
        if word in _WAVES:
            numbers = [w for w in rest[position + 1 :] if w not in "(),"]
            count = next((i for i, w in enumerate(numbers) if w in ("ac", "dc", "=")), len(numbers))
            least, most = _WAVES[word]
            if word == "pwl" and any(n.startswith("+") for n in numbers[:count]):
                raise ValueError(f"{statement.where}: times that count from the one before (+1u) are not supported")
            if not least <= count <= most or "=" in numbers:
                raise ValueError(f"{statement.where}: {word} takes {least} to {most} numbers and nothing else")
            text.append(f"{word}({' '.join(repr(number(cell, n)) for n in numbers[:count])})")
            rest, position = numbers[count:], 0
        elif word == "ac":
            # A transient analysis has no use for it.
            position += 1
            while (
                position < len(rest)
                and rest[position] not in ("dc", *_WAVES)
                and rest[position + 1 : position + 2] != ["="]
            ):
                position += 1
        elif rest[position + 1 : position + 2] == ["="]:
            value = "".join(rest[position + 2 : position + 3])
            if word == "rser" and name[0] == "v":
                inner = cell.inner(f"{name}_rser")
                lines.append(f"r{name}_rser {nodes[0]} {inner} {number(cell, value)!r}")
                nodes[0] = inner
            elif word not in ("cpar",) or number(cell, value):
                raise ValueError(f"{statement.where}: {word}= is not supported on a source")
            position += 3
        else:
            if word != "dc":
                text.append(f"dc {number(cell, word)!r}")
            position += 1
    return [*lines, f"{name} {nodes[0]} {nodes[1]} {' '.join(text) or 'dc 0.0'}"]


def number(cell: Cell, text: str) -> float:
    """A value that is constant, as a number (SI units)."""
    return constant(evaluated(unbraced(text), cell))


def controlled(cell: Cell, statement: Statement) -> list[str]:
    """Lines of an E, G, F or H element."""
    words = [word for word in statement.tokens if word not in "(),"]
    name, letter = cell.name(words[0]), words[0][0]
    nodes = cell.terminals(words, 2, statement)
    for word in words[3:]:
        if word in _UNSUPPORTED:
            raise ValueError(
                f"{statement.where}: {word.upper()} sources have no counterpart in a transient run of ngspice: "
                "replace it by its resistors and capacitors"
            )
    kind = words[3] if len(words) > 3 else ""
    if letter in "eg" and kind in ("value", "vol", "cur"):
        text = re.split(rf"\s{kind}\b\s*=?\s*", statement.text, maxsplit=1)[1]
        return [behavioural(cell, name, nodes, letter == "e", _expression(text, statement))]
    if letter in "eg" and "table" in words[3:6]:
        return [_from_table(cell, name, nodes, words, statement)]
    if kind.startswith("poly"):
        return [_polynomial(cell, name, nodes, words, statement)]
    count = 2 if letter in "eg" else 1
    controls, rest = words[3 : 3 + count], words[3 + count :]
    if len(controls) < count or len(rest) != 1:
        raise ValueError(f"{statement.where}: expected {'two nodes' if count == 2 else 'a voltage source'} and a gain")
    if letter in "fh":
        return [f"{name} {nodes[0]} {nodes[1]} {sensed_source(cell, controls[0], statement)} {number(cell, rest[0])!r}"]
    gain = evaluated(unbraced(rest[0]), cell)
    if isinstance(gain, Signal):
        text = f"({cell.voltage(controls[0], controls[1])}*{as_text(gain)})"
        return [f"b{name} {nodes[0]} {nodes[1]} {'v' if letter == 'e' else 'i'}={text}"]
    plus, minus = (cell.node(control) for control in controls)
    return [f"{name} {nodes[0]} {nodes[1]} {plus} {minus} {gain!r}"]


def _expression(text: str, statement: Statement) -> str:
    text = text.strip()
    if text.startswith("{") and text.find("}") < len(text) - 1 and text.count("{") == 1:
        raise ValueError(
            f"{statement.where}: {text[text.find('}') + 1 :].strip()!r} behind the expression is not understood"
        )
    return unbraced(text)


def sensed_source(cell: Cell, source: str, statement: Statement) -> str:
    """Name in the deck of the voltage source whose current controls an element."""
    if source not in cell.elements or source[0] != "v":
        names = ", ".join(name for name in cell.elements if name[0] == "v") or "none"
        raise ValueError(
            f"{statement.where}: {source!r} is no voltage source of this subcircuit; its voltage sources: {names}"
        )
    return cell.name(source)


def behavioural(cell: Cell, name: str, nodes: Sequence[str], is_voltage: bool, expression: str) -> str:
    """A source whose value is an expression."""
    value = as_text(evaluated(expression, cell))
    return f"b{name} {nodes[0]} {nodes[1]} {'v' if is_voltage else 'i'}={value}"


def _from_table(cell: Cell, name: str, nodes: list[str], words: list[str], statement: Statement) -> str:
    place = words.index("table")
    rest = [word for word in words[place + 1 :] if word != "="]
    if place == 3 and rest:
        x, rest = evaluated(unbraced(rest[0]), cell), rest[1:]
    elif place == 5:
        x = Signal(cell.voltage(words[3], words[4]))
    else:
        raise ValueError(f"{statement.where}: write TABLE {{expression}} = (x, y) (x, y) ...")
    try:
        value = table(x, [number(cell, word) for word in rest])
    except ValueError as error:
        raise ValueError(f"{statement.where}: {error}") from None
    return f"b{name} {nodes[0]} {nodes[1]} {'v' if name[0] == 'e' else 'i'}={as_text(value)}"


def _polynomial(cell: Cell, name: str, nodes: list[str], words: list[str], statement: Statement) -> str:
    # POLY(2) is one word or three, by how it is written.
    joined = re.search(r"poly\s*\(\s*(\d+)\s*\)\s*(.*)", statement.text)
    if joined is None:
        raise ValueError(f"{statement.where}: write POLY(1), POLY(2), ...")
    n, rest = int(joined[1]), [w for w in re.split(r"[\s(),]+", joined[2]) if w]
    if name[0] in "eg":
        signals = [cell.voltage(rest[2 * i], rest[2 * i + 1]) for i in range(n) if len(rest) > 2 * i + 1]
        rest = rest[2 * n :]
    else:
        signals = [f"i({sensed_source(cell, source, statement)})" for source in rest[:n]]
        rest = rest[n:]
    numbers = [number(cell, word) for word in rest]
    if len(signals) != n or n < 1 or not numbers:
        raise ValueError(f"{statement.where}: POLY({n}) needs {n} inputs and coefficients")
    if n == 1 and len(numbers) == 1:
        numbers = [0.0, *numbers]
    terms: list[str] = []
    degree = 0
    while numbers:
        for factors in combinations_with_replacement(signals, degree):
            if not numbers:
                break
            coefficient = numbers.pop(0)
            if coefficient:
                terms.append("*".join([number_text(coefficient), *factors]))
        degree += 1
    return f"b{name} {nodes[0]} {nodes[1]} {'v' if name[0] in 'eh' else 'i'}={'+'.join(terms) or '0.0'}"


def ltspice_behavioural(cell: Cell, statement: Statement) -> list[str]:
    """Lines of a B element of LTspice."""
    words = statement.text.split(" ", 3)
    match = re.fullmatch(r"(?P<kind>[vi])\s*=\s*(?P<rest>.+)", words[3] if len(words) > 3 else "")
    if match is None:
        raise ValueError(f"{statement.where}: a B element is V=expression or I=expression")
    nodes = cell.terminals(words, 2, statement)
    name, expression, lines = cell.name(words[0]), match["rest"], []
    for option in _OPTIONS.finditer(expression):
        if option["name"] == "rpar" and match["kind"] == "i":
            lines.append(f"r{name}_rpar {nodes[0]} {nodes[1]} {number(cell, option['value'])!r}")
        elif option["name"] == "cpar" and match["kind"] == "i":
            lines.append(f"c{name}_cpar {nodes[0]} {nodes[1]} {number(cell, option['value'])!r}")
        elif option["name"] not in _STEP_OPTIONS:
            raise ValueError(f"{statement.where}: {option['name']}= is not supported on a B element")
    expression = _OPTIONS.sub("", expression)
    return [*lines, behavioural(cell, name, nodes, match["kind"] == "v", unbraced(expression))]


def behavioural_resistor(cell: Cell, statement: Statement) -> list[str]:
    """Lines of an LTspice resistor whose value is an expression of signals; none of any other resistor."""
    words = statement.text.split(" ", 3)
    match = re.fullmatch(r"r\s*=\s*(?P<expression>.+?)(?:\s+noiseless)?", words[3] if len(words) > 3 else "")
    if match is None or words[0][0] != "r" or _OPTIONS.search(match["expression"]):
        return []
    value = evaluated(unbraced(match["expression"]), cell)
    if not isinstance(value, Signal):
        return []
    nodes = cell.terminals(words, 2, statement)
    return [f"b{cell.name(words[0])} {nodes[0]} {nodes[1]} i=v({nodes[0]},{nodes[1]})/{as_text(value)}"]
