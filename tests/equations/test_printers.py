"""The three printers against mpmath at 50 digits: fixed expressions, random expressions, refusals."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from printed_text import ngspice_values, verilog_a_value
from sympy import Abs, Heaviside, Max, Min, Piecewise, Rational, cosh, exp, log, sign, sinh, sqrt, tanh

from neuromorph.equations import (
    UnprintableError,
    load_kernel,
    logistic,
    print_ngspice,
    print_numba,
    print_verilog_a,
)

TOLERANCE = 1e-12
x, y, z, w = SYMBOLS = sympy.symbols("x y z w", real=True)

# Every construction, and what was once wrong or is easily wrong in one of the languages.
EXPRESSIONS = [
    logistic(x),
    logistic(-30 * x),
    logistic(30 * x),
    1 - logistic(x / 3),
    # ngspice ends exp() at 1e99, hence logistic() at 1e-99.
    logistic(100 * x) + logistic(-100 * y),
    exp(x * y),
    exp(-x) * exp(-y),
    log(Abs(x) + 1),
    sqrt(x**2 + y**2),
    1 / sqrt(2 + sinh(x) ** 2),
    tanh(x / 2),
    sinh(y),
    cosh(x - y),
    sympy.atan(x) * sympy.sin(y) + sympy.cos(x),
    Abs(x - y),
    sign(x) * 2 + sign(y),
    Min(x, y) - Max(x, y, z),
    Min(x, y, z, w),
    Heaviside(x) * z + Heaviside(-x) * w,
    Piecewise((x**2, x > y), (-y / 3, True)),
    Piecewise((x, x < -1), (2 * y, (x < 1) & (y > 0)), (z, (y < -1) | (x > 0.5)), (w, True)),
    Piecewise((1, sympy.Ne(x, 0)), (2, True)) + Piecewise((1, x >= 0), (5, x <= -2), (7, True)),
    Piecewise((x, sympy.Not((x > 0) & (y < 0))), (z, True)),
    Piecewise((x, Piecewise((y, x > 0), (z, True)) < 0), (w, True)),
    x**2,
    x**3,
    x**7,
    x**8,
    x**9,
    (x - y) ** 11,
    x**12,
    x**-3,
    (x * y) ** -9,
    x**3.0,
    x**-2.0,
    Abs(x) ** 2.5,
    (x**2 + 1) ** y,
    (x**2 + 1) ** Rational(1, 3),
    (x**2 + 1) ** Rational(-3, 2),
    x / 2,
    Rational(1, 2) + x * Rational(3, 7),
    Rational(-5, 3) * x,
    (x + y) * Rational(1, 3) - Rational(2, 3),
    -(x - (y - (z - w))),
    x - (-y),
    -x * -y / -z,
    -(x**2),
    (-x) ** 3,
    x / (y / z),
    x / y / z,
    x / (y * z),
    (x - y) * (z - w) * (x + w),
    (x - y) / ((z - w) * (x + w)),
    1 / (1 / x + 1 / y),
    (1 + x) * (1 - x) / (2 - y * (1 - z)),
    sympy.pi * x + sympy.E * y,
    0.1234567890123456 * x,
    -0.1234567890123456 * x,
    x - 0.1234567890123456,
    1.380649e-23 * x / 1.602176634e-19,
    12345678901.25 + x,
    123456789012345678 * x,
    1e-15 * x + 1e22 * y,
    x * sympy.Float("6.02214076e23"),
    Rational(1, 123456789) * x,
    1 / (x + 123456789.123456),
    sympy.Integer(3),
    sympy.Float(-2.5),
    sympy.Integer(-1) / 3,
]

POINTS = [
    {"x": 0.7348912345678901, "y": -1.3123456789012345, "z": 0.2456789012345678, "w": 1.9345678901234567},
    {"x": -0.5123456789012345, "y": 0.8765432109876543, "z": -1.4142135623730951, "w": -0.3333333333333333},
]


def reference(expression, point) -> mpmath.mpf:
    """The value at 50 digits, of the very floats of the point."""
    own = {"logistic": lambda u: 1 / (1 + mpmath.exp(-u)), "Heaviside": lambda u, *_: mpmath.mpf(u >= 0)}
    with mpmath.workdps(50):
        function = sympy.lambdify(
            SYMBOLS, expression.evalf(50) if expression.is_number else expression, [own, "mpmath"]
        )
        return mpmath.mpf(function(*(mpmath.mpf(point[s.name]) for s in SYMBOLS)))


def relative(value: float, exact: mpmath.mpf) -> float:
    with mpmath.workdps(50):
        return float(abs(mpmath.mpf(value) - exact) / abs(exact)) if exact else abs(value)


def numba_values(expressions, point) -> list[float]:
    lines = [
        f"    out[{i}] = {print_numba(e, {s.name: f'p[{k}]' for k, s in enumerate(SYMBOLS)})}"
        for i, e in enumerate(expressions)
    ]
    body = "\n".join(["@kernel", "def evaluate(p):", f"    out = np.empty({len(lines)})", *lines, "    return out", ""])
    values = load_kernel("printer_test", body).evaluate(np.array([point[s.name] for s in SYMBOLS]))
    return [float(v) for v in values]


def verilog_a_values(expressions, point) -> list[float]:
    return [verilog_a_value(print_verilog_a(e), point) for e in expressions]


def ngspice_parameter_values(expressions, point, folder) -> list[float]:
    texts = [print_ngspice(e, {s.name: f"({{{s.name}}})" for s in SYMBOLS}) for e in expressions]
    return ngspice_values(folder, texts, point, {})


def ngspice_node_values(expressions, point, folder) -> list[float]:
    texts = [print_ngspice(e, {s.name: f"v({s.name})" for s in SYMBOLS}) for e in expressions]
    return ngspice_values(folder, texts, {}, point)


def check(values, expressions, point, tolerance=TOLERANCE) -> None:
    assert len(values) == len(expressions)
    errors = [relative(v, reference(e, point)) for v, e in zip(values, expressions, strict=True)]
    wrong = [
        f"{e}: {v!r} instead of {mpmath.nstr(reference(e, point), 17)} (off by {error:.1e})"
        for e, v, error in zip(expressions, values, errors, strict=True)
        if not error <= tolerance
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("point", POINTS)
def test_numba_equals_mpmath(point):
    check(numba_values(EXPRESSIONS, point), EXPRESSIONS, point)


@pytest.mark.parametrize("point", POINTS)
def test_verilog_a_equals_mpmath(point):
    check(verilog_a_values(EXPRESSIONS, point), EXPRESSIONS, point)


@pytest.mark.parametrize("point", POINTS)
def test_ngspice_equals_mpmath_with_parameters(point, tmp_path):
    check(ngspice_parameter_values(EXPRESSIONS, point, tmp_path), EXPRESSIONS, point)


@pytest.mark.parametrize("point", POINTS)
def test_ngspice_equals_mpmath_with_node_voltages(point, tmp_path):
    # ngspice starts from 0 V, where these have no value.
    poles = [e for e in EXPRESSIONS if not sympy.sympify(e.subs(dict.fromkeys(SYMBOLS, 0))).is_finite]
    kept = [e for e in EXPRESSIONS if e not in poles]
    assert len(kept) > 50
    check(ngspice_node_values(kept, point, tmp_path), kept, point)


LEAVES = [*SYMBOLS, *map(sympy.Float, (2.0, -0.75, 1.0 / 3.0, 11604.518121550082)), sympy.Integer(2), Rational(2, 7)]
ONE = [logistic, exp, tanh, sinh, sympy.atan, Abs, sympy.cos, lambda a: a**2, lambda a: a**3, lambda a: -a]
ONE += [lambda a: 1 / a, lambda a: a**-2, lambda a: sqrt(Abs(a)), lambda a: log(Abs(a) + 0.1)]
TWO = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    Max,
    Min,
    lambda a, b: Piecewise((a, a > b), (b / 2, True)),
    lambda a, b: Piecewise((a, (a > 0) & (b < 1)), (a - b, a <= -1), (a * b, True)),
    lambda a, b: Heaviside(a - b, 1) * a,
]


def random_tree(rng: np.random.Generator, depth: int):
    if depth == 0 or rng.random() < 0.1:
        return LEAVES[rng.integers(len(LEAVES))]
    if rng.random() < 0.4:
        return ONE[rng.integers(len(ONE))](random_tree(rng, depth - 1))
    return TWO[rng.integers(len(TWO))](random_tree(rng, depth - 1), random_tree(rng, depth - 1))


def well_conditioned(expression, point) -> bool:
    """Whether the value is real, of moderate size, and moves little when symbols and numbers do."""
    if not expression.free_symbols or expression.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo):
        return False

    def moved(by: float):
        numbers = {n: n * (1 + by) for n in expression.atoms(sympy.Float)}
        return expression.xreplace(numbers), {name: value * (1 - by) for name, value in point.items()}

    try:
        exact = reference(expression, point)
        changed = [reference(*moved(by)) for by in (1e-9, -1e-9)]
        return 1e-20 < abs(exact) < 1e20 and all(relative(float(c), exact) < 1e-8 for c in changed)
    except (ZeroDivisionError, TypeError, ValueError, OverflowError):
        return False


def test_random_expressions_agree_in_all_three_languages(tmp_path):
    rng = np.random.default_rng(20240607)
    for point in POINTS:
        expressions = []
        while len(expressions) < 50:
            try:
                tree = random_tree(rng, 3)
            except (TypeError, ValueError):  # sympy refuses to compare what is not real
                continue
            if well_conditioned(tree, point):
                expressions.append(tree)
        check(numba_values(expressions, point), expressions, point)
        check(verilog_a_values(expressions, point), expressions, point)
        check(ngspice_parameter_values(expressions, point, tmp_path), expressions, point)


@given(st.floats(-1e80, 1e80).filter(lambda value: value == 0.0 or abs(value) > 1e-290))
def test_every_float_is_printed_with_all_its_digits(value):
    """numba and Verilog-A keep the float; the two parts for ngspice have ten digits each and the right sum."""
    number = sympy.Float(value)
    for text in (print_numba(number), print_verilog_a(number)):
        assert float(text.strip("()")) == value
    text = print_ngspice(number)
    parts = [float(p) for p in re.findall(r"(?:(?<=\()-|(?<!e)[+-])?[\d.]+(?:e[+-]?\d+)?", text)]
    assert math.fsum(parts) == pytest.approx(value, rel=3e-16, abs=0)
    for digits in re.findall(r"([\d.]+)(?:e[+-]?\d+)?", text):
        assert len(digits.replace(".", "").strip("0")) <= 11


def test_floats_reach_ngspice_with_all_their_digits(tmp_path):
    rng = np.random.default_rng(5)
    values = [*(rng.choice([-1, 1], 200) * 10.0 ** rng.uniform(-40, 40, 200)), 1e22, 1e-7, 0.1 + 0.2, 1 / 3]
    texts = [print_ngspice(sympy.Float(float(v), 17)) for v in values]
    got = np.array(ngspice_values(tmp_path, texts, {}, {}))
    assert np.max(np.abs(got / np.array(values) - 1)) < 1e-15


PRINTERS = {"numba": print_numba, "ngspice": print_ngspice, "Verilog-A": print_verilog_a}


@pytest.mark.parametrize(("language", "printer"), PRINTERS.items(), ids=PRINTERS)
@pytest.mark.parametrize(
    "expression",
    [
        sympy.gamma(x),
        sympy.Function("conductance")(x),
        sympy.floor(x),
        sympy.Mod(x, 2),
        sympy.oo * (x**2 + 1),
        sympy.nan + x,
        sympy.zoo,
        sympy.I * x,
        sympy.Derivative(sympy.Function("f")(x), x),
        sympy.Integral(exp(-(x**2)), (x, 0, y)),
        sympy.DiracDelta(x),
        Piecewise((x, sympy.Contains(x, sympy.Interval(0, 1))), (y, True)),
    ],
    ids=str,
)
def test_what_a_language_lacks_is_refused_with_the_choices(language, printer, expression):
    with pytest.raises(UnprintableError, match=f"{language} has no ") as caught:
        printer(expression)
    for choice in ("exp", "tanh", "logistic", "Piecewise", "Heaviside", "Abs", "sign"):
        assert choice in str(caught.value)


@pytest.mark.parametrize("printer", PRINTERS.values(), ids=PRINTERS)
def test_a_piecewise_that_has_no_value_somewhere_is_refused(printer):
    with pytest.raises(UnprintableError, match=r"last branch \(value, True\)"):
        printer(Piecewise((x, x > 0), (y, x < -1)))


def test_functions_that_only_one_language_has():
    assert print_numba(sympy.erf(x)) == "math.erf(x)"
    with pytest.raises(UnprintableError, match="ngspice has no function 'erf'"):
        print_ngspice(sympy.erf(x))


def test_names_are_replaced_and_only_whole_symbols():
    names = {"x": "v(x)", "y": "({y})"}
    assert print_ngspice(x * y + z, names) == "z + v(x)*({y})"


def test_half_is_no_integer_division():
    assert verilog_a_value("1/2", {}) == 0.0  # the reader knows the trap
    assert verilog_a_value(print_verilog_a(Rational(1, 2) * x), {"x": 3.0}) == 1.5
    assert verilog_a_value(print_verilog_a(x ** Rational(1, 2)), {"x": 9.0}) == 3.0
    assert verilog_a_value(print_verilog_a(x ** Rational(3, 2)), {"x": 9.0}) == pytest.approx(27.0, rel=1e-15)


def test_logistic_neither_overflows_nor_loses_digits_far_out(tmp_path):
    values = [-700.0, -200.0, -37.0, -10.0, 0.0, 5.0, 40.0, 700.0]
    arguments = [logistic(sympy.Float(v) * x) for v in values]
    point = {"x": 1.0, "y": 0.0, "z": 0.0, "w": 0.0}
    check(numba_values(arguments, point), arguments, point)
    check(verilog_a_values(arguments, point), arguments, point)
    check(ngspice_parameter_values(arguments[1:], point, tmp_path), arguments[1:], point)


def test_logistic_derivative_is_exact():
    for value in (-30.0, -1.0, 0.5, 30.0):
        derivative = logistic(x).diff(x)
        with mpmath.workdps(50):
            exact = mpmath.diff(lambda u: 1 / (1 + mpmath.exp(-u)), mpmath.mpf(value))
        got = numba_values([derivative], {"x": value, "y": 0.0, "z": 0.0, "w": 0.0})[0]
        assert relative(got, exact) < 1e-14
