"""The mean metastable switch, a model of self-directed-channel memristors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE, MemristorModel
from neuromorph.quantities import parameter


@dataclass(frozen=True, kw_only=True)
class MMS(MemristorModel):
    """Mean metastable switch memristor (MMS).

    The device is a large number of two-state switches; `x` is the share of those that conduct:

    ``i = v (x / r_on + (1 - x) / r_off)``

    ``dx/dt = ((1 - x) s((v - v_on) / v_t) - x (1 - s((v + v_off) / v_t))) / tau``

    with the logistic function `s` and the thermal voltage ``v_t = k T / q``.

    Parameters
    ----------
    r_on, r_off : float
        Resistance with all switches on, and with all off [ohm].
    v_on, v_off : float
        Voltages at which switches turn on, and (with the sign reversed) off [V].
    tau : float
        Time constant of a switch [s].
    temperature : float
        Absolute temperature [K].

    Raises
    ------
    ValueError
        When a parameter is not physical.

    Notes
    -----
    Source: T. W. Molter and M. A. Nugent, "The Generalized Metastable Switch Memristor Model", CNNA 2016,
    without its Schottky term; used by K. Bednarz and B. Garda, "Memristor-based adaptive leaky
    integrate-and-fire neuron model: a simulation study" (2024), from which the neuron comes. Below the
    thresholds the state is not lost at once: at rest `x` drifts towards 1/2 with
    ``tau / (2 s(-v_on / v_t))``, 1.8 s with the default values.

    Examples
    --------
    >>> float(MMS().current(0.3, 1.0))
    0.0006
    """

    r_on: float = parameter(500.0, unit="ohm", positive=True, doc="resistance with all switches on")
    r_off: float = parameter(1500.0, unit="ohm", positive=True, doc="resistance with all switches off")
    v_on: float = parameter(0.27, unit="V", low=0.0, doc="voltage at which switches turn on")
    v_off: float = parameter(0.27, unit="V", low=0.0, doc="reverse voltage at which switches turn off")
    tau: float = parameter(1e-4, unit="s", positive=True, doc="time constant of a switch")
    temperature: float = parameter(298.5, unit="K", positive=True, doc="absolute temperature")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A] as an expression of voltage [V] and state."""
        return v * (x / self.r_on + (1 - x) / self.r_off)

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s] as an expression of voltage [V] and state."""
        from neuromorph.equations import logistic

        v_t = BOLTZMANN * self.temperature / ELEMENTARY_CHARGE
        turned_on = (1 - x) * logistic((v - self.v_on) / v_t)
        # s(-u), which is 1 - s(u) without its cancellation.
        turned_off = x * logistic(-(v + self.v_off) / v_t)
        return (turned_on - turned_off) / self.tau
