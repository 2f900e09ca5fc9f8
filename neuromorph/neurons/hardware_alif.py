"""The memristive adaptive neuron as hardware: figure 4b of Bednarz and Garda (2024), on both roads.

A difference amplifier senses the memristor's voltage, a Schmitt trigger compares it, a transistor
discharges the capacitor. Nodes: ``c`` the capacitor, ``m`` between resistor and memristor, ``rest``,
``sensed`` the amplifier's output, ``gate`` the trigger's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from neuromorph.neurons.design_checks import (
    DesignFinding,
    latch_up,
    memristor_too_conductive,
    outside_common_mode,
    outside_output_range,
    step_too_long,
)
from neuromorph.neurons.spike_circuit import MODES, SpikeCircuit, hardware_resolution

if TYPE_CHECKING:
    from neuromorph.neurons.memristive_alif import MemristiveALIF
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.systems import HybridSystem
    from neuromorph.systems.nodal import NodalEquations

ROLES = ("amplifier", "comparator", "discharge")
V_SUPPLY = 15.0
"""Supplies of the amplifier, plus and minus [V]."""


def spike_circuit_of(neuron: MemristiveALIF, parts: Mapping[str, Any]) -> SpikeCircuit:
    """Comparator and discharge of the neuron.

    Parameters
    ----------
    neuron : MemristiveALIF
        Component values (SI units).
    parts : mapping of str to str or VendorModel
        How real each part is.

    Returns
    -------
    SpikeCircuit
        For both roads.

    Raises
    ------
    ValueError
        When an ideal switch is asked for and the neuron has none.
    """
    if neuron.r_switch is None and parts["discharge"] == "ideal":
        raise ValueError("r_switch is None, a reset in no time, which real parts cannot do: give r_switch in ohm")
    return SpikeCircuit(
        comparator=parts["comparator"],
        discharge=parts["discharge"],
        wanted_trigger=neuron.schmitt_trigger,
        transistor=neuron.transistor,
        v_high=neuron.amplifier.gain * neuron.v_th,
        v_low=neuron.amplifier.gain * neuron.v_lo,
        r_switch=neuron.r_switch or 1.0,
        sensed="sensed",
        membrane="c",
    )


def hardware_findings(
    neuron: MemristiveALIF, parts: Mapping[str, Any], i_max: float, t_max: float | None
) -> Iterator[DesignFinding]:
    """Faults of the hardware neuron that are known before a run.

    Parameters
    ----------
    neuron : MemristiveALIF
        Component values (SI units).
    parts : mapping of str to str or VendorModel
        How real each part is.
    i_max : float
        Largest input current [A].
    t_max : float or None
        Longest time step of the SPICE run, where one was asked for [s].

    Yields
    ------
    DesignFinding
        Each with the parameter and the value that would do.
    """
    circuit = spike_circuit_of(neuron, parts)
    gain = neuron.amplifier.gain
    # A trigger that was given sets the thresholds, and neither v_th nor v_lo moves them.
    given = neuron.trigger is not None and parts["comparator"] != "ideal"
    v_high = circuit.trigger.thresholds[0] if given else gain * neuron.v_th
    v_offset = neuron.amplifier.op_amp.v_offset * (1 + gain) / gain if parts["amplifier"] != "ideal" else 0.0
    yield from latch_up(
        circuit,
        i_max,
        neuron.largest_share,
        gain,
        neuron.v_rest,
        v_offset=v_offset,
        parameter="trigger.v_low" if given else "v_lo",
    )
    of_trigger: dict[str, Any] = {"parameter": "trigger.v_high", "gain": gain} if given else {}
    yield from memristor_too_conductive(neuron.memristor, v_high / gain, i_max, **of_trigger)
    yield from outside_common_mode(circuit)
    if parts["amplifier"] != "ideal":
        highest = V_SUPPLY - neuron.amplifier.op_amp.headroom_high
        yield from outside_output_range(v_high, highest, "trigger.v_high" if given else "amplifier.gain")
    yield from step_too_long(circuit, neuron.capacitance, neuron.v_rest, t_max)


def hardware_dynamics(neuron: MemristiveALIF, parts: Mapping[str, Any]) -> HybridSystem:
    """The equations of the hardware neuron; a transistor-level or vendor's part is its macromodel here.

    Parameters
    ----------
    neuron : MemristiveALIF
        Component values (SI units).
    parts : mapping of str to str or VendorModel
        How real each part is.

    Returns
    -------
    HybridSystem
        States of the membrane and of every part (SI units).
    """
    import sympy

    from neuromorph.systems import HybridSystem, Mode, Output, State, Transition

    circuit = spike_circuit_of(neuron, parts)
    equations = {mode: _equations(neuron, parts, circuit, mode) for mode in MODES}
    first = equations[MODES[0]]
    v_sensed = neuron.amplifier.op_amp.v_offset * (1 + neuron.amplifier.gain)
    share = neuron.amplifier.gain / (1 + neuron.amplifier.gain)
    initial = {
        "v_c": neuron.v_rest,
        "x": neuron.x0,
        "v_amplifier_p": share * neuron.v_rest,
        "v_amplifier_n": share * neuron.v_rest + v_sensed / (1 + neuron.amplifier.gain),
        "amplifier_stage": v_sensed,
        **circuit.initial(v_sensed),
    }
    begins, ends = circuit.guards(first)
    powers = {mode: _powers(neuron, parts, circuit, equations[mode], mode) for mode in MODES}
    return HybridSystem(
        name=neuron.design_name,
        states=first.states(initial) | {"x": State(neuron.x0, bounds=(0.0, 1.0))},
        inputs={"i_in": "A"},
        parameters=neuron.parameter_values() | neuron.amplifier.values("amplifier_") | circuit.values(),
        unknowns=first.unknowns(),
        modes={mode: Mode(rates=equations[mode].rates()) for mode in MODES},
        transitions=[
            Transition("charging", "discharging", begins, emits_spike=True),
            Transition("discharging", "charging", ends),
        ],
        outputs={
            "v_mem": Output(first.voltage("m") - sympy.Symbol("v_rest", real=True), "V"),
            "v_sensed_out": Output(first.voltage("sensed"), "V"),
            **{name: Output({mode: powers[mode][name] for mode in MODES}, "W") for name in powers[MODES[0]]},
            "e_stored": Output(first.stored_energy, "J"),
        },
        stiff=True,
    )


def _equations(neuron: MemristiveALIF, parts: Mapping[str, Any], circuit: SpikeCircuit, mode: str) -> NodalEquations:
    import sympy

    from neuromorph.systems.nodal import NodalEquations

    capacitance, r_s, v_rest, i_in, x, v_m = sympy.symbols("capacitance r_s v_rest i_in x v_m", real=True)
    held = {"rest": v_rest, "v_pos": sympy.Float(V_SUPPLY), "v_neg": sympy.Float(-V_SUPPLY), **circuit.held_nodes()}
    amplifier = neuron.amplifier.symbolic("amplifier_")
    if parts["amplifier"] == "ideal":
        held["sensed"] = amplifier.gain * (v_m - v_rest)
    equations = NodalEquations(held)
    equations.add_current("0", "c", i_in)
    equations.add_capacitor("c", "rest", capacitance)
    equations.add_resistor("c", "m", r_s)
    current, rate = neuron.memristor_expressions(v_m - v_rest, x)
    equations.add_current("m", "rest", current)
    equations.add_state("x", rate)
    if parts["amplifier"] != "ideal":
        amplifier.stamp(
            equations, "amplifier", plus="m", minus="rest", reference="0", v_pos="v_pos", v_neg="v_neg", out="sensed"
        )
    circuit.stamp(equations, mode)
    return equations


def _powers(
    neuron: MemristiveALIF, parts: Mapping[str, Any], circuit: SpikeCircuit, equations: NodalEquations, mode: str
) -> dict[str, Any]:
    """Power that sources give and parts take [W], by the names that :func:`neuromorph.analysis.energy` reads."""
    import sympy

    v = equations.voltage
    current, _ = neuron.memristor_expressions(v("m") - v("rest"), sympy.Symbol("x", real=True))
    powers = {
        "p_in": v("c") * sympy.Symbol("i_in", real=True),
        "p_supply_rest": v("rest") * equations.source_current("rest"),
        "p_memristor": (v("m") - v("rest")) * current,
        "p_r_s": (v("c") - v("m")) ** 2 / sympy.Symbol("r_s", real=True),
        **circuit.powers(equations, mode),
    }
    if parts["amplifier"] != "ideal":
        amplifier = neuron.amplifier.symbolic("amplifier_")
        op_amp = amplifier.op_amp
        i_out = (sympy.Symbol("amplifier_stage", real=True) - v("sensed")) / op_amp.r_out
        i_load = i_out - (v("sensed") - v("amplifier_n")) / amplifier.r_feedback
        taken = v("m") * (v("m") - v("amplifier_p")) + v("rest") * (v("rest") - v("amplifier_n"))
        supply = op_amp.supply_power(v("v_pos"), v("v_neg"), i_out)
        powers["p_supply_amplifier"] = supply
        powers["p_amplifier"] = supply + taken / amplifier.r_in - v("sensed") * i_load
    return powers


def hardware_schematic(neuron: MemristiveALIF, parts: Mapping[str, Any]) -> Schematic:
    """The circuit of the hardware neuron.

    Parameters
    ----------
    neuron : MemristiveALIF
        Component values (SI units).
    parts : mapping of str to str or VendorModel
        How real each part is.

    Returns
    -------
    Schematic
        With ports, probes and resolution (SI units).
    """
    from neuromorph.schematic.circuit import Schematic
    from neuromorph.schematic.ports import Port
    from neuromorph.schematic.probes import Probe

    spike_circuit = spike_circuit_of(neuron, parts)
    spikes, level = spike_circuit.spikes()
    circuit = Schematic(
        neuron.design_name,
        ports={"i_in": Port("c")},
        initial={"c": neuron.v_rest, "x": neuron.x0},
        spikes=spikes,
        spike_level=level,
        spike_end_level=spike_circuit.spike_end_level(),
        states=("v_c", "x"),
        resolution=hardware_resolution(
            neuron.r_s * neuron.capacitance, neuron.capacitance * spike_circuit.on_resistance(neuron.v_rest)
        ),
        parameter_values=neuron.parameter_values() | neuron.amplifier.values("amplifier_") | spike_circuit.values(),
    )
    amplifier = neuron.amplifier
    through_memristor = f"v(c, m) / {neuron.r_s!r}"
    stored = f"v(c, rest) * v(c, rest) * {neuron.capacitance / 2!r}"
    supplies: dict[str, Any] = {}
    circuit.raw_spice += neuron.memristor.subcircuit()
    circuit.verilog_a[neuron.memristor.subcircuit_name] = neuron.memristor.verilog_a()
    circuit.V("rest", "rest", circuit.gnd, neuron.v_rest)
    circuit.C("mem", "c", "rest", neuron.capacitance)
    circuit.R("s", "c", "m", neuron.r_s)
    circuit.X("memristor", neuron.memristor.subcircuit_name, "m", "rest", "x", **neuron.memristor.values())
    if parts["amplifier"] == "ideal":
        circuit.VCVS("sensed", "sensed", circuit.gnd, "m", "rest", voltage_gain=amplifier.gain)
    else:
        circuit.V("pos", "v_pos", circuit.gnd, V_SUPPLY)
        circuit.V("neg", "v_neg", circuit.gnd, -V_SUPPLY)
        nodes = {"plus": "m", "minus": "rest", "reference": "0", "out": "sensed"}
        amplifier.add_resistors(circuit, "amplifier", **nodes)
        op_amp = amplifier.op_amp if isinstance(parts["amplifier"], str) else parts["amplifier"]
        pins = {"in_p": "amplifier_p", "in_n": "amplifier_n", "v_pos": "v_pos", "v_neg": "v_neg", "out": "sensed"}
        op_amp.add_to(circuit, "amplifier", **pins)
        through_memristor += f" - v(m, amplifier_p) / {amplifier.r_in!r}"
        supply = "-v(v_pos) * i(Vpos) - v(v_neg) * i(Vneg)"
        taken = f"(v(m) * v(m, amplifier_p) + v(rest) * v(rest, amplifier_n)) / {amplifier.r_in!r}"
        supplies["p_supply_amplifier"] = Probe(supply, unit="W")
        supplies["p_amplifier"] = Probe(f"{supply} + {taken} - {spike_circuit.load_power}", unit="W")
    spike_circuit.add_to(circuit)
    circuit.probes = {
        "v_c": "v(c)",
        "x": Probe("v(x)", unit=""),
        "v_mem": "v(m, rest)",
        "i_in": "i(Vsense_i_in)",
        "v_sensed_out": "v(sensed)",
        "p_in": Probe("v(c) * i(Vsense_i_in)", unit="W"),
        "p_supply_rest": Probe("-v(rest) * i(Vrest)", unit="W"),
        "p_memristor": Probe(f"v(m, rest) * ({through_memristor})", unit="W"),
        "p_r_s": Probe(f"v(c, m) * v(c, m) / {neuron.r_s!r}", unit="W"),
        **spike_circuit.probes(),
        **supplies,
        "e_stored": Probe(stored + spike_circuit.stored_energy, unit="J"),
    }
    return circuit
