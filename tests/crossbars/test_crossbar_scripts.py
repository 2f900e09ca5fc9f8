"""The scripts on crossbars do what they say, and nothing when they are imported."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["crossbar_vector_matrix", "half_select"])
def test_importing_does_nothing(root, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(root / "circuits" / f"{name}.py"), run_name="imported")
    assert callable(names["design"])
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def run(root, name, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(root / "circuits" / f"{name}.py")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    return done.stdout


@pytest.mark.slow
def test_the_product_degrades_with_the_wires_and_a_trim_gives_some_back(root, tmp_path):
    out = run(root, "crossbar_vector_matrix", tmp_path)
    rows = [[float(x) for x in row] for row in re.findall(r"^ +([\d.]+) +([\d.]+)% +([\d.]+)%$", out, re.MULTILINE)]
    assert [row[0] for row in rows] == [0.0, 0.5, 1.0, 2.5, 5.0, 10.0]
    errors = [row[1] for row in rows]
    assert errors == sorted(errors)
    assert all(trimmed < error for _, error, trimmed in rows)
    agreement = re.search(r"agree to (\S+) of the largest current", out)
    assert agreement is not None
    assert float(agreement[1]) < 1e-9


@pytest.mark.slow
def test_a_threshold_and_a_third_of_the_voltage_protect_cells(root, tmp_path):
    out = run(root, "half_select", tmp_path)
    rows = re.findall(r"^(MMS|VTEAM) +(V/\d) +(\S+) +(\S+) +(\S+) +(\S+)$", out, re.MULTILINE)
    shift = {(device, scheme): [float(x) for x in values] for device, scheme, *values in rows}
    assert len(shift) == 4
    assert shift["MMS", "V/3"][1] < shift["MMS", "V/2"][1] < 0.1 * shift["MMS", "V/2"][0]
    assert shift["VTEAM", "V/3"][1] == 0.0
    margins = re.findall(r"^ +(\d+) x \d+ +(\S+) +(\S+)$", out, re.MULTILINE)
    floating = [float(margin) for _, margin, _ in margins]
    assert floating == sorted(floating, reverse=True)
    assert floating[-1] < 0 < float(margins[-1][2])
