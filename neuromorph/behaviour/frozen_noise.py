"""One path of a random system as an ordinary input: the same noise for any solver, and for a circuit."""

from __future__ import annotations

import dataclasses

import numpy as np
import sympy
from numpy.typing import NDArray

from neuromorph.behaviour.euler_maruyama import EulerMaruyama
from neuromorph.behaviour.generate import split_unknowns
from neuromorph.behaviour.ito import ito_drift
from neuromorph.behaviour.simulate import simulate_system
from neuromorph.behaviour.steps import refuse_long_steps
from neuromorph.systems import HybridSystem, Mode, State
from neuromorph.systems.hybrid import canonical

WHITE_NOISE = "1/s^0.5"
"""Unit of the derivative of a Wiener process."""


def with_noise_as_inputs(system: HybridSystem) -> HybridSystem:
    """The system with each Wiener process replaced by an input, its derivative.

    Parameters
    ----------
    system : HybridSystem
        With a diffusion.

    Returns
    -------
    HybridSystem
        Without one; it has an input of the name of each noise source [1/sqrt(s)]. As the input comes close to white noise,
        its solutions come close to those of the random system.

    Raises
    ------
    ValueError
        When the system has no noise, or random resets, which no input can carry; or when an Ito diffusion depends on an
        unknown that is found by iteration.

    Notes
    -----
    Source: E. Wong and M. Zakai, "On the convergence of ordinary integrals to stochastic integrals", Annals of Mathematical
    Statistics 36 (1965) 1560: smooth noise leads to the Stratonovich equation. The drift of an Ito equation is corrected for that.
    """
    if not system.noise_sources:
        raise ValueError(f"system {system.name!r} has no noise: simulate it as it is")
    if system.random:
        raise ValueError(
            f"system {system.name!r} draws {', '.join(system.random)} at its jumps, which a path of noise does not hold: "
            "compare it by its statistics"
        )
    sources = system.noise_sources
    states = [sympy.Symbol(name, real=True) for name in system.states]
    explicit, implicit = split_unknowns(system)
    iterated = {sympy.Symbol(name, real=True) for name in implicit}
    inputs = [sympy.Symbol(name, real=True) for name in sources]
    modes = {}
    for name, mode in system.modes.items():
        rates = [canonical(mode.rates[state]) for state in system.states]
        own = system.diffusion_in(name)
        diffusion = [
            [canonical(own.get(state, {}).get(source, 0)).xreplace(explicit) for source in sources]
            for state in system.states
        ]
        smooth = rates
        if system.interpretation == "ito":
            if any(b.free_symbols & iterated for row in diffusion for b in row):
                raise ValueError(
                    f"the diffusion of mode {name!r} depends on an unknown that is found by iteration, so the drift that smooth "
                    "noise adds is not known: state it by states, or interpretation='stratonovich'"
                )
            smooth = [2 * rate - moved for rate, moved in zip(rates, ito_drift(rates, diffusion, states), strict=True)]
        noise = [sum(b * dw for b, dw in zip(row, inputs, strict=True)) for row in diffusion]
        rates_of = {state: rate + moved for state, rate, moved in zip(system.states, smooth, noise, strict=True)}
        modes[name] = Mode(rates=rates_of, time_scale=mode.time_scale)
    return dataclasses.replace(
        system,
        name=f"{system.name}_on_a_path",
        modes=modes,
        inputs={**system.inputs, **dict.fromkeys(sources, WHITE_NOISE)},
        diffusion={},
        interpretation=None,
    )


def noise_path(system: HybridSystem, t_stop: float, solver: EulerMaruyama, seed: int) -> dict[str, NDArray[np.float64]]:
    """The white noise that a run of a random system sees.

    Parameters
    ----------
    system : HybridSystem
        With a diffusion.
    t_stop : float
        Length of the run, a whole number of steps [s].
    solver : EulerMaruyama or Milstein
        Method and step of the run.
    seed : int
        Of the run (pure number).

    Returns
    -------
    dict of str to ndarray, shape (n_steps,)
        By noise source, increments of its Wiener process over the step [1/sqrt(s)].

    Raises
    ------
    ValueError
        When the step is longer than the fastest time constant: what is held for so long is not white.
    """
    sources = system.noise_sources
    refuse_long_steps(system, solver.dt, {})
    walk = HybridSystem(
        name="wiener",
        states={f"walked_{source}": State(0.0, "s^0.5") for source in sources},
        modes={"only": Mode(rates=dict.fromkeys((f"walked_{source}" for source in sources), 0))},
        diffusion={f"walked_{source}": {source: 1} for source in sources},
    )
    recording = simulate_system(walk, None, t_stop, EulerMaruyama(dt=solver.dt, path_dt=solver.path_dt), seed=seed)
    return {source: np.diff(recording[f"walked_{source}"]) / solver.dt for source in sources}
