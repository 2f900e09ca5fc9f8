"""Derivatives of a system's rates: expressions as a list of elementary steps, differentiated one by one.

The chain rule on elementary steps (automatic differentiation in forward mode, at the time of writing the
code) gives each derivative in terms of values that are computed anyway, takes time in proportion to the
expressions, and differentiates what sympy gives up on or answers with a Dirac delta.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import sympy

Derivatives = Mapping[Hashable, Any]


class Tape:
    """Elementary steps that compute expressions and their derivatives in several directions.

    Functions that jump (``sign``, ``Heaviside``, a ``Piecewise`` at its limits) have the derivative zero where they
    do; ``Max``, ``Min`` and ``Abs`` have that of one side where they bend.

    Parameters
    ----------
    seeds : mapping of sympy.Symbol to mapping of direction to sympy expression
        Derivative of every symbol that moves, by direction, any hashable name [symbol's unit / direction's unit].
    names : iterator of sympy.Symbol, optional
        New symbols; ``j_0``, ``j_1`` and so on without it.

    Attributes
    ----------
    steps : list of tuple of sympy.Symbol and sympy expression
        Assignments, in order.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> tape = Tape({x: {"x": sympy.Integer(1)}, y: {"y": sympy.Integer(1)}})
    >>> derivatives = tape.derivatives(x * sympy.exp(y))
    >>> tape.steps
    [(j_0, exp(y)), (j_1, j_0*x)]
    >>> derivatives
    {'y': j_1, 'x': j_0}
    """

    def __init__(self, seeds: Mapping[Any, Derivatives], names: Iterator[Any] | None = None) -> None:
        self.steps: list[tuple[Any, Any]] = []
        self._derivatives: dict[Any, Derivatives] = dict(seeds)
        self._seeds = set(seeds)
        self._placed: dict[Any, Any] = {}
        self._names = names or sympy.numbered_symbols("j_", real=True)
        self._symbols: dict[Any, Any] = {}

    def derivatives(self, expression: Any) -> Derivatives:
        """Derivative of an expression in every direction in which it has one.

        Parameters
        ----------
        expression : sympy expression
            In the symbols of the seeds and others, which do not move [any unit].

        Returns
        -------
        mapping of direction to sympy expression
            In symbols that the steps assign [expression's unit / direction's unit].
        """
        return self._derivatives.get(self._place(expression), {})

    def seed(self, symbol: Any, derivatives: Derivatives) -> None:
        """Say anew how a symbol moves; what was computed from it is forgotten.

        Parameters
        ----------
        symbol : sympy.Symbol
            What moves.
        derivatives : mapping of direction to sympy expression
            Its derivatives [symbol's unit / direction's unit].
        """
        self._seeds.add(symbol)
        self._derivatives = {s: d for s, d in self._derivatives.items() if s in self._seeds} | {symbol: derivatives}
        self._placed.clear()

    def assign(self, value: Any) -> Any:
        """A symbol for a value (any unit), unless it is a symbol or number already."""
        if value.is_Atom:
            return value
        if value not in self._symbols:
            self._symbols[value] = next(self._names)
            self.steps.append((self._symbols[value], value))
        return self._symbols[value]

    def _place(self, expression: Any) -> Any:
        """The symbol or number that stands for an expression."""
        if expression.is_Atom:
            return expression
        if expression not in self._placed:
            self._placed[expression] = self._step(expression)
        return self._placed[expression]

    def _step(self, expression: Any) -> Any:
        if not any(self._derivatives.get(s) for s in expression.free_symbols):
            return self.assign(expression)
        if isinstance(expression, sympy.Piecewise):
            return self._choice([(self._place(e), self._condition(c)) for e, c in expression.args])
        if isinstance(expression, sympy.Max | sympy.Min):
            return self._extreme(expression)
        node = expression.func(*map(self._place, expression.args))
        symbol = self.assign(node)
        if symbol is not node:
            self._derivatives[symbol] = self._chain(node, symbol)
        return symbol

    def _condition(self, condition: Any) -> Any:
        if condition.is_Atom:
            return condition
        place = self._place if isinstance(condition, sympy.Rel) else self._condition
        return condition.func(*map(place, condition.args))

    def _choice(self, branches: list[tuple[Any, Any]]) -> Any:
        symbol = self.assign(_piecewise(branches))
        directions = dict.fromkeys(d for value, _ in branches for d in self._derivatives.get(value, {}))
        if not symbol.is_number:
            self._derivatives[symbol] = {
                d: self.assign(
                    _piecewise([(self._derivatives.get(v, {}).get(d, sympy.S.Zero), c) for v, c in branches])
                )
                for d in directions
            }
        return symbol

    def _extreme(self, expression: Any) -> Any:
        best, *others = map(self._place, expression.args)
        relation = sympy.Ge if isinstance(expression, sympy.Max) else sympy.Le
        for other in others:
            best = self._choice([(best, relation(best, other)), (other, sympy.true)])
        return best

    def _chain(self, node: Any, symbol: Any) -> Derivatives:
        sums: dict[Hashable, Any] = {}
        for i, argument in enumerate(node.args):
            # An argument that stands at several places is met at each of them.
            moved = self._derivatives.get(argument)
            if not moved:
                continue
            partial = self.assign(_partial(node, symbol, i))
            for direction, derivative in moved.items():
                sums[direction] = sums.get(direction, sympy.S.Zero) + partial * derivative
        return {direction: self.assign(value) for direction, value in sums.items() if value != 0}


def _partial(node: Any, symbol: Any, i: int) -> Any:
    """Derivative of an elementary step by its argument number `i`."""
    argument = node.args[i]
    if isinstance(node, sympy.Add):
        return sympy.S.One
    if isinstance(node, sympy.Mul):
        return sympy.Mul(*(a for j, a in enumerate(node.args) if j != i))
    if isinstance(node, sympy.Pow):
        base, exponent = node.args
        return exponent * base ** (exponent - 1) if i == 0 else symbol * sympy.log(base)
    if isinstance(node, sympy.exp):
        return symbol
    if isinstance(node, sympy.Abs):
        return sympy.sign(argument)
    if isinstance(node, sympy.sign | sympy.Heaviside):
        return sympy.S.Zero
    return node.fdiff(i + 1).xreplace({node: symbol})


def _piecewise(branches: list[tuple[Any, Any]]) -> Any:
    if all(value == branches[0][0] for value, _ in branches):
        return branches[0][0]
    # Unevaluated: sympy would try to simplify the conditions, which takes long and gains nothing.
    return sympy.Piecewise(*branches, evaluate=False)
