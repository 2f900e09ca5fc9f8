"""What makes two runs the same: a hash of all that their result depends on."""

from __future__ import annotations

import functools
import hashlib
import json
import pickle
from collections.abc import Mapping
from types import CodeType
from typing import Any

from neuromorph.sweeps.measures import Measure
from neuromorph.sweeps.setup import Setup
from neuromorph.version import __version__


def base_digest(setup: Setup, measures: Mapping[str, Measure]) -> str:
    """Hash of everything that is common to the runs of a sweep.

    Parameters
    ----------
    setup : Setup
        Before parameters are changed (SI units).
    measures : mapping of str to Measure
        What is measured.

    Returns
    -------
    str
        Changes with the design's equations or deck, the drive, the engine, the settings, the measures, and the
        version of this package.
    """
    parts = [__version__, setup.statement()]
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


def code_text(function: Any) -> str:
    """A function as text that changes when its code, its constants or what it closes over change."""
    if isinstance(function, functools.partial):
        inner = [code_text(v) if callable(v) else repr(v) for v in (*function.args, *function.keywords.values())]
        return f"partial({code_text(function.func)}, {inner})"
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    code = getattr(function, "__code__", None)
    if code is None:
        method = getattr(type(function).__call__, "__code__", None) if callable(function) else None
        return f"{name} {'' if method is None else _code(method)} {_state(function)}"
    closed = [_state(cell.cell_contents) for cell in function.__closure__ or ()]
    return f"{name} {_code(code)} {_state(function.__defaults__)} {closed}"


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {constants}"


def _state(thing: Any) -> str:
    if callable(thing) and hasattr(thing, "__code__"):
        return code_text(thing)
    try:
        return hashlib.sha256(pickle.dumps(thing)).hexdigest()
    except (pickle.PicklingError, TypeError, AttributeError):
        return repr(thing)
