"""The neuron of Izhikevich: a quadratic membrane with a recovery current."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from neuromorph.neurons.fidelity import Fidelity, fidelity_of_parts
from neuromorph.neurons.neuron import EquationsOnly, WorkingPoint
from neuromorph.quantities import parameter
from neuromorph.stimulus import Constant

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem


@dataclass(frozen=True, kw_only=True)
class Izhikevich(EquationsOnly):
    """Izhikevich's simple model in physical units.

    ``capacitance dv_mem/dt = k (v_mem - v_rest) (v_mem - v_t) - u + i_in``

    ``du/dt = a (b (v_mem - v_rest) - u)``

    When `v_mem` reaches `v_peak` the neuron spikes, `v_mem` is set to `v_reset`, and `u` grows by `d`.

    Parameters
    ----------
    capacitance : float
        Membrane capacitance [F].
    k : float
        Curvature of the membrane's current [A/V^2].
    v_rest, v_t : float
        Resting voltage and instantaneous threshold [V].
    v_peak, v_reset : float
        Voltage at which a spike is over, and the one after it [V].
    a : float
        Rate of recovery [1/s].
    b : float
        Recovery current by the voltage [S].
    d : float
        Recovery current that each spike adds [A].

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_peak` is not above `v_t` and `v_reset`.

    Notes
    -----
    Source: E. M. Izhikevich, "Dynamical Systems in Neuroscience", MIT Press (2007), chapter 8; the default values are
    those of a regular spiking neuron there. The model of 2003 has the same equations in fixed units. The equations have
    no circuit here.
    """

    capacitance: float = parameter(100e-12, unit="F", positive=True, doc="membrane capacitance")
    k: float = parameter(0.7e-6, unit="A/V^2", positive=True, doc="curvature of the membrane's current")
    v_rest: float = parameter(-60e-3, unit="V", doc="resting voltage")
    v_t: float = parameter(-40e-3, unit="V", doc="instantaneous threshold")
    v_peak: float = parameter(35e-3, unit="V", doc="voltage at which a spike is over")
    v_reset: float = parameter(-50e-3, unit="V", doc="voltage after a spike")
    a: float = parameter(30.0, unit="1/s", positive=True, doc="rate of recovery")
    b: float = parameter(-2e-9, unit="S", doc="recovery current by the voltage")
    d: float = parameter(100e-12, unit="A", doc="recovery current that each spike adds")

    design_name: ClassVar[str] = "izhikevich"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("v_t", "v_reset"):
            if getattr(self, name) >= self.v_peak:
                raise ValueError(f"{name} must be below v_peak ({self.v_peak:g} V), got {getattr(self, name)!r}")

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with the states ``v_mem`` [V] and ``u`` [A] and the input ``i_in`` [A]."""
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        import sympy

        from neuromorph.systems import HybridSystem, Mode, State, Transition

        values = {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self)}
        p = {name: sympy.Symbol(name, real=True) for name in values}
        v, u, i_in = sympy.symbols("v_mem u i_in", real=True)
        inflow = p["k"] * (v - p["v_rest"]) * (v - p["v_t"]) - u + i_in
        # The steepest part of the parabola, at the peak.
        steepest = p["k"] * (2 * p["v_peak"] - p["v_rest"] - p["v_t"]) / p["capacitance"]
        return HybridSystem(
            name=self.design_name,
            states={
                "v_mem": State(self.v_rest, "V", scale=self.v_peak - min(self.v_reset, self.v_rest)),
                "u": State(0.0, "A", scale=max(abs(self.d), abs(self.b) * (self.v_peak - self.v_rest))),
            },
            inputs={"i_in": "A"},
            parameters=values,
            modes={
                "integrating": Mode(
                    rates={
                        "v_mem": inflow / p["capacitance"],
                        "u": p["a"] * (p["b"] * (v - p["v_rest"]) - u),
                    },
                    time_scale=sympy.Min(1 / steepest, 1 / p["a"]),
                )
            },
            transitions=[
                Transition(
                    "integrating",
                    "integrating",
                    v - p["v_peak"],
                    resets={"v_mem": p["v_reset"], "u": u + p["d"]},
                    emits_spike=True,
                )
            ],
        )

    def working_point(self) -> WorkingPoint:
        """A constant current of 100 pA for 1 s [A, s]."""
        return WorkingPoint(Constant(value=100e-12), t_stop=1.0)
