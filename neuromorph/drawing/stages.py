"""The stages of a neuron from sensed voltage to discharge, each at a place on the sheet; signals run left to right.

Each function draws what the deck has of its stage between `x` and the place that it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neuromorph.drawing.marks import Circle, Point, Shape, Symbol, Wire
from neuromorph.drawing.switches import threshold_words

if TYPE_CHECKING:
    from neuromorph.drawing.sheet import Sheet

TOP, PLUS, MINUS, OUT, BOTTOM, LOWER = 10.0, 5.9, 4.1, 5.0, 0.0, -2.2
"""Heights of the membrane's rail, the two inputs and the output of an amplifier, the rail of rest, and the row below it."""

_WIDE, _HIGH = 2.6, 3.0


def amplifier_symbol(
    sheet: Sheet, name: str, x: float, y: float, inputs: Mapping[str, str], out: str, *, words_above: bool = True
) -> Point:
    """A triangle with its tip to the right.

    Parameters
    ----------
    sheet : Sheet
        Where to draw.
    name : str
        The element.
    x, y : float
        Left edge and middle.
    inputs : mapping of str to str
        The node at ``"+"`` (above) and at ``"-"`` (below); one alone is in the middle.
    out : str
        The node at the tip.
    words_above : bool
        Whether its words stand above it; otherwise below.

    Returns
    -------
    point
        The tip.
    """
    half, tip = _HIGH / 2, (x + _WIDE, y)
    sheet.marks.append(Shape(((x, y + half), tip, (x, y - half)), closed=True))
    step = 0.9 if len(inputs) == 2 else 0.0
    places = {}
    for (sign, node), height in zip(inputs.items(), (y + step, y - step), strict=False):
        places[node] = (x, height)
        sheet.marks.append(Shape(((x + 0.2, height), (x + 0.5, height))))
        if sign == "+":
            sheet.marks.append(Shape(((x + 0.35, height - 0.15), (x + 0.35, height + 0.15))))
    sheet.pins(name, {**places, out: tip})
    height = y + half + 0.05 if words_above else y - half - 0.15
    sheet.words((x + 1.5, height), name, sheet.netlist.value(sheet.element(name)))
    return tip


def supply_pins(sheet: Sheet, name: str, x: float, y: float, above: str, below: str) -> None:
    """The supplies of an amplifier symbol, and what other terminals it has, by their names."""
    at, element = x + 0.75, sheet.element(name)
    edge = _HIGH / 2 * (1 - 0.75 / _WIDE)
    for node, sign in ((above, 1), (below, -1)):
        if node in element.nodes:
            end = (at, y + sign * (edge + 0.75))
            sheet.pins(name, {node: (at, y + sign * edge)})
            sheet.wire((at, y + sign * edge), end)
            sheet.flag(end, node, "above" if sign > 0 else "below")
    others = [node for node in element.nodes if node == "0" or f"{name[1:]}_open_" in node]
    sheet.imply(name, *others)


def threshold(sheet: Sheet, x: float, y: float, inputs: Mapping[str, str]) -> Point:
    """The amplifier of the control voltage of switches; returns the point of the node ``control``."""
    tip = amplifier_symbol(sheet, "Econtrol", x, y, inputs, "control")
    sheet.imply("Econtrol", "0")
    return tip


def difference_amplifier(sheet: Sheet, x: float, plus: str, minus: str) -> Point:
    """The amplifier between `plus`, which comes in at its height, and `minus`, the rail at the bottom."""
    if sheet.has("Esensed"):
        edge, down = x + 3.4, x + 2.7
        sheet.wire((x, PLUS), (edge, PLUS))
        sheet.wire((edge, MINUS), (down, MINUS), (down, BOTTOM))
        tip = amplifier_symbol(sheet, "Esensed", edge, OUT, {"+": plus, "-": minus}, "sensed")
        sheet.imply("Esensed", "0")
        sheet.wire(tip, (tip[0] + 0.6, OUT))
        sheet.node(tip, "sensed")
        return tip[0] + 0.6, OUT
    first, last, inner, edge = x + 2.7, x + 6.3, x + 7.0, x + 7.6
    sheet.wire((x, PLUS), (first, PLUS))
    sheet.two_terminal("Ramplifier_plus", (first, PLUS), (last, PLUS), "below")
    sheet.wire((last, PLUS), (edge, PLUS))
    sheet.node((inner, PLUS), "amplifier_p", "right")
    sheet.two_terminal("Ramplifier_reference", (inner, PLUS), (inner, 8.8), "left")
    sheet.wire((inner, 8.8), (inner + 1.0, 8.8))
    sheet.flag((inner + 1.0, 8.8), "0")
    sheet.wire((first, BOTTOM), (first, MINUS))
    sheet.two_terminal("Ramplifier_minus", (first, MINUS), (last, MINUS), "below")
    sheet.wire((last, MINUS), (edge, MINUS))
    sheet.node((inner, MINUS), "amplifier_n", "right")
    tip = amplifier_symbol(sheet, "Xamplifier", edge, OUT, {"+": "amplifier_p", "-": "amplifier_n"}, "sensed")
    supply_pins(sheet, "Xamplifier", edge, OUT, "v_pos", "v_neg")
    end = (tip[0] + 0.7, OUT)
    sheet.wire((inner, MINUS), (inner, 2.0))
    sheet.two_terminal("Ramplifier_feedback", (inner, 2.0), (end[0], 2.0), "below")
    sheet.wire((end[0], 2.0), end)
    sheet.wire(tip, end)
    sheet.node(end, "sensed")
    return end


