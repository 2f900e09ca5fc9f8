"""The command ``neuromorph sweep``: curves of any measure over any parameter."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from neuromorph.cli.options import (
    Design,
    Drive,
    Dt,
    Engine,
    Fidelity,
    Json,
    Method,
    Probes,
    RelTol,
    Set,
    TMax,
    TStop,
    named_probes,
    parsed_fidelity,
    seconds,
    spice_options,
)
from neuromorph.cli.output import (
    PICTURES,
    SIMULATION_FAILED,
    DelayedProgress,
    check_outputs,
    reported,
    say,
    write_json,
)
from neuromorph.quantities import KNOWN_UNITS, check_names, parse_quantity

_RANGE = re.compile(r"(.+):(.+):(lin|log)(\d+)")
_DRAWN = re.compile(r"(normal|lognormal|uniform)\((.+)\)")
_WORDS = ("engine", "fidelity")
_SYNTAX = "write a:b:linN, a:b:logN, a,b,c, or normal(5%), lognormal(20%), uniform(5%)"


@reported
def sweep(
    design: Design,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            help="A parameter and its values: capacitance=2nF:50nF:log9, drive.amplitude=0.4mA:2mA:lin9, r_s=1k,2k, "
            "memristor.r_on=normal(5%); repeatable.",
        ),
    ] = [],  # noqa: B006 - typer's spelling of a repeatable option
    measure: Annotated[
        list[str],
        typer.Option(
            "--measure", help="What to measure: rate, isi_steady, adaptation_ratio, threshold, ...; repeatable."
        ),
    ] = [],  # noqa: B006
    engine: Engine = None,
    fidelity: Fidelity = None,
    drive: Drive = [],  # noqa: B006
    t_stop: TStop = None,
    setting: Set = [],  # noqa: B006
    probe: Probes = [],  # noqa: B006
    dt: Dt = None,
    reltol: RelTol = None,
    t_max: TMax = None,
    method: Method = None,
    together: Annotated[
        bool, typer.Option("--zip", help="Vary the parameters together instead of over a grid.")
    ] = False,
    samples: Annotated[int | None, typer.Option("--samples", help="Draws from normal(...) and the like.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draws.")] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes; as many as processors by default.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Folder that keeps each result; the same sweep goes on from there.")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Run again what failed, according to the store.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write a picture of the first measure (png, pdf, svg), or a table (csv)."),
    ] = None,
    json: Json = None,
) -> None:
    """Run a design over ranges of its parameters, in parallel, and measure each run."""
    import neuromorph as nm
    from neuromorph.cli.designs import requested
    from neuromorph.sweeps.setup import setup_of

    check_outputs(json=json, output=out)
    if out is not None and out.suffix.lower() not in (".csv", *(f".{ending}" for ending in PICTURES)):
        raise ValueError(f"--out {out}: give an ending out of csv, {', '.join(PICTURES)}")
    texts = _named(over)
    request = requested(design, setting, drive, t_stop)
    swept: Any = request.design
    if not design.endswith(".py") or not (swept := _factory(design, setting, texts)):
        swept = request.design
    units = setup_of(swept, request.drive, request.t_stop, {}).units()
    with DelayedProgress() as progress:
        result = nm.sweep(
            swept,
            values_of(texts, {**units, **dict.fromkeys(getattr(swept, "units", ()))}),
            drive=request.drive,
            t_stop=request.t_stop,
            measure=measure or None,
            mode="zip" if together else "grid",
            samples=samples,
            engine=engine,
            fidelity=parsed_fidelity(fidelity),
            dt=seconds(dt),
            options=spice_options(reltol, t_max, method, engine),
            probes=named_probes(probe),
            workers=workers,
            store=store,
            retry=retry,
            seed=seed,
            progress=progress,
        )
    say(result.summary(), json)
    if result.store is not None:
        say(f"results: {result.store} ({result.reused} of {len(result)} were there)", json)
    write_json(result.to_dict(), json)
    if out is not None and out.suffix.lower() == ".csv":
        say(f"table: {result.to_csv(out)}", json)
    elif out is not None:
        result.plot(out)
        say(f"picture: {out}", json)
    if len(result.failures) == len(result):
        raise typer.Exit(SIMULATION_FAILED)


@dataclass(frozen=True)
class ScriptDesign:
    """A script's ``design(...)`` with values for its arguments; plain data, so that it travels between processes.

    Parameters
    ----------
    script : str
        Path of the script.
    settings : tuple of str
        ``name=value`` each.
    units : dict of str to str
        Unit of what may be given, by name.
    """

    script: str
    settings: tuple[str, ...]
    units: dict[str, str] = field(compare=False)

    def __call__(self, **values: float) -> Any:
        """The design (values in SI units)."""
        from neuromorph.cli.designs import requested

        settings = [*self.settings, *(f"{name}={value!r}" for name, value in values.items())]
        return requested(self.script, settings, [], None).design


def _factory(script: str, settings: list[str], texts: Mapping[str, str]) -> ScriptDesign | None:
    """The script's function, where an argument of it is to be varied."""
    from neuromorph.cli.designs import script_arguments

    own = dict.fromkeys(script_arguments(script), "")
    return ScriptDesign(str(Path(script).resolve()), tuple(settings), own) if set(own) & set(texts) else None


