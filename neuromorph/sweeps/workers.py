"""Worker processes behind the interface of ``concurrent.futures``."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from types import ModuleType
from typing import Any

from neuromorph.sweeps.worker import read_message, write_message

# How long a worker may take to stop what it runs before it is killed [s].
_GRACE = 2.0
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from neuromorph.sweeps.worker import main; main()"
# Modules that commands load from a user's file; no worker could import them by this name.
_LOADED_BY_PATH = "neuromorph_user_"


class WorkerDiedError(RuntimeError):
    """A worker process ended in the middle of a call."""


class WorkerPool(Executor):
    """Processes that do calls, each with an interpreter of its own.

    Unlike ``ProcessPoolExecutor`` it never imports the caller's script, so that a script needs no guard; it takes
    functions and classes of that script, and lambdas; and a worker that dies takes its own call with it and no other.

    Parameters
    ----------
    workers : int, optional
        Number of processes; as many as there are processors for this process where it is left out.

    Raises
    ------
    ValueError
        When the number is not positive.
    """

    def __init__(self, workers: int | None = None) -> None:
        workers = processors() if workers is None else workers
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
            raise ValueError(f"workers must be an integer of at least 1, got {workers!r}")
        self._waiting: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._is_stopped = threading.Event()
        self._is_closed = False
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a call done; see ``concurrent.futures.Executor.submit`` (raises ``ValueError`` for what cannot travel)."""
        if self._is_closed:
            raise RuntimeError("this pool of workers is shut down")
        future: Future[Any] = Future()
        self._waiting.put((future, packed((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; what runs is finished first (see ``concurrent.futures.Executor.shutdown``)."""
        self._is_closed = True
        if cancel_futures:
            self._cancel_waiting()
        for _ in self._threads:
            self._waiting.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def stop(self) -> None:
        """End the workers and what they run, now."""
        self._is_closed = True
        self._is_stopped.set()
        self._cancel_waiting()
        with self._lock:
            processes = list(self._processes)
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in processes:
            try:
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
        self.shutdown()

    def _cancel_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._waiting.get_nowait()
                if item is not None:
                    item[0].cancel()

    def _serve(self) -> None:
        """The thread that feeds one worker."""
        process: subprocess.Popen[bytes] | None = None
        try:
            while (item := self._waiting.get()) is not None:
                future, call = item
                if self._is_stopped.is_set() or not future.set_running_or_notify_cancel():
                    continue
                try:
                    if process is None:
                        process = self._started()
                    succeeded, value = _asked(process, call)
                except BaseException as error:
                    if process is not None:
                        self._end(process)
                        process = None
                    future.set_exception(error)
                    continue
                if succeeded:
                    future.set_result(value)
                else:
                    future.set_exception(value)
        finally:
            if process is not None:
                self._end(process)

    def _started(self) -> subprocess.Popen[bytes]:
        path = [os.fspath(entry) for entry in sys.path if isinstance(entry, str | os.PathLike)]
        with self._lock:
            if self._is_stopped.is_set():
                raise WorkerDiedError("the pool of workers was stopped")
            # A session of its own: Ctrl-C reaches the caller only, who then stops the workers.
            process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps([*path, *_folders_of_scripts()])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            self._processes.add(process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._processes.discard(process)
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def processors() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def refuse_what_cannot_travel(call: Any) -> None:
    """``ValueError`` where a call could be sent to another process, but not be read there: a PySpice circuit, for one."""
    content = packed(call)
    try:
        pickle.loads(content)
    except Exception as error:
        raise _cannot_travel(error) from error


def packed(call: Any) -> bytes:
    """A call as bytes; what was defined in a script goes along by value. ``ValueError`` says what cannot travel."""
    import cloudpickle

    scripts = _scripts()
    for module in scripts:
        cloudpickle.register_pickle_by_value(module)
    try:
        content: bytes = cloudpickle.dumps(call)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise _cannot_travel(error) from error
    finally:
        for module in scripts:
            cloudpickle.unregister_pickle_by_value(module)
    return content


def _cannot_travel(error: Exception) -> ValueError:
    return ValueError(
        f"the design, the drive or a measure cannot be sent to another process ({error}): give a function that makes the "
        "design, measures made of plain data and functions, or use workers=1, or executor=ThreadPoolExecutor()"
    )


def _scripts() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith(_LOADED_BY_PATH)]


def _folders_of_scripts() -> list[str]:
    """Where a user's script finds the modules beside it."""
    files = [getattr(module, "__file__", None) for module in _scripts()]
    return [str(Path(file).resolve().parent) for file in files if file]


def _asked(process: subprocess.Popen[bytes], call: bytes) -> tuple[bool, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    answer = None
    with contextlib.suppress(BrokenPipeError):
        write_message(process.stdin, call)  # type: ignore[arg-type]
        answer = read_message(process.stdout)  # type: ignore[arg-type]
    if answer is None:
        raise WorkerDiedError(f"the worker process ended during this run ({_how(process)})")
    succeeded, value = pickle.loads(answer)
    return succeeded, value


def _how(process: subprocess.Popen[bytes]) -> str:
    try:
        status = process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    if status < 0:
        name = signal.Signals(-status).name
        hint = ", as the system does when memory is short" if name == "SIGKILL" else ""
        return f"stopped by {name}{hint}"
    return f"exit status {status}"
