"""Recordings with labels (xarray) and as netCDF files."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import MeasurementError
from neuromorph.recording.sealed import read_dataset, write_dataset
from neuromorph.recording.spikes import SpikeTrains
from neuromorph.recording.waveforms import RESERVED_NAMES, Recording

if TYPE_CHECKING:
    import xarray

__all__ = ["load", "save", "to_xarray"]

_FORMAT = "neuromorph recording 1"


def to_xarray(recording: Recording) -> xarray.Dataset:
    """See :meth:`Recording.to_xarray` [units as attributes]."""
    import xarray

    spikes = recording.spikes
    variables: dict[str, Any] = {
        name: ("time", values, {"units": recording.units[name], "long_name": name})
        for name, values in recording.signals.items()
    }
    variables["spike_source"] = ("spike", spikes.sources, {"n_sources": spikes.n_sources})
    coordinates: dict[str, Any] = {
        "time": ("time", recording.time, {"units": "s"}),
        "spike_time": ("spike", spikes.times, {"units": "s"}),
    }
    if spikes.names:
        coordinates["source"] = ("source", np.array(spikes.names, dtype=object))
    attributes = {"format": _FORMAT, "provenance": json.dumps(dict(recording.provenance))}
    return xarray.Dataset(variables, coordinates, attributes)


def save(recording: Recording, path: str | os.PathLike[str]) -> Path:
    """See :meth:`Recording.save`."""
    dataset = to_xarray(recording)
    return write_dataset(dataset.rename(_names_in_file(recording.names)), path)


def load(path: str | os.PathLike[str]) -> Recording:
    """Read a recording that :meth:`Recording.save` wrote.

    Parameters
    ----------
    path : path-like
        The netCDF file.

    Returns
    -------
    Recording
        The same as was saved, bit for bit (times in s, signals in their units).

    Raises
    ------
    MeasurementError
        When the file is missing, damaged, or no recording; the message names it.
    """
    name = os.fspath(path)
    if not Path(path).is_file():
        raise MeasurementError(f"cannot read the recording {name}: there is no such file")
    try:
        return _recording(read_dataset(path, _FORMAT, "Recording.save"))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise MeasurementError(f"cannot read the recording {name}: {error}") from error


def _recording(dataset: xarray.Dataset) -> Recording:
    signals = {key: dataset[key] for key in dataset.data_vars if key not in RESERVED_NAMES}
    source = dataset["spike_source"]
    spikes = SpikeTrains(
        dataset["spike_time"].values,
        source.values,
        tuple(dataset["source"].values.tolist()) if "source" in dataset.variables else (),
        int(source.attrs["n_sources"]),
    )
    return Recording(
        dataset["time"].values,
        {variable.attrs["long_name"]: variable.values for variable in signals.values()},
        {variable.attrs["long_name"]: variable.attrs["units"] for variable in signals.values()},
        spikes,
        json.loads(dataset.attrs["provenance"]),
    )


def _names_in_file(names: tuple[str, ...]) -> dict[str, str]:
    # HDF5 reads "/" as a path and "." as a place; the true name is kept as long_name.
    taken, renamed = set(RESERVED_NAMES), {}
    for name in names:
        safe = re.sub(r"[^A-Za-z0-9_.()+\-#]", "_", name)
        safe = safe if re.match(r"[A-Za-z0-9_]", safe) else f"_{safe}"
        candidate, k = safe, 2
        while candidate in taken:
            candidate, k = f"{safe}_{k}", k + 1
        taken.add(candidate)
        if candidate != name:
            renamed[name] = candidate
    return renamed
