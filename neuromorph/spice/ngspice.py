"""ngspice as a subprocess: each deck in a folder of its own, success proved before it is believed."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neuromorph.errors import SimulationError
from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.schematic import Deck, NgspiceOptions
from neuromorph.spice.capabilities import Capabilities, capabilities_of, find_program
from neuromorph.spice.diagnosis import diagnose
from neuromorph.spice.raw import RawPlot, read_raw

_log = logging.getLogger(__name__)

DECK, LOG, RAW = "deck.cir", "ngspice.log", "out.raw"
_REFERENCE_VALUE = re.compile(rb"Reference value :\s*([-+0-9.eE]+)")
# Decks with more lines than this are given to KLU where it is there; below, Sparse is as fast.
_LARGE_DECK = 500
_NO_SPACE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Ngspice:
    """The ngspice program.

    Parameters
    ----------
    program : str or Path, optional
        The executable; without it the environment variable ``NEUROMORPH_NGSPICE``, then the search path.
    folder : Path, optional
        Where the folders of runs are made; the system's temporary folder where it is left out. The folder
        of a failed run stays.
    timeout : float, optional
        Longest duration of a run on the clock [s].

    Notes
    -----
    Success means: the program ended with status 0, its log names no fault, the raw file is whole, has
    every vector that was asked for, holds finite numbers only, and its last time is the one asked for.
    The exit status alone proves nothing: ngspice returns 0 for a floating node or a missing value.
    """

    program: str | Path | None = None
    folder: Path | None = None
    timeout: float | None = None

    name: ClassVar[str] = "ngspice"

    def executable(self) -> Path:
        """Path of the program, or ``EngineNotFoundError`` with the command that installs it."""
        return find_program(self.program)

    def capabilities(self) -> Capabilities:
        """What the found program can do (probed once, then kept)."""
        return capabilities_of(self.executable())

    def run(
        self, deck: Deck, options: NgspiceOptions | None = None, progress: Progress = silent
    ) -> Recording:
        """Run a transient analysis; see :class:`neuromorph.spice.Engine` (SI units)."""
        executable = self.executable()
        capabilities = capabilities_of(executable)
        options = options or NgspiceOptions()
        text = deck.text(options, self._use_klu(deck, options, capabilities))
        run = _Run(deck, text, self._new_folder())
        started = time.perf_counter()
        try:
            status = run.execute(executable, self.timeout, progress)
            plot = run.proved(status)
        except SimulationError:
            _log.warning("ngspice failed; deck, log and raw file are kept in %s", run.folder)
            raise
        except BaseException:
            _log.warning("ngspice was stopped; deck, log and raw file are kept in %s", run.folder)
            raise
        recording = _recording(
            deck,
            plot,
            provenance={
                "engine": self.name,
                "version": capabilities.version,
                "design": deck.name,
                "options": _plain(options),
                "parameters": dict(deck.parameters),
                "t_stop": deck.t_stop,
                "seed": None,
                "states": list(deck.states),
                "deck_hash": Deck.digest(text),
                "engine_seconds": time.perf_counter() - started,
            },
        )
        shutil.rmtree(run.folder, ignore_errors=True)
        return recording

    def _new_folder(self) -> Path:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="neuromorph-ngspice-", dir=self.folder))

    @staticmethod
    def _use_klu(deck: Deck, options: NgspiceOptions, capabilities: Capabilities) -> bool:
        if options.linear_solver == "klu" and not capabilities.klu:
            raise SimulationError(
                cause=f"ngspice {capabilities.version} was built without the KLU solver",
                remedy="use linear_solver='auto', or install ngspice 42 or later with KLU",
            )
        wanted = options.linear_solver == "klu" or (
            options.linear_solver == "auto" and len(deck.body) > _LARGE_DECK
        )
        return capabilities.klu and wanted


class _Run:
    """One run in its folder."""

    def __init__(self, deck: Deck, text: str, folder: Path) -> None:
        self.deck, self.text, self.folder = deck, text, folder

    def execute(self, executable: Path, timeout: float | None, progress: Progress) -> int:
        """Run to the end and return the exit status; the log grows in its file meanwhile."""
        try:
            (self.folder / DECK).write_text(self.text, encoding="utf-8")
        except OSError as error:
            raise self._failed(f"cannot write the deck: {error.strerror}", _space_remedy(self.folder)) from error
        # -n: the user's .spiceinit must not change results. A session of its own, so that stopping the run
        # stops everything that it started.
        process = subprocess.Popen(
            [str(executable), "-n", "-b", "-r", RAW, DECK],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**_environment(), "LC_ALL": "C"},
            start_new_session=True,
        )
        try:
            self._watch(process, timeout, progress)
            return process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            if process.stdout:
                process.stdout.close()

    def _watch(self, process: subprocess.Popen[bytes], timeout: float | None, progress: Progress) -> None:
        assert process.stdout is not None
        deadline = None if timeout is None else time.monotonic() + timeout
        source = process.stdout.fileno()
        tail = b""
        with (self.folder / LOG).open("wb", buffering=0) as log:
            import select

            while True:
                if deadline is not None:
                    ready, _, _ = select.select([source], [], [], max(deadline - time.monotonic(), 0.0))
                    if not ready:
                        raise self._failed(
                            f"ngspice had not finished after {timeout:g} s", "allow more time, or a longer time step"
                        )
                chunk = os.read(source, 1 << 16)
                if not chunk:
                    return
                # Progress lines are thousands of carriage returns: the last one of a chunk says enough.
                tail = (tail + chunk)[-4096:]
                values = _REFERENCE_VALUE.findall(tail)
                if values:
                    with contextlib.suppress(ValueError):
                        progress(min(float(values[-1]) / self.deck.t_stop, 1.0), "ngspice")
                with contextlib.suppress(OSError):  # a full disk shows in the raw file, where it matters
                    log.write(re.sub(rb"\s*Reference value :[^\r\n]*[\r\n]*", b"", chunk))

    def proved(self, status: int) -> RawPlot:
        """The plot of a run that succeeded, or ``SimulationError``."""
        log = (self.folder / LOG).read_text("utf-8", errors="replace")
        diagnosis = diagnose(log, self.text)
        raw = self.folder / RAW
        plot = self._plot(raw)
        reached = None if plot is None or plot.values.shape[1] == 0 else float(plot.values[0, -1].real)
        if status < 0:
            cause = f"ngspice was killed by signal {-status} ({signal.Signals(-status).name})"
            raise self._failed(cause, "run it again; check memory limits and who stopped it", reached)
        if self._disk_is_full():
            raise self._failed(f"no space left on the disk that holds {self.folder}", _space_remedy(self.folder), reached)
        if diagnosis is not None:
            raise SimulationError(
                cause=diagnosis.cause,
                remedy=diagnosis.remedy,
                where=diagnosis.where,
                time_reached=reached if diagnosis.time_reached is None else diagnosis.time_reached,
                log_lines=diagnosis.lines,
                folder=self.folder,
            )
        if status != 0:
            raise self._failed(f"ngspice ended with status {status} and no message", "read the log", reached, log)
        if plot is None or reached is None:
            raise self._failed("ngspice wrote no results", "read the log; run the deck by hand", reached, log)
        return self._checked(plot, reached, log)

    def _checked(self, plot: RawPlot, reached: float, log: str) -> RawPlot:
        t_stop = self.deck.t_stop
        if not plot.complete:
            raise self._failed("the raw file is truncated", "run it again; check the disk", reached, log)
        if not math.isclose(reached, t_stop, rel_tol=1e-9):
            raise self._failed(
                f"the run ended at {reached:g} s instead of {t_stop:g} s", "loosen reltol; check the log", reached, log
            )
        for vector in self.deck.vectors:
            try:
                values = plot[vector]
            except KeyError:
                raise self._failed(
                    f"ngspice did not record {vector}",
                    "check the probe's name; recorded: " + ", ".join(plot.names),
                    reached,
                ) from None
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise SimulationError(
                    cause=f"{vector} is not a finite number",
                    remedy="check expressions for a division by zero, a logarithm or an overflow",
                    where=vector,
                    time_reached=float(plot.values[0, bad[0]]),
                    folder=self.folder,
                )
        if np.any(np.diff(plot.values[0]) < 0):
            raise self._failed("time runs backwards in the raw file", "run it again", reached, log)
        return plot

    def _plot(self, raw: Path) -> RawPlot | None:
        if not raw.exists() or raw.stat().st_size == 0:
            return None
        try:
            plots = read_raw(raw)
        except SimulationError:
            return None
        return plots[-1] if plots else None

    def _disk_is_full(self) -> bool:
        with contextlib.suppress(OSError):
            return shutil.disk_usage(self.folder).free < _NO_SPACE
        return False

    def _failed(self, cause: str, remedy: str, reached: float | None = None, log: str = "") -> SimulationError:
        lines = tuple(line.strip() for line in log.splitlines() if line.strip())[-5:]
        return SimulationError(
            cause=cause, remedy=remedy, time_reached=reached, log_lines=lines, folder=self.folder
        )


def _recording(deck: Deck, plot: RawPlot, provenance: dict[str, Any]) -> Recording:
    vectors = {name: plot[name] for name in deck.vectors}
    time_grid = plot.axis
    spikes = np.array([])
    if deck.spikes is not None:
        spikes = _rises(time_grid, deck.spikes.evaluate(vectors), deck.spike_level)
    return Recording(
        time=time_grid,
        signals={name: probe.evaluate(vectors) for name, probe in deck.probes.items()},
        units={name: probe.resolved_unit() for name, probe in deck.probes.items()},
        spikes=SpikeTrains(times=spikes),
        provenance=provenance,
    )


def _rises(time_grid: Any, signal_values: Any, level: float) -> Any:
    """Times at which a signal rises through a level, interpolated between the engine's time points [s]."""
    above = signal_values >= level
    before = np.flatnonzero(above[1:] & ~above[:-1])
    low, high = signal_values[before], signal_values[before + 1]
    share = (level - low) / (high - low)
    return time_grid[before] + share * (time_grid[before + 1] - time_grid[before])


def _environment() -> dict[str, str]:
    # SPICE_* variables change where ngspice looks for things and how it writes; SPICE_SCRIPTS names spinit.
    kept = {"SPICE_LIB_DIR", "SPICE_EXEC_DIR"}
    return {k: v for k, v in os.environ.items() if not k.startswith("SPICE_") or k in kept}


def _space_remedy(folder: Path) -> str:
    return f"free some space, or choose another place for runs (TMPDIR, or Ngspice(folder=...)); now in {folder.parent}"


def _plain(options: NgspiceOptions) -> dict[str, Any]:
    import dataclasses

    return {f.name: _value(getattr(options, f.name)) for f in dataclasses.fields(options)}


def _value(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else value
