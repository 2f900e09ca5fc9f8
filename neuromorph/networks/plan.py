"""A graph read and checked: the parts and connections from which both roads are made."""

from __future__ import annotations

import dataclasses
import math
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuromorph.crossbars import Crossbar
from neuromorph.devices import CurrentConveyor
from neuromorph.networks.pulse_lengths import refuse_pulses_of_no_length
from neuromorph.networks.synapses import LowPassSynapse, PulseDriver, Synapse
from neuromorph.neurons import DesignWarning, Neuron
from neuromorph.neurons.neuron import NeuronAtFidelity
from neuromorph.stimulus import Stimulus

if TYPE_CHECKING:
    import networkx

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DURATION = 20e-3
KINDS = ("neuron", "input", "spikes", "crossbar")
"""What a node may be: the attribute that it has."""
NETWORK_PARTS = ("driver", "conveyor")
"""Parts of a network's own that have more than one fidelity: what drives lines, and what sums currents."""
_BESIDE = {"neuron": ("drive", "driver", "gain", "conveyor"), "input": (), "spikes": ("driver",), "crossbar": ()}


@dataclass(frozen=True)
class NeuronPart:
    """A neuron of a network.

    Parameters
    ----------
    name : str
        Name of the node.
    neuron : Neuron or NeuronAtFidelity
        Its equations and circuit.
    drive : Stimulus or None
        Current into its input [A].
    driver : PulseDriver
        What its spikes put on its lines [V, s].
    gain : float
        Current gain of its summing circuit (pure number).
    conveyor : CurrentConveyor
        Of its summing circuits where these are not ideal.
    """

    name: str
    neuron: Neuron | NeuronAtFidelity
    drive: Stimulus | None
    driver: PulseDriver
    gain: float
    conveyor: CurrentConveyor = field(default_factory=CurrentConveyor)


@dataclass(frozen=True)
class SpikeSourcePart:
    """A line that pulses at given times [s]."""

    name: str
    times: tuple[float, ...]
    driver: PulseDriver


@dataclass(frozen=True)
class CurrentSourcePart:
    """An analog current [A] that may go to several neurons."""

    name: str
    stimulus: Stimulus


@dataclass(frozen=True)
class SynapsePart:
    """A synapse from a neuron or spike source to a neuron, by their names."""

    source: str
    target: str
    synapse: Synapse


@dataclass(frozen=True)
class InjectionPart:
    """An analog current times `gain` (pure number) into a neuron."""

    source: str
    target: str
    gain: float


@dataclass(frozen=True)
class Row:
    """Which line drives a word line of a crossbar, and how late [s]."""

    row: int
    source: str
    delay: float


@dataclass(frozen=True)
class Column:
    """Which neuron gets the current of a bit line, and with which sign."""

    column: int
    target: str
    inhibitory: bool


@dataclass(frozen=True)
class CrossbarPart:
    """A crossbar between neurons.

    Parameters
    ----------
    name : str
        Name of the node.
    crossbar : Crossbar
        Driven from the left, sensed at the bottom.
    rows : tuple of Row
        Word lines that are driven; the others are at 0 V.
    columns : tuple of Column
        Bit lines whose current goes to a neuron.
    """

    name: str
    crossbar: Crossbar
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Plan:
    """All parts and connections of a network, in the order of its graph.

    Parameters
    ----------
    title : str
        Name of the network.
    t_stop : float or None
        Length of a run, where the graph says it [s].
    neurons, spike_sources, current_sources, synapses, injections, crossbars : tuple
        The parts.
    hardware : frozenset of str
        Which of the network's own parts are real ones: ``"driver"``, ``"conveyor"``.
    """

    title: str
    t_stop: float | None
    neurons: tuple[NeuronPart, ...]
    spike_sources: tuple[SpikeSourcePart, ...]
    current_sources: tuple[CurrentSourcePart, ...]
    synapses: tuple[SynapsePart, ...]
    injections: tuple[InjectionPart, ...]
    crossbars: tuple[CrossbarPart, ...]
    hardware: frozenset[str] = frozenset()

    @property
    def duration(self) -> float:
        """How long a run is where nothing else is asked [s]: what the graph says, or 20 ms."""
        return _DURATION if self.t_stop is None else self.t_stop

    @property
    def drivers(self) -> dict[str, PulseDriver]:
        """What drives the lines, by the name of the neuron or spike source [V, s]."""
        own = {part.name: part.driver for part in self.neurons}
        return own | {part.name: part.driver for part in self.spike_sources}

    @property
    def outputs(self) -> dict[str, tuple[float, float]]:
        """Resistance [ohm] and time constant [s] behind each of the drivers: none behind an ideal one."""
        is_real = "driver" in self.hardware
        return {name: (d.r_out, d.lag) if is_real else (0.0, 0.0) for name, d in self.drivers.items()}

    @property
    def conveyors(self) -> dict[str, CurrentConveyor | None]:
        """What sums the currents of each neuron, by its name; ``None`` is an ideal one (SI units)."""
        is_real = "conveyor" in self.hardware
        return {part.name: part.conveyor if is_real else None for part in self.neurons}

    def driven_by(self, drives: Mapping[str, Stimulus]) -> Plan:
        """The same network with other currents into some neurons.

        Parameters
        ----------
        drives : mapping of str to Stimulus
            By name of the neuron [A].

        Returns
        -------
        Plan
            A copy.

        Raises
        ------
        ValueError
            When a name is not that of a neuron, or what it gets is no stimulus.
        """
        names = [part.name for part in self.neurons]
        for name, drive in drives.items():
            if name not in names:
                raise ValueError(f"{self.title!r} has no neuron {name!r} to drive; its neurons: {_listed(names)}")
            _checked_stimulus(f"the drive of neuron {name!r}", drive)
        changed = (
            dataclasses.replace(part, drive=drives[part.name]) if part.name in drives else part for part in self.neurons
        )
        return dataclasses.replace(self, neurons=tuple(changed))


