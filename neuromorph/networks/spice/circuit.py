"""The SPICE road of a network: a plan as one circuit of subcircuits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neuromorph.networks.plan import CrossbarPart, NeuronPart, Plan, SynapsePart
from neuromorph.networks.spice.cells import Subcircuits
from neuromorph.networks.spice.circuit_names import CircuitNames
from neuromorph.networks.spice.crossbar_cells import crossbar_cell
from neuromorph.networks.spice.pulse_lines import PulseLines
from neuromorph.networks.spice.summing import CONVEYOR
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, StaticSynapse
from neuromorph.schematic.hierarchy import seen_from_outside
from neuromorph.schematic.options import Resolution
from neuromorph.schematic.ports import Port
from neuromorph.schematic.probes import Probe
from neuromorph.schematic.raw_text import checked_raw_spice
from neuromorph.schematic.spike_signal import SpikeSignal

if TYPE_CHECKING:
    from neuromorph.schematic.circuit import Schematic

__all__ = ["network_circuit"]


_STEPS_PER_TIME_SCALE = 10
# Of a run whose length the graph does not say [s], and of a run at most.
_MOST_STEPS = 20_000


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
    are ``n_spike``, its line ``n_line``, behind a real driver ``n_line_out``. ``n_sum`` and ``n_inh`` are the virtual grounds of its summing circuits ``Xsum_n`` and
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
        self.conveyors = plan.conveyors
        self.instances = {name: self.elements.take(f"X{name}") for name in self.parts}
        self.inputs = {name: self.nodes.take(f"{name}_in") for name in self.parts}
        self.spike_nodes = {name: self.nodes.take(f"{name}_spike") for name in self.parts}
        self.cells = {part.name: self.subcircuits.cell(part) for part in plan.neurons}
        spikes = {name: self._spike_node(name) for name in self.parts}
        self.lines = PulseLines(plan, self.cells, spikes, self.nodes, self.elements, self.subcircuits)
        self.currents: dict[str, list[str]] = {}
        self.sums: dict[tuple[str, bool], str] = {}
        self.neuron_lines: list[str] = []
        self.synapse_lines: list[str] = []
        self.sum_lines: list[str] = []
        self.initial: dict[str, float] = {}
        self.states: dict[str, Probe] = {}
        self.steps: list[float] = []
        self.seen: set[tuple[int, float]] = set()

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
                self.lines.line(name)
        circuit = Schematic(
            plan.title,
            ports=self._ports(),
            probes=self._probes(),
            initial=self.initial,
            spike_trains={name: self._spike_signal(name) for name in self.parts},
            states=self._states(),
            resolution=Resolution(
                t_max=min((*self.steps, *self.lines.steps, *(r.t_max for r in resolutions if r.t_max)), default=None),
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
            "lines: pulses of the spikes": self.lines.lines,
            "synapses": self.synapse_lines,
            "summing circuits": self.sum_lines,
        }
        text = self.subcircuits.text()
        for title, lines in sections.items():
            if lines:
                text += [f"* {title}", *lines]
        circuit.raw_spice += "\n".join([*text, *self._unused_sources(text)])
        return circuit

    def _unused_sources(self, text: list[str]) -> list[str]:
        """Resistors at the lines of spike sources that reach nobody: a port needs a node."""
        words = {word for line in text for word in line.split()}
        nodes = {part.name: self.lines.nodes_of[part.name] for part in self.plan.spike_sources}
        return [
            f"{self.elements.take(f'Rrest_{name}')} {node} 0 1e6" for name, node in nodes.items() if node not in words
        ]

    def _neuron(self, part: NeuronPart) -> None:
        cell = self.cells[part.name]
        outside = self._pins(part.name)
        nodes = " ".join(outside[pin] for pin in cell.pins)
        instance = self.instances[part.name]
        self.neuron_lines.append(f"{instance} {nodes} {cell.subcircuit}")
        for node, value in cell.initial.items():
            self.initial[seen_from_outside(f"v({node})", instance, outside)[2:-1]] = value

    def _pins(self, name: str) -> dict[str, str]:
        """Outer nodes of a neuron's pins."""
        cell = self.cells[name]
        found = {cell.pins[0]: self.inputs[name]}
        if cell.spike_node is not None:
            found.setdefault(cell.spike_node, self.spike_nodes[name])
        return found

    def _spike_node(self, name: str) -> str | None:
        inner = self.cells[name].spike_node
        return None if inner is None else self._pins(name)[inner]

    def _spike_signal(self, name: str) -> SpikeSignal | None:
        node = self._spike_node(name)
        return None if node is None else SpikeSignal(Probe(f"v({node})"), self.cells[name].spike_level)

    def _output(self, source: str, delay: float) -> str:
        """The node of a line, which everybody who takes its pulses shares."""
        return self.lines.output(source, self.lines.line(source, delay))

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
        gain, instance, z = self._gain(target, inhibitory), self.elements.take(wanted), self.inputs[target]
        part = self.conveyors[target]
        if part is None:
            self.subcircuits.add_fixed("conveyor", CONVEYOR)
            self.sum_lines.append(f"{instance} {x} {y} {z} conveyor gain={gain!r}")
            current = f"{gain!r} * i(v.{instance}.vx)"
        else:
            part = dataclasses.replace(part, current_gain=gain * part.current_gain)
            self.subcircuits.add_fixed(part.subcircuit_name, tuple(checked_raw_spice(part.subcircuit())))
            values = " ".join(f"{name}={value!r}" for name, value in part.values().items())
            self.sum_lines.append(f"{instance} {x} {y} {z} {part.subcircuit_name} {values}")
            current = part.probed_current(instance, z)
        self.currents.setdefault(target, []).append(current)

    def _synapse(self, part: SynapsePart) -> None:
        synapse = part.synapse
        label = f"{part.source}_to_{part.target}"
        if isinstance(synapse, StaticSynapse):
            if synapse.routing == "voltage":
                # With an output of its own, since what others do to the line would reach the membrane.
                line = self.lines.line(part.source, synapse.delay, inverted=synapse.inhibitory)
                line = self.lines.output(part.source, line, label)
                end = self.inputs[part.target]
                self._resistor(label, line, end, synapse.conductance)
                self.currents.setdefault(part.target, []).append(f"{synapse.conductance!r} * v({line}, {end})")
            else:
                line = self._output(part.source, synapse.delay)
                self._resistor(label, line, self._sum(part.target, synapse.inhibitory), synapse.conductance)
        elif isinstance(synapse, LowPassSynapse):
            low_passed = self.lines.low_passed(part.source, synapse.delay, synapse.tau)
            line = self.lines.output(part.source, low_passed)
            self._resistor(label, line, self._sum(part.target, synapse.inhibitory), synapse.conductance)
        elif isinstance(synapse, MemristiveSynapse):
            self._memristor(part, synapse, label)
        else:
            raise ValueError(f"the synapse of edge {part.source!r} -> {part.target!r} has no circuit: {synapse!r}")

    def _resistor(self, label: str, plus: str, minus: str, conductance: float) -> None:
        if conductance > 0:
            self.synapse_lines.append(f"{self.elements.take(f'R{label}')} {plus} {minus} {1 / conductance!r}")

    def _memristor(self, part: SynapsePart, synapse: MemristiveSynapse, label: str) -> None:
        line = self.lines.output(part.source, self.lines.line(part.source, synapse.delay), label)
        if synapse.v_back or self.conveyors[part.target]:
            back = self.lines.back(part.target, synapse.v_back) if synapse.v_back else "0"
            end = self.nodes.take(f"{label}_sum")
            self._conveyor(f"Xsum_{label}", end, back, part.target, synapse.inhibitory)
        else:
            end = self._sum(part.target, synapse.inhibitory)
        state = self.nodes.take(f"{label}_x")
        device = self.subcircuits.add_device(synapse.memristor)
        self._see(synapse.memristor, abs(self.plan.drivers[part.source].v_pulse) + abs(synapse.v_back))
        values = " ".join(f"{name}={value!r}" for name, value in synapse.memristor.values().items())
        self.synapse_lines.append(f"{self.elements.take(f'X{label}')} {line} {end} {state} {device} {values}")
        self.initial[state] = synapse.x0
        if part.target in self.recorded:
            self.states[f"{part.source}->{part.target}.x"] = Probe(f"v({state})", unit="")

    def _see(self, model: Any, voltage: float) -> None:
        """Steps that resolve a memristor under a voltage [V], if it states a time."""
        import sympy

        if voltage == 0 or (id(model), voltage) in self.seen:
            return
        self.seen.add((id(model), voltage))
        scale = model.time_scale(sympy.Float(voltage))
        if scale is not None:
            values = {sympy.Symbol(name, real=True): value for name, value in model.values().items()}
            time = float(scale.xreplace(values))
            longest = self.plan.duration
            # Some models name times that few devices ever see; the engine's error control finds those.
            if math.isfinite(time) and time > 0:
                self.steps.append(max(time / _STEPS_PER_TIME_SCALE, longest / _MOST_STEPS))

    def _crossbar(self, part: CrossbarPart) -> None:
        cell = crossbar_cell(part, self.subcircuits)
        if cell.states:
            self._see(part.crossbar.devices.model, max(abs(self.plan.drivers[row.source].v_pulse) for row in part.rows))
        lines = {row.row: self._output(row.source, row.delay) for row in part.rows}
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
            part.name: Port(self.lines.nodes_of[part.name], kind="voltage", undriven=spiking)
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
            found[f"{name}.v_line"] = Probe(f"v({self.lines.nodes_of[name]})", unit="V")
        return found | self.states

    def _states(self) -> tuple[str, ...]:
        own = [f"{name}.{state}" for name in self.parts if name in self.recorded for state in self.cells[name].states]
        return (*own, *self.states)


def _continued(words: list[str], per_line: int = 16) -> list[str]:
    groups = [words[k : k + per_line] for k in range(0, len(words), per_line)]
    return [("+ " if k else "") + " ".join(group) for k, group in enumerate(groups)]
