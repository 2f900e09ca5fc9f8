"""How commands speak: JSON, progress on long runs, errors as messages with an exit status."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from neuromorph.errors import (
    EngineNotFoundError,
    MeasurementError,
    NeuromorphError,
    SimulationError,
    SimulationInterrupted,
    ValidationError,
    ValidationInterrupted,
)
from neuromorph.files import write_text_atomically

AGREE, DISAGREE, USAGE, ENGINE_MISSING, SIMULATION_FAILED = 0, 1, 2, 3, 4
_INTERRUPTED = 130
_QUIET_SECONDS = 2.0


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose expected errors become a message and an exit status instead of a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always", UserWarning)
                warnings.showwarning = _say_warning
                command(*args, **kwargs)
        except EngineNotFoundError as error:
            _fail(error, ENGINE_MISSING)
        except SimulationError as error:
            _fail(error, SIMULATION_FAILED)
        except (MeasurementError, ValidationError, ValueError, FileNotFoundError) as error:
            _fail(error, USAGE)
        except MemoryError as error:
            _fail(str(error) or "there is not enough memory for this", USAGE)
        except (NeuromorphError, OSError) as error:
            _fail(error, SIMULATION_FAILED)
        except KeyboardInterrupt as error:
            _fail(f"interrupted: {error}" if str(error) else "interrupted", _INTERRUPTED)

    return run


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    sys.stderr.write(f"warning: {message}\n")


def _fail(error: object, status: int) -> None:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        # Without the number of the error, which only programmers know.
        error = f"{os.fsdecode(error.filename)}: {error.strerror}"
    sys.stderr.write(f"error: {error}\n")
    raise typer.Exit(status)


@contextlib.contextmanager
def partial_saved_beside(path: Path | None) -> Iterator[None]:
    """Save what a failed or stopped run had computed under another name than the one that was asked for."""
    try:
        yield
    except (SimulationError, SimulationInterrupted) as error:
        partial = error.partial if isinstance(error, SimulationError) else error.result
        if path is not None and partial is not None and len(partial.time):
            beside = path.with_name(f"{path.stem}.partial{path.suffix or '.nc'}")
            partial.save(beside)
            sys.stderr.write(f"what was computed until then: {beside}\n")
        raise


@contextlib.contextmanager
def roads_saved_beside(path: Path | None) -> Iterator[None]:
    """Save what the runs of a stopped cross-validation had computed: beside what was asked for, else in a new temporary folder."""
    try:
        with partial_saved_beside(path):
            yield
    except ValidationInterrupted as error:
        target = Path(tempfile.mkdtemp(prefix="neuromorph-validate-")) / "stopped.nc" if path is None else path
        kept = []
        for role, recording in error.recordings.items():
            kept.append(role_path(target, f"{role}.partial"))
            recording.save(kept[-1])
        sys.stderr.write(f"what was computed until then: {', '.join(map(str, kept))}\n")
        raise


def role_path(path: Path, role: str) -> Path:
    """Where the recording of one road goes: ``name.role.nc`` for ``name.nc``."""
    return path.with_name(f"{path.stem}.{role}{path.suffix}")


def save_roads(path: Path | None, json_target: str | None, **recordings: Any) -> None:
    """Write the waveforms of both roads, and say where."""
    if path is None:
        return
    for role, recording in recordings.items():
        recording.save(role_path(path, role))
        say(f"waveforms ({role}): {role_path(path, role)}", json_target)


PICTURES = ("png", "pdf", "svg", "jpg", "jpeg", "tif", "tiff", "webp", "eps", "ps")


def check_outputs(
    *,
    json: str | None = None,
    save: Path | None = None,
    plot: Path | None = None,
    output: Path | None = None,
    **others: Path | None,
) -> None:
    """Refuse, before anything runs, what could not be written after it; others go by the names of their options."""
    paths = {
        "--json": Path(json) if json not in (None, "-") else None,
        "--save": save,
        "--plot": plot,
        "--output": output,
        **{f"--{name}": path for name, path in others.items()},
    }
    for option, path in paths.items():
        if path is None:
            continue
        if path.is_dir():
            raise ValueError(f"{option} {path}: this is a folder; give the name of a file in it")
        if not path.absolute().parent.is_dir():
            raise ValueError(f"{option} {path}: the folder {path.parent} does not exist; make it first")
        if not os.access(path.absolute().parent, os.W_OK) and not path.exists():
            raise ValueError(f"{option} {path}: the folder {path.parent} cannot be written")
    if plot is not None and plot.suffix.lower().removeprefix(".") not in PICTURES:
        raise ValueError(f"cannot write a picture as {plot.name!r}: give an ending out of {', '.join(PICTURES)}")
    if save is not None and save.suffix != ".nc":
        raise ValueError(f"--save {save}: waveforms are written as netCDF; give a name that ends in .nc")


def say(text: str, json_target: str | None = None) -> None:
    """Print for people, unless standard output carries the JSON."""
    if json_target != "-":
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def write_json(content: dict[str, Any], target: str | None) -> None:
    """Write JSON to a file, complete or not at all, or to standard output for ``-``."""
    if target is None:
        return
    text = json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        write_text_atomically(Path(target), text)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null."""
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float) or hasattr(value, "dtype"):
        number = float(value)
        return number if math.isfinite(number) else None
    return value


class DelayedProgress:
    """A bar on the terminal, or a line now and then in a log, for work that takes over two seconds."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._said = 0.0

    def __call__(self, fraction: float, what: str) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        if now - self._started < _QUIET_SECONDS:
            return
        if not sys.stderr.isatty():
            if now - self._said > 5.0:
                self._said = now
                sys.stderr.write(f"{what}: {100 * fraction:.0f} %\n")
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(what, total=1.0)
        self._bar.update(self._task, completed=fraction, description=what)

    def __enter__(self) -> DelayedProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
