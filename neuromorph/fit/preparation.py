"""What a record goes through before it is fitted: the steps of cleaning that every record of its kind needs."""

from __future__ import annotations

from typing import Any

import numpy as np

# A drive whose mean is below this share of its amplitude is meant to be symmetric.
_SYMMETRIC = 0.2
# A loop of more samples than this is thinned: they would cost time and memory, and say nothing more.
_MOST, _ENOUGH = 4000, 1000
# Periods that are thinned to so many samples each, where they cannot be averaged.
_MOST_PERIODS = 10
# Currents of rise and fall at zero drive that differ by more than this share of the peak to peak, and more than the offset
# itself, are those of a capacitor and of the device's state: no offset can be read off there.
_OPEN = 0.006
# Standard errors above which a current at zero drive is more than noise, and samples that it takes to tell.
_SIGNIFICANT = 3.0
_FEWEST = 5


def prepared(measurement: Any) -> Any:
    """A record of several periods averaged, offsets taken off, started where the drive rises; each step written down.

    Parameters
    ----------
    measurement : Measurement
        As loaded, or cleaned already: a step that has nothing to do is left out [s, V, A].

    Returns
    -------
    Measurement
        Its ``cleaning`` says what was done. What is not periodic stays as it is, and so do offsets under a drive that is not
        symmetric about zero.
    """
    if not measurement.periodic and measurement.time.size > _MOST and hasattr(measurement, "resample"):
        periods = min(max(round(measurement.cycles or 1.0), 1), _MOST_PERIODS)
        return measurement.resample(periods * _ENOUGH) if measurement.time.size > periods * _ENOUGH else measurement
    if not (measurement.periodic and measurement.frequency and hasattr(measurement, "average_cycles")):
        return measurement
    if measurement.cycles is not None and measurement.cycles > 1.9:
        measurement = measurement.average_cycles()
    if measurement.time.size > _MOST:
        measurement = measurement.resample(_ENOUGH)
    knows_source = measurement.drive is not None or measurement.series_resistor is not None
    source = measurement.source_voltage if knows_source else measurement.voltage
    symmetric = abs(float(np.mean(source))) < _SYMMETRIC * float(np.ptp(source)) / 2
    if symmetric and not any("offset" in str(step) for step in measurement.cleaning):
        measurement = measurement.remove_offsets(current=None if _has_offset(measurement) else 0.0)
    steps = np.diff(measurement.time)
    is_even = float(np.ptp(steps)) < 1e-3 * float(steps.mean())
    if is_even and not any("rolled" in str(step) for step in measurement.cleaning):
        measurement = measurement.align_phase()
    return measurement


def _has_offset(measurement: Any) -> bool:
    """Whether the current at zero drive is an offset: the loop closes there, and it is more than noise."""
    knows_source = measurement.drive is not None or measurement.series_resistor is not None
    source = measurement.source_voltage if knows_source else measurement.voltage
    source = source - source.mean()
    after, before = np.roll(source, -1), np.roll(source, 1)
    near = np.abs(source) < 0.1 * np.abs(source).max()
    at_zero, variance = [], 0.0
    for branch in (near & (after > before), near & (after < before)):
        if branch.sum() < _FEWEST:
            return True
        design = np.column_stack([source[branch], np.ones(int(branch.sum()))])
        current = measurement.current[branch]
        fitted, *_ = np.linalg.lstsq(design, current, rcond=None)
        scatter = float(np.sum((design @ fitted - current) ** 2)) / (branch.sum() - 2)
        at_zero.append(float(fitted[1]))
        variance += 0.25 * scatter * float(np.linalg.inv(design.T @ design)[1, 1])
    gap, mean = abs(at_zero[0] - at_zero[1]), abs(at_zero[0] + at_zero[1]) / 2
    closes = gap <= _OPEN * float(np.ptp(measurement.current)) or gap <= mean
    return bool(closes and mean > _SIGNIFICANT * np.sqrt(variance))
