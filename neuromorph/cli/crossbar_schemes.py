"""The commands ``neuromorph crossbar half-select`` and ``read-margin``: what other cells do to the one that is meant."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from neuromorph.cli.crossbar_solve import RBit, RDriver, ROff, ROn, RSense, RWord
from neuromorph.cli.options import Json, Plot
from neuromorph.cli.output import DelayedProgress, check_outputs, reported, say, write_json
from neuromorph.quantities import parse_quantity

Size = Annotated[str, typer.Option("--size", help="Word lines x bit lines, such as 16x16.")]
Cell = Annotated[str | None, typer.Option("--cell", help="Row and column of the selected cell, such as 3,11.")]


@reported
def half_select(
    size: Size = "16x16",
    cell: Cell = None,
    device: Annotated[
        str, typer.Option("--device", help="mms, gmms, vteam, yakopcic, linear-ion-drift, or a TOML card.")
    ] = "mms",
    state: Annotated[float, typer.Option("--state", help="Of all devices before the first pulse.")] = 0.1,
    voltage: Annotated[
        str, typer.Option("--voltage", help="Of the selected cell; a negative one turns it off.")
    ] = "0.5V",
    width: Annotated[str, typer.Option("--width", help="Of a pulse.")] = "10us",
    pulses: Annotated[int, typer.Option("--pulses", help="How many.")] = 5,
    scheme: Annotated[str, typer.Option("--scheme", help="V/2, V/3, floating or grounded.")] = "V/2",
    r_word: RWord = "0",
    r_bit: RBit = "0",
    r_driver: RDriver = "0",
    plot: Plot = None,
    json: Json = None,
) -> None:
    """Write one cell with pulses and say how far the others move."""
    import numpy as np

    import neuromorph as nm
    from neuromorph.cli.fit import model_of
    from neuromorph.crossbars.solving.solver import refuse_too_large

    check_outputs(json=json, plot=plot)
    shape = _pair(size, "--size", "x")
    chosen = (shape[0] // 2, shape[1] // 2) if cell is None else _pair(cell, "--cell", ",")
    refuse_too_large(shape, 1, "lines")
    crossbar = nm.Crossbar(
        nm.DeviceArray(model_of(device), np.full(shape, state)),
        r_word=parse_quantity(r_word, "ohm"),
        r_bit=parse_quantity(r_bit, "ohm"),
        r_driver=parse_quantity(r_driver, "ohm"),
    )
    with DelayedProgress() as progress:
        found = nm.half_select_disturbance(
            crossbar,
            chosen,
            parse_quantity(voltage, "V"),
            width=parse_quantity(width, "s"),
            pulses=pulses,
            scheme=scheme,
            progress=progress,
        )
    groups = {name: int(cells.sum()) for name, cells in found.groups.items()}
    shifts = {name: float(found.largest_shift(name)[-1]) for name in groups}
    say(f"{pulses} pulses on cell {chosen} of {shape[0]} x {shape[1]}, scheme {scheme}: largest shift of a state", json)
    for name, count in groups.items():
        say(f"  {name.replace('_', ' '):12}{count:8} cells{shifts[name]:12.3g}", json)
    write_json({"shape": list(shape), "cell": list(chosen), "scheme": scheme, "cells": groups, "shift": shifts}, json)
    if plot is not None:
        from neuromorph.plots import save_figure
        from neuromorph.plots.crossbars import plot_half_select

        save_figure(plot_half_select(found), plot)
        say(f"picture: {plot}", json)


@reported
def read_margin(
    size: Size = "16x16",
    cell: Cell = None,
    voltage: Annotated[str, typer.Option("--voltage", help="Of the selected word line.")] = "0.1V",
    scheme: Annotated[str, typer.Option("--scheme", help="V/2, V/3, floating or grounded.")] = "floating",
    r_on: ROn = "500",
    r_off: ROff = "1500",
    r_word: RWord = "0",
    r_bit: RBit = "0",
    r_driver: RDriver = "0",
    r_sense: RSense = "0",
    json: Json = None,
) -> None:
    """Read one cell, on and off, among cells that are worst for it; exit status 1 where the two cannot be told apart."""
    import neuromorph as nm
    from neuromorph.cli.output import DISAGREE
    from neuromorph.quantities import format_quantity

    check_outputs(json=json)
    on, off = (parse_quantity(text, "ohm") for text in (r_on, r_off))
    if not 0 < on < off:
        raise ValueError(f"--r-on must be above 0 and below --r-off, got {r_on} and {r_off}")
    found = nm.read_margin(
        (1 / on, 1 / off),
        _pair(size, "--size", "x"),
        parse_quantity(voltage, "V"),
        scheme=scheme,
        cell=None if cell is None else _pair(cell, "--cell", ","),
        r_word=parse_quantity(r_word, "ohm"),
        r_bit=parse_quantity(r_bit, "ohm"),
        r_driver=parse_quantity(r_driver, "ohm"),
        r_sense=parse_quantity(r_sense, "ohm"),
    )
    say(f"cell {found.cell} of {found.shape[0]} x {found.shape[1]}, scheme {scheme}", json)
    say(f"on   {format_quantity(found.current_on, 'A')} at least, the others {found.background_on}", json)
    say(f"off  {format_quantity(found.current_off, 'A')} at most, the others {found.background_off}", json)
    say(f"read margin {found.margin:.3f}{'' if found.margin > 0 else ': on and off cannot be told apart'}", json)
    write_json(
        {
            "shape": list(found.shape),
            "cell": list(found.cell),
            "scheme": scheme,
            "current_on": found.current_on,
            "current_off": found.current_off,
            "margin": found.margin,
        },
        json,
    )
    if not found.margin > 0:
        raise typer.Exit(DISAGREE)


def _pair(text: str, option: str, separator: str) -> tuple[int, int]:
    match = re.fullmatch(rf"\s*(\d+)\s*{separator}\s*(\d+)\s*", text)
    if match is None:
        raise ValueError(f"cannot read {option} {text!r}: write two whole numbers, such as 16{separator}8")
    return int(match[1]), int(match[2])
