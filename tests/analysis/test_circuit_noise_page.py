"""The page on the noise of circuits, its script and its command say what is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neuromorph.cli.app import app


@pytest.fixture
def page(root):
    return (root / "docs" / "circuit_noise.md").read_text("utf-8")


def run_script(path, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", path], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_page_runs_and_shows_what_it_prints(page, tmp_path):
    (tmp_path / "page.py").write_text("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)))
    printed = run_script(tmp_path / "page.py", tmp_path)
    shown = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[0].splitlines()
    assert [line for line in shown if line not in printed.splitlines()] == []
    jitter, expected = map(float, re.search(r"jitter ([\d.]+) us, expected ([\d.]+) us", printed).groups())
    assert jitter == pytest.approx(expected, rel=0.05)


def test_the_script_runs(root, tmp_path):
    printed = run_script(root / "circuits" / "thermal_noise.py", tmp_path)
    jitter, expected = map(float, re.search(r"spikes: ([\d.]+) us; noise over slope: ([\d.]+) us", printed).groups())
    assert jitter == pytest.approx(expected, rel=0.03)
    assert (tmp_path / "thermal_noise.png").exists()


class TestCommand:
    def test_it_says_what_the_page_says(self, tmp_path):
        words = ["noise", "lif", "--at", "0.5V", "--set", "r_leak=20kohm", "--temperature", "350K", "--f-min", "1Hz"]
        result = CliRunner().invoke(
            app, [*words, "--plot", str(tmp_path / "n.png"), "--json", str(tmp_path / "n.json")]
        )
        assert result.exit_code == 0, result.output
        assert "500 mV, held by 25 uA, 350 K" in result.stdout
        assert "from 1 Hz to 1 GHz" in result.stdout
        found = json.loads((tmp_path / "n.json").read_text())
        assert found["white_level"] == pytest.approx(4 * 1.380649e-23 * 350 / 20e3, rel=1e-5)
        assert (tmp_path / "n.png").exists()

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["lif", "--temperature", "-5K"], "temperature must be a positive number in K"),
            (["lif", "--f-min", "1kHz", "--f-max", "1Hz"], "f_range must go upwards"),
            (["lif", "--at", "1A"], "1A"),
            (["izhikevich"], "has no circuit"),
        ],
    )
    def test_bad_input_is_refused(self, words, message):
        result = CliRunner().invoke(app, ["noise", *words])
        assert result.exit_code == 2
        assert message in " ".join(result.stderr.split())
