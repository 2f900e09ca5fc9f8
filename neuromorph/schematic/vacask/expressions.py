"""Expressions of an ngspice deck, read with the meaning they have there and printed for Verilog-A."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_NUMBER = re.compile(r"(?P<digits>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?P<letters>[a-z]*)")
_NAME = re.compile(r"[a-z_][\w.#]*")
_PROBE = re.compile(r"\s*\(([^()]*)\)")
_SIGN = re.compile(r"\*\*|<=|>=|==|!=|<>|&&|\|\||[-+*/<>!^(),?:&|]")
_SCALES = {
    "t": 1e12,
    "g": 1e9,
    "meg": 1e6,
    "k": 1e3,
    "m": 1e-3,
    "mil": 25.4e-6,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
_LEVELS = (("||", "|"), ("&&", "&"), ("==", "!=", "<>"), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/"))
# ngspice gives 1e99 for the exponential of anything above this; Verilog-A would give infinity, whose derivative is no number.
_LARGEST_EXPONENT = 227.9559242
# VACASK gives up at the first infinity, and Newton's method starts at 0 V: a divisor, and what a root or a logarithm is
# taken of, is no smaller than this.
_SMALLEST = 1e-32


@dataclass(frozen=True)
class Signal:
    """What depends on voltages, currents or time, as text of Verilog-A.

    Parameters
    ----------
    text : str
        An expression that can stand anywhere.
    is_condition : bool
        Whether it is true or false.
    """

    text: str
    is_condition: bool = False


Value = float | Signal


class Scope(Protocol):
    """What the names of an expression stand for."""

    def parameter(self, name: str) -> float | None:
        """Value of a parameter (SI units), or None where there is none of that name."""

    def voltage(self, node: str) -> str:
        """The voltage of a node against ground, as text of Verilog-A."""

    def current(self, source: str) -> str:
        """The current through a voltage source, as text of Verilog-A."""

    def constant(self, value: float) -> str:
        """A number in an expression, as text of Verilog-A."""


def read_number(text: str) -> float:
    """A number of SPICE with its scale letter: ``m`` is milli, ``meg`` is mega.

    Parameters
    ----------
    text : str
        In lower case.

    Returns
    -------
    float
        The value (in the unit of the quantity).

    Raises
    ------
    ValueError
        When it is no number.
    """
    match = _NUMBER.fullmatch(text.removeprefix("-").removeprefix("+"))
    if match is None:
        raise ValueError(f"{text!r} is not a number")
    sign = -1.0 if text.startswith("-") else 1.0
    letters = match["letters"]
    scale = next((_SCALES[s] for s in ("meg", "mil") if letters.startswith(s)), _SCALES.get(letters[:1], 1.0))
    return sign * float(match["digits"]) * scale


def evaluated(text: str, scope: Scope, *, is_parameter: bool = False) -> Value:
    """The value of an expression: a number where it is constant, else text of Verilog-A.

    Parameters
    ----------
    text : str
        In lower case.
    scope : Scope
        What its names stand for.
    is_parameter : bool
        Whether it is a value that ngspice computes as it reads the deck, not the expression of a B source: powers
        with a sign differ.

    Returns
    -------
    float or Signal
        In the unit of the quantity.

    Raises
    ------
    ValueError
        When it cannot be read, or has no counterpart in Verilog-A.
    """
    try:
        return _Reader(text, scope, is_parameter).whole()
    except RecursionError:
        raise ValueError(f"the expression {text[:40] + '...'!r} is nested too deeply") from None
    except (OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"in the expression {text!r}: {error}") from None


class _Reader:
    """A recursive descent that computes while it reads."""

    def __init__(self, text: str, scope: Scope, is_parameter: bool) -> None:
        self.is_parameter = is_parameter
        # Braces and quotes hold what ngspice computes first; between parentheses it means the same here.
        self.text, self.scope, self.position = re.sub(r"\{|'(?=[^']*')", "(", text).replace("}", ")"), scope, 0
        self.text = self.text.replace("'", ")")

    def whole(self) -> Value:
        value = self.ternary()
        if self.peek():
            raise self.fault(f"{self.peek()!r} is not expected here")
        return value

    def fault(self, reason: str) -> ValueError:
        return ValueError(f"in the expression {self.text!r}: {reason}")

    def peek(self) -> str:
        while self.position < len(self.text) and self.text[self.position] in " \t":
            self.position += 1
        for pattern in (_NUMBER, _NAME, _SIGN):
            if match := pattern.match(self.text, self.position):
                return match.group()
        return self.text[self.position : self.position + 1]

    def take(self) -> str:
        token = self.peek()
        self.position += len(token)
        return token

    def accept(self, *signs: str) -> str:
        return self.take() if self.peek() in signs else ""

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.fault(f"expected {sign!r}, found {self.peek() or 'the end'!r}")

    def as_text(self, value: Value) -> str:
        return value.text if isinstance(value, Signal) else self.scope.constant(value)

    def condition(self, value: Value) -> bool | str:
        if not isinstance(value, Signal):
            return value != 0
        return value.text if value.is_condition else f"({value.text} != 0.0)"

    def ternary(self) -> Value:
        condition = self.binary(0)
        if not self.accept("?"):
            return condition
        first = self.ternary()
        self.expect(":")
        return self.choice(condition, first, self.ternary())

    def choice(self, condition: Value, first: Value, second: Value) -> Value:
        test = self.condition(condition)
        if isinstance(test, bool):
            return first if test else second
        return Signal(f"({test} ? {self.as_text(first)} : {self.as_text(second)})")

    def binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while sign := self.accept(*_LEVELS[level]):
            left = self.combined(sign, left, self.binary(level + 1))
        return left

    def combined(self, sign: str, left: Value, right: Value) -> Value:
        if not isinstance(left, Signal) and not isinstance(right, Signal):
            return float(_ARITHMETIC[sign](left, right))
        if sign in ("&", "&&", "|", "||"):
            tests = [self.condition(value) for value in (left, right)]
            texts = [test if isinstance(test, str) else f"({float(test)} != 0.0)" for test in tests]
            return Signal(f"({texts[0]} {sign[0] * 2} {texts[1]})", is_condition=True)
        if sign == "/" and isinstance(right, Signal):
            right = Signal(f"({right.text} == 0.0 ? {_SMALLEST} : {right.text})")
        sign = "!=" if sign == "<>" else sign
        return Signal(f"({self.as_text(left)} {sign} {self.as_text(right)})", is_condition=sign in _RELATIONS)

    def unary(self) -> Value:
        sign = self.accept("-", "+", "!")
        if not sign:
            return self.power()
        value = self.unary()
        if sign == "!":
            test = self.condition(value)
            return float(not test) if isinstance(test, bool) else Signal(f"(!{test})", is_condition=True)
        if sign == "+":
            return value
        return Signal(f"(-{value.text})") if isinstance(value, Signal) else -value

    def power(self) -> Value:
        # Unlike in mathematics 2^3^2 is (2^3)^2.
        value = self.atom()
        while self.accept("**", "^"):
            value = self.raised(value, self.exponent())
        return value

    def exponent(self) -> Value:
        # 2^-1^2 is 2^-(1^2) in a B source, and (2^-1)^2 as a parameter.
        if self.is_parameter and self.accept("-"):
            value = self.atom()
            return Signal(f"(-{value.text})") if isinstance(value, Signal) else -value
        return self.unary() if self.peek() in ("-", "+", "!") else self.atom()

    def raised(self, base: Value, exponent: Value) -> Value:
        # ngspice takes the magnitude of the base. OpenVAF divides by the base for the derivative.
        if isinstance(base, Signal) and exponent in (2.0, 3.0, 4.0):
            return Signal(f"({' * '.join([f'abs({base.text})'] * int(exponent))})")
        if isinstance(base, Signal) or isinstance(exponent, Signal):
            return Signal(f"pow(max(abs({self.as_text(base)}), {_SMALLEST}), {self.as_text(exponent)})")
        return float(abs(base) ** exponent)

    def atom(self) -> Value:
        token = self.take()
        if token == "(":
            value = self.ternary()
            self.expect(")")
            return value
        if _NUMBER.fullmatch(token):
            return read_number(token)
        if not _NAME.fullmatch(token):
            raise self.fault(f"{token or 'the end'!r} is not expected here")
        if token in ("v", "i") and (match := _PROBE.match(self.text, self.position)):
            self.position = match.end()
            parts = [part.strip() for part in match.group(1).split(",")]
            if not all(parts) or len(parts) > (2 if token == "v" else 1):
                raise self.fault(f"{token}({match.group(1)}) names no {'voltage' if token == 'v' else 'current'}")
            if token == "i":
                return Signal(self.scope.current(parts[0]))
            texts = [self.scope.voltage(part) for part in parts]
            return Signal(texts[0] if len(texts) == 1 else f"({texts[0]} - {texts[1]})")
        return self.call(token) if self.peek() == "(" else self.named(token)

    def named(self, name: str) -> Value:
        value = self.scope.parameter(name)
        if value is not None:
            return value
        if name == "time":
            return Signal("$abstime")
        constants = {"pi": math.pi, "e": math.e}
        if name in constants:
            return constants[name]
        raise self.fault(f"nothing is called {name!r} here")

    def call(self, name: str) -> Value:
        self.expect("(")
        arguments = [] if self.peek() == ")" else [self.ternary()]
        while self.accept(","):
            arguments.append(self.ternary())
        self.expect(")")
        if name in ("ternary_fcn", "if") and len(arguments) == 3:
            return self.choice(arguments[0], arguments[1], arguments[2])
        if name in ("pow", "pwr") and len(arguments) == 2:
            if name == "pow" and self.is_parameter and not any(isinstance(argument, Signal) for argument in arguments):
                return math.pow(*arguments)  # type: ignore[arg-type]
            if name == "pow" or self.is_parameter:
                return self.raised(arguments[0], arguments[1])
            base, exponent = arguments
            if isinstance(base, Signal) or isinstance(exponent, Signal):
                text, power = self.as_text(base), self.raised(base, exponent)
                return Signal(f"({text} < 0.0 ? -{self.as_text(power)} : {self.as_text(power)})")
            return math.copysign(abs(base) ** exponent, base)
        known = _FUNCTIONS.get(name)
        if known is None:
            choices = ", ".join(sorted([*_FUNCTIONS, "pow", "pwr", "ternary_fcn"]))
            raise self.fault(f"{name}() has no translation for VACASK; translated are {choices}")
        count, compute, template = known
        if len(arguments) != count:
            raise self.fault(f"{name}() takes {count} arguments, got {len(arguments)}")
        numbers = [argument for argument in arguments if not isinstance(argument, Signal)]
        if len(numbers) == count:
            return float(compute(*numbers))
        return Signal(template.format(*map(self.as_text, arguments)))


_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    **_RELATIONS,
    "<>": lambda a, b: a != b,
    "&": lambda a, b: bool(a) and bool(b),
    "&&": lambda a, b: bool(a) and bool(b),
    "|": lambda a, b: bool(a) or bool(b),
    "||": lambda a, b: bool(a) or bool(b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
# Not floor and ceil: OpenVAF crashes on them.
_SAME_NAME = "abs acos asin asinh atan atanh cos cosh max min sin sinh tan tanh".split()
_TWO = ("max", "min")
_PYTHON: dict[str, Callable[..., float]] = {"abs": abs, "max": max, "min": min}
_FUNCTIONS: dict[str, tuple[int, Callable[..., float], str]] = {
    name: (
        2 if name in _TWO else 1,
        _PYTHON[name] if name in _PYTHON else getattr(math, name),
        f"{name}({{0}}, {{1}})" if name in _TWO else f"{name}({{0}})",
    )
    for name in _SAME_NAME
}
_FUNCTIONS |= {
    "exp": (1, math.exp, f"exp(min({{0}}, {_LARGEST_EXPONENT}))"),
    "ln": (1, math.log, f"ln(max({{0}}, {_SMALLEST}))"),
    "log": (1, math.log, f"ln(max({{0}}, {_SMALLEST}))"),
    "log10": (1, math.log10, f"log(max({{0}}, {_SMALLEST}))"),
    "acosh": (1, math.acosh, "acosh(max({0}, 1.000000000001))"),
    "sqrt": (1, math.sqrt, f"sqrt(max({{0}}, {_SMALLEST}))"),
    "u": (1, lambda a: 0.5 * ((a >= 0) + (a > 0)), "({0} > 0.0 ? 1.0 : ({0} < 0.0 ? 0.0 : 0.5))"),
    "uramp": (1, lambda a: max(a, 0.0), "max({0}, 0.0)"),
    "sgn": (1, lambda a: float((a > 0) - (a < 0)), "({0} > 0.0 ? 1.0 : ({0} < 0.0 ? -1.0 : 0.0))"),
}
