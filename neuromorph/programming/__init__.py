"""Weights to conductances and back: mapping, variation, faults, and programming with the devices' own dynamics."""

from neuromorph.programming.ageing import Drift, Retention, StateRelaxation
from neuromorph.programming.faults import StuckDevices
from neuromorph.programming.gain_trim import GainTrim
from neuromorph.programming.history import History, Step, StepEffect
from neuromorph.programming.mapping import WeightMapping
from neuromorph.programming.product import VectorMatrixProduct
from neuromorph.programming.programmed_array import ProgrammedArray
from neuromorph.programming.temperature_shift import TemperatureShift
from neuromorph.programming.transformation import ArrayState, Transformation
from neuromorph.programming.variation import DeviceVariation, ReadNoise, WriteNoise
from neuromorph.programming.write_verify import WriteVerify
from neuromorph.programming.write_verify_result import WriteVerifyInterrupted, WriteVerifyResult

__all__ = [
    "ArrayState",
    "DeviceVariation",
    "Drift",
    "GainTrim",
    "History",
    "ProgrammedArray",
    "ReadNoise",
    "Retention",
    "StateRelaxation",
    "Step",
    "StepEffect",
    "StuckDevices",
    "TemperatureShift",
    "Transformation",
    "VectorMatrixProduct",
    "WeightMapping",
    "WriteNoise",
    "WriteVerify",
    "WriteVerifyInterrupted",
    "WriteVerifyResult",
]