def _named(over: list[str]) -> dict[str, str]:
    if not over:
        raise ValueError(f"give --over NAME=VALUES, such as --over capacitance=2nF:50nF:log9; {_SYNTAX}")
    texts: dict[str, str] = {}
    for text in over:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name or not values:
            raise ValueError(f"cannot read --over {text!r}: name=values is wanted; {_SYNTAX}")
        if name in texts:
            raise ValueError(f"--over gives {name!r} twice")
        texts[name] = values
    return texts


def values_of(texts: Mapping[str, str], units: Mapping[str, str | None]) -> dict[str, Any]:
    """Values of parameters as typed, by the full name of each.

    Parameters
    ----------
    texts : mapping of str to str
        Ranges, lists or distributions by name; the name alone serves for a parameter of one part.
    units : mapping of str to str or None
        Unit of every parameter; ``None`` takes any.

    Returns
    -------
    dict of str to list of float, or Distribution
        Each in its unit.

    Raises
    ------
    ValueError
        When a text cannot be read.

    Examples
    --------
    >>> values_of({"capacitance": "1nF:100nF:log3", "r_s": "1k,2k"}, {"capacitance": "F", "r_s": "ohm"})
    {'capacitance': [1e-09, 1e-08, 1e-07], 'r_s': [1000.0, 2000.0]}
    """
    values: dict[str, Any] = {}
    for name, text in texts.items():
        full = _full_name(name, units)
        check_names("--over", [full], units)
        try:
            values[full] = _values(text, units[full], full in _WORDS)
        except ValueError as error:
            raise ValueError(f"--over {name}: {error}; {_SYNTAX}") from None
    return values


def _full_name(name: str, units: Mapping[str, str | None]) -> str:
    if name in units:
        return name
    matches = [full for full in units if full.endswith(f".{name}")]
    return matches[0] if len(matches) == 1 else name


def _values(text: str, unit: str | None, is_word: bool) -> Any:
    if is_word:
        return [word.strip() for word in text.split(",")]
    drawn = _DRAWN.fullmatch(text.strip())
    if drawn is not None:
        return _distribution(drawn[1], parse_quantity(drawn[2]))
    span = _RANGE.fullmatch(text.strip())
    if span is None:
        return [None if part.strip().lower() == "none" else _quantity(part, unit) for part in text.split(",")]
    low, high, count = _quantity(span[1], unit), _quantity(span[2], unit), int(span[4])
    if count < 2:
        raise ValueError(f"{span[3]}{count} is no range: at least 2 values are wanted")
    return _linear(low, high, count) if span[3] == "lin" else _geometric(low, high, count)


def _quantity(text: str, unit: str | None) -> float:
    for known in ("", *KNOWN_UNITS) if unit is None else ():
        with contextlib.suppress(ValueError):
            return parse_quantity(text.strip(), known)
    return parse_quantity(text.strip(), unit or "")


def _distribution(kind: str, relative: float) -> Any:
    from neuromorph.sweeps import LogNormal, Normal, Uniform

    choices: dict[str, Any] = {"normal": Normal, "lognormal": LogNormal, "uniform": Uniform}
    return choices[kind](relative=relative)


def _linear(low: float, high: float, count: int) -> list[float]:
    return _tidy(low + (high - low) * i / (count - 1) for i in range(count))


def _geometric(low: float, high: float, count: int) -> list[float]:
    if not (low > 0 and high > 0):
        raise ValueError(f"a log range needs positive ends, got {low:g} and {high:g}")
    return _tidy(math.exp(math.log(low) + math.log(high / low) * i / (count - 1)) for i in range(count))


def _tidy(values: Any) -> list[float]:
    """Twelve digits: what is typed as 1nF:100nF:log3 holds 1e-08, not its neighbour."""
    return [float(f"{value:.12g}") for value in values]
