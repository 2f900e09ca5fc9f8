"""The simplest hardware neuron: an RC membrane, a comparator and a discharge transistor."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from neuromorph.devices import Mosfet, SchmittTrigger
from neuromorph.neurons.design_checks import (
    DesignFinding,
    latch_up,
    leak_too_conductive,
    outside_common_mode,
    step_too_long,
)
from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts, is_ideal
from neuromorph.neurons.neuron import CHARGE_PRECISION, RELATIVE_PRECISION, Neuron, WorkingPoint
from neuromorph.neurons.spike_circuit import MODES, SpikeCircuit, hardware_resolution
from neuromorph.quantities import Parameters, parameter
from neuromorph.stimulus import Constant

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.schematic.options import Resolution
    from neuromorph.systems import HybridSystem
    from neuromorph.systems.nodal import NodalEquations


@dataclass(frozen=True, kw_only=True)
class RCNeuron(Neuron):
    """Capacitor and leak resistor, discharged through a transistor when a Schmitt trigger says so.

    ``capacitance dv_mem/dt = i_in - (v_mem - v_rest) / r_leak``

    When `v_mem` reaches `v_th` the neuron spikes, and the capacitor is discharged until `v_mem` has fallen to
    `v_lo`. Without a threshold it is the passive membrane.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    r_leak : float
        Leak [ohm].
    v_th : float or None
        Membrane voltage at which the neuron spikes [V]; ``None`` is a passive membrane.
    v_lo : float
        Membrane voltage at which the discharge ends [V].
    v_rest : float
        Resting voltage, to which the leak pulls and the discharge too [V].
    r_switch : float
        Resistance of the closed discharge switch of the ideal neuron [ohm].
    trigger : SchmittTrigger or None
        Compares the membrane voltage in the hardware neuron; ``None`` designs it from `v_th` and `v_lo`.
    transistor : Mosfet
        Discharges the capacitor in the hardware neuron.

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_rest`, `v_lo` and `v_th` do not rise in this order.

    Notes
    -----
    Source: figure 1 and equation (1) of K. Bednarz and B. Garda (2024) for the membrane; the discharge is that
    of their figure 4b. The trigger loads the membrane with ``r_a + r_b``, 49 kohm by default beside a leak of
    10 kohm, and the current out of the comparator's input, up to 6 uA, charges it. A larger `trigger.r_a` would
    spare the membrane, but the bias current through it moves both thresholds, by 300 mV in 100 kohm: the reference
    can make up for its typical value only, and where a comparator has twice as much the lower threshold would be
    below the resting voltage, so that the discharge never ends. In 10 kohm it moves them by 30 mV.
    """

    capacitance: float = parameter(100e-9, unit="F", positive=True, doc="membrane capacitor")
    r_leak: float = parameter(10e3, unit="ohm", positive=True, doc="leak")
    v_th: float | None = parameter(1.0, unit="V", optional=True, doc="membrane voltage at which the neuron spikes")
    v_lo: float = parameter(0.05, unit="V", doc="membrane voltage at which the discharge ends")
    v_rest: float = parameter(0.0, unit="V", doc="resting voltage")
    r_switch: float = parameter(10.0, unit="ohm", positive=True, doc="resistance of the closed discharge switch")
    trigger: SchmittTrigger | None = None
    transistor: Mosfet = dataclasses.field(default_factory=Mosfet)

    design_name: ClassVar[str] = "rc-neuron"
    parts: ClassVar[tuple[str, ...]] = ("comparator", "discharge")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.v_th is not None and not self.v_rest < self.v_lo < self.v_th:
            raise ValueError(
                f"v_rest, v_lo and v_th must rise in this order, got {self.v_rest!r}, {self.v_lo!r} and {self.v_th!r} V"
            )

    def inner_parameters(self) -> dict[str, Parameters]:
        """The parts [SI units]; the trigger also where it is left to be designed."""
        inner = super().inner_parameters()
        return inner if "trigger" in inner or self.v_th is None else inner | {"trigger": self.schmitt_trigger}

    @property
    def schmitt_trigger(self) -> SchmittTrigger:
        """The trigger of the hardware neuron [V]: the given one, or the one that `v_th` and `v_lo` ask for."""
        if self.trigger is not None:
            return self.trigger
        if self.v_th is None:
            raise ValueError("a passive membrane (v_th=None) has no trigger: give v_th in V")
        return SchmittTrigger(v_high=self.v_th, v_low=self.v_lo)

    def interval(self, i_in: float) -> float:
        """Interspike interval of the ideal neuron under a constant current, in closed form.

        Parameters
        ----------
        i_in : float
            Input current [A].

        Returns
        -------
        float
            Interval [s]; infinite where the threshold is never reached or the discharge never ends.

        Examples
        --------
        >>> round(RCNeuron().interval(0.2e-3) * 1e6, 4)
        670.8609
        """
        if self.v_th is None:
            return math.inf
        parallel = self.r_leak * self.r_switch / (self.r_leak + self.r_switch)
        v_end, v_bottom = self.v_rest + self.r_leak * i_in, self.v_rest + parallel * i_in
        if v_end <= self.v_th or v_bottom >= self.v_lo:
            return math.inf
        charge = self.r_leak * self.capacitance * math.log((v_end - self.v_lo) / (v_end - self.v_th))
        return charge + parallel * self.capacitance * math.log((self.v_th - v_bottom) / (self.v_lo - v_bottom))

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with the state ``v_mem`` [V] and the input ``i_in`` [A].

        Parameters
        ----------
        fidelity : str or mapping of str to str or VendorModel
            How real the parts are, as in :meth:`schematic`. Transistors and vendors' models have no equations
            here: the part's macromodel stands for them.

        Returns
        -------
        HybridSystem
            In SI units, with a state for every capacitor of a real part.

        Raises
        ------
        ValueError
            When the fidelity is unknown.
        """
        import sympy

        from neuromorph.systems import HybridSystem, Mode, Output, Transition

        parts = fidelity_of_parts(fidelity, self.parts, self.design_name)
        circuit = self._spike_circuit(parts)
        modes = MODES if circuit else MODES[:1]
        equations = {mode: self._equations(circuit, mode) for mode in modes}
        first = equations["charging"]
        powers = {mode: self._powers(circuit, equations[mode], mode) for mode in modes}
        transitions = []
        if circuit:
            begins, ends = circuit.guards(first)
            transitions = [
                Transition("charging", "discharging", begins, emits_spike=True),
                Transition("discharging", "charging", ends),
            ]
        tau_m, tau_switch = (
            sympy.Symbol(name, real=True) * sympy.Symbol("capacitance", real=True) for name in ("r_leak", "r_switch")
        )
        scales = {"charging": tau_m, "discharging": sympy.Min(tau_m, tau_switch)} if is_ideal(parts) else {}
        return HybridSystem(
            name=self.design_name,
            states=first.states({"v_mem": self.v_rest} | (circuit.initial(self.v_rest) if circuit else {})),
            inputs={"i_in": "A"},
            parameters=self.parameter_values() | (circuit.values() if circuit else {}),
            unknowns=first.unknowns(),
            modes={mode: Mode(rates=equations[mode].rates(), time_scale=scales.get(mode)) for mode in modes},
            transitions=transitions,
            outputs={
                **{name: Output({mode: powers[mode][name] for mode in modes}, "W") for name in powers["charging"]},
                "e_stored": Output(first.stored_energy, "J"),
            },
            stiff=not is_ideal(parts),
        )

    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """The circuit.

        Parameters
        ----------
        fidelity : {"ideal", "macromodel", "transistor"}, or mapping of str to one of these or VendorModel
            How real the parts ``"comparator"`` and ``"discharge"`` are; parts that a mapping leaves out are ideal.

        Returns
        -------
        Schematic
            A PySpice circuit with ports and probes (SI units).

        Raises
        ------
        ValueError
            When the fidelity is unknown.
        """
        from neuromorph.schematic.circuit import Schematic
        from neuromorph.schematic.ports import Port
        from neuromorph.schematic.probes import Probe

        parts = fidelity_of_parts(fidelity, self.parts, self.design_name)
        spike_circuit = self._spike_circuit(parts)
        spikes, level = spike_circuit.spikes() if spike_circuit else (None, 0.5)
        stored = f"v(mem, rest) * v(mem, rest) * {self.capacitance / 2!r}"
        circuit = Schematic(
            self.design_name,
            ports={"i_in": Port("mem")},
            probes={
                "v_mem": "v(mem)",
                "i_in": "i(Vsense_i_in)",
                "p_in": Probe("v(mem) * i(Vsense_i_in)", unit="W"),
                "p_supply_rest": Probe("-v(rest) * i(Vrest)", unit="W"),
                "p_leak": Probe(f"v(mem, rest) * v(mem, rest) / {self.r_leak!r}", unit="W"),
                **(spike_circuit.probes() if spike_circuit else {}),
                "e_stored": Probe(stored + (spike_circuit.stored_energy if spike_circuit else ""), unit="J"),
            },
            initial={"mem": self.v_rest},
            spikes=spikes,
            spike_level=level,
            spike_end_level=spike_circuit.spike_end_level() if spike_circuit else None,
            states=("v_mem",),
            resolution=self._resolution(parts, spike_circuit),
            parameter_values=self.parameter_values() | (spike_circuit.values() if spike_circuit else {}),
        )
        circuit.V("rest", "rest", circuit.gnd, self.v_rest)
        circuit.C("mem", "mem", "rest", self.capacitance)
        circuit.R("leak", "mem", "rest", self.r_leak)
        if spike_circuit:
            spike_circuit.add_to(circuit)
        return circuit

    def design_findings(
        self, i_max: float, *, fidelity: Fidelity = "ideal", t_max: float | None = None
    ) -> Iterator[DesignFinding]:
        """Faults that are known before a run, each with the parameter and the value that would do.

        Parameters
        ----------
        i_max : float
            Largest input current [A].
        fidelity : str or mapping of str to str or VendorModel
            As in :meth:`schematic`.
        t_max : float, optional
            Longest time step of the SPICE run, where one was asked for [s].

        Yields
        ------
        DesignFinding
            Latch-up, no firing, thresholds out of reach, steps too long (SI units).
        """
        circuit = self._spike_circuit(fidelity_of_parts(fidelity, self.parts, self.design_name))
        if circuit is None or self.v_th is None:
            return
        r_leak = self.r_leak
        if circuit.comparator != "ideal":
            loaded = circuit.trigger.resistors
            r_leak = 1 / (1 / r_leak + 1 / (loaded.r_a + loaded.r_b))
        # A trigger that was given sets the thresholds, and neither v_th nor v_lo moves them.
        given = self.trigger is not None and circuit.comparator != "ideal"
        v_high = circuit.trigger.thresholds[0] if given else self.v_th
        of_trigger = ("trigger.v_low", "trigger.v_high") if given else ("v_lo", "v_th")
        yield from latch_up(circuit, i_max, 1.0, 1.0, self.v_rest, parameter=of_trigger[0])
        yield from leak_too_conductive(r_leak, v_high, self.v_rest, i_max, parameter=of_trigger[1])
        yield from outside_common_mode(circuit)
        yield from step_too_long(circuit, self.capacitance, self.v_rest, t_max)

    def working_point(self) -> WorkingPoint:
        """A constant current that would bring the membrane to twice its threshold, for ten time constants [A, s]."""
        swing = (1.0 if self.v_th is None else self.v_th) - self.v_rest
        return WorkingPoint(Constant(value=2 * swing / self.r_leak), t_stop=10 * self.r_leak * self.capacitance)

    def parameter_values(self) -> dict[str, float]:
        """Component values of the membrane by name (SI units)."""
        return {name: float(getattr(self, name)) for name in ("capacitance", "r_leak", "v_rest")}

    def _resolution(self, parts: dict[str, Any], spike_circuit: SpikeCircuit | None) -> Resolution:
        from neuromorph.schematic.options import Resolution

        tau_m = self.r_leak * self.capacitance
        if spike_circuit and not is_ideal(parts):
            return hardware_resolution(tau_m, spike_circuit.on_resistance(self.v_rest) * self.capacitance)
        swing = 1.0 if self.v_th is None else self.v_th - self.v_rest
        return Resolution(
            t_max=tau_m / 200, reltol=RELATIVE_PRECISION, chgtol=CHARGE_PRECISION * self.capacitance * swing
        )

    def _spike_circuit(self, parts: dict[str, Any]) -> SpikeCircuit | None:
        if self.v_th is None:
            return None
        return SpikeCircuit(
            comparator=parts["comparator"],
            discharge=parts["discharge"],
            wanted_trigger=self.schmitt_trigger,
            transistor=self.transistor,
            v_high=self.v_th,
            v_low=self.v_lo,
            r_switch=self.r_switch,
            sensed="mem",
            membrane="mem",
        )

    def _equations(self, circuit: SpikeCircuit | None, mode: str) -> NodalEquations:
        import sympy

        from neuromorph.systems.nodal import NodalEquations

        capacitance, r_leak, v_rest, i_in = sympy.symbols("capacitance r_leak v_rest i_in", real=True)
        equations = NodalEquations({"rest": v_rest, **(circuit.held_nodes() if circuit else {})})
        equations.add_current("0", "mem", i_in)
        equations.add_capacitor("mem", "rest", capacitance)
        equations.add_resistor("mem", "rest", r_leak)
        if circuit:
            circuit.stamp(equations, mode)
        return equations

    def _powers(self, circuit: SpikeCircuit | None, equations: NodalEquations, mode: str) -> dict[str, Any]:
        import sympy

        v = equations.voltage
        return {
            "p_in": v("mem") * sympy.Symbol("i_in", real=True),
            "p_supply_rest": v("rest") * equations.source_current("rest"),
            "p_leak": (v("mem") - v("rest")) ** 2 / sympy.Symbol("r_leak", real=True),
            **(circuit.powers(equations, mode) if circuit else {}),
        }
