"""Equations and circuit of your own, compared: a relaxation oscillator, the simplest thing that spikes.

A capacitor charges through a resistor; at the upper threshold a hysteretic switch discharges it to the lower
one. Run it: ``python circuits/relaxation_oscillator.py``, or
``neuromorph validate circuits/relaxation_oscillator.py --set capacitance=4.7nF``.
"""

import math

import sympy

import neuromorph as nm

SUPPLY, V_HIGH, V_LOW = 5.0, 3.0, 1.0  # [V]
R_DISCHARGE = 100.0  # [ohm]


def design(resistance: float = 10e3, capacitance: float = 10e-9) -> nm.Pair:
    """The oscillator on both roads (ohm, farad)."""
    return nm.Pair(equations(resistance, capacitance), circuit(resistance, capacitance))


def equations(resistance: float, capacitance: float) -> nm.HybridSystem:
    """Two modes, each a first-order decay towards its own end (ohm, farad)."""
    v, v_in, r, c, r_d = sympy.symbols("v v_in resistance capacitance r_discharge")
    charge = (v_in - v) / (r * c)
    return nm.HybridSystem(
        name="relaxation-oscillator",
        states={"v": nm.State(0.0, "V")},
        inputs={"v_in": "V"},
        parameters={"resistance": resistance, "capacitance": capacitance, "r_discharge": R_DISCHARGE},
        modes={
            "charging": nm.Mode(rates={"v": charge}, time_scale=r * c),
            "discharging": nm.Mode(rates={"v": charge - v / (r_d * c)}, time_scale=r_d * c),
        },
        transitions=[
            nm.Transition("charging", "discharging", v - V_HIGH, emits_spike=True),
            nm.Transition("discharging", "charging", V_LOW - v),
        ],
    )


def circuit(resistance: float, capacitance: float) -> nm.Schematic:
    """The same as parts (ohm, farad)."""
    schematic = nm.Schematic(
        "relaxation-oscillator",
        ports={"v_in": nm.Port("supply", kind="voltage")},
        probes={"v": "v(cap)", "v_in": "v(supply)"},
        initial={"cap": 0.0},
        spikes="v(spike)",
        states=("v",),
        resolution=nm.Resolution(t_max=resistance * capacitance / 200, reltol=1e-7, chgtol=0.1 * capacitance),
    )
    schematic.R("charge", "supply", "cap", resistance)
    schematic.C("cap", "cap", schematic.gnd, capacitance)
    threshold = nm.Threshold(schematic, "cap", "0", v_high=V_HIGH, v_low=V_LOW)
    threshold.add_switch("discharge", "cap", "0", r_on=R_DISCHARGE)
    threshold.add_spike_output()
    return schematic


def period(resistance: float, capacitance: float) -> float:
    """Time from spike to spike [s], in closed form (ohm, farad)."""
    parallel = resistance * R_DISCHARGE / (resistance + R_DISCHARGE)
    v_end = SUPPLY * R_DISCHARGE / (resistance + R_DISCHARGE)
    rise = resistance * capacitance * math.log((SUPPLY - V_LOW) / (SUPPLY - V_HIGH))
    fall = parallel * capacitance * math.log((V_HIGH - v_end) / (V_LOW - v_end))
    return rise + fall


def working_point() -> nm.WorkingPoint:
    """Some fifteen periods at 5 V."""
    return nm.WorkingPoint(nm.Constant(value=SUPPLY), t_stop=1e-3)


def main() -> None:
    """Compare both roads with each other and with the closed form."""
    point = working_point()
    check = nm.cross_validate(design(), point.drive, point.t_stop)
    print(check.summary())
    exact = period(10e3, 10e-9)
    for recording in (check.reference, check.candidate):
        times = recording.spikes.times
        mean = (times[-1] - times[0]) / (len(times) - 1)
        print(f"period by {recording.provenance['engine']:8} {mean / exact - 1:+.1e} relative to the closed form")
    check.plot("relaxation_oscillator.png")


if __name__ == "__main__":
    main()
