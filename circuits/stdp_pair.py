"""A synapse that learns by its device: pairs of spikes, the window of their delays, on both roads.

Each spike puts a short negative pulse with a long positive tail on its line. One of them alone stays below the thresholds of the
memristor between the lines. Where the spike of one falls on the tail of the other, their difference exceeds a threshold by what the
tail has left, and the state moves. Run it: ``python circuits/stdp_pair.py`` measures the window from the equations and from ngspice,
and shows what trains of pairs and a spread of the devices make of it. ``neuromorph validate circuits/stdp_pair.py`` compares both roads in time.
"""

import numpy as np

import neuromorph as nm

DELAYS = np.linspace(-300e-6, 300e-6, 31)


def design() -> nm.PlasticSynapse:
    """A threshold of 0.27 V, spikes of -0.26 V for 10 us, tails from 0.2 V with 100 us."""
    pulse = nm.PulseShape.biphasic(v_spike=-0.26, width=10e-6, v_tail=0.2, tau=100e-6)
    return nm.PlasticSynapse(memristor=nm.VTEAM(alpha_on=1.0, alpha_off=1.0), pre=pulse, post=pulse)


def window(synapse: nm.PlasticSynapse, engine: str = "ode") -> nm.StdpCurve:
    """The change of the synapse over the delay of one pair."""
    return nm.stdp_curve(synapse.memristor, pre=synapse.pre, post=synapse.post, delays=DELAYS, engine=engine)


def draw_spread(nominal: nm.StdpCurve, spread: list[nm.StdpCurve]) -> None:
    """The windows of many devices under the same pulses."""
    from matplotlib.figure import Figure

    from neuromorph.plots import save_figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    ax = figure.subplots()
    for curve in spread:
        ax.plot(1e6 * curve.delays, 100 * curve.relative_change, color="#D55E00", linewidth=0.6, alpha=0.6)
    ax.plot(1e6 * nominal.delays, 100 * nominal.relative_change, color="#0072B2", linewidth=2.0, label="nominal device")
    ax.plot([], [], color="#D55E00", label=f"{len(spread)} devices, thresholds 3 %, speeds 20 %")
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.set_xlabel("delay, post after pre [us]")
    ax.set_ylabel("change of conductance [%]")
    ax.legend(fontsize="small")
    save_figure(figure, "stdp_spread.png")


def main() -> None:
    """Both roads, then trains and a population."""
    synapse = design()
    equations, circuit = window(synapse), window(synapse, "ngspice")
    print(f"{'delay':>10}{'equations':>14}{'ngspice':>14}{'dG/G':>10}{'energy':>12}")
    for k in range(0, DELAYS.size, 3):
        print(
            f"{DELAYS[k] * 1e6:7.0f} us{equations.dx[k]:14.6f}{circuit.dx[k]:14.6f}"
            f"{100 * equations.relative_change[k]:8.2f} %{nm.format_quantity(equations.energy[k], 'J', 3):>12}"
        )
    print(f"\n{equations.summary()}")
    print(f"difference of the roads: {equations.difference(circuit):.1e} of the largest change\n")

    frequencies = [500.0, 2e3, 4e3, 8e3]
    trains = [nm.SpikeProtocol.pairs(delay, 5, f) for delay in (40e-6, -40e-6) for f in frequencies]
    dx = nm.weight_changes(synapse, trains).dx.reshape(2, -1)
    print("five pairs       " + "".join(f"{nm.format_quantity(f, 'Hz'):>10}" for f in frequencies))
    for name, row in zip(("post 40 us later", "pre 40 us later"), dx, strict=True):
        print(f"{name:17}" + "".join(f"{change:+10.4f}" for change in row))

    rng = np.random.default_rng(1)
    spread = [
        window(synapse.replace(memristor=synapse.memristor.replace(v_on=v_on, v_off=v_off, k_on=k_on, k_off=k_off)))
        for v_on, v_off, k_on, k_off in zip(
            *(0.27 * rng.lognormal(0.0, 0.03, (2, 40))), *(1e4 * rng.lognormal(0.0, 0.2, (2, 40))), strict=True
        )
    ]
    alone = np.array([np.abs(curve.alone.dx).max() for curve in spread])
    peaks = np.array([curve.dx.max() for curve in spread])
    print(
        f"\n40 devices, thresholds spread by 3 %, speeds by 20 %: gain at most {peaks.mean():.4f} +- {peaks.std():.4f}"
    )
    print(f"{np.count_nonzero(alone > 0)} of them move under one pulse alone, by {alone.max():.4f} at most")

    equations.plot("stdp_pair.png", [circuit])
    draw_spread(equations, spread)


if __name__ == "__main__":
    main()
