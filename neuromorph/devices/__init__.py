"""Devices: one file each, equations stated once."""

from neuromorph.devices.cards import load_card, model_file
from neuromorph.devices.gmms import GMMS
from neuromorph.devices.linear_ion_drift import LinearIonDrift
from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.mms import MMS
from neuromorph.devices.vteam import VTEAM
from neuromorph.devices.yakopcic import Yakopcic

__all__ = ["GMMS", "MMS", "VTEAM", "LinearIonDrift", "MemristorModel", "Yakopcic", "load_card", "model_file"]
