"""The difference amplifier: an op-amp and four resistors."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from neuromorph.devices.op_amp import OpAmp
from neuromorph.devices.part import Part
from neuromorph.quantities import parameter
from neuromorph.systems.nodal import NodalEquations


@dataclass(frozen=True, kw_only=True)
class DifferenceAmplifier(Part):
    """Difference amplifier, ``v(out) - v(reference) = gain (v(plus) - v(minus))`` with an ideal op-amp.

    Parameters
    ----------
    gain : float
        Gain of the difference [V/V].
    r_in : float
        Resistor at each input [ohm]; those to the output and to the reference are `gain` times as large.
    op_amp : OpAmp
        The amplifier.

    Raises
    ------
    ValueError
        When a parameter is not physical.
    """

    gain: float = parameter(2.0, unit="", positive=True, doc="gain of the difference")
    r_in: float = parameter(100e3, unit="ohm", positive=True, doc="resistor at each input")
    op_amp: OpAmp = dataclasses.field(default_factory=OpAmp)

    pins: ClassVar[tuple[str, ...]] = ("plus", "minus", "reference", "v_pos", "v_neg", "out")

    @property
    def r_feedback(self) -> Any:
        """Resistor to the output and to the reference [ohm]."""
        return self.gain * self.r_in

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Four resistors around the op-amp's inputs, nodes ``<name>_p`` and ``<name>_n``."""
        in_p, in_n = f"{name}_p", f"{name}_n"
        equations.add_resistor(nodes["plus"], in_p, self.r_in)
        equations.add_resistor(in_p, nodes["reference"], self.r_feedback)
        equations.add_resistor(nodes["minus"], in_n, self.r_in)
        equations.add_resistor(in_n, nodes["out"], self.r_feedback)
        pins = {pin: nodes[pin] for pin in ("v_pos", "v_neg", "out")}
        self.op_amp.stamp(equations, name, in_p=in_p, in_n=in_n, **pins)

    def add_to(self, circuit: Any, name: str, **nodes: str) -> None:
        """Resistors and the op-amp, as elements of the circuit itself (SI units)."""
        self.add_resistors(circuit, name, **nodes)
        pins = {pin: nodes[pin] for pin in ("v_pos", "v_neg", "out")}
        self.op_amp.add_to(circuit, name, in_p=f"{name}_p", in_n=f"{name}_n", **pins)

    def add_resistors(self, circuit: Any, name: str, **nodes: str) -> None:
        """The four resistors alone [ohm], around the nodes ``<name>_p`` and ``<name>_n``."""
        circuit.R(f"{name}_plus", nodes["plus"], f"{name}_p", self.r_in)
        circuit.R(f"{name}_reference", f"{name}_p", nodes["reference"], self.r_feedback)
        circuit.R(f"{name}_minus", nodes["minus"], f"{name}_n", self.r_in)
        circuit.R(f"{name}_feedback", f"{name}_n", nodes["out"], self.r_feedback)

    def subcircuit(self) -> str:
        """The op-amp's subcircuit (SI units): the resistors are elements of the circuit."""
        return self.op_amp.subcircuit()
