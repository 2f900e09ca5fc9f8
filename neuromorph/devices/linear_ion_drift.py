"""Linear ion drift, the model of the first memristor, with the windows that others gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.windows import WINDOWS, steepness, windows
from neuromorph.quantities import choice, parameter


@dataclass(frozen=True, kw_only=True)
class LinearIonDrift(MemristorModel):
    """Linear ion drift memristor of the HP laboratory.

    The boundary between a doped and an undoped part of a film of thickness `depth` moves with the current; `x` is
    the doped share ``w / depth``:

    ``v = (r_on x + r_off (1 - x)) i``

    ``dx/dt = mobility r_on / depth^2 i f(x)``

    Parameters
    ----------
    r_on, r_off : float
        Resistance of the film doped throughout, and undoped throughout [ohm].
    mobility : float
        Mean mobility of the ions [m^2/(V s)].
    depth : float
        Thickness of the film [m].
    p : float
        Exponent of the window, at least 1 (pure number).
    j : float
        Height of Prodromakis' window (pure number).
    window : {"none", "joglekar", "biolek", "prodromakis"}
        What becomes of the drift near the ends.

    Raises
    ------
    ValueError
        When a parameter is not physical, or there is no such window.

    Notes
    -----
    Source: D. B. Strukov, G. S. Snider, D. R. Stewart and R. S. Williams, "The missing memristor found", Nature 453
    (2008) 80, equations (5) and (6); the default mobility and thickness are those of its figures.

    Windows `f`, with their sources in :func:`neuromorph.devices.windows.windows`: ``"none"`` lets the state drift
    freely, stop at an end, and leave it when the current turns. ``"joglekar"`` (p) and ``"prodromakis"`` (p, j) slow
    the drift near both ends in both directions; a state that has arrived at an end never leaves it, which is what
    they were published with. ``"biolek"`` (p) slows only what moves towards an end. `p` and `j` have no effect
    where the window does not use them.

    Examples
    --------
    >>> float(LinearIonDrift().current(1.0, 1.0))
    0.01
    """

    r_on: float = parameter(100.0, unit="ohm", positive=True, doc="resistance when doped throughout")
    r_off: float = parameter(16e3, unit="ohm", positive=True, doc="resistance when undoped throughout")
    mobility: float = parameter(1e-14, unit="m^2/(V s)", positive=True, doc="mobility of the ions")
    depth: float = parameter(10e-9, unit="m", positive=True, doc="thickness of the film")
    p: float = parameter(1.0, unit="", low=1.0, doc="exponent of the window")
    j: float = parameter(1.0, unit="", positive=True, doc="height of Prodromakis' window")
    window: str = choice("none", WINDOWS, doc="what becomes of the drift near the ends")

    def current_equation(self, v: Any, x: Any) -> Any:
        """Current [A] as an expression of voltage [V] and state."""
        return v / (self.r_on * x + self.r_off * (1 - x))

    def state_equation(self, v: Any, x: Any) -> Any:
        """State rate [1/s] as an expression of voltage [V] and state."""
        import sympy

        drift = self.mobility * self.r_on / self.depth**2 * self.current_equation(v, x)
        up, down = windows(self.window, x, self.p, self.j)
        # The current has the sign of the voltage.
        return drift * up if up == down else sympy.Piecewise((drift * up, v > 0), (drift * down, True))

    def time_scale_equation(self, v: Any) -> Any:
        """Time in which the fastest ions cross the film [s], shorter by the window's steepness."""
        return self.depth**2 / (self.mobility * v * steepness(self.window, self.p, self.j))
