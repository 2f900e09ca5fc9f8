"""Recordings to numbers: spike statistics, energy, threshold current."""

from neuromorph.analysis.energy_balance import EnergyBalance, energy
from neuromorph.analysis.phases import on_phases
from neuromorph.analysis.spike_statistics import SpikeStatistics, spikes
from neuromorph.analysis.threshold import rheobase

__all__ = ["EnergyBalance", "SpikeStatistics", "energy", "on_phases", "rheobase", "spikes"]
