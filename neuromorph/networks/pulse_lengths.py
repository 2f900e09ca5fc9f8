"""How long neurons take to charge and to fire, and whose pulses have no length."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from neuromorph.networks.synapses import MemristiveSynapse
from neuromorph.systems.network import spiking_modes

if TYPE_CHECKING:
    from neuromorph.networks.plan import Plan
    from neuromorph.neurons import Neuron
    from neuromorph.neurons.neuron import NeuronAtFidelity

__all__ = ["fastest_times", "refuse_pulses_of_no_length"]


def refuse_pulses_of_no_length(plan: Plan) -> None:
    """Refuse a network in which a synapse waits for pulses that have no length.

    Parameters
    ----------
    plan : Plan
        The parts (SI units).

    Raises
    ------
    ValueError
        When a neuron resets in no time, ``t_pulse`` of its driver is 0 s, and somebody gets its pulses; the message names it.
    """
    used = _used(plan)
    for part in plan.neurons:
        if part.driver.t_pulse == 0 and part.name in used and resets_at_once(part.neuron):
            raise ValueError(
                f"neuron {part.name!r} resets in no time, so its pulses have no length and reach nobody: give its node "
                "driver=nm.PulseDriver(v_pulse=0.5, t_pulse=5e-6)"
            )


def resets_at_once(neuron: Neuron | NeuronAtFidelity) -> bool:
    """Whether a neuron's discharge takes no time: it has no mode of its own, or one that is over as it begins."""
    try:
        return _asked_before(neuron)
    except TypeError:  # a fidelity may be a dict
        return _resets_at_once(neuron)


# Of a thousand equal neurons one is asked, and a graph is read more than once.
@functools.lru_cache(maxsize=4096)
def _asked_before(neuron: Neuron | NeuronAtFidelity) -> bool:
    return _resets_at_once(neuron)


def _resets_at_once(neuron: Neuron | NeuronAtFidelity) -> bool:
    import sympy

    from neuromorph.systems.hybrid import canonical

    system = neuron.dynamics()
    spiking = spiking_modes(system)
    if not spiking:
        return any(transition.emits_spike for transition in system.transitions)
    values: dict[Any, Any] = {sympy.Symbol(name, real=True): value for name, value in system.parameters.items()}
    values[sympy.Symbol("t_mode", real=True)] = sympy.Integer(0)
    for transition in system.transitions:
        guard = canonical(transition.guard)
        if transition.source in spiking and guard.free_symbols <= set(values) and bool(guard.xreplace(values) >= 0):
            return True
    return False


def fastest_times(neuron: Neuron | NeuronAtFidelity) -> tuple[float, float]:
    """Fastest time constants of a neuron while it charges and while it fires [s]; infinite where it states none."""
    # Real parts add what is far shorter; what charges is the same.
    system = getattr(neuron, "neuron", neuron).dynamics()
    firing = spiking_modes(system)
    times: dict[bool, float] = {True: math.inf, False: math.inf}
    for mode, time in system.time_scales().items():
        times[mode in firing] = min(times[mode in firing], math.inf if time is None else time)
    return times[False], times[True]


def _used(plan: Plan) -> set[str]:
    """Neurons whose pulses matter to somebody, or to a memristor before themselves."""
    used = {part.source for part in plan.synapses}
    used |= {row.source for crossbar in plan.crossbars for row in crossbar.rows}
    return used | {
        part.target for part in plan.synapses if isinstance(part.synapse, MemristiveSynapse) and part.synapse.v_back
    }
