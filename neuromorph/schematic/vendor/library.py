"""What a model file defines: subcircuits, model cards, parameters and functions, with the files that it includes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from neuromorph.schematic.vendor.reading import read_model_text
from neuromorph.schematic.vendor.statements import Statement, statements_of

_IGNORED = ("backanno", "end", "title", "alias", "endalias", "width", "print", "plot", "probe", "save", "tran", "ac", "dc", "op", "noise", "four", "sens", "tf", "meas", "measure", "step", "wcase", "mc", "opt", "options", "option", "temp", "ic", "nodeset", "fourier", "net", "machine", "endmachine", "four")  # fmt: skip
_COMMANDS = ("control", "endc", "exec", "shell", "system")
_INCLUDE = re.compile(r"\.(?P<command>include|inc|lib)\b\s*(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>\S*))\s*(?P<rest>.*)", re.IGNORECASE)  # fmt: skip
_FUNCTION = re.compile(r"\.func(?:tion)?\s+(?P<name>[a-z_]\w*)\s*\((?P<arguments>[^()]*)\)\s*=?\s*(?P<body>.+)")
_DEEPEST = 20


@dataclass(frozen=True)
class ModelCard:
    """A ``.model`` card: its type in lower case, and the expressions of its parameters."""

    name: str
    kind: str
    parameters: dict[str, str]
    statement: Statement


@dataclass
class Definition:
    """A subcircuit, or the whole file.

    Parameters
    ----------
    name : str
        In lower case; empty for the file.
    pins : tuple of str
        Nodes that lead out.
    defaults : dict of str to str
        Expressions of the parameters that an instance may set.
    parameters : dict of str to str
        Expressions of its own parameters.
    functions : dict of str to tuple
        Arguments and body of its functions.
    models, subcircuits : dict
        What is defined in it, by name.
    elements : list of Statement
        Its elements.
    refused : list of Statement
        Commands that cannot be translated.
    statements : list of Statement
        Of the whole file, included files among them; of subcircuits none.
    parent : Definition, optional
        What it is defined in.
    statement : Statement, optional
        Its first line.
    """

    name: str
    pins: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    models: dict[str, ModelCard] = field(default_factory=dict)
    subcircuits: dict[str, Definition] = field(default_factory=dict)
    elements: list[Statement] = field(default_factory=list)
    refused: list[Statement] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    parent: Definition | None = None
    statement: Statement | None = None

    def subcircuit(self, name: str) -> Definition | None:
        """The subcircuit of that name that can be seen from here."""
        return self.subcircuits.get(name) or (self.parent.subcircuit(name) if self.parent else None)

    def model(self, name: str) -> ModelCard | None:
        """The model card of that name that can be seen from here."""
        return self.models.get(name) or (self.parent.model(name) if self.parent else None)


def read_library(path: Path) -> Definition:
    """All that a model file and the files that it includes define.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    Definition
        The file.

    Raises
    ------
    ValueError
        When it is encrypted or no text, holds commands of a simulator, or a definition is broken.
    FileNotFoundError
        When a file that it includes does not exist.
    """
    library = Definition("")
    _read_into(library, path, ())
    return library


def _read_into(library: Definition, path: Path, open_files: tuple[Path, ...]) -> None:
    if path in open_files or len(open_files) > _DEEPEST:
        raise ValueError(f"model file {str(path)!r} includes itself")
    current = root = library
    while root.parent is not None:
        root = root.parent
    for statement in statements_of(read_model_text(path), path.name):
        text = statement.text
        if not _INCLUDE.fullmatch(statement.original):
            root.statements.append(statement)
        if not text.startswith("."):
            current.elements.append(statement)
            continue
        command = re.split(r"[\s(=]", text[1:], maxsplit=1)[0]
        if command == "end" and current is library:
            break
        if command in ("subckt", "macro"):
            current = _opened(statement, current)
        elif command in ("ends", "eom"):
            if current is library:
                raise ValueError(f"{statement.where} ends no subcircuit")
            assert current.parent is not None
            current = current.parent
        elif command in ("include", "inc", "lib"):
            for file in _included(statement, path):
                _read_into(current, file, (*open_files, path))
        else:
            _read_command(command, statement, current, current.parent is None)
    if current is not library:
        raise ValueError(f"subcircuit {current.name!r} of {path.name} has no .ends")


def _read_command(command: str, statement: Statement, current: Definition, is_outside: bool) -> None:
    if command == "model":
        card = _model_card(statement)
        current.models[card.name] = card
    elif command in ("param", "params", "parameter"):
        current.parameters |= assignments(statement.tokens[1:], statement)
    elif command in ("func", "function"):
        match = _FUNCTION.fullmatch(statement.text)
        if match is None:
            raise ValueError(f"{statement.where}: write .func name(argument, ...) {{expression}}")
        names = [name.strip() for name in match["arguments"].split(",") if name.strip()]
        current.functions[match["name"]] = (names, unbraced(match["body"]))
    elif command in _COMMANDS:
        raise ValueError(
            f"{statement.where}: a model file may not hold .{command}, which commands a simulator: remove it, or keep "
            "the definitions only"
        )
    elif not is_outside or command not in _IGNORED:
        # What the chosen subcircuit does not need does not matter.
        current.refused.append(statement)


def _opened(statement: Statement, parent: Definition) -> Definition:
    words = statement.tokens
    if len(words) < 2:
        raise ValueError(f"{statement.where}: a subcircuit needs a name")
    pins: list[str] = []
    position = 2
    while position < len(words) and words[position] not in ("params:", "optional:", "text:"):
        if position + 1 < len(words) and words[position + 1] == "=":
            break
        if words[position] not in "(),":
            pins.append(words[position])
        position += 1
    if words[position : position + 1] == ["optional:"]:
        optional = words[position + 1 :]
        end = next((i for i, word in enumerate(optional) if word in ("params:", "text:")), len(optional))
        pins += assignments(optional[:end], statement)
        position += 1 + end
    rest = words[position:]
    if "text:" in rest:
        rest = rest[: rest.index("text:")]
    twins = {pin for pin in pins if pins.count(pin) > 1}
    if twins:
        raise ValueError(f"{statement.where} has the pin {min(twins)!r} twice")
    if "0" in pins:
        raise ValueError(f"{statement.where} has ground as a pin: remove it from the line")
    defaults = assignments([word for word in rest if word != "params:"], statement)
    made = Definition(words[1], tuple(pins), defaults, parent=parent, statement=statement)
    parent.subcircuits[made.name] = made
    return made


def _model_card(statement: Statement) -> ModelCard:
    words = [word for word in statement.tokens[1:] if word not in "(),"]
    if len(words) < 2:
        raise ValueError(f"{statement.where}: a model needs a name and a type, such as .model dx d(is=1e-14)")
    if words[1].startswith("ako:"):
        raise ValueError(f"{statement.where}: 'ako:' (a kind of) is not supported: write all parameters out")
    pairs: dict[str, str] = {}
    position = 2
    while position < len(words):
        name = words[position]
        if words[position + 1 : position + 2] == ["="]:
            if position + 2 >= len(words):
                raise ValueError(f"{statement.where}: {name!r} has no value")
            if name not in ("dev", "lot") and not name.startswith(("dev/", "lot/")):
                pairs[name] = unbraced(words[position + 2])
            position += 3
        else:
            # A flag, such as nchan; a tolerance of a Monte Carlo run, such as dev 5%.
            if name in ("dev", "lot"):
                position += 1
            elif not name.endswith("%"):
                pairs[name] = ""
            position += 1
    return ModelCard(words[0], words[1], pairs, statement)


def assignments(words: Iterable[str], statement: Statement) -> dict[str, str]:
    """``name=value`` pairs as texts; several words of a value that stands without braces are joined."""
    words = _without_separators(words)
    starts = [i for i, word in enumerate(words) if word == "="]
    found: dict[str, str] = {}
    if words and (not starts or starts[0] != 1):
        raise ValueError(f"{statement.where}: expected name=value, found {words[0]!r}")
    for place, start in enumerate(starts):
        end = starts[place + 1] - 1 if place + 1 < len(starts) else len(words)
        value = "".join(words[start + 1 : end])
        if not value:
            raise ValueError(f"{statement.where}: {words[start - 1]!r} has no value")
        found[words[start - 1]] = unbraced(value)
    return found


def _without_separators(words: Iterable[str]) -> list[str]:
    """Words without the commas between assignments; those between the arguments of a function stay."""
    kept, depth = [], 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if word != "," or depth:
            kept.append(word)
    return kept


def unbraced(text: str) -> str:
    """An expression without the braces or quotes around it; braces inside become parentheses."""
    text = text.strip()
    if len(text) > 1 and text[0] + text[-1] in ("''", '""'):
        text = text[1:-1]
    return text.replace("{", "(").replace("}", ")")


def _included(statement: Statement, path: Path) -> list[Path]:
    match = _INCLUDE.fullmatch(statement.original)
    named = (match["quoted"] or match["single"] or match["bare"]) if match else ""
    if match is None or not named:
        raise ValueError(f"{statement.where}: it names no file")
    if match["command"].lower() == "lib" and match["rest"]:
        raise ValueError(
            f"{statement.where}: sections of libraries are not supported: include the file that holds the section"
        )
    # Windows does not tell cases apart, and the vendor wrote for it.
    folder = (path.parent / named.replace("\\", "/")).parent
    wanted = Path(named.replace("\\", "/")).name.lower()
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if file.name.lower() == wanted and file.is_file():
            return [file.resolve()]
    raise FileNotFoundError(
        f"{statement.where}: the file {named!r} does not exist (looked for in {folder}): put it there, or remove the line"
    )


def deck_name(name: str) -> str:
    """The name of a subcircuit or model in the deck: letters, digits and ``_``, a letter first."""
    made = re.sub(r"[^a-z0-9_]", "_", name)
    return made if made[:1].isalpha() else f"m{made}"


def near(name: str, choices: Iterable[str]) -> str:
    """``"did you mean 'x'? "`` where a choice is near, else nothing."""
    found = difflib.get_close_matches(name, list(choices), n=1)
    return f"did you mean {found[0]!r}? " if found else ""
