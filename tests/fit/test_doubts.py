"""Doubts: loops that run the other way round, fits that are no better than a resistor."""

from __future__ import annotations

import pytest

import neuromorph as nm


def test_a_good_fit_is_not_doubted(joint_fit):
    assert joint_fit.doubts == ()
    assert "doubt" not in joint_fit.summary()


# What no model can describe ends at a bound, too, and which bound that is does not matter here.
@pytest.mark.filterwarnings("ignore::neuromorph.fit.BoundWarning")
def test_a_loop_that_runs_backwards_is_said(bench):
    record = bench[1]
    turned = record.replace(voltage=-record.voltage, current=-record.current, drive=-record.drive, name="turned")
    with pytest.warns(UserWarning, match="turned: the device turns on under a negative voltage"):
        fit = nm.fit_memristor(turned, "mms")
    resistor, sense = fit.doubts
    assert resistor.startswith("turned: hardly better than a resistor (NRMSE 0.")
    assert "change the sign of voltage, current and drive" in sense
    assert fit.to_dict()["doubts"] == [resistor, sense]
    assert "doubt: turned: hardly better" in fit.summary()


def test_values_of_the_fitted_device_are_plain_numbers(joint_fit):
    assert all(type(getattr(joint_fit.model, name)) is float for name in joint_fit.model.values())
    assert "np.float64" not in repr(joint_fit.model)


def test_no_measured_record_runs_backwards(real_records):
    """Positive voltages turn these devices on, as their notes say; small triangles show next to no loop."""
    from neuromorph.fit.doubts import runs_backwards
    from neuromorph.fit.setup import records_of

    paths = [p for p in sorted((real_records / "knowm_sdc").glob("*.csv")) if not p.stem.endswith("_drive")]
    records = [nm.load_measurement(path) for path in paths]
    records += [
        nm.load_measurement(p, series_resistor=1e5) for p in sorted((real_records / "sdc_triangle").glob("*.csv"))
    ]
    found = [r.name for r in records_of(records, nm.MMS(), "source", None) if runs_backwards(r)]
    assert found == []


def test_a_current_without_a_voltage_is_said(bench):
    """Barriers that differ carry a current at zero voltage in the published form of GMMS, in the pinched one none."""
    unlike = {"alpha_f": 1e-6, "alpha_r": 9e-6, "beta_f": 4.0, "beta_r": 2.0}
    published = nm.fit_memristor(bench, "gmms", fixed=unlike, starts=1)
    assert "the fitted device carries -1.6 uA without a voltage" in published.doubts[-1]
    pinched = nm.fit_memristor(bench, nm.GMMS(schottky="pinched"), fixed=unlike, starts=1)
    assert not any("without a voltage" in doubt for doubt in pinched.doubts)
