"""Devices: one file each, equations stated once."""

from neuromorph.devices.cards import load_card, model_file
from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.mms import MMS

__all__ = ["MMS", "MemristorModel", "load_card", "model_file"]
