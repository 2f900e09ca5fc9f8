"""Measurements to parameters: simulate what was measured, fit, say how far to trust it, export."""

from neuromorph.fit.memristor_fit import BoundWarning, MemristorFit, fit_memristor
from neuromorph.fit.response import Response, simulate_measured

__all__ = ["BoundWarning", "MemristorFit", "Response", "fit_memristor", "simulate_measured"]
