"""What drives a circuit, stated once: values for the Python road, breakpoints, and source text for SPICE."""

from neuromorph.stimulus.base import Stimulus
from neuromorph.stimulus.held import PoissonInput, SpikeInput, ZeroOrderHold
from neuromorph.stimulus.parsing import parse_stimulus
from neuromorph.stimulus.periodic import Sine, SquareWave, Triangle
from neuromorph.stimulus.sampled import Constant, PiecewiseLinear, PulseTrain
from neuromorph.stimulus.spike_graph import spike_inputs
from neuromorph.stimulus.white_noise import WhiteNoise

__all__ = [
    "Constant",
    "PiecewiseLinear",
    "PoissonInput",
    "PulseTrain",
    "Sine",
    "SpikeInput",
    "SquareWave",
    "Stimulus",
    "Triangle",
    "WhiteNoise",
    "ZeroOrderHold",
    "parse_stimulus",
    "spike_inputs",
]
