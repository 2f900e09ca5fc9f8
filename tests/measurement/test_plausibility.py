"""Records that contradict themselves are refused with a question; the message says which argument answers it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.measurement.cycles import cycles_of


@pytest.mark.parametrize("drive", [True, False])
def test_swapped_columns(bench, drive):
    """Against the drive's file, and without one against the amplitude in the name."""
    with pytest.raises(nm.MeasurementError, match=r"are the columns swapped\? Give columns=\('current', 'voltage'\)"):
        nm.load_measurement(bench(swap=True, drive=drive))
    path = bench(swap=True, drive=drive)
    assert nm.load_measurement(path, columns=("current", "voltage")).series_resistor == 5e3


@pytest.mark.parametrize("name", ["5k_0.8V_10Hz_M1.csv", "5k_10Hz_M1.csv"])
@pytest.mark.parametrize("drive", [True, False])
def test_milliamperes_for_microamperes(bench, name, drive):
    """Against the drive; without it against the amplitude; without that, since the source is no sine."""
    path = bench(name, current_unit=1e-3, drive=drive)
    with pytest.raises(nm.MeasurementError, match=r"is the current in mA, not in uA\? Give units=\{'current': 'mA'\}"):
        nm.load_measurement(path)
    loaded = nm.load_measurement(path, units={"current": "mA"})
    assert loaded.current.max() == pytest.approx(61.5e-6, rel=0.01)


def test_nanoamperes_for_microamperes(bench):
    with pytest.raises(nm.MeasurementError, match=r"is the current in nA, not in uA\?"):
        nm.load_measurement(bench(current_unit=1e-9))


def test_millivolts_for_volts(tmp_path, record):
    path = tmp_path / "5k_0.8V_10Hz_M1.csv"
    np.savetxt(path, np.column_stack([1e3 * record.voltage, 1e6 * record.current]), delimiter=",")
    with pytest.raises(nm.MeasurementError, match=r"is the voltage in mV, not in V\? Give units=\{'voltage': 'mV'\}"):
        nm.load_measurement(path)


def test_another_resistor(bench):
    with pytest.raises(nm.MeasurementError, match=r"is the series resistor 5 kohm\? Give series_resistor=5000"):
        nm.load_measurement(bench(), series_resistor=47e3)


def test_an_amplitude_that_is_another(bench):
    with pytest.raises(nm.MeasurementError, match=r"has an amplitude of 800 mV, the drive one of 300 mV"):
        nm.load_measurement(bench("5k_0.3V_10Hz_M1.csv", drive=False))


def test_the_drive_of_another_record(bench):
    """Its current differs; and where there is no current to compare, its voltage does not fit."""
    path, other = bench(), bench("5k_0.8V_1Hz_M1.csv", rows=slice(None, None, -1))
    with pytest.raises(
        nm.MeasurementError, match=r"does not match .*its current differs by up to .* Name the right file with drive="
    ):
        nm.load_measurement(path, drive=other.with_stem(f"{other.stem}_drive"))
    record = nm.load_measurement(path)
    from neuromorph.measurement.plausibility import check_plausible

    with pytest.raises(nm.MeasurementError, match="is it the drive of another record"):
        check_plausible(record.replace(drive=np.roll(record.drive, 30)))


def test_a_drive_of_another_length(bench):
    path = bench()
    short = bench("short_10Hz.csv", rows=slice(0, 150))
    with pytest.raises(nm.MeasurementError, match=r"has 150 rows, .* has 200: the drive does not match"):
        nm.load_measurement(path, drive=short.with_stem("short_10Hz_drive"))


@pytest.mark.parametrize("drive", [True, False])
@pytest.mark.parametrize("start", [0, 50])
def test_half_a_period(bench, start, drive):
    path = bench(rows=slice(start, start + 100), drive=drive)
    with pytest.raises(
        nm.MeasurementError, match=r"would hold 1 periods, but the drive shows half a period\. Which is right\?"
    ):
        nm.load_measurement(path)
    part = nm.load_measurement(path, cycles=0.5, periodic=False)
    assert not part.periodic
    assert part.dt == pytest.approx(5e-4)


def test_two_periods_and_a_wrong_frequency(tmp_path, bench, record):
    path = tmp_path / "5k_0.8V_10Hz_M1.csv"
    np.savetxt(path, np.tile(np.column_stack([record.voltage, 1e6 * record.current]), (2, 1)), delimiter=",")
    with pytest.raises(nm.MeasurementError, match="the drive shows 2 periods"):
        nm.load_measurement(path)
    assert nm.load_measurement(path, cycles=2).cycles == pytest.approx(2.0)


