"""Evaluates what the printers print: ngspice by ngspice itself, Verilog-A by a small reader of its grammar."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from neuromorph.spice import read_raw

_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|[<>=!]=|&&|\|\||[-+*/()<>?:,!])")
_FUNCTIONS = {
    **{name: getattr(math, name) for name in "exp sqrt sin cos tan asin acos atan sinh cosh tanh pow".split()},
    **{name: getattr(math, name) for name in ("asinh", "acosh", "atanh")},
    "ln": math.log,
    "abs": abs,
    "min": min,
    "max": max,
}
_LEVELS = [["||"], ["&&"], ["==", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/"]]
_OPERATORS = {
    "||": lambda a, b: bool(a) or bool(b),
    "&&": lambda a, b: bool(a) and bool(b),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    # Two integers divide as integers, as the language reference says.
    "/": lambda a, b: int(a / b) if isinstance(a, int) and isinstance(b, int) else a / b,
}


class _Reader:
    """Recursive descent over the tokens; each method returns a function of no arguments, so ``?:`` is lazy."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        self.tokens = _TOKEN.findall(text)
        assert "".join(self.tokens) == "".join(text.split()), f"not Verilog-A: {text}"
        self.values = values

    def take(self, expected: str | None = None) -> str:
        token = self.tokens.pop(0)
        assert expected is None or token == expected, f"{expected} expected, got {token}"
        return token

    def next_is(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in tokens

    def conditional(self):
        condition = self.binary(0)
        if not self.next_is("?"):
            return condition
        self.take("?")
        yes = self.conditional()
        self.take(":")
        no = self.conditional()
        return lambda: yes() if condition() else no()

    def binary(self, level: int):
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.next_is(*_LEVELS[level]):
            operator = _OPERATORS[self.take()]
            left = (lambda f, a, b: lambda: f(a(), b()))(operator, left, self.binary(level + 1))
        return left

    def unary(self):
        if self.next_is("-"):
            self.take()
            operand = self.unary()
            return lambda: -operand()
        if self.next_is("("):
            self.take()
            inner = self.conditional()
            self.take(")")
            return inner
        token = self.take()
        if token[0].isdigit():
            number = float(token) if re.search(r"[.eE]", token) else int(token)
            return lambda: number
        if self.next_is("("):
            self.take()
            arguments = [self.conditional()]
            while self.next_is(","):
                self.take()
                arguments.append(self.conditional())
            self.take(")")
            return lambda: _FUNCTIONS[token](*(argument() for argument in arguments))
        return lambda: self.values[token]


def verilog_a_value(text: str, values: Mapping[str, float]) -> float:
    """Value of a Verilog-A expression."""
    reader = _Reader(text, values)
    tree = reader.conditional()
    assert not reader.tokens, f"left over: {reader.tokens}"
    return float(tree())


def ngspice_values(
    folder: Path, expressions: Sequence[str], parameters: Mapping[str, float], nodes: Mapping[str, float]
) -> list[float]:
    """Values of behavioural-source expressions, from one operating point of ngspice.

    `parameters` stand in the expressions as ``({name})``, `nodes` as ``v(name)``.
    """
    lines = ["* expressions", *(f".param {name}={value!r}" for name, value in parameters.items())]
    lines += [f"V{name} {name} 0 {{{value!r}}}" for name, value in nodes.items()]
    for i, expression in enumerate(expressions):
        lines.append(f"B{i} e{i} 0 V={expression}")
    # A loose operating point would stop before the sources have seen the node voltages.
    lines += [".options reltol=1e-13 vntol=1e-15 itl1=500 noopiter=0", ".save all", ".op", ".end", ""]
    (folder / "expressions.cir").write_text("\n".join(lines), encoding="utf-8")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "expressions.cir"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (folder / "out.raw").exists(), run.stdout + run.stderr
    (plot,) = read_raw(folder / "out.raw")
    return [float(plot[f"v(e{i})"][0]) for i in range(len(expressions))]
