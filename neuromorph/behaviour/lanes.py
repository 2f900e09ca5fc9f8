"""From a hybrid system to the source of a kernel for many neurons: each in a lane of one array, the same equations.

A tile is one array of floats with a row for each quantity and a column, the lane, for each neuron. Loops along
the lanes are free of branches, so the compiler writes them with vector instructions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any

import sympy

from neuromorph.behaviour import generate, ito
from neuromorph.behaviour.generate import (
    ARGUMENTS,
    EquationWriter,
    indented,
    numbered_symbols,
    real_symbol,
    tuple_text,
)
from neuromorph.equations import kept_source, load_kernel, print_lanes, with_logistic_pairs
from neuromorph.systems import HybridSystem

WIDTH = 256
"""Neurons in a tile: few enough for the processor's fastest cache, many enough for the loops to be long."""
BLOCK = 64
"""Neurons among which is looked for events at once."""
CROSSINGS = ("grid", "interpolated", "bridge")
_H = real_symbol("h")
_kernels: dict[Any, ModuleType] = {}


@dataclass(frozen=True)
class LaneForm:
    """What the code of a kernel depends on besides the system.

    Parameters
    ----------
    method : {"euler-maruyama", "milstein", "rk4"}
        How a step is made.
    crossings : {"grid", "interpolated", "bridge"}
        How an event inside a step is found.
    own_parameters : bool
        Whether neurons differ in parameters.
    inputs : tuple of {"shared", "constant", "own"}
        Whether an input is the same for all neurons, a number for each, or a course for each.
    width : int
        Lanes of a tile (pure number).
    begins_above : bool
        Whether a guard is not below zero at the start of a run, so that it fires at once.
    controls_error : bool
        Whether a step whose estimated error is too large is made again in shorter ones.
    """

    method: str = "euler-maruyama"
    crossings: str = "interpolated"
    own_parameters: bool = False
    inputs: tuple[str, ...] = ()
    width: int = WIDTH
    begins_above: bool = False
    controls_error: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the files of text that follow the equations."""
        if self.method == "rk4":
            return ("rk4_lanes_kernel", "rk4_pass_kernel", "tile_kernel", "rk4_kernel", "integrate_kernel")
        return ("stochastic_kernel", "stochastic_pass_kernel", "tile_kernel", "path_kernel")


def lane_kernel(system: HybridSystem, form: LaneForm) -> ModuleType:
    """The compiled module of one system for lanes, from the disk cache where possible.

    Parameters
    ----------
    system : HybridSystem
        Its parameter values do not matter: they are arguments of the kernel.
    form : LaneForm
        What else the code depends on.

    Returns
    -------
    module
        With ``run_tile``, and ``run_path`` for a stochastic method.

    Raises
    ------
    ValueError
        When the method does not apply to the system.
    """
    key = (form, generate.statement_of(system))
    if key not in _kernels:
        stem = re.sub(r"\W+", "_", system.name).strip("_") or "system"
        source = kept_source(key, lambda: lane_source(system, form))
        _kernels[key] = load_kernel(f"{stem[:40]}_{form.method.replace('-', '_')}", source)
    return _kernels[key]


def lane_source(system: HybridSystem, form: LaneForm) -> str:
    """Source of a kernel for lanes.

    Parameters
    ----------
    system : HybridSystem
        The statement.
    form : LaneForm
        What else the code depends on.

    Returns
    -------
    str
        Python source of one module.
    """
    folder = resources.files("neuromorph.behaviour")
    first, second = ("lane_functions_kernel", "random_kernel"), form.texts
    before, after = ([folder.joinpath(f"{name}.py").read_text("utf-8") for name in names] for names in (first, second))
    # Without this, a loop would call what is too large for the compiler's taste, and not be vectorised. What handles
    # events is called seldom, and would only take long to compile.
    forced = "True" if form.width > 1 else "False"
    inlined = f"plain = bare\nnjit = inlined = functools.partial(bare, forceinline={forced})\n"
    return "\n\n".join([inlined, *before, LaneWriter(system, form).source(), "njit = plain", *after])


class LaneWriter(EquationWriter):
    """Writes the functions of one system for lanes; a mode is a float, and all modes are computed and chosen from."""

    jump_arguments = f"{ARGUMENTS}, r"

    def __init__(self, system: HybridSystem, form: LaneForm) -> None:
        super().__init__(system)
        self.form = form
        self.state_symbols = [real_symbol(f"y_{name}") for name in system.states]
        self.increments = [real_symbol(f"w_{name}") for name in system.noise_sources]
        self.tuples["w"] = [s.name for s in self.increments]

    def printed(self, expression: Any) -> str:
        """An expression as text with functions for lanes [its unit]."""
        return print_lanes(expression)

    def written(
        self, groups: Sequence[Sequence[Any]], names: Iterator[Any] | None = None
    ) -> tuple[list[str], list[str], list[str]]:
        """As :meth:`EquationWriter.written`, with an exponential function less for each pair of logistic ones."""
        paired = iter(with_logistic_pairs([e for group in groups for e in group], self.fold.parameters))
        return super().written([[next(paired) for _ in group] for group in groups], names)

    def source(self, derivatives: bool = False) -> str:
        """Source of all the functions; they have no derivatives but those that noise needs."""
        text = super().source(derivatives=False)
        functions = [self._by_mode("guards", lambda mode: [self._guards(mode)])]
        if self.form.method != "rk4":
            functions += [self._step(), self._guard_noise(), self._jump_without_branches()]
        functions += [self._noise_arithmetic(), self._random_variables()]
        # What these take from the parameters belongs to the constants, which are written last.
        return "\n\n".join([text[: text.rindex("@njit\ndef constants")], *functions, self._constants(), self._tile()])

    def diffusion(self, mode: str) -> list[list[Any]]:
        """Diffusion in a mode, rows by state, columns by source, in the names of the code [unit / sqrt(s)]."""
        stated = self.system.diffusion_in(mode)
        return [
            [self.mapped(stated.get(state, {}).get(source, 0)) for source in self.system.noise_sources]
            for state in self.system.states
        ]

    def _step(self) -> str:
        """``step(mode, ..., h, w)``: states after a step ``h`` [s] with increments ``w`` of the Wiener processes.

        Modes choose among changes, not among states: a state that is held would be stored by a mask, which is slow. A change
        that is affine in states and increments in every mode is a chain of fused products, and modes choose among their
        factors, which several steps then share. Of what a step must wait for, one product and one sum are left.
        """
        symbols = {s: f"w[{j}]" for j, s in enumerate(self.increments)}
        symbols |= (y := {s: f"y[{i}]" for i, s in enumerate(self.state_symbols)})
        changes = {mode: self._changes(mode) for mode in self.system.modes}
        factors = [_factors([change[i] for change in changes.values()], [*symbols]) for i in range(len(y))]

        def terms(mode: str) -> list[list[Any]]:
            parts = zip(changes[mode], factors, strict=True)
            return [[*(e.diff(s) for s in used), e.xreplace(dict.fromkeys(used, sympy.S.Zero))] for e, used in parts]

        ends = []
        for i, used in enumerate(factors):
            change = f"c_{i}[{len(used)}]"
            for k, symbol in enumerate(used):
                change = f"fma(c_{i}[{k}], {symbols[symbol]}, {change})"
            ends.append(f"y[{i}] + {change}")
        arguments = f"mode, {ARGUMENTS}, h, w"
        return (
            f"{self._chosen('terms', terms, ', h, w')}\n\n@njit\ndef step({arguments}):\n"
            f"    solved, z, {', '.join(f'c_{i}' for i in range(len(ends)))} = terms({arguments})\n"
            f"    return solved, z, {tuple_text(ends)}\n"
        )

    def _changes(self, mode: str) -> list[Any]:
        """What a step adds to each state in a mode, in the names of the code [state's unit]."""
        rates, noise = [self.mapped(e) for e in self._rates(mode)], self.diffusion(mode)
        self._refuse(mode, noise)
        if self.increments and self.system.interpretation == "stratonovich":
            rates = ito.ito_drift(rates, noise, self.state_symbols)
        terms: list[Any] = [sympy.S.Zero] * len(rates)
        if self.increments and self.form.method == "milstein":
            terms = ito.milstein_terms(noise, self.state_symbols, self.increments, _H)
        return [
            sympy.sympify(_H * rate + sum(b * w for b, w in zip(row, self.increments, strict=True)) + term)
            for rate, row, term in zip(rates, noise, terms, strict=True)
        ]

    def _refuse(self, mode: str, noise: list[list[Any]]) -> None:
        names = self.system.noise_sources
        implicit = {real_symbol(f"z_{name}") for name in self.implicit}
        needs_slopes = self.form.method == "milstein" or self.system.interpretation == "stratonovich"
        if needs_slopes and any(b.free_symbols & implicit for row in noise for b in row):
            raise ValueError(
                f"the diffusion of mode {mode!r} depends on an unknown that is found by iteration, so its slope, which "
                "Milstein's method and the Stratonovich interpretation need, is not known: state it by states, or use "
                "EulerMaruyama with interpretation='ito'"
            )
        if self.form.method == "milstein":
            for k in range(len(names)):
                for j in range(k):
                    if not ito.commute(noise, j, k, self.state_symbols):
                        raise ValueError(
                            f"Milstein's method needs noise that commutes; in mode {mode!r} of {self.system.name!r} "
                            f"{names[j]!r} and {names[k]!r} do not, so that their joint double integrals would be needed: "
                            "use EulerMaruyama"
                        )

    def _guard_noise(self) -> str:
        """``guard_noise(mode, ...)``: what each Wiener process does to each guard, ``c[guard * sources + source]``."""

        def moved(mode: str) -> list[list[Any]]:
            guards, noise = [self.mapped(g) for g in self._guards(mode)], self.diffusion(mode)
            implicit = {real_symbol(f"z_{name}") for name in self.implicit}
            if self.form.crossings != "bridge":
                return [[0]]
            if any(g.free_symbols & implicit for g in guards):
                raise ValueError(
                    f"a guard of mode {mode!r} depends on an unknown that is found by iteration, so what the noise does to "
                    "it is not known: use crossings='interpolated'"
                )
            sources = range(len(self.increments))
            return [[ito.moved_by(g, j, noise, self.state_symbols) for g in guards for j in sources] or [0]]

        return self._chosen("guard_noise", moved, "")

    def _by_mode(self, function: str, groups: Callable[[str], Sequence[Sequence[Any]]]) -> str:
        return self._chosen(function, lambda mode: [[self.mapped(e) for e in group] for group in groups(mode)], "")

    def _chosen(self, function: str, groups: Callable[[str], Sequence[Sequence[Any]]], extra: str) -> str:
        """As :meth:`EquationWriter._by_mode`, without branches: what differs between modes is computed for all."""
        by_mode = [groups(mode) for mode in self.system.modes]
        flat: dict[Any, int] = {}
        places = [
            [[flat.setdefault(sympy.sympify(e), len(flat)) for e in entry] for entry in zip(*group, strict=True)]
            for group in zip(*by_mode, strict=True)
        ]
        unpacked, statements, (values,) = self.written([list(flat)])
        names = [f"e_{i}" for i in range(len(flat))]
        lines = [*unpacked, *statements, f"{', '.join(names)}, = {values}"]
        tuples = (tuple_text(_choice([names[i] for i in entry]) for entry in group) for group in places)
        head = ["@njit", f"def {function}(mode, {ARGUMENTS}{extra}):"]
        head.append(f"    solved, z = solve_unknowns({ARGUMENTS})" if self.implicit else "    solved = True")
        return "\n".join([*head, *(f"    {line}" for line in lines), f"    return solved, z, {', '.join(tuples)}", ""])

    def _jump_without_branches(self) -> str:
        """``jump_by_guards(mode, ..., g)``: mode, whether a spike, and states after the transition whose guard has risen."""
        stay = ["mode", "0.0", *(f"y[{i}]" for i in range(len(self.state_symbols)))]
        if not self._jumps_without_branches():
            return f"@njit\ndef jump_by_guards(mode, {ARGUMENTS}, g):\n    return {stay[0]}, {stay[1]}, y\n"
        lines: list[str] = []
        by_mode, names = [], numbered_symbols("c_")
        for mode in self.system.modes:
            results = stay
            for guard, transition in reversed([*enumerate(self._transitions_from(mode))]):
                # As in ``jump``, transition by transition, so that the bits are the same.
                values = [transition.resets.get(s, real_symbol(s)) for s in self.system.states]
                unpacked, statements, (states,) = self.body([values], names)
                reset = f"s_{len(lines)}"
                lines += [*unpacked, *statements, f"{reset} = {states}"]
                target = self.system.mode_names.index(transition.target)
                fired = [f"{target}.0", f"{int(transition.emits_spike)}.0"]
                fired += [f"{reset}[{i}]" for i in range(len(values))]
                results = [f"({a} if g[{guard}] >= 0.0 else {b})" for a, b in zip(fired, results, strict=True)]
            by_mode.append(results)
        mode_after, is_spike, *states_after = (_choice(texts) for texts in zip(*by_mode, strict=True))
        lines.append(f"return {mode_after}, {is_spike}, {tuple_text(states_after)}")
        return "\n".join(["@njit", f"def jump_by_guards(mode, {ARGUMENTS}, g):", *indented(lines), ""])

    def _jumps_without_branches(self) -> bool:
        """Whether it is known how a lane jumps at the end of a step before it is looked at by itself."""
        return self.form.crossings == "grid" and not self.system.random and not self.implicit

    def _noise_arithmetic(self) -> str:
        n = max(1, len(self.increments))

        def per_source(text: str) -> str:
            return tuple_text(text.replace("#", str(j)) for j in range(n))

        return "\n\n".join(
            [
                f"@njit\ndef scaled_noise(s, w):\n    return {per_source('s * w[#]')}\n",
                f"@njit\ndef remaining_noise(w, v):\n    return {per_source('w[#] - v[#]')}\n",
                '@njit\ndef noise_until(s, w, along, c, spread, n):\n    """Increments up to the part ``s`` of a step."""\n'
                f"    return {per_source('s * w[#] + along * c[#] + spread * n[#]')}\n",
                f"@njit\ndef noise_of_guard(c, guard):\n    return {per_source(f'c[{n} * guard + #]')}\n"
                if self.increments
                else "@njit\ndef noise_of_guard(c, guard):\n    return (0.0,)\n",
                f"@njit\ndef normals_between(count, whose, draw, key):\n    return "
                f"{per_source('normal_at(count, whose, 256 * draw + #, BETWEEN, key)')}\n",
                f"@njit\ndef noise_product(v, w):\n    return {' + '.join(f'v[{j}] * w[{j}]' for j in range(n))}\n",
                f"@njit\ndef increments_of(scale, normals, first, i):\n    return "
                f"{per_source('scale * normals[first + # * WIDTH + i]')}\n",
            ]
        )

    def _random_variables(self) -> str:
        draws = (f"{law}_at(jumps, whose, {i}, JUMP, key)" for i, law in enumerate(self.system.random.values()))
        return f"@njit\ndef random_variables(jumps, whose, key):\n    return {tuple_text(draws)}\n"

    def _guards_may_jump(self) -> bool:
        """Whether a guard may be up before a step, though it was not after the one before: by an input, the time, the start."""
        if self.form.begins_above:
            return True
        moving = {real_symbol(f"u_{name}") for name in self.system.inputs} | {real_symbol("t")}
        moving |= {real_symbol(f"z_{name}") for name in self.implicit}
        guards = (self.mapped(g) for mode in self.system.modes for g in self._guards(mode))
        return any(g.free_symbols & moving for g in guards)

    def _tile(self) -> str:
        """Numbers of rows, and functions that read and write a lane."""
        states, unknowns, parameters = len(self.system.states), len(self.implicit), len(self.tuples["p"])
        inputs = len(self.system.inputs)
        rows = {"MODES": 1, "ENTERED": 1, "JUMPS": 1, "STATES": states, "KEPT": states, "UNSOLVED": 1}
        rows |= {"UNKNOWNS": unknowns, "KEPT_UNKNOWNS": unknowns}
        staged: dict[str, int] = {}
        if self.form.method == "rk4":
            for stage in ("FIRST", "SECOND", "THIRD"):
                staged |= {f"{stage}_RATES": states, f"{stage}_GUARDS": self._most_guards()}
        rows |= staged
        rows |= {"PARAMETERS": max(1, parameters), "INPUTS": max(1, inputs)}
        lines, at = [], 0
        for name, count in rows.items():
            lines.append(f"{name} = {at * self.form.width}")
            at += count
        constants = {
            "WIDTH": self.form.width,
            "BLOCK": min(BLOCK, self.form.width),
            "N_ROWS": at,
            "N_NOISE": len(self.increments),
            "N_SOLVED": unknowns,
            "N_CONSTANTS": max(1, parameters),
            "N_RANDOM": len(self.system.random),
            "GUARDS_MAY_JUMP": self._guards_may_jump(),
            "JUMPS_WITHOUT_BRANCHES": self._jumps_without_branches(),
            "CONTROLS_ERROR": self.form.controls_error,
            "CROSSINGS": CROSSINGS.index(self.form.crossings),
            **{name.upper(): i for i, name in enumerate(CROSSINGS)},
        }
        lines += [f"{name} = {value}" for name, value in constants.items()]

        def reader(name: str, row: str, count: int) -> str:
            return f"@njit\ndef {name}(tile, i):\n    return {tuple_text(self._cells(row, range(count)))}\n"

        def writer(name: str, row: str, value: str, count: int) -> str:
            text = "".join(f"    {cell} = {value}[{k}]\n" for k, cell in enumerate(self._cells(row, range(count))))
            return f"@njit\ndef {name}(tile, i, {value}):\n{text or '    return'}\n"

        cells = {
            "shared": "shared[k, {0}]",
            "constant": f"tile[INPUTS + {{0}} * {self.form.width} + i]",
            "own": "own[k, {0}, i]",
        }
        if self.form.method == "rk4":
            # Offset, slope, amplitude, frequency and phase, counted from the start of the step.
            cells["shared"] = ", ".join(f"shared[k, {{0}}, {c}]" for c in range(5))
            cells["own"] = ", ".join(f"own[k, {{0}}, {c}, i]" for c in range(5))
            cells["constant"] += ", 0.0, 0.0, 0.0, 0.0"
        quiet = " and ".join(f"g[{i}] < 0.0" for i in range(self._most_guards()))
        constants_read = "own_constants(tile, i)" if self.form.own_parameters else "p"
        kept = "".join(
            f"    {cell} = {value}[{k}]\n"
            for row, value, count in (("KEPT", "y", states), ("KEPT_UNKNOWNS", "z", unknowns))
            for k, cell in enumerate(self._cells(row, range(count)))
        )
        return "\n\n".join(
            [
                "\n".join([*lines, ""]),
                *(reader(row.lower(), row, count) for row, count in staged.items()),
                *(writer(f"put_{row.lower()}", row, "a", count) for row, count in staged.items()),
                reader("states_of", "STATES", states),
                writer("put_states", "STATES", "y", states),
                reader("unknowns_of", "UNKNOWNS", unknowns),
                writer("put_unknowns", "UNKNOWNS", "z", unknowns),
                reader("own_constants", "PARAMETERS", parameters),
                writer("put_constants", "PARAMETERS", "p", parameters),
                f"@njit\ndef constants_of(tile, i, p):\n    return {constants_read}\n",
                f"@njit\ndef inputs_of(shared, own, k, tile, i):\n    return "
                f"{tuple_text(cells[kind].format(n) for n, kind in enumerate(self.form.inputs))}\n",
                "@njit\ndef observed_of(tile, i, t, u, p):\n    _, _, _, _, seen = equations("
                "tile[MODES + i], t, t - tile[ENTERED + i], states_of(tile, i), u, p, unknowns_of(tile, i))\n"
                "    return seen\n",
                f"@njit\ndef all_below_zero(g):\n    return {quiet}\n",
                reader("kept_states", "KEPT", states),
                reader("kept_unknowns", "KEPT_UNKNOWNS", unknowns),
                f"@njit\ndef keep(tile, i, y, z):\n{kept}",
            ]
        )

    def _cells(self, row: str, numbers: Iterable[int]) -> list[str]:
        return [f"tile[{row} + {k * self.form.width} + i]" for k in numbers]


def _factors(expressions: Sequence[Any], symbols: Sequence[Any]) -> list[Any]:
    """The symbols that expressions contain which are all affine in them; none where one is not."""
    if not all(e.is_polynomial(*symbols) and sympy.Poly(e, *symbols).total_degree() <= 1 for e in expressions):
        return []
    return [s for s in symbols if any(s in e.free_symbols for e in expressions)]


def _choice(names: Sequence[str]) -> str:
    """Text that chooses by the mode among names, of which neighbours may be the same."""
    text = names[-1]
    for mode in range(len(names) - 2, -1, -1):
        if names[mode] != text:
            text = f"({names[mode]} if mode == {float(mode)} else {text})"
    return text
