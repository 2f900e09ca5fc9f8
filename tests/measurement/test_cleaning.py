"""Each step against what was put in: known offsets, a known phase, cycles with known noise, planted outliers."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm


def with_offsets(record, drive, across):
    """As an oscilloscope sees it: the source's channel and the resistor's are off [V]."""
    source = record.drive + drive
    resistor = record.series_resistor * record.current + across
    return record.replace(drive=source, current=resistor / record.series_resistor, voltage=source - resistor)


@pytest.mark.parametrize(("drive", "across"), [(-2.5e-3, -4e-3), (0.0, 1.4e-3), (5e-3, 0.0)])
def test_offsets_are_found_as_they_were_put_in(record, drive, across):
    """To a thousandth of the range; the straight line through zero is what limits it."""
    clean = with_offsets(record, drive, across).remove_offsets()
    np.testing.assert_allclose(clean.drive, record.drive, atol=1e-12)
    np.testing.assert_allclose(clean.current, record.current, atol=1e-3 * np.ptp(record.current))
    np.testing.assert_allclose(clean.voltage, record.voltage, atol=1e-3 * np.ptp(record.voltage))
    np.testing.assert_allclose(clean.drive, clean.voltage + 5e3 * clean.current, atol=1e-12)
    (step,) = clean.cleaning
    assert step.startswith("offsets removed: drive ")


def test_offsets_that_are_known(record):
    clean = with_offsets(record, 2e-3, 1e-3).remove_offsets(drive=2e-3, current=0.2e-6)
    np.testing.assert_allclose(clean.voltage, record.voltage, atol=1e-12)
    assert clean.cleaning == ("offsets removed: drive 2 mV, current 200 nA",)


def test_a_capacitor_across_the_device_is_no_offset():
    """It opens the loop at zero: as much current up as down."""
    record = nm.synthetic_measurement(nm.MMS(r_on=50e3, r_off=50e3), 0.8, 1e3, 5e3)
    charging = 0.3e-9 * 2 * np.pi * 1e3 * 0.8 * np.cos(2 * np.pi * 1e3 * record.time)
    charged = record.replace(current=record.current + charging)
    assert np.ptp(charged.remove_offsets().current - charged.current) < 1e-15
    assert abs((charged.remove_offsets().current - charged.current).mean()) < 1e-3 * np.ptp(record.current)


def test_without_a_source_only_the_current_is_corrected(record):
    bare = record.replace(drive=None, series_resistor=None, current=record.current + 2e-7)
    clean = bare.remove_offsets()
    np.testing.assert_array_equal(clean.voltage, bare.voltage)
    np.testing.assert_allclose(clean.current, record.current, atol=2e-3 * np.ptp(record.current))
    assert "the drive is not known, its offset stays" in clean.cleaning[0]


def many_cycles(record, count, noise=0.0):
    generator = np.random.default_rng(3)
    columns = {
        name: np.tile(column, count) + noise * np.ptp(column) * generator.standard_normal(count * column.size)
        for name, column in (("voltage", record.voltage), ("current", record.current), ("drive", record.drive))
    }
    return record.replace(time=np.arange(count * len(record)) * record.dt, **columns)


def test_cycles_are_averaged(record):
    """Twenty cycles bring noise down by the root of twenty."""
    mean = many_cycles(record, 20, noise=0.01).average_cycles()
    assert len(mean) == len(record)
    assert mean.cycles == pytest.approx(1.0)
    rest = np.std(mean.current - record.current) / np.ptp(record.current)
    assert rest == pytest.approx(0.01 / np.sqrt(20), rel=0.2)
    assert mean.cleaning == ("averaged 20 cycles of 200 samples, which differ by 0.98% of the current's range (rms)",)


def test_cycles_that_do_not_fit_the_steps(record):
    """Periods of 200.3 samples, and a part of a period at the end."""
    clock = np.arange(1900) * record.dt * (200 / 200.3)
    phase = (clock * 10.0) % 1.0 / 10.0
    columns = {
        name: np.interp(phase, np.append(record.time, 0.1), np.append(column, column[0]))
        for name, column in (("voltage", record.voltage), ("current", record.current), ("drive", record.drive))
    }
    mean = record.replace(time=clock, periodic=False, **columns).average_cycles()
    assert mean.periodic
    assert len(mean) == 200
    np.testing.assert_allclose(mean.current, record.current, atol=4e-3 * np.ptp(record.current))
    assert "averaged 9 cycles" in mean.cleaning[0]
    assert "100 samples at the end left out" in mean.cleaning[0]


def test_one_cycle_cannot_be_averaged(record):
    with pytest.raises(nm.MeasurementError, match="to average cycles takes two at least, there are 1"):
        record.average_cycles()
    with pytest.raises(nm.MeasurementError, match="what is the frequency of the drive"):
        record.replace(frequency=None, periodic=False).average_cycles()


@pytest.mark.parametrize("shift", [0, 1, 50, 117, 199])
def test_the_phase_is_aligned(record, shift):
    rolled = record.replace(**{c: np.roll(getattr(record, c), shift) for c in ("voltage", "current", "drive")})
    aligned = rolled.align_phase()
    for column in ("voltage", "current", "drive"):
        np.testing.assert_array_equal(getattr(aligned, column), getattr(record, column))
    assert aligned.cleaning == (f"rolled by {shift} sample{'' if shift == 1 else 's'} to the rising zero of the drive",)


def test_what_needs_whole_periods_says_so(record):
    part = record.replace(periodic=False, frequency=9.0)
    for step, what in ((part.align_phase, "a roll"), (part.remove_offsets, "the mean of the drive, give drive=")):
        with pytest.raises(nm.MeasurementError, match=f"{what} needs whole periods of the drive; this record has 0.9"):
            step()


def test_outliers_are_replaced_and_counted(record):
    current = record.current.copy()
    current[[30, 150]] += [3e-5, -3e-5]
    voltage = record.voltage.copy()
    voltage[77] += 0.4
    clean = record.replace(current=current, voltage=voltage).drop_outliers()
    assert len(clean) == 200
    np.testing.assert_allclose(clean.current, record.current, atol=0.01 * np.ptp(record.current))
    np.testing.assert_allclose(clean.voltage, record.voltage, atol=0.01 * np.ptp(record.voltage))
    assert clean.cleaning == (
        "outliers beyond 8 deviations: 3 samples replaced (31, 78, 151; 1 in the voltage, 2 in the current)",
    )


def test_a_step_of_the_device_is_no_outlier(record):
    current = record.current.copy()
    current[60:] *= 1.4
    stepped = record.replace(current=current)
    np.testing.assert_array_equal(stepped.drop_outliers().current, current)
    assert stepped.drop_outliers().cleaning == ("outliers beyond 8 deviations: none",)


def test_too_many_outliers_are_noise(record):
    current = record.current.copy()
    current[::10] += 1e-3
    with pytest.raises(
        nm.MeasurementError, match="20 of 200 samples stand apart: noise, not outliers; raise threshold="
    ):
        record.replace(current=current).drop_outliers()


@pytest.mark.parametrize("samples", [50, 77, 200, 1000])
def test_resampling_keeps_the_mean_and_the_course(record, samples):
    other = record.resample(samples)
    assert len(other) == samples
    assert other.duration == pytest.approx(record.duration)
    assert other.current.mean() == pytest.approx(record.current.mean(), abs=1e-3 * np.ptp(record.current))
    coarse = samples < 200
    at = other.time + (0.5 * other.dt if coarse else 0.0)
    course = np.interp(at, np.append(record.time, 0.1), np.append(record.drive, record.drive[0]))
    np.testing.assert_allclose(other.drive, course, atol=2e-3)
    np.testing.assert_allclose(other.drive, other.voltage + 5e3 * other.current, atol=1e-12)


def test_resampling_averages_noise(record):
    """Ten samples to one: the mean over a step, with a tenth of the variance."""
    noisy = many_cycles(record, 20, noise=0.01)
    rest = noisy.resample(400).current - many_cycles(record, 20).resample(400).current
    assert np.std(rest) / np.ptp(record.current) == pytest.approx(0.01 / np.sqrt(10), rel=0.15)


def test_steps_are_written_down_in_their_order(record):
    clean = many_cycles(record, 3).average_cycles().remove_offsets().align_phase().drop_outliers().resample(100)
    assert [step.split()[0] for step in clean.cleaning] == ["averaged", "offsets", "rolled", "outliers", "resampled"]
    assert record.cleaning == ()
    assert clean.to_dict()["cleaning"] == list(clean.cleaning)
