"""Measured records from text files: what the columns are, in which units, and how the record was measured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.measurement.columns import ROLES, role_of, unit_factor
from neuromorph.measurement.cycles import cycles_of, whole_cycles
from neuromorph.measurement.measurement import Array, Measurement
from neuromorph.measurement.metadata import beside, from_name
from neuromorph.measurement.plausibility import check_plausible
from neuromorph.measurement.table import Table, find_table

# Two columns without a header are these, in volts and microamperes.
_BARE = ("voltage", "current")
_BARE_UNITS = {"voltage": "V", "current": "uA"}
# First line of the oscilloscopes that write two header lines; channel 1 is across the series resistor.
_SCOPE = ("x-axis", "1", "2")
_SCOPE_ROLES = ("time", "resistor", "drive")

# More is a mark of the instrument for a sample that it could not take.
_LARGEST = 1e30

Columns = Mapping[str, str | int] | Sequence[str | None]


def load_measurement(
    path: str | Path,
    *,
    series_resistor: float | None = None,
    frequency: float | None = None,
    amplitude: float | None = None,
    device: str | None = None,
    drive: str | Path | None = None,
    columns: Columns | None = None,
    units: Mapping[str, str] | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    cycles: float | None = None,
    periodic: bool | None = None,
    name: str | None = None,
    check: bool = True,
) -> Measurement:
    """Load a current-voltage record of a device from a text file.

    What is not given is taken from the TOML of the same name beside the file, then from the file's name
    (``5k_0.8V_10Hz_M1.csv``), then from the numbers where they leave no doubt; where they do, the error is a question
    and says which argument answers it.

    Parameters
    ----------
    path : str or Path
        One of: two columns without a header, voltage [V] and current [uA], of one period; the CSV of an
        oscilloscope with two header lines, channel 1 across the series resistor and channel 2 the source [s, V, V];
        any table with a header that names columns and units, such as ``time [ms]; voltage [V]; I (uA)``.
    series_resistor : float, optional
        Resistor between source and device [ohm]. Where voltage, current and drive are all there, it is found.
    frequency : float, optional
        Of the drive [Hz]. Without a column of time it is needed.
    amplitude : float, optional
        Of the drive, half its peak-to-peak range [V]; numbers are checked against it.
    device : str, optional
        Which device it was.
    drive : str or Path, optional
        File of the source's voltage [V], in rows as those of `path`; ``<name>_drive.csv`` beside the file is found.
    columns : mapping or sequence, optional
        What the columns are: name or position (from 1) by role, or roles in order, ``None`` for a column to leave out. Roles
        are ``time``, ``voltage`` (across the device), ``current``, ``drive`` (source), ``resistor`` (across the series
        resistor).
    units : mapping of str to str, optional
        Unit of each role, such as ``{"current": "mA"}``.
    delimiter, decimal : str, optional
        What separates cells, and the decimal mark.
    cycles : float, optional
        Periods in a file without time; 1 when not given (pure number).
    periodic : bool, optional
        Whether the record is whole periods of a drive that ran before and after; found when not given.
    name : str, optional
        Of the record; the file's when not given.
    check : bool
        Whether to refuse what is not plausible.

    Returns
    -------
    Measurement
        In SI units, time from zero [s]. Nothing is cleaned.

    Raises
    ------
    MeasurementError
        When the file cannot be read as a record, leaves a question open, or is not plausible; names file and line.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "1k_0.5V_10Hz_M1.csv"
    >>> t = np.arange(100) / 100
    >>> np.savetxt(path, np.column_stack([0.25 * np.sin(2 * np.pi * t), 250 * np.sin(2 * np.pi * t)]), delimiter=",")
    >>> record = load_measurement(path)
    >>> record.series_resistor, record.frequency, record.periodic, round(float(record.current.max()), 6)
    (1000.0, 10.0, True, 0.00025)
    >>> folder.cleanup()
    """
    path = Path(path)
    if not path.is_file():
        raise MeasurementError(f"{path} {'is a folder, not a file' if path.is_dir() else 'does not exist'}")
    if path.stem.endswith("_drive") and path.with_stem(path.stem.removesuffix("_drive")).is_file():
        device_file = path.with_stem(path.stem.removesuffix("_drive"))
        raise MeasurementError(f"{path} is the record of a drive: load {device_file.name}, which finds it by itself")
    card, from_stem = beside(path), from_name(path.stem)

    def fact(key: str, given: Any) -> Any:
        return given if given is not None else card.get(key, from_stem.get(key))

    amplitude, device = fact("amplitude", amplitude), fact("device", device)
    table = find_table(path, fact("delimiter", delimiter), fact("decimal", decimal))
    chosen = _choose(table, fact("columns", columns), {**card.get("units", {}), **(units or {})})
    signals = _signals(table, chosen)
    resistor = fact("series_resistor", series_resistor)
    drive_path = _drive_path(path, fact("drive", drive))
    if drive_path is not None:
        if "drive" in signals:
            raise MeasurementError(f"{path} has the drive among its columns: drive={str(drive_path)!r} is one too many")
        signals["drive"] = _drive_column(drive_path, chosen, table, signals)
    _complete(path, signals, resistor)
    if resistor is None and "drive" in signals:
        resistor = _resistor_found(signals)
    # The source as far as it is known: of what the device does, it alone is periodic without a doubt.
    source: Array | None = signals.get("drive")
    if source is None:
        source = signals["voltage"] + (resistor or 0.0) * signals["current"]
    frequency = fact("frequency", frequency)
    cycles = fact("cycles", cycles)
    for what, number, unit in (("frequency", frequency, "Hz"), ("cycles", cycles, "periods")):
        if number is not None and not (np.isfinite(number) and number > 0):
            raise MeasurementError(f"{path}: {what} must be positive, in {unit}, got {number!r}")
    count = signals["voltage"].size
    if count < 2:
        raise MeasurementError(f"{path} has {count} row of numbers: a record needs many")
    if "time" in signals:
        time: Array = signals["time"]
        _check_time(table, time)
        time -= time[0]
        span = float(time[-1]) * count / (count - 1)
        if frequency is None:
            in_span = cycles_of(source)
            if in_span is not None and in_span > 0.9:
                # Ten digits: a clock has no more, and 25 Hz should be 25.
                frequency = float(f"{(round(in_span) if whole_cycles(in_span) else in_span) / span:.10g}")
    else:
        if frequency is None:
            raise MeasurementError(
                f"{path} has no column of time: what is the frequency of its drive? Give frequency= [Hz]; the file holds one "
                "period, or cycles= of them"
            )
        span = float(cycles or 1.0) / frequency
        time = np.asarray(np.arange(count) * (span / count), dtype=np.float64)
    periodic = fact("periodic", periodic)
    if periodic is None:
        periodic = frequency is not None and whole_cycles(span * frequency)
    record = Measurement(
        time=time,
        voltage=signals["voltage"],
        current=signals["current"],
        drive=signals.get("drive"),
        series_resistor=resistor,
        frequency=frequency,
        periodic=periodic,
        name=fact("name", name) or path.stem,
        metadata={
            **({"amplitude": amplitude} if amplitude is not None else {}),
            **({"device": device} if device is not None else {}),
            **card.get("metadata", {}),
        },
        cleaning=tuple(card.get("cleaning", ())),
        source=card.get("source", str(path)),
        sha256=card.get("sha256") or _hash_of(path),
    )
    if check:
        check_plausible(record, {role: column.factor for role, column in chosen.items()})
    return record


@dataclass(frozen=True)
class _Column:
    position: int
    unit: str
    factor: float


def _choose(table: Table, columns: Columns | None, units: Mapping[str, str]) -> dict[str, _Column]:
    """Position and unit of each role."""
    for role, given in units.items():
        factor = unit_factor(given)
        if role not in ROLES:
            raise MeasurementError(f"units name {role!r}; choices: {', '.join(ROLES)}")
        if factor is None or factor[0] != ROLES[role]:
            raise MeasurementError(
                f"units: {given!r} is no unit of {role}; write {ROLES[role]} with a prefix or without"
            )
    names, header_units = _names(table)
    stated: dict[str, str | None] = {}
    if columns is not None:
        positions = _given(table, columns, names)
        stated = {role: role_of(names[k])[1] if names else None for role, k in positions.items()}
    elif tuple(name.lower() for name in names) == _SCOPE:
        positions = {role: k for k, role in enumerate(_SCOPE_ROLES)}
    elif not names:
        positions = _without_names(table)
        stated = {**_BARE_UNITS}
    else:
        positions, stated = _by_name(table, names)
    chosen = {}
    for role, position in positions.items():
        unit = units.get(role) or stated.get(role) or (header_units[position] if header_units else None)
        if unit is None and not names:
            unit = _BARE_UNITS.get(role)
        factor = unit_factor(unit) if unit is not None else None
        if factor is None or factor[0] != ROLES[role]:
            what = f"column {position + 1}" + (f" ({names[position]!r})" if names else "")
            why = f"is said to be in {unit!r}" if unit is not None else "has no unit"
            raise MeasurementError(
                f"{table.path}: {what}, the {role}, {why}. In what unit is it? Give units={{{role!r}: {_ASK[role]!r}}}, or as it is"
            )
        chosen[role] = _Column(position, unit or "", factor[1])
    return chosen


_ASK = {"time": "ms", "voltage": "V", "current": "uA", "drive": "V", "resistor": "mV"}


def _names(table: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns, and the units below them, as far as there are any."""
    heads = [head for head in table.headers if len(head) == table.n_columns]
    if table.headers and not heads:
        raise MeasurementError(
            f"{table.path}: the header names {len(table.headers[-1])} columns ({', '.join(table.headers[-1])}), the rows have "
            f"{table.n_columns}. Are these decimal commas? Give delimiter= and decimal=, or columns="
        )
    if len(heads) == 2 and all(unit_factor(cell) is not None for cell in heads[1]):
        return heads[0], heads[1]
    return (heads[-1], ()) if heads else ((), ())


