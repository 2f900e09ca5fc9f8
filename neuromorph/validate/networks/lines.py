"""What each edge of a network should deliver, from the pulses that a road recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuromorph.crossbars import DeviceArray
from neuromorph.networks.equations import partial_fractions, transfer_conductances
from neuromorph.networks.plan import CrossbarPart, NeuronPart, Plan, SynapsePart
from neuromorph.networks.synapses import LowPassSynapse, MemristiveSynapse, StaticSynapse
from neuromorph.recording import Recording

# Around an edge of a pulse that is not sampled where it acts, this share of the shortest pulse does not count.
_BLUR = 0.005
# After so many time constants an edge that takes time is over, to a part in a thousand.
_LAGS = 7.0
# Times that differ by less than this share of it are the same, but for rounding.
_SAME = 1e-4
# Digits of a memristor's own voltage, in bits.
_HALVINGS = 50
# Exponents of a low-pass are kept below this, so that they do not overflow.
_LARGEST_EXPONENT = 300.0


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One synapse, or one device of a crossbar.

    Parameters
    ----------
    name : str
        ``a->b``, or ``crossbar[i,j] (a->b)``.
    source, target : str
        Neuron or spike source before it, neuron behind it.
    delay : float
        From the line of the source to the synapse [s].
    factor : float
        Gain and sign on the way into the neuron (pure number).
    inhibitory : bool
        Whether that sign is negative but for the gain's own.
    conductance : float or None
        As the graph has it, or as real parts pass it on [S]; ``None`` for a memristor.
    routing : {"current", "voltage"}
        Where it ends.
    tau : float
        Time constant of its low-pass [s]; 0 s without one.
    memristor : MemristorModel or None
        The device, where it is one.
    state : str
        The signal of its state.
    v_back : float
        Voltage of its far end while the target fires [V].
    lag : float
        By how much drivers and conveyors that are real ones delay it [s].
    slow : tuple of float
        Time constants of those that do more than that [s].
    resistance, v_offset : float
        In series with a memristor [ohm], and what its far end is held at besides [V].
    """

    name: str
    source: str
    target: str
    delay: float
    factor: float
    inhibitory: bool = False
    conductance: float | None = None
    routing: str = "current"
    tau: float = 0.0
    memristor: Any = None
    state: str = ""
    v_back: float = 0.0
    lag: float = 0.0
    slow: tuple[float, ...] = ()
    resistance: float = 0.0
    v_offset: float = 0.0


def edges_of(plan: Plan) -> list[Edge]:
    """All edges of a plan that conduct, those of crossbars device by device (SI units)."""
    parts = {part.name: part for part in plan.neurons}
    edges = [_synapse(part, parts[part.target]) for part in plan.synapses]
    for crossbar in plan.crossbars:
        edges += _devices(crossbar, parts)
    return [edge for edge in edges if edge.memristor is not None or edge.conductance]


def _synapse(part: SynapsePart, target: NeuronPart) -> Edge:
    synapse = part.synapse
    sign = -1.0 if synapse.inhibitory else 1.0
    named: dict[str, Any] = {"name": f"{part.source}->{part.target}", "source": part.source, "target": part.target}
    named["inhibitory"] = synapse.inhibitory
    if isinstance(synapse, MemristiveSynapse):
        return Edge(
            **named,
            delay=synapse.delay,
            factor=sign * target.gain,
            memristor=synapse.memristor,
            state=f"{part.source}->{part.target}.x",
            v_back=synapse.v_back,
        )
    if isinstance(synapse, LowPassSynapse):
        tau, routing = synapse.tau, "current"
    elif isinstance(synapse, StaticSynapse):
        tau, routing = 0.0, synapse.routing
    else:
        raise ValueError(f"the synapse of edge {part.source!r} -> {part.target!r} cannot be compared: {synapse!r}")
    return Edge(
        **named,
        delay=synapse.delay,
        factor=sign * (1.0 if routing == "voltage" else target.gain),
        conductance=synapse.conductance,
        routing=routing,
        tau=tau,
    )


def _devices(part: CrossbarPart, parts: dict[str, NeuronPart]) -> Iterator[Edge]:
    devices = part.crossbar.devices
    is_memristive = isinstance(devices, DeviceArray)
    conductances = (
        None if is_memristive else transfer_conductances(part.crossbar, np.array([row.row for row in part.rows]))
    )
    for k, row in enumerate(part.rows):
        for column in part.columns:
            name = f"{part.name}[{row.row},{column.column}]"
            common = Edge(
                name=f"{name} ({row.source}->{column.target})",
                source=row.source,
                target=column.target,
                delay=row.delay,
                factor=(-1.0 if column.inhibitory else 1.0) * parts[column.target].gain,
                inhibitory=column.inhibitory,
            )
            if conductances is not None:
                yield dataclasses.replace(common, conductance=float(conductances[k, column.column]))
            elif devices.is_stuck[row.row, column.column]:
                yield dataclasses.replace(common, conductance=float(devices.stuck[row.row, column.column]))
            else:
                values = {
                    n: float(np.broadcast_to(v, devices.shape)[row.row, column.column])
                    for n, v in devices.variations.items()
                }
                model = dataclasses.replace(devices.model, **values)
                yield dataclasses.replace(common, memristor=model, state=f"{name}.x")


