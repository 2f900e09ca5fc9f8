"""The verdict on a network: the worst neuron and the worst edge of each criterion, and totals."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neuromorph.validate.networks.edges import EdgeReport
from neuromorph.validate.networks.neurons import NeuronComparison, excess_of
from neuromorph.validate.verdict import Criterion, Tolerances


def totals_of(neurons: Sequence[NeuronComparison]) -> dict[str, Any]:
    """Sums and worst values over all neurons [s, pure numbers]; ``None`` where there was nothing to compare."""
    each = [neuron.comparison.metrics() for neuron in neurons]
    errors = np.concatenate([neuron.comparison.match.time_errors() for neuron in neurons])

    def largest(name: str) -> float | None:
        return max((m[name] for m in each if m[name] is not None), default=None)

    waveforms: dict[str, float] = {}
    for metrics in each:
        for name, value in metrics["nrmse"].items():
            waveforms[name] = max(value, waveforms.get(name, 0.0))
    return {
        "spike_count_reference": sum(m["spike_count_reference"] for m in each),
        "spike_count_candidate": sum(m["spike_count_candidate"] for m in each),
        "spikes_unmatched": sum(m["spikes_unmatched"] for m in each),
        "spike_time_error_max": largest("spike_time_error_max"),
        "spike_time_error_rms": float(np.sqrt(np.mean(errors**2))) if errors.size else None,
        "isi_error_max": largest("isi_error_max"),
        "state_error_max": largest("state_error_max"),
        "nrmse": waveforms,
        "pulse_error_max": max((n.pulse_error for n in neurons if n.pulse_error is not None), default=None),
    }


def criteria_of_neurons(
    neurons: Sequence[NeuronComparison],
    tolerances: Tolerances,
    budget: Mapping[str, Sequence[NeuronComparison]],
) -> list[Criterion]:
    """The worst neuron of each criterion, and the count of all spikes.

    Parameters
    ----------
    neurons : sequence of NeuronComparison
        With their own criteria.
    tolerances : Tolerances
        What still counts as agreement.
    budget : mapping of str to sequence of NeuronComparison
        The neurons of each road against themselves; empty where they were not measured.

    Returns
    -------
    list of Criterion
        Each names its neuron.
    """
    worst: dict[str, tuple[str, Criterion]] = {}
    for neuron in neurons:
        for criterion in neuron.criteria:
            known = worst.get(criterion.name)
            if known is None or excess_of(criterion) > excess_of(known[1]):
                worst[criterion.name] = (neuron.name, criterion)
    found = [dataclasses.replace(c, name=f"{c.name} ({name})") for name, c in worst.values()]
    if not math.isfinite(tolerances.isi):
        return found
    totals = totals_of(neurons)
    counts = totals["spike_count_reference"], totals["spike_count_candidate"]
    own = [totals_of(n) for n in budget.values()]
    numerical = sum(abs(t["spike_count_candidate"] - t["spike_count_reference"]) for t in own) if own else None
    # One spike more or less of every neuron is not the end of their trains by chance.
    limit = max(1.0, tolerances.isi * max(counts))
    return [Criterion("spikes of all", float(abs(counts[1] - counts[0])), limit, numerical=numerical), *found]


def criteria_of_edges(report: EdgeReport, tolerances: Tolerances, budget: Mapping[str, EdgeReport]) -> list[Criterion]:
    """The worst edge, and the worst rest of current that no edge explains.

    Parameters
    ----------
    report : EdgeReport
        The edges of both roads.
    tolerances : Tolerances
        What still counts as agreement.
    budget : mapping of str to EdgeReport
        The edges of each road against themselves; empty where they were not measured.

    Returns
    -------
    list of Criterion
        Each names its edge or neuron. Edges whose weights are less certain than the limit are not judged.
    """
    own = {role: {member: edge for edge in r.edges for member in edge.members} for role, r in budget.items()}
    found = []
    judged = [e for e in report.edges if e.difference is not None and e.uncertainty <= tolerances.weight]
    if judged:
        worst = max(judged, key=lambda edge: abs(edge.difference or 0.0))
        numerical = None
        if own:
            moved = [edges.get(worst.members[0]) for edges in own.values()]
            numerical = worst.uncertainty + sum(abs(e.difference or 0.0) for e in moved if e is not None)
        found.append(
            Criterion(f"weight of {worst.name}", abs(worst.difference or 0.0), tolerances.weight, numerical=numerical)
        )
    if report.left_over:
        name = max(report.left_over, key=lambda n: report.left_over[n])
        moved_by = [abs(r.left_over.get(name, 0.0) - report.left_over[name]) for r in budget.values()]
        found.append(
            Criterion(
                f"current left over ({name})",
                report.left_over[name],
                tolerances.left_over,
                numerical=max(moved_by) if moved_by else None,
            )
        )
    return [criterion for criterion in found if math.isfinite(criterion.limit)]
