"""A neuron bombarded by Poisson spikes through synaptic conductances: both roads, and its free membrane potential.

Run it: ``python circuits/conductance_lif.py``. Each synapse is a leaky capacitor, which arriving spikes charge, and a multiplier that
turns its voltage into a conductance to the reversal voltage. The free membrane potential is the neuron's without its threshold.
"""

import numpy as np

import neuromorph as nm

T_STOP = 0.4  # [s]


def design() -> nm.ConductanceLIF:
    """A membrane of 10 ms, 2.4 nS a spike, that decay with 2 ms and 5 ms."""
    return nm.ConductanceLIF(capacitance=200e-12, g_leak=20e-9, w_exc=2.4e-9, w_inh=2.4e-9, t_refractory=8e-3)


def working_point() -> nm.WorkingPoint:
    """100 excitatory sources of 10 Hz, 50 inhibitory ones of 20 Hz, and 50 pA."""
    drive = {
        "i_in": nm.Constant(value=50e-12),
        "s_exc": nm.PoissonInput(rate=10.0, n_sources=100, seed=1),
        "s_inh": nm.PoissonInput(rate=20.0, n_sources=50, seed=2),
    }
    return nm.WorkingPoint(drive, t_stop=T_STOP)


def mean_potential(neuron: nm.ConductanceLIF, drive: dict[str, nm.Stimulus]) -> float:
    """Where the free membrane settles under the mean conductances [V]."""
    means = {
        kind: drive[f"s_{kind}"].rate * drive[f"s_{kind}"].n_sources * weight * tau
        for kind, weight, tau in (("exc", neuron.w_exc, neuron.tau_exc), ("inh", neuron.w_inh, neuron.tau_inh))
    }
    total = neuron.g_leak + sum(means.values())
    pulled = neuron.g_leak * neuron.v_rest + means["exc"] * neuron.e_exc + means["inh"] * neuron.e_inh
    return (pulled + drive["i_in"].value) / total


def draw(check: nm.CrossValidation, free: nm.Recording) -> None:
    """Conductances, and the membrane with and without its threshold."""
    from neuromorph.plots.figures import CANDIDATE, REFERENCE, new_figure, save_figure

    figure, (conductance, membrane) = new_figure(2, [1.0, 1.6], size=(10.0, 7.0))
    for name, color in (("g_exc", REFERENCE), ("g_inh", CANDIDATE)):
        conductance.plot(free.time * 1e3, free[name] * 1e9, color=color, linewidth=0.8, label=name)
    conductance.set_ylabel("conductance [nS]")
    membrane.plot(free.time * 1e3, free["v_mem"] * 1e3, color="0.65", linewidth=0.9, label="free membrane potential")
    for recording, color, width in ((check.reference, REFERENCE, 2.2), (check.candidate, CANDIDATE, 0.9)):
        engine = recording.provenance["engine"]
        membrane.plot(recording.time * 1e3, recording["v_mem"] * 1e3, color=color, linewidth=width, label=engine)
    membrane.axhline(design().v_th * 1e3, color="0.5", linestyle=":", linewidth=0.8)
    membrane.set_ylabel("membrane voltage [mV]")
    membrane.set_xlabel("time [ms]")
    conductance.set_ylim(0, 32)
    membrane.set_ylim(-73, -46)
    for ax in (conductance, membrane):
        ax.set_xlim(0, T_STOP * 1e3)
        ax.legend(frameon=False, ncols=3, loc="upper right", fontsize="small")
    save_figure(figure, "conductance_lif.png")


def main() -> None:
    """Both roads on the same spikes; then the free membrane potential beside what the mean conductances say."""
    neuron, point = design(), working_point()
    check = nm.cross_validate(neuron, point.drive, point.t_stop)
    print(check.summary())
    free = nm.simulate(neuron.free(), point.drive, point.t_stop)
    grid = np.linspace(50e-3, T_STOP, 20001)
    v_free = free.resample(grid)["v_mem"]
    print(
        f"\nfree membrane potential {1e3 * v_free.mean():.2f} mV, standard deviation {1e3 * v_free.std():.2f} mV; "
        f"under the mean conductances {1e3 * mean_potential(neuron, point.drive):.2f} mV"
    )
    draw(check, free)


if __name__ == "__main__":
    main()
