"""Networks to and from NIR, the Neuromorphic Intermediate Representation, with a report of what that loses."""

from neuromorph.networks.nir.reading import from_nir
from neuromorph.networks.nir.report import NirReport
from neuromorph.networks.nir.writing import to_nir

__all__ = ["NirReport", "from_nir", "to_nir"]
