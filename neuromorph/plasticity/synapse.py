"""A synapse that learns by its device: a memristor between the lines of two neurons, as equations and as a circuit."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from neuromorph.devices import VTEAM, MemristorModel
from neuromorph.neurons import WorkingPoint
from neuromorph.plasticity.checks import finite
from neuromorph.plasticity.protocol import SpikeProtocol
from neuromorph.plasticity.pulse_shape import OVERLAPS, PulseShape, default_pulse
from neuromorph.plasticity.pulse_trains import joined
from neuromorph.quantities import Parameters, choice, parameter
from neuromorph.stimulus import PiecewiseLinear

if TYPE_CHECKING:
    from neuromorph.schematic import Schematic
    from neuromorph.stimulus import Stimulus
    from neuromorph.systems import HybridSystem

__all__ = ["PlasticSynapse"]

_MEMRISTOR, _LARGEST = "memristor_", "v_largest"
# Current, rate and time scale of models that differ in values only.
_expressions: dict[Any, tuple[Any, Any, Any]] = {}
# The state is the voltage of a capacitor of 1 uF: a tenth of its charge [C], and what keeps states within 1e-4 of their change.
_CHGTOL, _RELTOL = 1e-7, 1e-7
# At least so many steps in a pulse, however little happens.
_STEPS_PER_PULSE = 50
# A run ends at rest, this share of a pulse after the last one: pulses that end together, but for rounding, are over by then.
_HOLD = 0.01


def default_memristor() -> VTEAM:
    """A device that rests below 0.27 V of either sign and moves in proportion to the excess above it."""
    return VTEAM(alpha_on=1.0, alpha_off=1.0)


@dataclass(frozen=True, kw_only=True)
class PlasticSynapse(Parameters):
    """A memristor between a presynaptic and a postsynaptic line, both driven: it sees the difference of their pulses.

    ``v = v_pre - v_post``, ``i_syn = i(v, x)``, ``dx/dt = f(v, x)``

    Parameters
    ----------
    memristor : MemristorModel
        The device, its positive terminal at the presynaptic line. Without it a VTEAM whose state moves in proportion to the
        voltage above 0.27 V.
    pre, post : PulseShape
        What a spike does to each line [V]. By default -0.26 V for 10 us and a tail from 0.2 V with 100 us: no pulse alone
        reaches a threshold of 0.27 V, while a spike on the other's tail exceeds it.
    x0 : float
        State at time zero (pure number).
    overlap : {"restart", "sum"}
        What a spike does while an earlier pulse of the same line lasts.

    Raises
    ------
    ValueError
        When a parameter is not accepted.

    Examples
    --------
    >>> synapse = PlasticSynapse()
    >>> sorted(synapse.drives(SpikeProtocol.pairs(20e-6)))
    ['v_post', 'v_pre']
    """

    memristor: MemristorModel = dataclasses.field(default_factory=default_memristor)
    pre: PulseShape = dataclasses.field(default_factory=default_pulse)
    post: PulseShape = dataclasses.field(default_factory=default_pulse)
    x0: float = parameter(0.5, unit="", low=0.0, high=1.0, doc="state at time zero")
    overlap: str = choice("restart", OVERLAPS, doc="what a spike does while an earlier pulse lasts")

    design_name: ClassVar[str] = "plastic-synapse"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.memristor, MemristorModel):
            raise ValueError(f"memristor must be a MemristorModel, such as nm.VTEAM(), got {self.memristor!r}")
        for name in ("pre", "post"):
            if not isinstance(getattr(self, name), PulseShape):
                raise ValueError(
                    f"{name} must be a PulseShape, such as nm.PulseShape.rectangular(amplitude=0.2, width=1e-5), got "
                    f"{getattr(self, name)!r}"
                )

    @property
    def largest_voltage(self) -> float:
        """The most that the pulses can put across the device, of either sign [V]."""
        highest = max(self.pre.v_max, 0.0) - min(self.post.v_min, 0.0)
        lowest = max(self.post.v_max, 0.0) - min(self.pre.v_min, 0.0)
        return max(highest, lowest)

    def drives(self, protocol: SpikeProtocol) -> dict[str, Stimulus]:
        """What drives both lines in an experiment.

        Parameters
        ----------
        protocol : SpikeProtocol
            When the neurons spike [s].

        Returns
        -------
        dict of str to Stimulus
            Under ``"v_pre"`` and ``"v_post"`` [V]; the first pulse begins at 0 s. Corners of both lines that are closer than a
            hundredth of the shortest edge are made one.
        """
        shift = self._shift(protocol)
        pre = self.pre.stimulus([t + shift for t in protocol.pre], self.overlap)
        post = self.post.stimulus([t + shift for t in protocol.post], self.overlap)
        if isinstance(pre, PiecewiseLinear) and isinstance(post, PiecewiseLinear):
            times = joined(np.array(post.times), np.array(pre.times), min(self.pre.gap, self.post.gap))
            post = PiecewiseLinear(times=times, values=post.values)
        return {"v_pre": pre, "v_post": post}

    def duration(self, protocol: SpikeProtocol, rest: float = 0.0) -> float:
        """How long an experiment takes.

        Parameters
        ----------
        protocol : SpikeProtocol
            When the neurons spike [s].
        rest : float
            What is waited after the last pulse, besides a hundredth of a pulse [s].

        Returns
        -------
        float
            Length [s].

        Raises
        ------
        ValueError
            When the rest is negative.
        """
        rest = finite("rest", rest, "a time of at least 0 s")
        if rest < 0:
            raise ValueError(f"rest must be a time of at least 0 s, got {rest!r}")
        ends = [self.pre.end + t for t in protocol.pre[-1:]] + [self.post.end + t for t in protocol.post[-1:]]
        return self._shift(protocol) + max(ends) + _HOLD * max(self.pre.duration, self.post.duration) + rest

    def _shift(self, protocol: SpikeProtocol) -> float:
        """What spike times are delayed by, so that the first pulse begins at 0 s [s]."""
        if not isinstance(protocol, SpikeProtocol):
            raise ValueError(f"give a SpikeProtocol, such as nm.SpikeProtocol.pairs(20e-6), got {protocol!r}")
        starts = [self.pre.start + t for t in protocol.pre[:1]] + [self.post.start + t for t in protocol.post[:1]]
        return -min(starts)

    def working_point(self) -> WorkingPoint:
        """One pair, the postsynaptic spike a twentieth of the pulse after the presynaptic one [V, s]."""
        protocol = SpikeProtocol.pairs(self.pre.duration / 20)
        return WorkingPoint(self.drives(protocol), self.duration(protocol))

    def dynamics(self) -> HybridSystem:
        """Equations with the state ``x``, inputs ``v_pre`` and ``v_post`` [V], output ``i_syn`` [A] from pre to post.

        Returns
        -------
        HybridSystem
            In SI units.
        """
        from neuromorph.systems import HybridSystem, Mode, Output, State

        current, rate, time_scale = _equations(self.memristor)
        return HybridSystem(
            name=self.design_name,
            states={"x": State(self.x0, bounds=(0.0, 1.0))},
            inputs={"v_pre": "V", "v_post": "V"},
            parameters={**self._parameter_values(), _LARGEST: self.largest_voltage},
            modes={"plastic": Mode(rates={"x": rate}, time_scale=time_scale)},
            outputs={"i_syn": Output(current, "A")},
            # Edges of nanoseconds, and rests of milliseconds in which nothing moves: steps have to follow an error estimate.
            stiff=True,
        )

    def _parameter_values(self) -> dict[str, float]:
        return {_MEMRISTOR + name: value for name, value in self.memristor.values().items()}

    def schematic(self) -> Schematic:
        """The circuit: the device between two ports, and a source of 0 V that senses its current.

        Returns
        -------
        Schematic
            Ports ``v_pre`` and ``v_post`` [V]; the signals of :meth:`dynamics`, and what each driver delivers, ``i_pre`` and
            ``i_post`` [A].
        """
        from neuromorph.schematic import Port, Probe, Resolution, Schematic

        circuit = Schematic(
            self.design_name,
            ports={"v_pre": Port("pre", kind="voltage"), "v_post": Port("post", kind="voltage")},
            probes={
                "x": Probe("v(x)", unit=""),
                "v_pre": "v(pre)",
                "v_post": "v(post)",
                "i_syn": "i(Vsense)",
                "i_pre": Probe("-i(Vdrive_v_pre)", unit="A"),
                "i_post": Probe("-i(Vdrive_v_post)", unit="A"),
            },
            initial={"x": self.x0},
            states=("x",),
            resolution=Resolution(
                t_max=min(self.pre.duration, self.post.duration) / _STEPS_PER_PULSE, reltol=_RELTOL, chgtol=_CHGTOL
            ),
            parameter_values=self._parameter_values(),
        )
        circuit.raw_spice += self.memristor.subcircuit()
        circuit.verilog_a[self.memristor.subcircuit_name] = self.memristor.verilog_a()
        circuit.X("memristor", self.memristor.subcircuit_name, "pre", "sense", "x", **self.memristor.values())
        circuit.V("sense", "sense", "post", 0.0)
        return circuit


def _equations(memristor: MemristorModel) -> tuple[Any, Any, Any]:
    """Current [A], rate [1/s] and time scale [s] of a device between two lines, in the names of the synapse's parameters."""
    import sympy

    key = (type(memristor), tuple(memristor.choices().items()))
    if key not in _expressions:
        v_pre, v_post, largest = sympy.symbols(f"v_pre v_post {_LARGEST}", real=True)
        names = {sympy.Symbol(n, real=True): sympy.Symbol(_MEMRISTOR + n, real=True) for n in memristor.values()}
        names[sympy.Symbol("v", real=True)] = v_pre - v_post
        scale = memristor.time_scale(largest)
        current, rate = (expression.xreplace(names) for expression in memristor.expressions())
        _expressions[key] = (current, rate, None if scale is None else scale.xreplace(names))
    return _expressions[key]
