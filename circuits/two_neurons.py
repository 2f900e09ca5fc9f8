"""A memristive neuron drives another one through a memristive synapse, which learns to do so.

At first the synapse conducts too little to make the second neuron fire. Each pulse of the first one turns more of its switches on,
and after 2 ms the second neuron joins in. Its own pulses go back to the far end of the synapse, where they undo some of that, so
that the state of the synapse ends between the two. Run it: ``python circuits/two_neurons.py``.
"""

import networkx

import neuromorph as nm


def design() -> nm.Network:
    """A neuron at 1 mA, one at 0.3 mA, which is half of what it needs, and a slow memristor from the one to the other."""
    driver = nm.PulseDriver(v_pulse=0.5, t_pulse=20e-6)
    synapse = nm.MemristiveSynapse(memristor=nm.MMS(r_off=5e3, tau=5e-4), x0=0.0, v_back=0.5)
    graph = networkx.DiGraph(name="two neurons", t_stop=5e-3)
    graph.add_node("pre", neuron=nm.MemristiveALIF(), drive=nm.Constant(value=1e-3), driver=driver)
    graph.add_node("post", neuron=nm.MemristiveALIF(), drive=nm.Constant(value=0.3e-3), driver=driver)
    graph.add_edge("pre", "post", synapse=synapse)
    return nm.compose(graph)


def draw_learning(check: nm.NetworkValidation) -> None:
    """The state of the synapse and the spikes of both neurons, from both roads."""
    from neuromorph.plots import save_figure
    from neuromorph.plots.figures import CANDIDATE, REFERENCE, new_figure

    figure, (state, spikes) = new_figure(2, [2.0, 1.0], size=(8.0, 5.0))
    roads = ((check.reference, REFERENCE, 1.8, 0.2), (check.candidate, CANDIDATE, 0.8, -0.2))
    for recording, color, width, shift in roads:
        name = f"{recording.provenance['engine']} {recording.provenance['version']}"
        state.plot(1e3 * recording.time, recording["pre->post.x"], color=color, linewidth=width, label=name)
        trains = [1e3 * recording.spikes.of(neuron) for neuron in ("pre", "post")]
        spikes.eventplot(trains, lineoffsets=[0 + shift, 1 + shift], linelengths=0.38, colors=color, linewidths=0.9)
    state.set_ylabel("state of the synapse")
    state.legend(frameon=False)
    spikes.set_yticks([0, 1], ["pre", "post"])
    spikes.invert_yaxis()
    spikes.set_xlabel("time [ms]")
    spikes.sharex(state)
    save_figure(figure, "two_neurons.png")


def main() -> None:
    """Both roads, and what the synapse has learned."""
    check = nm.cross_validate(design())
    print(check.summary())
    post, x = check.reference.spikes.of("post"), check.reference["pre->post.x"]
    print(
        f"\nthe second neuron fires from {1e3 * post[0]:.2f} ms on, {len(post)} times; the synapse ends at x = {x[-1]:.3f}"
    )
    draw_learning(check)


if __name__ == "__main__":
    main()
