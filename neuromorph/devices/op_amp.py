"""The operational amplifier as a macromodel: one pole, slew rate, rails, finite input and output resistance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neuromorph.devices.part import STATE_CAPACITANCE, Part, positive_part, stamp_supplies
from neuromorph.quantities import parameter
from neuromorph.systems.nodal import NodalEquations

# At full slew the internal stage passes a rail by this much [V]; a harder stop would cost time steps only.
_CLAMP_VOLTAGE = 0.05


@dataclass(frozen=True, kw_only=True)
class OpAmp(Part):
    """Operational amplifier with one pole, after the gain stage of the Boyle macromodel.

    ``dv_gain/dt = slew_rate tanh(2 pi gbw (v_d + v_offset - v_gain / gain) / slew_rate) - clamp``

    with ``v_d = v(in_p) - v(in_n)``. Small signals see the gain-bandwidth product, large ones the slew rate,
    as a differential pair has it, whose tail current saturates. The clamp holds `v_gain` between the rails
    less their headroom; the output is `v_gain` behind `r_out`.

    Parameters
    ----------
    gbw : float
        Gain-bandwidth product [Hz].
    slew_rate : float
        Largest rate of the output [V/s].
    gain : float
        Open-loop gain at low frequency [V/V].
    v_offset : float
        Offset voltage, added to the input difference [V].
    r_in : float
        Resistance between the inputs [ohm].
    c_in : float
        Capacitance of each input to ground [F].
    r_out : float
        Open-loop output resistance [ohm].
    headroom_high, headroom_low : float
        Distance of the highest output from ``v_pos``, and of the lowest from ``v_neg`` [V].
    i_supply : float
        Quiescent supply current [A].

    Raises
    ------
    ValueError
        When a parameter is not physical.

    Notes
    -----
    Source of the structure: G. R. Boyle et al., "Macromodeling of integrated circuit operational amplifiers",
    IEEE J. Solid-State Circuits 9 (1974) 353; the defaults are those of the card ``op482``. Not in the model:
    a second pole, common-mode gain, current limit, noise, input current.
    """

    gbw: float = parameter(4e6, unit="Hz", positive=True, doc="gain-bandwidth product")
    slew_rate: float = parameter(9e6, unit="V/s", positive=True, doc="largest rate of the output")
    gain: float = parameter(31.6e3, unit="", positive=True, doc="open-loop gain at low frequency")
    v_offset: float = parameter(0.0, unit="V", doc="offset voltage, added to the input difference")
    r_in: float = parameter(1e13, unit="ohm", positive=True, doc="resistance between the inputs")
    c_in: float = parameter(1e-12, unit="F", positive=True, doc="capacitance of each input to ground")
    r_out: float = parameter(140.0, unit="ohm", positive=True, doc="open-loop output resistance")
    headroom_high: float = parameter(0.9, unit="V", low=0.0, doc="distance of the highest output from v_pos")
    headroom_low: float = parameter(0.9, unit="V", low=0.0, doc="distance of the lowest output from v_neg")
    i_supply: float = parameter(210e-6, unit="A", low=0.0, doc="quiescent supply current")

    pins: ClassVar[tuple[str, ...]] = ("in_p", "in_n", "v_pos", "v_neg", "out")

    def gain_stage_rate(self, v_d: Any, v_gain: Any, v_pos: Any, v_neg: Any) -> Any:
        """Rate of the gain stage.

        Parameters
        ----------
        v_d, v_gain, v_pos, v_neg : sympy expression
            Input difference, voltage of the gain stage and supplies [V].

        Returns
        -------
        sympy expression
            ``dv_gain/dt`` [V/s].
        """
        import sympy

        drive = 2 * sympy.pi * self.gbw * (v_d + self.v_offset - v_gain / self.gain) / self.slew_rate
        above = positive_part(v_gain - (v_pos - self.headroom_high))
        below = positive_part((v_neg + self.headroom_low) - v_gain)
        return self.slew_rate * (sympy.tanh(drive) - (above - below) / _CLAMP_VOLTAGE)

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Input and output elements, and the state ``<name>_stage`` [V]."""
        import sympy

        v = {pin: equations.voltage(node) for pin, node in nodes.items()}
        v_gain = sympy.Symbol(f"{name}_stage", real=True)
        equations.add_resistor(nodes["in_p"], nodes["in_n"], self.r_in)
        equations.add_capacitor(nodes["in_p"], "0", self.c_in)
        equations.add_capacitor(nodes["in_n"], "0", self.c_in)
        equations.add_state(
            f"{name}_stage", self.gain_stage_rate(v["in_p"] - v["in_n"], v_gain, v["v_pos"], v["v_neg"])
        )
        i_out = (v_gain - v["out"]) / self.r_out
        equations.add_current("0", nodes["out"], i_out)
        stamp_supplies(equations, nodes, self.i_supply, i_out)

    def supply_power(self, v_pos: Any, v_neg: Any, i_out: Any) -> Any:
        """Power from the supplies.

        Parameters
        ----------
        v_pos, v_neg : sympy expression
            Supplies [V].
        i_out : sympy expression
            Current out of the output [A], which the positive supply gives and the negative one takes.

        Returns
        -------
        sympy expression
            Power [W].
        """
        return (v_pos - v_neg) * self.i_supply + v_pos * positive_part(i_out) - v_neg * positive_part(-i_out)

    def subcircuit(self) -> str:
        """The macromodel as text; the voltage of its node ``stage`` is that of the gain stage [V]."""
        import sympy

        from neuromorph.equations import print_ngspice

        v_d, v_gain, v_pos, v_neg = sympy.symbols("v_d v_gain v_pos v_neg", real=True)
        rate = self.symbolic("").gain_stage_rate(v_d, v_gain, v_pos, v_neg)
        names = self._spice_names(v_d="v(in_p,in_n)", v_gain="v(stage)", v_pos="v(v_pos)", v_neg="v(v_neg)")
        return "\n".join(
            [
                *self._head("operational amplifier with one pole, slew rate and rails"),
                "Rin in_p in_n {r_in}",
                "Cin_p in_p 0 {c_in}",
                "Cin_n in_n 0 {c_in}",
                f"Cstage stage 0 {STATE_CAPACITANCE!r}",
                f"Bstage 0 stage I={print_ngspice(STATE_CAPACITANCE)}*({print_ngspice(rate, names)})",
                "Estage source 0 stage 0 1",
                "Vout source inner 0",
                "Rout inner out {r_out}",
                "Bsupply v_pos v_neg I=({i_supply})",
                "Bsourced v_pos 0 I=max(i(Vout), 0)",
                "Bsunk 0 v_neg I=max(-i(Vout), 0)",
                f".ends {self.subcircuit_name}",
                "",
            ]
        )
