"""The neurons of a network on both roads, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neuromorph.networks.plan import Plan
from neuromorph.recording import Recording
from neuromorph.validate.compare import Bounds, Comparison, compare
from neuromorph.validate.networks.lines import Lines
from neuromorph.validate.spikes import match_spikes
from neuromorph.validate.statistics import StatisticalComparison
from neuromorph.validate.verdict import Criterion, Tolerances, criteria_of

# Its steps are the pulses of other neurons, which are compared as their spikes; edges are compared by its size.
_SYNAPTIC = "i_syn"


@dataclass(frozen=True, kw_only=True)
class NeuronComparison:
    """One neuron on both roads.

    Parameters
    ----------
    name : str
        Of the neuron.
    comparison : Comparison
        Its differences, as of a single neuron.
    criteria : tuple of Criterion
        Its own verdict, line by line.
    pulses : tuple of float or None
        Mean length of the pulses on its line for each spike, on the reference and on the candidate [s]; ``None`` without pulses.
    """

    name: str
    comparison: Comparison
    criteria: tuple[Criterion, ...]
    pulses: tuple[float, float] | None = None

    @property
    def passed(self) -> bool:
        """Whether every criterion of the neuron is met."""
        return all(criterion.passed for criterion in self.criteria)

    @property
    def excess(self) -> float:
        """Its largest difference over the limit (pure number)."""
        return max((excess_of(criterion) for criterion in self.criteria), default=0.0)

    @property
    def pulse_error(self) -> float | None:
        """Relative difference of the mean lengths of its pulses (pure number)."""
        return None if self.pulses is None else abs(self.pulses[1] / self.pulses[0] - 1.0)


def excess_of(criterion: Criterion) -> float:
    """A difference over its limit (pure number); what must not differ at all counts as infinite where it does."""
    if criterion.limit == 0:
        return float("inf") if criterion.value > 0 else 0.0
    return criterion.value / criterion.limit


def compare_neurons(
    plan: Plan,
    reference: Recording,
    candidate: Recording,
    tolerances: Tolerances,
    budget: Mapping[str, tuple[NeuronComparison, ...]],
    statistics: StatisticalComparison | None = None,
    bounds: Mapping[str, Bounds] | None = None,
) -> tuple[NeuronComparison, ...]:
    """Compare the neurons of a network.

    Parameters
    ----------
    plan : Plan
        What the network is.
    reference, candidate : Recording
        What the roads gave.
    tolerances : Tolerances
        What still counts as agreement.
    budget : mapping of str to tuple of NeuronComparison
        The neurons of each road against themselves at a finer tolerance; empty where they were not measured.
    statistics : StatisticalComparison, optional
        Judged in place of single spikes.
    bounds : mapping of str to mapping, optional
        Those of states by neuron and state [state's unit].

    Returns
    -------
    tuple of NeuronComparison
        In the order of the plan.
    """
    lines = [Lines(plan, recording) for recording in (reference, candidate)]
    found = []
    for k, part in enumerate(plan.neurons):
        roads = (reference.neuron(part.name), candidate.neuron(part.name))
        comparison = _comparison(*roads, tolerances.drift, (bounds or {}).get(part.name, {}))
        own = {role: neurons[k] for role, neurons in budget.items()}
        criteria = criteria_of(comparison, tolerances, {role: n.comparison.metrics() for role, n in own.items()})
        if statistics is not None:
            criteria = [*statistics.criteria_of(part.name), *(c for c in criteria if c.name != "unmatched spikes")]
        pulses = _pulses(lines, part.name)
        if pulses is not None:
            numerical = sum(n.pulse_error or 0.0 for n in own.values()) if own else None
            criteria.append(
                Criterion("pulse length", abs(pulses[1] / pulses[0] - 1), tolerances.pulse, numerical=numerical)
            )
        found.append(NeuronComparison(name=part.name, comparison=comparison, criteria=tuple(criteria), pulses=pulses))
    return tuple(found)


def _comparison(reference: Recording, candidate: Recording, drift: float, bounds: Bounds) -> Comparison:
    first, second = (_without_synaptic(recording) for recording in (reference, candidate))
    if first.names and second.names:
        return compare(first, second, drift=drift, bounds=bounds)
    # Of a neuron that is not recorded there are spikes only.
    return Comparison(match_spikes(reference.spikes.times, candidate.spikes.times, drift), {}, {}, {}, None)


def _without_synaptic(recording: Recording) -> Recording:
    kept = {name: values for name, values in recording.signals.items() if name != _SYNAPTIC}
    units = {name: recording.units[name] for name in kept}
    return Recording(recording.time, kept, units, recording.spikes, recording.provenance)


def _pulses(lines: list[Lines], name: str) -> tuple[float, float] | None:
    """Length of a neuron's whole pulses for each of its spikes, on both roads [s].

    Pulses that nearly touch are one on this road and two on that one, by a nanosecond; what each spike adds to them is the same.
    """
    if any(f"{name}.v_line" not in road.recording for road in lines):
        return None
    lengths = []
    for road in lines:
        edges = road.activity(name)[2]
        whole = edges[: len(edges) // 2 * 2]
        spikes = road.recording.spikes.of(name)
        count = int(np.count_nonzero(spikes <= whole[-1])) if len(whole) else 0
        if not count:
            return None
        lengths.append(float(np.sum(np.diff(whole)[::2])) / count)
    return lengths[0], lengths[1]
