"""Four memristive neurons that inhibit each other: the one with the largest current fires, the others are held down.

Each neuron gets another current. The first one gets the largest, fires first, and its pulses draw the membranes of the others below
zero, so that they never fire. After 2 ms its current is taken away: of those that are left, again the one with the largest current
wins. Run it: ``python circuits/winner_take_all.py``.
"""

import numpy as np

import neuromorph as nm

CURRENTS = (1.3e-3, 1.0e-3, 1.2e-3, 1.1e-3)
SWITCH = 2e-3


def design() -> nm.Network:
    """Four neurons, each with a synapse of 4 mS to each other, and the first one's current until 2 ms."""
    first = nm.PiecewiseLinear(times=(SWITCH, SWITCH + 10e-6), values=(CURRENTS[0], 0.0))
    drives = [first, *(nm.Constant(value=current) for current in CURRENTS[1:])]
    graph = nm.networks.winner_take_all(4, drive=drives)
    graph.graph["t_stop"] = 4e-3
    return nm.compose(graph)


def winners(recording: nm.Recording) -> tuple[str, str]:
    """Who fires most before and after the first current is taken away."""
    names = recording.provenance["neurons"]
    trains = [recording.spikes.of(name) for name in names]
    before = [np.count_nonzero(train < SWITCH) for train in trains]
    after = [np.count_nonzero(train > SWITCH) for train in trains]
    return names[int(np.argmax(before))], names[int(np.argmax(after))]


def main() -> None:
    """Both roads, and who wins on each."""
    network = design()
    check = nm.cross_validate(network)
    print(check.summary())
    print()
    for recording in (check.reference, check.candidate):
        counts = ", ".join(f"{name} {recording.spikes.of(name).size}" for name in network.neurons)
        first, second = winners(recording)
        print(f"{recording.provenance['engine']:8} {first} wins, then {second}; spikes: {counts}")

    from neuromorph.plots import plot_network, save_figure

    save_figure(
        plot_network(network, check.candidate, window=(SWITCH - 0.3e-3, SWITCH + 0.3e-3)), "winner_take_all.png"
    )


if __name__ == "__main__":
    main()
