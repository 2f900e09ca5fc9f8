"""Arrays of devices between word and bit lines: solved with their wires, moved in time, written as decks."""

from neuromorph.crossbars.crossbar import Crossbar
from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.direct import DirectSolver
from neuromorph.crossbars.half_select import HalfSelectDisturbance, half_select_disturbance
from neuromorph.crossbars.line_solver import LineSolver
from neuromorph.crossbars.schemes import BiasScheme
from neuromorph.crossbars.sneak_paths import ReadMargin, read_margin
from neuromorph.crossbars.solution import CrossbarSolution
from neuromorph.crossbars.terminations import Terminations, Wires, end_voltages
from neuromorph.crossbars.transient import CrossbarTransient, TransientInterrupted
from neuromorph.crossbars.voltages import NodeVoltages

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
    "Terminations",
    "TransientInterrupted",
    "Wires",
    "end_voltages",
    "half_select_disturbance",
    "read_margin",
]
