"""From what a user types to a design: a name of the library or a script, with parameters set."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from neuromorph.devices import MemristorModel, load_card, model_named
from neuromorph.neurons import LIBRARY
from neuromorph.quantities import KNOWN_UNITS, Parameters, check_names, is_choice, parse_quantity
from neuromorph.roads import equations_or_none
from neuromorph.stimulus import Stimulus, parse_stimulus


class UsageError(ValueError):
    """What was typed cannot be used; the message says what can."""


@dataclass(frozen=True)
class Request:
    """A design with what it is to be run with.

    Parameters
    ----------
    design : object
        What ``design()`` returned, or a neuron of the library.
    drive : Stimulus, mapping or None
        What drives it [A or V].
    t_stop : float or None
        Length of the run [s].
    """

    design: Any
    drive: Mapping[str, Stimulus] | Stimulus | None
    t_stop: float | None


def requested(name: str, settings: list[str], drive: list[str], t_stop: str | None) -> Request:
    """The design that a command line asks for.

    Parameters
    ----------
    name : str
        Name in the library, or path of a script.
    settings : list of str
        ``name=value`` each, values with units.
    drive : list of str
        A stimulus, or ``input=stimulus`` each.
    t_stop : str or None
        Length of the run, with unit [s].

    Returns
    -------
    Request
        Parameters set, drive parsed.

    Raises
    ------
    UsageError
        When something cannot be understood; the message lists the choices.
    """
    values = settings_of(settings)
    point: Any = None
    if name in LIBRARY:
        design = with_settings(LIBRARY[name](), values)
    elif name.endswith(".py") or "/" in name or "\\" in name:
        module = _load_script(Path(name))
        design = _script_design(name, module, values)
        if not hasattr(design, "working_point") and callable(getattr(module, "working_point", None)):
            point = _called(name, module.working_point)
    else:
        from neuromorph.cli.network_graphs import is_network_name

        hint = "; networks have commands of their own: neuromorph network -h" if is_network_name(name) else ""
        raise UsageError(
            f"no design {name!r}. Choices: {', '.join(LIBRARY)}, or the path of a script with design(), such as "
            f"./my_neuron.py{hint}"
        )
    driven = None
    if drive:
        is_network = hasattr(design, "driven_by")
        driven = currents_into(design, drive) if is_network else _drive(drive, input_units(design))
    return Request(
        design=design,
        drive=driven if drive else getattr(point, "drive", None),
        t_stop=parse_quantity(t_stop, "s") if t_stop is not None else getattr(point, "t_stop", None),
    )


def script_arguments(script: str) -> tuple[str, ...]:
    """Names of the arguments of a script's ``design()``; none where it has no such function."""
    function = getattr(_load_script(Path(script)), "design", None)
    return tuple(inspect.signature(function).parameters) if callable(function) else ()


def settings_of(settings: list[str]) -> dict[str, str]:
    """What ``--set`` was given, as text by name; each name once."""
    values = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"cannot read --set {setting!r}: write name=value, such as capacitance=10nF")
        if name.strip() in values:
            raise UsageError(f"--set gives {name.strip()!r} twice")
        values[name.strip()] = value.strip()
    return values


def with_settings(design: Parameters, values: Mapping[str, str]) -> Any:
    """A parameter object with values set; those of its parts by ``part.name``, or by ``name`` where that is clear."""
    parts = design.inner_parameters()
    models = {
        name: _memristor(name, text) for name, text in values.items() if isinstance(parts.get(name), MemristorModel)
    }
    design = dataclasses.replace(design, **models)
    units, words = design.nested_units(), _nested_choices(design)
    optional = {f.name for f in dataclasses.fields(design) if f.metadata.get("optional")}
    choices = [*units, *words]
    changes: dict[str, Any] = {}
    for name, text in values.items():
        if name in models:
            continue
        matches = [name] if name in choices else [c for c in choices if c.endswith(f".{name}")]
        if len(matches) != 1:
            owner = getattr(design, "design_name", type(design).__name__)
            if matches:
                raise UsageError(f"{owner} has several parameters {name!r}; which one? {', '.join(matches)}")
            _refuse_name(owner, name, choices)
        (dotted,) = matches
        if dotted in changes:
            raise UsageError(f"--set gives {dotted} twice")
        if dotted in words:
            changes[dotted] = text if text in words[dotted] else text.lower()
        else:
            is_none = text.lower() == "none" and dotted in optional
            changes[dotted] = None if is_none else _value(name, text, units[dotted])
    return design.with_nested(changes)


def _nested_choices(owner: Parameters) -> dict[str, tuple[str, ...]]:
    """The words that each parameter which takes words accepts, by dotted name."""
    words = {f.name: f.metadata["choices"] for f in dataclasses.fields(owner) if is_choice(f)}
    for part, held in owner.inner_parameters().items():
        words |= {f"{part}.{name}": choices for name, choices in _nested_choices(held).items()}
    return words


def _memristor(name: str, text: str) -> MemristorModel:
    """A memristor by the name of its model, or from the parameter card of that path."""
    try:
        model = load_card(text) if text.endswith(".toml") else model_named(text)()
        if not isinstance(model, MemristorModel):
            raise ValueError(f"{text} is the card of a part ({type(model).__name__}), not of a memristor")
        return model
    except (ValueError, OSError) as error:
        raise UsageError(f"--set {name}: {error}, or the path of a parameter card (.toml)") from None


