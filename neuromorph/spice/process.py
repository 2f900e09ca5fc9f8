"""A simulator as a child process: watched while it runs, stopped with all that it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neuromorph.errors import SimulationError

# Time between two looks at how far the run is [s].
_PERIOD = 0.2
_CHUNK = 1 << 16
# A log that floods keeps its beginning, where causes are, and its end.
_LOG_HEAD, _LOG_TAIL = 1 << 20, 1 << 16
_CUT = b"\n[the middle of the log was left out]\n"


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Parameters
    ----------
    status : int
        Exit status; a negative one is the signal that ended it.
    log : str
        What it printed, on both streams.
    timed_out : bool
        Whether it was stopped because its time was over.
    """

    status: int
    log: str
    timed_out: bool = False

    @property
    def signal(self) -> signal.Signals | None:
        """The signal that ended the program, seen through a shell that started it, too."""
        number = -self.status if self.status < 0 else self.status - 128
        return signal.Signals(number) if number in set(signal.Signals) else None


def run_watched(
    command: Sequence[str],
    folder: Path,
    log_name: str,
    environment: Mapping[str, str],
    timeout: float | None,
    on_tick: Callable[[], None],
) -> Ended:
    """Run a program to its end; its log grows in a file meanwhile.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    folder : Path
        Where it runs.
    log_name : str
        File in `folder` that gets what it prints. A disk without space for it is no reason to stop.
    environment : mapping of str to str
        Its environment variables.
    timeout : float or None
        Longest duration on the clock [s].
    on_tick : callable
        Called five times a second while the program runs.

    Returns
    -------
    Ended
        Status and log.

    Raises
    ------
    SimulationError
        When it cannot be started.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    # A session of its own: Ctrl-C reaches the caller only, who then stops all that the program started.
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise SimulationError(
            cause=f"{command[0]} cannot be started: {error.strerror or error}",
            remedy="check that it runs in a shell; close programs if memory is short",
            folder=folder,
        ) from error
    log = _Log()
    try:
        with contextlib.ExitStack() as stack:
            assert process.stdout is not None
            stack.enter_context(process.stdout)
            with contextlib.suppress(OSError):
                log.file = os.open(folder / log_name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
                stack.callback(os.close, log.file)
            is_over = _watch(process.stdout.fileno(), log, deadline, on_tick)
            log.finish()
            if not is_over:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    remaining = None if deadline is None else max(deadline - time.monotonic(), 0.0)
                    return Ended(process.wait(remaining), log.text())
            _kill(process)
            return Ended(process.wait(), log.text(), timed_out=True)
    except BaseException:
        _kill(process)
        process.wait()
        raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _watch(source: int, log: _Log, deadline: float | None, on_tick: Callable[[], None]) -> bool:
    """Read until the program closes its output (False) or its time is over (True)."""
    tick = time.monotonic() + _PERIOD
    while True:
        wake = tick if deadline is None else min(tick, deadline)
        ready, _, _ = select.select([source], [], [], max(wake - time.monotonic(), 0.0))
        if ready:
            chunk = os.read(source, _CHUNK)
            if not chunk:
                return False
            log.add(chunk)
        now = time.monotonic()
        if now >= tick:
            on_tick()
            tick = now + _PERIOD
        if deadline is not None and now >= deadline:
            return True


class _Log:
    """What a program printed, its middle left out where it floods."""

    def __init__(self) -> None:
        self.file: int | None = None
        self._head, self._tail = bytearray(), bytearray()
        self._is_cut = False

    def add(self, chunk: bytes) -> None:
        room = _LOG_HEAD - len(self._head)
        self._head += chunk[:room]
        self._write(chunk[:room])
        self._tail += chunk[room:]
        if len(self._tail) > 2 * _LOG_TAIL:
            self._is_cut = True
            del self._tail[:-_LOG_TAIL]

    def finish(self) -> None:
        if self._is_cut:
            self._write(_CUT)
        self._write(bytes(self._tail))

    def text(self) -> str:
        cut = _CUT if self._is_cut else b""
        return (bytes(self._head) + cut + bytes(self._tail)).decode("utf-8", errors="replace")

    def _write(self, content: bytes) -> None:
        # A full disk shows in the raw file, where it matters.
        if self.file is not None and content:
            with contextlib.suppress(OSError):
                os.write(self.file, content)
