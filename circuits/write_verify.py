"""Weights written into memristors: a pulse, a read, another pulse, until each device has the conductance that it is to have.

Sixteen inputs and eight outputs take 16 x 16 devices in differential pairs. Devices differ, readings are noisy, and the window that the
mapping uses is a little narrower than what the devices reach. Then the products: what writing costs, what the wires cost, what a gain for
each bit line brings back, what a second of waiting takes, and what writing does to the neighbours when no transistor protects them.
Run it: ``python circuits/write_verify.py``.
"""

import numpy as np

import neuromorph as nm

WIRES = {"r_word": 0.5, "r_bit": 0.5}


def array() -> nm.ProgrammedArray:
    """The conductances that are meant."""
    weights = np.random.default_rng(0).standard_normal((16, 8))
    return nm.WeightMapping(r_on=550.0, r_off=1400.0, clipping="quantile").program(weights, seed=1)


def protocol(scheme: str = "isolated") -> nm.WriteVerify:
    """Pulses for metastable switches: their threshold is soft, so amplitudes start well below it."""
    return nm.WriteVerify(
        model=nm.MMS(),
        v_set=0.15,
        v_reset=0.15,
        v_step=0.01,
        width=10e-6,
        tolerance=0.005,
        read_noise=0.001,
        variation={"v_on": 0.05, "v_off": 0.05, "tau": 0.2},
        scheme=scheme,
        failures="flagged",
    )


def one_device(result: nm.WriteVerifyResult) -> str:
    """The course of the device that changed its direction most often."""
    turns = np.count_nonzero(result.voltages[1:] * result.voltages[:-1] < 0.0, axis=0)
    i, j = np.unravel_index(turns.argmax(), turns.shape)
    lines = [f"device ({i}, {j}), to have {1e3 * result.targets[i, j]:.3f} mS"]
    for k in range(result.pulses[i, j]):
        volts, before, after = result.voltages[k, i, j], *result.trajectory[k : k + 2, i, j]
        lines.append(f"  pulse {k + 1:2d}: {volts:+.2f} V  {1e3 * before:.3f} -> {1e3 * after:.3f} mS")
    return "\n".join(lines)


def main() -> None:
    """Write, read, compare."""
    meant = array()
    result = protocol().run(meant.targets, seed=1)
    print(result.summary(), one_device(result), sep="\n\n")

    written = meant.after(protocol())
    x = np.random.default_rng(2).uniform(-1.0, 1.0, (100, 16))
    trimmed = written.after(nm.GainTrim(wires=WIRES))
    products = {
        "as meant": meant.multiply(x),
        "written": written.multiply(x),
        "written, through wires": written.multiply(x, **WIRES),
        "the same, gains trimmed": trimmed.multiply(x, **WIRES),
        "written, one second later": written.after(nm.StateRelaxation(time=1.0)).multiply(x),
        "written without transistors, V/2": meant.after(protocol("V/2")).multiply(x),
        "written without transistors, V/3": meant.after(protocol("V/3")).multiply(x),
    }
    print("\nrelative RMS error of the product")
    for name, product in products.items():
        print(f"  {name:34} {product.relative_error:6.1%}")
    print()
    print(trimmed.summary())


if __name__ == "__main__":
    main()
