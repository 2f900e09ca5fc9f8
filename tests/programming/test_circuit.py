"""The script on write-verify runs as it stands, and says what it should."""

from __future__ import annotations

import runpy
import subprocess
import sys


def test_script(root, tmp_path):
    script = root / "circuits" / "write_verify.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not list(tmp_path.iterdir())
    lines = done.stdout.splitlines()
    assert lines[0] == "256 of 16 x 16 devices written, 256 verified, 0 given up, 0 of these out of reach"
    errors = {
        line[:36].strip(): float(line[36:].strip(" %")) for line in lines if line.startswith("  ") and "%" in line
    }
    assert errors["as meant"] < errors["written"] < 2.0
    assert errors["the same, gains trimmed"] < 0.5 * errors["written, through wires"]
    for spoilt in ("written, one second later", "written without transistors, V/2", "written without transistors, V/3"):
        assert errors[spoilt] > 10 * errors["written"]


def test_nothing_happens_on_import(root, capsys):
    runpy.run_path(str(root / "circuits" / "write_verify.py"), run_name="imported")
    assert capsys.readouterr().out == ""
