"""What is drawn in the tests: every layout that a neuron of the library can need, and the circuits of the gallery."""

from __future__ import annotations

import itertools

import neuromorph as nm
from neuromorph.cli.designs import requested

WORDS = ("ideal", "macromodel")


def by_hand():
    """Name, design and fidelity of each circuit that has a layout of its own."""
    alif, rc = nm.MemristiveALIF(), nm.RCNeuron()
    for words in itertools.product(WORDS, repeat=3):
        yield f"alif {' '.join(words)}", alif, dict(zip(alif.parts, words, strict=True))
    for words in itertools.product(WORDS, repeat=2):
        yield f"rc {' '.join(words)}", rc, dict(zip(rc.parts, words, strict=True))
    yield "alif transistor", alif, "transistor"
    yield "alif at once", alif.replace(r_switch=None), None
    yield "alif other memristor", nm.MemristiveALIF(memristor=nm.VTEAM(), x0=0.1), "macromodel"
    yield "rc transistor", rc, "transistor"
    yield "rc passive", rc.replace(v_th=None), None
    yield "lif", nm.LIF(v_reset=0.1), None
    yield "lif without timer", nm.LIF(t_refractory=0.0), None


def of_gallery(root):
    """Name, design and fidelity of the scripts whose circuits are drawn automatically."""
    for name in ("rectifying_synapse", "relaxation_oscillator", "two_neurons"):
        yield name, requested(str(root / "circuits" / f"{name}.py"), [], [], None).design, None


def circuit_of(design, fidelity):
    """The PySpice circuit behind a drawing."""
    if fidelity is not None:
        design = design.at_fidelity(fidelity)
    return design.schematic() if hasattr(design, "schematic") else design
