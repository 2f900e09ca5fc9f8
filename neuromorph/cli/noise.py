"""The command ``noise``: what noise a design's circuit has by its own parts."""

from __future__ import annotations

from typing import Annotated

import typer

from neuromorph.cli.options import Design, Drive, Fidelity, Json, Plot, Set, parsed_fidelity
from neuromorph.cli.output import check_outputs, reported, say, write_json
from neuromorph.quantities import parse_quantity


@reported
def noise(
    design: Design,
    at: Annotated[
        str | None, typer.Option("--at", help="Voltage at which a bias current holds the membrane, such as 0.5V.")
    ] = None,
    drive: Drive = [],  # noqa: B006 - typer's spelling of a repeatable option
    setting: Set = [],  # noqa: B006
    fidelity: Fidelity = None,
    node: Annotated[str | None, typer.Option("--node", help="The membrane, where the design does not say.")] = None,
    temperature: Annotated[str, typer.Option("--temperature", help="Of the circuit, such as 350K.")] = "300.15K",
    f_min: Annotated[str, typer.Option("--f-min", help="Lowest frequency, such as 1mHz.")] = "1mHz",
    f_max: Annotated[str, typer.Option("--f-max", help="Highest frequency, such as 1GHz.")] = "1GHz",
    plot: Plot = None,
    json: Json = None,
) -> None:
    """Find the thermal, shot and flicker noise of a design's circuit, and the noise of the equations that stands for it."""
    import neuromorph as nm
    from neuromorph.cli.designs import requested

    check_outputs(json=json, plot=plot)
    request = requested(design, setting, drive, None)
    found = nm.circuit_noise(
        request.design,
        at=None if at is None else parse_quantity(at, "V"),
        fidelity=parsed_fidelity(fidelity),
        node=node,
        drive=request.drive if drive else None,
        temperature=parse_quantity(temperature, "K"),
        f_range=(parse_quantity(f_min, "Hz"), parse_quantity(f_max, "Hz")),
    )
    say(found.summary(), json)
    write_json(found.to_dict(), json)
    if plot is not None:
        found.plot(plot)
        say(f"picture: {plot}", json)
