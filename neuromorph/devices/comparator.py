"""The comparator as a macromodel: gain, delay, output levels and resistance, currents of the inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from neuromorph.devices.part import STATE_CAPACITANCE, Part, positive_part, stamp_supplies
from neuromorph.quantities import parameter
from neuromorph.systems.nodal import NodalEquations

# Where tanh() has made 90 % of its way.
_END_OF_RISE = math.atanh(0.8)


def _slope(k: float, z: float) -> float:
    """Slope of the static output against its slope in balance (pure numbers)."""
    return (1 - math.tanh(z) ** 2) / math.cosh(k * math.tanh(z)) ** 2


@dataclass(frozen=True, kw_only=True)
class Comparator(Part):
    """Voltage comparator: a saturating stage with one pole, then a limiting output.

    ``du/dt = (tanh(a v_d) - u) / tau``, output ``v_low + (v_high - v_low) (1 + tanh(k u) / tanh(k)) / 2``

    with ``v_d = v(in_p) - v(in_n) + v_offset``. The state `u` goes from -1 to 1. A large step of the input takes
    ``t_delay = tau ln 2`` to reach the middle, where the output then changes within `t_rise`; a small overdrive
    takes longer, as in a real part. `k` follows from `t_rise`, `a` from `gain`.

    The inputs are the bases of a PNP pair: ``i_bias (1 - tanh(v_d / v_pair))`` flows out of ``in_p`` and
    ``i_bias (1 + tanh(v_d / v_pair))`` out of ``in_n``, all of it from ``v_pos``.

    Parameters
    ----------
    t_delay : float
        Propagation delay at large overdrive [s].
    t_rise : float
        Time from 10 to 90 % of the output's swing at large overdrive [s], up and down, not above `t_delay`.
    gain : float
        Output over input, small signals at low frequency [V/V].
    v_offset : float
        Offset voltage, added to the input difference [V].
    v_high, v_low : float
        Output levels without a load, against ground, whatever the supplies [V].
    r_out : float
        Output resistance [ohm].
    c_in : float
        Capacitance of each input to ground [F].
    i_bias : float
        Current out of each input in balance [A]: none flows out of the higher input, twice as much out of the
        lower one. Times the resistance before an input it is a voltage; 0 for inputs that are gates.
    v_pair : float
        Input difference that steers the bias current [V]: 2 kT/q for a pair without emitter resistors.
    common_mode_low, common_mode_high : float
        Range of input voltages in which the part compares [V]; the model does not leave it, design checks do.
    i_supply : float
        Quiescent supply current [A], that of the inputs not included.

    Raises
    ------
    ValueError
        When a parameter is not physical, `v_low` is not below `v_high`, or `t_rise` is longer than `t_delay`.

    Notes
    -----
    The defaults are those of the card ``ad8561``.
    """

    t_delay: float = parameter(7e-9, unit="s", positive=True, doc="propagation delay at large overdrive")
    t_rise: float = parameter(3.8e-9, unit="s", positive=True, doc="time from 10 to 90 % of the output's swing")
    gain: float = parameter(3000.0, unit="", positive=True, doc="output over input, small signals")
    v_offset: float = parameter(0.0, unit="V", doc="offset voltage, added to the input difference")
    v_high: float = parameter(3.75, unit="V", doc="upper output level")
    v_low: float = parameter(0.0, unit="V", doc="lower output level")
    r_out: float = parameter(80.0, unit="ohm", positive=True, doc="output resistance")
    c_in: float = parameter(3e-12, unit="F", positive=True, doc="capacitance of each input to ground")
    i_bias: float = parameter(3e-6, unit="A", low=0.0, doc="current out of each input in balance")
    v_pair: float = parameter(51.4e-3, unit="V", positive=True, doc="input difference that steers the bias current")
    common_mode_low: float = parameter(0.0, unit="V", doc="lowest input voltage at which the part compares")
    common_mode_high: float = parameter(2.8, unit="V", doc="highest input voltage at which the part compares")
    i_supply: float = parameter(4.5e-3, unit="A", low=0.0, doc="quiescent supply current")

    pins: ClassVar[tuple[str, ...]] = ("in_p", "in_n", "v_pos", "v_neg", "out")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.v_low >= self.v_high:
            raise ValueError(f"v_low must be below v_high ({self.v_high:g} V), got {self.v_low!r}")
        if self.t_rise > self.t_delay:
            raise ValueError(
                f"t_rise must be at most t_delay ({self.t_delay:g} s), got {self.t_rise!r}: half of the edge comes before "
                "the delay is over, and cannot come before the input's step"
            )
        if self.common_mode_low >= self.common_mode_high:
            raise ValueError(
                f"common_mode_low must be below common_mode_high ({self.common_mode_high:g} V), "
                f"got {self.common_mode_low!r}"
            )

    @property
    def swing(self) -> Any:
        """Difference of the output levels [V]."""
        return self.v_high - self.v_low

    def stage_rate(self, v_d: Any, u: Any) -> Any:
        """Rate of the saturating stage.

        Parameters
        ----------
        v_d : sympy expression
            Input difference [V].
        u : sympy expression
            State from -1 to 1 (pure number).

        Returns
        -------
        sympy expression
            ``du/dt`` [1/s].
        """
        import sympy

        tau, k = self._tau_and_k()
        slope = 2 * self.gain * sympy.tanh(k) / (self.swing * k)
        return (sympy.tanh(slope * (v_d + self.v_offset)) - u) / tau

    def input_currents(self, v_d: Any) -> tuple[Any, Any]:
        """Currents out of the inputs.

        Parameters
        ----------
        v_d : sympy expression
            Input difference [V].

        Returns
        -------
        i_p, i_n : sympy expression
            Out of ``in_p`` and ``in_n`` [A]; together twice the bias current.
        """
        import sympy

        steered = sympy.tanh((v_d + self.v_offset) / self.v_pair)
        return self.i_bias * (1 - steered), self.i_bias * (1 + steered)

    def output_voltage(self, u: Any) -> Any:
        """Voltage behind the output resistance [V], from the state `u` (pure number)."""
        import sympy

        _, k = self._tau_and_k()
        return self.v_low + self.swing * (1 + sympy.tanh(k * u) / sympy.tanh(k)) / 2

    def point_of_slope(self, slope: float, r_bias: float = 0.0) -> tuple[float, float]:
        """Where the static output, with no load, rises by `slope` of the input difference.

        Parameters
        ----------
        slope : float
            Output over input [V/V], below `gain`.
        r_bias : float
            Resistance [ohm] that turns the change of an input's current into a voltage, which the output has to
            make up for: by so much more it rises.

        Returns
        -------
        v_d, v_out : float
            Distance from balance, offset included, and of the output there from the nearer level [V].

        Raises
        ------
        ValueError
            When the slope is not below the gain, or what `r_bias` adds to it makes it so.
        """
        if not 0 < slope < self.gain:
            raise ValueError(f"slope must be between 0 and the gain of {self.gain:g}, got {slope!r}")
        added = self.i_bias / self.v_pair * r_bias
        if slope + added >= self.gain:
            raise ValueError(
                f"slope {slope:g} and {added:.3g} that the bias current adds in {r_bias:g} ohm must be below the gain "
                f"of {self.gain:g}: lower r_bias"
            )
        k = _END_OF_RISE / math.tanh(self.t_rise * math.log(2) / (2 * self.t_delay))
        a = 2 * self.gain * math.tanh(k) / (self.swing * k)

        def still_steeper(z: float) -> bool:
            return self.gain * _slope(k, z) > slope + added * (1 - math.tanh(z / (a * self.v_pair)) ** 2)

        # The slope falls with the distance z = a v_d: bisection.
        low, high = 0.0, 1.0
        while still_steeper(high):
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if still_steeper(middle) else (low, middle)
        return low / a, self.swing * (1 - math.tanh(k * math.tanh(low)) / math.tanh(k)) / 2

    def _tau_and_k(self) -> tuple[Any, Any]:
        import sympy

        tau = self.t_delay / sympy.log(2)
        # u = 1 - 2 exp(-t/tau) goes from -u_1 to u_1 in 2 tau artanh(u_1), and tanh(k u_1) shall be 0.8 then.
        return tau, _END_OF_RISE / sympy.tanh(self.t_rise / (2 * tau))

    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Input and output elements, and the state ``<name>_stage`` (pure number)."""
        import sympy

        v = {pin: equations.voltage(node) for pin, node in nodes.items()}
        u = sympy.Symbol(f"{name}_stage", real=True)
        equations.add_capacitor(nodes["in_p"], "0", self.c_in)
        equations.add_capacitor(nodes["in_n"], "0", self.c_in)
        v_d = v["in_p"] - v["in_n"]
        for pin, i_in in zip(("in_p", "in_n"), self.input_currents(v_d), strict=True):
            equations.add_current(nodes["v_pos"], nodes[pin], i_in)
        equations.add_state(f"{name}_stage", self.stage_rate(v_d, u))
        i_out = (self.output_voltage(u) - v["out"]) / self.r_out
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
            Power [W], that of the currents out of the inputs included.
        """
        quiescent = (v_pos - v_neg) * self.i_supply + v_pos * 2 * self.i_bias
        return quiescent + v_pos * positive_part(i_out) - v_neg * positive_part(-i_out)

    def subcircuit(self) -> str:
        """The macromodel as text; the voltage of its node ``stage`` is the state `u` (1 V for 1)."""
        import sympy

        from neuromorph.equations import print_ngspice

        v_d, u = sympy.symbols("v_d u", real=True)
        twin = self.symbolic("")
        names = self._spice_names(v_d="v(in_p,in_n)", u="v(stage)")
        i_p, i_n = (print_ngspice(i_in, names) for i_in in twin.input_currents(v_d))
        return "\n".join(
            [
                *self._head("comparator with delay, gain, output levels and bias current"),
                "Cin_p in_p 0 {c_in}",
                "Cin_n in_n 0 {c_in}",
                f"Bbias_p v_pos in_p I={i_p}",
                f"Bbias_n v_pos in_n I={i_n}",
                f"Cstage stage 0 {STATE_CAPACITANCE!r}",
                f"Bstage 0 stage I={print_ngspice(STATE_CAPACITANCE)}*({print_ngspice(twin.stage_rate(v_d, u), names)})",
                f"Boutput source 0 V={print_ngspice(twin.output_voltage(u), names)}",
                "Vout source inner 0",
                "Rout inner out {r_out}",
                "Bsupply v_pos v_neg I=({i_supply})",
                "Bsourced v_pos 0 I=max(i(Vout), 0)",
                "Bsunk 0 v_neg I=max(-i(Vout), 0)",
                f".ends {self.subcircuit_name}",
                "",
            ]
        )
