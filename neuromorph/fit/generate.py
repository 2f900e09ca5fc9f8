"""From a memristor's two expressions to the kernel that simulates how it was measured."""

from __future__ import annotations

from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.devices import MemristorModel
from neuromorph.equations import ParameterFolder, load_kernel, print_numba

_kernels: dict[Any, ModuleType] = {}


def kernel_of(model: MemristorModel, state_range: tuple[float, float] = (0.0, 1.0)) -> ModuleType:
    """The compiled module of one model, from the disk cache where possible.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter: they are arguments of the kernel.
    state_range : tuple of float
        Where the state of a periodic record is looked for (pure numbers).

    Returns
    -------
    module
        With ``response`` and the numbers of the circuit's parameters.
    """
    current, rate = model.expressions()
    key = (model.subcircuit_name, current, rate, tuple(model.values()), state_range)
    if key not in _kernels:
        solver = resources.files("neuromorph.fit").joinpath("response_kernel.py").read_text("utf-8")
        source = _device_source(current, rate, list(model.values()), state_range)
        _kernels[key] = load_kernel(f"{model.subcircuit_name[:40]}_response", f"{source}\n\n{solver}")
    return _kernels[key]


def _device_source(current: Any, rate: Any, parameters: list[str], state_range: tuple[float, float]) -> str:
    v, x = (sympy.Symbol(name, real=True) for name in "vx")
    symbols = {name: sympy.Symbol(name, real=True) for name in parameters}
    # A name of the model must not meet one of the kernel.
    renamed = {symbol: sympy.Symbol(f"p_{name}", real=True) for name, symbol in symbols.items()}
    renamed |= {v: sympy.Symbol("v_", real=True), x: sympy.Symbol("x_", real=True)}
    current, rate = current.xreplace(renamed), rate.xreplace(renamed)
    v, x = renamed[v], renamed[x]
    given = [renamed[symbols[name]] for name in parameters]
    fold = ParameterFolder(given)
    values = [fold(e) for e in (current, current.diff(v), current.diff(x), rate, rate.diff(v), rate.diff(x))]
    partials = [fold(e.diff(p)) for e in (current, rate) for p in given]
    used: list[str] = []
    fixed = [*(p.name for p in given), *(s.name for s in fold.folded)]
    for expression in [*values, *partials]:
        names = {s.name for s in expression.free_symbols}
        used += [name for name in fixed if name in names and name not in used]

    def body(expressions: list[Any]) -> tuple[list[str], list[str]]:
        needed = {s.name for e in expressions for s in e.free_symbols}
        lines = [f"    {name} = k[{i}]" for i, name in enumerate(used) if name in needed]
        shared, reduced = sympy.cse(expressions, symbols=sympy.numbered_symbols("c_", real=True), order="none")
        lines += [f"    {symbol} = {print_numba(value)}" for symbol, value in shared]
        return lines, [print_numba(e) for e in reduced]

    lines, texts = body(values)
    device = ["@njit", "def device(v_, x_, k):", *lines, f"    return {', '.join(texts)}"]
    lines, texts = body(partials)
    n = len(parameters)
    by_parameters = ["@njit", "def device_by_parameters(v_, x_, k, i_p, g_p):", *lines]
    by_parameters += [f"    i_p[{i}] = {text}" for i, text in enumerate(texts[:n])]
    by_parameters += [f"    g_p[{i}] = {text}" for i, text in enumerate(texts[n:])]
    constants = ["@njit", "def constants(a):"]
    constants += [f"    {p.name} = a[{i}]" for i, p in enumerate(given)]
    constants += [f"    {symbol} = {print_numba(value)}" for symbol, value in fold.folded.items()]
    constants += [f"    return ({', '.join(used)},)"]
    sizes = f"N_PARAMETERS = {n}\nSTATE_LOW, STATE_HIGH = {state_range[0]!r}, {state_range[1]!r}\n"
    return "\n\n".join([sizes, *("\n".join(part) + "\n" for part in (device, by_parameters, constants))])
