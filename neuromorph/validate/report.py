"""The outcome of a cross-validation as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.quantities import format_quantity, pluralised
from neuromorph.recording import Recording

if TYPE_CHECKING:
    from neuromorph.validate.cross import CrossValidation
    from neuromorph.validate.networks import NetworkValidation
    from neuromorph.validate.verdict import Criterion

# Differences below this share of their limit are not worth a word.
_NOTABLE = 1e-2
FINER = {
    "rk4": "half the step",
    "rosenbrock": "a tenth of the tolerance",
    "vacask": "a tenth of reltol, switches twice as fast",
}
"""How a road is run more finely; SPICE engines that are not named at half the step and a tenth of reltol."""
# Energies below this share of what was delivered are none.
_NOTABLE_ENERGY = 1e-9


def summary_of(check: CrossValidation) -> str:
    """The report of a cross-validation (SI units with prefixes).

    Parameters
    ----------
    check : CrossValidation
        What to report.

    Returns
    -------
    str
        Several lines.
    """
    roads = (("reference", check.reference), ("candidate", check.candidate))
    lines = [f"{check.design}: {engine_name(check.reference)} against {engine_name(check.candidate)}", ""]
    lines.append(f"{'':24}{'spikes':>8}{'first ISI':>14}{'last ISI':>14}   final state")
    for role, recording in roads:
        first, last = _end_intervals(recording)
        units = recording.units
        ends = {k: v for k, v in final_state(recording).items() if k in check.comparison.final_state_errors}
        state = ", ".join(f"{k} = {v:.6g} {units.get(k, '')}".rstrip() for k, v in ends.items())
        name = f"{recording.provenance['engine']} ({role})"
        lines.append(f"{name:24}{len(recording.spikes):>8}{first:>14}{last:>14}   {state}")
    lines += [
        "",
        *criteria_table(check.criteria),
        "",
        *_energies(check),
        *_budget(check),
        *(f"design: {finding.message}" for finding in check.findings),
        f"verdict: {'agree' if check.passed else 'DISAGREE'} - {explanation_of(check)}",
    ]
    return "\n".join(lines)


def explanation_of(check: CrossValidation | NetworkValidation) -> str:
    """Why the roads agree or not, in one sentence.

    Parameters
    ----------
    check : CrossValidation or NetworkValidation
        What to explain.

    Returns
    -------
    str
        Names what decided, and what to do about it.
    """
    failed = [criterion for criterion in check.criteria if not criterion.passed]
    if failed:
        names = ", ".join(criterion.name for criterion in failed)
        if any(criterion.is_numerical is None for criterion in failed):
            return f"{names} beyond the limit; run with the error budget to see whether numerical error explains it"
        real = [criterion for criterion in failed if not criterion.is_numerical]
        if not real:
            return (
                f"{names} beyond the limit, but no further than numerical error goes: tighten reltol and t_max (SPICE) "
                "or dt (equations), then compare again"
            )
        worst = max(real, key=_excess)
        return (
            f"the models differ: {worst.name} is off by {amount(worst.value, worst.unit)}, where numerical error of both "
            f"roads accounts for {amount(worst.numerical or 0.0, worst.unit)}"
        )
    if not check.numerical_error:
        return "every difference is within its limit"
    beyond = [c for c in check.criteria if c.is_numerical is False and c.value > _NOTABLE * c.limit]
    if not beyond:
        return "what difference is left is numerical error"
    worst = max(beyond, key=lambda criterion: criterion.value / criterion.limit)
    return (
        f"every difference is within its limit; {worst.name} differs by more than numerical error accounts for "
        f"({amount(worst.value, worst.unit)} against {amount(worst.numerical or 0.0, worst.unit)})"
    )


def criteria_table(criteria: Sequence[Criterion], width: int = 24) -> list[str]:
    """The verdict line by line, names in a column of `width` characters (SI units with prefixes)."""
    lines = [f"{'':{width}}{'difference':>14}{'limit':>14}{'numerical':>14}"]
    for criterion in criteria:
        numerical = "" if criterion.numerical is None else amount(criterion.numerical, criterion.unit)
        lines.append(
            f"{criterion.name:{width}}{amount(criterion.value, criterion.unit):>14}"
            f"{amount(criterion.limit, criterion.unit):>14}{numerical:>14}  {'ok' if criterion.passed else 'FAIL'}"
        )
    remarks = [f"{criterion.name}: {criterion.remark}" for criterion in criteria if criterion.remark]
    return lines + ([""] if remarks else []) + remarks


def criterion_dict(criterion: Criterion) -> dict[str, Any]:
    """A line of the verdict, ready for JSON (SI units)."""
    return {
        "name": criterion.name,
        "value": criterion.value,
        "limit": criterion.limit,
        "unit": criterion.unit,
        "numerical": criterion.numerical,
        "passed": criterion.passed,
        "remark": criterion.remark,
    }


def dict_of(check: CrossValidation) -> dict[str, Any]:
    """Everything but the waveforms, ready for JSON.

    Parameters
    ----------
    check : CrossValidation
        What to write down.

    Returns
    -------
    dict
        ``passed``, ``verdict``, ``metrics``, ``criteria``, ``energy``, ``reference`` and ``candidate`` (SI units).
    """
    return {
        "design": check.design,
        "passed": check.passed,
        "verdict": explanation_of(check),
        "metrics": check.metrics,
        "criteria": [criterion_dict(c) for c in check.criteria],
        "findings": [vars(finding) for finding in check.findings],
        "energy": dict(zip(("reference", "candidate"), (b.to_dict() for b in check.comparison.energies), strict=False)),
        "reference": recording_dict(check.reference),
        "candidate": recording_dict(check.candidate),
    }


def recording_dict(recording: Recording) -> dict[str, Any]:
    """What a recording says apart from its waveforms, ready for JSON.

    Parameters
    ----------
    recording : Recording
        What to write down.

    Returns
    -------
    dict
        ``engine``, ``version``, ``spike_times`` [s], ``final_state``, ``n_points`` and the provenance.
    """
    known = dict(recording.provenance)
    return {
        "engine": known.pop("engine", None),
        "version": known.pop("version", None),
        "spike_times": [float(t) for t in recording.spikes.times],
        "final_state": final_state(recording),
        "n_points": len(recording.time),
        "provenance": known,
    }


def describe_recording(recording: Recording) -> str:
    """A recording in a few lines: spikes, intervals, final state, ranges (SI units with prefixes).

    Parameters
    ----------
    recording : Recording
        What to describe.

    Returns
    -------
    str
        Several lines.
    """
    first, last = _end_intervals(recording)
    spikes = pluralised(len(recording.spikes), "spike")
    lines = [
        f"{recording.provenance.get('design', 'design')}: {engine_name(recording)}, {len(recording.time)} points to "
        f"{format_quantity(float(recording.time[-1]), 's')}",
        f"{spikes}, first ISI {first}, last ISI {last}",
    ]
    for name in recording.names:
        unit, values = recording.units.get(name, ""), recording[name]
        low, high, end = (format_quantity(float(v), unit) for v in (values.min(), values.max(), values[-1]))
        lines.append(f"{name:12} from {low:>12} to {high:>12}, at the end {end:>12}")
    return "\n".join(lines)


def final_state(recording: Recording) -> dict[str, float]:
    """Last value of each state, in its unit."""
    states = recording.provenance.get("states", ())
    return {name: float(recording[name][-1]) for name in states if name in recording.names}


def _excess(criterion: Criterion) -> float:
    return criterion.value / max(criterion.numerical or 0.0, 1e-3 * criterion.limit, 1e-300)


def engine_name(recording: Recording) -> str:
    """Engine and version of a road."""
    return f"{recording.provenance['engine']} {recording.provenance['version']}"


def _end_intervals(recording: Recording) -> tuple[str, str]:
    intervals = np.diff(recording.spikes.times)
    if not intervals.size:
        return "-", "-"
    return format_quantity(float(intervals[0]), "s"), format_quantity(float(intervals[-1]), "s")


def amount(value: float, unit: str) -> str:
    """A number of a report, with its unit and prefix."""
    if unit:
        return format_quantity(value, unit, digits=3)
    return f"{value:.0f}" if value >= 1 and float(value).is_integer() else f"{value:.2e}" if value else "0"


def _energies(check: CrossValidation) -> list[str]:
    """Energy by part on both roads, where both record it."""
    balances = check.comparison.energies
    if not balances:
        return []
    rows = {f"from {name}": [b.delivered.get(name) for b in balances] for name in _names(b.delivered for b in balances)}
    rows |= {
        f"in {name}": [b.dissipated.get(name) for b in balances] for name in _names(b.dissipated for b in balances)
    }
    rows["stored"] = [b.stored for b in balances]
    if all(b.spike_count for b in balances):
        rows["per spike"] = [b.per_spike for b in balances]
    engines = [str(r.provenance["engine"]) for r in (check.reference, check.candidate)]
    moved = max(sum(map(abs, balance.delivered.values())) for balance in balances)
    lines = [f"{'energy':24}{engines[0]:>14}{engines[1]:>14}"]
    for name, values in rows.items():
        if any(abs(value or 0.0) > _NOTABLE_ENERGY * moved for value in values):
            shown = ["-" if value is None else format_quantity(value, "J") for value in values]
            lines.append(f"{name:24}{shown[0]:>14}{shown[1]:>14}")
    lines.append(f"{'imbalance':24}{balances[0].imbalance:>14.1e}{balances[1].imbalance:>14.1e}")
    return [*lines, ""]


def _names(mappings: Iterable[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _budget(check: CrossValidation) -> list[str]:
    if not check.numerical_error:
        return ["error budget: not measured"]
    lines = []
    for role in ("reference", "candidate"):
        metrics = check.numerical_error[role]
        engine = getattr(check, role).provenance["engine"]
        how = FINER.get(engine, "half the step, a tenth of reltol")
        error = metrics["spike_time_error_max"]
        spikes = "no spikes matched" if error is None else f"spike times move by {format_quantity(error, 's', 3)}"
        waveform = max(metrics["nrmse"].values(), default=0.0)
        extra = metrics["spikes_unmatched"]
        count = f", {pluralised(extra, 'spike')} more or less" if extra else ""
        lines.append(f"error budget: {engine} at {how}: {spikes}, waveforms by {waveform:.1e}{count}")
    return lines
