"""Milstein's method for stochastic hybrid systems whose noise commutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuromorph.behaviour.euler_maruyama import EulerMaruyama


@dataclass(frozen=True, kw_only=True)
class Milstein(EulerMaruyama):
    """Milstein's method with fixed steps: Euler-Maruyama and the terms that the diffusion's own change adds.

    Parameters
    ----------
    dt : float
        Time step [s], the same in all modes.
    crossings : {"interpolated", "grid", "bridge"}
        How an event inside a step is found, as for :class:`EulerMaruyama`.
    path_dt : float, optional
        Step of the Wiener path [s]; `dt` is a whole multiple of it.

    Notes
    -----
    Strong order 1 and weak order 1. The derivatives are exact, from the expressions. Several Wiener processes must
    commute, which additive noise, and one process alone, always do; a system whose processes do not is refused.
    With additive noise it is Euler-Maruyama.

    Sources: G. N. Milstein (1974); Kloeden and Platen, section 10.3.
    """

    strong_order: ClassVar[float] = 1.0
    engine: ClassVar[str] = "milstein"
