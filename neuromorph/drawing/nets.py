"""What a drawing connects, found from its lines, and compared with what the deck connects."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx

from neuromorph.drawing.marks import Point


@dataclass(frozen=True)
class Pin:
    """A terminal of an element at a place: the deck says that it is on `node`."""

    element: str
    node: str
    at: Point


def _key(point: Point) -> Point:
    # Less than a hundredth of a pixel.
    return round(point[0], 4), round(point[1], 4)


class _OnLines:
    """Points by their columns and rows, to find those on a horizontal or vertical line."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._columns: dict[float, list[Point]] = {}
        self._rows: dict[float, list[Point]] = {}
        for x, y in points:
            self._columns.setdefault(x, []).append((x, y))
            self._rows.setdefault(y, []).append((x, y))

    def between(self, start: Point, end: Point) -> list[Point]:
        """The points from `start` to `end`, both included."""
        (x0, y0), (x1, y1) = _key(start), _key(end)
        if x0 == x1:
            return [p for p in self._columns.get(x0, []) if min(y0, y1) <= p[1] <= max(y0, y1)]
        return [p for p in self._rows.get(y0, []) if min(x0, x1) <= p[0] <= max(x0, x1)]


def faults(wires: Sequence[Sequence[Point]], pins: Iterable[Pin], names: Iterable[tuple[Point, str]]) -> list[str]:
    """How the drawing's connections differ from the deck's.

    Lines that end on each other are connected, lines that only cross are not. Places with the same name are
    connected.

    Parameters
    ----------
    wires : sequence of sequences of points
        Horizontal and vertical lines.
    pins : iterable of Pin
        Terminals.
    names : iterable of pairs of point and str
        Where the drawing names a node, grounds included.

    Returns
    -------
    list of str
        One sentence for each difference; empty for a true drawing.
    """
    pins, names = list(pins), list(names)
    graph = networkx.Graph()
    ends = {_key(point) for wire in wires for point in wire}
    ends |= {_key(pin.at) for pin in pins} | {_key(point) for point, _ in names}
    graph.add_nodes_from(ends)
    on_lines = _OnLines(ends)
    for wire in wires:
        for start, end in itertools.pairwise(wire):
            graph.add_edges_from((_key(start), point) for point in on_lines.between(start, end))
    graph.add_edges_from((_key(point), name) for point, name in names)
    found = []
    where: dict[str, set[int]] = {}
    for number, group in enumerate(networkx.connected_components(graph)):
        connected = {pin.node: pin.element for pin in pins if _key(pin.at) in group}
        connected |= {name: "a name" for _, name in names if name in group}
        if len(connected) > 1:
            found.append("connects " + " and ".join(f"{n} (at {e})" for n, e in sorted(connected.items())))
        for node in connected:
            where.setdefault(node, set()).add(number)
    return found + [f"leaves {node} in {len(groups)} pieces" for node, groups in where.items() if len(groups) > 1]


def junctions(wires: Sequence[Sequence[Point]], pins: Iterable[Pin]) -> list[Point]:
    """Places where three or more lines meet, which get a dot.

    Parameters
    ----------
    wires : sequence of sequences of points
        Horizontal and vertical lines.
    pins : iterable of Pin
        Terminals; each is the end of a line.

    Returns
    -------
    list of points
        In order of place.
    """
    arms: dict[Point, int] = {}
    for pin in pins:
        arms[_key(pin.at)] = arms.get(_key(pin.at), 0) + 1
    segments = [(a, b) for wire in wires for a, b in itertools.pairwise(wire)]
    places = set(arms) | {_key(point) for segment in segments for point in segment}
    on_lines = _OnLines(places)
    for start, end in segments:
        for place in on_lines.between(start, end):
            arms[place] = arms.get(place, 0) + (1 if place in (_key(start), _key(end)) else 2)
    return sorted(place for place, count in arms.items() if count > 2)


def missing(wanted: Mapping[str, Sequence[str]], pins: Iterable[Pin], implied: Iterable[tuple[str, str]]) -> list[str]:
    """Terminals that the deck has and the drawing has not.

    Parameters
    ----------
    wanted : mapping of str to sequence of str
        The nodes of each element of the deck.
    pins : iterable of Pin
        Terminals that are drawn.
    implied : iterable of pairs of str
        Element and node of terminals that words stand for.

    Returns
    -------
    list of str
        One sentence each.
    """
    drawn = {(pin.element, pin.node) for pin in pins} | set(implied)
    return [
        f"leaves out {element} at {node}"
        for element, nodes in wanted.items()
        for node in dict.fromkeys(nodes)
        if (element, node) not in drawn
    ]
