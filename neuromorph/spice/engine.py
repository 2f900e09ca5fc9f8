"""The contract of a SPICE engine."""

from __future__ import annotations

from typing import Protocol

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.schematic import Deck, NgspiceOptions


class Engine(Protocol):
    """A simulator that runs decks. Engines are plain data and travel between processes."""

    @property
    def name(self) -> str:
        """Name of the engine, as commands spell it."""

    def run(self, deck: Deck, options: NgspiceOptions | None = None, progress: Progress = silent) -> Recording:
        """Run a deck.

        Parameters
        ----------
        deck : Deck
            What to run.
        options : NgspiceOptions, optional
            Settings of the run.
        progress : Progress
            Told how far the run is.

        Returns
        -------
        Recording
            The deck's probes, shape (n_steps,) each, in their units over the engine's own time grid [s]; of an
            operating point one value each, at 0 s.

        Raises
        ------
        SimulationError
            When the run failed, or its success cannot be proved.
        EngineNotFoundError
            When the program is not on this machine.
        """
