"""Speed of the line solver beside badcrossbar on the same arrays, in one run on one machine; time and memory by size.

badcrossbar's arrays are ours with the default ends: a segment between each source and the first bit line's node, and one
between the last word line's node and 0 V. Both compute all node voltages and device currents. badcrossbar lives in an
environment of its own, made from peers.txt on first use (it needs Debian's libcairo2-dev and pkg-config to build).
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm

HERE = Path(__file__).resolve().parent
R_WIRE = 1.0
ATTEMPTS = 3


def array(n, vectors=1):
    """Devices from 1 to 100 kohm; voltages, one row a vector."""
    rng = np.random.default_rng(n)
    return rng.uniform(1e3, 1e5, (n, n)), rng.uniform(0, 1, (vectors, n))


@pytest.fixture(scope="session")
def peer(peer_environment):
    """Python of the environment that holds badcrossbar."""
    return peer_environment("peers.txt")


def with_peer(python, folder, resistances, voltages, repetitions):
    """Seconds of badcrossbar, and what it found."""
    given, found = folder / "given.npz", folder / "found.npz"
    np.savez(given, resistances=resistances, voltages=voltages.T, r_wire=R_WIRE, repetitions=repetitions)
    subprocess.run([python, HERE / "badcrossbar_peer.py", given, found], check=True, capture_output=True)
    with np.load(found) as results:
        return {name: results[name] for name in results.files}


def with_lines(resistances, voltages, repetitions):
    """Seconds, and the solution; kernels are compiled before."""
    crossbar = nm.Crossbar(1 / resistances, r_word=R_WIRE, r_bit=R_WIRE)
    crossbar.solve(voltages[:1])
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        solution = nm.Crossbar(1 / resistances, r_word=R_WIRE, r_bit=R_WIRE).solve(voltages)
        _ = solution.output_currents, solution.node_voltages, solution.device_currents
        seconds.append(time.perf_counter() - start)
    return min(seconds), solution


def largest_difference(solution, found):
    """Of output and device currents over the largest of each, and of voltages [V]."""
    device = np.moveaxis(np.atleast_3d(found["device"]), 2, 0)
    word, bit = (np.moveaxis(np.atleast_3d(found[name]), 2, 0) for name in ("word", "bit"))
    pairs = (solution.output_currents, found["output"]), (solution.device_currents, device)
    differences = [np.abs(one - other).max() / np.abs(other).max() for one, other in pairs]
    return max(*differences, *(np.abs(solution.node_voltages[:, k] - v).max() for k, v in enumerate((word, bit))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "vectors", "repetitions", "demanded"), [(128, 1, 5, 30), (512, 1, 1, 20), (128, 100, 1, 2)]
)
def test_lines_beside_badcrossbar(peer, tmp_path, capsys, n, vectors, repetitions, demanded):
    resistances, voltages = array(n, vectors)
    theirs = seconds = float("inf")
    # In turns: badcrossbar's times are its own process's, without its start.
    for _ in range(ATTEMPTS):
        found = with_peer(peer, tmp_path, resistances, voltages, repetitions)
        ours, solution = with_lines(resistances, voltages, max(repetitions, 3))
        theirs, seconds = min(theirs, float(found["seconds"])), min(seconds, ours)
        if theirs / seconds >= demanded:
            break
    ratio = theirs / seconds
    difference = largest_difference(solution, found)
    with capsys.disabled():
        print(
            f"\n{n} x {n}, {vectors} vectors: badcrossbar {theirs:.3f} s, lines {seconds:.4f} s "
            f"({solution.iterations} iterations), ratio {ratio:.0f}, difference {difference:.1e}"
        )
    assert difference < 1e-9
    assert solution.method == "lines"
    assert ratio >= demanded


ALONE = """
import sys
sys.path.insert(0, {here!r})
from test_crossbar_speed import array, with_lines
seconds, solution = with_lines(*array({n}), 3)
# Not ru_maxrss, which begins with what the process had that started this one.
most = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(seconds, solution.iterations, solution.error_bound, most / 1e6)
"""


@pytest.mark.slow
def test_time_and_memory_of_a_million_devices(capsys):
    rows = {}
    for _ in range(ATTEMPTS):
        for n in (256, 512, 1024):
            run = [sys.executable, "-c", ALONE.format(here=str(HERE), n=n)]
            done = subprocess.run(run, check=True, capture_output=True, text=True)
            row = [float(value) for value in done.stdout.split()]
            rows[n] = min(row, rows.get(n, row))  # the fastest
        if rows[1024][0] < 10 * rows[512][0]:
            break
    with capsys.disabled():
        print()
        for n, (seconds, iterations, bound, gigabytes) in rows.items():
            print(
                f"{n:>5} x {n:<5}{seconds:>8.4f} s {iterations:>4.0f} iterations, error bound {bound:.0e}, {gigabytes:.2f} GB"
            )
    assert rows[1024][0] < 10 * rows[512][0]
    assert rows[1024][3] < 1.5
    assert max(row[2] for row in rows.values()) < 1e-10
