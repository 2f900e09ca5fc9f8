"""Decks in the language of VACASK, from the same lines that ngspice reads."""

from neuromorph.schematic.vacask.contents import Contents
from neuromorph.schematic.vacask.deck import VacaskDeck, vacask_deck
from neuromorph.schematic.vacask.options import VacaskOptions

__all__ = ["Contents", "VacaskDeck", "VacaskOptions", "vacask_deck"]
