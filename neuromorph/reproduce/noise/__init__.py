"""T. K. T. Thieu and R. Melnik, "Effects of noise on leaky integrate-and-fire neuron models for neuromorphic computing applications"."""

from neuromorph.reproduce.noise.clamped import counts_while_clamped
from neuromorph.reproduce.noise.classical import ClassicalCase, ClassicalRun, run_classical
from neuromorph.reproduce.noise.conductance import ConductanceCase, ConductanceRun, run_conductance
from neuromorph.reproduce.noise.paper import reproduce
from neuromorph.reproduce.noise.readings import READINGS, Reading

__all__ = [
    "READINGS",
    "ClassicalCase",
    "ClassicalRun",
    "ConductanceCase",
    "ConductanceRun",
    "Reading",
    "counts_while_clamped",
    "reproduce",
    "run_classical",
    "run_conductance",
]
