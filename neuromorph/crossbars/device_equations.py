"""From a memristor's two expressions to kernels over an array in which every device has parameters of its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.devices import MemristorModel
from neuromorph.equations import ParameterFolder, load_kernel, print_numba

_kernels: dict[Any, ArrayKernel] = {}


@dataclass(frozen=True)
class ArrayKernel:
    """The compiled functions of one model over an array.

    Parameters
    ----------
    functions : module
        With the functions of ``device_array_kernel.py``.
    n_constants : int
        Numbers that the equations need of each device, made of its parameters.
    is_linear : bool
        Whether the current is a conductance times the voltage, whatever the state.
    """

    functions: ModuleType
    n_constants: int
    is_linear: bool


def array_kernel_of(model: MemristorModel) -> ArrayKernel:
    """The kernel of a model, from the disk cache where possible.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter: they are arguments [SI units].

    Returns
    -------
    ArrayKernel
        The same object for models that differ in values only.
    """
    current, rate = model.expressions()
    key = (model.subcircuit_name, current, rate, tuple(model.values()))
    if key not in _kernels:
        loops = resources.files("neuromorph.crossbars").joinpath("device_array_kernel.py").read_text("utf-8")
        equations, n_constants, is_linear = device_functions(model)
        functions = load_kernel(f"{model.subcircuit_name[:40]}_array", f"{equations}\n\n{loops}")
        _kernels[key] = ArrayKernel(functions, n_constants, is_linear)
    return _kernels[key]


def device_functions(model: MemristorModel) -> tuple[str, int, bool]:
    """The equations of one device as functions that loops over an array, appended to them, can call.

    Parameters
    ----------
    model : MemristorModel
        Its parameter values do not matter: they are arguments [SI units].

    Returns
    -------
    tuple
        Source of ``constants``, ``current_``, ``rate_and_slope_`` and so on, how many constants they use, and whether the
        current is a conductance times the voltage.
    """
    current, rate = model.expressions()
    parameters = list(model.values())
    v, x = (sympy.Symbol(name, real=True) for name in "vx")
    symbols = {name: sympy.Symbol(name, real=True) for name in parameters}
    # A name of the model must not meet one of the kernel.
    renamed = {symbol: sympy.Symbol(f"p_{name}", real=True) for name, symbol in symbols.items()}
    renamed |= {v: sympy.Symbol("v_", real=True), x: sympy.Symbol("x_", real=True)}
    current, rate = current.xreplace(renamed), rate.xreplace(renamed)
    v, x = renamed[v], renamed[x]
    given = [renamed[symbols[name]] for name in parameters]
    slope = current.diff(v)
    is_linear = v not in slope.free_symbols and current.xreplace({v: sympy.Integer(0)}) == 0

    fold = ParameterFolder(given)
    i, i_v, i_x, f, f_v, f_x = (fold(e) for e in (current, slope, current.diff(x), rate, rate.diff(v), rate.diff(x)))
    functions = {
        "current_(v_, x_, k)": (i,),
        "current_and_slope_(v_, x_, k)": (i, i_v),
        # Without a meaning where the current is not linear, and not called there.
        "conductance_(x_, k)": (i_v if is_linear else sympy.Integer(0),),
        "rate_(v_, x_, k)": (f,),
        "rate_and_slope_(v_, x_, k)": (f, f_x),
        "partials_(v_, x_, k)": (i_v, i_x, f_v, f_x),
    }
    fixed = [*(p.name for p in given), *(s.name for s in fold.folded)]
    free = {symbol.name for values in functions.values() for value in values for symbol in value.free_symbols}
    used = [name for name in fixed if name in free]

    lines = ["@njit", "def constants(p, k):"]
    lines += [f"    {p.name} = p[{n}]" for n, p in enumerate(given)]
    lines += [f"    {symbol} = {print_numba(value)}" for symbol, value in fold.folded.items()]
    lines += [f"    k[{n}] = {name}" for n, name in enumerate(used)] or ["    pass"]
    parts = [lines]
    for head, values in functions.items():
        needed = {symbol.name for value in values for symbol in value.free_symbols}
        shared, reduced = sympy.cse(values, symbols=sympy.numbered_symbols("c_", real=True), order="none")
        lines = ["@njit", f"def {head}:"]
        lines += [f"    {name} = k[{n}]" for n, name in enumerate(used) if name in needed]
        lines += [f"    {symbol} = {print_numba(value)}" for symbol, value in shared]
        lines += [f"    return {', '.join(print_numba(value) for value in reduced)}"]
        parts.append(lines)
    return "\n\n\n".join("\n".join(part) for part in parts) + "\n", len(used), is_linear


def exponential_functions() -> str:
    """Text of the functions that exponential steps of devices are made of, for kernels that are not of this room too."""
    return resources.files("neuromorph.crossbars").joinpath("exponential_functions_kernel.py").read_text("utf-8")
