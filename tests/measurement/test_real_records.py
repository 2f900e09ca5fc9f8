"""Records of real devices, where there are any: loaded as they are, cleaned as their owners advise.

Numbers are those of the records' own descriptions: drive amplitudes from a fit, offsets of the channels.
"""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm

SWEEPS = (
    "47k_0.8V_1000Hz_M1",
    "47k_0.8V_10Hz_M1",
    "47k_0.8V_1Hz_M2",
    "5k_0.3V_10Hz_M2",
    "5k_0.8V_1000Hz_M2",
    "5k_0.8V_1Hz_M1",
)


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_load_without_an_argument(real_records, name):
    record = nm.load_measurement(real_records / "knowm_sdc" / f"{name}.csv")
    resistor, amplitude, frequency, device = name.split("_")
    assert record.series_resistor == {"5k": 5e3, "47k": 47e3}[resistor]
    assert record.frequency == float(frequency.removesuffix("Hz"))
    assert record.metadata == {"amplitude": float(amplitude.removesuffix("V")), "device": device}
    assert (len(record), record.periodic) == (200, True)
    np.testing.assert_allclose(record.drive, record.source_voltage, atol=1e-9)
    # The drive's amplitude, from a fit of a sine: 0.799 V and 0.2997 V, offset -0.3 mV.
    turn = np.exp(-2j * np.pi * record.frequency * record.time)
    found = abs(2 * np.mean(record.drive * turn))
    assert found == pytest.approx({0.8: 0.799, 0.3: 0.2997}[record.metadata["amplitude"]], rel=2e-3)
    assert record.drive.mean() == pytest.approx(-0.3e-3, abs=0.2e-3)


@pytest.mark.parametrize("name", SWEEPS)
def test_sweeps_cleaned(real_records, name):
    clean = nm.load_measurement(real_records / "knowm_sdc" / f"{name}.csv").remove_offsets().align_phase()
    assert abs(clean.drive.mean()) < 1e-12
    assert abs(clean.drive[0]) < 0.02 * clean.drive.max()
    assert clean.drive[1] > clean.drive[0]
    # A device that conducts more the higher the voltage has been: it turns on in the first half.
    first, last = clean.current[:100], clean.current[100:]
    assert first.max() > -0.5 * last.min()
    assert len(clean.cleaning) == 2


@pytest.mark.parametrize(
    "name", ["tri_150mV_1kHz_o1", "tri_150mV_1kHz_w3", "tri_200mV_1kHz_x1", "tri_250mV_1kHz_z3", "tri_400mV_1kHz_old2"]
)
def test_oscilloscope_records(real_records, name):
    record = nm.load_measurement(real_records / "sdc_triangle" / f"{name}.csv", series_resistor=1e5)
    assert (record.frequency, len(record), record.periodic) == (1000.0, 3200, True)
    clean = record.average_cycles().remove_offsets().align_phase()
    assert len(clean) == 160
    offset = (clean.current.mean() - record.current.mean()) * -1e5
    low, high = (-8.5e-3, -6.5e-3) if "400mV" in name else (-5.5e-3, -2.5e-3)
    assert low < offset < high
    assert record.drive.mean() == pytest.approx(-2.5e-3, abs=2.5e-3)
    # No current without a voltage, on the way up and on the way down.
    for k in (0, 80):
        near = np.arange(k - 3, k + 4) % 160
        _, at_zero = np.polyfit(clean.voltage[near], clean.current[near], 1)
        assert abs(at_zero) < 0.02 * np.ptp(clean.current)


def test_reads_without_a_frequency_in_their_name(real_records):
    record = nm.load_measurement(real_records / "sdc_triangle" / "retention1_10.csv", series_resistor=1e5)
    assert (record.frequency, record.periodic, len(record.average_cycles())) == (25.0, True, 80)


def test_all_records_load_and_are_all_different(real_records):
    files = [path for path in sorted(real_records.glob("*/*.csv")) if not path.stem.endswith("_drive")]
    resistors = [1e5 if path.parent.name == "sdc_triangle" else None for path in files]
    records = [nm.load_measurement(path, series_resistor=r) for path, r in zip(files, resistors, strict=True)]
    assert len(records) >= 43
    nm.refuse_duplicates(records)


def test_a_real_sweep_with_swapped_columns_or_in_milliamperes(real_records, tmp_path):
    numbers = np.loadtxt(real_records / "knowm_sdc" / "5k_0.8V_10Hz_M1.csv", delimiter=",")
    path = tmp_path / "5k_0.8V_10Hz_M1.csv"
    np.savetxt(path, numbers[:, ::-1], delimiter=",")
    with pytest.raises(nm.MeasurementError, match="are the columns swapped"):
        nm.load_measurement(path)
    np.savetxt(path, numbers * [1.0, 1e-3], delimiter=",")
    with pytest.raises(nm.MeasurementError, match=r"is the current in mA, not in uA"):
        nm.load_measurement(path)