def plan_of(graph: networkx.DiGraph[str]) -> Plan:
    """Read and check a graph.

    Parameters
    ----------
    graph : networkx.DiGraph
        Nodes with one of the attributes ``neuron``, ``input``, ``spikes``, ``crossbar``; edges with ``synapse``, ``gain``,
        ``row`` or ``column``, as their ends ask for (SI units).

    Returns
    -------
    Plan
        Its parts.

    Raises
    ------
    ValueError
        When it is not a directed graph, a name cannot stand in a circuit, an attribute is missing, unknown or not
        what it has to be, or a neuron's pulses have no length; the message names the node or edge.
    """
    _check_graph(graph)
    kinds = {name: _kind_of(name, attributes) for name, attributes in graph.nodes(data=True)}
    neurons, spike_sources, current_sources, crossbars = [], [], [], []
    for name, attributes in graph.nodes(data=True):
        match kinds[name]:
            case "neuron":
                neurons.append(_neuron(name, attributes))
            case "spikes":
                spike_sources.append(_spike_source(name, attributes))
            case "input":
                _checked_stimulus(f"input of node {name!r}", attributes["input"])
                current_sources.append(CurrentSourcePart(name, attributes["input"]))
            case _:
                crossbars.append(_crossbar(name, graph, kinds))
    if not neurons:
        raise ValueError("a network needs at least one node with the attribute neuron=, such as neuron=nm.LIF()")
    synapses, injections = [], []
    for source, target, attributes in graph.edges(data=True):
        edge = f"edge {source!r} -> {target!r}"
        pair = (kinds[source], kinds[target])
        if "crossbar" in pair:
            continue
        if kinds[target] != "neuron":
            raise ValueError(
                f"{edge} ends at a node with {kinds[target]}=, which nothing can drive: only neurons and crossbars"
            )
        if kinds[source] == "input":
            _refuse_others(edge, attributes, ("gain",))
            injections.append(
                InjectionPart(source, target, _number(f"gain of {edge}", attributes.get("gain", 1.0), ""))
            )
        else:
            synapses.append(_synapse(edge, source, target, attributes))
    plan = Plan(
        title=_title(graph.graph.get("name", "network")),
        t_stop=_t_stop(graph.graph.get("t_stop")),
        neurons=tuple(neurons),
        spike_sources=tuple(spike_sources),
        current_sources=tuple(current_sources),
        synapses=tuple(synapses),
        injections=tuple(injections),
        crossbars=tuple(crossbars),
    )
    refuse_pulses_of_no_length(plan)
    _warn_of_silent(plan, graph)
    return plan


