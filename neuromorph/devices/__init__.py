"""Devices: one file each, equations stated once."""

from neuromorph.devices.cards import load_card, model_file, model_named
from neuromorph.devices.comparator import Comparator
from neuromorph.devices.current_conveyor import CurrentConveyor
from neuromorph.devices.difference_amplifier import DifferenceAmplifier
from neuromorph.devices.gmms import GMMS
from neuromorph.devices.linear_ion_drift import LinearIonDrift
from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.mms import MMS
from neuromorph.devices.mosfet import Mosfet
from neuromorph.devices.op_amp import OpAmp
from neuromorph.devices.part import Part
from neuromorph.devices.preferred_values import nearest_preferred_value, preferred_values
from neuromorph.devices.schmitt_trigger import SchmittTrigger
from neuromorph.devices.transistor_comparator import TransistorComparator
from neuromorph.devices.vteam import VTEAM
from neuromorph.devices.yakopcic import Yakopcic

__all__ = [
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
    "model_named",
    "nearest_preferred_value",
    "preferred_values",
]
