"""Any circuit: its nodes as horizontal lines one above the other, its elements between them, side by side.

Every element has a strip of the sheet to itself, so nothing overlaps, whatever the circuit is. Lines that cross
without a dot are not connected.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import networkx

from neuromorph.drawing.marks import NODE_SIZE, Shape, text_width
from neuromorph.drawing.netlist import Element
from neuromorph.drawing.sheet import Sheet
from neuromorph.drawing.switches import threshold_words

_GAP = 3.4
_PIN_DISTANCE = 1.1
_BOX_HEIGHT = 1.4
_MEMBERS = {"M": "dgsb", "Q": "cbes", "J": "dgs", "Z": "dgs"}
# Up to the first number of nodes all orders are tried, up to the second one node is moved at a time; above, they
# stay in the deck's order.
_ALL_ORDERS, _SOME_ORDERS = 7, 30


@dataclass(frozen=True)
class _Strip:
    """What one element takes of the sheet: its terminals, drawn ones only, from left to right."""

    name: str
    nodes: tuple[str, ...]
    lines: tuple[str, ...]
    is_box: bool
    pins: tuple[str, ...] = ()

    @property
    def pin_distance(self) -> float:
        """From terminal to terminal of a box."""
        return max([_PIN_DISTANCE, *(round(text_width(pin, NODE_SIZE) + 0.3, 1) for pin in self.pins)])

    @property
    def live(self) -> list[str]:
        """Its nodes other than ground."""
        return [node for node in self.nodes if node != "0"]


def draw_rails(sheet: Sheet, ports: Mapping[str, Any]) -> None:
    """Draw every element of the sheet's deck, and the ports.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    ports : mapping of str to Port
        Where stimuli enter.
    """
    strips = [_Strip(name, (port.plus, port.minus), (name,), is_box=False) for name, port in ports.items()]
    strips += [_strip(sheet, element) for element in sheet.netlist.elements.values()]
    x = 0.0
    for group in _connected(strips):
        x = _draw_group(sheet, group, x, ports)


def _connected(strips: Sequence[_Strip]) -> list[list[_Strip]]:
    """Strips that are connected otherwise than through ground, in the order of the first of each group."""
    graph = networkx.Graph()
    for number, strip in enumerate(strips):
        graph.add_node(number)
        graph.add_edges_from((number, node) for node in strip.live)
    groups = [sorted(n for n in group if isinstance(n, int)) for group in networkx.connected_components(graph)]
    return [[strips[number] for number in group] for group in sorted(groups)]


def _draw_group(sheet: Sheet, strips: Sequence[_Strip], x: float, ports: Mapping[str, Any]) -> float:
    """Draw connected elements from `x` on, their first line at the top; returns the place behind them."""
    order = _order(strips, _supplied(sheet))
    heights = {node: -_GAP * number for number, node in enumerate(order)}
    ends: dict[str, list[float]] = {node: [] for node in order}
    for strip in strips:
        starting = [text_width(node, NODE_SIZE) for node in strip.live if not ends[node]]
        x = round(x + max([*starting, 0.3]) + 0.4, 1)
        for node, at in _draw_strip(sheet, strip, x, heights, ports):
            ends[node].append(at)
        text = max((text_width(line) for line in strip.lines), default=0.0)
        width = strip.pin_distance * (len(strip.nodes) - 1) if strip.is_box else 0.0
        x += width + 1.0 + text
    for node, places in ends.items():
        left, right = min(places), max(places)
        if right > left:
            sheet.wire((left, heights[node]), (right, heights[node]))
            sheet.node((left, heights[node]), node, "right", 0.0)
        else:
            sheet.flag((left, heights[node]), node, "left")
    return x


def _strip(sheet: Sheet, element: Element) -> _Strip:
    lines: tuple[str, ...] = (element.name, sheet.netlist.value(element))
    if element.kind in "EGS" and element.controls:
        lines += (_control_text(element),)
    if element.kind == "S":
        lines += threshold_words(sheet, element.name)
    if element.kind in "FHW":
        lines += tuple(f"by i({source})" for source in element.words[:1])
    nodes = element.nodes[: len(element.nodes) - len(element.controls)]
    is_box = len(nodes) != 2 or nodes[0] == nodes[1]
    pins = sheet.netlist.pins.get(element.model.lower(), ()) if element.kind == "X" else ()
    pins = pins or tuple(_MEMBERS.get(element.kind, ""))
    named = tuple(pins[i] if i < len(pins) else str(i + 1) for i in range(len(nodes)))
    return _Strip(element.name, nodes, tuple(line for line in lines if line), is_box, named)


def _control_text(element: Element) -> str:
    plus, minus = element.controls
    return f"by v({plus})" if minus == "0" else f"by v({plus}, {minus})"


def _supplied(sheet: Sheet) -> set[str]:
    """Nodes that a source of constant positive voltage holds: these are drawn at the top, as supplies are."""
    held = set()
    for element in sheet.netlist.elements.values():
        with contextlib.suppress(ValueError, IndexError):
            if element.kind == "V" and element.nodes[1] == "0" and float(element.words[-1]) > 0:
                held.add(element.nodes[0])
    return held


def _order(strips: Sequence[_Strip], supplied: set[str]) -> list[str]:
    """The nodes from top to bottom: supplies first, then so that elements are short and the first ones at the top."""
    nodes = list(dict.fromkeys(node for strip in strips for node in strip.live))
    groups = [[*dict.fromkeys(strip.live)] for strip in strips if len(set(strip.live)) > 1]

    def length(order: Iterable[str]) -> tuple[int, int, list[int]]:
        at = {node: number for number, node in enumerate(order)}
        spans = sum(max(at[n] for n in group) - min(at[n] for n in group) for group in groups)
        return sum(at[node] for node in supplied & set(nodes)), spans, [at[node] for node in nodes]

    if len(nodes) <= _ALL_ORDERS:
        return list(min(itertools.permutations(nodes), key=length))
    order, best = sorted(nodes, key=lambda node: node not in supplied), length(nodes)
    improved = len(nodes) <= _SOME_ORDERS
    while improved:
        improved = False
        for i, j in itertools.combinations(range(len(order)), 2):
            other = [*order]
            other.insert(j, other.pop(i))
            if (cost := length(other)) < best:
                order, best, improved = other, cost, True
    return order


def _draw_strip(
    sheet: Sheet, strip: _Strip, x: float, heights: Mapping[str, float], ports: Mapping[str, Any]
) -> list[tuple[str, float]]:
    """Draw an element from `x` on; returns the nodes that it reaches, with the places on their lines."""
    live = strip.live
    if strip.is_box:
        return _draw_box(sheet, strip, x, heights)
    upper, lower = live[0], "0"
    if len(live) == 2:
        upper, lower = sorted(live, key=lambda node: -heights[node])
    top_y = heights[upper]
    # The symbol stands in the gap below the upper line; a line of its own goes on from there.
    first, second = (x, top_y - 0.7), (x, top_y - 2.4)
    sheet.wire((x, top_y), first)
    if lower == "0":
        sheet.flag(second, "0")
    else:
        sheet.wire(second, (x, heights[lower]))
    start, end = (first, second) if strip.nodes[0] == upper else (second, first)
    _two_terminal(sheet, strip, start, end, ports)
    return [(node, x) for node in (upper, lower) if node != "0"]


def _two_terminal(
    sheet: Sheet, strip: _Strip, start: tuple[float, float], end: tuple[float, float], ports: Mapping[str, Any]
) -> None:
    if strip.name in ports and not sheet.has(strip.name):
        sheet.port(strip.name, start, end, ports[strip.name].kind, (strip.nodes[0], strip.nodes[1]))
        return
    sheet.two_terminal(strip.name, start, end, value="", extra=strip.lines[1:])


def _draw_box(sheet: Sheet, strip: _Strip, x: float, heights: Mapping[str, float]) -> list[tuple[str, float]]:
    """A box with a lead for each terminal: upwards to lines above it, downwards to lines below and to ground."""
    element = sheet.element(strip.name)
    live = sorted({heights[node] for node in strip.live}, reverse=True)
    # Below the middle one of its lines, so that leads go both ways.
    line = live[(len(live) - 1) // 2] if live else min(heights.values(), default=0.0)
    top, bottom = line - 1.0, line - 1.0 - _BOX_HEIGHT
    width = strip.pin_distance * max(len(strip.nodes) - 1, 0)
    corners = ((x - 0.4, top), (x + width + 0.4, top), (x + width + 0.4, bottom), (x - 0.4, bottom))
    sheet.marks.append(Shape(corners, closed=True))
    sheet.pins(strip.name, {})
    sheet.imply(strip.name, *element.controls)
    sheet.words((x + width + 0.55, (top + bottom) / 2), *strip.lines)
    reached = []
    for number, node in enumerate(strip.nodes):
        at = x + strip.pin_distance * number
        is_up = node != "0" and heights[node] >= line
        edge = top if is_up else bottom
        text = strip.pins[number]
        sheet.words((at, edge - 0.1 if is_up else edge + 0.1), text, side="below" if is_up else "above", size=NODE_SIZE)
        sheet.pins(strip.name, {node: (at, edge)})
        if node == "0":
            sheet.flag((at, edge), "0")
        else:
            sheet.wire((at, edge), (at, heights[node]))
            reached.append((node, at))
    return reached
