"""How the paper is read where it leaves something out, and the variants that claims speak of."""

from __future__ import annotations

from collections.abc import Mapping

from neuromorph.reproduce.alif.variants import Run, Variant

Runs = Mapping[tuple[Variant, str], Run]
"""Every variant on both roads."""

VALUES = "The paper gives no component values; these are 22 nF, R_s 1 kohm, v_th 0.40 V, v_lo 0.02 V, MMS 500/1500 ohm."
"""The reading of the ideal neuron."""
PARTS = (
    "The paper names OP482 and AD8561 and no other part; here 100 kohm in the amplifier's feedback (100 kohm/gain at its "
    "inputs), thresholds of 0.40 V and 25 mV at the membrane, E96 resistors, about 10 ohm of discharge."
)
"""The reading of the hardware."""
IDEAL = Variant(capacitance=22e-9)
HARD = Variant(capacitance=22e-9, gain=2.0, fidelity="macromodel")
SMALL = Variant(capacitance=2.2e-9, gain=10.0, fidelity="macromodel")


def damping(runs: Runs, variant: Variant, road: str = "spice") -> float:
    """Share of the ideal neuron's adaptation ratio that the hardware loses [pure number]."""
    ideal = runs[Variant(capacitance=variant.capacitance), road].statistics.adaptation_ratio
    return 1 - runs[variant, road].statistics.adaptation_ratio / ideal
