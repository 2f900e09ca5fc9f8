"""The memristive adaptive leaky integrate-and-fire neuron of Bednarz and Garda (2024)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from neuromorph.devices import MMS, DifferenceAmplifier, MemristorModel, Mosfet, SchmittTrigger
from neuromorph.neurons.design_checks import DesignFinding, current_at, memristor_too_conductive
from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts, is_ideal
from neuromorph.neurons.neuron import CHARGE_PRECISION, RELATIVE_PRECISION, Neuron, WorkingPoint
from neuromorph.quantities import Parameters, parameter
from neuromorph.stimulus import SquareWave

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridSystem

# An instant reset has no circuit: the nearest is a switch that discharges in this share of r_s * capacitance.
_INSTANT = 1e-5
_MEMRISTOR = "memristor_"


@dataclass(frozen=True, kw_only=True)
class MemristiveALIF(Neuron):
    """Adaptive LIF neuron whose leak is a memristor in series with a resistor.

    A current charges the capacitor; the memristor and `r_s` divide its voltage, and the share across the
    memristor is the membrane voltage:

    ``capacitance dv_c/dt = i_in - i(v_mem, x)``, ``v_mem + r_s i(v_mem, x) = v_c - v_rest``

    When `v_mem` reaches `v_th` the neuron spikes and a switch discharges the capacitor towards `v_rest`
    until `v_mem` has fallen to `v_lo`. While current flows the memristor's resistance falls, so its share
    of the voltage falls too, and later spikes take longer: the neuron adapts.

    Parameters
    ----------
    memristor : MemristorModel
        The leak's memristor.
    capacitance : float
        Membrane capacitor [F].
    r_s : float
        Resistor in series with the memristor [ohm].
    v_th : float
        Membrane voltage at which the neuron spikes [V].
    v_lo : float
        Membrane voltage at which the discharge ends [V].
    v_rest : float
        Resting voltage of the capacitor [V].
    r_switch : float or None
        Resistance of the closed discharge switch [ohm]; ``None`` resets the capacitor to `v_rest` at once.
    x0 : float
        State of the memristor at time zero (pure number).
    amplifier : DifferenceAmplifier
        Senses the memristor's voltage in the hardware neuron.
    trigger : SchmittTrigger or None
        Compares the amplifier's output in the hardware neuron; ``None`` designs it from `v_th`, `v_lo` and
        the amplifier's gain.
    transistor : Mosfet
        Discharges the capacitor in the hardware neuron.

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_lo` is not below `v_th`.

    Notes
    -----
    Source: K. Bednarz and B. Garda, "Memristor-based adaptive leaky integrate-and-fire neuron model: a
    simulation study" (2024), equation (2) and figure 4a. The paper leaves the component values out; the
    defaults reproduce what its figure 5 shows. The paper's statement that `v_rest` resets the state does
    not hold for this memristor: below its thresholds it keeps `x` for about a second.
    """

    memristor: MemristorModel = dataclasses.field(default_factory=MMS)
    capacitance: float = parameter(22e-9, unit="F", positive=True, doc="membrane capacitor")
    r_s: float = parameter(1e3, unit="ohm", positive=True, doc="resistor in series with the memristor")
    v_th: float = parameter(0.40, unit="V", positive=True, doc="membrane voltage at which the neuron spikes")
    v_lo: float = parameter(0.02, unit="V", positive=True, doc="membrane voltage at which the discharge ends")
    v_rest: float = parameter(0.0, unit="V", doc="resting voltage of the capacitor")
    r_switch: float | None = parameter(
        10.0, unit="ohm", positive=True, optional=True, doc="resistance of the closed discharge switch"
    )
    x0: float = parameter(0.0, unit="", low=0.0, high=1.0, doc="state of the memristor at time zero")
    amplifier: DifferenceAmplifier = dataclasses.field(default_factory=DifferenceAmplifier)
    trigger: SchmittTrigger | None = None
    transistor: Mosfet = dataclasses.field(default_factory=Mosfet)

    design_name: ClassVar[str] = "memristive-alif"
    parts: ClassVar[tuple[str, ...]] = ("amplifier", "comparator", "discharge")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.memristor, MemristorModel):
            raise ValueError(f"memristor must be a MemristorModel, such as nm.MMS(), got {self.memristor!r}")
        if self.v_lo >= self.v_th:
            raise ValueError(f"v_lo must be below v_th ({self.v_th:g} V), got {self.v_lo!r}")

    def inner_parameters(self) -> dict[str, Parameters]:
        """The parts [SI units]; the trigger also where it is left to be designed."""
        inner = super().inner_parameters()
        return inner if "trigger" in inner else inner | {"trigger": self.schmitt_trigger}

    @property
    def schmitt_trigger(self) -> SchmittTrigger:
        """The trigger of the hardware neuron [V]: the given one, or the one that `v_th` and `v_lo` ask for."""
        if self.trigger is not None:
            return self.trigger
        return SchmittTrigger(v_high=self.amplifier.gain * self.v_th, v_low=self.amplifier.gain * self.v_lo)

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with states ``v_c`` [V] and ``x``, signal ``v_mem`` [V], input ``i_in`` [A].

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
        parts = fidelity_of_parts(fidelity, self.parts, self.design_name)
        if not is_ideal(parts):
            from neuromorph.neurons.hardware_alif import hardware_dynamics

            return hardware_dynamics(self, parts)
        import sympy

        from neuromorph.systems import HybridSystem, Mode, Output, State, Transition, Unknown

        v_c, x, v_mem, i_in = sympy.symbols("v_c x v_mem i_in", real=True)
        capacitance, r_s, v_th, v_lo, v_rest = sympy.symbols("capacitance r_s v_th v_lo v_rest", real=True)
        current, state_rate = self.memristor_expressions(v_mem, x)
        # A memristor may be faster than the membrane: a step that does not resolve it would be unstable in x.
        own_times = self._memristor_time_scales(v_th)
        charging = Mode(
            rates={"v_c": (i_in - current) / capacitance, "x": state_rate},
            time_scale=sympy.Min(r_s * capacitance, *own_times),
        )
        modes = {"charging": charging}
        reaches_threshold = v_mem - v_th
        discharge: dict[str, Any] = {"charging": 0}
        if self.r_switch is None:
            transitions = [
                Transition("charging", "charging", reaches_threshold, resets={"v_c": v_rest}, emits_spike=True)
            ]
        else:
            r_switch = sympy.Symbol("r_switch", real=True)
            modes["discharging"] = Mode(
                rates={"v_c": (i_in - current - (v_c - v_rest) / r_switch) / capacitance, "x": state_rate},
                time_scale=sympy.Min(capacitance * r_s * r_switch / (r_s + r_switch), *own_times),
            )
            discharge["discharging"] = (v_c - v_rest) ** 2 / r_switch
            transitions = [
                Transition("charging", "discharging", reaches_threshold, emits_spike=True),
                Transition("discharging", "charging", v_lo - v_mem),
            ]
        return HybridSystem(
            name=self.design_name,
            states={"v_c": State(self.v_rest, "V"), "x": State(self.x0, bounds=(0.0, 1.0))},
            inputs={"i_in": "A"},
            parameters=self.parameter_values(),
            unknowns={"v_mem": Unknown(v_c - v_rest - r_s * current - v_mem, "V")},
            modes=modes,
            transitions=transitions,
            outputs={
                "p_in": Output(v_c * i_in, "W"),
                "p_supply_rest": Output(-v_rest * i_in, "W"),
                "p_memristor": Output(v_mem * current, "W"),
                "p_r_s": Output((v_c - v_rest - v_mem) * current, "W"),
                "p_discharge": Output(discharge, "W"),
                "e_stored": Output(capacitance * (v_c - v_rest) ** 2 / 2, "J"),
            },
        )

    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """The circuit: figure 4a of the paper when ideal, figure 4b with real parts.

        Parameters
        ----------
        fidelity : {"ideal", "macromodel", "transistor"}, or mapping of str to one of these or VendorModel
            How real the parts ``"amplifier"``, ``"comparator"`` and ``"discharge"`` are; parts that a mapping
            leaves out are ideal. The comparator has a transistor-level circuit; the amplifier's most real
            form is its macromodel, that of the discharge the transistor.

        Returns
        -------
        Schematic
            A PySpice circuit with ports and probes (SI units).

        Raises
        ------
        ValueError
            When the fidelity is unknown.
        """
        parts = fidelity_of_parts(fidelity, self.parts, self.design_name)
        if not is_ideal(parts):
            from neuromorph.neurons.hardware_alif import hardware_schematic

            return hardware_schematic(self, parts)
        from neuromorph.schematic.circuit import Schematic
        from neuromorph.schematic.options import Resolution
        from neuromorph.schematic.ports import Port
        from neuromorph.schematic.probes import Probe
        from neuromorph.schematic.threshold import Threshold

        # The helping source of an instant reset is a part of the discharge: the capacitor's energy ends there.
        discharge = "@Sdischarge[i]" if self.r_switch is not None else "i(Vsink)"
        circuit = Schematic(
            self.design_name,
            ports={"i_in": Port("c")},
            probes={
                "v_c": "v(c)",
                "x": Probe("v(x)", unit=""),
                "v_mem": "v(mem, rest)",
                "i_in": "i(Vsense_i_in)",
                "p_in": Probe("v(c) * i(Vsense_i_in)", unit="W"),
                "p_supply_rest": Probe("-v(rest) * i(Vrest)", unit="W"),
                "p_memristor": Probe(f"v(mem, rest) * v(c, mem) / {self.r_s!r}", unit="W"),
                "p_r_s": Probe(f"v(c, mem) * v(c, mem) / {self.r_s!r}", unit="W"),
                "p_discharge": Probe(f"v(c, rest) * {discharge}", unit="W"),
                "e_stored": Probe(f"v(c, rest) * v(c, rest) * {self.capacitance / 2!r}", unit="J"),
            },
            initial={"c": self.v_rest, "x": self.x0},
            spikes="v(spike)",
            states=("v_c", "x"),
            resolution=Resolution(
                t_max=self.capacitance * self.r_s / 220,
                reltol=RELATIVE_PRECISION,
                chgtol=CHARGE_PRECISION * self.capacitance * self.v_th,
            ),
            parameter_values=self.parameter_values(),
        )
        v_lo, r_switch, sink = self.v_lo, self.r_switch, "rest"
        if r_switch is None:
            # Down to rest in next to no time: a small switch pulls past it and opens when rest is reached.
            v_lo, r_switch, sink = 0.0, _INSTANT * self.r_s, "sink"
            circuit.V("sink", "sink", "rest", -self.v_th)
        circuit.raw_spice += self.memristor.subcircuit()
        circuit.verilog_a[self.memristor.subcircuit_name] = self.memristor.verilog_a()
        circuit.V("rest", "rest", circuit.gnd, self.v_rest)
        circuit.C("mem", "c", "rest", self.capacitance)
        circuit.R("s", "c", "mem", self.r_s)
        circuit.X("memristor", self.memristor.subcircuit_name, "mem", "rest", "x", **self.memristor.values())
        threshold = Threshold(circuit, "mem", "rest", v_high=self.v_th, v_low=v_lo)
        threshold.add_switch("discharge", "c", sink, r_on=r_switch, r_off=1e9 * self.r_s)
        threshold.add_spike_output()
        return circuit

    @property
    def largest_share(self) -> float:
        """Largest share of the capacitor's voltage that is across the memristor, as discharge ends (pure number)."""
        # Some models carry no current at all in one of their states.
        least = max(0.0, min(current_at(self.memristor, self.v_lo, x) for x in (0.0, 1.0)))
        return self.v_lo / (self.v_lo + self.r_s * least)

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
        from neuromorph.neurons.hardware_alif import hardware_findings

        parts = fidelity_of_parts(fidelity, self.parts, self.design_name)
        if is_ideal(parts) and self.r_switch is None:
            yield from memristor_too_conductive(self.memristor, self.v_th, i_max)
        else:
            yield from hardware_findings(self, parts, i_max, t_max)

    def working_point(self) -> WorkingPoint:
        """Five periods of the paper's unipolar square current: 1 mA, 1 kHz, 50 % [A, s]."""
        return WorkingPoint(SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5), t_stop=5e-3)

    def memristor_expressions(self, v_mem: Any, x: Any) -> tuple[Any, Any]:
        """Current [A] and state rate [1/s] of the memristor, in the parameter names of :meth:`dynamics`."""
        import sympy

        names = {name: sympy.Symbol(_MEMRISTOR + name, real=True) for name in self.memristor.values()}
        names |= {"v": v_mem, "x": x}
        current, rate = self.memristor.expressions()
        rename = {s: names[s.name] for e in (current, rate) for s in e.free_symbols}
        return current.xreplace(rename), rate.xreplace(rename)

    def _memristor_time_scales(self, v_th: Any) -> list[Any]:
        """The memristor's time scale at the threshold, the largest voltage that it sees [s], if it states one."""
        import sympy

        scale = self.memristor.time_scale(v_th)
        if scale is None:
            return []
        own = {sympy.Symbol(n, real=True): sympy.Symbol(_MEMRISTOR + n, real=True) for n in self.memristor.values()}
        return [scale.xreplace(own)]

    def parameter_values(self) -> dict[str, float]:
        """Component values by name, the memristor's with a prefix (SI units)."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.metadata and f.name != "x0"}
        values = {name: float(value) for name, value in own.items() if value is not None}
        return values | {_MEMRISTOR + name: value for name, value in self.memristor.values().items()}
