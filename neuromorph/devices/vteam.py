"""VTEAM, a voltage-threshold model for any memristor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.windows import WINDOWS, steepness, windows
from neuromorph.quantities import choice, parameter


@dataclass(frozen=True, kw_only=True)
class VTEAM(MemristorModel):
    """Voltage threshold adaptive memristor (VTEAM).

    Between two thresholds the state rests; beyond them it moves with a power of the excess voltage:

    ``dx/dt = k_on (v / v_on - 1)^alpha_on f_on(x)`` where ``v > v_on``

    ``dx/dt = -k_off (-v / v_off - 1)^alpha_off f_off(x)`` where ``v < -v_off``, and 0 between

    ``v = (r_on x + r_off (1 - x)) i`` (linear)

    ``i = v / r_on (r_on / r_off)^(1 - x)`` (exponential)

    Parameters
    ----------
    r_on, r_off : float
        Resistance at x = 1 and at x = 0 [ohm].
    v_on, v_off : float
        Voltages at which the device starts to turn on, and (with the sign reversed) off [V].
    k_on, k_off : float
        Rates at twice the threshold voltage [1/s].
    alpha_on, alpha_off : float
        Exponents, at least 1 (pure numbers).
    p : float
        Exponent of the window, at least 1 (pure number).
    j : float
        Height of Prodromakis' window (pure number).
    iv : {"linear", "exponential"}
        How the resistance follows the state.
    window : {"none", "joglekar", "biolek", "prodromakis"}
        What becomes of the state near its ends.

    Raises
    ------
    ValueError
        When a parameter is not physical, or there is no such form.

    Notes
    -----
    Source: S. Kvatinsky, M. Ramadan, E. G. Friedman and A. Kolodny, "VTEAM: A General Model for Voltage-Controlled
    Memristors", IEEE Trans. Circuits Syst. II 62 (2015) 786: its equations for dw/dt, for the linear and
    for the exponential current. There a positive voltage turns the device off, and the state `w` grows from `w_on` to
    `w_off` in metres. Here, as in every model of this package, a positive voltage turns it on and `x` grows
    with the conductance; all parameters are positive. From the paper's values (with a prime) follow

    ``x = (w_off' - w) / (w_off' - w_on')``, ``v = -v'``, ``v_on = |v_on'|``, ``v_off = v_off'``,
    ``k_on = |k_on'| / (w_off' - w_on')``, ``k_off = k_off' / (w_off' - w_on')``.

    Windows are those of :func:`neuromorph.devices.windows.windows`; the paper leaves their choice open. The
    default values of the parameters are those of no device: they are near those of :class:`MMS`. The card
    ``load_card("vteam")`` has values that others publish.

    Examples
    --------
    >>> float(VTEAM().state_rate(0.2, 0.5))
    0.0
    """

    r_on: float = parameter(500.0, unit="ohm", positive=True, doc="resistance at x = 1")
    r_off: float = parameter(1500.0, unit="ohm", positive=True, doc="resistance at x = 0")
    v_on: float = parameter(0.27, unit="V", positive=True, doc="voltage at which the device starts to turn on")
    v_off: float = parameter(0.27, unit="V", positive=True, doc="reverse voltage at which it starts to turn off")
    k_on: float = parameter(1e4, unit="1/s", positive=True, doc="rate at twice v_on")
    k_off: float = parameter(1e4, unit="1/s", positive=True, doc="rate at twice v_off")
    alpha_on: float = parameter(2.0, unit="", low=1.0, doc="exponent of turning on")
    alpha_off: float = parameter(2.0, unit="", low=1.0, doc="exponent of turning off")
    p: float = parameter(1.0, unit="", low=1.0, doc="exponent of the window")
    j: float = parameter(1.0, unit="", positive=True, doc="height of Prodromakis' window")
    iv: str = choice("linear", ("linear", "exponential"), doc="how the resistance follows the state")
    window: str = choice("none", WINDOWS, doc="what becomes of the state near its ends")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A] as an expression of voltage [V] and state."""
        import sympy

        if self.iv == "linear":
            return v / (self.r_on * x + self.r_off * (1 - x))
        return v / self.r_on * sympy.exp((1 - x) * sympy.log(self.r_on / self.r_off))

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s] as an expression of voltage [V] and state."""
        up, down = windows(self.window, x, self.p, self.j)
        turning_on = self.k_on * _power_of_excess(v / self.v_on - 1, self.alpha_on)
        turning_off = self.k_off * _power_of_excess(-v / self.v_off - 1, self.alpha_off)
        return turning_on * up - turning_off * down

    def time_scale_equation(self, v: Any) -> Any:
        """Time from end to end [s] under the voltage `v`, shorter by the window's steepness."""
        import sympy

        # Not infinite below the thresholds: a voltage may exceed `v` a little.
        turning_on = self.k_on * sympy.Max(v / self.v_on - 1, 0.1) ** self.alpha_on
        turning_off = self.k_off * sympy.Max(v / self.v_off - 1, 0.1) ** self.alpha_off
        return 1 / (sympy.Max(turning_on, turning_off) * steepness(self.window, self.p, self.j))


def _power_of_excess(excess: Any, alpha: Any) -> Any:
    """The power where the excess is positive, else zero; no branch has a negative base, nor a logarithm of zero."""
    import sympy

    return sympy.Piecewise((sympy.Max(excess, 0) ** alpha, excess > 0), (0, True))
