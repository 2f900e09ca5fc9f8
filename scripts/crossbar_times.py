"""Times of crossbars by size, for each engine that is found; the tables of docs/crossbars.md.

Usage: python scripts/crossbar_times.py [--write] [--only TABLE] [--ngspice PROGRAM]... [--budget SECONDS] [--largest SIZE]

A cell is run when it is expected to take less than the budget; otherwise the table says what it would take. Another
ngspice than the one on the search path is given as --ngspice, any number of times. Times are processor times, of the engines'
programs too: what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import math
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from measured_tables import machine, marks, rewrite

import neuromorph as nm
from neuromorph.crossbars.spice.cost import ngspice_cost
from neuromorph.crossbars.spice.deck import RECORDS
from neuromorph.crossbars.transients.transient import CrossbarTransient
from neuromorph.spice.capabilities import Capabilities

PAGE = Path(__file__).resolve().parents[1] / "docs" / "crossbars.md"
TABLES = ("points", "transients")
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)
LARGEST_MOVING = 256
DRIVE, T_STOP = nm.Sine(amplitude=0.6, frequency=100.0), 10e-3
R_WIRE = 1.0
# A cell that is over sooner is repeated, and the shortest time counts.
REPEATED = 0.5


@dataclass
class Cell:
    """Seconds that were measured, or expected where nothing was run; how far the states are from the equations'; the speed."""

    seconds: float
    is_measured: bool
    difference: float = math.nan
    speed: str = ""

    def __str__(self) -> str:
        shown = nm.format_quantity(self.seconds, "s", 2) if self.seconds < 1000 else f"{self.seconds / 3600:.1f} h"
        if not self.is_measured:
            return f"({shown})"
        words = [shown] if math.isnan(self.difference) else [shown, f"{self.difference:.0e}"]
        return ", ".join(words + [self.speed] * bool(self.speed))


def linear_array(size: int) -> tuple[nm.Crossbar, np.ndarray]:
    generator = np.random.default_rng(size)
    conductances = 10.0 ** generator.uniform(-6, -3, (size, size))
    return nm.Crossbar(conductances, r_word=R_WIRE, r_bit=R_WIRE), generator.uniform(0.1, 0.5, size)


def memristive_array(size: int) -> nm.Crossbar:
    states = np.random.default_rng(size).uniform(0.1, 0.9, (size, size))
    return nm.Crossbar(nm.DeviceArray(nm.MMS(), states), r_word=R_WIRE, r_bit=R_WIRE)


def engines(programs: list[str | None]) -> Iterator[tuple[nm.Ngspice, Capabilities]]:
    """Each program, once."""
    seen = set()
    for program in programs:
        engine = nm.Ngspice(program=program)
        found = engine.capabilities()
        if found in seen:
            continue
        seen.add(found)
        yield engine, found


def solvers(programs: list[str | None]) -> Iterator[tuple[str, nm.Ngspice, nm.NgspiceOptions]]:
    """Each program with each of its solvers."""
    for engine, found in engines(programs):
        for solver in ("sparse", "klu") if found.klu else ("sparse",):
            name = {"sparse": "Sparse 1.3", "klu": "KLU"}[solver]
            yield f"ngspice {found.version}, {name}", engine, nm.NgspiceOptions(linear_solver=solver)


def device_forms(programs: list[str | None]) -> Iterator[tuple[str, nm.Ngspice, nm.NgspiceOptions]]:
    """Each program with its best solver and each form of devices that it takes."""
    for engine, found in engines(programs):
        name = f"ngspice {found.version}, {'KLU' if found.klu else 'Sparse 1.3'}"
        solver: Literal["klu", "sparse"] = "klu" if found.klu else "sparse"
        forms: tuple[Literal["sources", "compiled"], ...] = ("sources", "compiled") if found.osdi else ("sources",)
        for form in forms:
            said = {"sources": "B sources", "compiled": "OSDI"}[form]
            yield f"{name}, {said}", engine, nm.NgspiceOptions(method="trap", linear_solver=solver, devices=form)


