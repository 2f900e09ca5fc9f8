"""A vector-matrix product in a crossbar: what wires, variation and faults take, and what a gain trim gives back.

Run it: ``python circuits/crossbar_vector_matrix.py`` stores a matrix of weights in differential pairs of devices,
degrades it step by step, reads it through wires of growing resistance, lets ngspice check one product, and writes
``crossbar_vector_matrix.png``.
"""

import numpy as np

import neuromorph as nm
from neuromorph.plots import save_figure
from neuromorph.plots.crossbars import plot_crossbar

M, N = 32, 12
READ_VOLTAGE = 0.1  # [V]
WIRES = {"r_word": 2.5, "r_bit": 2.5, "r_driver": 50.0, "r_sense": 50.0}  # [ohm]


def weights() -> np.ndarray:
    """Weights of 32 inputs and 12 outputs, from a fixed seed."""
    return np.random.default_rng(1).normal(0.0, 0.4, (M, N))


def stored() -> nm.ProgrammedArray:
    """The weights in a window of 10 to 100 kohm, with 32 levels and the largest 0.5 % clipped."""
    mapping = nm.WeightMapping(r_on=10e3, r_off=100e3, levels=32, clipping="quantile", quantile=0.995)
    return mapping.program(weights(), seed=2)


def degraded() -> nm.ProgrammedArray:
    """The same after what happens to real devices."""
    array = stored()
    for step in (nm.WriteNoise(of_window=0.01), nm.DeviceVariation(sigma=0.05), nm.StuckDevices(p_off=0.01)):
        array = array.after(step)
    return array


def design() -> nm.Crossbar:
    """The degraded array with its wires."""
    return degraded().crossbar(**WIRES)


def main() -> None:
    """Store, degrade, read through wires, trim, check with ngspice."""
    inputs = np.random.default_rng(3).uniform(-1.0, 1.0, (200, M))
    array = degraded()
    print(array.summary())

    print(f"\n{'segment of wire [ohm]':>22}{'error':>10}{'after gain trim':>18}")
    for r in (0.0, 0.5, 1.0, 2.5, 5.0, 10.0):
        wires = {**WIRES, "r_word": r, "r_bit": r}
        trimmed = array.after(nm.GainTrim(per="output", wires=wires))
        errors = [a.multiply(inputs, **wires).relative_error for a in (array, trimmed)]
        print(f"{r:22g}{errors[0]:10.2%}{errors[1]:18.2%}")

    crossbar = design()
    v = READ_VOLTAGE * inputs[0]
    solution = crossbar.solve(v)
    checked = crossbar.solve(v, engine="ngspice")
    difference = np.abs(solution.output_currents - checked.output_currents).max()
    print(
        f"\nngspice and Python agree to {difference / np.abs(solution.output_currents).max():.1e} of the largest current"
    )
    assert difference < 1e-6 * np.abs(solution.output_currents).max()

    save_figure(plot_crossbar(solution, faults=array.state.stuck), "crossbar_vector_matrix.png")
    print("picture: crossbar_vector_matrix.png")


if __name__ == "__main__":
    main()
