"""Spectra of a circuit's own noise, by contribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure

if TYPE_CHECKING:
    from neuromorph.analysis import CircuitNoise

_LARGEST = 4


def plot_circuit_noise(noise: CircuitNoise) -> Any:
    """Draw the noise of a circuit as a current into its membrane, and as the membrane's voltage.

    Parameters
    ----------
    noise : CircuitNoise
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        One-sided spectra [A^2/Hz] and [V^2/Hz] over frequency [Hz], and the white level that stands for them.
    """
    figure, (current, voltage) = new_figure(2)
    squared = noise.impedance**2
    for each in [c for c in noise.contributions if c.share > 0][:_LARGEST]:
        label = f"{each.element}, {each.mechanism}, {100 * each.share:.3g} %"
        current.loglog(noise.frequency, each.voltage_spectrum / squared, linewidth=1.0, label=label)
    current.loglog(noise.frequency, noise.spectrum, color=REFERENCE, linewidth=2.0, zorder=0, label="whole circuit")
    current.axhline(noise.white_level, color=ACCENT, linestyle="--", label="white noise of the equations")
    if noise.corner_frequency is not None:
        current.axvline(noise.corner_frequency, color=CANDIDATE, linestyle=":", label="flicker corner")
    current.set_ylabel("noise current [A^2/Hz]")
    current.legend(fontsize="small")
    current.set_title(f"{noise.design}, {noise.node} at {noise.v_membrane:.4g} V", loc="left", fontsize="medium")
    voltage.loglog(noise.frequency, noise.voltage_spectrum, color=REFERENCE)
    voltage.set_ylabel("noise voltage [V^2/Hz]")
    voltage.set_xlabel("frequency [Hz]")
    return figure
