"""The lines of a network's circuit: pulses of spikes, later ones, inverted and low-passed ones, each made once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from neuromorph.networks.plan import Plan
from neuromorph.networks.pulse_lengths import fastest_times
from neuromorph.networks.spice.cells import Cell, Subcircuits
from neuromorph.networks.spice.circuit_names import CircuitNames
from neuromorph.networks.spice.drivers import delay_circuit, driver_circuit
from neuromorph.networks.spice.summing import LOW_PASS, PULSE_OUTPUT

__all__ = ["PulseLines"]

# Longest time step, as a share of what has to be seen.
_STEPS_PER_PULSE = 10
# A ramp into a delay line forgets what is shorter than it: the gap between two pulses may be.
_RAMPS_PER_PULSE = 20
# The same where the discharge is the pulse: of its time constant, of which it lasts a few.
_RAMPS_PER_DISCHARGE = 2
_STEPS_PER_TAU = 50


class PulseLines:
    """What neurons and sources of spikes drive.

    Parameters
    ----------
    plan : Plan
        Of the network.
    cells : mapping of str to Cell
        What each neuron is.
    spikes : mapping of str to str or None
        Node at which each neuron spikes; ``None`` for one that never does.
    nodes, elements : CircuitNames
        Names of the circuit.
    subcircuits : Subcircuits
        Of the circuit.

    Attributes
    ----------
    nodes_of : dict of str to str
        The line's node of each neuron and source of spikes.
    lines : list of str
        Elements (SI units).
    steps : list of float
        Time steps that see what was made [s].
    charge : float
        The smallest charge that matters to a neuron [C].
    """

    def __init__(
        self,
        plan: Plan,
        cells: Mapping[str, Cell],
        spikes: Mapping[str, str | None],
        nodes: CircuitNames,
        elements: CircuitNames,
        subcircuits: Subcircuits,
    ) -> None:
        self._drivers, self._cells, self._spikes = plan.drivers, cells, spikes
        self._outputs = plan.outputs
        self._neurons = {part.name: part.neuron for part in plan.neurons}
        self._nodes, self._elements, self._subcircuits = nodes, elements, subcircuits
        self._pulses: dict[str, str] = {}
        self._derived: dict[tuple[Any, ...], str] = {}
        self.nodes_of = {name: nodes.take(f"{name}_line") for name in plan.drivers}
        self.lines: list[str] = []
        self.steps: list[float] = []
        self.charge = min((cell.charge for cell in cells.values()), default=math.inf)

    def line(self, source: str, delay: float = 0.0, *, inverted: bool = False) -> str:
        """The node of a line [V], or of its negative, some time later [s]."""
        if inverted:
            straight = self.line(source, delay)
            return self._made(
                ("inverted", source, delay), f"{source}_inverted", lambda node: f"E{node} {node} 0 0 {straight} 1"
            )
        if delay > 0:
            later = self._delayed_pulse(source, delay)
            voltage = self._drivers[source].v_pulse
            return self._made(
                ("delayed", source, delay),
                f"{source}_delayed",
                lambda node: f"E{node} {node} 0 {later} 0 {voltage!r}",
            )
        node = self.nodes_of[source]
        if source in self._cells and ("line", source) not in self._derived:
            self._derived["line", source] = node
            pulse, name = self.pulse(source), self._elements.take(f"Eline_{source}")
            self.lines.append(f"{name} {node} 0 {pulse} 0 {self._drivers[source].v_pulse!r}")
        return node

    def low_passed(self, source: str, delay: float, tau: float) -> str:
        """The node of a line behind a low-pass of the time constant `tau` [s]."""
        line = self.line(source, delay)
        self._subcircuits.add_fixed("lowpass", LOW_PASS)
        self.steps.append(tau / _STEPS_PER_TAU)
        values = self._low_pass(source, tau)
        return self._made(
            ("low", source, delay, tau), f"{source}_low", lambda node: f"X{node} {line} {node} lowpass {values}"
        )

    def back(self, target: str, v_back: float) -> str:
        """A node that is at `v_back` [V] while the neuron's own pulse lasts, for a conveyor's input Y."""
        pulse = self.pulse(target)
        node = self._made(
            ("back", target, v_back), f"{target}_back", lambda node: f"E{node} {node} 0 {pulse} 0 {v_back!r}"
        )
        # No current flows into Y, so its driver's resistance has no effect; an ideal conveyor is a wire from X to there.
        return self._followed(target, node, self._outputs[target][1], f"{node}_out")

    def output(self, source: str, line: str, wanted: str = "") -> str:
        """The node that a driver drives, of which `line` is the pulse: the same node, unless the driver is a real one.

        Parameters
        ----------
        source : str
            Whose driver it is.
        line : str
            A node of a line [V].
        wanted : str
            A name for an output of its own, where others must not share its resistance.

        Returns
        -------
        str
            A node.
        """
        r_out, lag = self._outputs[source]
        key, name = ("output", line, wanted), f"{wanted or line}_out"
        if r_out == 0:
            return self._followed(source, line, lag, name, wanted)
        if lag == 0:
            return self._made(key, name, lambda node: f"R{node} {line} {node} {r_out!r}")
        values = self._low_pass(source, lag)
        self._subcircuits.add_fixed("pulse_output", PULSE_OUTPUT)
        return self._made(key, name, lambda node: f"X{node} {line} {node} pulse_output r_out={r_out!r} {values}")

    def _followed(self, source: str, line: str, lag: float, name: str, wanted: str = "") -> str:
        """The node of a line behind a lag [s] alone; the line's own where there is none."""
        if lag == 0:
            return line
        values = self._low_pass(source, lag)
        self._subcircuits.add_fixed("lowpass", LOW_PASS)
        return self._made(("followed", line, wanted), name, lambda node: f"X{node} {line} {node} lowpass {values}")

    def _low_pass(self, source: str, tau: float) -> str:
        """Parameters of a low-pass: the charge of a pulse is that of the membranes, so that one charge tolerance fits all."""
        capacitance = self.charge / (abs(self._drivers[source].v_pulse) or 1.0)
        return f"r={tau / capacitance!r} c={capacitance!r}"

    def pulse(self, name: str) -> str:
        """The node that is at 1 V while a neuron's pulse lasts [V]."""
        if name not in self._pulses:
            self._pulses[name] = self._driven(name)
        return self._pulses[name]

    def _driven(self, name: str) -> str:
        from neuromorph.schematic.pyspice import circuit_lines

        cell, t_pulse, spike = self._cells[name], self._drivers[name].t_pulse, self._spikes[name]
        if spike is None:
            return "0"
        circuit = driver_circuit(
            t_pulse,
            is_logic=cell.is_logic,
            level=cell.spike_level,
            end_level=cell.spike_end_level,
            charge=cell.charge,
            t_max=cell.resolution.t_max or math.inf,
        )
        if circuit is None:
            return spike
        subcircuit = self._subcircuits.add("pulse_driver", ("spike", "pulse"), circuit_lines(circuit), {})
        node = self._nodes.take(f"{name}_pulse")
        self.lines.append(f"{self._elements.take(f'Xdriver_{name}')} {spike} {node} {subcircuit}")
        if t_pulse > 0:
            self.steps.append(t_pulse / _STEPS_PER_PULSE)
        return node

    def _delayed_pulse(self, source: str, delay: float) -> str:
        from neuromorph.schematic.pyspice import circuit_lines

        shortest = self._drivers[source].t_pulse / _RAMPS_PER_PULSE
        if source in self._cells:
            pulse = self.pulse(source)
            if not shortest:
                _, discharge = fastest_times(self._neurons[source])
                shortest = min(self._cells[source].resolution.t_max or delay, discharge / _RAMPS_PER_DISCHARGE)
        else:
            v_pulse = self._drivers[source].v_pulse
            high = f"v({self.line(source)})/({{{v_pulse!r}}})" if v_pulse else "0"
            pulse = self._made(
                ("pulse", source), f"{source}_pulse", lambda node: f"B{node} {node} 0 v={high} > 0.5 ? 1 : 0"
            )
        if pulse == "0":
            return pulse
        ramp = min(shortest, delay)
        self.steps.append(ramp)
        circuit = delay_circuit(delay, ramp, self.charge)
        name = self._subcircuits.add("delay_line", ("pulse", "out"), circuit_lines(circuit), {})
        return self._made(
            ("delayed pulse", source, delay), f"{source}_later", lambda node: f"X{node} {pulse} {node} {name}"
        )

    def _made(self, key: tuple[Any, ...], wanted: str, stated: Callable[[str], str]) -> str:
        """A node that is made once from others, by one element."""
        if key not in self._derived:
            node = self._derived[key] = self._nodes.take(wanted)
            name, _, rest = stated(node).partition(" ")
            self.lines.append(f"{self._elements.take(name)} {rest}")
        return self._derived[key]
