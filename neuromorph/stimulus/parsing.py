"""Stimuli from text, for the command line: ``square(amplitude=1mA, frequency=1kHz)``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from neuromorph.quantities import check_names, is_choice, parse_quantity
from neuromorph.stimulus.base import DRIVE_UNIT, Stimulus
from neuromorph.stimulus.held import PoissonInput, SpikeInput, ZeroOrderHold
from neuromorph.stimulus.periodic import Sine, SquareWave, Triangle
from neuromorph.stimulus.sampled import Constant, PiecewiseLinear, PulseTrain
from neuromorph.stimulus.white_noise import WhiteNoise

__all__ = ["parse_stimulus"]

_CHOICES: dict[str, type[Stimulus]] = {
    "constant": Constant,
    "square": SquareWave,
    "pulses": PulseTrain,
    "sine": Sine,
    "triangle": Triangle,
    "pwl": PiecewiseLinear,
    "samples": ZeroOrderHold,
    "spikes": SpikeInput,
    "poisson": PoissonInput,
    "whitenoise": WhiteNoise,
}
_BY_NAME = _CHOICES | {choice.__name__.lower(): choice for choice in _CHOICES.values()}
_LIST_UNITS = {"times": "s", "values": DRIVE_UNIT}
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\((.*)\)", re.DOTALL)
# A comma inside of brackets separates the numbers of a list, not the parameters.
_COMMA = re.compile(r",(?![^\[]*\])")


def parse_stimulus(text: str, unit: str | None = None) -> Stimulus:
    """Read a stimulus.

    Parameters
    ----------
    text : str
        A name with parameters, as in ``"square(amplitude=1mA, frequency=1kHz, duty=50%)"``, lists in
        brackets, as in ``"pulses(times=[1ms, 2ms], width=0.1ms, amplitude=1V)"``, or a value alone for a
        constant. Names are constant, square, pulses, sine, triangle, pwl, samples, spikes, poisson, whitenoise, or those of the classes; spikes may
        come from a text file, as in ``"spikes(file=spikes.csv, source=a)"``; values
        take the units and prefixes of :func:`~neuromorph.quantities.parse_quantity`, or none for SI units.
    unit : {"A", "V"}, optional
        What the stimulus drives; a value in the other unit is refused.

    Returns
    -------
    Stimulus
        Of the class that was named.

    Raises
    ------
    ValueError
        When the text cannot be read; the message lists the choices.

    Examples
    --------
    >>> parse_stimulus("sine(amplitude=0.5V, frequency=100Hz)").describe("V")
    'sine, 500 mV, 100 Hz'
    >>> parse_stimulus("1mA")
    Constant(value=0.001)
    """
    stripped = text.strip()
    drive_units: set[str] = set()
    if re.match(r"[+-]?[.\d]", stripped):
        constant = Constant(value=_quantity(stripped, DRIVE_UNIT, drive_units))
        _refuse_other_unit(text, drive_units, unit)
        return constant
    call = _CALL.fullmatch(stripped)
    owner = _BY_NAME.get(call[1].lower()) if call else None
    if call is None or owner is None:
        raise ValueError(
            f"cannot read the stimulus {text!r}: expected a value such as '1mA', or a name with parameters "
            f"such as 'square(amplitude=1mA, frequency=1kHz)'; names: {', '.join(_CHOICES)}"
        )
    fields = {field.name: field for field in dataclasses.fields(owner)}
    if owner is SpikeInput and re.search(r"\bfile\s*=", call[2]):
        return _spikes_of_file(call[1], call[2], fields)
    required = [name for name, field in fields.items() if field.default is dataclasses.MISSING]
    given = _arguments(call[1], call[2], fields)
    missing = [name for name in required if name not in given]
    if missing:
        raise ValueError(f"{call[1]} also needs {', '.join(missing)}; its parameters: {', '.join(fields)}")
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            if name in _LIST_UNITS:
                values[name] = _quantities(value, _LIST_UNITS[name], drive_units)
            elif is_choice(fields[name]):
                values[name] = value
            else:
                values[name] = _quantity(value, fields[name].metadata["unit"], drive_units)
        except ValueError as error:
            raise ValueError(f"{call[1]}: {name}: {error}") from None
    if len(drive_units) > 1:
        raise ValueError(f"{call[1]}: a stimulus is a current or a voltage, got values in both A and V: {text!r}")
    _refuse_other_unit(text, drive_units, unit)
    make: Callable[..., Stimulus] = owner
    return make(**values)


def _spikes_of_file(name: str, text: str, fields: dict[str, Any]) -> Stimulus:
    names = ["file", "source", *(field for field in fields if field != "times")]
    given = _arguments(name, text, dict.fromkeys(names))
    numbers = {key: parse_quantity(value, "s") for key, value in given.items() if key not in ("file", "source")}
    return SpikeInput.from_file(given["file"], given.get("source"), **numbers)


def _refuse_other_unit(text: str, given: set[str], wanted: str | None) -> None:
    if wanted is not None and given - {wanted}:
        raise ValueError(f"the input takes a stimulus in {wanted}, got one in {given.pop()}: {text!r}")


def _arguments(name: str, text: str, choices: dict[str, Any]) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in _COMMA.split(text) if text.strip() else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(f"{name}: expected name=value, got {part.strip()!r}; its parameters: {', '.join(choices)}")
        check_names(name, [key], choices)
        if key in given:
            raise ValueError(f"{name}: {key} is given twice")
        given[key] = value
    return given


def _quantities(text: str, unit: str, drive_units: set[str]) -> list[float]:
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError(f"expected a list such as [1, 2, 3], got {text!r}")
    inside = text[1:-1].strip()
    return [_quantity(part, unit, drive_units) for part in inside.split(",")] if inside else []


def _quantity(text: str, unit: str, drive_units: set[str]) -> float:
    if unit != DRIVE_UNIT:
        return parse_quantity(text, unit)
    for candidate in ("A", "V"):
        try:
            value = parse_quantity(text, candidate)
        except ValueError:
            continue
        drive_units.update({candidate} & {text.rstrip()[-1]})
        return value
    raise ValueError(f"cannot read {text!r}: expected a value in A or V, such as '1 mA' or '0.5 V'")
