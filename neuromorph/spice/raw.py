"""SPICE raw files: ASCII and binary, real and complex, several plots in one file, whole or cut short."""

from __future__ import annotations

import difflib
import io
import math
import mmap
import re
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import SimulationError

__all__ = ["RawPlot", "RawVariable", "read_raw"]

# Where a plot begins behind binary data: two lines, because "Title:" alone can occur there by chance; or what
# is left of them at the end of a file that was cut short.
_TITLE_IN_BINARY = re.compile(rb"Title:[^\n]*(?:\n(?:Date:|D?a?t?e?\Z)|\Z)")
_TITLE_IN_ASCII = re.compile(rb"^T", re.MULTILINE)
_KEY_LINE = re.compile(r"([A-Za-z][\w .]*):\s*(.*)")
_BRANCH = re.compile(r"i\((?P<inside>.+)\)|(?P<before>.+)#branch", re.IGNORECASE)
_DIMS = re.compile(r"\bdims=(\d+(?:,\d+)*)")
# Points are transposed in blocks that stay in the cache; a whole transposed copy is ten times slower.
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class RawVariable:
    """One vector of a plot.

    Parameters
    ----------
    name : str
        As the simulator wrote it, such as ``"v(out)"``.
    kind : str
        Type that the simulator states: ``"voltage"``, ``"current"``, ``"time"``; VACASK says ``"notype"``.
    """

    name: str
    kind: str


