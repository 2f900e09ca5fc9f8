"""The memristive adaptive neuron as one can build it: difference amplifier, Schmitt trigger, discharge transistor.

Run it: ``python circuits/schmitt_discharge.py`` prints how much of the adaptation the real parts cost, by capacitor and
gain, and writes ``schmitt_discharge.png``.
"""

import neuromorph as nm
from neuromorph.neurons.neuron import NeuronAtFidelity

DRIVE = nm.SquareWave(amplitude=1e-3, frequency=1e3, duty=0.5)


def neuron(capacitance: float = 22e-9, gain: float = 2.0) -> nm.MemristiveALIF:
    """Component values: membrane capacitor [F] and gain of the amplifier [V/V]."""
    op_amp = nm.OpAmp(gbw=4e6, slew_rate=9e6)  # the class of OP482
    comparator = nm.Comparator(t_delay=7e-9)  # the class of AD8561
    return nm.MemristiveALIF(
        memristor=nm.MMS(r_on=500.0, r_off=1500.0),
        capacitance=capacitance,
        r_s=1e3,
        amplifier=nm.DifferenceAmplifier(gain=gain, r_in=100e3 / gain, op_amp=op_amp),
        # The membrane fires at 0.40 V and is discharged to 25 mV; the trigger sees both amplified.
        trigger=nm.SchmittTrigger(v_high=gain * 0.40, v_low=gain * 0.025, comparator=comparator),
        transistor=nm.Mosfet(v_to=1.5, k_p=0.045),
    )


def design() -> NeuronAtFidelity:
    """The neuron with macromodels of its parts."""
    return neuron().at_fidelity("macromodel")


def main() -> None:
    """Ideal against hardware: intervals, adaptation, and what is lost of it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.5), layout="constrained")
    ax = figure.subplots()
    capacitances = [22e-9, 10e-9, 4.7e-9, 2.2e-9]
    ideal = [spikes(neuron(c), "ideal").adaptation_ratio for c in capacitances]
    print("  C [nF]  gain  spikes  first ISI [us]  steady ISI [us]  adaptation    lost")
    for gain in (2.0, 10.0):
        lost = []
        for capacitance, unspoiled in zip(capacitances, ideal, strict=True):
            s = spikes(neuron(capacitance, gain), "macromodel")
            lost.append(100 * (1 - s.adaptation_ratio / unspoiled))
            print(
                f"{capacitance * 1e9:8g}{gain:6g}{s.spike_count:8}{s.isi_first * 1e6:16.2f}{s.isi_steady * 1e6:17.2f}"
                f"{s.adaptation_ratio:12.2f}{lost[-1]:7.1f} %"
            )
        ax.plot([c * 1e9 for c in capacitances], lost, "o-", label=f"gain {gain:g}")
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks([c * 1e9 for c in capacitances], [f"{c * 1e9:g}" for c in capacitances])
    ax.set_ylim(bottom=0.0)
    ax.grid(alpha=0.25)
    ax.set_xlabel("membrane capacitor [nF]")
    ax.set_ylabel("adaptation lost to real parts [%]")
    ax.legend(frameon=False)
    figure.savefig("schmitt_discharge.png", dpi=150)


def spikes(of: nm.MemristiveALIF, fidelity: str) -> nm.analysis.SpikeStatistics:
    """Spike statistics of five periods of the paper's current, from the equations."""
    return nm.analysis.spikes(nm.simulate(of, DRIVE, t_stop=5e-3, engine="ode", fidelity=fidelity), DRIVE)


if __name__ == "__main__":
    main()
