"""The noise that a circuit has by its own parts, and the white noise of a neuron's equations that stands for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.quantities import format_quantity

BOLTZMANN = 1.380649e-23
"""Boltzmann's constant [J/K]."""
_LARGEST_ROWS = 12
# What is less would be printed as 0.00 %.
_SHOWN_SHARE = 5e-5

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class NoiseContribution:
    """What one source of noise inside an element gives.

    Parameters
    ----------
    element : str
        Element of the deck; one inside a subcircuit with the name of the instance, ``xbuffer.r1``.
    mechanism : {"thermal", "shot", "flicker"}
        Why there is noise.
    source : str
        ngspice's word for the source inside the element: ``id`` of a transistor's channel or a junction, ``rd`` and ``rs`` of its
        resistances; empty where it has one.
    voltage_spectrum : ndarray, shape (n_frequencies,)
        One-sided power spectral density at the membrane [V^2/Hz].
    share : float
        Of the variance of the membrane voltage (pure number).
    """

    element: str
    mechanism: str
    source: str
    voltage_spectrum: FloatArray
    share: float


@dataclass(frozen=True, eq=False, kw_only=True)
class CircuitNoise:
    """Noise of a circuit at one operating point, at its membrane and as a current into it. All spectra are one-sided.

    Parameters
    ----------
    design : str
        Name of the design.
    node : str
        The membrane.
    temperature : float
        Of the circuit [K].
    v_membrane : float
        Voltage of the membrane at the operating point [V].
    bias_current : float or None
        Current that holds the membrane there [A]; ``None`` where the circuit is at its own operating point.
    frequency : ndarray, shape (n_frequencies,)
        Frequencies [Hz].
    voltage_spectrum : ndarray, shape (n_frequencies,)
        One-sided power spectral density of the membrane voltage [V^2/Hz].
    impedance : ndarray, shape (n_frequencies,)
        Of the membrane, absolute value [ohm].
    contributions : tuple of NoiseContribution
        Largest share first; they add up to `voltage_spectrum` [V^2/Hz].
    noiseless : mapping of str to str
        Elements without a noise model, with the reason. Their counterparts in hardware have noise, so that of hardware is above
        this one.
    silent : tuple of str
        Elements with a noise model, none of whose noise reaches the membrane at this operating point.
    is_firing : bool
        Whether the spike's signal is high at the operating point: the noise is then that of the discharge.
    version : str
        Of ngspice.
    """

    design: str
    node: str
    temperature: float
    v_membrane: float
    bias_current: float | None
    frequency: FloatArray
    voltage_spectrum: FloatArray
    impedance: FloatArray
    contributions: tuple[NoiseContribution, ...]
    noiseless: Mapping[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    is_firing: bool = False
    version: str = ""

    @property
    def spectrum(self) -> FloatArray:
        """One-sided power spectral density as a current into the membrane, shape (n_frequencies,) [A^2/Hz]."""
        return self.voltage_spectrum / self.impedance**2

    @property
    def flicker_spectrum(self) -> FloatArray:
        """The part of `spectrum` that is flicker noise, one-sided, shape (n_frequencies,) [A^2/Hz]."""
        return self._of_mechanism(flicker=True) / self.impedance**2

    @property
    def white_level(self) -> float:
        """One-sided density of the white current that gives the membrane the variance of all but flicker noise [A^2/Hz]."""
        return power_law_integral(self.frequency, self._of_mechanism(flicker=False)) / power_law_integral(
            self.frequency, self.impedance**2
        )

    @property
    def noise_current(self) -> float:
        """What a neuron's equations take as `noise_current` [A sqrt(s)]: its square is the two-sided white density."""
        return math.sqrt(self.white_level / 2)

    @property
    def corner_frequency(self) -> float | None:
        """Frequency at which flicker noise, as a current, falls below `white_level` [Hz]; ``None`` where it does not in the range."""
        flicker, white = self.flicker_spectrum, self.white_level
        above = np.flatnonzero(flicker >= white)
        if not above.size or above[-1] + 1 == len(flicker) or white == 0.0 or flicker[above[-1] + 1] <= 0.0:
            return None
        k = int(above[-1])
        logs = np.log(flicker[k : k + 2])
        share = (logs[0] - math.log(white)) / (logs[0] - logs[1]) if logs[0] > logs[1] else 0.0
        f = np.log(self.frequency[k : k + 2])
        return float(np.exp(f[0] + share * (f[1] - f[0])))

    @property
    def v_rms(self) -> float:
        """Root mean square of the membrane's noise within the range of frequencies [V]. With flicker noise it depends on the lowest."""
        return math.sqrt(power_law_integral(self.frequency, self.voltage_spectrum))

    @property
    def equivalent_capacitance(self) -> float:
        """Of the single-pole membrane with the same resistance at the lowest frequency and the same bandwidth for noise [F]."""
        return float(self.impedance[0] / (4 * power_law_integral(self.frequency, self.impedance**2)))

    @property
    def kt_c_rms(self) -> float:
        """``sqrt(k T / C)`` of `equivalent_capacitance`: what `v_rms` is in thermal equilibrium [V]."""
        return math.sqrt(BOLTZMANN * self.temperature / self.equivalent_capacitance)

    def jitter(self, slope: float) -> float:
        """Standard deviation of the time at which the membrane crosses a level: `v_rms` over the slope there.

        Parameters
        ----------
        slope : float
            Of the membrane voltage at the level [V/s].

        Returns
        -------
        float
            Time [s]. Holds where it is short against the time since the reset, in membrane time constants and in intervals: a
            membrane that was reset lately has gathered ``1 - exp(-2 t / tau)`` of the variance.

        Raises
        ------
        ValueError
            When the slope is not positive.
        """
        if not (math.isfinite(slope) and slope > 0):
            raise ValueError(f"slope must be a positive number in V/s, got {slope!r}")
        return self.v_rms / slope

    def summary(self) -> str:
        """The noise in some lines, with units."""
        held = "its own operating point" if self.bias_current is None else f"held by {_si(self.bias_current, 'A')}"
        corner = "none in the range" if self.corner_frequency is None else _si(self.corner_frequency, "Hz")
        band = f"{_si(float(self.frequency[0]), 'Hz')} to {_si(float(self.frequency[-1]), 'Hz')}"
        lines = [
            f"noise of {self.design} at node {self.node}: {_si(self.v_membrane, 'V')}, {held}, {self.temperature:g} K",
            f"  membrane voltage     {_si(self.v_rms, 'V')} rms from {band}; kT/C of {_si(self.equivalent_capacitance, 'F')}: "
            f"{_si(self.kt_c_rms, 'V')}",
            f"  white, as a current  {self.white_level:.4g} A^2/Hz one-sided: noise_current {self.noise_current:.4g} A sqrt(s)",
            f"  flicker corner       {corner}",
            "  share of variance",
        ]
        if self.is_firing:
            lines.insert(1, "  in its spike: this is the noise of the discharge")
        shown = [each for each in self.contributions if each.share > _SHOWN_SHARE][:_LARGEST_ROWS]
        lines += [
            f"    {100 * c.share:6.2f} %  {c.element} {c.source} ({c.mechanism})".replace("  (", " (") for c in shown
        ]
        if self.noiseless:
            lines.append("  without a noise model, other than in hardware")
            lines += [f"    {element}: {reason}" for element, reason in self.noiseless.items()]
        if self.silent:
            lines.append(f"  not heard at the membrane: {', '.join(self.silent)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Numbers and lists for JSON (SI units; spectra one-sided)."""
        return {
            "design": self.design,
            "node": self.node,
            "temperature": self.temperature,
            "v_membrane": self.v_membrane,
            "bias_current": self.bias_current,
            "engine": "ngspice",
            "version": self.version,
            "white_level": self.white_level,
            "noise_current": self.noise_current,
            "corner_frequency": self.corner_frequency,
            "v_rms": self.v_rms,
            "kt_c_rms": self.kt_c_rms,
            "equivalent_capacitance": self.equivalent_capacitance,
            "contributions": [
                {"element": c.element, "mechanism": c.mechanism, "source": c.source, "share": c.share}
                for c in self.contributions
            ],
            "noiseless": dict(self.noiseless),
            "silent": list(self.silent),
            "is_firing": self.is_firing,
            "frequency": self.frequency.tolist(),
            "spectrum": self.spectrum.tolist(),
            "voltage_spectrum": self.voltage_spectrum.tolist(),
            "impedance": self.impedance.tolist(),
        }

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw the noise current with its contributions, one-sided, and the noise voltage.

        Parameters
        ----------
        path : path-like, optional
            Where to write the picture.

        Returns
        -------
        matplotlib.figure.Figure
            Spectra [A^2/Hz] and [V^2/Hz] over frequency [Hz].
        """
        from neuromorph.plots import finished_figure, plot_circuit_noise

        return finished_figure(plot_circuit_noise(self), path)

    def _of_mechanism(self, *, flicker: bool) -> FloatArray:
        rows = [c.voltage_spectrum for c in self.contributions if (c.mechanism == "flicker") == flicker]
        return np.sum(rows, axis=0) if rows else np.zeros_like(self.voltage_spectrum)


def power_law_integral(frequency: FloatArray, values: FloatArray) -> float:
    """Integral over frequency, each piece a power law: exact for white and flicker noise.

    Parameters
    ----------
    frequency : ndarray, shape (n_frequencies,)
        Increasing [Hz].
    values : ndarray, shape (n_frequencies,)
        None negative [any unit].

    Returns
    -------
    float
        In Hz times the unit.
    """
    low, high = values[:-1], values[1:]
    ratio = np.log(frequency[1:] / frequency[:-1])
    is_power = (low > 0) & (high > 0)
    rise = np.log(np.where(is_power, high, 1.0) / np.where(is_power, low, 1.0)) + ratio
    # (exp(x) - 1) / x, which is 1 where the power is -1.
    small = np.abs(rise) < 1e-9
    mean = np.where(small, 1.0, np.expm1(rise) / np.where(small, 1.0, rise))
    pieces = np.where(is_power, low * frequency[:-1] * ratio * mean, (low + high) / 2 * np.diff(frequency))
    return float(np.sum(pieces))


def _si(value: float, unit: str) -> str:
    return format_quantity(float(f"{value:.4g}"), unit)
