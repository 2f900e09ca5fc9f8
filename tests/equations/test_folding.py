"""What parameters alone decide is taken out of expressions without changing their value."""

from __future__ import annotations

import pytest
import sympy
from sympy import Piecewise

from neuromorph.equations import ParameterFolder, logistic

x, y, a, b, c = sympy.symbols("x y a b c", real=True)

CASES = [
    x / a,
    x * a / b + y / c,
    (x - a) / (b * c),
    logistic((x - a) * c / b),
    x**2 / a**2 + a + b - 3,
    sympy.exp(a / b) * sympy.exp(-x / a),
    Piecewise((x / a, x > a * b), (y * b, (x > a) & (y < 1 / b)), (a / b, True)),
    sympy.Min(x, a * b) / sympy.Max(y, c),
    a,
    a + b,
    sympy.Integer(2),
    x,
    (x + a) ** (b / c),
]


@pytest.mark.parametrize("expression", CASES, ids=str)
def test_unfolding_gives_the_expression_back(expression):
    fold = ParameterFolder([a, b, c])
    folded = fold(expression)
    assert sympy.simplify(folded.xreplace(fold.folded) - expression) == 0
    # Nothing is left to compute from parameters alone.
    for part in sympy.preorder_traversal(folded):
        if isinstance(part, sympy.Expr) and not part.is_Atom and part.free_symbols:
            assert not part.free_symbols <= {a, b, c, *fold.folded}
    for value in fold.folded.values():
        assert value.free_symbols <= {a, b, c}


def test_equal_parts_are_folded_once():
    fold = ParameterFolder([a, b, c])
    fold(x / a)
    fold(y / a + 1)
    assert list(fold.folded.values()) == [1 / a]


def test_a_lone_parameter_stays_as_it_is():
    fold = ParameterFolder([a])
    assert fold(x - y * a) == x - y * a or len(fold.folded) == 1
    assert fold(x + a) == x + a
    assert fold(a) == a
