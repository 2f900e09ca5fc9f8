"""Hybrid dynamical systems: states, right-hand sides, guards, resets and modes, as sympy expressions."""

from neuromorph.systems.hybrid import HybridSystem, Mode, Output, State, Transition, Unknown

__all__ = ["HybridSystem", "Mode", "Output", "State", "Transition", "Unknown"]
