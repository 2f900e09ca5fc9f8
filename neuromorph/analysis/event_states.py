"""A system with additional states that keep account of its spikes: how many, when, how fast the threshold is crossed.

Each spiking guard is a source of spikes, so that a network in one statement tells its neurons apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from neuromorph.behaviour import ito
from neuromorph.behaviour.generate import split_unknowns
from neuromorph.systems import HybridSystem, Mode, State, Transition, Unknown
from neuromorph.systems.hybrid import CLOCKS, canonical

_BEFORE = -1.0


@dataclass(frozen=True)
class EventStates:
    """A system that keeps account of its spikes.

    Parameters
    ----------
    system : HybridSystem
        The given one, with more states; those that it had behave as before, on the same path.
    sources : tuple of str
        Names of the sources of spikes.
    counts, times : tuple of str
        For each source, the state that counts its spikes [pure number], and that which holds the time of the last
        one [s], -1 s before the first.
    speeds : tuple of str
        For each source, the state that holds the speed of the last crossing [guard's unit / s]; none where they
        were not asked for.
    growth, stretch, hits : str
        The state that integrates the growth rate of a small perturbation, that which adds up the logarithms of
        saltation factors, and that which counts them (pure numbers); empty where they were not asked for.
    """

    system: HybridSystem
    sources: tuple[str, ...]
    counts: tuple[str, ...]
    times: tuple[str, ...]
    speeds: tuple[str, ...] = ()
    growth: str = ""
    stretch: str = ""
    hits: str = ""


def with_event_states(system: HybridSystem, *, speeds: bool = False, perturbed: str | None = None) -> EventStates:
    """Add the states that keep account of spikes.

    Parameters
    ----------
    system : HybridSystem
        Any.
    speeds : bool
        Whether to keep the speed of the last crossing.
    perturbed : str, optional
        A state whose small perturbation is to be followed.

    Returns
    -------
    EventStates
        The new system, and the names of what was added.

    Raises
    ------
    ValueError
        When a crossing has no speed, or the perturbation does not stay in its state.
    """
    guards = _spiking_guards(system)
    stated = _by_states(system) if speeds or perturbed is not None else system
    taken = {*system.units(), *system.parameters, *system.noise_sources, *system.random}

    def free(name: str) -> str:
        while name in taken:
            name += "_"
        taken.add(name)
        return name

    numbers = range(len(guards))
    counts, times = [free(f"event_count_{k}") for k in numbers], [free(f"event_time_{k}") for k in numbers]
    kept_speeds = [free(f"event_speed_{k}") for k in numbers] if speeds else []
    followed = [free(f"event_{what}") for what in ("growth", "stretch", "hits")] if perturbed is not None else [""] * 3
    growth, stretch, hits = followed
    added: dict[str, float] = {**dict.fromkeys(counts, 0.0), **dict.fromkeys(times, _BEFORE)}
    added |= {**dict.fromkeys(kept_speeds, 0.0), **dict.fromkeys(filter(None, followed), 0.0)}

    def account(transition: Transition, by_states: Transition) -> Transition:
        resets = dict(transition.resets)
        if transition.emits_spike:
            k = list(guards.values()).index(canonical(transition.guard))
            resets[counts[k]] = sympy.Symbol(counts[k]) + 1
            resets[times[k]] = sympy.Symbol("t")
            if speeds:
                resets[kept_speeds[k]] = guard_speed(stated, by_states)
        if perturbed is not None:
            factor = saltation_factor(stated, by_states, perturbed)
            if factor == 0:
                raise ValueError(
                    f"the jump at {transition.guard} gives {perturbed!r} a value that does not depend on what it was: no "
                    "perturbation outlives it, and the exponent is minus infinity; method='two trajectories' says from when on"
                )
            if factor != 1:
                resets[stretch] = sympy.Symbol(stretch) + sympy.log(sympy.Abs(factor))
                resets[hits] = sympy.Symbol(hits) + 1
        return dataclasses.replace(transition, resets=resets)

    def still(name: str, mode: Mode) -> Mode:
        rates: dict[str, Any] = {**mode.rates, **dict.fromkeys(added, 0)}
        if perturbed is not None:
            rates[growth] = _growth_rate(stated, name, perturbed)
        return dataclasses.replace(mode, rates=rates)

    if perturbed is not None:
        _refuse_feedback(system, perturbed)
        _refuse_unknowns(stated)
    observed = dataclasses.replace(
        system,
        states={**system.states, **{name: State(initial) for name, initial in added.items()}},
        modes={name: still(name, mode) for name, mode in system.modes.items()},
        transitions=[account(*both) for both in zip(system.transitions, stated.transitions, strict=True)],
    )
    return EventStates(observed, tuple(guards), tuple(counts), tuple(times), tuple(kept_speeds), growth, stretch, hits)


def _by_states(system: HybridSystem) -> HybridSystem:
    """The system with every unknown that a linear equation fixes written out: slopes then see what it does."""
    explicit, implicit = split_unknowns(system)
    if not explicit:
        return system

    def plain(expressions: Mapping[str, Any]) -> dict[str, Any]:
        return {name: canonical(e).xreplace(explicit) for name, e in expressions.items()}

    def mode(name: str) -> Mode:
        diffusion = {state: plain(row) for state, row in system.diffusion_in(name).items()}
        return dataclasses.replace(system.modes[name], rates=plain(system.modes[name].rates), diffusion=diffusion)

    return dataclasses.replace(
        system,
        modes={name: mode(name) for name in system.modes},
        transitions=[
            dataclasses.replace(t, guard=canonical(t.guard).xreplace(explicit), resets=plain(t.resets))
            for t in system.transitions
        ],
        unknowns={name: Unknown(residual, system.unknowns[name].unit) for name, residual in implicit.items()},
        outputs={},
    )


def guard_speed(system: HybridSystem, transition: Transition) -> Any:
    """How fast a guard rises: its derivative along the drift.

    Parameters
    ----------
    system : HybridSystem
        Which has the transition.
    transition : Transition
        Whose guard it is.

    Returns
    -------
    sympy expression
        Speed [guard's unit / s].

    Raises
    ------
    ValueError
        When noise moves the guard directly, or an input or an algebraic unknown stands in it.
    """
    guard, mode = canonical(transition.guard), system.modes[transition.source]
    states = [sympy.Symbol(name, real=True) for name in system.states]
    used = {symbol.name for symbol in guard.free_symbols}
    blind = sorted(used & {*system.inputs, *system.unknowns})
    if blind:
        raise ValueError(
            f"the threshold {transition.guard} depends on {', '.join(blind)}, whose rate the system does not state: it "
            "has no crossing speed; make it a state"
        )
    for source, effect in zip(system.noise_sources, _guard_noise(system, transition), strict=True):
        if effect != 0:
            raise ValueError(
                f"the noise {source!r} moves the threshold {transition.guard} directly: at a crossing there is no speed; "
                "crossing speeds need noise that enters through another state, such as a synaptic current"
            )
    moved = sum(ito.slope(guard, y) * canonical(mode.rates[y.name]) for y in states)
    return sympy.simplify(moved + sum(ito.slope(guard, sympy.Symbol(clock, real=True)) for clock in CLOCKS))


def saltation_factor(system: HybridSystem, transition: Transition, state: str) -> Any:
    """By what a jump multiplies a small perturbation of a state, the change of the time of the jump included.

    ``dR/dv + (f+ - DR f- - dR/dt) (dg/dv) / g'`` with the reset R of the state v, the rates f- before and f+ after
    the jump, and the guard g that rises with the speed g'.

    Parameters
    ----------
    system : HybridSystem
        Which has the transition.
    transition : Transition
        The jump.
    state : str
        The state that is perturbed.

    Returns
    -------
    sympy expression
        Factor, in states before the jump [pure number].

    Raises
    ------
    ValueError
        When the jump has no speed, or noise makes the states before and after it differ in the state.

    Notes
    -----
    The diagonal element of the saltation matrix. Source: di Bernardo, Budd, Champneys and Kowalczyk,
    Piecewise-smooth Dynamical Systems (2008), chapter 2.
    """
    v = sympy.Symbol(state, real=True)
    resets = {name: canonical(value) for name, value in transition.resets.items()}
    reset = resets.get(state, v)
    sensitivity = ito.slope(canonical(transition.guard), v)
    own = ito.slope(reset, v)
    if sensitivity == 0:
        return own
    speed = guard_speed(system, transition)
    clock = sympy.Symbol("t_mode", real=True)
    timed = [t.guard for t in system.transitions if t.source == transition.target]
    if any(clock in canonical(e).free_symbols for e in [*timed, *system.modes[transition.target].rates.values()]):
        raise ValueError(
            f"mode {transition.target!r} goes by the time since it was entered, which carries a perturbation of {state!r} "
            "on: the flux of the threshold does not give its exponent; use method='two trajectories'"
        )
    states = [sympy.Symbol(name, real=True) for name in system.states]
    after = {y: resets.get(y.name, y) for y in states}
    before, then = system.modes[transition.source], system.modes[transition.target]
    noise_before, noise_then = system.diffusion_in(transition.source), system.diffusion_in(transition.target)
    for source in system.noise_sources:
        carried = sum(ito.slope(reset, y) * canonical(noise_before.get(y.name, {}).get(source, 0)) for y in states)
        fresh = canonical(noise_then.get(state, {}).get(source, 0)).xreplace(after)
        if sympy.simplify(carried - fresh) != 0:
            raise ValueError(
                f"the noise {source!r} acts on {state!r} before the jump otherwise than after it: perturbations do not "
                "grow in proportion, and there is no exponent"
            )
    passed = sum(ito.slope(reset, y) * canonical(before.rates[y.name]) for y in states)
    passed += sum(ito.slope(reset, sympy.Symbol(clock, real=True)) for clock in CLOCKS)
    follows = canonical(then.rates[state]).xreplace({**after, sympy.Symbol("t_mode", real=True): sympy.S.Zero})
    return sympy.simplify(own + (follows - passed) * sensitivity / speed)


def _spiking_guards(system: HybridSystem) -> dict[str, Any]:
    """Guards that emit spikes, by the states in them or, where these do not tell them apart, by number."""
    guards = list(dict.fromkeys(canonical(t.guard) for t in system.transitions if t.emits_spike))
    names = ["_".join(sorted({s.name for s in guard.free_symbols} & {*system.states})) for guard in guards]
    if len({*names}) < len(names) or "" in names:
        names = [f"source_{k}" for k in range(len(guards))]
    return dict(zip(names, guards, strict=True))


def _guard_noise(system: HybridSystem, transition: Transition) -> list[Any]:
    """What each Wiener process does to a guard [guard's unit / sqrt(s)]."""
    guard, noise = canonical(transition.guard), system.diffusion_in(transition.source)
    return [
        sympy.simplify(
            sum(
                ito.slope(guard, sympy.Symbol(state, real=True)) * canonical(row[source])
                for state, row in noise.items()
                if source in row
            )
        )
        for source in system.noise_sources
    ]


def _growth_rate(system: HybridSystem, mode: str, state: str) -> Any:
    """Mean rate at which the logarithm of a perturbation grows between jumps [1/s]; its noise has mean zero."""
    v = sympy.Symbol(state, real=True)
    names = list(system.states)
    rates = [canonical(system.modes[mode].rates[name]) for name in names]
    noise = [
        [canonical(system.diffusion_in(mode).get(name, {}).get(source, 0)) for source in system.noise_sources]
        for name in names
    ]
    if system.noise_sources and system.interpretation == "stratonovich":
        rates = ito.ito_drift(rates, noise, [sympy.Symbol(name, real=True) for name in names])
    k = names.index(state)
    spread = sum((ito.slope(b, v) ** 2 for b in noise[k]), sympy.S.Zero)
    return sympy.simplify(ito.slope(rates[k], v) - spread / 2)


def feedback_way(system: HybridSystem, state: str) -> tuple[str, ...]:
    """The way by which what a state does to others comes back to it.

    Parameters
    ----------
    system : HybridSystem
        Any.
    state : str
        One of its states.

    Returns
    -------
    tuple of str
        Names of states, the state itself first and last; empty where there is no such way.
    """
    acts_on = influences(system)
    reached: dict[str, tuple[str, ...]] = dict.fromkeys(acts_on[state], (state,))
    todo = list(acts_on[state])
    while todo:
        name = todo.pop()
        way = (*reached[name], name)
        if name == state:
            return way
        for other in acts_on[name]:
            if other not in reached:
                reached[other] = way
                todo.append(other)
    return ()


def _refuse_feedback(system: HybridSystem, state: str) -> None:
    """Raise ``ValueError`` where what a state does to others comes back to it."""
    if state not in system.states:
        raise ValueError(f"there is no state {state!r}; choices: {', '.join(system.states)}")
    way = feedback_way(system, state)
    if way:
        raise ValueError(
            f"{state!r} acts on itself through other states ({' -> '.join(way)}): the flux of one threshold does not "
            "give its exponent; use method='two trajectories'"
        )


def _refuse_unknowns(system: HybridSystem) -> None:
    """Raise ``ValueError`` where something goes by an unknown that is found by iteration, whose slope no expression states."""
    expressions = [e for t in system.transitions for e in (t.guard, *t.resets.values())]
    for name, mode in system.modes.items():
        expressions += [*mode.rates.values(), *(e for row in system.diffusion_in(name).values() for e in row.values())]
    used = {s.name for e in expressions for s in canonical(e).free_symbols} & system.unknowns.keys()
    if used:
        raise ValueError(
            f"the equations depend on {', '.join(sorted(used))}, which is found by iteration, so how a perturbation grows is not "
            "stated by them: use method='two trajectories'"
        )


def influences(system: HybridSystem) -> dict[str, set[str]]:
    """On which other states each state acts, by a rate, a diffusion, or the reset or time of a jump.

    Parameters
    ----------
    system : HybridSystem
        Any.

    Returns
    -------
    dict of str to set of str
        Names of states by the name of a state (no units).
    """
    names = {*system.states}
    acts: dict[str, set[str]] = {name: set() for name in system.states}
    through = {u: {s.name for s in canonical(x.residual).free_symbols} for u, x in system.unknowns.items()}

    def used(expression: Any) -> set[str]:
        found, seen = {s.name for s in canonical(expression).free_symbols}, set[str]()
        while new := (found & through.keys()) - seen:
            seen |= new
            found |= set().union(*(through[u] for u in new))
        return found & names

    def note(target: str, expression: Any) -> None:
        for name in used(expression):
            acts[name].add(target)

    for mode_name, mode in system.modes.items():
        for target, rate in mode.rates.items():
            note(target, rate)
        for target, row in system.diffusion_in(mode_name).items():
            for factor in row.values():
                note(target, factor)
    for transition in system.transitions:
        changed = set(transition.resets)
        if transition.source != transition.target:
            a, b = system.modes[transition.source], system.modes[transition.target]
            changed |= {name for name in names if canonical(a.rates[name]) != canonical(b.rates[name])}
        for target in changed:
            note(target, transition.guard)
        for target, value in transition.resets.items():
            note(target, value)
    for name in acts:
        acts[name].discard(name)
    return acts


def event_initials(states: EventStates, initial: Mapping[str, Any] | None) -> dict[str, Any]:
    """The initial states as given, where they name states of the system itself [state's unit]."""
    given = dict(initial or {})
    own = {*states.counts, *states.times, *states.speeds, states.growth, states.stretch, states.hits}
    for name in given:
        if name in own or name not in states.system.states:
            choices = ", ".join(n for n in states.system.states if n not in own)
            raise ValueError(f"there is no initial state {name!r}; choices: {choices}")
    return given


def values_of_paths(values: Mapping[str, Any] | None, paths: range) -> dict[str, Any]:
    """Some paths' own values; those that hold for all paths stay as they are (in each one's unit)."""
    return {
        name: np.asarray(value)[paths.start : paths.stop] if np.ndim(value) else value
        for name, value in (values or {}).items()
    }
