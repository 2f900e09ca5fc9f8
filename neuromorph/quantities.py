"""Physical quantities at the edge: fields of parameter classes with units, and "10nF" parsed and printed."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Parameters", "choice", "format_quantity", "parameter", "parse_quantity", "pluralised"]

_QUANTITY_OF_UNIT = {
    "ohm": "resistance",
    "F": "capacitance",
    "V": "voltage",
    "A": "current",
    "s": "time",
    "Hz": "frequency",
    "K": "temperature",
    "S": "conductance",
    "W": "power",
    "J": "energy",
    "1/s": "rate",
    "1/V": "inverse voltage",
    "m": "length",
    "m^2/(V s)": "mobility",
    "": "number",
}

KNOWN_UNITS = tuple(unit for unit in _QUANTITY_OF_UNIT if unit)
"""Symbols of the units that parameters have."""

_PREFIXES = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,
    "μ": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}
# The ohm sign and the Greek letter look alike and are both typed.
_UNIT_SPELLINGS = {"ohms": "ohm", "Ohm": "ohm", "\u2126": "ohm", "\u03a9": "ohm", "sec": "s", "hz": "Hz"}
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*", re.ASCII)


def parameter(
    default: Any = dataclasses.MISSING,
    *,
    unit: str,
    doc: str,
    positive: bool = False,
    low: float | None = None,
    high: float | None = None,
    optional: bool = False,
) -> Any:
    """A dataclass field that knows its unit, its meaning and the values it accepts.

    Parameters
    ----------
    default : float or None, optional
        Default value in `unit`.
    unit : str
        SI unit symbol, ``""`` for a pure number.
    doc : str
        What the parameter is, in one phrase.
    positive : bool
        Accept values above zero only.
    low, high : float, optional
        Closed interval of accepted values, in `unit`.
    optional : bool
        Accept ``None`` as well.

    Returns
    -------
    dataclasses.Field
        To be assigned in the body of a :class:`Parameters` dataclass.
    """
    metadata = {
        "unit": unit,
        "doc": doc,
        "positive": positive,
        "low": low,
        "high": high,
        "optional": optional,
    }
    return dataclasses.field(default=default, metadata=metadata, kw_only=True)


def choice(default: str, choices: tuple[str, ...], *, doc: str) -> Any:
    """A dataclass field that selects one of several forms of an equation by name.

    Parameters
    ----------
    default : str
        The form that is taken when none is given.
    choices : tuple of str
        All the forms.
    doc : str
        What is chosen, in one phrase.

    Returns
    -------
    dataclasses.Field
        To be assigned in the body of a :class:`Parameters` dataclass.
    """
    return dataclasses.field(default=default, metadata={"choices": choices, "doc": doc}, kw_only=True)


def is_choice(field: dataclasses.Field[Any]) -> bool:
    """Whether a field was made by :func:`choice`: it has no value in numbers."""
    return "choices" in field.metadata


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Base of the parameter classes: checks every :func:`parameter` and :func:`choice` field of a new object.

    Raises
    ------
    ValueError
        When a value is not a finite number in the range that its field accepts, or not one of the choices; the
        message names the parameter, what is accepted, the unit and what was given.
    """

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if is_choice(field) and getattr(self, field.name) not in field.metadata["choices"]:
                raise ValueError(
                    f"{field.name} must be one of {', '.join(field.metadata['choices'])}, "
                    f"got {getattr(self, field.name)!r}"
                )
            if "unit" not in field.metadata:
                continue
            given = getattr(self, field.name)
            if given is None and field.metadata["optional"]:
                continue
            object.__setattr__(self, field.name, _checked(field, given))

    def inner_parameters(self) -> dict[str, Parameters]:
        """The parameter objects that this one holds, by field: the parts that it is made of."""
        held = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {name: value for name, value in held.items() if isinstance(value, Parameters)}

    def nested_units(self) -> dict[str, str]:
        """Unit of each parameter in numbers, those of parts by dotted name such as ``"amplifier.gain"``."""
        inner = self.inner_parameters()
        units = {f.name: f.metadata["unit"] for f in dataclasses.fields(self) if "unit" in f.metadata}
        for part, held in inner.items():
            units |= {f"{part}.{name}": unit for name, unit in held.nested_units().items()}
        return units

    def with_nested(self, changes: Mapping[str, Any]) -> Any:
        """A copy with some parameters changed, all at once: one threshold may only move with another.

        Parameters
        ----------
        changes : mapping of str to float, str or Parameters
            New values by dotted name, in the SI unit of each.

        Returns
        -------
        Parameters
            Of the same class.

        Raises
        ------
        ValueError
            When a value is not accepted.
        """
        own = {name: value for name, value in changes.items() if "." not in name}
        parts: dict[str, dict[str, Any]] = {}
        for name, value in changes.items():
            part, dot, rest = name.partition(".")
            if dot:
                parts.setdefault(part, {})[rest] = value
        changed = dataclasses.replace(self, **own)
        # A part that follows from the others, such as a trigger from the thresholds, comes last and follows the new ones.
        for part in sorted(parts, key=[*self.inner_parameters(), *parts].index):
            inner = changed.inner_parameters()
            if part not in inner:
                raise ValueError(
                    f"{type(self).__name__} has no part {part!r} with these values; parts: {', '.join(inner)}"
                )
            changed = dataclasses.replace(changed, **{part: inner[part].with_nested(parts[part])})
        return changed

    def replace(self, **changes: Any) -> Any:
        """A copy with some parameters changed.

        Parameters
        ----------
        **changes
            New values by parameter name, in the SI unit of each.

        Returns
        -------
        Parameters
            Of the same class.

        Raises
        ------
        ValueError
            When a name is unknown (the message lists the choices) or a value is not accepted.
        """
        check_names(type(self).__name__, changes, parameter_units(self))
        return dataclasses.replace(self, **changes)


