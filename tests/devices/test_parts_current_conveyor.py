"""The current conveyor on both roads: what its input holds, what its output gives, how fast, and its offsets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from part_bench import ROADS, Bench, crossing, step, value_at

import neuromorph as nm

each_road = pytest.mark.parametrize("road", ROADS)
IDEAL = {"v_offset": 0.0, "i_bias": 0.0, "r_z": 1e12, "c_z": 1e-15, "current_gain": 1.0}


def settled(road, part, *, v_in=0.5, v_y=0.0, r_in=1e3, r_load=100.0):
    """The last sample of a run of 1 us."""
    bench = Bench(
        held={"in": v_in, "y": v_y},
        resistors=[("in", "x", r_in), ("z", "0", r_load)],
        parts={"part": (part, {"x": "x", "y": "y", "z": "z"})},
    )
    recording = bench.run(road, 1e-6)
    return {name: float(recording[name][-1]) for name in recording.signals}


@each_road
def test_the_input_is_held_behind_its_resistance_and_the_output_gives_its_current(road):
    found = settled(road, nm.CurrentConveyor(**IDEAL | {"r_x": 250.0, "current_gain": 0.9}), v_y=0.1)
    current = (0.5 - 0.1) / (1e3 + 250.0)
    assert found["i_in"] == pytest.approx(current, rel=1e-6)
    assert found["v_x"] == pytest.approx(0.1 + 250.0 * current, rel=1e-6)
    assert found["v_z"] == pytest.approx(0.9 * current * 100.0, rel=1e-6)
    assert found["i_y"] == pytest.approx(0.0, abs=1e-11)
    assert settled(road, nm.CurrentConveyor(**IDEAL | {"r_x": 300.0}))["i_in"] != pytest.approx(current, rel=1e-2)


@each_road
def test_a_negative_gain_draws_the_current(road):
    found = settled(road, nm.CurrentConveyor(**IDEAL | {"current_gain": -1.0}))
    assert found["v_z"] == pytest.approx(-0.5 / 1050.0 * 100.0, rel=1e-6)


@each_road
def test_offsets_and_output_resistance(road):
    part = nm.CurrentConveyor(**IDEAL | {"v_offset": 2e-3, "i_bias": 3e-6, "r_z": 50.0})
    found = settled(road, part, v_in=0.0)
    current = -2e-3 / 1050.0
    assert found["i_in"] == pytest.approx(current, rel=1e-6)
    assert found["v_z"] == pytest.approx((current + 3e-6) / (1 / 50.0 + 1 / 100.0), rel=1e-6)


@each_road
def test_the_pole_and_the_capacitance_are_time_constants(road):
    """After a step the first reaches 1 - 1/e after its time constant; the second delays by r c."""
    pole = 1e6
    slow = nm.CurrentConveyor(**IDEAL | {"bandwidth": pole})
    assert slow.time_constant == pytest.approx(1 / (2 * math.pi * pole), rel=1e-12)
    nodes = {"x": "x", "y": "0", "z": "z"}
    wires = [("in", "x", 950.0), ("z", "0", 100.0)]
    reached = 0.5 / 1e3 * 100.0 * (1 - math.exp(-1))
    bench = Bench(held={"in": step(0.5, 1e-7)}, resistors=wires, parts={"part": (slow, nodes)})
    recording = bench.run(road, 2e-6)
    assert crossing(recording, "v_z", reached) - 1e-7 == pytest.approx(slow.time_constant, rel=2e-3)
    assert value_at(recording, "v_z", 2e-6) == pytest.approx(0.05, rel=1e-4)
    loaded = nm.CurrentConveyor(**IDEAL | {"bandwidth": 1e12, "c_z": 2e-9})
    bench = Bench(held={"in": step(0.5, 1e-7)}, resistors=wires, parts={"part": (loaded, nodes)})
    assert crossing(bench.run(road, 2e-6), "v_z", reached) - 1e-7 == pytest.approx(100.0 * 2e-9, rel=2e-3)


def test_what_is_not_physical_is_refused():
    for name, value in (("r_x", 0.0), ("r_z", -1.0), ("bandwidth", 0.0), ("c_z", math.inf), ("current_gain", np.nan)):
        with pytest.raises(ValueError, match=name):
            nm.CurrentConveyor(**{name: value})
