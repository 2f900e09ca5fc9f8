"""The adaptive exponential integrate-and-fire neuron."""

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

# From here on, in units of delta_t above v_t, the exponential current grows no further. The rest of the upstroke then
# takes some 1e-8 of the membrane's time constant instead of 1e-9, where steps would be shorter than time can be counted.
_STEEPEST = 20.0


@dataclass(frozen=True, kw_only=True)
class AdaptiveExponentialIF(EquationsOnly):
    """Adaptive exponential integrate-and-fire neuron (AdEx).

    ``capacitance dv_mem/dt = -g_leak (v_mem - v_rest) + g_leak delta_t exp((v_mem - v_t) / delta_t) - w + i_in``

    ``tau_w dw/dt = a (v_mem - v_rest) - w``

    When `v_mem` reaches `v_peak` the neuron spikes, `v_mem` is set to `v_reset`, and `w` grows by `b`.

    Parameters
    ----------
    capacitance : float
        Membrane capacitance [F].
    g_leak : float
        Leak conductance [S].
    v_rest, v_reset : float
        Resting and reset voltage [V].
    v_t : float
        Voltage from which the exponential current takes over [V].
    delta_t : float
        Sharpness of the spike's onset [V].
    v_peak : float
        Voltage at which a spike is over [V].
    tau_w : float
        Time constant of the adaptation current [s].
    a : float
        Adaptation by the voltage [S].
    b : float
        Adaptation by each spike [A].

    Raises
    ------
    ValueError
        When a parameter is not physical, or `v_peak` is not above `v_t` and `v_reset`.

    Notes
    -----
    Source: R. Brette and W. Gerstner, "Adaptive exponential integrate-and-fire model as an effective description of
    neuronal activity", Journal of Neurophysiology 94 (2005) 3637, equations (1) to (3); default values from there, where
    the voltage is reset at 20 mV. The equations have no circuit here.
    """

    capacitance: float = parameter(281e-12, unit="F", positive=True, doc="membrane capacitance")
    g_leak: float = parameter(30e-9, unit="S", positive=True, doc="leak conductance")
    v_rest: float = parameter(-70.6e-3, unit="V", doc="resting voltage")
    v_reset: float = parameter(-70.6e-3, unit="V", doc="reset voltage")
    v_t: float = parameter(-50.4e-3, unit="V", doc="voltage from which the exponential current takes over")
    delta_t: float = parameter(2e-3, unit="V", positive=True, doc="sharpness of the spike's onset")
    v_peak: float = parameter(20e-3, unit="V", doc="voltage at which a spike is over")
    tau_w: float = parameter(144e-3, unit="s", positive=True, doc="time constant of the adaptation current")
    a: float = parameter(4e-9, unit="S", doc="adaptation by the voltage")
    b: float = parameter(80.5e-12, unit="A", low=0.0, doc="adaptation by each spike")

    design_name: ClassVar[str] = "adex"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("v_t", "v_reset"):
            if getattr(self, name) >= self.v_peak:
                raise ValueError(f"{name} must be below v_peak ({self.v_peak:g} V), got {getattr(self, name)!r}")

    def dynamics(self, fidelity: Fidelity = "ideal") -> HybridSystem:
        """Equations with the states ``v_mem`` [V] and ``w`` [A] and the input ``i_in`` [A]."""
        fidelity_of_parts(fidelity, self.parts, self.design_name)
        import sympy

        from neuromorph.systems import HybridSystem, Mode, State, Transition

        values = {f.name: float(getattr(self, f.name)) for f in dataclasses.fields(self)}
        p = {name: sympy.Symbol(name, real=True) for name in values}
        v, w, i_in = sympy.symbols("v_mem w i_in", real=True)
        onset = sympy.exp(sympy.Min((v - p["v_t"]) / p["delta_t"], _STEEPEST))
        inflow = p["g_leak"] * (p["delta_t"] * onset - (v - p["v_rest"])) - w + i_in
        return HybridSystem(
            name=self.design_name,
            states={
                "v_mem": State(self.v_rest, "V", scale=self.v_peak - min(self.v_reset, self.v_rest)),
                "w": State(0.0, "A", scale=max(self.b, self.g_leak * self.delta_t)),
            },
            inputs={"i_in": "A"},
            parameters=values,
            modes={
                "integrating": Mode(
                    rates={
                        "v_mem": inflow / p["capacitance"],
                        "w": (p["a"] * (v - p["v_rest"]) - w) / p["tau_w"],
                    },
                    time_scale=sympy.Min(p["capacitance"] / p["g_leak"], p["tau_w"]),
                )
            },
            transitions=[
                Transition(
                    "integrating",
                    "integrating",
                    v - p["v_peak"],
                    resets={"v_mem": p["v_reset"], "w": w + p["b"]},
                    emits_spike=True,
                )
            ],
            # The upstroke is faster than the membrane by many orders: steps must follow the error.
            stiff=True,
        )

    def working_point(self) -> WorkingPoint:
        """A constant current of 1 nA for 0.4 s [A, s]."""
        return WorkingPoint(Constant(value=1e-9), t_stop=0.4)
