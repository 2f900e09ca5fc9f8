"""Pulses from text, for the command line: ``biphasic(v_spike=-0.26V, width=10us, v_tail=0.2V, tau=100us)``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from neuromorph.plasticity.pulse_shape import PulseShape
from neuromorph.quantities import check_names, parse_quantity

__all__ = ["parse_pulse"]

_FORMS: dict[str, Callable[..., PulseShape]] = {
    "rectangular": PulseShape.rectangular,
    "biphasic": PulseShape.biphasic,
    "tails": PulseShape.tails,
}
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\((.*)\)", re.DOTALL)
_WORDS = ("decay",)


def parse_pulse(text: str) -> PulseShape:
    """Read a pulse.

    Parameters
    ----------
    text : str
        ``rectangular``, ``biphasic`` or ``tails`` with the arguments of that constructor of :class:`PulseShape` in brackets; values
        take units and prefixes, or none for SI units.

    Returns
    -------
    PulseShape
        In s and V.

    Raises
    ------
    ValueError
        When the text cannot be read; the message lists the choices.

    Examples
    --------
    >>> parse_pulse("rectangular(amplitude=200mV, width=10us)").v_max
    0.2
    """
    call = _CALL.fullmatch(text.strip())
    form = _FORMS.get(call[1].lower()) if call else None
    if call is None or form is None:
        raise ValueError(
            f"cannot read the pulse {text!r}: expected a form with values, such as 'biphasic(v_spike=-0.26V, width=10us, "
            f"v_tail=0.2V, tau=100us)'; forms: {', '.join(_FORMS)}"
        )
    parameters = inspect.signature(form).parameters
    given: dict[str, Any] = {}
    for part in call[2].split(",") if call[2].strip() else []:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(
                f"{call[1]}: expected name=value, got {part.strip()!r}; its values: {', '.join(parameters)}"
            )
        check_names(call[1], [name], parameters)
        if name in given:
            raise ValueError(f"{call[1]}: {name} is given twice")
        given[name] = value if name in _WORDS else _quantity(call[1], name, value)
    missing = [n for n, p in parameters.items() if p.default is inspect.Parameter.empty and n not in given]
    if missing:
        raise ValueError(f"{call[1]} also needs {', '.join(missing)}; its values: {', '.join(parameters)}")
    return form(**given)


def _quantity(form: str, name: str, text: str) -> float:
    unit = "V" if name == "amplitude" or name.startswith("v_") else "s"
    try:
        return parse_quantity(text, unit)
    except ValueError as error:
        raise ValueError(f"{form}: {name}: {error}") from None
