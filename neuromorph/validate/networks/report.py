"""The outcome of a network's cross-validation as text and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuromorph.quantities import format_quantity, pluralised
from neuromorph.validate.networks.neurons import NeuronComparison
from neuromorph.validate.report import FINER, amount, criteria_table, criterion_dict, engine_name, explanation_of
from neuromorph.validate.statistics import COUNT, INTERVALS, RATE

if TYPE_CHECKING:
    from neuromorph.validate.networks.edges import EdgeComparison
    from neuromorph.validate.networks.validation import NetworkValidation

# So many neurons and edges are listed, the worst ones.
_MOST_LISTED = 16
_MOST_EDGES = 8


def summary_of(check: NetworkValidation) -> str:
    """The report of a network's cross-validation (SI units with prefixes).

    Parameters
    ----------
    check : NetworkValidation
        What to report.

    Returns
    -------
    str
        Several lines.
    """
    lines = [
        f"{check.design}: {engine_name(check.reference)} against {engine_name(check.candidate)}, "
        f"{pluralised(len(check.neurons), 'neuron')}, {pluralised(_edge_count(check), 'edge')}, "
        f"{format_quantity(float(check.reference.time[-1]), 's')}",
        "",
        *_neurons(check),
        "",
        *_edges(check),
        *criteria_table(check.criteria, max([24, *(len(c.name) + 2 for c in check.criteria)])),
        "",
        *_sensitivity(check),
        *_budget(check),
        *(f"design: {finding.message}" for finding in check.findings),
        *_worst(check),
        f"verdict: {'agree' if check.passed else 'DISAGREE'} - {_explanation(check)}",
    ]
    return "\n".join(lines)


def dict_of(check: NetworkValidation) -> dict[str, Any]:
    """Everything but the waveforms, ready for JSON.

    Parameters
    ----------
    check : NetworkValidation
        What to write down.

    Returns
    -------
    dict
        ``passed``, ``verdict``, ``metrics``, ``criteria``, ``neurons``, ``edges``, ``sensitivity``, ``statistics``,
        ``reference`` and ``candidate`` (SI units).
    """
    return {
        "design": check.design,
        "passed": check.passed,
        "verdict": _explanation(check),
        "metrics": check.metrics,
        "criteria": [criterion_dict(c) for c in check.criteria],
        "neurons": {
            neuron.name: {
                "passed": neuron.passed,
                "metrics": {**neuron.comparison.metrics(), "pulse_error": neuron.pulse_error},
                "criteria": [criterion_dict(c) for c in neuron.criteria],
            }
            for neuron in check.neurons
        },
        "edges": [{**vars(edge), "members": list(edge.members)} for edge in check.edges],
        "left_over": check.left_over,
        "sensitivity": check.sensitivity.to_dict(),
        "statistics": None if check.statistics is None else check.statistics.to_dict(),
        "findings": [vars(finding) for finding in check.findings],
        "reference": _recording(check.reference),
        "candidate": _recording(check.candidate),
    }


def _recording(recording: Any) -> dict[str, Any]:
    known = dict(recording.provenance)
    return {
        "engine": known.pop("engine", None),
        "version": known.pop("version", None),
        "spike_times": {name: recording.spikes.of(name).tolist() for name in known.get("neurons", ())},
        "n_points": len(recording.time),
        "provenance": known,
    }


def _edge_count(check: NetworkValidation) -> int:
    return sum(len(edge.members) for edge in check.edges)


def _explanation(check: NetworkValidation) -> str:
    if check.statistics is None:
        return explanation_of(check)
    how = "judged statistically, since the network is sensitive"
    beyond_chance = [c.name for c in check.criteria if not c.passed and c.name.startswith((COUNT, INTERVALS, RATE))]
    if beyond_chance:
        return f"{how}: {', '.join(beyond_chance)} differs by more than chance"
    return f"{how}: {explanation_of(check)}"


def _neurons(check: NetworkValidation) -> list[str]:
    engines = [str(r.provenance["engine"]) for r in (check.reference, check.candidate)]
    width = max([12, *(len(neuron.name) + 2 for neuron in check.neurons)])
    lines = [f"{'neuron':{width}}{engines[0]:>10}{engines[1]:>10}{'unmatched':>11}{'spike time':>13}{'interval':>11}"]
    shown = check.neurons
    if len(shown) > _MOST_LISTED:
        worst = sorted(shown, key=lambda neuron: -neuron.excess)[:_MOST_LISTED]
        shown = tuple(neuron for neuron in shown if neuron in worst)
    lines += [_row(neuron.name, neuron.comparison.metrics(), width) for neuron in shown]
    if len(shown) < len(check.neurons):
        lines.append(f"and {len(check.neurons) - len(shown)} more that differ less")
    return [*lines, _row("all", check.metrics, width)]


def _row(name: str, metrics: dict[str, Any], width: int) -> str:
    time, interval = metrics["spike_time_error_max"], metrics["isi_error_max"]
    return (
        f"{name:{width}}{metrics['spike_count_reference']:>10}{metrics['spike_count_candidate']:>10}"
        f"{metrics['spikes_unmatched']:>11}{'-' if time is None else format_quantity(time, 's', 3):>13}"
        f"{'-' if interval is None else amount(interval, ''):>11}"
    )


def _edges(check: NetworkValidation) -> list[str]:
    """The edges that differ most, and those that were not measured, with the reason."""
    if not check.edges:
        return []
    measured = [edge for edge in check.edges if edge.difference is not None]
    lines: list[str] = []
    if measured:
        worst = sorted(measured, key=lambda edge: -abs(edge.difference or 0.0))[:_MOST_EDGES]
        engines = [str(r.provenance["engine"]) for r in (check.reference, check.candidate)]
        width = max([12, *(len(_short(edge)) + 2 for edge in worst)])
        title = "edge" if len(measured) <= _MOST_EDGES else f"worst of {len(measured)}"
        lines.append(f"{title:{width}}{engines[0]:>14}{engines[1]:>14}{'difference':>13}{'known to':>11}")
        lines += [
            f"{_short(edge):{width}}{format_quantity(edge.reference or 0.0, 'S', 5):>14}"
            f"{format_quantity(edge.candidate or 0.0, 'S', 5):>14}{edge.difference or 0.0:>13.2e}{edge.uncertainty:>11.0e}"
            for edge in worst
        ]
    by_remark: dict[str, list[EdgeComparison]] = {}
    for edge in check.edges:
        if edge.remark:
            by_remark.setdefault(edge.remark, []).append(edge)
        if edge.uncertainty > check.tolerances.weight:
            by_remark.setdefault("less certain than the limit, not judged", []).append(edge)
    for remark, edges in by_remark.items():
        more = f" and {len(edges) - 2} more" if len(edges) > 2 else ""
        lines.append(f"{', '.join(_short(edge) for edge in edges[:2])}{more}: {remark}")
    return [*lines, ""]


def _short(edge: EdgeComparison) -> str:
    if len(edge.members) <= 2:
        return edge.name
    return f"{edge.members[0]} + {len(edge.members) - 1} more"


def _sensitivity(check: NetworkValidation) -> list[str]:
    found = check.sensitivity
    if not found.neuron:
        return ["sensitivity: no spikes that a small change of the currents could move"]
    changed = f", {pluralised(found.spikes_changed, 'spike')} came or went" if found.spikes_changed else ""
    change = min(found.growth * found.perturbation, 1.0)
    how = (
        f"a change of all currents by {found.perturbation:.0e} changes an interval by {change:.1e}, {found.growth:.3g} times as much "
        f"({found.neuron} at {format_quantity(found.time, 's', 3)}){changed}"
    )
    if check.statistics is None:
        return [f"sensitivity: {how}: not sensitive, spikes are judged one by one (limit: {found.limit:.0f} times)"]
    return [
        f"sensitivity: {how}: SENSITIVE (limit: {found.limit:.0f} times), so counts, distributions of intervals and the population "
        "rate are judged in place of single spikes",
        f"statistics: spikes agree one by one until {format_quantity(check.statistics.agree_until, 's', 3)}; a difference of the "
        f"population rate by {check.statistics.rate_resolved:.1%} would be noticed",
    ]


def _budget(check: NetworkValidation) -> list[str]:
    if not check.numerical_error:
        return ["error budget: not measured"]
    lines = []
    for role, metrics in check.numerical_error.items():
        engine = getattr(check, role).provenance["engine"]
        how = FINER.get(engine, "half the step, a tenth of reltol")
        error, extra = metrics["spike_time_error_max"], metrics["spikes_unmatched"]
        spikes = "no spikes matched" if error is None else f"spike times move by {format_quantity(error, 's', 3)}"
        intervals = metrics["isi_error_max"]
        by = "" if intervals is None else f", intervals by {intervals:.1e}"
        count = f", {pluralised(extra, 'spike')} more or less" if extra else ""
        took = f" ({format_quantity(check.seconds[role], 's', 2)})" if role in check.seconds else ""
        lines.append(f"error budget: {engine}{took} at {how}: {spikes}{by}{count}")
    return lines


def _worst(check: NetworkValidation) -> list[str]:
    """The neuron and the edge whose roads differ most."""
    neuron: NeuronComparison = check.worst_neuron
    criterion = max(neuron.criteria, key=lambda c: c.value / (c.limit or 1.0), default=None)
    lines = []
    if criterion is not None:
        lines.append(
            f"worst neuron: {neuron.name}, {criterion.name} differs by {amount(criterion.value, criterion.unit)}"
        )
    edge = check.worst_edge
    if edge is not None:
        known = f", known to {100 * edge.uncertainty:.1g} %" if edge.uncertainty > check.tolerances.weight else ""
        lines.append(f"worst edge: {_short(edge)} differs by {100 * (edge.difference or 0.0):+.3g} %{known}")
    return lines
