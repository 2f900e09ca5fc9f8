"""The sheet on which a layout puts the elements of a deck; it knows what is still missing and what is wrongly connected."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Literal

from neuromorph.drawing import nets
from neuromorph.drawing.marks import (
    NAME_SIZE,
    NODE_INK,
    NODE_SIZE,
    PALE_INK,
    Circle,
    Mark,
    Point,
    Shape,
    Symbol,
    Wire,
    Words,
    line_height,
)
from neuromorph.drawing.netlist import Element, Netlist

Side = Literal["left", "right", "above", "below"]

_SYMBOLS = {"R": "resistor", "C": "capacitor", "L": "inductor", "V": "voltage source", "I": "current source"}
_SYMBOLS |= {"D": "diode", "S": "switch", "W": "switch", "E": "controlled voltage", "H": "controlled voltage"}
_SYMBOLS |= {"G": "controlled current", "F": "controlled current"}
_DOT = 0.075


class LayoutError(Exception):
    """A layout does not fit the deck; the message lists what is missing or wrongly connected."""


class Sheet:
    """Marks on a plane, and the terminals of the deck's elements among them.

    Parameters
    ----------
    netlist : Netlist
        The deck.
    """

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        self.marks: list[Mark] = []
        self._pins: list[nets.Pin] = []
        self._names: list[tuple[Point, str]] = []
        self._implied: list[tuple[str, str]] = []
        self._beside: set[str] = set()

    def element(self, name: str) -> Element:
        """The deck's element of a name; ``LayoutError`` where there is none."""
        if name not in self.netlist.elements:
            raise LayoutError(f"there is no {name}")
        return self.netlist.elements[name]

    def has(self, name: str) -> bool:
        """Whether the deck has an element."""
        return name in self.netlist.elements

    # Lines and words

    def wire(self, *points: Point) -> None:
        """A connection along horizontal and vertical lines."""
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if x0 != x1 and y0 != y1:
                raise ValueError(f"wires are horizontal or vertical, got one from {(x0, y0)} to {(x1, y1)}")
        self.marks.append(Wire(points))

    def node(self, at: Point, name: str, across: Literal["left", "center", "right"] = "left", up: float = 0.12) -> None:
        """The name of a node, above the place `at`; negative `up` puts it below, zero beside it."""
        self._names.append((at, name))
        where = (at[0] + {"left": 0.1, "center": 0.0, "right": -0.1}[across], at[1] + up)
        anchor: Literal["bottom", "center", "top"] = "bottom" if up > 0 else "top" if up < 0 else "center"
        self.marks.append(Words(name, where, across, anchor, NODE_SIZE, NODE_INK))

    def flag(self, at: Point, name: str, side: Side = "above") -> None:
        """A short bar with the name of a node that is drawn elsewhere too; ground gets its symbol."""
        x, y = at
        self._names.append((at, name))
        if name == "0":
            self.marks.append(Symbol("ground", at, at))
            return
        if side in ("left", "right"):
            sign = 1 if side == "right" else -1
            self.marks.append(Circle(at, 0.09))
            self.marks.append(
                Words(name, (x + 0.2 * sign, y), "left" if sign > 0 else "right", "center", NODE_SIZE, NODE_INK)
            )
            return
        sign = 1 if side == "above" else -1
        self.marks.append(Shape(((x - 0.25, y), (x + 0.25, y))))
        up: Literal["bottom", "top"] = "bottom" if sign > 0 else "top"
        self.marks.append(Words(name, (x, y + 0.12 * sign), "center", up, NODE_SIZE, NODE_INK))

    def words(self, at: Point, *lines: str, side: Side = "right", ink: str = "black", size: float = NAME_SIZE) -> None:
        """Lines of text beside a place."""
        lines = tuple(line for line in lines if line)
        step = line_height(size)
        x, y = at
        first = {"right": y + step * (len(lines) - 1) / 2, "left": y + step * (len(lines) - 1) / 2}
        first |= {"above": y + step * (len(lines) - 1), "below": y}
        across: Literal["left", "center", "right"] = (
            "left" if side == "right" else "right" if side == "left" else "center"
        )
        up: Literal["bottom", "center", "top"] = "bottom" if side == "above" else "top" if side == "below" else "center"
        for number, line in enumerate(lines):
            self.marks.append(Words(line, (x, first[side] - number * step), across, up, size, ink))

    # Elements

    def two_terminal(
        self,
        name: str,
        start: Point,
        end: Point,
        side: Side = "right",
        *,
        kind: str | None = None,
        value: str | None = None,
        extra: tuple[str, ...] = (),
        reverse: bool = False,
    ) -> None:
        """An element from its first node at `start` to its second at `end`.

        Parameters
        ----------
        name : str
            Its name in the deck.
        start, end : point
            Where its first and second node are; swapped with `reverse`.
        side : {"left", "right", "above", "below"}
            Where its words stand.
        kind : str, optional
            Another symbol than the usual one.
        value : str, optional
            Other words than its value.
        extra : tuple of str
            More lines of words.
        reverse : bool
            Whether `start` is the place of the second node.
        """
        element = self.element(name)
        first, second = (end, start) if reverse else (start, end)
        self.pins(name, {element.nodes[0]: first, element.nodes[1]: second})
        self.imply(name, *element.controls)
        kind = kind or self._symbol_kind(element)
        # schemdraw's voltage sources have their plus at the end.
        is_voltage = kind in ("voltage source", "controlled voltage")
        # The blade of an upright switch is on the left, away from the words.
        is_upright_switch = kind == "switch" and first[1] > second[1]
        turned = is_voltage or is_upright_switch
        self.marks.append(Symbol(kind, second, first) if turned else Symbol(kind, first, second))
        self.label(name, start, end, side, value=value, extra=extra)

    def label(
        self,
        name: str,
        start: Point,
        end: Point,
        side: Side = "right",
        *,
        value: str | None = None,
        extra: tuple[str, ...] = (),
    ) -> None:
        """Name and value of an element beside the middle of its symbol."""
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        is_wide = self.element(name).kind not in "RCD" and not (self.element(name).kind in "SW" and side == "right")
        gap = 0.62 if is_wide else 0.42
        place = {"right": (x + gap, y), "left": (x - gap, y), "above": (x, y + gap), "below": (x, y - gap)}[side]
        shown = self.netlist.value(self.element(name)) if value is None else value
        self.words(place, name, shown, *extra, side=side)

    def pins(self, name: str, places: Mapping[str, Point]) -> None:
        """Say where terminals of an element are, by node."""
        self._beside.add(name)
        element = self.element(name)
        for node, place in places.items():
            if node not in element.nodes:
                raise LayoutError(f"{name} is not connected to {node}")
            self._pins.append(nets.Pin(name, node, place))

    def imply(self, name: str, *nodes: str) -> None:
        """Say that words stand for terminals of an element."""
        self._implied += [(name, node) for node in nodes]

    def port(self, name: str, plus: Point, minus: Point, kind: str, nodes: tuple[str, str]) -> None:
        """Where a stimulus enters, drawn as a source."""
        self._pins += [nets.Pin(name, nodes[0], plus), nets.Pin(name, nodes[1], minus)]
        self.marks.append(Symbol(f"{kind} source", minus, plus))
        self.words(((plus[0] + 0.62), (plus[1] + minus[1]) / 2), name, ink=PALE_INK)

    def finish(self) -> None:
        """Dots at junctions; raise ``LayoutError`` unless the drawing connects exactly what the deck connects."""
        wires = [mark.points for mark in self.marks if isinstance(mark, Wire) and not mark.dashed]
        wanted = {name: element.nodes for name, element in self.netlist.elements.items()}
        found = nets.missing(wanted, self._pins, self._implied) + nets.faults(wires, self._pins, self._names)
        found += [f"leaves out {name}" for name in wanted if name not in self._beside]
        if found:
            raise LayoutError(f"the drawing of {self.netlist.title!r} {'; '.join(found)}")
        self.marks += [Circle(place, _DOT, filled=True) for place in nets.junctions(wires, self._pins)]

    def _symbol_kind(self, element: Element) -> str:
        if element.kind == "B":
            is_voltage = any(word.lower().startswith("v=") for word in element.words)
            return "controlled voltage" if is_voltage else "controlled current"
        return _SYMBOLS.get(element.kind, "box")
