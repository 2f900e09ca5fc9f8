"""Measurements to parameters: simulate what was measured, fit, say how far to trust it, export."""

from neuromorph.fit.comparison import Comparison, compare_memristor_models
from neuromorph.fit.memristor_fit import BoundWarning, MemristorFit, fit_memristor
from neuromorph.fit.response import Response, simulate_measured

__all__ = [
    "BoundWarning",
    "Comparison",
    "MemristorFit",
    "Response",
    "compare_memristor_models",
    "fit_memristor",
    "simulate_measured",
]
