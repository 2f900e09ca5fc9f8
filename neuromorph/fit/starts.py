"""Where a fit starts and how far it may go: ranges of each parameter, read off the records."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.devices import GMMS, MMS, VTEAM, LinearIonDrift, MemristorModel, Yakopcic
from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE
from neuromorph.fit.response import RecordSimulator


@dataclass(frozen=True, kw_only=True)
class Range:
    """One parameter of a fit.

    Parameters
    ----------
    low, high : float
        Bounds [unit of the parameter].
    start_low, start_high : float
        Where starting points lie [unit of the parameter].
    is_log : bool
        Whether the fit moves its logarithm.
    """

    low: float
    high: float
    start_low: float
    start_high: float
    is_log: bool

    def clipped(self, value: float) -> float:
        """The nearest value inside of the bounds [unit of the parameter]."""
        return min(max(value, self.low), self.high)


# What records of current and voltage cannot tell, or physics has told: held unless a fit asks for it.
_HELD: dict[type[MemristorModel], dict[str, str]] = {
    MMS: {"temperature": "known from the laboratory, not from the loop"},
    GMMS: {"phi": "only phi/r_on, phi/r_off and (1-phi)*alpha are determined"},
    VTEAM: {"p": "trades with the other parameters of the window", "j": "a factor of k_on and k_off"},
    LinearIonDrift: {
        "depth": "only mobility*r_on/depth^2 is determined",
        "p": "trades with the window's other parameters",
        "j": "a factor of the mobility",
    },
}


def held_parameters(model: MemristorModel) -> dict[str, str]:
    """Parameters that are not fitted unless asked for, with the reason.

    Parameters
    ----------
    model : MemristorModel
        Any model [SI units].

    Returns
    -------
    dict of str to str
        Reason by name.
    """
    current, rate = model.expressions()
    used = {str(s) for s in current.free_symbols | rate.free_symbols}
    held = {name: "has no effect in this form of the model" for name in model.values() if name not in used}
    for kind in reversed(type(model).__mro__):
        held |= {k: v for k, v in _HELD.get(kind, {}).items() if k in used}
    return held


@dataclass(frozen=True)
class _Scales:
    """What the records say about sizes [SI units]."""

    v_high: float
    v_low: float
    r_least: float
    r_most: float
    i_high: float
    f_low: float
    f_high: float


def _scales(records: Sequence[RecordSimulator]) -> _Scales:
    v_high, v_low, least, most, i_high, rates = [], [], [], [], [], []
    for record in records:
        v, i = record.voltage, record.measured
        v_high.append(max(float(v.max()), 1e-3))
        v_low.append(max(float(-v.min()), 1e-3))
        i_high.append(float(np.abs(i).max()))
        strong = (np.abs(i) > 0.5 * np.abs(i).max()) & (i * v > 0)
        least.append(float(np.min(v[strong] / i[strong])) if strong.any() else v_high[-1] / i_high[-1])
        # Where the voltage is large and the current small, the device is off.
        far = (np.abs(v) > 0.3 * np.abs(v).max()) & (i * v > 0)
        most.append(float(np.quantile(v[far] / i[far], 0.9)) if far.any() else 10 * least[-1])
        length = float(record.intervals.sum())
        rates.append(record.frequency if record.frequency else 1.0 / length)
    return _Scales(
        max(v_high), max(v_low), max(min(least), 1e-2), max(max(most), 1.0), max(i_high), min(rates), max(rates)
    )


def ranges_of(model: MemristorModel, records: Sequence[RecordSimulator], start_is_given: bool) -> dict[str, Range]:
    """Bounds and starting ranges of a model's parameters.

    Parameters
    ----------
    model : MemristorModel
        Gives the names; its values are the centre of the starting ranges when they were given [SI units].
    records : sequence of RecordSimulator
        What is to be fitted [SI units].
    start_is_given : bool
        Whether the model's values were chosen by the user as a starting point.

    Returns
    -------
    dict of str to Range
        By parameter [SI units].
    """
    s = _scales(records)
    known: dict[str, Range] = {}
    for kind in reversed(type(model).__mro__):
        if kind in _GUESSES:
            known |= _GUESSES[kind](s)
    ranges = {}
    for field in dataclasses.fields(model):
        if field.name not in model.values():
            continue
        ranges[field.name] = _within_field(field, known.get(field.name) or _generic(field, model, s))
    if start_is_given:
        ranges = {name: _around(r, model.values()[name]) for name, r in ranges.items()}
    return ranges


def _log(low: float, start_low: float, start_high: float, high: float) -> Range:
    return Range(low=low, high=high, start_low=start_low, start_high=start_high, is_log=True)


def _linear(low: float, start_low: float, start_high: float, high: float) -> Range:
    return Range(low=low, high=high, start_low=start_low, start_high=start_high, is_log=False)


def _mms(s: _Scales) -> dict[str, Range]:
    return {
        "r_on": _log(1e-3 * s.r_least, 0.2 * s.r_least, 1.1 * s.r_least, 1e2 * s.r_most),
        "r_off": _log(0.1 * s.r_least, 0.3 * s.r_most, 3.0 * s.r_most, 1e4 * s.r_most),
        "v_on": _linear(0.0, 0.5 * s.v_high, 1.2 * s.v_high, 5.0 * s.v_high),
        "v_off": _linear(0.0, 0.02 * s.v_low, 0.5 * s.v_low, 5.0 * s.v_low),
        "tau": _log(1e-8 / s.f_high, 2e-4 / s.f_high, 2e-2 / s.f_low, 1e4 / s.f_low),
    }


def _gmms(s: _Scales) -> dict[str, Range]:
    small = 0.1 * s.v_low / s.r_most
    # No barrier is steeper than the thermal voltage allows.
    steepest = ELEMENTARY_CHARGE / (BOLTZMANN * 300.0)
    return {
        "alpha_f": _log(1e-8 * s.i_high, 0.03 * small, 3.0 * small, 1e4 * s.i_high),
        "beta_f": _linear(0.0, min(0.5 / s.v_high, 1.0), min(3.0 / s.v_high, 15.0), steepest),
        "alpha_r": _log(1e-8 * s.i_high, 0.03 * small, 3.0 * small, 1e4 * s.i_high),
        "beta_r": _linear(0.0, min(0.5 / s.v_low, 1.0), min(5.0 / s.v_low, 15.0), steepest),
        "phi": _linear(0.0, 0.5, 0.95, 1.0),
    }


def _vteam(s: _Scales) -> dict[str, Range]:
    return {
        "r_on": _log(1e-3 * s.r_least, 0.2 * s.r_least, 1.1 * s.r_least, 1e2 * s.r_most),
        "r_off": _log(0.1 * s.r_least, 0.3 * s.r_most, 3.0 * s.r_most, 1e4 * s.r_most),
        "v_on": _log(1e-3 * s.v_high, 0.1 * s.v_high, 0.9 * s.v_high, 5.0 * s.v_high),
        "v_off": _log(1e-3 * s.v_low, 0.03 * s.v_low, 0.5 * s.v_low, 5.0 * s.v_low),
        "k_on": _log(1e-4 * s.f_low, 1.0 * s.f_low, 1e3 * s.f_high, 1e9 * s.f_high),
        "k_off": _log(1e-4 * s.f_low, 0.1 * s.f_low, 1e2 * s.f_high, 1e9 * s.f_high),
        "alpha_on": _linear(1.0, 1.0, 5.0, 20.0),
        "alpha_off": _linear(1.0, 1.0, 5.0, 20.0),
    }


def _yakopcic(s: _Scales) -> dict[str, Range]:
    slope = 1.0 / s.r_least
    return {
        "a1": _log(1e-6 * slope, 0.3 * slope, 10.0 * slope, 1e5 * slope),
        "a2": _log(1e-6 * slope, 0.03 * slope, 3.0 * slope, 1e5 * slope),
        "b": _log(1e-3 / s.v_low, 0.3 / s.v_low, 4.0 / s.v_low, 50.0 / s.v_low),
        "a_p": _log(1e-4 * s.f_low, 3.0 * s.f_low, 1e3 * s.f_high, 1e9 * s.f_high),
        "a_n": _log(1e-4 * s.f_low, 1.0 * s.f_low, 1e3 * s.f_high, 1e9 * s.f_high),
        "v_p": _linear(0.0, 0.3 * s.v_high, 0.9 * s.v_high, 3.0 * s.v_high),
        "v_n": _linear(0.0, 0.03 * s.v_low, 0.4 * s.v_low, 3.0 * s.v_low),
        "x_p": _linear(0.0, 0.05, 0.6, 0.98),
        "x_n": _linear(0.0, 0.05, 0.9, 0.98),
        "alpha_p": _linear(0.0, 0.5, 8.0, 60.0),
        "alpha_n": _linear(0.0, 0.5, 8.0, 60.0),
    }


def _linear_ion_drift(s: _Scales) -> dict[str, Range]:
    # mobility r_on / depth^2 times the charge of half a period is of order one; depth has its default here.
    unit = 1e-16 * s.f_high / (s.i_high * s.r_least)
    return {
        "r_on": _log(1e-3 * s.r_least, 0.2 * s.r_least, 1.1 * s.r_least, 1e2 * s.r_most),
        "r_off": _log(0.1 * s.r_least, 0.3 * s.r_most, 3.0 * s.r_most, 1e4 * s.r_most),
        "mobility": _log(1e-8 * unit, 0.1 * unit, 1e2 * unit, 1e8 * unit),
        "p": _linear(1.0, 1.0, 5.0, 50.0),
    }


_GUESSES: dict[type[MemristorModel], Any] = {
    MMS: _mms,
    GMMS: _gmms,
    VTEAM: _vteam,
    Yakopcic: _yakopcic,
    LinearIonDrift: _linear_ion_drift,
}


def _generic(field: Any, model: MemristorModel, s: _Scales) -> Range:
    """A range for a parameter of a model that is not known here, from its unit."""
    unit, value = field.metadata.get("unit", ""), model.values()[field.name]
    by_unit = {
        "ohm": _log(1e-3 * s.r_least, 0.2 * s.r_least, 3.0 * s.r_most, 1e4 * s.r_most),
        "S": _log(1e-4 / s.r_most, 0.3 / s.r_most, 3.0 / s.r_least, 1e4 / s.r_least),
        "s": _log(1e-8 / s.f_high, 1e-4 / s.f_high, 1e-1 / s.f_low, 1e4 / s.f_low),
        "1/s": _log(1e-4 * s.f_low, 1.0 * s.f_low, 1e3 * s.f_high, 1e9 * s.f_high),
        "A": _log(1e-8 * s.i_high, 1e-3 * s.i_high, s.i_high, 1e5 * s.i_high),
        "V": _linear(0.0, 0.05 * s.v_high, s.v_high, 5.0 * max(s.v_high, s.v_low)),
        "1/V": _log(1e-3 / s.v_high, 0.3 / s.v_high, 5.0 / s.v_high, 1e2 / s.v_high),
    }
    low_field, high_field = field.metadata.get("low"), field.metadata.get("high")
    # The field's own limit below zero says that the sign is open.
    is_signed = low_field is not None and low_field < 0.0
    is_positive = field.metadata.get("positive") or low_field is not None or unit in ("ohm", "S", "s")
    if unit in by_unit and is_positive and not is_signed:
        return by_unit[unit]
    if field.metadata.get("positive") or (value > 0 and low_field == 0.0 and high_field is None):
        centre = value if value > 0 else 1.0
        return _log(1e-6 * centre, 0.2 * centre, 5.0 * centre, 1e6 * centre)
    size = max(abs(value), {"V": 0.4 * s.v_high, "A": s.i_high}.get(unit, 1.0))
    low = low_field if low_field is not None else value - 100.0 * size
    high = high_field if high_field is not None else value + 100.0 * size
    return _linear(low, max(low, value - 0.5 * size), min(high, value + 0.5 * size), high)


def _within_field(field: Any, given: Range) -> Range:
    """The range cut to what the model's field accepts."""
    low, high = given.low, given.high
    if field.metadata.get("low") is not None:
        low = max(low, float(field.metadata["low"]))
    if field.metadata.get("high") is not None:
        high = min(high, float(field.metadata["high"]))
    clip = Range(low=low, high=high, start_low=low, start_high=high, is_log=given.is_log).clipped
    return dataclasses.replace(
        given, low=low, high=high, start_low=clip(given.start_low), start_high=clip(given.start_high)
    )


