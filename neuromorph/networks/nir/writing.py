"""A network as a NIR graph: leaky neurons, weights from the charges that pulses bring, delays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.networks.nir.cells import LeakyCell, leaky_cell
from neuromorph.networks.nir.report import Findings, NirReport, nir_module
from neuromorph.networks.nir.units import NirUnits
from neuromorph.networks.plan import CrossbarPart, Plan, SynapsePart, plan_of
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, PulseDriver, StaticSynapse
from neuromorph.quantities import format_quantity
from neuromorph.stimulus import Constant

if TYPE_CHECKING:
    import networkx

__all__ = ["to_nir"]

_SPIKES, _CURRENTS = "spikes", "currents"


def to_nir(
    graph: networkx.DiGraph[str],
    *,
    v_unit: float,
    t_unit: float,
    r_unit: float,
    spike_area: float = 1.0,
    memristive_state: float | None = None,
) -> tuple[Any, NirReport]:
    """A NIR graph of a network of circuits.

    Parameters
    ----------
    graph : networkx.DiGraph
        As :func:`neuromorph.compose` takes it, with neurons that are leaky integrators.
    v_unit : float
        What a voltage of 1 is to be [V].
    t_unit : float
        What a time of 1 is to be [s].
    r_unit : float
        What a resistance of 1 is to be [ohm]. A current of 1 is then ``v_unit / r_unit``.
    spike_area : float
        What one spike integrates to, in NIR's unit of time (pure number), as :func:`from_nir` has it.
    memristive_state : float, optional
        Memristive neurons are written as leaky ones with the leak that they have at this state, from 0 to 1 (pure number); without
        it they are refused.

    Returns
    -------
    nir_graph : nir.NIRGraph
        Neurons with impulses as ``lif``, those behind low-passes as ``cuba_lif``, those without a threshold as ``li``, each in the order of
        the graph; spike sources are the Input ``spikes``, currents that change the Input ``currents``.
    report : NirReport
        What is lost, and how the numbers were written (SI units).

    Raises
    ------
    ImportError
        When the package ``nir`` is not installed.
    ValueError
        When the graph is no network, or NIR has nothing near to a neuron.

    Notes
    -----
    A pulse becomes an impulse of the same charge: ``weight = G v_pulse (t_pulse + t_discharge) / (v_unit / r_unit * t_unit *
    spike_area)``, with the length of the discharge, during which the line is at ``v_pulse`` too.

    Examples
    --------
    >>> import neuromorph as nm
    >>> graph = nm.networks.chain(2, neuron=nm.LIF())
    >>> nir_graph, report = to_nir(graph, v_unit=1.0, t_unit=1e-3, r_unit=1e4)
    >>> nir_graph.nodes["lif"].tau.tolist()
    [1.0, 1.0]
    >>> report.lost[0]
    'n0, n1: the refractory time of 200 us'
    """
    nir_module()
    if memristive_state is not None and not 0 <= memristive_state <= 1:
        raise ValueError(f"memristive_state must be a number from 0 to 1, got {memristive_state!r}")
    units = NirUnits(v_unit=v_unit, t_unit=t_unit, r_unit=r_unit, spike_area=spike_area)
    writing = _Writing(plan_of(graph), units)
    return writing.graph(memristive_state), writing.findings.report()


@dataclass
class _Writing:
    """A NIR graph under way."""

    plan: Plan
    units: NirUnits
    findings: Findings = field(default_factory=Findings)
    groups: dict[str, list[str]] = field(default_factory=dict)
    place: dict[str, tuple[str, int]] = field(default_factory=dict)
    cells: dict[str, LeakyCell] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    taus: dict[str, float] = field(default_factory=dict)
    lengths: dict[str, float] = field(default_factory=dict)
    # Weights by source group, target group and delay.
    weights: dict[tuple[str, str, float], NDArray[np.float64]] = field(default_factory=dict)

    @cached_property
    def drivers(self) -> dict[str, PulseDriver]:
        return self.plan.drivers

    def graph(self, memristive_state: float | None) -> Any:
        nir = nir_module()
        self.findings.notes.append(self.units.note())
        for part in self.plan.neurons:
            self.cells[part.name] = leaky_cell(part, memristive_state, self.findings)
            self.gains[part.name] = part.gain
        self._group()
        for synapse in self.plan.synapses:
            self._add_synapse(synapse)
        for crossbar in self.plan.crossbars:
            self._add_crossbar(crossbar)
        nodes: dict[str, Any] = {}
        edges: list[tuple[str, str]] = []
        for group, names in self.groups.items():
            if group == _SPIKES:
                nodes[group] = nir.Input({"input": np.array([len(names)])})
            else:
                nodes[group] = self._node(group, [self.cells[name] for name in names])
        for (source, target, delay), weights in self.weights.items():
            name, k = f"{source}_to_{target}", 2
            while name in nodes:
                name, k = f"{source}_to_{target}_{k}", k + 1
            nodes[name] = nir.Linear(weight=weights)
            before = source
            if delay:
                before = f"{name}_delay"
                nodes[before] = nir.Delay(delay=np.full(weights.shape[1], delay / self.units.t_unit))
                edges.append((source, before))
            edges += [(before, name), (name, target)]
        self._add_currents(nodes, edges)
        for group in self.groups:
            if group != _SPIKES:
                nodes[f"{group}_output"] = nir.Output({"output": np.array([len(self.groups[group])])})
                edges.append((group, f"{group}_output"))
        return nir.NIRGraph(nodes=nodes, edges=edges, metadata=self._metadata())

    def _metadata(self) -> dict[str, float]:
        units = self.units
        return {"v_unit": units.v_unit, "t_unit": units.t_unit, "r_unit": units.r_unit, "spike_area": units.spike_area}

    def _group(self) -> None:
        """Which node of NIR each neuron belongs to: that of CubaLIF where one low-pass is before all its synapses."""
        into: dict[str, list[Any]] = {part.name: [] for part in self.plan.neurons}
        for part in self.plan.synapses:
            into[part.target].append(part.synapse)
        for crossbar in self.plan.crossbars:
            for column in crossbar.columns:
                into[column.target].append(None)
        for name, synapses in into.items():
            taus = {synapse.tau for synapse in synapses if isinstance(synapse, LowPassSynapse)}
            is_uniform = len(taus) == 1 and all(isinstance(synapse, LowPassSynapse) for synapse in synapses)
            group = "lif"
            if self.cells[name].v_th is None:
                group = "li"
            elif is_uniform:
                group, self.taus[name] = "cuba_lif", next(iter(taus))
            self.groups.setdefault(group, []).append(name)
        if self.plan.spike_sources:
            self.groups[_SPIKES] = [part.name for part in self.plan.spike_sources]
            for name in self.groups[_SPIKES]:
                self.findings.lose(name, "the spike times: NIR has inputs, not what comes in")
        for group, names in self.groups.items():
            for k, name in enumerate(names):
                self.place[name] = (group, k)

    def _node(self, group: str, cells: list[LeakyCell]) -> Any:
        nir, units = nir_module(), self.units

        def values(name: str, unit: float) -> NDArray[np.float64]:
            return np.array([getattr(cell, name) for cell in cells], dtype=float) / unit

        common = {"r": values("r_leak", units.r_unit), "v_leak": values("v_leak", units.v_unit)}
        if group == "li":
            return nir.LI(tau=values("tau", units.t_unit), **common)
        common |= {"v_threshold": values("v_th", units.v_unit), "v_reset": values("v_reset", units.v_unit)}
        if group == "lif":
            return nir.LIF(tau=values("tau", units.t_unit), **common)
        tau_syn = np.array([self.taus[name] for name in self.groups[group]]) / units.t_unit
        return nir.CubaLIF(tau_syn=tau_syn, tau_mem=values("tau", units.t_unit), **common)

    def _pulse_length(self, source: str) -> float:
        """How long the line of a neuron or source is high at one spike [s]."""
        if source not in self.lengths:
            length = self.drivers[source].t_pulse + (self.cells[source].t_discharge if source in self.cells else 0.0)
            self.lengths[source] = length
            self.findings.lose(
                source,
                f"a pulse of {format_quantity(length, 's')} becomes an impulse of the same charge, of which nothing is left after a "
                "reset; pulses that meet no longer merge",
            )
        return self.lengths[source]

    def _is_silent(self, source: str) -> bool:
        """Whether a source never fires: NIR would take weights behind it as currents that follow its voltage."""
        is_silent = source in self.cells and self.cells[source].v_th is None
        if is_silent:
            self.findings.lose(source, "its synapses onto others, which carry nothing: it has no threshold")
        return is_silent

    def _add_synapse(self, part: SynapsePart) -> None:
        synapse, edge = part.synapse, f"{part.source} -> {part.target}"
        if self._is_silent(part.source):
            return
        v_pulse = self.drivers[part.source].v_pulse
        gain = self.gains[part.target]
        if isinstance(synapse, MemristiveSynapse):
            current = float(synapse.memristor.current(v_pulse, synapse.x0))
            back = f" and v_back of {format_quantity(synapse.v_back, 'V')}" if synapse.v_back else ""
            self.findings.lose(edge, f"plasticity{back}: the memristor stays at the state {synapse.x0:g}")
        elif isinstance(synapse, StaticSynapse | LowPassSynapse):
            current = synapse.conductance * v_pulse
        else:
            raise ValueError(f"edge {edge}: NIR has no node for a {type(synapse).__name__}")
        if isinstance(synapse, StaticSynapse) and synapse.routing == "voltage":
            gain = 1.0
            self.findings.lose(edge, "the load and the driving force of a synapse routed as a voltage")
        if isinstance(synapse, LowPassSynapse) and part.target not in self.taus:
            self.findings.lose(
                edge,
                f"the low-pass of {format_quantity(synapse.tau, 's')}, since the neuron has synapses of another kind",
            )
        charge = current * gain * self._pulse_length(part.source) * (-1 if synapse.inhibitory else 1)
        self._add_weight(part.source, part.target, synapse.delay, charge)

    def _add_crossbar(self, part: CrossbarPart) -> None:
        v_pulses = np.zeros(part.crossbar.shape[0])
        for row in part.rows:
            v_pulses[row.row] = self.drivers[row.source].v_pulse
        # One row at a time: what its pulse alone brings to each column, wires included.
        currents = part.crossbar.solve(np.diag(v_pulses)).output_currents
        if not isinstance(part.crossbar.devices, np.ndarray):
            self.findings.lose(part.name, "plasticity: the memristors stay in their states")
        for row in part.rows:
            if self._is_silent(row.source):
                continue
            length = self._pulse_length(row.source)
            for column in part.columns:
                charge = float(currents[row.row, column.column]) * length * self.gains[column.target]
                self._add_weight(row.source, column.target, row.delay, -charge if column.inhibitory else charge)

    def _add_weight(self, source: str, target: str, delay: float, charge: float) -> None:
        (before, i), (after, j) = self.place[source], self.place[target]
        shape = (len(self.groups[after]), len(self.groups[before]))
        if (before, after, delay) not in self.weights:
            self.weights[before, after, delay] = np.zeros(shape)
        self.weights[before, after, delay][j, i] += charge / self.units.charge

    def _add_currents(self, nodes: dict[str, Any], edges: list[tuple[str, str]]) -> None:
        """Constant currents as biases, others as channels of an input."""
        nir = nir_module()
        channels: list[str] = []
        entries: list[tuple[str, str, float]] = []
        biases: dict[str, float] = {}
        sources = {part.name: part.stimulus for part in self.plan.current_sources}
        given = [(part.name, part.name, part.drive, 1.0) for part in self.plan.neurons if part.drive is not None]
        given += [(part.source, part.target, sources[part.source], part.gain) for part in self.plan.injections]
        for source, target, stimulus, gain in given:
            if isinstance(stimulus, Constant):
                biases[target] = biases.get(target, 0.0) + stimulus.value * gain / self.units.i_unit
                continue
            if source not in channels:
                channels.append(source)
                self.findings.lose(
                    source, f"the waveform of its current ({stimulus.describe('A')}): NIR has inputs, not what comes in"
                )
            entries.append((source, target, gain))
        is_empty = not nodes.keys() & {_SPIKES}
        if not channels and not biases and not is_empty:
            return
        # NIR wants an input even where nothing comes in.
        nodes[_CURRENTS] = nir.Input({"input": np.array([max(len(channels), 1)])})
        for group, names in self.groups.items():
            if group == _SPIKES:
                continue
            weight = np.zeros((len(names), max(len(channels), 1)))
            for source, target, gain in entries:
                if target in names:
                    weight[names.index(target), channels.index(source)] = gain
            bias = np.array([biases.get(name, 0.0) for name in names])
            if group == "cuba_lif" and (bias.any() or weight.any()):
                self.findings.lose(", ".join(names[:6]), "currents get the low-pass of the synapses")
            name = f"{_CURRENTS}_to_{group}"
            nodes[name] = nir.Affine(weight=weight, bias=bias)
            edges += [(_CURRENTS, name), (name, group)]