def _check_graph(graph: Any) -> None:
    import networkx

    if not isinstance(graph, networkx.DiGraph) or graph.is_multigraph():
        what = f"a networkx.{type(graph).__name__}" if isinstance(graph, networkx.Graph) else repr(graph)
        raise ValueError(
            f"a network is a networkx.DiGraph, got {what}"
            + (
                "; two synapses between the same neurons: put a crossbar node between them"
                if isinstance(graph, networkx.MultiGraph)
                else ""
            )
        )
    seen: dict[str, str] = {}
    for name in graph.nodes:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"node name {name!r} cannot stand in a circuit: give a string of letters, digits and underscores that does not "
                "begin with a digit, such as 'n0' (networkx.relabel_nodes renames all)"
            )
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            raise ValueError(f"nodes {twin!r} and {name!r} differ in case only, which SPICE does not see: rename one")


def _kind_of(name: str, attributes: Mapping[str, Any]) -> str:
    found = [kind for kind in KINDS if kind in attributes]
    if not found:
        raise ValueError(
            f"node {name!r} has none of the attributes {', '.join(f'{kind}=' for kind in KINDS)}: say what it is, such as "
            f"graph.add_node({name!r}, neuron=nm.LIF())"
        )
    if len(found) > 1:
        raise ValueError(f"node {name!r} has {' and '.join(f'{kind}=' for kind in found)}: a node is one of them")
    _refuse_others(f"node {name!r} with {found[0]}=", attributes, (found[0], *_BESIDE[found[0]]))
    return found[0]


def _refuse_others(where: str, attributes: Mapping[str, Any], known: Iterable[str]) -> None:
    known = tuple(known)
    for attribute in attributes:
        # Coordinates and labels of a drawing do no harm.
        if attribute not in known and attribute not in ("pos", "label", "layer", "population"):
            raise ValueError(f"{where} has an attribute {attribute!r}; known: {', '.join(known) or 'none'}")


def _neuron(name: str, attributes: Mapping[str, Any]) -> NeuronPart:
    neuron = attributes["neuron"]
    if not isinstance(neuron, Neuron | NeuronAtFidelity):
        raise ValueError(f"neuron of node {name!r} must be a neuron, such as nm.LIF(), got {neuron!r}")
    drive = attributes.get("drive")
    if drive is not None:
        _checked_stimulus(f"drive of node {name!r}", drive)
    gain = _number(f"gain of node {name!r}", attributes.get("gain", 1.0), "")
    conveyor = attributes.get("conveyor", CurrentConveyor())
    if not isinstance(conveyor, CurrentConveyor):
        raise ValueError(
            f"conveyor of node {name!r} must be a CurrentConveyor, such as nm.CurrentConveyor(r_x=50.0), got {conveyor!r}"
        )
    return NeuronPart(name, neuron, drive, _driver(name, attributes.get("driver", PulseDriver())), gain, conveyor)


def _spike_source(name: str, attributes: Mapping[str, Any]) -> SpikeSourcePart:
    driver = _driver(name, attributes.get("driver"))
    if driver.t_pulse <= 0:
        raise ValueError(
            f"the driver of node {name!r} must say how long a pulse is: driver=nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6)"
        )
    try:
        times = np.sort(np.atleast_1d(np.asarray(attributes["spikes"], dtype=float)))
    except (TypeError, ValueError):
        raise ValueError(f"spikes of node {name!r} must be times in s, got {attributes['spikes']!r}") from None
    if times.ndim != 1 or not np.isfinite(times).all() or (times < 0).any():
        raise ValueError(f"spikes of node {name!r} must be finite times of at least 0 s, got {attributes['spikes']!r}")
    return SpikeSourcePart(name, tuple(times.tolist()), driver)


def _driver(name: str, driver: Any) -> PulseDriver:
    if not isinstance(driver, PulseDriver):
        raise ValueError(
            f"driver of node {name!r} must be a PulseDriver, such as nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6), got {driver!r}"
        )
    return driver


def _synapse(edge: str, source: str, target: str, attributes: Mapping[str, Any]) -> SynapsePart:
    _refuse_others(edge, attributes, ("synapse",))
    synapse = attributes.get("synapse")
    if not isinstance(synapse, Synapse):
        got = "nothing" if synapse is None else repr(synapse)
        raise ValueError(
            f"{edge} needs the attribute synapse=, such as synapse=nm.StaticSynapse(conductance=1e-3), got {got}"
        )
    if source == target and not (synapse.delay > 0 or isinstance(synapse, LowPassSynapse)):
        raise ValueError(
            f"{edge} joins a neuron to itself at once, while it discharges: give the synapse a delay, or take a LowPassSynapse"
        )
    return SynapsePart(source, target, synapse)


