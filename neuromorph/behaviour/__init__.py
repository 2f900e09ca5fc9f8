"""In-Python solvers of hybrid systems."""

from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.rosenbrock import Rosenbrock
from neuromorph.behaviour.simulate import default_solver, simulate_system

__all__ = ["RK4", "Rosenbrock", "default_solver", "simulate_system"]
