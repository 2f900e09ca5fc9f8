"""Vendors' model files in the dialects of PSpice and LTspice, translated for ngspice."""

from neuromorph.schematic.vendor.model import VendorModel

__all__ = ["VendorModel"]
