"""Fixed steps for many neurons: how long they may be, where they end, and what the inputs are in each."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from numpy.typing import NDArray

from neuromorph.equations import logistic
from neuromorph.stimulus import Stimulus
from neuromorph.systems.hybrid import CLOCKS

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

Array = NDArray[np.float64]
# Divisions of a step may end this share of it beyond the next breakpoint: rounding.
_ROUNDING = 1e-9


def values_of(expression: Any, known: Mapping[str, Any]) -> Array:
    """An expression at given values, as numpy computes it [its unit].

    Parameters
    ----------
    expression : sympy expression
        In names of `known`.
    known : mapping of str to float or ndarray
        Values by name (SI units); other names are zero.

    Returns
    -------
    ndarray
        Values; not a number where the expression has none that is real [its unit].
    """
    names, function = _as_function(sympy.sympify(expression))
    with np.errstate(all="ignore"):
        return np.asarray(function(*(np.asarray(known.get(name, 0.0), dtype=float) for name in names)), dtype=float)


@functools.lru_cache(maxsize=256)
def _as_function(expression: Any) -> tuple[list[str], Callable[..., Any]]:
    """Names in an expression, and a function of these in numpy."""
    expression = expression.replace(logistic, lambda u: 1 / (1 + sympy.exp(-u)))
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    # numpy has no error function, and scipy takes long to import.
    modules = ["scipy", "numpy"] if expression.has(sympy.erf) else "numpy"
    return [s.name for s in symbols], sympy.lambdify(symbols, expression, modules)


def refuse_long_steps(system: HybridSystem, dt: float, parameters: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` when a step `dt` [s] is longer than the fastest time constant of a mode.

    Parameters
    ----------
    system : HybridSystem
        Whose time constants count.
    dt : float
        The step [s].
    parameters : mapping of str to float or ndarray
        Values that take the place of the system's own (SI units).
    """
    for name, mode in system.modes.items():
        if mode.time_scale is None:
            continue
        scale = float(np.min(values_of(mode.time_scale, {**system.parameters, **parameters})))
        if not scale > 0:
            raise ValueError(f"time_scale of mode {name!r} must be a positive time in s, got {scale:g} s")
        if dt > scale:
            raise ValueError(
                f"dt ({dt:g} s) is longer than the fastest time constant of mode {name!r} ({scale:g} s), which it must "
                f"resolve: give at most {scale / 10:.3g} s"
            )


def refuse_bad_noise(system: HybridSystem, parameters: Mapping[str, Any], initial: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` when a diffusion is no real number at the start of a run.

    Parameters
    ----------
    system : HybridSystem
        Whose diffusion counts.
    parameters, initial : mapping of str to float or ndarray
        Parameters and states at the start (SI units).
    """
    for mode in system.modes:
        for state, row in system.diffusion_in(mode).items():
            for source, factor in row.items():
                used = {s.name for s in sympy.sympify(factor).free_symbols}
                if used - {*system.parameters, *system.states, *CLOCKS}:
                    continue
                value = values_of(factor, {**system.parameters, **parameters, **initial})
                if not np.isfinite(value).all():
                    raise ValueError(
                        f"the diffusion of {state!r} by {source!r} in mode {mode!r}, {factor}, is not a finite number at "
                        "the start: a negative variance under a square root, or a division by zero"
                    )


def _segments_between(table: Array, start: float, end: float) -> Array:
    """Segments that matter between two times [s]: a run asks for them piece by piece, and there may be millions."""
    starts = table[:, 0]
    return table[max(0, bisect_right(starts, start) - 1) : bisect_left(starts, end)]


def mean_inputs(tables: Sequence[Array], times: Array) -> Array:
    """Mean of each input over each step.

    Parameters
    ----------
    tables : sequence of ndarray, shape (n_segments, 6)
        Segments of each stimulus, as :meth:`neuromorph.Stimulus.segments` states them.
    times : ndarray, shape (n_steps + 1,)
        Ends of the steps [s].

    Returns
    -------
    ndarray, shape (n_steps, n_inputs)
        Means [input's unit]; exact for lines and sines, with the jumps inside steps.
    """
    means = np.zeros((len(times) - 1, max(1, len(tables))))
    for i, whole in enumerate(tables):
        table = _segments_between(whole, times[0], times[-1])
        starts = table[:, 0]
        inside = starts[starts > times[0]]
        if len(inside) == 0:
            edges, step_of = times, np.arange(len(times) - 1)
        else:
            edges = np.unique(np.concatenate([times, inside]))
            step_of = np.searchsorted(times, edges[:-1], side="right") - 1
        rows = table[np.searchsorted(starts, edges[:-1], side="right") - 1]
        length = np.diff(edges)
        middle = edges[:-1] + 0.5 * length - rows[:, 0]
        values = rows[:, 1] + rows[:, 2] * middle
        waves = rows[:, 3] != 0.0
        if waves.any():
            turn = rows[:, 4] * length / (2 * np.pi)
            values = values + rows[:, 3] * np.sin(rows[:, 4] * middle + rows[:, 5]) * np.sinc(turn)
        means[:, i] = np.bincount(step_of, values * (length / np.diff(times)[step_of]), len(times) - 1)
    return means


def pieces_at(tables: Sequence[Array], times: Array) -> Array:
    """Each input as a line and a sine, counted from the start of each step, for steps that straddle no breakpoint.

    Parameters
    ----------
    tables : sequence of ndarray, shape (n_segments, 6)
        Segments of each stimulus, as :meth:`neuromorph.Stimulus.segments` states them.
    times : ndarray, shape (n_steps + 1,)
        Ends of the steps [s].

    Returns
    -------
    ndarray, shape (n_steps, n_inputs, 5)
        Offset, slope, amplitude, angular frequency and phase [input's unit, s].
    """
    pieces = np.zeros((len(times) - 1, max(1, len(tables)), 5))
    for i, whole in enumerate(tables):
        table = _segments_between(whole, times[0], times[-1])
        middle = 0.5 * (times[:-1] + times[1:])
        rows = table[np.searchsorted(table[:, 0], middle, side="right") - 1]
        since = times[:-1] - rows[:, 0]
        pieces[:, i, 0] = rows[:, 1] + rows[:, 2] * since
        pieces[:, i, 1:4] = rows[:, 2:5]
        pieces[:, i, 4] = rows[:, 5] + rows[:, 4] * since
    return pieces


def divided_at_breakpoints(stimuli: Sequence[Stimulus], t_stop: float, dt: float) -> Array:
    """Ends of steps of at most `dt` that straddle no breakpoint of the stimuli.

    Parameters
    ----------
    stimuli : sequence of Stimulus
        Of all inputs and neurons.
    t_stop, dt : float
        Length of the run and longest step [s].

    Returns
    -------
    ndarray, shape (n_steps + 1,)
        Increasing times from 0 s to `t_stop` [s].
    """
    breakpoints = np.unique(np.concatenate([[0.0, t_stop], *(s.breakpoints(t_stop) for s in stimuli)]))
    counts = np.ceil(np.diff(breakpoints) / dt * (1 - _ROUNDING)).astype(int)
    parts = [
        np.linspace(start, end, max(1, n), endpoint=False)
        for start, end, n in zip(breakpoints, breakpoints[1:], counts, strict=False)
    ]
    return np.concatenate([*parts, [t_stop]])
