"""ngspice as a subprocess: each deck in a folder of its own, success proved before it is believed."""

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
from neuromorph.schematic import Deck, NgspiceOptions, NoiseDeck
from neuromorph.spice.capabilities import Capabilities, capabilities_of, find_program
from neuromorph.spice.device_form import DeviceForm, device_form, obstacle
from neuromorph.spice.growing import GrowingRaw
from neuromorph.spice.noise_proof import NoiseProof, NoiseSpectra
from neuromorph.spice.process import Ended, run_watched
from neuromorph.spice.proof import Proof, space_remedy
from neuromorph.spice.raw import read_raw
from neuromorph.spice.recorded import recording_of, stopped_at
from neuromorph.spice.verilog_a import copied

_log = logging.getLogger(__name__)

DECK, LOG, RAW = "deck.cir", "ngspice.log", "out.raw"
_SOURCE, _MODULES = "deck.va", "deck.osdi"
# Decks with more lines than this are given to KLU where it is there. Measured: meshes and crossbars gain from some
# 200 elements on (a quarter at 500, half at 1000), chains lose a tenth at any size.
_LARGE_DECK = 200


@dataclass(frozen=True, kw_only=True)
class Ngspice:
    """The ngspice program.

    Parameters
    ----------
    program : str or Path, optional
        The executable; without it the environment variable ``NEUROMORPH_NGSPICE``, then the search path.
    folder : str or Path, optional
        Where the folders of runs are made; the system's temporary folder where it is left out. The folder
        of a failed run stays.
    timeout : float, optional
        Longest duration of a run on the clock [s].

    Notes
    -----
    Success means: the program ended with status 0, its log names no fault, the raw file is whole, has
    every vector that was asked for, holds credible numbers only, and its last time is the one asked for.
    The exit status alone proves nothing: ngspice returns 0 for a floating node or a missing value.
    """

    program: str | Path | None = None
    folder: str | Path | None = None
    timeout: float | None = None

    name: ClassVar[str] = "ngspice"

    def executable(self) -> Path:
        """Path of the program, or ``EngineNotFoundError`` with the command that installs it."""
        return find_program(self.program)

    def capabilities(self) -> Capabilities:
        """What the found program can do (probed once, then kept)."""
        return capabilities_of(self.executable())

    def __post_init__(self) -> None:
        if self.timeout is not None and not (math.isfinite(self.timeout) and self.timeout > 0):
            raise ValueError(f"timeout must be a positive time in s, got {self.timeout!r}")

    def run(self, deck: Deck, options: NgspiceOptions | None = None, progress: Progress = silent) -> Recording:
        """Run a transient analysis or an operating point; see :class:`neuromorph.spice.Engine` (SI units)."""
        executable = self.executable()
        capabilities = self.capabilities()
        options = options or NgspiceOptions()
        form, use_klu = device_form(deck, options, capabilities), self.uses_klu(deck, options)
        text = form.deck.text(options, use_klu, _MODULES if form.file else "")
        folder = self._new_folder()
        started = time.perf_counter()
        provenance = {
            "engine": self.name,
            "version": capabilities.version,
            "design": deck.name,
            "options": {f.name: getattr(options, f.name) for f in dataclasses.fields(options)},
            "parameters": dict(deck.parameters),
            "t_stop": deck.t_stop,
            "seed": deck.seed,
            "states": list(deck.states),
            "spike_signal": deck.spike_signal,
            "linear_solver": "klu" if use_klu else "sparse",
            **({"devices": form.why} if form.why else {}),
            "deck_hash": Deck.digest(text + form.source),
        }
        try:
            ended = self._execute(executable, folder, text, deck, progress, form)
            plot = Proof(deck, text, folder, RAW, self.timeout).plot(ended)
            recording = recording_of(deck, plot, provenance | {"engine_seconds": time.perf_counter() - started})
        except SimulationError as error:  # it names the folder itself
            error.partial = _partial(deck, folder, provenance)
            raise
        except BaseException as error:
            _log.warning("ngspice was stopped; deck, log and raw file are kept in %s", folder)
            partial = _partial(deck, folder, provenance) if isinstance(error, KeyboardInterrupt) else None
            if partial is None:
                raise
            raise SimulationInterrupted(stopped_at(partial, deck), partial) from None
        shutil.rmtree(folder, ignore_errors=True)
        return recording

    def run_noise(self, deck: NoiseDeck, options: NgspiceOptions | None = None) -> NoiseSpectra:
        """Run a noise analysis.

        Parameters
        ----------
        deck : NoiseDeck
            What to run.
        options : NgspiceOptions, optional
            Tolerances of the operating point.

        Returns
        -------
        NoiseSpectra
            Shape (n_frequencies,) each, one-sided [V^2/Hz].

        Raises
        ------
        SimulationError
            When the run failed, or its success cannot be proved.
        EngineNotFoundError
            When the program is not on this machine.
        """
        options = options or NgspiceOptions()
        text = deck.text(options, self.uses_klu(deck, options))
        folder = self._new_folder()
        ended = self._execute(self.executable(), folder, text, deck, silent)
        spectra = NoiseProof(deck, text, folder, RAW, self.timeout).spectra(ended, deck, self.capabilities().version)
        shutil.rmtree(folder, ignore_errors=True)
        return spectra

    def _new_folder(self) -> Path:
        try:
            if self.folder is not None:
                Path(self.folder).mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="neuromorph-ngspice-", dir=self.folder)).absolute()
        except OSError as error:
            where = f"in {self.folder}" if self.folder is not None else "in the temporary folder"
            raise SimulationError(
                cause=f"cannot make a folder for the run {where}: {error.strerror or error}",
                remedy="choose another place for runs that can be written (TMPDIR, or Ngspice(folder=...))",
            ) from error

    def _execute(
        self,
        executable: Path,
        folder: Path,
        text: str,
        deck: Deck,
        progress: Progress,
        form: DeviceForm | None = None,
    ) -> Ended:
        try:
            (folder / DECK).write_text(text, encoding="utf-8")
            if form is not None and form.file is not None:
                # Source and modules beside the deck: the folder of a failed run has all that it needs.
                (folder / _SOURCE).write_text(form.source, encoding="ascii")
                copied(form.file, folder / _MODULES)
        except OSError as error:
            is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = f"no space left on the disk that holds {folder}" if is_full else f"cannot write: {error.strerror}"
            raise SimulationError(cause=reason, remedy=space_remedy(folder), where=DECK, folder=folder) from error
        return self._start(executable, folder, deck, progress)

    def _start(self, executable: Path, folder: Path, deck: Deck, progress: Progress) -> Ended:
        # -n: the user's .spiceinit must not change results.
        # A mode as an argument is there before the deck is read, and acts on this process only.
        mode = ["-D", f"ngbehavior={deck.compatibility}"] if deck.compatibility else []
        command = [str(executable), "-n", *mode, "-b", "-r", RAW, DECK]
        raw = GrowingRaw(folder / RAW)

        def on_tick() -> None:
            # Nobody knows how far an operating point is.
            share = 0.0 if deck.t_stop is None else (raw.last_time() or 0.0) / deck.t_stop
            progress(min(max(share, 0.0), 1.0), self.name)

        return run_watched(command, folder, LOG, environment(), self.timeout, on_tick)

    def uses_klu(self, deck: Deck, options: NgspiceOptions) -> bool:
        """Whether a run of a deck is given to the KLU solver.

        Parameters
        ----------
        deck : Deck
            What is to be run.
        options : NgspiceOptions
            Settings of the run.

        Returns
        -------
        bool
            As the options say, else for large decks where the program has it.

        Raises
        ------
        SimulationError
            When the options ask for KLU and the program was built without it.
        """
        capabilities = self.capabilities()
        if options.linear_solver == "klu" and not capabilities.klu:
            raise SimulationError(
                cause=f"ngspice {capabilities.version} was built without the KLU solver",
                remedy="use linear_solver='auto', or install ngspice 42 or later with KLU",
            )
        wanted = options.linear_solver == "klu" or (options.linear_solver == "auto" and len(deck.body) > _LARGE_DECK)
        return capabilities.klu and wanted

    def compiles_devices(self, deck: Deck, options: NgspiceOptions) -> bool:
        """Whether a run of a deck gets compiled devices, as far as that is known before it.

        Parameters
        ----------
        deck : Deck
            What is to be run.
        options : NgspiceOptions
            Settings of the run.

        Returns
        -------
        bool
            As the options say, else where the program loads them and there is a compiler.
        """
        return not obstacle(deck, options, self.capabilities())


def _partial(deck: Deck, folder: Path, provenance: dict[str, Any]) -> Recording | None:
    """What a failed run had computed, where its raw file holds points of it."""
    with contextlib.suppress(OSError, SimulationError):
        plots = read_raw(folder / RAW)
        # An operating point is there or it is not; what is not finite is a cause, no result.
        if deck.t_stop is None or len(plots) != 1 or plots[0].n_points < 2:
            return None
        if all(vector in plots[0] and np.isfinite(plots[0][vector]).all() for vector in deck.vectors):
            return recording_of(deck, plots[0], provenance)
    return None


def environment() -> dict[str, str]:
    """The environment that ngspice gets: nothing in it changes where it looks for things and how it writes."""
    # SPICE_* variables change where ngspice looks for things and how it writes; SPICE_SCRIPTS names spinit.
    kept = {"SPICE_LIB_DIR", "SPICE_EXEC_DIR"}
    return {k: v for k, v in os.environ.items() if not k.startswith("SPICE_") or k in kept} | {"LC_ALL": "C"}
