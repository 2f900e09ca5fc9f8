"""Stimuli that repeat: square wave, sine, triangle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuromorph.quantities import format_quantity, parameter
from neuromorph.stimulus.base import (
    DRIVE_UNIT,
    FloatArray,
    Stimulus,
    check_segment_count,
    checked_t_stop,
    linear_segments,
)

__all__ = ["Sine", "SquareWave", "Triangle"]

#: Shortest edge [s]; a shorter one would give slopes that overflow, and no circuit has it.
SHORTEST_EDGE = 1e-15


def _extras(unit: str, offset: float, delay: float) -> str:
    text = f", offset {format_quantity(offset, unit)}" if offset else ""
    return text + (f", from {format_quantity(delay, 's')}" if delay else "")


@dataclass(frozen=True, kw_only=True)
class SquareWave(Stimulus):
    """Pulses between `offset` and ``offset + amplitude``, repeated for ever.

    Parameters
    ----------
    amplitude : float
        Height above `offset` [A or V]; may be negative.
    frequency : float
        Pulses per second [Hz].
    duty : float
        Fraction (pure number) of the period between the half-height points of a pulse, so that the charge of a pulse above
        `offset` is exactly ``amplitude*duty/frequency``.
    offset : float
        Value between pulses and before the first [A or V].
    delay : float
        Start of the first rising edge [s].
    rise, fall : float
        Length of the edges [s].

    Raises
    ------
    ValueError
        When a pulse has no flat top, or does not fit into its period.

    Examples
    --------
    >>> drive = SquareWave(amplitude=1e-3, frequency=1e3)
    >>> drive.spice(t_stop=5e-3)
    'PULSE(0.0 0.001 0.0 1e-08 1e-08 0.00049999 0.001)'
    >>> drive.describe("A")
    'square wave, 1 mA, 1 kHz, 50 %'
    """

    amplitude: float = parameter(unit=DRIVE_UNIT, doc="height above the offset")
    frequency: float = parameter(unit="Hz", doc="pulses per second", positive=True)
    duty: float = parameter(0.5, unit="", doc="fraction of the period between half-height points", low=0, high=1)
    offset: float = parameter(0.0, unit=DRIVE_UNIT, doc="value between pulses")
    delay: float = parameter(0.0, unit="s", doc="start of the first rising edge", low=0)
    rise: float = parameter(10e-9, unit="s", doc="length of the rising edge", low=SHORTEST_EDGE)
    fall: float = parameter(10e-9, unit="s", doc="length of the falling edge", low=SHORTEST_EDGE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.flat_top > 0:
            raise ValueError(
                f"duty/frequency - (rise + fall)/2 = {self.flat_top:g} s is the flat top of a pulse and must "
                f"be positive: raise duty (got {self.duty:g}) or shorten rise and fall (got {self.rise:g} s "
                f"and {self.fall:g} s; the period is {self.period:g} s)"
            )
        if self._flat_bottom < 0:
            raise ValueError(
                f"(1 - duty)/frequency - (rise + fall)/2 = {self._flat_bottom:g} s is the time between two "
                f"pulses and must not be negative: lower duty (got {self.duty:g}) or shorten rise and fall "
                f"(got {self.rise:g} s and {self.fall:g} s; the period is {self.period:g} s)"
            )

    @property
    def period(self) -> float:
        """Time from one rising edge to the next [s]."""
        return 1 / self.frequency

    @property
    def flat_top(self) -> float:
        """Time that a pulse stays at full height [s]."""
        return self.duty / self.frequency - (self.rise + self.fall) / 2

    @property
    def _flat_bottom(self) -> float:
        bottom = self.period - self.rise - self.flat_top - self.fall
        # Rounding must neither refuse pulses that touch nor leave a sliver between them.
        return 0.0 if abs(bottom) <= 1e-12 * self.period else bottom

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: rise, top, fall and bottom of each period."""
        t_stop = checked_t_stop(t_stop)
        periods = max(math.ceil((t_stop - self.delay) / self.period), 1)
        check_segment_count(4 * periods + 1, t_stop)
        rising = self.delay + np.arange(periods + 1) * self.period
        starts = np.empty((periods, 4))
        starts[:, 0] = rising[:-1]
        starts[:, 1] = starts[:, 0] + self.rise
        starts[:, 2] = starts[:, 1] + self.flat_top
        starts[:, 3] = np.minimum(starts[:, 2] + self.fall, rising[1:]) if self._flat_bottom else rising[1:]
        high = self.offset + self.amplitude
        offsets = np.tile([self.offset, high, high, self.offset], periods)
        slopes = np.tile([self.amplitude / self.rise, 0.0, -self.amplitude / self.fall, 0.0], periods)
        return linear_segments(starts.ravel(), offsets, slopes, t_stop, self.offset)

    def spice(self, t_stop: float) -> str:
        """See :meth:`Stimulus.spice`: a ``PULSE`` source."""
        checked_t_stop(t_stop)
        levels = (self.offset, self.offset + self.amplitude)
        numbers = (*levels, self.delay, self.rise, self.fall, self.flat_top, self.period)
        return f"PULSE({' '.join(map(repr, numbers))})"

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        height, rate = format_quantity(self.amplitude, unit), format_quantity(self.frequency, "Hz")
        return f"square wave, {height}, {rate}, {self.duty * 100:.4g} %{_extras(unit, self.offset, self.delay)}"


