"""The contract of a SPICE engine."""

from __future__ import annotations

from typing import Any, Protocol

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.schematic import Deck


class Engine(Protocol):
    """A simulator that runs decks. Engines are plain data and travel between processes."""

    @property
    def name(self) -> str:
        """Name of the engine, as commands spell it."""

    def run(self, deck: Deck, options: Any = None, progress: Progress = silent) -> Recording:
        """Run a deck.

        Parameters
        ----------
        deck : Deck
            What to run.
        options : NgspiceOptions or VacaskOptions, optional
            Settings of the run, of the class that the engine takes.
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
