"""STDP curves with the pulses that make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.errors import ValidationError
from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, scaled_time

if TYPE_CHECKING:
    from neuromorph.plasticity import StdpCurve

# Mark and size of each further engine.
_MARKS = (("o", 7), ("x", 4), ("+", 8), ("s", 3))


def plot_stdp(curve: StdpCurve, others: Sequence[StdpCurve] = ()) -> Any:
    """Draw an STDP curve over the delay with its fitted windows, and the voltages of one pair.

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
    figure, (ax, voltages) = new_figure(2, [3.0, 2.0])
    factor, unit = scaled_time(float(np.max(np.abs(curve.delays))))
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.axvline(0.0, color="black", linewidth=0.8)
    ax.plot(factor * curve.delays, 100 * curve.relative_change, color=REFERENCE, label=curve.engine)
    for (mark, size), other in zip(_MARKS, others, strict=False):
        marks = {"color": CANDIDATE, "markersize": size, "markerfacecolor": "none", "label": other.engine}
        ax.plot(factor * other.delays, 100 * other.relative_change, mark, **marks)
    _draw_windows(ax, curve, factor, unit)
    ax.set_xlabel(f"delay, post after pre [{unit}]")
    ax.set_ylabel("change of conductance [%]")
    ax.legend(fontsize="small")
    pairs = f"{curve.pairs} pairs" if curve.pairs > 1 else "one pair"
    ax.set_title(f"{type(curve.changes.synapse.memristor).__name__}, {pairs}", loc="left", fontsize="medium")
    _draw_pair(voltages, curve)
    return figure


def _draw_windows(ax: Any, curve: StdpCurve, factor: float, unit: str) -> None:
    try:
        windows = curve.windows()
    except ValidationError:
        return  # The curve is drawn as it is.
    changes = curve.changes
    for side, window, sign in (("plus", windows.plus, 1), ("minus", windows.minus, -1)):
        delays = np.linspace(abs(window.peak_delay), np.max(np.abs(curve.delays)), 200)
        states = np.clip(changes.synapse.x0 + window(delays), 0.0, 1.0)
        share = changes.conductance_at(states) / changes.conductance_before - 1.0
        label = f"exponential, tau_{side} = {factor * window.tau:.3g} {unit}"
        style = {"color": ACCENT, "linewidth": 1.2, "linestyle": "--" if sign > 0 else ":"}
        ax.plot(factor * sign * delays, 100 * share, label=label, **style)


def _draw_pair(ax: Any, curve: StdpCurve) -> None:
    """Both lines and what the device sees, for the first pair at a delay in the middle of the larger side."""
    from neuromorph.plasticity import SpikeProtocol

    synapse = curve.changes.synapse
    middle = curve.delays[np.argmin(np.abs(curve.delays - curve.delays[np.argmax(np.abs(curve.delays))] / 4))]
    protocol = SpikeProtocol.pairs(float(abs(middle)))
    drives, t_stop = synapse.drives(protocol), synapse.duration(protocol)
    factor, unit = scaled_time(t_stop)
    times = np.unique(np.concatenate([[0.0, t_stop], *(drive.breakpoints(t_stop) for drive in drives.values())]))
    v_pre, v_post = (drives[name](times) for name in ("v_pre", "v_post"))
    ax.plot(factor * times, v_pre - v_post, color="black", linewidth=1.5, label="across the device, pre - post")
    ax.plot(factor * times, v_pre, color=REFERENCE, linewidth=1.0, label="pre")
    ax.plot(factor * times, v_post, color=CANDIDATE, linewidth=1.0, label="post")
    delay = f"{factor * abs(middle):.3g} {unit}"
    ax.set_xlabel(f"time [{unit}], post {delay} after pre")
    ax.set_ylabel("voltage [V]")
    ax.legend(fontsize="small")
