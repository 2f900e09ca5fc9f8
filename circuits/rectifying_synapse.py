"""A circuit of your own: any PySpice circuit with a list of probes runs through the same engine.

A diode passes the positive half of an input onto an RC membrane, a synapse that only excites. There are no
equations to compare with, so this design has one road: ``neuromorph simulate circuits/rectifying_synapse.py``.
"""

import neuromorph as nm


def design() -> nm.Schematic:
    """Diode, series resistor and membrane; node ``pre`` is where the stimulus enters."""
    circuit = nm.Schematic(
        "rectifying-synapse",
        ports={"v_pre": nm.Port("pre", kind="voltage")},
        probes={"v_pre": "v(pre)", "v_mem": "v(mem)", "i_syn": "i(Vsyn)"},
        resolution=nm.Resolution(t_max=20e-6),
    )
    circuit.V("syn", "pre", "anode", 0.0)
    circuit.D("syn", "anode", "cathode", model="silicon")
    circuit.model("silicon", "D", IS=2.52e-9, N=1.752, RS=0.568, CJO=4e-12, TT=20e-9)
    circuit.R("syn", "cathode", "mem", 10e3)
    circuit.R("leak", "mem", circuit.gnd, 100e3)
    circuit.C("mem", "mem", circuit.gnd, 100e-9)
    return circuit


def working_point() -> nm.WorkingPoint:
    """Ten periods of a sine of 2 V."""
    return nm.WorkingPoint(nm.Sine(amplitude=2.0, frequency=200.0), t_stop=50e-3)


def main() -> None:
    """Simulate and draw."""
    point = working_point()
    recording = nm.simulate(design(), point.drive, point.t_stop)
    print(f"membrane settles at {recording['v_mem'][-1]:.3f} V, never below {recording['v_mem'].min():.3f} V")

    from neuromorph.plots import plot_recording, save_figure

    save_figure(plot_recording(recording), "rectifying_synapse.png")


if __name__ == "__main__":
    main()
