"""From what a user asks for to a problem of least squares: which parameters are free, shared, tied, held, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neuromorph.devices import GMMS, MMS, MemristorModel
from neuromorph.devices.cards import MODELS, model_named
from neuromorph.errors import MeasurementError
from neuromorph.fit.preparation import prepared
from neuromorph.fit.problem import CIRCUIT, FitParameter, Problem, unit_of
from neuromorph.fit.response import TOLERANCE, RecordSimulator
from neuromorph.fit.starts import Range, held_parameters, ranges_of
from neuromorph.fit.tying import Tie
from neuromorph.quantities import check_names

# What is known before any record, as centre and spread. The published time constant of the self-directed-channel memristor,
# within a factor of ten: records in which no voltage reaches v_on leave only tau exp(v_on / v_t) determined. The
# published steepness of its barrier: what is fitted to small voltages must not explode at larger ones.
_PUBLISHED: dict[type[MemristorModel], dict[str, tuple[float, float]]] = {
    MMS: {"tau": (1e-4, 10.0)},
    GMMS: {"beta_f": (4.0, 8.0), "beta_r": (4.0, 8.0)},
}

# A stray capacitance of this size [F] is fitted where it would carry this share of the current's peak to peak.
_STRAY, _VISIBLE = 2e-10, 0.01


def named_model(model: str | type[MemristorModel] | MemristorModel) -> tuple[MemristorModel, bool]:
    """A model object, and whether its values were chosen by the user.

    Parameters
    ----------
    model : str, class or MemristorModel
        Name, class, or object whose values are the starting point [SI units].

    Returns
    -------
    tuple of MemristorModel and bool
        The object; ``False`` where it has default values.

    Raises
    ------
    ValueError
        When there is no model of that name; lists the choices.
    """
    if isinstance(model, str):
        return model_named(model)(), False
    if isinstance(model, type) and issubclass(model, MemristorModel):
        return model(), False
    if isinstance(model, MemristorModel):
        default = type(model)(**model.choices())
        return model, model.values() != default.values()
    raise ValueError(f"model must be a memristor model or one of the names {', '.join(MODELS)}, got {model!r}")


def records_of(
    measurements: Any,
    model: MemristorModel,
    drive: str,
    series_resistor: float | Sequence[float] | None,
    clean: bool = True,
) -> list[RecordSimulator]:
    """Simulators of one or several measurements.

    Parameters
    ----------
    measurements : Measurement or sequence of Measurement
        What was measured [s, V, A].
    model : MemristorModel
        Gives the equations [SI units].
    drive : {"source", "voltage"}
        What is known of the drive.
    series_resistor : float or sequence of float, optional
        Overrides the measurements' [ohm].
    clean : bool
        Whether records are averaged over periods and freed of offsets first.

    Returns
    -------
    list of RecordSimulator
        One a record.

    Raises
    ------
    MeasurementError
        When there is none, or two are the same.
    """
    items = [measurements] if hasattr(measurements, "current") else list(measurements)
    if not items:
        raise MeasurementError("there is no measurement to fit")
    wrong = [m for m in items if not hasattr(m, "current")]
    if wrong:
        raise MeasurementError(f"{wrong[0]!r} is no measurement; read files with load_measurement(path)")
    resistors = list(series_resistor) if isinstance(series_resistor, Sequence) else [series_resistor] * len(items)
    if len(resistors) != len(items):
        raise ValueError(f"series_resistor has {len(resistors)} values for {len(items)} records")
    for b, second in enumerate(items):
        for first in items[:b]:
            if np.array_equal(first.current, second.current) and np.array_equal(first.voltage, second.voltage):
                raise MeasurementError(
                    f"{first.name} and {second.name} hold the same numbers: the record would count twice; leave one out"
                )
    if drive == "source":
        items = [_with_resistor(item, r) for item, r in zip(items, resistors, strict=True)]
    if clean:
        items = [prepared(item) for item in items]
    records = [RecordSimulator(model, item, drive=drive) for item in items]
    return records


def _with_resistor(measurement: Any, resistor: float | None) -> Any:
    if resistor is None or not hasattr(measurement, "replace"):
        return measurement
    if not (np.isfinite(resistor) and resistor > 0):
        raise ValueError(f"series_resistor must be a positive resistance in ohm, got {resistor!r}")
    return measurement.replace(series_resistor=float(resistor))


def problem_of(
    model: MemristorModel,
    start_is_given: bool,
    records: Sequence[RecordSimulator],
    *,
    bounds: Mapping[str, tuple[float, float]],
    fixed: Mapping[str, float] | Sequence[str],
    free: Sequence[str],
    tied: Mapping[str, str],
    per_record: Sequence[str],
    weights: Sequence[float] | None,
    parasitic_capacitance: float | str,
    prior: Mapping[str, tuple[float, float]] | str | None = None,
    tolerance: float = TOLERANCE,
) -> Problem:
    """The problem of least squares that a call of :func:`fit_memristor` states (arguments as there, SI units)."""
    fields = list(model.values())
    ranges = ranges_of(model, records, start_is_given)
    ranges |= _circuit_ranges(records)
    choices = [*fields, *CIRCUIT]
    owner = f"a fit of {type(model).__name__}"
    for names in (bounds, fixed, free, tied):
        check_names(owner, [name.split("__")[0] for name in names], choices)
    check_names(owner, per_record, choices)
    fixed = dict(fixed) if isinstance(fixed, Mapping) else {n: _present(model, n) for n in fixed}
    per_record = list(per_record)
    _check_records({"bounds": bounds, "fixed": fixed, "free": free, "tied": tied}, per_record, len(records))
    _check_contradictions(bounds, fixed, free, tied)
    circuit = {n for n in (*per_record, *free, *(n.split("__")[0] for n in tied)) if n in CIRCUIT}
    circuit |= {n.split("__")[0] for n in fixed} & set(CIRCUIT)
    if parasitic_capacitance == "auto":
        capacitance_is_fitted = any(_stray_is_visible(r) for r in records)
    elif isinstance(parasitic_capacitance, str):
        if parasitic_capacitance != "fit":
            raise ValueError(
                f"parasitic_capacitance must be a capacitance in F, 'auto' or 'fit', got {parasitic_capacitance!r}"
            )
        capacitance_is_fitted = True
    else:
        capacitance_is_fitted = False
        if float(parasitic_capacitance) < 0.0:
            raise ValueError(f"parasitic_capacitance must not be negative, got {parasitic_capacitance!r} F")
        if float(parasitic_capacitance) > 0.0:
            fixed.setdefault("parasitic_capacitance", float(parasitic_capacitance))
            circuit.add("parasitic_capacitance")
    if capacitance_is_fitted:
        circuit.add("parasitic_capacitance")
    if not all(record.periodic for record in records):
        circuit.add("x0")
        if "x0" not in fixed and "x0" not in tied:
            per_record.append("x0")
    if not all(record.is_source for record in records):
        circuit -= {"parasitic_capacitance", "drive_offset"}
    held = {name: why for name, why in held_parameters(model).items() if name not in free and name not in per_record}
    parameters: list[FitParameter] = []
    for base in [*fields, *(name for name in CIRCUIT if name in circuit)]:
        for record in range(len(records)) if base in per_record else [None]:
            name = base if record is None else f"{base}__{record}"
            range_ = ranges[base]
            given = bounds.get(name, bounds.get(base))
            if given is not None:
                range_ = _bounded(name, range_, given)
            tie_text = tied.get(name, tied.get(base))
            value, vary, reason = _start(model, base, range_), True, ""
            if name in fixed or base in fixed:
                value, vary, reason = float(fixed[name if name in fixed else base]), False, "fixed"
            elif base in held and given is None:
                vary, reason = False, held[base]
            if tie_text is not None:
                vary, reason = False, f"tied: {tie_text}"
            parameters.append(
                FitParameter(
                    name=name,
                    base=base,
                    record=record,
                    value=value,
                    range=range_,
                    unit=unit_of(model, base),
                    vary=vary,
                    tie=Tie(tie_text) if tie_text is not None else None,
                    reason=reason,
                )
            )
    _check_ties(parameters)
    if weights is None:
        weights = [1.0] * len(records)
    if len(weights) != len(records) or not all(np.isfinite(w) and w >= 0 for w in weights) or not any(weights):
        raise ValueError(f"weights must be {len(records)} numbers of at least 0, one a record, got {weights!r}")
    problem = Problem(model, records, parameters, weights, tolerance, _prior(model, prior, choices))
    if not problem.free:
        raise ValueError("every parameter is fixed or tied: there is nothing to fit")
    rows = sum(record.time.size for record in records)
    if rows <= len(problem.free):
        raise MeasurementError(f"{rows} samples cannot determine {len(problem.free)} parameters")
    return problem


def _check_records(settings: Mapping[str, Any], per_record: Sequence[str], count: int) -> None:
    """Refuse a setting of one record's own parameter where the fit has none: it would be without effect."""
    for setting, names in settings.items():
        for name in names:
            base, separator, record = name.partition("__")
            if not separator:
                continue
            if base not in per_record and base != "x0":
                raise ValueError(
                    f"{setting} names {name!r}, but all records share {base}; give per_record=({base!r},) as well"
                )
            if not record.isdecimal() or int(record) >= count:
                raise ValueError(f"{setting} names {name!r}; the {count} records count from __0 to __{count - 1}")


