"""Waveforms of independent sources in VACASK's own words."""

from __future__ import annotations

import re

from neuromorph.schematic.vacask.netlist import Element

_WAVEFORM = re.compile(r"(pulse|sin|pwl|exp|sffm|am|trnoise|trrandom|external)\b\s*\(?(.*?)\)?$")
_FORBIDDEN = re.compile(r"[^-+.\deE\s,()\w{}*/']")
# A step needs an edge of some length; ngspice takes its printing step where none is given.
_SHORTEST_EDGE = 1e-9


def waveform(element: Element, t_stop: float) -> dict[str, str | float | list[float]]:
    """What an independent source does over time.

    Parameters
    ----------
    element : Element
        A source of voltage or current.
    t_stop : float
        Length of the run [s].

    Returns
    -------
    dict
        Parameters of VACASK's own source (SI units); ``type`` is ``"dc"`` for a constant one.

    Raises
    ------
    ValueError
        When VACASK has no such waveform.
    """
    text = " ".join(element.words)
    # A small-signal value plays no part in a transient analysis.
    text = re.sub(r"\bac\b(\s+[-+.\de]+)*", " ", text).strip()
    match = _WAVEFORM.search(text)
    if match is None:
        value = text.removeprefix("dc").strip()
        return {"type": "dc", "dc": element.scope.number(value) if value else 0.0}
    if _FORBIDDEN.search(match[2]):
        raise element.refusal("its waveform has characters that are no numbers")
    numbers = [element.scope.number(word) for word in re.split(r"[\s,]+", match[2].strip(" ()")) if word]
    known = {"pulse": _pulse, "sin": _sine, "pwl": _piecewise}.get(match[1])
    if known is None:
        raise element.refusal(f"it has no waveform {match[1].upper()}")
    return known(element, numbers, t_stop)


def _pulse(element: Element, numbers: list[float], t_stop: float) -> dict[str, str | float | list[float]]:
    if not 2 <= len(numbers) <= 7:
        raise element.refusal("PULSE takes two to seven numbers")
    low, high, delay, rise, fall, width, period = (*numbers, *[0.0] * (7 - len(numbers)))
    shortest = _SHORTEST_EDGE * t_stop
    # Where they are left out a pulse lasts to the end of the run.
    rise, fall, width = rise or shortest, fall or shortest, width if len(numbers) > 5 and width > 0 else 2 * t_stop
    if period and period <= rise + fall + width:
        # An edge that begins as the last one ends: a hair shorter, so that VACASK can have it.
        width = period * (1 - 1e-12) - rise - fall
        if width <= 0:
            raise element.refusal("its edges take longer than its period")
    values = {"val0": low, "val1": high, "delay": delay, "rise": rise, "fall": fall, "width": width}
    return {"type": "pulse", **values, **({"period": period} if period else {})}


def _sine(element: Element, numbers: list[float], t_stop: float) -> dict[str, str | float | list[float]]:
    if not 2 <= len(numbers) <= 6:
        raise element.refusal("SIN takes two to six numbers")
    offset, amplitude, frequency, delay, theta, phase = (*numbers, *[0.0] * (6 - len(numbers)))
    frequency = frequency or 1 / t_stop
    if phase:
        # VACASK's own parameter for it belongs to small-signal analysis and does nothing to a waveform.
        if delay or theta:
            raise element.refusal("a sine has either a phase or a delay and damping")
        # A later start would be held at the offset until then.
        delay = -(phase % 360) / 360 / frequency
    return {"type": "sine", "sinedc": offset, "ampl": amplitude, "freq": frequency, "delay": delay, "theta": theta}


def _piecewise(element: Element, numbers: list[float], t_stop: float) -> dict[str, str | float | list[float]]:
    if not numbers or len(numbers) % 2:
        raise element.refusal("PWL takes pairs of time and value")
    return {"type": "pwl", "wave": numbers}
