"""Bias schemes, half-select disturbance, read margin: against arithmetic, closed forms and published formulas."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars.sneak_paths import sneak_conductance

KINDS = ("V/2", "V/3", "floating", "grounded")
WIRES = {"r_word": 2.0, "r_bit": 2.0, "r_driver": 20.0, "r_sense": 20.0}


@pytest.mark.parametrize("kind", ["V/2", "V/3", "grounded"])
def test_over_ideal_wires_every_device_has_the_voltage_of_the_scheme(kind):
    scheme, shape, cell = nm.BiasScheme(kind=kind), (4, 5), (1, 3)
    g = np.random.default_rng(0).uniform(1e-5, 1e-3, shape)
    expected = scheme.device_voltages(shape, cell, -0.8)
    share = {"V/2": (-0.4, -0.4, 0.0), "V/3": (-0.8 / 3, -0.8 / 3, 0.8 / 3), "grounded": (-0.8, 0.0, 0.0)}[kind]
    for at in np.ndindex(*shape):
        same = (at[0] == cell[0], at[1] == cell[1])
        meant = {(True, True): -0.8, (True, False): share[0], (False, True): share[1], (False, False): share[2]}[same]
        assert expected[at] == pytest.approx(meant, abs=1e-15)
    for sense in (False, True):
        biased = scheme.applied_to(nm.Crossbar(g), cell, sense=sense)
        solved = biased.solve(scheme.voltages_of(biased, cell, -0.8))
        np.testing.assert_allclose(solved.device_voltages, expected, atol=1e-14)


def test_floating_lines_settle_where_their_currents_add_up_to_nothing():
    scheme, shape, cell = nm.BiasScheme(kind="floating"), (4, 5), (1, 3)
    g = np.random.default_rng(0).uniform(1e-5, 1e-3, shape)
    biased = scheme.applied_to(nm.Crossbar(g), cell, sense=True)
    solved = biased.solve(scheme.voltages_of(biased, cell, 0.8))
    currents = solved.device_currents
    assert np.abs(np.delete(currents.sum(axis=1), 1)).max() < 1e-15
    assert np.abs(np.delete(currents.sum(axis=0), 3)).max() < 1e-15
    assert np.isnan(np.delete(scheme.line_voltages(shape, cell, 0.8)["left"], 1)).all()
    assert solved.device_voltages[cell] == pytest.approx(0.8, rel=1e-14)


@pytest.mark.parametrize("shape", [(2, 2), (3, 7), (16, 16), (40, 5)])
def test_the_sneak_network_is_three_resistors_in_series(shape):
    """Ideal wires, uniform background, floating lines: the formula is exact."""
    g_on, g_off = 1e-3, 1e-5
    found = nm.read_margin((g_on, g_off), shape, 0.2)
    worst_off = 0.2 * (g_off + sneak_conductance(shape, g_on))
    worst_on = 0.2 * (g_on + sneak_conductance(shape, g_off))
    assert found.current_off == pytest.approx(worst_off, rel=1e-9)
    assert found.current_on == pytest.approx(worst_on, rel=1e-9)
    assert (found.background_on, found.background_off) == ("off", "on")
    assert found.ratio == pytest.approx(worst_off / worst_on, rel=1e-9)
    assert found.margin == pytest.approx(1 - worst_off / worst_on, rel=1e-9)


def test_the_margin_falls_with_the_size_and_is_lost():
    """Of n x n cells, for large n the sneak network is (n - 1) / 2 cells in parallel."""
    margins = [nm.read_margin((1e-3, 1e-5), (n, n), 0.2).margin for n in (2, 4, 8, 16, 64)]
    assert all(a > b for a, b in itertools.pairwise(margins))
    assert margins[0] > 0.6
    assert margins[-1] < 0
    assert sneak_conductance((1000, 1000), 1e-3) == pytest.approx(999 / 2 * 1e-3, rel=1e-3)
    assert sneak_conductance((1, 1000), 1e-3) == sneak_conductance((1000, 1000), 0.0) == 0.0


@pytest.mark.parametrize("kind", ["V/2", "V/3", "grounded"])
def test_lines_that_are_held_keep_the_margin_until_the_wires_take_it(kind):
    ideal = nm.read_margin((1e-3, 1e-5), (32, 32), 0.2, scheme=kind)
    # What half-selected cells of the bit line add is no matter of paths, but of the scheme.
    held = {"V/2": 0.5, "V/3": 1 / 3, "grounded": 0.0}[kind]
    assert ideal.current_on == pytest.approx(0.2 * (1e-3 + 31 * held * 1e-5), rel=1e-9)
    assert ideal.current_off == pytest.approx(0.2 * (1e-5 + 31 * held * 1e-3), rel=1e-9)
    real = nm.read_margin((1e-3, 1e-5), (32, 32), 0.2, scheme=kind, **WIRES)
    assert real.current_on < ideal.current_on


def test_with_wires_a_full_background_may_be_the_worst_for_a_cell_that_is_on():
    grounded = nm.read_margin((1e-3, 1e-5), (32, 32), 0.2, scheme="grounded", **WIRES)
    assert grounded.background_on == "on"
    assert 0.0 < grounded.margin < 1.0
    near = nm.read_margin((1e-3, 1e-5), (32, 32), 0.2, scheme="grounded", cell=(31, 0), **WIRES)
    assert near.current_on > grounded.current_on
    # The brute truth on a small array: over all backgrounds, none is worse than those that were looked at.
    shape, cell, scheme = (3, 3), (0, 2), nm.BiasScheme(kind="floating")
    found = nm.read_margin((1e-3, 1e-5), shape, 0.2, **WIRES)
    currents = {True: [], False: []}
    for bits in itertools.product((1e-3, 1e-5), repeat=8):
        for held in (True, False):
            g = np.insert(np.array(bits), 2, 1e-3 if held else 1e-5).reshape(shape)
            biased = scheme.applied_to(nm.Crossbar(g, **WIRES), cell, sense=True)
            currents[held].append(biased.solve(scheme.voltages_of(biased, cell, 0.2)).output_currents[0])
    assert found.current_on == pytest.approx(min(currents[True]), rel=1e-9)
    assert found.current_off == pytest.approx(max(currents[False]), rel=1e-9)


def test_cells_that_bend_keep_more_margin_than_straight_ones():
    """Sneak paths share the voltage among three cells, and a bent one carries less than a third at a third of it."""
    bent = nm.Yakopcic(b=20.0)
    bare = nm.read_margin((float(bent.current(0.4, 1.0)) / 0.4, 0.0), (8, 8), 0.4)
    assert bare.margin < 0
    real = nm.read_margin(bent, (8, 8), 0.4)
    assert real.margin > bare.margin + 0.5
    assert real.current_on == pytest.approx(float(bent.current(0.4, 1.0)), rel=1e-9)
    assert nm.read_margin(bent, (8, 8), -0.4).current_on == pytest.approx(-real.current_on, rel=1e-9)


@pytest.fixture(scope="module")
def written():
    """Ten pulses of 20 us on one cell of a dark array, over ideal wires."""
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.zeros((5, 4))))
    kwargs = {"width": 2e-5, "pulses": 10, "tolerance": 1e-7}
    return {kind: nm.half_select_disturbance(crossbar, (3, 1), 0.5, scheme=kind, **kwargs) for kind in ("V/2", "V/3")}


@pytest.mark.parametrize("kind", ["V/2", "V/3"])
def test_disturbance_over_ideal_wires_has_a_closed_form(written, kind):
    """Every device is alone: its state relaxes at the rates of its voltage and of rest, in turn."""
    found, model = written[kind], nm.MMS()
    share = {"V/2": (0.5, 0.0), "V/3": (1 / 3, -1 / 3)}[kind]
    volts = {"selected": 0.5, "word_line": 0.5 * share[0], "bit_line": 0.5 * share[0], "unselected": 0.5 * share[1]}

    def relaxed(x, v, t):
        up, down = (float(model.state_rate(v, at)) for at in (0.0, 1.0))
        return up / (up - down) + (x - up / (up - down)) * np.exp(-(up - down) * t)

    for group, v in volts.items():
        x, states = 0.0, [0.0]
        for _ in range(10):
            # 20 us from half height to half height; within the edges of 10 ns the state moves by about 1e-4.
            x = relaxed(relaxed(x, v, 2e-5), 0.0, 2e-5)
            states.append(x)
        shifts = found.largest_shift(group)
        assert shifts.shape == (11,)
        np.testing.assert_allclose(shifts, states, atol=2e-4)
    shifts = {group: found.largest_shift(group)[-1] for group in volts}
    assert shifts["selected"] > 0.7
    assert 0 < shifts["word_line"] < 0.6
    # The third of the voltage disturbs the half-selected less than the half does.
    if kind == "V/3":
        assert shifts["word_line"] < written["V/2"].largest_shift("word_line")[-1]


def test_wires_make_the_far_end_differ_and_groups_are_what_they_say():
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.full((6, 6), 0.2)), **(WIRES | {"r_word": 20.0, "r_bit": 20.0}))
    found = nm.half_select_disturbance(crossbar, (2, 5), 0.4, width=2e-5, pulses=2, scheme="V/2")
    ideal = nm.half_select_disturbance(nm.Crossbar(crossbar.devices), (2, 5), 0.4, width=2e-5, pulses=2)
    assert found.largest_shift("selected")[-1] < ideal.largest_shift("selected")[-1] - 0.01
    groups = found.groups
    assert sum(mask.astype(int) for mask in groups.values()).tolist() == np.ones((6, 6), dtype=int).tolist()
    assert {name: int(mask.sum()) for name, mask in groups.items()} == {
        "selected": 1,
        "word_line": 5,
        "bit_line": 5,
        "unselected": 25,
    }
    assert found.transient.crossbar.left == ("driven",) * 6
    assert found.transient.energy_balance < 1e-9
    with pytest.raises(ValueError, match="choices: selected, word_line, bit_line, unselected"):
        found.largest_shift("others")


def test_floating_lines_are_written_through_sneak_paths():
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.full((4, 4), 0.5)), **WIRES)
    found = nm.half_select_disturbance(crossbar, (0, 0), 0.6, width=2e-5, pulses=2, scheme="floating")
    assert found.transient.crossbar.left == ("driven", *["floating"] * 3)
    assert found.largest_shift("selected")[-1] > 0.1
    assert found.transient.energy_balance < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_schemes_of_one_line(kind):
    """A single cell has nothing around it."""
    found = nm.read_margin((1e-3, 1e-5), (1, 1), 0.2, scheme=kind)
    assert (found.current_on, found.current_off) == pytest.approx((2e-4, 2e-6))
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), [[0.0]]))
    alone = nm.half_select_disturbance(crossbar, (0, 0), 0.5, width=1e-5, pulses=1, scheme=kind)
    assert alone.largest_shift("selected")[-1] > 0.05
    assert not alone.largest_shift("word_line").any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nm.BiasScheme(kind="V/4"), r"kind must be one of V/2, V/3, grounded, floating, got 'V/4'"),
        (lambda: nm.BiasScheme().line_voltages((2, 2), (2, 0), 1.0), r"no cell \(2, 0\) in an array of 2 rows"),
        (
            lambda: nm.BiasScheme().line_voltages((2, 2), 1, 1.0),
            r"a cell is a row and a column, such as \(0, 1\), got 1",
        ),
        (
            lambda: nm.half_select_disturbance(
                nm.Crossbar(nm.DeviceArray(nm.MMS(), [[0.5]])), (0, 0), 1.0, width=1e-5, pulses=0
            ),
            "pulses must be a whole number of at least 1, got 0",
        ),
        (lambda: nm.read_margin((1e-3, -1e-5), (2, 2), 0.1), "at least 0 S, got -1e-05"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
