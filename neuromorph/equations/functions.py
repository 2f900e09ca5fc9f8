"""Functions that device equations need and sympy lacks."""

from __future__ import annotations

from typing import Any

import sympy


class logistic(sympy.Function):
    """The logistic function ``1 / (1 + exp(-u))``, with its exact derivative.

    A function of its own, because each target has its own spelling that neither overflows nor cancels.

    Parameters
    ----------
    u : sympy expression
        Argument (pure number).

    Examples
    --------
    >>> import sympy
    >>> u = sympy.Symbol("u")
    >>> logistic(u).diff(u)
    logistic(-u)*logistic(u)
    """

    nargs = 1

    @classmethod
    def eval(cls, u: Any) -> Any:
        """Value at zero; other arguments stay unevaluated."""
        return sympy.Rational(1, 2) if u.is_zero else None

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative ``s(u) s(-u)``, where ``1 - s(u)`` would lose digits."""
        return self * type(self)(-self.args[0])

    def _eval_is_extended_real(self) -> Any:
        return self.args[0].is_extended_real

    def _eval_evalf(self, precision: int) -> Any:
        return (1 / (1 + sympy.exp(-self.args[0])))._eval_evalf(precision)

    def _eval_rewrite_as_exp(self, u: Any, **_: Any) -> Any:
        return 1 / (1 + sympy.exp(-u))
