"""Spike trains from files: text, recordings, and what neo reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from neuromorph.errors import MeasurementError
from neuromorph.recording.neo import HOW_TO_GET_IT, from_neo
from neuromorph.recording.netcdf import load
from neuromorph.recording.spikes import SpikeTrains
from neuromorph.stimulus.spike_file import read_spike_table

__all__ = ["load_spikes"]

_TEXT = ("", ".csv", ".dat", ".tsv", ".txt")
# To open such a file is to run what it says.
_CODE = (".pickle", ".pkl")


def load_spikes(path: str | os.PathLike[str]) -> SpikeTrains:
    """Read spikes from a file.

    Parameters
    ----------
    path : path-like
        ``.csv``, ``.txt``, ``.tsv`` or ``.dat``: a text with a spike a line, its time [s] and, after a comma or spaces, the number
        or the name of the neuron; a first line such as ``time [ms], neuron`` may state the unit. ``.nc``: a recording that
        :meth:`Recording.save` wrote. Any other: what neo reads, such as ``.mat`` or ``.nix``.

    Returns
    -------
    SpikeTrains
        Times [s], with the names of the neurons where the file has them.

    Raises
    ------
    MeasurementError
        When the file cannot be read; the message names it, and the line of a text.
    ImportError
        When neo is needed and not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spikes.csv"
    >>> _ = path.write_text("time [ms], neuron\\n1.5, a\\n2, b\\n4, a\\n")
    >>> load_spikes(path).of("a").tolist()
    [0.0015, 0.004]
    """
    name, suffix = os.fspath(path), Path(path).suffix.lower()
    if suffix == ".nc":
        return load(path).spikes
    if suffix not in _TEXT:
        return _by_neo(name, suffix)
    table = read_spike_table(path)
    return SpikeTrains(table.times, table.sources, table.names)


def _by_neo(name: str, suffix: str) -> SpikeTrains:
    if suffix in _CODE:
        raise MeasurementError(
            f"cannot read spikes from {name}: a pickled file may run any code; save it as .nix or as text"
        )
    if not Path(name).is_file():
        raise MeasurementError(f"cannot read spikes from {name}: there is no such file")
    try:
        import neo.io
    except ImportError as error:
        raise ImportError(HOW_TO_GET_IT) from error
    try:
        segments: list[Any] = [s for block in neo.io.get_io(name).read() for s in block.segments]
    # neo's many formats raise whatever their libraries raise.
    except Exception as error:
        raise MeasurementError(f"cannot read spikes from {name}: neo says {error}") from error
    if len(segments) != 1:
        raise MeasurementError(
            f"cannot read spikes from {name}: it has {len(segments)} segments; choose one with neo and give it to "
            "SpikeTrains.from_neo"
        )
    return from_neo(segments[0].spiketrains)