def parameter_units(owner: Any) -> dict[str, str]:
    """Units by name of all the parameters that a parameter class or object has."""
    return {f.name: f.metadata.get("unit", "") for f in dataclasses.fields(owner)}


def check_names(owner: str, given: Any, choices: Any) -> None:
    """Raise ``ValueError`` that lists the choices when a given name is not among them."""
    for name in given:
        if name not in choices:
            import difflib

            near = difflib.get_close_matches(name, list(choices), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise ValueError(f"{owner} has no parameter {name!r}{hint} choices: {', '.join(choices)}")


def check_value(owner: Any, name: str, value: float) -> None:
    """Refuse a value that a parameter object would refuse, where it is given without making such an object.

    Parameters
    ----------
    owner : Parameters or type
        Which may have the parameter; what has none of this name accepts every value.
    name : str
        Name of the parameter.
    value : float
        In the SI unit of the parameter.

    Raises
    ------
    ValueError
        When it is not in the range that the parameter accepts.
    """
    for field in dataclasses.fields(owner) if dataclasses.is_dataclass(owner) else ():
        if field.name == name and "unit" in field.metadata:
            _checked(field, value)


def _checked(field: dataclasses.Field[Any], given: Any) -> float:
    unit, positive = field.metadata["unit"], field.metadata["positive"]
    low, high = field.metadata["low"], field.metadata["high"]
    quantity = _QUANTITY_OF_UNIT.get(unit, "value")
    kind = f"a positive {quantity}" if positive else f"a finite {quantity}"
    wanted = f"{field.name} must be {kind}" + (f" in {unit}" if unit else "")
    if low is not None and high is not None:
        wanted += f" from {low:g} to {high:g}"
    elif low is not None:
        wanted += f" of at least {low:g}"
    elif high is not None:
        wanted += f" of at most {high:g}"
    if field.metadata["optional"]:
        wanted += ", or None"
    if isinstance(given, bool):
        raise ValueError(f"{wanted}, got {given!r}")
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{wanted}, got {given!r}") from None
    outside = (positive and value <= 0) or (low is not None and value < low) or (high is not None and value > high)
    if not math.isfinite(value) or outside:
        raise ValueError(f"{wanted}, got {given!r}")
    return value


def parse_quantity(text: str, unit: str = "") -> float:
    """Read a number with an optional SI prefix and unit.

    Prefixes are case-sensitive, as in SI: ``M`` is mega and ``m`` is milli (SPICE reads both as milli).

    Parameters
    ----------
    text : str
        For example ``"10nF"``, ``"5 ms"``, ``"4.7k"`` or ``"1e-3"``.
    unit : str
        The unit that is expected; another one is refused.

    Returns
    -------
    float
        The value in `unit`.

    Raises
    ------
    ValueError
        When the text is not a number, or carries another unit.

    Examples
    --------
    >>> parse_quantity("10nF", "F")
    1e-08
    >>> parse_quantity("4.7k", "ohm")
    4700.0
    """
    expected = f"a value in {unit}, such as '{format_quantity(0.01, unit)}'" if unit else "a number"
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"cannot read {text!r}: expected {expected}")
    number, suffix = match.groups()
    suffix = suffix if unit == "" else _strip_unit(suffix, unit)
    is_percentage = suffix == "%" and unit == ""
    if not is_percentage and (suffix is None or suffix not in _PREFIXES):
        raise ValueError(f"cannot read {text!r}: expected {expected}")
    # One correctly rounded conversion: multiplying by 1e-9 would leave an error in the last digit.
    exponent = -2 if is_percentage else round(math.log10(_PREFIXES[suffix or ""]))
    mantissa, _, power = number.lower().partition("e")
    # No float has an exponent of six digits, and Python refuses to read integers of some thousand.
    value = float(f"{mantissa}e{int(power or 0) + exponent}") if len(power) < 6 else math.inf
    if not math.isfinite(value):
        raise ValueError(f"cannot read {text!r}: it is out of the range of floating point numbers")
    return value


