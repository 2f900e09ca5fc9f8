"""The SPICE road of a network: a plan as one circuit of subcircuits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neuromorph.networks.cells import Cell, Subcircuits
from neuromorph.networks.circuit_names import CircuitNames
from neuromorph.networks.crossbar_cells import crossbar_cell
from neuromorph.networks.drivers import delay_circuit, driver_circuit
from neuromorph.networks.plan import CrossbarPart, NeuronPart, Plan, SynapsePart
from neuromorph.networks.summing import CONVEYOR, LOW_PASS
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, StaticSynapse
from neuromorph.schematic.hierarchy import seen_from_outside
from neuromorph.schematic.options import Resolution
from neuromorph.schematic.ports import Port
from neuromorph.schematic.probes import Probe
from neuromorph.schematic.spike_signal import SpikeSignal

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic

__all__ = ["network_circuit"]

# Longest time step, as a share of what has to be seen.
_STEPS_PER_PULSE = 10
_STEPS_PER_TAU = 50


def network_circuit(plan: Plan, recorded: Sequence[str]) -> Schematic:
    """The circuit of a network.

    Parameters
    ----------
    plan : Plan
        The parts (SI units).
    recorded : sequence of str
        Neurons whose waveforms are recorded.

    Returns
    -------
    Schematic
        With a port for each drive, input and source of spikes, of its name; :func:`network_drives` gives their stimuli.

    Raises
    ------
    ValueError
        When a neuron has no circuit, or one that cannot stand in a network.

    Notes
    -----
    Neuron ``n`` is the instance ``Xn`` of a subcircuit that equal neurons share; its input node is ``n_in``, its spikes
    are ``n_spike``, its line ``n_line``. ``n_sum`` and ``n_inh`` are the virtual grounds of its summing circuits ``Xsum_n`` and
    ``Xinh_n``, which give it what excites it and draw what inhibits it.
    """
    return _Assembly(plan, recorded).schematic()


class _Assembly:
    """The lines of a network while its parts are read."""

    def __init__(self, plan: Plan, recorded: Sequence[str]) -> None:
        self.plan, self.recorded = plan, set(recorded)
        ports = [*plan.drivers, *(part.name for part in plan.current_sources)]
        self.nodes = CircuitNames(f"drive_{name}" for name in ports)
        self.elements = CircuitNames(
            word for name in ports for word in (f"Idrive_{name}", f"Vsense_{name}", f"Vdrive_{name}")
        )
        self.subcircuits = Subcircuits()
        self.parts = {part.name: part for part in plan.neurons}
        self.instances = {name: self.elements.take(f"X{name}") for name in self.parts}
        self.inputs = {name: self.nodes.take(f"{name}_in") for name in self.parts}
        self.spike_nodes = {name: self.nodes.take(f"{name}_spike") for name in self.parts}
        self.lines_of = {name: self.nodes.take(f"{name}_line") for name in plan.drivers}
        self.cells: dict[str, Cell] = {}
        self.pulses: dict[str, str] = {}
        self.currents: dict[str, list[str]] = {}
        self.sums: dict[tuple[str, bool], str] = {}
        self.derived: dict[tuple[Any, ...], str] = {}
        self.neuron_lines: list[str] = []
        self.line_lines: list[str] = []
        self.synapse_lines: list[str] = []
        self.sum_lines: list[str] = []
        self.initial: dict[str, float] = {}
        self.states: dict[str, Probe] = {}
        self.steps: list[float] = []
        self.charge = math.inf

    def schematic(self) -> Schematic:
        from neuromorph.schematic.circuit import Schematic

        plan = self.plan
        for part in plan.neurons:
            self._neuron(part)
        resolutions = [cell.resolution for cell in self.cells.values()]
        for synapse in plan.synapses:
            self._synapse(synapse)
        for injection in plan.injections:
            name = self.elements.take(f"F{injection.source}_to_{injection.target}")
            self.synapse_lines.append(
                f"{name} 0 {self.inputs[injection.target]} Vsense_{injection.source} {injection.gain!r}"
            )
        for crossbar in plan.crossbars:
            self._crossbar(crossbar)
        for name in self.parts:
            if name in self.recorded:
                self._line(name)
        circuit = Schematic(
            plan.title,
            ports=self._ports(),
            probes=self._probes(),
            initial=self.initial,
            spike_trains={name: self._spike_signal(name) for name in self.parts},
            states=self._states(),
            resolution=Resolution(
                t_max=min((*self.steps, *(r.t_max for r in resolutions if r.t_max)), default=None),
                reltol=min((r.reltol for r in resolutions if r.reltol), default=None),
                chgtol=min((r.chgtol for r in resolutions if r.chgtol), default=None),
            ),
            parameter_values={
                f"{name}.{key}": value
                for name, cell in self.cells.items()
                for key, value in cell.parameter_values.items()
            },
            verilog_a=self.subcircuits.verilog_a,
        )
        sections = {
            "neurons: input node, spikes": self.neuron_lines,
            "lines: pulses of the spikes": self.line_lines,
            "synapses": self.synapse_lines,
            "summing circuits": self.sum_lines,
        }
        text = self.subcircuits.text()
        for title, lines in sections.items():
            if lines:
                text += [f"* {title}", *lines]
        circuit.raw_spice += "\n".join(text)
        return circuit

    def _neuron(self, part: NeuronPart) -> None:
        cell = self.cells[part.name] = self.subcircuits.cell(part)
        outside = self._pins(part.name)
        nodes = " ".join(outside[pin] for pin in cell.pins)
        instance = self.instances[part.name]
        self.neuron_lines.append(f"{instance} {nodes} {cell.subcircuit}")
        for node, value in cell.initial.items():
            self.initial[seen_from_outside(f"v({node})", instance, outside)[2:-1]] = value
        self.charge = min(self.charge, cell.charge)

    def _pins(self, name: str) -> dict[str, str]:
        """Outer nodes of a neuron's pins."""
        cell = self.cells[name]
        found = {cell.pins[0]: self.inputs[name]}
        if cell.spike_node is not None:
            found.setdefault(cell.spike_node, self.spike_nodes[name])
        return found

    def _spike_signal(self, name: str) -> SpikeSignal | None:
        cell = self.cells[name]
        if cell.spike_node is None:
            return None
        return SpikeSignal(Probe(f"v({self._pins(name)[cell.spike_node]})"), cell.spike_level)

    def _pulse(self, name: str) -> str:
        """The node that is at 1 V while a neuron's pulse lasts."""
        if name in self.pulses:
            return self.pulses[name]
        cell, driver = self.cells[name], self.parts[name].driver
        if cell.spike_node is None:
            self.pulses[name] = "0"
            return "0"
        spike = self._pins(name)[cell.spike_node]
        circuit = driver_circuit(
            driver.t_pulse,
            is_logic=cell.is_logic,
            level=cell.spike_level,
            end_level=cell.spike_end_level,
            charge=cell.charge,
            t_max=cell.resolution.t_max or math.inf,
        )
        if circuit is None:
            self.pulses[name] = spike
            return spike
        from neuromorph.schematic.pyspice import circuit_lines

        subcircuit = self.subcircuits.add("pulse_driver", ("spike", "pulse"), circuit_lines(circuit), {})
        node = self.pulses[name] = self.nodes.take(f"{name}_pulse")
        self.line_lines.append(f"{self.elements.take(f'Xdriver_{name}')} {spike} {node} {subcircuit}")
        if driver.t_pulse > 0:
            self.steps.append(driver.t_pulse / _STEPS_PER_PULSE)
        return node

    def _line(self, source: str, delay: float = 0.0, *, inverted: bool = False) -> str:
        """The node of a neuron's or spike source's line [V]."""
        if inverted:
            straight = self._line(source, delay)
            return self._derived(
                ("inverted", source, delay), f"{source}_inverted", lambda node, name: f"E{name} {node} 0 0 {straight} 1"
            )
        if delay > 0:
            return self._delayed_line(source, delay)
        node = self.lines_of[source]
        if source in self.parts and ("line", source) not in self.derived:
            self.derived["line", source] = node
            pulse = self._pulse(source)
            self.line_lines.append(
                _pulsed(self.elements.take(f"Eline_{source}"), node, pulse, self.parts[source].driver.v_pulse)
            )
        return node

    def _delayed_line(self, source: str, delay: float) -> str:
        pulse = self._delayed_pulse(source, delay)
        voltage = self.plan.drivers[source].v_pulse
        return self._derived(
            ("delayed", source, delay),
            f"{source}_delayed",
            lambda node, name: _pulsed(f"E{name}", node, pulse, voltage),
        )

    def _delayed_pulse(self, source: str, delay: float) -> str:
        from neuromorph.schematic.pyspice import circuit_lines

        driver = self.plan.drivers[source]
        if source in self.parts:
            pulse, cell = self._pulse(source), self.cells[source]
            shortest = driver.t_pulse / _STEPS_PER_PULSE or cell.resolution.t_max or delay
        else:
            line, shortest = self._line(source), driver.t_pulse / _STEPS_PER_PULSE
            high = f"v({line})/({{{driver.v_pulse!r}}})" if driver.v_pulse else "0"
            pulse = self._derived(
                ("pulse", source), f"{source}_pulse", lambda node, name: f"B{name} {node} 0 v={high} > 0.5 ? 1 : 0"
            )
        if pulse == "0":
            return pulse
        ramp = min(shortest, delay)
        self.steps.append(ramp)
        circuit = delay_circuit(delay, ramp, self.charge)
        name = self.subcircuits.add("delay_line", ("pulse", "out"), circuit_lines(circuit), {})
        return self._derived(
            ("delayed pulse", source, delay),
            f"{source}_later",
            lambda node, element: f"X{element} {pulse} {node} {name}",
        )

    def _derived(self, key: tuple[Any, ...], wanted: str, stated: Any) -> str:
        """A node that is made once from others, by one element."""
        if key not in self.derived:
            node = self.derived[key] = self.nodes.take(wanted)
            text = stated(node, node)
            name, _, rest = text.partition(" ")
            self.line_lines.append(f"{self.elements.take(name)} {rest}")
        return self.derived[key]

    def _gain(self, target: str, inhibitory: bool) -> float:
        gain = self.parts[target].gain
        return -gain if inhibitory else gain

    def _sum(self, target: str, inhibitory: bool) -> str:
        """The virtual ground of a neuron's summing circuit."""
        key = (target, inhibitory)
        if key not in self.sums:
            word = "inh" if inhibitory else "sum"
            node = self.sums[key] = self.nodes.take(f"{target}_{word}")
            self._conveyor(f"X{word}_{target}", node, "0", target, inhibitory)
        return self.sums[key]

    def _conveyor(self, wanted: str, x: str, y: str, target: str, inhibitory: bool) -> None:
        self.subcircuits.add_fixed("conveyor", CONVEYOR)
        gain, instance = self._gain(target, inhibitory), self.elements.take(wanted)
        self.sum_lines.append(f"{instance} {x} {y} {self.inputs[target]} conveyor gain={gain!r}")
        self.currents.setdefault(target, []).append(f"{gain!r} * i(v.{instance}.vx)")

    def _synapse(self, part: SynapsePart) -> None:
        synapse = part.synapse
        label = f"{part.source}_to_{part.target}"
        if isinstance(synapse, StaticSynapse):
            if synapse.routing == "voltage":
                line = self._line(part.source, synapse.delay, inverted=synapse.inhibitory)
                end = self.inputs[part.target]
                self._resistor(label, line, end, synapse.conductance)
                self.currents.setdefault(part.target, []).append(f"{synapse.conductance!r} * v({line}, {end})")
            else:
                line = self._line(part.source, synapse.delay)
                self._resistor(label, line, self._sum(part.target, synapse.inhibitory), synapse.conductance)
        elif isinstance(synapse, LowPassSynapse):
            line = self._low_passed(part.source, synapse)
            self._resistor(label, line, self._sum(part.target, synapse.inhibitory), synapse.conductance)
        elif isinstance(synapse, MemristiveSynapse):
            self._memristor(part, synapse, label)
        else:
            raise ValueError(f"the synapse of edge {part.source!r} -> {part.target!r} has no circuit: {synapse!r}")

    def _resistor(self, label: str, plus: str, minus: str, conductance: float) -> None:
        if conductance > 0:
            self.synapse_lines.append(f"{self.elements.take(f'R{label}')} {plus} {minus} {1 / conductance!r}")

    def _low_passed(self, source: str, synapse: LowPassSynapse) -> str:
        line = self._line(source, synapse.delay)
        self.subcircuits.add_fixed("lowpass", LOW_PASS)
        self.steps.append(synapse.tau / _STEPS_PER_TAU)
        # The charge of a pulse is that of the membranes, so that one charge tolerance fits all.
        capacitance = self.charge / (abs(self.plan.drivers[source].v_pulse) or 1.0)
        values = f"r={synapse.tau / capacitance!r} c={capacitance!r}"
        return self._derived(
            ("low", source, synapse.delay, synapse.tau),
            f"{source}_low",
            lambda node, name: f"X{name} {line} {node} lowpass {values}",
        )

    def _memristor(self, part: SynapsePart, synapse: MemristiveSynapse, label: str) -> None:
        line = self._line(part.source, synapse.delay)
        if synapse.v_back:
            pulse = self._pulse(part.target)
            back = self._derived(
                ("back", part.target, synapse.v_back),
                f"{part.target}_back",
                lambda node, name: _pulsed(f"E{name}", node, pulse, synapse.v_back),
            )
            end = self.nodes.take(f"{label}_sum")
            self._conveyor(f"Xsum_{label}", end, back, part.target, synapse.inhibitory)
        else:
            end = self._sum(part.target, synapse.inhibitory)
        state = self.nodes.take(f"{label}_x")
        device = self.subcircuits.add_device(synapse.memristor)
        values = " ".join(f"{name}={value!r}" for name, value in synapse.memristor.values().items())
        self.synapse_lines.append(f"{self.elements.take(f'X{label}')} {line} {end} {state} {device} {values}")
        self.initial[state] = synapse.x0
        if part.target in self.recorded:
            self.states[f"{part.source}->{part.target}.x"] = Probe(f"v({state})", unit="")

    def _crossbar(self, part: CrossbarPart) -> None:
        cell = crossbar_cell(part, self.subcircuits)
        lines = {row.row: self._line(row.source, row.delay) for row in part.rows}
        sums = {column.column: self._sum(column.target, column.inhibitory) for column in part.columns}
        # What is not joined to anything is at 0 V.
        nodes = [*(lines.get(i, "0") for i in cell.rows), *(sums.get(j, "0") for j in cell.columns)]
        instance = self.elements.take(f"X{part.name}")
        self.synapse_lines += [f"* {part.name}: {len(cell.rows)} word lines, then {len(cell.columns)} bit lines"]
        self.synapse_lines += _continued([instance, *nodes, cell.subcircuit])
        targets = {column.column: column.target for column in part.columns}
        for (i, j), (node, x0) in cell.states.items():
            self.initial[f"{instance}.{node}"] = x0
            if i in lines and targets.get(j) in self.recorded:
                self.states[f"{part.name}[{i},{j}].x"] = Probe(f"v({instance}.{node})", unit="")

    def _ports(self) -> dict[str, Port]:
        ports = {part.name: Port(self.inputs[part.name]) for part in self.plan.neurons if part.drive is not None}
        # Its current goes to ground through the source that measures it, of which the neurons get copies.
        ports |= {part.name: Port("0") for part in self.plan.current_sources}
        spiking = "give the times of its spikes: network_drives(plan) states its pulses"
        ports |= {
            part.name: Port(self.lines_of[part.name], kind="voltage", undriven=spiking)
            for part in self.plan.spike_sources
        }
        return ports

    def _probes(self) -> dict[str, Probe]:
        found: dict[str, Probe] = {}
        for name, cell in self.cells.items():
            if name not in self.recorded:
                continue
            pins, instance = self._pins(name), self.instances[name]
            for signal, probe in cell.probes.items():
                outside = seen_from_outside(probe.expression, instance, pins)
                found[f"{name}.{signal}"] = Probe(outside, unit=probe.resolved_unit())
            current = " + ".join(self.currents.get(name, [f"0 * v({self.inputs[name]})"]))
            found[f"{name}.i_syn"] = Probe(current, unit="A")
            found[f"{name}.v_line"] = Probe(f"v({self.lines_of[name]})", unit="V")
        return found | self.states

    def _states(self) -> tuple[str, ...]:
        own = [f"{name}.{state}" for name in self.parts if name in self.recorded for state in self.cells[name].states]
        return (*own, *self.states)


def _pulsed(name: str, node: str, pulse: str, voltage: float) -> str:
    """A node at a voltage while a pulse lasts."""
    return f"{name} {node} 0 {pulse} 0 {voltage!r}"


def _continued(words: list[str], per_line: int = 16) -> list[str]:
    groups = [words[k : k + per_line] for k in range(0, len(words), per_line)]
    return [("+ " if k else "") + " ".join(group) for k, group in enumerate(groups)]
