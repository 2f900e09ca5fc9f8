"""The page about measurements is true: its examples run, in their order, in a folder that the script made."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys


def test_examples_of_the_page_run(root, tmp_path):
    page = (root / "docs" / "measurements.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 6
    runpy.run_path(str(root / "scripts" / "synthetic_measurement.py"))["make"](tmp_path / "bench")
    shutil.copy(tmp_path / "bench" / "5k_0.8V_10Hz_S1.csv", tmp_path / "bench" / "renamed.csv")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # What the comments show is what is printed, as far as they show it.
    shown = re.findall(r"^(?:.*print\(.*)?# (.+)$", "\n".join(blocks), re.MULTILINE)
    printed = done.stdout.splitlines()
    assert len(shown) == len(printed) == 6
    for line, pattern in zip(printed, shown, strict=True):
        assert re.fullmatch(".*".join(map(re.escape, pattern.split("..."))), line), (pattern, line)


def test_the_toml_of_the_page_is_understood(root, tmp_path, bench):
    import neuromorph as nm

    (text,) = re.findall(r"```toml\n(.*?)```", (root / "docs" / "measurements.md").read_text("utf-8"), re.DOTALL)
    path = bench("plain.csv", drive=False)
    path.with_suffix(".toml").write_text(text, encoding="utf-8")
    record = nm.load_measurement(path)
    assert (record.series_resistor, record.frequency) == (5e3, 10.0)
    assert record.metadata == {"amplitude": 0.8, "device": "M1", "operator": "whatever else is worth keeping"}
