"""Tables of numbers in text files: how they are laid out, found from the first lines, and read at speed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from neuromorph.errors import MeasurementError

_SAMPLE_BYTES = 1 << 16
_SAMPLE_LINES = 200
# Tab before space: a table with tabs can be read with either.
_LAYOUTS = ((",", "."), (";", "."), ("\t", "."), (" ", "."), (";", ","), ("\t", ","), (" ", ","))
# In front of the numbers "%" marks comments too.
_COMMENT, _MARKS = "#", "#%"
_SPOKEN = {",": "comma", ";": "semicolon", "\t": "tab", " ": "space"}


@dataclass(frozen=True)
class Table:
    """How a text file holds a table.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str
        Of its text.
    delimiter, decimal : str
        What separates cells, and the decimal mark.
    first_line : int
        Lines before the first row of numbers.
    n_columns : int
        Cells in a row.
    headers : tuple of tuple of str
        Cells of the lines before the numbers, the last two lines at most.
    integers_only : bool
        Whether the first numbers are all whole, as where decimal commas were taken for separators.
    """

    path: Path
    encoding: str
    delimiter: str
    decimal: str
    first_line: int
    n_columns: int
    headers: tuple[tuple[str, ...], ...]
    integers_only: bool

    def read(self, wanted: Sequence[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Columns as numbers.

        Parameters
        ----------
        wanted : sequence of int
            Positions of the columns, from 0.

        Returns
        -------
        ndarray, shape (n_rows, n_wanted) [unit of the file]
            Finite numbers.

        Raises
        ------
        MeasurementError
            When a row has other than numbers, or too few; the message names the file and the line.
        """
        delimiter = None if self.delimiter == " " else self.delimiter
        try:
            with self._open() as file:
                lines: Iterator[str] = itertools.islice(file, self.first_line, None)
                if self.decimal == ",":
                    lines = (line.replace(",", ".") for line in lines)
                numbers = np.loadtxt(
                    lines, delimiter=delimiter, usecols=tuple(wanted), ndmin=2, comments=_COMMENT, quotechar='"'
                )
        except ValueError as error:
            raise MeasurementError(self._complaint(wanted) or f"{self.path}: {error}") from None
        # A sum is finite only where all its terms are; it needs no copy.
        with np.errstate(all="ignore"):
            total = numbers.sum(axis=0)
        if not np.isfinite(total).all() and not np.isfinite(numbers).all():
            raise MeasurementError(self._complaint(wanted) or f"{self.path}: a number is out of range")
        return numbers

    def line_of(self, row: int) -> int:
        """Line of the file, from 1, in which a row stands, from 0."""
        return next(itertools.islice(self._rows(), row, None))[0]

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline=None)

    def _rows(self) -> Iterator[tuple[int, str]]:
        with self._open() as file:
            for number, line in enumerate(file, 1):
                if number > self.first_line and line.strip() and line.lstrip()[0] != _COMMENT:
                    yield number, line

    def _complaint(self, wanted: Sequence[int]) -> str:
        """The first row that is no row of numbers, in words; how many there are."""
        found, count = "", 0
        for number, line in self._rows():
            cells = _cells(line, self.delimiter)
            bad = next((k for k in wanted if k >= len(cells) or not _is_finite(cells[k], self.decimal)), None)
            if bad is None and len(cells) == self.n_columns:
                continue
            count += 1
            if found:
                continue
            if bad is None or bad >= len(cells):
                what = f"has {len(cells)} cells instead of {self.n_columns}: {line.strip()[:80]!r}"
            else:
                what = f"column {bad + 1} is {cells[bad]!r}" if cells[bad] else f"column {bad + 1} is empty"
            found = f"{self.path}, line {number}: {what}"
        more = f", and {count - 1} more such lines" if count > 1 else ""
        return f"{found}{more}; every row needs finite numbers: take out or repair what is not" if found else ""


