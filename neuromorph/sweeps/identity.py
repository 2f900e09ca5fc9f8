"""What makes two runs the same: a hash of all that their result depends on."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import pickle
from collections.abc import Mapping, Sequence
from types import CodeType, FunctionType
from typing import Any

from neuromorph.sweeps.measures import Measure
from neuromorph.sweeps.setup import Setup
from neuromorph.version import __version__


def base_digest(setup: Setup, measures: Mapping[str, Measure], values: Mapping[str, Sequence[Any]]) -> str:
    """Hash of everything that is common to the runs of a sweep.

    Parameters
    ----------
    setup : Setup
        Before parameters are changed (SI units).
    measures : mapping of str to Measure
        What is measured.
    values : mapping of str to sequence
        The values of the sweep's axes: every engine and fidelity has equations or a deck of its own.

    Returns
    -------
    str
        Changes with the design's equations or deck, the drive, the engine, the settings, the measures, and the
        version of this package.
    """
    words = {name: values[name] for name in ("engine", "fidelity") if name in values}
    variants = [dict(zip(words, chosen, strict=True)) for chosen in itertools.product(*words.values())]
    parts = [__version__, *(setup.changed(variant).statement() for variant in variants)]
    if setup.factory is not None:
        parts.append(code_text(setup.factory))
    # The value of each parameter counts even where it changes no text: a memristor's own, for instance.
    parts.append(repr(setup.design) if setup.factory is None else "")
    parts += [f"{name} {code_text(measure.function)}" for name, measure in measures.items()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def task_key(base: str, values: Mapping[str, Any]) -> str:
    """Key of one run: the hash of a sweep's common part and the run's own values (each in its unit)."""
    text = json.dumps([base, sorted(values.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def code_text(function: Any, seen: frozenset[str] = frozenset()) -> str:
    """A function as text that changes with its code, its constants, what it closes over, and what it calls in its file."""
    if isinstance(function, functools.partial):
        inner = [code_text(v, seen) if callable(v) else repr(v) for v in (*function.args, *function.keywords.values())]
        return f"partial({code_text(function.func, seen)}, {inner})"
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    code = getattr(function, "__code__", None)
    if code is None:
        method = getattr(type(function).__call__, "__code__", None) if callable(function) else None
        return f"{name} {'' if method is None else _code(method)} {_state(function)}"
    if name in seen:
        return name
    closed = [_state(cell.cell_contents) for cell in function.__closure__ or ()]
    used = [f"{n}={_global(function, n, seen | {name})}" for n in _names(code) if n in function.__globals__]
    return f"{name} {_code(code)} {_state(function.__defaults__)} {closed} {used}"


def _global(function: Any, name: str, seen: frozenset[str]) -> str:
    """What a function finds under a global name: functions and constants of its own file count by their contents."""
    found = function.__globals__[name]
    if isinstance(found, FunctionType) and found.__module__ == function.__module__:
        return code_text(found, seen)
    return repr(found) if isinstance(found, int | float | str | tuple) else ""


def _names(code: CodeType) -> list[str]:
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _constant(value: Any) -> str:
    # The order within a set differs from one process to the next.
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _state(thing: Any) -> str:
    if isinstance(thing, FunctionType):
        return code_text(thing)
    try:
        return hashlib.sha256(pickle.dumps(thing)).hexdigest()
    except (pickle.PicklingError, TypeError, AttributeError):
        return repr(thing)
