"""Results of runs kept in a file of JSON lines: each is appended when it is there, and found again later."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_FORMAT = "neuromorph sweep 1"
_FILE = "sweep.jsonl"
_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Store:
    """Results by the key of their run.

    A result is one line, written in one call at the end of the file. What a killed process leaves half-written is
    left out when the file is read, so that the run is repeated. Results of other designs, drives or measures may stand in the
    same file: they have other keys.

    Parameters
    ----------
    path : path-like
        A file whose name ends in .jsonl, or a folder, in which ``sweep.jsonl`` is kept; made where it is missing.

    Raises
    ------
    ValueError
        When the file is something else than a store.
    OSError
        When it cannot be read or made.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        path = Path(path)
        is_file = path.is_file() or (path.suffix in (".jsonl", ".json") and not path.is_dir())
        if path.is_file() and path.suffix not in (".jsonl", ".json"):
            raise ValueError(f"store {path}: this is a file; give a folder, or a file whose name ends in .jsonl")
        self.path = path if is_file else path / _FILE
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._make_header()
        self.results = self._read()

    def add(self, key: str, parameters: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        """Append one result (each number in its unit)."""
        outcome = {**outcome}
        if "values" in outcome:
            outcome["values"] = {name: _word(value) for name, value in outcome["values"].items()}
        row = json.dumps({"key": key, "parameters": dict(parameters), **outcome}, allow_nan=False)
        self._append(row + "\n")

    def _make_header(self) -> None:
        if self.path.exists() and self.path.stat().st_size:
            return
        self._append(json.dumps({"format": _FORMAT}) + "\n")

    def _append(self, text: str) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            content = text.encode()
            written = os.write(file, content)
            if written != len(content):
                raise OSError(
                    f"cannot write {self.path}: no space left on the disk; free some, then run the sweep again"
                )
        finally:
            os.close(file)

    def _read(self) -> dict[str, dict[str, Any]]:
        text = self.path.read_text("utf-8", errors="replace")
        first, *lines = text.split("\n")
        if _parsed(first).get("format") != _FORMAT:
            raise ValueError(
                f"store {self.path} was not written by a sweep (its first line is {first[:60]!r}): give another name"
            )
        if lines and lines[-1]:
            # What comes next must not continue a line that was cut off.
            self._append("\n")
        results = {}
        for line in lines:
            row = _parsed(line)
            if "key" in row and ("values" in row or "failure" in row):
                if "values" in row:
                    row["values"] = {n: _WORDS.get(v, v) if isinstance(v, str) else v for n, v in row["values"].items()}
                results[row["key"]] = row
        return results


def _parsed(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _word(value: float) -> float | str:
    """JSON has no NaN and no infinity."""
    return value if math.isfinite(value) else str(value)
