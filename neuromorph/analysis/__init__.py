"""Recordings to numbers: spike statistics, energy, threshold current, orders of convergence."""

from neuromorph.analysis.bootstrap import Estimate
from neuromorph.analysis.convergence_orders import Convergence, Order, convergence
from neuromorph.analysis.crossings import CrossingSpeeds, NearTangential, crossing_speeds
from neuromorph.analysis.energy_balance import EnergyBalance, energy
from neuromorph.analysis.interval_distribution import interval_distribution
from neuromorph.analysis.intrinsic_noise import CircuitNoise, NoiseContribution
from neuromorph.analysis.lyapunov import LyapunovExponent, lyapunov_exponent
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
    "Convergence",
    "CrossingSpeeds",
    "EnergyBalance",
    "Estimate",
    "LyapunovExponent",
    "NearTangential",
    "NoiseContribution",
    "Order",
    "PopulationStatistics",
    "SpikeStatistics",
    "burst_index",
    "circuit_noise",
    "convergence",
    "crossing_speeds",
    "energy",
    "fano_factor",
    "firing_rates",
    "interval_cv",
    "interval_distribution",
    "local_variation",
    "lyapunov_exponent",
    "on_phases",
    "population",
    "psth",
    "rheobase",
    "spike_spectrum",
    "spikes",
    "spiking_fraction",
    "synchrony",
]
