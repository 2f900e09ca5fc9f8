"""Whether a run of ngspice succeeded: proved from status, log and raw file, because none of them says it alone."""

from __future__ import annotations

import contextlib
import math
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuromorph.errors import SimulationError
from neuromorph.schematic import Deck
from neuromorph.spice.diagnosis import diagnose
from neuromorph.spice.process import Ended
from neuromorph.spice.raw import RawPlot, read_raw

# ngspice turns a division by zero into 1e32, and a current into an open node into its product with 1e12 ohm [V, A].
_LARGEST_VALUE = 1e15
# A disk with less room than this is full [byte].
_NO_SPACE = 1 << 16
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
_LAST_LINES = 5


@dataclass(frozen=True)
class Proof:
    """A run that has ended, to be proved.

    Parameters
    ----------
    deck : Deck
        What was to be run.
    text : str
        The deck's text, which messages quote.
    folder : Path
        Where it was run.
    raw : str
        Name of the raw file in `folder`.
    timeout : float or None
        Longest duration on the clock that was allowed [s].
    """

    deck: Deck
    text: str
    folder: Path
    raw: str
    timeout: float | None = None

    def plot(self, ended: Ended) -> RawPlot:
        """The plot of a run that succeeded.

        Parameters
        ----------
        ended : Ended
            Status and log of the run.

        Returns
        -------
        RawPlot
            Complete up to the deck's `t_stop` [s], or the one point of an operating point, with every vector of the deck in finite numbers.

        Raises
        ------
        SimulationError
            With the cause, when the run failed or its success cannot be proved.
        """
        plots = self._plots()
        last = plots[-1] if plots and plots[-1].variables and plots[-1].n_points else None
        reached = None if last is None or self.deck.t_stop is None else float(last.axis[-1])
        failure = self._interruption(ended, reached) or self._diagnosed(ended, reached)
        if failure is None and last is not None:
            failure = self._disproved(plots, last, reached, ended.log)
        elif failure is None:
            failure = self._error("ngspice wrote no results", "read the log; run the deck by hand", None, ended.log)
        if failure is None:
            assert last is not None
            return last
        # Of a full disk, every other failure is a consequence.
        if not ended.timed_out and self._disk_is_full():
            raise self._error(f"no space left on the disk that holds {self.folder}", space_remedy(self.folder), reached)
        raise failure

    def _interruption(self, ended: Ended, reached: float | None) -> SimulationError | None:
        if ended.timed_out:
            cause = f"ngspice had not finished after {self.timeout:g} s"
            return self._error(cause, "allow more time, or a longer time step", reached)
        if ended.signal == signal.SIGXFSZ:
            cause = "the raw file reached the limit on file sizes"
            return self._error(cause, "raise the limit (ulimit -f), record fewer nodes, or shorten the run", reached)
        if ended.signal is not None and ended.signal not in _CRASHES:
            cause = f"ngspice was killed by signal {ended.signal.value} ({ended.signal.name})"
            return self._error(cause, "run it again; check memory limits and who stopped it", reached)
        return None

    def _diagnosed(self, ended: Ended, reached: float | None) -> SimulationError | None:
        diagnosis = diagnose(ended.log, self.text)
        if diagnosis is not None:
            return SimulationError(
                cause=diagnosis.cause,
                remedy=diagnosis.remedy,
                where=diagnosis.where,
                time_reached=reached if diagnosis.time_reached is None else diagnosis.time_reached,
                log_lines=diagnosis.lines,
                folder=self.folder,
            )
        if ended.signal is not None:
            return self._error(
                f"ngspice crashed ({ended.signal.name})",
                "look for functions with a wrong number of arguments and for models without a type",
                reached,
                ended.log,
            )
        if ended.status != 0:
            cause = f"ngspice ended with status {ended.status} and no message"
            return self._error(cause, "read the log; run the deck by hand", reached, ended.log)
        return None

    def _disproved(
        self, plots: list[RawPlot], plot: RawPlot, reached: float | None, log: str
    ) -> SimulationError | None:
        if not plot.complete:
            return self._error("the raw file is truncated", "run it again; check the disk", reached, log)
        # An operating point has no axis.
        is_meant = plot.variables[0].name.lower() == "time" if reached is not None else plot.name == "Operating Point"
        if len(plots) > 1 or not is_meant:
            names = ", ".join(p.name for p in plots)
            return self._error(f"the run holds other analyses: {names}", "leave analyses to the engine", reached)
        failure = self._unfinished(plot, reached, log)
        if failure:
            return failure
        for vector in self.deck.vectors:
            if vector not in plot:
                remedy = "check the probe's name; recorded: " + ", ".join(plot.names)
                return self._error(f"ngspice did not record {vector}", remedy, reached)
            failure = self._absurd(vector, plot)
            if failure:
                return failure
        return None

    def _unfinished(self, plot: RawPlot, reached: float | None, log: str) -> SimulationError | None:
        t_stop = self.deck.t_stop
        if t_stop is None or reached is None:
            if plot.n_points == 1:
                return None
            cause = f"the operating point has {plot.n_points} points instead of one"
            return self._error(cause, "leave sweeps to the engine", reached, log)
        if not math.isclose(reached, t_stop, rel_tol=1e-9):
            cause = f"the run ended at {reached:g} s instead of {t_stop:g} s"
            return self._error(cause, "loosen reltol; check the log", reached, log)
        if np.any(np.diff(plot.axis) < 0):
            return self._error("time runs backwards in the raw file", "run it again", reached, log)
        return None

    def _absurd(self, vector: str, plot: RawPlot) -> SimulationError | None:
        # Written so that nan is absurd too.
        bad = np.flatnonzero(~(np.abs(plot[vector]) < _LARGEST_VALUE))
        if not bad.size:
            return None
        value = float(plot[vector][bad[0]])
        cause = f"{vector} is {value:.3g}" if math.isfinite(value) else f"{vector} is not a finite number"
        return SimulationError(
            cause=cause,
            remedy="check expressions for a division by zero, a logarithm or an overflow, and that currents have a way to ground",
            where=vector,
            time_reached=None if self.deck.t_stop is None else float(plot.axis[bad[0]]),
            folder=self.folder,
        )

    def _plots(self) -> list[RawPlot]:
        with contextlib.suppress(OSError, SimulationError):
            return read_raw(self.folder / self.raw)
        return []

    def _disk_is_full(self) -> bool:
        with contextlib.suppress(OSError):
            return shutil.disk_usage(self.folder).free < _NO_SPACE
        return False

    def _error(self, cause: str, remedy: str, reached: float | None, log: str = "") -> SimulationError:
        lines = tuple(line.strip() for line in log.splitlines() if line.strip())[-_LAST_LINES:]
        return SimulationError(cause=cause, remedy=remedy, time_reached=reached, log_lines=lines, folder=self.folder)


def space_remedy(folder: Path) -> str:
    """What to do when there is no room for a run in `folder`."""
    return f"free some space, or choose another place for runs (TMPDIR, or Ngspice(folder=...)); now in {folder.parent}"
