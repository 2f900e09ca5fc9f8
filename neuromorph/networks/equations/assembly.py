"""The equations' road of a network: a plan as one hybrid system of neurons, lines and synapses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.behaviour.generate import statement_of
from neuromorph.crossbars import Crossbar, DeviceArray
from neuromorph.networks.equations.loaded_neurons import with_synapses
from neuromorph.networks.plan import CrossbarPart, Plan, SynapsePart
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, StaticSynapse
from neuromorph.stimulus import Stimulus
from neuromorph.systems import HybridSystem
from neuromorph.systems.network import LOAD, LOAD_CAPACITANCE, Coupling, DeviceGroup, HybridNetwork, NeuronGroup

# A solution keeps the voltages of all nodes; of so many vectors' together, some hundred megabytes.
_NODES_AT_ONCE = 2_000_000


def network_equations(plan: Plan, recorded: Sequence[str]) -> HybridNetwork:
    """The hybrid system of a network.

    Parameters
    ----------
    plan : Plan
        The parts (SI units).
    recorded : sequence of str
        Neurons whose waveforms are recorded.

    Returns
    -------
    HybridNetwork
        What the solver takes.

    Raises
    ------
    ValueError
        When a neuron has noise or no input current, or a crossbar of memristors has wires with a resistance.
    """
    if plan.hardware:
        from neuromorph.networks.equations.hardware import HardwareAssembly

        return HardwareAssembly(plan).network(recorded)
    return Assembly(plan).network(recorded)


@dataclass
class _Entries:
    """A coupling under way."""

    lines: list[NDArray[np.int64]] = field(default_factory=list)
    targets: list[NDArray[np.int64]] = field(default_factory=list)
    currents: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, lines: Any, targets: Any, currents: Any) -> None:
        for known, new in ((self.lines, lines), (self.targets, targets), (self.currents, currents)):
            known.append(np.atleast_1d(new))

    def coupling(self) -> Coupling:
        return Coupling(
            lines=_joined(self.lines, np.int64),
            targets=_joined(self.targets, np.int64),
            currents=_joined(self.currents, np.float64),
        )


@dataclass
class _Device:
    """One memristor between a line and a virtual ground."""

    name: str
    values: Sequence[float]
    x0: float
    line: int
    back_line: int
    target: int
    v_line: float
    v_back: float
    factor: float
    resistance: float = 0.0
    v_offset: float = 0.0


class Assembly:
    """The pieces of a network's statement while its synapses are read; of one whose own parts are ideal."""

    capacitive = False
    """Whether what loads a neuron has a capacitance."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.drivers = plan.drivers
        self.index = {name: j for j, name in enumerate(self.drivers)}
        self.lines: dict[tuple[int, float], int] = {}
        self.static, self.filtered = _Entries(), _Entries()
        self.filters: dict[tuple[int, float], int] = {}
        self.loads: dict[int, tuple[float, float]] = {}
        self.devices: dict[Any, tuple[Any, list[_Device]]] = {}

    def read(self) -> None:
        """Go through all synapses and crossbars: after it, lines, currents, low-passes and loads are known (SI units)."""
        for part in self.plan.synapses:
            self._synapse(part)
        for crossbar in self.plan.crossbars:
            self._crossbar(crossbar)
        self._finish()

    def network(self, recorded: Sequence[str]) -> HybridNetwork:
        """The statement (SI units); ``recorded`` names the neurons whose waveforms are recorded."""
        plan = self.plan
        self.read()
        for name in recorded:
            self._line(name, 0.0)
        stimuli, inputs = self._inputs()
        groups = tuple(self._groups())
        names = list(self.index)
        voltages = [self.drivers[names[source]].v_pulse for source, _ in self.lines]
        return HybridNetwork(
            name=plan.title,
            neurons=tuple(part.name for part in plan.neurons),
            groups=groups,
            stimuli=stimuli,
            inputs=inputs,
            line_sources=np.array([source for source, _ in self.lines], dtype=np.int64),
            line_delays=np.array([delay for _, delay in self.lines], dtype=float),
            line_voltages=np.array(voltages, dtype=float),
            t_pulse=np.array([self.drivers[name].t_pulse for name in self.index]),
            spike_times=tuple(np.array(part.times) for part in plan.spike_sources),
            static=self.static.coupling(),
            filter_targets=np.array([target for target, _ in self.filters], dtype=np.int64),
            filter_taus=np.array([tau for _, tau in self.filters], dtype=float),
            filtered=self.filtered.coupling(),
            devices=tuple(_device_group(model, devices) for model, devices in self.devices.values()),
            recorded=tuple(self.index[name] for name in recorded),
        )

    def _finish(self) -> None:
        """What can be said once all synapses are known."""

    def _add_load(self, target: str, conductance: float, capacitance: float = 0.0) -> None:
        """Load the input node of a neuron with a conductance [S] and a capacitance [F]."""
        known = self.loads.get(self.index[target], (0.0, 0.0))
        self.loads[self.index[target]] = (known[0] + conductance, known[1] + capacitance)

    def _line(self, source: str, delay: float) -> int:
        return self.lines.setdefault((self.index[source], delay), len(self.lines))

    def _gain(self, target: str) -> float:
        return self.plan.neurons[self.index[target]].gain

    def _synapse(self, part: SynapsePart) -> None:
        synapse, target = part.synapse, self.index[part.target]
        v_line = self.drivers[part.source].v_pulse
        line = self._line(part.source, synapse.delay)
        factor = self._gain(part.target) * (-1.0 if synapse.inhibitory else 1.0)
        if isinstance(synapse, StaticSynapse):
            if synapse.routing == "voltage":
                self._add_load(part.target, synapse.conductance)
                factor = -1.0 if synapse.inhibitory else 1.0
            self.static.add(line, target, factor * synapse.conductance * v_line)
        elif isinstance(synapse, LowPassSynapse):
            low_pass = self.filters.setdefault((target, synapse.tau), len(self.filters))
            self.filtered.add(line, low_pass, factor * synapse.conductance * v_line)
        elif isinstance(synapse, MemristiveSynapse):
            self._memristor_between(part, synapse, 0.0, 0.0, factor)
        else:
            raise ValueError(
                f"the synapse of edge {part.source!r} -> {part.target!r} has no equations in a network: {synapse!r}"
            )

    def _memristor_between(
        self,
        part: SynapsePart,
        synapse: MemristiveSynapse,
        later: float,
        back_later: float,
        factor: float,
        *,
        resistance: float = 0.0,
        v_offset: float = 0.0,
    ) -> None:
        """Add a memristive synapse whose pulses, and those of its target, come later [s]; behind a resistance [ohm], against an offset [V]."""
        self._device(
            synapse.memristor,
            _Device(
                name=f"{part.source}->{part.target}",
                values=list(synapse.memristor.values().values()),
                x0=synapse.x0,
                line=self._line(part.source, synapse.delay + later),
                back_line=self._line(part.target, back_later) if synapse.v_back else -1,
                target=self.index[part.target],
                v_line=self.drivers[part.source].v_pulse,
                v_back=synapse.v_back,
                factor=factor,
                resistance=resistance,
                v_offset=v_offset,
            ),
        )

    def _device(self, model: Any, device: _Device) -> None:
        key = (type(model), tuple(model.choices().items()))
        self.devices.setdefault(key, (model, []))[1].append(device)

    def _crossbar(self, part: CrossbarPart) -> None:
        crossbar: Crossbar = part.crossbar
        rows = np.array([row.row for row in part.rows])
        columns = np.array([column.column for column in part.columns])
        lines = np.array([self._line(row.source, row.delay) for row in part.rows])
        v_lines = np.array([self.drivers[row.source].v_pulse for row in part.rows])
        targets = np.array([self.index[column.target] for column in part.columns])
        factors = np.array([self._gain(c.target) * (-1.0 if c.inhibitory else 1.0) for c in part.columns])
        if isinstance(crossbar.devices, DeviceArray):
            conductances = self._memristors(part, rows, columns, lines, v_lines, targets, factors)
        else:
            conductances = transfer_conductances(crossbar, rows)[:, columns]
        currents = conductances * v_lines[:, None] * factors
        self.static.add(
            np.repeat(lines, len(columns)), np.tile(targets, len(rows)), np.ascontiguousarray(currents).ravel()
        )

    def _memristors(
        self, part: CrossbarPart, rows: Any, columns: Any, lines: Any, v_lines: Any, targets: Any, factors: Any
    ) -> NDArray[np.float64]:
        """Add the devices that work; the conductances of the others [S]."""
        array: DeviceArray = part.crossbar.devices
        wires = part.crossbar.wires
        if any((wires.r_word, wires.r_bit, wires.r_driver, wires.r_sense)):
            raise ValueError(
                f"crossbar {part.name!r} has memristors and wires with a resistance, which networks do not solve: set r_word, "
                "r_bit, r_driver and r_sense to 0, or give the conductances of the devices instead"
            )
        model = array.model
        stuck = np.zeros((len(rows), len(columns)))
        values = [np.broadcast_to(array.variations.get(n, v), array.shape) for n, v in model.values().items()]
        for a, i in enumerate(rows):
            for b, j in enumerate(columns):
                if array.is_stuck[i, j]:
                    stuck[a, b] = array.stuck[i, j]  # type: ignore[index]
                    continue
                self._device(
                    model,
                    _Device(
                        name=f"{part.name}[{i},{j}]",
                        values=[float(v[i, j]) for v in values],
                        x0=float(array.states[i, j]),
                        line=int(lines[a]),
                        back_line=-1,
                        target=int(targets[b]),
                        v_line=float(v_lines[a]),
                        v_back=0.0,
                        factor=float(factors[b]),
                    ),
                )
        return stuck

    def _inputs(self) -> tuple[tuple[Stimulus, ...], Coupling]:
        """Analog currents, each once, and who gets which share."""
        stimuli: dict[int, tuple[int, Stimulus]] = {}
        known: list[Stimulus] = []
        shares = _Entries()

        def number_of(stimulus: Stimulus) -> int:
            # Neurons often share one object; equal ones that are not the same are few.
            if id(stimulus) not in stimuli:
                stimuli[id(stimulus)] = (len(known), stimulus)
                known.append(stimulus)
            return stimuli[id(stimulus)][0]

        for part in self.plan.neurons:
            if part.drive is not None:
                shares.add(number_of(part.drive), self.index[part.name], 1.0)
        sources = {part.name: part.stimulus for part in self.plan.current_sources}
        for injection in self.plan.injections:
            shares.add(number_of(sources[injection.source]), self.index[injection.target], injection.gain)
        return tuple(known), shares.coupling()

    def _groups(self) -> Iterator[NeuronGroup]:
        """Neurons by what their equations and steps say, values apart."""
        groups: dict[Any, tuple[HybridSystem, list[int], list[Any], list[Any]]] = {}
        systems: dict[int, HybridSystem] = {}
        keys: dict[tuple[int, bool], Any] = {}
        for j, part in enumerate(self.plan.neurons):
            load, capacitance = self.loads.get(j, (0.0, 0.0))
            loaded = j in self.loads
            # Asking sympy the same of a thousand equal neurons would take minutes.
            same = (id(part.neuron), loaded)
            if same not in keys:
                systems[id(part.neuron)] = part.neuron.dynamics()
                system = with_synapses(part, systems[id(part.neuron)], loaded, self.capacitive)
                key = _kind_of(system)
                groups.setdefault(key, (system, [], [], []))
                keys[same] = (key, system)
            key, system = keys[same]
            values = list(system.parameters.values())
            for name, value in ((LOAD, load), (LOAD_CAPACITANCE, capacitance)):
                if name in system.parameters:
                    values[list(system.parameters).index(name)] = value
            _, members, parameters, initial = groups[key]
            members.append(j)
            parameters.append(values)
            initial.append([state.initial for state in system.states.values()])
        for system, members, parameters, initial in groups.values():
            yield NeuronGroup(
                system=system,
                members=np.array(members, dtype=np.int64),
                parameters=np.array(parameters, dtype=float).reshape(len(members), -1),
                initial=np.array(initial, dtype=float),
            )


def _kind_of(system: HybridSystem) -> tuple[Any, ...]:
    """What neurons must have in common to be followed by one kernel with one choice of steps."""
    time_scales = tuple(mode.time_scale for mode in system.modes.values())
    return statement_of(system), system.stiff, time_scales, tuple(system.scales().values())


def transfer_conductances(crossbar: Crossbar, rows: Any) -> NDArray[np.float64]:
    """What one volt on each of some word lines drives into the sensed bit lines, the other word lines at 0 V.

    Parameters
    ----------
    crossbar : Crossbar
        Linear, driven at the left and sensed at the bottom.
    rows : ndarray of int, shape (k,)
        Word lines.

    Returns
    -------
    ndarray, shape (k, n)
        Conductances, wires included [S].
    """
    wires = crossbar.wires
    if not any((wires.r_word, wires.r_bit, wires.r_driver, wires.r_sense)):
        return np.asarray(crossbar.conductances[rows], dtype=float)
    m, n = crossbar.shape
    at_once = max(1, _NODES_AT_ONCE // (2 * m * n))
    parts = []
    for first in range(0, len(rows), at_once):
        chosen = rows[first : first + at_once]
        volts = np.zeros((len(chosen), m))
        volts[np.arange(len(chosen)), chosen] = 1.0
        parts.append(crossbar.solve(volts).output_currents)
    return np.concatenate(parts)


def _device_group(model: Any, devices: list[_Device]) -> DeviceGroup:
    def numbers(attribute: str, dtype: Any) -> Any:
        return np.array([getattr(device, attribute) for device in devices], dtype=dtype)

    return DeviceGroup(
        model=model,
        names=tuple(device.name for device in devices),
        parameters=numbers("values", float).reshape(len(devices), -1),
        initial=numbers("x0", float),
        lines=numbers("line", np.int64),
        back_lines=numbers("back_line", np.int64),
        targets=numbers("target", np.int64),
        v_lines=numbers("v_line", float),
        v_backs=numbers("v_back", float),
        factors=numbers("factor", float),
        resistances=numbers("resistance", float),
        v_offsets=numbers("v_offset", float),
    )


def _joined(arrays: list[Any], dtype: Any) -> Any:
    return np.concatenate(arrays).astype(dtype) if arrays else np.empty(0, dtype=dtype)
