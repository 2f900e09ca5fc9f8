"""Pictures of networks: what is drawn of a graph and of a run, and what the colours and widths are said to mean."""

from __future__ import annotations

import networkx
import pytest
from matplotlib.figure import Figure

import neuromorph as nm
from neuromorph.plots import plot_graph, plot_network

PULSES = nm.PulseDriver(v_pulse=0.5, t_pulse=20e-6)


def everything() -> nm.Network:
    """Two signs of weights through crossbars, a source of spikes that inhibits, an input."""
    graph = nm.networks.crossbar_between([[1e-3, -1e-3]])
    graph.add_node("wave", input=nm.Sine(amplitude=1e-4, frequency=1e3))
    graph.add_edge("wave", "post0", gain=1.0)
    graph.add_node("clock", spikes=[1e-3], driver=PULSES)
    graph.add_edge("clock", "post1", synapse=nm.StaticSynapse(conductance=2e-3, inhibitory=True))
    return nm.compose(graph)


def legend(ax) -> dict[str, str]:
    return {
        text.get_text(): line.get_color()
        for text, line in zip(ax.get_legend().get_texts(), ax.get_legend().get_lines(), strict=True)
    }


def test_the_legend_says_what_colours_and_widths_mean():
    said = legend(plot_graph(nm.compose(nm.networks.recurrent(3, 1))))
    assert [text.split(",")[0] for text in said] == ["excites", "inhibits"]
    weights = [
        data["synapse"].conductance
        for *_, data in nm.networks.recurrent(3, 1).edges(data=True)
        if data["synapse"].inhibitory
    ]
    assert f"inhibits, up to {nm.format_quantity(max(weights), 'S')}" in said
    assert len(set(said.values())) == 2


def test_what_leads_through_crossbars_is_said():
    assert list(legend(plot_graph(everything()))) == ["inhibits, up to 2 mS", "input or through a crossbar"]


def test_a_graph_without_edges_has_no_legend():
    graph = networkx.DiGraph()
    graph.add_node("a", neuron=nm.LIF(), drive=nm.Constant(value=1e-3))
    assert plot_graph(nm.compose(graph), ax=Figure().add_subplot()).get_legend() is None


def test_one_page_of_a_run(tmp_path):
    network = everything()
    recording = nm.simulate(network, t_stop=0.5e-3)
    page = plot_network(network, recording, neurons=["post1", "pre0"], window=(0.0, 0.2e-3))
    page.savefig(tmp_path / "page.png")
    labels = [ax.get_ylabel() for ax in page.axes]
    assert "neuron" in labels
    assert "mean rate [Hz]" in labels
    assert [label for label in labels if label.endswith("[V]")] == ["post1 [V]", "pre0 [V]"]
    assert f"{len(recording.spikes)} spikes of 3 neurons" in page.get_suptitle()
    with pytest.raises(ValueError, match="the waveforms of 'q' were not recorded; recorded: pre0, post0, post1"):
        plot_network(network, recording, neurons=["q"])
