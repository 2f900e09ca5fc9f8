"""One sympy expression as numba, ngspice or Verilog-A text, with equal values to the last digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.precedence import PRECEDENCE

from neuromorph.errors import NeuromorphError

# Largest integer power written as a product. Products, because pow() of a negative base is |x|**n in
# ngspice, and because they are faster and exact everywhere.
_LARGEST_PRODUCT = 8


class UnprintableError(NeuromorphError, ValueError):
    """An expression has a function that a target language lacks; the message lists what it has."""


class _EquationPrinter(CodePrinter):
    """What the three languages share: decimal numbers, products for powers, nested conditionals."""

    language = ""
    functions: Mapping[str, str] = {}

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__({"order": "none", "full_prec": False, "allow_unknown_functions": False})
        self.names = names

    def _print_Symbol(self, expression: Any) -> str:
        return self.names.get(expression.name, expression.name)

    def _number(self, value: float) -> str:
        text = repr(float(value))
        return text if value >= 0 else f"({text})"

    def _print_Float(self, expression: Any) -> str:
        return self._number(float(expression))

    def _print_Integer(self, expression: Any) -> str:
        return self._number(float(int(expression)))

    def _print_Rational(self, expression: Any) -> str:
        # A plain 1/2 is an integer division, hence zero, in Verilog-A.
        return f"({float(expression.p)!r}/{float(expression.q)!r})"

    _print_Half = _print_Rational
    _print_One = _print_Zero = _print_NegativeOne = _print_Integer

    def _print_NumberSymbol(self, expression: Any) -> str:
        return self._number(float(expression))

    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def _print_Pow(self, expression: Any, rational: bool = False) -> str:
        base, exponent = expression.base, expression.exp
        if exponent.is_Integer and 0 < abs(int(exponent)) <= _LARGEST_PRODUCT:
            factor = self.parenthesize(base, PRECEDENCE["Atom"])
            product = "*".join([factor] * abs(int(exponent)))
            if exponent > 0:
                return f"({product})" if int(exponent) > 1 else product
            return f"(1.0/({product}))"
        if exponent == sympy.Rational(1, 2):
            return self._call("sqrt", base)
        if exponent == sympy.Rational(-1, 2):
            return f"(1.0/{self._call('sqrt', base)})"
        return self._power(base, exponent)

    def _power(self, base: Any, exponent: Any) -> str:
        return self._call("pow", base, exponent)

    def _call(self, name: str, *arguments: Any) -> str:
        return f"{self.functions[name]}({', '.join(self._print(a) for a in arguments)})"

    def _print_Function(self, expression: Any) -> str:
        name = type(expression).__name__
        special = getattr(self, f"_function_{name}", None)
        if special is not None:
            return str(special(*expression.args))
        if name not in self.functions:
            raise UnprintableError(
                f"{self.language} has no function {name!r}; it has {', '.join(sorted(self.functions))}, logistic, "
                "Piecewise and Heaviside"
            )
        return self._call(name, *expression.args)

    def _function_Heaviside(self, argument: Any, *_: Any) -> str:
        return self._conditional(f"{self._print(argument)} >= 0.0", "1.0", "0.0")

    def _print_Max(self, expression: Any) -> str:
        return self._nested("Max", expression.args)

    def _print_Min(self, expression: Any) -> str:
        return self._nested("Min", expression.args)

    def _nested(self, name: str, arguments: Any) -> str:
        text = str(self._print(arguments[0]))
        for argument in arguments[1:]:
            text = f"{self.functions[name]}({text}, {self._print(argument)})"
        return text

    def _print_Piecewise(self, expression: Any) -> str:
        if expression.args[-1].cond != sympy.true:
            raise UnprintableError("a Piecewise needs a last branch (value, True): otherwise it has no value somewhere")
        text = str(self._print(expression.args[-1].expr))
        for value, condition in reversed(expression.args[:-1]):
            text = self._conditional(self._print(condition), self._print(value), text)
        return text

    def _print_Relational(self, expression: Any) -> str:
        left, right = self._print(expression.lhs), self._print(expression.rhs)
        return f"({left} {expression.rel_op} {right})"

    def _conditional(self, condition: str, value: str, otherwise: str) -> str:
        return f"(({condition}) ? ({value}) : ({otherwise}))"


class _NumbaPrinter(_EquationPrinter):
    language = "numba"
    functions: Mapping[str, str] = {
        **{
            name: f"math.{name}"
            for name in ["exp", "log", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "expm1", "log1p"]
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


class _NgspicePrinter(_EquationPrinter):
    """Every number and every parameter in ``({...})``.

    Braces, because ngspice keeps eleven digits of a number that stands bare in a behavioural source;
    parentheses, because it pastes what braces hold without any.
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
        text = repr(float(value))
        short = len(text.replace(".", "").replace("-", "").lstrip("0")) <= 10 and "e" not in text
        if short:
            return text if value >= 0 else f"({text})"
        return f"({{{text}}})"

    def _print_Rational(self, expression: Any) -> str:
        return self._number(float(expression))

    _print_Half = _print_Rational

    def _function_logistic(self, argument: Any) -> str:
        return f"(0.5*(1.0+tanh(0.5*({self._print(argument)}))))"

    def _power(self, base: Any, exponent: Any) -> str:
        # pow() in ngspice is |base|**exponent: right where the base is not negative, which a real power needs.
        if exponent.is_Integer:
            raise UnprintableError(f"ngspice evaluates a power of {exponent} wrongly for negative bases")
        return self._call("pow", base, exponent)

    def _print_And(self, expression: Any) -> str:
        return " && ".join(f"({self._print(a)})" for a in expression.args)

    def _print_Or(self, expression: Any) -> str:
        return " || ".join(f"({self._print(a)})" for a in expression.args)


class _VerilogAPrinter(_EquationPrinter):
    language = "Verilog-A"
    functions: Mapping[str, str] = {
        **{name: name for name in ["exp", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "pow"]},
        "log": "ln",
        "Abs": "abs",
        "Min": "min",
        "Max": "max",
    }

    def _function_logistic(self, argument: Any) -> str:
        # tanh keeps the compiler's derivative finite where exp would overflow.
        return f"(0.5*(1.0+tanh(0.5*({self._print(argument)}))))"

    def _function_sign(self, argument: Any) -> str:
        text = self._print(argument)
        return f"((({text}) > 0.0) ? 1.0 : ((({text}) < 0.0) ? -1.0 : 0.0))"

    _print_And = _NgspicePrinter._print_And
    _print_Or = _NgspicePrinter._print_Or


def _printer(kind: type[_EquationPrinter]) -> Callable[[Any, Mapping[str, str]], str]:
    def print_expression(expression: Any, names: Mapping[str, str]) -> str:
        return str(kind(names)._print(sympy.sympify(expression)))

    return print_expression


_numba, _ngspice, _verilog_a = _printer(_NumbaPrinter), _printer(_NgspicePrinter), _printer(_VerilogAPrinter)


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
