"""A network on both roads: spikes over each other, what is between them, and the weights of the edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, new_figure, scaled_time

if TYPE_CHECKING:
    from neuromorph.validate.networks import NetworkValidation

_MOST_LABELS = 24


def plot_network_validation(check: NetworkValidation) -> Any:
    """Draw a network's cross-validation: rasters, spike-time errors or growth of a perturbation, and edges.

    Parameters
    ----------
    check : NetworkValidation
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Rasters over time [s]; spike-time errors [s], or for a sensitive network the growth of a perturbation (pure number),
        over time [s]; relative differences of weights by edge (pure number).
    """
    measured = [edge for edge in check.edges if edge.difference is not None]
    ratios = [1.6, 1.0] + [0.8] * bool(measured)
    figure, axes = new_figure(len(ratios), ratios, size=(9.0, 2.0 * sum(ratios) + 1.0))
    factor, unit = scaled_time(float(check.reference.time[-1]))
    _draw_rasters(check, axes[0], factor)
    if check.sensitivity.is_sensitive:
        _draw_growth(check, axes[1], factor)
    else:
        _draw_time_errors(check, axes[1], factor)
    axes[1].set_xlabel(f"time [{unit}]")
    axes[1].sharex(axes[0])
    axes[0].set_xlim(0.0, float(check.reference.time[-1]) * factor)
    axes[0].set_xlabel("")
    axes[0].tick_params(labelbottom=False)
    if measured:
        _draw_edges(check, axes[2])
    said = "agree" if check.passed else "DISAGREE"
    how = ", judged statistically" if check.statistics is not None else ""
    axes[0].set_title(f"{check.design}: {said}{how}", loc="left", fontweight="bold")
    figure.align_ylabels()
    return figure


def _draw_rasters(check: NetworkValidation, ax: Any, factor: float) -> None:
    names = [neuron.name for neuron in check.neurons]
    for recording, color, shift in ((check.reference, REFERENCE, 0.2), (check.candidate, CANDIDATE, -0.2)):
        trains = [recording.spikes.of(name) * factor for name in names]
        places = [k + shift for k in range(len(names))]
        ax.eventplot(trains, lineoffsets=places, colors=color, linewidths=0.9, linelengths=0.38)
        # One line for each road in the legend, whatever the number of neurons.
        ax.plot([], [], color=color, label=f"{recording.provenance['engine']} {recording.provenance['version']}")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize="small")
    if len(names) <= _MOST_LABELS:
        ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_ylabel("spikes")
    ax.grid(visible=False)


def _draw_time_errors(check: NetworkValidation, ax: Any, factor: float) -> None:
    matches = [neuron.comparison.match for neuron in check.neurons]
    largest = max((float(np.max(np.abs(m.time_errors()), initial=0.0)) for m in matches), default=0.0)
    scale, unit = scaled_time(largest or 1e-9)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    worst = check.worst_neuron.name
    for neuron, match in zip(check.neurons, matches, strict=True):
        color, order = (ACCENT, 3) if neuron.name == worst else ("0.6", 2)
        times = match.reference[match.pairs[:, 0]] * factor
        ax.plot(times, match.time_errors() * scale, ".-", color=color, markersize=3.0, linewidth=0.6, zorder=order)
    ax.plot([], [], ".-", color=ACCENT, label=f"{worst}, the worst")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    ax.set_ylabel(f"spike-time\nerror [{unit}]")


def _draw_growth(check: NetworkValidation, ax: Any, factor: float) -> None:
    found = check.sensitivity
    ax.step(np.asarray(found.times) * factor, found.courses, where="post", color=ACCENT)
    ax.axhline(found.limit, color="0.4", linewidth=0.8, linestyle="--", label="sensitive above")
    ax.set_yscale("log")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize="small")
    ax.set_ylabel("growth of a\nperturbation")


def _draw_edges(check: NetworkValidation, ax: Any) -> None:
    edges = [edge for edge in check.edges if edge.difference is not None]
    differences = np.array([100.0 * (edge.difference or 0.0) for edge in edges])
    worst = int(np.argmax(np.abs(differences)))
    colors = [ACCENT if k == worst else "0.6" for k in range(len(edges))]
    ax.bar(range(len(edges)), differences, color=colors, width=0.8)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    if len(edges) <= _MOST_LABELS:
        ax.set_xticks(range(len(edges)), [edge.members[0] for edge in edges], rotation=90, fontsize="small")
    else:
        ax.set_xlabel("edge")
    ax.set_ylabel("difference of\nweight [%]")
    ax.set_title(f"worst edge: {edges[worst].members[0]}", loc="right", fontsize="small")
