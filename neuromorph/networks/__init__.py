"""Networks: graphs of neurons and synapses as one hybrid system and one circuit."""

from neuromorph.networks.builders import (
    chain,
    crossbar_between,
    join_through_crossbar,
    layered,
    random_network,
    recurrent,
    recurrent_crossbar,
    winner_take_all,
)
from neuromorph.networks.network import Network, compose
from neuromorph.networks.nir import NirReport, from_nir, to_nir
from neuromorph.networks.node_link import load_network, save_network
from neuromorph.networks.plan import Plan, plan_of
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, PulseDriver, StaticSynapse, Synapse

__all__ = [
    "LowPassSynapse",
    "MemristiveSynapse",
    "Network",
    "NirReport",
    "Plan",
    "PulseDriver",
    "StaticSynapse",
    "Synapse",
    "chain",
    "compose",
    "crossbar_between",
    "from_nir",
    "join_through_crossbar",
    "layered",
    "load_network",
    "plan_of",
    "random_network",
    "recurrent",
    "recurrent_crossbar",
    "save_network",
    "to_nir",
    "winner_take_all",
]
