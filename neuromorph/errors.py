"""The one exception tree: what can go wrong, as types that a caller can catch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NeuromorphError(Exception):
    """Base of every error that this package raises on purpose."""


class ConvergenceError(NeuromorphError):
    """An iteration inside a solver did not converge; the message says how far it came."""


class MeasurementError(NeuromorphError):
    """A measurement file or record cannot be used as given."""


class ValidationError(NeuromorphError):
    """Two recordings cannot be compared as asked."""


class EngineNotFoundError(NeuromorphError):
    """The simulator program is not on this machine; the message names the command that installs it."""


class SimulationInterrupted(KeyboardInterrupt):
    """Ctrl-C during a simulation; the message says how far it was.

    Parameters
    ----------
    message : str
        Where the run stood.
    result : Recording
        What had been computed until then [SI units].
    """

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


class ValidationInterrupted(KeyboardInterrupt):
    """Ctrl-C during a cross-validation; the message says how far each run was.

    Parameters
    ----------
    message : str
        Where the runs stood.
    recordings : dict of str to Recording
        What had been computed until then, by role: ``"reference"``, ``"candidate"``, and the same at a finer tolerance,
        ``"refined_reference"`` and ``"refined_candidate"`` [SI units].
    """

    def __init__(self, message: str, recordings: dict[str, Any]) -> None:
        super().__init__(message)
        self.recordings = recordings


@dataclass
class SimulationError(NeuromorphError):
    """A simulation failed, with all that is needed to act on it.

    Parameters
    ----------
    cause : str
        What went wrong, in the designer's terms.
    remedy : str
        What to try.
    where : str, optional
        Node, element or file that the failure names.
    time_reached : float, optional
        Simulated time at which the run stopped [s].
    log_lines : tuple of str
        The decisive lines of the simulator's log.
    folder : Path, optional
        Folder in which deck, log and raw file were kept.
    partial : Recording, optional
        What had been computed when the run failed [SI units].
    """

    cause: str
    remedy: str = ""
    where: str | None = None
    time_reached: float | None = None
    log_lines: tuple[str, ...] = ()
    folder: Path | None = None
    partial: Any = None

    def __post_init__(self) -> None:
        super().__init__(str(self))

    def __str__(self) -> str:
        lines = [self.cause]
        if self.where:
            lines.append(f"  at: {self.where}")
        if self.time_reached is not None:
            lines.append(f"  time reached: {self.time_reached:.6g} s")
        lines.extend(f"  log: {line}" for line in self.log_lines)
        if self.remedy:
            lines.append(f"  try: {self.remedy}")
        if self.folder is not None:
            lines.append(f"  kept in: {self.folder}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        # Exception.__reduce__ would hand over only the message; a failed run must survive a process pool.
        fields = (self.cause, self.remedy, self.where, self.time_reached, self.log_lines, self.folder, self.partial)
        return (type(self), fields)
