"""Statements of a model file: continuations joined, comments removed, each with the line it began on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,=(){}]+|[=(),]")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Parameters
    ----------
    text : str
        In lower case, in single blanks, without comments.
    number : int
        Line of the file on which it begins.
    file : str
        Name of the file.
    original : str
        The text in its own case.
    """

    text: str
    number: int
    file: str
    original: str = ""

    @property
    def where(self) -> str:
        """Where the statement stands, for messages."""
        return f"line {self.number} of {self.file} ({shortened(self.text)})"

    @property
    def tokens(self) -> list[str]:
        """Words, signs ``= ( ) ,``, and expressions in braces or quotes as one word each."""
        return tokens_of(self.text, self.where)


def shortened(text: str) -> str:
    """A text that a message can quote."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def statements_of(text: str, file: str) -> list[Statement]:
    """The statements of a file.

    Parameters
    ----------
    text : str
        What the file holds.
    file : str
        Its name, for messages.

    Returns
    -------
    list of Statement
        In their order.

    Raises
    ------
    ValueError
        When the first statement continues one that is not there.
    """
    found: list[tuple[str, int]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = without_comment(line)
        if not line:
            continue
        if line.startswith("+"):
            if not found:
                raise ValueError(f"line {number} of {file} begins with '+', but there is no line that it continues")
            found[-1] = (f"{found[-1][0]} {line[1:].strip()}", found[-1][1])
        else:
            found.append((line, number))
    single = [(re.sub(r"\s+", " ", text), number) for text, number in found]
    return [Statement(text.lower(), number, file, text) for text, number in single]


def without_comment(line: str) -> str:
    """A line without its comment, and without blanks at both ends.

    A ``*`` at the beginning, ``;``, and a ``$`` between blanks start one; ``$`` inside a word is part of a name.
    """
    if line.lstrip().startswith("*"):
        return ""
    return re.split(r";|(?:^|\s)\$(?=\s|$)", line, maxsplit=1)[0].strip()


def tokens_of(text: str, where: str) -> list[str]:
    """Words of a statement, expressions in braces as one word each."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "{":
            end = _closing(text, position, where)
            tokens.append(text[position : end + 1])
            position = end + 1
        elif character == "}":
            raise ValueError(f"{where}: a '}}' closes nothing")
        elif match := _TOKEN.match(text, position):
            tokens.append(match.group())
            position = match.end()
        else:
            position += 1
    return tokens


def _closing(text: str, start: int, where: str) -> int:
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] == "{") - (text[position] == "}")
        if depth == 0:
            return position
    raise ValueError(f"{where}: a '{{' is not closed")
