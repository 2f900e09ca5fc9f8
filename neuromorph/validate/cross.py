"""One design by two engines: how far they agree, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.roads import (
    Pair,
    at_fidelity,
    check_design,
    deck_of,
    engine_for,
    equations_of,
    settings_for,
    warn_of,
    working_point,
)
from neuromorph.stimulus import Stimulus
from neuromorph.validate.compare import Comparison, bounds_of, compare
from neuromorph.validate.runs import run_both
from neuromorph.validate.verdict import Criterion, Tolerances, criteria_of

if TYPE_CHECKING:
    from neuromorph.networks import Network
    from neuromorph.neurons.design_checks import DesignFinding
    from neuromorph.schematic import NgspiceOptions, Probe, VacaskOptions
    from neuromorph.spice import Engine
    from neuromorph.validate.networks import NetworkValidation


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


@overload
def cross_validate(
    design: Network | tuple[Network, Network],
    drive: Mapping[str, Stimulus] | Stimulus | None = ...,
    t_stop: float | None = ...,
    *,
    dt: float | None = ...,
    engine: str | Engine = ...,
    options: NgspiceOptions | VacaskOptions | None = ...,
    tolerances: Tolerances | None = ...,
    error_budget: bool = ...,
    progress: Progress = ...,
) -> NetworkValidation: ...


@overload
def cross_validate(
    design: Any,
    drive: Mapping[str, Stimulus] | Stimulus | None = ...,
    t_stop: float | None = ...,
    *,
    dt: float | None = ...,
    engine: str | Engine = ...,
    options: NgspiceOptions | VacaskOptions | None = ...,
    probes: Mapping[str, Probe | str] | Sequence[str] | None = ...,
    tolerances: Tolerances | None = ...,
    error_budget: bool = ...,
    fidelity: Any = ...,
    progress: Progress = ...,
) -> CrossValidation: ...


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
) -> CrossValidation | NetworkValidation:
    """Run a design as equations (RK4, or Rosenbrock where they are stiff) and as a circuit (SPICE), and compare.

    Parameters
    ----------
    design : Neuron, Network, Pair, or tuple of HybridSystem and PySpice Circuit
        What to run. Of a tuple of two networks of the same neurons, the first gives the equations, the other the circuit.
    drive : Stimulus, or mapping of str to Stimulus
        What drives it, on both roads [A or V]; a neuron's working point where it is left out. Of a network, currents into
        neurons by name, in place of those that its graph has.
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
        :meth:`Tolerances.for_stand_ins` unless others are given; :meth:`Tolerances.for_networks` for a network.
    error_budget : bool
        Run each road at a finer tolerance too, to tell numerical error from a difference of the models.
    fidelity : str or mapping of str to str or VendorModel, optional
        How real the parts of a neuron are, as in :meth:`neuromorph.Neuron.schematic`; ideal without it.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    CrossValidation or NetworkValidation
        Metrics, verdict, both recordings; of a network by neuron and by edge.

    Raises
    ------
    ValueError
        When an argument cannot be used.
    SimulationError
        When a road failed.
    ValidationError
        When the two recordings have nothing in common.
    ValidationInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has what was computed until then.
    """
    from neuromorph.behaviour import default_solver

    if hasattr(design, "driven_by") or (isinstance(design, tuple) and any(hasattr(d, "driven_by") for d in design)):
        from neuromorph.validate.networks import cross_validate_network

        if fidelity is not None or probes:
            raise ValueError(
                "a network takes its fidelity and what is recorded where it is made: nm.compose(graph, fidelity=..., record=...)"
            )
        return cross_validate_network(
            design,
            drive,
            t_stop,
            dt=dt,
            engine=engine,
            options=options,
            tolerances=tolerances,
            error_budget=error_budget,
            progress=progress,
        )
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
    system = equations_of(design)
    runs, _ = run_both(
        system,
        drive,
        t_stop,
        deck,
        (spice, why),
        solver=default_solver(system, dt),
        options=settings_for(spice, options),
        error_budget=error_budget,
        progress=progress,
    )
    reference, candidate = runs.reference, runs.candidate
    bounds = bounds_of(system)

    def compared(first: Recording, second: Recording) -> Comparison:
        return compare(first, second, drift=tolerances.drift, bounds=bounds)

    comparison = compared(reference, candidate)
    budget: dict[str, dict[str, Any]] = {}
    if runs.refined_reference is not None and runs.refined_candidate is not None:
        budget = {
            "reference": compared(runs.refined_reference, reference).metrics(),
            "candidate": compared(runs.refined_candidate, candidate).metrics(),
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
