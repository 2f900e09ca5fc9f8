"""A neuron on a chip and the noise of its own leak: from the circuit's parts to the jitter of its spikes.

Run it: ``python circuits/thermal_noise.py`` asks ngspice what noise the circuit has, gives it to the equations, and compares the
spread of their intervals with the noise over the slope at the threshold.
"""

import math

import numpy as np

import neuromorph as nm


def design() -> nm.LIF:
    """A membrane of 10 fF and 1 ms."""
    return nm.LIF(capacitance=10e-15, r_leak=100e9, v_th=0.4, t_refractory=0.1e-3)


def main() -> None:
    """Twice the current that reaches the threshold."""
    neuron = design()
    noise = nm.circuit_noise(neuron, at=neuron.v_th / 2)
    print(noise.summary())
    noisy = neuron.replace(noise_current=noise.noise_current)
    tau, current = neuron.r_leak * neuron.capacitance, 2 * neuron.v_th / neuron.r_leak
    drive = nm.Constant(value=current)
    batch = nm.simulate_batch(noisy, drive, 90e-3, 100, solver=nm.EulerMaruyama(dt=1e-6), seed=1)
    jitter = np.concatenate(batch.spikes.intervals()).std()
    rise = neuron.interval(current) - neuron.t_refractory
    slope = (current - neuron.v_th / neuron.r_leak) / neuron.capacitance
    expected = noise.jitter(slope) * math.sqrt(1 - math.exp(-2 * rise / tau))
    print(f"\njitter of {len(batch.spikes)} spikes: {jitter * 1e6:.2f} us; noise over slope: {expected * 1e6:.2f} us")
    noise.plot("thermal_noise.png")


if __name__ == "__main__":
    main()
