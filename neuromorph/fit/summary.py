"""A fit as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.quantities import format_quantity, pluralised
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit


def summary_of(fit: MemristorFit) -> str:
    """The fit as text (SI units)."""
    width = max(6, *(len(name) for name in fit.names))
    model = type(fit.model).__name__ + "".join(f", {v}" for v in fit.model.choices().values())
    lines = [f"{model}: {pluralised(len(fit.names), 'record')} fitted in {fit.seconds:.2f} s", ""]
    lines.append(f"{'record':<{width}}   NRMSE  resistor  samples  independent")
    sizes = fit.uncertainty.effective_sizes
    for k, name in enumerate(fit.names):
        record = fit.problem.records[k]
        lines.append(
            f"{name:<{width}}  {fit.nrmse[k]:.4f}    {fit.null_nrmse[k]:.4f}  {record.time.size:7d}  {sizes[k]:11.1f}"
        )
    lines += ["", *_parameter_lines(fit)]
    spread, direction = fit.uncertainty.worst_direction()
    if direction:
        parts = sorted(direction.items(), key=lambda item: -abs(item[1]))[:3]
        text = " ".join(f"{value:+.2f} {name}" for name, value in parts)
        lines += ["", f"least determined: {text}, by {spread:.2g} (1 is a factor e, or a starting range)"]
    information = fit.information()
    lines.append(
        f"AIC {information['aic']:.1f}, BIC {information['bic']:.1f} with {information['n_effective']:.0f} independent samples; "
        f"{_optima_text(fit)}"
    )
    lines += [f"{name} ended at its bound" for name in fit.at_bound]
    lines += [f"doubt: {doubt}" for doubt in fit.doubts]
    return "\n".join(lines)


def _parameter_lines(fit: MemristorFit) -> list[str]:
    width = max(9, *(len(p.name) for p in fit.problem.parameters))
    lines = [f"{'parameter':<{width}}  {'value':>13}  95 % interval"]
    intervals = fit.intervals()
    for p in fit.problem.parameters:
        value = format_quantity(float(fit.parameters[p.name].value), p.unit)
        if p.name in intervals:
            low, high = (format_quantity(end, p.unit, 3) for end in intervals[p.name])
            note = f"{low} to {high}"
        else:
            note = "at its bound" if p.name in fit.at_bound else (p.reason or "")
        lines.append(f"{p.name:<{width}}  {value:>13}  {note}")
    return lines


def _optima_text(fit: MemristorFit) -> str:
    best = fit.optima[0].cost
    same = sum(o.cost <= 1.01 * best for o in fit.optima)
    return f"{same} of {pluralised(len(fit.optima), 'start')} reached the best optimum within 1 %"


def dict_of(fit: MemristorFit) -> dict[str, Any]:
    """Everything but the waveforms, ready for JSON (SI units)."""
    intervals, sizes = fit.intervals(), fit.uncertainty.effective_sizes
    spread, direction = fit.uncertainty.worst_direction()
    return {
        "neuromorph": __version__,
        "model": type(fit.model).__name__,
        "choices": fit.model.choices(),
        "records": [
            {
                "name": record.name,
                "nrmse": float(fit.nrmse[k]),
                "null_nrmse": float(fit.null_nrmse[k]),
                "samples": int(record.time.size),
                "independent_samples": float(sizes[k]),
                "frequency": record.frequency,
                "series_resistor": record.series_resistor,
                "cleaning": [str(step) for step in getattr(record.measurement, "cleaning", ())],
            }
            for k, record in enumerate(fit.problem.records)
        ],
        "parameters": {
            p.name: {
                "value": float(fit.parameters[p.name].value),
                "unit": p.unit,
                "fitted": p.vary,
                "stderr": fit.parameters[p.name].stderr,
                "interval": list(intervals[p.name]) if p.name in intervals else None,
                "at_bound": p.name in fit.at_bound,
                "why_held": p.reason or None,
            }
            for p in fit.problem.parameters
        },
        "correlation": {
            "names": fit.uncertainty.names,
            "matrix": np.asarray(fit.uncertainty.correlation).tolist(),
        },
        "worst_direction": {"spread": spread, "components": direction},
        "information": fit.information(),
        "optima": [
            {"cost": o.cost, "start": o.start, "evaluations": o.evaluations, "values": o.values} for o in fit.optima
        ],
        "at_bound": list(fit.at_bound),
        "doubts": list(fit.doubts),
        "seconds": fit.seconds,
    }
