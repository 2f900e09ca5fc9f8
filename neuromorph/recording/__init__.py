"""What a run gives back: named waveforms with units over their own uneven time grid, spikes, provenance."""

from neuromorph.recording.batch import BatchRecording
from neuromorph.recording.netcdf import load
from neuromorph.recording.spike_files import load_spikes
from neuromorph.recording.spikes import SpikeTrains
from neuromorph.recording.waveforms import Recording, SignalNotFoundError

__all__ = ["BatchRecording", "Recording", "SignalNotFoundError", "SpikeTrains", "load", "load_spikes"]
