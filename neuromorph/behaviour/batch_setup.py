"""The task of a batch: what is given checked once, and brought into one form, by neuron."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.generate import EquationWriter, recorded_names
from neuromorph.behaviour.paths import checked_seed
from neuromorph.behaviour.rk4 import RK4
from neuromorph.behaviour.simulate import default_solver, refuse_chance
from neuromorph.behaviour.steps import refuse_bad_noise, refuse_long_steps, values_of
from neuromorph.stimulus import Constant, Stimulus
from neuromorph.stimulus.held import same_spikes

if TYPE_CHECKING:
    from neuromorph.systems import HybridSystem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BatchSetup:
    """A checked task: everything by neuron, in the order of the system's own names."""

    system: HybridSystem
    solver: EulerMaruyama | RK4
    t_stop: float
    n: int
    first: int
    seed: int
    parameters: Array  # (n or 1, n_parameters + 1)
    initial: Array  # (n or 1, n_states)
    drives: tuple[Any, ...]  # for each input a stimulus, an array or a list of stimuli
    record: tuple[str, ...]
    every: int

    @property
    def stimuli(self) -> list[Stimulus]:
        """Stimuli of all inputs and neurons."""
        every = (s for d in self.drives for s in ([d] if isinstance(d, Stimulus) else d))
        return [s for s in every if isinstance(s, Stimulus)]

    @property
    def control(self) -> Array:
        """What error control needs, shape (1 + n_states,): relative tolerance, or 0 for none, and scales of the states."""
        tolerance = self.solver.tolerance if isinstance(self.solver, RK4) else 0.0
        return np.array([tolerance, *self.system.scales().values()])

    @property
    def begins_above(self) -> bool:
        """Whether a guard that goes by states alone is not below zero at the start, for any neuron."""
        writer = EquationWriter(self.system)
        values = {f"p_{name}": column for name, column in zip(self.system.parameters, self.parameters.T, strict=False)}
        values |= {f"y_{name}": column for name, column in zip(self.system.states, self.initial.T, strict=True)}
        first = self.system.mode_names[0]
        guards = [writer.mapped(t.guard) for t in self.system.transitions if t.source == first]
        return any(bool(np.any(values_of(guard, values) >= 0.0)) for guard in guards)

    @classmethod
    def of(
        cls,
        system: HybridSystem,
        drives: Any,
        t_stop: float,
        n: int,
        solver: EulerMaruyama | RK4 | None,
        seed: int | None,
        parameters: Mapping[str, ArrayLike] | None,
        initial: Mapping[str, ArrayLike] | None,
        record: Sequence[str],
        every: int,
        first: int,
    ) -> BatchSetup:
        for name, value, low in (("n", n, 1), ("every", every, 1), ("first", first, 0)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise ValueError(f"{name} must be a whole number from {low} on, got {value!r}")
        if first + n > 2**32:
            raise ValueError(f"neurons are numbered below 2**32, got first={first} and n={n}")
        t_stop = float(t_stop)
        if not 0 < t_stop < np.inf:
            raise ValueError(f"t_stop must be a positive time in s, got {t_stop!r}")
        if solver is None:
            solver = default_solver(system) if system.is_random else RK4()
        if not isinstance(solver, EulerMaruyama | RK4):
            raise ValueError(
                f"a batch needs a method whose steps all neurons share, nm.EulerMaruyama, nm.Milstein or nm.RK4, got {solver!r}"
            )
        own = _by_neuron("parameter", parameters or {}, system.parameters, n)
        _refuse_idle(system, own)
        states = _by_neuron("initial state", initial or {}, system.states, n)
        names = recorded_names(system)
        for name in [record] if isinstance(record, str) else record:
            if name not in names:
                raise ValueError(f"cannot record {name!r}; {system.name!r} has the signals {', '.join(names)}")
        start = {name: float(state.initial) for name, state in system.states.items()} | states
        if isinstance(solver, EulerMaruyama):
            solver.n_steps(t_stop)
            seed = checked_seed(system, seed)
            refuse_long_steps(system, solver.dt, own)
            refuse_bad_noise(system, own, start)
        else:
            refuse_chance(system, solver)
            if seed is not None:
                raise ValueError(f"seed belongs to a random system, and {system.name!r} is not one: leave it out")
            refuse_long_steps(system, longest_rk4_step(system, solver, t_stop), own)
        return cls(
            system,
            solver,
            t_stop,
            int(n),
            int(first),
            seed or 0,
            _table([*({**system.parameters, **own}.values()), 0.0]),
            _table([*start.values()]),
            _drives(system, drives, n),
            (record,) if isinstance(record, str) else tuple(record),
            int(every),
        )


def _by_neuron(kind: str, given: Mapping[str, ArrayLike], names: Mapping[str, Any], n: int) -> dict[str, Array]:
    values = {}
    for name, value in given.items():
        if name not in names:
            raise ValueError(f"there is no {kind} {name!r}; choices: {', '.join(names)}")
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (n,)):
            raise ValueError(f"{kind} {name!r} must be one number or {n}, one for each neuron, got shape {array.shape}")
        wrong = np.flatnonzero(~np.isfinite(np.atleast_1d(array)))
        if wrong.size:
            raise ValueError(
                f"{kind} {name!r} must be finite, got {np.atleast_1d(array)[wrong[0]]} for neuron {wrong[0]}"
            )
        values[name] = array
    return values


