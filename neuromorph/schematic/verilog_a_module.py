"""A Verilog-A module as text: its name, its parameters, and these made parameters of an instance."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INCLUDE = re.compile(r'^[ \t]*`include[ \t]+"disciplines\.vams"[ \t]*$', re.MULTILINE)
_PARAMETER = re.compile(r"^([ \t]*)parameter real", re.MULTILINE)
_MODULE = re.compile(r"^module[ \t]+(\w+)[ \t]*\(([^)]*)\);", re.MULTILINE)
_DECLARED = re.compile(r"parameter real (\w+)")


@dataclass(frozen=True)
class VerilogAModule:
    """One module.

    Parameters
    ----------
    name : str
        Of the module.
    terminals : tuple of str
        In their order.
    parameters : tuple of str
        Names of its parameters.
    text : str
        Without the standard disciplines; every parameter belongs to an instance, so that one compiled module serves all
        values.
    """

    name: str
    terminals: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str

    def own_name(self, parameter: str) -> str | None:
        """The module's name of a subcircuit's parameter, in whatever case; ``None`` where it has none."""
        # A name that means something in Verilog-A gets an underscore there.
        names = (parameter.lower(), f"{parameter.lower()}_")
        return next((own for own in self.parameters if own.lower() in names), None)


def read_module(text: str) -> VerilogAModule:
    """Read a module.

    Parameters
    ----------
    text : str
        Verilog-A of one module.

    Returns
    -------
    VerilogAModule
        Name, terminals, parameters and text.

    Raises
    ------
    ValueError
        When there is no module.
    """
    match = _MODULE.search(text)
    if match is None:
        raise ValueError(f"the device's Verilog-A has no module: {text[:60]!r}")
    own = _PARAMETER.sub(r'\1(* type="instance" *) parameter real', _INCLUDE.sub("", text))
    terminals = tuple(word.strip() for word in match[2].split(","))
    return VerilogAModule(match[1], terminals, tuple(_DECLARED.findall(own)), own)
