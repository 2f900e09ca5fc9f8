"""The page on papers and the design script say what is computed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from neuromorph.reproduce.alif.variants import Variant, run_variant


def run(command, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_example_of_the_page(root, tmp_path):
    (code,) = re.findall(
        r"```python\n(.*?)```", (root / "docs" / "reproducing_papers.md").read_text("utf-8"), re.DOTALL
    )
    numbers, passed = run(["-c", code], tmp_path).splitlines()
    assert numbers.split()[0] == "103"
    assert passed == "True"


@pytest.mark.slow
def test_table_of_the_page(root):
    page = (root / "docs" / "reproducing_papers.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d.]+) nF, gain (\d+) \| (\d+)[^|]*\| ([\d.]+)[^|]*\| ([\d.]+)", page, re.MULTILINE)
    assert len(rows) == 8
    for capacitance, gain, count, first, steady in rows:
        variant = Variant(capacitance=float(f"{capacitance}e-9"), gain=float(gain), fidelity="macromodel")
        s = run_variant(variant, "ode").statistics
        assert s.spike_count == pytest.approx(int(count), abs=1)
        assert s.isi_first * 1e6 == pytest.approx(float(first), rel=4e-3)
        assert s.isi_steady * 1e6 == pytest.approx(float(steady), rel=4e-3)


@pytest.mark.slow
def test_design_script_prints_the_damping(root, tmp_path):
    lines = run([root / "circuits" / "schmitt_discharge.py"], tmp_path).splitlines()
    lost = [float(line.split()[-2]) for line in lines[1:]]
    assert lost[:4] == sorted(lost[:4])
    assert lost[4:] == sorted(lost[4:])
    assert (tmp_path / "schmitt_discharge.png").read_bytes().startswith(b"\x89PNG")
