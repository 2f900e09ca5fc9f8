"""Generated derivatives against differences of the rates, for every function that rates may contain."""

from __future__ import annotations

from types import ModuleType

import numba
import numpy as np
import pytest
import sympy

from neuromorph.behaviour.generate import equations_source
from neuromorph.behaviour.jacobian import Tape
from neuromorph.equations import logistic
from neuromorph.equations.kernels import PREAMBLE
from neuromorph.systems import HybridSystem, Mode, State, Unknown

a, b, u, k, w, q, t, t_mode = sympy.symbols("a b u k w q t t_mode")


def loaded(rates, unknowns=None):
    """The generated functions of a system with the states a and b, run by Python."""
    system = HybridSystem(
        name="derivatives",
        states={"a": State(0.0), "b": State(0.0)},
        inputs={"u": "V"},
        parameters={"k": 1.7},
        modes={f"m{i}": Mode(rates={"a": rate, "b": 0}) for i, rate in enumerate(rates)},
        unknowns={name: Unknown(residual) for name, residual in (unknowns or {}).items()},
    )
    source = equations_source(system, derivatives=True)
    assert "DiracDelta" not in source
    module = ModuleType("derivatives")
    was, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    try:
        exec(compile(PREAMBLE + source, "derivatives", "exec"), vars(module))
    finally:
        numba.config.DISABLE_JIT = was
    return module


POINT = {"a": 0.3, "b": 0.8, "t": 0.4, "t_mode": 0.15}
PIECE = (0.2, 1.5, 0.7, 3.0, 0.4)  # offset, slope, amplitude, angular frequency, phase


def rate(module, mode, moved):
    """Rate of a where one quantity is moved; ``time`` moves both clocks and the input."""
    at = POINT | {name: POINT[name] + by for name, by in moved.items() if name != "time"}
    by = moved.get("time", 0.0)
    u_now = module.stimulus_at(at["t"] + by, PIECE)
    p = module.constants(np.array([1.7, 0.0]))
    solved, _, rates, _, _ = module.equations(
        mode, at["t"] + by, at["t_mode"] + by, (at["a"], at["b"]), u_now, p, (0.5, 0.5)
    )
    assert solved
    return rates[0]


def check(module, mode=0):
    p = module.constants(np.array([1.7, 0.0]))
    y, t_now = (POINT["a"], POINT["b"]), POINT["t"]
    u_now, slopes = module.stimulus_at(t_now, PIECE), module.stimulus_slope_at(t_now, PIECE)
    _, z, _, _, _ = module.equations(mode, t_now, POINT["t_mode"], y, u_now, p, (0.5, 0.5))
    by_state, by_time = np.full((2, 2), np.nan), np.full(2, np.nan)
    module.jacobian(mode, t_now, POINT["t_mode"], y, u_now, p, z, slopes, by_state, by_time)
    got = {"a": by_state[0, 0], "b": by_state[0, 1], "time": by_time[0]}
    for name, value in got.items():
        h = 1e-3
        # Richardson's extrapolation of central differences: order 4.
        near, far = (
            (rate(module, mode, {name: s * h}) - rate(module, mode, {name: -s * h})) / (2 * s * h) for s in (1, 2)
        )
        assert value == pytest.approx((4 * near - far) / 3, rel=1e-8, abs=1e-9), name
    assert np.all(by_state[1] == 0)
    return got


EXPRESSIONS = {
    "polynomial": 3 * a**3 * b - k * a / b + b**-2 + a * b * u,
    "powers": a**k + k**a + sympy.sqrt(a + b) + 1 / sympy.sqrt(b) + (a + b) ** (b - u),
    "functions": sum(
        f(a * b / 2 + u / 9) for f in (sympy.exp, sympy.sin, sympy.cos, sympy.tan, sympy.tanh, sympy.sinh, sympy.cosh)
    ),
    "inverse functions": sum(
        f(a * b / 2 + u / 9) for f in (sympy.asin, sympy.acos, sympy.atan, sympy.asinh, sympy.atanh, sympy.erf)
    )
    + sympy.acosh(1 + a + u)
    + sympy.log(a)
    + sympy.atan2(a, b),
    "logistic": logistic((a - b) / 0.1) * b,
    "extremes": sympy.Max(a, b) * sympy.Min(a, k * b, u) + sympy.Max(a - b, 0) + sympy.Max(b - a, 0, u / 9),
    "size": sympy.Abs(a - b) * a + sympy.Abs(sympy.sqrt(a) - 2),
    "jumps": sympy.Heaviside(a - b) * a + sympy.sign(a - b) * b**2 + sympy.Abs(a) * sympy.Heaviside(b),
    "choice": sympy.Piecewise((a**2, a > b), (b * a, (a < b) & (u > 0)), (u, True)),
    "chosen in a choice": sympy.Piecewise(
        (a, a > b), (sympy.Piecewise((b**2, b < 0), (sympy.tanh(a * b), True)), True)
    ),
    "clocks": sympy.sin(3 * t) * a + t_mode**2 * b + sympy.exp(-t_mode) * u,
    "nothing moves": sympy.Integer(3) + k,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_derivatives(name):
    check(loaded([EXPRESSIONS[name]]))


def test_modes_have_derivatives_of_their_own():
    module = loaded([a * b, a * b, a**2 + u])
    assert check(module, 0) == check(module, 1)
    assert check(module, 2)["a"] == pytest.approx(0.6)


def test_unknowns_move_with_the_states():
    """w + w**3 = a u + b, q exp(q) = w + b t; the second depends on the first, and both on time."""
    unknowns = {"w": w + w**3 - a * u - b, "q": q * sympy.exp(q) - w - b * t}
    check(loaded([w * q + a * w**2 + sympy.Max(w - 5, q) + u], unknowns))


def test_a_linear_unknown_is_eliminated():
    check(loaded([w**2 * a], {"w": 3 * w - a * b - u}))


def test_a_slope_that_does_not_exist_is_one_of_its_sides():
    module = loaded([sympy.Max(a, 0) + sympy.Abs(b)])
    by_state, by_time = np.zeros((2, 2)), np.zeros(2)
    module.jacobian(0, 0.0, 0.0, (0.0, 0.0), (0.0,), (0.0,), (0.0,), (0.0,), by_state, by_time)
    assert by_state[0, 0] in (0.0, 1.0)
    assert abs(by_state[0, 1]) <= 1.0


def test_a_value_is_computed_once():
    x = sympy.Symbol("x", real=True)
    tape = Tape({x: {"x": sympy.Integer(1)}})
    tape.derivatives(sympy.tanh(x) * x + sympy.tanh(x))
    assert sum(value.has(sympy.tanh) for _, value in tape.steps) == 1
