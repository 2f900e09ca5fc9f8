"""Pictures of networks: the graph with weights and rates, and one page of what a run of it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.plots.figures import ACCENT, CANDIDATE, REFERENCE, scaled_time, scaled_values, style
from neuromorph.plots.spikes import plot_raster
from neuromorph.quantities import format_quantity

if TYPE_CHECKING:
    from neuromorph.networks import Network
    from neuromorph.recording import Recording

# More names than these would hide the graph that they name, and more arrows be a grey disc.
_MOST_NAMES, _MOST_EDGES = 40, 2000
_MOST_WAVEFORMS = 6
# So many spikes can be told apart on a page.
_DISTINCT_SPIKES = 50
_THINNEST, _THICKEST = 0.5, 3.5
# Area of a crossbar's square over that of a neuron's circle, so that its name has room.
_SQUARE = 2.4


def plot_graph(network: Network, rates: Any = None, ax: Any = None) -> Any:
    """Draw the graph of a network: neurons coloured by their rate, synapses as wide as they are strong.

    Parameters
    ----------
    network : Network
        What to draw.
    rates : array_like, shape (n_neurons,), optional
        Rate of each neuron [Hz]; one colour for all where it is left out.
    ax : matplotlib Axes, optional
        Where to draw; a new figure where it is left out.

    Returns
    -------
    matplotlib Axes
        Excitatory synapses in blue, inhibitory ones in orange, inputs and what leads through crossbars in green; sources as
        diamonds, crossbars as squares. Widths go with the conductance, and the legend says how strong the widest is [S].
    """
    import networkx

    if ax is None:
        from matplotlib.figure import Figure

        ax = Figure(figsize=(6.0, 5.5), layout="constrained").add_subplot()
    graph, plan = network.graph, network.plan
    positions = _positions(graph)
    kinds = {
        "o": [part.name for part in plan.neurons],
        "d": [part.name for part in plan.spike_sources] + [part.name for part in plan.current_sources],
        "s": [part.name for part in plan.crossbars],
    }
    size = float(np.clip(9000 / max(len(graph), 1), 25, 650))
    drawn = None
    for shape, names in kinds.items():
        if not names:
            continue
        color: Any = "0.85"
        if shape == "o" and rates is not None:
            color = np.asarray(rates, dtype=float)
        nodes = networkx.draw_networkx_nodes(
            graph,
            positions,
            nodelist=names,
            node_shape=shape,
            node_size=size * (_SQUARE if shape == "s" else 1.0),
            node_color=color,
            edgecolors="0.35",
            ax=ax,
            # Not up to the darkest green, in which names could not be read.
            **(
                {}
                if isinstance(color, str)
                else {"cmap": "YlGn", "vmin": 0.0, "vmax": 1.4 * max(float(np.max(color)), 1.0)}
            ),
        )
        drawn = nodes if shape == "o" and rates is not None else drawn
    entries = _draw_edges(network, positions, size, ax)
    if len(graph) <= _MOST_NAMES:
        networkx.draw_networkx_labels(graph, positions, font_size=8, ax=ax)
    if drawn is not None:
        ax.figure.colorbar(drawn, ax=ax, label="rate [Hz]", shrink=0.7)
    if entries:
        from matplotlib.lines import Line2D

        handles = [Line2D([], [], color=color, linewidth=2.0, label=label) for color, label in entries.items()]
        ax.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, frameon=False, fontsize="small"
        )
    ax.set_axis_off()
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.12)
    return ax


def plot_network(
    network: Network,
    recording: Recording,
    *,
    neurons: Sequence[str] | None = None,
    window: tuple[float, float] | None = None,
) -> Any:
    """One page: the graph with rates, the raster, the rate of all over time, and waveforms of some neurons.

    Parameters
    ----------
    network : Network
        What ran.
    recording : Recording
        What came of it, from either road.
    neurons : sequence of str, optional
        Whose waveforms are drawn; the first of those that were recorded where it is left out.

    window : tuple of float, optional
        Time that waveforms are drawn of [s]; where it is left out, as much from the start as can be told apart.

    Returns
    -------
    matplotlib.figure.Figure
        Times with the prefix that suits them [s], rates [Hz], voltages [V].

    Raises
    ------
    ValueError
        When a neuron was not recorded.
    """
    from matplotlib.figure import Figure

    spikes, t_stop = recording.spikes, float(recording.time[-1])
    recorded = [name for name in network.neurons if f"{name}.v_line" in recording.signals]
    for name in neurons or ():
        if name not in recorded:
            raise ValueError(f"the waveforms of {name!r} were not recorded; recorded: {', '.join(recorded) or 'none'}")
    chosen = list(neurons or recorded[:_MOST_WAVEFORMS])
    rows = len(chosen)
    figure = Figure(figsize=(12.0, 6.0 + 1.15 * rows), layout="constrained")
    grid = figure.add_gridspec(2 + rows, 2, height_ratios=[2.6, 1.0, *[0.75] * rows], width_ratios=[1.0, 1.3])
    rates = spikes.counts() / t_stop
    plot_graph(network, rates, figure.add_subplot(grid[:2, 0]))
    raster = style(figure.add_subplot(grid[0, 1]))
    plot_raster(spikes, 0.0, t_stop, raster)
    raster.set_xlabel("")
    factor, unit = scaled_time(t_stop)
    over_time = style(figure.add_subplot(grid[1, 1], sharex=raster))
    counts, edges = np.histogram(spikes.times, bins=100, range=(0.0, t_stop))
    over_time.stairs(counts / np.diff(edges) / max(len(network.neurons), 1), edges * factor, color=REFERENCE)
    over_time.set_ylim(bottom=0)
    over_time.set_ylabel("mean rate [Hz]")
    over_time.set_xlabel(f"time [{unit}]")
    start, end = window or (0.0, _distinct(recording, chosen, t_stop))
    factor, unit = scaled_time(end)
    for k, name in enumerate(chosen):
        ax = style(figure.add_subplot(grid[2 + k, :]))
        _draw_waveform(recording, name, ax, factor)
        ax.set_xlim(start * factor, end * factor)
        if k == rows - 1:
            ax.set_xlabel(f"time [{unit}]")
        else:
            ax.tick_params(labelbottom=False)
    engine = recording.provenance.get("engine", "")
    figure.suptitle(
        f"{network.design_name} ({engine}): {len(spikes)} spikes of {len(network.neurons)} neurons in "
        f"{format_quantity(t_stop, 's')}, {format_quantity(float(rates.mean()), 'Hz')}"
    )
    return figure


def weights_of(network: Network) -> list[tuple[str, str, float, bool]]:
    """Edges that are drawn, as source, target, strength and whether they inhibit.

    Parameters
    ----------
    network : Network
        Whose synapses count.

    Returns
    -------
    list of tuple
        Names, conductance [S] (of a memristor in its first state, at 0.1 V), and the sign.
    """
    edges = []
    for part in network.plan.synapses:
        synapse = part.synapse
        conductance = getattr(synapse, "conductance", None)
        if conductance is None:
            conductance = float(synapse.memristor.current(0.1, synapse.x0)) / 0.1  # type: ignore[attr-defined]
        edges.append((part.source, part.target, float(conductance), synapse.inhibitory))
    return edges


def _positions(graph: Any) -> dict[str, Any]:
    """Where the nodes say that they are, otherwise a layout by layers, or a circle."""
    import networkx

    if all("pos" in attributes for _, attributes in graph.nodes(data=True)):
        return {name: np.asarray(attributes["pos"], dtype=float) for name, attributes in graph.nodes(data=True)}
    if networkx.is_directed_acyclic_graph(graph):
        layers = networkx.topological_generations(graph)
        return dict(networkx.multipartite_layout(graph, subset_key=dict(enumerate(map(list, layers)))))
    return dict(networkx.circular_layout(graph))


def _draw_edges(network: Network, positions: dict[str, Any], size: float, ax: Any) -> dict[str, str]:
    """Draw all edges; gives what their colours mean."""
    import networkx

    graph, plan = network.graph, network.plan
    entries: dict[str, str] = {}
    weighted = weights_of(network)
    strongest = max((g for *_, g, _ in weighted), default=1.0) or 1.0
    crowded = len(weighted) > 100
    squares = {part.name for part in plan.crossbars}
    sizes = [size * (_SQUARE if name in squares else 1.0) for name in graph]
    common = {
        "nodelist": list(graph),
        "node_size": sizes,
        "ax": ax,
        "connectionstyle": "arc3,rad=0.12",
        "alpha": 0.35 if crowded else 0.85,
    }
    if len(weighted) > _MOST_EDGES:
        # The strongest say most.
        weighted = sorted(weighted, key=lambda edge: -edge[2])[:_MOST_EDGES]
    for inhibits, color in ((False, REFERENCE), (True, CANDIDATE)):
        chosen = [edge for edge in weighted if edge[3] == inhibits]
        if chosen:
            most = format_quantity(max(g for *_, g, _ in chosen), "S")
            entries[color] = f"{'inhibits' if inhibits else 'excites'}, up to {most}"
            networkx.draw_networkx_edges(
                graph,
                positions,
                edgelist=[(source, target) for source, target, *_ in chosen],
                width=[_THINNEST + (_THICKEST - _THINNEST) * g / strongest for *_, g, _ in chosen],
                edge_color=color,
                arrowsize=10,
                **common,
            )
    inputs = [(part.source, part.target) for part in plan.injections]
    crossed: list[tuple[str, str]] = []
    inhibitory: list[tuple[str, str]] = []
    for part in plan.crossbars:
        crossed += [(row.source, part.name) for row in part.rows]
        for column in part.columns:
            (inhibitory if column.inhibitory else crossed).append((part.name, column.target))
    what = " or ".join(word for word, found in (("input", inputs), ("through a crossbar", crossed)) if found)
    for edges, color, label in ((inputs + crossed, ACCENT, what), (inhibitory, CANDIDATE, "inhibits")):
        if edges:
            entries.setdefault(color, label)
            networkx.draw_networkx_edges(
                graph, positions, edgelist=edges[:_MOST_EDGES], width=0.8, edge_color=color, arrowsize=8, **common
            )
    return entries


def _distinct(recording: Recording, names: Sequence[str], t_stop: float) -> float:
    """End of the time in which no neuron fires too often to be seen [s]."""
    trains = [recording.spikes.of(name) for name in names]
    ends = [float(times[_DISTINCT_SPIKES]) for times in trains if len(times) > _DISTINCT_SPIKES]
    return min([t_stop, *ends])


def _draw_waveform(recording: Recording, name: str, ax: Any, factor: float) -> None:
    """Membrane voltage of a neuron, and the synaptic current that it gets."""
    time = recording.time * factor
    ax.plot(time, recording[f"{name}.v_mem"], color=REFERENCE, linewidth=0.8)
    ax.set_ylabel(f"{name} [V]", color=REFERENCE)
    current = recording[f"{name}.i_syn"]
    if np.any(current):
        scale, unit = scaled_values(current, "A")
        other = ax.twinx()
        other.fill_between(time, current * scale, color=CANDIDATE, alpha=0.35, linewidth=0.0)
        other.set_ylabel(f"i_syn [{unit}]", color=CANDIDATE)
        other.spines["top"].set_visible(False)
        ax.set_zorder(other.get_zorder() + 1)
        ax.patch.set_visible(False)
