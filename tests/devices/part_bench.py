"""A bench for parts: the same elements around a part, as equations and as a deck."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import sympy

import neuromorph as nm

ROADS = ("ode", "spice")


def step(height, at, rise=1e-10, offset=0.0):
    """From `offset` to `offset` + `height` within `rise` after the time `at`."""
    return nm.PiecewiseLinear(times=[0.0, at, at + rise], values=[offset, offset, offset + height])


def crossing(recording, signal, level, rising=True, after=0.0):
    """First time after `after` at which a signal passes a level, by straight lines between its samples."""
    sign = 1 if rising else -1
    time, values = recording.time, sign * (recording[signal] - level)
    (found,) = np.nonzero((values[:-1] < 0) & (values[1:] >= 0) & (time[1:] > after))
    i = found[0]
    return time[i] - values[i] * (time[i + 1] - time[i]) / (values[i + 1] - values[i])


def value_at(recording, signal, time):
    return np.interp(time, recording.time, recording[signal])


@dataclass
class Bench:
    """Voltages that sources hold (numbers, or stimuli), resistors, capacitors and parts between named nodes.

    Values are parameters of the equations, so that benches of one form share one compiled kernel.
    """

    held: dict
    resistors: list = field(default_factory=list)
    capacitors: list = field(default_factory=list)
    parts: dict = field(default_factory=dict)

    def run(self, road, t_stop, t_max=None, initial=None, solver=None):
        """A recording of every node ``v_<node>`` [V] and of what every source gives, ``i_<node>`` [A]."""
        drives = {f"in_{node}": value for node, value in self.held.items() if isinstance(value, nm.Stimulus)}
        run = self._equations if road == "ode" else self._deck
        return run(drives, t_stop, t_max or t_stop / 2000, initial or {}, solver)

    def system(self, initial=None):
        """The equations."""
        fixed = {node: value for node, value in self.held.items() if not isinstance(value, nm.Stimulus)}
        parameters = {f"held_{node}": value for node, value in fixed.items()}
        kinds = {node: "held" if node in fixed else "in" for node in self.held}
        equations = nm.NodalEquations({n: sympy.Symbol(f"{kind}_{n}", real=True) for n, kind in kinds.items()})
        elements = (("r", self.resistors, equations.add_resistor), ("c", self.capacitors, equations.add_capacitor))
        for letter, which, add in elements:
            for i, (plus, minus, value) in enumerate(which):
                parameters[f"{letter}_{i}"] = value
                add(plus, minus, sympy.Symbol(f"{letter}_{i}", real=True))
        for name, (part, nodes) in self.parts.items():
            parameters |= part.values(f"{name}_")
            part.symbolic(f"{name}_").stamp(equations, name, **nodes)
        outputs = {f"i_{node}": nm.Output(equations.source_current(node), "A") for node in self.held}
        outputs |= {f"v_{node}": nm.Output(equations.voltage(node), "V") for node in self.held}
        return nm.HybridSystem(
            name="bench",
            states=equations.states(initial or {}),
            inputs={f"in_{node}": "V" for node in self.held if node not in fixed},
            parameters=parameters,
            unknowns=equations.unknowns(),
            modes={"on": nm.Mode(rates=equations.rates())},
            outputs=outputs,
            stiff=True,
        )

    def _equations(self, drives, t_stop, t_max, initial, solver):
        method = solver or nm.Rosenbrock(rtol=1e-8, dt=t_max)
        return nm.simulate_system(self.system(initial), drives, t_stop, method)

    def _deck(self, drives, t_stop, t_max, initial, solver):
        ports = {f"in_{node}": nm.Port(node, kind="voltage") for node in self.held if f"in_{node}" in drives}
        circuit = nm.Schematic("bench", ports=ports)
        for node, value in self.held.items():
            if f"in_{node}" not in drives:
                circuit.V(node, node, circuit.gnd, value)
        nodes = set(self.held)
        for letter, which in (("R", self.resistors), ("C", self.capacitors)):
            for i, (plus, minus, value) in enumerate(which):
                nodes |= {plus, minus}
                getattr(circuit, letter)(i, plus, minus, value)
        for name, (part, pins) in self.parts.items():
            nodes |= set(pins.values())
            part.add_to(circuit, name, **pins)
        circuit.probes = {f"v_{node}": f"v({node})" for node in nodes - {"0"}}
        circuit.probes |= {
            f"i_{node}": nm.Probe(f"-i(V{node})", unit="A") for node in self.held if f"in_{node}" not in drives
        }
        deck = nm.make_deck(circuit, drives=drives or None, t_stop=t_stop)
        return nm.Ngspice().run(deck, nm.NgspiceOptions(t_max=t_max))
