"""In-Python solvers of hybrid systems."""

from neuromorph.behaviour.rk4 import RK4, simulate_system

__all__ = ["RK4", "simulate_system"]
