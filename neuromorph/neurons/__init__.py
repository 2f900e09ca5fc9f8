"""Neurons: one file each, with component values, behaviour and schematic."""

from neuromorph.neurons.lif import LIF
from neuromorph.neurons.memristive_alif import MemristiveALIF
from neuromorph.neurons.neuron import Neuron, WorkingPoint

__all__ = ["LIBRARY", "LIF", "MemristiveALIF", "Neuron", "WorkingPoint"]

LIBRARY: dict[str, type[Neuron]] = {cls.design_name: cls for cls in (MemristiveALIF, LIF)}
"""The neurons by the name under which commands know them."""