@dataclass(frozen=True, eq=False)
class RawPlot:
    """The result of one analysis.

    Parameters
    ----------
    title : str
        Title line of the deck.
    date : str
        When the simulator ran, in its own format.
    name : str
        Name of the analysis, such as ``"Transient Analysis"``.
    flags : tuple of str
        ``"real"`` or ``"complex"``, and what else the simulator states.
    variables : tuple of RawVariable
        One for each row of `values`.
    values : ndarray, shape (n_variables, n_points) [unit of each variable: V, A, s, Hz]
        float64, or complex128 in a complex plot. Each row is contiguous.
    complete : bool
        False when the run or the file was cut short; `values` then has the whole points that are there.

    Examples
    --------
    >>> import numpy as np
    >>> time, voltage = RawVariable("time", "time"), RawVariable("v(out)", "voltage")
    >>> values = np.array([[0.0, 1.0], [0.5, 0.7]])
    >>> plot = RawPlot("RC", "", "Transient Analysis", ("real",), (time, voltage), values, True)
    >>> plot["V(out)"]
    array([0.5, 0.7])
    """

    title: str
    date: str
    name: str
    flags: tuple[str, ...]
    variables: tuple[RawVariable, ...]
    values: NDArray[Any]
    complete: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables, in file order."""
        return tuple(variable.name for variable in self.variables)

    @property
    def n_points(self) -> int:
        """Number of whole points."""
        return int(self.values.shape[1])

    @property
    def axis(self) -> NDArray[np.float64]:
        """What the analysis swept: the real part of the first variable.

        Returns
        -------
        ndarray, shape (n_points,) [s, Hz, V or A]
            Time, frequency or the swept source. An operating point sweeps nothing: there it is simply the
            first variable.
        """
        axis: NDArray[np.float64] = self.values[0].real
        return axis

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One variable by its name, in any case of letters.

        Parameters
        ----------
        name : str
            Such as ``"v(out)"``. A branch current is found as ``"i(v1)"`` and as ``"v1#branch"``, a quantity
            of an element as ``"@r1[i]"``.

        Returns
        -------
        ndarray, shape (n_points,) [unit of the variable: V, A, s, Hz]
            The row of `values`, not a copy.

        Raises
        ------
        KeyError
            When no variable has this name, or more than one has it; the message lists the choices.
        """
        row = self._find(name)
        if row is None:
            near = difflib.get_close_matches(name, self.names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            choices = ", ".join(self.names)
            raise KeyError(f"plot {self.name!r} has no variable {name!r}{hint} Choices: {choices}")
        found: NDArray[Any] = self.values[row]
        return found

    def _find(self, name: str) -> int | None:
        for spelling in (name, *_other_spellings(name)):
            rows = self._rows_by_folded_name.get(spelling.lower(), [])
            exact = [row for row in rows if self.variables[row].name == spelling]
            rows = exact or rows
            if len(rows) > 1:
                raise KeyError(f"{name!r} names {len(rows)} variables of plot {self.name!r}: {self.names}")
            if rows:
                return rows[0]
        return None

    @cached_property
    def _rows_by_folded_name(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, variable in enumerate(self.variables):
            rows.setdefault(variable.name.lower(), []).append(row)
        return rows


@dataclass
class _Header:
    keys: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    variables: list[RawVariable] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    n_points: int | None = None
    is_binary: bool = False
    is_complete: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.complex128 if "complex" in self.flags else np.float64)

    def plot(self, values: NDArray[Any]) -> RawPlot:
        return RawPlot(
            title=self.keys.get("title", ""),
            date=self.keys.get("date", ""),
            name=self.keys.get("plotname", ""),
            flags=self.flags,
            variables=tuple(self.variables),
            values=values,
            complete=self.is_complete and self.n_points is not None and values.shape[1] == self.n_points,
        )


def read_raw(path: str | PathLike[str]) -> list[RawPlot]:
    """Read all the plots of a raw file.

    A file that a killed simulator left is read as far as it goes: the plot that it broke off in has
    ``complete=False`` and its whole points, found from the length of the file where the header gives none.
    When the file ends inside the header of a later plot, that plot comes without variables.

    Parameters
    ----------
    path : path-like
        ASCII or binary raw file of ngspice, VACASK or another SPICE that writes float64.

    Returns
    -------
    list of RawPlot
        In file order, which is not the order of the analyses in the deck.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    SimulationError
        When the file is empty, ends in its first header, or is not a well-formed raw file; the cause names
        the file and the defect.

    Notes
    -----
    ngspice writes the imaginary part of the frequency from uninitialised memory; it is set to zero here.
    """
    path = Path(path)
    plots: list[RawPlot] = []
    size = path.stat().st_size
    with path.open("rb") as file:
        while (header := _read_header(file, path)) is not None:
            if not header.is_complete:
                if not plots:
                    raise _defect(path, "it ends inside its header")
                header.variables.clear()
                plots.append(header.plot(np.empty((0, 0))))
                break
            end = size
            if not header.is_binary:
                end = _next_title(file, _TITLE_IN_ASCII, size)
            elif header.n_points is None:
                end = _next_title(file, _TITLE_IN_BINARY, size)
            values = _read_values(file, end, header, path)
            for row, variable in enumerate(header.variables):
                if header.dtype.kind == "c" and variable.name == "frequency":
                    values[row].imag = 0.0
            plots.append(header.plot(values))
            if plots[-1].n_points != header.n_points or not header.is_binary:
                file.seek(end)
    if not plots:
        raise _defect(path, "it is empty")
    return plots


def _defect(path: Path, reason: str) -> SimulationError:
    return SimulationError(
        cause=f"cannot read the raw file {path}: {reason}",
        remedy="look at the simulator's log beside it for why the run broke off",
        where=str(path),
    )


def _other_spellings(name: str) -> tuple[str, ...]:
    if name.startswith("@"):
        # ngspice writes the saved quantity @r1[i] as i(@r1[i]), and others as if they were voltages.
        return f"i({name})", f"v({name})"
    branch = _BRANCH.fullmatch(name)
    if branch is None:
        return ()
    return (f"i({branch['before']})" if branch["before"] else f"{branch['inside']}#branch",)


def _read_header(file: io.BufferedReader, path: Path) -> _Header | None:
    """The next header, up to its data; None at the end of the file."""
    header = _Header()
    in_variables = False
    while line := file.readline():
        text = line.decode("utf-8", "backslashreplace").strip()
        if not header.keys:
            if not text:
                continue
            if not text.startswith("Title:"[: len(text)]):
                raise _defect(path, f"a plot must begin with 'Title:', found {text[:60]!r}")
        if not line.endswith(b"\n"):
            return header
        key = _KEY_LINE.fullmatch(text)
        if in_variables and text and text[0].isdigit():
            _add_variable(header, text, path)
        elif key is None:
            raise _defect(path, f"{text[:60]!r} is not a line of a raw file's header")
        elif key[1].lower() in ("binary", "values"):
            header.is_binary = key[1].lower() == "binary"
            _check_header(header, path)
            return header
        else:
            header.keys[key[1].lower()] = key[2]
            in_variables = key[1].lower() == "variables"
            if in_variables and key[2]:
                _add_variable(header, key[2], path)
    return header if header.keys else None


def _add_variable(header: _Header, text: str, path: Path) -> None:
    # ngspice separates by tabs, and a written expression may have blanks in its name.
    words = text.split("\t") if text.count("\t") >= 2 else text.split()
    if len(words) < 3 or words[0] != str(len(header.variables)) or not words[2]:
        expected = f"variable {len(header.variables)} with a name and a type"
        raise _defect(path, f"expected {expected}, found {text!r}")
    header.variables.append(RawVariable(words[1], words[2].split()[0]))
    if dims := _DIMS.search(text):
        header.lengths.append(math.prod(int(length) for length in dims[1].split(",")))


def _check_header(header: _Header, path: Path) -> None:
    keys = header.keys
    for needed in ("flags", "no. variables", "no. points"):
        if needed not in keys:
            raise _defect(path, f"its header has no line {needed.capitalize()!r}")
    header.flags = tuple(keys["flags"].lower().split())
    if not {"real", "complex"} & set(header.flags):
        raise _defect(path, f"flags are {keys['flags']!r}; expected 'real' or 'complex'")
    try:
        n_variables, n_points = int(keys["no. variables"]), int(keys["no. points"] or 0)
    except ValueError:
        counts = f"{keys['no. variables']!r} variables and {keys['no. points']!r} points"
        raise _defect(path, f"its header counts {counts}") from None
    if n_variables < 1 or n_variables != len(header.variables):
        raise _defect(path, f"its header says {n_variables} variables and lists {len(header.variables)}")
    if n_points < 0:
        raise _defect(path, f"its header says {n_points} points")
    if "unpadded" in header.flags and min(header.lengths, default=n_points) < n_points:
        raise _defect(path, "its variables have different lengths; write it without 'set nopadding'")
    # Zero is what a run writes at its start and corrects at its end.
    header.n_points = n_points or None
    header.is_complete = True


def _next_title(file: io.BufferedReader, title: re.Pattern[bytes], size: int) -> int:
    """Where the next plot begins [byte], or the end of the file."""
    start = file.tell()
    if start == size:
        return size
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = title.search(data, start)
        return found.start() if found else size


def _read_values(file: io.BufferedReader, end: int, header: _Header, path: Path) -> NDArray[Any]:
    if not header.is_binary:
        return _ascii_points(file.read(end - file.tell()), header, path)
    n_variables = len(header.variables)
    point_bytes = header.dtype.itemsize * n_variables
    n_points = (end - file.tell()) // point_bytes
    if header.n_points is not None:
        n_points = min(n_points, header.n_points)
    values = np.empty((n_variables, n_points), header.dtype)
    block = np.empty((max(1, _BLOCK_BYTES // point_bytes), n_variables), header.dtype.newbyteorder("<"))
    for start in range(0, n_points, len(block)):
        points = block[: n_points - start]
        if file.readinto(points.reshape(-1).view(np.uint8).data) != points.nbytes:
            raise _defect(path, "it was shortened while it was read")
        values[:, start : start + len(points)] = points.T
    return values


def _ascii_numbers(text: bytes, path: Path) -> NDArray[np.float64]:
    # A last line without its newline may be a number that was cut in the middle.
    words = text[: text.rfind(b"\n") + 1].replace(b",", b" ").split()
    try:
        return np.array(words, dtype=np.float64)
    except ValueError as error:
        raise _defect(path, f"its values are not all numbers ({error})") from None


def _ascii_points(text: bytes, header: _Header, path: Path) -> NDArray[Any]:
    n_columns = 1 + len(header.variables) * (header.dtype.itemsize // 8)
    numbers = _ascii_numbers(text, path)
    n_points = len(numbers) // n_columns
    if header.n_points is not None and n_points > header.n_points:
        raise _defect(path, f"its header says {header.n_points} points, but values of {n_points} follow")
    points = numbers[: n_points * n_columns].reshape(n_points, n_columns)
    _check_index(points[:, 0], path)
    return np.ascontiguousarray(np.ascontiguousarray(points[:, 1:]).view(header.dtype).T)


def _check_index(index: NDArray[np.float64], path: Path) -> None:
    wrong = np.flatnonzero(index != np.arange(len(index)))
    if len(wrong):
        raise _defect(path, f"point {wrong[0]} of its values carries the number {index[wrong[0]]:g}")
