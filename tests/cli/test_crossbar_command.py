"""The commands of crossbars, as a user types them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import neuromorph as nm


@pytest.fixture
def conductances(tmp_path):
    values = np.random.default_rng(0).uniform(1e-4, 1e-3, (6, 4))
    np.savetxt(tmp_path / "g.csv", values, delimiter=",", header="conductances in S")
    return tmp_path / "g.csv", values


def test_solve_prints_currents_and_writes_what_python_gives(run, conductances, tmp_path):
    path, values = conductances
    result = run(
        *("crossbar", "solve", path, "--voltages", "0.2V", "--r-word", "5", "--r-bit", "5ohm"),
        *("--json", tmp_path / "s.json", "--save", tmp_path / "i.csv", "--plot", tmp_path / "map.png"),
    )
    assert result.exit_code == 0, result.output
    assert "6 word lines x 4 bit lines, 1 vector, by lines" in result.stdout
    assert "largest IR drop" in result.stdout
    expected = nm.Crossbar(values, r_word=5.0, r_bit=5.0).solve(np.full(6, 0.2))
    content = json.loads((tmp_path / "s.json").read_text())
    assert content["output_currents"] == pytest.approx(expected.output_currents.tolist(), rel=1e-12)
    assert content["residual"] < 1e-10
    assert np.loadtxt(tmp_path / "i.csv", delimiter=",") == pytest.approx(expected.output_currents, rel=1e-12)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_ngspice_and_elimination_give_the_same(run, conductances):
    path, _ = conductances
    found = [
        json.loads(run("crossbar", "solve", path, "--r-word", "5", "--r-bit", "5", *road, "--json", "-").stdout)
        for road in ((), ("--method", "direct"), ("--engine", "ngspice"))
    ]
    for other in found[1:]:
        assert other["output_currents"] == pytest.approx(found[0]["output_currents"], rel=1e-7)


def test_vectors_from_a_file_and_resistances(run, conductances, tmp_path):
    _, values = conductances
    np.save(tmp_path / "r.npy", 1 / values)
    (tmp_path / "v.csv").write_text("0.1 0 0 0 0 0\n0 0.1 0 0 0 0\n")
    result = run(
        "crossbar", "solve", tmp_path / "r.npy", "--resistances", "--voltages", tmp_path / "v.csv", "--json", "-"
    )
    found = np.array(json.loads(result.stdout)["output_currents"])
    assert found == pytest.approx(0.1 * values[:2], rel=1e-9)


def test_other_ends(run, conductances):
    path, values = conductances
    ends = ("--end", "right=driven", "--end", "left=floating")
    result = run("crossbar", "solve", path, *ends, "--json", "-")
    assert json.loads(result.stdout)["output_currents"] == pytest.approx((0.1 * values.sum(axis=0)).tolist())


def test_the_deck_runs_in_plain_ngspice(run, conductances, tmp_path):
    import subprocess

    path, _ = conductances
    assert run("crossbar", "deck", path, "--r-word", "5", "-o", tmp_path / "g.cir").exit_code == 0
    done = subprocess.run(["ngspice", "-n", "-b", "g.cir"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Rd5_3" in (tmp_path / "g.cir").read_text()


def test_program_says_what_each_step_costs(run, tmp_path):
    result = run(
        *(
            "crossbar",
            "program",
            "random:24x6:3",
            "--r-on",
            "10k",
            "--r-off",
            "100k",
            "--levels",
            "16",
            "--clip",
            "99%",
        ),
        *("--write-noise", "2%", "--variation", "10%", "--stuck-off", "2%", "--r-word", "2", "--r-bit", "2", "--trim"),
        *("--json", tmp_path / "p.json", "--save", tmp_path / "g.csv", "--plot", tmp_path / "p.png"),
    )
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "p.json").read_text())
    errors = {row["step"]: row["relative_error"] for row in content["steps"]}
    assert list(errors) == [
        "stored in the window",
        "write noise",
        "variation of the devices",
        "stuck devices",
        "resistance of the wires",
        "gain of the outputs trimmed",
    ]
    assert 0 < errors["stored in the window"] < errors["variation of the devices"] < 0.3
    assert errors["gain of the outputs trimmed"] < errors["resistance of the wires"]
    saved = np.loadtxt(tmp_path / "g.csv", delimiter=",")
    assert saved.shape == (24, 12)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_array(run):
    command = ("crossbar", "program", "random:8x3", "--variation", "10%", "--json", "-", "--seed")
    first, again, other = (json.loads(run(*command, seed).stdout) for seed in ("1", "1", "2"))
    assert first == again
    assert first["steps"] != other["steps"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e-3 2e-3\n3e-3\n", "line 2: 1 numbers where the first row has 2"),
        ("1e-3, x\n", "line 1: expected numbers, got '1e-3, x'"),
        ("", "the file is empty; give conductances as rows of numbers"),
        ("1e-3 -2e-3\n", r"the conductance of device \(0, 1\) must be finite and at least 0 S"),
        ("500 1500\n", "if they are resistances in ohm, add --resistances"),
    ],
)
def test_a_file_that_is_no_array_is_explained(run, tmp_path, text, message):
    (tmp_path / "g.csv").write_text(text)
    result = run("crossbar", "solve", tmp_path / "g.csv")
    assert result.exit_code == 2
    import re

    assert re.search(message, result.output), result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("solve", "nowhere.csv"), "'nowhere.csv' is no file of conductances; for an array to try things with"),
        (("solve", "random:0x4"), "needs a row and a column at least"),
        (("solve", "random:4x4", "--voltages", "0.1V,0.2V"), "gives 2 voltages for 4 word lines"),
        (("solve", "random:4x4", "--voltages", "lots"), "neither a file nor voltages such as 0.2V"),
        (("solve", "random:4x4", "--end", "right"), "write side=kind, such as right=grounded"),
        (("solve", "random:4x4", "--end", "right=open"), "driven, sensed, grounded, floating"),
        (("solve", "random:4x4", "--end", "left=floating"), "one side must be driven, got none"),
        (("solve", "random:4x4", "--engine", "spectre"), "--engine must be ode or ngspice, got 'spectre'"),
        (("solve", "random:4x4", "--method", "magic"), "method must be one of"),
        (("solve", "random:4x4", "--r-word", "-1"), "must be at least 0"),
        (("program", "random:4x4", "--levels", "1"), "levels must be a whole number of at least 2"),
        (("program", "random:4x4", "--r-on", "2k"), "r_on must be below r_off"),
        (("program", "random:4x4", "--stuck-on", "60%", "--stuck-off", "60%"), "p_on + p_off must be at most 1"),
        (("program", "random:4x4", "--vectors", "0"), "--vectors must be 1 at least"),
        (("program", "random:4x4", "--clip", "120%"), "quantile"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_do(run, arguments, message):
    result = run("crossbar", *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output


def test_half_select_says_how_far_cells_move(run, tmp_path):
    wires = ("--r-word", "2.5", "--r-bit", "2.5")
    options = ("--size", "6x5", "--cell", "2,3", "--pulses", "2", *wires)
    result = run("crossbar", "half-select", *options, "--json", tmp_path / "h.json", "--plot", tmp_path / "h.png")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "h.json").read_text())
    assert content["cells"] == {"selected": 1, "word_line": 4, "bit_line": 5, "unselected": 20}
    shift = content["shift"]
    assert shift["selected"] > 3 * shift["word_line"] > 30 * abs(shift["unselected"]) > 0
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


def test_read_margin_fails_where_on_and_off_cannot_be_told_apart(run):
    floating = run("crossbar", "read-margin", "--size", "8x8", "--r-on", "5k", "--r-off", "500k")
    assert floating.exit_code == 1, floating.output
    assert "on and off cannot be told apart" in floating.stdout
    grounded = run(
        "crossbar",
        "read-margin",
        "--size",
        "8x8",
        "--r-on",
        "5k",
        "--r-off",
        "500k",
        "--scheme",
        "grounded",
        "--json",
        "-",
    )
    assert grounded.exit_code == 0
    assert json.loads(grounded.stdout)["margin"] == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("half-select", "--size", "16"), "cannot read --size '16': write two whole numbers, such as 16x8"),
        (("half-select", "--cell", "99,0"), "99"),
        (("half-select", "--scheme", "V/4"), "V/2, V/3, grounded, floating"),
        (("half-select", "--pulses", "0"), "pulses must be a whole number of at least 1"),
        (("half-select", "--device", "resistor"), "resistor"),
        (("half-select", "--state", "2"), "2"),
        (("read-margin", "--r-on", "2k"), "--r-on must be above 0 and below --r-off"),
    ],
)
def test_wrong_schemes_exit_with_2(run, arguments, message):
    result = run("crossbar", *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("solve", "random:1000000x1000000"), "error: 'random:1000000x1000000' needs about 9.6e+04 GB of memory and"),
        (("program", "random:1000000x1000000"), "GB are free: give a smaller matrix"),
        (("half-select", "--size", "1000000x1000000"), "error: solving the 1000000 x 1000000 array needs about"),
        (("read-margin", "--size", "1000000x1000000"), "error: solving the 1000000 x 1000000 array needs about"),
        (("read-margin", "--voltage", "0"), "error: v_read must not be 0 V"),
        (
            ("program", "random:4x4", "--variation", "10"),
            "is a spread of 1000 %, where 300 % is the most; were 10% meant?",
        ),
        (("program", "random:4x4", "--write-noise", "400%"), "--write-noise 400% is a spread of 400 %, where 300 %"),
    ],
)
def test_what_is_too_large_or_not_meant_is_an_error_of_the_input(run, command, message):
    result = run("crossbar", *command)
    assert result.exit_code == 2
    assert message in result.stderr


def test_memory_that_runs_out_on_the_way_is_an_error_of_the_input(run, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr(nm.Crossbar, "solve", exhausted)
    result = run("crossbar", "solve", "random:4x4")
    assert result.exit_code == 2
    assert result.stderr == "error: there is not enough memory for this\n"
