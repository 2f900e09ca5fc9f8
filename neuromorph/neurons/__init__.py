"""Neurons: one file each, with component values, behaviour and schematic."""

from neuromorph.neurons.adaptive_exponential import AdaptiveExponentialIF
from neuromorph.neurons.conductance_lif import ConductanceLIF
from neuromorph.neurons.design_checks import DesignFinding, DesignWarning
from neuromorph.neurons.izhikevich import Izhikevich
from neuromorph.neurons.lif import LIF
from neuromorph.neurons.memristive_alif import MemristiveALIF
from neuromorph.neurons.neuron import Neuron, WorkingPoint
from neuromorph.neurons.rc_neuron import RCNeuron

__all__ = [
    "LIBRARY",
    "LIF",
    "AdaptiveExponentialIF",
    "ConductanceLIF",
    "DesignFinding",
    "DesignWarning",
    "Izhikevich",
    "MemristiveALIF",
    "Neuron",
    "RCNeuron",
    "WorkingPoint",
]

LIBRARY: dict[str, type[Neuron]] = {
    cls.design_name: cls for cls in (MemristiveALIF, LIF, RCNeuron, ConductanceLIF, AdaptiveExponentialIF, Izhikevich)
}
"""The neurons by the name under which commands know them."""