def _check_contradictions(
    bounds: Mapping[str, Any], fixed: Mapping[str, float], free: Sequence[str], tied: Mapping[str, str]
) -> None:
    for name, value in fixed.items():
        if name in free:
            raise ValueError(f"{name} is to be fixed and free: which is it?")
        if name in tied:
            raise ValueError(f"{name} is to be fixed at {value:g} and tied to {tied[name]!r}: which is it?")
        if name in bounds:
            raise ValueError(f"{name} is to be fixed at {value:g} and has bounds: leave one of them out")


def _prior(model: MemristorModel, given: Any, choices: Sequence[str]) -> dict[str, tuple[float, float]]:
    if given is None:
        return {}
    if isinstance(given, str):
        if given != "published":
            raise ValueError(
                f"prior must be 'published', None or a mapping of names to (centre, spread), got {given!r}"
            )
        known: dict[str, tuple[float, float]] = {}
        for kind in reversed(type(model).__mro__):
            known |= _PUBLISHED.get(kind, {})
        return known
    check_names(f"a fit of {type(model).__name__}", given, choices)
    prior = {}
    for name, pair in given.items():
        try:
            centre, spread = (float(number) for number in pair)
        except (TypeError, ValueError):
            raise ValueError(f"prior of {name!r} must be two numbers, centre and spread, got {pair!r}") from None
        if not spread > 0.0:
            raise ValueError(f"the spread of the prior of {name!r} must be positive, got {spread!r}")
        prior[name] = (centre, spread)
    return prior


