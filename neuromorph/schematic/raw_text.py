"""SPICE text that a user wrote: raw lines of a circuit and included files, which may not take over the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from neuromorph.schematic.names import checked_part, checked_path

_SCHEMATIC_COMMANDS = ("model", "param", "func", "subckt", "ends", "ic", "nodeset", "global", "include", "inc", "lib", "if", "elseif", "else", "endif", "csparam", "temp")  # fmt: skip
_FILE_COMMAND = re.compile(
    r"\s*\.(?P<command>include|inc|lib)\b\s*(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>\S*))(?P<rest>.*)",
    re.IGNORECASE,
)
_COMMENT = re.compile(r";|(?<!\S)\$")
# ngspice runs what stands behind *# as a command.
_RUN_COMMAND = re.compile(
    rb"^[ \t]*(\*#[^\r\n]*|\.(?:control|tran|op|ac|dc|noise|tf|sens|disto|pz|four)\b[^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)


def checked_raw_spice(text: str) -> list[str]:
    """Raw SPICE text of a user's circuit, which may define elements but not take over the run.

    Parameters
    ----------
    text : str
        Lines of SPICE.

    Returns
    -------
    list of str
        The lines; the paths of included files are absolute, because a deck runs in a folder of its own.

    Raises
    ------
    ValueError
        When a line is a command of the run (``.control``, ``.tran``, ``.end``, ``.options``, ...), which
        belongs to the engine, or runs on into lines that are not in `text`.
    FileNotFoundError
        When an included file does not exist.
    """
    lines: list[str] = []
    has_content = False
    # An array has tens of thousands of elements: of plain text only the first character of a line matters.
    is_plain = text.isascii() and text.replace("\n", " ").isprintable()
    for number, line in enumerate(text.split("\n") if is_plain else re.split(r"\r\n|\r|\n", text), start=1):
        if is_plain and line[:1].isalpha():
            lines.append(line)
            has_content = True
            continue
        where, stripped = f"line {number} of raw_spice", line.strip()
        if not (line.isascii() and line.isprintable()):
            _refuse_characters(line, where)
        if stripped.startswith("*#"):
            raise ValueError(f"{where} is {stripped!r}: ngspice runs what stands behind '*#' as a command")
        if stripped.startswith("+") and not has_content:
            raise ValueError(f"{where} is {stripped!r}: it continues a line that is not in raw_spice")
        has_content = has_content or not (not stripped or stripped.startswith("*"))
        if stripped.startswith("."):
            line = _checked_command(line, where)
        if stripped:
            lines.append(line)
    if lines and lines[-1].rstrip().endswith("\\"):
        raise ValueError(
            f"the last line of raw_spice ends with a backslash, which would swallow the next: {lines[-1]!r}"
        )
    return lines


def _refuse_characters(line: str, where: str) -> None:
    # A path may have any letters; checked_path looks at it.
    is_ascii_only = not line.lstrip().startswith("*") and not _FILE_COMMAND.fullmatch(line)
    for character in line.replace("\t", " "):
        if not character.isprintable() or (is_ascii_only and not character.isascii()):
            raise ValueError(f"{where} holds {character!r}, a control or non-ASCII character: {line!r}")


def _checked_command(line: str, where: str) -> str:
    word = re.split(r"[\s(=]", line.strip().lower()[1:], maxsplit=1)[0]
    if word not in _SCHEMATIC_COMMANDS:
        raise ValueError(
            f"{where} is {line.strip()!r}: a circuit may not hold {'.' + word!r}; analyses, options and control "
            "blocks belong to the run (t_stop=, options=)"
        )
    match = _FILE_COMMAND.fullmatch(line)
    if match is None:
        return line
    named = match["quoted"] or match["single"] or match["bare"] or ""
    if not named:
        raise ValueError(f"{where} is {line.strip()!r}: it names no file")
    if match["command"].lower() == "lib":
        return lib_line(named, match["rest"].strip())
    return include_line(named)


def include_line(path: object) -> str:
    """An ``.include`` line with the absolute path of an existing file.

    Parameters
    ----------
    path : path-like
        Relative ones count from the working directory.

    Returns
    -------
    str
        The line.

    Raises
    ------
    ValueError
        When a deck cannot hold the path, or the file has commands of a run.
    FileNotFoundError
        When there is no such file.
    """
    return f'.include "{_checked_file(path, "include")}"'


def lib_line(path: object, section: object) -> str:
    """A ``.lib`` line: as :func:`include_line`, with the section of the library that is meant."""
    file = _checked_file(path, "library")
    if " " in str(file):
        raise ValueError(f"library path {str(path)!r} holds ' ', which ngspice does not accept in .lib: rename {file}")
    if not section:
        raise ValueError(
            f"library {str(path)!r} needs the name of a section; use include() for a file without sections"
        )
    return f'.lib "{file}" {checked_part(section, "library section")}'


def _checked_file(path: object, what: str) -> Path:
    file = checked_path(path, what)
    found = _RUN_COMMAND.search(file.read_bytes())
    if found:
        command = found.group(1).decode("ascii", errors="replace").strip()
        raise ValueError(
            f"{what} file {str(path)!r} holds {command[:60]!r}: analyses and control blocks belong to the run"
        )
    return file


def top_level_lines(lines: Iterable[str]) -> list[str]:
    """Elements and ``.ic`` lines outside subcircuits, each as one line.

    Parameters
    ----------
    lines : iterable of str
        Lines of SPICE.

    Returns
    -------
    list of str
        In lower case, without comments and continuations.
    """
    found: list[str] = []
    depth = 0
    for line in joined_lines(lines):
        depth += line.startswith(".subckt") - line.startswith(".ends")
        if depth == 0 and (not line.startswith(".") or line.startswith(".ic")):
            found.append(line)
    return found


def words_of(lines: Iterable[str]) -> set[str]:
    """Words of lines of SPICE, among them the names of nodes and elements."""
    return {word for line in lines for word in re.split(r"[\s(),={}]+", line) if word}


def included_lines(lines: Iterable[str]) -> list[str]:
    """Lines of the files that include and library lines name; files that those include are not followed.

    Parameters
    ----------
    lines : iterable of str
        Checked lines of a circuit.

    Returns
    -------
    list of str
        All lines of all files.
    """
    found: list[str] = []
    for line in lines:
        match = _FILE_COMMAND.fullmatch(line) if line.lstrip()[:4].lower() in (".inc", ".lib") else None
        if match:
            file = Path(match["quoted"] or match["bare"])
            found += file.read_text("utf-8", errors="replace").splitlines()
    return found


def refuse_two_meanings(lines: Iterable[str]) -> None:
    """Raise ``ValueError`` when a model or subcircuit is defined twice, unlike each other.

    ngspice takes one of them without a word. Equal definitions are fine: two devices may bring the same.

    Parameters
    ----------
    lines : iterable of str
        Lines of a circuit.
    """
    seen: dict[tuple[str, str], str] = {}
    inside: list[str] = []
    depth = 0
    for line in joined_lines(lines):
        depth += line.startswith(".subckt") - line.startswith(".ends")
        inside.append(line)
        if depth > 0:
            continue
        words, definition, inside = inside[0].split(), "\n".join(inside), []
        if words[0] in (".subckt", ".model") and len(words) > 1:
            kind = {".subckt": "subcircuit", ".model": "model"}[words[0]]
            if seen.setdefault((kind, words[1]), definition) != definition:
                raise ValueError(
                    f"{kind} {words[1]!r} is defined twice, and differently; SPICE would use one for both: rename one"
                )


def joined_lines(lines: Iterable[str]) -> list[str]:
    """Lines without comments and with their continuations, in lower case and single blanks.

    Parameters
    ----------
    lines : iterable of str
        Lines of SPICE.

    Returns
    -------
    list of str
        One for each element and command.
    """
    joined: list[str] = []
    for line in lines:
        text = " ".join(_COMMENT.split(line.lower(), maxsplit=1)[0].split())
        if text.startswith("+") and joined:
            joined[-1] += " " + text[1:].strip()
        elif text and not text.startswith("*"):
            joined.append(text)
    return joined


def statements(lines: Iterable[str]) -> list[str]:
    """What :func:`joined_lines` makes of a circuit and of the files that it includes.

    Parameters
    ----------
    lines : iterable of str
        Checked lines of a circuit.

    Returns
    -------
    list of str
        One for each element and command.
    """
    lines = list(lines)
    return joined_lines([*lines, *included_lines(lines)])
