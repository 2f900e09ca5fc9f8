"""The leaky integrate-and-fire neuron: RC membrane, threshold, reset, refractory time.

Run it: ``python circuits/lif.py`` compares both roads with each other and with the closed-form interval.
"""

import numpy as np

import neuromorph as nm


def design() -> nm.LIF:
    """A membrane of 1 ms with a refractory time of 0.2 ms."""
    return nm.LIF(capacitance=100e-9, r_leak=10e3, v_th=1.0, v_reset=0.0, v_rest=0.0, t_refractory=0.2e-3)


def main() -> None:
    """A constant current of twice the threshold current on both roads."""
    neuron, current = design(), 0.2e-3
    check = nm.cross_validate(neuron, nm.Constant(value=current), t_stop=20e-3)
    print(check.summary())
    exact = neuron.interval(current)
    print(f"\nclosed-form interval {nm.format_quantity(exact, 's', 7)}; relative error of the mean interval:")
    for recording in (check.reference, check.candidate):
        mean = np.diff(recording.spikes.times).mean()
        print(f"  {recording.provenance['engine']:8} {mean / exact - 1:+.1e}")
    check.plot("lif.png")


if __name__ == "__main__":
    main()
