"""Parameters that follow from others: formulas read without running them, with exact derivatives."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

_FUNCTIONS = ("exp", "log", "sqrt", "tanh")
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


class Tie:
    """A parameter as a formula of others.

    Parameters
    ----------
    text : str
        Such as ``"v_on"`` or ``"2 * r_on + 50"``: numbers, names, ``+ - * / **``, brackets, and exp, log, sqrt, tanh.

    Attributes
    ----------
    names : tuple of str
        What it depends on.

    Raises
    ------
    ValueError
        When the formula is not of that kind.

    Examples
    --------
    >>> Tie("2 * v_on").value({"v_on": 0.2})
    0.4
    """

    def __init__(self, text: str) -> None:
        import sympy

        self.text = text
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError):
            raise ValueError(f"cannot read the formula {text!r}: {_accepted()}") from None
        self.expression = sympy.sympify(self._read(tree))
        self.names = tuple(sorted(str(s) for s in self.expression.free_symbols))
        arguments = [sympy.Symbol(name, real=True) for name in self.names]
        self._value = sympy.lambdify(arguments, self.expression, "math")
        self._slopes = {
            name: sympy.lambdify(arguments, self.expression.diff(symbol), "math")
            for name, symbol in zip(self.names, arguments, strict=True)
        }

    def value(self, values: Mapping[str, float]) -> float:
        """The formula's value (in SI units, as its names are)."""
        return float(self._value(*(values[name] for name in self.names)))

    def slopes(self, values: Mapping[str, float]) -> dict[str, float]:
        """Its exact derivatives by each name (in SI units)."""
        arguments = [values[name] for name in self.names]
        return {name: float(slope(*arguments)) for name, slope in self._slopes.items()}

    def _read(self, node: ast.AST) -> Any:
        import sympy

        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return sympy.Float(node.value) if isinstance(node.value, float) else sympy.Integer(node.value)
        if isinstance(node, ast.Name):
            return sympy.Symbol(node.id, real=True)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._read(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](self._read(node.left), self._read(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            known = node.func.id in _FUNCTIONS and len(node.args) == 1 and not node.keywords
            if known:
                return getattr(sympy, node.func.id)(self._read(node.args[0]))
        raise ValueError(f"cannot use {ast.unparse(node)!r} in the formula {self.text!r}: {_accepted()}")


def _accepted() -> str:
    return f"a formula has numbers, names of parameters, + - * / ** and {', '.join(_FUNCTIONS)}"