def _without_names(table: Table) -> dict[str, int]:
    if table.n_columns == len(_BARE):
        return {role: k for k, role in enumerate(_BARE)}
    hint = " (are these decimal commas? then give delimiter= and decimal=)" if table.integers_only else ""
    raise MeasurementError(
        f"{table.path} has {table.n_columns} columns without names{hint}. What are they? Give columns=, such as "
        "columns=('time', 'voltage', 'current'), and units="
    )


def _by_name(table: Table, names: tuple[str, ...]) -> tuple[dict[str, int], dict[str, str | None]]:
    positions: dict[str, int] = {}
    stated: dict[str, str | None] = {}
    for k, name in enumerate(names):
        role, unit = role_of(name)
        if role is None:
            continue
        if role in positions:
            raise MeasurementError(
                f"{table.path}: {names[positions[role]]!r} and {name!r} may both be the {role}. Which is it? Give "
                f"columns={{{role!r}: ...}} with all the roles that there are"
            )
        positions[role], stated[role] = k, unit
    return positions, stated


def _given(table: Table, columns: Columns, names: tuple[str, ...]) -> dict[str, int]:
    if not isinstance(columns, Mapping):
        columns = {role: k for k, role in enumerate(columns, 1) if role is not None}
    positions = {}
    for role, column in columns.items():
        if role not in ROLES:
            raise MeasurementError(f"columns name {role!r}; choices: {', '.join(ROLES)}")
        if isinstance(column, str):
            if column not in names:
                raise MeasurementError(
                    f"{table.path} has no column {column!r}; it has {', '.join(names) or 'no names'}"
                )
            positions[role] = names.index(column)
        elif 1 <= column <= table.n_columns:
            positions[role] = column - 1
        else:
            raise MeasurementError(
                f"{table.path} has {table.n_columns} columns: {column} is none of them, counted from 1"
            )
    return positions


