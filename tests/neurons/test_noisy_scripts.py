"""The scripts on noisy neurons do what they say, and nothing when they are imported."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

import pytest

import neuromorph as nm

SCRIPTS = ("noisy_lif", "conductance_lif")


@pytest.mark.parametrize("name", SCRIPTS)
def test_importing_does_nothing(root, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(root / "circuits" / f"{name}.py"), run_name="imported")
    assert isinstance(names["design"](), nm.LIF | nm.ConductanceLIF)
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def test_siegerts_formula_of_the_script_has_its_limits(root):
    """Without noise to speak of the interval is the closed form of a quiet neuron; a large mean needs no noise."""
    names = runpy.run_path(str(root / "circuits" / "noisy_lif.py"), run_name="imported")
    neuron = names["design"]()
    quiet = neuron.replace(noise_current=2e-8)
    assert names["siegert_rate"](quiet, 0.2e-3) == pytest.approx(1 / quiet.interval(0.2e-3), rel=1e-3)
    assert names["siegert_rate"](quiet, 80e-6) < 1e-6


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
def test_the_noisy_neuron_fires_as_siegert_says_and_as_the_circuit_does(root, tmp_path):
    """With 4000 neurons a rate has a standard error of 0.2 %, the extrapolated one of 0.45 %: limits of 4 of these and more.

    Reset on the grid has errors of 4 % and more, and is found always.
    """
    out = run(root, "noisy_lif", tmp_path)
    errors = {
        row[0]: [float(x) for x in re.findall(r"([+-][\d.]+) %", row[1])]
        for row in re.findall(r"^  (grid|interpolated|bridge) +(.*)$", out, re.MULTILINE)
    }
    assert errors["grid"] == sorted(errors["grid"], reverse=True)
    assert errors["grid"][0] < -4
    assert all(0 < abs(error) < 3 for error in errors["bridge"])
    (extrapolated,) = re.findall(r"extrapolated to no step ([+-][\d.]+) %", out)
    assert abs(float(extrapolated)) < 1.8
    assert "verdict: agree" in out


@pytest.mark.slow
def test_the_bombarded_neuron_is_the_same_on_both_roads(root, tmp_path):
    out = run(root, "conductance_lif", tmp_path)
    assert "verdict: agree" in out
    ((mean, _, expected),) = re.findall(
        r"free membrane potential (-[\d.]+) mV, standard deviation ([\d.]+) mV; under the mean conductances (-[\d.]+) mV",
        out,
    )
    # 0.35 s hold some thirty independent values of a membrane with a standard deviation of 2.5 mV: 4.4 standard errors. Without inhibition
    # it would be 10 mV higher.
    assert float(mean) == pytest.approx(float(expected), abs=2.0)
