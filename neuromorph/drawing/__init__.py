"""Circuits on paper: the elements of a deck, laid out and drawn, connected as the deck is."""

from neuromorph.drawing.schematic import Drawing, draw_schematic

__all__ = ["Drawing", "draw_schematic"]
