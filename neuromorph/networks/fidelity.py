"""How real the parts of a network are: those of its neurons, and its own drivers and summing circuits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from neuromorph.networks.plan import NETWORK_PARTS, Plan
from neuromorph.neurons.fidelity import FIDELITIES, Fidelity

__all__ = ["plan_at_fidelity"]


def plan_at_fidelity(plan: Plan, fidelity: Fidelity) -> Plan:
    """The same network with parts as real as that says.

    Parameters
    ----------
    plan : Plan
        Of a network whose neurons have no fidelity of their own (SI units).
    fidelity : str or mapping of str to str or VendorModel
        One word for all parts, those of the neurons, the drivers and the conveyors; or a word for some, by their names:
        ``"driver"``, ``"conveyor"``, and those of the neurons. What is not named is ideal.

    Returns
    -------
    Plan
        A copy.

    Raises
    ------
    ValueError
        When a neuron has a fidelity of its own already, or a part or word is unknown; the message lists the choices.
    """
    own: dict[str, Any] = {}
    of_neurons: Fidelity | None = fidelity
    if isinstance(fidelity, str):
        own = dict.fromkeys(NETWORK_PARTS, fidelity)
    elif isinstance(fidelity, Mapping):
        own = {part: fidelity[part] for part in NETWORK_PARTS if part in fidelity}
        others = {part: word for part, word in fidelity.items() if part not in own}
        of_neurons = others if others or not own else None
    for part, word in own.items():
        if not isinstance(word, str) or word not in FIDELITIES:
            raise ValueError(f"the fidelity of {part!r} must be one of {', '.join(FIDELITIES)}, got {word!r}")
    if of_neurons is not None:
        neurons = (
            dataclasses.replace(part, neuron=_at_fidelity(part.name, part.neuron, of_neurons)) for part in plan.neurons
        )
        plan = dataclasses.replace(plan, neurons=tuple(neurons))
    return dataclasses.replace(plan, hardware=frozenset(part for part, word in own.items() if word != "ideal"))


def _at_fidelity(name: str, neuron: Any, fidelity: Fidelity) -> Any:
    if not hasattr(neuron, "at_fidelity"):
        raise ValueError(
            f"neuron {name!r} has a fidelity of its own already: leave fidelity= out, or give the plain neuron"
        )
    return neuron.at_fidelity(fidelity)
