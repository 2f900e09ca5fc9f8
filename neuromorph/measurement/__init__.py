"""Measured records: loaded from files, cleaned step by step, checked for plausibility; synthetic ones."""

from neuromorph.measurement.measurement import Measurement
from neuromorph.measurement.synthetic import synthetic_measurement

__all__ = ["Measurement", "synthetic_measurement"]
