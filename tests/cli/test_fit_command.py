"""``neuromorph fit`` as a user types it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import neuromorph as nm
from neuromorph.cli.app import app

DEVICE = nm.MMS(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4)


@pytest.fixture
def run():
    runner = CliRunner()

    def invoke(*arguments):
        return runner.invoke(app, [str(a) for a in arguments])

    return invoke


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    paths = []
    for k, f in enumerate((1, 10, 1000)):
        record = nm.synthetic_measurement(DEVICE, 0.8, float(f), 5e3, noise=0.002, seed=k)
        path = folder / f"5k_0.8V_{f}Hz_S1.csv"
        np.savetxt(path, np.column_stack([record.drive - 5e3 * record.current, 1e6 * record.current]), delimiter=",")
        paths.append(path)
    return paths


def test_joint_fit_with_cards_and_json(run, files, tmp_path):
    result = run(
        "fit", *files, "--model", "mms", "--series-resistor", "5k", "--joint", "--starts", 3,
        "--json", tmp_path / "fit.json", "--spice", tmp_path / "d.lib", "--card", tmp_path / "d.toml", "--plot", tmp_path / "d.png",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "MMS: 3 records fitted" in result.stdout
    content = json.loads((tmp_path / "fit.json").read_text())
    assert content["parameters"]["tau"]["value"] == pytest.approx(3e-4, rel=0.02)
    assert nm.load_card(tmp_path / "d.toml").tau == content["parameters"]["tau"]["value"]
    assert ".subckt mms p n x" in (tmp_path / "d.lib").read_text()
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_report_and_ranking(run, files, tmp_path):
    result = run(
        "fit", *files, "--compare", "mms,linear-ion-drift", "--starts", 2, "--report", tmp_path / "out", "--json", "-"
    )
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert [row["model"] for row in content["comparison"]["ranking"]] == ["mms", "linear_ion_drift"]
    assert "Other models" in (tmp_path / "out" / "index.html").read_text()


def test_options_reach_the_fit(run, files):
    result = run(
        "fit", files[1], "--fix", "v_on=310mV", "--tie", "v_off=v_on - 0.18", "--bound", "tau=10us:10ms", "--free", "temperature",
        "--per-record", "current_offset", "--loss", "soft_l1", "--seed", 3, "--starts", 1, "--parasitic-capacitance", "0pF", "--json", "-",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    parameters = json.loads(result.stdout)["parameters"]
    assert parameters["v_on"]["value"] == 0.31
    assert parameters["v_off"]["value"] == pytest.approx(0.13)
    assert parameters["temperature"]["fitted"]
    assert "current_offset__0" in parameters
    assert 1e-5 <= parameters["tau"]["value"] <= 1e-2


def test_separate_fits(run, files):
    result = run("fit", *files[:2], "--separate", "--starts", 1, "--json", "-")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["fits"]) == 2


def test_a_card_or_a_form_names_the_model(run, files, tmp_path):
    run("fit", files[1], "--starts", 1, "--card", tmp_path / "first.toml")
    result = run("fit", files[2], "--model", tmp_path / "first.toml", "--starts", 1, "--json", "-")
    assert result.exit_code == 0, result.output
    result = run("fit", files[1], "--model", "gmms-pinched", "--starts", 1, "--json", "-")
    assert json.loads(result.stdout)["choices"] == {"schottky": "pinched"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "mss"], "no memristor model 'mss'; choices: mms, gmms"),
        (["--model", "gmms-square"], "GMMS has the forms published, pinched"),
        (["--fix", "v_on"], "cannot read --fix 'v_on': write name=value"),
        (["--fix", "v_onn=1"], "no parameter 'v_onn'; did you mean 'v_on'?"),
        (["--bound", "tau=1us"], "write name=low:high"),
        (["--series-resistor", "5kF"], "cannot read '5kF'"),
        (["--loss", "l1"], "loss must be one of linear"),
        (["--report", "/nowhere/out"], "--report /nowhere/out: the folder /nowhere does not exist"),
        (["--plot", "fit.doc"], "cannot write a picture as 'fit.doc'"),
        (["--card", "fit.json"], "--card fit.json: cards are written as TOML"),
        (["--spice", "/nowhere/d.lib"], "--spice /nowhere/d.lib: the folder /nowhere does not exist"),
        (["--model", "none.toml"], "--model none.toml: there is no such card"),
        (["--frequency", "0"], "--frequency 0: the name of"),
        (["--frequency", "1kHz"], "says 10 Hz; leave the option out, or rename the file"),
        (["--seed", "-1"], "seed must be a whole number of at least 0"),
        (["--unit", "current"], "cannot read --unit 'current': write column=unit"),
        (
            ["--unit", "current=mA"],
            "is the current in uA, not in mA? Give units={'current': 'uA'} (here: --unit current=mA)",
        ),
        (["--columns", "current,voltage"], "are the columns swapped?"),
        (["--columns", "voltage,amps"], "columns name 'amps'; choices: time, voltage, current"),
        (["--fix", "tau__1=1ms"], "fixed names 'tau__1', but all records share tau; give per_record=('tau',)"),
        (["--fix", "tau__1=1ms", "--per-record", "tau"], "fixed names 'tau__1'; the 1 records count from __0 to __0"),
        (["--fix", "tau=1ms", "--bound", "tau=1us:1s"], "tau is to be fixed at 0.001 and has bounds"),
        (["--fix", "tau=1ms", "--free", "tau"], "tau is to be fixed and free"),
        (["--fix", "v_on=0.3", "--tie", "v_on=v_off"], "v_on is to be fixed at 0.3 and tied to 'v_off'"),
        (["--bound", "tau=-2:-1"], "bounds of 'tau' must reach above zero"),
    ],
)
def test_mistakes_end_with_status_2_and_say_what_to_write(run, files, arguments, message):
    result = run("fit", files[1], *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_files_that_are_no_records_end_with_status_2(run, tmp_path):
    assert run("fit", tmp_path / "none.csv").exit_code == 2
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    result = run("fit", empty)
    assert result.exit_code == 2
    assert "empty.csv" in result.stderr


def test_two_identical_files_end_with_status_2(run, files, tmp_path):
    copy = tmp_path / "5k_0.8V_10Hz_S2.csv"
    copy.write_bytes(files[1].read_bytes())
    result = run("fit", files[1], copy)
    assert result.exit_code == 2
    assert "hold the same numbers" in result.stderr


def test_drives_among_the_files_are_found_by_their_records(run, files, tmp_path):
    """A pattern such as *.csv matches them too."""
    record = nm.load_measurement(files[1])
    path = tmp_path / files[1].name
    path.write_bytes(files[1].read_bytes())
    drive = path.with_stem(f"{path.stem}_drive")
    np.savetxt(drive, np.column_stack([record.source_voltage, 1e6 * record.current]), delimiter=",")
    result = run("fit", path, drive, "--starts", 1, "--json", "-")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["records"]) == 1
    result = run("fit", drive)
    assert result.exit_code == 2
    assert "is the record of a drive: load 5k_0.8V_10Hz_S1.csv" in result.stderr


def test_columns_and_units_are_told_by_options(run, files, tmp_path):
    voltage, current = np.loadtxt(files[1], delimiter=",").T
    path = tmp_path / "sweep.csv"
    np.savetxt(path, np.column_stack([np.arange(200), 1e-3 * current, voltage]), delimiter=",")
    arguments = ["--columns", "-,current,voltage", "--unit", "current=mA", "--unit", "voltage=V", "--frequency", "10Hz"]
    result = run("fit", path, *arguments, "--series-resistor", "5k", "--starts", 1, "--json", "-")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["records"][0]["nrmse"] < 0.01
    result = run("fit", path, "--frequency", "10Hz")
    assert result.exit_code == 2
    assert "has 3 columns without names" in result.stderr
    assert "(here: --columns current,voltage, --unit current=mA)" in result.stderr


def test_a_device_that_was_connected_the_other_way_round_is_noticed(run, files, tmp_path):
    path = tmp_path / files[1].name
    np.savetxt(path, -np.loadtxt(files[1], delimiter=","), delimiter=",")
    result = run("fit", path, "--starts", 1)
    assert result.exit_code == 0, result.output
    assert "warning: 5k_0.8V_10Hz_S1: the device turns on under a negative voltage" in result.stderr
    assert "doubt: 5k_0.8V_10Hz_S1: hardly better than a resistor" in result.stdout
