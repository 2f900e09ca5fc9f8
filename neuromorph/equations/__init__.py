"""Equations stated once as sympy expressions, printed as numba, ngspice and Verilog-A."""

from neuromorph.equations.equation_printer import UnprintableError
from neuromorph.equations.folding import ParameterFolder
from neuromorph.equations.functions import logistic
from neuromorph.equations.kernels import cache_folder, kept_source, load_kernel
from neuromorph.equations.logistic_pairs import with_logistic_pairs
from neuromorph.equations.printers import print_lanes, print_ngspice, print_numba, print_verilog_a

__all__ = [
    "ParameterFolder",
    "UnprintableError",
    "cache_folder",
    "kept_source",
    "load_kernel",
    "logistic",
    "print_lanes",
    "print_ngspice",
    "print_numba",
    "print_verilog_a",
    "with_logistic_pairs",
]
