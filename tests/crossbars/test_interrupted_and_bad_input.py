"""Ctrl-C in a solve of many vectors, runs whose last frame is not their end, and values that make no sense."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars.solving.voltages import _over


def array():
    return nm.Crossbar(nm.DeviceArray(nm.VTEAM(), [[0.3, 0.5]]), r_driver=100.0)


@pytest.mark.parametrize("devices", [[[1e-3, 2e-3]], nm.DeviceArray(nm.GMMS(), [[0.3, 0.5]])], ids=["linear", "bent"])
def test_ctrl_c_keeps_the_vectors_that_are_solved(devices):
    crossbar = nm.Crossbar(devices, r_word=1.0)
    volts = np.linspace(0.1, 0.9, 40)[:, None]

    def stop(share, _):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(nm.SolveInterrupted, match=r"stopped after \d+ of 40 vectors") as caught:
        crossbar.solve(volts, progress=stop)
    found = caught.value.result.output_currents
    assert 20 <= len(found) < 40
    np.testing.assert_allclose(found, crossbar.solve(volts).output_currents[: len(found)], rtol=1e-9)


def test_a_run_is_complete_wherever_its_last_frame_is(tmp_path):
    found = array().simulate(nm.Constant(value=0.5), 2e-3, save_at=[0.0, 1e-3])
    assert found.is_complete
    assert "stopped" not in repr(found)
    assert nm.CrossbarTransient.load(found.save(tmp_path / "run.nc")).is_complete


def test_an_interrupted_run_stays_so_in_its_file(tmp_path):
    def stop(share, _):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(nm.TransientInterrupted) as caught:
        array().simulate(nm.Constant(value=0.5), 2e-3, progress=stop)
    assert not nm.CrossbarTransient.load(caught.value.result.save(tmp_path / "run.nc")).is_complete


@pytest.mark.parametrize("tolerance", [-1, 0, 1, np.inf, True, np.nan, "a", None])
def test_tolerances_that_are_none(tolerance):
    with pytest.raises(ValueError, match=r"tolerance must be a number from 1e-16 to 0\.01"):
        array().solve([0.5], tolerance=tolerance)


@pytest.mark.parametrize("max_steps", [0, -1, 1.5, True, None, "a"])
def test_max_steps_that_are_none(max_steps):
    with pytest.raises(ValueError, match="max_steps must be a whole number of at least 1"):
        array().simulate(nm.Constant(value=0.5), 1e-3, max_steps=max_steps)


@pytest.mark.parametrize("t_stop", [None, "a", True, [1.0], 0.0, np.nan])
def test_times_that_are_none(t_stop):
    with pytest.raises(ValueError, match="t_stop must be a positive time in s"):
        array().simulate(nm.Constant(value=0.5), t_stop)


def test_ideal_wires_in_the_place_of_infinite_ones():
    found = nm.Crossbar([[1e-3]], r_word=np.inf, right="grounded").solve([1.0])
    np.testing.assert_allclose(found.ir_drop, 0.5, atol=1e-8)


def test_bounds_beyond_doubles_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _over(np.array([1e300, 0.0]), np.array([1e-300, 0.0])).tolist() == [np.inf, 0.0]


def test_a_device_at_a_floating_line_carries_nothing():
    devices = nm.DeviceArray(nm.GMMS(), [[0.5, 0.5]], stuck=[[0.0, np.nan]])
    ends = {"left": "floating", "top": ["floating", "driven"], "bottom": ["driven", "sensed"]}
    crossbar = nm.Crossbar(devices, r_bit=1.0, r_driver=1.0, **ends)
    found = crossbar.solve({"top": [0.0, 0.5], "bottom": [0.2, 0.0]})
    assert np.abs(found.device_currents).max() < 1e-12
    np.testing.assert_allclose(found.output_currents, 0.5 / 3.0, rtol=1e-9)


def test_a_full_disk_names_the_file():
    found = array().simulate(nm.Constant(value=0.5), 1e-5, save_at=2)
    with pytest.raises(OSError, match=r"/dev/full.*free space"):
        found.save("/dev/full")