def _signals(table: Table, chosen: Mapping[str, _Column]) -> dict[str, Array]:
    """Columns by role in SI units."""
    missing = [role for role in ("voltage", "current") if role not in chosen]
    if missing and not {"drive", "resistor"} <= set(chosen) and not ("drive" in chosen and "current" in chosen):
        names = _names(table)[0]
        raise MeasurementError(
            f"{table.path}: no column is the {' or the '.join(missing)} (there are {', '.join(map(repr, names))}). Which is it? "
            f"Give columns={{{missing[0]!r}: ...}} with all the roles that there are"
        )
    numbers = table.read([column.position for column in chosen.values()])
    for k, column in enumerate(chosen.values()):
        largest = max(float(numbers[:, k].max()), -float(numbers[:, k].min()))
        if largest > _LARGEST:
            line = table.line_of(int(np.argmax(np.abs(numbers[:, k]))))
            raise MeasurementError(
                f"{table.path}, line {line}: column {column.position + 1} is {largest:.3g}; nothing measures that"
            )
    signals = {}
    for k, (role, column) in enumerate(chosen.items()):
        signals[role] = np.array(numbers[:, k])
        if column.factor != 1.0:
            signals[role] *= column.factor
    return signals


def _complete(path: Path, signals: dict[str, Array], resistor: float | None) -> None:
    """Voltage and current from what was recorded instead of them."""
    if {"voltage", "current"} <= set(signals):
        signals.pop("resistor", None)
        return
    if resistor is None:
        raise MeasurementError(
            f"{path}: the {'current' if 'current' not in signals else 'voltage'} follows from the series resistor: how large is it? "
            "Give series_resistor= [ohm]"
        )
    if "current" not in signals:
        across = signals.pop("resistor")
        signals["current"] = across / resistor
    else:
        across = resistor * signals["current"]
    if "voltage" not in signals:
        signals["voltage"] = signals["drive"] - across


