"""A NIR graph as a network: leaky neurons, synapses from weights, charges from spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.networks.builders import join_through_crossbar
from neuromorph.networks.nir.membranes import neurons_of, shortest_time, values_of
from neuromorph.networks.nir.pathways import CELLS, FlatGraph, Pathway, flattened, kind_of, sanitized
from neuromorph.networks.nir.report import Findings, NirReport, nir_module
from neuromorph.networks.nir.units import NirUnits
from neuromorph.networks.synapses import LowPassSynapse, PulseDriver, StaticSynapse
from neuromorph.quantities import format_quantity
from neuromorph.stimulus import Constant, Stimulus

if TYPE_CHECKING:
    import networkx

__all__ = ["from_nir"]

# A pulse this much shorter than the fastest time constant is an impulse to it.
_SHORT = 100
_V_PULSE = 0.5


def from_nir(
    nir_graph: Any,
    *,
    v_unit: float,
    t_unit: float,
    r_unit: float,
    spike_area: float = 1.0,
    driver: PulseDriver | None = None,
    inputs: Mapping[str, Sequence[Any]] | None = None,
    through: str = "edges",
) -> tuple[networkx.DiGraph[str], NirReport]:
    """A network of circuits from a NIR graph.

    Parameters
    ----------
    nir_graph : nir.NIRGraph
        Of the nodes LIF, IF, CubaLIF, LI, Linear, Affine, Scale, Delay, Flatten, Input and Output; graphs inside it are unpacked.
    v_unit : float
        What a voltage of 1 is [V].
    t_unit : float
        What a time of 1 is [s].
    r_unit : float
        What a resistance of 1 is [ohm]. A current of 1 is then ``v_unit / r_unit``.
    spike_area : float
        What one spike integrates to, in NIR's unit of time (pure number): 1 for impulses, the time step where the simulator that the
        weights come from holds a spike for one step.
    driver : PulseDriver, optional
        The pulses that stand for spikes [V, s]; by default 0.5 V for a hundredth of the shortest time constant.
    inputs : mapping of str to sequence, optional
        For each Input node what its channels get: spike times [s], or a stimulus [A].
    through : {"edges", "crossbar"}
        Whether weights become synapses one by one, or crossbars: one for each sign.

    Returns
    -------
    graph : networkx.DiGraph
        For :func:`neuromorph.compose`; the neurons of a node ``lif`` are ``lif_0``, ``lif_1`` and so on.
    report : NirReport
        What is lost, and how the numbers were read (SI units).

    Raises
    ------
    ImportError
        When the package ``nir`` is not installed.
    ValueError
        When a node is of a kind that no circuit here stands for, sizes do not fit, a parameter cannot be that of a circuit, or the
        voltage of an LI drives others.

    Notes
    -----
    A spike of NIR is an impulse. Here it is a pulse of the voltage ``v_pulse`` for the time ``t_pulse`` across a conductance, so a
    weight becomes the conductance that passes the same charge: ``G = |weight| * v_unit / r_unit * t_unit * spike_area / (v_pulse *
    t_pulse)``. An impulse that takes a membrane beyond its threshold loses what is beyond. So that a pulse does too, neurons are
    refractory for `t_pulse`, and spikes go from neuron to neuron in that time at least.
    Source: J. E. Pedersen et al., "Neuromorphic intermediate representation: a unified instruction set for interoperable brain-inspired
    computing", Nature Communications 15 (2024).
    """
    nir_module()
    units = NirUnits(v_unit=v_unit, t_unit=t_unit, r_unit=r_unit, spike_area=spike_area)
    if through not in ("edges", "crossbar"):
        raise ValueError(f"through must be one of edges, crossbar, got {through!r}")
    flat = flattened(nir_graph)
    reading = _Reading(flat, units, _driver(flat, units, driver), dict(inputs or {}))
    return reading.graph(through), reading.findings.report()


def _driver(flat: FlatGraph, units: NirUnits, given: PulseDriver | None) -> PulseDriver:
    if given is not None:
        if not given.t_pulse > 0 or not given.v_pulse:
            raise ValueError(f"driver must have a pulse with a length and a height, got {given!r}")
        return given
    shortest = shortest_time(flat)
    if not shortest > 0:
        raise ValueError(
            "the graph has no time constant above 0 that says what a short pulse is: give driver=nm.PulseDriver(v_pulse=0.5, t_pulse=1e-6)"
        )
    return PulseDriver(v_pulse=_V_PULSE, t_pulse=shortest * units.t_unit / _SHORT)


@dataclass
class _Reading:
    """A network under way."""

    flat: FlatGraph
    units: NirUnits
    driver: PulseDriver
    inputs: dict[str, Sequence[Any]]
    findings: Findings = field(default_factory=Findings)

    def graph(self, through: str) -> networkx.DiGraph[str]:
        import networkx

        graph = networkx.DiGraph(name="nir")
        safe = sanitized(list(self.flat.nodes))
        cells = [name for name, node in self.flat.nodes.items() if kind_of(node) in CELLS]
        sources = [name for name, node in self.flat.nodes.items() if kind_of(node) == "Input"]
        for name in self.inputs:
            if name not in sources:
                raise ValueError(
                    f"inputs names {name!r}, which is no Input node; choices: {', '.join(sources) or 'none'}"
                )
        members = {name: [f"{safe[name]}_{k}" for k in range(self.flat.size(name))] for name in (*cells, *sources)}
        self._note(cells)
        for name in cells:
            for member, neuron in zip(
                members[name], neurons_of(self.flat, name, self.units, self.driver.t_pulse, self.findings), strict=True
            ):
                # Its line is high while it is reset, and no longer.
                graph.add_node(member, neuron=neuron, driver=self.driver.replace(t_pulse=0.0), population=safe[name])
        for name in sources:
            self._add_input(graph, name, members[name], safe[name])
        ways: dict[tuple[str, str], list[Pathway]] = {}
        for name in (*sources, *cells):
            for way in self.flat.pathways(name):
                ways.setdefault((way.source, way.target), []).append(way)
        for (source, target), parallel in ways.items():
            if kind_of(self.flat.nodes[target]) == "Output":
                self._read_out(source, target, parallel)
            elif kind_of(self.flat.nodes[source]) == "LI":
                _refuse_voltages(source, target, parallel)
            elif any("input" in graph.nodes[member] for member in members[source]):
                self._inject(graph, members[source], members[target], target, parallel)
            elif through == "edges" or kind_of(self.flat.nodes[target]) == "CubaLIF":
                self._connect(graph, members[source], members[target], target, parallel)
            else:
                self._join(graph, members[source], members[target], f"{safe[source]}_to_{safe[target]}", parallel)
        self._add_biases(graph, members)
        # A channel whose weights are all 0 reaches nobody.
        graph.remove_nodes_from([m for name in sources for m in members[name] if not graph.out_degree(m)])
        for column, name in enumerate((*sources, *cells)):
            for k, member in enumerate(members[name]):
                if member in graph:
                    graph.nodes[member]["pos"] = (float(column), float(-k))
        return graph

    def _note(self, cells: list[str]) -> None:
        if not cells:
            raise ValueError(f"the NIR graph has no neurons; known: {', '.join(CELLS)}")
        self.findings.notes.append(self.units.note())
        per_weight = self.units.charge / (abs(self.driver.v_pulse) * self.driver.t_pulse)
        self.findings.notes.append(
            f"a spike is a pulse of {format_quantity(self.driver.v_pulse, 'V')} for {format_quantity(self.driver.t_pulse, 's')}, so a "
            f"weight of 1 is a conductance of {format_quantity(per_weight, 'S')}"
        )
        self.findings.notes.append("membranes start at their leak voltage")
        firing = [name for name in cells if kind_of(self.flat.nodes[name]) != "LI"]
        if firing:
            self.findings.lose(
                ", ".join(map(repr, firing)),
                f"a neuron is reset for {format_quantity(self.driver.t_pulse, 's')}, not in no time, and loses what arrives until then",
            )

    def _add_input(self, graph: networkx.DiGraph[str], name: str, members: list[str], population: str) -> None:
        channels = self.inputs.get(name)
        if channels is None:
            self.findings.notes.append(
                f"input {name!r} is silent: give inputs={{{name!r}: [...]}}, spike times or a stimulus for each channel"
            )
            channels = [()] * len(members)
        if len(channels) != len(members):
            raise ValueError(f"inputs[{name!r}] has {len(channels)} entries for {len(members)} channels")
        if len({isinstance(channel, Stimulus) for channel in channels}) > 1:
            raise ValueError(f"inputs[{name!r}] must be spike times for all channels, or a stimulus for all")
        for member, channel in zip(members, channels, strict=True):
            if not isinstance(channel, Stimulus) and self._is_dense(name, channel):
                self.findings.lose(
                    repr(name),
                    f"spikes less than {format_quantity(self.driver.t_pulse, 's')} apart, whose pulses meet, bring the charge of the "
                    "time that both take",
                )
            given = {"input": channel} if isinstance(channel, Stimulus) else {"spikes": channel, "driver": self.driver}
            graph.add_node(member, **given, population=population)

    def _is_dense(self, name: str, times: Any) -> bool:
        """Whether pulses at some times [s] meet."""
        try:
            gaps = np.diff(np.sort(np.atleast_1d(np.asarray(times, dtype=float))))
        except (TypeError, ValueError):
            raise ValueError(f"inputs[{name!r}] must be spike times in s or stimuli, got {times!r}") from None
        # Rounding of the times is no loss.
        return bool((gaps < (1 - 1e-6) * self.driver.t_pulse).any())

    def _connect(
        self, graph: networkx.DiGraph[str], sources: list[str], targets: list[str], name: str, parallel: list[Pathway]
    ) -> None:
        way = _one_way(parallel)
        per_weight = self.units.charge / (self.driver.v_pulse * self.driver.t_pulse)
        gains = np.ones(len(targets))
        taus = None
        if kind_of(self.flat.nodes[name]) == "CubaLIF":
            gains, taus = values_of(self.flat, name, "w_in"), values_of(self.flat, name, "tau_syn") * self.units.t_unit
        for j, i in zip(*np.nonzero(way.weights), strict=True):
            conductance = float(way.weights[j, i] * gains[j] * per_weight)
            if not conductance:
                continue
            common: dict[str, Any] = {
                "conductance": abs(conductance),
                "inhibitory": conductance < 0,
                "delay": self._late(way, float(way.delays[j, i])),
            }
            synapse = StaticSynapse(**common) if taus is None else LowPassSynapse(tau=taus[j], **common)
            graph.add_edge(sources[i], targets[j], synapse=synapse)

    def _join(
        self, graph: networkx.DiGraph[str], sources: list[str], targets: list[str], name: str, parallel: list[Pathway]
    ) -> None:
        per_weight = self.units.charge / (self.driver.v_pulse * self.driver.t_pulse)
        for k, way in enumerate(parallel):
            if not way.weights.any():
                continue
            used = way.weights != 0
            low = np.min(way.delays, axis=0, where=used, initial=np.inf)
            high = np.max(way.delays, axis=0, where=used, initial=0.0)
            if (high > low).any():
                raise ValueError(
                    f"delays from {way.source!r} to {way.target!r} differ from target to target, and a row of a crossbar has one delay: give "
                    "through='edges'"
                )
            join_through_crossbar(
                graph,
                sources,
                targets,
                way.weights.T * per_weight,
                delay=[self._late(way, late) for late in np.where(used.any(axis=0), high, 0.0).tolist()],
                name=name if k == 0 else f"{name}_{k + 1}",
            )

    def _late(self, way: Pathway, delay: float) -> float:
        """Delay of a synapse [s]; between neurons at least the length of a pulse."""
        late, t_pulse = delay * self.units.t_unit, self.driver.t_pulse
        if kind_of(self.flat.nodes[way.source]) in CELLS and late < t_pulse:
            self.findings.lose(
                f"{way.source!r} -> {way.target!r}",
                f"a spike acts {format_quantity(t_pulse, 's')} late at least, when the neuron that it may come back to is ready again",
            )
            return t_pulse
        return late

    def _inject(
        self, graph: networkx.DiGraph[str], sources: list[str], targets: list[str], name: str, parallel: list[Pathway]
    ) -> None:
        weights = np.sum([way.weights for way in parallel], axis=0)
        if kind_of(self.flat.nodes[name]) == "CubaLIF":
            weights = weights * values_of(self.flat, name, "w_in")[:, None]
            self.findings.lose(repr(name), "currents of inputs and biases come without the low-pass of its synapses")
        if any((way.delays[way.weights != 0] != 0).any() for way in parallel):
            self.findings.lose(repr(name), "currents of inputs come without a delay")
        for j, i in zip(*np.nonzero(weights), strict=True):
            graph.add_edge(sources[i], targets[j], gain=float(weights[j, i]))

    def _add_biases(self, graph: networkx.DiGraph[str], members: dict[str, list[str]]) -> None:
        for bias in self.flat.biases():
            node = self.flat.nodes[bias.target]
            if kind_of(node) == "Output":
                self.findings.lose(
                    repr(bias.target), "a readout with weights: only spikes and waveforms of neurons are recorded"
                )
                continue
            values = bias.values * self.units.i_unit
            if kind_of(node) == "CubaLIF":
                values = values * values_of(self.flat, bias.target, "w_in")
                self.findings.lose(
                    repr(bias.target), "currents of inputs and biases come without the low-pass of its synapses"
                )
            for member, value in zip(members[bias.target], values, strict=True):
                before = graph.nodes[member].get("drive", Constant(value=0.0))
                if value:
                    graph.nodes[member]["drive"] = Constant(value=before.value + float(value))

    def _read_out(self, source: str, target: str, parallel: list[Pathway]) -> None:
        is_plain = all(
            np.array_equal(way.weights, np.eye(len(way.weights))) and not way.delays.any() for way in parallel
        )
        if is_plain:
            what = "voltage" if kind_of(self.flat.nodes[source]) == "LI" else "spikes"
            self.findings.notes.append(f"output {target!r} is the {what} of {source!r}")
        else:
            self.findings.lose(
                repr(target), "a readout with weights: only spikes and waveforms of neurons are recorded"
            )


def _refuse_voltages(source: str, target: str, parallel: list[Pathway]) -> None:
    """Refuse what NIR makes of the voltage of neurons that do not fire: a current into others, all the time."""
    if any(way.weights.any() for way in parallel):
        raise ValueError(
            f"the voltage of LI {source!r} drives {target!r}, and synapses here pass on spikes alone: give {source!r} a threshold "
            "(LIF), or let it end at an Output"
        )


def _one_way(parallel: list[Pathway]) -> Pathway:
    """Parallel ways as one: weights add up where delays are the same."""
    first, *others = parallel
    weights, delays = first.weights.copy(), np.array(first.delays)
    for way in others:
        both = (weights != 0) & (way.weights != 0)
        if (delays[both] != way.delays[both]).any():
            raise ValueError(
                f"{first.source!r} drives {first.target!r} on several ways with different delays, and one neuron has one synapse to "
                "another: give through='crossbar'"
            )
        delays = np.where(way.weights != 0, way.delays, delays)
        weights += way.weights
    return Pathway(first.source, first.target, weights, delays)
