"""The command ``sweep``: ranges as typed, tables and pictures, errors and their exit status."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import neuromorph as nm
from neuromorph.cli.app import app
from neuromorph.cli.sweep import values_of

UNITS = {"capacitance": "F", "drive.amplitude": "A", "memristor.tau": "s", "duty": "", "fidelity": "", "x": None}


@pytest.fixture
def run():
    runner = CliRunner()

    def invoke(*arguments):
        return runner.invoke(app, ["sweep", *map(str, arguments)])

    return invoke


@pytest.mark.parametrize(
    ("name", "text", "full", "values"),
    [
        ("capacitance", "2nF:50nF:lin3", "capacitance", [2e-9, 26e-9, 50e-9]),
        ("capacitance", "1nF:100nF:log3", "capacitance", [1e-9, 1e-8, 1e-7]),
        ("capacitance", "100n:1n:log3", "capacitance", [1e-7, 1e-8, 1e-9]),
        ("drive.amplitude", "-1mA:1mA:lin3", "drive.amplitude", [-1e-3, 0.0, 1e-3]),
        ("capacitance", "1nF, 2n,3e-9", "capacitance", [1e-9, 2e-9, 3e-9]),
        ("tau", "0.1ms", "memristor.tau", [1e-4]),
        ("duty", "20%:0.4:lin2", "duty", [0.2, 0.4]),
        ("fidelity", "ideal, macromodel", "fidelity", ["ideal", "macromodel"]),
        ("x", "1kohm,2nF,3", "x", [1e3, 2e-9, 3.0]),
        ("capacitance", "normal(5%)", "capacitance", nm.Normal(relative=0.05)),
        ("capacitance", "lognormal(0.2)", "capacitance", nm.LogNormal(relative=0.2)),
        ("capacitance", "uniform(5%)", "capacitance", nm.Uniform(relative=0.05)),
    ],
)
def test_ranges_as_typed(name, text, full, values):
    assert values_of({name: text}, UNITS) == {full: values}


@given(st.floats(1e-12, 1e12), st.floats(1.1, 1e6), st.integers(2, 40), st.sampled_from(["lin", "log"]))
def test_a_range_starts_and_ends_where_it_says(low, factor, count, kind):
    (values,) = values_of({"duty": f"{low!r}:{low * factor!r}:{kind}{count}"}, UNITS).values()
    assert len(values) == count
    assert values[0] == pytest.approx(low, rel=1e-11)
    assert values[-1] == pytest.approx(low * factor, rel=1e-11)
    assert values == sorted(values)
    gaps = [math.log(b / a) if kind == "log" else b - a for a, b in itertools.pairwise(values)]
    assert gaps == pytest.approx([sum(gaps) / len(gaps)] * len(gaps), rel=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --over NAME=VALUES, such as --over capacitance=2nF:50nF:log9"),
        (["--over", "capacitance"], "cannot read --over 'capacitance': name=values is wanted; write a:b:linN"),
        (
            ["--over", "capacitence=1nF"],
            "--over has no parameter 'capacitence'; did you mean 'capacitance'? choices: capac",
        ),
        (["--over", "capacitance=1nF:2nF:log1"], "log1 is no range: at least 2 values are wanted"),
        (["--over", "capacitance=0:2nF:log3"], "a log range needs positive ends, got 0 and 2e-09"),
        (["--over", "capacitance=1nF:2ohm:lin3"], "--over capacitance: cannot read '2ohm': expected a value in F"),
        (["--over", "capacitance=1nF:2nF:3"], "write a:b:linN, a:b:logN, a,b,c, or normal(5%)"),
        (["--over", "capacitance=1nF", "--over", "capacitance=2nF"], "--over gives 'capacitance' twice"),
        (
            ["--over", "capacitance=1nF", "--measure", "rat"],
            "no measure 'rat'; did you mean 'rate'? choices: spike_count",
        ),
        (["--over", "capacitance=normal(5%)"], "give samples, the number of draws"),
        (["--over", "capacitance=1nF", "--out", "x.bmp"], "--out x.bmp: give an ending out of csv, png, pdf"),
        (["--over", "capacitance=1nF", "--out", "/nowhere/x.png"], "the folder /nowhere does not exist"),
        (["--over", "capacitance=1nF", "--engine", "hspice"], "no engine 'hspice'; choices:"),
        (["--over", "capacitance=1nF", "--workers", "0"], "workers must be an integer of at least 1, got 0"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_do(run, arguments, message):
    result = run("lif", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ")


def test_table_json_csv_picture_and_store(run, tmp_path):
    arguments = ["lif", "--over", "capacitance=10nF:20nF:lin2", "--over", "r_leak=10k,20k", "--t-stop", "3ms"]
    arguments += ["--measure", "isi_steady", "--measure", "threshold", "--workers", "1", "--store", tmp_path / "s"]
    result = run(*arguments, "--json", tmp_path / "r.json", "--out", tmp_path / "p.png")
    assert result.exit_code == 0, result.output
    assert f"results: {tmp_path}/s/sweep.jsonl (0 of 4 were there)" in result.stdout
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["shape"] == [2, 2]
    for row in content["rows"]:
        neuron = nm.LIF(capacitance=row["capacitance"], r_leak=row["r_leak"])
        assert row["isi_steady"] == pytest.approx(neuron.interval(0.2e-3), rel=1e-9)
    again = run(*arguments, "--out", tmp_path / "t.csv", "--json", "-")
    assert json.loads(again.stdout)["reused"] == 4
    assert (
        (tmp_path / "t.csv")
        .read_text()
        .startswith("capacitance [F],r_leak [ohm],isi_steady [s],threshold [A],failure\n")
    )


def test_both_engines_together_and_draws(run):
    result = run(
        "lif", "--over", "engine=rk4,ngspice", "--t-stop", "2ms", "--measure", "rate", "--workers", "1", "--json", "-"
    )
    assert len({row["rate"] for row in json.loads(result.stdout)["rows"]}) == 1
    arguments = ["lif", "--over", "r_leak=uniform(5%)", "--samples", "3", "--seed", "4", "--t-stop", "1ms"]
    rows = [json.loads(run(*arguments, "--workers", "1", "--json", "-").stdout)["rows"] for _ in range(2)]
    assert rows[0] == rows[1]
    assert all(9.5e3 < row["r_leak"] < 10.5e3 for row in rows[0])


def test_parameters_vary_together(run):
    arguments = ["lif", "--over", "r_leak=10k,20k", "--over", "capacitance=2nF,1nF", "--zip", "--t-stop", "1ms"]
    content = json.loads(run(*arguments, "--workers", "1", "--json", "-").stdout)
    assert content["shape"] == [2]
    assert content["axes"] == [["r_leak", "capacitance"]]


def test_some_failed_runs_are_told_and_all_failed_is_status_4(run):
    some = run("lif", "--over", "v_reset=0,2", "--t-stop", "1ms", "--workers", "1")
    assert some.exit_code == 0
    assert "1 run failed, the first at v_reset = 2 V: v_reset must be below v_th (1 V), got 2.0" in some.stdout
    assert run("lif", "--over", "v_reset=2,3", "--t-stop", "1ms", "--workers", "1").exit_code == 4


def test_a_script_of_ones_own_in_worker_processes(run, tmp_path):
    """Arguments of design() with any unit, a class of the script, and a module beside it."""
    (tmp_path / "beside.py").write_text("FACTOR = 2.0\n")
    (tmp_path / "mine.py").write_text(
        "import neuromorph as nm\nfrom beside import FACTOR\n\n\nclass Mine(nm.LIF):\n    '''My own.'''\n\n\n"
        "def design(c=1e-9):\n    return Mine(capacitance=FACTOR * c)\n"
    )
    common = [tmp_path / "mine.py", "--measure", "isi_first", "--t-stop", "5ms", "--workers", "2", "--json", "-"]
    for over in ("c=5nF,10nF", "capacitance=10nF,20nF"):
        result = run(*common, "--over", over)
        assert result.exit_code == 0, result.output
        found = [row["isi_first"] for row in json.loads(result.stdout)["rows"]]
        assert found == pytest.approx([nm.LIF(capacitance=c).interval(0.2e-3) for c in (10e-9, 20e-9)], rel=1e-9)