def _refuse_idle(system: HybridSystem, own: Mapping[str, Array]) -> None:
    """Raise ``ValueError`` where values differ from the system's own and stand in no equation, such as a noise that it is without."""
    used = system.used_names()
    for name, values in own.items():
        if name not in used and np.any(values != system.parameters[name]):
            raise ValueError(
                f"parameter {name!r} stands in no equation of {system.name!r} where it is {system.parameters[name]:g}, so other "
                f"values would change nothing: give the design itself another one, such as .replace({name}={np.max(values):g})"
            )


def _table(columns: Sequence[Any]) -> Array:
    """One row a neuron, or one row where all are the same."""
    return np.ascontiguousarray(
        np.stack(np.broadcast_arrays(*(np.atleast_1d(c) for c in columns)), axis=1), dtype=float
    )


def _drives(system: HybridSystem, drives: Any, n: int) -> tuple[Any, ...]:
    """For each input a stimulus, an array of numbers, or a list of stimuli."""
    if drives is not None and not isinstance(drives, Mapping):
        if len(system.inputs) != 1:
            raise ValueError(
                f"{system.name!r} has {len(system.inputs)} inputs ({', '.join(system.inputs) or 'none'}): "
                "give a dict with a drive for each"
            )
        drives = {next(iter(system.inputs)): drives}
    given = dict(drives or {})
    for name in given:
        if name not in system.inputs:
            raise ValueError(f"{system.name!r} has no input {name!r}; its inputs: {', '.join(system.inputs) or 'none'}")
    found = {name: _drive(name, given.get(name, Constant(value=0.0)), n) for name in system.inputs}
    for k in range(n if any(isinstance(drive, list) for drive in found.values()) else 1):
        alike = same_spikes({name: drive[k] if isinstance(drive, list) else drive for name, drive in found.items()})
        if alike is not None:
            warnings.warn(f"neuron {k}: {alike[1]}" if k else alike[1], stacklevel=4)
            break
    return tuple(found.values())


def _drive(name: str, given: Any, n: int) -> Any:
    if isinstance(given, Stimulus):
        return given
    if isinstance(given, Sequence) and given and all(isinstance(s, Stimulus) for s in given):
        if len(given) != n:
            raise ValueError(
                f"input {name!r} has {len(given)} stimuli for {n} neurons: give one for all, or one for each"
            )
        return list(given)
    if isinstance(given, Sequence) and any(isinstance(s, Stimulus) for s in given):
        raise ValueError(
            f"input {name!r} has stimuli and numbers: give a number for each neuron, or a stimulus for each, such as "
            "nm.Constant(value=...)"
        )
    array = _by_neuron("drive", {name: given}, {name: None}, n)[name]
    return Constant(value=float(array)) if array.shape == () else array


def longest_rk4_step(system: HybridSystem, solver: RK4, t_stop: float) -> float:
    """The longest step that suits all modes [s]: neurons in different modes go together."""
    return min(solver.steps(system, t_stop).values())
