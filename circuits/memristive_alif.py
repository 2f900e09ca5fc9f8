"""The memristive adaptive LIF neuron of Bednarz and Garda (2024), as equations and as a circuit.

Run it: ``python circuits/memristive_alif.py`` prints how far the two agree and writes ``memristive_alif.png``.
"""

import neuromorph as nm


def design() -> nm.MemristiveALIF:
    """The neuron with the component values that reproduce the paper's figure 5."""
    return nm.MemristiveALIF(
        memristor=nm.MMS(r_on=500.0, r_off=1500.0, v_on=0.27, v_off=0.27, tau=1e-4, temperature=298.5),
        capacitance=22e-9,
        r_s=1e3,
        v_th=0.40,
        v_lo=0.02,
        v_rest=0.0,
        r_switch=10.0,
        x0=0.0,
    )


def main() -> None:
    """Five periods of the paper's square current on both roads."""
    drive = nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5)
    check = nm.cross_validate(design(), drive, t_stop=5e-3)
    print(check.summary())
    check.plot("memristive_alif.png")


if __name__ == "__main__":
    main()
