"""Crossbars against resistors solved in 60 digits: every limit of wires and devices, every pattern of ends."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodal_reference import SIDES, Reference

import neuromorph as nm

KINDS = ("driven", "sensed", "grounded", "floating")
USUAL = {"left": "driven", "right": "floating", "top": "floating", "bottom": "sensed"}


def random_crossbar(rng):
    """Any shape to 6 x 6, five decades of conductance, open and shorted devices, any wires and ends; and voltages."""
    while True:
        m, n = (1, rng.integers(1, 7)) if rng.random() < 0.1 else rng.integers(1, 7, 2)
        if rng.random() < 0.1:
            m, n = n, m
        g = 10 ** rng.uniform(-8, -3, (m, n))
        if rng.random() < 0.5:
            g[rng.random((m, n)) < rng.choice([0.1, 0.5])] = 0.0
        if rng.random() < 0.4:
            g[rng.random((m, n)) < 0.2] = 1e3
        choices = [0.0, 1e-9, 1e-3, 1.0, 100.0, 1e6, np.inf]
        likely = [0.2, 0.1, 0.1, 0.3, 0.2, 0.05, 0.05]
        wires = {name: float(rng.choice(choices, p=likely)) for name in ("r_word", "r_bit", "r_driver", "r_sense")}
        ends = {}
        for side, usual in USUAL.items():
            lines = m if side in ("left", "right") else n
            draw = rng.random()
            if draw < 0.4:
                ends[side] = [usual] * lines
            elif draw < 0.6:
                ends[side] = [str(rng.choice(KINDS))] * lines
            else:
                ends[side] = [str(kind) for kind in rng.choice(KINDS, lines)]
        with contextlib.suppress(ValueError):
            # Two fixed voltages may meet through nothing; these are refused.
            crossbar = nm.Crossbar(g, **wires, **ends)
            break
    sides = crossbar.terminations
    volts = {}
    for side in SIDES:
        driven = sides.having(side, "driven")
        volts[side] = np.where(driven, rng.uniform(-1, 1, driven.size), 0)
    return crossbar, volts


def applied(crossbar, volts):
    return {side: volts[side] for side in SIDES if "driven" in crossbar.terminations.__dict__[side]}


def reference_of(crossbar, volts):
    ends = {side: getattr(crossbar.terminations, side) for side in SIDES}
    return Reference(crossbar.conductances, *dataclasses.astuple(crossbar.wires), ends, volts)


def largest_error(solution, reference):
    """Of any current into a device or an end, over the largest current of the array."""
    errors = [np.abs(solution.device_currents - reference.device_currents).max()]
    errors += [np.abs(solution.terminal_currents[s] - i).max() for s, i in reference.terminal_currents.items()]
    # What elimination in 60 digits leaves where no current flows at all.
    return max(errors) / reference.largest if reference.largest > 1e-45 else 1e6 * max(errors)


def imbalance(power):
    taken = sum(watts for name, watts in power.items() if name != "delivered")
    return np.abs(power["delivered"] - taken) / np.maximum(np.abs(power["delivered"]), np.maximum(taken, 1e-300))


@pytest.mark.parametrize("batch", range(10))
def test_random_arrays_against_sixty_digits(batch):
    """Twenty arrays a batch: currents to 1e-10 of the largest, energy to 1e-9, by both methods; connections the same."""
    rng = np.random.default_rng(batch)
    for _ in range(20):
        crossbar, volts = random_crossbar(rng)
        reference = reference_of(crossbar, volts)
        for method in ("auto", "direct"):
            solution = crossbar.solve(applied(crossbar, volts), method=method)
            said = f"{crossbar} {method}"
            assert largest_error(solution, reference) < 1e-10, said
            assert solution.error_bound < 1e-10, said
            assert solution.residual <= solution.error_bound, said
            assert imbalance(solution.power) < 1e-9, said
            np.testing.assert_array_equal(np.isnan(solution.node_voltages), np.isnan(reference.node_voltages), said)


def test_a_wrong_conductance_is_seen():
    """The comparison itself: one device two percent off fails it by far."""
    crossbar, volts = random_crossbar(np.random.default_rng(5))
    while crossbar.conductances[0, 0] == 0 or reference_of(crossbar, volts).device_currents[0, 0] == 0:
        crossbar, volts = random_crossbar(np.random.default_rng(6))
    g = crossbar.conductances.copy()
    g[0, 0] *= 1.02
    solution = dataclasses.replace(crossbar, devices=g).solve(applied(crossbar, volts))
    assert largest_error(solution, reference_of(crossbar, volts)) > 1e-10


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("method", ["lines", "direct"])
def test_node_voltages(seed, method):
    """Where no device is shorted, voltages are as good as currents."""
    rng = np.random.default_rng(seed)
    g = 10 ** rng.uniform(-6, -3, (5, 7))
    crossbar = nm.Crossbar(g, r_word=2.0, r_bit=3.0, r_driver=50.0, r_sense=10.0)
    volts = {side: np.zeros(5 if side in ("left", "right") else 7) for side in SIDES} | {"left": rng.uniform(-1, 1, 5)}
    reference = reference_of(crossbar, volts)
    solution = crossbar.solve(volts["left"], method=method)
    assert solution.method == method
    np.testing.assert_allclose(solution.node_voltages, reference.node_voltages, atol=1e-11)
    np.testing.assert_allclose(solution.word_voltages, reference.node_voltages[0], atol=1e-11)
    np.testing.assert_allclose(solution.bit_voltages, reference.node_voltages[1], atol=1e-11)
    difference = reference.node_voltages[0] - reference.node_voltages[1]
    np.testing.assert_allclose(solution.device_voltages, difference, atol=1e-11)
    np.testing.assert_allclose(solution.output_currents, reference.terminal_currents["bottom"], rtol=1e-9)


def hard_arrays():
    rng = np.random.default_rng(7)
    tiny = 1e-9 * rng.uniform(0.5, 2, (6, 6))
    floating = ["driven", *["floating"] * 5]
    yield "wires of 1e-9 ohm, devices of 1e-9 S", tiny, {"r_word": 1e-9, "r_bit": 1e-9}, {}
    held = {"left": floating, "bottom": ["sensed", *["floating"] * 5]}
    yield "lines that only such devices hold", tiny, {"r_word": 1e-9, "r_bit": 1e-9}, held
    shorted = np.where(rng.random((6, 6)) < 0.4, 1e3, 1e-9)
    yield "meshes of shorts behind drivers of 1e6 ohm", shorted, {"r_word": 1e-9, "r_bit": 1e-3, "r_driver": 1e6}, {}
    yield "the same with lines of one node", shorted, {"r_word": 0.0, "r_bit": 1.0, "r_driver": 1e6}, {}
    yield "shorts on floating lines", shorted, {"r_word": 1.0, "r_bit": 1.0}, held
    spread = 10.0 ** rng.uniform(-12, 3, (6, 6))
    yield "fifteen decades of conductance", spread, {"r_word": 1e-6, "r_bit": 1e6, "r_sense": 1e3}, held
    past = {"right": "grounded", "r_bit": 1.0}
    yield "currents that pass the devices by", tiny, {"r_word": 1e-3, **past}, {}


@pytest.mark.parametrize(("g", "wires", "ends"), [pytest.param(*case[1:], id=case[0]) for case in hard_arrays()])
@pytest.mark.parametrize("method", ["auto", "direct"])
def test_hard_arrays(g, wires, ends, method):
    crossbar = nm.Crossbar(g, **wires, **ends)
    volts = {side: np.zeros(6) for side in SIDES}
    volts["left"] = np.where(crossbar.terminations.having("left", "driven"), np.linspace(0.3, 0.8, 6), 0)
    reference = reference_of(crossbar, volts)
    solution = crossbar.solve(volts["left"], method=method)
    assert largest_error(solution, reference) < 1e-10
    assert imbalance(solution.power) < 1e-9


def test_vectors_at_once_are_those_one_by_one():
    """More than one block of them, several driven sides, voltages of all sizes."""
    rng = np.random.default_rng(1)
    crossbar = nm.Crossbar(10 ** rng.uniform(-6, -3, (9, 5)), r_word=1.0, r_bit=2.0, r_sense=5.0, top="driven")
    v = {"left": 10.0 ** rng.uniform(-6, 1, (21, 1)) * rng.uniform(-1, 1, (21, 9)), "top": rng.uniform(-1, 1, (21, 5))}
    v["left"][3], v["top"][3] = 0.0, 0.0
    together = crossbar.solve(v)
    assert together.output_currents.shape == (21, 5)
    assert together.node_voltages.shape == (21, 2, 9, 5)
    assert together.terminal_currents["left"].shape == (21, 9)
    assert together.power["devices"].shape == (21,)
    for k in range(21):
        alone = crossbar.solve({side: values[k] for side, values in v.items()})
        scale = max(float(np.abs(alone.device_currents).max()), 1e-300)
        np.testing.assert_allclose(together.output_currents[k], alone.output_currents, atol=1e-10 * scale)
        np.testing.assert_allclose(together.device_currents[k], alone.device_currents, atol=1e-10 * scale)
        assert together.power["devices"][k] == pytest.approx(alone.power["devices"], rel=1e-9, abs=1e-300)
    assert np.abs(together.output_currents[3]).max() == 0.0


def test_one_voltages_row_serves_all_vectors_of_the_other_side():
    g = np.full((2, 3), 1e-3)
    crossbar = nm.Crossbar(g, r_word=1.0, r_bit=1.0, top="driven")
    both = crossbar.solve({"left": np.eye(2), "top": [0.1, 0.2, 0.3]})
    alone = crossbar.solve({"left": [0.0, 1.0], "top": [0.1, 0.2, 0.3]})
    np.testing.assert_allclose(both.output_currents[1], alone.output_currents, rtol=1e-10)


shapes = st.tuples(st.integers(1, 8), st.integers(1, 8))
resistances = st.sampled_from([0.0, 1e-6, 0.1, 1.0, 30.0, 1e4])


@given(shapes, resistances, resistances, resistances, resistances, st.integers(0, 2**32 - 1))
def test_transposed_arrays_give_transposed_answers(shape, r_word, r_bit, r_driver, r_sense, seed):
    rng = np.random.default_rng(seed)
    m, n = shape
    g = 10 ** rng.uniform(-7, -3, shape) * (rng.random(shape) < 0.8)
    left, right = ([str(k) for k in rng.choice(["driven", "floating"], m)] for _ in range(2))
    top, bottom = ([str(k) for k in rng.choice(["sensed", "floating"], n)] for _ in range(2))
    ends = {"left": left, "right": right, "top": top, "bottom": bottom}
    turned = {"top": left, "bottom": right, "left": top, "right": bottom}
    try:
        crossbar = nm.Crossbar(g, r_word=r_word, r_bit=r_bit, r_driver=r_driver, r_sense=r_sense, **ends)
    except ValueError:
        return
    other = nm.Crossbar(g.T, r_word=r_bit, r_bit=r_word, r_driver=r_driver, r_sense=r_sense, **turned)
    v = {side: np.where(np.array(ends[side]) == "driven", rng.uniform(-1, 1, m), 0) for side in ("left", "right")}
    v = {side: values for side, values in v.items() if "driven" in ends[side]}
    one = crossbar.solve(v)
    two = other.solve({{"left": "top", "right": "bottom"}[side]: values for side, values in v.items()})
    scale = max(np.abs(one.device_currents).max(), *(np.abs(i).max() for i in one.terminal_currents.values()))
    np.testing.assert_allclose(two.device_currents, -one.device_currents.T, rtol=0, atol=1e-10 * scale)
    for side, there in (("left", "top"), ("right", "bottom"), ("top", "left"), ("bottom", "right")):
        np.testing.assert_allclose(
            two.terminal_currents[there], one.terminal_currents[side], rtol=0, atol=1e-10 * scale
        )


@given(shapes, resistances, resistances, st.integers(0, 2**32 - 1))
def test_reciprocity(shape, r_word, r_bit, seed):
    """One volt at word line i makes the current at bit line j that one volt there makes at word line i."""
    rng = np.random.default_rng(seed)
    m, n = shape
    i, j = rng.integers(m), rng.integers(n)
    g = 10 ** rng.uniform(-7, -3, shape)
    wires = {"r_word": r_word, "r_bit": r_bit, "r_driver": 7.0, "r_sense": 7.0}
    there = nm.Crossbar(g, **wires).solve(np.eye(m)[i]).output_currents[j]
    back = nm.Crossbar(g, **wires, left="sensed", bottom="driven").solve(np.eye(n)[j]).output_currents[i]
    assert there == pytest.approx(back, rel=1e-9)


@given(shapes, resistances, resistances, st.integers(0, 2**32 - 1))
def test_superposition(shape, r_word, r_bit, seed):
    rng = np.random.default_rng(seed)
    g = 10 ** rng.uniform(-7, -3, shape)
    a, b = rng.uniform(-1, 1, (2, shape[0]))
    crossbar = nm.Crossbar(g, r_word=r_word, r_bit=r_bit, r_driver=1.0)
    found = crossbar.solve([a, b, 2 * a - 3 * b])
    i = found.output_currents
    scale = np.abs(found.device_currents).max()
    np.testing.assert_allclose(i[2], 2 * i[0] - 3 * i[1], rtol=0, atol=1e-9 * scale)


def test_large_array_against_elimination():
    """Sizes at which the methods have nothing left in common; a share of bad devices; some iterations."""
    rng = np.random.default_rng(2)
    g = 10 ** rng.uniform(-5, -3, (70, 90))
    g[rng.random(g.shape) < 0.02] = 0.0
    g[rng.random(g.shape) < 0.02] = 1e-1
    crossbar = nm.Crossbar(g, r_word=3.0, r_bit=2.0, r_driver=10.0)
    v = rng.uniform(-1, 1, 70)
    lines, direct = crossbar.solve(v, method="lines"), crossbar.solve(v, method="direct")
    assert 5 < lines.iterations < 100
    scale = np.abs(lines.terminal_currents["left"]).max()
    np.testing.assert_allclose(lines.output_currents, direct.output_currents, rtol=0, atol=1e-10 * scale)
    np.testing.assert_allclose(lines.device_currents, direct.device_currents, rtol=0, atol=1e-10 * scale)
    np.testing.assert_allclose(lines.node_voltages, direct.node_voltages, rtol=0, atol=1e-9)
