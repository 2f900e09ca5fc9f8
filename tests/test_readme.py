"""The README's first screen is true: its example runs, and prints what the README shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

NUMBER = re.compile(r"-?\b\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:\.dev\d+)?\b *(?:[fpnum]?s\b)?")


def _blocks(root, language):
    return re.findall(rf"```{language}\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)


def _shape(text):
    """The text with numbers masked: the last digits of SPICE differ between its versions."""
    return [re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip() for line in text.strip().splitlines()]


def test_example_prints_what_the_readme_shows(root, tmp_path):
    (code,), (shown,) = _blocks(root, "python"), _blocks(root, "text")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert _shape(done.stdout) == _shape(shown)
    spikes = re.findall(r"^(?:rk4|ngspice) \(\w+\) +(\d+) +([\d.]+) us +([\d.]+) us", done.stdout, re.MULTILINE)
    assert [row[0] for row in spikes] == ["51", "51"]
    assert (tmp_path / "alif.png").read_bytes().startswith(b"\x89PNG")


def test_example_is_ten_lines_at_most(root):
    (code,) = _blocks(root, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


@pytest.mark.slow
def test_examples_of_own_parts_run(root, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (root / "docs" / "your_own.md").read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 2
    for checks, code in zip(("assert abs(recording['v_out']).max() > 0.8", "assert check.passed"), blocks, strict=True):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", f"{code}\n{checks}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""


@pytest.mark.slow
def test_commands_run(root, tmp_path):
    (tmp_path / "circuits").symlink_to(root / "circuits")
    commands = [line for line in _blocks(root, "sh")[1].splitlines() if line.startswith("neuromorph")]
    assert len(commands) == 13
    # Minutes long, or of measured files: run by tests of their own.
    commands = [command for command in commands if not re.search(r"neuromorph (reproduce|fit)", command)]
    for command in commands:
        words = shlex.split(command.split(">")[0], comments=True)
        done = subprocess.run(
            [sys.executable, "-m", "neuromorph.cli", *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_links_lead_somewhere(root):
    for page in [root / "README.md", *(root / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
