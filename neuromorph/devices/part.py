"""What every part with pins has: one statement for the equations and for SPICE."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from neuromorph.quantities import Parameters
from neuromorph.systems.nodal import NodalEquations

# The states inside a part are voltages of capacitors of this size [F]: their charges are of the order of a
# membrane's, so that one charge tolerance suits the whole circuit.
STATE_CAPACITANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Part(Parameters, ABC):
    """A part of a circuit, such as an amplifier, on both roads.

    :meth:`stamp` adds it to nodal equations, :meth:`add_to` to a circuit; both are made from the same
    expressions. Nodes are given by the names in `pins`.
    """

    pins: ClassVar[tuple[str, ...]]

    def symbolic(self, prefix: str) -> Self:
        """A twin whose parameters are symbols (it is not checked; SI units).

        They are named ``<prefix><name>``, those of a part inside it ``<prefix><part>_<name>``.
        """
        import sympy

        twin = object.__new__(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_part = isinstance(value, Part)
            symbol = (
                value.symbolic(f"{prefix}{field.name}_") if is_part else sympy.Symbol(prefix + field.name, real=True)
            )
            object.__setattr__(twin, field.name, symbol)
        return twin

    def values(self, prefix: str = "") -> dict[str, float]:
        """Parameter values by the names of :meth:`symbolic`, in the SI unit of each."""
        values: dict[str, float] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            inner = isinstance(value, Part)
            values |= value.values(f"{prefix}{field.name}_") if inner else {prefix + field.name: float(value)}
        return values

    @abstractmethod
    def stamp(self, equations: NodalEquations, name: str, **nodes: str) -> None:
        """Add the part to nodal equations; call it on a :meth:`symbolic` twin.

        Parameters
        ----------
        equations : NodalEquations
            What to add to (SI units).
        name : str
            Prefix of the names of the part's own nodes and states.
        nodes : str
            The node of each pin.
        """

    @abstractmethod
    def subcircuit(self) -> str:
        """The part as an ngspice subcircuit, its parameters at the defaults of its class (SI units)."""

    @property
    def subcircuit_name(self) -> str:
        """Name of the part's subcircuit in SPICE."""
        return type(self).__name__.lower()

    def add_to(self, circuit: Any, name: str, **nodes: str) -> None:
        """Add the part to a circuit.

        Parameters
        ----------
        circuit : PySpice.Spice.Netlist.Circuit
            What to add to (SI units).
        name : str
            Name of the element, without SPICE's letter ``X``.
        nodes : str
            The node of each pin.
        """
        text = self.subcircuit()
        if text not in circuit.raw_spice:
            circuit.raw_spice += text
        circuit.X(name, self.subcircuit_name, *(nodes[pin] for pin in self.pins), **self.values())

    def _head(self, what: str) -> list[str]:
        """First lines of the subcircuit: what it is, its parameters and their defaults."""
        defaults = type(self)()
        meanings = [
            f"*   {f.name}: {f.metadata['doc']}{' [' + f.metadata['unit'] + ']' if f.metadata['unit'] else ''}"
            for f in dataclasses.fields(self)
        ]
        parameters = " ".join(f"{name}={value!r}" for name, value in defaults.values().items())
        return [
            f"* {self.subcircuit_name}: {what}",
            *meanings,
            f".subckt {self.subcircuit_name} {' '.join(self.pins)} params: {parameters}",
        ]

    def _spice_names(self, **voltages: str) -> dict[str, str]:
        """What symbols are called inside the subcircuit: parameters in braces, voltages as given."""
        # ngspice keeps every digit of a parameter, and pastes its value bare, hence the parentheses.
        return {f.name: f"({{{f.name}}})" for f in dataclasses.fields(self)} | voltages


def stamp_supplies(equations: NodalEquations, nodes: Mapping[str, str], i_supply: Any, i_out: Any) -> None:
    """Add what a part with an output takes from its supplies.

    Parameters
    ----------
    equations : NodalEquations
        What to add to (SI units).
    nodes : mapping of str to str
        Nodes of the pins ``v_pos`` and ``v_neg``.
    i_supply : sympy expression
        Quiescent current from one to the other [A].
    i_out : sympy expression
        Current out of the output [A], which the positive supply gives and the negative one takes.
    """
    equations.add_current(nodes["v_pos"], nodes["v_neg"], i_supply)
    equations.add_current(nodes["v_pos"], "0", positive_part(i_out))
    equations.add_current("0", nodes["v_neg"], positive_part(-i_out))


def positive_part(x: Any) -> Any:
    """``max(x, 0)`` as a sympy expression, in the unit of `x`."""
    import sympy

    # Not Max, which sympy takes tens of milliseconds to look at.
    return (x + sympy.Abs(x)) / 2
