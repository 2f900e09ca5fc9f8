"""One sympy expression as numba, ngspice or Verilog-A text, with equal values to the last digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Context, Decimal
from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE

from neuromorph.equations.equation_printer import EquationPrinter

_NGSPICE_DIGITS = 10


class _NumbaPrinter(EquationPrinter):
    language = "numba"
    functions: Mapping[str, str] = {
        **{
            name: f"math.{name}"
            for name in [
                "exp",
                "log",
                "sqrt",
                "sin",
                "cos",
                "tan",
                "asin",
                "acos",
                "atan",
                "atan2",
                "sinh",
                "cosh",
                "tanh",
                "asinh",
                "acosh",
                "atanh",
                "erf",
                "expm1",
                "log1p",
            ]
        },
        "Abs": "abs",
        "sign": "_sign",
        "logistic": "_logistic",
        "pow": "math.pow",
        "Min": "min",
        "Max": "max",
    }

    def _conditional(self, condition: str, value: str, otherwise: str) -> str:
        return f"(({value}) if ({condition}) else ({otherwise}))"

    def _print_And(self, expression: Any) -> str:
        return " and ".join(f"({self._print(a)})" for a in expression.args)

    def _print_Or(self, expression: Any) -> str:
        return " or ".join(f"({self._print(a)})" for a in expression.args)


class _LanesPrinter(_NumbaPrinter):
    """With functions that the compiler can write for several numbers at once."""

    functions: Mapping[str, str] = {
        **_NumbaPrinter.functions,
        **{name: f"lane_{name}" for name in ["exp", "log", "tanh", "logistic", "logistic_beside", "logistic_opposite"]},
        "fma": "fma",
    }


class _NgspicePrinter(EquationPrinter):
    """A long number as the sum of two.

    ngspice keeps eleven digits of a number in a behavioural source, also of one in braces.
    """

    language = "ngspice"
    functions: Mapping[str, str] = {
        **{name: name for name in ["exp", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh"]},
        "log": "ln",
        "Abs": "abs",
        "sign": "sgn",
        "pow": "pow",
        "Min": "min",
        "Max": "max",
    }

    def _number(self, value: float) -> str:
        exact = Decimal(repr(float(value)))
        start = Context(prec=_NGSPICE_DIGITS, rounding=ROUND_DOWN).create_decimal(exact)
        text = repr(float(start))
        if start != exact:
            rest = repr(float(exact - start))
            return f"({text}{'' if exact < 0 else '+'}{rest})"
        return text if value >= 0 else f"({text})"

    def _print_Rational(self, expression: Any) -> str:
        return self._number(float(expression))

    _print_Half = _print_Rational

    def _function_logistic(self, argument: Any) -> str:
        # Its exp() stops at 1e99, so this neither overflows nor, like a tanh, loses digits where it is small.
        return f"(1.0/(1.0+exp(-({self._print(argument)}))))"

    def _power(self, base: Any, exponent: Any) -> str:
        # pow() in ngspice is |base|**exponent: right where the base is not negative, which a real power needs.
        if exponent.is_Integer and int(exponent) % 2:
            return f"({self.parenthesize(base, PRECEDENCE['Atom'])}*{self._call('pow', base, exponent - 1)})"
        return self._call("pow", base, exponent)

    def _print_And(self, expression: Any) -> str:
        return " && ".join(f"({self._print(a)})" for a in expression.args)

    def _print_Or(self, expression: Any) -> str:
        return " || ".join(f"({self._print(a)})" for a in expression.args)


class _VerilogAPrinter(EquationPrinter):
    language = "Verilog-A"
    functions: Mapping[str, str] = {
        **{
            name: name
            for name in [
                "exp",
                "sqrt",
                "sin",
                "cos",
                "tan",
                "asin",
                "acos",
                "atan",
                "sinh",
                "cosh",
                "tanh",
                "asinh",
                "acosh",
                "atanh",
                "pow",
            ]
        },
        "log": "ln",
        "Abs": "abs",
        "Min": "min",
        "Max": "max",
    }

    def _function_logistic(self, argument: Any) -> str:
        # No exp() of a large number: it would overflow, and the compiler's derivative would not be a number.
        text = self._print(argument)
        return self._conditional(f"({text}) < 0.0", f"exp({text})/(1.0+exp({text}))", f"1.0/(1.0+exp(-({text})))")

    def _function_sign(self, argument: Any) -> str:
        text = self._print(argument)
        return f"((({text}) > 0.0) ? 1.0 : ((({text}) < 0.0) ? -1.0 : 0.0))"

    _print_And = _NgspicePrinter._print_And
    _print_Or = _NgspicePrinter._print_Or


def _printer(kind: type[EquationPrinter]) -> Callable[[Any, Mapping[str, str]], str]:
    def print_expression(expression: Any, names: Mapping[str, str]) -> str:
        return str(kind(names)._print(sympy.sympify(expression)))

    return print_expression


_numba, _lanes = _printer(_NumbaPrinter), _printer(_LanesPrinter)
_ngspice, _verilog_a = _printer(_NgspicePrinter), _printer(_VerilogAPrinter)


def print_numba(expression: Any, names: Mapping[str, str] | None = None) -> str:
    """Print as Python source that numba compiles.

    Parameters
    ----------
    expression : sympy expression
        What to print.
    names : mapping of str to str, optional
        Text for each symbol by its name; the name itself where missing.

    Returns
    -------
    str
        Source text that uses ``math``, ``_logistic`` and ``_sign``.

    Raises
    ------
    UnprintableError
        When the language lacks a function of the expression.
    """
    return _numba(expression, names or {})


def print_lanes(expression: Any, names: Mapping[str, str] | None = None) -> str:
    """Print as Python source that numba compiles to vector instructions.

    Parameters
    ----------
    expression : sympy expression
        What to print.
    names : mapping of str to str, optional
        Text for each symbol by its name; the name itself where missing.

    Returns
    -------
    str
        Source text that uses ``math``, ``_sign``, ``fma`` and the functions ``lane_...`` of
        ``behaviour/lane_functions_kernel.py``.

    Raises
    ------
    UnprintableError
        When the language lacks a function of the expression.
    """
    return _lanes(expression, names or {})


def print_ngspice(expression: Any, names: Mapping[str, str] | None = None) -> str:
    """Print as the expression of an ngspice behavioural source.

    Parameters
    ----------
    expression : sympy expression
        What to print.
    names : mapping of str to str, optional
        Text for each symbol by its name, such as ``"v(p,n)"`` or ``"({r_on})"``.

    Returns
    -------
    str
        Expression text, safe to paste.

    Raises
    ------
    UnprintableError
        When the language lacks a function of the expression.
    """
    return _ngspice(expression, names or {})


def print_verilog_a(expression: Any, names: Mapping[str, str] | None = None) -> str:
    """Print as a Verilog-A expression.

    Parameters
    ----------
    expression : sympy expression
        What to print.
    names : mapping of str to str, optional
        Text for each symbol by its name.

    Returns
    -------
    str
        Expression text in which every number is real.

    Raises
    ------
    UnprintableError
        When the language lacks a function of the expression.
    """
    return _verilog_a(expression, names or {})
