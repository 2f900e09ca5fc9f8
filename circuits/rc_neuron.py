"""The simplest hardware neuron: a passive RC membrane, then the same with a comparator and a discharge transistor.

Run it: ``python circuits/rc_neuron.py`` compares the passive membrane with its exponential, puts real parts into the
neuron one by one, says what each costs, and writes ``rc_neuron.png``.
"""

import numpy as np

import neuromorph as nm
from neuromorph.neurons.neuron import NeuronAtFidelity

DRIVE = nm.Constant(value=0.2e-3)  # [A], twice what reaches the threshold
T_STOP = 2.5e-3  # [s]
STEPS = {
    "ideal switch": "ideal",
    "real transistor": {"discharge": "macromodel"},
    "real comparator": {"comparator": "macromodel"},
    "both real": "macromodel",
    "transistor-level comparator": "transistor",
}


def neuron() -> nm.RCNeuron:
    """Component values."""
    return nm.RCNeuron(capacitance=100e-9, r_leak=10e3, v_th=1.0, v_lo=0.05)


def design() -> NeuronAtFidelity:
    """The neuron with macromodels of its parts."""
    return neuron().at_fidelity("macromodel")


def main() -> None:
    """Membrane, neuron, and the interval that each real part adds to."""
    passive = nm.RCNeuron(v_th=None)
    recording = nm.simulate(passive, DRIVE, T_STOP, "ngspice")
    exact = DRIVE.value * passive.r_leak * (1 - np.exp(-recording.time / (passive.r_leak * passive.capacitance)))
    print(
        f"passive membrane: ngspice within {np.max(np.abs(recording['v_mem'] - exact)) * 1e6:.1f} uV of the exponential"
    )

    ideal = neuron()
    print(f"closed form of the ideal neuron: {ideal.interval(DRIVE.value) * 1e6:.2f} us")
    print(f"trigger: {ideal.schmitt_trigger.describe()}")
    print(f"{'':28}{'equations [us]':>15}{'ngspice [us]':>14}{'longer':>9}")
    for name, fidelity in STEPS.items():
        check = nm.cross_validate(ideal, DRIVE, T_STOP, fidelity=fidelity, error_budget=False)
        first, second = (float(np.diff(r.spikes.times)[0]) * 1e6 for r in (check.reference, check.candidate))
        longer = 100 * (second * 1e-6 / ideal.interval(DRIVE.value) - 1)
        print(f"{name:28}{first:15.2f}{second:14.2f}{longer:8.2f} %{'' if check.passed else '  the roads disagree'}")
        if fidelity == "macromodel":
            check.plot("rc_neuron.png")
    print("picture: rc_neuron.png")


if __name__ == "__main__":
    main()
