"""A memristor as a user writes one, with a current that is not linear in the voltage."""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from neuromorph import MemristorModel, logistic, parameter


@dataclass(frozen=True, kw_only=True)
class Sinh(MemristorModel):
    """``i = (x / r_on + (1 - x) / r_off) v_0 sinh(v / v_0)``, ``dx/dt = (s((v - v_on) / v_w) - x) / tau``."""

    r_on: float = parameter(400.0, unit="ohm", positive=True, doc="resistance on")
    r_off: float = parameter(2000.0, unit="ohm", positive=True, doc="resistance off")
    v_0: float = parameter(0.25, unit="V", positive=True, doc="scale of the sinh")
    v_on: float = parameter(0.2, unit="V", doc="switching voltage")
    v_w: float = parameter(0.05, unit="V", positive=True, doc="width of the switching")
    tau: float = parameter(2e-4, unit="s", positive=True, doc="time constant")

    def current_equation(self, v, x):
        """Current [A]."""
        return (x / self.r_on + (1 - x) / self.r_off) * self.v_0 * sympy.sinh(v / self.v_0)

    def state_equation(self, v, x):
        """State rate [1/s]."""
        return (logistic((v - self.v_on) / self.v_w) - x) / self.tau
