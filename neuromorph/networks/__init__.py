"""Networks: graphs of neurons and synapses as one hybrid system and one circuit."""

from neuromorph.networks.network import Network, compose
from neuromorph.networks.plan import Plan, plan_of
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, PulseDriver, StaticSynapse, Synapse

__all__ = [
    "LowPassSynapse",
    "MemristiveSynapse",
    "Network",
    "Plan",
    "PulseDriver",
    "StaticSynapse",
    "Synapse",
    "compose",
    "plan_of",
]
