"""Which ngspice is here and what it can do, found by trying and then kept."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from neuromorph.equations.kernels import cache_folder
from neuromorph.errors import EngineNotFoundError
from neuromorph.files import write_text_atomically

PROGRAM_VARIABLE = "NEUROMORPH_NGSPICE"
# Longest duration of one question to a program [s].
_PATIENCE = 30.0

_DIVIDER = "* probe\nV1 a 0 1\nR1 a b 1k\nR2 b 0 1k\n"
KLU_PROBE = _DIVIDER + ".options klu\n.op\n.end\n"
"""A deck whose log tells whether an ngspice has the KLU solver."""


@dataclass(frozen=True)
class Capabilities:
    """What an ngspice program can do.

    Parameters
    ----------
    version : str
        As the program states it.
    klu : bool
        Whether it has the KLU solver.
    osdi : bool
        Whether it loads compiled Verilog-A (OSDI).
    """

    version: str
    klu: bool
    osdi: bool


def install_command() -> str:
    """The one command that installs ngspice on this system."""
    if platform.system() == "Darwin":
        return "brew install ngspice"
    for program, command in (
        ("apt-get", "sudo apt-get install ngspice"),
        ("dnf", "sudo dnf install ngspice"),
        ("pacman", "sudo pacman -S ngspice"),
        ("zypper", "sudo zypper install ngspice"),
    ):
        if shutil.which(program):
            return command
    return "install ngspice from https://ngspice.sourceforge.io"


def find_program(program: str | Path | None = None) -> Path:
    """The ngspice program: as given, as ``NEUROMORPH_NGSPICE`` says, or from the search path.

    Parameters
    ----------
    program : str or Path, optional
        A path or the name of a command.

    Returns
    -------
    Path
        Of an executable file.

    Raises
    ------
    EngineNotFoundError
        With the command that installs it.
    """
    named = program or os.environ.get(PROGRAM_VARIABLE)
    found = shutil.which(str(named or "ngspice"))
    if found:
        return Path(found).absolute()
    if named and not program:
        raise EngineNotFoundError(
            f"{named} is not an executable program (from {PROGRAM_VARIABLE}): correct that variable or unset it; ngspice is "
            f"installed with: {install_command()}"
        )
    where = f"{named} is not an executable program" if named else "ngspice is not on the search path"
    raise EngineNotFoundError(f"{where}; install it with: {install_command()}")


def capabilities_of(executable: Path) -> Capabilities:
    """What a program can do, from the cache where this very file has been probed before.

    Parameters
    ----------
    executable : Path
        The program.

    Returns
    -------
    Capabilities
        Probed in about 50 ms.
    """
    stat = executable.stat()
    return _remembered(str(executable), stat.st_mtime_ns, stat.st_size)


@lru_cache
def _remembered(executable: str, modified: int, size: int) -> Capabilities:
    key = f"{executable}|{modified}|{size}"
    path = None
    with contextlib.suppress(OSError):
        path = cache_folder() / "engines.json"
        entry = _readable(path).get(key)
        with contextlib.suppress(TypeError):
            return Capabilities(**entry)  # type: ignore[arg-type]
    found = _probe(executable)
    if path is not None:
        # What cannot be kept is probed again.
        with contextlib.suppress(OSError):
            write_text_atomically(path, json.dumps({**_readable(path), key: asdict(found)}, indent=1))
    return found


def _readable(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _probe(executable: str) -> Capabilities:
    stated = _output([executable, "--version"], None)
    version = re.search(r"ngspice-?\s*([0-9][\w.+]*)", stated)
    if version is None:
        raise EngineNotFoundError(
            f"{executable} is not ngspice: asked for its version it says {stated.strip()[:80]!r}; "
            f"install ngspice with: {install_command()}"
        )
    with_klu = _output([executable, "-n", "-b", "deck.cir"], KLU_PROBE)
    # A file that is not there: a program that knows the command complains of the file, another of the command.
    with_osdi = _output(
        [executable, "-n", "-b", "deck.cir"],
        _DIVIDER + ".control\npre_osdi none.osdi\n.endc\n.op\n.end\n",
    )
    return Capabilities(
        version=version.group(1),
        klu=uses_klu(with_klu),
        osdi="osdi lib" in with_osdi,
    )


def uses_klu(log: str) -> bool:
    """Whether the log of a run of :data:`KLU_PROBE` says that KLU did it."""
    return bool(re.search(r"using klu", log, re.IGNORECASE))


def _output(command: list[str], deck: str | None) -> str:
    with tempfile.TemporaryDirectory(prefix="neuromorph-probe-") as folder:
        if deck is not None:
            Path(folder, "deck.cir").write_text(deck, encoding="ascii")
        try:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
            )
        except OSError as error:
            raise EngineNotFoundError(
                f"{command[0]} cannot be run: {error.strerror}; install: {install_command()}"
            ) from error
        except subprocess.TimeoutExpired:
            return ""
        return (done.stdout + done.stderr).decode("utf-8", errors="replace")
