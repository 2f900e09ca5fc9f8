"""What a transient of a crossbar shows: states, currents and energies over time; and how it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.solving.memory import free_memory
from neuromorph.crossbars.terminations import SIDES
from neuromorph.crossbars.transients.array_circuit import POWERS
from neuromorph.crossbars.transients.sources import Sources, stimuli_by_line
from neuromorph.errors import SimulationError
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.stimulus.base import checked_t_stop
from neuromorph.version import __version__

if TYPE_CHECKING:
    import xarray

    from neuromorph.crossbars.crossbar import Crossbar
    from neuromorph.crossbars.transients.run import TransientRun

__all__ = ["CrossbarTransient", "TransientInterrupted", "frame_times", "simulate_states"]

FloatArray = NDArray[np.float64]

_LARGEST_TOLERANCE, _LEAST_TOLERANCE = 1e-2, 1e-12
_MOST_STEPS = 1_000_000


class TransientInterrupted(KeyboardInterrupt):
    """Ctrl-C during a transient; the message says how far it was.

    Parameters
    ----------
    message : str
        How far the transient was.
    result : CrossbarTransient
        What had been simulated until then; its last frame is where the run stood.
    """

    def __init__(self, message: str, result: CrossbarTransient) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class CrossbarTransient:
    """States of an array over time, with the currents into its ends and the energies.

    Parameters
    ----------
    crossbar : Crossbar
        What was simulated, its devices in their first states.
    time : ndarray, shape (f,)
        Times of the frames [s].
    states : ndarray, shape (f, m, n)
        States (pure numbers).
    terminal_voltages : dict of str to ndarray, shape (f, lines) each
        Voltages behind the ends of each side, 0 where an end is not driven [V].
    terminal_currents : dict of str to ndarray, shape (f, lines) each
        Currents out of the array into the ends of each side [A].
    power : dict of str to ndarray, shape (f,) each
        ``delivered`` by the sources, and what ``devices``, ``word_lines``, ``bit_lines``, ``drivers`` and ``sensing``
        take, at the time of the frame [W].
    energy : dict of str to ndarray, shape (f,) each
        The same, summed up from 0 s on [J].
    t_stop : float
        Time up to which the run was asked to go [s].
    statistics : dict of str to float
        ``steps``, ``rejected`` steps, ``solves`` of the lines, ``iterations`` of the solver, largest ``residual``
        (pure numbers).
    provenance : dict
        Version, engine and tolerance (pure number).
    is_complete : bool
        Whether the run came to `t_stop`, wherever its last frame is.
    """

    crossbar: Crossbar
    time: FloatArray
    states: FloatArray
    terminal_voltages: Mapping[str, FloatArray]
    terminal_currents: Mapping[str, FloatArray]
    power: Mapping[str, FloatArray]
    energy: Mapping[str, FloatArray]
    t_stop: float
    statistics: Mapping[str, float]
    provenance: Mapping[str, Any]
    is_complete: bool = True

    def __repr__(self) -> str:
        _, m, n = self.states.shape
        end = "" if self.is_complete else f", stopped before {format_quantity(self.t_stop, 's')}"
        return (
            f"CrossbarTransient({m} x {n} {type(self.crossbar.devices.model).__name__}, {len(self.time)} frames up to "
            f"{format_quantity(float(self.time[-1]), 's')}{end})"
        )

    @property
    def output_currents(self) -> FloatArray:
        """Currents into the sensed ends, in the order left, right, top, bottom, shape (f, outputs) [A]."""
        having = self.crossbar.terminations.having
        return np.concatenate([self.terminal_currents[s][:, having(s, "sensed")] for s in SIDES], axis=1)

    @property
    def final(self) -> Crossbar:
        """The crossbar with its devices in the states of the last frame [SI units]: to read it, or to go on from there."""
        return self.at(-1)

    def at(self, frame: int) -> Crossbar:
        """The crossbar with its devices in the states of a frame.

        Parameters
        ----------
        frame : int
            Index of the frame; -1 is the last.

        Returns
        -------
        Crossbar
            To be solved for any voltages [SI units].
        """
        import dataclasses

        states = np.clip(self.states[frame], 0.0, 1.0)
        return dataclasses.replace(self.crossbar, devices=self.crossbar.devices.with_states(states))

    @property
    def energy_balance(self) -> float:
        """Energy up to the last frame that is delivered and not taken by any part, over the largest of a part (pure number)."""
        taken = sum(self.energy[name][-1] for name in POWERS[1:])
        scale = max(abs(float(self.energy[name][-1])) for name in POWERS)
        return abs(float(self.energy["delivered"][-1] - taken)) / scale if scale > 0 else 0.0

    def to_xarray(self) -> xarray.Dataset:
        """All arrays with their names, dimensions and units, as an :class:`xarray.Dataset`."""
        from neuromorph.crossbars.transients.storage import to_xarray

        return to_xarray(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a netCDF file, whole or not at all.

        Parameters
        ----------
        path : path-like
            File to make or to replace.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        OSError
            When writing fails; names the file and what to do.
        """
        from neuromorph.crossbars.transients.storage import save

        return save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], model: Any = None) -> CrossbarTransient:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            The netCDF file.
        model : type, optional
            Class of the memristor model, where it is one of your own.

        Returns
        -------
        CrossbarTransient
            The same as was saved, bit for bit [SI units].

        Raises
        ------
        MeasurementError
            When the file is missing, damaged, or no transient; the message names it.
        """
        from neuromorph.crossbars.transients.storage import load

        return load(path, model)


def simulate_states(
    crossbar: Crossbar,
    stimuli: Any,
    t_stop: float,
    *,
    tolerance: float = 1e-5,
    save_at: int | str | ArrayLike = 101,
    max_steps: int = _MOST_STEPS,
    progress: Progress | None = None,
) -> CrossbarTransient:
    """Let the states of an array move while its lines carry current.

    Parameters
    ----------
    crossbar : Crossbar
        With a :class:`DeviceArray`, whose states are those at 0 s.
    stimuli : Stimulus, sequence of Stimulus, or mapping of str to these
        Voltages of the driven ends [V], by side: one for all lines, or one a line. Without a mapping they belong to the one
        side that is driven.
    t_stop : float
        Length of the run [s].
    tolerance : float
        Largest estimated error of any state in a step (pure number), from 1e-12 to 0.01. The energies are integrated to ten
        times that, in relation to what is exchanged.
    save_at : int, "steps" or array_like
        What to keep: a number of frames evenly from 0 s to `t_stop`, times [s], or every step.
    max_steps : int
        Steps after which the run gives up.
    progress : callable, optional
        Told the share that is done, and what is being done.

    Returns
    -------
    CrossbarTransient
        States, currents and energies [SI units].

    Raises
    ------
    ValueError
        When stimuli do not fit the driven ends, or times, tolerance or devices are not what they should be.
    MemoryError
        When the frames would not fit into memory.
    SimulationError
        When the states cannot be followed; ``partial`` has what was simulated until then.
    TransientInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has what was simulated until then.

    Notes
    -----
    Each device has an exponential rate of its own, integrated exactly; what its voltage adds, by way of the lines, is
    integrated by the stages of a Runge-Kutta method of order 4 (sources in ``exponential_step_kernel.py``). Four solves of the
    lines a step, each started from the last. A step ends where a stimulus has a corner or a frame is wanted.
    States are kept within 0 and 1. Where a window lets no state leave a bound, the error is related to what is left to the bound, since
    the way back depends on it; a state within 1e-14 of it has arrived.
    """
    from neuromorph.crossbars.transients.run import TransientRun

    devices = crossbar.devices
    if not isinstance(devices, DeviceArray):
        raise ValueError(
            "a transient needs devices that have states: make the crossbar of a DeviceArray, such as "
            "nm.Crossbar(nm.DeviceArray(nm.MMS(), states), ...)"
        )
    if isinstance(t_stop, bool) or not isinstance(t_stop, int | float | np.number):
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    t_stop = checked_t_stop(t_stop)
    if isinstance(max_steps, bool) or not (isinstance(max_steps, int | np.integer) and max_steps >= 1):
        raise ValueError(f"max_steps must be a whole number of at least 1, got {max_steps!r}")
    if isinstance(tolerance, bool) or not (
        isinstance(tolerance, int | float) and _LEAST_TOLERANCE <= tolerance <= _LARGEST_TOLERANCE
    ):
        raise ValueError(
            f"tolerance must be a number from {_LEAST_TOLERANCE:g} to {_LARGEST_TOLERANCE:g}, got {tolerance!r}"
        )
    _refuse_too_large(crossbar.shape, int(save_at) if isinstance(save_at, int | np.integer) else np.size(save_at))
    times = frame_times(save_at, t_stop)
    lines = stimuli_by_line(crossbar.terminations, stimuli)
    sources = Sources(lines, t_stop, () if times is None else times)
    run = TransientRun(crossbar, sources, times, float(tolerance), max_steps)
    try:
        run.run(progress or silent)
    except KeyboardInterrupt:
        run.keep_last()
        if not run.frames.time:
            raise
        where = f"{format_quantity(run.frames.time[-1], 's')} of {format_quantity(t_stop, 's')}"
        raise TransientInterrupted(
            f"stopped at {where}; the exception's result has {len(run.frames.time)} frames",
            _result(crossbar, run, t_stop, tolerance, is_complete=False),
        ) from None
    except SimulationError as error:
        run.keep_last()
        if run.frames.time:
            error.partial = _result(crossbar, run, t_stop, tolerance, is_complete=False)
        raise
    return _result(crossbar, run, t_stop, tolerance)


def frame_times(save_at: int | str | ArrayLike, t_stop: float) -> FloatArray | None:
    """Times of the frames to keep [s].

    Parameters
    ----------
    save_at : int, "steps" or array_like
        A number of frames evenly from 0 s to `t_stop`, times [s], or every step.
    t_stop : float
        Length of the run [s].

    Returns
    -------
    ndarray or None
        Times [s]; ``None`` for every step.

    Raises
    ------
    ValueError
        When it is none of these.
    """
    wanted = "save_at must be a number of frames of at least 2, increasing times in s from 0 s to t_stop, or 'steps'"
    if isinstance(save_at, str):
        if save_at != "steps":
            raise ValueError(f"{wanted}, got {save_at!r}")
        return None
    if isinstance(save_at, int | np.integer) and not isinstance(save_at, bool):
        if save_at < 2:
            raise ValueError(f"{wanted}, got {save_at!r}")
        return np.linspace(0.0, t_stop, save_at)
    try:
        times = np.array(save_at, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {save_at!r}") from None
    inside = times.ndim == 1 and times.size > 0 and bool(np.all((times >= 0) & (times <= t_stop)))
    if not inside or np.any(np.diff(times) <= 0):
        raise ValueError(f"{wanted} ({t_stop:g} s), got {save_at!r}")
    return times


def _refuse_too_large(shape: tuple[int, int], frames: int) -> None:
    m, n = shape
    # Frames are gathered one by one, and put together at the end.
    needed = 2 * 8 * frames * (m * n + 4 * (m + n)) + 8 * 60 * m * n
    free = free_memory()
    if needed > free:
        raise MemoryError(
            f"{frames} frames of a {m} x {n} array take {needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB are free: "
            "keep fewer frames (save_at)"
        )


def _result(
    crossbar: Crossbar, run: TransientRun, t_stop: float, tolerance: float, is_complete: bool = True
) -> CrossbarTransient:
    frames, circuit = run.frames, run.circuit

    def by_name(rows: Sequence[FloatArray]) -> dict[str, FloatArray]:
        table = np.array(rows)
        return {name: _read_only(table[:, k]) for k, name in enumerate(POWERS)}

    return CrossbarTransient(
        crossbar=crossbar,
        time=_read_only(np.array(frames.time)),
        states=_read_only(np.array(frames.states)),
        terminal_voltages={side: _read_only(np.array(rows)) for side, rows in frames.terminal_voltages.items()},
        terminal_currents={side: _read_only(np.array(rows)) for side, rows in frames.terminal_currents.items()},
        power=by_name(frames.powers),
        energy=by_name(frames.energies),
        t_stop=t_stop,
        statistics={
            "steps": run.steps,
            "rejected": run.rejected,
            "solves": circuit.solves,
            "iterations": circuit.iterations,
            "residual": circuit.residual,
        },
        provenance={"engine": "ode", "version": __version__, "tolerance": float(tolerance)},
        is_complete=is_complete,
    )


def _read_only(values: FloatArray) -> FloatArray:
    kept = np.ascontiguousarray(values)
    kept.setflags(write=False)
    return kept
