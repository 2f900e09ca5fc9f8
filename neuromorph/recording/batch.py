"""The recording of many neurons: spikes of all, waveforms where they were asked for, last states, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.quantities import format_quantity, pluralised
from neuromorph.recording.spikes import SpikeTrains
from neuromorph.recording.waveforms import Recording, SignalNotFoundError

__all__ = ["BatchRecording"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class BatchRecording:
    """What many neurons, or many realisations of one, did.

    Parameters
    ----------
    spikes : SpikeTrains
        Spikes of all, by number [s].
    time : ndarray, shape (n_samples,)
        Times at which signals were recorded [s]; empty where none were.
    signals : mapping of str to ndarray, shape (n_samples, n)
        Waveforms of all neurons by name, each in its unit of `units`.
    units : mapping of str to str
        SI unit symbol of each signal and state.
    last : mapping of str to ndarray, shape (n,)
        States at the end of the run, each in its unit of `units`.
    provenance : mapping of str to object
        Where it comes from: engine, version, options, seed.
    """

    spikes: SpikeTrains
    time: NDArray[np.float64]
    signals: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    last: Mapping[str, NDArray[np.float64]]
    provenance: Mapping[str, Any]

    @property
    def n(self) -> int:
        """Number of neurons [pure number]."""
        return self.spikes.n_sources

    def __repr__(self) -> str:
        length = format_quantity(float(self.provenance["t_stop"]), "s")
        names = f"; {', '.join(self.signals)} at {pluralised(len(self.time), 'time')}" if self.signals else ""
        return (
            f"BatchRecording({pluralised(self.n, 'neuron')}, {length}, {pluralised(len(self.spikes), 'spike')}{names})"
        )

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Waveforms of one signal, shape (n_samples, n), in its unit of `units`."""
        if name not in self.signals:
            raise SignalNotFoundError(
                f"there is no signal {name!r}; recorded: {', '.join(self.signals) or 'none'}; ask for it with "
                f"record=[{name!r}]"
            )
        return self.signals[name]

    def of(self, number: int) -> Recording:
        """What one neuron did.

        Parameters
        ----------
        number : int
            Its number, from 0 on.

        Returns
        -------
        Recording
            Its waveforms at the recorded times, and its spikes (SI units).

        Raises
        ------
        ValueError
            When there is no such neuron.
        """
        times = self.spikes.of(number)
        signals = {name: values[:, number] for name, values in self.signals.items()}
        units = {name: self.units[name] for name in signals}
        return Recording(self.time, signals, units, SpikeTrains(times), {**self.provenance, "neuron": number})
