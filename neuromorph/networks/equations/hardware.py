"""The equations' road of a network with real drivers or summing circuits: what their resistances, lags and offsets change."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neuromorph.crossbars import DeviceArray
from neuromorph.devices import CurrentConveyor
from neuromorph.networks.equations.assembly import Assembly
from neuromorph.networks.equations.linear_paths import LinearPaths
from neuromorph.networks.plan import CrossbarPart, Plan, SynapsePart
from neuromorph.networks.pulse_lengths import fastest_times
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, StaticSynapse
from neuromorph.systems.network import HybridNetwork

__all__ = ["HardwareAssembly", "partial_fractions"]

# A lag up to this share of what has to be seen is a delay: behind a low-pass of a lag a pulse brings the same charge that much later.
_LAG_SHARE = 1 / 20
# The same of the time in which a neuron charges: one that is driven hard fires several times in it, the first time during the edge.
_LAG_SHARE_OF_CHARGING = 1 / 50
# The same of an edge at a memristor, whose state does not move in proportion to the voltage: charge is not all that counts.
_LAG_SHARE_OF_EDGES = 1 / 200
# Pulses of drivers that add nothing to the discharge count as so long [s].
_SHORTEST_PULSE = 1e-6
# Time constants that are nearer to each other than this share are taken so far apart: partial fractions need different ones.
_APART = 1e-4


class HardwareAssembly(Assembly):
    """The pieces of a network's statement where its own parts are real.

    Every conductance between a line and the input of a summing circuit is a part of one network of resistors, whose terminals are the
    outputs of drivers and the inputs of conveyors. It is linear, so what a line adds to a neuron is still a number. A memristor has an
    output and a conveyor of its own, so their resistances are in series with it alone.
    """

    capacitive = True

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.outputs, self.conveyors = plan.outputs, plan.conveyors
        self.paths = LinearPaths()
        self.driven: dict[tuple[str, float, float], int] = {}
        self.summed: dict[tuple[str, bool], int] = {}
        self.lines_behind: dict[CurrentConveyor | None, NDArray[np.int64]] = {}
        self.currents = np.empty((0, 0))
        self.offsets: dict[int, float] = {}
        pulses = [max(driver.t_pulse, _SHORTEST_PULSE) for driver in self.drivers.values()]
        taus = [p.synapse.tau for p in plan.synapses if isinstance(p.synapse, LowPassSynapse)]
        charging = {id(part.neuron): part.neuron for part in plan.neurons}
        self.longest_edge = _LAG_SHARE_OF_EDGES * min(pulses)
        self.longest_delay = min(
            _LAG_SHARE * min([*pulses, *taus]),
            _LAG_SHARE_OF_CHARGING * min(fastest_times(neuron)[0] for neuron in charging.values()),
        )

    def network(self, recorded: Sequence[str]) -> HybridNetwork:
        """The statement (SI units), with a line that is always active for what flows at rest."""
        for name in recorded:
            self._line(name, 0.0)
        found = super().network(recorded)
        if not self.offsets:
            return found
        always = len(found.line_sources)
        return dataclasses.replace(
            found,
            line_sources=np.append(found.line_sources, len(found.t_pulse)),
            line_delays=np.append(found.line_delays, 0.0),
            line_voltages=np.append(found.line_voltages, 1.0),
            t_pulse=np.append(found.t_pulse, math.inf),
            spike_times=(*found.spike_times, np.zeros(1)),
            static=found.static.joined(
                np.full(len(self.offsets), always), np.array([*self.offsets]), np.array([*self.offsets.values()])
            ),
        )

    def _synapse(self, part: SynapsePart) -> None:
        synapse, target = part.synapse, part.target
        if isinstance(synapse, MemristiveSynapse):
            self._memristive_synapse(part, synapse)
        elif isinstance(synapse, StaticSynapse) and synapse.routing == "voltage":
            conductance = synapse.conductance / (1 + self.outputs[part.source][0] * synapse.conductance)
            self._add_load(target, conductance)
            current = (-1.0 if synapse.inhibitory else 1.0) * conductance * self.drivers[part.source].v_pulse
            self._deliver(part.source, synapse.delay, target, current, self.lags_of(part.source, target, False))
        elif isinstance(synapse, StaticSynapse | LowPassSynapse):
            tau = synapse.tau if isinstance(synapse, LowPassSynapse) else 0.0
            source = self._output(part.source, synapse.delay, tau)
            self.paths.join(source, self._input(target, synapse.inhibitory), synapse.conductance)
        else:
            super()._synapse(part)

    def _memristive_synapse(self, part: SynapsePart, synapse: MemristiveSynapse) -> None:
        target = self.index[part.target]
        conveyor, resistance, v_offset = self.conveyors[part.target], self.outputs[part.source][0], 0.0
        # The far end follows the target's own driver.
        ends = [part.source, part.target] if synapse.v_back else [part.source]
        limits = [(self.outputs[end][1], min(self.longest_edge, self.longest_delay)) for end in ends]
        limits += [] if conveyor is None else [(conveyor.time_constant, self.longest_delay)]
        for lag, longest in limits:
            if lag > longest:
                raise ValueError(
                    f"the driver or conveyor of edge {part.source!r} -> {part.target!r} takes {lag:.3g} s to follow, which the equations "
                    f"of a memristive synapse do not have: at most {longest:.3g} s beside these pulses and neurons, or make it ideal"
                )
        delay, back_delay = (sum(self.lags_of(end, part.target)) for end in (part.source, part.target))
        factor = self._gain(part.target) * (-1.0 if synapse.inhibitory else 1.0)
        if conveyor is not None:
            factor *= conveyor.current_gain
            resistance += conveyor.r_x
            v_offset = conveyor.v_offset
            self._add_offset(target, factor * conveyor.i_bias)
            self._add_conveyor(part.target)
        self._memristor_between(part, synapse, delay, back_delay, factor, resistance=resistance, v_offset=v_offset)

    def _crossbar(self, part: CrossbarPart) -> None:
        crossbar = part.crossbar
        sources = {row.source for row in part.rows}
        if isinstance(crossbar.devices, DeviceArray):
            is_real = any(any(self.outputs[source]) for source in sources)
            if is_real or any(self.conveyors[column.target] for column in part.columns):
                raise ValueError(
                    f"crossbar {part.name!r} has memristors behind drivers and before conveyors with a resistance, which the equations of "
                    "networks do not solve: leave 'driver' and 'conveyor' out of fidelity={...}, or give the conductances of the devices instead"
                )
            super()._crossbar(part)
            return
        rows = {row.row: self._output(row.source, row.delay, 0.0) for row in part.rows}
        columns = {column.column: self._input(column.target, column.inhibitory) for column in part.columns}
        self.paths.join_crossbar(crossbar, rows, columns)

    def _output(self, source: str, delay: float, tau: float) -> int:
        """The output of a driver, which all who take its pulses at one time share."""
        key = (source, delay, tau)
        if key not in self.driven:
            self.driven[key] = self.paths.terminal(self.outputs[source][0])
        return self.driven[key]

    def _input(self, target: str, inhibitory: bool) -> int:
        """The input of a neuron's summing circuit."""
        key, conveyor = (target, inhibitory), self.conveyors[target]
        if key not in self.summed:
            self.summed[key] = self.paths.terminal(0.0 if conveyor is None else conveyor.r_x)
            if conveyor is not None:
                self._add_conveyor(target)
        return self.summed[key]

    def _add_conveyor(self, target: str) -> None:
        conveyor = self.conveyors[target]
        assert conveyor is not None
        self._add_load(target, 1 / conveyor.r_z, conveyor.c_z)

    def _add_offset(self, target: int, current: float) -> None:
        if current:
            self.offsets[target] = self.offsets.get(target, 0.0) + current

    def _finish(self) -> None:
        """Solve the network of resistors, once all synapses are known."""
        currents = self.currents = self.paths.currents()
        v_offsets = np.zeros(len(currents))
        for (target, _), k in self.summed.items():
            conveyor = self.conveyors[target]
            v_offsets[k] = 0.0 if conveyor is None else conveyor.v_offset
        at_rest = currents @ v_offsets
        v_pulses = np.array([self.drivers[source].v_pulse for source, _, _ in self.driven])
        keys = list(self.driven)
        places = np.array([*self.driven.values()], dtype=np.int64)
        for (target, inhibitory), k in self.summed.items():
            conveyor, factor = self.conveyors[target], self._gain(target) * (-1.0 if inhibitory else 1.0)
            if conveyor is not None:
                factor *= conveyor.current_gain
                self._add_offset(self.index[target], factor * (conveyor.i_bias - at_rest[k]))
            given = -factor * currents[k, places] * v_pulses
            lines = self._lines_to(target)
            plain = (lines >= 0) & (given != 0)
            self.static.add(lines[plain], np.full(np.count_nonzero(plain), self.index[target]), given[plain])
            for j in np.flatnonzero((lines < 0) & (given != 0)).tolist():
                source, delay, tau = keys[j]
                self._deliver(source, delay, target, float(given[j]), self.lags_of(source, target), tau)

    def _lines_to(self, target: str) -> NDArray[np.int64]:
        """The line of each driven output as it acts on a neuron, or -1 where a low-pass is on its way."""
        conveyor = self.conveyors[target]
        if conveyor not in self.lines_behind:
            found = []
            for source, delay, tau in self.driven:
                later, slow = self.delayed(self.lags_of(source, target))
                found.append(-1 if tau or slow else self._line(source, delay + later))
            self.lines_behind[conveyor] = np.array(found, dtype=np.int64)
        return self.lines_behind[conveyor]

    def passed(self, source: str, delay: float, tau: float, target: str, inhibitory: bool) -> float:
        """What one volt of a line, once all is read, drives into the summing circuit of a neuron through conductances [S]."""
        return -float(self.currents[self.summed[target, inhibitory], self.driven[source, delay, tau]])

    def lags_of(self, source: str, target: str, through_conveyor: bool = True) -> list[float]:
        """Time constants between a pulse and the current that it brings to a neuron [s]."""
        conveyor = self.conveyors[target] if through_conveyor else None
        return [self.outputs[source][1], *([] if conveyor is None else [conveyor.time_constant])]

    def delayed(self, lags: Sequence[float]) -> tuple[float, list[float]]:
        """The delay that short lags are [s], and the lags that are none [s]."""
        return sum(lag for lag in lags if lag <= self.longest_delay), [lag for lag in lags if lag > self.longest_delay]

    def _deliver(
        self, source: str, delay: float, target: str, current: float, lags: Sequence[float], tau: float = 0.0
    ) -> None:
        """Give a neuron a current [A] while a line is active, later and behind low-passes."""
        later, slow = self.delayed(lags)
        line, j = self._line(source, delay + later), self.index[target]
        poles = partial_fractions([tau, *slow] if tau else slow)
        if not poles:
            self.static.add(line, j, current)
        for pole, share in poles:
            low_pass = self.filters.setdefault((j, pole), len(self.filters))
            self.filtered.add(line, low_pass, share * current)


def partial_fractions(taus: Sequence[float]) -> list[tuple[float, float]]:
    """Low-passes in series as ones side by side: time constant [s] and share of each."""
    apart: list[float] = []
    for tau in sorted(taus):
        apart.append(max(tau, apart[-1] * (1 + _APART)) if apart else tau)
    return [(tau, math.prod(tau / (tau - other) for other in apart if other != tau)) for tau in apart]
