"""Steps that clean a record: each is asked for, returns a new record, and is written down in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.quantities import format_quantity, pluralised

if TYPE_CHECKING:
    from neuromorph.measurement.measurement import Array, Measurement

# Part of the amplitude around its zero in which a current is a straight line of the source's voltage.
_NEAR_ZERO = 0.05
_FEWEST_NEAR_ZERO = 4
# A running median over so many samples keeps steps and drops single ones.
_MEDIAN = 5
_MOST_OUTLIERS = 0.05


class CleaningSteps:
    """The steps, as methods of a record."""

    def remove_offsets(self: Any, *, drive: float | None = None, current: float | None = None) -> Measurement:
        """Take off the constant errors of both channels.

        The offset of the drive is its mean over whole periods: the drive must be symmetric. A passive device carries no
        current where the source is at zero, so the offset of the current is what flows where the corrected drive
        crosses zero, in the mean of its rise and its fall; a capacitor across the device does not count then. The voltage is
        corrected with them, so that ``drive = voltage + series_resistor current`` stays true.

        Parameters
        ----------
        drive : float, optional
            Offset of the drive [V]; found when not given.
        current : float, optional
            Offset of the current [A]; found when not given.

        Returns
        -------
        Measurement
            Without them. Where neither a drive nor a series resistor is known, the voltage takes the drive's place and
            only the current is corrected.

        Raises
        ------
        MeasurementError
            When the record is not of whole periods and offsets are not given.
        """
        has_source = self.drive is not None or self.series_resistor is not None
        source = self.source_voltage if has_source else self.voltage
        if drive is None and has_source:
            drive = float(np.mean(_whole_periods(self, source, "the mean of the drive, give drive=")))
        offset = drive or 0.0
        if current is None:
            current = _current_at_zero(self, source - offset)
        voltage, note = self.voltage, ""
        if has_source and self.series_resistor is not None:
            voltage = voltage - offset + self.series_resistor * current
        elif has_source:
            voltage = voltage - offset
        else:
            note = "; the drive is not known, its offset stays"
        return _stepped(
            self,
            f"offsets removed: drive {format_quantity(offset, 'V')}, current {format_quantity(current, 'A')}{note}",
            voltage=voltage,
            current=self.current - current,
            drive=None if self.drive is None else self.drive - offset,
        )

    def average_cycles(self: Any) -> Measurement:
        """Average over the periods of the drive.

        Returns
        -------
        Measurement
            One period, from time 0 [s]. Samples after the last whole period are left out. The written step says by how
            much the periods differ: where that is much more than noise, the device changed, and the mean is no cycle.

        Raises
        ------
        MeasurementError
            When the record holds less than two periods, or their frequency is not known.
        """
        count = int((self.cycles or 0.0) + 0.02)
        if count < 2:
            raise MeasurementError(
                f"{self.name}: to average cycles takes two at least, there are {self.cycles or 0.0:.3g}"
                + ("" if self.frequency else "; what is the frequency of the drive? Give frequency= when loading")
            )
        per_cycle = round(1.0 / (self.frequency * self.dt))
        if per_cycle < 4:
            raise MeasurementError(f"{self.name}: {per_cycle} samples a period are too few to average")
        is_even = _is_even(self.time) and abs(1.0 / (self.frequency * self.dt) - per_cycle) * count < 0.5
        grid = (np.arange(count * per_cycle) / per_cycle) / self.frequency

        def cycles(column: Array) -> Array:
            values = column if is_even and column.size >= grid.size else np.interp(grid, self.time, column)
            return np.asarray(values[: grid.size].reshape(count, per_cycle), dtype=float)

        currents = cycles(self.current)
        mean = currents.mean(axis=0)
        spread = float(np.sqrt(np.mean((currents - mean) ** 2)) / np.ptp(mean))
        left_out = max(len(self) - count * per_cycle, 0)
        return _stepped(
            self,
            f"averaged {count} cycles of {per_cycle} samples, which differ by {spread:.2%} of the current's range (rms)"
            + (f"; {pluralised(left_out, 'sample')} at the end left out" if left_out else ""),
            time=grid[:per_cycle],
            voltage=cycles(self.voltage).mean(axis=0),
            current=mean,
            drive=None if self.drive is None else cycles(self.drive).mean(axis=0),
            periodic=True,
        )

    def align_phase(self: Any) -> Measurement:
        """Let the record start where the drive rises through its mean.

        Returns
        -------
        Measurement
            Samples rolled; what is left of the phase is less than half a sample. A device that a positive voltage turns on
            starts turned off, then.

        Raises
        ------
        MeasurementError
            When the record is not of whole periods, or its steps are uneven.
        """
        has_source = self.drive is not None or self.series_resistor is not None
        source = self.source_voltage if has_source else self.voltage
        _whole_periods(self, source, "a roll")
        if not _is_even(self.time):
            raise MeasurementError(f"{self.name}: samples at uneven steps cannot be rolled; resample first")
        angle = np.angle(_fundamental(self, source))
        # The fundamental is cos(2 pi f t + angle); it rises through zero a quarter of a period before its top.
        samples = 1.0 / (self.frequency * self.dt)
        first = round(((-angle / (2 * np.pi) - 0.25) % 1.0) * samples) % round(samples)
        return _stepped(
            self,
            f"rolled by {pluralised(first, 'sample')} to the rising zero of the drive",
            **{name: np.roll(column, -first) for name, column in _columns(self).items()},
        )

    def drop_outliers(self: Any, threshold: float = 8.0) -> Measurement:
        """Replace single samples that stand apart by the line between their neighbours.

        Parameters
        ----------
        threshold : float
            How far from the running median of five samples, in standard deviations of what is usual, in typical steps
            from sample to sample, or in thousandths of the range, whichever is most (pure number). Two samples in a row are
            taken for what the device did, and kept.

        Returns
        -------
        Measurement
            With as many samples. All columns are replaced where one stands apart, so that they still belong together; the
            written step says how many samples that were, and which.

        Raises
        ------
        MeasurementError
            When more than a twentieth of the samples stand apart: that is noise, and no outliers.
        """
        from scipy.ndimage import median_filter

        columns, found = _columns(self), {}
        for name, column in columns.items():
            apart = np.abs(column - median_filter(column, _MEDIAN, mode="wrap" if self.periodic else "nearest"))
            usual = max(
                1.4826 * float(np.median(apart)),
                float(np.median(np.abs(np.diff(column)))),
                1e-3 * float(np.ptp(column)),
            )
            is_apart = apart > threshold * usual
            found[name] = is_apart & ~np.roll(is_apart, 1) & ~np.roll(is_apart, -1)
        is_bad = np.logical_or.reduce([*found.values()])
        bad, good = np.flatnonzero(is_bad), np.flatnonzero(~is_bad)
        if bad.size > _MOST_OUTLIERS * is_bad.size:
            raise MeasurementError(
                f"{self.name}: {bad.size} of {is_bad.size} samples stand apart: noise, not outliers; raise threshold="
            )
        step = f"outliers beyond {threshold:g} deviations: none"
        if bad.size:
            period = self.duration if self.periodic else None
            columns = {n: np.interp(self.time, self.time[good], c[good], period=period) for n, c in columns.items()}
            which = ", ".join(str(k + 1) for k in bad[:5]) + (", ..." if bad.size > 5 else "")
            where = ", ".join(
                f"{int(is_apart.sum())} in the {name}" for name, is_apart in found.items() if is_apart.any()
            )
            step = f"outliers beyond {threshold:g} deviations: {pluralised(int(bad.size), 'sample')} replaced ({which}; {where})"
        return _stepped(self, step, **columns)

    def resample(self: Any, samples: int) -> Measurement:
        """Give the record another number of samples, at even steps.

        Parameters
        ----------
        samples : int
            Over the whole record.

        Returns
        -------
        Measurement
            Fewer samples are means over their steps, so that noise falls and nothing is aliased; more lie on lines
            between what there was.

        Raises
        ------
        MeasurementError
            When fewer than two are asked for.
        """
        if samples < 2:
            raise MeasurementError(f"{self.name}: resample needs two samples at least, got {samples}")
        step = self.duration / samples
        is_coarser = samples < len(self)
        # A mean over a step stands for its middle.
        grid = (np.arange(samples) + (0.5 if is_coarser else 0.0)) * step
        time = np.append(self.time, self.duration)

        def on_grid(column: Array) -> Array:
            closed = np.append(column, column[0] if self.periodic else column[-1])
            if not is_coarser:
                return np.asarray(np.interp(grid, time, closed), dtype=float)
            area = np.concatenate([[0.0], np.cumsum(0.5 * (closed[1:] + closed[:-1]) * np.diff(time))])
            edges = np.linspace(0.0, self.duration, samples + 1)
            return np.asarray(np.diff(_integral_at(edges, time, closed, area)) / step, dtype=float)

        return _stepped(
            self,
            f"resampled from {len(self)} to {samples} samples"
            + (", each the mean over its step" if is_coarser else ""),
            time=grid - grid[0],
            **{name: on_grid(column) for name, column in _columns(self).items()},
        )


def _integral_at(edges: Array, time: Array, values: Array, area: Array) -> Array:
    """Integral of the line through samples up to each edge."""
    k = np.clip(np.searchsorted(time, edges, side="right") - 1, 0, time.size - 2)
    since = edges - time[k]
    slope = (values[k + 1] - values[k]) / (time[k + 1] - time[k])
    return np.asarray(area[k] + since * (values[k] + 0.5 * slope * since), dtype=float)


def _columns(record: Measurement) -> dict[str, Array]:
    columns = {"voltage": record.voltage, "current": record.current}
    return columns if record.drive is None else {**columns, "drive": record.drive}


def _stepped(record: Measurement, step: str, **changes: Any) -> Measurement:
    return record.replace(cleaning=(*record.cleaning, step), **changes)


def _is_even(time: Array) -> bool:
    steps = np.diff(time)
    return bool(np.ptp(steps) < 1e-3 * float(steps.mean()))


def _whole_periods(record: Measurement, values: Array, what: str) -> Array:
    if not record.periodic:
        raise MeasurementError(
            f"{record.name}: {what} needs whole periods of the drive; this record has "
            + ("an unknown number" if record.cycles is None else f"{record.cycles:.4g}")
        )
    return values


def _fundamental(record: Measurement, values: Array) -> complex:
    """Complex amplitude of the drive's frequency [unit of the values]."""
    turn = np.exp(-2j * np.pi * (record.frequency or 0.0) * record.time)
    return complex(2.0 * np.mean((values - values.mean()) * turn))


def _current_at_zero(record: Measurement, source: Array) -> float:
    """Current where the source crosses zero, the mean of rise and fall [A]."""
    if record.frequency is None:
        raise MeasurementError(
            f"{record.name}: where the drive rises and falls follows from its frequency; give current= instead"
        )
    angle = np.angle(_fundamental(record, source))
    rises = np.sin(2 * np.pi * record.frequency * record.time + angle) < 0
    size = np.abs(source)
    near = _NEAR_ZERO * float(size.max())
    found = []
    for branch in (rises, ~rises):
        k = np.flatnonzero(branch & (size < near))
        if k.size < _FEWEST_NEAR_ZERO:
            k = np.flatnonzero(branch)
            k = k[np.argsort(size[k])[:_FEWEST_NEAR_ZERO]]
        _, intercept = np.polyfit(source[k], record.current[k], 1)
        found.append(float(intercept))
    return 0.5 * sum(found)
