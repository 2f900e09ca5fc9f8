"""A layered feed-forward chain of leaky integrate-and-fire neurons with synaptic currents, as one system."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from neuromorph.systems import HybridSystem, Mode, State, Transition

TAU_M, TAU_S = 10e-3, 5e-3
MU = (130.0, 85.0, 85.0)
NOISE = 20.0 / math.sqrt(1e-3)
WEIGHT = 40.0


def lif_chain(
    mu: Sequence[float] = MU,
    *,
    tau_m: float = TAU_M,
    tau_s: float = TAU_S,
    noise: float = NOISE,
    weight: float = WEIGHT,
    v_th: float = 1.0,
    v_reset: float = 0.0,
) -> HybridSystem:
    """A chain of leaky neurons, each driven by its own noise and by the spikes of the one before.

    ``dV = (-V/tau_m + I + mu) dt`` and ``dI = -I/tau_s dt + s dW`` in each layer; a spike sets V to `v_reset` and adds
    `weight` to I of the next layer.

    Parameters
    ----------
    mu : sequence of float
        Constant drive of each layer [1/s].
    tau_m, tau_s : float
        Time constants of membrane and synapse [s].
    noise : float
        Noise s of each current [1/s**1.5].
    weight : float
        What a spike adds to the next layer's current [1/s].
    v_th, v_reset : float
        Threshold and reset (pure numbers).

    Returns
    -------
    HybridSystem
        States ``v_1``, ``i_1``, ``v_2`` and so on (V a pure number, I in 1/s); neurons fire independently in the one mode.
    """
    symbols = "tau_m tau_s noise weight v_th v_reset"
    m, s, b, w, threshold, reset = sympy.symbols(symbols, real=True)
    values = dict(zip(symbols.split(), (tau_m, tau_s, noise, weight, v_th, v_reset), strict=True))
    states: dict[str, State] = {}
    rates: dict[str, Any] = {}
    diffusion, transitions = {}, []
    for layer, drive in enumerate(mu, start=1):
        v, i, constant = sympy.symbols(f"v_{layer} i_{layer} mu_{layer}", real=True)
        values[f"mu_{layer}"] = float(drive)
        states |= {f"v_{layer}": State(0.0), f"i_{layer}": State(0.0, "1/s", scale=100.0)}
        rates |= {f"v_{layer}": -v / m + i + constant, f"i_{layer}": -i / s}
        diffusion[f"i_{layer}"] = {f"w_{layer}": b}
        resets = {f"v_{layer}": reset}
        if layer < len(mu):
            resets[f"i_{layer + 1}"] = sympy.Symbol(f"i_{layer + 1}", real=True) + w
        transitions.append(Transition("all", "all", v - threshold, resets=resets, emits_spike=True))
    return HybridSystem(
        name="lif_chain",
        states=states,
        parameters=values,
        modes={"all": Mode(rates=rates, time_scale=sympy.Min(m, s))},
        transitions=transitions,
        diffusion=diffusion,
    )


def initial_states(n: int, seed: int, layers: int = len(MU)) -> dict[str, NDArray[np.float64]]:
    """Random initial states: stationary currents without spikes, voltages from 0 to 0.9 of the threshold.

    Parameters
    ----------
    n, seed, layers : int
        Number of paths, seed, number of layers (pure numbers).

    Returns
    -------
    dict of str to ndarray, shape (n,)
        By state [1/s for currents, pure numbers for voltages].
    """
    generator = np.random.default_rng(seed)
    states = {}
    for layer in range(1, layers + 1):
        states[f"v_{layer}"] = generator.uniform(0.0, 0.9, n)
        states[f"i_{layer}"] = generator.normal(0.0, NOISE * math.sqrt(TAU_S / 2), n)
    return states
