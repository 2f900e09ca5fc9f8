"""A fitted device as cards: a SPICE subcircuit and TOML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.fit.memristor_fit import MemristorFit


def spice_card(fit: MemristorFit) -> str:
    """The device as an ngspice subcircuit whose default parameters are the fitted ones (SI units)."""
    model = fit.model
    head = [f"* {line}" for line in _provenance(fit)]
    head.append(f"* Use: X1 p n x {model.subcircuit_name}   (v(x) is the state)")
    return "\n".join([*head, model.subcircuit().rstrip(), ""])


def toml_card(fit: MemristorFit) -> str:
    """The device as a parameter card, with the confidence of each value (SI units)."""
    from neuromorph.devices.cards import MODELS

    model = fit.model
    names = {kind: name for name, kind in MODELS.items()}
    lines = [f"# {line}" for line in _provenance(fit)]
    lines.append(f"model = {json.dumps(names.get(type(model), type(model).__name__))}")
    lines.append(f"description = {json.dumps('fitted to ' + ', '.join(fit.names))}")
    lines.append(f"validity = {json.dumps(_validity(fit))}")
    if model.choices():
        lines += ["", "[choices]", *(f"{name} = {json.dumps(value)}" for name, value in model.choices().items())]
    intervals = fit.intervals()
    by_name = {p.name: p for p in fit.problem.parameters}
    for name, value in model.values().items():
        found = by_name.get(name) or by_name[f"{name}__0"]
        lines += ["", f"[parameters.{name}]", f"value = {value!r}", f"unit = {json.dumps(found.unit)}"]
        if found.name in intervals:
            low, high = intervals[found.name]
            lines.append(f"low = {low!r}")
            lines.append(f"high = {high!r}")
        lines.append(f"source = {json.dumps(_source(found.name, found.vary, found.reason, fit))}")
    return "\n".join([*lines, ""])


def _source(name: str, vary: bool, reason: str, fit: MemristorFit) -> str:
    if name in fit.at_bound:
        return "fitted; ended at its bound, so not determined"
    if vary:
        return "fitted; low and high are the ends of its 95 % confidence interval"
    return f"held: {reason}"


def _provenance(fit: MemristorFit) -> list[str]:
    errors = ", ".join(f"{name} {error:.4f}" for name, error in zip(fit.names, fit.nrmse, strict=True))
    circuit = {p.name: fit.parameters[p.name].value for p in fit.problem.parameters if p.base not in fit.model.values()}
    lines = [f"{type(fit.model).__name__} fitted by neuromorph {__version__}; NRMSE of the current: {errors}"]
    if circuit:
        lines.append(
            "of the measuring circuit, not of the device: " + ", ".join(f"{k} = {v:.6g}" for k, v in circuit.items())
        )
    return lines


def _validity(fit: MemristorFit) -> str:
    records = fit.problem.records
    low, high = min(float(r.voltage.min()) for r in records), max(float(r.voltage.max()) for r in records)
    rates = sorted({r.frequency for r in records if r.frequency})
    text = f"{low:.3g} V to {high:.3g} V across the device"
    return text + (f", {rates[0]:g} Hz to {rates[-1]:g} Hz" if rates else "")
