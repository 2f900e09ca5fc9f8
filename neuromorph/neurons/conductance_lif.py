"""A leaky integrate-and-fire neuron with excitatory and inhibitory synaptic conductances."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts
from neuromorph.neurons.leaky_reset import add_reset
from neuromorph.neurons.membrane_noise import add_noise, noise_ports
from neuromorph.neurons.neuron import CHARGE_PRECISION, RELATIVE_PRECISION, Neuron, WorkingPoint
from neuromorph.neurons.refractory import normal_share_below_zero, refractory_period, refuse_random_refractory
from neuromorph.quantities import choice, is_choice, parameter
from neuromorph.stimulus import Constant, PoissonInput, Stimulus

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridSystem

# A membrane voltage that no synapse reaches: the threshold of the free membrane potential [V].
_OUT_OF_REACH = 1.0


@dataclass(frozen=True, kw_only=True)
class ConductanceLIF(Neuron):
    """Leaky integrate-and-fire neuron with synaptic conductances.

    ``capacitance dv_mem/dt = i_in - g_leak (v_mem - v_rest) - g_exc (v_mem - e_exc) - g_inh (v_mem - e_inh)``

    ``dg_exc/dt = w_exc s_exc - g_exc / tau_exc``, and `g_inh` likewise.

    When `v_mem` reaches `v_th` the neuron spikes; `v_mem` is set to `v_reset` and held there for `t_refractory`,
    while the conductances go on.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    g_leak : float
        Leak conductance [S].
    v_rest, v_th, v_reset : float
        Resting, threshold and reset voltage [V].
    t_refractory : float
        Absolute refractory time [s].
    e_exc, e_inh : float
        Reversal voltages of excitatory and inhibitory synapses [V].
    tau_exc, tau_inh : float
        Time constants with which the conductances decay [s].
    w_exc, w_inh : float
        Conductance that one arriving spike adds [S].
    noise_current, noise_conductance, t_refractory_sd, interpretation
        Noise and random refractory time, as for :class:`LIF` [A sqrt(s), S sqrt(s), s].
    v_initial : float, optional
        Membrane voltage at time zero; at rest where it is left out, or just reset where rest is not below the
        threshold [V].

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_reset` or `v_initial` is not below `v_th`.

    Notes
    -----
    Source: T. K. T. Thieu and R. Melnik, "Effects of noise on leaky integrate-and-fire neuron models for
    neuromorphic computing applications", equations (6) to (9). In equation (6) the term of the arriving spikes is
    printed with a minus; a spike adds conductance. Inputs `s_exc` and `s_inh` are arrivals per second: a
    :class:`neuromorph.SpikeInput` (of times, or of a file), a :class:`neuromorph.PoissonInput`, or what
    :func:`neuromorph.spike_inputs` makes of a graph of sources.
    """

    capacitance: float = parameter(200e-12, unit="F", positive=True, doc="membrane capacitor")
    g_leak: float = parameter(20e-9, unit="S", positive=True, doc="leak conductance")
    v_rest: float = parameter(-60e-3, unit="V", doc="resting voltage")
    v_th: float = parameter(-55e-3, unit="V", doc="threshold voltage")
    v_reset: float = parameter(-70e-3, unit="V", doc="reset voltage")
    t_refractory: float = parameter(8e-3, unit="s", low=0.0, doc="absolute refractory time")
    e_exc: float = parameter(0.0, unit="V", doc="reversal voltage of excitatory synapses")
    e_inh: float = parameter(-80e-3, unit="V", doc="reversal voltage of inhibitory synapses")
    tau_exc: float = parameter(2e-3, unit="s", positive=True, doc="decay of the excitatory conductance")
    tau_inh: float = parameter(5e-3, unit="s", positive=True, doc="decay of the inhibitory conductance")
    w_exc: float = parameter(2.4e-9, unit="S", low=0.0, doc="excitatory conductance of one spike")
    w_inh: float = parameter(2.4e-9, unit="S", low=0.0, doc="inhibitory conductance of one spike")
    noise_current: float = parameter(0.0, unit="A*s^0.5", low=0.0, doc="additive white noise of the input current")
    noise_conductance: float = parameter(0.0, unit="S*s^0.5", low=0.0, doc="multiplicative white noise")
    t_refractory_sd: float = parameter(0.0, unit="s", low=0.0, doc="standard deviation of the refractory time")
    interpretation: str = choice("ito", ("ito", "stratonovich"), doc="how multiplicative noise is meant")
    v_initial: float | None = parameter(None, unit="V", optional=True, doc="membrane voltage at time zero")

    design_name: ClassVar[str] = "conductance-lif"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("v_reset", "v_initial"):
            value = getattr(self, name)
            if value is not None and value >= self.v_th:
                raise ValueError(f"{name} must be below v_th ({self.v_th:g} V), got {value!r}")

    def free(self) -> ConductanceLIF:
        """The neuron without its threshold, which shows the free membrane potential (its threshold is 1 V)."""
        free: ConductanceLIF = self.replace(v_th=_OUT_OF_REACH, v_initial=self._v_start)
        return free

    @property
    def _v_start(self) -> float:
        if self.v_initial is not None:
            return self.v_initial
        return self.v_rest if self.v_rest < self.v_th else self.v_reset

    def _values(self) -> dict[str, float]:
        fields = (f for f in dataclasses.fields(self) if f.name != "v_initial" and not is_choice(f))
        return {f.name: float(getattr(self, f.name)) for f in fields}

    @property
    def truncated_share(self) -> float:
        """Share of the drawn refractory times that are below zero and count as zero (pure number)."""
        return normal_share_below_zero(self.t_refractory, self.t_refractory_sd)

    @property
    def _is_noisy(self) -> bool:
        return bool(self.noise_current or self.noise_conductance)

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with the states ``v_mem`` [V], ``g_exc``, ``g_inh`` [S], inputs ``i_in`` [A], ``s_exc``, ``s_inh`` [1/s]."""
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        import sympy

        from neuromorph.systems import HybridSystem, Mode, Output, State

        values = self._values()
        p = {name: sympy.Symbol(name, real=True) for name in values}
        v, g_exc, g_inh, i_in, s_exc, s_inh = sympy.symbols("v_mem g_exc g_inh i_in s_exc s_inh", real=True)
        leak = p["g_leak"] * (v - p["v_rest"])
        exc, inh = g_exc * (v - p["e_exc"]), g_inh * (v - p["e_inh"])
        inflow = i_in - leak - exc - inh
        refractory = refractory_period(p, self.t_refractory_sd)
        noise = {}
        if self._is_noisy:
            multiplicative = p["noise_conductance"] * v if self.noise_conductance else 0
            noise = {"v_mem": {"noise": (p["noise_current"] + multiplicative) / p["capacitance"]}}
        others = {
            "g_exc": p["w_exc"] * s_exc - g_exc / p["tau_exc"],
            "g_inh": p["w_inh"] * s_inh - g_inh / p["tau_inh"],
            **refractory.rates,
        }
        # Conductances shorten the membrane's time constant; a tenth covers ten times the leak.
        scale = sympy.Min(p["tau_exc"], p["tau_inh"], p["capacitance"] / (10 * p["g_leak"]))
        size = max(self.w_exc, self.w_inh, self.g_leak)
        outputs = {
            "p_in": Output(v * i_in, "W"),
            "p_supply_rest": Output(-p["v_rest"] * leak, "W"),
            "p_supply_exc": Output(-p["e_exc"] * exc, "W"),
            "p_supply_inh": Output(-p["e_inh"] * inh, "W"),
            "p_leak": Output((v - p["v_rest"]) * leak, "W"),
            "p_exc": Output((v - p["e_exc"]) * exc, "W"),
            "p_inh": Output((v - p["e_inh"]) * inh, "W"),
            "p_discharge": Output({"integrating": 0, "refractory": v * inflow}, "W"),
            "e_stored": Output(p["capacitance"] * v**2 / 2, "J"),
        }
        return HybridSystem(
            name=self.design_name,
            states={
                "v_mem": State(self._v_start, "V", scale=self.v_th - self.v_reset),
                "g_exc": State(0.0, "S", scale=size),
                "g_inh": State(0.0, "S", scale=size),
                **refractory.states,
            },
            inputs={"i_in": "A", "s_exc": "1/s", "s_inh": "1/s"},
            parameters=values,
            modes={
                "integrating": Mode(
                    rates={"v_mem": inflow / p["capacitance"], **others},
                    time_scale=scale,
                ),
                "refractory": Mode(rates={"v_mem": 0, **others}, time_scale=scale, diffusion={}),
            },
            transitions=refractory.transitions,
            # The power of white noise is no number.
            outputs={} if noise else outputs,
            diffusion=noise,
            interpretation=self.interpretation if self.noise_conductance else None,
            random=refractory.random,
        )

    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """A membrane as of :class:`LIF`, and for each kind of synapse a leaky capacitor and a multiplier (SI units).

        The node ``exc`` carries 1 V for the conductance of one spike: arriving spikes charge its capacitor, a
        resistor empties it with `tau_exc`. A multiplier, in hardware a transconductance amplifier, passes
        ``w_exc v(exc) (v_mem - e_exc)`` to the reversal voltage.
        """
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        refuse_random_refractory(self.design_name, self.t_refractory_sd)
        from neuromorph.schematic.circuit import Schematic
        from neuromorph.schematic.options import Resolution
        from neuromorph.schematic.ports import Port
        from neuromorph.schematic.probes import Probe

        tau_m, swing = self.capacitance / self.g_leak, self.v_th - self.v_reset
        fastest = min(tau_m, self.tau_exc, self.tau_inh)
        charge = self.capacitance * swing
        circuit = Schematic(
            self.design_name,
            ports={
                "i_in": Port("mem"),
                "s_exc": Port("arriving_exc", kind="voltage"),
                "s_inh": Port("arriving_inh", kind="voltage"),
                **noise_ports(self._is_noisy),
            },
            probes={
                "v_mem": "v(mem)",
                "g_exc": Probe(f"v(exc) * {self.w_exc!r}", unit="S"),
                "g_inh": Probe(f"v(inh) * {self.w_inh!r}", unit="S"),
                "i_in": "i(Vsense_i_in)",
                "p_in": Probe("v(mem) * i(Vsense_i_in)", unit="W"),
                "p_supply_rest": Probe("-v(rest) * i(Vrest)", unit="W"),
                "p_supply_exc": Probe("-v(e_exc) * i(Vexc)", unit="W"),
                "p_supply_inh": Probe("-v(e_inh) * i(Vinh)", unit="W"),
                "p_leak": Probe(f"v(mem, rest) * v(mem, rest) * {self.g_leak!r}", unit="W"),
                "p_exc": Probe("v(mem, e_exc) * i(Vexc)", unit="W"),
                "p_inh": Probe("v(mem, e_inh) * i(Vinh)", unit="W"),
                "p_discharge": Probe("v(mem) * i(Vreset)", unit="W"),
                "e_stored": Probe(f"v(mem) * v(mem) * {self.capacitance / 2!r}", unit="J"),
            },
            initial={"mem": self._v_start, "exc": 0.0, "inh": 0.0} | ({"timer": 0.0} if self.t_refractory > 0 else {}),
            spikes="v(spike)",
            states=("v_mem", "g_exc", "g_inh"),
            resolution=Resolution(
                t_max=min(fastest / 50, self.t_refractory / 20 if self.t_refractory > 0 else fastest),
                reltol=RELATIVE_PRECISION,
                chgtol=CHARGE_PRECISION * charge,
            ),
            parameter_values=self._values(),
        )
        circuit.V("rest", "rest", circuit.gnd, self.v_rest)
        circuit.C("mem", "mem", circuit.gnd, self.capacitance)
        circuit.R("leak", "mem", "rest", 1 / self.g_leak)
        for kind, e, tau, w in (
            ("exc", self.e_exc, self.tau_exc, self.w_exc),
            ("inh", self.e_inh, self.tau_inh, self.w_inh),
        ):
            # One volt on the synapse is the charge of the membrane's swing, so one charge tolerance fits both.
            circuit.B(f"arriving_{kind}", circuit.gnd, kind, current_expression=f"v(arriving_{kind})*({{{charge!r}}})")
            circuit.R(f"arriving_{kind}", f"arriving_{kind}", circuit.gnd, 1e6)
            circuit.C(kind, kind, circuit.gnd, charge)
            circuit.R(kind, kind, circuit.gnd, tau / charge)
            circuit.V(kind, f"e_{kind}", circuit.gnd, e)
            current = f"v({kind})*({{{w!r}}})*v(mem,e_{kind})"
            circuit.B(f"synapse_{kind}", "mem", f"e_{kind}", current_expression=current)
        if self._is_noisy:
            correction = self.interpretation == "ito"
            add_noise(circuit, self.noise_current, self.noise_conductance, self.capacitance, correction=correction)
        add_reset(
            circuit,
            capacitance=self.capacitance,
            r_leak=1 / self.g_leak,
            v_th=self.v_th,
            v_reset=self.v_reset,
            t_refractory=self.t_refractory,
        )
        return circuit

    def working_point(self) -> WorkingPoint:
        """100 excitatory sources of 10 Hz, 50 inhibitory ones of 20 Hz and 50 pA, for 0.3 s [1/s, A, s]."""
        drive: dict[str, Stimulus] = {
            "i_in": Constant(value=50e-12),
            "s_exc": PoissonInput(rate=10.0, n_sources=100, seed=1),
            "s_inh": PoissonInput(rate=20.0, n_sources=50, seed=2),
        }
        return WorkingPoint(drive, t_stop=0.3)
