"""neuromorph: a circuit-level simulator for neuromorphic hardware, on two roads that check each other."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from neuromorph.version import __version__ as __version__

# Where each public name lives. Rooms are loaded on first use, so that `import neuromorph` stays light:
# numba, sympy, matplotlib and PySpice take seconds together.
_HOMES = {
    "errors": (
        "ConvergenceError",
        "EngineNotFoundError",
        "MeasurementError",
        "NeuromorphError",
        "SimulationError",
        "SimulationInterrupted",
        "ValidationError",
        "ValidationInterrupted",
    ),
    "stimulus": (
        "Constant",
        "PiecewiseLinear",
        "PoissonInput",
        "PulseTrain",
        "Sine",
        "SpikeInput",
        "SquareWave",
        "Stimulus",
        "Triangle",
        "WhiteNoise",
        "ZeroOrderHold",
        "parse_stimulus",
        "spike_inputs",
    ),
    "recording": ("BatchRecording", "Recording", "SpikeTrains", "load", "load_spikes"),
    "measurement": ("Measurement", "load_measurement", "refuse_duplicates", "synthetic_measurement"),
    "quantities": ("Parameters", "choice", "format_quantity", "parameter", "parse_quantity"),
    "equations": ("logistic",),
    "systems": ("HybridSystem", "Mode", "NodalEquations", "Output", "State", "Transition", "Unknown"),
    "schematic": (
        "Deck",
        "NgspiceOptions",
        "Port",
        "Probe",
        "Resolution",
        "Schematic",
        "Threshold",
        "VacaskOptions",
        "VendorModel",
        "make_deck",
    ),
    "behaviour": ("RK4", "EulerMaruyama", "Milstein", "Rosenbrock", "simulate_batch", "simulate_system"),
    "spice": ("Ngspice", "NgspiceShared", "Vacask", "read_raw"),
    "devices": (
        "GMMS",
        "MMS",
        "VTEAM",
        "Comparator",
        "CurrentConveyor",
        "DifferenceAmplifier",
        "LinearIonDrift",
        "MemristorModel",
        "Mosfet",
        "OpAmp",
        "Part",
        "SchmittTrigger",
        "TransistorComparator",
        "Yakopcic",
        "load_card",
        "model_file",
        "nearest_preferred_value",
        "preferred_values",
    ),
    "crossbars": (
        "BiasScheme",
        "Crossbar",
        "CrossbarSolution",
        "CrossbarTransient",
        "DeviceArray",
        "HalfSelectDisturbance",
        "ReadMargin",
        "SolveInterrupted",
        "TransientInterrupted",
        "half_select_disturbance",
        "read_margin",
    ),
    "programming": (
        "DeviceVariation",
        "Drift",
        "GainTrim",
        "ProgrammedArray",
        "ReadNoise",
        "Retention",
        "StateRelaxation",
        "StuckDevices",
        "TemperatureShift",
        "Transformation",
        "VectorMatrixProduct",
        "WeightMapping",
        "WriteNoise",
        "WriteVerify",
        "WriteVerifyInterrupted",
        "WriteVerifyResult",
    ),
    "neurons": (
        "LIF",
        "AdaptiveExponentialIF",
        "ConductanceLIF",
        "DesignFinding",
        "DesignWarning",
        "Izhikevich",
        "MemristiveALIF",
        "Neuron",
        "RCNeuron",
        "WorkingPoint",
    ),
    "networks": (
        "LowPassSynapse",
        "MemristiveSynapse",
        "Network",
        "PulseDriver",
        "StaticSynapse",
        "Synapse",
        "compose",
        "from_nir",
        "load_network",
        "save_network",
        "to_nir",
    ),
    "analysis": ("CircuitNoise", "circuit_noise"),
    "roads": ("Pair", "check_design", "frozen_noise", "simulate"),
    "plasticity": (
        "LearningWindow",
        "LearningWindows",
        "PlasticSynapse",
        "PulseShape",
        "SpikeProtocol",
        "StdpCurve",
        "WeightChanges",
        "stdp_curve",
        "weight_changes",
    ),
    "drawing": ("Drawing", "draw_schematic"),
    "sweeps": ("LogNormal", "Normal", "SweepInterrupted", "SweepResult", "Uniform", "f_i_curve", "sweep"),
    "validate": (
        "CrossValidation",
        "NetworkValidation",
        "StatisticalComparison",
        "Tolerances",
        "compare_statistics",
        "cross_validate",
    ),
    "fit": (
        "BoundWarning",
        "Comparison",
        "MemristorFit",
        "Response",
        "compare_memristor_models",
        "fit_memristor",
        "simulate_measured",
    ),
}
_HOME_OF = {name: room for room, names in _HOMES.items() for name in names}
# Rooms whose functions are called through them, as in nm.analysis.energy(recording).
_ROOMS = ("analysis", "networks", "reproduce")

__all__ = sorted([*_HOME_OF, *_ROOMS, "__version__"])

logging.getLogger(__name__).addHandler(logging.NullHandler())

if TYPE_CHECKING:
    from neuromorph import analysis as analysis
    from neuromorph import networks as networks
    from neuromorph import reproduce as reproduce
    from neuromorph.analysis import CircuitNoise as CircuitNoise
    from neuromorph.analysis import circuit_noise as circuit_noise
    from neuromorph.behaviour import RK4 as RK4
    from neuromorph.behaviour import EulerMaruyama as EulerMaruyama
    from neuromorph.behaviour import Milstein as Milstein
    from neuromorph.behaviour import Rosenbrock as Rosenbrock
    from neuromorph.behaviour import simulate_batch as simulate_batch
    from neuromorph.behaviour import simulate_system as simulate_system
    from neuromorph.crossbars import BiasScheme as BiasScheme
    from neuromorph.crossbars import Crossbar as Crossbar
    from neuromorph.crossbars import CrossbarSolution as CrossbarSolution
    from neuromorph.crossbars import CrossbarTransient as CrossbarTransient
    from neuromorph.crossbars import DeviceArray as DeviceArray
    from neuromorph.crossbars import HalfSelectDisturbance as HalfSelectDisturbance
    from neuromorph.crossbars import ReadMargin as ReadMargin
    from neuromorph.crossbars import SolveInterrupted as SolveInterrupted
    from neuromorph.crossbars import TransientInterrupted as TransientInterrupted
    from neuromorph.crossbars import half_select_disturbance as half_select_disturbance
    from neuromorph.crossbars import read_margin as read_margin
    from neuromorph.devices import GMMS as GMMS
    from neuromorph.devices import MMS as MMS
    from neuromorph.devices import VTEAM as VTEAM
    from neuromorph.devices import Comparator as Comparator
    from neuromorph.devices import CurrentConveyor as CurrentConveyor
    from neuromorph.devices import DifferenceAmplifier as DifferenceAmplifier
    from neuromorph.devices import LinearIonDrift as LinearIonDrift
    from neuromorph.devices import MemristorModel as MemristorModel
    from neuromorph.devices import Mosfet as Mosfet
    from neuromorph.devices import OpAmp as OpAmp
    from neuromorph.devices import Part as Part
    from neuromorph.devices import SchmittTrigger as SchmittTrigger
    from neuromorph.devices import TransistorComparator as TransistorComparator
    from neuromorph.devices import Yakopcic as Yakopcic
    from neuromorph.devices import load_card as load_card
    from neuromorph.devices import model_file as model_file
    from neuromorph.devices import nearest_preferred_value as nearest_preferred_value
    from neuromorph.devices import preferred_values as preferred_values
    from neuromorph.drawing import Drawing as Drawing
    from neuromorph.drawing import draw_schematic as draw_schematic
    from neuromorph.equations import logistic as logistic
    from neuromorph.errors import ConvergenceError as ConvergenceError
    from neuromorph.errors import EngineNotFoundError as EngineNotFoundError
    from neuromorph.errors import MeasurementError as MeasurementError
    from neuromorph.errors import NeuromorphError as NeuromorphError
    from neuromorph.errors import SimulationError as SimulationError
    from neuromorph.errors import SimulationInterrupted as SimulationInterrupted
    from neuromorph.errors import ValidationError as ValidationError
    from neuromorph.errors import ValidationInterrupted as ValidationInterrupted
    from neuromorph.fit import BoundWarning as BoundWarning
    from neuromorph.fit import Comparison as Comparison
    from neuromorph.fit import MemristorFit as MemristorFit
    from neuromorph.fit import Response as Response
    from neuromorph.fit import compare_memristor_models as compare_memristor_models
    from neuromorph.fit import fit_memristor as fit_memristor
    from neuromorph.fit import simulate_measured as simulate_measured
    from neuromorph.measurement import Measurement as Measurement
    from neuromorph.measurement import load_measurement as load_measurement
    from neuromorph.measurement import refuse_duplicates as refuse_duplicates
    from neuromorph.measurement import synthetic_measurement as synthetic_measurement
    from neuromorph.networks import LowPassSynapse as LowPassSynapse
    from neuromorph.networks import MemristiveSynapse as MemristiveSynapse
    from neuromorph.networks import Network as Network
    from neuromorph.networks import PulseDriver as PulseDriver
    from neuromorph.networks import StaticSynapse as StaticSynapse
    from neuromorph.networks import Synapse as Synapse
    from neuromorph.networks import compose as compose
    from neuromorph.networks import from_nir as from_nir
    from neuromorph.networks import load_network as load_network
    from neuromorph.networks import save_network as save_network
    from neuromorph.networks import to_nir as to_nir
    from neuromorph.neurons import LIF as LIF
    from neuromorph.neurons import AdaptiveExponentialIF as AdaptiveExponentialIF
    from neuromorph.neurons import ConductanceLIF as ConductanceLIF
    from neuromorph.neurons import DesignFinding as DesignFinding
    from neuromorph.neurons import DesignWarning as DesignWarning
    from neuromorph.neurons import Izhikevich as Izhikevich
    from neuromorph.neurons import MemristiveALIF as MemristiveALIF
    from neuromorph.neurons import Neuron as Neuron
    from neuromorph.neurons import RCNeuron as RCNeuron
    from neuromorph.neurons import WorkingPoint as WorkingPoint
    from neuromorph.plasticity import LearningWindow as LearningWindow
    from neuromorph.plasticity import LearningWindows as LearningWindows
    from neuromorph.plasticity import PlasticSynapse as PlasticSynapse
    from neuromorph.plasticity import PulseShape as PulseShape
    from neuromorph.plasticity import SpikeProtocol as SpikeProtocol
    from neuromorph.plasticity import StdpCurve as StdpCurve
    from neuromorph.plasticity import WeightChanges as WeightChanges
    from neuromorph.plasticity import stdp_curve as stdp_curve
    from neuromorph.plasticity import weight_changes as weight_changes
    from neuromorph.programming import DeviceVariation as DeviceVariation
    from neuromorph.programming import Drift as Drift
    from neuromorph.programming import GainTrim as GainTrim
    from neuromorph.programming import ProgrammedArray as ProgrammedArray
    from neuromorph.programming import ReadNoise as ReadNoise
    from neuromorph.programming import Retention as Retention
    from neuromorph.programming import StateRelaxation as StateRelaxation
    from neuromorph.programming import StuckDevices as StuckDevices
    from neuromorph.programming import TemperatureShift as TemperatureShift
    from neuromorph.programming import Transformation as Transformation
    from neuromorph.programming import VectorMatrixProduct as VectorMatrixProduct
    from neuromorph.programming import WeightMapping as WeightMapping
    from neuromorph.programming import WriteNoise as WriteNoise
    from neuromorph.programming import WriteVerify as WriteVerify
    from neuromorph.programming import WriteVerifyInterrupted as WriteVerifyInterrupted
    from neuromorph.programming import WriteVerifyResult as WriteVerifyResult
    from neuromorph.quantities import Parameters as Parameters
    from neuromorph.quantities import choice as choice
    from neuromorph.quantities import format_quantity as format_quantity
    from neuromorph.quantities import parameter as parameter
    from neuromorph.quantities import parse_quantity as parse_quantity
    from neuromorph.recording import BatchRecording as BatchRecording
    from neuromorph.recording import Recording as Recording
    from neuromorph.recording import SpikeTrains as SpikeTrains
    from neuromorph.recording import load as load
    from neuromorph.recording import load_spikes as load_spikes
    from neuromorph.roads import Pair as Pair
    from neuromorph.roads import check_design as check_design
    from neuromorph.roads import frozen_noise as frozen_noise
    from neuromorph.roads import simulate as simulate
    from neuromorph.schematic import Deck as Deck
    from neuromorph.schematic import NgspiceOptions as NgspiceOptions
    from neuromorph.schematic import Port as Port
    from neuromorph.schematic import Probe as Probe
    from neuromorph.schematic import Resolution as Resolution
    from neuromorph.schematic import Schematic as Schematic
    from neuromorph.schematic import Threshold as Threshold
    from neuromorph.schematic import VacaskOptions as VacaskOptions
    from neuromorph.schematic import VendorModel as VendorModel
    from neuromorph.schematic import make_deck as make_deck
    from neuromorph.spice import Ngspice as Ngspice
    from neuromorph.spice import NgspiceShared as NgspiceShared
    from neuromorph.spice import Vacask as Vacask
    from neuromorph.spice import read_raw as read_raw
    from neuromorph.stimulus import Constant as Constant
    from neuromorph.stimulus import PiecewiseLinear as PiecewiseLinear
    from neuromorph.stimulus import PoissonInput as PoissonInput
    from neuromorph.stimulus import PulseTrain as PulseTrain
    from neuromorph.stimulus import Sine as Sine
    from neuromorph.stimulus import SpikeInput as SpikeInput
    from neuromorph.stimulus import SquareWave as SquareWave
    from neuromorph.stimulus import Stimulus as Stimulus
    from neuromorph.stimulus import Triangle as Triangle
    from neuromorph.stimulus import WhiteNoise as WhiteNoise
    from neuromorph.stimulus import ZeroOrderHold as ZeroOrderHold
    from neuromorph.stimulus import parse_stimulus as parse_stimulus
    from neuromorph.stimulus import spike_inputs as spike_inputs
    from neuromorph.sweeps import LogNormal as LogNormal
    from neuromorph.sweeps import Normal as Normal
    from neuromorph.sweeps import SweepInterrupted as SweepInterrupted
    from neuromorph.sweeps import SweepResult as SweepResult
    from neuromorph.sweeps import Uniform as Uniform
    from neuromorph.sweeps import f_i_curve as f_i_curve
    from neuromorph.sweeps import sweep as sweep
    from neuromorph.systems import HybridSystem as HybridSystem
    from neuromorph.systems import Mode as Mode
    from neuromorph.systems import NodalEquations as NodalEquations
    from neuromorph.systems import Output as Output
    from neuromorph.systems import State as State
    from neuromorph.systems import Transition as Transition
    from neuromorph.systems import Unknown as Unknown
    from neuromorph.validate import CrossValidation as CrossValidation
    from neuromorph.validate import NetworkValidation as NetworkValidation
    from neuromorph.validate import StatisticalComparison as StatisticalComparison
    from neuromorph.validate import Tolerances as Tolerances
    from neuromorph.validate import compare_statistics as compare_statistics
    from neuromorph.validate import cross_validate as cross_validate


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"neuromorph.{name}")
    room = _HOME_OF.get(name)
    if room is None:
        raise AttributeError(f"module 'neuromorph' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"neuromorph.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF, *_ROOMS})
