"""A comparator made of MOS transistors: differential pair, second stage, two inverters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from neuromorph.devices.comparator import Comparator
from neuromorph.quantities import Parameters, parameter


@dataclass(frozen=True, kw_only=True)
class TransistorComparator(Parameters):
    """Comparator of level-1 MOS transistors; it has a circuit and no equations.

    A differential pair with a current mirror as its load, a common-source stage, and two inverters that drive
    the output, biased through a resistor.

    Parameters
    ----------
    inputs : {"p", "n"}
        Polarity of the input pair. A p-channel pair compares from the negative supply to about 1.5 V below the
        positive one; an n-channel pair from about 1.3 V above the negative supply to 0.8 V below the positive one.
    r_bias : float
        Sets the bias current [ohm].
    width : float
        Width over length of the transistors of the pair (pure number).
    v_to : float
        Threshold voltage of the n-channel transistors, and of the p-channel ones with its sign reversed [V].
    k_p : float
        Transconductance parameter of an n-channel transistor as wide as long [A/V^2]; a third for p-channel.
    c_gate : float
        Gate capacitance per unit of width over length [F].

    Raises
    ------
    ValueError
        When a parameter is not physical.

    Notes
    -----
    The textbook two-stage comparator, as in P. E. Allen and D. R. Holberg, *CMOS Analog Circuit Design*,
    chapter 8. The defaults are of a 5 V process of 1 um.
    """

    inputs: str = "p"
    r_bias: float = parameter(5e3, unit="ohm", positive=True, doc="sets the bias current")
    width: float = parameter(100.0, unit="", positive=True, doc="width over length of the input pair")
    v_to: float = parameter(0.8, unit="V", positive=True, doc="threshold voltage")
    k_p: float = parameter(100e-6, unit="A/V^2", positive=True, doc="transconductance parameter at W/L = 1")
    c_gate: float = parameter(2e-15, unit="F", positive=True, doc="gate capacitance at W/L = 1")

    pins: ClassVar[tuple[str, ...]] = ("in_p", "in_n", "v_pos", "v_neg", "out")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.inputs not in ("p", "n"):
            raise ValueError(f"inputs must be 'p' or 'n', the polarity of the input pair, got {self.inputs!r}")

    @property
    def subcircuit_name(self) -> str:
        """Name of the subcircuit in SPICE."""
        return f"transistorcomparator_{self.inputs}"

    def values(self) -> dict[str, float]:
        """Parameter values by name, in the SI unit of each."""
        return {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self) if f.metadata}

    def macromodel(self, v_supply: float = 5.0) -> Comparator:
        """What stands for this comparator where equations are needed.

        Parameters
        ----------
        v_supply : float
            Supply [V].

        Returns
        -------
        Comparator
            With the output levels and the output resistance of the transistors, and the delay that transistors
            of the default sizes have in ngspice at 5 V, within a factor of two for overdrives of 1 mV to 0.1 V.

        Notes
        -----
        The transistors take 28 to 43 ns at 1 mV, 8 to 14 ns at 10 mV and 2.5 to 3.3 ns at 0.1 V: their stages
        integrate, and one pole of the macromodel follows this in part. It is made right at small overdrives,
        where slow signals cross a threshold. Its `gain` is far below that of the transistors, about 3e7, whose
        slowness it stands for.
        """
        # The driver's weaker transistor, p-channel, at small output voltages.
        r_out = 1 / (self.k_p / 3 * 9 * self.width * (v_supply - self.v_to))
        # Overdrive voltages of pair, tail and mirror are what is left beside the thresholds.
        low, high = (0.0, v_supply - self.v_to - 0.7) if self.inputs == "p" else (self.v_to + 0.5, v_supply - self.v_to)
        return Comparator(
            t_delay=5e-9,
            t_rise=0.2e-9,
            gain=1e4,
            v_high=v_supply,
            v_low=0.0,
            r_out=r_out,
            c_in=self.width * self.c_gate,
            i_bias=0.0,
            common_mode_low=low,
            common_mode_high=high,
            i_supply=3e-3,
        )

    def add_to(self, circuit: Any, name: str, **nodes: str) -> None:
        """Add the comparator to a circuit.

        Parameters
        ----------
        circuit : PySpice.Spice.Netlist.Circuit
            What to add to (SI units).
        name : str
            Name of the element, without SPICE's letter ``X``.
        nodes : str
            The node of each pin.
        """
        text = self.subcircuit()
        if text not in circuit.raw_spice:
            circuit.raw_spice += text
        circuit.X(name, self.subcircuit_name, *(nodes[pin] for pin in self.pins), **self.values())

    def subcircuit(self) -> str:
        """The comparator as an ngspice subcircuit, its parameters at the defaults of the class (SI units)."""
        defaults = type(self)(inputs=self.inputs).values()
        # Seen from the pair: its own polarity, the supply at its sources, and the other two.
        pair, load, top, bottom = ("p", "n", "v_pos", "v_neg") if self.inputs == "p" else ("n", "p", "v_neg", "v_pos")
        transistors = [
            # The bias current flows from one supply to the other through a diode-connected transistor.
            ("bias", "bias", "bias", top, pair, "{width}"),
            ("tail", "tail", "bias", top, pair, "{2*width}"),
            ("in_p", "mirror", "in_n", "tail", pair, "{width}"),
            ("in_n", "first", "in_p", "tail", pair, "{width}"),
            ("mirror_p", "mirror", "mirror", bottom, load, "{width/2}"),
            ("mirror_n", "first", "mirror", bottom, load, "{width/2}"),
            # The second stage in balance carries as much as its load.
            ("second", "second", "first", bottom, load, "{width}"),
            ("load", "second", "bias", top, pair, "{2*width}"),
            ("inverter_p", "third", "second", "v_pos", "p", "{1.5*width}"),
            ("inverter_n", "third", "second", "v_neg", "n", "{0.5*width}"),
            ("driver_p", "out", "third", "v_pos", "p", "{9*width}"),
            ("driver_n", "out", "third", "v_neg", "n", "{3*width}"),
        ]
        lines = [
            f"* {self.subcircuit_name}: two-stage comparator of MOS transistors, {self.inputs}-channel inputs",
            *(
                f"*   {f.name}: {f.metadata['doc']}" + (f" [{f.metadata['unit']}]" if f.metadata["unit"] else "")
                for f in dataclasses.fields(self)
                if f.metadata
            ),
            f".subckt {self.subcircuit_name} {' '.join(self.pins)} params: "
            + " ".join(f"{name}={value!r}" for name, value in defaults.items()),
            f"Rbias bias {bottom} {{r_bias}}",
        ]
        for name, drain, gate, source, kind, width in transistors:
            body = "v_pos" if kind == "p" else "v_neg"
            lines.append(f"M{name} {drain} {gate} {source} {body} {kind}ch l=1 w={width}")
            if gate != drain:
                lines.append(f"C{name} {gate} {source} {{c_gate*{width[1:-1]}}}")
        # Drains have a capacitance too, without which the inner nodes would have no time constant.
        lines += [f"Cnode_{node} {node} 0 {{c_gate*width}}" for node in ("first", "second", "third", "tail", "out")]
        return "\n".join(
            [
                *lines,
                ".model nch nmos level=1 vto={v_to} kp={k_p} lambda=0.02",
                ".model pch pmos level=1 vto={-v_to} kp={k_p/3} lambda=0.02",
                f".ends {self.subcircuit_name}",
                "",
            ]
        )