@dataclass(frozen=True)
class Delivered:
    """What an edge delivers on one road if it is as in the graph.

    Parameters
    ----------
    current : ndarray, shape (n_samples,)
        Into the neuron [A].
    counts : ndarray of bool, shape (n_samples,)
        Samples that are far enough from an edge of a pulse.
    conductance : float
        As in the graph, or of a memristor the mean while a voltage is across it [S].
    pulses : int
        How many pulses there were.
    """

    current: Any
    counts: Any
    conductance: float
    pulses: int


class Lines:
    """The lines of a network on one road.

    Parameters
    ----------
    plan : Plan
        The parts.
    recording : Recording
        Of the road.
    """

    def __init__(self, plan: Plan, recording: Recording) -> None:
        self.plan, self.recording = plan, recording
        self.time = recording.time
        self._activity: dict[tuple[str, float, float], tuple[Any, Any, Any]] = {}
        self._inputs: dict[str, Any] = {}
        self._sources = {part.name: part for part in plan.spike_sources}
        self._neurons = {part.name: part for part in plan.neurons}

    def knows(self, edge: Edge) -> bool:
        """Whether all is recorded that an edge needs."""
        needed = [f"{edge.target}.i_syn", *([edge.state] if edge.state else [])]
        return self.knows_line(edge.source) and all(name in self.recording for name in needed)

    def knows_line(self, source: str) -> bool:
        """Whether the pulses of a neuron or source of spikes are known."""
        return source in self._sources or f"{source}.v_line" in self.recording

    def activity(self, source: str, delay: float = 0.0, lag: float = 0.0) -> tuple[Any, Any, Any]:
        """Whether a source's line is active, from 0 to 1, which samples are certain, and the times of its edges [s]."""
        key = (source, delay, lag)
        if key not in self._activity:
            self._activity[key] = self._found(source, delay, lag)
        return self._activity[key]

    def _found(self, source: str, delay: float, lag: float) -> tuple[Any, Any, Any]:
        time, everywhere = self.time, np.ones(len(self.time), dtype=bool)
        if source in self._sources:
            part = self._sources[source]
            edges = _edges_of_pulses(np.array(part.times), part.driver.t_pulse)
        else:
            voltage = self.plan.drivers[source].v_pulse
            sampled = self.recording[f"{source}.v_line"] / voltage if voltage else np.zeros(len(time))
            edges = _crossings(time, sampled)
            if delay == 0 and lag == 0:
                return sampled, everywhere, edges
        edges = edges + delay + lag
        active, certain = _pulses(edges, time, _LAGS * lag)
        return active, certain, edges

    def delivered(self, edge: Edge) -> Delivered:
        """What an edge delivers on this road if it is as in the graph (SI units)."""
        active, counts, edges = self.activity(edge.source, edge.delay, edge.lag)
        voltage = self.plan.drivers[edge.source].v_pulse
        pulses = (len(edges) + 1) // 2
        if edge.memristor is not None:
            v = voltage * active
            if edge.v_back:
                back, certain, _ = self.activity(edge.target, lag=edge.lag)
                v, counts = v - edge.v_back * back, counts & certain
            current = _current_behind(edge, v - edge.v_offset, np.clip(self.recording[edge.state], 0.0, 1.0))
            weights = time_weights(self.time)
            square = float(np.sum(weights * v * v))
            mean = float(np.sum(weights * current * v)) / square if square else 0.0
            return Delivered(edge.factor * current, counts, mean, pulses)
        assert edge.conductance is not None
        if edge.routing == "voltage":
            pulses_there = self.low_passed(active, edges, edge.slow)
            current = edge.conductance * (edge.factor * voltage * pulses_there - self.input_voltage(edge.target))
        else:
            taus = (edge.tau, *edge.slow) if edge.tau else edge.slow
            current = edge.factor * edge.conductance * voltage * self.low_passed(active, edges, taus)
        return Delivered(current, counts, edge.conductance, pulses)

    def low_passed(self, active: Any, edges: Any, taus: Sequence[float]) -> Any:
        """Pulses, from 0 to 1, with edges at these times [s] behind low-passes of these time constants [s], shape (n_samples,)."""
        if not taus:
            return active
        return sum(share * _low_passed(self.time, edges, tau) for tau, share in partial_fractions(taus))

    def input_voltage(self, name: str) -> Any:
        """Voltage of the node at which a neuron's input current enters, shape (n_samples,) [V]."""
        if name not in self._inputs:
            import sympy

            from neuromorph.systems.hybrid import canonical

            system = self._neurons[name].neuron.dynamics()
            (current,) = system.inputs
            # The power that enters through the input is its voltage times its current.
            power = canonical(system.outputs["p_in"].in_mode(next(iter(system.modes))))
            symbols = sympy.diff(power, sympy.Symbol(current, real=True))
            symbols = symbols.xreplace({sympy.Symbol(n, real=True): v for n, v in system.parameters.items()})
            names = sorted(symbol.name for symbol in symbols.free_symbols)
            function = sympy.lambdify([sympy.Symbol(n, real=True) for n in names], symbols, "numpy")
            values = function(*(self.recording[f"{name}.{n}"] for n in names))
            self._inputs[name] = np.broadcast_to(values, self.time.shape)
        return self._inputs[name]


