"""The leaky integrate-and-fire neuron: a capacitor, a leak, a threshold, a reset and a refractory time."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts
from neuromorph.neurons.leaky_reset import add_reset
from neuromorph.neurons.membrane_noise import add_noise, noise_ports
from neuromorph.neurons.neuron import CHARGE_PRECISION, RELATIVE_PRECISION, Neuron, WorkingPoint
from neuromorph.neurons.refractory import normal_share_below_zero, refractory_period, refuse_random_refractory
from neuromorph.quantities import choice, is_choice, parameter
from neuromorph.stimulus import Constant

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridSystem


@dataclass(frozen=True, kw_only=True)
class LIF(Neuron):
    """Leaky integrate-and-fire neuron.

    ``capacitance dv_mem/dt = i_in - (v_mem - v_rest) / r_leak``

    When `v_mem` reaches `v_th` the neuron spikes; `v_mem` is set to `v_reset` and held there for
    `t_refractory`.

    Parameters
    ----------
    capacitance : float
        Membrane capacitor [F].
    r_leak : float
        Leak [ohm].
    v_th, v_reset, v_rest : float
        Threshold, reset and resting voltage [V].
    t_refractory : float
        Absolute refractory time [s]; with `t_refractory_sd`, the mean of its distribution before it is truncated.
    noise_current : float
        Additive white noise of the input current: ``noise_current dW`` is added to ``i_in dt`` [A sqrt(s)]. Its two-sided power
        spectral density is ``noise_current**2``.
    noise_conductance : float
        Multiplicative white noise: ``noise_conductance v_mem dW`` is added, from the same Wiener process [S sqrt(s)].
    t_refractory_sd : float
        Standard deviation of a refractory time that is drawn anew after every spike [s].
    interpretation : {"ito", "stratonovich"}
        How the integral of multiplicative noise is meant. Noise of a circuit, whose correlation time is short and not
        zero, is Stratonovich's.

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_reset` is not below `v_th`.

    Notes
    -----
    Source: L. Lapicque (1907); equation (1) and the interval formula of K. Bednarz and B. Garda (2024). Noise and random
    refractory time: T. K. T. Thieu and R. Melnik, equations (1) to (3). A drawn refractory time below zero counts as zero;
    the state ``n_truncated`` counts how often that happened, and :attr:`truncated_share` says how often it will.
    """

    capacitance: float = parameter(100e-9, unit="F", positive=True, doc="membrane capacitor")
    r_leak: float = parameter(10e3, unit="ohm", positive=True, doc="leak")
    v_th: float = parameter(1.0, unit="V", doc="threshold voltage")
    v_reset: float = parameter(0.0, unit="V", doc="reset voltage")
    v_rest: float = parameter(0.0, unit="V", doc="resting voltage")
    t_refractory: float = parameter(0.2e-3, unit="s", low=0.0, doc="absolute refractory time")
    noise_current: float = parameter(0.0, unit="A*s^0.5", low=0.0, doc="additive white noise of the input current")
    noise_conductance: float = parameter(0.0, unit="S*s^0.5", low=0.0, doc="multiplicative white noise")
    t_refractory_sd: float = parameter(0.0, unit="s", low=0.0, doc="standard deviation of the refractory time")
    interpretation: str = choice("ito", ("ito", "stratonovich"), doc="how multiplicative noise is meant")

    design_name: ClassVar[str] = "lif"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.v_reset >= self.v_th:
            raise ValueError(f"v_reset must be below v_th ({self.v_th:g} V), got {self.v_reset!r}")

    @property
    def v_initial(self) -> float:
        """Membrane voltage at time zero [V]: at rest, unless rest is above the threshold; then just reset."""
        return self.v_rest if self.v_rest < self.v_th else self.v_reset

    def interval(self, i_in: float) -> float:
        """Interspike interval under a constant current, in closed form.

        Parameters
        ----------
        i_in : float
            Input current [A].

        Returns
        -------
        float
            Interval [s]; infinite where the threshold is never reached.

        Examples
        --------
        >>> round(LIF().interval(0.2e-3) * 1e3, 6)
        0.893147
        """
        v_end = self.v_rest + self.r_leak * i_in
        if v_end <= self.v_th:
            return math.inf
        tau_m = self.r_leak * self.capacitance
        return self.t_refractory + tau_m * math.log((v_end - self.v_reset) / (v_end - self.v_th))

    @property
    def truncated_share(self) -> float:
        """Share of the drawn refractory times that are below zero and count as zero (pure number)."""
        return normal_share_below_zero(self.t_refractory, self.t_refractory_sd)

    def _values(self) -> dict[str, float]:
        return {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self) if not is_choice(f)}

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with the state ``v_mem`` [V] and the input ``i_in`` [A]; its fidelity is ``"ideal"``."""
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        import sympy

        from neuromorph.systems import HybridSystem, Mode, Output, State

        values = self._values()
        p = {name: sympy.Symbol(name, real=True) for name in values}
        v_mem, i_in = sympy.symbols("v_mem i_in", real=True)
        leak = (v_mem - p["v_rest"]) / p["r_leak"]
        refractory = refractory_period(p, self.t_refractory_sd)
        tau_m = p["r_leak"] * p["capacitance"]
        noise = {}
        if self.noise_current or self.noise_conductance:
            multiplicative = p["noise_conductance"] * v_mem if self.noise_conductance else 0
            noise = {"v_mem": {"noise": (p["noise_current"] + multiplicative) / p["capacitance"]}}
        outputs = {
            "p_in": Output(v_mem * i_in, "W"),
            "p_supply_rest": Output(-p["v_rest"] * leak, "W"),
            "p_leak": Output((v_mem - p["v_rest"]) * leak, "W"),
            "p_discharge": Output({"integrating": 0, "refractory": v_mem * (i_in - leak)}, "W"),
            "e_stored": Output(p["capacitance"] * v_mem**2 / 2, "J"),
        }
        return HybridSystem(
            name=self.design_name,
            states={"v_mem": State(self.v_initial, "V"), **refractory.states},
            inputs={"i_in": "A"},
            parameters=values,
            modes={
                "integrating": Mode(
                    rates={"v_mem": (i_in - leak) / p["capacitance"], **refractory.rates}, time_scale=tau_m
                ),
                "refractory": Mode(rates={"v_mem": 0, **refractory.rates}, time_scale=tau_m, diffusion={}),
            },
            transitions=refractory.transitions,
            # The power of white noise is no number.
            outputs={} if noise else outputs,
            diffusion=noise,
            interpretation=self.interpretation if self.noise_conductance else None,
            random=refractory.random,
        )

    def schematic(self, fidelity: Fidelity = "ideal") -> Schematic:
        """An RC membrane, a latching discharge switch, and a capacitor that times the refractory period (SI units)."""
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        refuse_random_refractory(self.design_name, self.t_refractory_sd)
        from neuromorph.schematic.circuit import Schematic
        from neuromorph.schematic.options import Resolution
        from neuromorph.schematic.ports import Port
        from neuromorph.schematic.probes import Probe

        tau_m, swing = self.r_leak * self.capacitance, self.v_th - self.v_reset
        has_timer = self.t_refractory > 0
        is_noisy = bool(self.noise_current or self.noise_conductance)
        circuit = Schematic(
            self.design_name,
            ports={"i_in": Port("mem"), **noise_ports(is_noisy)},
            probes={
                "v_mem": "v(mem)",
                "i_in": "i(Vsense_i_in)",
                "p_in": Probe("v(mem) * i(Vsense_i_in)", unit="W"),
                "p_supply_rest": Probe("-v(rest) * i(Vrest)", unit="W"),
                "p_leak": Probe(f"v(mem, rest) * v(mem, rest) / {self.r_leak!r}", unit="W"),
                "p_discharge": Probe("v(mem) * i(Vreset)", unit="W"),
                "e_stored": Probe(f"v(mem) * v(mem) * {self.capacitance / 2!r}", unit="J"),
            },
            initial={"mem": self.v_initial} | ({"timer": 0.0} if has_timer else {}),
            spikes="v(spike)",
            states=("v_mem",),
            resolution=Resolution(
                t_max=min(tau_m / 200, self.t_refractory / 20 if has_timer else tau_m),
                reltol=RELATIVE_PRECISION,
                chgtol=CHARGE_PRECISION * self.capacitance * swing,
            ),
            parameter_values=self._values(),
        )
        circuit.V("rest", "rest", circuit.gnd, self.v_rest)
        circuit.C("mem", "mem", circuit.gnd, self.capacitance)
        circuit.R("leak", "mem", "rest", self.r_leak)
        if is_noisy:
            correction = self.interpretation == "ito"
            add_noise(circuit, self.noise_current, self.noise_conductance, self.capacitance, correction=correction)
        add_reset(
            circuit,
            capacitance=self.capacitance,
            r_leak=self.r_leak,
            v_th=self.v_th,
            v_reset=self.v_reset,
            t_refractory=self.t_refractory,
        )
        return circuit

    def working_point(self) -> WorkingPoint:
        """A constant current of twice the threshold current, for twenty membrane time constants [A, s]."""
        current = max(2 * (self.v_th - self.v_rest) / self.r_leak, 0.0)
        return WorkingPoint(Constant(value=current), t_stop=20 * self.r_leak * self.capacitance)
