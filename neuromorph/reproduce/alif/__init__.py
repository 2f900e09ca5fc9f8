"""K. Bednarz and B. Garda, "Memristor-based adaptive leaky integrate-and-fire neuron model: a simulation study" (2024)."""

from neuromorph.reproduce.alif.paper import reproduce
from neuromorph.reproduce.alif.variants import VARIANTS, Run, Variant, hardware_neuron, run_variant

__all__ = ["VARIANTS", "Run", "Variant", "hardware_neuron", "reproduce", "run_variant"]
