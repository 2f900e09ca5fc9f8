"""Yakopcic's generalised memristive device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.devices.memristor import MemristorModel
from neuromorph.quantities import choice, parameter


@dataclass(frozen=True, kw_only=True)
class Yakopcic(MemristorModel):
    """Generalised memristive device of Yakopcic.

    A hyperbolic sine of the voltage, a threshold of the state's motion, and a motion that slows near the ends:

    ``i = a1 x sinh(b v)`` where ``v >= 0``, ``i = a2 x sinh(b v)`` where ``v < 0``

    ``dx/dt = eta g(v) f(x)``

    ``g = a_p (exp(v) - exp(v_p))`` where ``v > v_p``, ``-a_n (exp(-v) - exp(v_n))`` where ``v < -v_n``, else 0

    Where the state grows, ``f = exp(-alpha_p (x - x_p)) (1 + (x_p - x) / (1 - x_p))`` from `x_p` on; where it falls,
    ``f = exp(alpha_n (x + x_n - 1)) x / (1 - x_n)`` up to ``1 - x_n``; else 1. Voltages stand bare in the exponential
    functions: they are in volts.

    Parameters
    ----------
    a1, a2 : float
        Amplitude of the current at positive and at negative voltage [A].
    b : float
        Curvature of the current [1/V].
    a_p, a_n : float
        Speed of the state at positive and at negative voltage [1/s].
    v_p, v_n : float
        Thresholds at positive and (with the sign reversed) at negative voltage [V].
    x_p, x_n : float
        State, and one minus the state, from which on the motion slows (pure numbers from 0 to below 1).
    alpha_p, alpha_n : float
        How fast it slows (pure numbers).
    eta : {"forward", "reverse"}
        Whether a positive voltage moves the state up (eta = 1) or down (eta = -1).

    Raises
    ------
    ValueError
        When a parameter is not physical, or there is no such direction.

    Notes
    -----
    Source: C. Yakopcic, T. M. Taha, G. Subramanyam, R. E. Pino and S. Rogers, "A Memristor Device Model", IEEE
    Electron Device Lett. 32 (2011) 1436; C. Yakopcic, T. M. Taha, G. Subramanyam and R. E. Pino, "Generalized
    Memristive Device SPICE Model and its Application in Circuit Design", IEEE Trans. Comput.-Aided Design 32 (2013)
    1201. The default values are those of the SPICE subcircuit that the authors print. `f` depends on the direction,
    is zero at the end that the state moves to and one at the other, so the state stays in [0, 1] and nothing sticks.

    Examples
    --------
    >>> float(Yakopcic().state_rate(0.1, 0.5))
    0.0
    """

    a1: float = parameter(0.17, unit="A", positive=True, doc="amplitude of the current at positive voltage")
    a2: float = parameter(0.17, unit="A", positive=True, doc="amplitude of the current at negative voltage")
    b: float = parameter(0.05, unit="1/V", positive=True, doc="curvature of the current")
    a_p: float = parameter(4000.0, unit="1/s", positive=True, doc="speed of the state at positive voltage")
    a_n: float = parameter(4000.0, unit="1/s", positive=True, doc="speed of the state at negative voltage")
    v_p: float = parameter(0.16, unit="V", low=0.0, doc="positive threshold")
    v_n: float = parameter(0.15, unit="V", low=0.0, doc="negative threshold, without its sign")
    x_p: float = parameter(0.3, unit="", low=0.0, high=0.999, doc="state from which on it rises more slowly")
    x_n: float = parameter(
        0.5, unit="", low=0.0, high=0.999, doc="one minus the state below which it falls more slowly"
    )
    alpha_p: float = parameter(1.0, unit="", low=0.0, doc="how fast the rise slows")
    alpha_n: float = parameter(5.0, unit="", low=0.0, doc="how fast the fall slows")
    eta: str = choice("forward", ("forward", "reverse"), doc="direction in which a positive voltage moves the state")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A] as an expression of voltage [V] and state."""
        import sympy

        return sympy.Piecewise((self.a1, v >= 0), (self.a2, True)) * x * sympy.sinh(self.b * v)

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s] as an expression of voltage [V] and state."""
        import sympy

        positive = self.a_p * sympy.Max(sympy.exp(v) - sympy.exp(self.v_p), 0)
        negative = self.a_n * sympy.Max(sympy.exp(-v) - sympy.exp(self.v_n), 0)
        # Both factors are 1 where the motion is free, so cutting their arguments off joins the two branches.
        above = sympy.Max(x - self.x_p, 0)
        rising = sympy.exp(-self.alpha_p * above) * (1 - above / (1 - self.x_p))
        below = sympy.Max(1 - self.x_n - x, 0)
        falling = sympy.exp(-self.alpha_n * below) * (1 - below / (1 - self.x_n))
        if self.eta == "reverse":
            return negative * rising - positive * falling
        return positive * rising - negative * falling

    def time_scale_equation(self, v: Any) -> Any:
        """Shortest time in which the state moves under the voltage `v` [s]."""
        import sympy

        fastest = sympy.exp(v) * sympy.Max(self.a_p, self.a_n)
        slope = sympy.Max(self.alpha_p + 1 / (1 - self.x_p), self.alpha_n + 1 / (1 - self.x_n))
        return 1 / (fastest * slope)
