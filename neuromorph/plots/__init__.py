"""Pictures: ``ax=None`` in, Axes out; matplotlib is imported where a picture is drawn."""

from neuromorph.plots.convergence import plot_convergence, plot_crossing_speeds, plot_lyapunov
from neuromorph.plots.energy import plot_energy
from neuromorph.plots.figures import finished_figure, save_figure
from neuromorph.plots.intrinsic_noise import plot_circuit_noise
from neuromorph.plots.network_validation import plot_network_validation
from neuromorph.plots.networks import plot_graph, plot_network
from neuromorph.plots.plasticity import plot_stdp
from neuromorph.plots.recordings import plot_recording, plot_signal
from neuromorph.plots.spikes import plot_raster, plot_spikes
from neuromorph.plots.sweeps import plot_sweep
from neuromorph.plots.validation import plot_validation

__all__ = [
    "finished_figure",
    "plot_circuit_noise",
    "plot_convergence",
    "plot_crossing_speeds",
    "plot_energy",
    "plot_graph",
    "plot_lyapunov",
    "plot_network",
    "plot_network_validation",
    "plot_raster",
    "plot_recording",
    "plot_signal",
    "plot_spikes",
    "plot_stdp",
    "plot_sweep",
    "plot_validation",
    "save_figure",
]
