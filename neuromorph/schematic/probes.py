"""What to record from a circuit: SPICE vectors, and simple arithmetic of them."""

from __future__ import annotations

import ast
import contextlib
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_VECTOR = re.compile(r"@[A-Za-z][\w.#:]*\[\w+\]|\b[vViI]\([ \t]*[\w.#:]+[ \t]*(?:,[ \t]*[\w.#:]+[ \t]*)?\)", re.ASCII)
_SIMPLE_VECTOR = re.compile(r"(?!v\((?:0|(?i:gnd))\))[vi]\([\w.#]+\)", re.ASCII)
# What may stand between vectors; everything else would be Python, not arithmetic.
_ARITHMETIC = re.compile(r"[0-9eE.+\-*/() \t]*")
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


@dataclass(frozen=True)
class Probe:
    """A quantity to record.

    Parameters
    ----------
    expression : str
        ``"v(node)"``, ``"v(a, b)"``, ``"i(Vsource)"``, ``"@R1[i]"``, or these joined by ``+ - * /``.
    unit : str, optional
        SI unit symbol; where it is left out, that of a single voltage, current or power, else none.

    Raises
    ------
    ValueError
        When the expression cannot be read.

    Examples
    --------
    >>> Probe("v(a, b) * i(V1)", unit="W").vectors
    ('v(a)', 'v(b)', 'i(v1)')
    """

    expression: str
    unit: str | None = None

    def __post_init__(self) -> None:
        if self._is_vector():
            return
        self._tree()
        if not self.vectors:
            raise ValueError(
                f"probe {self.expression!r} names no SPICE vector: write v(node), v(a, b), i(Vsource) or @element[quantity]"
            )

    @property
    def vectors(self) -> tuple[str, ...]:
        """The SPICE vectors to save, in lower case [V or A]."""
        if self._is_vector():
            return (self.expression.lower(),)
        found: dict[str, None] = {}
        for match in _VECTOR.finditer(self.expression):
            found.update(dict.fromkeys(part for part in _parts(match.group()) if part is not None))
        return tuple(found)

    def resolved_unit(self) -> str:
        """The stated unit, or the one of a single voltage or current."""
        if self.unit is not None:
            return self.unit
        if _VECTOR.fullmatch(self.expression.strip()):
            text = self.expression.strip().lower()
            quantity = text.partition("[")[2] or text
            return {"v": "V", "i": "A", "p": "W"}.get(quantity[0], "")
        return ""

    def evaluate(self, vectors: Mapping[str, Any]) -> Any:
        """The probe's values.

        Parameters
        ----------
        vectors : mapping of str to ndarray, shape (n_steps,)
            What the engine saved, in lower case [V or A].

        Returns
        -------
        ndarray, shape (n_steps,)
            In the probe's unit.
        """
        if self._is_vector():
            return vectors[self.vectors[0]]
        names: dict[str, Any] = {}
        for i, match in enumerate(_VECTOR.finditer(self.expression)):
            values = [0.0 if part is None else vectors[part] for part in _parts(match.group())]
            names[f"_{i}"] = values[0] - values[1] if len(values) == 2 else values[0]
        # A resistance v/i has no value where no current flows: nan says so.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return _evaluate(self._tree(), names)

    def _is_vector(self) -> bool:
        # An array has thousands of probes, and nearly all are like this.
        return isinstance(self.expression, str) and _SIMPLE_VECTOR.fullmatch(self.expression) is not None

    def _tree(self) -> ast.expr:
        if not isinstance(self.expression, str):
            raise ValueError(f"a probe is a text such as 'v(out)', got {self.expression!r}")
        count = iter(range(len(self.expression)))
        text = _VECTOR.sub(lambda _: f" _{next(count)} ", self.expression)
        tree = None
        if _ARITHMETIC.fullmatch(_VECTOR.sub("", self.expression)):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                tree = ast.parse(text.strip(), mode="eval").body
        if tree is None or not _is_arithmetic(tree):
            raise ValueError(
                f"cannot read the probe {self.expression!r}: write v(node), v(a, b), i(Vsource), @element[quantity], "
                "joined by + - * /"
            )
        return tree


def _parts(vector: str) -> list[str | None]:
    """The saved vectors behind one that is written: two for a difference, ``None`` for ground."""
    vector = re.sub(r"\s", "", vector.lower())
    if not vector.startswith("v("):
        return [vector]
    return [None if node in ("0", "gnd") else f"v({node})" for node in vector[2:-1].split(",")]


def _is_arithmetic(tree: ast.AST) -> bool:
    if isinstance(tree, ast.BinOp):
        return type(tree.op) in _OPERATORS and _is_arithmetic(tree.left) and _is_arithmetic(tree.right)
    if isinstance(tree, ast.UnaryOp):
        return type(tree.op) in _OPERATORS and _is_arithmetic(tree.operand)
    if isinstance(tree, ast.Constant):
        value = tree.value
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    return isinstance(tree, ast.Name) and re.fullmatch(r"_\d+", tree.id) is not None


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _evaluate(tree: ast.AST, names: Mapping[str, Any]) -> Any:
    if isinstance(tree, ast.BinOp):
        return _OPERATORS[type(tree.op)](_evaluate(tree.left, names), _evaluate(tree.right, names))
    if isinstance(tree, ast.UnaryOp):
        return _OPERATORS[type(tree.op)](_evaluate(tree.operand, names))
    if isinstance(tree, ast.Constant):
        # numpy's float, because a division of Python's own by zero raises.
        assert isinstance(tree.value, int | float)
        return np.float64(tree.value)
    assert isinstance(tree, ast.Name)
    return names[tree.id]