def find_table(path: Path, delimiter: str | None = None, decimal: str | None = None) -> Table:
    """How a file holds a table of numbers, from its first lines.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str, optional
        What separates cells; found when not given.
    decimal : str, optional
        Decimal mark; found when not given.

    Returns
    -------
    Table
        The layout.

    Raises
    ------
    MeasurementError
        When the file is empty, or holds no table of two columns or more.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
        is_whole = not file.read(1)
    encoding = _encoding(start)
    lines = start.decode(encoding, errors="replace").splitlines()
    # The last line of a part may be cut.
    lines = lines if is_whole else lines[:-1]
    if not any(line.strip() for line in lines):
        size = os.path.getsize(path)
        raise MeasurementError(f"{path} is empty" if size == 0 else f"{path} has no text in its first lines")
    found: list[tuple[str, str, int, list[list[float]]]] = []
    for separator, mark in _LAYOUTS:
        if delimiter not in (None, separator) or decimal not in (None, mark):
            continue
        width, rows = _rows_of_numbers(lines, separator, mark)
        if width >= 2 and not any(repr(rows) == repr(other[3]) for other in found):
            found.append((separator, mark, width, rows))
    if not found:
        asked = "".join(
            f" with {name}={value!r}" for name, value in (("delimiter", delimiter), ("decimal", decimal)) if value
        )
        raise MeasurementError(
            f"{path} has no rows of two or more numbers{asked}. What separates them? Give delimiter= (one of ',', ';', "
            "tab, space) and decimal= ('.' or ',')"
        )
    if len(found) > 1:
        readings = "; or ".join(f"{_SPOKEN[f[0]]} between cells and decimal {f[1]!r}: {f[3][0]}" for f in found)
        raise MeasurementError(
            f"{path} can be read in {len(found)} ways: {readings}. Which one? Give delimiter= and decimal="
        )
    separator, mark, width, rows = found[0]
    first = next(k for k, line in enumerate(lines) if _numbers(line, separator, mark, width))
    heads = [tuple(_cells(line.lstrip(_MARKS + " "), separator)) for line in lines[:first] if line.strip()]
    return Table(
        path=path,
        encoding=encoding,
        delimiter=separator,
        decimal=mark,
        first_line=first,
        n_columns=width,
        headers=tuple(head for head in heads if len(head) == width or _has_names(head))[-2:],
        integers_only=all(value == int(value) for row in rows for value in row if np.isfinite(value)),
    )


def _has_names(head: tuple[str, ...]) -> bool:
    return len(head) > 1 and all(head)


def _encoding(start: bytes) -> str:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        # A character may be cut at the end of the part that was read.
        start[: max(0, len(start) - 4)].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _cells(line: str, delimiter: str) -> list[str]:
    cells = line.split() if delimiter == " " else [cell.strip() for cell in line.strip("\r\n").split(delimiter)]
    cells = [cell.strip('"') for cell in cells]
    # Some instruments end each line with a separator.
    return cells[:-1] if len(cells) > 2 and not cells[-1] else cells


def _float(cell: str, decimal: str) -> float | None:
    if decimal == "," and "." in cell:
        return None
    try:
        return float(cell.replace(",", ".") if decimal == "," else cell)
    except ValueError:
        return None


def _is_finite(cell: str, decimal: str) -> bool:
    value = _float(cell, decimal)
    return value is not None and bool(np.isfinite(value))


def _numbers(line: str, delimiter: str, decimal: str, width: int) -> list[float] | None:
    cells = _cells(line, delimiter)
    values = [_float(cell, decimal) for cell in cells]
    numbers = [value for value in values if value is not None]
    return numbers if len(cells) == width == len(numbers) and width > 0 else None


def _rows_of_numbers(lines: Sequence[str], delimiter: str, decimal: str) -> tuple[int, list[list[float]]]:
    """Number of columns, and the rows that have it, when most of the last lines do."""
    tail = [line for line in lines if line.strip() and line.lstrip()[0] not in _MARKS][-_SAMPLE_LINES:]
    if not tail:
        return 0, []
    widths = [len(_cells(line, delimiter)) for line in tail]
    width = max(set(widths), key=widths.count)
    rows = [row for line in tail if (row := _numbers(line, delimiter, decimal, width)) is not None]
    # A few broken rows are reported by line when the table is read; a header may be half of a short file.
    return (width, rows) if rows and len(rows) >= 0.5 * (len(tail) - 2) else (0, [])
