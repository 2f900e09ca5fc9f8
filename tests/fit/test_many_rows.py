"""Records of millions of rows: what the fit makes of them, in how much memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import neuromorph as nm

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)
# Beside the record itself; ten million rows of four columns have 320 MB, a gigabyte leaves 60 bytes a row.
BYTES_PER_ROW = 60

LARGE = """
import sys
import neuromorph as nm
said = []
record = nm.load_measurement(sys.argv[1], series_resistor=5e3, frequency=10.0, cycles=10)
fit = nm.fit_memristor(record, "mms", starts=2, progress=lambda share, what: said.append(share))
# Not ru_maxrss, which begins with what the process had that started this one.
most = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(record), said[-1], most // 1024)
print(*fit.model.values().values())
print("; ".join(fit.measurements[0].cleaning))
"""


@pytest.fixture(scope="module")
def period():
    """One period of 10 Hz in a thousand samples."""
    return nm.synthetic_measurement(DEVICE, 0.8, 10.0, 5e3, samples=1000)


def refined(record, samples, periods=1, **changes):
    """The record on lines between its samples, several times over [s, V, A]."""
    time = np.arange(samples) * (periods / record.frequency / samples)
    columns = {
        name: np.interp(time, record.time, getattr(record, name), period=1.0 / record.frequency)
        for name in ("voltage", "current", "drive")
    }
    return record.replace(time=time, **columns, **changes)


@pytest.mark.parametrize(
    ("periods", "changes", "options", "says"),
    [
        (1, {}, {}, ["resampled from 1000000 to 1000 samples"]),
        (10, {}, {}, ["averaged 10 cycles of 100000 samples", "resampled from 100000 to 1000 samples"]),
        (10, {"periodic": False}, {"fixed": {"x0": 0.0}}, ["resampled from 1000000 to 10000 samples"]),
    ],
    ids=["one period", "ten periods", "not periodic"],
)
def test_memory_grows_little_with_the_rows(period, periods, changes, options, says):
    record = refined(period, 1_000_000, periods, **changes)
    nm.fit_memristor(period, DEVICE, starts=1)
    tracemalloc.start()
    fit = nm.fit_memristor(record, DEVICE, starts=1, **options)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most / len(record) < BYTES_PER_ROW
    said = "; ".join(fit.measurements[0].cleaning)
    assert all(words in said for words in says), said
    for name, value in DEVICE.values().items():
        assert getattr(fit.model, name) == pytest.approx(value, rel=0.02), name


@pytest.mark.slow
def test_ten_million_rows_are_fitted_within_a_gigabyte(tmp_path, period):
    """Ten periods in a file of 160 MB."""
    path = tmp_path / "large.csv"
    rows = zip(period.voltage, 1e6 * period.current, strict=True)
    # Each value stands for a thousand samples of the converter.
    text = "".join(f"{volts:.5f},{microamperes:.4f}\n" * 1000 for volts, microamperes in rows)
    with path.open("w", encoding="utf-8") as file:
        file.write("voltage [V],current [uA]\n")
        for _ in range(10):
            file.write(text)
    done = subprocess.run([sys.executable, "-c", LARGE, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    facts, fitted, cleaning = done.stdout.splitlines()
    rows_read, last_progress, megabytes = facts.split()
    assert (rows_read, float(last_progress)) == ("10000000", 1.0)
    assert int(megabytes) < 1000
    for value, found in zip(DEVICE.values().values(), fitted.split(), strict=True):
        assert float(found) == pytest.approx(value, rel=0.02)
    assert "averaged 10 cycles of 1000000 samples" in cleaning
    assert "resampled from 1000000 to 1000 samples" in cleaning
