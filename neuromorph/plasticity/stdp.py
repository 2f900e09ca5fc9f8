"""STDP curves: how a pair of spikes changes a synapse, over the time between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.devices import MemristorModel
from neuromorph.plasticity.checks import numbers
from neuromorph.plasticity.experiments import V_READ, WeightChanges, weight_changes
from neuromorph.plasticity.protocol import SpikeProtocol
from neuromorph.plasticity.pulse_shape import PulseShape
from neuromorph.plasticity.synapse import PlasticSynapse
from neuromorph.plasticity.windows import LearningWindows, fitted_windows
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.behaviour.simulate import Solver
    from neuromorph.schematic import NgspiceOptions, VacaskOptions
    from neuromorph.spice import Engine

__all__ = ["StdpCurve", "stdp_curve"]

Array = NDArray[np.float64]

# Delays where the caller gives none.
_DEFAULT_COUNT = 61


@dataclass(frozen=True, kw_only=True, eq=False)
class StdpCurve:
    """The change of a synapse over the delay from the presynaptic to the postsynaptic spike.

    Parameters
    ----------
    delays : ndarray, shape (n,)
        Increasing; above zero where the postsynaptic spike comes later [s].
    changes : WeightChanges
        What the pairs did, an entry for each delay (SI units).
    alone : WeightChanges
        What as many spikes of the presynaptic neuron alone did, and of the postsynaptic one alone (SI units).
    pairs : int
        Pairs in each experiment.
    frequency : float or None
        At which they follow each other [Hz].
    """

    delays: Array
    changes: WeightChanges
    alone: WeightChanges
    pairs: int
    frequency: float | None

    @property
    def engine(self) -> str:
        """What ran it, with its version."""
        return self.changes.engine

    @property
    def dx(self) -> Array:
        """Change of the state, shape (n,) (pure number)."""
        return self.changes.dx

    @property
    def relative_change(self) -> Array:
        """Change of the conductance at the read voltage over what it was, shape (n,) (pure number)."""
        return self.changes.relative_change

    @property
    def energy(self) -> Array:
        """Energy that the device turned into heat for each pair, shape (n,) [J]."""
        return self.changes.energy / self.pairs

    def difference(self, other: StdpCurve) -> float:
        """Largest difference of two roads' states over the largest change of the state (pure number).

        Parameters
        ----------
        other : StdpCurve
            Of the same delays, by another engine.

        Returns
        -------
        float
            Pure number.

        Raises
        ------
        ValidationError
            When the experiments differ.
        """
        return self.changes.difference(other.changes)

    def windows(self, least_r_squared: float = 0.9) -> LearningWindows:
        """Exponentials ``A exp(-|delay| / tau)`` fitted to both sides, each from its peak outwards.

        Parameters
        ----------
        least_r_squared : float
            Below it a side is not called an exponential (pure number).

        Returns
        -------
        LearningWindows
            Amplitudes (pure numbers) and time constants [s].

        Raises
        ------
        ValidationError
            When a side is no such window; says which and why.
        """
        return fitted_windows(self.delays, self.dx, least_r_squared)

    def summary(self) -> str:
        """The curve's extremes, windows and energies as text (SI units with prefixes)."""
        from neuromorph.errors import ValidationError

        top, bottom = int(np.argmax(self.dx)), int(np.argmin(self.dx))
        repeated = f", {self.pairs} pairs at {format_quantity(self.frequency, 'Hz')}" if self.frequency else ""
        lines = [
            f"STDP of {type(self.changes.synapse.memristor).__name__}, {self.engine}: {len(self.delays)} delays from "
            f"{format_quantity(float(self.delays[0]), 's')} to {format_quantity(float(self.delays[-1]), 's')}{repeated}"
        ]
        for name, k in (("highest", top), ("lowest", bottom)):
            lines.append(
                f"{name:16} dx = {self.dx[k]:+.4f}, dG/G = {100 * self.relative_change[k]:+.2f} % at "
                f"{format_quantity(float(self.delays[k]), 's', 3)}"
            )
        lines.append(f"{'alone':16} dx = {self.alone.dx[0]:+.2e} by pre, {self.alone.dx[1]:+.2e} by post")
        lowest, highest = (format_quantity(float(e), "J", 3) for e in (self.energy.min(), self.energy.max()))
        lines.append(
            f"{'energy':16} {lowest} to {highest} a pair in the device; imbalance {self.changes.imbalance:.1e}"
        )
        try:
            lines.append(self.windows().summary())
        except ValidationError as error:
            lines.append(str(error))
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units); ``windows`` is ``None`` where the curve has none."""
        from neuromorph.errors import ValidationError

        try:
            windows = self.windows().to_dict()
        except ValidationError:
            windows = None
        return {
            **self.changes.to_dict(),
            "delays": self.delays.tolist(),
            "pairs": self.pairs,
            "frequency": self.frequency,
            "dx_pre_alone": float(self.alone.dx[0]),
            "dx_post_alone": float(self.alone.dx[1]),
            "windows": windows,
        }

    def plot(self, path: str | Path | None = None, others: Sequence[StdpCurve] = ()) -> Any:
        """Draw the curve, its windows, and the pulses that make it.

        Parameters
        ----------
        path : str or Path, optional
            Picture to write; its ending names the format.
        others : sequence of StdpCurve
            Curves of other engines, drawn as marks.

        Returns
        -------
        matplotlib.figure.Figure
            Axes in SI units with prefixes.
        """
        from neuromorph.plots import finished_figure, plot_stdp

        return finished_figure(plot_stdp(self, others), path)


def stdp_curve(
    memristor: MemristorModel | None = None,
    *,
    pre: PulseShape | None = None,
    post: PulseShape | None = None,
    delays: ArrayLike | None = None,
    pairs: int = 1,
    frequency: float | None = None,
    rest: float = 0.0,
    x0: float = 0.5,
    overlap: str = "restart",
    v_read: float = V_READ,
    engine: str | Engine = "ode",
    solver: Solver | None = None,
    options: NgspiceOptions | VacaskOptions | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> StdpCurve:
    """Measure the STDP curve of a memristor between two lines that carry pulses.

    Parameters
    ----------
    memristor : MemristorModel, optional
        The device, its positive terminal at the presynaptic line; that of :class:`neuromorph.PlasticSynapse` without it.
    pre, post : PulseShape, optional
        What a spike does to each line [V]; those of :class:`neuromorph.PlasticSynapse` without them.
    delays : array_like, shape (n,), optional
        From the presynaptic to the postsynaptic spike, increasing [s]; without it 61 that go as far as
        the pulses reach.
    pairs : int
        How many pairs.
    frequency : float, optional
        At which several pairs follow each other [Hz].
    rest : float
        From the end of the last pulse until the state is read [s].
    x0 : float
        State at time zero (pure number).
    overlap : {"restart", "sum"}
        What a spike does while an earlier pulse of the same line lasts.
    v_read : float
        Voltage at which conductances are read [V].
    engine : {"ode", "rk4", "ngspice", "ngspice-shared", "vacask", "auto"} or Engine
        Equations, or a SPICE engine, as :func:`neuromorph.simulate` takes it.
    solver : Solver, optional
        Of the equations; Rosenbrock's method with a tolerance of 1e-9 without it.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the SPICE runs.
    workers : int, optional
        Runs at a time where the engine is a program of its own; one a processor without it.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    StdpCurve
        Arrays of shape (n,) (SI units).

    Raises
    ------
    ValueError
        When an argument cannot be used.
    SimulationError
        When a run failed.
    EngineNotFoundError
        When the simulator program is not there.

    Notes
    -----
    The window is the device's: a pulse alone stays below its thresholds and does nothing; where the spike of one line falls on the
    tail of the other, the difference exceeds a threshold by what the tail has left. So the tail's shape becomes the window's.

    Examples
    --------
    >>> import neuromorph as nm
    >>> curve = nm.stdp_curve(delays=[-60e-6, -30e-6, 30e-6, 60e-6])
    >>> (curve.dx > 0).tolist()
    [False, False, True, True]
    """
    given: dict[str, Any] = {"memristor": memristor, "pre": pre, "post": post}
    synapse = PlasticSynapse(x0=x0, overlap=overlap, **{k: v for k, v in given.items() if v is not None})
    times = numbers("delays", _default_delays(synapse) if delays is None else delays, "s")
    if (np.diff(times) <= 0).any():
        raise ValueError(f"delays must increase, each in s, got {delays!r}")
    protocols = [SpikeProtocol.pairs(float(delay), pairs, frequency) for delay in times]
    single = protocols[0]
    protocols += [SpikeProtocol(pre=single.pre), SpikeProtocol(post=single.post)]
    found = weight_changes(
        synapse,
        protocols,
        engine=engine,
        rest=rest,
        v_read=v_read,
        solver=solver,
        options=options,
        workers=workers,
        progress=progress,
    )
    return StdpCurve(
        delays=times, changes=found[: times.size], alone=found[times.size :], pairs=pairs, frequency=frequency
    )


def _default_delays(synapse: PlasticSynapse) -> Array:
    """On either side as far as the longer pulse reaches, to one digit [s]."""
    reach = max(synapse.pre.reach, synapse.post.reach)
    digit = 10.0 ** math.floor(math.log10(reach))
    return digit * math.ceil(reach / digit - 1e-9) * np.linspace(-1.0, 1.0, _DEFAULT_COUNT)
