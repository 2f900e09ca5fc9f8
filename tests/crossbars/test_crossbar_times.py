"""The command that measures times by size, and the page that shows them."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_one_command_measures_the_tables(root: Path) -> None:
    command = [sys.executable, "scripts/crossbar_times.py", "--largest", "16", "--budget", "0.05"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| size | Python, lines | Python, direct | ngspice ")
    assert re.match(r"\| 8 x 8 \| [\d.]+ [um]s \|", rows[2])
    assert re.search(r"\| 8 x 8 \|.*\(\d+ m?s\)", rows[-2]), "what is too long is expected, not run"
    assert str(root) not in done.stdout
    assert "Python 3." in done.stdout


def test_the_tables_are_written_between_their_marks(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "scripts")
    script = runpy.run_path(str(root / "scripts" / "crossbar_times.py"))
    begin, end = script["marks"]("points")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    script["rewrite"](page, "points", f"{begin}\nnew\n{end}")
    assert page.read_text() == f"before\n{begin}\nnew\n{end}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="must have the marks"):
        script["rewrite"](page, "points", "")
    real = script["PAGE"].read_text("utf-8")
    for name in script["TABLES"]:
        assert [real.count(mark) for mark in script["marks"](name)] == [1, 1]


@pytest.mark.slow
def test_the_pages_examples_run(root: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs" / "crossbars.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 3
    (tmp_path / "page.py").write_text("\n".join(blocks))
    command = [sys.executable, "-W", "error", "page.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
