"""Circuits: the one adapter to PySpice, and the decks that engines run."""

from typing import TYPE_CHECKING, Any

from neuromorph.schematic.deck import Deck, make_deck
from neuromorph.schematic.noise_deck import NoiseDeck, make_noise_deck
from neuromorph.schematic.options import NgspiceOptions, Resolution
from neuromorph.schematic.ports import Port
from neuromorph.schematic.probes import Probe
from neuromorph.schematic.spike_signal import SpikeSignal
from neuromorph.schematic.threshold import Threshold
from neuromorph.schematic.vacask.options import VacaskOptions
from neuromorph.schematic.vendor import VendorModel

__all__ = [
    "Deck",
    "NgspiceOptions",
    "NoiseDeck",
    "Port",
    "Probe",
    "Resolution",
    "Schematic",
    "SpikeSignal",
    "Threshold",
    "VacaskOptions",
    "VendorModel",
    "make_deck",
    "make_noise_deck",
]

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic


def __getattr__(name: str) -> Any:
    # PySpice is loaded only where a circuit is drawn.
    if name == "Schematic":
        from neuromorph.schematic.circuit import Schematic

        return Schematic
    raise AttributeError(name)
