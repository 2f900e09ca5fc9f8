"""Graphs of networks that are built often: chains, layers, recurrent ones, winner-take-all, random, through crossbars."""

from neuromorph.networks.builders.feedforward import chain, layered
from neuromorph.networks.builders.recurrent import random_network, recurrent, winner_take_all
from neuromorph.networks.builders.through_crossbar import crossbar_between, join_through_crossbar, recurrent_crossbar

__all__ = [
    "chain",
    "crossbar_between",
    "join_through_crossbar",
    "layered",
    "random_network",
    "recurrent",
    "recurrent_crossbar",
    "winner_take_all",
]
