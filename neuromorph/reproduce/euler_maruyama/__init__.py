"""Numerical analysis for leaky integrate-and-fire networks under Euler-Maruyama (2026), from its abstract."""

from neuromorph.reproduce.euler_maruyama.chain import initial_states, lif_chain
from neuromorph.reproduce.euler_maruyama.paper import reproduce
from neuromorph.reproduce.euler_maruyama.studies import Sizes, Studies, run_studies

__all__ = ["Sizes", "Studies", "initial_states", "lif_chain", "reproduce", "run_studies"]
