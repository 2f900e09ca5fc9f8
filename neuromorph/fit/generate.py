"""From a memristor's two expressions to the kernel that simulates how it was measured."""

from __future__ import annotations

from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.devices import MemristorModel
from neuromorph.equations import ParameterFolder, load_kernel, print_numba

_kernels: dict[Any, ModuleType] = {}


def is_linear(model: MemristorModel) -> bool:
    """Whether the state moves as ``dx/dt = a(v) - b(v) x`` and the current is linear in the state too.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter.

    Returns
    -------
    bool
        ``True`` of MMS and GMMS: then exponentials solve the state equation.
    """
    current, rate = model.expressions()
    x = sympy.Symbol("x", real=True)
    return bool(
        rate.diff(x) != 0 and all(e.is_polynomial(x) and sympy.expand(e.diff(x, 2)) == 0 for e in (current, rate))
    )


def kernel_of(
    model: MemristorModel, solver: str | None = None, state_range: tuple[float, float] = (0.0, 1.0)
) -> ModuleType:
    """The compiled module of one model, from the disk cache where possible.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter: they are arguments of the kernel.
    solver : {"exponential", "sdirk"}, optional
        What steps through the record; without it ``"exponential"`` where :func:`is_linear` says that it can.
    state_range : tuple of float
        Where the state of a periodic record is looked for (pure numbers).

    Returns
    -------
    module
        With ``response`` and the numbers of the circuit's parameters.
    """
    current, rate = model.expressions()
    key = (model.subcircuit_name, current, rate, tuple(model.values()), solver, state_range)
    if key not in _kernels:
        used = solver or ("exponential" if is_linear(model) else "sdirk")
        source = _device_source(current, rate, list(model.values()), state_range, used == "exponential")
        parts = [source, *(_text(name) for name in (f"response_{used}_kernel.py", "response_kernel.py"))]
        _kernels[key] = load_kernel(f"{model.subcircuit_name[:40]}_response_{used}", "\n\n".join(parts))
    return _kernels[key]


def _text(name: str) -> str:
    return resources.files("neuromorph.fit").joinpath(name).read_text("utf-8")


def _device_source(
    current: Any, rate: Any, parameters: list[str], state_range: tuple[float, float], has_linear: bool
) -> str:
    """The device's functions: both equations with their derivatives; where asked for, the state equation in two parts."""
    v, x = (sympy.Symbol(name, real=True) for name in "vx")
    symbols = {name: sympy.Symbol(name, real=True) for name in parameters}
    # A name of the model must not meet one of the kernel.
    renamed = {symbol: sympy.Symbol(f"p_{name}", real=True) for name, symbol in symbols.items()}
    renamed |= {v: sympy.Symbol("v_", real=True), x: sympy.Symbol("x_", real=True)}
    current, rate = current.xreplace(renamed), rate.xreplace(renamed)
    v, x = renamed[v], renamed[x]
    given = [renamed[symbols[name]] for name in parameters]
    fold = ParameterFolder(given)
    functions = {
        "device": [current, current.diff(v), current.diff(x), rate, rate.diff(v), rate.diff(x)],
    }
    by_parameters = {"device_by_parameters": {"i_p": current, "g_p": rate}}
    if has_linear:
        source, relaxation = rate.subs(x, 0), -rate.diff(x)
        functions["linear_device"] = [current, current.diff(v), current.diff(x)]
        functions["linear_device"] += [source, source.diff(v), relaxation, relaxation.diff(v)]
        by_parameters["linear_device_by_parameters"] = {"i_p": current, "a_p": source, "b_p": relaxation}
    values = {name: [fold(e) for e in expressions] for name, expressions in functions.items()}
    partials = {
        name: {column: [fold(e.diff(p)) for p in given] for column, e in columns.items()}
        for name, columns in by_parameters.items()
    }
    everything = [e for expressions in values.values() for e in expressions]
    everything += [e for columns in partials.values() for expressions in columns.values() for e in expressions]
    names = {s.name for e in everything for s in e.free_symbols}
    used = [s.name for s in [*given, *fold.folded] if s.name in names]
    parts = [f"N_PARAMETERS = {len(parameters)}\nSTATE_LOW, STATE_HIGH = {state_range[0]!r}, {state_range[1]!r}"]
    parts[0] += f"\nIS_LINEAR = {has_linear}"
    for name, expressions in values.items():
        lines, texts = _body(expressions, used)
        parts.append("\n".join(["@njit", f"def {name}(v_, x_, k):", *lines, f"    return {', '.join(texts)}"]))
    for name, columns in partials.items():
        lines, texts = _body([e for expressions in columns.values() for e in expressions], used)
        places = [f"{column}[{i}]" for column in columns for i in range(len(given))]
        lines += [f"    {place} = {text}" for place, text in zip(places, texts, strict=True)]
        parts.append("\n".join(["@njit", f"def {name}(v_, x_, k, {', '.join(columns)}):", *lines]))
    constants = ["@njit", "def constants(a):"]
    constants += [f"    {p.name} = a[{i}]" for i, p in enumerate(given)]
    constants += [f"    {symbol} = {print_numba(value)}" for symbol, value in fold.folded.items()]
    constants += [f"    return ({', '.join(used)},)"]
    return "\n\n\n".join([*parts, "\n".join(constants)]) + "\n"


def _body(expressions: list[Any], used: list[str]) -> tuple[list[str], list[str]]:
    """Lines of a function, and the texts of what it computes."""
    needed = {s.name for e in expressions for s in e.free_symbols}
    lines = [f"    {name} = k[{i}]" for i, name in enumerate(used) if name in needed]
    shared, reduced = sympy.cse(expressions, symbols=sympy.numbered_symbols("c_", real=True), order="none")
    lines += [f"    {symbol} = {print_numba(value)}" for symbol, value in shared]
    return lines, [print_numba(e) for e in reduced]
