"""The statement of a hybrid system: what a neuron does, apart from how it is integrated."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy

Expression = Any  # a sympy expression, or a number
Diffusion = Mapping[str, Mapping[str, Expression]]  # by state, then by source of noise

# Known in every expression: time [s], and the time since the present mode was entered [s].
CLOCKS = ("t", "t_mode")
INTERPRETATIONS = ("ito", "stratonovich")
RANDOM_LAWS = ("normal", "uniform")


@dataclass(frozen=True)
class State:
    """A quantity that a differential equation moves.

    Parameters
    ----------
    initial : float
        Value at time zero, in `unit`.
    unit : str
        SI unit symbol, ``""`` for a pure number.
    scale : float, optional
        Nominal magnitude, in `unit`: what an error of the state is small or large against when the state is
        near zero. 1 in its unit where it is left out, which suits volts and pure numbers; a charge of
        picocoulombs needs it.
    bounds : tuple of float, optional
        Lowest and highest value that the state can have by its nature, in `unit`, such as 0 and 1 of a memristor's. They are not
        enforced: what differs is judged against a hundredth of them where the state moves less.
    """

    initial: float
    unit: str = ""
    scale: float | None = None
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.bounds is not None and not (
            len(self.bounds) == 2 and -math.inf < self.bounds[0] < self.bounds[1] < math.inf
        ):
            raise ValueError(
                f"bounds of a state must be its lowest and its highest value, in the state's unit, got {self.bounds!r}"
            )
        if self.scale is not None and not 0 < self.scale < math.inf:
            raise ValueError(f"scale of a state must be positive, in the state's unit, got {self.scale!r}")


@dataclass(frozen=True)
class Unknown:
    """A quantity that an algebraic equation fixes, such as the voltage inside a divider.

    Parameters
    ----------
    residual : sympy expression
        Zero at the solution. It may use unknowns that were stated before this one.
    unit : str
        SI unit symbol.
    """

    residual: Expression
    unit: str = ""


@dataclass(frozen=True)
class Mode:
    """One set of differential equations.

    Parameters
    ----------
    rates : mapping of str to sympy expression
        Time derivative of every state [state's unit / s].
    time_scale : sympy expression, optional
        Fastest time constant of the mode [s], from which a default time step follows.
    diffusion : mapping of str to mapping of str to sympy expression, optional
        What takes the place of the system's diffusion in this mode, empty for no noise
        [state's unit / sqrt(s)].
    """

    rates: Mapping[str, Expression]
    time_scale: Expression | None = None
    diffusion: Diffusion | None = None


@dataclass(frozen=True)
class Transition:
    """A jump from one mode to another, or back into the same.

    Parameters
    ----------
    source, target : str
        Names of the modes.
    guard : sympy expression
        The transition fires when this rises through zero, and at once where it is not below zero when the
        mode is entered. A jump from a mode into the same needs a reset that takes it below zero; where the
        guard stays above, the run ends with an error.
    resets : mapping of str to sympy expression
        New values of states, as functions of the values before; the others stay. They may use the random
        variables of the system, whose values are drawn anew for every jump.
    emits_spike : bool
        Whether the jump counts as a spike.
    """

    source: str
    target: str
    guard: Expression
    resets: Mapping[str, Expression] = field(default_factory=dict)
    emits_spike: bool = False


@dataclass(frozen=True)
class Output:
    """A quantity to record that is not a state, as a function of states, inputs and unknowns.

    Parameters
    ----------
    expression : sympy expression, or mapping of str to sympy expression
        Its value, in `unit`; by the name of the mode where it differs between modes, such as the power in a
        switch that is closed in one of them.
    unit : str
        SI unit symbol.
    """

    expression: Expression | Mapping[str, Expression]
    unit: str = ""

    def in_mode(self, mode: str) -> Expression:
        """The expression that holds in a mode, in `unit`.

        Parameters
        ----------
        mode : str
            Name of the mode.

        Returns
        -------
        sympy expression or number
            Value of the output there, in `unit`.
        """
        return self.expression[mode] if isinstance(self.expression, Mapping) else self.expression


@dataclass(frozen=True, kw_only=True, eq=False)
class HybridSystem:
    """A hybrid system: the one statement from which every solver's code is generated.

    Symbols are matched by name, so ``sympy.Symbol("v")`` means the state, input, parameter or unknown
    ``"v"``. Besides these, expressions may use ``t`` (time [s]) and ``t_mode`` (time since the present
    mode was entered [s]).

    Parameters
    ----------
    name : str
        Name of the system.
    states : mapping of str to State
        The differential variables.
    modes : mapping of str to Mode
        The first one is the mode at time zero.
    inputs : mapping of str to str, optional
        Unit of each quantity that a stimulus drives, by name.
    parameters : mapping of str to float, optional
        Values, in SI units.
    transitions : sequence of Transition, optional
        Where two fire at the same time, the one stated first wins.
    unknowns : mapping of str to Unknown, optional
        The algebraic variables, in the order in which they can be solved.
    outputs : mapping of str to Output, optional
        What to record besides states, unknowns and inputs.
    stiff : bool
        Whether it has time constants far apart, such as nanoseconds of a comparator and milliseconds of a
        membrane: then an implicit solver is the default one.
    diffusion : mapping of str to mapping of str to sympy expression, optional
        What multiplies the increments of independent Wiener processes, by state and then by the name of the
        process [state's unit / sqrt(s)]: ``{"v": {"w": sigma}}`` adds ``sigma dw`` to ``dv``. A process that
        stands in several states is the same one there. A mode may have a diffusion of its own.
    interpretation : {"ito", "stratonovich"}, optional
        How the stochastic integral is meant. Needed where a diffusion depends on a state.
    random : mapping of str to {"normal", "uniform"}, optional
        Random variables for resets (pure numbers): standard normal, or uniform between 0 and 1.

    Raises
    ------
    ValueError
        When an expression has a symbol that nothing defines, a state lacks a rate or an output its
        expression in some mode, a transition names a mode that is not there, two things have one name, or the
        interpretation of a diffusion is left open.

    Examples
    --------
    >>> import sympy
    >>> v, tau = sympy.symbols("v tau")
    >>> decay = HybridSystem(
    ...     name="decay",
    ...     states={"v": State(initial=1.0, unit="V")},
    ...     parameters={"tau": 1e-3},
    ...     modes={"decaying": Mode(rates={"v": -v / tau}, time_scale=tau)},
    ... )
    >>> decay.mode_names
    ('decaying',)
    """

    name: str
    states: Mapping[str, State]
    modes: Mapping[str, Mode]
    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    transitions: Sequence[Transition] = ()
    unknowns: Mapping[str, Unknown] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    stiff: bool = False
    diffusion: Diffusion = field(default_factory=dict)
    interpretation: str | None = None
    random: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.modes:
            raise ValueError(f"system {self.name!r} needs at least one mode")
        if not self.states:
            raise ValueError(f"system {self.name!r} needs at least one state")
        self._check_names()
        self._check_structure()
        self._check_symbols()
        self._check_noise()

    @property
    def mode_names(self) -> tuple[str, ...]:
        """Names of the modes, the initial one first."""
        return tuple(self.modes)

    def diffusion_in(self, mode: str) -> Diffusion:
        """The diffusion that holds in a mode, by state and source [state's unit / sqrt(s)]."""
        own = self.modes[mode].diffusion
        return self.diffusion if own is None else own

    @property
    def noise_sources(self) -> tuple[str, ...]:
        """Names of the Wiener processes, in the order in which the modes first use them."""
        used = (source for mode in self.modes for sources in self.diffusion_in(mode).values() for source in sources)
        return tuple(dict.fromkeys(used))

    @property
    def is_random(self) -> bool:
        """Whether two runs may differ: it has noise or random resets."""
        return bool(self.noise_sources or self.random)

    def used_names(self) -> set[str]:
        """Names of all quantities that stand in an expression (no units)."""
        expressions: list[Expression] = [unknown.residual for unknown in self.unknowns.values()]
        for name, mode in self.modes.items():
            expressions += [*mode.rates.values(), *(factor for *_, factor in _factors(self.diffusion_in(name)))]
            expressions += [] if mode.time_scale is None else [mode.time_scale]
            expressions += [output.in_mode(name) for output in self.outputs.values()]
        expressions += [e for t in self.transitions for e in (t.guard, *t.resets.values())]
        return {name for expression in expressions for name in _symbol_names(expression)}

    def units(self) -> dict[str, str]:
        """Unit of every recorded signal: states, unknowns, inputs, outputs."""
        return {
            **{name: state.unit for name, state in self.states.items()},
            **{name: unknown.unit for name, unknown in self.unknowns.items()},
            **dict(self.inputs),
            **{name: output.unit for name, output in self.outputs.items()},
        }

    def time_scales(self) -> dict[str, float | None]:
        """Fastest time constant of each mode [s], ``None`` where the system does not state one."""
        return dict(self._time_scales)

    def scales(self) -> dict[str, float]:
        """Nominal magnitude of each state [state's unit], 1 where it states none."""
        return {name: 1.0 if state.scale is None else float(state.scale) for name, state in self.states.items()}

    @cached_property
    def _time_scales(self) -> dict[str, float | None]:
        # Kept, because sympy takes longer over it than the kernel over many a run.
        values = {sympy.Symbol(name): sympy.Float(value) for name, value in self.parameters.items()}
        scales: dict[str, float | None] = {}
        for name, mode in self.modes.items():
            if mode.time_scale is None:
                scales[name] = None
                continue
            scale = _plain(mode.time_scale).xreplace(values)
            if not scale.is_number or not scale.is_extended_real or not 0 < float(scale) < math.inf:
                raise ValueError(
                    f"time_scale of mode {name!r} must be a positive time [s] made of parameters, got {scale}"
                )
            scales[name] = float(scale)
        return scales

    def _check_names(self) -> None:
        seen: dict[str, str] = dict.fromkeys(CLOCKS, "clock")
        for kind, names in (
            ("state", self.states),
            ("input", self.inputs),
            ("parameter", self.parameters),
            ("unknown", self.unknowns),
            ("output", self.outputs),
            ("noise source", self.noise_sources),
            ("random variable", self.random),
        ):
            for name in names:
                if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
                    raise ValueError(f"{kind} name {name!r} must be an ASCII identifier")
                if name in seen:
                    raise ValueError(f"{name!r} names two things of system {self.name!r}: {seen[name]} and {kind}")
                seen[name] = kind

    def _check_structure(self) -> None:
        for mode_name, mode in self.modes.items():
            missing = [s for s in self.states if s not in mode.rates]
            if missing:
                raise ValueError(
                    f"mode {mode_name!r} has no rate for {', '.join(map(repr, missing))}; give 0 to hold a state"
                )
            _refuse_unknown(f"rates of mode {mode_name!r}", mode.rates, self.states)
            _refuse_unknown(f"the diffusion of mode {mode_name!r} must", self.diffusion_in(mode_name), self.states)
        for transition in self.transitions:
            for mode_name in (transition.source, transition.target):
                if mode_name not in self.modes:
                    raise ValueError(
                        f"a transition names the mode {mode_name!r}; the modes are {', '.join(self.modes)}"
                    )
            _refuse_unknown("resets of a transition", transition.resets, self.states)
        for name, output in self.outputs.items():
            if isinstance(output.expression, Mapping):
                missing = [m for m in self.modes if m not in output.expression]
                if missing:
                    raise ValueError(
                        f"output {name!r} has no expression for mode {', '.join(map(repr, missing))}; give one for each"
                    )
                _refuse_unknown(f"expressions of output {name!r}", output.expression, self.modes, "mode")

    def _check_symbols(self) -> None:
        quantities = [*self.states, *self.inputs, *self.parameters, *CLOCKS]
        for name, unknown in self.unknowns.items():
            quantities.append(name)
            self._refuse_symbols(f"residual of {name!r}", unknown.residual, quantities)
            if name not in _symbol_names(unknown.residual):
                raise ValueError(f"the residual of unknown {name!r} does not contain it")
        for mode_name, mode in self.modes.items():
            for state, rate in mode.rates.items():
                self._refuse_symbols(f"rate of {state!r} in mode {mode_name!r}", rate, quantities)
            for state, source, factor in _factors(self.diffusion_in(mode_name)):
                where = f"diffusion of {state!r} by {source!r} in mode {mode_name!r}"
                self._refuse_symbols(where, factor, quantities)
        for transition in self.transitions:
            what = f"transition {transition.source!r} to {transition.target!r}"
            self._refuse_symbols(f"guard of {what}", transition.guard, quantities)
            for state, value in transition.resets.items():
                self._refuse_symbols(f"reset of {state!r} in {what}", value, [*quantities, *self.random])
        for name, output in self.outputs.items():
            if not isinstance(output.expression, Mapping):
                self._refuse_symbols(f"output {name!r}", output.expression, quantities)
                continue
            for mode_name, expression in output.expression.items():
                self._refuse_symbols(f"output {name!r} in mode {mode_name!r}", expression, quantities)

    def _check_noise(self) -> None:
        for name, law in self.random.items():
            if law not in RANDOM_LAWS:
                raise ValueError(f"random variable {name!r} must be one of {', '.join(RANDOM_LAWS)}, got {law!r}")
        if self.interpretation not in (None, *INTERPRETATIONS):
            raise ValueError(
                f"interpretation must be one of {', '.join(INTERPRETATIONS)}, or None, got {self.interpretation!r}"
            )
        for mode in self.modes:
            for state, source, factor in _factors(self.diffusion_in(mode)):
                if sympy.sympify(factor).is_real is False:
                    raise ValueError(
                        f"the diffusion of {state!r} by {source!r} in mode {mode!r} is {factor}, which is not real: "
                        "the square root of a negative variance?"
                    )
                moving = sorted(_symbol_names(factor) & {*self.states, *self.unknowns})
                if moving and self.interpretation is None:
                    raise ValueError(
                        f"the diffusion of {state!r} by {source!r} in mode {mode!r} depends on {', '.join(moving)}: say "
                        f"how its integral is meant, interpretation={' or '.join(map(repr, INTERPRETATIONS))}"
                    )

    def _refuse_symbols(self, where: str, expression: Expression, known: Sequence[str]) -> None:
        for name in sorted(_symbol_names(expression)):
            if name not in known:
                raise ValueError(f"{where} uses {name!r}, which nothing defines; known: {', '.join(known)}")


def _refuse_unknown(where: str, names: Iterable[str], choices: Iterable[str], kind: str = "state") -> None:
    for name in names:
        if name not in choices:
            raise ValueError(f"{where} name {name!r}, which is not a {kind}; the {kind}s are {', '.join(choices)}")


def _factors(diffusion: Diffusion) -> Iterator[tuple[str, str, Expression]]:
    return ((state, source, factor) for state, row in diffusion.items() for source, factor in row.items())


def _symbol_names(expression: Expression) -> set[str]:
    return {symbol.name for symbol in sympy.sympify(expression).free_symbols}


def _plain(expression: Expression) -> Any:
    """The expression with symbols stripped of assumptions, so that equal names are equal symbols."""
    expression = sympy.sympify(expression)
    return expression.xreplace({s: sympy.Symbol(s.name) for s in expression.free_symbols})


def canonical(expression: Expression) -> Any:
    """The expression with every symbol real, as its values are, so that derivatives simplify.

    Parameters
    ----------
    expression : sympy expression or number
        With symbols of any assumptions.

    Returns
    -------
    sympy expression
        With symbols matched by name.
    """
    expression = sympy.sympify(expression)
    return expression.xreplace({s: sympy.Symbol(s.name, real=True) for s in expression.free_symbols})
