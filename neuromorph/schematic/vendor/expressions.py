"""Expressions of PSpice and LTspice, read with the meaning they have there and printed for ngspice.

The same spelling means something else in ngspice at many places, mostly without a word: ``limit`` gives
zero, ``pwr`` keeps the sign, ``table`` goes on beyond its ends, ``x**3`` loses the sign, ``^`` is a power.
So constants are computed here, and what depends on signals is printed in functions whose values were
measured.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from neuromorph.schematic.vendor.functions import FUNCTIONS, power, table
from neuromorph.schematic.vendor.values import NUMBER, Signal, Value, as_text, constant, number_text, read_number

_NAME = re.compile(r"[a-z_][\w.$#]*")
_PROBE = re.compile(r"\s*\(([^()]*)\)")
_SIGN = re.compile(r"\*\*|<=|>=|==|!=|<>|&&|\|\||[-+*/<>&|~!^(),?:]")
_THERMAL = 8.617333262e-5
_CONSTANTS = {"pi": math.pi}
_LTSPICE_CONSTANTS = {"e": math.e, "boltz": 1.380649e-23, "echarge": 1.602176634e-19, "kelvin": -273.15}
_LEVELS = (("||", "|"), ("&&", "&"), ("==", "!=", "<>"), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/"))
_DEEPEST = 20


class Scope(Protocol):
    """What the names of an expression stand for."""

    dialect: str

    def parameter(self, name: str) -> Value | None:
        """Value of a parameter (SI units), or None where there is none of that name."""

    def function(self, name: str) -> tuple[Sequence[str], str] | None:
        """Arguments and body of a function that the file defines, or None."""

    def voltage(self, plus: str, minus: str | None) -> str:
        """A voltage between two nodes, as text of ngspice."""

    def current(self, element: str) -> str:
        """The current through an element, as text of ngspice."""


def evaluated(text: str, scope: Scope) -> Value:
    """The value of an expression: a number where it is constant, else text of ngspice.

    Parameters
    ----------
    text : str
        In lower case; braces and quotes around it are allowed.
    scope : Scope
        What its names stand for.

    Returns
    -------
    float or Signal
        In the unit of the quantity.

    Raises
    ------
    ValueError
        When it cannot be read, or means something that ngspice cannot say.
    """
    try:
        return _Reader(text, scope, {}).whole()
    except RecursionError:
        raise ValueError(f"the expression {text[:40] + '...'!r} is nested too deeply") from None


class _Reader:
    """A recursive descent that computes while it reads."""

    def __init__(self, text: str, scope: Scope, bound: dict[str, Value], depth: int = 0) -> None:
        self.text, self.scope, self.bound, self.depth = text, scope, bound, depth
        self.position = 0
        if depth > _DEEPEST:
            raise ValueError(f"{text!r}: functions that call themselves cannot be used")

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
        if self.position == len(self.text):
            return ""
        for pattern in (NUMBER, _NAME, _SIGN):
            if match := pattern.match(self.text, self.position):
                return match.group()
        return self.text[self.position]

    def take(self) -> str:
        token = self.peek()
        self.position += len(token)
        return token

    def accept(self, *signs: str) -> str:
        return self.take() if self.peek() in signs else ""

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise self.fault(f"expected {sign!r}, found {self.peek() or 'the end'!r}")

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
        return Signal(f"ternary_fcn({test},{as_text(first)},{as_text(second)})")

    def condition(self, value: Value) -> bool | str:
        if not isinstance(value, Signal):
            return value > 0.5
        return value.text if value.is_condition else f"({value.text}>0.5)"

    def binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while True:
            if level == 0 and self.peek() == "^":
                raise self.fault(
                    "'^' is an exclusive or in PSpice and LTspice, and a power in ngspice: write ** where a power is meant"
                )
            sign = self.accept(*_LEVELS[level])
            if not sign:
                return left
            left = self.combined(sign, left, self.binary(level + 1))

    def combined(self, sign: str, left: Value, right: Value) -> Value:
        if sign in ("&", "&&", "|", "||"):
            return self.logical(sign[0], left, right)
        if sign in ("<", ">", "<=", ">=", "==", "!=", "<>"):
            if not isinstance(left, Signal) and not isinstance(right, Signal):
                return float(_COMPARISONS[sign](left, right))
            text = f"({as_text(left)}{'==' if sign in ('!=', '<>') else sign}{as_text(right)})"
            return Signal(f"(!{text})" if sign in ("!=", "<>") else text, is_condition=True)
        if isinstance(left, Signal) or isinstance(right, Signal):
            return Signal(f"({as_text(left)}{sign}{as_text(right)})")
        if sign == "/" and right == 0:
            raise self.fault("it divides by zero")
        return float(_ARITHMETIC[sign](left, right))

    def logical(self, sign: str, left: Value, right: Value) -> Value:
        tests = [self.condition(left), self.condition(right)]
        decisive = sign == "|"
        if decisive in [test for test in tests if isinstance(test, bool)]:
            return float(decisive)
        texts = [test for test in tests if isinstance(test, str)]
        if not texts:
            return float(not decisive)
        return Signal(f"({(sign * 2).join(texts)})" if len(texts) > 1 else texts[0], is_condition=True)

    def unary(self) -> Value:
        sign = self.accept("-", "+", "!", "~")
        if not sign:
            return self.power()
        value = self.unary()
        if sign in "!~":
            test = self.condition(value)
            return float(not test) if isinstance(test, bool) else Signal(f"(!{test})", is_condition=True)
        if sign == "+":
            return value
        return Signal(f"(-{as_text(value)})") if isinstance(value, Signal) else -value

    def power(self) -> Value:
        base = self.atom()
        if not self.accept("**"):
            return base
        return power(base, self.unary())

    def atom(self) -> Value:
        token = self.take()
        if token == "(":
            value = self.ternary()
            self.expect(")")
            return value
        if NUMBER.fullmatch(token):
            try:
                return read_number(token, self.scope.dialect)
            except ValueError as error:
                raise self.fault(str(error)) from None
        if not _NAME.fullmatch(token):
            raise self.fault(f"{token or 'the end'!r} is not expected here")
        if token in ("v", "i") and (match := _PROBE.match(self.text, self.position)):
            self.position = match.end()
            parts = [part.strip() for part in match.group(1).split(",")]
            if not all(parts) or len(parts) > (2 if token == "v" else 1):
                raise self.fault(f"{token}({match.group(1)}) names no {'voltage' if token == 'v' else 'current'}")
            if token == "i":
                return Signal(self.scope.current(parts[0]))
            return Signal(self.scope.voltage(parts[0], parts[1] if len(parts) > 1 else None))
        return self.call(token) if self.peek() == "(" else self.named(token)

    def named(self, name: str) -> Value:
        if name in self.bound:
            return self.bound[name]
        value = self.scope.parameter(name)
        if value is not None:
            return value
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if self.scope.dialect == "ltspice" and name in _LTSPICE_CONSTANTS:
            return _LTSPICE_CONSTANTS[name]
        if name == "time":
            return Signal("time")
        if name in ("temp", "temper"):
            return Signal("temper")
        if name == "vt" and self.scope.dialect == "pspice":
            return Signal(f"((temper+273.15)*{number_text(_THERMAL)})")
        if name == "gmin":
            return 1e-12
        raise self.fault(f"nothing is called {name!r}; give it in parameters=, or define it in the file")

    def call(self, name: str) -> Value:
        self.expect("(")
        arguments = [] if self.peek() == ")" else [self.ternary()]
        while self.accept(","):
            arguments.append(self.ternary())
        self.expect(")")
        own = self.scope.function(name)
        if own is not None:
            names, body = own
            self.check_count(name, arguments, len(names))
            bound = dict(zip(names, arguments, strict=True))
            return _Reader(body, self.scope, bound, self.depth + 1).whole()
        if name == "if":
            self.check_count(name, arguments, 3)
            return self.choice(*arguments)
        if name in ("table", "tbl"):
            try:
                return table(arguments[0], [constant(a) for a in arguments[1:]])
            except (ValueError, IndexError) as error:
                raise self.fault(f"{name}(): {error}") from None
        known = FUNCTIONS.get(name)
        if known is None:
            raise self.fault(
                f"{name}() cannot be translated for ngspice; known functions: {', '.join(sorted([*FUNCTIONS, 'if', 'table']))}"
            )
        self.check_count(name, arguments, known[0])
        try:
            return known[1](*arguments)
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            raise self.fault(f"{name}(): {error}") from None

    def check_count(self, name: str, arguments: list[Value], count: int) -> None:
        if len(arguments) != count:
            raise self.fault(f"{name}() takes {count} arguments, got {len(arguments)}")


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
