"""Parameter cards: where model files are found, and how a card becomes a memristor or a part."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

from neuromorph.devices.comparator import Comparator
from neuromorph.devices.current_conveyor import CurrentConveyor
from neuromorph.devices.gmms import GMMS
from neuromorph.devices.linear_ion_drift import LinearIonDrift
from neuromorph.devices.memristor import MemristorModel
from neuromorph.devices.mms import MMS
from neuromorph.devices.mosfet import Mosfet
from neuromorph.devices.op_amp import OpAmp
from neuromorph.devices.part import Part
from neuromorph.devices.vteam import VTEAM
from neuromorph.devices.yakopcic import Yakopcic
from neuromorph.quantities import is_choice

MODELS: dict[str, type[MemristorModel]] = {
    "mms": MMS,
    "gmms": GMMS,
    "vteam": VTEAM,
    "yakopcic": Yakopcic,
    "linear-ion-drift": LinearIonDrift,
}
"""Memristor models that come with the package, by name."""

PARTS: dict[str, type[Part]] = {
    "op-amp": OpAmp,
    "comparator": Comparator,
    "mosfet": Mosfet,
    "current-conveyor": CurrentConveyor,
}
"""Parts that a card may describe, by name."""


def model_named(name: str) -> type[MemristorModel]:
    """A memristor model by name.

    Parameters
    ----------
    name : str
        Of :data:`MODELS`; case does not matter, and an underscore is as good as a hyphen.

    Returns
    -------
    type
        The class, to be called with parameter values in SI units.

    Raises
    ------
    ValueError
        When there is none of that name; the message lists the choices.
    """
    key = name.strip().lower().replace("_", "-")
    if key not in MODELS:
        raise ValueError(f"no memristor model {name!r}; choices: {', '.join(MODELS)}")
    return MODELS[key]


def model_folder() -> Path:
    """Folder with the SPICE subcircuits, Verilog-A modules and parameter cards that come with the package.

    Returns
    -------
    Path
        Inside the package when it is installed, beside it in a checkout.

    Raises
    ------
    FileNotFoundError
        When neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "models", package.parent / "models"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the models folder is missing beside {package}: reinstall neuromorph")


def model_file(name: str) -> Path:
    """A file that comes with the package, such as ``"mms.lib"``.

    Parameters
    ----------
    name : str
        File name.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    FileNotFoundError
        When there is none of that name; the message lists the choices.
    """
    folder = model_folder()
    choices = sorted(path.name for path in folder.iterdir() if path.is_file())
    if name not in choices:
        raise FileNotFoundError(f"no model file {name!r}; choices: {', '.join(choices)}")
    return folder / name


def load_card(card: str | Path) -> MemristorModel | Part:
    """A memristor, or a part such as an op-amp, from a parameter card.

    Parameters
    ----------
    card : str or Path
        Path of a TOML file, or the name of one that comes with the package (``"mms"``, ``"op482"``).

    Returns
    -------
    MemristorModel or Part
        With the card's values in SI units. What a card says of sources, ranges and conditions is for its
        reader.

    Raises
    ------
    FileNotFoundError
        When there is no such card.
    ValueError
        When the card is not TOML, names no model or part that is known, has a wrong unit, or a value that the
        model does not accept; the message names the file.

    Examples
    --------
    >>> load_card("mms").r_on
    500.0
    >>> load_card("2n7002").c_gd
    4e-12
    """
    path = Path(card) if str(card).endswith(".toml") else model_file(f"{card}.toml")
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a TOML card: {error}") from None
    try:
        model = _described(content)
        return model(**_choices(model, content.get("choices", {})), **_values(model, content.get("parameters", {})))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _described(content: dict[str, Any]) -> type[MemristorModel] | type[Part]:
    if "model" in content and "part" in content:
        raise ValueError("a card has a model (of a memristor) or a part, not both")
    if "part" in content:
        if content["part"] not in PARTS:
            raise ValueError(f"part is {content['part']!r}; choices: {', '.join(PARTS)}")
        return PARTS[content["part"]]
    kind = content.get("model")
    if kind not in MODELS:
        raise ValueError(f"model is {kind!r}; choices: {', '.join(MODELS)}, or a part: {', '.join(PARTS)}")
    return MODELS[kind]


def _choices(model: type[MemristorModel] | type[Part], given: dict[str, Any]) -> dict[str, str]:
    names = [field.name for field in dataclasses.fields(model) if is_choice(field)]
    for name in given:
        if name not in names:
            raise ValueError(f"choice {name!r} is unknown; choices of {model.__name__}: {', '.join(names) or 'none'}")
    return given


def _values(model: type[MemristorModel] | type[Part], parameters: dict[str, Any]) -> dict[str, float]:
    fields = {field.name: field for field in dataclasses.fields(model) if not is_choice(field)}
    values = {}
    for name, entry in parameters.items():
        if name not in fields:
            raise ValueError(f"parameter {name!r} is unknown; choices: {', '.join(fields)}")
        if not isinstance(entry, dict) or "value" not in entry:
            raise ValueError(f"parameter {name!r} needs a table with value, unit and source")
        unit = fields[name].metadata["unit"]
        if entry.get("unit", "") != unit:
            raise ValueError(f"parameter {name!r} is in {unit!r}, the card says {entry.get('unit', '')!r}")
        values[name] = entry["value"]
    missing = [name for name in fields if name not in values]
    if missing:
        raise ValueError(f"parameters missing: {', '.join(missing)}")
    return values
