"""What a drawing is made of: lines, symbols and words at places, as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
"""A place on the sheet, in drawing units of half an inch; x to the right, y upwards."""

NAME_SIZE, NODE_SIZE, NOTE_SIZE = 11.0, 10.0, 10.0
"""Sizes of the words [pt]."""
INK, NODE_INK, PALE_INK = "black", "#0072B2", "#555555"

_POINTS_PER_UNIT = 36.0
# Of wide sans-serif fonts.
_LETTER_WIDTH, _LINE_HEIGHT = 0.6, 1.2


@dataclass(frozen=True)
class Wire:
    """A line through points; `dashed` ones connect nothing."""

    points: tuple[Point, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Symbol:
    """The symbol of an element with two terminals, drawn from `start` to `end`."""

    kind: str
    start: Point
    end: Point

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of the symbol without its leads."""
        x, y = (self.start[0] + self.end[0]) / 2, (self.start[1] + self.end[1]) / 2
        return x - 0.5, y - 0.5, x + 0.5, y + 0.5


@dataclass(frozen=True)
class Shape:
    """A polygon, open or closed, such as the triangle of an amplifier."""

    points: tuple[Point, ...]
    closed: bool = False
    filled: bool = False


@dataclass(frozen=True)
class Circle:
    """A circle; a filled one is a connection."""

    centre: Point
    radius: float
    filled: bool = False


@dataclass(frozen=True)
class Words:
    """A line of text; `at` is where `across` and `up` say."""

    text: str
    at: Point
    across: Literal["left", "center", "right"] = "left"
    up: Literal["bottom", "center", "top"] = "center"
    size: float = NAME_SIZE
    ink: str = INK

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top, about."""
        width, height = text_width(self.text, self.size), self.size / _POINTS_PER_UNIT
        left = self.at[0] - {"left": 0.0, "center": width / 2, "right": width}[self.across]
        bottom = self.at[1] - {"bottom": 0.0, "center": height / 2, "top": height}[self.up]
        return left, bottom, left + width, bottom + height


Mark = Wire | Symbol | Shape | Circle | Words


def text_width(text: str, size: float = NAME_SIZE) -> float:
    """Width of a line of text, about, in drawing units; `size` in pt."""
    return _LETTER_WIDTH * size / _POINTS_PER_UNIT * len(text)


def line_height(size: float = NAME_SIZE) -> float:
    """Distance of two lines of text in drawing units; `size` in pt."""
    return _LINE_HEIGHT * size / _POINTS_PER_UNIT


def extent(marks: Iterable[Mark]) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of all marks, about, in drawing units."""
    boxes = [mark.box for mark in marks if isinstance(mark, Symbol | Words)]
    points = [point for mark in marks if isinstance(mark, Wire | Shape) for point in mark.points]
    points += [mark.centre for mark in marks if isinstance(mark, Circle)]
    points += [corner for box in boxes for corner in (box[:2], box[2:])]
    across, up = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return min(across), min(up), max(across), max(up)
