"""Results outlive the process: what was done is not done again, what changed is, and a killed sweep goes on."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm

OVER = {"capacitance": [10e-9, 20e-9, 30e-9]}
RUN = {"t_stop": 2e-3, "measure": "spike_count", "workers": 1}


def _rows(folder):
    lines = (Path(folder) / "sweep.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {"format": "neuromorph sweep 1"}
    return [json.loads(line) for line in lines[1:]]


def test_what_is_in_the_store_is_not_run_again(tmp_path):
    first = nm.sweep(nm.LIF(), OVER, store=tmp_path / "s", **RUN)
    again = nm.sweep(nm.LIF(), OVER, store=tmp_path / "s", **RUN)
    assert (first.reused, again.reused) == (0, 3)
    assert np.array_equal(first.values(), again.values())
    assert len(_rows(tmp_path / "s")) == 3
    # A larger grid runs what is new.
    more = nm.sweep(nm.LIF(), {"capacitance": [30e-9, 40e-9]}, store=tmp_path / "s", **RUN)
    assert more.reused == 1
    assert more.store == tmp_path / "s" / "sweep.jsonl"


@dataclasses.dataclass(frozen=True, kw_only=True)
class LateLIF(nm.LIF):
    """The same values and the same name, but another equation."""

    def dynamics(self, fidelity="ideal"):
        system = super().dynamics(fidelity)
        modes = {**system.modes}
        rates = {"v_mem": modes["integrating"].rates["v_mem"] / 2}
        modes["integrating"] = nm.Mode(rates=rates, time_scale=modes["integrating"].time_scale)
        return dataclasses.replace(system, modes=modes)


@pytest.mark.parametrize(
    "changes",
    [
        {"design": nm.LIF(v_th=0.9)},
        {"design": LateLIF()},
        {"t_stop": 3e-3},
        {"drive": nm.Constant(value=0.3e-3)},
        {"measure": "rate"},
        {"measure": lambda recording: len(recording.spikes)},
        {"engine": "ngspice"},
        {"dt": 1e-6},
        {"over": {"capacitance": [11e-9], "t_stop": [2e-3]}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_changes_the_result_is_run_anew(changes, tmp_path):
    arguments = {"design": nm.LIF(), "over": {"capacitance": [11e-9]}, **RUN}
    nm.sweep(**arguments, store=tmp_path)
    assert nm.sweep(**arguments, store=tmp_path).reused == 1
    assert nm.sweep(**(arguments | changes), store=tmp_path).reused == 0


SCALE = 1.0


def helper(recording):
    return SCALE * len(recording.spikes)


def by_helper(recording):
    return helper(recording)


def test_a_measure_is_known_by_its_code_its_helpers_and_its_constants(tmp_path, monkeypatch):
    def reused(measure):
        return nm.sweep(nm.LIF(), {"capacitance": [1e-8]}, store=tmp_path, **RUN | {"measure": {"m": measure}}).reused

    def of(factor):
        return lambda recording: factor * len(recording.spikes)

    assert [reused(of(1)), reused(of(1)), reused(of(2))] == [0, 1, 0]
    assert [reused(by_helper), reused(by_helper)] == [0, 1]
    monkeypatch.setitem(globals(), "SCALE", 2.0)
    assert reused(by_helper) == 0
    monkeypatch.setitem(globals(), "helper", lambda recording: 0.0)
    assert reused(by_helper) == 0


def test_failures_are_kept_and_run_again_only_when_asked(tmp_path):
    over = {"v_reset": [0.0, 2.0]}
    for retry, reused in ((False, 0), (False, 2), (True, 1)):
        result = nm.sweep(nm.LIF(), over, store=tmp_path, retry=retry, **RUN)
        assert result.reused == reused
        assert result.failures[0].message.startswith("v_reset must be below v_th")


def test_values_that_json_has_not_come_back(tmp_path):
    measure = {"nan": lambda r: float("nan"), "inf": lambda r: float("inf"), "low": lambda r: -float("inf")}
    run = RUN | {"measure": measure}
    nm.sweep(nm.LIF(), {"capacitance": [1e-8]}, store=tmp_path, **run)
    result = nm.sweep(nm.LIF(), {"capacitance": [1e-8]}, store=tmp_path, **run)
    assert result.reused == 1
    assert [float(result.values(m)[0]) for m in ("inf", "low")] == [float("inf"), -float("inf")]
    assert np.isnan(result.values("nan")[0])
    assert _rows(tmp_path)[0]["values"] == {"nan": "nan", "inf": "inf", "low": "-inf"}


def test_a_line_cut_off_by_a_crash_is_run_again_and_harms_no_other(tmp_path):
    nm.sweep(nm.LIF(), OVER, store=tmp_path, **RUN)
    file = tmp_path / "sweep.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert nm.sweep(nm.LIF(), OVER, store=tmp_path, **RUN).reused == 2
    assert nm.sweep(nm.LIF(), OVER, store=tmp_path, **RUN).reused == 3


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    for name in ("notes.txt", "notes.jsonl"):
        (tmp_path / name).write_text("my notes\n")
        with pytest.raises(ValueError, match=r"store .*notes"):
            nm.sweep(nm.LIF(), OVER, store=tmp_path / name, **RUN)
        assert (tmp_path / name).read_text() == "my notes\n"


KILLED = """
import pathlib, sys, time
import neuromorph as nm

