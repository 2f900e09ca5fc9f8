"""How a record was measured, as arguments, the TOML beside the file and the file's name say it, in this order."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from neuromorph.errors import MeasurementError
from neuromorph.quantities import parse_quantity

_UNITS = {"series_resistor": "ohm", "frequency": "Hz", "amplitude": "V"}
_TEXTS = ("device", "name", "delimiter", "decimal", "drive", "source", "sha256")
_OTHERS = ("columns", "units", "periodic", "cycles", "cleaning", "metadata")
KEYS = (*_UNITS, *_TEXTS, *_OTHERS)
"""What the TOML beside a measurement may say."""

_PATTERNS = {
    "frequency": re.compile(r"(\d+\.?\d*|\.\d+)([mkMG]?)hz", re.IGNORECASE),
    "amplitude": re.compile(r"(\d+\.?\d*|\.\d+)([um]?)V"),
    # A bare number is no resistance: it needs a prefix or its unit.
    "series_resistor": re.compile(
        r"(\d+\.?\d*|\.\d+)(?:([kMG])(?:ohms?|Ohms?|\u03a9|\u2126)?|()(?:ohms?|Ohms?|\u03a9|\u2126|R))"
    ),
}


def from_name(stem: str) -> dict[str, Any]:
    """What a file's name says.

    Parameters
    ----------
    stem : str
        Name without its ending, parts separated by underscores, such as ``5k_0.8V_10Hz_M1``.

    Returns
    -------
    dict
        Any of ``series_resistor`` [ohm], ``frequency`` [Hz], ``amplitude`` [V] and ``device``.

    Examples
    --------
    >>> from_name("tri_150mV_1kHz_o1")
    {'amplitude': 0.15, 'frequency': 1000.0, 'device': 'o1'}
    """
    found: dict[str, Any] = {}
    parts = stem.split("_")
    named = []
    for part in parts:
        for key, pattern in _PATTERNS.items():
            match = pattern.fullmatch(part)
            if match is None:
                continue
            prefix = next((group for group in match.groups()[1:] if group), "")
            value = parse_quantity(match.group(1) + prefix, "")
            # Two different values of one kind say nothing.
            found[key] = value if found.get(key, value) == value else None
            named.append(part)
            break
    if named and parts[-1] not in named and re.fullmatch(r"\w+", parts[-1]):
        found["device"] = parts[-1]
    return {key: value for key, value in found.items() if value is not None}


def beside(path: Path) -> dict[str, Any]:
    """What the TOML of the same name beside a file says.

    Parameters
    ----------
    path : Path
        The measurement's file.

    Returns
    -------
    dict
        Values by the names in :data:`KEYS`, quantities as floats in SI units; empty when there is no TOML.

    Raises
    ------
    MeasurementError
        When the TOML cannot be read, or says something that is not known; the message names it and the choices.
    """
    card = path.with_suffix(".toml")
    if not card.is_file():
        return {}
    try:
        content = tomllib.loads(card.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MeasurementError(f"{card} is not TOML: {error}") from None
    for key in content:
        if key not in KEYS:
            raise MeasurementError(
                f"{card} says {key!r}, which is not known; choices: {', '.join(KEYS)}. Other facts go into [metadata]"
            )
    for key, unit in _UNITS.items():
        if isinstance(content.get(key), str):
            try:
                content[key] = parse_quantity(content[key], unit)
            except ValueError as error:
                raise MeasurementError(f"{card}: {key}: {error}") from None
        elif key in content and (isinstance(content[key], bool) or not isinstance(content[key], int | float)):
            raise MeasurementError(
                f"{card}: {key} must be a number in {unit} or a text with a unit, got {content[key]!r}"
            )
    for key, kind in (*((name, str) for name in _TEXTS), ("units", dict), ("metadata", dict), ("periodic", bool)):
        if key in content and not isinstance(content[key], kind):
            raise MeasurementError(f"{card}: {key} must be a {kind.__name__}, got {content[key]!r}")
    return content