def _crossbar(name: str, graph: Any, kinds: Mapping[str, str]) -> CrossbarPart:
    crossbar = graph.nodes[name]["crossbar"]
    if not isinstance(crossbar, Crossbar):
        raise ValueError(f"crossbar of node {name!r} must be a nm.Crossbar, got {crossbar!r}")
    sides = {side: getattr(crossbar, side) for side in ("left", "right", "top", "bottom")}
    if sides != {"left": "driven", "right": "floating", "top": "floating", "bottom": "sensed"}:
        raise ValueError(
            f"crossbar {name!r} must be driven at the left and sensed at the bottom, its other ends floating, got {sides}"
        )
    m, n = crossbar.shape
    rows, columns = [], []
    for source, _, attributes in graph.in_edges(name, data=True):
        edge = f"edge {source!r} -> {name!r}"
        if kinds[source] not in ("neuron", "spikes"):
            raise ValueError(f"{edge}: a crossbar joins neurons or spikes to neurons, not {kinds[source]} to crossbar")
        _refuse_others(edge, attributes, ("row", "delay"))
        delay = _number(f"delay of {edge}", attributes.get("delay", 0.0), "s", low=0.0)
        rows.append(Row(_line(edge, attributes, "row", m), source, delay))
    for _, target, attributes in graph.out_edges(name, data=True):
        edge = f"edge {name!r} -> {target!r}"
        if kinds[target] != "neuron":
            raise ValueError(f"{edge}: a crossbar joins neurons or spikes to neurons, not crossbar to {kinds[target]}")
        _refuse_others(edge, attributes, ("column", "inhibitory"))
        inhibitory = attributes.get("inhibitory", False)
        if not isinstance(inhibitory, bool):
            raise ValueError(f"inhibitory of {edge} must be True or False, got {inhibitory!r}")
        columns.append(Column(_line(edge, attributes, "column", n), target, inhibitory))
    for what, lines in (("row", [r.row for r in rows]), ("column", [c.column for c in columns])):
        twice = sorted({line for line in lines if lines.count(line) > 1}) if len(set(lines)) < len(lines) else []
        if twice:
            raise ValueError(f"{what} {twice[0]} of crossbar {name!r} is joined twice: one edge for each {what}")
    if not rows or not columns:
        raise ValueError(
            f"crossbar {name!r} has no edge {'into a row' if not rows else 'out of a column'}: join it to neurons"
        )
    return CrossbarPart(name, crossbar, tuple(rows), tuple(columns))


def _line(edge: str, attributes: Mapping[str, Any], what: str, count: int) -> int:
    line = attributes.get(what)
    if isinstance(line, bool) or not isinstance(line, int | np.integer) or not 0 <= line < count:
        raise ValueError(f"{edge} needs the attribute {what}= from 0 to {count - 1}, got {line!r}")
    return int(line)


def _number(what: str, given: Any, unit: str, low: float = -math.inf) -> float:
    wanted = (
        f"{what} must be a finite number"
        + (f" in {unit}" if unit else "")
        + (f" of at least {low:g}" if low > -math.inf else "")
    )
    if isinstance(given, bool) or not isinstance(given, int | float | np.integer | np.floating):
        raise ValueError(f"{wanted}, got {given!r}")
    if not (math.isfinite(given) and given >= low):
        raise ValueError(f"{wanted}, got {given!r}")
    return float(given)


def _checked_stimulus(what: str, given: Any) -> None:
    if not isinstance(given, Stimulus):
        raise ValueError(f"{what} must be a Stimulus in A, such as nm.Constant(value=1e-3), got {given!r}")


def _title(name: Any) -> str:
    # networkx gives its own graphs names such as "gnp_random_graph(...)", or an empty one.
    return str(name) or "network"


def _t_stop(given: Any) -> float | None:
    if given is None:
        return None
    value = _number("t_stop of the graph", given, "s")
    if value <= 0:
        raise ValueError(f"t_stop of the graph must be a positive time in s, got {given!r}")
    return value


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _warn_of_silent(plan: Plan, graph: Any) -> None:
    silent = [part.name for part in plan.neurons if part.drive is None and not graph.in_degree(part.name)]
    if silent:
        warnings.warn(
            f"nothing drives {_listed(silent)}: give the node drive=, or an edge into it", DesignWarning, stacklevel=4
        )
