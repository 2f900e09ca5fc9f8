"""What the way to or from NIR does to a network, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Findings", "NirReport", "nir_module"]

_SHOWN = 6


@dataclass(frozen=True)
class NirReport:
    """What was lost between a network and NIR, and how its numbers were read.

    Parameters
    ----------
    lost : tuple of str
        What the other side has no word for, one line each; nothing else was lost.
    notes : tuple of str
        How weights, voltages and times were read (SI units).

    Examples
    --------
    >>> print(NirReport(lost=("a, b: refractory time",), notes=("a spike of weight 1 is 2e-09 C",)))
    lost:
      a, b: refractory time
    read as:
      a spike of weight 1 is 2e-09 C
    """

    lost: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = []
        for title, entries in (("lost:", self.lost or ("nothing",)), ("read as:", self.notes)):
            lines += [title, *(f"  {entry}" for entry in entries)] if entries else []
        return "\n".join(lines)


@dataclass
class Findings:
    """A report under way: what many neurons lose in the same way is one line."""

    losses: dict[str, dict[str, None]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def lose(self, who: str, what: str) -> None:
        """Note that somebody loses something."""
        self.losses.setdefault(what, {})[who] = None

    def report(self) -> NirReport:
        """All of it."""
        lines = []
        for what, found in self.losses.items():
            names = list(found)
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            lines.append(f"{', '.join(names[:_SHOWN])}{more}: {what}")
        return NirReport(tuple(lines), tuple(self.notes))


def nir_module() -> Any:
    """The package ``nir``, or ``ImportError`` that says how to get it."""
    try:
        import nir
    except ImportError as error:
        raise ImportError("nir is not installed: pip install '.[nir]' in neuromorph's folder") from error
    return nir