def vacask() -> tuple[str, nm.Vacask] | None:
    """VACASK with its version, where it is installed."""
    engine = nm.Vacask()
    try:
        return f"VACASK {engine.installation().version}, KLU", engine
    except nm.EngineNotFoundError:
        return None


def processor_time() -> float:
    """Of this program and of those that it has run to their end [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def timed(action: Callable[[], object]) -> tuple[float, object]:
    best, spent, result = math.inf, 0.0, None
    while spent < REPEATED:
        started = processor_time()
        result = action()
        took = processor_time() - started
        best, spent = min(best, took), spent + took
    return best, result


class Column:
    """One engine: cells size by size, the next one expected from the last."""

    def __init__(self, name: str, budget: float) -> None:
        self.name, self.budget = name, budget
        self.cells: list[Cell | None] = []
        self._scale = 1.0

    @property
    def is_over(self) -> bool:
        """Whether a cell was too long, so that larger ones need not be thought of."""
        return bool(self.cells) and (self.cells[-1] is None or not self.cells[-1].is_measured)

    def add(self, estimate: float, action: Callable[[], object], reference: object = None) -> object:
        """Run the action when its estimate [s], corrected by the last cell's error, is within the budget."""
        expected, result = self._scale * estimate, None
        cell = Cell(expected, False)
        if expected <= self.budget:
            try:
                seconds, result = timed(action)
                self._scale = seconds / estimate
                cell = Cell(seconds, True, largest_difference(result, reference))
            except (MemoryError, nm.NeuromorphError) as error:
                print(f"{self.name}: {error}", file=sys.stderr)
        print(f"{self.name}: {cell}", file=sys.stderr)
        self.cells.append(cell)
        return result


def largest_difference(found: object, reference: object) -> float:
    """Of the states of two transients, NaN for anything else."""
    if not isinstance(found, CrossbarTransient) or not isinstance(reference, CrossbarTransient):
        return math.nan
    return float(np.abs(found.states - reference.states).max())


def spice_columns(
    columns: list[tuple[Column, nm.Ngspice, nm.NgspiceOptions]], crossbar: nm.Crossbar, deck: Callable[[], nm.Deck]
) -> Iterator[tuple[Column, float, dict[str, Any]]]:
    """Those that may be run, with their estimates [s] and settings; the others get an empty cell."""
    text = None
    for column, engine, options in columns:
        if column.is_over:
            column.cells.append(None)
            continue
        text = text or deck()
        klu, compiled = options.linear_solver == "klu", options.devices == "compiled"
        cost = ngspice_cost(crossbar, text, klu=klu, compiled=compiled, options=options)
        yield column, cost.seconds, {"engine": engine, "options": options, "longest": math.inf}


def operating_points(programs: list[str | None], budget: float, sizes: list[int]) -> list[Column]:
    python = {method: Column(f"Python, {method}", budget) for method in ("lines", "direct")}
    crossbar, v = linear_array(4)
    for method in python:
        crossbar.solve(v, method=method)  # compiles
    spice = [(Column(name, budget), engine, options) for name, engine, options in solvers(programs)]
    for size in sizes:
        crossbar, v = linear_array(size)
        for method, column in python.items():
            if column.is_over:
                column.cells.append(None)
            else:
                column.add(1e-7 * size**3, partial(crossbar.solve, v, method=method))
        for column, estimate, how in spice_columns(spice, crossbar, partial(crossbar.deck, v, record="voltages")):
            column.add(estimate, partial(crossbar.solve, v, **how))
    return [*python.values(), *(column for column, _, _ in spice)]


