"""Crossbars in ngspice, with the same results as the equations' road: voltages, currents, states, residual, energies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.crossbars.device_array import DeviceArray
from neuromorph.crossbars.solution import CrossbarSolution
from neuromorph.crossbars.solving.voltages import Boundary, NodeVoltages, read_only
from neuromorph.crossbars.spice.cost import ngspice_cost
from neuromorph.crossbars.spice.deck import crossbar_deck
from neuromorph.crossbars.spice.netlist import ArrayNetlist
from neuromorph.crossbars.terminations import SIDES, end_voltages
from neuromorph.crossbars.transients.array_circuit import POWERS
from neuromorph.crossbars.transients.sources import stimuli_by_line
from neuromorph.crossbars.transients.transient import CrossbarTransient, frame_times
from neuromorph.errors import SimulationError
from neuromorph.progress import Progress, silent
from neuromorph.schematic import NgspiceOptions, VacaskOptions

if TYPE_CHECKING:
    from neuromorph.crossbars.crossbar import Crossbar
    from neuromorph.recording import Recording
    from neuromorph.schematic import Deck
    from neuromorph.spice import Engine

__all__ = ["LONGEST", "simulate_in_ngspice", "solve_in_ngspice"]

Array = NDArray[np.float64]

LONGEST = 300.0
"""Longest estimated duration of a run that is started without being asked for [s]."""

_ENGINES = {"ngspice": "Ngspice", "ngspice-shared": "NgspiceShared", "vacask": "Vacask"}
# Kirchhoff's law is looked at in so many time points.
_CHECKED_POINTS = 25
_PROVENANCE = ("engine", "version", "options", "linear_solver", "devices", "deck_hash")
# Of VACASK, which has no longest step to hold: states within 3e-4 of the exact ones, as those of ngspice.
_VACASK_RELTOL = 3e-7
# Signals are interpolated in blocks, which bounds the memory that splines take.
_BLOCK = 1024


def solve_in_ngspice(
    crossbar: Crossbar,
    v: Any,
    *,
    engine: str | Engine = "ngspice",
    options: NgspiceOptions | None = None,
    longest: float = LONGEST,
    progress: Progress | None = None,
) -> CrossbarSolution:
    """Stationary voltages and currents by operating points of ngspice.

    Parameters
    ----------
    crossbar : Crossbar
        The array; states of memristors are held.
    v : array_like, shape (lines,) or (p, lines), or mapping of str to such
        Voltages of the driven ends [V], as :meth:`Crossbar.solve` takes them. Each vector is a run.
    engine : {"ngspice", "ngspice-shared", "vacask"} or Engine
        The simulator.
    options : NgspiceOptions, optional
        Settings of the runs.
    longest : float
        Longest estimated time that is accepted [s].
    progress : callable, optional
        Told the share of the runs that is done.

    Returns
    -------
    CrossbarSolution
        From the node voltages that ngspice found. Currents and residual follow from them by the array's own equations:
        a wire of 1e-6 ohm shows the rounding of voltages that have 16 digits.

    Raises
    ------
    ValueError
        When voltages do not fit the driven ends, or the run would take longer than `longest`.
    MemoryError
        When it would need more memory than is free.
    SimulationError
        When ngspice failed.
    """
    ends, single = end_voltages(crossbar.terminations, v)
    simulator, options, progress = _engine(engine), options or NgspiceOptions(), progress or silent
    p, (m, n) = len(ends["left"]), crossbar.shape
    netlist = ArrayNetlist(crossbar.devices, crossbar.wires, crossbar.terminations)
    voltages = np.zeros((p, 2, m, n))
    driven = crossbar.terminations.sides_with("driven")
    for k in range(p):
        deck = crossbar_deck(crossbar, {side: ends[side][k] for side in driven}, record="voltages")
        if k == 0:
            _refuse_long_runs(crossbar, deck, simulator, options, longest, runs=p)
        progress(k / p, "ngspice")
        voltages[k] = _node_voltages(netlist, simulator.run(deck, options))[0]
    progress(1.0, "ngspice")
    connected = None if netlist.connected.all() else netlist.connected
    found = NodeVoltages(
        **_devices_at(crossbar, voltages, connected),
        boundary=Boundary(crossbar.wires, crossbar.terminations),
        ends=ends,
        high=voltages,
        low=np.zeros_like(voltages),
        connected=connected,
        method="ngspice",
    )
    return CrossbarSolution(crossbar=crossbar, voltages=found, single=single)


def simulate_in_ngspice(
    crossbar: Crossbar,
    stimuli: Any,
    t_stop: float,
    *,
    engine: str | Engine = "ngspice",
    options: NgspiceOptions | VacaskOptions | None = None,
    save_at: int | str | ArrayLike = 101,
    longest: float = LONGEST,
    progress: Progress | None = None,
) -> CrossbarTransient:
    """Let the states of an array move in ngspice.

    Parameters
    ----------
    crossbar : Crossbar
        With a :class:`DeviceArray`, whose states are those at 0 s.
    stimuli : Stimulus, sequence of Stimulus, or mapping of str to these
        Voltages of the driven ends [V], as :meth:`Crossbar.simulate` takes them.
    t_stop : float
        Length of the run [s].
    engine : {"ngspice", "ngspice-shared", "vacask"} or Engine
        The simulator. What a run of VACASK costs is not estimated.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the run; by default of ngspice the trapezoidal rule with the deck's own time step, of VACASK a `reltol` of
        3e-7, which keep the states of switching devices within 1e-3.
    save_at : int, "steps" or array_like
        What to keep: a number of frames evenly from 0 s to `t_stop`, times [s], or every step of ngspice.
    longest : float
        Longest estimated time that is accepted [s].
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    CrossbarTransient
        States, currents and energies [SI units], interpolated between ngspice's steps by monotone cubics. Currents of the
        ends are ngspice's own; powers follow from its voltages and states, energies from the powers at its steps.

    Raises
    ------
    ValueError
        When stimuli do not fit the driven ends, or the run would take longer than `longest`.
    MemoryError
        When it would need more memory than is free.
    SimulationError
        When ngspice failed; ``partial`` has what it had simulated until then.
    """
    if not isinstance(crossbar.devices, DeviceArray):
        raise ValueError(
            "a transient needs devices that have states: make the crossbar of a DeviceArray, such as "
            "nm.Crossbar(nm.DeviceArray(nm.MMS(), states), ...)"
        )
    frames = frame_times(save_at, t_stop)
    deck = crossbar_deck(crossbar, stimuli, t_stop, record=("currents", "states", "voltages"))
    from neuromorph.spice import Vacask

    simulator = _engine(engine)
    if options is None and hasattr(simulator, "uses_klu"):
        options = NgspiceOptions(method="trap")
    elif options is None and isinstance(simulator, Vacask):
        options = VacaskOptions(reltol=_VACASK_RELTOL)
    _refuse_long_runs(crossbar, deck, simulator, options, longest)
    try:
        recording = simulator.run(deck, options, progress or silent)
    except SimulationError as error:
        if error.partial is not None and error.partial.time.size > 1:
            error.partial = _Waveforms(crossbar, stimuli, error.partial).transient(frames, t_stop)
        raise
    return _Waveforms(crossbar, stimuli, recording).transient(frames, t_stop)


def _engine(engine: str | Engine) -> Any:
    if not isinstance(engine, str):
        if not hasattr(engine, "run"):
            raise ValueError(f"engine must be one of {', '.join(_ENGINES)}, or an engine object, got {engine!r}")
        return engine
    if engine not in _ENGINES:
        raise ValueError(f"no engine {engine!r}; choices: ode, {', '.join(_ENGINES)}")
    from neuromorph import spice

    return getattr(spice, _ENGINES[engine])()


def _refuse_long_runs(crossbar: Crossbar, deck: Deck, engine: Any, options: Any, longest: float, runs: int = 1) -> None:
    """Look at the cost where it is known: of ngspice, as a program or as a library."""
    if hasattr(engine, "uses_klu"):
        klu, compiled = engine.uses_klu(deck, options), engine.compiles_devices(deck, options)
        cost = ngspice_cost(crossbar, deck, klu=klu, compiled=compiled, options=options, runs=runs)
        cost.refuse_above(longest, crossbar.shape)


def _node_voltages(netlist: ArrayNetlist, recording: Recording) -> Array:
    """Voltages of all nodes, shape (f, 2, m, n) [V]; 0 where the deck has no node."""
    frames, shape = recording.time.size, netlist.connected.shape
    voltages = np.zeros((frames, *shape))
    for layer, names in enumerate((netlist.word, netlist.bit)):
        for i, j in np.argwhere(netlist.connected[layer]).tolist():
            voltages[:, layer, i, j] = recording[f"v_{names[i][j]}"]
    return voltages


def _devices_at(crossbar: Crossbar, voltages: Array, connected: Any) -> dict[str, Any]:
    """Conductances [S], or currents [A] in their place, as NodeVoltages takes them."""
    if not isinstance(crossbar.devices, DeviceArray):
        return {"g": crossbar.conductances}
    u = voltages[:, 0] - voltages[:, 1]
    if connected is not None:
        u = np.where(connected.all(axis=0), u, 0.0)
    return {"g": np.zeros(crossbar.shape), "offsets": np.ascontiguousarray(crossbar.devices.current(u))}


class _Waveforms:
    """What ngspice recorded of a crossbar, as arrays over its own time points."""

    def __init__(self, crossbar: Crossbar, stimuli: Any, recording: Recording) -> None:
        self.crossbar, self.recording = crossbar, recording
        devices: DeviceArray = crossbar.devices
        # Of two equal times the later values count.
        kept = np.append(np.diff(recording.time) > 0, True)
        self.kept, self.time = kept, recording.time[kept]
        self.lines = stimuli_by_line(crossbar.terminations, stimuli)
        netlist = ArrayNetlist(devices, crossbar.wires, crossbar.terminations)
        self.connected = netlist.connected
        self.voltages = _node_voltages(netlist, recording)[kept]
        self.states = np.repeat(devices.states[None], self.time.size, axis=0)
        for i, j in np.argwhere(netlist.moving).tolist():
            self.states[:, i, j] = recording[f"x_{i}_{j}"][kept]
        self.currents = {side: np.zeros((self.time.size, of.size)) for side, of in self._ends_of(0.0).items()}
        for side, ends in netlist.ends().items():
            for k in ends:
                self.currents[side][:, k] = recording[f"i_{side}_{k}"][kept]
        self.device_voltages = np.where(self.connected.all(axis=0), self.voltages[:, 0] - self.voltages[:, 1], 0.0)
        self.device_currents = np.empty_like(self.states)
        for k, states in enumerate(np.clip(self.states, 0.0, 1.0)):
            self.device_currents[k] = devices.with_states(states).current(self.device_voltages[k])

    def _ends_of(self, times: Any) -> dict[str, Array]:
        """Voltages behind the ends, shape (lines,) or (f, lines) [V]."""
        found = {}
        for side, stimuli in self.lines.items():
            known: dict[int, Any] = {id(None): np.zeros(np.shape(times))}
            for stimulus in stimuli:
                if id(stimulus) not in known and stimulus is not None:
                    known[id(stimulus)] = np.asarray(stimulus(times))
            found[side] = np.stack([known[id(stimulus)] for stimulus in stimuli], axis=-1)
        return found

    def _powers(self) -> dict[str, Array]:
        """Powers by name, shape (f,) [W]."""
        wires, having, ends = self.crossbar.wires, self.crossbar.terminations.having, self._ends_of(self.time)
        powers = {"delivered": -sum((ends[side] * self.currents[side]).sum(axis=1) for side in SIDES)}
        powers["devices"] = (self.device_voltages * self.device_currents).sum(axis=(1, 2))
        for layer, (name, r) in enumerate((("word_lines", wires.r_word), ("bit_lines", wires.r_bit))):
            powers[name] = np.zeros(self.time.size)
            if 0 < r < np.inf:
                drops = np.diff(self.voltages[:, layer], axis=2 - layer)
                powers[name] += (drops**2).sum(axis=(1, 2)) / r
                powers[name] += sum(
                    r * (self.currents[side] ** 2).sum(axis=1) for side in SIDES[2 * layer : 2 * layer + 2]
                )
        for name, r, kind in (("drivers", wires.r_driver, "driven"), ("sensing", wires.r_sense, "sensed")):
            powers[name] = np.zeros(self.time.size)
            if 0 < r < np.inf:
                powers[name] += sum(r * (self.currents[side][:, having(side, kind)] ** 2).sum(axis=1) for side in SIDES)
        return powers

    def _residual(self) -> float:
        """Largest sum of currents at a node over the largest current of the run (pure number)."""
        at = np.unique(np.linspace(0, self.time.size - 1, _CHECKED_POINTS).round().astype(int))
        found = NodeVoltages(
            g=np.zeros(self.crossbar.shape),
            offsets=np.ascontiguousarray(self.device_currents[at]),
            boundary=Boundary(self.crossbar.wires, self.crossbar.terminations),
            ends=self._ends_of(self.time[at]),
            high=np.ascontiguousarray(self.voltages[at]),
            low=np.zeros_like(self.voltages[at]),
            connected=None if self.connected.all() else self.connected,
        )
        largest = float(found.scale.max())
        missing = np.where(found.scale > 0, found.residuals * found.scale, 0.0)
        return float(missing.max()) / largest if largest > 0 else 0.0

    def transient(self, frames: Array | None, t_stop: float) -> CrossbarTransient:
        """The result in the frames that were asked for, ``None`` for every step [s]; of a run that failed, up to its end."""
        powers = self._powers()
        energies = {name: _cumulative(self.time, power) for name, power in powers.items()}
        is_whole = math.isclose(self.time[-1], t_stop, rel_tol=1e-9)
        times = self.time if frames is None else frames
        if not is_whole and frames is not None:
            times = np.append(frames[frames < self.time[-1]], self.time[-1])
        read = _Reader(self.time, times)
        shown = times.copy()
        if is_whole and frames is None:
            shown[-1] = t_stop
        provenance: Mapping[str, Any] = self.recording.provenance
        return CrossbarTransient(
            crossbar=self.crossbar,
            time=read_only(np.array(shown)),
            states=read_only(read(self.states)),
            terminal_voltages={side: read_only(of) for side, of in self._ends_of(times).items()},
            terminal_currents={side: read_only(read(of)) for side, of in self.currents.items()},
            power={name: read_only(read(powers[name])) for name in POWERS},
            energy={name: read_only(read(energies[name])) for name in POWERS},
            t_stop=t_stop,
            statistics={"steps": self.time.size - 1, "residual": self._residual()},
            provenance={key: provenance[key] for key in _PROVENANCE if key in provenance},
            is_complete=bool(self.time[-1] >= t_stop * (1 - 1e-9)),
        )


class _Reader:
    """Signals at other times, between ngspice's steps by monotone cubics."""

    def __init__(self, time: Array, wanted: Array) -> None:
        self.time, self.wanted = time, np.minimum(wanted, time[-1])
        self.is_same = wanted is time

    def __call__(self, values: Array) -> Array:
        from scipy.interpolate import PchipInterpolator

        if self.is_same or self.time.size < 2:
            return values
        flat = values.reshape(self.time.size, -1)
        found = np.empty((self.wanted.size, flat.shape[1]))
        # Slopes next to zero overflow where they are not used.
        with np.errstate(over="ignore"):
            for k in range(0, flat.shape[1], _BLOCK):
                found[:, k : k + _BLOCK] = PchipInterpolator(self.time, flat[:, k : k + _BLOCK], axis=0)(self.wanted)
        return found.reshape(self.wanted.size, *values.shape[1:])


def _cumulative(time: Array, power: Array) -> Array:
    """Energy since 0 s [J], between ngspice's steps by the monotone cubics that frames are read by."""
    from scipy.interpolate import PchipInterpolator

    if time.size < 2:
        return np.zeros(time.size)
    # Slopes next to zero overflow where they are not used.
    with np.errstate(over="ignore"):
        return np.asarray(PchipInterpolator(time, power).antiderivative()(time))
