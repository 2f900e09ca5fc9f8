"""How real each part of a neuron is: ideal, macromodel, transistors, or a vendor's own model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neuromorph.devices.part import Part
from neuromorph.devices.transistor_comparator import TransistorComparator

FIDELITIES = ("ideal", "macromodel", "transistor")
"""Words for how real a part is, the least real first."""

Fidelity = str | Mapping[str, Any]


def fidelity_of_parts(fidelity: Fidelity, roles: Sequence[str], design: str) -> dict[str, Any]:
    """How real each part of a neuron is.

    Parameters
    ----------
    fidelity : str or mapping of str to str or VendorModel
        One word for all parts, or a word (or a vendor's model) for some; the others are ideal.
    roles : sequence of str
        The parts that the neuron has.
    design : str
        Name of the neuron, for messages.

    Returns
    -------
    dict of str to str or VendorModel
        By role.

    Raises
    ------
    ValueError
        When a part or a word is unknown, or a macromodel is given in place of the word; the message lists the choices.
    """
    if isinstance(fidelity, str) and not roles:
        if fidelity != "ideal":
            raise ValueError(f"{design!r} has the fidelity 'ideal' only, got {fidelity!r}")
        fidelity = {}
    if isinstance(fidelity, str):
        fidelity = dict.fromkeys(roles, fidelity)
    if not isinstance(fidelity, Mapping):
        raise ValueError(
            f"fidelity must be one of {', '.join(FIDELITIES)}, or a dict from part to one of them, got {fidelity!r}"
        )
    for role, word in fidelity.items():
        if role not in roles:
            have = f"its parts: {', '.join(roles)}" if roles else "it has the fidelity 'ideal' only"
            raise ValueError(f"{design!r} has no part {role!r}; {have}")
        if isinstance(word, str) and word not in FIDELITIES:
            raise ValueError(f"no fidelity {word!r}; choices: {', '.join(FIDELITIES)}, or a VendorModel for one part")
        # The circuit would have it and the equations would not.
        if isinstance(word, Part):
            raise ValueError(
                f"the fidelity of {role!r} must be a word or a VendorModel, got a {type(word).__name__}: make it a parameter of "
                "the neuron (amplifier=, trigger= or transistor=) and ask for 'macromodel'"
            )
        if isinstance(word, TransistorComparator) and role != "comparator":
            raise ValueError(
                f"a TransistorComparator is no {role!r}; choices: {', '.join(FIDELITIES)}, or a VendorModel"
            )
        if not isinstance(word, str) and not hasattr(word, "add_to"):
            raise ValueError(f"the fidelity of {role!r} must be a word or a VendorModel, got {word!r}")
    return {role: fidelity.get(role, "ideal") for role in roles}


def is_ideal(parts: Mapping[str, Any]) -> bool:
    """Whether every part is ideal."""
    return all(word == "ideal" for word in parts.values())


def idle_parameters(design: Any, names: Iterable[str]) -> list[str]:
    """Parameters of real parts in a neuron that has none: changing them changes nothing.

    Parameters
    ----------
    design : object
        A neuron, which is ideal, or one at a fidelity; nothing is idle in other designs.
    names : iterable of str
        Dotted names.

    Returns
    -------
    list of str
        Those without effect.
    """
    neuron = getattr(design, "neuron", design)
    roles = getattr(neuron, "parts", ())
    if not roles or not is_ideal(fidelity_of_parts(getattr(design, "fidelity", "ideal"), roles, neuron.design_name)):
        return []
    real = {name for name in neuron.inner_parameters() if name != "memristor"}
    return [name for name in names if name.partition(".")[0] in real]
