"""The pages on fits are true: their examples run, and so does the script that goes the whole way."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(("page", "count"), [("from_measurement_to_circuit.md", 4), ("what_data_can_determine.md", 1)])
def test_examples_of_the_pages_run(root, tmp_path, page, count):
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs" / page).read_text("utf-8"), re.DOTALL)
    assert len(blocks) == count
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.slow
def test_the_whole_way_from_bench_to_neuron(root, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(root / "circuits" / "fit_memristor.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "verdict: agree" in done.stdout
    for name in ("fit_memristor.png", "fitted_memristor.lib", "fitted_memristor.toml", "fitted_neuron.png"):
        assert (tmp_path / name).stat().st_size > 100
