"""Ctrl-C in ``validate``: what was computed is kept, and the message says where."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm

LIMIT = 120


def stopped(arguments, tmp_path, when=0):
    """Run a command in a program of its own, and send it SIGINT when it says that ngspice is so many percent far."""
    # A shell in the background hands on that SIGINT is ignored; whoever types Ctrl-C is in the foreground.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from neuromorph.cli.app import main; sys.argv[0] = 'neuromorph'; main()"
    )
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
    )
    timer = threading.Timer(LIMIT, process.kill)
    timer.start()
    try:
        said = ""
        for line in process.stderr:
            said += line
            if any(int(percent) >= when for percent in re.findall(r"^ngspice: +(\d+) %", said, re.MULTILINE)):
                process.send_signal(signal.SIGINT)
                break
        _, rest = process.communicate()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    return process.returncode, said + rest


def environment(tmp_path):
    return {**os.environ, "TMPDIR": str(tmp_path)}


def test_ctrl_c_keeps_both_roads_where_they_were_asked_for(tmp_path):
    # Compiled beforehand, the equations are under way, or at their end, long before ngspice has come so far.
    nm.simulate(nm.LIF(), t_stop=1e-3, engine="rk4")
    status, said = stopped(["validate", "lif", "--t-stop", "10s", "--save", tmp_path / "r.nc"], tmp_path, when=10)
    assert status == 130, said
    assert "error: interrupted: stopped: " in said
    (kept,) = re.findall(r"what was computed until then: (.+)", said)
    assert str(tmp_path / "r.candidate.partial.nc") in kept.split(", ")
    candidate = nm.load(tmp_path / "r.candidate.partial.nc")
    assert 0.0 < candidate.time[-1] < 10.0
    assert candidate.provenance["engine"] == "ngspice"
    # The equations take a tenth of the time.
    reference = nm.load(tmp_path / "r.reference.partial.nc")
    expected = nm.LIF().interval(0.2e-3)
    for road in (reference, candidate):
        assert len(road.spikes) > 10
        np.testing.assert_allclose(np.diff(road.spikes.times), expected, rtol=1e-4)
    assert not (tmp_path / "r.reference.nc").exists()


def test_ctrl_c_keeps_what_nobody_asked_for_in_a_temporary_folder(tmp_path):
    status, said = stopped(["network", "validate", "chain:2", "--t-stop", "20s"], tmp_path)
    assert status == 130, said
    (kept,) = re.findall(r"what was computed until then: (.+)", said)
    paths = [Path(path) for path in kept.split(", ")]
    assert "stopped.candidate.partial.nc" in [path.name for path in paths]
    for path in paths:
        assert path.parent.parent == tmp_path
        assert nm.load(path).time[-1] > 0.0


def test_ctrl_c_in_a_script_gives_the_recordings():
    def stop(fraction, what):
        if what == "ngspice" and fraction > 0.02:
            raise KeyboardInterrupt

    with pytest.raises(
        nm.ValidationInterrupted, match=r"^stopped: reference \(rk4\) to \S+ \S+, candidate .* of 1 s$"
    ) as caught:
        nm.cross_validate(nm.LIF(), t_stop=1.0, error_budget=False, progress=stop)
    recordings = caught.value.recordings
    assert list(recordings) == ["reference", "candidate"]
    assert recordings["reference"].time[-1] == 1.0
    assert 0.01 < recordings["candidate"].time[-1] < 1.0


def test_both_roads_are_written(run, tmp_path):
    result = run("validate", "lif", "--t-stop", "3ms", "--no-error-budget", "--save", tmp_path / "v.nc")
    assert result.exit_code == 0, result.output
    for role, engine in (("reference", "rk4"), ("candidate", "ngspice")):
        path = tmp_path / f"v.{role}.nc"
        assert f"waveforms ({role}): {path}" in result.output
        assert nm.load(path).provenance["engine"] == engine