def test_too_few_rows_and_nothing_measured(bench, tmp_path):
    with pytest.raises(nm.MeasurementError, match="has 10 rows: a loop needs 16 at least"):
        nm.load_measurement(bench(rows=slice(0, 10)))
    path = tmp_path / "a_10Hz.csv"
    np.savetxt(path, np.column_stack([np.sin(np.arange(50)), np.zeros(50)]), delimiter=",")
    with pytest.raises(nm.MeasurementError, match="the current never changes; was anything measured"):
        nm.load_measurement(path)


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("0.8V_10Hz.csv", (10.0, 1.0), r"the voltage reaches 7\.68 V, the drive 800 mV; are the columns swapped"),
        ("10Hz.csv", (100.0, 1.0), r"the voltage reaches .* are the columns swapped, or is its unit another"),
        ("10Hz.csv", (1.0, 1e5), r"the current reaches .* A; are the columns swapped"),
    ],
)
def test_without_a_resistor_sizes_are_looked_at(tmp_path, record, name, scale, message):
    path = tmp_path / name
    np.savetxt(path, np.column_stack([scale[0] * record.voltage, scale[1] * 1e6 * record.current]), delimiter=",")
    with pytest.raises(nm.MeasurementError, match=message):
        nm.load_measurement(path)
    assert nm.load_measurement(path, check=False).series_resistor is None


def test_two_identical_files(bench, tmp_path):
    first, second = bench(), bench("5k_0.8V_10Hz_M2.csv")
    records = [nm.load_measurement(path) for path in (first, second)]
    with pytest.raises(nm.MeasurementError, match=r"5k_0\.8V_10Hz_M1\.csv and .*M2\.csv are the same record"):
        nm.refuse_duplicates(records)
    # The same file cleaned in two ways is one record too.
    with pytest.raises(nm.MeasurementError, match="are the same record"):
        nm.refuse_duplicates([records[0], records[0].remove_offsets()])
    nm.refuse_duplicates([records[0], records[0].replace(voltage=1.01 * records[0].voltage, sha256="")])


@pytest.mark.parametrize("count", [0.5, 0.75, 1.0, 1.4, 2.0, 3.0, 20.0, 50.3])
@pytest.mark.parametrize("shape", ["sine", "triangle"])
def test_periods_are_counted(count, shape):
    """To 2 % from one period on; of less, a part of a triangle looks like parts of several sines."""
    angle = 2 * np.pi * count * np.arange(3000) / 3000 + 0.4
    wave = np.sin(angle) if shape == "sine" else np.arcsin(np.sin(angle))
    found = cycles_of(wave + 0.02 * np.random.default_rng(1).standard_normal(3000))
    if count >= 1:
        assert found == pytest.approx(count, rel=0.02)
    else:
        assert found < 0.9


def test_noise_and_nothing_have_no_periods():
    assert cycles_of(np.zeros(100)) is None
    assert cycles_of(np.array([0.0, 1.0, 0.0])) is None
    assert cycles_of(np.random.default_rng(1).standard_normal(3000)) is None


LARGE = """
import sys
import numpy as np
import neuromorph as nm
record = nm.load_measurement(sys.argv[1], frequency=10.0, cycles=10).resample(20_000).average_cycles()
# Not ru_maxrss, which begins with what the process had that started this one.
most = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(record), record.cycles, most // 1024)
"""


@pytest.mark.slow
def test_ten_million_rows_within_a_gigabyte(tmp_path):
    """Ten periods of 10 Hz, 160 MB of text; measured: 0.5 GB, and 0.6 GB with a column of time."""
    path = tmp_path / "large.csv"
    # Each value stands for a thousand samples of the converter.
    period = "".join(f"{0.3 * s:.5f},{30 * s:.4f}\n" * 1000 for s in np.sin(2 * np.pi * np.arange(1000) / 1000))
    with path.open("w", encoding="utf-8") as file:
        file.write("voltage [V],current [uA]\n")
        for _ in range(10):
            file.write(period)
    done = subprocess.run([sys.executable, "-c", LARGE, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, cycles, megabytes = done.stdout.split()
    assert (rows, float(cycles)) == ("2000", pytest.approx(1.0))
    assert int(megabytes) < 1000
