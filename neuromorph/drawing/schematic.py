"""From a design to a drawing of its circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neuromorph.drawing.automatic import draw_rails
from neuromorph.drawing.marks import NOTE_SIZE, PALE_INK, Mark, Words, extent, line_height, text_width
from neuromorph.drawing.membranes import BY_HAND
from neuromorph.drawing.netlist import Netlist, netlist_of
from neuromorph.drawing.render import image, write
from neuromorph.drawing.sheet import LayoutError, Sheet


@dataclass(frozen=True)
class Drawing:
    """A circuit on paper.

    Parameters
    ----------
    title : str
        Name of the design.
    netlist : Netlist
        The deck's elements, all of which are in the drawing.
    marks : tuple of Mark
        Lines, symbols and words at their places.
    by_hand : bool
        Whether the layout was made for this circuit; otherwise it is the general one.
    """

    title: str
    netlist: Netlist
    marks: tuple[Mark, ...]
    by_hand: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Every line of text in the drawing."""
        return tuple(mark.text for mark in self.marks if isinstance(mark, Words))

    def svg(self) -> str:
        """The drawing as the text of an SVG file, the same in every run."""
        return image(self.marks, "svg").decode("utf-8")

    def save(self, path: str | Path) -> None:
        """Write the drawing, complete or not at all.

        Parameters
        ----------
        path : str or Path
            Where; its ending names the format: svg, png or pdf.

        Raises
        ------
        ValueError
            When the ending names none of these.
        """
        write(self.marks, path)


def draw_schematic(design: Any, fidelity: Any = None) -> Drawing:
    """Draw the circuit of a design.

    The neurons of the library are laid out by hand, signals from left to right. Any other circuit is drawn with
    its nodes as horizontal lines and its elements between them. Names of elements and nodes are those of the deck.

    Parameters
    ----------
    design : Neuron, Pair, PySpice Circuit or Deck
        What to draw.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts of a neuron are, as in :meth:`neuromorph.Neuron.schematic`; ideal without it.

    Returns
    -------
    Drawing
        Connected as the deck is, which is checked; its method ``save`` writes it.

    Raises
    ------
    ValueError
        When the design has no circuit, or not this fidelity.

    Examples
    --------
    >>> import neuromorph as nm
    >>> drawing = nm.draw_schematic(nm.MemristiveALIF(capacitance=10e-9), fidelity="macromodel")
    >>> "10 nF" in drawing.words
    True
    """
    from neuromorph.roads import at_fidelity

    title, lines, ports = _circuit_of(at_fidelity(design, fidelity))
    netlist = netlist_of(title, lines, design)
    ports = {
        name: replace(port, plus=netlist.node(port.plus), minus=netlist.node(port.minus))
        for name, port in ports.items()
    }
    layout, by_hand = BY_HAND.get(title), True
    sheet = Sheet(netlist)
    try:
        if layout is None:
            raise LayoutError(f"no layout was made for {title!r}")
        layout(sheet, ports)
        sheet.finish()
    except LayoutError:
        # A user's circuit may have the title of a neuron of the library and other parts.
        by_hand, sheet = False, Sheet(netlist)
        draw_rails(sheet, ports)
        sheet.finish()
    marks = [*sheet.marks, *_notes(netlist, sheet.marks)]
    return Drawing(title, netlist, tuple(marks), by_hand)


def _circuit_of(design: Any) -> tuple[str, list[str], Mapping[str, Any]]:
    """Title, lines and ports of a design's circuit."""
    from neuromorph.schematic import Deck
    from neuromorph.schematic.pyspice import circuit_lines

    if isinstance(design, type):
        raise ValueError(f"give a design, not its class: {design.__name__}() instead of {design.__name__}")
    if isinstance(design, Deck):
        return design.name, list(design.body), {}
    circuit = design.schematic() if hasattr(design, "schematic") else design
    if not (hasattr(circuit, "raw_spice") and hasattr(circuit, "elements")):
        raise ValueError(
            f"{type(design).__name__} has no circuit to draw: give a neuron, a Pair, a PySpice Circuit or a Deck"
        )
    return str(circuit.title) or "circuit", circuit_lines(circuit), getattr(circuit, "ports", {})


def _notes(netlist: Netlist, marks: list[Mark]) -> list[Mark]:
    """Below everything else, the values that are too long to stand at a symbol."""
    left, bottom, right, _ = extent(marks)
    height = bottom - 1.2
    notes: list[Mark] = []
    for note in netlist.notes():
        for line in _wrapped(note, max(right - left, 14.0)):
            notes.append(Words(line, (left, height), "left", "top", NOTE_SIZE, PALE_INK))
            height -= line_height(NOTE_SIZE)
    return notes


def _wrapped(text: str, width: float) -> list[str]:
    """Lines no wider than `width`, broken at spaces; further lines are indented."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1].strip() else lines[-1] + word
        if text_width(longer, NOTE_SIZE) > width and lines[-1].strip():
            longer = f"    {word}"
            lines.append("")
        lines[-1] = longer
    return lines