def slow(recording):
    with open(sys.argv[2], "a") as file:
        file.write("x")
    time.sleep(0.3)
    return len(recording.spikes)

result = nm.sweep(nm.LIF(), {"capacitance": [k * 1e-9 for k in range(10, 22)]}, t_stop=1e-3, measure={"n": slow},
                  store=sys.argv[1], workers=2)
print(result.reused, len(result), len(result.failures))
"""


def _lines(file):
    return len(file.read_text().splitlines()) - 1 if file.exists() else 0


def _until(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def sweeping(tmp_path):
    """A script with a sweep of twelve runs, started, with some of them done."""
    # The argument list is a constant of the script, so both runs of it have the same measure.
    (tmp_path / "script.py").write_text(KILLED.replace("sys.argv[2]", repr(str(tmp_path / "count"))))
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "store")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _until(lambda: _lines(tmp_path / "store" / "sweep.jsonl") >= 3)
    yield tmp_path, command, process
    process.kill()
    process.communicate()


def _finish(tmp_path, command, done):
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [str(done), "12", "0"]
    rows = _rows(tmp_path / "store")
    assert len(rows) == len({row["key"] for row in rows}) == 12  # nothing was done twice


def test_a_killed_sweep_goes_on_where_it_was(sweeping):
    tmp_path, command, process = sweeping
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = _lines(tmp_path / "store" / "sweep.jsonl")
    assert 3 <= done < 12
    _finish(tmp_path, command, done)


def test_the_workers_of_a_killed_sweep_end(sweeping):
    _, _, process = sweeping
    workers = _children(process.pid)
    assert len(workers) == 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    _until(lambda: not any(map(_is_alive, workers)), 30.0)


def test_ctrl_c_says_what_was_kept_and_where(sweeping):
    tmp_path, command, process = sweeping
    workers = _children(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    done = _lines(tmp_path / "store" / "sweep.jsonl")
    last = errors.strip().splitlines()[-1]
    assert last.startswith("neuromorph.sweeps.running.SweepInterrupted: ")
    assert f"{done} of 12 runs are done and kept in {tmp_path}/store/sweep.jsonl; the same sweep goes on" in last
    _until(lambda: not any(map(_is_alive, workers)), 30.0)
    _finish(tmp_path, command, done)


def _children(parent):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(status.parent.name))
    return found


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_interrupted_sweep_hands_over_what_it_had():
    def interrupting(recording):
        if recording.provenance["parameters"]["capacitance"] > 25e-9:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1.0)
        return len(recording.spikes)

    with pytest.raises(nm.SweepInterrupted, match="2 of 3 runs are done; give a store to keep them") as caught:
        nm.sweep(nm.LIF(), OVER, **RUN | {"measure": {"n": interrupting}})
    assert np.isnan(caught.value.result.values("n")).tolist() == [False, False, True]
    assert caught.value.result.table()[2]["failure"] == "not done"
    assert isinstance(caught.value, KeyboardInterrupt)
