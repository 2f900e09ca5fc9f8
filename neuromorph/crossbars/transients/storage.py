"""Transients with labels (xarray) and as netCDF files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.terminations import SIDES
from neuromorph.crossbars.transients.array_circuit import POWERS
from neuromorph.crossbars.transients.transient import CrossbarTransient
from neuromorph.devices.cards import MODELS
from neuromorph.errors import MeasurementError
from neuromorph.recording.sealed import read_dataset, write_dataset

if TYPE_CHECKING:
    import xarray

    from neuromorph.crossbars.crossbar import Crossbar
    from neuromorph.devices import MemristorModel

__all__ = ["load", "save", "to_xarray"]

_FORMAT = "neuromorph crossbar transient 1"
_WIRES = ("r_word", "r_bit", "r_driver", "r_sense")


def to_xarray(transient: CrossbarTransient) -> xarray.Dataset:
    """See :meth:`CrossbarTransient.to_xarray` [units as attributes]."""
    import xarray

    crossbar, devices = transient.crossbar, transient.crossbar.devices
    variables: dict[str, Any] = {"state": (("time", "row", "column"), transient.states, {"units": "1"})}
    for side in SIDES:
        line = "row" if side in ("left", "right") else "column"
        variables[f"voltage_{side}"] = (("time", line), transient.terminal_voltages[side], {"units": "V"})
        variables[f"current_{side}"] = (("time", line), transient.terminal_currents[side], {"units": "A"})
    for name in POWERS:
        variables[f"power_{name}"] = ("time", transient.power[name], {"units": "W"})
        variables[f"energy_{name}"] = ("time", transient.energy[name], {"units": "J"})
    variables["first_state"] = (("row", "column"), devices.states, {"units": "1"})
    if devices.stuck is not None:
        variables["stuck"] = (("row", "column"), devices.stuck, {"units": "S"})
    for name, values in devices.variations.items():
        variables[f"variation_{name}"] = (("row", "column"), values)
    attributes = {
        "format": _FORMAT,
        "t_stop": transient.t_stop,
        "is_complete": int(transient.is_complete),
        "crossbar": json.dumps(_statement(crossbar)),
        "statistics": json.dumps(dict(transient.statistics)),
        "provenance": json.dumps(dict(transient.provenance)),
    }
    return xarray.Dataset(variables, {"time": ("time", transient.time, {"units": "s"})}, attributes)


def save(transient: CrossbarTransient, path: str | os.PathLike[str]) -> Path:
    """See :meth:`CrossbarTransient.save`."""
    try:
        return write_dataset(to_xarray(transient), path)
    except OSError as error:
        if error.filename is not None or os.fspath(path) in str(error):
            raise
        raise OSError(
            error.errno,
            f"cannot write the transient {os.fspath(path)}: {error.strerror}; free space, or save elsewhere",
        ) from error


def load(path: str | os.PathLike[str], model: type[MemristorModel] | None = None) -> CrossbarTransient:
    """See :meth:`CrossbarTransient.load` [SI units]."""
    name = os.fspath(path)
    if not Path(path).is_file():
        raise MeasurementError(f"cannot read the transient {name}: there is no such file")
    try:
        return _transient(read_dataset(path, _FORMAT, "CrossbarTransient.save"), model)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise MeasurementError(f"cannot read the transient {name}: {error}") from error


def _statement(crossbar: Crossbar) -> dict[str, Any]:
    model = crossbar.devices.model
    return {
        "model": type(model).__name__,
        "values": model.values(),
        "choices": model.choices(),
        # JSON has no infinity.
        "wires": {name: repr(getattr(crossbar, name)) for name in _WIRES},
        "sides": {side: getattr(crossbar, side) for side in SIDES},
    }


def _transient(dataset: xarray.Dataset, model: type[MemristorModel] | None) -> CrossbarTransient:
    def kept(name: str) -> Any:
        values = np.ascontiguousarray(dataset[name].values)
        values.setflags(write=False)
        return values

    return CrossbarTransient(
        crossbar=_crossbar(dataset, json.loads(dataset.attrs["crossbar"]), model),
        time=kept("time"),
        states=kept("state"),
        terminal_voltages={side: kept(f"voltage_{side}") for side in SIDES},
        terminal_currents={side: kept(f"current_{side}") for side in SIDES},
        power={name: kept(f"power_{name}") for name in POWERS},
        energy={name: kept(f"energy_{name}") for name in POWERS},
        t_stop=float(dataset.attrs["t_stop"]),
        statistics=json.loads(dataset.attrs["statistics"]),
        provenance=json.loads(dataset.attrs["provenance"]),
        # Files of earlier versions say it by their last frame alone.
        is_complete=bool(dataset.attrs.get("is_complete", dataset["time"].values[-1] >= dataset.attrs["t_stop"])),
    )


def _crossbar(dataset: xarray.Dataset, statement: dict[str, Any], model: type[MemristorModel] | None) -> Crossbar:
    from neuromorph.crossbars.crossbar import Crossbar

    known = {kind.__name__: kind for kind in [*MODELS.values(), *([] if model is None else [model])]}
    if statement["model"] not in known:
        raise ValueError(
            f"its devices are of the model {statement['model']}, which does not come with the package: give its class "
            "as model"
        )
    marked = "variation_"
    devices = DeviceArray(
        known[statement["model"]](**statement["values"], **statement["choices"]),
        dataset["first_state"].values,
        {
            str(name).removeprefix(marked): dataset[name].values
            for name in dataset.data_vars
            if str(name).startswith(marked)
        },
        dataset["stuck"].values if "stuck" in dataset.data_vars else None,
    )
    ends: dict[str, Any] = {name: float(text) for name, text in statement["wires"].items()} | statement["sides"]
    return Crossbar(devices, **ends)
