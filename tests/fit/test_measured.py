"""Measured memristors: how well each model fits them, and foretells what was left out."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

import neuromorph as nm

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")]

KNOWM, TRIANGLE = "knowm_sdc", "sdc_triangle"
SECONDS = {"mms": 1.0, "gmms": 2.0}
"""Processor time that the fit of one record may take [s]."""


def load(folder, pattern, **options):
    files = [path for path in sorted(folder.glob(pattern)) if not path.stem.endswith("_drive")]
    assert files, f"no record {pattern} in {folder}"
    return [nm.load_measurement(path, **options) for path in files]


def fitted(records, model, seconds):
    """The fit, and the shortest processor time of it [s]; made again while that is too long, as other load only ever adds."""
    shortest = math.inf
    for _ in range(3):
        start = time.process_time()
        fit = nm.fit_memristor(records, model)
        shortest = min(shortest, time.process_time() - start)
        if shortest <= seconds:
            break
    return fit, shortest


@pytest.fixture(scope="module")
def single(real_records):
    """NRMSE and processor time [s] of each 0.8 V record fitted by itself, per model, kernels warm."""
    records = load(real_records / KNOWM, "*_0.8V_*.csv")
    found = {}
    for model, seconds in SECONDS.items():
        nm.fit_memristor(records[0], model, starts=1)
        rows = []
        for record in records:
            fit, took = fitted(record, model, seconds)
            rows.append((float(fit.nrmse[0]), took))
        found[model] = np.array(rows)
    return found


@pytest.mark.parametrize(("model", "median", "most"), [("mms", 0.016, 0.021), ("gmms", 0.012, 0.017)])
def test_one_record_at_800_millivolts(single, model, median, most):
    assert np.median(single[model][:, 0]) <= median
    assert single[model][:, 0].max() <= most


@pytest.mark.parametrize(("model", "seconds"), SECONDS.items())
def test_one_record_takes_no_longer_than(single, model, seconds):
    assert np.median(single[model][:, 1]) <= seconds


def test_records_at_300_millivolts(real_records):
    for record in load(real_records / KNOWM, "5k_0.3V_*.csv"):
        assert nm.fit_memristor(record, "mms").nrmse[0] <= 0.03


@pytest.mark.parametrize(
    ("device", "model", "most", "seconds"),
    [("M1", "mms", 0.029, 3.0), ("M2", "mms", 0.045, 3.0), ("M1", "gmms", 0.025, 10.0), ("M2", "gmms", 0.028, 10.0)],
)
def test_joint_fit_of_three_frequencies(real_records, device, model, most, seconds):
    records = load(real_records / KNOWM, f"5k_0.8V_*Hz_{device}.csv")
    assert len(records) == 3
    nm.fit_memristor(records, model, starts=1)
    fit, took = fitted(records, model, seconds)
    assert fit.nrmse.mean() <= most
    assert took <= seconds


def test_joint_fit_of_two_resistors(real_records):
    records = load(real_records / KNOWM, "*k_0.8V_*Hz_M1.csv")
    nm.fit_memristor(records, "gmms", starts=1)
    fit, took = fitted(records, "gmms", 15.0)
    assert fit.nrmse.mean() <= 0.033
    assert took <= 15.0
    # The stray capacitance is there: the records' notes say 0.15 to 0.3 nF.
    assert 0.02e-9 < fit.parameters["parasitic_capacitance"].value < 0.6e-9


def test_each_oscilloscope_record(real_records):
    """Raw files: twenty periods, offsets of millivolts; the fit averages and takes them off."""
    for record in load(real_records / TRIANGLE, "tri_*.csv", series_resistor=100e3):
        fit = nm.fit_memristor(record, "gmms")
        assert fit.nrmse[0] <= 0.004, record.name
        assert any("averaged 20 cycles" in step for step in fit.measurements[0].cleaning)


@pytest.mark.parametrize(("pattern", "device"), [("5k", "M1"), ("5k", "M2"), ("*k", "M1"), ("*k", "M2")])
def test_a_frequency_that_was_left_out_is_foretold(real_records, pattern, device):
    records = load(real_records / KNOWM, f"{pattern}_0.8V_*Hz_{device}.csv")
    prediction = nm.fit_memristor(records, "gmms").leave_one_out("frequency")
    assert prediction.mean <= 0.055
    assert np.all(prediction.nrmse < prediction.null_nrmse)


def test_noise_and_another_phase_change_little(real_records):
    """The same calls on records that differ: rolled, jittered by 0.2 %, thinned."""
    (record,) = load(real_records / KNOWM, "5k_0.8V_10Hz_M1.csv")
    rng = np.random.default_rng(0)
    base = nm.fit_memristor(record, "mms")
    rolled = record.replace(
        **{name: np.roll(getattr(record, name), 77) for name in ("voltage", "current", "drive")}, name="rolled"
    )
    noise = 0.002 * np.ptp(record.current) * rng.standard_normal(200)
    jittered = record.replace(
        current=record.current + noise, voltage=record.voltage - record.series_resistor * noise, name="jittered"
    )
    thinned = record.replace(
        **{name: getattr(record, name)[::2] for name in ("time", "voltage", "current", "drive")}, name="thinned"
    )
    for other, limit in ((rolled, 1e-3), (jittered, 0.1), (thinned, 0.25)):
        fit = nm.fit_memristor(other, "mms")
        for name in ("r_on", "r_off", "v_on", "v_off"):
            assert fit.parameters[name].value == pytest.approx(base.parameters[name].value, rel=limit), (
                other.name,
                name,
            )


def test_fitted_device_in_ngspice_agrees_with_the_fit(real_records):
    records = load(real_records / KNOWM, "5k_0.8V_10Hz_M1.csv")
    check = nm.fit_memristor(records, "gmms").verify(0)
    assert check.disagreement < 5e-3
    assert check.nrmse < 0.012
