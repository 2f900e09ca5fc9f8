"""Speed of populations beside Brian2 and beside what the machine can do; writes the table of docs/choosing_a_solver.md.

Usage: python tests/benchmarks/population_times.py [--write]

Ours and Brian2 take turns, and the shortest time of each counts; of two threads beside one, the median of the ratios. Brian2's is that of its own clock around its loop of
steps, which shows the processor's time: without generating, compiling and starting the program. Ours is the processor's time of the whole call, its checks and the order of
its spikes included, with kernels compiled before.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np
from peers import HERE, environment

import neuromorph as nm

sys.path.insert(0, str(HERE.parents[1] / "scripts"))
from measured_tables import machine, marks, rewrite

PAGE = HERE.parents[1] / "docs" / "choosing_a_solver.md"
NAME = "populations"
N = 10_000
REPETITIONS = 15


@dataclass(frozen=True)
class Case:
    """A population that both simulate: the same equations, steps and currents, spikes on the grid for both but where RK4 locates them.

    `operations` are the operations with floats in a step of a neuron, counted in the kernel's text (an exponential function
    34, a fused product 2, a normal number 33), and `words` those with integers.
    """

    name: str
    neuron: object
    solver: object
    lowest: float
    highest: float
    t_stop: float
    demanded: float
    operations: int
    words: int = 0

    @property
    def n_steps(self):
        return round(self.t_stop / self.solver.dt)

    def run(self, threads):
        """Seconds of the processor and of the wall clock, and number of spikes."""
        currents = np.linspace(self.lowest, self.highest, N)
        seed = 1 if self.neuron.dynamics().is_random else None
        start, used = time.perf_counter(), time.process_time()
        batch = nm.simulate_batch(self.neuron, currents, self.t_stop, N, solver=self.solver, seed=seed, threads=threads)
        return time.process_time() - used, time.perf_counter() - start, len(batch.spikes)

    def brian2(self, folder):
        """What the peer's program wants to know."""
        neuron = self.neuron
        if isinstance(neuron, nm.LIF):
            names = ("r_leak", "capacitance", "v_th", "t_refractory", "noise_current")
            values = {name: getattr(neuron, name) for name in names}
        else:
            device = neuron.memristor
            names = ("r_on", "r_off", "v_on", "v_off", "tau")
            values = {name: getattr(device, name) for name in names} | {"v_t": device.temperature / 11604.518121550082}
            values |= {name: getattr(neuron, name) for name in ("r_s", "v_th", "capacitance")}
        equations = "lif" if isinstance(neuron, nm.LIF) else "memristive"
        given = {"folder": str(folder), "equations": equations, "values": values, "n": N, "dt": self.solver.dt}
        return json.dumps(given | {"lowest": self.lowest, "highest": self.highest, "t_stop": self.t_stop})


ON_GRID = nm.EulerMaruyama(dt=10e-6, crossings="grid")
CASES = (
    Case("LIF", nm.LIF(), ON_GRID, 0.8e-4, 1.4e-4, 0.1, 3.0, operations=6),
    Case(
        "LIF with white noise",
        nm.LIF(noise_current=4.5e-7),
        ON_GRID,
        0.8e-4,
        1.4e-4,
        0.03,
        4.5,
        operations=9 + 33,
        words=21,
    ),
    Case(
        "memristive ALIF, RK4",
        nm.MemristiveALIF(r_switch=None),
        nm.RK4(dt=0.2e-6),
        0.8e-3,
        1.2e-3,
        0.2e-3,
        3.5,
        operations=318,
    ),
)


@contextmanager
def built_peer(python, case, folder):
    """A function that runs Brian2's program of a case once: seconds, and number of spikes."""
    command = [python, HERE / "brian2_peer.py", case.brian2(folder)]
    with (
        open(f"{folder}.log", "w", encoding="utf-8") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):

        def answer():
            for line in process.stdout:
                if line == "built\n" or re.fullmatch(r"[\d.e-]+ \d+\n", line):
                    return line.split()
            raise RuntimeError(f"Brian2 ended: {Path(log.name).read_text('utf-8')[-2000:]}")

        def run():
            if not is_built:
                is_built.append(answer())
            process.stdin.write("run\n")
            process.stdin.flush()
            seconds, n_spikes = answer()
            return float(seconds), int(n_spikes)

        is_built = []
        try:
            yield run
        finally:
            process.stdin.close()


@dataclass
class Times:
    """Shortest times of a case [s], what a second thread gains, and the spikes of ours and the peer's.

    `one` and `peer` are the processor's, which Brian2's clock shows, too; `gains` are ratios of the wall clock's, of one thread
    to two, run one after the other.
    """

    case: Case
    one: float = math.inf
    peer: float = math.inf
    gains: list[float] = field(default_factory=list)
    spikes: int = 0
    peer_spikes: int = 0

    @property
    def speed(self):
        """Neuron-steps in a second by one thread."""
        return N * self.case.n_steps / self.one

    @property
    def gain(self):
        """How many times as fast two threads are: the median, since a processor that others use halts one thread and not the other."""
        return statistics.median(self.gains)


