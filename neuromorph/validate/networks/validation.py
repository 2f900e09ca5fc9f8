"""A network by two engines: neuron by neuron, edge by edge, and why they differ."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuromorph.progress import Progress, silent
from neuromorph.recording import Recording
from neuromorph.roads import check_design, deck_of, driven, engine_for, settings_for, warn_of, working_point
from neuromorph.stimulus import Stimulus
from neuromorph.validate.compare import bounds_of
from neuromorph.validate.networks.edges import EdgeComparison, EdgeReport, compare_edges
from neuromorph.validate.networks.neurons import NeuronComparison, compare_neurons
from neuromorph.validate.networks.sensitivity import Sensitivity, sensitivity_of
from neuromorph.validate.networks.verdict import criteria_of_edges, criteria_of_neurons, totals_of
from neuromorph.validate.runs import run_both
from neuromorph.validate.statistics import StatisticalComparison, compare_statistics
from neuromorph.validate.verdict import Criterion, Tolerances

if TYPE_CHECKING:
    from neuromorph.networks import Network
    from neuromorph.neurons.design_checks import DesignFinding
    from neuromorph.schematic import NgspiceOptions, VacaskOptions
    from neuromorph.spice import Engine


@dataclass(frozen=True, kw_only=True)
class NetworkValidation:
    """The outcome of a network's cross-validation.

    Parameters
    ----------
    design : str
        Name of the network.
    reference, candidate : Recording
        What the two engines gave.
    neurons : tuple of NeuronComparison
        The differences of each neuron, in the order of the graph.
    edges : tuple of EdgeComparison
        The weight of each edge on both roads, in the order of the graph.
    left_over : dict of str to float
        For each neuron the share of its synaptic current that the edges do not explain (pure number).
    criteria : tuple of Criterion
        The verdict line by line; each line names the neuron or edge that is worst.
    tolerances : Tolerances
        What counts as agreement.
    sensitivity : Sensitivity
        What a small change of all currents does.
    statistics : StatisticalComparison or None
        What is judged in place of single spikes, where the network is sensitive.
    numerical_error : dict
        Metrics of each road against itself at a finer tolerance, under ``"reference"`` and ``"candidate"``; empty where
        the error budget was not asked for.
    seconds : dict of str to float
        How long the run of each road took [s].
    findings : tuple of DesignFinding
        Faults of the design that were known before the runs.
    """

    design: str
    reference: Recording
    candidate: Recording
    neurons: tuple[NeuronComparison, ...]
    edges: tuple[EdgeComparison, ...]
    left_over: dict[str, float]
    criteria: tuple[Criterion, ...]
    tolerances: Tolerances
    sensitivity: Sensitivity
    statistics: StatisticalComparison | None = None
    numerical_error: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    findings: tuple[DesignFinding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every criterion is met."""
        return all(criterion.passed for criterion in self.criteria)

    @property
    def worst_neuron(self) -> NeuronComparison:
        """The neuron whose roads differ most, by its largest difference over its limit (pure number)."""
        return max(self.neurons, key=lambda neuron: neuron.excess)

    @property
    def worst_edge(self) -> EdgeComparison | None:
        """The edge whose weight differs most; ``None`` where none was measured (pure number)."""
        measured = [edge for edge in self.edges if edge.difference is not None]
        return max(measured, key=lambda edge: abs(edge.difference or 0.0), default=None)

    @property
    def metrics(self) -> dict[str, Any]:
        """Errors of the whole network by name [s, pure numbers]; ``numerical_error`` holds those of each road by itself."""
        edge = self.worst_edge
        return {
            **totals_of(self.neurons),
            "weight_error_max": None if edge is None else abs(edge.difference or 0.0),
            "left_over_max": max(self.left_over.values(), default=None),
            "worst_neuron": self.worst_neuron.name,
            "worst_edge": None if edge is None else edge.name,
            "growth": self.sensitivity.growth,
            "is_sensitive": self.sensitivity.is_sensitive,
            "seconds": self.seconds,
            "numerical_error": self.numerical_error,
        }

    def summary(self) -> str:
        """The report as text (SI units)."""
        from neuromorph.validate.networks.report import summary_of

        return summary_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the waveforms, ready for JSON (SI units)."""
        from neuromorph.validate.networks.report import dict_of

        return dict_of(self)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the spikes of both roads, their differences, and the weights of the edges.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            Axes in SI units with prefixes.
        """
        from neuromorph.plots import finished_figure, plot_network_validation

        return finished_figure(plot_network_validation(self), path)


