"""Verilog-A compiled by OpenVAF, and kept on disk: the second run of a circuit compiles nothing."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from neuromorph.equations.kernels import cache_folder
from neuromorph.errors import SimulationError

_PATIENCE = 300.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MAX_LINES = 6
_LOOK = "look for functions in expressions that the compiler does not know, or use ngspice"
# A fresh Debian has none: it comes with a C compiler, or alone.
_NO_LINKER = "linker not found"
_GET_LINKER = "install one with: sudo apt-get install binutils (Debian, Ubuntu), sudo dnf install binutils (Fedora)"
# Shared objects begin with this on every system that the compiler makes them for but Windows.
_MAGIC = b"\x7fELF"


def compiled(source: str, compiler: Path, folder: Path | None = None) -> Path:
    """The compiled form (OSDI) of a Verilog-A file.

    Parameters
    ----------
    source : str
        Verilog-A.
    compiler : Path
        The ``openvaf-r`` program.
    folder : Path, optional
        Folder of the run, which has the source too: named when it does not compile.

    Returns
    -------
    Path
        A file in the cache, keyed by source and compiler.

    Raises
    ------
    SimulationError
        When it does not compile; with the compiler's words.
    """
    stat = compiler.stat()
    key = f"1|{compiler}|{stat.st_size}|{stat.st_mtime_ns}|{source}"
    path = cache_folder() / "osdi" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.osdi"
    if not _is_whole(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _compile(source, compiler, folder, path)
    return path


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _compile(source: str, compiler: Path, folder: Path | None, path: Path) -> None:
    # Two processes may compile the same source at once: each makes a file of its own and puts it in place in one step.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="compiling-") as workplace:
        made = Path(workplace, "deck.osdi")
        Path(workplace, "deck.va").write_text(source, encoding="ascii")
        try:
            # Not for this very processor: the cache may be on a disk that other machines share.
            done = subprocess.run(
                [str(compiler), "--target_cpu", "generic", "deck.va", "-o", made.name],
                cwd=workplace,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
                # A compiler that crashes leaves its report in the temporary folder.
                env={**os.environ, "TMPDIR": workplace},
            )
        except OSError as error:
            raise _failure(f"{compiler} cannot be started: {error.strerror or error}", (), folder) from error
        except subprocess.TimeoutExpired:
            raise _failure(f"the Verilog-A compiler had not finished after {_PATIENCE:g} s", (), folder) from None
        if done.returncode != 0 or not _is_whole(made):
            said = _COLOURS.sub("", (done.stdout + done.stderr).decode("utf-8", errors="replace"))
            lines = tuple(line.rstrip() for line in said.splitlines() if line.strip())[:_MAX_LINES]
            if _NO_LINKER in said:
                raise _failure("the Verilog-A compiler finds no linker (ld)", lines, folder, _GET_LINKER)
            raise _failure("the Verilog-A of the circuit does not compile", lines, folder)
        os.replace(made, path)


def _failure(cause: str, lines: tuple[str, ...], folder: Path | None, remedy: str = _LOOK) -> SimulationError:
    return SimulationError(
        cause=cause,
        remedy=remedy,
        log_lines=lines,
        where="deck.va",
        folder=folder,
    )


def copied(file: Path, target: Path) -> None:
    """Put a compiled file beside a netlist, so that the folder of a failed run has all that it needs."""
    shutil.copyfile(file, target)