def _resistor_found(signals: Mapping[str, Array]) -> float | None:
    """The resistor that the drive beyond the device's voltage is proportional to, if it is so beyond doubt [ohm]."""
    beyond = signals["drive"] - signals["voltage"]
    through = signals["current"] - signals["current"].mean()
    power = float(through @ through)
    if power == 0:
        return None
    found = float(through @ beyond) / power
    rest = float(np.std(beyond - found * signals["current"]))
    return float(f"{found:.6g}") if found > 0 and rest < 1e-3 * float(np.std(beyond)) else None


def _drive_path(path: Path, drive: str | Path | None) -> Path | None:
    if drive is None:
        found = path.with_stem(f"{path.stem}_drive")
        return found if found.is_file() else None
    given = Path(drive)
    for candidate in (given, path.parent / given):
        if candidate.is_file():
            return candidate
    raise MeasurementError(f"the drive's file {given} does not exist, neither here nor beside {path}")


def _drive_column(path: Path, chosen: Mapping[str, _Column], table: Table, signals: Mapping[str, Array]) -> Array:
    """The source's voltage from a file of its own; its current, where it has one, must be the device's."""
    other = find_table(path, table.delimiter, table.decimal)
    if other.n_columns != table.n_columns:
        raise MeasurementError(
            f"{path} has {other.n_columns} columns, {table.path} has {table.n_columns}: not its drive"
        )
    column, current = chosen["voltage"], chosen.get("current")
    numbers = other.read([column.position, *([current.position] if current else [])])
    if numbers.shape[0] != signals["voltage"].size:
        raise MeasurementError(
            f"{path} has {numbers.shape[0]} rows, {table.path} has {signals['voltage'].size}: the drive does not match the record"
        )
    if current is not None:
        apart = float(np.abs(numbers[:, 1] * current.factor - signals["current"]).max())
        if apart > 1e-3 * float(np.ptp(signals["current"])):
            if np.array_equal(numbers[:, 0] * column.factor, signals["voltage"]):
                raise MeasurementError(
                    f"{table.path} and {path.name} agree in what is read as the voltage and differ in the current; are the columns "
                    "swapped? Give columns=('current', 'voltage')"
                )
            raise MeasurementError(
                f"{path} does not match {table.path.name}: its current differs by up to {apart:.3g} A. Is it the drive of another "
                "record? Name the right file with drive="
            )
    return np.array(numbers[:, 0] * column.factor)


def _check_time(table: Table, time: Array) -> None:
    falls = np.flatnonzero(np.diff(time) <= 0)
    if falls.size:
        line = table.line_of(int(falls[0]) + 1)
        raise MeasurementError(
            f"{table.path}, line {line}: time does not rise there ({time[falls[0]]:.9g} s, then {time[falls[0] + 1]:.9g} s). Are "
            "several sweeps in one file, or is this another column? Split the file, or give columns="
        )


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
