"""What real drivers and conveyors do to what edges deliver, and what reaches a neuron without an edge."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from neuromorph.networks.equations import HardwareAssembly
from neuromorph.networks.plan import Plan
from neuromorph.validate.networks.lines import Edge, Lines

__all__ = ["HardwareCurrents"]


class HardwareCurrents:
    """Edges of a network as real drivers and conveyors pass them on, and all other synaptic currents, which are no edge's.

    Parameters
    ----------
    plan : Plan
        The parts; where the network's own are ideal, edges are what they are, and there are no other currents.
    edges : list of Edge
        As the graph has them (SI units).
    """

    def __init__(self, plan: Plan, edges: list[Edge]) -> None:
        self.edges = edges
        self._assembly: HardwareAssembly | None = None
        if not plan.hardware:
            return
        self._assembly = HardwareAssembly(plan)
        self._assembly.read()
        self.edges = [self._behind_hardware(self._assembly, edge) for edge in edges]
        self._leaks = {name: self._leak(self._assembly, name) for name in self._assembly.conveyors}

    @staticmethod
    def _behind_hardware(assembly: HardwareAssembly, edge: Edge) -> Edge:
        r_out, conveyor = assembly.outputs[edge.source][0], assembly.conveyors[edge.target]
        lag, slow = assembly.delayed(assembly.lags_of(edge.source, edge.target, edge.routing == "current"))
        changed = dataclasses.replace(edge, lag=lag, slow=tuple(slow))
        if edge.routing == "voltage":
            assert edge.conductance is not None
            return dataclasses.replace(changed, conductance=edge.conductance / (1 + r_out * edge.conductance))
        if edge.memristor is None and (edge.source, edge.delay, edge.tau) in assembly.driven:
            passed = assembly.passed(edge.source, edge.delay, edge.tau, edge.target, edge.inhibitory)
            changed = dataclasses.replace(changed, conductance=passed)
        if conveyor is None:
            return dataclasses.replace(changed, resistance=r_out)
        return dataclasses.replace(
            changed,
            resistance=r_out + conveyor.r_x,
            v_offset=conveyor.v_offset,
            factor=edge.factor * conveyor.current_gain,
        )

    def _leak(self, assembly: HardwareAssembly, target: str) -> float:
        """Conductance of the conveyors' outputs at the input of a neuron [S]."""
        through = sum(
            edge.conductance or 0.0 for edge in self.edges if edge.target == target and edge.routing == "voltage"
        )
        return assembly.loads.get(assembly.index[target], (0.0, 0.0))[0] - through

    def others(self, target: str, lines: Lines) -> Any:
        """Synaptic current that no edge of a neuron brings [A]: offsets, leaks, pulses of others through shared resistances.

        Parameters
        ----------
        target : str
            The neuron.
        lines : Lines
            Of the road.

        Returns
        -------
        ndarray, shape (n_samples,)
            Current into the neuron [A].
        """
        assembly, found = self._assembly, np.zeros(len(lines.time))
        if assembly is None:
            return found
        j, sources, keys = assembly.index[target], list(assembly.index), list(assembly.lines)
        found += assembly.offsets.get(j, 0.0)
        if abs(self._leaks[target]) > 0:
            found -= self._leaks[target] * lines.input_voltage(target)
        own = {
            (edge.source, edge.delay + edge.lag, bool(edge.tau or edge.slow))
            for edge in self.edges
            if edge.target == target
        }
        filters = list(assembly.filters)
        entries = [
            (int(line), (), float(current)) for line, k, current in _entries(assembly.static.coupling()) if k == j
        ] + [
            (int(line), (filters[k][1],), float(current))
            for line, k, current in _entries(assembly.filtered.coupling())
            if filters[k][0] == j
        ]
        for line, taus, current in entries:
            source, delay = sources[keys[line][0]], keys[line][1]
            if (source, delay, bool(taus)) not in own and lines.knows_line(source):
                active, _, edges = lines.activity(source, delay)
                found += current * lines.low_passed(active, edges, taus)
        return found


def _entries(coupling: Any) -> Any:
    return zip(coupling.lines, coupling.targets, coupling.currents, strict=True)
