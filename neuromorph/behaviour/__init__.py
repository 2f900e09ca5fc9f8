"""In-Python solvers of hybrid systems."""

from neuromorph.behaviour.batch import simulate_batch
from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.milstein import Milstein
from neuromorph.behaviour.network import NetworkSolver
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.rosenbrock import Rosenbrock
from neuromorph.behaviour.simulate import default_solver, simulate_system

__all__ = [
    "RK4",
    "EulerMaruyama",
    "Milstein",
    "NetworkSolver",
    "Rosenbrock",
    "default_solver",
    "simulate_batch",
    "simulate_system",
]
