"""A measured current-voltage record of one device, with how it was measured and what was done to it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.measurement.cleaning import CleaningSteps

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Measurement(CleaningSteps):
    """What was measured on one memristor, in SI units.

    Steps that clean it return a new record: :meth:`remove_offsets`, :meth:`average_cycles`, :meth:`align_phase`,
    :meth:`drop_outliers`, :meth:`resample`.

    Parameters
    ----------
    time : ndarray, shape (n,) [s]
        Instants of the samples, rising, from 0.
    voltage : ndarray, shape (n,) [V]
        Voltage across the device.
    current : ndarray, shape (n,) [A]
        Current through the device.
    drive : ndarray, shape (n,) [V], optional
        Voltage of the source, across the device and the series resistor.
    series_resistor : float, optional
        Resistor between source and device [ohm].
    frequency : float, optional
        Frequency of the drive [Hz].
    periodic : bool
        Whether the record is one or more whole periods of a drive that ran before and after it: the first sample
        follows the last.
    name : str
        What messages and reports call it.
    metadata : dict
        What else is known: amplitude of the drive [V], device, and what the file says.
    cleaning : tuple of str
        What was done to the numbers since they were read, in order.
    source : str
        File that the record was read from; empty when it was made otherwise.
    sha256 : str
        Hash of that file.

    Raises
    ------
    MeasurementError
        When the arrays differ in length, are not finite, or time does not rise.

    Examples
    --------
    >>> t = np.arange(100) / 100
    >>> record = Measurement(time=t, voltage=np.sin(2 * np.pi * t), current=1e-3 * np.sin(2 * np.pi * t), frequency=1.0)
    >>> len(record), round(record.duration, 6)
    (100, 1.0)
    """

    time: Array
    voltage: Array
    current: Array
    drive: Array | None = None
    series_resistor: float | None = None
    frequency: float | None = None
    periodic: bool = False
    name: str = "measurement"
    metadata: dict[str, Any] = field(default_factory=dict)
    cleaning: tuple[str, ...] = ()
    source: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        for column in ("time", "voltage", "current", "drive"):
            values = getattr(self, column)
            if values is None and column == "drive":
                continue
            values = np.ascontiguousarray(values, dtype=float)
            if values.ndim != 1 or values.size != np.size(self.time):
                raise MeasurementError(
                    f"{self.name}: {column} has the shape {values.shape}, time has {np.shape(self.time)}; give one number a sample"
                )
            if not np.isfinite(values).all():
                bad = int(np.flatnonzero(~np.isfinite(values))[0])
                raise MeasurementError(
                    f"{self.name}: {column} is {values[bad]} in sample {bad + 1}; leave such samples out"
                )
            object.__setattr__(self, column, values)
        if self.time.size < 2 or not (np.diff(self.time) > 0).all():
            raise MeasurementError(f"{self.name}: time must rise from sample to sample, over two samples at least")
        for number, unit in (("series_resistor", "ohm"), ("frequency", "Hz")):
            value = getattr(self, number)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise MeasurementError(f"{self.name}: {number} must be positive, in {unit}, or None, got {value!r}")
        if self.periodic and self.frequency is None:
            raise MeasurementError(f"{self.name}: a periodic record needs its frequency [Hz]")

    def __repr__(self) -> str:
        count = "" if self.cycles is None else f"{self.cycles:.4g}"
        cycles = f", {count} cycle{'' if count == '1' else 's'} of {self.frequency:g} Hz" if count else ""
        return f"Measurement({self.name!r}, {len(self)} samples over {self.duration:.4g} s{cycles})"

    def __len__(self) -> int:
        return int(self.time.size)

    @property
    def dt(self) -> float:
        """Mean interval between samples [s]."""
        return float((self.time[-1] - self.time[0]) / (self.time.size - 1))

    @property
    def duration(self) -> float:
        """Length of the record, its last interval included [s]."""
        return self.dt * self.time.size

    @property
    def cycles(self) -> float | None:
        """Periods of the drive in the record (pure number); ``None`` where the frequency is not known."""
        return None if self.frequency is None else self.duration * self.frequency

    @property
    def source_voltage(self) -> Array:
        """Voltage of the source [V]: as recorded, else ``voltage + series_resistor current``.

        Raises
        ------
        MeasurementError
            When there is neither a record of the drive nor a series resistor.
        """
        if self.drive is not None:
            return self.drive
        if self.series_resistor is None:
            raise MeasurementError(
                f"{self.name}: what drove the device? Give series_resistor=... [ohm], or the drive's record"
            )
        return self.voltage + self.series_resistor * self.current

    def replace(self, **changes: Any) -> Measurement:
        """A copy with some fields changed (SI units)."""
        return dataclasses.replace(self, **changes)

    def save(self, path: str | Path) -> None:
        """Write the record as a CSV with named columns, and all else into a TOML of the same name beside it.

        Parameters
        ----------
        path : str or Path
            The CSV; :func:`neuromorph.load_measurement` reads both back, equal to the last digit (SI units).

        Raises
        ------
        OSError
            When it cannot be written.
        """
        from neuromorph.measurement.storage import save

        save(self, Path(path))

    def to_dict(self) -> dict[str, Any]:
        """All but the arrays, as what JSON and TOML can hold (SI units)."""
        return {
            "name": self.name,
            "samples": len(self),
            "duration": self.duration,
            "series_resistor": self.series_resistor,
            "frequency": self.frequency,
            "periodic": self.periodic,
            "metadata": dict(self.metadata),
            "cleaning": list(self.cleaning),
            "source": self.source,
            "sha256": self.sha256,
        }
