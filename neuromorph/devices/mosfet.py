"""The MOS transistor, level 1 of SPICE, with its body diode and constant capacitances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuromorph.devices.memristor import BOLTZMANN, ELEMENTARY_CHARGE
from neuromorph.devices.part import Part, positive_part
from neuromorph.quantities import parameter
from neuromorph.systems.nodal import NodalEquations

# The temperature at which SPICE simulates [K].
_THERMAL_VOLTAGE = BOLTZMANN * 300.15 / ELEMENTARY_CHARGE
# Thermal voltages from which the diode's exponential goes on as its tangent, so that no trial step overflows. At 2 V
# such a diode would carry more current than there is.
_STRAIGHT_FROM = 80.0


@dataclass(frozen=True, kw_only=True)
class Mosfet(Part):
    """N-channel MOS transistor of level 1 (Shichman and Hodges), body tied to the source.

    ``i_d = k_p / 2 (max(v_gs - v_to, 0)^2 - max(v_gd - v_to, 0)^2) (1 + lambda_ |v_ds|)``

    which is level 1 in triode and saturation, forwards and backwards, in one expression. The body diode
    conducts backwards, at 300.15 K.

    Parameters
    ----------
    v_to : float
        Threshold voltage [V].
    k_p : float
        Transconductance parameter, width over length included [A/V^2].
    lambda_ : float
        Channel-length modulation [1/V].
    c_gs, c_gd, c_ds : float
        Capacitances between the terminals, taken as constant [F].
    i_s : float
        Saturation current of the body diode [A].

    Raises
    ------
    ValueError
        When a parameter is not physical.

    Notes
    -----
    Source: H. Shichman and D. A. Hodges, IEEE J. Solid-State Circuits 3 (1968) 285. The defaults conduct with
    10 ohm at a gate of 3.7 V, which is what the default comparator gives; the card ``2n7002`` has those of a data sheet.

    Examples
    --------
    >>> round(Mosfet().on_resistance(3.75), 2)
    9.88
    """

    v_to: float = parameter(1.5, unit="V", doc="threshold voltage")
    k_p: float = parameter(0.045, unit="A/V^2", positive=True, doc="transconductance parameter, W/L included")
    lambda_: float = parameter(0.0, unit="1/V", low=0.0, doc="channel-length modulation")
    c_gs: float = parameter(30e-12, unit="F", positive=True, doc="gate-source capacitance")
    c_gd: float = parameter(5e-12, unit="F", positive=True, doc="gate-drain capacitance")
    c_ds: float = parameter(15e-12, unit="F", positive=True, doc="drain-source capacitance")
    i_s: float = parameter(1e-14, unit="A", positive=True, doc="saturation current of the body diode")

    pins: ClassVar[tuple[str, ...]] = ("d", "g", "s")

    def on_resistance(self, v_gs: float) -> float:
        """Resistance at small drain voltage.

        Parameters
        ----------
        v_gs : float
            Gate-source voltage [V].

        Returns
        -------
        float
            Resistance [ohm]; infinite below the threshold voltage.
        """
        return 1 / (self.k_p * (v_gs - self.v_to)) if v_gs > self.v_to else float("inf")

    def drain_current(self, v_gs: Any, v_ds: Any) -> Any:
        """Current from drain to source, body diode included.

        Parameters
        ----------
        v_gs, v_ds : sympy expression
            Gate-source and drain-source voltage [V].

        Returns
        -------
        sympy expression
            Current [A].
        """
        import sympy

        forwards = positive_part(v_gs - self.v_to) ** 2
        backwards = positive_part(v_gs - v_ds - self.v_to) ** 2
        channel = self.k_p / 2 * (forwards - backwards) * (1 + self.lambda_ * sympy.Abs(v_ds))
        forward = -v_ds / _THERMAL_VOLTAGE
        bent = sympy.Min(forward, _STRAIGHT_FROM)
        return channel - self.i_s * (sympy.exp(bent) * (1 + forward - bent) - 1)

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Channel, body diode and capacitances."""
        v = {pin: equations.voltage(node) for pin, node in nodes.items()}
        equations.add_capacitor(nodes["g"], nodes["s"], self.c_gs)
        equations.add_capacitor(nodes["g"], nodes["d"], self.c_gd)
        equations.add_capacitor(nodes["d"], nodes["s"], self.c_ds)
        equations.add_current(nodes["d"], nodes["s"], self.drain_current(v["g"] - v["s"], v["d"] - v["s"]))

    def subcircuit(self) -> str:
        """SPICE's own transistor of level 1, and the capacitances; ``Vdrain`` carries the drain's current [A]."""
        return "\n".join(
            [
                *self._head("n-channel MOS transistor of level 1 with constant capacitances"),
                "Vdrain d channel 0",
                "M1 channel g s s nch l=1 w=1",
                "Cgs g s {c_gs}",
                "Cgd g d {c_gd}",
                "Cds d s {c_ds}",
                ".model nch nmos level=1 vto={v_to} kp={k_p} lambda={lambda_} is={i_s}",
                f".ends {self.subcircuit_name}",
                "",
            ]
        )
