"""Weights to conductances and back: mapping, variation, faults, and programming with the devices' own dynamics."""
