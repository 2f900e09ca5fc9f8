"""What may stand in a deck: names, values, paths and titles that cannot turn into other lines."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_NODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.#]*")
# ngspice names what is inside a subcircuit, and the currents that it solves for, like this.
_INNER_NODE = re.compile(r"x[^.]*\..*|.*#.*", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Part numbers such as 1N4148 and LM741/NS; digits alone would be read as a value.
_PART = re.compile(r"(?=.*[A-Za-z_])[A-Za-z0-9_][A-Za-z0-9_.+/-]*")
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
# ';' and '$' start comments, which would cut a line short without a word; '`' and '\\' are the shell's.
_REFUSED_IN_LINE = re.compile(r"[;$`\\\x00-\x08\x0a-\x1f]|[^\x00-\x7e]")
_REFUSED_IN_PATH = "\"'{};$`\\"
_BRACED = re.compile(r"\{[^{}]*\}|'[^']*'")
# 1M is a thousandth, 1F a femto and 1A, from ngspice 40 on, an atto.
_MISREAD_SUFFIX = re.compile(
    r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?P<suffix>M(?![eE][gG]|[iI][lL])|[FAa](?![A-Za-z]))\w*"
)
_READ_AS = {"M": "a thousandth (milli)", "F": "femto", "A": "atto", "a": "atto"}


def checked_node(name: object, inner: bool = True) -> str:
    """A node's name, if a deck can hold it.

    Parameters
    ----------
    name : object
        Node name; converted to text.
    inner : bool
        Whether it may be the name of a node inside a subcircuit, such as ``x1.mid``.

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
        raise ValueError(f"node name {text!r} cannot stand in a deck: use letters, digits, '_' and '.'")
    if not inner and _INNER_NODE.fullmatch(text):
        raise ValueError(
            f"node name {text!r} cannot stand in a deck: SPICE names nodes inside a subcircuit x1.mid and currents v1#branch"
        )
    return text


def checked_identifier(name: object, what: str = "parameter") -> str:
    """The name of a parameter, model, subcircuit or element, or ``ValueError``."""
    text = str(name)
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError(f"{what} name {text!r} cannot stand in a deck: use letters, digits and '_', no digit first")
    return text


def checked_part(name: object, what: str = "model") -> str:
    """The name of a model or subcircuit, which may be a part number, or ``ValueError``."""
    text = str(name)
    if not _PART.fullmatch(text):
        raise ValueError(
            f"{what} name {text!r} cannot stand in a deck: use letters, digits and '_', '.', '+', '-', '/', a letter among them"
        )
    return text


def checked_element(name: object) -> str:
    """The name of an element, or ``ValueError``."""
    text = str(name)
    if not _ELEMENT.fullmatch(text):
        raise ValueError(f"element name {text!r} cannot stand in a deck: use letters, digits, '_' and '.'")
    return text


def checked_value(value: object, what: str) -> str:
    """A value that stays one: a number, a word, or an expression in braces.

    Parameters
    ----------
    value : object
        Converted to text (SI units).
    what : str
        What has the value, for the message.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ValueError
        When SPICE would read it as more than one value, or as another number than it looks like.
    """
    text = checked_line(str(value), what)
    outside = _BRACED.sub("0", text)
    if not outside or re.search(r"[\s={}'\"]", outside):
        raise ValueError(f"{what} is not one value: {text!r}; put an expression into braces, such as {{2*r}}")
    return text


def refuse_misread_numbers(text: str, what: str) -> None:
    """Raise ``ValueError`` for a number whose letter SPICE reads in another way than it is meant."""
    found = _MISREAD_SUFFIX.search(text)
    if found:
        read_as = _READ_AS[found["suffix"]]
        raise ValueError(
            f"{what} holds {found.group()!r}, whose {found['suffix']!r} SPICE reads as {read_as}: write it as a plain "
            "number, such as 1e6"
        )


def checked_line(text: str, what: str) -> str:
    """One line of a deck.

    Parameters
    ----------
    text : str
        The line, without its end.
    what : str
        What the line is, for the message.

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
    """A title as one printable line; everything else in it is refused with ``ValueError``."""
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
        What the file is for.

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
    _refuse_path(text, text, what)
    resolved = Path(text).expanduser().resolve()
    _refuse_path(text, str(resolved), what)
    if not resolved.is_file():
        raise FileNotFoundError(f"{what} file {text!r} does not exist (looked for {resolved})")
    return resolved


def _refuse_path(given: str, path: str, what: str) -> None:
    bad = next((c for c in path if c in _REFUSED_IN_PATH or not c.isprintable()), None)
    if bad:
        raise ValueError(f"{what} path {given!r} holds {bad!r}, which a deck cannot hold: rename the file or folder")


def refuse_case_twins(names: Iterable[str], what: str) -> None:
    """Raise ``ValueError`` when two names differ in case only: SPICE would take them for one."""
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            raise ValueError(f"{what}s {twin!r} and {name!r} differ in case only, and SPICE does not tell them apart")
