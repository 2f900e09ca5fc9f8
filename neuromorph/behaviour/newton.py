"""Source of Newton's method for the algebraic unknowns of a system, with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy

_HEAD = '''\
@njit
def _settled(f, slope, z):
    """Whether Newton's next step is below the resolution of z."""
    return abs(f) <= abs(slope) * (4e-16 * abs(z) + 1e-18)
'''

_RESIDUAL = """\
@njit
def _residual_{i}({name}, {arguments}):
{lines}
    return {value}
"""

# A step that makes the residual larger is halved.
_SOLVE_ONE = """\
    {name} = z[{i}]
    f, slope = _residual_{i}({name}, {arguments})
    converged = f == 0.0 or _settled(f, slope, {name})
    for _ in range(100):
        if converged:
            break
        step = -f / slope
        smaller = False
        for _ in range(40):
            f_new, slope_new = _residual_{i}({name} + step, {arguments})
            smaller = abs(f_new) < abs(f)
            if smaller:
                break
            step *= 0.5
        if not smaller:
            # Rounding: no step helps any more. Right only when the full step was tiny.
            converged = abs(f) <= abs(slope) * 1e-10 * (abs({name}) + 1e-6)
            break
        {name} += step
        f, slope = f_new, slope_new
        converged = f == 0.0 or _settled(f, slope, {name})
    if not converged:
        return False, z
    z = ({solved},)
"""


def solve_unknowns_source(
    residuals: Mapping[str, Any],
    arguments: str,
    body: Callable[..., tuple[list[str], list[str], list[str]]],
) -> str:
    """Source of ``solve_unknowns``: the unknowns one after the other, later ones may use earlier ones.

    Parameters
    ----------
    residuals : mapping of str to sympy expression
        Zero at the solution, by the unknown's name [any unit]; the source calls it ``z_<name>``.
    arguments : str
        What the function takes.
    body : callable
        From groups of expressions to lines that unpack, lines that compute, and the tuples' text.

    Returns
    -------
    str
        Python source; the function returns whether all were found, and the unknowns.
    """
    if not residuals:
        return ""
    functions, calls = [_HEAD], []
    names = [f"z_{unknown}" for unknown in residuals]
    for i, (name, (unknown, residual)) in enumerate(zip(names, residuals.items(), strict=True)):
        slope = sympy.diff(residual, sympy.Symbol(unknown, real=True))
        unpacked, statements, (value,) = body([[residual, slope]])
        lines = ["    " + line for line in [*unpacked, *statements] if not line.startswith(f"{name} =")]
        functions.append(_RESIDUAL.format(i=i, name=name, arguments=arguments, lines="\n".join(lines), value=value))
        solved = ", ".join(n if j <= i else f"z[{j}]" for j, n in enumerate(names))
        calls.append(_SOLVE_ONE.format(i=i, name=name, arguments=arguments, solved=solved))
    head = f"@njit\ndef solve_unknowns({arguments}):\n"
    return "\n\n".join([*functions, head + "".join(calls) + "    return True, z\n"])