def transients(programs: list[str | None], budget: float, sizes: list[int]) -> list[Column]:
    python = Column("Python", budget)
    memristive_array(4).simulate(DRIVE, T_STOP)  # compiles
    spice = [(Column(name, budget), engine, options) for name, engine, options in device_forms(programs)]
    found = vacask()
    other = [] if found is None else [Column(found[0], budget)]
    for size in sizes:
        crossbar = memristive_array(size)
        run = partial(crossbar.simulate, DRIVE, T_STOP)
        reference = None
        if python.is_over:
            python.cells.append(None)
        else:
            reference = python.add(1e-3 * size**2, run)
        for column, estimate, how in spice_columns(
            spice, crossbar, partial(crossbar.deck, DRIVE, T_STOP, record=RECORDS)
        ):
            column.add(estimate, partial(run, **how), reference)
        for column in other:
            if column.is_over:
                column.cells.append(None)
            else:
                assert found is not None
                column.add(1e-4 * size**2.5, partial(run, engine=found[1]), reference)
    return compared([python, *(column for column, _, _ in spice), *other], spice[0][0])


def compared(columns: list[Column], first: Column) -> list[Column]:
    """The columns with the speed of each cell over that of one column beside it."""
    for column in columns:
        if column is first:
            continue
        for cell, base in zip(column.cells, first.cells, strict=True):
            if cell is not None and base is not None and cell.is_measured:
                text = f"{float(f'{base.seconds / cell.seconds:.2g}'):g} x"
                cell.speed = text if base.is_measured else f"({text})"
    return columns


def table(columns: list[Column], sizes: list[int]) -> list[str]:
    lines = [f"| size | {' | '.join(column.name for column in columns)} |", f"|---|{'---|' * len(columns)}"]
    return lines + [
        f"| {size} x {size} | {' | '.join(str(column.cells[k] or '') for column in columns)} |"
        for k, size in enumerate(sizes)
    ]


def points_text(programs: list[str | None], budget: float, sizes: list[int]) -> list[str]:
    return [
        "Operating point of an array of resistors (1 uS to 1 mS, wires of 1 ohm), voltages of all nodes:",
        "",
        *table(operating_points(programs, budget, sizes), sizes),
    ]


def transients_text(programs: list[str | None], budget: float, sizes: list[int]) -> list[str]:
    moving = [size for size in sizes if size <= LARGEST_MOVING]
    return [
        f"Transient of an array of MMS memristors, {T_STOP * 1e3:g} ms, all word lines at {DRIVE.describe('V')}; behind the "
        "time the largest difference of any state from the equations' road, in any frame, and how many times as fast as the first "
        "ngspice the run was:",
        "",
        *table(transients(programs, budget, moving), moving),
    ]


def block(name: str, text: list[str]) -> str:
    """A table with its marks, and with where and when it was measured."""
    begin, end = marks(name)
    versions = ", ".join(f"{package} {version(package)}" for package in ("neuromorph", "numpy", "scipy", "numba"))
    where = (
        f"Processor time; in parentheses: expected, not run. Measured on {date.today().isoformat()}, {machine()}, "
        f"Python {platform.python_version()}, {versions}."
    )
    return "\n".join([begin, *text, "", where, end])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="rewrite the tables of docs/crossbars.md")
    parser.add_argument("--only", choices=TABLES, help="measure this table alone")
    parser.add_argument("--ngspice", action="append", default=[], metavar="PROGRAM", help="another ngspice")
    parser.add_argument("--budget", type=float, default=60.0, help="longest time of a cell [s]")
    parser.add_argument("--largest", type=int, default=1024, help="largest array")
    given = parser.parse_args()
    programs: list[str | None] = [None, *given.ngspice]
    sizes = [size for size in SIZES if size <= given.largest]
    for name, measured in zip(TABLES, (points_text, transients_text), strict=True):
        if given.only in (None, name):
            text = block(name, measured(programs, given.budget, sizes))
            if given.write:
                rewrite(PAGE, name, text)
            else:
                print(text)


if __name__ == "__main__":
    main()
