"""A neuron's equations in a network: one input current, and what synapses and summing circuits load its input node with."""

from __future__ import annotations

import dataclasses
from typing import Any

from neuromorph.networks.plan import NeuronPart
from neuromorph.systems import HybridSystem, Mode, Output
from neuromorph.systems.network import INPUT_VOLTAGE, LOAD, LOAD_CAPACITANCE

__all__ = ["with_synapses"]


def with_synapses(part: NeuronPart, system: HybridSystem, loaded: bool, capacitive: bool = False) -> HybridSystem:
    """The neuron's equations with one input, the current of drive and synapses together.

    Parameters
    ----------
    part : NeuronPart
        The neuron.
    system : HybridSystem
        Its own equations (SI units).
    loaded : bool
        Whether a conductance loads its input node: parameter ``LOAD`` [S].
    capacitive : bool
        Whether a capacitance does, too: parameter ``LOAD_CAPACITANCE`` [F]. It takes a current where the voltage of the input
        is made of states, as in every neuron of the package.

    Returns
    -------
    HybridSystem
        Of its outputs, the membrane's voltage only; with a load also the voltage at its input.

    Raises
    ------
    ValueError
        When the neuron has noise, not one input current, or does not say at which voltage that input is.
    """
    import sympy

    if system.is_random:
        raise ValueError(
            f"neuron {part.name!r} has noise ({', '.join(system.noise_sources or system.random)}), which a network does not "
            "have: give the noise as its drive, such as nm.WhiteNoise or nm.ZeroOrderHold"
        )
    if list(system.inputs.values()) != ["A"]:
        raise ValueError(
            f"neuron {part.name!r} ({system.name}) has the inputs {', '.join(system.inputs) or 'none'}: a neuron of a network has one "
            "input current"
        )
    # Powers are those of a neuron by itself.
    shown = {name: output for name, output in system.outputs.items() if name == "v_mem"}
    if not loaded:
        return dataclasses.replace(system, outputs=shown)
    (name,) = system.inputs
    current = sympy.Symbol(name, real=True)
    power = system.outputs.get("p_in")
    if power is None:
        remedy = "leave 'conveyor' out of fidelity={...}" if capacitive else "take routing='current'"
        raise ValueError(
            f"neuron {part.name!r} ({system.name}) does not say at which voltage its input is, and something loads it: {remedy}"
        )
    # The power that enters through the input is its voltage times its current.
    from neuromorph.systems.hybrid import canonical

    v_in = sympy.diff(canonical(power.in_mode(next(iter(system.modes)))), current)
    left = current - sympy.Symbol(LOAD, real=True) * v_in

    def loaded_by(expression: Any, mode: str | None = None) -> Any:
        taken = left if mode is None or not capacitive else _past_capacitance(system.modes[mode], current, left, v_in)
        return canonical(expression).xreplace({current: taken})

    return dataclasses.replace(
        system,
        parameters={**system.parameters, LOAD: 0.0, **({LOAD_CAPACITANCE: 0.0} if capacitive else {})},
        modes={
            mode: dataclasses.replace(
                m,
                rates={s: loaded_by(r, mode) for s, r in m.rates.items()},
                time_scale=_loaded_time_scale(m, current, v_in),
            )
            for mode, m in system.modes.items()
        },
        unknowns={n: dataclasses.replace(u, residual=loaded_by(u.residual)) for n, u in system.unknowns.items()},
        transitions=tuple(
            dataclasses.replace(
                t,
                guard=loaded_by(t.guard, t.source),
                resets={s: loaded_by(r, t.source) for s, r in t.resets.items()},
            )
            for t in system.transitions
        ),
        outputs={**shown, INPUT_VOLTAGE: Output(v_in, "V")},
    )


def _past_capacitance(mode: Mode, current: Any, left: Any, v_in: Any) -> Any:
    """What a capacitance at the input leaves of a current: it takes ``c dv_in/dt``, and ``v_in`` rises with what is left."""
    import sympy

    from neuromorph.systems.hybrid import canonical

    rise = sum(
        (sympy.diff(v_in, sympy.Symbol(state, real=True)) * canonical(rate) for state, rate in mode.rates.items()),
        sympy.Integer(0),
    )
    by_current = sympy.diff(rise, current)
    c = sympy.Symbol(LOAD_CAPACITANCE, real=True)
    return (left - c * rise.xreplace({current: sympy.Integer(0)})) / (1 + c * by_current)


def _loaded_time_scale(mode: Mode, current: Any, v_in: Any) -> Any:
    """A mode's time constant with what synapses add to it: a load makes the membrane faster, and steps have to follow."""
    import sympy

    from neuromorph.systems.hybrid import canonical

    if mode.time_scale is None:
        return None
    # The rate at which a unit of load pulls each state back.
    pulls = (
        sympy.diff(canonical(rate), current) * sympy.diff(v_in, sympy.Symbol(state, real=True))
        for state, rate in mode.rates.items()
    )
    pull = sympy.Symbol(LOAD, real=True) * sum((sympy.Abs(p) for p in pulls), sympy.Integer(0))
    return 1 / (1 / canonical(mode.time_scale) + pull)
