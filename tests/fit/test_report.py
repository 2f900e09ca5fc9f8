"""What a fit leaves behind: summary, JSON, cards that read back, the run in ngspice, the page, the ranking, predictions."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.fit.prediction import foretold_error


def test_summary_says_what_matters(joint_fit):
    text = joint_fit.summary()
    for word in ("NRMSE", "resistor", "independent", "95 % interval", "least determined", "AIC", "BIC", "r_on", "1.2"):
        assert word in text, text


def test_json_holds_numbers_only(joint_fit):
    content = json.loads(json.dumps(joint_fit.to_dict(), allow_nan=False))
    assert content["model"] == "MMS"
    assert [r["frequency"] for r in content["records"]] == [1.0, 10.0, 1000.0]
    assert content["parameters"]["tau"]["interval"][0] < 3e-4 < content["parameters"]["tau"]["interval"][1]
    assert np.array(content["correlation"]["matrix"]).shape == (5, 5)
    assert content["information"]["n_effective"] <= 600


def test_cards_read_back(joint_fit, tmp_path):
    joint_fit.to_toml(tmp_path / "device.toml")
    assert nm.load_card(tmp_path / "device.toml") == joint_fit.model
    text = joint_fit.to_spice(tmp_path / "device.lib")
    assert (tmp_path / "device.lib").read_text() == text
    (line,) = re.findall(r"^\.subckt mms p n x params: (.*)$", text, re.MULTILINE)
    assert dict(pair.split("=") for pair in line.split())["tau"] == repr(joint_fit.model.tau)


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_card_of_a_model_with_choices_reads_back(bench, tmp_path):
    device = nm.GMMS(schottky="pinched")
    fit = nm.fit_memristor(bench[1], device, starts=1, fixed=["alpha_f", "alpha_r", "beta_f", "beta_r"])
    fit.to_toml(tmp_path / "device.toml")
    assert nm.load_card(tmp_path / "device.toml") == fit.model


@pytest.mark.parametrize("record", [0, 2])
def test_the_fitted_device_runs_in_ngspice_as_in_the_fit(joint_fit, record, tmp_path):
    check = joint_fit.verify(record)
    assert check.disagreement < 2e-3
    assert check.nrmse < 0.005
    assert check.engine.startswith("ngspice")
    check.plot(tmp_path / "check.png")
    assert (tmp_path / "check.png").stat().st_size > 1000


def test_ngspice_would_notice_another_device(joint_fit):
    """Negative: the same check of a device whose time constant is doubled."""
    import dataclasses

    wrong = joint_fit.theta.copy()
    wrong[joint_fit.problem.free_names.index("tau")] += np.log(2.0)
    check = dataclasses.replace(joint_fit, theta=wrong).verify(2)
    measured = joint_fit.problem.records[2]
    fitted = joint_fit.response(2)["current"]
    assert np.max(np.abs(check.spice - fitted)) > 0.01 * measured.span


def test_pictures(joint_fit, tmp_path):
    figure = joint_fit.plot(tmp_path / "fit.svg")
    assert len(figure.axes) == 3 * 3 + 3
    assert (tmp_path / "fit.svg").read_text().lstrip().startswith("<?xml")


def test_left_out_records_are_foretold(joint_fit):
    prediction = joint_fit.leave_one_out("frequency")
    assert prediction.groups == ("1 Hz", "10 Hz", "1000 Hz")
    # A true model foretells to the noise.
    assert prediction.nrmse.max() < 0.006
    assert prediction.null_nrmse.min() > 0.1
    assert "foretold" in prediction.summary()
    assert prediction.to_dict()["mean_nrmse"] == prediction.mean


def test_prediction_is_no_fit(joint_fit):
    """Negative: a record of another device is not foretold."""
    other = nm.synthetic_measurement(joint_fit.model.replace(v_on=0.25, tau=1e-3), 0.8, 10.0, 5e3)
    from neuromorph.fit.response import RecordSimulator

    assert foretold_error(joint_fit, RecordSimulator(joint_fit.model, other)) > 0.03


def test_one_record_cannot_be_left_out(bench):
    fit = nm.fit_memristor(bench[1], "mms", starts=1)
    with pytest.raises(nm.MeasurementError, match="one record alone cannot be left out"):
        fit.leave_one_out()
    with pytest.raises(ValueError, match="by must be one of record, frequency"):
        fit.leave_one_out("colour")


def test_settings_of_single_records_follow_them_when_one_is_left_out(bench):
    fit = nm.fit_memristor(bench, "mms", per_record=("tau",), fixed={"tau__2": 3e-4}, starts=1)
    prediction = fit.leave_one_out("record")
    assert prediction.fits[0].parameters["tau__1"].value == 3e-4
    assert not prediction.fits[0].parameters["tau__1"].vary
    assert prediction.fits[2].parameters["tau__1"].vary


@pytest.mark.filterwarnings("ignore::neuromorph.BoundWarning")
def test_models_are_ranked_by_what_they_foretell(bench):
    ranking = nm.compare_memristor_models(bench, ["linear-ion-drift", "mms"], starts=2)
    assert [row.model for row in ranking.rows] == ["mms", "linear-ion-drift"]
    assert ranking.rows[0].foretold < 0.006 < ranking.rows[1].foretold
    assert ranking.rows[0].bic < ranking.rows[1].bic
    assert "left out by frequency" in ranking.summary()


@pytest.mark.slow
def test_page_stands_by_itself(joint_fit, tmp_path):
    page = joint_fit.report(tmp_path / "out")
    assert page == tmp_path / "out" / "index.html"
    text = page.read_text()
    assert text.count("data:image/png;base64,") >= 4
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    for heading in ("Records", "Parameters", "Profile likelihood", "Prediction", "In SPICE", "Cleaning"):
        assert f"<h2>{heading}</h2>" in text
    content = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert {p["name"] for p in content["profiles"]} == {"r_on", "r_off", "v_on", "v_off", "tau"}
    assert content["verification"]["disagreement"] < 2e-3
    assert content["prediction"]["by"] == "frequency"
    assert nm.load_card(tmp_path / "out" / "mms.toml") == joint_fit.model


def test_names_of_records_are_text_on_the_page(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "/nowhere/ngspice")
    fit = nm.fit_memristor(
        bench[1].replace(name="<script>alert(1)</script>"), "mms", starts=1, fixed=["temperature", "v_on", "v_off", "r_off"],
    )  # fmt: skip
    text = fit.report(tmp_path / "out").read_text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "ngspice is not installed" in text
