"""Measured records: loaded from files, cleaned step by step, checked for plausibility; synthetic ones."""

from neuromorph.measurement.loading import load_measurement
from neuromorph.measurement.measurement import Measurement
from neuromorph.measurement.plausibility import refuse_duplicates
from neuromorph.measurement.synthetic import synthetic_measurement

__all__ = ["Measurement", "load_measurement", "refuse_duplicates", "synthetic_measurement"]
