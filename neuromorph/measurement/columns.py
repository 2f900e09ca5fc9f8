"""What the columns of a table are: their roles and units, from names such as "voltage [V]", "I (uA)" or "t_ms"."""

from __future__ import annotations

import re

ROLES = {
    "time": "s",
    "voltage": "V",
    "current": "A",
    "drive": "V",
    "resistor": "V",
}
"""Roles of columns and their SI units; ``voltage`` is across the device, ``drive`` that of the source, ``resistor`` that
across the series resistor."""

_NAMES = {
    "time": "t time times xaxis timestamp",
    "voltage": "v u voltage volt vm vmem vmemristor vdut vdevice memristorvoltage devicevoltage voltagememristor",
    "current": "i current im imem imemristor idut idevice memristorcurrent devicecurrent currentmemristor amps",
    "drive": "drive vdrive vsource source vsrc vin vapplied applied sourcevoltage drivevoltage appliedvoltage vgen",
    "resistor": "vr vres vresistor vshunt shunt resistorvoltage shuntvoltage",
}
_ROLE_OF = {name: role for role, names in _NAMES.items() for name in names.split()}
_BASES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("V", "v", "Volt", "volt", "Volts", "volts"), "V"),
    **dict.fromkeys(("A", "a", "Amp", "amp", "Amps", "amps", "Ampere", "ampere", "Amperes", "amperes"), "A"),
}
_PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}
_PREFIX_WORDS = {"nano": "n", "micro": "u", "milli": "m", "kilo": "k"}
# "voltage [V]", "I (uA)", "I/uA", "current in uA", "t_ms", "Time s"
_WITH_UNIT = re.compile(r"(.+?)\s*(?:\[([^\]]*)\]|\(([^)]*)\)|/\s*(\S+)|\s+in\s+(\S+)|[_\s]\s*(\S+))")


def unit_factor(text: str) -> tuple[str, float] | None:
    """An SI unit and the factor to it, ``None`` where the text is no unit of a column.

    Parameters
    ----------
    text : str
        Such as ``"uA"``.

    Returns
    -------
    tuple of str and float, or None
        For example ``("A", 1e-6)`` [A/uA].
    """
    text = text.strip()
    for word, prefix in _PREFIX_WORDS.items():
        if text.lower().startswith(word):
            text = prefix + text[len(word) :]
    for base, unit in _BASES.items():
        if text.endswith(base) and text[: -len(base)] in _PREFIXES:
            return unit, _PREFIXES[text[: -len(base)]]
    return None


def role_of(name: str) -> tuple[str | None, str | None]:
    """Role of a column, and its unit where the name states one.

    Parameters
    ----------
    name : str
        As in the file's header.

    Returns
    -------
    tuple
        Role, or ``None``; text of the unit, or ``None``.

    Examples
    --------
    >>> role_of("I (uA)"), role_of("t_ms"), role_of("V_drive")
    (('current', 'uA'), ('time', 'ms'), ('drive', None))
    """
    match = _WITH_UNIT.fullmatch(name.strip())
    if match is not None:
        unit = next(group for group in match.groups()[1:] if group is not None)
        role = _ROLE_OF.get(_bare(match.group(1)))
        factor = unit_factor(unit)
        # "V_s" is no voltage in seconds.
        if role is not None and factor is not None and factor[0] == ROLES[role]:
            return role, unit
        if role is not None and match.group(2) is not None:
            return role, unit
    return _ROLE_OF.get(_bare(name)), None


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
