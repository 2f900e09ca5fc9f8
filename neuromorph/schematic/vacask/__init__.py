"""Decks in the language of VACASK, from the same lines that ngspice reads."""

from typing import TYPE_CHECKING, Any

from neuromorph.schematic.vacask.options import VacaskOptions

__all__ = ["Contents", "VacaskDeck", "VacaskOptions", "vacask_deck"]

if TYPE_CHECKING:
    from neuromorph.schematic.vacask.contents import Contents
    from neuromorph.schematic.vacask.deck import VacaskDeck, vacask_deck


def __getattr__(name: str) -> Any:
    # Every deck has options; few are written for VACASK.
    if name in __all__:
        from neuromorph.schematic.vacask import contents, deck

        return getattr(contents if name == "Contents" else deck, name)
    raise AttributeError(name)
