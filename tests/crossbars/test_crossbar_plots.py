"""Maps of arrays show what is there."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.plots.crossbars import plot_crossbar, plot_half_select, plot_map, plot_programming

VALUES = np.random.default_rng(0).uniform(1e-6, 1e-3, (5, 8))


def shown(ax):
    return np.ma.filled(ax.images[0].get_array().astype(float), np.nan)


def test_a_map_has_the_values_with_a_prefix_and_the_faults():
    faults = VALUES > 8e-4
    ax = plot_map(VALUES, "S", title="conductance", faults=faults)
    assert shown(ax) == pytest.approx(VALUES * 1e6)
    assert ax.figure.axes[1].get_ylabel() == "[uS]"
    assert len(ax.collections[-1].get_offsets()) == faults.sum()
    assert ax.get_title() == f"conductance (x: {faults.sum()} faults)"


def test_what_has_no_logarithm_is_left_white():
    ax = plot_map([[1e-3, 0.0, 1e-6]], "S", logarithmic=True)
    assert np.isnan(shown(ax)).tolist() == [[False, True, False]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"values": [1.0, 2.0]}, r"a value for every device, shape \(m, n\), got shape \(2,\)"),
        ({"values": VALUES, "faults": [[True]]}, "faults must have the map's shape"),
    ],
)
def test_what_is_no_map_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        plot_map(**given)


def test_a_page_shows_devices_without_a_voltage_too():
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.full((4, 3), 0.3)), r_word=1.0, r_bit=1.0)
    solution = crossbar.solve([[0.0, 0.1, 0.0, 0.0], [0.1, 0.2, -0.1, 0.0]])
    for vector in (0, 1):
        figure = plot_crossbar(solution, vector=vector)
        maps = [ax for ax in figure.axes if ax.images]
        factor = 1e3  # mS
        assert shown(maps[0]) == pytest.approx(crossbar.conductances * factor)
        voltages = solution.device_voltages[vector]
        assert np.argmax(shown(maps[1])) == np.argmax(voltages)
    with pytest.raises(ValueError, match="there is no vector 2: the solution has 2"):
        plot_crossbar(solution, vector=2)


def test_conductances_of_bent_devices_are_those_at_their_voltage():
    devices = nm.DeviceArray(nm.GMMS(), np.full((2, 2), 0.5))
    solution = nm.Crossbar(devices).solve([0.1, 0.3])
    expected = devices.conductances(solution.device_voltages)
    assert expected[0, 0] != pytest.approx(expected[1, 0], rel=1e-3)
    assert np.nanargmax(shown(plot_crossbar(solution).axes[0])) == np.argmax(expected)


def test_half_select_marks_the_cell_and_says_who_did_not_move():
    crossbar = nm.Crossbar(nm.DeviceArray(nm.VTEAM(), np.zeros((4, 4))))
    found = nm.half_select_disturbance(crossbar, (1, 2), 0.3, width=1e-3, pulses=2, scheme="V/2")
    left, right = plot_half_select(found).axes[:2]
    assert np.isnan(shown(left)[1, 2])
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels == ["selected", "word line (no shift)", "bit line (no shift)", "unselected (no shift)"]


def test_programming_shows_each_step_that_changed_a_device():
    array = nm.WeightMapping(w_max=1.0).program(np.linspace(-1, 1, 12).reshape(4, 3), seed=1)
    array = array.after(nm.WriteNoise(relative=0.02), nm.StuckDevices(p_on=0.3), nm.GainTrim())
    titles = [ax.get_title() for ax in plot_programming(array).axes if ax.images]
    assert titles[0] == "target"
    assert titles[1].startswith("write noise")
    assert titles[2].startswith("stuck devices")
    assert titles[3].startswith("now (x:")
    assert len(titles) == 4
