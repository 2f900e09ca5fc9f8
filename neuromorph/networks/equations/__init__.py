"""The equations' road of networks: neurons, lines and synapses as one hybrid system."""

from neuromorph.networks.equations.assembly import Assembly, network_equations, transfer_conductances
from neuromorph.networks.equations.hardware import HardwareAssembly, partial_fractions

__all__ = ["Assembly", "HardwareAssembly", "network_equations", "partial_fractions", "transfer_conductances"]
