"""scripts/setup.sh, on machines that lack something: what it says, and its exit status."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "sh", "dirname", "uname", "grep", "sed", "cksum", "mktemp", "rm", "mkdir", "cp", "cat", "python3")

# Makes a .venv as Python does, and then cannot install into it.
PYTHON = """#!/bin/sh
case "$*" in
    *_base_executable*) echo "$0" ;;
    --version) echo Python 3.13.0 ;;
    "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *pip*) echo "{says}"; exit 1 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, and beside it a folder of programs in which there is no package manager."""
    (tmp_path / "checkout" / "scripts").mkdir(parents=True)
    for name in ("scripts/setup.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        program = shutil.which(tool)
        assert program is not None
        (tmp_path / "bin" / tool).symlink_to(program)
    return tmp_path / "checkout"


def set_up(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the set-up for the demo, with the programs of the folder alone."""
    programs = checkout.parent / "bin"
    environment = {"PATH": str(programs), "TMPDIR": str(checkout.parent), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [programs / "bash", "scripts/setup.sh", "demo"],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() != "x86_64", reason="VACASK is for Linux on x86-64"
)
def test_vacask_without_a_linker_is_not_tried(checkout: Path) -> None:
    done = set_up(checkout)
    assert done.returncode == 3
    assert "missing: ngspice, which cannot be installed from here" in done.stderr
    assert "needs a linker (ld)" in done.stderr
    assert "binutils" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed')", "certificate is not trusted here"),
        ("Temporary failure in name resolution", "no network, the package server cannot be reached"),
        ("ERROR: No matching distribution found for h5py", "ERROR: No matching distribution found for h5py"),
    ],
)
def test_why_packages_cannot_be_installed(checkout: Path, says: str, reason: str) -> None:
    programs = checkout.parent / "bin"
    (programs / "python3").unlink()
    for name, text in (("python3", PYTHON.format(says=says)), ("ngspice", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    done = set_up(checkout)
    assert done.returncode == 3
    assert "Installing the Python packages into .venv (pip): failed (" in done.stderr
    assert reason in done.stderr
    assert not list((checkout / ".venv").glob("ready-*"))
