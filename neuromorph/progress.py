"""How long work tells its listener how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A callable that is told how much of the work is done."""

    def __call__(self, fraction: float, what: str) -> None:
        """Take note.

        Parameters
        ----------
        fraction : float
            Share of the work that is done, from 0 to 1 [pure number].
        what : str
            What is being worked at.
        """


def silent(fraction: float, what: str) -> None:
    """The listener that does nothing [fraction is a pure number]."""
