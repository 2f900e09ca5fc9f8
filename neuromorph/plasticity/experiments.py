"""What experiments with spikes do to a synapse: each run on one road, its state and energies read at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.errors import SimulationError, ValidationError
from neuromorph.plasticity.checks import finite
from neuromorph.plasticity.protocol import SpikeProtocol
from neuromorph.plasticity.synapse import PlasticSynapse
from neuromorph.progress import Progress, silent
from neuromorph.quantities import format_quantity
from neuromorph.roads import ENGINES, simulate

if TYPE_CHECKING:
    from neuromorph.behaviour.simulate import Solver
    from neuromorph.recording import Recording
    from neuromorph.schematic import NgspiceOptions, VacaskOptions
    from neuromorph.spice import Engine

__all__ = ["WeightChanges", "weight_changes"]

Array = NDArray[np.float64]

# Engines that are programs of their own, so that several runs at a time use several processors.
_PROGRAMS = ("ngspice", "vacask", "auto")
_EQUATIONS = ("ode", "rk4")
# Error of the state in a step, on the equations' road.
_RTOL = 1e-9
# No change of the state [pure number] below this is looked at more closely than to a share of it.
_LEAST_CHANGE = 1e-3
# Fewest steps of a SPICE run; a train of pulses has breakpoints of its own, where steps are short.
_STEPS_PER_RUN = 2000
V_READ = 0.1
"""Voltage at which a conductance is read [V]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightChanges:
    """States and conductances before and after each of n experiments, and the energy that each took.

    Parameters
    ----------
    synapse : PlasticSynapse
        What was driven.
    protocols : tuple of SpikeProtocol
        The experiments.
    engine : str
        What ran them, with its version.
    v_read : float
        Voltage at which conductances are read [V].
    x : ndarray, shape (n,)
        State after each (pure number).
    energy : ndarray, shape (n,)
        Energy that the device turned into heat [J].
    energy_pre, energy_post : ndarray, shape (n,)
        Energy that each line's driver delivered, below zero where it took some [J].
    """

    synapse: PlasticSynapse
    protocols: tuple[SpikeProtocol, ...]
    engine: str
    v_read: float
    x: Array
    energy: Array
    energy_pre: Array
    energy_post: Array

    def __len__(self) -> int:
        return len(self.protocols)

    def __getitem__(self, which: slice) -> WeightChanges:
        """Some of the experiments, such as ``changes[:10]`` (SI units)."""
        if not isinstance(which, slice):
            raise TypeError(f"experiments are taken by a slice, such as changes[:10], got {which!r}")
        arrays = {name: getattr(self, name)[which] for name in ("x", "energy", "energy_pre", "energy_post")}
        return replace(self, protocols=self.protocols[which], **arrays)

    @property
    def dx(self) -> Array:
        """Change of the state, shape (n,) (pure number)."""
        return self.x - self.synapse.x0

    @property
    def conductance_before(self) -> float:
        """Conductance at time zero [S]."""
        return float(self.conductance_at(np.array([self.synapse.x0]))[0])

    @property
    def conductance(self) -> Array:
        """Conductance after each experiment, shape (n,) [S]."""
        return self.conductance_at(self.x)

    @property
    def relative_change(self) -> Array:
        """Change of the conductance over what it was, shape (n,) (pure number)."""
        before = self.conductance_before
        return self.conductance / before - 1.0

    def conductance_at(self, x: Array) -> Array:
        """Conductance of the device in given states.

        Parameters
        ----------
        x : ndarray, shape (m,)
            States (pure numbers).

        Returns
        -------
        ndarray, shape (m,)
            Current over voltage at the read voltage [S].
        """
        return np.asarray(self.synapse.memristor.current(self.v_read, x)) / self.v_read

    @property
    def imbalance(self) -> float:
        """Most of what the drivers delivered and the device did not take, over the energy of that experiment (pure number)."""
        moved = np.maximum(np.abs(self.energy_pre) + np.abs(self.energy_post), np.finfo(float).tiny)
        return float(np.max(np.abs(self.energy_pre + self.energy_post - self.energy) / moved, initial=0.0))

    def difference(self, other: WeightChanges) -> float:
        """Largest difference of two roads' states over the largest change of the state, or over 0.001 where that is less.

        Parameters
        ----------
        other : WeightChanges
            The same experiments, run by another engine.

        Returns
        -------
        float
            Pure number.

        Raises
        ------
        ValidationError
            When the experiments differ.
        """
        if len(self.x) != len(other.x) or self.protocols != other.protocols:
            raise ValidationError("two results are compared where they are of the same protocols, in the same order")
        largest = max(float(np.max(np.abs(self.dx))), _LEAST_CHANGE)
        return float(np.max(np.abs(self.x - other.x))) / largest

    def summary(self) -> str:
        """A line for each experiment, in SI units with prefixes."""
        head = f"{self.synapse.design_name} of {type(self.synapse.memristor).__name__}, {self.engine}"
        rows = [f"{'dx':>12}{'dG/G':>10}{'energy':>12}  protocol"]
        rows += [
            f"{dx:12.5f}{100 * share:8.2f} %{format_quantity(energy, 'J', 3):>12}  {protocol.describe()}"
            for dx, share, energy, protocol in zip(
                self.dx, self.relative_change, self.energy, self.protocols, strict=True
            )
        ]
        return "\n".join([head, *rows])

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON (SI units)."""
        return {
            "memristor": {
                "model": type(self.synapse.memristor).__name__,
                **self.synapse.memristor.values(),
                **self.synapse.memristor.choices(),
            },
            "engine": self.engine,
            "x0": self.synapse.x0,
            "v_read": self.v_read,
            "protocols": [{"pre": list(p.pre), "post": list(p.post)} for p in self.protocols],
            "x": self.x.tolist(),
            "dx": self.dx.tolist(),
            "conductance_before": self.conductance_before,
            "conductance": self.conductance.tolist(),
            "relative_change": self.relative_change.tolist(),
            "energy": self.energy.tolist(),
            "energy_pre": self.energy_pre.tolist(),
            "energy_post": self.energy_post.tolist(),
            "imbalance": self.imbalance,
        }


def weight_changes(
    synapse: PlasticSynapse,
    protocols: Sequence[SpikeProtocol] | SpikeProtocol,
    *,
    engine: str | Engine = "ode",
    rest: float = 0.0,
    v_read: float = V_READ,
    solver: Solver | None = None,
    options: NgspiceOptions | VacaskOptions | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> WeightChanges:
    """Run experiments on a synapse, each from its state at time zero.

    Parameters
    ----------
    synapse : PlasticSynapse
        Device and pulses.
    protocols : SpikeProtocol or sequence of SpikeProtocol
        The experiments.
    engine : {"ode", "rk4", "ngspice", "ngspice-shared", "vacask", "auto"} or Engine
        Equations, or a SPICE engine, as :func:`neuromorph.simulate` takes it.
    rest : float
        From the end of the last pulse until the state is read [s]; it counts where a device forgets.
    v_read : float
        Voltage at which conductances are read, after the experiment [V].
    solver : Solver, optional
        Of the equations; Rosenbrock's method with a tolerance of 1e-9 without it.
    options : NgspiceOptions or VacaskOptions, optional
        Settings of the SPICE runs.
    workers : int, optional
        Runs at a time where the engine is a program of its own; one a processor without it.
    progress : Progress
        Told how far the work is.

    Returns
    -------
    WeightChanges
        Arrays of shape (n,), an entry for each protocol (SI units).

    Raises
    ------
    ValueError
        When an argument cannot be used.
    SimulationError
        When a run failed; names the protocol.
    EngineNotFoundError
        When the simulator program is not there.

    Notes
    -----
    A rate bends where a voltage passes a threshold, in the middle of an edge. Rosenbrock's method sees that in its error and takes
    shorter steps; RK4 would step over it.

    Examples
    --------
    >>> import neuromorph as nm
    >>> pair = [nm.SpikeProtocol.pairs(delay) for delay in (-30e-6, 30e-6)]
    >>> [round(float(dx), 4) for dx in nm.weight_changes(nm.PlasticSynapse(), pair).dx]
    [-0.0537, 0.0537]
    """
    if not isinstance(synapse, PlasticSynapse):
        raise ValueError(f"synapse must be a PlasticSynapse, such as nm.PlasticSynapse(), got {synapse!r}")
    protocols = (protocols,) if isinstance(protocols, SpikeProtocol) else tuple(protocols)
    if not protocols:
        raise ValueError("give at least one protocol, such as nm.SpikeProtocol.pairs(20e-6)")
    if finite("v_read", v_read, "a voltage in V other than 0") == 0:
        raise ValueError("v_read must be a voltage in V other than 0: a conductance is a current over it")
    if isinstance(engine, str) and engine not in ENGINES:
        raise ValueError(f"no engine {engine!r}; choices: {', '.join(ENGINES)}")
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ValueError(f"workers must be a whole number from 1 on, got {workers!r}")
    settings = _settings(engine, solver, options)
    runs = [(synapse.drives(protocol), synapse.duration(protocol, rest)) for protocol in protocols]
    design = _design(synapse, engine, max(t_stop for _, t_stop in runs))

    def run(k: int) -> tuple[Array, str]:
        drives, t_stop = runs[k]
        try:
            recording = simulate(design, drives, t_stop, engine, **settings)
        except SimulationError as error:
            where = f"protocol {k}: {protocols[k].describe()}"
            raise replace(error, where=f"{where}, {error.where}" if error.where else where) from error
        return _read(recording), _name_of(recording)

    found = _all(run, len(runs), _workers(engine, workers), progress)
    x, energy, energy_pre, energy_post = np.array([values for values, _ in found]).T
    return WeightChanges(
        synapse=synapse,
        protocols=protocols,
        engine=found[0][1],
        v_read=float(v_read),
        x=x,
        energy=energy,
        energy_pre=energy_pre,
        energy_post=energy_post,
    )


def _settings(engine: Any, solver: Any, options: Any) -> dict[str, Any]:
    if engine not in _EQUATIONS:
        return {"options": options, "solver": solver}
    from neuromorph.behaviour import Rosenbrock

    return {"options": options, "solver": solver or Rosenbrock(rtol=_RTOL)}


def _design(synapse: PlasticSynapse, engine: Any, longest: float) -> Any:
    """Equations or circuit, made once: a device's expressions take sympy longer than a run takes an engine."""
    if engine in _EQUATIONS:
        return synapse.dynamics()
    circuit = synapse.schematic()
    t_max = max(circuit.resolution.t_max or 0.0, longest / _STEPS_PER_RUN)
    circuit.resolution = replace(circuit.resolution, t_max=t_max)
    return circuit


