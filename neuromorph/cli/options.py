"""What commands have in common: options of the same name and meaning, and what is read from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuromorph.cli.output import say

if TYPE_CHECKING:
    from neuromorph.recording import Recording
    from neuromorph.schematic import NgspiceOptions, VacaskOptions

Design = Annotated[str, typer.Argument(help="A design's name (memristive-alif, lif) or a script that has design().")]
Drive = Annotated[
    list[str],
    typer.Option(
        "--drive",
        help="A stimulus, such as 'square(amplitude=1mA, frequency=1kHz, duty=0.5)'; input=... for one of several.",
    ),
]
TStop = Annotated[str | None, typer.Option("--t-stop", help="How long to simulate, such as 5ms.")]
Set = Annotated[
    list[str], typer.Option("--set", help="A parameter, such as capacitance=10nF or memristor.r_on=700ohm; repeatable.")
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - for standard output.")
]
Dt = Annotated[str | None, typer.Option("--dt", help="Longest step of the equations, such as 50ns.")]
RelTol = Annotated[float | None, typer.Option("--reltol", help="Relative tolerance of the SPICE engine.")]
TMax = Annotated[str | None, typer.Option("--t-max", help="Longest SPICE step, such as 100ns.")]
Method = Annotated[str | None, typer.Option("--method", help="Integration method of the SPICE engine: gear or trap.")]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine", help="ode (rk4 says the same), ngspice, ngspice-shared, vacask, or auto: a SPICE engine that suits."
    ),
]
SpiceEngine = Annotated[
    str,
    typer.Option(
        "--engine", help="The circuit's road: ngspice, ngspice-shared, vacask, or auto, which picks and says why."
    ),
]
Probes = Annotated[list[str], typer.Option("--probe", help="What to record from a circuit: v(out) or v_out=v(out).")]
Fidelity = Annotated[
    str | None,
    typer.Option(
        "--fidelity",
        help="How real a neuron's parts are: ideal, macromodel, transistor, or comparator=transistor,amplifier=macromodel, "
        "or a vendor's model: amplifier=op.lib:OP07.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of the noise, a whole number: the same one repeats the run.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write a picture (png, pdf, svg).")]
SaveRoads = Annotated[
    Path | None,
    typer.Option("--save", help="Write the waveforms of both roads as netCDF: NAME.reference.nc, NAME.candidate.nc."),
]


def seconds(text: str | None) -> float | None:
    """A time with its unit, as typed [s]."""
    from neuromorph.quantities import parse_quantity

    return None if text is None else parse_quantity(text, "s")


def spice_options(
    reltol: float | None, t_max: str | None, method: str | None, engine: str | None
) -> NgspiceOptions | VacaskOptions | None:
    """Settings of the SPICE run (SI units), ``None`` where nothing was typed."""
    if engine != "vacask":
        return ngspice_options(reltol, t_max, method)
    from neuromorph.schematic import VacaskOptions

    chosen = _typed(reltol, t_max, method)
    return VacaskOptions(**chosen) if chosen else None


def ngspice_options(reltol: float | None, t_max: str | None, method: str | None) -> NgspiceOptions | None:
    """Settings of an ngspice run (SI units), ``None`` where nothing was typed."""
    from neuromorph.schematic import NgspiceOptions

    chosen = _typed(reltol, t_max, method)
    return NgspiceOptions(**chosen) if chosen else None


def _typed(reltol: float | None, t_max: str | None, method: str | None) -> dict[str, Any]:
    given = {"reltol": reltol, "t_max": seconds(t_max), "method": method}
    return {name: value for name, value in given.items() if value is not None}


def say_choice(recording: Recording, json: str | None) -> None:
    """Say why the engine of a recording was chosen, where it was."""
    if why := recording.provenance.get("engine_choice"):
        say(f"engine: {recording.provenance['engine']}; {why}", json)


def named_probes(texts: list[str]) -> dict[str, str] | None:
    """Expressions by the name that each gets in the recording, ``None`` where nothing was typed."""
    if not texts:
        return None
    pairs = [text.partition("=") if text.partition("=")[0].isidentifier() else (text, "", text) for text in texts]
    names = [name for name, _, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"--probe gives {name!r} twice")
    return {name: expression for name, _, expression in pairs}


def parsed_fidelity(text: str | None) -> Any:
    """How real parts are, as typed: a word, or ``part=word`` and ``part=file:subcircuit`` joined by commas.

    Parameters
    ----------
    text : str or None
        For example ``"macromodel"`` or ``"amplifier=macromodel,comparator=my.lib:CMP1"``.

    Returns
    -------
    str or dict or None
        As :func:`neuromorph.simulate` takes it.

    Raises
    ------
    ValueError
        When a part is given twice, or a vendor's file cannot be used.
    """
    if text is None or "=" not in text:
        return text
    parts: dict[str, Any] = {}
    # Commas inside the brackets of a pin map belong to the map.
    for item in re.split(r",(?![^(]*\))", text):
        part, equals, word = (piece.strip() for piece in item.partition("="))
        if not equals or not part or not word:
            raise ValueError(f"cannot read --fidelity {item!r}: write part=word, such as comparator=transistor")
        if part in parts:
            raise ValueError(f"--fidelity gives {part!r} twice")
        parts[part] = _vendor_model(part, word) if ":" in word else word
    return parts


def _vendor_model(part: str, text: str) -> Any:
    """A vendor's model from ``file:subcircuit``, or ``file:subcircuit(role=pin,...)`` where its pins are in other order."""
    from neuromorph.schematic import VendorModel

    roles = ("d", "g", "s") if part == "discharge" else ("in_p", "in_n", "v_pos", "v_neg", "out")
    path, _, rest = text.rpartition(":") if "(" not in text else _split_before_pins(text)
    name, bracket, pin_map = rest.partition("(")
    pins: dict[str, str | int] = {role: position for position, role in enumerate(roles, start=1)}
    if bracket:
        pins = {}
        for pair in pin_map.rstrip(") ").split(","):
            role, equals, pin = (piece.strip() for piece in pair.partition("="))
            if not equals:
                raise ValueError(f"cannot read the pin {pair!r} of {part!r}: write role=pin; roles: {', '.join(roles)}")
            pins[role] = int(pin) if pin.isdigit() else pin
    return VendorModel(path.strip(), name.strip(), pins)


def _split_before_pins(text: str) -> tuple[str, str, str]:
    head, bracket, pins = text.partition("(")
    path, colon, name = head.rpartition(":")
    return path, colon, name + bracket + pins


def warn_of_idle_settings(design: Any, settings: list[str], fidelity: Any) -> None:
    """Warn of parameters that were set and have no effect at this fidelity."""
    import warnings

    from neuromorph.neurons import DesignWarning
    from neuromorph.neurons.fidelity import idle_parameters
    from neuromorph.roads import at_fidelity

    names = [setting.partition("=")[0].strip() for setting in settings]
    if hasattr(design, "at_fidelity") or fidelity is None:
        for name in idle_parameters(at_fidelity(design, fidelity), names):
            message = f"{name} has no effect while every part is ideal: give --fidelity macromodel"
            warnings.warn(message, DesignWarning, stacklevel=2)
