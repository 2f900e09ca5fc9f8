"""The command ``draw`` as a user types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from neuromorph.cli.app import app


@pytest.fixture
def run():
    runner = CliRunner()

    def invoke(*arguments):
        return runner.invoke(app, ["draw", *map(str, arguments)])

    return invoke


def test_values_and_fidelity_reach_the_drawing(run, tmp_path):
    path = tmp_path / "alif.svg"
    result = run("memristive-alif", "--set", "capacitance=4.7nF", "--fidelity", "discharge=macromodel", "-o", path)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"drawing: {path}\n"
    text = path.read_text()
    assert ">4.7 nF<" in text
    assert ">Xtransistor<" in text
    assert ">Xcomparator<" not in text


@pytest.mark.parametrize("script", ["rectifying_synapse", "relaxation_oscillator", "sinh_memristor", "lif"])
def test_every_circuit_of_the_gallery_is_drawn(script, run, root, tmp_path):
    path = tmp_path / "drawing.svg"
    result = run(root / "circuits" / f"{script}.py", "-o", path)
    assert result.exit_code == 0, result.output
    assert path.stat().st_size > 5000


def test_json_lists_the_elements(run, tmp_path):
    result = run("rc-neuron", "-o", tmp_path / "rc.svg", "--json", "-")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["layout"] == "by hand"
    assert content["elements"]["Rleak"] == {"nodes": ["mem", "rest"], "value": "10000.0"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lif", "-o", "lif.bmp"], "cannot write a drawing as 'lif.bmp': give an ending out of svg, png, pdf"),
        (["lif", "-o", "no/such/lif.svg"], "the folder no/such does not exist"),
        (["lif", "--fidelity", "macromodel", "-o", "x.svg"], "'lif' has the fidelity 'ideal' only, got 'macromodel'"),
        (
            ["rc-neuron", "--fidelity", "reel", "-o", "x.svg"],
            "no fidelity 'reel'; choices: ideal, macromodel, transistor",
        ),
        (["lif", "--set", "capacitence=1nF", "-o", "x.svg"], "did you mean 'capacitance'?"),
        (["lif2", "-o", "x.svg"], "no design 'lif2'. Choices: memristive-alif, lif, rc-neuron"),
        (["lif"], "--output"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_do(arguments, message, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


def test_equations_without_a_circuit_are_refused(run, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text("import neuromorph as nm\ndef design():\n    return nm.LIF().dynamics()\n")
    result = run(script, "-o", tmp_path / "x.svg")
    assert result.exit_code == 2, result.output
    assert "HybridSystem has no circuit to draw" in result.output
