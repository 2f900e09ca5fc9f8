"""STDP curves with the pulses that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import ValidationError
from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, scaled_time

if TYPE_CHECKING:
    from neuromorph.plasticity import PulseShape, StdpCurve

_MARKS = "ox+s"


def plot_stdp(curve: StdpCurve, others: Sequence[StdpCurve] = ()) -> Any:
    """Draw an STDP curve over the delay, with its fitted windows, and the pulses of both lines.

    Parameters
    ----------
    curve : StdpCurve
        Drawn as a line.
    others : sequence of StdpCurve
        The same by other engines, drawn as marks.

    Returns
    -------
    matplotlib.figure.Figure
        Change of the conductance [%] over delays [s with a prefix], and voltages [V].
    """
    figure, (ax, pulses) = new_figure(2, [3.0, 2.0])
    factor, unit = scaled_time(float(np.max(np.abs(curve.delays))))
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.plot(factor * curve.delays, 100 * curve.relative_change, color=REFERENCE, label=curve.engine)
    for mark, other in zip(_MARKS, others, strict=False):
        ax.plot(
            factor * other.delays, 100 * other.relative_change, mark, color=CANDIDATE, markersize=4, label=other.engine
        )
    _draw_windows(ax, curve, factor)
    ax.set_xlabel(f"delay, post after pre [{unit}]")
    ax.set_ylabel("change of conductance [%]")
    ax.legend(fontsize="small")
    synapse = curve.changes.synapse
    pairs = f"{curve.pairs} pairs" if curve.pairs > 1 else "one pair"
    ax.set_title(f"{type(synapse.memristor).__name__}, {pairs}", loc="left", fontsize="medium")
    _draw_pulses(pulses, synapse.pre, synapse.post)
    return figure


def _draw_windows(ax: Any, curve: StdpCurve, factor: float) -> None:
    try:
        windows = curve.windows()
    except ValidationError:
        return  # The curve is drawn as it is.
    changes = curve.changes
    for window, sign in ((windows.plus, 1), (windows.minus, -1)):
        delays = np.linspace(abs(window.peak_delay), np.max(np.abs(curve.delays)), 200)
        states = np.clip(changes.synapse.x0 + window(delays), 0.0, 1.0)
        share = changes.conductance_at(states) / changes.conductance_before - 1.0
        label = f"A exp(-|delay|/tau), tau = {factor * window.tau:.3g} {scaled_time(window.tau)[1]}"
        ax.plot(factor * sign * delays, 100 * share, "--", color=ACCENT, linewidth=1.2, label=label)


def _draw_pulses(ax: Any, pre: PulseShape, post: PulseShape) -> None:
    shapes = {"pre and post": pre} if pre == post else {"pre": pre, "post": post}
    longest = max(shape.duration for shape in shapes.values())
    factor, unit = scaled_time(longest)
    for (name, shape), color in zip(shapes.items(), (REFERENCE, CANDIDATE), strict=False):
        margin = 0.05 * longest
        times = np.array([shape.start - margin, *shape.times, shape.end + margin])
        ax.plot(factor * times, shape(times), color=color, label=name)
    ax.set_xlabel(f"time after the spike [{unit}]")
    ax.set_ylabel("line [V]")
    ax.legend(fontsize="small")
