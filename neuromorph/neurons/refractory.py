"""The refractory period of a neuron's equations: a constant, or drawn anew after every spike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuromorph.systems import State, Transition


@dataclass(frozen=True)
class RefractoryPeriod:
    """What a refractory period adds to a system with the modes ``integrating`` and ``refractory``.

    Parameters
    ----------
    transitions : tuple of Transition
        Into the period and out of it.
    states : mapping of str to State
        What was drawn [s], and how often it was below zero (pure number).
    rates : mapping of str to sympy expression
        Of these states [state's unit / s].
    random : mapping of str to str
        The random variable that is drawn.
    """

    transitions: tuple[Transition, ...]
    states: Mapping[str, State]
    rates: Mapping[str, Any]
    random: Mapping[str, str]


def refractory_period(p: Mapping[str, Any], sd: float) -> RefractoryPeriod:
    """The period from the symbols of a neuron's parameters.

    Parameters
    ----------
    p : mapping of str to sympy.Symbol
        With ``v_th``, ``v_reset`` [V], ``t_refractory`` and, where it is random, ``t_refractory_sd`` [s].
    sd : float
        Standard deviation of the period [s].

    Returns
    -------
    RefractoryPeriod
        Its parts (SI units).
    """
    import sympy

    from neuromorph.systems import State, Transition

    v_mem, t_mode = sympy.symbols("v_mem t_mode", real=True)
    drawn, held, count = sympy.symbols("drawn_refractory t_hold n_truncated", real=True)
    resets: dict[str, Any] = {"v_mem": p["v_reset"]}
    duration = p["t_refractory"]
    states: dict[str, State] = {}
    random = {}
    if sd > 0:
        chosen = p["t_refractory"] + p["t_refractory_sd"] * drawn
        resets |= {"t_hold": sympy.Max(chosen, 0), "n_truncated": count + sympy.Heaviside(-chosen, 0)}
        duration = held
        states = {"t_hold": State(0.0, "s"), "n_truncated": State(0.0)}
        random = {"drawn_refractory": "normal"}
    return RefractoryPeriod(
        transitions=(
            Transition("integrating", "refractory", v_mem - p["v_th"], resets=resets, emits_spike=True),
            Transition("refractory", "integrating", t_mode - duration),
        ),
        states=states,
        rates=dict.fromkeys(states, 0),
        random=random,
    )


def normal_share_below_zero(mean: float, sd: float) -> float:
    """Probability that a normal variable is below zero (`mean` and `sd` in one unit; the result is a pure number)."""
    return 0.5 * math.erfc(mean / (sd * math.sqrt(2))) if sd > 0 else 0.0


def refuse_random_refractory(name: str, sd: float) -> None:
    """Refuse a circuit whose refractory time would have to be drawn; `sd` in s."""
    if sd > 0:
        raise ValueError(
            f"a circuit of {name!r} has one refractory time, and t_refractory_sd is {sd:g} s: set it to 0 for a circuit, or "
            "simulate with engine='ode' and compare statistics"
        )
