"""The commands ``neuromorph crossbar solve`` and ``deck``: an array with its wires, solved and as a circuit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuromorph.cli.options import Json, Plot
from neuromorph.cli.output import DelayedProgress, check_outputs, reported, say, write_json
from neuromorph.quantities import format_quantity, parse_quantity, pluralised

if TYPE_CHECKING:
    import neuromorph as nm

Array = Annotated[
    str,
    typer.Argument(
        help="Conductances in S: a CSV or npy file with a row for each word line, or random:64x64 (or :SEED)."
    ),
]
Voltages = Annotated[
    str, typer.Option("--voltages", help="Of the driven ends: 0.2V for all, 0.2V,0V,... or a file with a vector a row.")
]
RWord = Annotated[str, typer.Option("--r-word", help="Resistance of a segment of a word line, such as 2.5.")]
RBit = Annotated[str, typer.Option("--r-bit", help="Resistance of a segment of a bit line.")]
RDriver = Annotated[str, typer.Option("--r-driver", help="Resistance of a driver.")]
RSense = Annotated[str, typer.Option("--r-sense", help="Resistance of a sensing input.")]
ROn = Annotated[str, typer.Option("--r-on", help="Lowest resistance that is used.")]
ROff = Annotated[str, typer.Option("--r-off", help="Highest resistance that is used.")]
Ends = Annotated[
    list[str],
    typer.Option(
        "--end",
        metavar="SIDE=KIND",
        help="left, right, top or bottom = driven, sensed, grounded or floating; repeatable.",
    ),
]
Resistances = Annotated[bool, typer.Option("--resistances", help="The file holds resistances in ohm.")]


@reported
def solve(
    array: Array,
    voltages: Voltages = "0.1V",
    r_word: RWord = "0",
    r_bit: RBit = "0",
    r_driver: RDriver = "0",
    r_sense: RSense = "0",
    end: Ends = [],  # noqa: B006 - typer's spelling of a repeatable option
    resistances: Resistances = False,
    r_on: ROn = "500",
    r_off: ROff = "1500",
    engine: Annotated[str, typer.Option("--engine", help="ode (the array's own equations) or ngspice.")] = "ode",
    method: Annotated[str, typer.Option("--method", help="Of the equations: auto, lines or direct.")] = "auto",
    plot: Plot = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write output currents as CSV, a vector a row.")] = None,
    json: Json = None,
) -> None:
    """Currents and voltages of an array with its wires."""
    from neuromorph.cli.matrices import read_voltages

    check_outputs(json=json, plot=plot, output=save)
    found = _array(array, (r_word, r_bit, r_driver, r_sense), end, resistances, r_on, r_off)
    side = _driven_side(found)
    lines = found.shape[side in ("top", "bottom")]
    v = read_voltages(voltages, lines)
    if engine not in ("ode", "ngspice"):
        raise ValueError(f"--engine must be ode or ngspice, got {engine!r}")
    with DelayedProgress() as progress:
        solution = found.solve(v, method=method, engine=engine, progress=progress)
    _say_solution(solution, json)
    if save is not None:
        import numpy as np

        from neuromorph.files import write_text_atomically

        rows = np.atleast_2d(solution.output_currents)
        write_text_atomically(save, "\n".join(",".join(repr(float(i)) for i in row) for row in rows) + "\n")
        say(f"currents: {save}", json)
    write_json(_solution_dict(solution), json)
    if plot is not None:
        from neuromorph.plots import save_figure
        from neuromorph.plots.crossbars import plot_crossbar

        save_figure(plot_crossbar(solution), plot)
        say(f"picture: {plot}", json)


@reported
def deck(
    array: Array,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the deck.")],
    voltages: Voltages = "0.1V",
    r_word: RWord = "0",
    r_bit: RBit = "0",
    r_driver: RDriver = "0",
    r_sense: RSense = "0",
    end: Ends = [],  # noqa: B006
    resistances: Resistances = False,
    r_on: ROn = "500",
    r_off: ROff = "1500",
) -> None:
    """Write an array as an ngspice deck of its operating point."""
    from neuromorph.cli.matrices import read_voltages
    from neuromorph.files import write_text_atomically

    check_outputs(output=output)
    found = _array(array, (r_word, r_bit, r_driver, r_sense), end, resistances, r_on, r_off)
    v = read_voltages(voltages, found.shape[_driven_side(found) in ("top", "bottom")])
    if v.ndim != 1:
        raise ValueError("a deck has one vector of voltages: give a file with one row, or voltages as text")
    write_text_atomically(output, found.deck(v).text())
    say(f"deck: {output}; run it with: ngspice -b {output}")


def _array(
    text: str, wires: tuple[str, str, str, str], ends: list[str], resistances: bool, r_on: str, r_off: str
) -> nm.Crossbar:
    import numpy as np

    import neuromorph as nm
    from neuromorph.cli.matrices import read_matrix

    values = read_matrix(text, "conductances")
    if text.startswith("random:"):
        low, high = 1 / parse_quantity(r_off, "ohm"), 1 / parse_quantity(r_on, "ohm")
        values = low * (high / low) ** values
    elif resistances:
        if (values <= 0).any():
            i, j = np.argwhere(values <= 0)[0]
            raise ValueError(f"{text}: the resistance of device ({i}, {j}) must be above 0 ohm, got {values[i, j]:g}")
        values = 1 / values
    elif values.size and values.min() >= 1.0:
        raise ValueError(
            f"{text}: every value is 1 or more, which as conductances in S would be shorts: "
            "if they are resistances in ohm, add --resistances; else scale them to S"
        )
    sides: dict[str, Any] = {}
    for item in ends:
        side, equals, kind = (word.strip() for word in item.partition("="))
        if not equals or side not in ("left", "right", "top", "bottom"):
            raise ValueError(f"cannot read --end {item!r}: write side=kind, such as right=grounded")
        if side in sides:
            raise ValueError(f"--end gives {side} twice")
        sides[side] = kind
    r_word, r_bit, r_driver, r_sense = map(_ohm, wires)
    return nm.Crossbar(values, r_word=r_word, r_bit=r_bit, r_driver=r_driver, r_sense=r_sense, **sides)


def _ohm(text: str) -> float:
    return parse_quantity(text, "ohm")


def _driven_side(found: nm.Crossbar) -> str:
    driven = found.terminations.sides_with("driven")
    if len(driven) != 1:
        raise ValueError(
            f"one side must be driven, got {', '.join(driven) or 'none'}: several are driven from Python, by Crossbar.solve"
        )
    return driven[0]


def _say_solution(solution: nm.CrossbarSolution, json: str | None) -> None:
    import numpy as np

    m, n = solution.crossbar.shape
    currents = np.atleast_2d(solution.output_currents)
    drop = np.abs(np.nan_to_num(solution.ir_drop))
    power = {name: float(np.sum(watts)) for name, watts in solution.power.items()}
    steps = f", {pluralised(solution.iterations, 'iteration')}" if solution.iterations else ""
    say(f"{m} word lines x {n} bit lines, {pluralised(len(currents), 'vector')}, by {solution.method}{steps}", json)
    if currents.size:
        low, high = (format_quantity(float(i), "A") for i in (currents.min(), currents.max()))
        say(f"output currents  {low} to {high}", json)
    say(f"largest IR drop  {format_quantity(float(drop.max()), 'V')}", json)
    shares = ", ".join(
        f"{name.replace('_', ' ')} {watts / power['delivered']:.1%}"
        for name, watts in power.items()
        if name != "delivered" and power["delivered"]
    )
    say(f"power            {format_quantity(power['delivered'], 'W')}: {shares or 'nothing flows'}", json)
    say(f"residual         {solution.residual:.1e} of the largest current", json)


def _solution_dict(solution: nm.CrossbarSolution) -> dict[str, Any]:
    import numpy as np

    return {
        "shape": list(solution.crossbar.shape),
        "method": solution.method,
        "iterations": solution.iterations,
        "residual": solution.residual,
        "output_currents": solution.output_currents.tolist(),
        "largest_ir_drop": float(np.abs(np.nan_to_num(solution.ir_drop)).max()),
        "power": {name: np.asarray(watts).tolist() for name, watts in solution.power.items()},
    }