@dataclass(frozen=True, kw_only=True)
class Sine(Stimulus):
    """``offset + amplitude*sin(2*pi*frequency*(t - delay) + phase)``, held at its first value before `delay`.

    Parameters
    ----------
    amplitude : float
        Peak height above `offset` [A or V].
    frequency : float
        Periods per second [Hz].
    offset : float
        Mean value [A or V].
    phase : float
        Phase at the start [rad].
    delay : float
        Start [s]. Until then the value is ``offset + amplitude*sin(phase)``, as in ngspice.

    Examples
    --------
    >>> Sine(amplitude=0.5, frequency=100.0)(2.5e-3)
    0.5
    """

    amplitude: float = parameter(unit=DRIVE_UNIT, doc="peak height above the offset")
    frequency: float = parameter(unit="Hz", doc="periods per second", positive=True)
    offset: float = parameter(0.0, unit=DRIVE_UNIT, doc="mean value")
    phase: float = parameter(0.0, unit="rad", doc="phase at the start")
    delay: float = parameter(0.0, unit="s", doc="start", low=0)

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: the hold before `delay`, if any, and one sine."""
        t_stop = checked_t_stop(t_stop)
        held = [0.0, self.offset + self.amplitude * math.sin(self.phase), 0.0, 0.0, 0.0, 0.0]
        wave = [self.delay, self.offset, 0.0, self.amplitude, 2 * math.pi * self.frequency, self.phase]
        rows = [wave] if self.delay == 0 else [held, wave] if self.delay < t_stop else [held]
        return np.array(rows)

    def spice(self, t_stop: float) -> str:
        """See :meth:`Stimulus.spice`: a ``SIN`` source, whose phase ngspice reads in degrees."""
        checked_t_stop(t_stop)
        # 0 is the damping, which stands between delay and phase.
        numbers = (self.offset, self.amplitude, self.frequency, self.delay, 0.0, math.degrees(self.phase))
        return f"SIN({' '.join(map(repr, numbers))})"

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        height, rate = format_quantity(self.amplitude, unit), format_quantity(self.frequency, "Hz")
        phase = f", phase {self.phase:.4g} rad" if self.phase else ""
        return f"sine, {height}, {rate}{_extras(unit, self.offset, self.delay)}{phase}"


@dataclass(frozen=True, kw_only=True)
class Triangle(Stimulus):
    """Triangle between ``offset - amplitude`` and ``offset + amplitude``; the usual sweep of a memristor.

    It starts at `offset`, rising, and peaks a quarter of a period later.

    Parameters
    ----------
    amplitude : float
        Peak height above `offset` [A or V]; a negative one starts falling.
    frequency : float
        Periods per second [Hz].
    offset : float
        Mean value, and the value before `delay` [A or V].
    delay : float
        Start [s].

    Examples
    --------
    >>> sweep = Triangle(amplitude=1.0, frequency=250.0)
    >>> sweep([0.0, 1e-3, 2e-3, 3e-3, 4e-3]).tolist()
    [0.0, 1.0, 0.0, -1.0, 0.0]
    """

    amplitude: float = parameter(unit=DRIVE_UNIT, doc="peak height above the offset")
    frequency: float = parameter(unit="Hz", doc="periods per second", positive=True)
    offset: float = parameter(0.0, unit=DRIVE_UNIT, doc="mean value")
    delay: float = parameter(0.0, unit="s", doc="start", low=0)

    def segments(self, t_stop: float) -> FloatArray:
        """See :meth:`Stimulus.segments`: a rising quarter, then one segment per half period."""
        t_stop = checked_t_stop(t_stop)
        quarter = 0.25 / self.frequency
        halves = max(math.ceil((t_stop - self.delay) / (2 * quarter)), 1)
        check_segment_count(halves + 2, t_stop)
        starts = self.delay + (2 * np.arange(halves) + 1) * quarter
        signs = np.where(np.arange(halves) % 2 == 0, 1.0, -1.0)
        slope = self.amplitude / quarter
        return linear_segments(
            np.concatenate(([self.delay], starts)),
            np.concatenate(([self.offset], self.offset + signs * self.amplitude)),
            np.concatenate(([slope], -signs * slope)),
            t_stop,
            self.offset,
        )

    def describe(self, unit: str = "") -> str:
        """See :meth:`Stimulus.describe`."""
        height, rate = format_quantity(self.amplitude, unit), format_quantity(self.frequency, "Hz")
        return f"triangle, {height}, {rate}{_extras(unit, self.offset, self.delay)}"
