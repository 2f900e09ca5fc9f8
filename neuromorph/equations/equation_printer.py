"""What the three languages share: decimal numbers, products for powers, nested conditionals, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.precedence import PRECEDENCE

from neuromorph.errors import NeuromorphError

# Largest integer power written as a product. Products, because pow() of a negative base is |x|**n in
# ngspice, and because they are faster and exact everywhere.
_LARGEST_PRODUCT = 8


_PRINTABLE = (
    sympy.Symbol,
    sympy.Float,
    sympy.Rational,
    sympy.NumberSymbol,
    sympy.Add,
    sympy.Mul,
    sympy.Pow,
    sympy.Function,
    sympy.Min,
    sympy.Max,
    sympy.Rel,
    sympy.And,
    sympy.Or,
    sympy.Not,
    sympy.ITE,
)


class UnprintableError(NeuromorphError, ValueError):
    """An expression has a function that a target language lacks; the message lists what it has."""


class EquationPrinter(CodePrinter):
    """Base of the printers.

    Parameters
    ----------
    names : mapping of str to str
        Text for each symbol by its name.
    """

    language = ""
    functions: Mapping[str, str] = {}

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__({"order": "none", "full_prec": False, "allow_unknown_functions": False})
        self.names = names

    def _print(self, expression: Any, **_: Any) -> str:
        # Without this, the base classes would print what they know as text that is no code, such as "oo".
        if not isinstance(expression, _PRINTABLE):
            raise UnprintableError(
                f"{self.language} has no {type(expression).__name__} (in {expression}): write real arithmetic, "
                f"Piecewise with relations, and the functions {self._choices()}"
            )
        if isinstance(expression, sympy.Function) and not isinstance(expression, sympy.Piecewise):
            return self._print_Function(expression)
        return str(super()._print(expression))

    def _choices(self) -> str:
        return f"{', '.join(sorted({*self.functions, 'logistic', 'sign'} - {'pow'}))}, Piecewise and Heaviside"

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
        if exponent.is_Float and float(exponent).is_integer():
            exponent = sympy.Integer(int(exponent))
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
            raise UnprintableError(f"{self.language} has no function {name!r}; it has {self._choices()}")
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

    def _print_Not(self, expression: Any) -> str:
        # sympy makes these where Piecewise conditions nest: as and, or, and the opposite relations.
        return str(self._print(expression.to_nnf()))

    _print_ITE = _print_Not

    def _conditional(self, condition: str, value: str, otherwise: str) -> str:
        return f"(({condition}) ? ({value}) : ({otherwise}))"
