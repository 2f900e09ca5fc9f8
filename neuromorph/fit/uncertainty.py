"""How well a fit determines its parameters, allowing for residuals that are correlated along a record."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuromorph.fit.problem import Problem


def lmfit_parameters(problem: Problem, theta: np.ndarray) -> Any:
    """The fit's parameters as lmfit's, in SI units.

    Parameters
    ----------
    problem : Problem
        What was fitted.
    theta : ndarray
        The solution (pure numbers).

    Returns
    -------
    lmfit.Parameters
        Values, bounds and errors [unit of each parameter].
    """
    import lmfit

    values = problem.all_values(theta)
    parameters = lmfit.Parameters()
    for p, value in sorted(zip(problem.parameters, values, strict=True), key=lambda pair: pair[0].tie is not None):
        if p.tie is not None:
            parameters.add(p.name, expr=p.tie.text)
        elif p.vary:
            parameters.add(p.name, value=float(value), min=p.range.low, max=p.range.high)
        else:
            parameters.add(p.name, value=float(value), vary=False)
    return parameters
