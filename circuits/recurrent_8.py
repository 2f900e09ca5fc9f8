"""Six excitatory and two inhibitory neurons that drive each other through two crossbars with wires.

The rows of one crossbar are the lines of the excitatory neurons, those of the other the lines of the inhibitory ones; columns end in
the summing circuits of all eight, and the second crossbar draws its current from them. Along the wires of 2 ohm a segment voltage is
lost, so that far neurons get less than the conductances say, and a little current finds its way back to where it came from. Run it:
``python circuits/recurrent_8.py``.
"""

import numpy as np

import neuromorph as nm

R_WIRE = 2.0
EXCITATION, INHIBITION = 0.125e-3, 0.5e-3


def design() -> nm.Network:
    """Currents from 1 to 1.09 mA, conductances from half to one and a half times a mean, no neuron on itself."""
    names = [*(f"e{k}" for k in range(6)), "i0", "i1"]
    conductances = np.random.default_rng(1).uniform(0.5, 1.5, (8, 8))
    np.fill_diagonal(conductances, 0.0)
    drives = [nm.Constant(value=1e-3 * (1 + k / 80)) for k in range(8)]
    # Neurons without synapses, which the crossbars then join.
    graph = nm.networks.recurrent(6, 2, weights=0.0, drive=drives)
    for name, rows, weights, inhibits in (
        ("excitation", slice(0, 6), EXCITATION * conductances[:6], False),
        ("inhibition", slice(6, 8), INHIBITION * conductances[6:], True),
    ):
        crossbar = nm.Crossbar(weights, r_word=R_WIRE, r_bit=R_WIRE)
        nm.networks.join_through_crossbar(graph, names[rows], names, crossbar, inhibitory=inhibits, name=name)
    graph.graph.update(name="recurrent 8", t_stop=1e-3)
    graph.nodes["excitation"]["pos"], graph.nodes["inhibition"]["pos"] = (0.0, 0.3), (0.0, -0.3)
    return nm.compose(graph)


def main() -> None:
    """Both roads, and one page of what the network does."""
    network = design()
    check = nm.cross_validate(network)
    print(check.summary())

    from neuromorph.plots import plot_network, save_figure

    save_figure(plot_network(network, check.candidate), "recurrent_8.png")


if __name__ == "__main__":
    main()