def _refuse_name(owner: str, name: str, choices: list[str]) -> None:
    try:
        check_names(owner, [name], choices)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _value(name: str, text: str, unit: str) -> float:
    try:
        return parse_quantity(text, unit)
    except ValueError as error:
        raise UsageError(f"--set {name}: {error}") from None


def input_units(design: Any) -> dict[str, str]:
    """Unit of each input of a design, by name."""
    system = equations_or_none(design)
    if system is not None:
        return dict(system.inputs)
    ports = getattr(design.schematic() if hasattr(design, "schematic") else design, "ports", {})
    return {name: "A" if port.kind == "current" else "V" for name, port in ports.items()}


def _drive(texts: list[str], units: Mapping[str, str]) -> Mapping[str, Stimulus] | Stimulus:
    named: dict[str, Stimulus] = {}
    for text in texts:
        name, equals, rest = (part.strip() for part in text.partition("="))
        if equals and name.isidentifier():
            if name in named:
                raise UsageError(f"--drive gives {name!r} twice")
            named[name] = parse_stimulus(rest, units.get(name))
        elif len(texts) == 1:
            return parse_stimulus(text, next(iter(units.values())) if len(units) == 1 else None)
        else:
            raise UsageError(f"several --drive options need input=stimulus each, got {text!r}")
    return named


def currents_into(design: Any, texts: list[str]) -> dict[str, Stimulus]:
    """Currents into neurons, as typed.

    Parameters
    ----------
    design : Network
        Whose neurons are driven.
    texts : list of str
        ``name=stimulus`` each.

    Returns
    -------
    dict of str to Stimulus
        By neuron [A].

    Raises
    ------
    UsageError
        When a text cannot be read, or names no neuron.
    """
    drives: dict[str, Stimulus] = {}
    for text in texts:
        name, equals, rest = (part.strip() for part in text.partition("="))
        if not equals or not name.isidentifier():
            raise UsageError(
                f"cannot read --drive {text!r}: write neuron=stimulus, such as {design.neurons[0]}=constant(value=1mA)"
            )
        if name not in design.neurons:
            shown = f"{', '.join(design.neurons[:8])}{' ...' if len(design.neurons) > 8 else ''}"
            raise UsageError(f"--drive: the network has no neuron {name!r}; its neurons: {shown}")
        if name in drives:
            raise UsageError(f"--drive gives {name!r} twice")
        drives[name] = parse_stimulus(rest, "A")
    return drives


def _load_script(path: Path) -> ModuleType:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UsageError(f"the script {str(path)!r} {what}. Designs by name: {', '.join(LIBRARY)}")
    spec = importlib.util.spec_from_file_location(f"neuromorph_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)!r} is not a Python script: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up by name, and helpers beside the script are importable from it.
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.resolve().parent))
    try:
        # What a script prints is not part of a command's output, which may be JSON.
        with contextlib.redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(_script_error(path, error)) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _script_design(name: str, module: ModuleType, values: Mapping[str, str]) -> Any:
    function = getattr(module, "design", None)
    if not callable(function):
        raise UsageError(
            f"{name} has no function design(); it should return a neuron, a network, a Pair, a HybridSystem or a Circuit"
        )
    arguments = inspect.signature(function).parameters
    own = {key: value for key, value in values.items() if key in arguments}
    design = _called(name, function, **{key: _argument(arguments[key], value) for key, value in own.items()})
    rest = {key: value for key, value in values.items() if key not in own}
    if isinstance(design, tuple):
        from neuromorph.roads import Pair

        design = Pair(*design)
    if hasattr(design, "adj") and hasattr(design, "nodes"):
        from neuromorph.networks import compose

        try:
            design = compose(design)
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None
    is_network = hasattr(design, "driven_by")
    if (
        not is_network
        and equations_or_none(design) is None
        and not hasattr(design, "raw_spice")
        and not hasattr(design, "vectors")
    ):
        raise UsageError(
            f"design() of {name} returned {design!r}; it should return a neuron, a network, a Pair, a HybridSystem, a Circuit or a Deck"
        )
    if rest and isinstance(design, Parameters):
        return with_settings(design, rest)
    if rest:
        _refuse_name(f"design() of {name}", next(iter(rest)), list(arguments) or ["none: design() has no arguments"])
    return design


def _called(name: str, function: Callable[..., Any], **arguments: Any) -> Any:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return function(**arguments)
    except (Exception, SystemExit) as error:
        raise UsageError(_script_error(Path(name), error)) from error


def _argument(parameter: inspect.Parameter, text: str) -> Any:
    """An argument of ``design()``: text where its default is text, else a number with any unit."""
    if isinstance(parameter.default, str):
        return text
    for unit in ("", *KNOWN_UNITS):
        with contextlib.suppress(ValueError):
            return parse_quantity(text, unit)
    raise UsageError(f"--set {parameter.name}: cannot read {text!r}: expected a number, with or without a unit")


def _script_error(path: Path, error: BaseException) -> str:
    """An error inside a user's script, at the line of the script where it arose."""
    if isinstance(error, SyntaxError):
        return f"{path}, line {error.lineno}: {error.msg}"
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == path.resolve()
    ]
    where = f"{path}, line {lines[-1]}" if lines else str(path)
    return f"{where}: {type(error).__name__}: {error}"
