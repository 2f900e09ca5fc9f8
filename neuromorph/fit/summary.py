"""A fit as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit


def summary_of(fit: MemristorFit) -> str:
    """The fit as text (SI units)."""
    width = max(len(name) for name in fit.names)
    lines = [f"{type(fit.model).__name__} fitted to {len(fit.names)} records in {fit.seconds:.2f} s"]
    lines.append(f"{'record':<{width}}  NRMSE   resistor")
    for name, error, null in zip(fit.names, fit.nrmse, fit.null_nrmse, strict=True):
        lines.append(f"{name:<{width}}  {error:.4f}  {null:.4f}")
    for p in fit.problem.parameters:
        value = fit.parameters[p.name].value
        lines.append(f"{p.name:<24} {format_quantity(value, p.unit):>14}  {p.reason}")
    return "\n".join(lines)


def dict_of(fit: MemristorFit) -> dict[str, Any]:
    """Everything but the waveforms, ready for JSON (SI units)."""
    return {
        "model": type(fit.model).__name__,
        "choices": fit.model.choices(),
        "records": [
            {"name": name, "nrmse": float(error), "null_nrmse": float(null)}
            for name, error, null in zip(fit.names, fit.nrmse, fit.null_nrmse, strict=True)
        ],
        "parameters": {
            p.name: {"value": float(fit.parameters[p.name].value), "unit": p.unit, "varied": p.vary, "reason": p.reason}
            for p in fit.problem.parameters
        },
        "at_bound": list(fit.at_bound),
        "seconds": fit.seconds,
    }
