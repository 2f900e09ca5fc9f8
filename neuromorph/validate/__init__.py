"""Two recordings of one design compared: metrics, verdict, report."""

from neuromorph.validate.compare import Comparison, compare
from neuromorph.validate.cross import CrossValidation, cross_validate
from neuromorph.validate.networks import NetworkValidation
from neuromorph.validate.spikes import SpikeMatch, match_spikes
from neuromorph.validate.verdict import Criterion, Tolerances

__all__ = [
    "Comparison",
    "Criterion",
    "CrossValidation",
    "NetworkValidation",
    "SpikeMatch",
    "Tolerances",
    "compare",
    "cross_validate",
    "match_spikes",
]