def _around(given: Range, value: float) -> Range:
    """Starting points near a value that the user gave, inside of bounds that hold it."""
    if given.is_log and value <= 0.0:
        return given
    low, high = min(given.low, value), max(given.high, value)
    if given.is_log:
        near = (value / 2.0, value * 2.0)
    else:
        width = 0.1 * (given.start_high - given.start_low) + 0.1 * abs(value)
        near = (value - width, value + width)
    return Range(low=low, high=high, start_low=max(low, near[0]), start_high=min(high, near[1]), is_log=given.is_log)


def latin_hypercube(ranges: Sequence[Range], count: int, rng: np.random.Generator) -> np.ndarray:
    """Starting points spread evenly over the starting ranges.

    Parameters
    ----------
    ranges : sequence of Range
        One per free parameter [unit of each].
    count : int
        Number of points.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray, shape (count, len(ranges))
        Points [unit of each parameter].
    """
    points = np.empty((count, len(ranges)))
    for column, r in enumerate(ranges):
        cells = (rng.permutation(count) + rng.random(count)) / count
        if r.is_log:
            low, high = np.log(max(r.start_low, 1e-300)), np.log(max(r.start_high, 1e-300))
            points[:, column] = np.exp(low + cells * (high - low))
        else:
            points[:, column] = r.start_low + cells * (r.start_high - r.start_low)
    return points
