"""Worker processes: a script without a guard, functions of the script, a worker that dies, calls that cannot travel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import neuromorph as nm
from neuromorph.sweeps import WorkerPool

UNGUARDED = """
from dataclasses import dataclass
import neuromorph as nm

print("the script runs")
FACTOR = 2.0

@dataclass(frozen=True, kw_only=True)
class Linear(nm.MemristorModel):
    '''A memristor that is a resistor [ohm].'''

    r: float = nm.parameter(1e3, unit="ohm", positive=True, doc="resistance")

    def current_equation(self, v, x):
        return v / self.r

    def state_equation(self, v, x):
        return 0 * x

def doubled(recording):
    return FACTOR * len(recording.spikes)

neuron = nm.MemristiveALIF(memristor=Linear())
result = nm.sweep(neuron, {"memristor.r": [1e3, 2e3]}, t_stop=0.3e-3, workers=2, engine="ngspice",
                  measure={"doubled": doubled, "twice": lambda r: 2 * len(r.spikes)})
assert not result.failures, result.summary()
assert (result.values("doubled") == result.values("twice")).all() and result.values("twice").min() > 0
"""


def test_a_script_needs_no_guard(tmp_path):
    """Classes, functions and lambdas of the script reach the workers, which do not run the script."""
    (tmp_path / "script.py").write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, "-W", "error", "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the script runs\n"
    assert done.stderr == ""


def test_calls_are_done_by_other_processes_and_exceptions_come_back():
    def failing():
        raise KeyError("gone")

    with WorkerPool(2) as pool:
        processes = {pool.submit(os.getpid).result() for _ in range(4)}
        assert os.getpid() not in processes
        assert pool.submit(divmod, 7, y := 2).result() == (3, y - 1)
        with pytest.raises(KeyError, match="gone"):
            pool.submit(failing).result()
        assert list(pool.map(abs, [-1, -2, -3])) == [1, 2, 3]
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit(abs, 1)


def test_what_a_task_prints_does_not_disturb(capfd):
    with WorkerPool(1) as pool:
        assert pool.submit(os.system, "echo from below").result() == 0
        assert pool.submit(print, "from Python", flush=True).result() is None
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == "from below\nfrom Python\n"


def test_a_result_that_cannot_travel_is_an_error():
    with WorkerPool(1) as pool, pytest.raises(TypeError, match="the result cannot be sent back"):
        pool.submit(threading.Lock).result()


def test_a_call_that_cannot_travel_is_refused():
    lock = threading.Lock()
    with pytest.raises(ValueError, match=r"cannot be sent to another process .* use workers=1, or executor=ThreadPool"):
        nm.sweep(nm.LIF(), {"capacitance": [1e-9, 2e-9]}, t_stop=1e-3, measure=lambda r: lock.locked(), workers=2)


def _divider(r_top=1e3):
    circuit = nm.Schematic("divider", ports={"v_in": nm.Port("src", kind="voltage")}, probes={"v_out": "v(out)"})
    circuit.R("top", "src", "out", r_top)
    circuit.R("bottom", "out", circuit.gnd, 1e3)
    return circuit


def test_a_circuit_travels_as_the_function_that_makes_it():
    how = {"drive": nm.Constant(value=1.0), "t_stop": 1e-3, "measure": {"v": lambda recording: recording["v_out"][-1]}}
    result = nm.sweep(_divider, {"r_top": [1e3, 3e3]}, workers=2, **how)
    assert result.values() == pytest.approx([0.5, 0.25], rel=1e-6)
    over = {"drive.value": [1.0, 2.0]}
    for design in (_divider, _divider()):
        assert nm.sweep(design, over, workers=1, **how).values() == pytest.approx([0.5, 1.0], rel=1e-6)
    assert nm.sweep(_divider, over, workers=2, **how).values() == pytest.approx([0.5, 1.0], rel=1e-6)
    with pytest.raises(ValueError, match=r"cannot be sent to another process .* give a function that makes the design"):
        nm.sweep(_divider(), over, workers=2, **how)


def test_a_worker_that_dies_takes_only_its_own_run_with_it():
    def deadly(recording):
        if recording.provenance["parameters"]["capacitance"] == 2e-8:
            os.kill(os.getpid(), signal.SIGKILL)
        return len(recording.spikes)

    over = {"capacitance": [1e-8, 2e-8, 3e-8, 4e-8]}
    result = nm.sweep(nm.LIF(), over, t_stop=1e-3, measure={"n": deadly}, workers=2)
    (failure,) = result.failures
    assert failure.index == 1
    assert "the worker process ended during this run (stopped by SIGKILL, as the system does when" in failure.message


def test_stop_ends_what_runs_and_cancels_what_waits():
    pool = WorkerPool(1)
    running, waiting = pool.submit(time.sleep, 60), pool.submit(time.sleep, 60)
    while not running.running():
        time.sleep(0.01)
    started = time.monotonic()
    pool.stop()
    assert time.monotonic() - started < 20
    assert waiting.cancelled()
    with pytest.raises(RuntimeError, match=r"ended during this run|was stopped"):
        running.result()


def test_the_number_of_workers_is_checked():
    with pytest.raises(ValueError, match="workers must be an integer of at least 1, got -1"):
        WorkerPool(-1)
