"""Matrices and vectors that commands read: from CSV or npy files, one value for all, or random ones by a seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from neuromorph.quantities import parse_quantity

if TYPE_CHECKING:
    import numpy as np

_RANDOM = re.compile(r"random:(\d+)x(\d+)(?::(\d+))?")
_SEPARATORS = re.compile(r"[,;\s]+")


def read_matrix(text: str, what: str) -> np.ndarray:
    """A matrix of numbers.

    Parameters
    ----------
    text : str
        Path of a file (``.npy``, or text with rows of numbers separated by commas, semicolons or blanks), or
        ``random:MxN`` or ``random:MxN:SEED`` for numbers between 0 and 1.
    what : str
        What the matrix holds, for messages.

    Returns
    -------
    ndarray, shape (m, n)
        As the file has them (SI units).

    Raises
    ------
    ValueError
        When the file is no matrix of numbers; the message names the line.
    FileNotFoundError
        When there is no such file.
    MemoryError
        When a random matrix, with what is made of it, needs more memory than is free.
    """
    import numpy as np

    if match := _RANDOM.fullmatch(text):
        rows, columns, seed = (int(group or 0) for group in match.groups())
        if not rows or not columns:
            raise ValueError(f"{text!r}: a matrix needs a row and a column at least, such as random:16x16")
        _refuse_too_large(text, rows, columns)
        return np.random.default_rng(seed).random((rows, columns))
    path = Path(text)
    if not path.is_file():
        hint = "; for an array to try things with, give random:16x16" if not path.exists() else ", but a folder"
        raise FileNotFoundError(f"{text!r} is no file of {what}{hint}")
    if path.suffix == ".npy":
        try:
            values = np.load(path, allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise ValueError(f"{path}: no array that numpy wrote: {error}") from None
        if values.ndim != 2 or values.dtype.kind not in "fiu":
            raise ValueError(
                f"{path}: {what} must be a matrix of real numbers, got {values.dtype} of shape {values.shape}"
            )
        return np.asarray(values, dtype=float)
    return _from_text(path, what)


def _refuse_too_large(text: str, rows: int, columns: int) -> None:
    from neuromorph.crossbars.solving.memory import free_memory

    # The matrix, what is stored of it in pairs of devices, and the steps on the way.
    needed, free = 12 * 8.0 * rows * columns, free_memory()
    if needed > free:
        raise MemoryError(
            f"{text!r} needs about {needed / 1e9:.3g} GB of memory and {free / 1e9:.3g} GB are free: give a smaller matrix"
        )


def _from_text(path: Path, what: str) -> np.ndarray:
    import numpy as np

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path}: no text; give rows of numbers, or a .npy file") from None
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=1):
        content = line.partition("#")[0].strip().strip(",;")
        if not content:
            continue
        try:
            row = [float(word) for word in _SEPARATORS.split(content)]
        except ValueError:
            raise ValueError(f"{path}, line {number}: expected numbers, got {content[:60]!r}") from None
        if rows and len(row) != len(rows[0]):
            raise ValueError(f"{path}, line {number}: {len(row)} numbers where the first row has {len(rows[0])}")
        rows.append(row)
    if not rows:
        raise ValueError(f"{path}: the file is empty; give {what} as rows of numbers")
    return np.array(rows)


def read_voltages(text: str, lines: int) -> np.ndarray:
    """Voltages of the word lines: one for all (``0.2V``), a list (``0.2V,0V,...``), or a file of vectors, one a row [V].

    Parameters
    ----------
    text : str
        As typed.
    lines : int
        Number of word lines.

    Returns
    -------
    ndarray, shape (lines,) or (p, lines)
        Voltages [V].

    Raises
    ------
    ValueError
        When it is neither, or the number of voltages is another.
    """
    import numpy as np

    if Path(text).is_file():
        vectors = read_matrix(text, "voltages")
        if vectors.shape == (lines, 1) and lines != 1:
            vectors = vectors.T
        if vectors.shape[1] != lines:
            raise ValueError(f"{text}: {vectors.shape[1]} voltages a row for {lines} word lines")
        return vectors[0] if len(vectors) == 1 else vectors
    try:
        values = [parse_quantity(word, "V") for word in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"--voltages {text!r} is neither a file nor voltages such as 0.2V or 0.2V,0V: {error}"
        ) from None
    if len(values) == 1:
        return np.full(lines, values[0])
    if len(values) != lines:
        raise ValueError(
            f"--voltages gives {len(values)} voltages for {lines} word lines: give one for all, or one for each"
        )
    return np.array(values)
