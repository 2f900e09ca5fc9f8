"""Numerical analysis for leaky integrate-and-fire networks under Euler-Maruyama (2026), from its abstract."""

from neuromorph.reproduce.euler_maruyama.chain import initial_states, lif_chain

__all__ = ["initial_states", "lif_chain"]
