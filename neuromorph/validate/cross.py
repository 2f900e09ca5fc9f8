"""One design by two engines: how far they agree, and why."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.roads import (
    Pair,
    at_fidelity,
    check_design,
    chosen_because,
    deck_of,
    engine_for,
    equations_of,
    settings_for,
    warn_of,
    working_point,
)
from neuromorph.stimulus import Stimulus
from neuromorph.validate.compare import Comparison, compare
from neuromorph.validate.verdict import Criterion, Tolerances, criteria_of

if TYPE_CHECKING:
    from neuromorph.neurons.design_checks import DesignFinding
    from neuromorph.schematic import NgspiceOptions, Probe, VacaskOptions
    from neuromorph.spice import Engine


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """The outcome of a cross-validation.

    Parameters
    ----------
    design : str
        Name of the design.
    reference, candidate : Recording
        What the two engines gave.
    comparison : Comparison
        Their differences.
    criteria : tuple of Criterion
        The verdict, line by line.
    numerical_error : dict
        Metrics of each road against itself at a finer tolerance, under ``"reference"`` and ``"candidate"``;
        empty where the error budget was not asked for.
    findings : tuple of DesignFinding
        Faults of the design that were known before the runs.
    """

    design: str
    reference: Recording
    candidate: Recording
    comparison: Comparison
    criteria: tuple[Criterion, ...]
    numerical_error: dict[str, dict[str, Any]] = field(default_factory=dict)
    findings: tuple[DesignFinding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every criterion is met."""
        return all(criterion.passed for criterion in self.criteria)

    @property
    def metrics(self) -> dict[str, Any]:
        """Errors by name [s, pure numbers]; ``numerical_error`` holds those of each road by itself."""
        return {**self.comparison.metrics(), "numerical_error": self.numerical_error}

    def summary(self) -> str:
        """The report as text (SI units)."""
        from neuromorph.validate.report import summary_of

        return summary_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the waveforms, ready for JSON (SI units)."""
        from neuromorph.validate.report import dict_of

        return dict_of(self)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw both roads over each other, and their differences.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            Axes in SI units with prefixes.
        """
        from neuromorph.plots import finished_figure, plot_validation

        return finished_figure(plot_validation(self), path)


def cross_validate(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    dt: float | None = None,
    engine: str | Engine = "ngspice",
    options: NgspiceOptions | VacaskOptions | None = None,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = None,
    tolerances: Tolerances | None = None,
    error_budget: bool = True,
    fidelity: Any = None,
    progress: Progress = silent,
) -> CrossValidation:
    """Run a design as equations (RK4, or Rosenbrock where they are stiff) and as a circuit (SPICE), and compare.

    Parameters
    ----------
    design : Neuron, Pair, or tuple of HybridSystem and PySpice Circuit
        What to run.
    drive : Stimulus, or mapping of str to Stimulus
        What drives it, on both roads [A or V]; a neuron's working point where it is left out.
    t_stop : float
        Length of the run [s]; a neuron's working point where it is left out.
    dt : float, optional
        Longest step of the equations' solver [s].
    engine : {"ngspice", "ngspice-shared", "vacask", "auto"} or Engine
        The SPICE engine; ``"auto"`` picks one, and the recording's provenance says why.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the SPICE run.
    probes : mapping or sequence of str, optional
        What to record from the circuit, by the names of the system's signals.
    tolerances : Tolerances, optional
        What still counts as agreement. Where equations of a macromodel stand for transistors or a vendor's model,
        :meth:`Tolerances.for_stand_ins` unless others are given.
    error_budget : bool
        Run each road at a finer tolerance too, to tell numerical error from a difference of the models.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts of a neuron are, as in :meth:`neuromorph.Neuron.schematic`; ideal without it.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    CrossValidation
        Metrics, verdict, both recordings.

    Raises
    ------
    ValueError
        When an argument cannot be used.
    SimulationError
        When a road failed.
    ValidationError
        When the two recordings have nothing in common.
    """
    from neuromorph.behaviour import default_solver, simulate_system

    if isinstance(design, tuple):
        design = Pair(*design)
    design = at_fidelity(design, fidelity)
    if tolerances is None:
        tolerances = Tolerances.for_stand_ins() if getattr(design, "stand_ins", ()) else Tolerances()
    drive, t_stop = working_point(design, drive, t_stop)
    findings = check_design(design, drive, t_stop, options=options)
    warn_of(findings)
    deck = deck_of(design, drive, t_stop, probes)
    spice, why = engine_for(engine, deck, options)
    options = settings_for(spice, options)
    # The SPICE runs are programs of their own: they go on while Python loads and runs its kernel.
    with ThreadPoolExecutor(max_workers=2) as executor, _stopping_others() as until_stopped:
        # The refined run takes longest: its progress is the one to show.
        runs = [executor.submit(spice.run, deck, options, until_stopped(silent if error_budget else progress))]
        if error_budget:
            runs.append(executor.submit(spice.run, deck, options.refined(), until_stopped(progress)))
        system = equations_of(design)
        solver = default_solver(system, dt)
        reference = simulate_system(system, drive, t_stop, solver)
        refined = simulate_system(system, drive, t_stop, solver.refined()) if error_budget else None
        candidate = runs[0].result() if why is None else chosen_because(runs[0].result(), why)
        refined_candidate = runs[1].result() if error_budget else None

    comparison = compare(reference, candidate)
    budget: dict[str, dict[str, Any]] = {}
    if refined is not None and refined_candidate is not None:
        budget = {
            "reference": compare(refined, reference).metrics(),
            "candidate": compare(refined_candidate, candidate).metrics(),
        }
    return CrossValidation(
        design=system.name,
        reference=reference,
        candidate=candidate,
        comparison=comparison,
        criteria=tuple(criteria_of(comparison, tolerances, budget)),
        numerical_error=budget,
        findings=findings,
    )


class _Stopped(Exception):
    """Ends a run whose result nobody waits for any more."""


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
