"""Whether a noise analysis of ngspice succeeded, and its spectra: complete, finite, and the sum of what the elements give."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import SimulationError
from neuromorph.schematic import NoiseDeck
from neuromorph.spice.process import Ended
from neuromorph.spice.proof import Proof
from neuromorph.spice.raw import RawPlot

_PLOTS = ("Operating Point", "Noise Spectral Density Curves", "Integrated Noise")
# The elements' spectra add up to the whole within ngspice's own rounding.
_SUM_PRECISION = 1e-6
# ngspice's words for the sources inside an element: onoise_q1_ic; of the newer families of transistors onoise.m1.id.
_KIND = re.compile(
    r"(?P<element>.+)_(?P<kind>rd|rs|rc|rb|re|rg|rx|rbi|rbp|rci|rbx|rcx|rsu|id|ic|ib|ig|igs|igd|it|iccp|iavl"
    r"|ibei|ibci|ibep|ijbcx|ijsc|thermal|1overf|1overfbe|1overfbep|1overfre)"
)
_DOTTED_KIND = re.compile(
    r"(?P<element>.+)\.(?P<kind>rd|rs|rg|rbps|rbpd|rbpb|rbsb|rbdb|rbody|id|igs|igd|igb|ign|fb_ibs|fb_ibd|corl|1overf|1ovf)"
)


@dataclass(frozen=True, eq=False)
class NoiseSpectra:
    """What a noise analysis says.

    Parameters
    ----------
    frequency : ndarray, shape (n_frequencies,)
        Frequencies [Hz].
    voltage : ndarray, shape (n_frequencies,)
        One-sided power spectral density of the membrane voltage [V^2/Hz].
    impedance : ndarray, shape (n_frequencies,)
        Membrane voltage over a current into the membrane, absolute value [ohm].
    contributions : mapping of (str, str) to ndarray, shape (n_frequencies,)
        Share of `voltage`, by element and by ngspice's word for the source inside it [V^2/Hz].
    operating_point : mapping of str to float
        Node voltages [V] and currents [A].
    version : str
        Of the program.
    """

    frequency: NDArray[np.float64]
    voltage: NDArray[np.float64]
    impedance: NDArray[np.float64]
    contributions: Mapping[tuple[str, str], NDArray[np.float64]]
    operating_point: Mapping[str, float]
    version: str = ""


@dataclass(frozen=True)
class NoiseProof(Proof):
    """A noise analysis that has ended, to be proved; parameters as of :class:`Proof` (SI units)."""

    def spectra(self, ended: Ended, deck: NoiseDeck, version: str = "") -> NoiseSpectra:
        """The spectra of a run that succeeded.

        Parameters
        ----------
        ended : Ended
            Status and log of the run.
        deck : NoiseDeck
            What was to be run.
        version : str
            Of the program.

        Returns
        -------
        NoiseSpectra
            One-sided [V^2/Hz].

        Raises
        ------
        SimulationError
            With the cause, when the run failed or its success cannot be proved.
        """
        self.plot(ended)
        point, curves, _ = self._plots()
        twins = sorted({name for name in curves.names if curves.names.count(name) > 1})
        if twins:
            cause = f"two elements' noise has one name in ngspice: {', '.join(twins).replace('onoise_', '')}"
            raise self._error(cause, "rename the element whose name ends in a source of noise", None)
        prefixes = ("onoise_", "onoise.")
        noise = {name[len(prefixes[0]) :]: curves[name] ** 2 for name in curves.names if name.startswith(prefixes)}
        voltage, referred = noise.pop("spectrum"), curves["inoise_spectrum"] ** 2
        contributions = _leaves(noise)
        reached = float(curves.axis[-1])
        n_points = round(deck.points_per_decade * math.log10(deck.f_stop / deck.f_start))
        if abs(len(curves.axis) - n_points) > 2 or not math.isclose(reached, deck.f_stop, rel_tol=0.5):
            cause = f"the noise analysis has {len(curves.axis)} frequencies up to {reached:g} Hz"
            raise self._error(cause, "read the log; run the deck by hand", None, ended.log)
        total = np.sum(list(contributions.values()), axis=0) if contributions else np.zeros_like(voltage)
        if not np.allclose(total, voltage, rtol=_SUM_PRECISION, atol=0.0):
            cause = "the noise of the elements does not add up to the noise of the circuit"
            raise self._error(
                cause, "an element brings a noise source that this package does not know", None, ended.log
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            impedance = np.sqrt(voltage / referred)
        return NoiseSpectra(
            frequency=np.ascontiguousarray(curves.axis),
            voltage=voltage,
            impedance=impedance,
            contributions=contributions,
            operating_point={name: float(point[name][0].real) for name in point.names},
            version=version,
        )

    def _disproved(
        self, plots: list[RawPlot], plot: RawPlot, reached: float | None, log: str
    ) -> SimulationError | None:
        names = tuple(p.name for p in plots)
        if names != _PLOTS:
            cause = f"the run holds {', '.join(names)} instead of {', '.join(_PLOTS)}"
            return self._error(cause, "leave analyses to the engine; read the log", None, log)
        if not all(p.complete and p.n_points for p in plots):
            return self._error("the raw file is truncated", "run it again; check the disk", None, log)
        # ngspice's own integrals are of no use here, and some come out as no number.
        if not all(np.isfinite(p.values).all() for p in plots[:2]):
            cause, remedy = (
                "the noise is not a finite number",
                "check that the membrane has an impedance at each frequency",
            )
            return self._error(cause, remedy, None, log)
        return None


def _leaves(noise: dict[str, NDArray[np.float64]]) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Noise by element and kind; ngspice also lists the sum of each element of several kinds."""
    parsed = {name: _KIND.fullmatch(name) or _DOTTED_KIND.fullmatch(name) for name in noise}
    # A switch has one source, so what is named after it is another switch.
    inside = {name: m for name, m in parsed.items() if m and m["element"] in noise and m["element"][0] not in "sw"}
    sums = {match["element"] for match in inside.values()}
    return {
        (inside[name]["element"], inside[name]["kind"]) if name in inside else (name, ""): values
        for name, values in noise.items()
        if name not in sums
    }
