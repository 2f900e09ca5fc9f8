"""The generalised metastable switch: mean metastable switches beside a Schottky barrier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.devices.mms import MMS
from neuromorph.quantities import choice, parameter


@dataclass(frozen=True, kw_only=True)
class GMMS(MMS):
    """Generalised metastable switch memristor (GMMS).

    The current of the switches and that of a Schottky barrier, in the shares `phi` and ``1 - phi``:

    ``i = phi v (x / r_on + (1 - x) / r_off) + (1 - phi) i_s(v)``

    ``i_s = alpha_f exp(beta_f v) - alpha_r exp(-beta_r v)`` (published)

    ``i_s = alpha_f (exp(beta_f v) - 1) - alpha_r (exp(-beta_r v) - 1)`` (pinched)

    The state moves as in :class:`MMS`.

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
    phi : float
        Share of the switches in the current (pure number from 0 to 1).
    alpha_f, alpha_r : float
        Currents of the barrier forwards and in reverse [A].
    beta_f, beta_r : float
        Steepness of the barrier forwards and in reverse [1/V].
    schottky : {"published", "pinched"}
        Form of the barrier's current.

    Raises
    ------
    ValueError
        When a parameter is not physical, or there is no such form.

    Notes
    -----
    Source: T. W. Molter and M. A. Nugent, "The Generalized Metastable Switch Memristor Model", CNNA 2016. As
    published, the barrier carries ``(1 - phi) (alpha_f - alpha_r)`` at zero voltage; the pinched form takes
    this constant off, so that no current flows without a voltage, as in a passive device. The default values
    are the example of the authors' netlist for Xyce (https://github.com/knowm/memristor-models-4-all).

    `phi` cannot be told from the scales that it multiplies: ``phi / r_on``, ``phi / r_off`` and
    ``(1 - phi) alpha`` are what a measurement determines. Fix `phi` in a fit.

    Examples
    --------
    >>> float(GMMS(schottky="pinched").current(0.0, 0.5))
    0.0
    """

    phi: float = parameter(0.8, unit="", low=0.0, high=1.0, doc="share of the switches in the current")
    alpha_f: float = parameter(8e-4, unit="A", low=0.0, doc="forward current of the barrier")
    beta_f: float = parameter(4.0, unit="1/V", low=0.0, doc="forward steepness of the barrier")
    alpha_r: float = parameter(8e-4, unit="A", low=0.0, doc="reverse current of the barrier")
    beta_r: float = parameter(4.0, unit="1/V", low=0.0, doc="reverse steepness of the barrier")
    schottky: str = choice("published", ("published", "pinched"), doc="form of the barrier's current")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A] as an expression of voltage [V] and state."""
        import sympy

        forward, reverse = self.beta_f * v, -self.beta_r * v
        if self.schottky == "published":
            barrier = self.alpha_f * sympy.exp(forward) - self.alpha_r * sympy.exp(reverse)
        else:
            barrier = self.alpha_f * _exp_minus_one(forward) - self.alpha_r * _exp_minus_one(reverse)
        return self.phi * super().current_equation(v, x) + (1 - self.phi) * barrier


def _exp_minus_one(u: Any) -> Any:
    """``exp(u) - 1`` without its cancellation near zero, in functions that SPICE has too."""
    import sympy

    return 2 * sympy.exp(u / 2) * sympy.sinh(u / 2)
