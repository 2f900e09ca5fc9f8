"""Speed of populations beside Brian2's standalone C++ in one run, and memory that does not grow with the steps."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import population_times as times
import pytest

WITH_TWO_THREADS = 1.7


@pytest.mark.slow
def test_populations_beside_brian2(peer_environment, tmp_path, capsys):
    if shutil.which("make") is None or shutil.which("g++") is None:
        pytest.skip("Brian2's standalone programs need make and g++")
    found = times.measured(peer_environment("brian2.txt"), tmp_path)
    limits = times.Limits.measured()
    with capsys.disabled():
        print("", *times.table(found, limits), sep="\n")
    for one in found:
        # The same neurons: counts differ by the noise that each draws, by the grid, and by the last bits of a step.
        spread = 5 * np.sqrt(one.spikes) if "noise" in one.case.name else 0.01 * one.spikes
        assert abs(one.spikes - one.peer_spikes) < spread, one.case.name
        assert one.peer / one.one > one.case.demanded, one.case.name
        if one.case.neuron.dynamics().is_random:
            assert one.gain > WITH_TWO_THREADS, one.case.name
        assert one.speed * one.case.operations < limits.operations[0], one.case.name


def test_the_table_has_its_place_in_the_page(tmp_path):
    begin, end = times.marks(times.NAME)
    page = tmp_path / "page.md"
    page.write_text(times.PAGE.read_text("utf-8"), "utf-8")
    times.rewrite(page, times.NAME, f"{begin}\nnew\n{end}")
    before, _, after = times.PAGE.read_text("utf-8").partition(begin)
    assert page.read_text("utf-8") == f"{before}{begin}\nnew\n{end}{after.partition(end)[2]}"
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="must have the marks"):
        times.rewrite(page, times.NAME, "")


MEMORY = """
import sys
import neuromorph as nm
steps = int(sys.argv[1])
neuron, solver = nm.LIF(noise_current=4e-7), nm.EulerMaruyama(dt=10e-6)
nm.simulate_batch(neuron, 0.8e-4, 10e-6, 1, solver=solver, seed=1)
batch = nm.simulate_batch(neuron, 0.8e-4, steps * 10e-6, 100_000, solver=solver, seed=1)
# Not ru_maxrss, which begins with what the process had that started this one.
most = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(len(batch.spikes), most * 1024)
"""


def memory_of(steps):
    """Number of spikes, and the most memory [byte], of 100 000 noisy neurons in a process of their own."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(steps)], check=True, capture_output=True, text=True)
    spikes, most = map(int, done.stdout.split())
    return spikes, most


@pytest.mark.slow
def test_memory_of_many_neurons_does_not_grow_with_the_steps(capsys):
    """Of 100 000 neurons in 100 000 steps: no more than the spikes are."""
    (few, less), (many, more) = memory_of(1000), memory_of(100_000)
    with capsys.disabled():
        print(
            f"\n100 000 neurons: 1000 steps {less / 1e6:.0f} MB, {few} spikes; 100 000 steps {more / 1e6:.0f} MB, {many} spikes"
        )
    # A spike takes 12 bytes while it waits and 16 at the end; the rest is for putting those of a call in order.
    assert more - less < 45 * (many - few) + 20e6
    assert more < 500e6
