"""Neurons of circuits as the leaky neurons of NIR: their parameters in SI units, and what is not among them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neuromorph.networks.nir.report import Findings
from neuromorph.networks.plan import NeuronPart
from neuromorph.neurons import LIF, MemristiveALIF, RCNeuron
from neuromorph.neurons.neuron import NeuronAtFidelity
from neuromorph.quantities import format_quantity

__all__ = ["LeakyCell", "leaky_cell"]


@dataclass(frozen=True)
class LeakyCell:
    """A leaky integrate-and-fire neuron.

    Parameters
    ----------
    capacitance : float
        Membrane [F].
    r_leak : float
        Leak [ohm].
    v_leak, v_reset : float
        Resting and reset voltage [V].
    v_th : float or None
        Threshold [V]; without one the membrane only integrates.
    t_discharge : float
        How long a spike lasts, before the driver's own pulse begins to count [s].
    """

    capacitance: float
    r_leak: float
    v_leak: float
    v_reset: float
    v_th: float | None
    t_discharge: float

    @property
    def tau(self) -> float:
        """Membrane time constant [s]."""
        return self.capacitance * self.r_leak


def leaky_cell(part: NeuronPart, memristive_state: float | None, findings: Findings) -> LeakyCell:
    """The leaky neuron that is nearest to a neuron of a network.

    Parameters
    ----------
    part : NeuronPart
        The neuron (SI units).
    memristive_state : float or None
        State at which the leak of a memristive neuron is taken (pure number).
    findings : Findings
        Told what is lost.

    Returns
    -------
    LeakyCell
        In SI units.

    Raises
    ------
    ValueError
        When NIR has nothing near to it; the message says what would do.
    """
    neuron, name = part.neuron, part.name
    if isinstance(neuron, NeuronAtFidelity):
        findings.lose(name, f"parts of the fidelity {neuron.fidelity!r} become ideal ones")
        neuron = neuron.neuron
    if isinstance(neuron, LIF):
        if neuron.t_refractory:
            findings.lose(name, f"the refractory time of {format_quantity(neuron.t_refractory, 's')}")
        if neuron.noise_current or neuron.noise_conductance or neuron.t_refractory_sd:
            findings.lose(name, "noise")
        return LeakyCell(
            neuron.capacitance, neuron.r_leak, neuron.v_rest, neuron.v_reset, neuron.v_th, neuron.t_refractory
        )
    if isinstance(neuron, RCNeuron):
        duration = 0.0
        if neuron.v_th is not None:
            duration = _discharge(
                neuron.capacitance, neuron.r_leak, neuron.r_switch, neuron.v_th, neuron.v_lo, neuron.v_rest
            )
            findings.lose(name, f"the discharge of {format_quantity(duration, 's')} becomes a reset in no time")
        return LeakyCell(neuron.capacitance, neuron.r_leak, neuron.v_rest, neuron.v_lo, neuron.v_th, duration)
    if isinstance(neuron, MemristiveALIF):
        return _at_state(name, neuron, memristive_state, findings)
    raise ValueError(
        f"neuron {name!r} is a {type(neuron).__name__}, which NIR has no node for; what can be written: LIF, RCNeuron, and MemristiveALIF "
        "with memristive_state="
    )


def _at_state(name: str, neuron: MemristiveALIF, state: float | None, findings: Findings) -> LeakyCell:
    if state is None:
        raise ValueError(
            f"neuron {name!r} is a MemristiveALIF, whose leak changes with every spike, and NIR has no such neuron: give memristive_state= "
            "from 0 to 1 (on the command line --memristive-state) to write it as a leaky neuron with the leak of that state"
        )
    # NIR's membrane is the capacitor: its voltage where the memristor's share is at the thresholds.
    i_th, i_lo = (float(neuron.memristor.current(v, state)) for v in (neuron.v_th, neuron.v_lo))
    if i_th <= 0:
        raise ValueError(
            f"neuron {name!r} has a leak without a current at the state {state:g}: give another memristive_state="
        )
    v_th = neuron.v_rest + neuron.v_th + neuron.r_s * i_th
    v_reset = neuron.v_rest + neuron.v_lo + neuron.r_s * i_lo
    r_leak = (v_th - neuron.v_rest) / i_th
    findings.lose(name, f"adaptation: the leak is {format_quantity(r_leak, 'ohm')}, as it is at the state {state:g}")
    duration = 0.0
    if neuron.r_switch is None:
        v_reset = neuron.v_rest
    else:
        duration = _discharge(neuron.capacitance, r_leak, neuron.r_switch, v_th, v_reset, neuron.v_rest)
        findings.lose(name, f"the discharge of {format_quantity(duration, 's')} becomes a reset in no time")
    return LeakyCell(neuron.capacitance, r_leak, neuron.v_rest, v_reset, v_th, duration)


def _discharge(capacitance: float, r_leak: float, r_switch: float, v_th: float, v_lo: float, v_rest: float) -> float:
    """Time that the capacitor takes from one threshold to the other without an input current [s]."""
    return capacitance * r_leak * r_switch / (r_leak + r_switch) * math.log((v_th - v_rest) / (v_lo - v_rest))
