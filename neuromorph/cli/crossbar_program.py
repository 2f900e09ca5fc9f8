"""The command ``neuromorph crossbar program``: weights to conductances, and what the product loses on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from neuromorph.cli.crossbar_solve import RBit, RDriver, ROff, ROn, RSense, RWord
from neuromorph.cli.options import Json, Plot
from neuromorph.cli.output import check_outputs, reported, say, write_json
from neuromorph.quantities import parse_quantity

_LARGEST_SPREAD = 3.0


@reported
def program(
    weights: Annotated[
        str, typer.Argument(help="Weights: a CSV or npy file with a row for each input, or random:64x16 (or :SEED).")
    ],
    r_on: ROn = "500",
    r_off: ROff = "1500",
    scheme: Annotated[
        str, typer.Option("--scheme", help="differential (a pair a weight) or offset (a reference column).")
    ] = "differential",
    levels: Annotated[int | None, typer.Option("--levels", help="Conductances that can be written.")] = None,
    clip: Annotated[str | None, typer.Option("--clip", help="Largest weight, or a quantile such as 99.5%.")] = None,
    write_noise: Annotated[
        str | None, typer.Option("--write-noise", help="Relative standard deviation, such as 2%.")
    ] = None,
    variation: Annotated[
        str | None, typer.Option("--variation", help="Lognormal spread of the devices, such as 10%.")
    ] = None,
    stuck_on: Annotated[str, typer.Option("--stuck-on", help="Share of devices stuck at r_on, such as 1%.")] = "0%",
    stuck_off: Annotated[str, typer.Option("--stuck-off", help="Share of devices stuck at r_off.")] = "0%",
    trim: Annotated[bool, typer.Option("--trim", help="Trim the gain of every output on known vectors.")] = False,
    vectors: Annotated[
        int, typer.Option("--vectors", help="Random input vectors that the errors are taken from.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Of everything random.")] = 0,
    r_word: RWord = "0",
    r_bit: RBit = "0",
    r_driver: RDriver = "0",
    r_sense: RSense = "0",
    save: Annotated[Path | None, typer.Option("--save", help="Write the conductances as CSV.")] = None,
    plot: Plot = None,
    json: Json = None,
) -> None:
    """Store weights in an array, degrade it as hardware does, and say what the product loses."""
    import numpy as np

    import neuromorph as nm
    from neuromorph.cli.matrices import read_matrix

    check_outputs(json=json, plot=plot, output=save)
    if vectors < 1:
        raise ValueError(f"--vectors must be 1 at least, got {vectors}")
    wanted = read_matrix(weights, "weights")
    if weights.startswith("random:"):
        wanted = 2 * wanted - 1
    mapping: dict[str, Any] = {
        "r_on": parse_quantity(r_on, "ohm"),
        "r_off": parse_quantity(r_off, "ohm"),
        "scheme": scheme,
        "levels": levels,
    }
    if clip is not None:
        if clip.strip().endswith("%"):
            mapping |= {"clipping": "quantile", "quantile": parse_quantity(clip, "")}
        else:
            mapping |= {"clipping": "absolute", "w_max": parse_quantity(clip, "")}
    stored = nm.WeightMapping(**mapping).program(wanted, seed=seed)
    stages: list[tuple[str, nm.ProgrammedArray]] = [("stored in the window", stored)]
    steps: list[tuple[str, Any]] = []
    if write_noise is not None:
        steps.append(("write noise", nm.WriteNoise(relative=_spread("--write-noise", write_noise))))
    if variation is not None:
        steps.append(("variation of the devices", nm.DeviceVariation(sigma=_spread("--variation", variation))))
    on, off = parse_quantity(stuck_on, ""), parse_quantity(stuck_off, "")
    if on or off:
        steps.append(("stuck devices", nm.StuckDevices(p_on=on, p_off=off)))
    for name, step in steps:
        stages.append((name, stages[-1][1].after(step)))
    wires: dict[str, Any] = dict(
        zip(
            ("r_word", "r_bit", "r_driver", "r_sense"),
            (parse_quantity(r, "ohm") for r in (r_word, r_bit, r_driver, r_sense)),
            strict=True,
        )
    )
    inputs = np.random.default_rng([seed, 1]).random((vectors, wanted.shape[0]))
    rows = [(name, stage.multiply(inputs).relative_error) for name, stage in stages]
    final = stages[-1][1]
    if any(wires.values()):
        rows.append(("resistance of the wires", final.multiply(inputs, **wires).relative_error))
    if trim:
        final = final.after(nm.GainTrim(per="output", wires=wires))
        rows.append(("gain of the outputs trimmed", final.multiply(inputs, **wires).relative_error))
    say(stored.summary().splitlines()[0], json)
    say(f"{'relative RMS error of the product after':42}", json)
    for name, error in rows:
        say(f"  {name:40}{error:>10.3%}", json)
    if save is not None:
        from neuromorph.files import write_text_atomically

        text = "\n".join(",".join(repr(float(g)) for g in row) for row in final.conductances)
        write_text_atomically(save, text + "\n")
        say(f"conductances: {save}", json)
    write_json(
        {
            "shape": list(final.shape),
            "steps": [{"step": name, "relative_error": error} for name, error in rows],
            "seed": seed,
            "vectors": vectors,
        },
        json,
    )
    if plot is not None:
        from neuromorph.plots import save_figure
        from neuromorph.plots.crossbars import plot_programming

        save_figure(plot_programming(final), plot)
        say(f"picture: {plot}", json)


def _spread(option: str, text: str) -> float:
    value = parse_quantity(text, "")
    if value > _LARGEST_SPREAD:
        question = "" if text.strip().endswith("%") else f"; were {text.strip()}% meant?"
        raise ValueError(
            f"{option} {text} is a spread of {100 * value:.4g} %, where {100 * _LARGEST_SPREAD:g} % is the most{question}"
        )
    return value
