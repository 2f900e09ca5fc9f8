"""Two recordings of one design compared: metrics, verdict, report."""

from typing import TYPE_CHECKING, Any

from neuromorph.validate.compare import Comparison, compare
from neuromorph.validate.cross import CrossValidation, cross_validate
from neuromorph.validate.spikes import SpikeMatch, match_spikes
from neuromorph.validate.statistics import StatisticalComparison, compare_statistics
from neuromorph.validate.verdict import Criterion, Tolerances

if TYPE_CHECKING:
    from neuromorph.validate.networks import NetworkValidation

__all__ = [
    "Comparison",
    "Criterion",
    "CrossValidation",
    "NetworkValidation",
    "SpikeMatch",
    "StatisticalComparison",
    "Tolerances",
    "compare",
    "compare_statistics",
    "cross_validate",
    "match_spikes",
]


def __getattr__(name: str) -> Any:
    # Networks bring crossbars and formats of files with them, which one neuron does not need.
    if name == "NetworkValidation":
        from neuromorph.validate.networks import NetworkValidation

        return NetworkValidation
    raise AttributeError(name)
