"""Integration of a network of hybrid systems: arrays for its kernel, buffers, rows, failures."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import sympy

from neuromorph.behaviour.network_source import group_module, lane_module, network_kernel
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.rosenbrock import Rosenbrock
from neuromorph.errors import SimulationInterrupted
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.recording import Recording, SpikeTrains
from neuromorph.systems.network import LOAD, derived_signals, spiking_modes
from neuromorph.version import __version__

if TYPE_CHECKING:
    from neuromorph.systems.network import DeviceGroup, HybridNetwork, NeuronGroup

_BUFFER_FULL, _QUEUE_FULL, _TOO_MANY_ROWS = 1, 7, 6
_MOST_NUMBERS = 400_000_000
_BUFFERED_NUMBERS = 4_000_000
_NEURON_STRETCHES_PER_CALL = 2_000_000
# What passes through synapses is smooth between changes of the lines: a cubic over this share of its time constant is exact to 1e-6.
_STRETCHES_PER_TIME_CONSTANT = 10
_STRETCHES_PER_DEVICE_TIME = 50
_STRETCHES_PER_PERIOD = 50
_FEWEST_LANES = 24
# Rows of a recorded neuron: so many of its steps apart.
_STEPS_PER_ROW = 3
# A neuron by itself makes 100 steps in a time constant; in a network spikes of the others cut its steps anyway, and 40 leave an error of
# some 1e-9 of an interval.
_LONGER_STEPS = 2.5
_RTOL = 3e-6
_ROWS_PER_STIFF_RUN = 20_000


@dataclass(frozen=True, kw_only=True)
class NetworkSolver:
    """The solver of networks: every neuron by RK4, or Rosenbrock where it is stiff, between the events of all.

    Parameters
    ----------
    dt : float, optional
        Longest time step of a neuron [s]; without it a fortieth of the time constant of each mode.
    rtol : float, optional
        Largest estimated error of a step of RK4, as :class:`RK4` has it [pure number]; without it 3e-6 where `dt` is left out, and 0,
        for steps that depend on no estimate, where it is given.
    refinement : int
        Divides every step [pure number].

    Notes
    -----
    Spikes are located as in a single neuron, and everybody whom one reaches starts a new step there, so that waveforms
    and spike times converge with order 4.
    """

    dt: float | None = None
    rtol: float | None = None
    refinement: int = 1

    engine: ClassVar[str] = "rk4"

    def __post_init__(self) -> None:
        if self.dt is not None and not (math.isfinite(self.dt) and self.dt > 0):
            raise ValueError(f"dt must be a positive time in s, or None, got {self.dt!r}")

    def refined(self) -> NetworkSolver:
        """The same method with steps half as long [pure number]."""
        return dataclasses.replace(self, refinement=2 * self.refinement)

    def of(self, group: NeuronGroup) -> RK4 | Rosenbrock:
        """What solves one kind of neuron; steps in s."""
        if group.system.stiff:
            return Rosenbrock(dt=self.dt, refinement=self.refinement)
        rtol = _RTOL if self.rtol is None and self.dt is None else self.rtol
        return RK4(dt=self.dt, rtol=rtol, refinement=self.refinement)


def simulate_network(
    network: HybridNetwork, t_stop: float, solver: NetworkSolver | None = None, progress: Progress = silent
) -> Recording:
    """Integrate a network.

    Parameters
    ----------
    network : HybridNetwork
        What to integrate.
    t_stop : float
        Length of the run [s].
    solver : NetworkSolver, optional
        Steps; by default those that suit the neurons.
    progress : Progress
        Told how far the run is.

    Returns
    -------
    Recording
        Spikes of all neurons, and signals of the recorded ones, shape (n_rows,) each, at the times of all events and in between.

    Raises
    ------
    ValueError
        When t_stop or the step cannot be used.
    SimulationError
        When the solution ceases to be finite or chatters. Its ``partial`` holds the recording up to there.
    SimulationInterrupted
        On Ctrl-C: a ``KeyboardInterrupt`` that has the recording up to there.
    """
    if not (math.isfinite(t_stop) and t_stop > 0):
        raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
    run = _Run(network, t_stop, solver or NetworkSolver())
    try:
        status, neuron = run.integrate(progress)
    except KeyboardInterrupt:
        raise SimulationInterrupted(
            f"stopped at {format_quantity(run.reached, 's')} of {format_quantity(t_stop, 's')}",
            run.recording(run.reached),
        ) from None
    recording = run.recording()
    if status:
        from neuromorph.behaviour.simulate import failure

        name = network.neurons[neuron] if neuron >= 0 else ""
        group = next((g for g in network.groups if neuron in g.members), network.groups[0])
        where = f"neuron {name!r} of {network.name!r}" if name else network.name
        raise failure(group.system, status, float(run.clock[0]), recording, where)
    return recording


class _Run:
    """All arrays of one run, as the kernel takes them."""

    def __init__(self, network: HybridNetwork, t_stop: float, solver: NetworkSolver) -> None:
        self.network, self.t_stop, self.solver = network, t_stop, solver
        self.solvers = [solver.of(group) for group in network.groups]
        # A step of many at once pays for itself where there are many; a stiff neuron has steps of its own.
        self.lanes = [
            lane_module(group.system) if len(group.members) >= _FEWEST_LANES and not group.system.stiff else None
            for group in network.groups
        ]
        modules = [
            group_module(group.system, s.kernel, lanes)
            for group, s, lanes in zip(network.groups, self.solvers, self.lanes, strict=True)
        ]
        self.kernel = network_kernel(network, modules)
        n, n_lines = len(network.neurons), network.n_lines
        self.group_of, self.place_of = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for g, group in enumerate(network.groups):
            self.group_of[group.members], self.place_of[group.members] = g, np.arange(len(group.members))
        self.steps = [_steps(group, s, t_stop) for group, s in zip(network.groups, self.solvers, strict=True)]
        self.groups = tuple(map(self._group, network.groups, self.solvers, self.steps, modules, self.lanes))
        self.devices = (*map(_device_arrays, network.devices), 0.0)
        self.lines = self._lines()
        sources = np.argsort(network.line_sources, kind="stable")
        n_sources = len(network.t_pulse)
        starts = np.searchsorted(network.line_sources[sources], np.arange(n_sources + 1))
        self.lines_of = (starts.astype(np.int64), sources.astype(np.int64))
        self.static, self.filtered = network.static.by_line(n_lines), network.filtered.by_line(n_lines)
        self.shares = network.inputs.by_line(len(network.stimuli))
        self.filters = (network.filter_targets, network.filter_taus, np.zeros(len(network.filter_taus)))
        self.filter_drives = np.zeros(len(network.filter_taus))
        self.stimuli = self._stimuli()
        self.recorded, self.names = self._recorded()
        self.limits = self._limits()
        self.sums, self.synaptic, self.currents = np.zeros(n), np.zeros(n), np.zeros((n, 4))
        self.events, self.fired = np.full(n, np.inf), np.full(n, -1, dtype=np.int64)
        self.clock = np.zeros(1)
        self.blocks: list[tuple[Any, Any]] = []
        self.spikes: list[tuple[Any, Any]] = []
        self.count = 0
        self.reached = 0.0

    def _group(
        self, group: NeuronGroup, solver: RK4 | Rosenbrock, steps: dict[str, float], module: Any, lanes: Any
    ) -> tuple[Any, ...]:
        system, n = group.system, len(group.members)
        constants = np.empty((n, module.N_CONSTANTS))
        values = np.concatenate([group.parameters, np.zeros((n, 1))], axis=1)
        for k in range(n):
            module.keep_constants(values[k], constants[k])
        tiles = np.zeros((0, 0))
        if lanes is not None:
            tiles = np.zeros((-(-n // lanes.WIDTH), lanes.N_TILE))
            lanes.fill_lanes(tiles, values)
        spiking = spiking_modes(group.system)
        modes = np.zeros(n, dtype=np.int64)
        unknowns = np.zeros((n, max(len(system.unknowns), 1)))
        loads = np.zeros(n)
        if LOAD in system.parameters:
            loads = np.ascontiguousarray(group.parameters[:, list(system.parameters).index(LOAD)])
        return (
            group.members,
            group.initial.copy(),
            unknowns,
            constants,
            group.initial.copy(),
            unknowns.copy(),
            modes,
            np.zeros(n),
            np.full(n, -1, dtype=np.int64),
            np.zeros(n, dtype=np.int64),
            solver.arguments(system, steps, self.t_stop),
            np.zeros(8, dtype=np.int64),
            np.zeros(5),
            np.empty(module.N_GUARDS),
            np.array([mode in spiking for mode in system.modes]),
            loads,
            np.full(n, -1, dtype=np.int64),
            tiles,
            np.zeros(n, dtype=np.bool_),
        )

    def _lines(self) -> tuple[Any, ...]:
        """Lines at rest, with what is known beforehand in their queues: the pulses of spike sources."""
        network = self.network
        n, n_neurons = network.n_lines, len(network.neurons)
        known = [network.spike_times[s - n_neurons] if s >= n_neurons else np.empty(0) for s in network.line_sources]
        room = max([16, *(len(times) + 1 for times in known)])
        begins, ends, places = np.zeros((n, room)), np.zeros((n, room)), np.zeros((n, 4), dtype=np.int64)
        for line, times in enumerate(known):
            at = times + network.line_delays[line]
            begins[line, : len(at)] = at
            ends[line, : len(at)] = at + network.t_pulse[network.line_sources[line]]
            places[line, 1] = places[line, 3] = len(at)
        return (
            network.line_sources,
            network.line_voltages,
            np.zeros(n, dtype=np.int64),
            np.zeros(n),
            begins,
            ends,
            places,
        )

    def _stimuli(self) -> tuple[Any, ...]:
        tables = [stimulus.segments(self.t_stop) for stimulus in self.network.stimuli]
        table = np.concatenate(tables) if tables else np.zeros((0, 6))
        first = np.cumsum([0, *map(len, tables)])
        return (
            np.ascontiguousarray(table[:, 0]),
            np.ascontiguousarray(table[:, 1:6]),
            first.astype(np.int64),
            first[:-1].astype(np.int64).copy(),
        )

    def _recorded(self) -> tuple[tuple[Any, ...], list[str]]:
        network = self.network
        chosen = np.array(network.recorded, dtype=np.int64)
        groups = [network.groups[g] for g in self.group_of[chosen]]
        shown = [
            len(group.system.states) + len(group.system.unknowns) + len(derived_signals(group.system))
            for group in groups
        ]
        undelayed = {
            int(source): line
            for line, (source, delay) in enumerate(zip(network.line_sources, network.line_delays, strict=True))
            if delay == 0
        }
        lines = np.array([undelayed[int(j)] for j in chosen], dtype=np.int64)
        which = tuple(np.flatnonzero(np.isin(devices.targets, chosen)) for devices in network.devices)
        return (
            chosen,
            self.group_of[chosen],
            self.place_of[chosen],
            np.array(shown, dtype=np.int64),
            lines,
            network.line_voltages[lines],
            (*which, 0),
        ), list(network.recorded_signals())

    def _limits(self) -> tuple[Any, ...]:
        """Longest stretch for each member and mode of the groups, and of all [s]."""
        network, refinement = self.network, self.solver.refinement
        limits: list[Any] = []
        longest = [self.t_stop]
        for group, steps in zip(network.groups, self.steps, strict=True):
            by_mode = np.array(list(steps.values()))
            limit = np.full((len(group.members), len(by_mode)), np.inf)
            if group.system.stiff:
                spacing = np.minimum(by_mode, self.t_stop / _ROWS_PER_STIFF_RUN)
            else:
                spacing = _STEPS_PER_ROW * by_mode * refinement
                longest.append(float(by_mode.max()))
            limit[np.isin(group.members, network.recorded)] = spacing
            limits.append(limit)
        longest += [float(tau) / _STRETCHES_PER_TIME_CONSTANT / refinement for tau in network.filter_taus]
        for devices in network.devices:
            longest.append(_device_time(devices, self.t_stop) / _STRETCHES_PER_DEVICE_TIME / refinement)
        periods = [p for s in network.stimuli if (p := s.shortest_period(self.t_stop)) is not None]
        longest += [p / _STRETCHES_PER_PERIOD / refinement for p in periods]
        return (*limits, min(longest))

    def integrate(self, progress: Progress) -> tuple[int, int]:
        """Run to the end or a failure: status, and the neuron that it concerns."""
        n_signals = len(self.names)
        room = max(64, min(1 << 16, _BUFFERED_NUMBERS // max(n_signals, 1)))
        times, rows = np.empty(room), np.empty((room, max(n_signals, 1)))
        n_neurons = len(self.network.neurons)
        spike_times = np.empty(4 * n_neurons + (1 << 14))
        spike_sources = np.empty(len(spike_times), dtype=np.int64)
        stretches = max(200, _NEURON_STRETCHES_PER_CALL // n_neurons)
        while True:
            status, n, n_spikes, neuron = self.kernel.run_network(
                self.t_stop, self.limits, self.groups, self.group_of, self.place_of, self.devices, self.lines,
                self.network.line_delays, self.network.t_pulse, self.lines_of, self.static, self.filtered, self.sums,
                self.filters, self.filter_drives, self.stimuli, self.shares, self.recorded, self.events, self.fired,
                self.currents, self.synaptic, self.clock, times, rows, spike_times, spike_sources, stretches,
            )  # fmt: skip
            self._keep(times[:n], rows[:n, :n_signals])
            self.spikes.append((spike_times[:n_spikes].copy(), spike_sources[:n_spikes].copy()))
            # Ctrl-C may come between any two of these lines; up to here everything is kept.
            self.reached = float(self.clock[0])
            progress(min(self.reached / self.t_stop, 1.0), self.solver.engine)
            if status == _QUEUE_FULL:
                self.lines = _with_more_room(self.lines)
            elif status == _BUFFER_FULL and self.count * n_signals > _MOST_NUMBERS:
                return _TOO_MANY_ROWS, -1
            elif status != _BUFFER_FULL:
                return int(status), int(neuron)

    def _keep(self, times: Any, rows: Any) -> None:
        if (
            self.blocks
            and len(times)
            and times[0] == self.blocks[-1][0][-1]
            and np.array_equal(rows[0], self.blocks[-1][1][-1])
        ):
            times, rows = times[1:], rows[1:]
        if len(times):
            self.blocks.append((times.copy(), rows.copy()))
            self.count += len(times)

    def recording(self, until: float = math.inf) -> Recording:
        """What has been computed so far, up to some time [s] (SI units)."""
        network = self.network
        if self.blocks:
            time = np.concatenate([times for times, _ in self.blocks])
            values = np.concatenate([rows for _, rows in self.blocks])
            time, values = time[time <= until], values[time <= until]
        else:
            time, values = np.array([0.0, min(float(self.clock[0]), until)]), np.empty((2, 0))
        spike_times = np.concatenate([times for times, _ in self.spikes]) if self.spikes else np.empty(0)
        sources = np.concatenate([who for _, who in self.spikes]) if self.spikes else np.empty(0, dtype=np.int64)
        return Recording(
            time=time,
            signals={name: np.ascontiguousarray(values[:, i]) for i, name in enumerate(self.names)},
            units=dict(network.recorded_signals()),
            spikes=SpikeTrains(spike_times[spike_times <= until], sources[spike_times <= until], names=network.neurons),
            provenance={
                "engine": self.solver.engine,
                "version": __version__,
                "design": network.name,
                "options": {"dt": _shortest_steps(self.steps), "longest_stretch": float(self.limits[-1])},
                "parameters": {},
                "t_stop": self.t_stop,
                "seed": None,
                "states": [name for name in self.names if not name.endswith((".i_syn", ".v_line"))],
                "inputs": [],
                "neurons": list(network.neurons),
            },
        )


def _steps(group: NeuronGroup, solver: RK4 | Rosenbrock, t_stop: float) -> dict[str, float]:
    """Longest step of each mode that suits all members [s]."""
    _, different = np.unique(group.parameters, axis=0, return_index=True)
    steps = [solver.steps(group.member_system(int(k)), t_stop) for k in different]
    if solver.dt is None and not group.system.stiff:
        steps = [{mode: min(_LONGER_STEPS * h, t_stop) for mode, h in own.items()} for own in steps]
    return {mode: min(step[mode] for step in steps) for mode in group.system.modes}


def _shortest_steps(steps: list[dict[str, float]]) -> dict[str, float]:
    modes = dict.fromkeys(mode for step in steps for mode in step)
    return {mode: min(step[mode] for step in steps if mode in step) for mode in modes}


def _device_time(devices: DeviceGroup, t_stop: float) -> float:
    """What a step has to resolve of the devices' states [s]."""
    v = float(np.max(np.abs(devices.v_lines) + np.abs(devices.v_backs), initial=0.0))
    scale = devices.model.time_scale(sympy.Float(v)) if v > 0 else None
    if scale is None:
        return t_stop / 1000
    names = [sympy.Symbol(name, real=True) for name in devices.model.values()]
    values = sympy.lambdify(names, scale, "numpy")(*devices.parameters.T)
    return float(np.min(values))


def _device_arrays(devices: DeviceGroup) -> tuple[Any, ...]:
    return (
        devices.lines,
        devices.back_lines,
        devices.targets,
        devices.v_lines,
        devices.v_backs,
        devices.factors,
        devices.initial.copy(),
        devices.initial.copy(),
        np.column_stack([devices.parameters, devices.resistances, devices.v_offsets])
        if devices.behind_resistance
        else devices.parameters,
    )


def _with_more_room(lines: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same queues in rings of twice the size."""
    *others, begins, ends, places = lines
    room = begins.shape[1]
    wider = []
    for ring, taken, free in ((begins, 0, 1), (ends, 2, 3)):
        new = np.zeros((len(ring), 2 * room))
        for line, place in enumerate(places):
            at = np.arange(place[taken], place[free])
            new[line, at % (2 * room)] = ring[line, at % room]
        wider.append(new)
    return (*others, *wider, places)
