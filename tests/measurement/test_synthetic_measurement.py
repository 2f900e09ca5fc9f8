"""Synthetic records: the circuit they claim, the periodic state, noise from a seed, and the files the script makes."""

from __future__ import annotations

import runpy

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm


def test_resistor_and_device_in_series():
    """The drive is a sine; voltage and current belong to it at every sample."""
    record = nm.synthetic_measurement(nm.GMMS(), 0.6, 50.0, 2e3, samples=100, phase=0.25)
    np.testing.assert_allclose(record.drive, 0.6 * np.cos(2 * np.pi * np.arange(100) / 100), atol=1e-14)
    np.testing.assert_allclose(record.voltage + 2e3 * record.current, record.drive, atol=1e-13)


def test_periodic_state_against_a_long_run():
    """MMS written out in numpy, 60 periods from x = 0: the last one is the record."""
    model = nm.MMS(tau=5e-3)
    record = nm.synthetic_measurement(model, 0.8, 100.0, 1e3)
    v_t = 1.380649e-23 * 298.5 / 1.602176634e-19

    def device_voltage(t, x):
        resistance = 1 / (x / 500 + (1 - x) / 1500)
        return 0.8 * np.sin(2 * np.pi * 100.0 * t) * resistance / (resistance + 1e3)

    def rate(t, x):
        v = device_voltage(t, x[0])
        return [((1 - x[0]) / (1 + np.exp(-(v - 0.27) / v_t)) - x[0] / (1 + np.exp((v + 0.27) / v_t))) / 5e-3]

    run = solve_ivp(
        rate, (0, 0.6), [0.0], method="LSODA", rtol=1e-10, atol=1e-12, max_step=1e-4, t_eval=0.59 + record.time
    )
    np.testing.assert_allclose(record.voltage, device_voltage(run.t, run.y[0]), atol=1e-7)


def test_noise_and_seed():
    quiet = nm.synthetic_measurement(nm.MMS(), 0.8, 100.0, 1e3)
    noisy = nm.synthetic_measurement(nm.MMS(), 0.8, 100.0, 1e3, 0.003, 5)
    again = nm.synthetic_measurement(nm.MMS(), 0.8, 100.0, 1e3, 0.003, 5)
    np.testing.assert_array_equal(noisy.current, again.current)
    assert not np.array_equal(noisy.current, nm.synthetic_measurement(nm.MMS(), 0.8, 100.0, 1e3, 0.003, 6).current)
    for column in ("voltage", "current"):
        clean = getattr(quiet, column)
        assert np.std(getattr(noisy, column) - clean) / np.ptp(clean) == pytest.approx(0.003, rel=0.2)


@pytest.mark.parametrize(
    "model",
    [
        nm.VTEAM(r_on=5e3, r_off=5e4, k_on=1e3, k_off=1e3),
        nm.Yakopcic(a1=1e-2, a2=1e-2),
        nm.LinearIonDrift(window="biolek"),
        nm.LinearIonDrift(window="joglekar"),
    ],
    ids=lambda model: model.subcircuit_name,
)
def test_other_models(model):
    record = nm.synthetic_measurement(model, 0.8, 10.0, 5e3, shape="triangle")
    assert np.abs(np.diff(record.drive, n=2)).max() < 0.04
    np.testing.assert_allclose(record.voltage + 5e3 * record.current, record.drive, atol=1e-13)


def test_no_such_shape():
    with pytest.raises(ValueError, match="no drive of the shape 'square'; choices: sine, triangle"):
        nm.synthetic_measurement(nm.MMS(), 0.8, 10.0, 5e3, shape="square")


def test_the_script_makes_files_that_load_and_agree(root, tmp_path):
    """Three formats of the same device: after cleaning, the same loop, to the noise that was put in."""
    script = runpy.run_path(str(root / "scripts" / "synthetic_measurement.py"))
    script["make"](tmp_path, noise=0.001)
    for frequency in (1, 10, 1000):
        stem = f"5k_0.8V_{frequency}Hz_S1"
        plain = nm.load_measurement(tmp_path / f"{stem}.csv").align_phase()
        named = nm.load_measurement(tmp_path / f"named_{stem}.csv").align_phase()
        scope = nm.load_measurement(tmp_path / f"scope_{stem}.csv").average_cycles().remove_offsets().align_phase()
        assert {r.frequency for r in (plain, named, scope)} == {float(frequency)}
        assert {r.series_resistor for r in (plain, named, scope)} == {5e3}
        np.testing.assert_allclose(named.current, plain.current, atol=1e-12)
        rest = np.std(scope.current - plain.current) / np.ptp(plain.current)
        assert rest < 0.004
