"""Recordings to numbers: spike statistics, energy, threshold current."""

from neuromorph.analysis.energy_balance import EnergyBalance, energy
from neuromorph.analysis.intrinsic_noise import CircuitNoise, NoiseContribution
from neuromorph.analysis.noise_analysis import circuit_noise
from neuromorph.analysis.phases import on_phases
from neuromorph.analysis.population import PopulationStatistics, population
from neuromorph.analysis.spike_statistics import SpikeStatistics, spikes
from neuromorph.analysis.spike_trains import (
    burst_index,
    fano_factor,
    firing_rates,
    interval_cv,
    local_variation,
    psth,
    spike_spectrum,
    spiking_fraction,
    synchrony,
)
from neuromorph.analysis.threshold import rheobase

__all__ = [
    "CircuitNoise",
    "EnergyBalance",
    "NoiseContribution",
    "PopulationStatistics",
    "SpikeStatistics",
    "burst_index",
    "circuit_noise",
    "energy",
    "fano_factor",
    "firing_rates",
    "interval_cv",
    "local_variation",
    "on_phases",
    "population",
    "psth",
    "rheobase",
    "spike_spectrum",
    "spikes",
    "spiking_fraction",
    "synchrony",
]
