"""One design, two roads: what can be simulated, by which engine, and how to ask for it."""

from neuromorph.roads.design import (
    Design,
    Pair,
    at_fidelity,
    deck_of,
    driven,
    equations_of,
    equations_or_none,
    working_point,
)
from neuromorph.roads.engines import ENGINES, chosen_because, engine_for, engine_of, settings_for
from neuromorph.roads.findings import check_design, warn_of
from neuromorph.roads.noise_path import frozen_noise
from neuromorph.roads.running import simulate

__all__ = [
    "ENGINES",
    "Design",
    "Pair",
    "at_fidelity",
    "check_design",
    "chosen_because",
    "deck_of",
    "driven",
    "engine_for",
    "engine_of",
    "equations_of",
    "equations_or_none",
    "frozen_noise",
    "settings_for",
    "simulate",
    "warn_of",
    "working_point",
]
