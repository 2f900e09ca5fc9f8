"""Arrays of devices between word and bit lines: solved with their wires, moved in time, written as decks."""

from neuromorph.crossbars.crossbar import Crossbar
from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.half_select import HalfSelectDisturbance, half_select_disturbance
from neuromorph.crossbars.schemes import BiasScheme
from neuromorph.crossbars.sneak_paths import ReadMargin, read_margin
from neuromorph.crossbars.solution import CrossbarSolution, SolveInterrupted
from neuromorph.crossbars.solving.direct import DirectSolver
from neuromorph.crossbars.solving.line_solver import LineSolver
from neuromorph.crossbars.solving.voltages import NodeVoltages
from neuromorph.crossbars.terminations import Terminations, Wires, end_voltages
from neuromorph.crossbars.transients.transient import CrossbarTransient, TransientInterrupted

__all__ = [
    "BiasScheme",
    "Crossbar",
    "CrossbarSolution",
    "CrossbarTransient",
    "DeviceArray",
    "DirectSolver",
    "HalfSelectDisturbance",
    "LineSolver",
    "NodeVoltages",
    "ReadMargin",
    "SolveInterrupted",
    "Terminations",
    "TransientInterrupted",
    "Wires",
    "end_voltages",
    "half_select_disturbance",
    "read_margin",
]
