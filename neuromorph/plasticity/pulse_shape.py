"""Voltage pulses that a spike sets off, and the stimulus that a train of spikes makes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.plasticity.checks import SHORTEST, finite, increasing_times, numbers, positive
from neuromorph.plasticity.pulse_trains import restarted, summed
from neuromorph.quantities import Parameters
from neuromorph.stimulus import Constant, PiecewiseLinear, Stimulus

__all__ = ["PulseShape"]

DECAYS = ("exponential", "linear")
OVERLAPS = ("restart", "sum")

# An edge of a pulse that states none, as a share of the pulse.
_EDGE_SHARE = 0.01
# An exponential tail that states no length is cut off after so many time constants.
_TAIL_LENGTH = 5.0
# Largest distance of a tail from the straight lines that stand for it, as a share of its height.
_CHORD_ERROR = 1e-3
# What a sum of times may be off by, as a share of the pulse.
_ROUNDING = 1e-9
# Corners closer than this share of a pulse's shortest stretch are one.
_GAP = 0.01
# Below this share of its largest voltage a pulse has as good as passed.
_PASSED = 0.05
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PulseShape(Parameters):
    """The course of a line's voltage around a spike: straight lines between points, 0 V outside.

    Parameters
    ----------
    times : sequence of float
        Increasing; the spike is at 0 s, so a shape that begins before it has negative times [s]. Kept as a tuple.
    values : sequence of float
        As many; the first and the last are 0 [V]. Kept as a tuple.

    Raises
    ------
    ValueError
        When times do not increase, the lengths differ, or the shape does not begin and end at 0 V.

    Notes
    -----
    A curved tail is drawn by chords, so that equations and circuit get the same voltage to the last digit.

    Examples
    --------
    >>> shape = PulseShape.biphasic(v_spike=-0.25, width=10e-6, v_tail=0.2, tau=100e-6)
    >>> shape.v_min, shape.v_max
    (-0.25, 0.2)
    >>> shape.stimulus([0.0, 1e-3])([5e-6, 0.9e-3, 1.005e-3]).tolist()
    [-0.25, 0.0, -0.25]
    """

    times: Sequence[float] | Array
    values: Sequence[float] | Array

    def __post_init__(self) -> None:
        times, values = numbers("times", self.times, "s"), numbers("values", self.values, "V")
        if times.size != values.size:
            raise ValueError(f"times and values of a pulse must have one length, got {times.size} and {values.size}")
        if times.size < 3:
            raise ValueError(f"a pulse needs at least three points, got {times.size}")
        wrong = np.flatnonzero(np.diff(times) < SHORTEST)
        if wrong.size:
            k = int(wrong[0])
            raise ValueError(
                f"times of a pulse must increase (a jump needs an edge, such as 10 ns): times[{k + 1}] = {times[k + 1]:g} s "
                f"does not come after times[{k}] = {times[k]:g} s"
            )
        if values[0] != 0 or values[-1] != 0:
            raise ValueError(
                f"a pulse must begin and end at 0 V, so that the line rests between spikes; got {values[0]:g} V and "
                f"{values[-1]:g} V: add a point with 0 V"
            )
        object.__setattr__(self, "times", tuple(times.tolist()))
        object.__setattr__(self, "values", tuple(values.tolist()))

    @classmethod
    def rectangular(cls, *, amplitude: float, width: float, edge: float | None = None) -> PulseShape:
        """A rectangle that begins at the spike.

        Parameters
        ----------
        amplitude : float
            Height, of either sign [V].
        width : float
            Time between the half-height points [s].
        edge : float, optional
            Length of each edge [s]; a hundredth of the width without it.

        Returns
        -------
        PulseShape
            Of area ``amplitude * width``.

        Raises
        ------
        ValueError
            When a length is not positive, or the edges leave no flat top.
        """
        amplitude, width = finite("amplitude", amplitude), positive("width", width)
        edge = _edge(edge, width)
        return cls(times=(0.0, edge, width, width + edge), values=(0.0, amplitude, amplitude, 0.0))

    @classmethod
    def biphasic(
        cls,
        *,
        v_spike: float,
        width: float,
        v_tail: float,
        tau: float | None = None,
        length: float | None = None,
        decay: str = "exponential",
        edge: float | None = None,
    ) -> PulseShape:
        """A short rectangle, the spike, followed by a long tail, as a rule of the other sign.

        Parameters
        ----------
        v_spike : float
            Height of the spike [V].
        width : float
            Its width [s].
        v_tail : float
            Height at which the tail begins [V].
        tau : float, optional
            Time constant of an exponential tail [s].
        length : float, optional
            Length of the tail [s]; five time constants of an exponential one without it.
        decay : {"exponential", "linear"}
            ``v_tail (exp(-t/tau) - exp(-length/tau)) / (1 - exp(-length/tau))``, or a straight line to 0 V.
        edge : float, optional
            Length of the edges of the spike [s]; a hundredth of its width without it.

        Returns
        -------
        PulseShape
            Begins at the spike.

        Raises
        ------
        ValueError
            When a value is not accepted, or `tau` and `length` do not fit the decay.

        Notes
        -----
        After C. Zamarreno-Ramos et al., "On spike-timing-dependent-plasticity, memristive devices, and building a self-learning
        visual cortex", Front. Neurosci. 5 (2011) 26, and T. Serrano-Gotarredona et al., "STDP and STDP variations with memristors
        for spiking neuromorphic learning systems", Front. Neurosci. 7 (2013) 2. There a synapse sees post minus pre, here
        pre minus post; hence the negative spike and positive tail of the usual window.
        """
        v_spike, width, v_tail = finite("v_spike", v_spike), positive("width", width), finite("v_tail", v_tail)
        edge = _edge(edge, width)
        since, shares = _tail(tau, length, decay)
        return cls(
            times=(0.0, edge, width, *(width + edge + since).tolist()),
            values=(0.0, v_spike, v_spike, *(v_tail * shares).tolist()),
        )

    @classmethod
    def tails(
        cls,
        *,
        v_before: float,
        v_after: float,
        tau_before: float | None = None,
        tau_after: float | None = None,
        length_before: float | None = None,
        length_after: float | None = None,
        decay: str = "exponential",
        edge: float,
    ) -> PulseShape:
        """A course that grows up to the spike, jumps to the other side, and decays: a sawtooth where it is linear.

        Parameters
        ----------
        v_before, v_after : float
            Heights right before and right after the spike [V].
        tau_before, tau_after : float, optional
            Time constants of exponential courses [s].
        length_before, length_after : float, optional
            Lengths [s]; five time constants without them.
        decay : {"exponential", "linear"}
            Form of both courses, as in :meth:`biphasic`.
        edge : float
            Length of the jump, half of it on each side of the spike [s].

        Returns
        -------
        PulseShape
            The spike is in the middle of its jump.

        Raises
        ------
        ValueError
            When a value is not accepted, or a time constant and length do not fit the decay.

        Notes
        -----
        Spike of Zamarreno-Ramos et al. (2011), see :meth:`biphasic`.
        """
        before, after, edge = finite("v_before", v_before), finite("v_after", v_after), positive("edge", edge)
        rising, rising_shares = _tail(tau_before, length_before, decay, "_before")
        falling, falling_shares = _tail(tau_after, length_after, decay, "_after")
        return cls(
            times=(*(-edge / 2 - rising[::-1]).tolist(), *(edge / 2 + falling).tolist()),
            values=(*(before * rising_shares[::-1]).tolist(), *(after * falling_shares).tolist()),
        )

    @property
    def start(self) -> float:
        """When it begins, the spike being at 0 s [s]."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """When it is over [s]."""
        return float(self.times[-1])

    @property
    def duration(self) -> float:
        """From its beginning to its end [s]."""
        return self.end - self.start

    @property
    def gap(self) -> float:
        """A hundredth of its shortest stretch: corners closer than this are one [s]."""
        return _GAP * float(np.diff(self.times).min())

    @property
    def reach(self) -> float:
        """How long it is above a twentieth of its largest voltage, of either sign [s]."""
        times, heights = np.array(self.times), np.abs(self.values)
        level = _PASSED * heights.max()
        above = np.flatnonzero(heights > level)
        if not above.size:
            return self.duration
        first, last = above[0] - 1, above[-1]
        ends = [
            times[k] + (times[k + 1] - times[k]) * (level - heights[k]) / (heights[k + 1] - heights[k])
            for k in (first, last)
        ]
        return float(ends[1] - ends[0])

    @property
    def v_min(self) -> float:
        """Lowest voltage [V]."""
        return min(self.values)

    @property
    def v_max(self) -> float:
        """Highest voltage [V]."""
        return max(self.values)

    def __call__(self, t: ArrayLike) -> Array:
        """Voltage at times after the spike.

        Parameters
        ----------
        t : float or array_like
            Time after the spike, negative before it [s].

        Returns
        -------
        ndarray, shape of `t`
            Voltage [V].
        """
        return np.asarray(np.interp(np.asarray(t, dtype=float), self.times, self.values))

    def scaled(self, factor: float) -> PulseShape:
        """The same course at other heights.

        Parameters
        ----------
        factor : float
            Of all voltages, -1 to turn it over (pure number).

        Returns
        -------
        PulseShape
            New.
        """
        factor = finite("factor", factor)
        return PulseShape(times=self.times, values=tuple(factor * value for value in self.values))

    def stimulus(self, spike_times: ArrayLike, overlap: str = "restart") -> Stimulus:
        """The voltage of a line whose neuron spikes at given times.

        Parameters
        ----------
        spike_times : array_like, shape (n,)
            Increasing [s]; none for a line at rest.
        overlap : {"restart", "sum"}
            What a spike does while an earlier pulse lasts: the generator starts anew, or the pulses add up.

        Returns
        -------
        Stimulus
            Piecewise linear [V].

        Raises
        ------
        ValueError
            When times do not increase, or the first pulse would begin before 0 s.
        """
        if overlap not in OVERLAPS:
            raise ValueError(f"overlap must be one of {', '.join(OVERLAPS)}, got {overlap!r}")
        spikes = increasing_times("spike_times", spike_times)
        if spikes.size == 0:
            return Constant(value=0.0)
        if spikes[0] + self.start < -_ROUNDING * self.duration:
            raise ValueError(
                f"the pulse of the first spike begins {-self.start:g} s before it, at {spikes[0] + self.start:g} s: spike_times "
                f"must be at least {-self.start:g} s"
            )
        times, values = (restarted if overlap == "restart" else summed)(self, spikes)
        return PiecewiseLinear(times=np.maximum(times, 0.0), values=values)


def default_pulse() -> PulseShape:
    """A pulse for devices with thresholds near 0.27 V: alone it stays below them, two that overlap exceed them [V, s]."""
    return PulseShape.biphasic(v_spike=-0.26, width=10e-6, v_tail=0.2, tau=100e-6)


def _tail(tau: float | None, length: float | None, decay: str, suffix: str = "") -> tuple[Array, Array]:
    """Times [s] from a tail's beginning, and its height there as a share of the first."""
    if decay not in DECAYS:
        raise ValueError(f"decay must be one of {', '.join(DECAYS)}, got {decay!r}")
    if decay == "linear":
        if length is None or tau is not None:
            raise ValueError(f"a linear tail has a length: give length{suffix} [s] and no tau{suffix}")
        return np.array([0.0, positive(f"length{suffix}", length)]), np.array([1.0, 0.0])
    if tau is None:
        raise ValueError(f"an exponential tail needs its time constant: give tau{suffix} [s], or decay='linear'")
    tau = positive(f"tau{suffix}", tau)
    length = _TAIL_LENGTH * tau if length is None else positive(f"length{suffix}", length)
    # A chord over h is h^2 exp(-t/tau) / (8 tau^2) from the curve: equal everywhere where exp(-t/(2 tau)) falls evenly.
    falls = 1 - math.exp(-length / (2 * tau))
    n = math.ceil(falls / math.sqrt(2 * _CHORD_ERROR))
    since = -2 * tau * np.log(1 - falls * np.arange(n + 1) / n)
    since[-1] = length
    shares = np.exp(-since / tau)
    shares = (shares - math.exp(-length / tau)) / (1 - math.exp(-length / tau))
    shares[-1] = 0.0
    return since, shares


def _edge(edge: float | None, width: float) -> float:
    if edge is None:
        return _EDGE_SHARE * width
    edge = positive("edge", edge)
    if edge >= width:
        raise ValueError(f"edge must be shorter than the width of the pulse ({width:g} s), got {edge:g} s")
    return edge
