"""Where the energy of a run goes: delivered, dissipated part by part, stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from neuromorph.errors import ValidationError
from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording

STORED = "e_stored"
"""Name of the recorded signal that holds the energy stored in the capacitors [J]."""
_INPUT, _SUPPLY, _PART = "p_in", "p_supply", "p_"
# What an instant reset takes from the capacitors goes into the part that stands for the discharge.
_DISCHARGE = "discharge"
# A switch has closed in a step from below this share of the power after it to above this share of the largest one.
_OPEN, _CLOSED = 1e-3, 0.1


@dataclass(frozen=True, kw_only=True)
class EnergyBalance:
    """The energy of a run: delivered = dissipated + change of stored.

    Parameters
    ----------
    delivered : mapping of str to float
        Energy from the stimulus, under ``"in"``, and from each supply, under its name [J].
    dissipated : mapping of str to float
        Energy that each part turned into heat [J].
    stored : float
        Change of the energy in the capacitors [J].
    duration : float
        Length of the run [s].
    spike_count : int
        Spikes in the run.
    unresolved : float
        What the trapezoidal rule may miss of the dissipated energy where powers bend [J]: a discharge of few points.
    """

    delivered: Mapping[str, float]
    dissipated: Mapping[str, float]
    stored: float
    duration: float
    spike_count: int
    unresolved: float = 0.0

    def __post_init__(self) -> None:
        for name in ("delivered", "dissipated"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[object, ...]:
        fields = (
            dict(self.delivered),
            dict(self.dissipated),
            self.stored,
            self.duration,
            self.spike_count,
            self.unresolved,
        )
        return (_balance, fields)

    @property
    def total_delivered(self) -> float:
        """Energy from all sources [J]."""
        return sum(self.delivered.values())

    @property
    def total_dissipated(self) -> float:
        """Energy that all parts turned into heat [J]."""
        return sum(self.dissipated.values())

    @property
    def imbalance(self) -> float:
        """What is missing in the balance, over what was moved [pure number]; 0 when energy is conserved."""
        missing = abs(self.total_delivered - self.total_dissipated - self.stored)
        return missing / self.moved if self.moved else 0.0

    @property
    def moved(self) -> float:
        """Energy that sources and parts exchanged [J]: where some of it flows back, more than what was delivered."""
        return max(sum(map(abs, self.delivered.values())), sum(map(abs, self.dissipated.values())), abs(self.stored))

    @property
    def per_spike(self) -> float:
        """Delivered energy over the number of spikes [J]; not-a-number without spikes."""
        return self.total_delivered / self.spike_count if self.spike_count else math.nan

    @property
    def power(self) -> dict[str, float]:
        """Mean power that each part dissipates [W]."""
        return {name: energy / self.duration for name, energy in self.dissipated.items()}

    @property
    def mean_power(self) -> float:
        """Mean power from all sources [W]."""
        return self.total_delivered / self.duration

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units); ``per_spike`` is ``None`` without spikes."""
        return {
            "delivered": dict(self.delivered),
            "dissipated": dict(self.dissipated),
            "stored": self.stored,
            "per_spike": self.per_spike if self.spike_count else None,
            "power": self.power,
            "mean_power": self.mean_power,
            "imbalance": self.imbalance,
            "unresolved": self.unresolved,
            "duration": self.duration,
            "spike_count": self.spike_count,
        }

    def summary(self) -> str:
        """The balance as text (SI units with prefixes)."""
        total = self.moved
        rows = [(f"from {name}", value) for name, value in self.delivered.items()]
        rows += [(f"in {name}", value) for name, value in self.dissipated.items()]
        rows.append(("stored", self.stored))
        lines = [f"{'':24}{'energy':>12}{'share':>9}{'mean power':>14}"]
        for name, value in rows:
            share = f"{100 * value / total:.2f} %" if total else "-"
            power = format_quantity(value / self.duration, "W", 3)
            lines.append(f"{name:24}{format_quantity(value, 'J', 3):>12}{share:>9}{power:>14}")
        per_spike = format_quantity(self.per_spike, "J", 3) if self.spike_count else "no spikes"
        lines.append(f"{'per spike':24}{per_spike:>12}")
        lines.append(f"{'imbalance':24}{self.imbalance:>12.1e}")
        return "\n".join(lines)

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw where the energy goes.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.

        Returns
        -------
        matplotlib.figure.Figure
            A bar for each part, in J with a prefix.
        """
        from neuromorph.plots import finished_figure, plot_energy

        return finished_figure(plot_energy(self), path)


def energy(recording: Recording) -> EnergyBalance:
    """The energy balance of a run, from its recorded powers.

    Parameters
    ----------
    recording : Recording
        With the power of the stimulus, ``p_in``, and of each supply, ``p_supply...`` (delivered) [W], the power
        of each part, ``p_...`` (dissipated) [W], and the energy in the capacitors, ``e_stored`` [J].

    Returns
    -------
    EnergyBalance
        Energies by part [J], per spike [J], mean powers [W], and what is missing in the balance.

    Raises
    ------
    ValidationError
        When signals are missing; the message says which.

    Notes
    -----
    Powers are integrated by the trapezoidal rule over the recording's own grid. Where two equal times mark a
    jump, the power is integrated on both sides, and what a jump takes out of the capacitors counts as
    dissipated in ``discharge``: no resistance, however small, dissipates less. A step of a SPICE engine in which the switch of that
    name closes, so that its power rises from nothing, is such a jump, too.

    Examples
    --------
    >>> import neuromorph as nm
    >>> balance = nm.analysis.energy(nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), t_stop=5e-3))
    >>> sorted(balance.dissipated), balance.imbalance < 1e-4
    (['discharge', 'leak'], True)
    """
    powers = {name: unit for name, unit in recording.units.items() if name.startswith(_PART) and unit == "W"}
    sources = [name for name in powers if _is_source(name)]
    parts = [name for name in powers if not _is_source(name)]
    _refuse_missing(recording, sources, parts)
    if len(recording.time) < 2:
        raise ValidationError("the recording is too short for an energy balance: it needs two samples")
    time, stored = recording.time, recording[STORED]
    dissipated = {name.removeprefix(_PART): _integral(recording[name], time) for name in parts}
    given_off, steps = stored[:-1] - stored[1:], np.diff(time)
    at_jumps = float(np.sum(given_off[steps == 0.0]))
    if _DISCHARGE in dissipated:
        power = recording[_PART + _DISCHARGE]
        closes = _closes(power) & (steps > 0.0)
        at_jumps += float(np.sum((given_off - 0.5 * (power[:-1] + power[1:]) * steps)[closes]))
    if at_jumps or _DISCHARGE in dissipated:
        dissipated[_DISCHARGE] = dissipated.get(_DISCHARGE, 0.0) + at_jumps
    return EnergyBalance(
        delivered={name.removeprefix(_PART): _integral(recording[name], time) for name in sources},
        dissipated=dissipated,
        stored=float(stored[-1] - stored[0]),
        duration=float(time[-1] - time[0]),
        spike_count=len(recording.spikes),
        unresolved=sum(_missed_where_it_bends(recording[name], time) for name in parts),
    )


def has_energy(recording: Recording) -> bool:
    """Whether a recording has the signals of an energy balance (powers [W] and the stored energy [J])."""
    powers = [name for name, unit in recording.units.items() if name.startswith(_PART) and unit == "W"]
    return STORED in recording and any(map(_is_source, powers)) and not all(map(_is_source, powers))


def is_energy_signal(name: str, unit: str) -> bool:
    """Whether a signal is part of the balance alone: the power of a part or a supply, or the stored energy."""
    return (name == STORED and unit == "J") or (unit == "W" and name.startswith(_PART) and name != _INPUT)


def _balance(*fields: Any) -> EnergyBalance:
    names = ("delivered", "dissipated", "stored", "duration", "spike_count", "unresolved")
    return EnergyBalance(**dict(zip(names, fields, strict=True)))


def _is_source(name: str) -> bool:
    return name == _INPUT or name.startswith((f"{_INPUT}_", _SUPPLY))


def _refuse_missing(recording: Recording, sources: list[str], parts: list[str]) -> None:
    missing = []
    if not sources:
        missing.append(f"{_INPUT} [W], the power that the stimulus delivers, or {_SUPPLY}_<name> [W] of a supply")
    if not parts:
        missing.append(f"{_PART}<part> [W], the power that each part dissipates, such as p_memristor")
    if recording.units.get(STORED) != "J":
        missing.append(f"{STORED} [J], the energy stored in the capacitors")
    if missing:
        listed = ", ".join(f"{name} [{unit}]" if unit else name for name, unit in recording.units.items())
        raise ValidationError(
            f"no energy balance: the recording lacks {'; and '.join(missing)}. Record them as outputs of the system or "
            f"probes of the circuit; recorded are {listed or 'no signals'}"
        )


def _integral(power: Any, time: Any) -> float:
    return float(np.trapezoid(power, time))


def _closes(power: Any) -> Any:
    """Steps in which a switch closes: its power rises from nothing."""
    before, after = np.abs(power[:-1]), np.abs(power[1:])
    return (before < _OPEN * after) & (after > _CLOSED * np.max(after))


def _missed_where_it_bends(power: Any, time: Any) -> float:
    """The error of the trapezoidal rule [J], ``h**3 p'' / 12`` a step, but where the power jumps."""
    steps, smooth = np.diff(time), ~_closes(power)
    smooth &= steps > 0.0
    slopes = np.diff(power)[smooth] / steps[smooth]
    steps = steps[smooth]
    bends = np.abs(np.diff(slopes)) / (0.5 * (steps[1:] + steps[:-1]))
    return float(np.sum(np.minimum(steps[1:], steps[:-1]) ** 3 * bends) / 12.0)
