"""Environments of programs that the benchmarks compare with: made on first use, and kept where kernels are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from neuromorph.equations.kernels import cache_folder

HERE = Path(__file__).resolve().parent


class EnvironmentNotMadeError(Exception):
    """The last line that the installer wrote."""


def environment(requirements: str) -> Path:
    """Python of the environment that holds what a file beside this one names."""
    wanted = HERE / requirements
    key = hashlib.sha256(f"{wanted.read_text('utf-8')}{sys.version_info[:2]}".encode()).hexdigest()[:12]
    folder = cache_folder() / "peers" / key
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        commands = (
            [sys.executable, "-m", "venv", "--clear", folder],
            [python, "-m", "pip", "install", "-q", "-r", wanted],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise EnvironmentNotMadeError("".join(done.stderr.strip().splitlines()[-1:]))
        (folder / "ready").touch()
    return python
