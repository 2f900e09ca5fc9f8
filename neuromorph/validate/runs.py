"""The runs of a cross-validation: both roads, each at a finer tolerance too, side by side."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuromorph.errors import SimulationInterrupted, ValidationInterrupted
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording
from neuromorph.roads import chosen_because

if TYPE_CHECKING:
    from neuromorph.schematic import Deck
    from neuromorph.spice import Engine

_ROLES = ("reference", "candidate", "refined_reference", "refined_candidate")


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What the roads gave.

    Parameters
    ----------
    reference, candidate : Recording
        Of the equations and of the circuit.
    refined_reference, refined_candidate : Recording or None
        The same at a finer tolerance, where the error budget was asked for.
    seconds : dict of str to float
        How long the run of each road took, by the names of the recordings [s].
    """

    reference: Recording
    candidate: Recording
    refined_reference: Recording | None
    refined_candidate: Recording | None
    seconds: dict[str, float]


def run_both(
    system: Any,
    drive: Any,
    t_stop: float,
    deck: Deck,
    engine: tuple[Engine, str | None],
    *,
    solver: Any,
    options: Any,
    error_budget: bool,
    progress: Progress = silent,
    meanwhile: Callable[[Recording], Any] | None = None,
) -> tuple[Runs, Any]:
    """Run the equations and the circuit of one design at once.

    Parameters
    ----------
    system : HybridSystem or HybridNetwork
        The equations.
    drive : Stimulus, or mapping of str to Stimulus, or None
        What drives them [A or V].
    t_stop : float
        Length of the run [s].
    deck : Deck
        The circuit with its drives.
    engine : tuple of Engine and str or None
        What runs the deck, and the reason where it was chosen.
    solver : RK4, Rosenbrock or NetworkSolver
        What integrates the equations.
    options : NgspiceOptions or VacaskOptions
        Settings of the SPICE run.
    error_budget : bool
        Whether to run each road at a finer tolerance too.
    progress : Progress
        Told how far the work is.
    meanwhile : callable, optional
        Called with the recording of the equations while the circuit is still running.

    Returns
    -------
    Runs, object
        The recordings, and what `meanwhile` gave.

    Raises
    ------
    SimulationError
        When a road failed.
    ValidationInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has the recordings up to there.
    """
    from neuromorph.behaviour import simulate_system

    spice, why = engine
    seconds: dict[str, float] = {}
    computed: dict[str, Recording] = {}

    def timed(name: str, run: Callable[..., Recording], *arguments: Any) -> Recording:
        start = time.perf_counter()
        try:
            computed[name] = run(*arguments)
        except SimulationInterrupted as stopped:
            computed[name] = stopped.result
            raise
        seconds[name] = time.perf_counter() - start
        return computed[name]

    # The SPICE runs are programs of their own: they go on while Python loads and runs its kernel.
    with (
        _kept_when_stopped(computed, t_stop),
        ThreadPoolExecutor(max_workers=2) as executor,
        _stopping_others() as until_stopped,
    ):
        # The refined run takes longest: its progress is the one to show.
        shown = until_stopped(silent if error_budget else progress)
        runs = [executor.submit(timed, "candidate", spice.run, deck, options, shown)]
        if error_budget:
            finer = options.refined()
            runs.append(executor.submit(timed, "refined_candidate", spice.run, deck, finer, until_stopped(progress)))
        reference = timed("reference", simulate_system, system, drive, t_stop, solver)
        refined = None
        if error_budget:
            refined = timed("refined_reference", simulate_system, system, drive, t_stop, solver.refined())
        besides = None if meanwhile is None else meanwhile(reference)
        candidate = runs[0].result() if why is None else chosen_because(runs[0].result(), why)
        refined_candidate = runs[1].result() if error_budget else None
    found = Runs(
        reference=reference,
        candidate=candidate,
        refined_reference=refined,
        refined_candidate=refined_candidate,
        seconds=seconds,
    )
    return found, besides


@contextlib.contextmanager
def _kept_when_stopped(computed: Mapping[str, Recording], t_stop: float) -> Iterator[None]:
    """Let Ctrl-C carry what has been computed, by role, and say how much of `t_stop` [s] that is."""
    try:
        yield
    except KeyboardInterrupt:
        # A run that was stopped before its first point has nothing to keep.
        kept = {name: computed[name] for name in _ROLES if name in computed and len(computed[name].time)}
        if not kept:
            raise
        reached = ", ".join(
            f"{name.replace('_', ' ')} ({recording.provenance['engine']}) to {format_quantity(float(recording.time[-1]), 's')}"
            for name, recording in kept.items()
        )
        raise ValidationInterrupted(f"stopped: {reached} of {format_quantity(t_stop, 's')}", kept) from None


class _Stopped(KeyboardInterrupt):
    """Ends a run whose result nobody waits for any more, as Ctrl-C would."""


@contextlib.contextmanager
def _stopping_others() -> Iterator[Callable[[Progress], Progress]]:
    """Wrap the progress of concurrent runs so that they end when this block ends by an exception."""
    stopped = threading.Event()

    def until_stopped(progress: Progress) -> Progress:
        def listen(fraction: float, what: str) -> None:
            if stopped.is_set():
                raise _Stopped
            progress(fraction, what)

        return listen

    try:
        yield until_stopped
    except BaseException:
        stopped.set()
        raise
