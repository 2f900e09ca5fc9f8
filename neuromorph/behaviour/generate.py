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
from neuromorph.equations import ParameterFolder, kept_source, load_kernel, print_numba
from neuromorph.systems import HybridSystem
from neuromorph.systems.hybrid import CLOCKS, canonical

_FILES = {"rk4_kernel": ("rk4_kernel",), "rosenbrock_kernel": ("rosenbrock_tableau", "rosenbrock_kernel")}
ARGUMENTS = "t, t_mode, y, u, p, z"
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
    key = (solver, statement_of(system))
    if key not in _kernels:
        stem = re.sub(r"\W+", "_", system.name).strip("_") or "system"
        source = kept_source(key, lambda: kernel_source(system, solver))
        _kernels[key] = load_kernel(f"{stem[:40]}_{solver}", source)
    return _kernels[key]


def solver_files(solver: str) -> tuple[str, ...]:
    """Names of the files of text that a solver needs, by the name of its own."""
    return _FILES[solver]


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
    texts = (folder.joinpath(f"{name}.py").read_text("utf-8") for name in (*solver_files(solver), "integrate_kernel"))
    return "\n\n".join([equations_source(system, derivatives=solver == "rosenbrock_kernel"), *texts])


def statement_of(system: HybridSystem) -> tuple[Any, ...]:
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
        tuple((m, s, tuple(row.items())) for m in system.modes for s, row in system.diffusion_in(m).items()),
        system.interpretation,
        tuple(system.random.items()),
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
    return EquationWriter(system).source(derivatives)


def recorded_names(system: HybridSystem) -> tuple[str, ...]:
    """Names of the recorded signals, in their order."""
    return (*system.states, *system.unknowns, *system.inputs, *system.outputs)


