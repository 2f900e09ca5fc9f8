"""ngspice as a library, in a worker process that can be replaced: progress in per cent, stopped with what it has."""

from __future__ import annotations

import atexit
import contextlib
import ctypes.util
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from neuromorph.errors import EngineNotFoundError
from neuromorph.progress import Progress, silent
from neuromorph.schematic import Deck
from neuromorph.spice.capabilities import KLU_PROBE, Capabilities, uses_klu
from neuromorph.spice.ngspice import DECK, LOG, RAW, Ngspice, environment
from neuromorph.spice.process import Ended

LIBRARY_VARIABLE = "NEUROMORPH_LIBNGSPICE"
_WORKER = Path(__file__).with_name("shared_worker.py")
_INSTALL = "sudo apt-get install libngspice0 (Debian, Ubuntu), sudo dnf install libngspice (Fedora), brew install libngspice (macOS)"
# Time between two looks at the clock, and how long a halted run may take to write what it has [s].
_PERIOD, _GRACE = 0.2, 5.0
_START_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class NgspiceShared(Ngspice):
    """ngspice as a shared library.

    Saves the start of a program in each run, and a run that is stopped keeps the points that it has. The library runs in a
    worker process, since a faulty circuit may end it for good; the worker is then replaced.

    Parameters
    ----------
    program : str or Path, optional
        The library file; without it the environment variable ``NEUROMORPH_LIBNGSPICE``, then where the system has it.
    folder : str or Path, optional
        As for :class:`Ngspice`.
    timeout : float, optional
        Longest duration of a run on the clock [s].

    Notes
    -----
    A circuit that failed to load would leave the one before it to be run. Before each run all circuits and results are
    removed, and success is proved from log and raw file as for the program.
    """

    name: ClassVar[str] = "ngspice-shared"

    def executable(self) -> Path:
        """Path of the library, or ``EngineNotFoundError`` with the command that installs it."""
        return _find_library(self.program)

    def capabilities(self) -> Capabilities:
        """What the found library can do (asked once a process)."""
        library = self.executable()
        return _capabilities(str(library), library.stat().st_mtime_ns)

    def _start(self, executable: Path, folder: Path, deck: Deck, progress: Progress) -> Ended:
        # The library keeps its random numbers from run to run, whatever the seed.
        fresh = deck.seed is not None
        with contextlib.closing(_Worker(executable)) if fresh else _borrowed(executable) as worker:
            return worker.run(folder, deck.compatibility, self.timeout, progress, self.name)


class _Worker:
    """A process that holds the library."""

    def __init__(self, library: Path) -> None:
        # The library reads a user's .spiceinit from the home folder and from where it starts; both are empty here.
        self._home = tempfile.TemporaryDirectory(prefix="neuromorph-library-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_WORKER), str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._home.name,
            env=environment() | {"HOME": self._home.name},
            start_new_session=True,
        )
        self._unread = b""
        first = self._answer(time.monotonic() + _START_SECONDS)
        if first is None:
            self.close()
            raise EngineNotFoundError(
                f"{library} is not a library of ngspice that can be loaded; one is installed with: {_INSTALL}"
            )
        self.version = str(first["version"])

    @property
    def is_alive(self) -> bool:
        """Whether another run can be asked of it."""
        return self._process.poll() is None

    def run(self, folder: Path, mode: str, timeout: float | None, progress: Progress, name: str) -> Ended:
        """Run the deck in a folder, in a compatibility mode or none; `timeout` in s."""
        deadline = None if timeout is None else time.monotonic() + timeout
        share = 0.0
        request = {"folder": str(folder), "deck": DECK, "raw": RAW, "log": LOG, "mode": mode}
        try:
            self._send(request)
            while True:
                answer = self._answer(time.monotonic() + _PERIOD)
                if answer is None and not self.is_alive:
                    return self._died(folder)
                if answer is not None and "ended" in answer:
                    return Ended(0, _log_of(folder))
                if answer is not None:
                    share = min(max(answer["progress"] / 100, 0.0), 1.0)
                # Also while nothing is said: it may stop the run.
                progress(share, name)
                if deadline is not None and time.monotonic() >= deadline:
                    self._halt()
                    return Ended(0, _log_of(folder), timed_out=True)
        except BaseException:
            self._halt()
            raise

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError, OSError):
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._home.cleanup()

    def _halt(self) -> None:
        """Stop the run; what it has is written. A worker that does not answer is ended."""
        with contextlib.suppress(OSError):
            self._send({"stop": True})
            limit = time.monotonic() + _GRACE
            while time.monotonic() < limit and self.is_alive:
                answer = self._answer(limit)
                if answer is not None and "ended" in answer:
                    return
        self.close()

    def _died(self, folder: Path) -> Ended:
        return Ended(self._process.wait(), _log_of(folder))

    def _send(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self, until: float) -> dict[str, Any] | None:
        """The next answer, ``None`` when there is none in time or the process has ended."""
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([source], [], [], max(until - time.monotonic(), 0.0))
            if not ready:
                return None
            chunk = os.read(source, 1 << 16)
            if not chunk:
                self._process.wait()
                return None
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


_idle: dict[str, list[_Worker]] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def _borrowed(library: Path) -> Iterator[_Worker]:
    """A worker that nobody else uses; afterwards it waits for the next run, if it is still good."""
    with _lock:
        waiting = _idle.setdefault(str(library), [])
        worker = waiting.pop() if waiting else None
    if worker is not None and not worker.is_alive:
        worker.close()
        worker = None
    if worker is None:
        worker = _Worker(library)
    try:
        yield worker
    finally:
        if worker.is_alive:
            with _lock:
                _idle[str(library)].append(worker)
        else:
            worker.close()


@atexit.register
def close_workers() -> None:
    """End the workers that wait for another run."""
    with _lock:
        for workers in _idle.values():
            while workers:
                workers.pop().close()


@lru_cache
def _capabilities(library: str, modified: int) -> Capabilities:
    with _borrowed(Path(library)) as worker, tempfile.TemporaryDirectory(prefix="neuromorph-probe-") as folder:
        found = re.search(r"ngspice-?\s*([0-9][\w.+]*)", worker.version)
        Path(folder, DECK).write_text(KLU_PROBE, encoding="ascii")
        ended = worker.run(Path(folder), "", _START_SECONDS, silent, "ngspice")
    return Capabilities(version=found[1] if found else "unknown", klu=uses_klu(ended.log), osdi=False)


def _find_library(given: str | Path | None) -> Path:
    named = given or os.environ.get(LIBRARY_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if path.is_file():
            return path.absolute()
        origin = "" if given else f" (from {LIBRARY_VARIABLE})"
        raise EngineNotFoundError(f"{named}{origin} is not a file; the library is installed with: {_INSTALL}")
    name = ctypes.util.find_library("ngspice")
    for folder in _library_folders():
        for candidate in (name, "libngspice.so.0", "libngspice.so", "libngspice.dylib"):
            if candidate and (folder / candidate).is_file():
                return folder / candidate
    raise EngineNotFoundError(f"the ngspice library is not on this system; install it with: {_INSTALL}")


def _library_folders() -> list[Path]:
    folders = [
        *os.environ.get("LD_LIBRARY_PATH", "").split(":"),
        "/usr/local/lib",
        "/opt/homebrew/lib",
        "/usr/lib64",
        "/usr/lib",
    ]
    multiarch = sorted(Path("/usr/lib").glob("*-linux-gnu"))
    return [*(Path(folder) for folder in folders if folder), *multiarch]


def _log_of(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / LOG).read_text(encoding="utf-8", errors="replace")
    return ""
