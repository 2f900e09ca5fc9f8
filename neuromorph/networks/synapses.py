"""What the edges of a network carry: synapses, and the pulses that drive them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from neuromorph.devices import MMS, MemristorModel
from neuromorph.quantities import Parameters, choice, parameter

__all__ = ["LowPassSynapse", "MemristiveSynapse", "PulseDriver", "StaticSynapse", "Synapse"]


@dataclass(frozen=True, kw_only=True)
class PulseDriver(Parameters):
    """What drives the lines of a neuron: a voltage while it discharges, and for some time after.

    Parameters
    ----------
    v_pulse : float
        Voltage of the line during a pulse [V]; at rest the line is at 0 V.
    t_pulse : float
        How long a pulse goes on after the discharge is over [s]; a spike in that time prolongs it. For a source of spike
        times, the length of the pulse.
    r_out : float
        Resistance of its output [ohm].
    t_rise : float
        Time from 10 % to 90 % of an edge [s].

    Raises
    ------
    ValueError
        When a time or resistance is negative, or a value is not finite.

    Notes
    -----
    In the circuit a retriggerable monostable: a capacitor that the spike charges, emptied by a constant current. An ideal driver
    has no resistance and no rise time: `r_out` and `t_rise` count where ``fidelity`` of :func:`neuromorph.compose` says so; their
    defaults are those of a fast line driver.
    """

    v_pulse: float = parameter(0.5, unit="V", doc="voltage of a line during a pulse")
    t_pulse: float = parameter(0.0, unit="s", low=0.0, doc="length of a pulse after the discharge")
    r_out: float = parameter(50.0, unit="ohm", low=0.0, doc="resistance of the output")
    t_rise: float = parameter(10e-9, unit="s", low=0.0, doc="time from 10 % to 90 % of an edge")

    @property
    def lag(self) -> float:
        """Time constant of an edge [s]."""
        return self.t_rise / math.log(9.0)


@dataclass(frozen=True, kw_only=True)
class Synapse(Parameters):
    """Base of the synapses: what all of them have.

    Parameters
    ----------
    delay : float
        Time from the pulse of the source to that at the synapse [s].
    inhibitory : bool
        Whether the current is drawn from the target instead of given to it.

    Raises
    ------
    ValueError
        When `delay` is negative or not finite, or `inhibitory` neither True nor False.
    """

    delay: float = parameter(0.0, unit="s", low=0.0, doc="conduction delay")
    inhibitory: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.inhibitory, bool):
            raise ValueError(f"inhibitory must be True or False, got {self.inhibitory!r}")


@dataclass(frozen=True, kw_only=True)
class StaticSynapse(Synapse):
    """A conductance between a line and a neuron.

    Parameters
    ----------
    conductance : float
        Conductance [S].
    routing : {"current", "voltage"}
        ``"current"``: the conductance ends at the virtual ground of the neuron's summing circuit, which hands on
        ``conductance * v_line``. ``"voltage"``: it ends at the input node of the neuron itself, which it loads:
        ``conductance * (v_line - v_in)``, with ``-v_line`` where it is inhibitory.
    """

    conductance: float = parameter(1e-3, unit="S", low=0.0, doc="conductance")
    routing: str = choice("current", ("current", "voltage"), doc="where the conductance ends")


@dataclass(frozen=True, kw_only=True)
class LowPassSynapse(Synapse):
    """A conductance behind an RC low-pass: ``tau di/dt = conductance * v_line - i``.

    Parameters
    ----------
    conductance : float
        Conductance [S].
    tau : float
        Time constant of the low-pass [s].
    """

    conductance: float = parameter(1e-3, unit="S", low=0.0, doc="conductance")
    tau: float = parameter(100e-6, unit="s", positive=True, doc="time constant of the low-pass")


@dataclass(frozen=True, kw_only=True)
class MemristiveSynapse(Synapse):
    """A memristor between a line and the virtual ground of the neuron's summing circuit.

    Its voltage is that of the line minus `v_back` while the target's own pulse lasts, so that its state moves with
    spikes before and behind it.

    Parameters
    ----------
    memristor : MemristorModel
        Equations and parameters.
    x0 : float
        State at time zero (pure number).
    v_back : float
        Voltage that the target's pulse puts on the far end [V].
    """

    memristor: MemristorModel = field(default_factory=MMS)
    x0: float = parameter(0.0, unit="", low=0.0, high=1.0, doc="state at time zero")
    v_back: float = parameter(0.0, unit="V", doc="voltage of the far end while the target fires")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.memristor, MemristorModel):
            raise ValueError(f"memristor must be a MemristorModel, such as nm.MMS(), got {self.memristor!r}")
