"""What commands have in common: options of the same name and meaning, and what is read from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from neuromorph.schematic import NgspiceOptions

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
RelTol = Annotated[float | None, typer.Option("--reltol", help="Relative tolerance of ngspice.")]
TMax = Annotated[str | None, typer.Option("--t-max", help="Longest ngspice step, such as 100ns.")]
Method = Annotated[str | None, typer.Option("--method", help="Integration method of ngspice: gear or trap.")]
Probes = Annotated[list[str], typer.Option("--probe", help="What to record from a circuit: v(out) or v_out=v(out).")]
Plot = Annotated[Path | None, typer.Option("--plot", help="Write a picture (png, pdf, svg).")]


def seconds(text: str | None) -> float | None:
    """A time with its unit, as typed [s]."""
    from neuromorph.quantities import parse_quantity

    return None if text is None else parse_quantity(text, "s")


def spice_options(reltol: float | None, t_max: str | None, method: str | None) -> NgspiceOptions | None:
    """Settings of the SPICE run (SI units), ``None`` where nothing was typed."""
    from neuromorph.schematic import NgspiceOptions

    given: dict[str, Any] = {"reltol": reltol, "t_max": seconds(t_max), "method": method}
    chosen = {name: value for name, value in given.items() if value is not None}
    return NgspiceOptions(**chosen) if chosen else None


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