def cross_validate_network(
    design: Network | tuple[Network, Network],
    drive: Mapping[str, Stimulus] | Stimulus | None = None,
    t_stop: float | None = None,
    *,
    dt: float | None = None,
    engine: str | Engine = "ngspice",
    options: NgspiceOptions | VacaskOptions | None = None,
    tolerances: Tolerances | None = None,
    error_budget: bool = True,
    progress: Progress = silent,
) -> NetworkValidation:
    """Run a network as equations and as a circuit, and compare; arguments as in :func:`cross_validate`.

    Parameters
    ----------
    design : Network, or tuple of two
        What to run. Of a tuple, the first gives the equations and the graph, the other the circuit.
    drive : mapping of str to Stimulus, optional
        Currents into neurons by name [A], in place of those of the graph.
    t_stop : float, optional
        Length of the run [s]; that of the graph where it is left out.
    dt : float, optional
        Longest step of the equations' solver [s].
    engine : {"ngspice", "ngspice-shared", "vacask", "auto"} or Engine
        The SPICE engine.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the SPICE run.
    tolerances : Tolerances, optional
        What still counts as agreement; :meth:`Tolerances.for_networks` without it.
    error_budget : bool
        Run each road at a finer tolerance too.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    NetworkValidation
        Metrics, verdict, both recordings.

    Raises
    ------
    ValueError
        When an argument cannot be used, or two networks have different neurons.
    SimulationError
        When a road failed.
    """
    from neuromorph.behaviour import default_solver

    network, of_circuit = _both(design)
    drive, t_stop = working_point(network, drive, t_stop)
    network, _ = driven(network, drive)
    of_circuit, _ = driven(of_circuit, drive)
    tolerances = tolerances or _tolerances_for(network)
    findings = check_design(network, None, t_stop, options=options)
    warn_of(findings)
    deck = deck_of(of_circuit, None, t_stop)
    chosen = engine_for(engine, deck, options)
    system = network.dynamics()
    solver = default_solver(system, dt)
    limit, duration = tolerances.isi, t_stop
    runs, sensitivity = run_both(
        system,
        None,
        t_stop,
        deck,
        chosen,
        solver=solver,
        options=settings_for(chosen[0], options),
        error_budget=error_budget,
        progress=progress,
        meanwhile=lambda reference: sensitivity_of(system, reference, duration, solver, limit),
    )
    plan, reference, candidate = network.plan, runs.reference, runs.candidate
    statistics = None
    if sensitivity.is_sensitive:
        statistics = compare_statistics(reference, candidate, t_stop, tolerances.isi)
        tolerances = _without_single_spikes(tolerances)
    names = [part.name for part in plan.neurons]
    bounds = {names[k]: bounds_of(group.system) for group in system.groups for k in group.members.tolist()}
    # Each road against itself: by neuron, and by edge.
    own_neurons: dict[str, tuple[NeuronComparison, ...]] = {}
    own_edges: dict[str, EdgeReport] = {}
    for role, refined, plain in (
        ("reference", runs.refined_reference, reference),
        ("candidate", runs.refined_candidate, candidate),
    ):
        if refined is not None:
            own_neurons[role] = compare_neurons(plan, refined, plain, tolerances, {}, bounds=bounds)
            own_edges[role] = compare_edges(plan, refined, plain)
    neurons = compare_neurons(plan, reference, candidate, tolerances, own_neurons, statistics, bounds)
    edges = compare_edges(plan, reference, candidate)
    return NetworkValidation(
        design=network.design_name,
        reference=reference,
        candidate=candidate,
        neurons=neurons,
        edges=edges.edges,
        left_over=edges.left_over,
        criteria=(
            *(() if statistics is None else (statistics.criterion_of_all(),)),
            *criteria_of_neurons(neurons, tolerances, own_neurons),
            *criteria_of_edges(edges, tolerances, own_edges),
        ),
        tolerances=tolerances,
        sensitivity=sensitivity,
        statistics=statistics,
        numerical_error={role: totals_of(own) for role, own in own_neurons.items()},
        seconds=runs.seconds,
        findings=findings,
    )


def _both(design: Network | tuple[Network, Network]) -> tuple[Network, Network]:
    if not isinstance(design, tuple):
        return design, design
    if len(design) != 2 or not all(hasattr(d, "driven_by") for d in design):
        raise ValueError(
            f"two networks are compared with each other, got {', '.join(type(d).__name__ for d in design)}: give "
            "(network of the equations, network of the circuit)"
        )
    first, second = design
    if (first.neurons, first.recorded) != (second.neurons, second.recorded):
        raise ValueError(
            f"two networks are compared neuron by neuron, so they must have the same ones and record the same: "
            f"{', '.join(first.neurons)} against {', '.join(second.neurons)}"
        )
    return first, second


def _tolerances_for(network: Network) -> Tolerances:
    tolerances = Tolerances.for_networks()
    if any(getattr(part.neuron, "stand_ins", ()) for part in network.plan.neurons):
        stand_ins = Tolerances.for_stand_ins()
        return dataclasses.replace(
            stand_ins, weight=tolerances.weight, pulse=stand_ins.isi, left_over=tolerances.left_over
        )
    return tolerances


def _without_single_spikes(tolerances: Tolerances) -> Tolerances:
    """What can be judged where spikes do not agree one by one."""
    never = math.inf
    return dataclasses.replace(tolerances, isi=never, spike_time=never, nrmse=never, state=never)
