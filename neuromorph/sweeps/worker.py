"""The program of a worker process: takes calls from its standard input, one at a time, and answers them.

It never imports the script that started the sweep, so a script needs no ``if __name__ == "__main__"``.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import threading
from typing import Any, BinaryIO

LENGTH = struct.Struct("<Q")
# How long a run that nobody waits for may take to notice [s].
_GRACE = 5.0


def read_message(source: BinaryIO) -> bytes | None:
    """The next message, ``None`` at the end of the stream."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = source.read(length)
    return content if len(content) == length else None


def write_message(target: BinaryIO, content: bytes) -> None:
    """Send one message."""
    target.write(LENGTH.pack(len(content)) + content)
    target.flush()


def main() -> None:
    """Answer calls until the standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    calls = os.fdopen(os.dup(0), "rb")
    # What a task prints is for people, and what it reads is not ours.
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    # So that a simulator that runs below is stopped, too.
    signal.signal(signal.SIGTERM, _leave)
    waiting: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    while (call := waiting.get()) is not None:
        write_message(answers, _answer(call))


def _listen(calls: BinaryIO, waiting: queue.Queue[bytes | None]) -> None:
    while (call := read_message(calls)) is not None:
        waiting.put(call)
    waiting.put(None)
    # The one who asked is gone: a run that goes on would go on for nobody.
    timer = threading.Timer(_GRACE, os._exit, (1,))
    timer.daemon = True
    timer.start()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(*_: Any) -> None:
    raise SystemExit(0)


def _answer(call: bytes) -> bytes:
    import cloudpickle

    try:
        function, args, kwargs = pickle.loads(call)
        answer: tuple[bool, Any] = (True, function(*args, **kwargs))
    except Exception as error:
        answer = (False, error)
    try:
        content: bytes = cloudpickle.dumps(answer)
    except Exception as error:
        content = pickle.dumps((False, TypeError(f"the result cannot be sent back: {error}")))
    return content
