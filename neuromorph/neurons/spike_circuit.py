"""From a sensed voltage to a discharged membrane: comparator and switch of a hardware neuron, on both roads.

Used by every neuron that fires through a Schmitt trigger, whose output is the node ``gate``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from neuromorph.devices.mosfet import Mosfet
from neuromorph.devices.schmitt_trigger import SchmittTrigger
from neuromorph.devices.transistor_comparator import TransistorComparator
from neuromorph.schematic.options import Resolution
from neuromorph.systems.nodal import NodalEquations

# A spike is the rise of the trigger's output through this share of its swing; it is over below the second one,
# lower so that an output that lingers is not counted twice.
_SPIKE_LEVEL, _OVER_LEVEL = 0.5, 0.4
MODES = ("charging", "discharging")
# A shorter limit of the step [s] brings nothing: ngspice shortens it by itself where the trigger switches.
_SHORTEST_STEP = 20e-9


def hardware_resolution(tau_m: float, tau_discharge: float) -> Resolution:
    """What resolves the circuit of a hardware neuron whose fastest nodes have nanoseconds.

    Parameters
    ----------
    tau_m, tau_discharge : float
        Time constants of the membrane and of its discharge [s].

    Returns
    -------
    Resolution
        Steps and tolerances with which spike times of the library's neurons are within some ten nanoseconds of
        the equations; ngspice shortens the steps by itself while the trigger switches.
    """
    return Resolution(t_max=max(min(tau_m / 400, tau_discharge), _SHORTEST_STEP), reltol=1e-6, chgtol=1e-12)


@dataclass(frozen=True, kw_only=True)
class SpikeCircuit:
    """The comparator and the discharge of a neuron.

    Parameters
    ----------
    comparator, discharge : str or VendorModel
        How real the two are.
    wanted_trigger : SchmittTrigger
        The comparator's macromodel and the thresholds that are wanted.
    transistor : Mosfet
        The discharge transistor.
    v_high, v_low : float
        Thresholds of an ideal comparator [V].
    r_switch : float
        Resistance of an ideal discharge switch when it is closed [ohm].
    sensed, membrane : str
        Node whose voltage is compared [V], and node that is discharged to the node ``rest``.
    """

    comparator: Any
    discharge: Any
    wanted_trigger: SchmittTrigger
    transistor: Mosfet
    v_high: float
    v_low: float
    r_switch: float
    sensed: str
    membrane: str

    @cached_property
    def trigger(self) -> SchmittTrigger:
        """The trigger that is built [V]: its resistors fit the output levels of the comparator in it."""
        model = self._comparator_model()
        if isinstance(model, TransistorComparator):
            stand_in = model.macromodel(self.wanted_trigger.v_supply)
            return dataclasses.replace(self.wanted_trigger, comparator=stand_in)
        return self.wanted_trigger

    def values(self) -> dict[str, float]:
        """Parameter values of the equations (SI units)."""
        own = {"sensed_high": self.v_high, "sensed_low": self.v_low, "r_switch": self.r_switch}
        return own | self.trigger.values("trigger_") | self.transistor.values("transistor_")

    @property
    def has_gate(self) -> bool:
        """Whether a node ``gate`` exists: not where comparator and discharge are one ideal switch."""
        return not (self.comparator == "ideal" and self.discharge == "ideal")

    @property
    def lower_threshold(self) -> float:
        """Voltage at the comparator's input at which the discharge ends [V]."""
        return self.v_low if self.comparator == "ideal" else self.trigger.thresholds[1]

    def on_resistance(self, v_rest: float) -> float:
        """Resistance of the discharge while it conducts [ohm], with the rest at `v_rest` [V]."""
        if self.discharge == "ideal":
            return self.r_switch
        return self.transistor.on_resistance(self.trigger.comparator.v_high - v_rest)

    def held_nodes(self) -> dict[str, Any]:
        """Nodes that sources hold in the equations [V]."""
        return {"logic": self.trigger.symbolic("trigger_").v_supply}

    def stamp(self, equations: NodalEquations, mode: str) -> None:
        """Add both parts to nodal equations, as they are in one mode (SI units)."""
        import sympy

        trigger, transistor = self.trigger.symbolic("trigger_"), self.transistor.symbolic("transistor_")
        if self.comparator != "ideal":
            trigger.stamp(equations, "trigger", **{"in": self.sensed, "v_pos": "logic", "v_neg": "0", "out": "gate"})
        elif self.has_gate:
            level = trigger.comparator.v_high if mode == "discharging" else trigger.comparator.v_low
            equations.add_current("0", "gate", (level - equations.voltage("gate")) / trigger.comparator.r_out)
        if self.discharge != "ideal":
            transistor.stamp(equations, "transistor", d=self.membrane, g="gate", s="rest")
        elif mode == "discharging":
            equations.add_resistor(self.membrane, "rest", sympy.Symbol("r_switch", real=True))

    def guards(self, equations: NodalEquations) -> tuple[Any, Any]:
        """What rises through zero when a spike begins, and when its discharge is over [V]."""
        import sympy

        if self.comparator == "ideal":
            sensed = equations.voltage(self.sensed)
            high, low = sympy.symbols("sensed_high sensed_low", real=True)
            return sensed - high, low - sensed
        comparator = self.trigger.symbolic("trigger_").comparator
        gate = equations.voltage("gate")
        levels = [comparator.v_low + share * comparator.swing for share in (_SPIKE_LEVEL, _OVER_LEVEL)]
        return gate - levels[0], levels[1] - gate

    def initial(self, v_sensed: float) -> dict[str, float]:
        """States at rest, with the output low [V; the comparator's state is a pure number]."""
        states = {"v_gate": self.trigger.comparator.v_low}
        return states | (self.trigger.states_at_rest("trigger", v_sensed) if self.comparator != "ideal" else {})

    def powers(self, equations: NodalEquations, mode: str) -> dict[str, Any]:
        """Power from the logic supply and in the parts [W], as they are in one mode."""
        import sympy

        v = equations.voltage
        trigger, transistor = self.trigger.symbolic("trigger_"), self.transistor.symbolic("transistor_")
        comparator, resistors = trigger.comparator, trigger.resistors
        if self.discharge != "ideal":
            v_ds = v(self.membrane) - v("rest")
            discharge = v_ds * transistor.drain_current(v("gate") - v("rest"), v_ds)
        else:
            closed = mode == "discharging"
            discharge = (
                (v(self.membrane) - v("rest")) ** 2 / sympy.Symbol("r_switch", real=True)
                if closed
                else sympy.Integer(0)
            )
        powers = {"p_discharge": discharge}
        if self.comparator == "ideal" and self.discharge != "ideal":
            # What an ideal comparator gives to the gate, and loses in its output resistance.
            level = comparator.v_high if mode == "discharging" else comparator.v_low
            i_gate = (level - v("gate")) / comparator.r_out
            powers |= {"p_supply_gate": level * i_gate, "p_gate": (level - v("gate")) * i_gate}
        if self.comparator != "ideal":
            inner = sympy.Symbol("trigger_stage", real=True)
            i_out = (comparator.output_voltage(inner) - v("gate")) / comparator.r_out
            i_in = (v(self.sensed) - v("trigger_in")) / resistors.r_a
            i_gate = i_out - (v("gate") - v("trigger_in")) / resistors.r_b
            divider = trigger.v_supply * (trigger.v_supply - v("trigger_reference")) / resistors.r_top
            powers["p_supply_logic"] = divider + comparator.supply_power(trigger.v_supply, sympy.Integer(0), i_out)
            powers["p_comparator"] = powers["p_supply_logic"] + v(self.sensed) * i_in - v("gate") * i_gate
        return powers

    def add_to(self, circuit: Any) -> None:
        """Add both parts to a circuit, with the spike output (SI units)."""
        from neuromorph.schematic.threshold import Threshold

        trigger, comparator = self.trigger, self.trigger.comparator
        if self.comparator == "ideal":
            threshold = Threshold(circuit, self.sensed, "0", v_high=self.v_high, v_low=self.v_low)
            threshold.add_spike_output()
            if self.discharge == "ideal":
                threshold.add_switch("discharge", self.membrane, "rest", r_on=self.r_switch, r_off=1e9 * self.r_switch)
            else:
                circuit.B("level", "level", circuit.gnd, voltage_expression=self._level_expression())
                circuit.R("gate", "level", "gate", comparator.r_out)
        else:
            circuit.V("logic", "logic", circuit.gnd, trigger.v_supply)
            nodes = {"in": self.sensed, "v_pos": "logic", "v_neg": "0", "out": "gate"}
            trigger.add_resistors(circuit, "trigger", **nodes)
            pins = {"in_p": "trigger_in", "in_n": "trigger_reference"}
            pins |= {pin: nodes[pin] for pin in ("v_pos", "v_neg", "out")}
            self._comparator_model().add_to(circuit, "comparator", **pins)
            if self.discharge == "ideal":
                levels = [comparator.v_low + share * comparator.swing for share in (_SPIKE_LEVEL, _OVER_LEVEL)]
                threshold = Threshold(circuit, "gate", "0", v_high=levels[0], v_low=levels[1])
                threshold.add_switch("discharge", self.membrane, "rest", r_on=self.r_switch, r_off=1e9 * self.r_switch)
        if self.discharge != "ideal":
            transistor = self.transistor if isinstance(self.discharge, str) else self.discharge
            # Sources of zero volts, to read the currents of gate and drain.
            circuit.V("gate", "gate", "transistor_g", 0.0)
            circuit.V("drain", self.membrane, "transistor_d", 0.0)
            transistor.add_to(circuit, "transistor", d="transistor_d", g="transistor_g", s="rest")

    def spikes(self) -> tuple[str, float]:
        """Probe whose rise is a spike, and the level that it rises through [V]."""
        if self.comparator == "ideal":
            return "v(spike)", 0.5
        comparator = self.trigger.comparator
        return "v(gate)", float(comparator.v_low + _SPIKE_LEVEL * comparator.swing)

    def spike_end_level(self) -> float:
        """Level below which a spike is over [V]."""
        if self.comparator == "ideal":
            return 0.5
        comparator = self.trigger.comparator
        return float(comparator.v_low + _OVER_LEVEL * comparator.swing)

    def probes(self) -> dict[str, Any]:
        """What to record besides the membrane [V, W]."""
        from neuromorph.schematic.probes import Probe

        probes: dict[str, Any] = {"v_gate": "v(gate)"} if self.comparator != "ideal" else {}
        gate_power = "0 * v(rest)"
        if self.discharge == "ideal":
            probes["p_discharge"] = Probe(f"v({self.membrane}, rest) * @Sdischarge[i]", unit="W")
        elif isinstance(self.discharge, str):
            # Of the channel alone: what the transistor's capacitances take is counted as stored.
            gate_power = "v(gate) * i(Vgate)"
            probes["p_discharge"] = Probe(f"v({self.membrane}, rest) * i(V.Xtransistor.Vdrain)", unit="W")
        else:
            # Nothing is known of a vendor's model inside: all that enters it.
            gate_power = "v(gate) * i(Vgate)"
            entering = f"v({self.membrane}, rest) * i(Vdrain) + v(gate, rest) * i(Vgate)"
            probes["p_discharge"] = Probe(entering, unit="W")
        if self.comparator == "ideal" and self.discharge != "ideal":
            i_gate = f"v(level, gate) / {self.trigger.comparator.r_out!r}"
            probes["p_supply_gate"] = Probe(f"v(level) * {i_gate}", unit="W")
            probes["p_gate"] = Probe(f"v(level, gate) * {i_gate}", unit="W")
        if self.comparator != "ideal":
            probes["p_supply_logic"] = Probe("-v(logic) * i(Vlogic)", unit="W")
            probes["p_comparator"] = Probe(f"-v(logic) * i(Vlogic) + {self.load_power} - {gate_power}", unit="W")
        return probes

    @property
    def stored_energy(self) -> str:
        """Expression of SPICE vectors for the energy in the transistor's capacitances [J], to be added to others."""
        if self.discharge == "ideal" or not isinstance(self.discharge, str):
            return ""
        pairs = {"c_gs": "gate, rest", "c_gd": f"gate, {self.membrane}", "c_ds": f"{self.membrane}, rest"}
        halves = {pair: getattr(self.transistor, name) / 2 for name, pair in pairs.items()}
        return "".join(f" + v({pair}) * v({pair}) * {half!r}" for pair, half in halves.items())

    @property
    def load_power(self) -> str:
        """Expression of SPICE vectors for the power that the sensed node gives [W]."""
        if self.comparator == "ideal":
            return "0 * v(rest)"
        return f"v({self.sensed}) * v({self.sensed}, trigger_in) / {self.trigger.resistors.r_a!r}"

    def _comparator_model(self) -> Any:
        if not isinstance(self.comparator, str):
            return self.comparator
        return TransistorComparator() if self.comparator == "transistor" else self.wanted_trigger.comparator

    def _level_expression(self) -> str:
        low, swing = float(self.trigger.comparator.v_low), float(self.trigger.comparator.swing)
        return f"({{{low!r}}})+({{{swing!r}}})*v(spike)"
