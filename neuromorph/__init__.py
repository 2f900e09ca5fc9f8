"""neuromorph: a circuit-level simulator for neuromorphic hardware, on two roads that check each other."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

# Where each public name lives. Rooms are loaded on first use, so that `import neuromorph` stays light:
# numba, sympy, matplotlib and PySpice take seconds together.
_HOMES = {
    "errors": (
        "ConvergenceError",
        "EngineNotFoundError",
        "MeasurementError",
        "NeuromorphError",
        "SimulationError",
        "ValidationError",
    ),
    "stimulus": (
        "Constant",
        "PiecewiseLinear",
        "PulseTrain",
        "Sine",
        "SquareWave",
        "Stimulus",
        "Triangle",
        "parse_stimulus",
    ),
    "recording": ("Recording", "SpikeTrains", "load"),
    "quantities": ("Parameters", "format_quantity", "parameter", "parse_quantity"),
    "equations": ("logistic",),
    "systems": ("HybridSystem", "Mode", "Output", "State", "Transition", "Unknown"),
    "schematic": ("Deck", "NgspiceOptions", "Port", "Probe", "Schematic", "make_deck"),
    "behaviour": ("RK4", "simulate_system"),
    "spice": ("Ngspice", "read_raw"),
    "devices": ("MMS", "MemristorModel"),
    "neurons": ("LIF", "MemristiveALIF", "Neuron", "WorkingPoint"),
    "roads": ("Pair", "simulate"),
    "validate": ("CrossValidation", "Tolerances", "cross_validate"),
}
_HOME_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME_OF, "__version__"])  # noqa: PLE0605

logging.getLogger(__name__).addHandler(logging.NullHandler())

if TYPE_CHECKING:
    from neuromorph.behaviour import RK4, simulate_system
    from neuromorph.devices import MMS, MemristorModel
    from neuromorph.equations import logistic
    from neuromorph.errors import (
        ConvergenceError,
        EngineNotFoundError,
        MeasurementError,
        NeuromorphError,
        SimulationError,
        ValidationError,
    )
    from neuromorph.neurons import LIF, MemristiveALIF, Neuron, WorkingPoint
    from neuromorph.quantities import Parameters, format_quantity, parameter, parse_quantity
    from neuromorph.recording import Recording, SpikeTrains, load
    from neuromorph.roads import Pair, simulate
    from neuromorph.schematic import Deck, NgspiceOptions, Port, Probe, Schematic, make_deck
    from neuromorph.spice import Ngspice, read_raw
    from neuromorph.stimulus import (
        Constant,
        PiecewiseLinear,
        PulseTrain,
        Sine,
        SquareWave,
        Stimulus,
        Triangle,
        parse_stimulus,
    )
    from neuromorph.systems import HybridSystem, Mode, Output, State, Transition, Unknown
    from neuromorph.validate import CrossValidation, Tolerances, cross_validate


def __getattr__(name: str) -> Any:
    room = _HOME_OF.get(name)
    if room is None:
        raise AttributeError(f"module 'neuromorph' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"neuromorph.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
