"""Claims, verdicts, the registry of papers, and what the command makes of them."""

from __future__ import annotations

import json
import math
import sys
import types

import pytest
from typer.testing import CliRunner

from neuromorph.cli.app import app
from neuromorph.reproduce import PAPERS, Claim, Reproduction, paper_names, reproduce


def claim(**changes):
    given = {
        "figure": "1",
        "claim": "It spikes.",
        "measure": "interval",
        "value": 2e-5,
        "low": 1e-5,
        "high": 3e-5,
        "unit": "s",
        "verdict": "reproduced",
        "why": "as printed",
    }
    return Claim(**(given | changes))


@pytest.mark.parametrize(("value", "passed"), [(1e-5, True), (3e-5, True), (3.1e-5, False), (math.nan, False)])
def test_claim_passes_within_its_limits(value, passed):
    assert claim(value=value).passed is passed


def test_claim_has_the_keys_of_the_contract():
    assert set(claim().to_dict()) == set("figure claim measure value low high unit passed verdict why".split())


def test_claim_refuses_other_verdicts():
    with pytest.raises(ValueError, match=r"verdict must be one of reproduced, reproduced under .* got 'maybe'"):
        claim(verdict="maybe")


def test_claim_refuses_limits_the_wrong_way_round():
    with pytest.raises(ValueError, match=r"low must be below high \(1\), got 2"):
        claim(low=2, high=1)


def outcome(*claims):
    from matplotlib.figure import Figure

    return Reproduction(
        paper="fake",
        title="A. Author (2000)",
        claims=claims,
        variants=[{"road": "ode", "isi_first": math.nan, "spikes": 3}],
        tables={"budget": [{"cause": "amplifier"}]},
        figures={"figure_1": Figure},
    )


def test_summary_says_what_is_wrong_and_why():
    text = outcome(claim(), claim(verdict="wrong", claim="It rests.", why="It does not.", value=4e-5)).summary()
    assert "20 us" in text
    assert "1 reproduced, 1 wrong" in text
    assert "WRONG, 1: It rests.\n    It does not." in text
    assert "1 claim out of limits" in text
    # What the paper says is told for every number; statements and reasons that several numbers share once.
    assert f"REPRODUCED:\n    1       {claim().claim}\n" in text
    twice = claim(verdict="wrong", claim="It rests.", why="It does not.")
    again = outcome(claim(), claim(), twice, twice).summary()
    assert again.count(claim().claim) == again.count("It rests.") == again.count("It does not.") == 1
    assert "every value within its limits" in outcome(claim()).summary()


def test_outcome_is_json_without_nan():
    content = json.loads(json.dumps(outcome(claim()).to_dict(), allow_nan=False))
    assert content["variants"] == [{"road": "ode", "isi_first": None, "spikes": 3}]
    assert content["budget"] == [{"cause": "amplifier"}]
    assert content["passed"] is True


def test_save_writes_pictures_summary_and_json(tmp_path):
    written = outcome(claim()).save(tmp_path / "new" / "folder")
    assert [path.name for path in written] == ["fake.json", "fake.txt", "fake_figure_1.png"]
    assert written[2].read_bytes().startswith(b"\x89PNG")
    assert json.loads(written[0].read_text())["claims"][0]["value"] == 2e-5


def test_unknown_paper_lists_the_choices():
    with pytest.raises(ValueError, match=r"'alff'.*did you mean 'alif'\?.*choices: alif"):
        reproduce("alff")


def test_every_paper_has_its_function():
    import importlib

    assert "alif" in paper_names()
    for module in PAPERS.values():
        assert callable(importlib.import_module(module).reproduce)


@pytest.fixture
def run(monkeypatch):
    """A function that registers one paper with given claims and runs the command."""

    def invoke(claims, *arguments, papers=("fake",)):
        module = types.ModuleType("fake_paper")
        module.reproduce = lambda progress, workers: outcome(*claims)
        monkeypatch.setitem(sys.modules, "fake_paper", module)
        monkeypatch.setattr("neuromorph.reproduce.papers.PAPERS", dict.fromkeys(papers, "fake_paper"))
        return CliRunner().invoke(app, ["reproduce", *map(str, arguments)])

    return invoke


def test_command_exits_with_0_when_all_pass(run, tmp_path):
    result = run([claim(verdict="wrong")], "fake", "--json", tmp_path / "r.json", "--out", tmp_path / "pictures")
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["claims"][0]["paper"] == "fake"
    assert content["variants"][0]["road"] == "ode"
    assert content["papers"] == {"fake": "A. Author (2000)"}
    assert (tmp_path / "pictures" / "fake_figure_1.png").is_file()


def test_command_exits_with_1_when_a_value_is_out_of_limits(run):
    result = run([claim(value=1.0)], "fake")
    assert result.exit_code == 1
    assert "FAIL" in result.stdout


def test_command_without_a_name_runs_every_paper(run):
    result = run([claim()], "--json", "-", papers=("fake", "other"))
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["claims"]) == 2


def test_command_refuses_unknown_papers_and_files_for_folders(run, tmp_path):
    result = run([claim()], "alif2")
    assert result.exit_code == 2
    assert "choices: fake" in result.output
    (tmp_path / "file").touch()
    result = run([claim()], "fake", "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "this is a file; give the name of a folder" in result.output
    result = run([claim()], "fake", "--json", tmp_path / "no" / "r.json")
    assert result.exit_code == 2
    assert "does not exist; make it first" in result.output
