"""SPICE engines: run a deck, watch it, prove that it succeeded, read what it wrote."""

from neuromorph.spice.engine import Engine
from neuromorph.spice.ngspice import Ngspice
from neuromorph.spice.ngspice_shared import NgspiceShared
from neuromorph.spice.raw import RawPlot, read_raw
from neuromorph.spice.vacask import Vacask

__all__ = ["Engine", "Ngspice", "NgspiceShared", "RawPlot", "Vacask", "read_raw"]
