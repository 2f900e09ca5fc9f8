"""What the neurons on both sides of a synapse do in an experiment: when each of them spikes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neuromorph.plasticity.checks import finite, increasing_times, positive
from neuromorph.quantities import Parameters, format_quantity, pluralised

__all__ = ["SpikeProtocol"]


@dataclass(frozen=True, kw_only=True)
class SpikeProtocol(Parameters):
    """Times at which the neurons before and behind a synapse spike.

    Only differences of times count: the first spike may be at any time, negative ones too.

    Parameters
    ----------
    pre, post : sequence of float
        Spike times of the presynaptic and of the postsynaptic neuron, increasing [s]; one of them may be empty. Kept as tuples.

    Raises
    ------
    ValueError
        When times do not increase, or nobody spikes.

    Examples
    --------
    >>> SpikeProtocol.pairs(20e-6, 3, frequency=100.0).post
    (2e-05, 0.01002, 0.02002)
    >>> SpikeProtocol.triplet("post-pre-post", 10e-6, 20e-6)
    SpikeProtocol(pre=(0.0,), post=(-1e-05, 2e-05))
    """

    pre: Sequence[float] | NDArray[np.float64] = ()
    post: Sequence[float] | NDArray[np.float64] = ()

    def __post_init__(self) -> None:
        for name in ("pre", "post"):
            times = increasing_times(f"{name} of a protocol", getattr(self, name))
            object.__setattr__(self, name, tuple(times.tolist()))
        if not (self.pre or self.post):
            raise ValueError("a protocol needs at least one spike: give times in s for pre, post or both")

    @classmethod
    def pairs(cls, delay: float, count: int = 1, frequency: float | None = None) -> SpikeProtocol:
        """Pairs of a pre- and a postsynaptic spike.

        Parameters
        ----------
        delay : float
            From the presynaptic spike to the postsynaptic one, of either sign [s].
        count : int
            Number of pairs.
        frequency : float, optional
            Of the pairs [Hz]; needed where there are several.

        Returns
        -------
        SpikeProtocol
            The first presynaptic spike is at 0 s.

        Raises
        ------
        ValueError
            When several pairs have no frequency, or a value is not accepted.
        """
        delay = finite("delay", delay, "a finite time in s")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ValueError(f"the number of pairs must be a whole number from 1 on, got {count!r}")
        if count > 1 and frequency is None:
            raise ValueError(f"{count} pairs need a frequency in Hz at which they follow each other")
        if frequency is not None and not finite("frequency", frequency, "a positive frequency in Hz") > 0:
            raise ValueError(f"frequency must be a positive frequency in Hz, got {frequency!r}")
        starts = np.arange(count) / (1.0 if frequency is None else float(frequency))
        return cls(pre=starts, post=starts + delay)

    @classmethod
    def triplet(cls, order: str, first: float, second: float) -> SpikeProtocol:
        """Two spikes of one neuron around one of the other, or three of any order.

        Parameters
        ----------
        order : str
            Who spikes, such as ``"pre-post-pre"`` or ``"post-pre-post"``.
        first, second : float
            From the first to the second, and from the second to the third spike [s].

        Returns
        -------
        SpikeProtocol
            The second spike is at 0 s.

        Raises
        ------
        ValueError
            When the order names others than pre and post, or an interval is not positive.
        """
        names = order.split("-") if isinstance(order, str) else []
        if len(names) != 3 or not set(names) <= {"pre", "post"}:
            raise ValueError(f"order must name three spikes, such as 'pre-post-pre' or 'post-pre-post', got {order!r}")
        when = (-positive("first", first), 0.0, positive("second", second))
        spikes: dict[str, list[float]] = {"pre": [], "post": []}
        for name, time in zip(names, when, strict=True):
            spikes[name].append(time)
        return cls(**spikes)

    @property
    def first(self) -> float:
        """Time of the first spike of all [s]."""
        return float(min(*self.pre[:1], *self.post[:1], np.inf))

    @property
    def last(self) -> float:
        """Time of the last spike of all [s]."""
        return float(max(*self.pre[-1:], *self.post[-1:], -np.inf))

    def describe(self) -> str:
        """The protocol in a few words; times with prefixes of s."""
        if not (self.pre and self.post):
            name, times = ("pre", self.pre) if self.pre else ("post", self.post)
            return f"{pluralised(len(times), 'spike')} of {name} alone"
        spikes = sorted([(t, "pre") for t in self.pre] + [(t, "post") for t in self.post])
        if len(spikes) > 4:
            return f"{pluralised(len(self.pre), 'spike')} of pre, {len(self.post)} of post"
        gaps = [format_quantity(b[0] - a[0], "s", 3) for a, b in pairwise(spikes)]
        return spikes[0][1] + "".join(f", {gap} later {name}" for gap, (_, name) in zip(gaps, spikes[1:], strict=True))
