"""What the spikes of many neurons say together, in one table."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analysis.spike_statistics import shown
from neuromorph.analysis.spike_trains import (
    burst_index,
    checked_stop,
    fano_factor,
    in_window,
    interval_cv,
    local_variation,
    refuse_none,
    synchrony,
)
from neuromorph.quantities import format_quantity, pluralised
from neuromorph.recording import SpikeTrains


@dataclass(frozen=True, kw_only=True)
class PopulationStatistics:
    """Numbers that describe the spikes of many neurons; not-a-number where there are too few spikes for one.

    Parameters
    ----------
    n_neurons : int
        Neurons, silent ones included.
    n_silent : int
        Neurons without a spike.
    spike_count : int
        Spikes of all.
    duration : float
        Length of the window [s].
    rate : float
        Mean rate of a neuron [Hz].
    rate_sd : float
        Standard deviation of the rates between neurons [Hz].
    isi_mean, isi_median : float
        Of the interspike intervals of all neurons [s].
    cv, local_variation : float
        Regularity of the intervals, the mean over neurons (pure numbers).
    fano : float
        Variance over mean of counts in windows, the mean over neurons (pure number).
    burst_index : float
        Share of the intervals that are shorter than `burst_isi` (pure number).
    synchrony : float
        Variance of the mean activity over the mean variance (pure number).
    window, bin_width, burst_isi : float
        Window of the Fano factor, bin of the synchrony, limit of the burst index [s].
    """

    n_neurons: int
    n_silent: int
    spike_count: int
    duration: float
    rate: float
    rate_sd: float
    isi_mean: float
    isi_median: float
    cv: float
    local_variation: float
    fano: float
    burst_index: float
    synchrony: float
    window: float
    bin_width: float
    burst_isi: float

    def to_dict(self) -> dict[str, Any]:
        """Every number by its name, ready for JSON [SI units]; ``None`` where there is none."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in dataclasses.asdict(self).items()
        }

    def summary(self) -> str:
        """The numbers as text (SI units with prefixes)."""
        rows = {
            "spikes": f"{self.spike_count} of {pluralised(self.n_neurons, 'neuron')}, {self.n_silent} silent, "
            f"in {format_quantity(self.duration, 's')}",
            "rate": f"{format_quantity(self.rate, 'Hz')} a neuron, {format_quantity(self.rate_sd, 'Hz')} between neurons",
            "intervals": f"mean {shown(self.isi_mean, 's')}, median {shown(self.isi_median, 's')}, "
            f"{shown(self.burst_index)} of them under {format_quantity(self.burst_isi, 's')}",
            "regularity": f"CV {shown(self.cv)}, local variation {shown(self.local_variation)}, "
            f"Fano factor {shown(self.fano)} in {format_quantity(self.window, 's')}",
            "synchrony": f"{shown(self.synchrony)} in {format_quantity(self.bin_width, 's')} "
            f"({1 / self.n_neurons:.3g} for independent neurons, 1 for identical ones)",
        }
        return "\n".join(f"{name:12}{text}" for name, text in rows.items())


def population(
    spikes: SpikeTrains,
    t_start: float,
    t_stop: float,
    *,
    window: float | None = None,
    bin_width: float | None = None,
    burst_isi: float = 3e-3,
) -> PopulationStatistics:
    """The statistics of many spike trains.

    Parameters
    ----------
    spikes : SpikeTrains
        The spikes, one source a neuron or trial.
    t_start, t_stop : float
        Window that is looked at, its end excluded [s].
    window : float, optional
        Counting window of the Fano factor; a tenth of the whole where it is left out [s].
    bin_width : float, optional
        Bin of the synchrony; a hundredth of the whole where it is left out [s].
    burst_isi : float
        Intervals shorter than this belong to bursts [s].

    Returns
    -------
    PopulationStatistics
        Rates [Hz], intervals [s], pure numbers.

    Raises
    ------
    ValueError
        When the window is empty or there is no neuron.

    Examples
    --------
    >>> import numpy as np, neuromorph as nm
    >>> clock = nm.SpikeTrains(np.tile(np.arange(0.005, 1.0, 0.01), 2), np.repeat([0, 1], 100))
    >>> found = nm.analysis.population(clock, 0.0, 1.0)
    >>> round(found.rate, 9), round(found.cv, 9), found.synchrony
    (100.0, 0.0, nan)
    """
    checked_stop(t_start, t_stop)
    refuse_none(spikes)
    duration = t_stop - t_start
    window = duration / 10 if window is None else window
    bin_width = duration / 100 if bin_width is None else bin_width
    seen = in_window(spikes, t_start, t_stop)
    rates = seen.counts() / duration
    pooled = np.concatenate(seen.intervals())
    return PopulationStatistics(
        n_neurons=seen.n_sources,
        n_silent=int((rates == 0).sum()),
        spike_count=len(seen),
        duration=duration,
        rate=float(rates.mean()),
        rate_sd=float(rates.std()),
        isi_mean=float(pooled.mean()) if pooled.size else math.nan,
        isi_median=float(np.median(pooled)) if pooled.size else math.nan,
        cv=_mean_of_known(interval_cv(seen)),
        local_variation=_mean_of_known(local_variation(seen)),
        fano=_mean_of_known(fano_factor(seen, window, t_start, t_stop)),
        burst_index=burst_index(seen, burst_isi),
        synchrony=synchrony(seen, bin_width, t_start, t_stop),
        window=window,
        bin_width=bin_width,
        burst_isi=burst_isi,
    )


def _mean_of_known(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan
