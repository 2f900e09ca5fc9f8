"""The neurons of the library, laid out by hand: the membrane on the left, then what senses, compares and discharges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neuromorph.drawing import stages
from neuromorph.drawing.sheet import Sheet
from neuromorph.drawing.stages import BOTTOM, LOWER, MINUS, OUT, PLUS, TOP

_CAPACITOR, _LEAK = 3.0, 6.4


def draw_memristive_alif(sheet: Sheet, ports: Mapping[str, Any]) -> None:
    """Figure 4a of Bednarz and Garda (2024) where the parts are ideal, figure 4b where they are real."""
    membrane, rest = sheet.element("Cmem").nodes
    sensed = sheet.element("Rs").nodes[1]
    _port(sheet, ports, TOP)
    sheet.two_terminal("Cmem", (_CAPACITOR, TOP), (_CAPACITOR, BOTTOM))
    sheet.two_terminal("Rs", (_LEAK, TOP), (_LEAK, PLUS))
    stages.memristor(sheet, "Xmemristor", (_LEAK, PLUS), (_LEAK, BOTTOM))
    sheet.node((_LEAK, PLUS), sensed)
    if sheet.has("Esensed") or sheet.has("Xamplifier"):
        at = stages.difference_amplifier(sheet, _LEAK, sensed, rest)
        at = stages.comparator(sheet, at, "sensed")
    else:
        x = _LEAK + 3.4
        sheet.wire((_LEAK, PLUS), (x, PLUS))
        sheet.wire((x, MINUS), (x - 0.7, MINUS), (x - 0.7, BOTTOM))
        tip = stages.threshold(sheet, x, OUT, {"+": sensed, "-": rest})
        at = tip[0] + 0.4, OUT
        sheet.wire(tip, at)
        sheet.node(tip, "control")
    end = stages.discharge(sheet, at, membrane)
    _rails(sheet, membrane, rest, end)
    _lower_row(sheet)


def draw_rc_neuron(sheet: Sheet, ports: Mapping[str, Any]) -> None:
    """Capacitor and leak side by side, the comparator directly on the membrane."""
    membrane, rest = sheet.element("Cmem").nodes
    _port(sheet, ports, TOP)
    sheet.two_terminal("Cmem", (_CAPACITOR, TOP), (_CAPACITOR, BOTTOM))
    sheet.two_terminal("Rleak", (_LEAK, TOP), (_LEAK, BOTTOM))
    end = _LEAK
    if sheet.has("Econtrol") or sheet.has("Xcomparator"):
        start = (_LEAK + 2.2, OUT)
        sheet.wire((start[0], TOP), start)
        end = stages.discharge(sheet, stages.comparator(sheet, start, membrane), membrane)
    _rails(sheet, membrane, rest, end)
    _lower_row(sheet)


def draw_lif(sheet: Sheet, ports: Mapping[str, Any]) -> None:
    """Membrane and reset above; level, timer and spike output, which only compute, below."""
    top, middle, lower = 6.0, 3.2, -5.0
    _port(sheet, ports, top, top - 2.8)
    sheet.two_terminal("Cmem", (3.0, top), (3.0, middle))
    sheet.flag((3.0, middle), "0")
    sheet.two_terminal("Rleak", (6.4, top), (6.4, middle))
    sheet.node((6.4, middle), "rest")
    sheet.two_terminal("Vrest", (6.4, middle), (6.4, middle - 2.6))
    sheet.flag((6.4, middle - 2.6), "0")
    sheet.two_terminal("Sreset", (10.4, top), (10.4, middle), extra=("by v(control)",))
    sheet.node((10.4, middle), "reset")
    sheet.two_terminal("Vreset", (10.4, middle), (10.4, middle - 2.6))
    sheet.flag((10.4, middle - 2.6), "0")
    sheet.wire((0.0, top), (10.4, top))
    sheet.node((0.2, top), sheet.element("Cmem").nodes[0])
    high = lower + 3.0
    sheet.two_terminal("Blevel", (0.0, high - 0.4), (0.0, lower - 0.4))
    sheet.flag((0.0, lower - 0.4), "0")
    sheet.wire((0.0, high - 0.4), (0.0, high), (2.4, high))
    sheet.node((0.0, high), "level")
    tip = stages.threshold(sheet, 2.4, high, {"+": "level"})
    sheet.wire(tip, (tip[0] + 0.5, high))
    sheet.flag((tip[0] + 0.5, high), "control", "right")
    x = stages.spike_output(sheet, 9.6, high)
    if sheet.has("Btimer"):
        sheet.two_terminal("Btimer", (x, lower), (x, high), reverse=False)
        sheet.flag((x, lower), "0")
        sheet.two_terminal("Ctimer", (x + 3.2, high), (x + 3.2, lower))
        sheet.flag((x + 3.2, lower), "0")
        sheet.wire((x, high), (x + 3.2, high))
        sheet.node((x, high), "timer")


BY_HAND: dict[str, Callable[[Sheet, Mapping[str, Any]], None]] = {
    "memristive-alif": draw_memristive_alif,
    "rc-neuron": draw_rc_neuron,
    "lif": draw_lif,
}
"""Layouts by the title of the deck."""


def _port(sheet: Sheet, ports: Mapping[str, Any], top: float, bottom: float = 5.4) -> None:
    for name, port in ports.items():
        sheet.port(name, (0.0, top), (0.0, bottom), port.kind, (port.plus, port.minus))
        sheet.flag((0.0, bottom), port.minus)


def _rails(sheet: Sheet, membrane: str, rest: str, end: float) -> None:
    """The rail of the membrane at the top, that of rest at the bottom, and the source that holds it."""
    sheet.wire((0.0, TOP), (end, TOP))
    sheet.node((0.2, TOP), membrane)
    sheet.wire((_CAPACITOR, BOTTOM), (end, BOTTOM))
    sheet.node((_CAPACITOR, BOTTOM), rest)
    sheet.two_terminal("Vrest", (_CAPACITOR, BOTTOM), (_CAPACITOR, BOTTOM - 3.0))
    sheet.flag((_CAPACITOR, BOTTOM - 3.0), "0")


def _lower_row(sheet: Sheet) -> None:
    x = 9.0
    if sheet.has("Sspike"):
        x = stages.spike_output(sheet, x, LOWER)
    stages.supplies(sheet, x, LOWER)
