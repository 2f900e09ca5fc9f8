"""The SPICE road of networks: neurons as subcircuits, lines, synapses and summing circuits as one deck."""

from neuromorph.networks.spice.circuit import network_circuit
from neuromorph.networks.spice.drives import network_drives

__all__ = ["network_circuit", "network_drives"]
