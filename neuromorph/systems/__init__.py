"""Hybrid dynamical systems: states, right-hand sides, guards, resets and modes, as sympy expressions."""

from neuromorph.systems.hybrid import HybridSystem, Mode, Output, State, Transition, Unknown
from neuromorph.systems.network import HybridNetwork
from neuromorph.systems.nodal import NodalEquations

__all__ = ["HybridNetwork", "HybridSystem", "Mode", "NodalEquations", "Output", "State", "Transition", "Unknown"]
