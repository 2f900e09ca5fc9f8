"""Systems with noise whose solutions are known."""

from __future__ import annotations

import sympy
from scipy import integrate, special

from neuromorph.systems import HybridSystem, Mode, State, Transition

v, x, w, t_mode, t_ref = sympy.symbols("v x w t_mode t_ref", real=True)
tau, sigma, mu, drive = sympy.symbols("tau sigma mu drive", real=True)


def ornstein_uhlenbeck():
    """``dv = -v / tau dt + sigma dW``, with tau 10 ms and sigma 1 / sqrt(s)."""
    return HybridSystem(
        name="ornstein_uhlenbeck",
        states={"v": State(0.0)},
        parameters={"tau": 10e-3, "sigma": 1.0},
        modes={"only": Mode(rates={"v": -v / tau}, time_scale=tau)},
        diffusion={"v": {"noise": sigma}},
    )


def geometric_brownian_motion(interpretation):
    """``dx = mu x dt + sigma x dW`` beside the path ``w`` of the Wiener process."""
    return HybridSystem(
        name=f"geometric_{interpretation}",
        states={"x": State(1.0), "w": State(0.0)},
        parameters={"mu": 0.5, "sigma": 1.0},
        modes={"only": Mode(rates={"x": mu * x, "w": 0})},
        diffusion={"x": {"noise": sigma * x}, "w": {"noise": 1}},
        interpretation=interpretation,
    )


TAU_M, MU, SIGMA, T_REFRACTORY = 20e-3, 0.8, 3.0, 2e-3


def noisy_lif():
    """``tau dv = (mu + drive - v) dt + tau sigma dW`` with threshold 1, reset 0 and a refractory time of 2 ms."""
    return HybridSystem(
        name="noisy_lif",
        states={"v": State(0.0)},
        inputs={"drive": ""},
        parameters={"tau": TAU_M, "mu": MU, "sigma": SIGMA, "t_ref": T_REFRACTORY},
        modes={
            "integrating": Mode(rates={"v": (mu + drive - v) / tau}, time_scale=tau),
            "refractory": Mode(rates={"v": 0}, diffusion={}),
        },
        transitions=[
            Transition("integrating", "refractory", v - 1, resets={"v": 0}, emits_spike=True),
            Transition("refractory", "integrating", t_mode - t_ref),
        ],
        diffusion={"v": {"noise": sigma}},
    )


def siegert_rate(mean=MU, noise=SIGMA):
    """Rate [Hz] of :func:`noisy_lif` in closed form (Siegert 1951; Ricciardi and Sacerdote 1979)."""
    spread = noise * TAU_M**0.5
    integral, _ = integrate.quad(lambda u: special.erfcx(-u), -mean / spread, (1 - mean) / spread)
    return 1 / (T_REFRACTORY + TAU_M * 3.141592653589793**0.5 * integral)
