"""A second copy of one state in a system: two trajectories of it that see the very same network."""

from __future__ import annotations

import dataclasses
from typing import Any

import sympy

from neuromorph.analysis.event_states import feedback_way
from neuromorph.systems import HybridSystem, Mode, Transition
from neuromorph.systems.hybrid import canonical


def with_twin(system: HybridSystem, state: str) -> tuple[HybridSystem, str] | None:
    """Add a state with the equations, noise and jumps of another one, on which nothing else depends.

    Two runs of a network do not serve as two trajectories of one state: an event divides the step of all states, and
    so a shift of a spike shifts the rounding errors of the method in every neuron, upstream of it, too. Such a
    difference is of the order of the step and decays as slowly as the slowest of these neurons forgets it.

    Parameters
    ----------
    system : HybridSystem
        Any.
    state : str
        The state to copy.

    Returns
    -------
    tuple of HybridSystem and str, or None
        The new system, and the name of the copy; ``None`` where the copy would need more than a state: where what the
        state does to others comes back to it, or one of its events changes the mode, or it is drawn, or it stands in
        an algebraic equation.
    """
    guards = [t for t in system.transitions if _has(t.guard, state)]
    resets = [t.resets[state] for t in system.transitions if state in t.resets]
    if (
        feedback_way(system, state)
        or any(t.source != t.target for t in guards)
        or (guards and _uses_clock(system))
        or any(_has(value, *system.random) for value in resets)
        or any(_has(unknown.residual, state) for unknown in system.unknowns.values())
    ):
        return None
    taken = {*system.units(), *system.parameters, *system.noise_sources, *system.random}
    twin = f"{state}_twin"
    while twin in taken:
        twin += "_"
    swap = {sympy.Symbol(state, real=True): sympy.Symbol(twin, real=True)}

    def copied(expression: Any) -> Any:
        return canonical(expression).xreplace(swap)

    def with_row(diffusion: Any) -> Any:
        row = {source: copied(factor) for source, factor in diffusion.get(state, {}).items()}
        return {**diffusion, twin: row} if row else diffusion

    def mode_of(mode: Mode) -> Mode:
        own = None if mode.diffusion is None else with_row(mode.diffusion)
        return dataclasses.replace(mode, rates={**mode.rates, twin: copied(mode.rates[state])}, diffusion=own)

    def jumps_of(transition: Transition) -> list[Transition]:
        if state not in transition.resets:
            return [transition]
        new = {twin: copied(transition.resets[state])}
        if transition not in guards:
            return [dataclasses.replace(transition, resets={**transition.resets, **new})]
        alone = Transition(transition.source, transition.target, copied(transition.guard), resets=new)
        return [transition, alone]

    observed = dataclasses.replace(
        system,
        states={**system.states, twin: system.states[state]},
        modes={name: mode_of(mode) for name, mode in system.modes.items()},
        transitions=[new for transition in system.transitions for new in jumps_of(transition)],
        diffusion=with_row(system.diffusion),
    )
    return observed, twin


def _has(expression: Any, *names: str) -> bool:
    return bool({symbol.name for symbol in canonical(expression).free_symbols} & {*names})


def _uses_clock(system: HybridSystem) -> bool:
    """Whether anything goes by the time since its mode was entered, which a jump of the copy would set back."""
    expressions = [rate for mode in system.modes.values() for rate in mode.rates.values()]
    expressions += [
        factor for mode in system.modes for row in system.diffusion_in(mode).values() for factor in row.values()
    ]
    expressions += [value for t in system.transitions for value in (t.guard, *t.resets.values())]
    expressions += [unknown.residual for unknown in system.unknowns.values()]
    return any(_has(expression, "t_mode") for expression in expressions)
