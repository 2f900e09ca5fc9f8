"""The pages on sweeps, energy, hardware and noise are true: their examples run, their commands are understood, their tables are whole."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from neuromorph.cli.app import app
from neuromorph.sweeps import MEASURES


def _blocks(root, page, language):
    return re.findall(rf"```{language}\n(.*?)```", (root / "docs" / page).read_text("utf-8"), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "count"),
    [
        ("energy.md", 2),
        ("sweeps.md", 4),
        ("hardware.md", 4),
        ("programming_a_crossbar.md", 7),
        ("crossbars.md", 6),
        ("networks.md", 8),
        ("noise.md", 7),
        ("spike_statistics.md", 3),
        ("choosing_a_solver.md", 4),
        ("which_engine.md", 1),
        ("plasticity.md", 5),
    ],
)
def test_examples_run(page, count, root, tmp_path):
    blocks = _blocks(root, page, "python")
    assert len(blocks) == count
    # As one script without a guard, the way that a reader pastes it.
    (tmp_path / "page.py").write_text("\n".join(blocks))
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for shown in _blocks(root, page, "text"):
        # Energies at the end of a discharge are below what is worth comparing.
        lines = [line for line in shown.splitlines() if not line.startswith(("stored", "imbalance"))]
        assert [line for line in lines if line not in done.stdout.splitlines()] == []


def test_commands_are_understood(root, tmp_path, monkeypatch):
    """Every option and range, with three runs in place of all."""
    monkeypatch.chdir(tmp_path)
    commands = _blocks(root, "sweeps.md", "sh")[0].splitlines()
    assert len(commands) == 3
    for command in commands:
        short = re.sub(r":(lin|log)\d+", r":\g<1>2", command).replace("--samples 200", "--samples 2")
        words = [*shlex.split(short)[1:], "--t-stop", "0.1ms", "--workers", "1"]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, f"{command}\n{result.output}"


def test_every_measure_is_in_the_table(root):
    page = (root / "docs" / "sweeps.md").read_text("utf-8")
    assert [name for name in MEASURES if f"`{name}`" not in page] == []


def test_commands_of_the_page_on_crossbars_are_understood(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = [line for block in _blocks(root, "crossbars.md", "sh") for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}\n{result.output}"


@pytest.mark.slow
def test_commands_of_the_page_on_networks_are_understood(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = [line for block in _blocks(root, "networks.md", "sh") for line in block.splitlines()]
    assert len(commands) == 8
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}\n{result.output}"


def test_commands_of_the_hardware_page_are_understood(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = _blocks(root, "hardware.md", "sh")[0].splitlines()
    assert len(commands) == 4
    for command in commands:
        words = shlex.split(command)[1:]
        short = [] if words[0] == "draw" else ["--t-stop", "0.1ms"]
        words = [word.replace(":lin4", ":lin2") for word in words] + (["--workers", "1"] if words[0] == "sweep" else [])
        result = CliRunner().invoke(app, [*words, *short])
        assert result.exit_code == 0, f"{command}\n{result.output}"


def test_the_page_on_engines_names_them_all_and_has_its_table(root):
    page = (root / "docs" / "which_engine.md").read_text("utf-8")
    assert [name for name in ("ngspice", "ngspice-shared", "vacask", "auto") if page.count(f'`"{name}"`') < 1] == []
    begin, end = page.index("<!-- times of one neuron: begin -->"), page.index("<!-- times of one neuron: end -->")
    rows = [line for line in page[begin:end].splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert all(row.count("|") == rows[0].count("|") for row in rows)
