"""netCDF files that are written whole and closed with a seal, so that a damaged one is known before it is opened."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from neuromorph.files import atomic_path

if TYPE_CHECKING:
    import xarray

__all__ = ["read_dataset", "seal", "write_dataset"]

_SEAL = "neuromorph recording, sha256"


def write_dataset(dataset: xarray.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a netCDF file and its seal, whole or not at all.

    Parameters
    ----------
    dataset : xarray.Dataset
        Numbers with their units as attributes, and texts.
    path : path-like
        File to make or to replace.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    OSError
        When writing fails; names the file and what to do.
    """
    # A fill value would make every NaN in the file ambiguous.
    encoding = {name: {"_FillValue": None} for name, kept in dataset.variables.items() if kept.dtype != object}
    # Made in memory and written by Python: on a full disk the HDF5 library cannot close its own file and
    # takes the process down with a segmentation fault.
    # A copy: the view that is returned would outlive its buffer when the write fails.
    content = bytes(dataset.to_netcdf(engine="h5netcdf", encoding=encoding))
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(content)
        file.write(seal(hashlib.sha256(content)))
    return Path(path)


def read_dataset(path: str | os.PathLike[str], expected: str, writer: str) -> xarray.Dataset:
    """Read what :func:`write_dataset` wrote.

    Parameters
    ----------
    path : path-like
        The netCDF file.
    expected : str
        What its attribute ``format`` has to be.
    writer : str
        What writes such files, for the message.

    Returns
    -------
    xarray.Dataset
        Undecoded: xarray would read some units as calendars, and some numbers as missing.

    Raises
    ------
    OSError, KeyError, ValueError, TypeError
        When the file is missing, damaged, or of another format.
    """
    import xarray

    _check_seal(path, writer)
    dataset = xarray.load_dataset(path, engine="h5netcdf", decode_cf=False)
    found = dataset.attrs.get("format")
    if found != expected:
        raise ValueError(f"its format is {found!r}, this version reads {expected!r}")
    return dataset


def seal(digest: hashlib._Hash) -> bytes:
    """The line after the end of the netCDF part of a file, which readers of netCDF do not look at.

    A damaged file must be known as such before HDF5 sees it: one wrong byte can send that library into an
    endless loop, or end the process.
    """
    return f"\n{_SEAL} {digest.hexdigest()}\n".encode()


def _check_seal(path: str | os.PathLike[str], writer: str) -> None:
    length = len(seal(hashlib.sha256()))
    with open(path, "rb") as file:
        remaining = max(file.seek(0, os.SEEK_END) - length, 0)
        file.seek(remaining)
        found = file.read()
        if not found.startswith(f"\n{_SEAL} ".encode()):
            raise ValueError(f"it was not written by {writer}, or is cut off")
        file.seek(0)
        digest = hashlib.sha256()
        while remaining:
            chunk = file.read(min(remaining, 1 << 20))
            if not chunk:
                raise ValueError("it was cut off while it was read")
            digest.update(chunk)
            remaining -= len(chunk)
    if found != seal(digest):
        raise ValueError("it was damaged or changed after it was saved (its checksum is wrong)")
