"""Whether a record can be what it says: columns, units, drive and periods checked against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.measurement.cycles import cycles_of, residuals_of_sines, thinned
from neuromorph.measurement.measurement import Array, Measurement
from neuromorph.quantities import format_quantity

_FEWEST = 16
# Shares of the range by which a drive may miss ``voltage + resistor * current``, and an amplitude its nominal value.
_DRIVE_MISSES = 0.03
_AMPLITUDE_MISSES = 0.2
# Share of a source's power beside sine or triangle: more than the first is odd, less than the second is neat.
_ODD, _NEAT = 0.01, 0.001
_PREFIXES = {1e-9: "n", 1e-6: "u", 1e-3: "m", 1.0: "", 1e3: "k"}


def check_plausible(record: Measurement, factors: Mapping[str, float] | None = None) -> None:
    """Refuse a record that contradicts itself.

    Parameters
    ----------
    record : Measurement
        To be looked at.
    factors : mapping of str to float, optional
        What the file's numbers were multiplied with to become SI units, by role: ``1e-6`` for a current in uA
        [A/unit, V/unit].

    Raises
    ------
    MeasurementError
        With a question: swapped columns, a wrong unit, a drive of another record, a part of a period, a signal that
        does not change.
    """
    if len(record) < _FEWEST:
        raise MeasurementError(f"{_where(record)} has {len(record)} rows: a loop needs {_FEWEST} at least")
    for column in ("voltage", "current"):
        if np.ptp(getattr(record, column)) == 0:
            raise MeasurementError(f"{_where(record)}: the {column} never changes; was anything measured?")
    factors = {"voltage": 1.0, "current": 1.0, **(factors or {})}
    if record.series_resistor is not None:
        _check_source(record, factors)
    else:
        _check_without_resistor(record)
    _check_periods(record)


def refuse_duplicates(measurements: Iterable[Measurement]) -> None:
    """Refuse two records that are the same numbers: counted twice, they would look like agreement.

    Parameters
    ----------
    measurements : iterable of Measurement
        What is to be used together.

    Raises
    ------
    MeasurementError
        That names both.
    """
    seen: dict[str, Measurement] = {}
    for record in measurements:
        numbers = hashlib.sha256(record.voltage.tobytes() + record.current.tobytes()).hexdigest()
        for key in {numbers, record.sha256} - {""}:
            if key in seen:
                first = seen[key]
                raise MeasurementError(
                    f"{_where(first)} and {_where(record)} are the same record (equal to the last digit); leave one out"
                )
        seen.update(dict.fromkeys({numbers, record.sha256} - {""}, record))


def _where(record: Measurement) -> str:
    return record.source or record.name


def _readings(record: Measurement, factors: Mapping[str, float]) -> list[tuple[str, Array, Array]]:
    """Other ways to read the columns: the question that each one is, and voltage and current under it."""
    v, i, f_v, f_i = record.voltage, record.current, factors["voltage"], factors["current"]
    readings = [("swapped", i / f_i * f_v, v / f_v * f_i)]
    readings += [(f"current {s:g}", v, s * i) for s in (1e3, 1e-3, 1e6, 1e-6)]
    return [*readings, *((f"voltage {s:g}", s * v, i) for s in (1e-3, 1e3))]


def _question(reading: str, factors: Mapping[str, float]) -> str:
    if reading == "swapped":
        return "are the columns swapped? Give columns=('current', 'voltage')"
    role, scale = reading.split()
    unit, factor = {"current": "A", "voltage": "V"}[role], factors[role]
    now, other = (_PREFIXES.get(float(f"{x:.3g}"), f"{x:g} ") + unit for x in (factor, factor * float(scale)))
    return f"is the {role} in {other}, not in {now}? Give units={{{role!r}: {other!r}}}"


def _check_source(record: Measurement, factors: Mapping[str, float]) -> None:
    resistor = record.series_resistor or 0.0
    # A part of a period need not reach the amplitude.
    amplitude = record.metadata.get("amplitude") if (record.cycles or 1.0) > 0.9 else None

    def contradiction(v: Array, i: Array) -> float:
        """Above 1 where drive, voltage, current and resistor do not belong together."""
        source = v + resistor * i
        if record.drive is not None:
            miss = record.drive - source
            return float(np.std(miss) / (_DRIVE_MISSES * max(np.ptp(record.drive), 1e-300)))
        if amplitude:
            return abs(float(np.ptp(source)) / (2 * float(amplitude)) - 1) / _AMPLITUDE_MISSES
        return distortion(source, record) / _ODD

    if contradiction(record.voltage, record.current) <= 1:
        return
    for reading, v, i in _readings(record, factors):
        if contradiction(v, i) <= (0.5 if record.drive is not None or amplitude else _NEAT / _ODD):
            raise MeasurementError(f"{_where(record)}: {_contradiction(record)}; {_question(reading, factors)}")
    if record.drive is not None:
        own = record.drive - record.voltage
        found = float(own @ record.current / (record.current @ record.current))
        if found > 0 and np.std(own - found * record.current) <= _DRIVE_MISSES * np.ptp(record.drive):
            raise MeasurementError(
                f"{_where(record)}: {_contradiction(record)}; is the series resistor {format_quantity(found, 'ohm')}? Give "
                f"series_resistor={found:.4g}"
            )
        raise MeasurementError(f"{_where(record)}: {_contradiction(record)}; is it the drive of another record?")
    if amplitude:
        # A part of a period has another amplitude too.
        _check_periods(record)
        raise MeasurementError(
            f"{_where(record)}: {_contradiction(record)}; are units and amplitude right? Give units=, series_resistor= or amplitude="
        )


def _contradiction(record: Measurement) -> str:
    resistor = format_quantity(record.series_resistor or 0.0, "ohm")
    source = record.voltage + (record.series_resistor or 0.0) * record.current
    if record.drive is not None:
        off = float(np.std(record.drive - source) / np.ptp(record.drive))
        return f"the drive does not match voltage + {resistor} * current, which differs by {off:.0%} of its range"
    amplitude = record.metadata.get("amplitude")
    if amplitude:
        found = format_quantity(float(np.ptp(source)) / 2, "V", 3)
        return f"voltage + {resistor} * current has an amplitude of {found}, the drive one of {format_quantity(amplitude, 'V')}"
    return f"voltage + {resistor} * current is no sine and no triangle"


def distortion(source: Array, record: Measurement) -> float:
    """Share of a source's power that neither a sine nor a triangle of the record's periods explains (pure number)."""
    values = thinned(source, 4096)
    values = values - values.mean()
    count = record.cycles or cycles_of(values) or 1.0
    power = float(values @ values)
    if power == 0:
        return 1.0
    # The triangle of the same phase as the fundamental.
    angle = 2 * np.pi * count * np.arange(values.size) / values.size
    phase = np.arctan2(values @ np.cos(angle), values @ np.sin(angle))
    triangle = np.arcsin(np.sin(angle + phase))
    rest = values - triangle * (values @ triangle) / (triangle @ triangle)
    return min(float(residuals_of_sines(values, np.array([count]))[0]), float(rest @ rest)) / power


def _check_without_resistor(record: Measurement) -> None:
    amplitude = record.metadata.get("amplitude")
    peak = float(np.abs(record.voltage).max())
    if amplitude and peak > (1 + _AMPLITUDE_MISSES) * float(amplitude):
        raise MeasurementError(
            f"{_where(record)}: the voltage reaches {format_quantity(peak, 'V', 3)}, the drive {format_quantity(amplitude, 'V')}; "
            "are the columns swapped, or is the voltage in mV? Give columns=('current', 'voltage') or units="
        )
    for column, unit, most in (("voltage", "V", 50.0), ("current", "A", 1.0)):
        peak = float(np.abs(getattr(record, column)).max())
        if peak > most and not amplitude:
            raise MeasurementError(
                f"{_where(record)}: the {column} reaches {format_quantity(peak, unit, 3)}; are the columns swapped, or is its unit "
                f"another? Give columns=('current', 'voltage') or units={{{column!r}: 'm{unit}'}}; check=False takes it as it is"
            )


def _check_periods(record: Measurement) -> None:
    claimed = record.cycles
    if claimed is None:
        return
    source = record.drive
    if source is None:
        source = record.voltage + (record.series_resistor or 0.0) * record.current
    found = cycles_of(source)
    known = record.drive is not None or record.series_resistor is not None
    # The device bends its own voltage: where that is all there is, only half a period is told from a whole one.
    if found is None or abs(found - claimed) <= (0.1 if known else 0.3) * max(claimed, 1.0):
        return
    is_half = abs(found / claimed - 0.5) < 0.12
    what = "half a period" if is_half and claimed < 1.5 else f"{found:.3g} periods"
    raise MeasurementError(
        f"{_where(record)}: at {format_quantity(record.frequency or 0.0, 'Hz')} it would hold {claimed:.3g} periods, but the drive shows "
        f"{what}. Which is right? Give frequency=, or cycles= for a file without time, or a record of whole periods"
    )
