"""A record as a CSV with named columns and a TOML beside it, which load_measurement reads back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.files import atomic_path, write_text_atomically

if TYPE_CHECKING:
    from neuromorph.measurement.measurement import Measurement


def save(record: Measurement, path: Path) -> None:
    """Write a record; the TOML has its name with the ending ``.toml`` (SI units)."""
    columns = {"time [s]": record.time, "voltage [V]": record.voltage, "current [A]": record.current}
    if record.drive is not None:
        columns["drive [V]"] = record.drive
    with atomic_path(path) as temporary:
        np.savetxt(
            temporary,
            np.column_stack([*columns.values()]),
            fmt="%.17g",
            delimiter=",",
            header=",".join(columns),
            comments="",
        )
    write_text_atomically(path.with_suffix(".toml"), _toml(record))


def _toml(record: Measurement) -> str:
    facts: dict[str, Any] = {
        "name": record.name,
        "series_resistor": record.series_resistor,
        "frequency": record.frequency,
        "periodic": record.periodic,
        "source": record.source,
        "sha256": record.sha256,
        "cleaning": list(record.cleaning),
    }
    metadata = dict(record.metadata)
    for key in ("amplitude", "device"):
        facts[key] = metadata.pop(key, None)
    lines = _lines({key: value for key, value in facts.items() if value not in (None, "", [])})
    if metadata:
        lines += ["", "[metadata]", *_lines(metadata)]
    return "\n".join([*lines, ""])


def _lines(facts: Mapping[str, Any]) -> list[str]:
    return [
        f"{key if key.isidentifier() and key.isascii() else _text(key)} = {_value(value)}"
        for key, value in facts.items()
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | np.number):
        number = float(value) if not isinstance(value, int) else value
        return repr(number) if math.isfinite(number) else str(number)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(v) for v in value)}]"
    return _text(str(value))


def _text(text: str) -> str:
    # JSON writes characters beyond the BMP as two halves, which TOML refuses; and DEL bare.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
