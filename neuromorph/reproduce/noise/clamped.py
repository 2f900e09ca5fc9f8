"""A leaky neuron as a common script steps it: the threshold is looked at before the membrane is held at its reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuromorph.neurons import LIF
    from neuromorph.systems import HybridSystem

# Rounding of the clock must not make a refractory time one step longer [s].
_ROUNDING = 1e-9


def counts_while_clamped(neuron: LIF, dt: float) -> HybridSystem:
    """The neuron that spikes also inside its refractory time.

    In every step the membrane is moved; where it is at or above the threshold a spike is counted and the clock of the
    refractory time starts anew; then, where this clock has not run out, it is set to the reset voltage. So noise that
    crosses the threshold in a single step is counted in every step.

    Parameters
    ----------
    neuron : LIF
        The neuron, with a constant refractory time (SI units).
    dt : float
        Step of the script; the system is meant for ``EulerMaruyama(dt=dt, crossings="grid")`` [s].

    Returns
    -------
    HybridSystem
        States ``v_mem`` [V] and ``t_last``, when it spiked [s]; the input ``i_in`` [A]; the parameters of the neuron.

    Raises
    ------
    ValueError
        When the refractory time is drawn after every spike: a script that draws it does so once for a trial.
    """
    if neuron.t_refractory_sd > 0:
        raise ValueError(
            f"t_refractory_sd must be 0, got {neuron.t_refractory_sd:g} s: give each trial its own t_refractory with "
            "simulate_batch(parameters=...)"
        )
    import sympy

    from neuromorph.systems import HybridSystem, Mode, State, Transition

    system = neuron.dynamics()
    v, t, t_mode, t_last = sympy.symbols("v_mem t t_mode t_last", real=True)
    v_th, v_reset, t_refractory = sympy.symbols("v_th v_reset t_refractory", real=True)
    rates = {"v_mem": system.modes["integrating"].rates["v_mem"], "t_last": 0}
    tau_m = system.modes["integrating"].time_scale
    spike = {"v_mem": v_reset, "t_last": t}
    return HybridSystem(
        name="lif-counts-while-clamped",
        states={"v_mem": system.states["v_mem"], "t_last": State(-1.0, "s")},
        inputs=system.inputs,
        parameters={**system.parameters, "dt_script": dt},
        modes={"free": Mode(rates=rates, time_scale=tau_m), "clamped": Mode(rates=rates, time_scale=tau_m)},
        # In the order of the script, because of several at one step's end the first one fires.
        transitions=(
            Transition("free", "clamped", v - v_th, resets=spike, emits_spike=True),
            Transition("clamped", "clamped", v - v_th, resets=spike, emits_spike=True),
            Transition("clamped", "free", t - t_last - t_refractory + _ROUNDING),
            Transition("clamped", "clamped", t_mode - sympy.Symbol("dt_script", real=True), resets={"v_mem": v_reset}),
        ),
        diffusion=system.diffusion,
        interpretation=system.interpretation,
    )
