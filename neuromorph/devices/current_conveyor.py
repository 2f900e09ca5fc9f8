"""The second-generation current conveyor as a macromodel: input and output resistance, one pole, gain, offsets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from neuromorph.devices.part import STATE_CAPACITANCE, Part
from neuromorph.quantities import parameter
from neuromorph.systems.nodal import NodalEquations

# The state inside is a voltage: this resistance times the current that goes through [ohm].
_STATE_RESISTANCE = 1e3


@dataclass(frozen=True, kw_only=True)
class CurrentConveyor(Part):
    """Second-generation current conveyor: X follows Y, and what flows into X flows out of Z.

    ``v(x) = v(y) + v_offset + r_x i_x``, ``di/dt = 2 pi bandwidth (i_x - i)``,
    ``i_z = current_gain (i + i_bias) - v(z) / r_z - c_z dv(z)/dt``, and no current into Y.

    Parameters
    ----------
    r_x : float
        Resistance of the input X [ohm].
    current_gain : float
        Current out of Z over the current into X (pure number); negative for a conveyor of the kind CCII-.
    bandwidth : float
        Frequency of the pole of the current gain [Hz].
    r_z : float
        Resistance of the output Z to ground [ohm].
    c_z : float
        Capacitance of the output Z to ground [F].
    v_offset : float
        Voltage of X above Y when no current flows [V].
    i_bias : float
        Current into X that Z gives while X is open [A].

    Raises
    ------
    ValueError
        When a parameter is not physical.

    Notes
    -----
    A. S. Sedra and K. C. Smith, "A second-generation current conveyor and its applications", IEEE Trans. Circuit Theory 17
    (1970) 132. The defaults are those of the card ``ad844``, whose input stage is such a conveyor. Not in the model: largest
    current and voltage of Z, input resistance of Y, the error of the voltage from Y to X, supplies, noise.
    """

    r_x: float = parameter(50.0, unit="ohm", positive=True, doc="resistance of the input X")
    current_gain: float = parameter(0.995, unit="", doc="current out of Z over the current into X")
    bandwidth: float = parameter(60e6, unit="Hz", positive=True, doc="pole of the current gain")
    r_z: float = parameter(3e6, unit="ohm", positive=True, doc="resistance of the output Z to ground")
    c_z: float = parameter(4.5e-12, unit="F", positive=True, doc="capacitance of the output Z to ground")
    v_offset: float = parameter(50e-6, unit="V", doc="voltage of X above Y without a current")
    i_bias: float = parameter(200e-9, unit="A", doc="current into X that Z gives while X is open")

    pins: ClassVar[tuple[str, ...]] = ("x", "y", "z")

    @property
    def time_constant(self) -> float:
        """Time constant of the pole [s]."""
        return 1 / (2 * math.pi * self.bandwidth)

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Input and output elements, and the state ``<name>_current`` [A]."""
        import sympy

        v_x, v_y = equations.voltage(nodes["x"]), equations.voltage(nodes["y"])
        current = sympy.Symbol(f"{name}_current", real=True)
        i_x = (v_x - v_y - self.v_offset) / self.r_x
        equations.add_current(nodes["x"], "0", i_x)
        equations.add_state(f"{name}_current", 2 * sympy.pi * self.bandwidth * (i_x - current))
        equations.add_current("0", nodes["z"], self.current_gain * (current + self.i_bias))
        equations.add_resistor(nodes["z"], "0", self.r_z)
        equations.add_capacitor(nodes["z"], "0", self.c_z)

    def subcircuit(self) -> str:
        """The macromodel as text; the voltage of its node ``stage`` [V] is 1 kohm times the current behind the pole."""
        c, r = STATE_CAPACITANCE, _STATE_RESISTANCE
        return "\n".join(
            [
                *self._head("second-generation current conveyor with one pole"),
                "Rx x inner {r_x}",
                "Vx inner held {v_offset}",
                "Eheld held 0 y 0 1",
                f"Fstage 0 stage Vx {{{2 * math.pi * c * r!r}*bandwidth}}",
                f"Rstage stage 0 {{1/({2 * math.pi * c!r}*bandwidth)}}",
                f"Cstage stage 0 {c!r}",
                f"Gz 0 z stage 0 {{current_gain/{r!r}}}",
                "Ibias 0 z {current_gain*i_bias}",
                "Rz z 0 {r_z}",
                "Cz z 0 {c_z}",
                f".ends {self.subcircuit_name}",
                "",
            ]
        )

    def probed_current(self, instance: str, z: str) -> str:
        """What an instance of the subcircuit gives to the node `z` [A], without its capacitance, as SPICE reads it."""
        gain = self.current_gain
        pole = f"{gain / _STATE_RESISTANCE!r} * v({instance}.stage)"
        return f"{pole} + {gain * self.i_bias!r} - {1 / self.r_z!r} * v({z})"