def time_weights(time: Any) -> Any:
    """How much time each sample stands for, shape (n_samples,) [s]."""
    steps = np.diff(time)
    weights = np.zeros(len(time))
    weights[:-1] += 0.5 * steps
    weights[1:] += 0.5 * steps
    return weights


def _edges_of_pulses(times: Any, length: float) -> Any:
    """Begins and ends of pulses in turn, those that overlap as one [s]."""
    if not len(times):
        return np.empty(0)
    new = np.concatenate([[True], np.diff(times) > length])
    last = np.concatenate([new[1:], [True]])
    return np.column_stack([times[new], times[last] + length]).ravel()


def _crossings(time: Any, active: Any) -> Any:
    """Times at which a line passes half its pulse [s]."""
    above = active > 0.5
    before = np.flatnonzero(above[1:] != above[:-1])
    low, high = active[before], active[before + 1]
    crossings = time[before] + (0.5 - low) / (high - low) * (time[before + 1] - time[before])
    # A pulse that begins with the run has a begin too, so that begins and ends take turns.
    return np.concatenate([time[:1], crossings]) if len(above) and above[0] else crossings


def _current_behind(edge: Edge, v: Any, x: Any) -> Any:
    """Current of a memristor [A] and what is in series with it, by halving the interval of its own voltage."""
    if edge.resistance == 0:
        return edge.memristor.current(v, x)
    low, high = np.minimum(v, 0.0), np.maximum(v, 0.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = middle + edge.resistance * edge.memristor.current(middle, x) > v
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return edge.memristor.current(0.5 * (low + high), x)


def _pulses(edges: Any, time: Any, least: float) -> tuple[Any, Any]:
    """Whether a line is active, 0 or 1, and which samples are certain although a pulse's edges are known only so well."""
    active = (np.searchsorted(edges, time, side="right") % 2).astype(float)
    if not len(edges):
        return active, np.ones(len(time), dtype=bool)
    shortest = float(np.min(np.diff(edges)[::2], initial=np.inf))
    blur = _BLUR * shortest if np.isfinite(shortest) else 0.0
    nearest = _nearest(edges, time)
    certain = np.abs(time - edges[nearest]) > max(blur, least)
    # Equal times mark a jump: the first of them is before the edge, the last behind it. A pulse within one step has no others.
    again = np.concatenate([[False], np.diff(time) == 0, [False]])
    exact = np.abs(time - edges[nearest]) <= _SAME * blur
    firsts = again[1:] & ~again[:-1] & exact
    lasts = again[:-1] & ~again[1:] & exact
    active[firsts] = nearest[firsts] % 2
    active[lasts] = 1 - nearest[lasts] % 2
    return active, certain | firsts | lasts


def _nearest(edges: Any, time: Any) -> Any:
    """The number of the edge that is nearest to each time."""
    after = np.clip(np.searchsorted(edges, time), 0, len(edges) - 1)
    before = np.clip(after - 1, 0, len(edges) - 1)
    return np.where(np.abs(time - edges[before]) < np.abs(time - edges[after]), before, after)


def _low_passed(time: Any, edges: Any, tau: float) -> Any:
    """Pulses behind ``tau dy/dt = pulse - y``, from 0, shape (n_samples,)."""
    instants = np.unique(np.concatenate([time, edges[edges < time[-1]]]))
    pulse = (np.searchsorted(edges, instants[:-1], side="right") % 2).astype(float)
    steps = np.diff(instants) / tau
    given = -np.expm1(-steps) * pulse
    result = np.zeros(len(instants))
    start = 0
    while start < len(steps):
        passed = np.cumsum(steps[start:])
        end = start + max(1, int(np.searchsorted(passed, _LARGEST_EXPONENT)))
        decay = np.exp(-np.minimum(passed[: end - start], 2 * _LARGEST_EXPONENT))
        result[start + 1 : end + 1] = (result[start] + np.cumsum(given[start:end] / decay)) * decay
        start = end
    return result[np.searchsorted(instants, time)]