def _strip_unit(suffix: str, unit: str) -> str | None:
    for spelling in (unit, *(s for s, u in _UNIT_SPELLINGS.items() if u == unit)):
        if suffix.endswith(spelling) and suffix[: -len(spelling)] in _PREFIXES:
            return suffix[: -len(spelling)]
    return suffix if suffix in _PREFIXES else None


def format_quantity(value: float, unit: str = "", digits: int = 4) -> str:
    """Print a value with the SI prefix that fits.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        SI unit symbol.
    digits : int
        Significant digits.

    Returns
    -------
    str
        For example ``"22 nF"``.

    Examples
    --------
    >>> format_quantity(2.2e-8, "F")
    '22 nF'
    >>> format_quantity(0.0, "s")
    '0 s'
    >>> format_quantity(2.5e4, "1/s")
    '2.5e+04 1/s'
    """
    # A prefix before "1/s" or "m^2" would not be one of the number.
    if value == 0 or not math.isfinite(value) or unit == "" or unit.startswith("1/") or "^" in unit:
        return f"{value + 0.0:.{digits}g} {unit}".rstrip()
    # Rounded before the prefix is chosen: 999.96 V is 1 kV to four digits, not 1000 V.
    rounded = float(f"{value:.{digits}g}")
    magnitude = abs(rounded)
    for prefix in ("T", "G", "M", "k", "", "m", "u", "n", "p", "f"):
        if magnitude >= _PREFIXES[prefix] * (1 - 1e-12):
            break
    return f"{rounded / _PREFIXES[prefix]:.{max(digits, 3)}g} {prefix}{unit}"


def pluralised(count: int, noun: str) -> str:
    """``"1 spike"`` or ``"2 spikes"``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
