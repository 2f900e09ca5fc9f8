"""Many runs: grids and Monte Carlo over parameters, on any executor, resumable."""

from neuromorph.sweeps.distributions import Distribution, LogNormal, Normal, Uniform
from neuromorph.sweeps.measures import MEASURES, Measure
from neuromorph.sweeps.result import Failure, SweepResult
from neuromorph.sweeps.running import SweepInterrupted, f_i_curve, sweep
from neuromorph.sweeps.workers import WorkerPool

__all__ = [
    "MEASURES",
    "Distribution",
    "Failure",
    "LogNormal",
    "Measure",
    "Normal",
    "SweepInterrupted",
    "SweepResult",
    "Uniform",
    "WorkerPool",
    "f_i_curve",
    "sweep",
]
