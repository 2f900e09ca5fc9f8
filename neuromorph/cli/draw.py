"""The command ``draw``: the circuit of a design as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuromorph.cli.options import Design, Fidelity, Json, Set, parsed_fidelity
from neuromorph.cli.output import check_outputs, reported, say, write_json


@reported
def draw(
    design: Design,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the drawing (svg, png, pdf).")],
    setting: Set = [],  # noqa: B006 - typer's spelling of a repeatable option
    fidelity: Fidelity = None,
    json: Json = None,
) -> None:
    """Draw the circuit of a design, with the names and values of its deck."""
    from neuromorph.cli.designs import requested
    from neuromorph.drawing import draw_schematic
    from neuromorph.drawing.render import check_format

    check_outputs(json=json, output=output)
    check_format(output)
    request = requested(design, setting, [], None)
    drawing = draw_schematic(request.design, parsed_fidelity(fidelity))
    drawing.save(output)
    say(f"drawing: {output}", json)
    write_json(
        {
            "design": drawing.title,
            "file": str(output),
            "layout": "by hand" if drawing.by_hand else "automatic",
            "elements": {
                name: {"nodes": list(e.nodes), "value": " ".join(e.words)}
                for name, e in drawing.netlist.elements.items()
            },
        },
        json,
    )
