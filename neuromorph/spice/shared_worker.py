"""The program that holds ngspice as a library: one run at a time, told over standard input, stopped when asked.

It imports nothing of the package, so that it starts at once; a library that has ended itself is replaced by starting it anew.
Each line that it reads is a request as JSON: ``{"folder", "deck", "raw", "log", "mode"}`` for a run, ``{"stop": true}`` for its
end. Each line that it writes is an answer: ``{"progress"}`` in per cent, at last ``{"ended"}``, true when the run was stopped.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import sys
import threading
from typing import Any

_SEND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
_EXIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_bool, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p)
_RUNNING = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_bool, ctypes.c_int, ctypes.c_void_p)
_PER_CENT = re.compile(r"([\d.]+) *%")
_NO_CIRCUIT = "no circuit loaded"
# Circuits that one request may leave behind; more would mean that they cannot be removed.
_MOST_CIRCUITS = 100


class Library:
    """ngspice as a library, with what it prints kept line by line."""

    def __init__(self, path: str, answer: Any) -> None:
        self._answer = answer
        self.lines: list[str] = []
        self.log: Any = None
        self.idle = threading.Event()
        self._library = ctypes.CDLL(path)
        # They must live as long as the library does.
        self._callbacks = (
            _SEND(self._on_line),
            _SEND(self._on_status),
            _EXIT(self._on_exit),
            _RUNNING(self._on_running),
        )
        line, status, ended, running = self._callbacks
        self._library.ngSpice_Init(line, status, ended, None, None, running, None)

    def command(self, text: str) -> list[str]:
        """Have a command done; the lines that it printed."""
        before = len(self.lines)
        self._library.ngSpice_Command(text.encode())
        return self.lines[before:]

    def _on_line(self, text: bytes, *_: Any) -> int:
        # Each comes with the stream that it was meant for.
        line = text.decode("utf-8", "replace").partition(" ")[2]
        self.lines.append(line)
        if self.log is not None:
            # A disk without space for it is no reason to stop.
            try:
                self.log.write(line + "\n")
                self.log.flush()
            except OSError:
                self.log = None
        return 0

    def _on_status(self, text: bytes, *_: Any) -> int:
        found = _PER_CENT.search(text.decode("utf-8", "replace"))
        if found:
            self._answer({"progress": float(found[1])})
        return 0

    def _on_exit(self, status: int, *_: Any) -> int:
        # The library is of no use from here on. Its own thread may be the one that calls.
        os._exit(status or 1)

    def _on_running(self, is_over: bool, *_: Any) -> int:
        (self.idle.set if is_over else self.idle.clear)()
        return 0


def run(library: Library, request: dict[str, Any], stop: threading.Event) -> bool:
    """Run a deck; whether it was stopped."""
    os.chdir(request["folder"])
    library.lines.clear()
    # A circuit that is still there would be run in the place of one that fails to load.
    for _ in range(_MOST_CIRCUITS):
        if any(_NO_CIRCUIT in line for line in library.command("remcirc")):
            break
    else:
        os._exit(3)
    library.command("destroy all")
    with open(request["log"], "w", encoding="utf-8") as log:
        library.log = log
        mode = request["mode"]
        library.command(f"set ngbehavior={mode}" if mode else "unset ngbehavior")
        library.command(f"source {request['deck']}")
        library.idle.clear()
        library.command("bg_run")
        while not library.idle.wait(0.005):
            if stop.is_set():
                library.command("bg_halt")
                break
        library.command("set filetype=binary")
        library.command(f"write {request['raw']}")
        library.log = None
    library.command("destroy all")
    return stop.is_set()


def main() -> None:
    """Answer requests until the standard input ends."""
    # The library prints on its own, too; answers have a channel of theirs.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def answer(content: dict[str, Any]) -> None:
        with lock:
            answers.write(json.dumps(content) + "\n")
            answers.flush()

    library = Library(sys.argv[1], answer)
    answer({"version": " ".join(library.command("version -f"))})
    stop, asked = threading.Event(), threading.Condition()
    waiting: list[dict[str, Any] | None] = []

    def listen() -> None:
        for line in sys.stdin:
            request = json.loads(line)
            if "stop" in request:
                stop.set()
                continue
            with asked:
                waiting.append(request)
                asked.notify()
        # The one who asked is gone: nobody waits for what runs.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        with asked:
            while not waiting:
                asked.wait()
            request = waiting.pop(0)
        assert request is not None
        stop.clear()
        answer({"ended": run(library, request, stop)})


if __name__ == "__main__":
    main()