class EquationWriter:
    """Writes the functions of one system.

    Every name of the system gets a prefix, so that it cannot meet a name that is made here.
    """

    jump_arguments = ARGUMENTS

    def printed(self, expression: Any) -> str:
        """An expression as text [its unit]."""
        return print_numba(expression)

    def __init__(self, system: HybridSystem) -> None:
        self.system = system
        explicit, self.implicit = split_unknowns(system)
        groups = (
            ("y_", system.states),
            ("u_", system.inputs),
            ("p_", system.parameters),
            ("z_", self.implicit),
            ("r_", system.random),
        )
        texts = {real_symbol(name): real_symbol(prefix + name) for prefix, group in groups for name in group}
        self.symbols = texts | {symbol: value.xreplace(texts) for symbol, value in explicit.items()}
        self.tuples = {prefix[0]: [prefix + name for name in group] for prefix, group in groups}
        # Filled by what the functions turn out to use.
        self.tuples["p"] = []
        self.fold = ParameterFolder(real_symbol(f"p_{name}") for name in system.parameters)

    def source(self, derivatives: bool) -> str:
        functions = [
            self._sizes(),
            self._stimulus(),
            self._tuple_arithmetic(),
            solve_unknowns_source(self.implicit, ARGUMENTS, self.body),
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
        lines += [f"    return {tuple_text(f'pieces[i, {n}, {k}]' for n in inputs for k in range(5))}", "", ""]
        lines += ["@njit", "def stimulus_at(since, c):"]
        for n in inputs:
            offset, slope, amplitude, frequency, phase = (f"c[{5 * n + k}]" for k in range(5))
            lines += [
                f"    u_{n} = {offset} + {slope} * since",
                f"    if {amplitude} != 0.0:",
                f"        u_{n} += {amplitude} * math.sin({frequency} * since + {phase})",
            ]
        return "\n".join([*lines, f"    return {tuple_text(f'u_{n}' for n in inputs)}", ""])

    def _tuple_arithmetic(self) -> str:
        states = range(len(self.system.states))

        def per_state(expression: str) -> str:
            return tuple_text(expression.replace("#", str(i)) for i in states)

        def error(i: int) -> str:
            allowed = f"(scales[{i}] + max(abs(y[{i}]), abs(y1[{i}])))"
            return f"abs(h6 * (k1[{i}] - k2[{i}] - k3[{i}] + k4[{i}])) / {allowed}"

        def pack(name: str, count: int) -> str:
            return f"@njit\ndef {name}(a):\n    return {tuple_text(f'a[{i}]' for i in range(count))}\n"

        return "\n\n".join(
            [
                pack("pack_states", len(states)),
                pack("pack_unknowns", len(self.implicit)),
                f"@njit\ndef shift(y, h, k):\n    return {per_state('y[#] + h * k[#]')}\n",
                "@njit\ndef rk4_sum(y, h, k1, k2, k3, k4):\n    h6 = h / 6.0\n"
                f"    return {per_state('y[#] + h6 * (k1[#] + 2.0 * (k2[#] + k3[#]) + k4[#])')}\n",
                "@njit\ndef rk4_error(y, y1, h, k1, k2, k3, k4, scales):\n    h6 = h / 6.0\n"
                f"    return max({', '.join(['0.0', *map(error, states)])})\n",
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
        return self.written([[self.mapped(e) for e in group] for group in groups], names)

    def mapped(self, expression: Any) -> Any:
        """The expression in the names of the source, explicit unknowns by what they are."""
        return canonical(expression).xreplace(self.symbols)

    def written(
        self, groups: Sequence[Sequence[Any]], names: Iterator[Any] | None = None
    ) -> tuple[list[str], list[str], list[str]]:
        """As :meth:`body`, of expressions that are in the names of the source already."""
        sizes = [len(group) for group in groups]
        flat = [self.fold(e) for group in groups for e in group]
        unpacked = self._unpacked(flat)
        shared, reduced = sympy.cse(flat, symbols=names or numbered_symbols("c_"), order="none")
        lines = [f"{symbol} = {self.printed(value)}" for symbol, value in shared]
        texts = iter([self.printed(e) for e in reduced])
        tuples = [tuple_text(next(texts) for _ in range(size)) for size in sizes]
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
        return [*map(real_symbol, names), *(output.in_mode(mode) for output in self.system.outputs.values())]

    def _by_mode(self, function: str, groups: Callable[[str], Sequence[Sequence[Any]]]) -> str:
        """A function of the mode: whether solved, the unknowns, and a tuple for each group of expressions."""
        names = numbered_symbols("c_")

        def write(expressions: Any) -> tuple[list[str], list[str]]:
            unpacked, statements, tuples = self.body(expressions, names)
            return unpacked, [*statements, f"return solved, z, {', '.join(tuples)}"]

        head = ["@njit", f"def {function}(mode, {ARGUMENTS}):"]
        head.append(f"    solved, z = solve_unknowns({ARGUMENTS})" if self.implicit else "    solved = True")
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
                lines += indented(written)
                continue
            condition = " or ".join(f"mode == {number}" for number in numbers)
            lines.append("    else:" if i == len(modes) - 1 else f"    {'el' if i else ''}if {condition}:")
            lines += indented(written, 8)
        return [*indented(unpacked), *lines]

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
        return "\n".join([*lines, f"    return {tuple_text(f'v_{n}' for n in range(len(self.system.inputs)))}", ""])

    def _store(self) -> str:
        lines = [f"    a[{i}] = y[{i}]" for i in range(len(self.system.states))]
        return "\n".join(["@njit", "def store(a, y):", *lines, ""])

    def _jacobian(self) -> str:
        """``jacobian(mode, ...)``: fills in d(rates)/d(states) and d(rates)/dt, ``v`` being the slopes of the inputs."""
        self.tuples["v"] = [f"v_{name}" for name in self.system.inputs]
        one, names = sympy.Integer(1), numbered_symbols("j_")
        moving: dict[Any, Any] = {
            real_symbol(f"u_{name}"): {"t": real_symbol(f"v_{name}")} for name in self.system.inputs
        }
        moving |= {real_symbol(f"y_{name}"): {i: one} for i, name in enumerate(self.system.states)}
        moving |= {real_symbol(clock): {"t": one} for clock in CLOCKS}

        def write(rates: Any) -> tuple[list[str], list[str]]:
            tape = Tape(moving, names)
            for name, residual in self.implicit.items():
                # The theorem of implicit functions: an unknown moves so that its residual stays zero.
                symbol = real_symbol(f"z_{name}")
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
            lines = [f"{target} = {self.printed(value)}" for target, value in assignments]
            return self._unpacked(value for _, value in assignments), [*lines, "return"]

        lines = ["@njit", f"def jacobian(mode, {ARGUMENTS}, v, by_state, by_time):"]
        lines += ["    by_state[:, :] = 0.0", "    by_time[:] = 0.0"]
        return "\n".join([*lines, *self._branches(lambda mode: tuple(self._rates(mode)), write), ""])

    def _jump(self) -> str:
        """``jump(mode, guard, ...)``: mode and states after a transition, and whether it is a spike."""
        lines = ["@njit", f"def jump(mode, guard, {self.jump_arguments}):"]
        for number, name in enumerate(self.system.modes):
            for guard, transition in enumerate(self._transitions_from(name)):
                values = [transition.resets.get(s, real_symbol(s)) for s in self.system.states]
                unpacked, statements, (states,) = self.body([values])
                target = self.system.mode_names.index(transition.target)
                lines.append(f"    if mode == {number} and guard == {guard}:")
                result = f"return {target}, {transition.emits_spike}, {states}"
                lines += indented([*unpacked, *statements, result], 8)
        return "\n".join([*lines, "    return mode, False, y", ""])

    def _fixed_names(self) -> list[str]:
        """Parameters, and what has been found to depend on them alone."""
        return [*(f"p_{name}" for name in self.system.parameters), *(s.name for s in self.fold.folded)]

    def _constants(self) -> str:
        """``constants(a)``: what the other functions use of the array of parameters, as a tuple."""
        lines = [f"    p_{name} = a[{i}]" for i, name in enumerate(self.system.parameters)]
        lines += [f"    {symbol} = {self.printed(value)}" for symbol, value in self.fold.folded.items()]
        return "\n".join(["@njit", "def constants(a):", *lines, f"    return {tuple_text(self.tuples['p'])}", ""])


def real_symbol(name: str) -> Any:
    return sympy.Symbol(name, real=True)


def numbered_symbols(prefix: str) -> Iterator[Any]:
    symbols: Iterator[Any] = sympy.numbered_symbols(prefix, real=True)
    return symbols


def indented(lines: Iterable[str], spaces: int = 4) -> list[str]:
    return [" " * spaces + line for line in lines]


def tuple_text(texts: Iterable[str]) -> str:
    return f"({', '.join(texts) or '0.0'},)"


def split_unknowns(system: HybridSystem) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Unknowns with a linear residual as expressions, and the residuals of the others."""
    explicit: dict[Any, Any] = {}
    implicit: dict[str, Any] = {}
    for name, unknown in system.unknowns.items():
        symbol = real_symbol(name)
        residual = canonical(unknown.residual).xreplace(explicit)
        slope = sympy.diff(residual, symbol)
        if symbol in slope.free_symbols:
            implicit[name] = residual
        else:
            explicit[symbol] = -residual.xreplace({symbol: sympy.Integer(0)}) / slope
    return explicit, implicit
