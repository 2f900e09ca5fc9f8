"""Neurons, stimuli, synapses and crossbars as plain JSON values, and back: by the names of known classes, never by import."""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import os
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.quantities import Parameters

__all__ = ["Registry", "decoded", "encoded", "registry_of"]

Registry = Mapping[str, type]
"""Classes by the names that stand in a file."""

# No number of JSON, but the resistance of an open switch.
_BEYOND = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@functools.cache
def _own_types() -> dict[str, type]:
    from neuromorph import crossbars, devices, neurons, stimulus
    from neuromorph.devices.transistor_comparator import TransistorComparator
    from neuromorph.networks import synapses
    from neuromorph.neurons.neuron import NeuronAtFidelity
    from neuromorph.schematic.vendor.model import VendorModel

    kinds: list[type] = [NeuronAtFidelity, VendorModel, TransistorComparator, crossbars.Crossbar, crossbars.DeviceArray]
    for room in (neurons, devices, stimulus, synapses):
        public = [getattr(room, name) for name in room.__all__]
        kinds += [kind for kind in public if isinstance(kind, type) and issubclass(kind, Parameters)]
    return {
        kind.__name__: kind
        for kind in kinds
        if kind is not synapses.Synapse and not getattr(kind, "__abstractmethods__", None)
    }


def registry_of(types: Mapping[str, type] | None) -> dict[str, type]:
    """The package's own classes and those that the caller adds.

    Parameters
    ----------
    types : mapping of str to type, optional
        Classes of the caller by the names that stand in the file, ``"module:Class"``.

    Returns
    -------
    dict of str to type
        All of them.

    Raises
    ------
    ValueError
        When something given is no dataclass, or has the name of one of the package.
    """
    own = _own_types()
    for name, kind in (types or {}).items():
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            raise ValueError(f"types[{name!r}] must be a dataclass, got {kind!r}")
        if name in own and own[name] is not kind:
            raise ValueError(f"types[{name!r}] has the name of a class of neuromorph: name it {name_of(kind)!r}")
    return own | dict(types or {})


def name_of(kind: type) -> str:
    """What stands for a class in a file: its name, or ``module:Class`` for one that is not of the package."""
    own = _own_types().get(kind.__name__)
    return kind.__name__ if own is kind else f"{kind.__module__}:{kind.__qualname__}"


def encoded(value: Any, where: str) -> Any:
    """A value as what JSON has.

    Parameters
    ----------
    value : object
        A dataclass of component values (SI units), a number, a text, an array, or sequences and mappings of these.
    where : str
        What it is, for messages.

    Returns
    -------
    dict, list, str, float, int, bool or None
        Objects as ``{"type": ..., "parameters": {...}}`` with numbers in SI units, numbers that JSON does not have as ``{"number": "inf"}``.

    Raises
    ------
    ValueError
        When it is something else; the message names it.
    """
    if value is None or isinstance(value, bool | np.bool_ | str):
        return bool(value) if isinstance(value, np.bool_) else value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        number = float(value)
        return number if math.isfinite(number) else {"number": repr(number)}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.ndarray):
        return value.tolist() if _is_finite(value) else encoded(value.tolist(), where)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value) or {"type", "number"} & set(value):
            raise ValueError(f"{where} is a mapping with the keys {list(value)!r}, which a network file cannot hold")
        return {key: encoded(inner, f"{where}[{key!r}]") for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [encoded(inner, f"{where}[{k}]") for k, inner in enumerate(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        parameters = {
            field.name: encoded(getattr(value, field.name), f"{where}.{field.name}")
            for field in dataclasses.fields(kind)
            if field.init
        }
        return {"type": name_of(kind), "parameters": parameters}
    raise ValueError(f"{where} is a {type(value).__name__}, which a network file cannot hold: {value!r}")


def _is_finite(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "fiu" and bool(np.isfinite(array).all())


def decoded(value: Any, where: str, registry: Registry) -> Any:
    """What a value of a file stands for.

    Parameters
    ----------
    value : dict, list, str, float, int, bool or None
        As :func:`encoded` gives it (SI units).
    where : str
        Its place in the file, for messages.
    registry : mapping of str to type
        The classes that may be made.

    Returns
    -------
    object
        Sequences are tuples.

    Raises
    ------
    ValueError
        When a class is unknown, a parameter is unknown, missing or not accepted; the message names the place.
    """
    if isinstance(value, list):
        # An array of a million numbers needs no names of places.
        if all(type(inner) is float for inner in value):
            return tuple(value)
        return tuple(decoded(inner, f"{where}[{k}]", registry) for k, inner in enumerate(value))
    if not isinstance(value, dict):
        return value
    if set(value) == {"number"}:
        word = value["number"]
        if not isinstance(word, str) or word not in _BEYOND:
            raise ValueError(f"{where}: number must be one of {', '.join(_BEYOND)}, got {word!r}")
        return _BEYOND[word]
    if "type" not in value:
        return {key: decoded(inner, f"{where}[{key!r}]", registry) for key, inner in value.items()}
    return _object(value, where, registry)


def _object(value: Mapping[str, Any], where: str, registry: Registry) -> Any:
    name, parameters = value["type"], value.get("parameters")
    if not isinstance(name, str) or name not in registry:
        hint = ""
        if isinstance(name, str) and ":" in name:
            hint = f"; for a class of your own, give types={{{name!r}: <the class>}}"
        raise ValueError(f"{where}: unknown type {name!r}{hint}; known: {', '.join(sorted(registry))}")
    if not isinstance(parameters, dict) or set(value) != {"type", "parameters"}:
        raise ValueError(f"{where}: a {name} needs the keys 'type' and 'parameters', got {', '.join(map(repr, value))}")
    kind = registry[name]
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for parameter in parameters:
        if parameter not in fields:
            raise ValueError(f"{where}: {name} has no parameter {parameter!r}; choices: {', '.join(fields)}")
    for parameter, field in fields.items():
        has_default = not (field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING)
        if parameter not in parameters and not has_default:
            raise ValueError(f"{where}: {name} needs the parameter {parameter!r}")
    arguments = {key: decoded(inner, f"{where}.{key}", registry) for key, inner in parameters.items()}
    for parameter, wanted in _classes_wanted(kind).items():
        if parameter in arguments and not isinstance(arguments[parameter], wanted):
            names = " or ".join(one.__name__ for one in wanted if one is not type(None))
            raise ValueError(f"{where}.{parameter} must be a {names}, got {arguments[parameter]!r}")
    try:
        return kind(**arguments)
    except (ValueError, TypeError, OverflowError, AttributeError, OSError) as error:
        raise ValueError(f"{where}: {error}") from None


@functools.cache
def _classes_wanted(kind: type) -> dict[str, tuple[type, ...]]:
    """Classes of the parameters that are objects: a class checks its numbers itself, but not always its parts."""
    try:
        hints = typing.get_type_hints(kind)
    except NameError:
        # A class that was made inside a function may name others that only stand there.
        return {}
    wanted = {}
    for field in dataclasses.fields(kind):
        options = typing.get_args(hints[field.name]) or (hints[field.name],)
        parts = [option for option in options if option is not type(None)]
        if parts and all(isinstance(part, type) and issubclass(part, Parameters) for part in parts):
            wanted[field.name] = tuple(options)
    return wanted
