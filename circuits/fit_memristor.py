"""From a bench to a circuit: records of a device, a fit, a card, and an adaptive neuron built from the fitted device.

The records are made by :func:`neuromorph.synthetic_measurement`; put your own CSV files through
:func:`neuromorph.load_measurement` instead. The neuron's drive and capacitance follow from the fitted device: the current that
takes the membrane to its threshold through the device's resistance, and a membrane that is slower than the device
switches. Run it: ``python circuits/fit_memristor.py``.
"""

import neuromorph as nm

# What lies on the bench: in a real measurement nobody knows these values.
BENCH_DEVICE = nm.MMS(r_on=2e3, r_off=20e3, v_on=0.30, v_off=0.14, tau=3e-4)


def measure() -> list[nm.Measurement]:
    """Three sweeps behind 5 kohm at 1 Hz, 30 Hz and 1 kHz, with 0.3 % of noise."""
    return [
        nm.synthetic_measurement(BENCH_DEVICE, 0.8, frequency, 5e3, noise=0.003, seed=k)
        for k, frequency in enumerate((1.0, 30.0, 1e3))
    ]


def neuron_of(memristor: nm.MMS) -> nm.MemristiveALIF:
    """The adaptive neuron around a device: thresholds above its switching voltage, a capacitor that fits its times.

    The threshold is 1.5 v_on, so that the device turns on below it; the series resistor is the device's on
    resistance; an interspike interval is about a thirtieth of the time in which the device turns on.
    """
    v_th = 1.5 * memristor.v_on
    current = current_of(memristor)
    return nm.MemristiveALIF(
        memristor=memristor,
        r_s=memristor.r_on,
        v_th=v_th,
        v_lo=v_th / 20,
        capacitance=0.2 * memristor.tau * current / v_th,
    )


def current_of(memristor: nm.MMS) -> float:
    """A drive that reaches the threshold even with the device on: twice the rheobase [A]."""
    return 2.0 * 1.5 * memristor.v_on / memristor.r_on


def drive_of(memristor: nm.MMS) -> nm.SquareWave:
    """A square current whose on-phase lasts ten time constants of the device."""
    return nm.SquareWave(amplitude=current_of(memristor), frequency=1.0 / (20.0 * memristor.tau), duty=0.5)


def design() -> nm.MemristiveALIF:
    """The neuron, built from the device that a fit to the records gives."""
    memristor = nm.fit_memristor(measure(), "mms").model
    return neuron_of(memristor)


def main() -> None:
    """The whole way, with all that it leaves behind."""
    fit = nm.fit_memristor(measure(), "mms")
    print(fit.summary())
    fit.plot("fit_memristor.png")
    fit.to_spice("fitted_memristor.lib")
    fit.to_toml("fitted_memristor.toml")
    print(f"\nngspice against the fit: {fit.verify(1).disagreement:.2%} of peak to peak at most\n")
    memristor = fit.model
    check = nm.cross_validate(neuron_of(memristor), drive_of(memristor), t_stop=60.0 * memristor.tau)
    print(check.summary())
    check.plot("fitted_neuron.png")


if __name__ == "__main__":
    main()
