"""Sweeps against numbers known otherwise: closed forms, scaling laws, the prototype's f-I table."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm

# Spikes in the first on-phase, then steady, at 22 nF with an instant reset, by the prototype.
F_I = {0.4e-3: (0, 0), 0.6e-3: (2, 0), 0.8e-3: (9, 1), 1e-3: (15, 9), 1.5e-3: (28, 19), 2e-3: (41, 29)}


def test_f_i_curve_of_the_published_neuron():
    curve = nm.f_i_curve(
        nm.MemristiveALIF(r_switch=None), list(F_I), measure=["count_first", "count_steady", "energy_imbalance"]
    )
    assert curve.shape == (len(F_I),)
    assert curve.values("count_first").tolist() == [first for first, _ in F_I.values()]
    assert curve.values("count_steady").tolist() == [steady for _, steady in F_I.values()]
    assert curve.values("energy_imbalance").max() < 1e-3


def test_f_i_curve_in_spice():
    """A spike on the edge of a phase may be counted or not: one more or less."""
    amplitudes = [0.4e-3, 0.8e-3, 1.5e-3]
    curve = nm.f_i_curve(
        nm.MemristiveALIF(r_switch=None),
        amplitudes,
        t_stop=1e-3,
        measure=["count_first", "energy_imbalance"],
        engine="ngspice",
        workers=1,
    )
    assert np.abs(curve.values("count_first") - [F_I[a][0] for a in amplitudes]).max() <= 1
    assert curve.values("energy_imbalance").max() < 1e-3


def test_lif_against_its_closed_form_over_a_grid():
    resistances, currents = [8e3, 10e3, 15e3], [0.15e-3, 0.2e-3, 0.4e-3, 0.05e-3]
    result = nm.sweep(
        nm.LIF(), {"r_leak": resistances, "drive.value": currents}, t_stop=20e-3, measure="isi_steady", workers=1
    )
    expected = [[nm.LIF(r_leak=r).interval(i) for i in currents] for r in resistances]
    assert result.shape == (3, 4)
    found = result.values()
    assert np.isnan(found[:, 3]).all()  # below the rheobase
    assert found[:, :3] == pytest.approx(np.array(expected)[:, :3], rel=1e-9)


def test_capacitance_scales_time():
    """Everything, the memristor included, is twice as slow: every interval doubles."""
    neuron = nm.MemristiveALIF(r_switch=None)
    tau = neuron.memristor.tau
    result = nm.sweep(
        neuron,
        {"capacitance": [11e-9, 22e-9], "memristor.tau": [tau / 2, tau], "t_stop": [0.5e-3, 1e-3]},
        drive=nm.Constant(value=1e-3),
        mode="zip",
        measure=["isi_first", "isi_last", "spike_count"],
        workers=1,
    )
    assert result.shape == (2,)
    for measure in ("isi_first", "isi_last"):
        half, whole = result.values(measure)
        assert whole == pytest.approx(2 * half, rel=1e-7)
    assert np.ptp(result.values("spike_count")) == 0


def test_ten_nanofarad():
    """The prototype's numbers: 35 spikes in the first on-phase, intervals from 8.26 us to 24.14 us."""
    result = nm.sweep(
        nm.MemristiveALIF(r_switch=None),
        {"capacitance": [10e-9, 22e-9]},
        measure=["count_first", "isi_first", "isi_steady"],
        workers=1,
    )
    assert result.values("count_first").tolist() == [35, 15]
    assert result.values("isi_first")[0] * 1e6 == pytest.approx(8.26, abs=0.01)
    assert result.values("isi_steady")[0] * 1e6 == pytest.approx(24.14, abs=0.02)


def test_threshold_of_a_lif_goes_with_its_leak():
    result = nm.sweep(nm.LIF(), {"r_leak": [5e3, 10e3, 20e3]}, t_stop=1.0, measure="threshold", dt=1e-4, workers=1)
    assert result.values() == pytest.approx(1.0 / np.array([5e3, 10e3, 20e3]), rel=2e-3)
    assert result.units["threshold"] == "A"


def test_fidelity_and_engine_are_axes_of_words():
    result = nm.sweep(
        nm.MemristiveALIF(),
        {"engine": ["rk4", "ngspice"], "fidelity": ["ideal", "macromodel"]},
        t_stop=0.2e-3,
        measure="isi_first",
        workers=1,
    )
    intervals = result.values()
    assert intervals[0] == pytest.approx(intervals[1], rel=1e-2)  # the roads agree
    assert (intervals[:, 1] > 1.005 * intervals[:, 0]).all()  # hardware is later than ideal
