"""Times of one neuron by engine; the table of docs/which_engine.md.

Usage: python scripts/engine_times.py [--write] [--ngspice PROGRAM]... [--runs NUMBER]

Times are processor times, the engines' programs included: what else the machine does counts little. Another ngspice than the one
on the search path is given as --ngspice, any number of times.
"""

from __future__ import annotations

import argparse
import functools
import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from measured_tables import machine, marks, rewrite

import neuromorph as nm
from neuromorph.spice.ngspice_shared import close_workers

PAGE = Path(__file__).resolve().parents[1] / "docs" / "which_engine.md"
TABLE = "one neuron"


@dataclass(frozen=True)
class Case:
    """What is run."""

    name: str
    run: Callable[..., nm.Recording]
    has_equations: bool = True


def divider() -> nm.Schematic:
    circuit = nm.Schematic("divider", probes={"v": "v(out)"})
    circuit.V("in", "source", circuit.gnd, 1.0)
    circuit.R("1", "source", "out", 1e3)
    circuit.C("1", "out", circuit.gnd, 1e-9)
    return circuit


CASES = (
    Case("start: a low-pass filter, 1 us", functools.partial(nm.simulate, divider(), t_stop=1e-6), has_equations=False),
    Case("memristive neuron, 5 ms, 51 spikes", functools.partial(nm.simulate, nm.MemristiveALIF())),
    Case("the same with real parts, 0.5 ms", functools.partial(nm.simulate, nm.MemristiveALIF(), t_stop=0.5e-3, fidelity="macromodel")),
)  # fmt: skip


def columns(programs: list[str]) -> dict[str, dict[str, Any]]:
    """Engines and options, by what stands above the column."""
    found: dict[str, dict[str, Any]] = {"equations": {"engine": None}}
    for program in [None, *programs]:
        engine = nm.Ngspice(program=program)
        name = f"ngspice {engine.capabilities().version}"
        if engine.capabilities().osdi:
            found[f"{name}, B sources"] = {"engine": engine, "options": nm.NgspiceOptions(devices="sources")}
            name += ", OSDI"
        found[name] = {"engine": engine}
    for engine_of, name in ((nm.NgspiceShared, "library"), (nm.Vacask, "VACASK")):
        try:
            engine_of().executable()
        except nm.EngineNotFoundError as missing:
            print(f"left out: {missing}")
        else:
            found[name] = {"engine": engine_of()}
    return found


def used() -> float:
    """Processor time of this program and of those that it has run to their end [s]."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def seconds(action: Callable[[], object], runs: int) -> float:
    """Shortest processor time of a run [s]; of a library, whose program runs on, the mean."""
    action()  # compiles
    close_workers()
    times = []
    for _ in range(runs):
        started = used()
        action()
        times.append(used() - started)
    started = used()
    close_workers()
    return min(times) + (used() - started) / runs


def cell(case: Case, how: dict[str, Any], runs: int, exact: nm.Recording | None) -> tuple[str, nm.Recording | None]:
    given = {key: value for key, value in how.items() if value is not None}
    if not given and not case.has_equations:
        return "", None
    recording = case.run(**given)
    took = nm.format_quantity(seconds(functools.partial(case.run, **given), runs), "s", 2)
    if exact is None or len(recording.spikes) == 0:
        return took, recording
    times, expected = recording.spikes.times, exact.spikes.times
    error = float(np.abs(times - expected).max()) if len(times) == len(expected) else math.inf
    return f"{took}, {nm.format_quantity(error, 's', 2)}", recording


def rows(programs: list[str], runs: int) -> list[str]:
    """The table."""
    engines = columns(programs)
    lines = [f"| | {' | '.join(engines)} |", f"|---|{'---|' * len(engines)}"]
    for case in CASES:
        cells, exact = [], None
        for how in engines.values():
            text, recording = cell(case, how, runs, exact)
            exact = exact or recording
            cells.append(text)
        lines.append(f"| {case.name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="rewrite the table of docs/which_engine.md")
    parser.add_argument("--ngspice", action="append", default=[], metavar="PROGRAM", help="another ngspice")
    parser.add_argument("--runs", type=int, default=5, help="runs of each cell")
    given = parser.parse_args()
    where = (
        "Processor time, and the largest difference of any spike time from the equations'. "
        f"Measured on {date.today().isoformat()}, {machine()}, neuromorph {nm.__version__}."
    )
    begin, end = marks(TABLE)
    text = "\n".join([begin, *rows(given.ngspice, given.runs), "", where, end])
    if given.write:
        rewrite(PAGE, TABLE, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
