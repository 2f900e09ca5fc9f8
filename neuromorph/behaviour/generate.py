"""From a hybrid system to the source of its kernel: equations as scalar functions of tuples.

States, inputs, parameters and unknowns of one system travel as tuples of floats, which the compiler
keeps in registers. A batch of systems is a loop around the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.equations import load_kernel, print_numba
from neuromorph.systems import HybridSystem
from neuromorph.systems.hybrid import CLOCKS, canonical

_ARGUMENTS = "t, t_mode, y, u, p, z"


def kernel_of(system: HybridSystem, solver: str) -> ModuleType:
    """The compiled module of one system and one solver, from the disk cache where possible.

    Parameters
    ----------
    system : HybridSystem
        Its parameter values do not matter: they are arguments of the kernel.
    solver : str
        Name of the solver's file in this folder, such as ``"rk4_kernel"``.

    Returns
    -------
    module
        With the functions of the solver's file.
    """
    solver_source = resources.files("neuromorph.behaviour").joinpath(f"{solver}.py").read_text("utf-8")
    stem = re.sub(r"\W+", "_", system.name).strip("_") or "system"
    return load_kernel(f"{stem[:40]}_{solver}", equations_source(system) + "\n\n" + solver_source)


def equations_source(system: HybridSystem) -> str:
    """Source of the functions in which a solver finds the system's equations.

    Parameters
    ----------
    system : HybridSystem
        The statement.

    Returns
    -------
    str
        Python source with ``rates``, ``guards``, ``jump``, ``observe``, ``solve_unknowns`` and the tuple
        arithmetic of this number of states.
    """
    return _Writer(system).source()


def recorded_names(system: HybridSystem) -> tuple[str, ...]:
    """Names of what ``observe`` returns, in its order."""
    return (*system.states, *system.unknowns, *system.inputs, *system.outputs)


class _Writer:
    """Writes the functions of one system."""

    def __init__(self, system: HybridSystem) -> None:
        self.system = system
        self.explicit, self.implicit = _split_unknowns(system)
        prefixes = (("y_", system.states), ("u_", system.inputs), ("p_", system.parameters), ("z_", self.implicit))
        self.names = {name: prefix + name for prefix, group in prefixes for name in group}
        self.tuples = [(letter[0], [letter + n for n in group]) for letter, group in prefixes]

    def source(self) -> str:
        return "\n\n".join(
            [
                self._constants(),
                self._tuple_arithmetic(),
                self._solve_unknowns(),
                self._by_mode("rates", [[m.rates[s] for s in self.system.states] for m in self._modes()]),
                self._by_mode("guards", [self._guards(i) for i in range(len(self.system.modes))]),
                self._jump(),
                self._function("observe", self._observed()),
            ]
        )

    def _modes(self) -> Iterable[Any]:
        return self.system.modes.values()

    def _transitions_from(self, mode: int) -> list[Any]:
        name = self.system.mode_names[mode]
        return [t for t in self.system.transitions if t.source == name]

    def _constants(self) -> str:
        most = max((len(self._transitions_from(i)) for i in range(len(self.system.modes))), default=0)
        # A tuple must not be empty in numba, so every group has at least one place.
        sizes = {
            "N_STATES": len(self.system.states),
            "N_GUARDS": max(most, 1),
            "N_OBSERVED": len(recorded_names(self.system)),
        }
        return "\n".join(f"{name} = {value}" for name, value in sizes.items()) + "\n"

    def _tuple_arithmetic(self) -> str:
        def per_state(expression: str) -> str:
            parts = (expression.replace("#", str(i)) for i in range(len(self.system.states)))
            return "(" + ", ".join(parts) + ",)"

        def pack(name: str, count: int) -> str:
            parts = "".join(f"a[{i}], " for i in range(count)) or "0.0,"
            return f"@njit\ndef {name}(a):\n    return ({parts.strip()})\n"

        groups = {
            "pack_states": len(self.system.states),
            "pack_inputs": len(self.system.inputs),
            "pack_parameters": len(self.system.parameters),
            "pack_unknowns": len(self.implicit),
        }
        finite = " and ".join(f"math.isfinite(y[{i}])" for i in range(len(self.system.states)))
        return "\n\n".join(
            [
                *(pack(name, count) for name, count in groups.items()),
                f"@njit\ndef shift(y, h, k):\n    return {per_state('y[#] + h * k[#]')}\n",
                "@njit\ndef rk4_sum(y, h, k1, k2, k3, k4):\n    h6 = h / 6.0\n"
                f"    return {per_state('y[#] + h6 * (k1[#] + 2.0 * (k2[#] + k3[#]) + k4[#])')}\n",
                "@njit\ndef hermite(s, h, y0, f0, y1, f1):\n"
                '    """Cubic through two states and their rates, at the fraction s of the step."""\n'
                "    c = s * s * (3.0 - 2.0 * s)\n    a = h * s * (1.0 - s) * (1.0 - s)\n    b = h * s * s * (1.0 - s)\n"
                f"    return {per_state('y0[#] + c * (y1[#] - y0[#]) + a * f0[#] - b * f1[#]')}\n",
                f"@njit\ndef all_finite(y):\n    return {finite}\n",
            ]
        )

    def _unpack(self, used: set[str]) -> list[str]:
        lines: list[str] = []
        for letter, group in self.tuples:
            lines.extend(f"    {name} = {letter}[{i}]" for i, name in enumerate(group) if name in used)
        return lines

    def _body(self, expressions: Sequence[Any], indent: str = "    ") -> tuple[list[str], set[str]]:
        """Statements that end in the return of a tuple, and the names that they use."""
        resolved = [canonical(e).xreplace(self.explicit) for e in expressions]
        shared, reduced = sympy.cse(resolved, symbols=sympy.numbered_symbols("c_", real=True), order="none")
        used = {self.names[s.name] for e in resolved for s in e.free_symbols if s.name not in CLOCKS}
        lines = [f"{indent}{symbol} = {print_numba(value, self.names)}" for symbol, value in shared]
        values = ", ".join(print_numba(e, self.names) for e in reduced) or "0.0"
        lines.append(f"{indent}return ({values},)")
        return lines, used

    def _function(self, name: str, expressions: Sequence[Any]) -> str:
        lines, used = self._body(expressions)
        return "\n".join(["@njit", f"def {name}({_ARGUMENTS}):", *self._unpack(used), *lines]) + "\n"

    def _by_mode(self, name: str, expressions: Sequence[Sequence[Any]]) -> str:
        if len(expressions) == 1:
            return self._function(name, expressions[0]).replace(f"({_ARGUMENTS})", f"(mode, {_ARGUMENTS})", 1)
        branches: list[str] = []
        used: set[str] = set()
        for mode, group in enumerate(expressions):
            lines, names = self._body(group, indent="        ")
            used |= names
            last = mode == len(expressions) - 1
            branches.append("    else:" if last else f"    {'if' if mode == 0 else 'elif'} mode == {mode}:")
            branches.extend(lines)
        return "\n".join(["@njit", f"def {name}(mode, {_ARGUMENTS}):", *self._unpack(used), *branches]) + "\n"

    def _guards(self, mode: int) -> list[Any]:
        guards = [t.guard for t in self._transitions_from(mode)]
        most = max((len(self._transitions_from(i)) for i in range(len(self.system.modes))), default=0)
        return guards + [sympy.Integer(-1)] * (max(most, 1) - len(guards))

    def _jump(self) -> str:
        """``jump(mode, guard, ...)``: mode and states after a transition, and whether it is a spike."""
        lines = ["@njit", f"def jump(mode, guard, {_ARGUMENTS}):"]
        states = list(self.system.states)
        modes = self.system.mode_names
        used: set[str] = set()
        branches = []
        for mode in range(len(modes)):
            for guard, transition in enumerate(self._transitions_from(mode)):
                values = [transition.resets.get(s, sympy.Symbol(s)) for s in states]
                statements, names = self._body(values, indent="        ")
                used |= names
                target = modes.index(transition.target)
                branches.append(f"    if mode == {mode} and guard == {guard}:")
                branches.extend(statements[:-1])
                result = statements[-1].strip().removeprefix("return ")
                branches.append(f"        return {target}, {transition.emits_spike}, {result}")
        return "\n".join([*lines, *self._unpack(used), *branches, "    return mode, False, y"]) + "\n"

    def _observed(self) -> list[Any]:
        outputs = [output.expression for output in self.system.outputs.values()]
        names = (*self.system.states, *self.system.unknowns, *self.system.inputs)
        return [*(sympy.Symbol(n) for n in names), *outputs]

    def _solve_unknowns(self) -> str:
        """Newton's method, one unknown after the other, with the exact derivative and a halved step
        wherever a full one would make the residual larger."""
        head = f"@njit\ndef solve_unknowns({_ARGUMENTS}):"
        if not self.implicit:
            return f"{head}\n    return True, z\n"
        inner: list[str] = []
        calls: list[str] = []
        for i, (name, residual) in enumerate(self.implicit.items()):
            slope = sympy.diff(residual, sympy.Symbol(name, real=True))
            statements, used = self._body([residual, slope])
            unpack = [line for line in self._unpack(used) if not line.startswith(f"    z_{name} =")]
            inner.append(
                "\n".join(
                    ["@njit", f"def _residual_{i}(z_{name}, {_ARGUMENTS}):", *unpack, *statements, ""],
                )
            )
            calls += [
                f"    z_{name} = z[{i}]",
                f"    f, slope = _residual_{i}(z_{name}, {_ARGUMENTS})",
                f"    converged = f == 0.0 or _settled(f, slope, z_{name})",
                "    for _ in range(100):",
                "        if converged:",
                "            break",
                "        step = -f / slope",
                "        smaller = False",
                "        for _ in range(40):",
                f"            f_new, slope_new = _residual_{i}(z_{name} + step, {_ARGUMENTS})",
                "            smaller = abs(f_new) < abs(f)",
                "            if smaller:",
                "                break",
                "            step *= 0.5",
                "        if not smaller:",
                "            # Rounding: no step helps any more. Right only when the full step was tiny.",
                f"            converged = abs(f) <= abs(slope) * 1e-10 * (abs(z_{name}) + 1e-6)",
                "            break",
                f"        z_{name} += step",
                "        f, slope = f_new, slope_new",
                f"        converged = f == 0.0 or _settled(f, slope, z_{name})",
                "    if not converged:",
                "        return False, z",
                # Later unknowns may use this one.
                f"    z = ({', '.join(f'z_{n}' if j <= i else f'z[{j}]' for j, n in enumerate(self.implicit))},)",
            ]
        settled = (
            "@njit\ndef _settled(f, slope, z):\n"
            '    """Whether Newton\'s next step is below the resolution of z."""\n'
            "    return abs(f) <= abs(slope) * (4e-16 * abs(z) + 1e-18)\n"
        )
        return "\n\n".join([settled, *inner, "\n".join([head, *calls, "    return True, z", ""])])


def _split_unknowns(system: HybridSystem) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Unknowns with a linear residual as expressions, and the residuals of the others."""
    explicit: dict[Any, Any] = {}
    implicit: dict[str, Any] = {}
    for name, unknown in system.unknowns.items():
        symbol = sympy.Symbol(name, real=True)
        residual = canonical(unknown.residual).xreplace(explicit)
        slope = sympy.diff(residual, symbol)
        if symbol in slope.free_symbols:
            implicit[name] = residual
        else:
            explicit[symbol] = -residual.xreplace({symbol: sympy.Integer(0)}) / slope
    return explicit, implicit