def comparator(sheet: Sheet, start: Point, sensed: str) -> Point:
    """Schmitt trigger, or ideal threshold: from the sensed node to the node ``gate`` or ``control``."""
    x, y = start
    if not sheet.has("Xcomparator"):
        sheet.wire(start, (x + 1.6, y))
        tip = threshold(sheet, x + 1.6, y, {"+": sensed})
        end = (tip[0] + 0.5, y)
        sheet.wire(tip, end)
        if not sheet.has("Blevel"):
            sheet.node(end, "control")
            return end
        sheet.flag(end, "control", "right")
        return _level_source(sheet, end[0] + 3.0, y)
    low = y - 1.8
    sheet.wire(start, (x + 0.8, y))
    sheet.two_terminal("Rtrigger_a", (x + 0.8, y), (x + 3.2, y), "above")
    inner, edge = x + 4.4, x + 5.2
    sheet.wire((x + 3.2, y), (edge, y))
    sheet.node((inner, y), "trigger_in", "right", -0.12)
    divider = x + 1.2
    sheet.flag((divider, y - 0.9), "logic")
    sheet.two_terminal("Rtrigger_top", (divider, y - 0.9), (divider, y - 2.7))
    sheet.two_terminal("Rtrigger_bottom", (divider, y - 2.7), (divider, y - 4.2))
    sheet.flag((divider, y - 4.2), "0")
    sheet.wire((divider, y - 2.7), (inner, y - 2.7), (inner, low), (edge, low))
    sheet.node((inner, y - 2.7), "trigger_reference", "right")
    tip = amplifier_symbol(
        sheet, "Xcomparator", edge, y - 0.9, {"+": "trigger_in", "-": "trigger_reference"}, "gate", words_above=False
    )
    supply_pins(sheet, "Xcomparator", edge, y - 0.9, "logic", "0")
    end = (tip[0] + 0.7, tip[1])
    sheet.wire(tip, end, (end[0], y + 2.5))
    sheet.two_terminal("Rtrigger_b", (inner, y + 2.5), (end[0], y + 2.5), "above", reverse=True)
    sheet.wire((inner, y), (inner, y + 2.5))
    sheet.node(end, "gate")
    return end


def _level_source(sheet: Sheet, x: float, y: float) -> Point:
    """The ideal comparator's output as a voltage behind a resistance."""
    sheet.two_terminal("Blevel", (x, y - 1.0), (x, y - 3.4))
    sheet.flag((x, y - 3.4), "0")
    sheet.wire((x, y - 1.0), (x, y), (x + 1.0, y))
    sheet.node((x, y), "level", "center")
    sheet.two_terminal("Rgate", (x + 1.0, y), (x + 3.0, y), "above")
    sheet.wire((x + 3.0, y), (x + 3.8, y))
    sheet.node((x + 3.2, y), "gate")
    return x + 3.8, y


def discharge(sheet: Sheet, start: Point, membrane: str, bottom: float = BOTTOM) -> float:
    """Transistor or ideal switch between the rails; returns its place."""
    x, y = start
    if sheet.has("Xtransistor"):
        return _transistor(sheet, start, membrane)
    if sheet.element("Econtrol").controls[0] == "gate":
        sheet.wire(start, (x + 1.6, y))
        tip = threshold(sheet, x + 1.6, y, {"+": "gate"})
        x = tip[0] + 0.6
        sheet.wire(tip, (x, y))
        sheet.node(tip, "control")
    at = x + 2.4
    has_sink = sheet.has("Vsink")
    end = (at, 3.2 if has_sink else BOTTOM)
    sheet.two_terminal("Sdischarge", (at, TOP), end, extra=threshold_words(sheet, "Sdischarge"))
    if has_sink:
        sheet.node(end, "sink")
        sheet.two_terminal("Vsink", end, (at, BOTTOM))
    control_line(sheet, (x, y), (at, (TOP + end[1]) / 2))
    return at


