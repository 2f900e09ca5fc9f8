"""Two recordings of one network compared: neuron by neuron, edge by edge, in total, and as samples where it is sensitive."""

from neuromorph.validate.networks.edges import EdgeComparison
from neuromorph.validate.networks.neurons import NeuronComparison
from neuromorph.validate.networks.sensitivity import Sensitivity
from neuromorph.validate.networks.validation import NetworkValidation, cross_validate_network

__all__ = [
    "EdgeComparison",
    "NetworkValidation",
    "NeuronComparison",
    "Sensitivity",
    "cross_validate_network",
]
