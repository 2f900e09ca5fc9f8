"""The recording: named waveforms with units over one uneven time grid, spikes, and where they come from."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.errors import NeuromorphError
from neuromorph.quantities import format_quantity, pluralised
from neuromorph.recording.spikes import SpikeTrains, frozen_array

if TYPE_CHECKING:
    import xarray

__all__ = ["RESERVED_NAMES", "Recording", "SignalNotFoundError"]

#: Names that the labelled form of a recording needs for itself.
RESERVED_NAMES = ("time", "spike", "spike_time", "spike_source", "source")


class SignalNotFoundError(NeuromorphError, KeyError):
    """A recording has no signal of that name; the message lists the choices."""

    def __str__(self) -> str:
        # KeyError would print the repr of the message.
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """Named waveforms over one time grid, with spikes and provenance. Nothing in it can be written to.

    Parameters
    ----------
    time : array_like, shape (n_samples,)
        The engine's own time points [s]; never decreasing. Two equal times mark a jump: the values before and
        after it.
    signals : mapping of str to array_like, shape (n_samples,) each
        Waveforms by name, each in its unit of `units`.
    units : mapping of str to str, optional
        SI unit symbol of each signal; ``""``, a pure number, where left out.
    spikes : SpikeTrains, optional
        Spikes found during the run [s].
    provenance : mapping of str to object, optional
        Where it comes from: engine, version, options, seed, deck hash. Kept as JSON keeps it: tuples become
        lists, paths become texts.

    Raises
    ------
    ValueError
        When lengths differ, time decreases, a name cannot be used, or provenance is not JSON.

    Examples
    --------
    >>> rec = Recording([0.0, 1e-3, 1e-3], {"v_mem": [0.0, 0.7, 0.0]}, {"v_mem": "V"})
    >>> rec
    Recording(3 points up to 1 ms: v_mem [V]; 0 spikes)
    >>> rec["v_mem"].tolist()
    [0.0, 0.7, 0.0]
    >>> rec.resample([0.5e-3, 1e-3])["v_mem"].tolist()
    [0.35, 0.0]
    """

    time: NDArray[np.float64]
    signals: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]
    spikes: SpikeTrains
    provenance: Mapping[str, Any]

    def __init__(
        self,
        time: ArrayLike,
        signals: Mapping[str, ArrayLike],
        units: Mapping[str, str] | None = None,
        spikes: SpikeTrains | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> None:
        grid = _checked_grid(frozen_array(time, np.float64))
        arrays = {_checked_name(name): frozen_array(values, np.float64) for name, values in signals.items()}
        for name, values in arrays.items():
            if values.shape != grid.shape:
                raise ValueError(f"signal {name!r} must have the shape of time, {grid.shape}, got {values.shape}")
        units = units or {}
        for name, unit in units.items():
            if name not in arrays:
                raise ValueError(f"units has {name!r}, which is no signal; signals: {', '.join(arrays)}")
            if not isinstance(unit, str) or not unit.isprintable():
                raise ValueError(f"the unit of {name!r} must be a text of printable characters, got {unit!r}")
        object.__setattr__(self, "time", grid)
        object.__setattr__(self, "signals", MappingProxyType(arrays))
        object.__setattr__(self, "units", MappingProxyType({name: units.get(name, "") for name in arrays}))
        object.__setattr__(self, "spikes", SpikeTrains(()) if spikes is None else spikes)
        object.__setattr__(self, "provenance", MappingProxyType(_as_json(provenance or {})))

    def __reduce__(self) -> tuple[object, ...]:
        # Mapping proxies do not pickle, and a recording must come back from a process pool.
        fields = (self.time, dict(self.signals), dict(self.units), self.spikes, dict(self.provenance))
        return (Recording, fields)

    def __repr__(self) -> str:
        listed = ", ".join(f"{name} [{unit}]" if unit else name for name, unit in self.units.items())
        end = f" up to {format_quantity(float(self.time[-1]), 's')}" if self.time.size else ""
        points = pluralised(self.time.size, "point")
        return f"Recording({points}{end}: {listed}; {pluralised(len(self.spikes), 'spike')})"

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Waveform of one signal, shape (n_samples,), in its unit of `units`."""
        if name not in self.signals:
            near = difflib.get_close_matches(str(name), self.names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise SignalNotFoundError(f"there is no signal {name!r}{hint} choices: {', '.join(self.names)}")
        return self.signals[name]

    def __contains__(self, name: object) -> bool:
        return name in self.signals

    def __iter__(self) -> Iterator[str]:
        return iter(self.signals)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the signals."""
        return tuple(self.signals)

    @property
    def last(self) -> dict[str, float]:
        """Last value of every signal by name, each in its unit of `units`."""
        if not self.time.size:
            raise ValueError("the recording is empty: there are no last values")
        return {name: float(values[-1]) for name, values in self.signals.items()}

    def resample(self, times: ArrayLike) -> Recording:
        """The signals at other times, by straight lines between the samples.

        Parameters
        ----------
        times : array_like, shape (n,)
            Times within the recorded ones, never decreasing [s].

        Returns
        -------
        Recording
            With `times` as its time grid, and spikes and provenance as they were. At a jump it has the value
            after it.

        Raises
        ------
        ValueError
            When a time lies outside of the recorded ones, or times decrease.
        """
        grid = _checked_grid(np.array(times, dtype=np.float64), "times")
        if grid.size and (not self.time.size or grid[0] < self.time[0] or grid[-1] > self.time[-1]):
            recorded = f"{self.time[0]} s to {self.time[-1]} s" if self.time.size else "nothing"
            raise ValueError(f"cannot resample from {grid[0]} s to {grid[-1]} s: recorded is {recorded}")
        before = np.searchsorted(self.time, grid, side="right") - 1
        after = np.minimum(before + 1, self.time.size - 1)
        elapsed = grid - self.time[before]
        between = elapsed > 0
        weight = np.divide(elapsed, self.time[after] - self.time[before], out=np.zeros_like(grid), where=between)
        signals = {}
        for name, values in self.signals.items():
            start, end = values[before], values[after]
            # Where a sample is hit, the next one must not count, not even by 0 times infinity.
            with np.errstate(invalid="ignore", over="ignore"):
                signals[name] = np.where(between, start + (end - start) * weight, start)
        return Recording(grid, signals, self.units, self.spikes, self.provenance)

    def between(self, t_start: float, t_stop: float) -> Recording:
        """The samples and spikes from `t_start` to `t_stop`.

        Parameters
        ----------
        t_start, t_stop : float
            Both included [s]. Nothing is interpolated: the result starts and ends with a recorded sample.

        Returns
        -------
        Recording
            The part; empty where nothing was recorded.

        Raises
        ------
        ValueError
            When `t_stop` is not at or after `t_start`.
        """
        if not t_start <= t_stop:
            raise ValueError(f"t_stop must be at or after t_start, got {t_start!r} s and {t_stop!r} s")
        first = np.searchsorted(self.time, t_start, side="left")
        end = np.searchsorted(self.time, t_stop, side="right")
        signals = {name: values[first:end] for name, values in self.signals.items()}
        spikes = self.spikes.between(t_start, t_stop)
        return Recording(self.time[first:end], signals, self.units, spikes, self.provenance)

    def neuron(self, name: str) -> Recording:
        """What was recorded of one neuron of a network.

        Parameters
        ----------
        name : str
            Name of the neuron.

        Returns
        -------
        Recording
            Its signals under their own names, such as ``v_mem`` for ``<name>.v_mem``, each in its unit of `units`, and its
            spikes [s]; no signals where only its spikes were recorded. The provenance names its states, and ``v_line``, where
            it was recorded, as the signal that shows the spikes.

        Raises
        ------
        ValueError
            When there is no such neuron; the message lists the choices.

        Examples
        --------
        >>> signals = {"a.v_mem": [0.0, 0.7], "b.v_mem": [0.0, 0.2]}
        >>> spikes = SpikeTrains([0.5e-3], [1], names=("a", "b"))
        >>> network = Recording([0.0, 1e-3], signals, spikes=spikes, provenance={"neurons": ["a", "b"]})
        >>> network.neuron("b").names, len(network.neuron("b").spikes)
        (('v_mem',), 1)
        """
        from neuromorph.recording.one_neuron import recording_of_neuron

        return recording_of_neuron(self, name)

    def to_xarray(self) -> xarray.Dataset:
        """The recording with labels.

        Returns
        -------
        xarray.Dataset
            Each signal over the dimension ``time`` [s] with its unit as the attribute ``units``;
            ``spike_time`` [s] and ``spike_source`` over the dimension ``spike``; the provenance as JSON text
            in an attribute.
        """
        from neuromorph.recording.netcdf import to_xarray

        return to_xarray(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a netCDF file, whole or not at all; :func:`load` reads it back bit for bit.

        Parameters
        ----------
        path : path-like
            File to make or to replace, such as ``run.nc``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OSError
            When it cannot be written; names the file and what to do. A file of that name stays as it was.
        """
        from neuromorph.recording.netcdf import save

        return save(self, path)


def _checked_grid(time: NDArray[np.float64], name: str = "time") -> NDArray[np.float64]:
    if time.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {time.shape}")
    wrong = np.flatnonzero(~np.isfinite(time))
    if wrong.size:
        raise ValueError(f"{name} must be finite times in s, got {name}[{wrong[0]}] = {time[wrong[0]]}")
    wrong = np.flatnonzero(np.diff(time) < 0)
    if wrong.size:
        k = wrong[0] + 1
        raise ValueError(f"{name} must not decrease: {name}[{k}] = {time[k]} s comes after {time[k - 1]} s")
    return time


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name or not name.isprintable() or name in RESERVED_NAMES:
        raise ValueError(
            f"a signal's name must be a text of printable characters other than {', '.join(RESERVED_NAMES)}, "
            f"got {name!r}"
        )
    return name


def _as_json(provenance: Mapping[str, Any]) -> dict[str, Any]:
    # What is kept is what a saved file gives back, so that a recording and its loaded copy are the same.
    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        if isinstance(value, Mapping):
            return dict(value)
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise TypeError(f"{value!r} of type {type(value).__name__}")

    try:
        kept: dict[str, Any] = json.loads(json.dumps(dict(provenance), default=plain))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"provenance must be numbers, texts, lists and dicts, as in JSON: {error}") from None
    return kept