def _present(model: MemristorModel, name: str) -> float:
    if name not in model.values():
        raise ValueError(f"fixed: give a value for {name!r}, as in fixed={{{name!r}: 0.0}}")
    return model.values()[name]


def _start(model: MemristorModel, base: str, range_: Range) -> float:
    if base in model.values():
        return range_.clipped(model.values()[base])
    return float(np.sqrt(range_.start_low * range_.start_high)) if range_.is_log else range_.clipped(0.0)


def _circuit_ranges(records: Sequence[RecordSimulator]) -> dict[str, Range]:
    span = max(record.span for record in records)
    volts = max(float(np.ptp(record.drive)) for record in records)

    def linear(limit: float, start: float) -> Range:
        return Range(low=-limit, high=limit, start_low=-start, start_high=start, is_log=False)

    return {
        "current_offset": linear(0.2 * span, 1e-3 * span),
        "drive_offset": linear(0.2 * volts, 1e-3 * volts),
        "parasitic_capacitance": Range(low=1e-14, high=1e-7, start_low=5e-11, start_high=5e-10, is_log=True),
        "x0": Range(low=0.0, high=1.0, start_low=0.0, start_high=1.0, is_log=False),
    }


def _stray_is_visible(record: RecordSimulator) -> bool:
    if not record.is_source:
        return False
    dt = record.intervals[: record.voltage.size - 1]
    # The steepest slopes of a noisy record are noise.
    slope = float(np.quantile(np.abs(np.diff(record.drive)) / dt, 0.9))
    return slope * _STRAY > _VISIBLE * record.span


def _bounded(name: str, range_: Range, given: tuple[float, float]) -> Range:
    try:
        low, high = (float(b) for b in given)
    except (TypeError, ValueError):
        raise ValueError(f"bounds of {name!r} must be two numbers, low and high, got {given!r}") from None
    if not low < high:
        raise ValueError(f"bounds of {name!r} must rise, got {low:g} to {high:g}")
    if range_.is_log and not high > 0.0:
        raise ValueError(f"bounds of {name!r} must reach above zero, got {low:g} to {high:g}")
    if range_.is_log and low <= 0.0:
        low = min(range_.low, 1e-6 * high)
    # Starts stay where the records say they belong, unless the bounds forbid it.
    start_low, start_high = (min(max(s, low), high) for s in (range_.start_low, range_.start_high))
    if start_low == start_high:
        start_low, start_high = low, high
    return dataclasses.replace(range_, low=low, high=high, start_low=start_low, start_high=start_high)


def _check_ties(parameters: Sequence[FitParameter]) -> None:
    by_name = {p.name: p for p in parameters}
    for parameter in parameters:
        for name in parameter.tie.names if parameter.tie else ():
            if name not in by_name:
                raise ValueError(
                    f"{parameter.name} is tied to {name!r}, which the fit does not have; choices: {', '.join(by_name)}"
                )
            if by_name[name].tie is not None:
                raise ValueError(f"{parameter.name} is tied to {name}, which is tied itself: tie it to what is free")
