"""Synapses that learn by their device: pulses, spike protocols, weight changes and STDP curves on both roads."""

from neuromorph.plasticity.experiments import WeightChanges, weight_changes
from neuromorph.plasticity.protocol import SpikeProtocol
from neuromorph.plasticity.pulse_shape import PulseShape
from neuromorph.plasticity.stdp import StdpCurve, stdp_curve
from neuromorph.plasticity.synapse import PlasticSynapse
from neuromorph.plasticity.windows import LearningWindow, LearningWindows

__all__ = [
    "LearningWindow",
    "LearningWindows",
    "PlasticSynapse",
    "PulseShape",
    "SpikeProtocol",
    "StdpCurve",
    "WeightChanges",
    "stdp_curve",
    "weight_changes",
]
