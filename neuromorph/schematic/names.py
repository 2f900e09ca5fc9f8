"""What may stand in a deck: names, values, paths and titles that cannot turn into other lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.#]*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# ';' and '$' start comments, which would cut a line short without a word; '`' and '\\' are the shell's.
_REFUSED_IN_LINE = re.compile(r"[;$`\\\x00-\x08\x0a-\x1f]|[^\x00-\x7e]")
_REFUSED_IN_PATH = re.compile(r"[\"'{};$`\\\x00-\x1f]|[^\x00-\x7e]")
_SCHEMATIC_COMMANDS = ("model", "param", "func", "subckt", "ends", "ic", "nodeset", "global", "include", "inc", "lib", "if", "elseif", "else", "endif", "csparam", "temp")  # fmt: skip


def checked_node(name: object) -> str:
    """A node's name, if a deck can hold it.

    Parameters
    ----------
    name : object
        Node name; converted to text [no unit].

    Returns
    -------
    str
        The name.

    Raises
    ------
    ValueError
        When it has characters that SPICE would read as something else.
    """
    text = str(name)
    if not _NODE.fullmatch(text):
        raise ValueError(f"node name {text!r} cannot stand in a deck: use letters, digits, '_', '.' and '#'")
    return text


def checked_identifier(name: object, what: str = "parameter") -> str:
    """The name of a parameter, model, subcircuit or element [no unit], or ``ValueError``."""
    text = str(name)
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(f"{what} name {text!r} cannot stand in a deck: use letters, digits and '_', no digit first")
    return text


def checked_line(text: str, what: str) -> str:
    """One line of a deck.

    Parameters
    ----------
    text : str
        The line, without its end.
    what : str
        What the line is, for the message [no unit].

    Returns
    -------
    str
        The line.

    Raises
    ------
    ValueError
        When it has a line end, a control character, or a character that starts a comment.
    """
    bad = _REFUSED_IN_LINE.search(text)
    if bad:
        raise ValueError(
            f"{what} holds the character {bad.group()!r}, which would end or cut its line in the deck: {text[:80]!r}"
        )
    return text


def checked_title(text: str) -> str:
    """A title as one printable line [no unit]; everything else in it is refused with ``ValueError``."""
    if not text.isprintable():
        raise ValueError(f"title {text!r} must be one line of printable characters")
    return text


def checked_path(path: object, what: str = "include") -> Path:
    """An existing file whose path a deck can hold.

    Parameters
    ----------
    path : path-like
        Relative ones count from the working directory.
    what : str
        What the file is for [no unit].

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    ValueError
        When the path has characters that SPICE would read as something else.
    FileNotFoundError
        When there is no such file.
    """
    text = str(path)
    bad = _REFUSED_IN_PATH.search(text)
    if bad:
        raise ValueError(f"{what} path {text!r} holds {bad.group()!r}, which a deck cannot hold: rename the file or folder")
    resolved = Path(text).expanduser().resolve()
    if not resolved.is_file():
        raise FileNotFoundError(f"{what} file {text!r} does not exist (looked for {resolved})")
    return resolved


def checked_raw_spice(text: str) -> list[str]:
    """Raw SPICE text of a user's circuit, which may define elements but not take over the run.

    Parameters
    ----------
    text : str
        Lines of SPICE [no unit].

    Returns
    -------
    list of str
        The lines.

    Raises
    ------
    ValueError
        When a line is a command of the run (``.control``, ``.tran``, ``.end``, ``.options``, ...), which
        belongs to the engine.
    """
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.isascii() or any(ord(c) < 32 and c != "\t" for c in line):
            raise ValueError(f"line {number} of raw_spice holds a control or non-ASCII character: {line!r}")
        command = line.strip().lower()
        if command.startswith("."):
            word = re.split(r"[\s(=]", command[1:], maxsplit=1)[0]
            if word not in _SCHEMATIC_COMMANDS:
                raise ValueError(
                    f"line {number} of raw_spice is {line.strip()!r}: a circuit may not hold {'.' + word!r}; analyses, "
                    "options and control blocks belong to the run (t_stop=, options=)"
                )
        lines.append(line)
    return lines


def refuse_case_twins(names: Iterable[str], what: str) -> None:
    """Raise ``ValueError`` when two names differ in case only: SPICE would take them for one [no unit]."""
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            raise ValueError(f"{what}s {twin!r} and {name!r} differ in case only, and SPICE does not tell them apart")