def _workers(engine: Any, workers: int | None) -> int:
    if engine not in _PROGRAMS:
        return 1
    if workers is not None:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _all(
    run: Callable[[int], tuple[Array, str]], count: int, workers: int, progress: Progress
) -> list[tuple[Array, str]]:
    """The results of all runs in their order; the first by itself, since it may compile what the others find."""
    found = [run(0)]
    progress(1 / count, "weight changes")
    if workers == 1:
        for k in range(1, count):
            found.append(run(k))
            progress((k + 1) / count, "weight changes")
        return found
    with ThreadPoolExecutor(workers) as executor:
        futures = [executor.submit(run, k) for k in range(1, count)]
        try:
            for future in futures:
                found.append(future.result())
                progress(len(found) / count, "weight changes")
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    return found


def _read(recording: Recording) -> Array:
    """Last state, and the energies of device and drivers [J], shape (4,)."""
    time, current = recording.time, recording["i_syn"]
    v_pre, v_post = recording["v_pre"], recording["v_post"]
    is_circuit = "i_pre" in recording
    i_pre, i_post = (recording["i_pre"], recording["i_post"]) if is_circuit else (current, -current)
    return np.array(
        [
            recording["x"][-1],
            energy_of(time, v_pre - v_post, current),
            energy_of(time, v_pre, i_pre),
            energy_of(time, v_post, i_post),
        ]
    )


def energy_of(time: Array, voltage: Array, current: Array) -> float:
    """Integral of voltage times current, exact where both are straight between the samples.

    Parameters
    ----------
    time : ndarray, shape (n,)
        In s.
    voltage, current : ndarray, shape (n,)
        In V and A.

    Returns
    -------
    float
        Energy [J].
    """
    # On an edge voltage and current rise together: the trapezoidal rule for their product would be half too large.
    ends = voltage[1:] * current[1:] + voltage[:-1] * current[:-1]
    across = voltage[1:] * current[:-1] + voltage[:-1] * current[1:]
    return float(np.diff(time) @ (2 * ends + across) / 6)


def _name_of(recording: Recording) -> str:
    provenance: Mapping[str, Any] = recording.provenance
    return f"{provenance['engine']} {provenance['version']}"
