"""What a spike train says: counts, intervals, rate, adaptation, latency, regularity."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.phases import on_phases
from neuromorph.errors import ValidationError
from neuromorph.quantities import format_quantity, pluralised
from neuromorph.recording import Recording
from neuromorph.stimulus import Stimulus


@dataclass(frozen=True, kw_only=True)
class SpikeStatistics:
    """Numbers that describe a spike train; not-a-number where there are too few spikes for one.

    Parameters
    ----------
    spike_count : int
        Spikes in the run.
    duration : float
        Length of the run [s].
    phases : tuple of tuple of float
        Start and end of each on-phase of the drive [s].
    counts : tuple of int
        Spikes of each on-phase: those from its start to the start of the next.
    intervals : tuple of tuple of float
        Interspike intervals within each on-phase [s].
    latency : float
        From the start of the first on-phase to the first spike [s].
    """

    spike_count: int
    duration: float
    phases: tuple[tuple[float, float], ...]
    counts: tuple[int, ...]
    intervals: tuple[tuple[float, ...], ...]
    latency: float

    @property
    def rate(self) -> float:
        """Spikes per second of the run [Hz]."""
        return self.spike_count / self.duration

    @property
    def count_first(self) -> int:
        """Spikes in the first on-phase."""
        return self.counts[0] if self.counts else 0

    @property
    def count_steady(self) -> int:
        """Spikes in the last on-phase that is not cut short by the end of the run."""
        return self.counts[self._steady] if self.counts else 0

    @property
    def isi_first(self) -> float:
        """First interspike interval of the first on-phase [s]."""
        return _at(self.intervals[:1], 0)

    @property
    def isi_last(self) -> float:
        """Last interspike interval of the first on-phase [s]."""
        return _at(self.intervals[:1], -1)

    @property
    def isi_steady(self) -> float:
        """Last interspike interval of the last on-phase that is not cut short by the end of the run [s]."""
        return _at(self.intervals[self._steady :], -1) if self.counts else math.nan

    @property
    def isi_mean(self) -> float:
        """Mean interspike interval within on-phases [s]."""
        pooled = self._pooled()
        return float(np.mean(pooled)) if pooled else math.nan

    @property
    def adaptation_ratio(self) -> float:
        """Steady interval over the first one [pure number]."""
        return self.isi_steady / self.isi_first

    @property
    def onset_adaptation(self) -> float:
        """Last interval of the first on-phase over its first one [pure number]."""
        return self.isi_last / self.isi_first

    @property
    def cv(self) -> float:
        """Coefficient of variation of the intervals within on-phases [pure number]."""
        pooled = self._pooled()
        return float(np.std(pooled) / np.mean(pooled)) if len(pooled) > 1 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Every number by its name, ready for JSON [SI units]; ``None`` where there is none."""
        names = (
            "rate count_first count_steady isi_first isi_last isi_steady isi_mean adaptation_ratio onset_adaptation cv"
        )
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {name: getattr(self, name) for name in names.split()}
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}

    def summary(self) -> str:
        """The numbers as text (SI units with prefixes)."""
        rows = {
            "spikes": f"{self.spike_count} in {format_quantity(self.duration, 's')}, "
            f"{format_quantity(self.rate, 'Hz')}, first after {shown(self.latency, 's')}",
            "on-phases": f"{pluralised(len(self.counts), 'phase')} with {', '.join(map(str, self.counts)) or 'no'} spikes",
            "intervals": f"first {shown(self.isi_first, 's')}, last of the first phase {shown(self.isi_last, 's')}, "
            f"steady {shown(self.isi_steady, 's')}",
            "adaptation": f"steady/first {shown(self.adaptation_ratio)}, CV {shown(self.cv)}",
        }
        return "\n".join(f"{name:12}{text}" for name, text in rows.items())

    @property
    def _steady(self) -> int:
        """Index of the last on-phase that is at least half as long as the longest."""
        lengths = [end - start for start, end in self.phases]
        return max(i for i, length in enumerate(lengths) if length >= 0.5 * max(lengths))

    def _pooled(self) -> list[float]:
        return [interval for phase in self.intervals for interval in phase]


def spikes(
    recording: Recording, drive: Mapping[str, Stimulus] | Stimulus | None = None, *, source: int | str = 0
) -> SpikeStatistics:
    """The statistics of one neuron's spikes.

    Parameters
    ----------
    recording : Recording
        What was simulated.
    drive : Stimulus, or mapping of str to Stimulus, optional
        What drove it [A or V]: it says which spikes belong to one on-phase. Without it the run is one phase.
    source : int or str
        Number or name of the neuron.

    Returns
    -------
    SpikeStatistics
        Counts, intervals [s], rate [Hz], adaptation, latency [s].

    Raises
    ------
    ValidationError
        When the recording is empty.
    ValueError
        When there is no such source.

    Examples
    --------
    >>> import neuromorph as nm
    >>> neuron, drive = nm.LIF(), nm.Constant(value=0.2e-3)
    >>> statistics = nm.analysis.spikes(nm.simulate(neuron, drive, t_stop=5e-3), drive)
    >>> statistics.spike_count, round(statistics.isi_steady * 1e6, 1), round(statistics.adaptation_ratio, 6)
    (5, 893.1, 1.0)
    """
    if len(recording.time) < 2:
        raise ValidationError("the recording is empty: there are no spikes to count")
    duration = float(recording.time[-1] - recording.time[0])
    times = recording.spikes.of(source)
    phases = on_phases(drive, float(recording.time[-1]))
    trains = _trains(times, phases)
    return SpikeStatistics(
        spike_count=len(times),
        duration=duration,
        phases=tuple((float(start), float(end)) for start, end in phases),
        counts=tuple(len(train) for train in trains),
        intervals=tuple(tuple(np.diff(train).tolist()) for train in trains),
        latency=float(trains[0][0] - phases[0, 0]) if trains and len(trains[0]) else _late(times, phases),
    )


def _trains(times: NDArray[np.float64], phases: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The spikes from the start of each phase to the start of the next: hardware may fire just after the end."""
    if not len(phases):
        return []
    cuts = np.searchsorted(times, phases[:, 0])
    return np.split(times[cuts[0] :], cuts[1:] - cuts[0])


def _late(times: NDArray[np.float64], phases: NDArray[np.float64]) -> float:
    later = times[times >= phases[0, 0]] if len(phases) else times[:0]
    return float(later[0] - phases[0, 0]) if later.size else math.nan


def _at(intervals: tuple[tuple[float, ...], ...], index: int) -> float:
    return intervals[0][index] if intervals and intervals[0] else math.nan


def shown(value: float, unit: str = "") -> str:
    """A number as text, a dash where there is none (in its unit, with a prefix)."""
    return format_quantity(value, unit) if math.isfinite(value) else "-"
