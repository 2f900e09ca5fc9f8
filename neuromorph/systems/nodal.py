"""Kirchhoff's current law: from elements between nodes to rates of node voltages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from neuromorph.systems.hybrid import Expression, State, Unknown

GROUND = "0"


class NodalEquations:
    """The nodal equations of a small circuit, as rates and unknowns of a :class:`HybridSystem`.

    Elements are added between named nodes. A node that a capacitor reaches has a state ``v_<node>`` [V];
    any other has an unknown ``v_<node>`` [V], which Kirchhoff's current law fixes.

    Parameters
    ----------
    held : mapping of str to sympy expression
        Nodes that sources hold, with their voltages [V]: constants of parameters. Ground, ``"0"``, is
        always among them.

    Examples
    --------
    An RC low-pass:

    >>> r, c, v_in = sympy.symbols("r c v_in")
    >>> low_pass = NodalEquations({"in": v_in})
    >>> low_pass.add_resistor("in", "out", r)
    >>> low_pass.add_capacitor("out", "0", c)
    >>> sympy.simplify(low_pass.rates()["v_out"] * r * c)
    v_in - v_out
    """

    def __init__(self, held: Mapping[str, Expression]) -> None:
        self._held: dict[str, Expression] = {GROUND: sympy.Integer(0), **held}
        self._into: dict[str, Expression] = {}
        self._capacitances: dict[tuple[str, str], Expression] = {}
        self._own: dict[str, Expression] = {}
        self._into_held: dict[str, Expression] = dict.fromkeys(self._held, sympy.Integer(0))

    def holds(self, node: str) -> bool:
        """Whether a source holds the node's voltage [V]."""
        return node in self._held

    def voltage(self, node: str) -> Expression:
        """Voltage of a node against ground [V]: what its source holds, or the symbol ``v_<node>``."""
        if node in self._held:
            return self._held[node]
        self._into.setdefault(node, sympy.Integer(0))
        return sympy.Symbol(f"v_{node}", real=True)

    def add_current(self, plus: str, minus: str, current: Expression) -> None:
        """A current [A] that flows through an element from the node `plus` to the node `minus`."""
        for node, sign in ((plus, -1), (minus, 1)):
            currents = self._into_held if node in self._held else self._into
            currents[node] = currents.get(node, sympy.Integer(0)) + sign * current

    def add_resistor(self, plus: str, minus: str, resistance: Expression) -> None:
        """A resistor [ohm] between two nodes."""
        self.add_current(plus, minus, (self.voltage(plus) - self.voltage(minus)) / resistance)

    def add_capacitor(self, plus: str, minus: str, capacitance: Expression) -> None:
        """A capacitor [F] between two nodes; a voltage that a source holds does not move it."""
        for node in (plus, minus):
            self.voltage(node)
        if plus == minus:
            return
        pair = (min(plus, minus), max(plus, minus))
        self._capacitances[pair] = self._capacitances.get(pair, sympy.Integer(0)) + capacitance

    def add_state(self, name: str, rate: Expression) -> None:
        """A state inside a part, such as that of a memristor, with its rate [its unit / s].

        Raises
        ------
        ValueError
            When there is a state of that name already.
        """
        if name in self._own:
            raise ValueError(f"there is a state {name!r} already: give each part a name of its own")
        self._own[name] = rate

    @property
    def stored_energy(self) -> Expression:
        """Energy in the capacitors [J]."""
        energy: Expression = sympy.Integer(0)
        for (a, b), capacitance in self._capacitances.items():
            energy += capacitance * (self.voltage(a) - self.voltage(b)) ** 2 / 2
        return energy

    def source_current(self, node: str) -> Expression:
        """Current [A] that the source of a held node gives to the elements.

        Raises
        ------
        ValueError
            When no source holds the node; the message lists those that one holds.
        """
        if node not in self._held:
            raise ValueError(f"no source holds the node {node!r}; held: {', '.join(self._held)}")
        current = -self._into_held[node]
        rates = self.rates()
        for pair, capacitance in self._capacitances.items():
            if node in pair:
                (other,) = set(pair) - {node}
                current -= capacitance * rates.get(f"v_{other}", sympy.Integer(0))
        return current

    def rates(self) -> dict[str, Expression]:
        """Rate of every state [V/s for a node, the state's unit / s for others].

        Raises
        ------
        ValueError
            When capacitors alone join nodes so that their voltages are not determined.
        """
        rates: dict[str, Expression] = {}
        for group in self._coupled_nodes():
            # Asked of the graph: a determinant of symbols need not look like zero where it is.
            if not any(len({a, b} & set(group)) == 1 for a, b in self._capacitances):
                raise ValueError(f"nodes {', '.join(group)} are joined by capacitors alone: tie one of them to ground")
            matrix = sympy.zeros(len(group))
            for (a, b), capacitance in self._capacitances.items():
                for node, other in ((a, b), (b, a)):
                    if node in group:
                        row = group.index(node)
                        matrix[row, row] += capacitance
                        if other in group:
                            matrix[row, group.index(other)] -= capacitance
            solution = matrix.LUsolve(sympy.Matrix([self._into[node] for node in group]))
            rates |= {f"v_{node}": solution[i] for i, node in enumerate(group)}
        return rates | self._own

    def unknowns(self) -> dict[str, Unknown]:
        """Voltages [V] of the nodes without a capacitor, in the order in which they were first named.

        Raises
        ------
        ValueError
            When nothing fixes the voltage of such a node, or two of them depend on each other.
        """
        moving = {node for group in self._coupled_nodes() for node in group}
        still = [node for node in self._into if node not in moving]
        for i, node in enumerate(still):
            names = {symbol.name for symbol in sympy.sympify(self._into[node]).free_symbols}
            if f"v_{node}" not in names:
                raise ValueError(
                    f"no current depends on the voltage of node {node!r}: connect it, or hold it by a source"
                )
            later = [other for other in still[i + 1 :] if f"v_{other}" in names]
            if later:
                raise ValueError(
                    f"nodes {node!r} and {later[0]!r} have no capacitor and depend on each other: give one of them a "
                    "capacitor, or join resistors in series into one"
                )
        return {f"v_{node}": Unknown(self._into[node], "V") for node in still}

    def states(self, initial: Mapping[str, float], units: Mapping[str, str] | None = None) -> dict[str, State]:
        """The states at their initial values.

        Parameters
        ----------
        initial : mapping of str to float
            Value at time zero of each state [V for a node]; zero where it is left out.
        units : mapping of str to str, optional
            Unit of each state that is not a node's voltage; none where it is left out.

        Returns
        -------
        dict of str to State
            In the order of the rates.
        """
        own = {name: (units or {}).get(name, "") for name in self._own}
        return {name: State(initial.get(name, 0.0), own.get(name, "V")) for name in self.rates()}

    def _coupled_nodes(self) -> list[list[str]]:
        """Groups of nodes whose voltages capacitors join, none of them held by a source."""
        groups: list[set[str]] = []
        for pair in self._capacitances:
            nodes = {node for node in pair if node not in self._held}
            joined = [group for group in groups if group & nodes]
            groups = [group for group in groups if not group & nodes] + [nodes.union(*joined)]
        order: Sequence[str] = list(self._into)
        return [sorted(group, key=order.index) for group in groups if group]