def control_line(sheet: Sheet, start: Point, switch: Point) -> None:
    """From the node ``control`` to a switch; dashed, as nothing flows there."""
    bend = switch[0] - 1.2
    sheet.wire(start, (bend, start[1]), (bend, switch[1]))
    sheet.marks.append(Wire(((bend, switch[1]), (switch[0] - 0.25, switch[1])), dashed=True))


def _transistor(sheet: Sheet, start: Point, membrane: str) -> float:
    """The discharge transistor with the sources that measure the currents of its gate and drain."""
    x, y = start
    gate, at = x + 4.6, x + 5.4
    sheet.wire(start, (x + 0.7, y))
    sheet.two_terminal("Vgate", (x + 0.7, y), (x + 2.9, y), "above")
    sheet.wire((x + 2.9, y), (gate, y))
    sheet.node((gate, y), "transistor_g", "right", -0.12)
    drain, source = (at, y + 1.0), (at, y - 1.0)
    plate, channel = gate + 0.2, gate + 0.35
    strokes: list[tuple[Point, ...]] = [
        ((gate, y), (plate, y)),
        ((plate, y - 0.5), (plate, y + 0.5)),
        ((channel, y + 0.3), (channel, y + 0.65)),
        ((channel, y - 0.17), (channel, y + 0.17)),
        ((channel, y - 0.65), (channel, y - 0.3)),
        ((channel, y + 0.48), (at, y + 0.48), drain),
        ((channel, y), (at, y)),
        ((channel, y - 0.48), (at, y - 0.48), source),
        ((at, y), (at, y - 0.48)),
    ]
    sheet.marks += [Shape(points) for points in strokes]
    # The arrow of an n-channel transistor points from the body to the channel.
    tip = (channel + 0.02, y)
    sheet.marks.append(Shape((tip, (tip[0] + 0.2, y + 0.1), (tip[0] + 0.2, y - 0.1)), closed=True, filled=True))
    sheet.marks.append(Circle((at, y - 0.48), 0.06, filled=True))
    rest = sheet.element("Cmem").nodes[1]
    sheet.pins("Xtransistor", {"transistor_d": drain, "transistor_g": (gate, y), rest: source})
    sheet.imply("Xtransistor", *[n for n in sheet.element("Xtransistor").nodes if n == "0" or "_open_" in n])
    sheet.words((at + 0.4, y), "Xtransistor", sheet.netlist.value(sheet.element("Xtransistor")))
    sheet.two_terminal("Vdrain", (at, TOP - 1.0), (at, drain[1] + 0.8))
    sheet.wire((at, TOP), (at, TOP - 1.0))
    sheet.wire((at, drain[1] + 0.8), drain)
    sheet.node((at, drain[1] + 0.2), "transistor_d")
    sheet.wire(source, (at, BOTTOM))
    return at


def spike_output(sheet: Sheet, x: float, y: float) -> float:
    """The node ``spike``, at 1 V while the switches are closed; returns the place behind it."""
    last = x + 4.2
    sheet.two_terminal("Vspike_high", (x, y), (x, y - 2.4))
    sheet.flag((x, y - 2.4), "0")
    sheet.node((x, y), "spike_high", "right")
    sheet.two_terminal("Sspike", (x, y), (last, y), "above", extra=("by v(control)",))
    sheet.wire((last, y), (last + 0.7, y))
    sheet.flag((last + 0.7, y), "spike", "right")
    sheet.two_terminal("Rspike", (last, y), (last, y - 2.4))
    sheet.flag((last, y - 2.4), "0")
    return last + 5.0


def supplies(sheet: Sheet, x: float, y: float) -> float:
    """The supplies that the deck has, side by side; returns the place behind them."""
    for name in ("Vpos", "Vneg", "Vlogic"):
        if sheet.has(name):
            sheet.flag((x, y), sheet.element(name).nodes[0])
            sheet.two_terminal(name, (x, y), (x, y - 2.4))
            sheet.flag((x, y - 2.4), "0")
            x += 3.2
    return x


def memristor(sheet: Sheet, name: str, start: Point, end: Point) -> None:
    """A memristor, with its state as a third terminal."""
    element: Any = sheet.element(name)
    x, y = start[0], (start[1] + end[1]) / 2
    sheet.pins(name, {element.nodes[0]: start, element.nodes[1]: end, element.nodes[2]: (x - 0.25, y)})
    sheet.marks.append(Symbol("memristor", start, end))
    sheet.wire((x - 0.25, y), (x - 0.7, y))
    sheet.flag((x - 0.7, y), element.nodes[2], "left")
    sheet.words((x + 0.42, y), name, sheet.netlist.value(element))
