"""The package as a whole: light to import, consistent in its names, units in every docstring."""

from __future__ import annotations

import dataclasses
import inspect
import re
import subprocess
import sys

import pytest

import neuromorph as nm

HEAVY = ("numba", "sympy", "scipy", "matplotlib", "PySpice", "xarray", "pandas", "lmfit", "networkx", "rich", "typer")
# How a docstring states a unit, or that there is none.
UNIT = re.compile(
    r"\[[^\]]+\]|SI unit|pure number|in the unit of|in its unit|in `unit`|in their units|'s unit", re.IGNORECASE
)
# The head of a numpydoc entry for numbers: "name : type", type with float or ndarray in it.
ENTRY = re.compile(
    r"^( *)(\S[^\n:]* : [^\n]*\b(?:float|ndarray)\b[^\n]*|(?:float|ndarray)[^\n]*)\n((?:\1 +[^\n]*\n?|\n)*)",
    re.MULTILINE,
)


def test_import_loads_no_heavy_library():
    code = f"import sys, neuromorph; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_takes_less_than_half_a_second():
    code = "import time; t = time.perf_counter(); import neuromorph; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(times) < 0.5


def test_every_public_name_is_there_and_known_to_type_checkers():
    source = inspect.getsource(nm)
    for name in nm.__all__:
        assert getattr(nm, name) is not None
        assert name == "__version__" or f" import {name} as {name}\n" in source


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'MMSS'"):
        _ = nm.MMSS


def test_names_that_others_rely_on():
    fields = {f.name for f in dataclasses.fields(nm.MMS)}
    assert fields == {"r_on", "r_off", "v_on", "v_off", "tau", "temperature"}
    fields = {f.name for f in dataclasses.fields(nm.MemristiveALIF)}
    assert fields == {"memristor", "capacitance", "r_s", "v_th", "v_lo", "v_rest", "r_switch", "x0"} | {
        "amplifier",
        "trigger",
        "transistor",
    }
    fields = {f.name for f in dataclasses.fields(nm.LIF)}
    assert fields == {"capacitance", "r_leak", "v_th", "v_reset", "v_rest", "t_refractory"} | {
        "noise_current",
        "noise_conductance",
        "t_refractory_sd",
        "interpretation",
    }


def _public_objects():
    """Everything that ``nm`` exports, with its public methods, errors apart."""
    for name in nm.__all__:
        thing = getattr(nm, name)
        if not callable(thing) or (inspect.isclass(thing) and issubclass(thing, Exception)):
            continue
        yield name, thing
        for member_name, member in vars(thing).items() if inspect.isclass(thing) else ():
            function = getattr(member, "fget", member)
            if not member_name.startswith("_") and inspect.isfunction(function):
                yield f"{name}.{member_name}", function


@pytest.mark.parametrize(("name", "thing"), list(_public_objects()), ids=lambda x: x if isinstance(x, str) else "")
def test_public_docstring_states_the_unit_of_every_number(name, thing):
    text = inspect.getdoc(thing) or ""
    assert text.strip(), f"{name} has no docstring"
    for _, head, body in ENTRY.findall(text + "\n"):
        assert UNIT.search(head + body), f"{name}: the entry {head!r} states no unit"


def test_a_docstring_without_a_unit_is_caught():
    text = "Do.\n\nParameters\n----------\nspeed : float\n    How fast.\ncount : int\n    How many.\n"
    assert [bool(UNIT.search(head + body)) for _, head, body in ENTRY.findall(text)] == [False]
