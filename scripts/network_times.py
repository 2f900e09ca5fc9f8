"""Times of networks by size, on the equations and on the circuit's engines; the tables of docs/networks.md.

Usage: python scripts/network_times.py [--write] [--only TABLE] [--t-stop SECONDS] [--largest SIZE] [--budget SECONDS]

Each network of the first two tables runs in a process of its own, so that its memory can be told. A second run of the same kind, a
hundredth as long, comes first and compiles. Larger sizes than one that took longer than the budget are not run.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from measured_tables import machine, marks, rewrite

import neuromorph as nm

PAGE = Path(__file__).resolve().parents[1] / "docs" / "networks.md"
TABLES = ("ideal wires", "wires", "engines")
IDEAL_SIZES, WIRED_SIZES = (32, 64, 128, 256, 512, 1000), (32, 64, 128, 256)
ENGINE_SIZES, ENGINE_TIME = (2, 4, 8, 16), 20e-3
R_WIRE = 2.0
# About a spike in a millisecond, as for sensors and motors: what a network costs goes with its spikes.
NEURON = nm.MemristiveALIF(capacitance=470e-9)
# All the synapses of a neuron together, so that its rate changes with those of the others and it does not fire at each of them [S].
TOGETHER = 1e-3


def network(size: int, r_wire: float) -> nm.Network:
    """A population that drives itself through one crossbar, with different currents and conductances."""
    generator = np.random.default_rng(size)
    conductances = generator.uniform(0.5, 1.5, (size, size)) * TOGETHER / size
    np.fill_diagonal(conductances, 0.0)
    crossbar = nm.Crossbar(conductances, r_word=r_wire, r_bit=r_wire)
    drives = [nm.Constant(value=float(value)) for value in generator.uniform(0.9e-3, 1.1e-3, size)]
    # With wires a neuron drives itself a little, over the others, which needs a delay.
    delay = 1e-6 if r_wire else 0.0
    return nm.compose(nm.networks.recurrent_crossbar(crossbar, neuron=NEURON, drive=drives, delay=delay), record=[])


def measure(size: int, r_wire: float, t_stop: float) -> dict[str, float]:
    """One network in this process: seconds to build and to run, spikes, and the most memory of the process [MB]."""
    network(2, r_wire).dynamics()  # imports
    started = time.perf_counter()
    design = network(size, r_wire)
    design.dynamics()
    built = time.perf_counter() - started
    nm.simulate(design, t_stop=t_stop / 100)
    started = time.perf_counter()
    recording = nm.simulate(design, t_stop=t_stop)
    took = time.perf_counter() - started
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024.0 if platform.system() == "Linux" else 1024.0**2)
    return {"built": built, "seconds": took, "spikes": len(recording.spikes), "memory": most}


def apart(size: int, r_wire: float, t_stop: float) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", str(size), "--r-wire", str(r_wire), "--t-stop", str(t_stop)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{size} neurons: {done.stderr.strip()}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def growth(r_wire: float, sizes: list[int], t_stop: float, budget: float) -> list[str]:
    """A table of one network by size."""
    lines = ["| neurons | time | ratio | spikes | time a spike | memory | to build |", "|---|---|---|---|---|---|---|"]
    before = math.nan
    for size in sizes:
        if before > budget:
            break
        found = apart(size, r_wire, t_stop)
        ratio = "" if math.isnan(before) else f"{found['seconds'] / before:.2g}"
        before = found["seconds"]
        a_spike = nm.format_quantity(before / max(found["spikes"], 1), "s", 2)
        lines.append(
            f"| {size} | {nm.format_quantity(before, 's', 3)} | {ratio} | {found['spikes']:.0f} | {a_spike} | "
            f"{found['memory']:.0f} MB | {nm.format_quantity(found['built'], 's', 2)} |"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def ideal_text(t_stop: float, largest: int, budget: float) -> list[str]:
    sizes = [size for size in IDEAL_SIZES if size <= largest]
    return [
        f"Behaviourally, {nm.format_quantity(t_stop, 's')} of memristive neurons of 470 nF that drive each other through one crossbar with "
        "ideal wires; the ratio is that of the time to the one above:",
        "",
        *growth(0.0, sizes, t_stop, budget),
    ]


def wired_text(t_stop: float, largest: int, budget: float) -> list[str]:
    sizes = [size for size in WIRED_SIZES if size <= largest]
    return [
        f"The same with wires of {R_WIRE:g} ohm a segment and a delay of 1 us:",
        "",
        *growth(R_WIRE, sizes, t_stop, budget),
    ]


def engines_text(_t_stop: float, largest: int, budget: float) -> list[str]:
    columns: dict[str, Any] = {"equations": "ode", "ngspice": "ngspice", "VACASK": "vacask"}
    lines = [f"| neurons | {' | '.join(columns)} |", "|---|---|---|---|"]
    last = dict.fromkeys(columns, 0.0)
    for size in (size for size in ENGINE_SIZES if size <= largest):
        design, cells = network(size, 0.0), []
        for name, engine in columns.items():
            if last[name] > budget:
                cells.append("")
                continue
            try:
                if engine == "ode":
                    nm.simulate(design, t_stop=ENGINE_TIME / 100)
                started = time.perf_counter()
                recording = nm.simulate(design, t_stop=ENGINE_TIME, engine=engine)
            except nm.EngineNotFoundError:
                cells.append("not here")
                continue
            last[name] = time.perf_counter() - started
            cells.append(f"{nm.format_quantity(last[name], 's', 3)}, {len(recording.spikes)} spikes")
        lines.append(f"| {size} | {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr)
    return [f"{nm.format_quantity(ENGINE_TIME, 's')} of the first network, by engine:", "", *lines]


def block(name: str, text: list[str]) -> str:
    """A table with its marks, and with where and when it was measured."""
    begin, end = marks(name)
    versions = ", ".join(f"{package} {version(package)}" for package in ("neuromorph", "numpy", "numba"))
    where = f"Measured on {date.today().isoformat()}, {machine()}, Python {platform.python_version()}, {versions}."
    return "\n".join([begin, *text, "", where, end])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="rewrite the tables of docs/networks.md")
    parser.add_argument("--only", choices=TABLES, help="measure this table alone")
    parser.add_argument("--t-stop", type=float, default=0.1, help="length of the runs [s]")
    parser.add_argument("--largest", type=int, default=1000, help="most neurons")
    parser.add_argument("--budget", type=float, default=600.0, help="no larger network after one that took longer [s]")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--r-wire", type=float, default=0.0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one is not None:
        print(json.dumps(measure(given.one, given.r_wire, given.t_stop)))
        return
    for name, measured in zip(TABLES, (ideal_text, wired_text, engines_text), strict=True):
        if given.only in (None, name):
            text = block(name, measured(given.t_stop, given.largest, given.budget))
            if given.write:
                rewrite(PAGE, name, text)
            else:
                print(text)


if __name__ == "__main__":
    main()