def measured(python, folder, repetitions=REPETITIONS):
    """Times of every case."""
    with ExitStack() as stack:
        # All peers compile while the first one is waited for.
        peers = [
            stack.enter_context(built_peer(python, case, Path(folder) / f"case{k}")) for k, case in enumerate(CASES)
        ]
        found = [Times(case) for case in CASES]
        for times, peer in zip(found, peers, strict=True):
            times.case.run(1)
            peer()
        for _ in range(repetitions):
            for times, peer in zip(found, peers, strict=True):
                seconds, alone, times.spikes = times.case.run(1)
                times.one = min(times.one, seconds)
                times.gains.append(alone / times.case.run(2)[1])
                seconds, times.peer_spikes = peer()
                times.peer = min(times.peer, seconds)
    return found


@numba.njit(nogil=True)
def copy(a, b):
    """Eight bytes read and eight written for each element."""
    for i in range(len(a)):
        b[i] = a[i]


@numba.njit(nogil=True, fastmath={"contract"})
def multiply_and_add(a, passes):
    """32 operations an element and pass: sixteen fused products, each of which waits for the one before."""
    for _ in range(passes):
        for i in range(len(a)):
            x = a[i]
            y = x
            y = y * x + 0.5
            y = y * x + 0.25
            y = y * x + 0.125
            y = y * x + 0.0625
            y = y * x + 0.5
            y = y * x + 0.25
            y = y * x + 0.125
            y = y * x + 0.0625
            y = y * x + 0.5
            y = y * x + 0.25
            y = y * x + 0.125
            y = y * x + 0.0625
            y = y * x + 0.5
            y = y * x + 0.25
            y = y * x + 0.125
            a[i] = y * x + 0.0625


@dataclass(frozen=True)
class Limits:
    """What the machine can do with one thread and with two: bytes copied and float operations, in a second."""

    bytes: tuple[float, float]
    operations: tuple[float, float]

    @classmethod
    def measured(cls, repetitions=REPETITIONS):
        size, passes = 1 << 23, 20_000
        large = [(np.ones(size), np.ones(size)) for _ in range(2)]
        small = [np.full(512, 0.3) for _ in range(2)]
        found = {}
        with ThreadPoolExecutor(2) as pool:
            for threads in (1, 2):
                for name, work in (
                    ("bytes", partial(copy, *large[0])),
                    ("operations", partial(multiply_and_add, small[0], passes)),
                ):
                    others = {"bytes": (copy, *large[1]), "operations": (multiply_and_add, small[1], passes)}[name]
                    amount = {"bytes": 16 * size, "operations": 32 * 512 * passes}[name]
                    if threads == 1:
                        work()
                    best = math.inf
                    for _ in range(repetitions):
                        start = time.perf_counter()
                        other = pool.submit(*others) if threads == 2 else None
                        work()
                        if other is not None:
                            other.result()
                        best = min(best, time.perf_counter() - start)
                    found[name, threads] = threads * amount / best
        return cls(*((found[name, 1], found[name, 2]) for name in ("bytes", "operations")))


def memory_traffic(case, spikes):
    """Bytes of memory for a step of a neuron: a tile stays in the cache during a call, and spikes are written."""
    rows, steps_per_call = 20, min(16384, case.n_steps)
    return 16 * rows / steps_per_call + 12 * spikes / (N * case.n_steps)


def table(found, limits):
    """Lines of the table."""
    lines = [
        "| 10,000 neurons | one thread | two (aim: 1.7 with noise) | Brian2, one thread | ratio (aim) | float operations: share of the processor's | "
        "memory: share |",
        "|---|---|---|---|---|---|---|",
    ]
    for times in found:
        case = times.case
        traffic = times.speed * memory_traffic(case, times.spikes)
        lines.append(
            f"| {case.name} | {times.speed / 1e6:.0f} M/s | {times.gain:.2f} x | "
            f"{N * case.n_steps / times.peer / 1e6:.1f} M/s | {times.peer / times.one:.1f} ({case.demanded:g}) | "
            f"{case.operations} + {case.words} integer: {times.speed * case.operations / limits.operations[0]:.0%} | "
            f"{traffic / limits.bytes[0]:.1%} |"
        )
    return lines


def block(found, limits):
    """The part of the page between its marks, with these."""
    begin, end = marks(NAME)
    rates = (f"{limits.operations[k] / 1e9:.0f} Gflop/s and {limits.bytes[k] / 1e9:.0f} GB/s" for k in (0, 1))
    versions = ", ".join(f"{name} {version(name)}" for name in ("neuromorph", "numpy", "numba"))
    return "\n".join(
        [
            begin,
            *table(found, limits),
            "",
            f"In neuron-steps a second, {CASES[0].solver.dt * 1e6:g} us a step for the LIF and {CASES[2].solver.dt * 1e6:g} us for the memristive neuron, "
            "some spikes in a hundred steps at most. The processor's "
            f"limits, from a chain of fused products and a copy in the same run: {next(rates)} with one thread, {next(rates)} with "
            f"two. Measured on {date.today().isoformat()}, {machine()}, Python {platform.python_version()}, {versions}, Brian2 2.9.0.",
            end,
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="rewrite the table of docs/choosing_a_solver.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = block(measured(environment("brian2.txt"), folder), Limits.measured())
    if given.write:
        rewrite(PAGE, NAME, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
