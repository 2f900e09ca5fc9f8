"""A memristor model of your own: two equations, and both roads follow.

Tunnelling makes the current of many oxide memristors a hyperbolic sine of the voltage. The voltage divider of
the neuron then has no explicit solution: RK4 finds it by Newton's method with the exact derivative, ngspice by
its own. Run it: ``python circuits/sinh_memristor.py``.
"""

from dataclasses import dataclass
from typing import Any

import sympy

import neuromorph as nm


@dataclass(frozen=True, kw_only=True)
class SinhMemristor(nm.MemristorModel):
    """Memristor with tunnelling conduction and a threshold-gated, windowed state.

    ``i = (g_off + (g_on - g_off) x) v_0 sinh(v / v_0)``, ``dx/dt = x (1 - x) sinh(v / v_w) / tau``

    Parameters
    ----------
    g_on, g_off : float
        Conductance at small voltage with the state at one and at zero [S].
    v_0 : float
        Voltage scale of the conduction [V].
    v_w : float
        Voltage scale of the switching [V].
    tau : float
        Time constant of the switching [s].
    """

    g_on: float = nm.parameter(1.2e-3, unit="S", positive=True, doc="conductance with the state at one")
    g_off: float = nm.parameter(0.4e-3, unit="S", positive=True, doc="conductance with the state at zero")
    v_0: float = nm.parameter(0.25, unit="V", positive=True, doc="voltage scale of the conduction")
    v_w: float = nm.parameter(0.10, unit="V", positive=True, doc="voltage scale of the switching")
    tau: float = nm.parameter(1e-3, unit="s", positive=True, doc="time constant of the switching")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A]."""
        return (self.g_off + (self.g_on - self.g_off) * x) * self.v_0 * sympy.sinh(v / self.v_0)

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s]."""
        return x * (1 - x) * sympy.sinh(v / self.v_w) / self.tau


def design() -> nm.MemristiveALIF:
    """The adaptive neuron with this memristor in its leak."""
    return nm.MemristiveALIF(memristor=SinhMemristor(), x0=0.1)


def main() -> None:
    """Both roads under the paper's square current."""
    check = nm.cross_validate(design())
    print(check.summary())
    check.plot("sinh_memristor.png")


if __name__ == "__main__":
    main()
