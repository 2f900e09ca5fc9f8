"""Names in the circuit of a network: readable, and none twice."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["CircuitNames"]


class CircuitNames:
    """Names that are taken, of nodes or elements or subcircuits.

    Parameters
    ----------
    taken : iterable of str
        Names that something else has or will have.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.lower() for name in taken}

    def take(self, wanted: str) -> str:
        """The name itself, or with a number where it is taken: SPICE does not see upper case."""
        name, number = wanted, 2
        while name.lower() in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name.lower())
        return name
