"""From a hybrid system to the source of its kernel: equations as scalar functions of tuples.

States, inputs, parameters and unknowns of one system travel as tuples of floats, which the compiler
keeps in registers. A batch of systems is a loop around the same functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.behaviour.jacobian import Tape
from neuromorph.behaviour.newton import solve_unknowns_source
from neuromorph.equations import ParameterFolder, load_kernel, print_numba
from neuromorph.systems import HybridSystem
from neuromorph.systems.hybrid import CLOCKS, canonical

_FILES = {"rk4_kernel": ("rk4_kernel",), "rosenbrock_kernel": ("rosenbrock_tableau", "rosenbrock_kernel")}
_ARGUMENTS = "t, t_mode, y, u, p, z"
# Printing a system takes longer than many a run, and systems that differ in values only have one kernel.
_kernels: dict[Any, ModuleType] = {}


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
    key = (solver, _statement(system))
    if key not in _kernels:
        stem = re.sub(r"\W+", "_", system.name).strip("_") or "system"
        _kernels[key] = load_kernel(f"{stem[:40]}_{solver}", kernel_source(system, solver))
    return _kernels[key]


def kernel_source(system: HybridSystem, solver: str) -> str:
    """Source of a kernel: the equations, the solver's file, and the run with its events.

    Parameters
    ----------
    system : HybridSystem
        The statement.
    solver : str
        Name of the solver's file in this folder.

    Returns
    -------
    str
        Python source of one module.
    """
    folder = resources.files("neuromorph.behaviour")
    texts = (folder.joinpath(f"{name}.py").read_text("utf-8") for name in (*_FILES[solver], "integrate_kernel"))
    return "\n\n".join([equations_source(system, derivatives=solver == "rosenbrock_kernel"), *texts])


def _statement(system: HybridSystem) -> tuple[Any, ...]:
    """All of a system that its kernel depends on: everything but values and units."""
    return (
        system.name,
        tuple(system.states),
        tuple(system.inputs),
        tuple(system.parameters),
        tuple((name, unknown.residual) for name, unknown in system.unknowns.items()),
        tuple((name, *map(output.in_mode, system.modes)) for name, output in system.outputs.items()),
        tuple((name, tuple(mode.rates.items())) for name, mode in system.modes.items()),
        tuple((t.source, t.target, t.guard, tuple(t.resets.items()), t.emits_spike) for t in system.transitions),
    )


def equations_source(system: HybridSystem, derivatives: bool = False) -> str:
    """Source of the functions in which a solver finds the system's equations.

    Parameters
    ----------
    system : HybridSystem
        The statement.
    derivatives : bool
        Whether to add what an implicit method needs: ``jacobian``, ``stimulus_slope_at`` and ``guards`` by themselves.

    Returns
    -------
    str
        Python source with ``equations``, ``jump``, ``stimulus_at``, ``constants`` and the tuple arithmetic of
        this number of states.
    """
    return _Writer(system).source(derivatives)


def recorded_names(system: HybridSystem) -> tuple[str, ...]:
    """Names of the recorded signals, in their order."""
    return (*system.states, *system.unknowns, *system.inputs, *system.outputs)


class _Writer:
    """Writes the functions of one system.

    Every name of the system gets a prefix, so that it cannot meet a name that is made here.
    """

    def __init__(self, system: HybridSystem) -> None:
        self.system = system
        explicit, self.implicit = _split_unknowns(system)
        groups = (("y_", system.states), ("u_", system.inputs), ("p_", system.parameters), ("z_", self.implicit))
        texts = {_real(name): _real(prefix + name) for prefix, group in groups for name in group}
        self.symbols = texts | {symbol: value.xreplace(texts) for symbol, value in explicit.items()}
        self.tuples = {prefix[0]: [prefix + name for name in group] for prefix, group in groups}
        # Filled by what the functions turn out to use.
        self.tuples["p"] = []
        self.fold = ParameterFolder(_real(f"p_{name}") for name in system.parameters)

    def source(self, derivatives: bool) -> str:
        functions = [
            self._sizes(),
            self._stimulus(),
            self._tuple_arithmetic(),
            solve_unknowns_source(self.implicit, _ARGUMENTS, self.body),
            self._equations(),
            self._jump(),
        ]
        if derivatives:
            functions += [
                self._by_mode("guards", lambda mode: [self._guards(mode)]),
                self._stimulus_slope(),
                self._store(),
                self._jacobian(),
            ]
        # What the functions above take from the parameters is known only now.
        return "\n\n".join([*functions, self._constants()])

    def _transitions_from(self, mode: str) -> list[Any]:
        return [t for t in self.system.transitions if t.source == mode]

    def _most_guards(self) -> int:
        # A tuple must not be empty in numba, so every group has at least one place.
        return max(1, *(len(self._transitions_from(mode)) for mode in self.system.modes))

    def _sizes(self) -> str:
        sizes = {
            "N_STATES": len(self.system.states),
            "N_GUARDS": self._most_guards(),
            "N_OBSERVED": len(recorded_names(self.system)),
        }
        return "\n".join(f"{name} = {value}" for name, value in sizes.items()) + "\n"

    def _stimulus(self) -> str:
        """``piece_coefficients`` and ``stimulus_at``: the inputs in one smooth piece of the stimuli."""
        inputs = range(len(self.system.inputs))
        lines = ["@njit", "def piece_coefficients(pieces, i):"]
        lines += [f"    return {_tuple(f'pieces[i, {n}, {k}]' for n in inputs for k in range(5))}", "", ""]
        lines += ["@njit", "def stimulus_at(since, c):"]
        for n in inputs:
            offset, slope, amplitude, frequency, phase = (f"c[{5 * n + k}]" for k in range(5))
            lines += [
                f"    u_{n} = {offset} + {slope} * since",
                f"    if {amplitude} != 0.0:",
                f"        u_{n} += {amplitude} * math.sin({frequency} * since + {phase})",
            ]
        return "\n".join([*lines, f"    return {_tuple(f'u_{n}' for n in inputs)}", ""])

    def _tuple_arithmetic(self) -> str:
        states = range(len(self.system.states))

        def per_state(expression: str) -> str:
            return _tuple(expression.replace("#", str(i)) for i in states)

        def pack(name: str, count: int) -> str:
            return f"@njit\ndef {name}(a):\n    return {_tuple(f'a[{i}]' for i in range(count))}\n"

        return "\n\n".join(
            [
                pack("pack_states", len(states)),
                pack("pack_unknowns", len(self.implicit)),
                f"@njit\ndef shift(y, h, k):\n    return {per_state('y[#] + h * k[#]')}\n",
                "@njit\ndef rk4_sum(y, h, k1, k2, k3, k4):\n    h6 = h / 6.0\n"
                f"    return {per_state('y[#] + h6 * (k1[#] + 2.0 * (k2[#] + k3[#]) + k4[#])')}\n",
                "@njit\ndef middle(h, y0, f0, y1, f1):\n"
                '    """Middle of the cubic through two states with these rates."""\n'
                f"    return {per_state('0.5 * (y0[#] + y1[#]) + 0.125 * h * (f0[#] - f1[#])')}\n",
                f"@njit\ndef all_finite(y):\n    return {' and '.join(f'math.isfinite(y[{i}])' for i in states)}\n",
            ]
        )

    def body(
        self, groups: Sequence[Sequence[Any]], names: Iterator[Any] | None = None
    ) -> tuple[list[str], list[str], list[str]]:
        """Lines that unpack what groups of expressions need, lines that compute, and the groups' tuples."""
        sizes = [len(group) for group in groups]
        flat = [self.fold(canonical(e).xreplace(self.symbols)) for group in groups for e in group]
        unpacked = self._unpacked(flat)
        shared, reduced = sympy.cse(flat, symbols=names or _numbered("c_"), order="none")
        lines = [f"{symbol} = {print_numba(value)}" for symbol, value in shared]
        texts = iter([print_numba(e) for e in reduced])
        tuples = [_tuple(next(texts) for _ in range(size)) for size in sizes]
        return unpacked, lines, tuples

    def _unpacked(self, expressions: Iterable[Any]) -> list[str]:
        """Lines that take from the tuples what expressions use."""
        used = {s.name for e in expressions for s in e.free_symbols}
        constants = self.tuples["p"]
        constants += [name for name in self._fixed_names() if name in used and name not in constants]
        return [
            f"{name} = {letter}[{i}]"
            for letter, group in self.tuples.items()
            for i, name in enumerate(group)
            if name in used
        ]

    def _equations(self) -> str:
        """``equations(mode, ...)``: whether solved, unknowns, rates, guards and recorded signals.

        One function, since they share much of what they compute; the compiler drops what a caller drops.
        """
        return self._by_mode("equations", lambda name: [self._rates(name), self._guards(name), self._observed(name)])

    def _rates(self, mode: str) -> list[Any]:
        return [self.system.modes[mode].rates[s] for s in self.system.states]

    def _guards(self, mode: str) -> list[Any]:
        guards = [t.guard for t in self._transitions_from(mode)]
        return guards + [-1] * (self._most_guards() - len(guards))

    def _observed(self, mode: str) -> list[Any]:
        names = (*self.system.states, *self.system.unknowns, *self.system.inputs)
        return [*map(_real, names), *(output.in_mode(mode) for output in self.system.outputs.values())]

    def _by_mode(self, function: str, groups: Callable[[str], Sequence[Sequence[Any]]]) -> str:
        """A function of the mode: whether solved, the unknowns, and a tuple for each group of expressions."""
        names = _numbered("c_")

        def write(expressions: Any) -> tuple[list[str], list[str]]:
            unpacked, statements, tuples = self.body(expressions, names)
            return unpacked, [*statements, f"return solved, z, {', '.join(tuples)}"]

        head = ["@njit", f"def {function}(mode, {_ARGUMENTS}):"]
        head.append(f"    solved, z = solve_unknowns({_ARGUMENTS})" if self.implicit else "    solved = True")
        return "\n".join([*head, *self._branches(lambda mode: tuple(map(tuple, groups(mode))), write), ""])

    def _branches(
        self, statement: Callable[[str], tuple[Any, ...]], write: Callable[[Any], tuple[list[str], list[str]]]
    ) -> list[str]:
        """Lines for each mode, once for modes of which the same is stated.

        No name may be assigned in two branches, which would cost the compiler much time; what all unpack stands first.
        """
        modes: dict[Any, list[int]] = {}
        for number, mode in enumerate(self.system.modes):
            modes.setdefault(statement(mode), []).append(number)
        unpacked: dict[str, None] = {}
        lines: list[str] = []
        for i, (stated, numbers) in enumerate(modes.items()):
            new, written = write(stated)
            unpacked |= dict.fromkeys(new)
            if len(modes) == 1:
                lines += _indented(written)
                continue
            condition = " or ".join(f"mode == {number}" for number in numbers)
            lines.append("    else:" if i == len(modes) - 1 else f"    {'el' if i else ''}if {condition}:")
            lines += _indented(written, 8)
        return [*_indented(unpacked), *lines]

    def _stimulus_slope(self) -> str:
        """``stimulus_slope_at``: time derivatives of the inputs in one smooth piece of the stimuli."""
        lines = ["@njit", "def stimulus_slope_at(since, c):"]
        for n in range(len(self.system.inputs)):
            slope, amplitude, frequency, phase = (f"c[{5 * n + k}]" for k in range(1, 5))
            lines += [
                f"    v_{n} = {slope}",
                f"    if {amplitude} != 0.0:",
                f"        v_{n} += {amplitude} * {frequency} * math.cos({frequency} * since + {phase})",
            ]
        return "\n".join([*lines, f"    return {_tuple(f'v_{n}' for n in range(len(self.system.inputs)))}", ""])

    def _store(self) -> str:
        lines = [f"    a[{i}] = y[{i}]" for i in range(len(self.system.states))]
        return "\n".join(["@njit", "def store(a, y):", *lines, ""])

    def _jacobian(self) -> str:
        """``jacobian(mode, ...)``: fills in d(rates)/d(states) and d(rates)/dt, ``v`` being the slopes of the inputs."""
        self.tuples["v"] = [f"v_{name}" for name in self.system.inputs]
        one, names = sympy.Integer(1), _numbered("j_")
        moving: dict[Any, Any] = {_real(f"u_{name}"): {"t": _real(f"v_{name}")} for name in self.system.inputs}
        moving |= {_real(f"y_{name}"): {i: one} for i, name in enumerate(self.system.states)}
        moving |= {_real(clock): {"t": one} for clock in CLOCKS}

        def write(rates: Any) -> tuple[list[str], list[str]]:
            tape = Tape(moving, names)
            for name, residual in self.implicit.items():
                # The theorem of implicit functions: an unknown moves so that its residual stays zero.
                symbol = _real(f"z_{name}")
                tape.seed(symbol, {name: one})
                moved = dict(tape.derivatives(self.fold(residual.xreplace(self.symbols))))
                slope = moved.pop(name)
                tape.seed(symbol, {d: tape.assign(-value / slope) for d, value in moved.items()})
            entries = [
                (f"by_time[{i}]" if d == "t" else f"by_state[{i}, {d}]", value)
                for i, rate in enumerate(rates)
                for d, value in tape.derivatives(self.fold(canonical(rate).xreplace(self.symbols))).items()
            ]
            assignments = [*tape.steps, *entries]
            lines = [f"{target} = {print_numba(value)}" for target, value in assignments]
            return self._unpacked(value for _, value in assignments), [*lines, "return"]

        lines = ["@njit", f"def jacobian(mode, {_ARGUMENTS}, v, by_state, by_time):"]
        lines += ["    by_state[:, :] = 0.0", "    by_time[:] = 0.0"]
        return "\n".join([*lines, *self._branches(lambda mode: tuple(self._rates(mode)), write), ""])

    def _jump(self) -> str:
        """``jump(mode, guard, ...)``: mode and states after a transition, and whether it is a spike."""
        lines = ["@njit", f"def jump(mode, guard, {_ARGUMENTS}):"]
        for number, name in enumerate(self.system.modes):
            for guard, transition in enumerate(self._transitions_from(name)):
                values = [transition.resets.get(s, _real(s)) for s in self.system.states]
                unpacked, statements, (states,) = self.body([values])
                target = self.system.mode_names.index(transition.target)
                lines.append(f"    if mode == {number} and guard == {guard}:")
                result = f"return {target}, {transition.emits_spike}, {states}"
                lines += _indented([*unpacked, *statements, result], 8)
        return "\n".join([*lines, "    return mode, False, y", ""])

    def _fixed_names(self) -> list[str]:
        """Parameters, and what has been found to depend on them alone."""
        return [*(f"p_{name}" for name in self.system.parameters), *(s.name for s in self.fold.folded)]

    def _constants(self) -> str:
        """``constants(a)``: what the other functions use of the array of parameters, as a tuple."""
        lines = [f"    p_{name} = a[{i}]" for i, name in enumerate(self.system.parameters)]
        lines += [f"    {symbol} = {print_numba(value)}" for symbol, value in self.fold.folded.items()]
        return "\n".join(["@njit", "def constants(a):", *lines, f"    return {_tuple(self.tuples['p'])}", ""])


def _real(name: str) -> Any:
    return sympy.Symbol(name, real=True)


def _numbered(prefix: str) -> Iterator[Any]:
    symbols: Iterator[Any] = sympy.numbered_symbols(prefix, real=True)
    return symbols


def _indented(lines: Iterable[str], spaces: int = 4) -> list[str]:
    return [" " * spaces + line for line in lines]


def _tuple(texts: Iterable[str]) -> str:
    return f"({', '.join(texts) or '0.0'},)"


def _split_unknowns(system: HybridSystem) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Unknowns with a linear residual as expressions, and the residuals of the others."""
    explicit: dict[Any, Any] = {}
    implicit: dict[str, Any] = {}
    for name, unknown in system.unknowns.items():
        symbol = _real(name)
        residual = canonical(unknown.residual).xreplace(explicit)
        slope = sympy.diff(residual, symbol)
        if symbol in slope.free_symbols:
            implicit[name] = residual
        else:
            explicit[symbol] = -residual.xreplace({symbol: sympy.Integer(0)}) / slope
    return explicit, implicit
