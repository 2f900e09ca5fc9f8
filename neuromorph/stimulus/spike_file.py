"""Spike times in text files: a time in each line, and the neuron that it belongs to where there are many."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import MeasurementError
from neuromorph.quantities import parse_quantity

__all__ = ["SpikeTable", "read_spike_table"]

_CELLS = re.compile(r"\s*[,;\t]\s*|\s+")
_HEADER = re.compile(
    r"\s*(?:spike[ _]?)?times?\s*(?:[\[(]\s*([^\])]*?)\s*[\])])?\s*(?:[,;\t ]\s*\w+\s*)?", re.IGNORECASE
)
# Longer ones are names, such as dates.
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class SpikeTable:
    """Spikes as they stand in a file.

    Parameters
    ----------
    times : ndarray, shape (n_spikes,)
        In the order of the file [s].
    lines : ndarray of int, shape (n_spikes,)
        In which line of the file each stands, from 1 on (pure numbers).
    sources : ndarray of int, shape (n_spikes,), or None
        Which neuron each belongs to; ``None`` where the file has times alone (pure numbers).
    names : tuple of str
        Names of the neurons, in the order in which they turn up; none where the file numbers them.
    """

    times: NDArray[np.float64]
    lines: NDArray[np.int64]
    sources: NDArray[np.int64] | None
    names: tuple[str, ...]

    def chosen(self, source: int | str | None, name: str) -> NDArray[np.bool_]:
        """Which spikes are those of a neuron.

        Parameters
        ----------
        source : int, str or None
            Its number or name; all spikes with ``None``.
        name : str
            Of the file, for messages.

        Returns
        -------
        ndarray of bool, shape (n_spikes,)
            A mask (pure numbers).

        Raises
        ------
        ValueError
            When there is no such neuron; the message lists the choices.
        """
        if source is None:
            return np.ones(len(self.times), dtype=bool)
        # A number that is a name in the file, such as 1 beside x, is that name.
        label = self.names.index(str(source)) if str(source) in self.names else source
        known = () if self.sources is None else np.unique(self.sources).tolist()
        # From a command line a number comes as text.
        if isinstance(label, str) and _WHOLE.fullmatch(label) and not self.names:
            label = int(label)
        if self.sources is None or label not in known:
            choices = ", ".join(self.names or map(str, known)) or "none, it has times alone"
            raise ValueError(f"{name} has no spikes of {source!r}; choices: {choices}")
        return np.asarray(self.sources == label)


def read_spike_table(path: str | os.PathLike[str]) -> SpikeTable:
    """Read spike times from a text file.

    Parameters
    ----------
    path : path-like
        Of a text with a spike a line: its time [s], and after a comma, semicolon, tab or spaces, where there are many
        neurons, the number (from 0) or the name of one. A first line such as ``time [ms], neuron`` may state the unit of time. Empty lines
        and what follows ``#`` are left out.

    Returns
    -------
    SpikeTable
        Times [s], lines, neurons.

    Raises
    ------
    MeasurementError
        When the file is missing or no text, or a line has something else than a finite time and a neuron; the message
        names the file and the line.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_text("utf-8-sig")
    except FileNotFoundError:
        raise MeasurementError(f"cannot read spikes from {name}: there is no such file") from None
    except UnicodeDecodeError:
        raise MeasurementError(f"cannot read spikes from {name}: it is no text in UTF-8") from None
    except OSError as error:
        raise MeasurementError(f"cannot read spikes from {name}: {error}") from error
    scale, first, n_cells = 1.0, True, 0
    times: list[float] = []
    lines: list[int] = []
    labels: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        header = _HEADER.fullmatch(line) if first else None
        first = False
        if header is not None:
            scale = _unit(header[1], f"{name}, line {number}")
            continue
        cells = _CELLS.split(line)
        n_cells = n_cells or len(cells)
        if len(cells) > 2 or len(cells) != n_cells or not all(cells):
            wanted = "a time" if n_cells == 1 else "a time and a neuron"
            raise MeasurementError(
                f"{name}, line {number}: expected {wanted}, as in the first line of it, got {line!r}"
            )
        times.append(_time(cells[0], f"{name}, line {number}") * scale)
        lines.append(number)
        labels += cells[1:]
    sources, names = _numbered(labels) if n_cells == 2 else (None, ())
    return SpikeTable(np.array(times), np.array(lines, dtype=np.int64), sources, names)


def _unit(text: str | None, where: str) -> float:
    if not text:
        return 1.0
    try:
        return parse_quantity(f"1 {text}", "s")
    except ValueError:
        raise MeasurementError(f"{where}: expected a unit of time such as s, ms or us, got {text!r}") from None


def _time(text: str, where: str) -> float:
    try:
        time = float(text)
    except ValueError:
        time = math.nan
    if not math.isfinite(time):
        raise MeasurementError(f"{where}: expected a finite time, got {text!r}")
    return time


def _numbered(labels: list[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if all(_WHOLE.fullmatch(label) for label in labels):
        return np.array([int(label) for label in labels], dtype=np.int64), ()
    numbers = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels], dtype=np.int64), tuple(numbers)
