"""The command ``stdp`` as a user types it."""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.cli.stdp import parsed_delays
from neuromorph.plasticity.parsing import parse_pulse

FEW = ["--delays", "-60us,-20us,20us,60us"]


def test_both_roads_agree_and_are_written(run, tmp_path):
    result = run("stdp", *FEW, "--json", tmp_path / "s.json", "--plot", tmp_path / "s.png")
    assert result.exit_code == 0, result.output
    assert re.search(r"difference of the roads: \S+ of the largest change, limit 1.00e-03: agree", result.stdout)
    content = json.loads((tmp_path / "s.json").read_text())
    assert content["passed"] is True
    assert content["reference"]["engine"].startswith("rosenbrock")
    assert content["candidate"]["engine"].startswith("ngspice")
    assert content["reference"]["delays"] == pytest.approx([-60e-6, -20e-6, 20e-6, 60e-6])
    assert content["reference"]["dx"] == pytest.approx(nm.stdp_curve(delays=[-60e-6, -20e-6, 20e-6, 60e-6]).dx)
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")


def test_a_difference_above_the_limit_is_status_1(run):
    result = run("stdp", *FEW, "--limit", "1e-9")
    assert result.exit_code == 1
    assert "limit 1.00e-09: DISAGREE" in result.stdout


def test_one_road_alone_with_device_and_pulses_of_ones_own(run):
    pulse = "biphasic(v_spike=-0.3V, width=5us, v_tail=0.2V, tau=50us)"
    words = ["--memristor", "vteam", "--set", "v_on=0.31", "--set", "v_off=0.31", "--set", "x0=0.2", "--pre", pulse]
    result = run("stdp", *FEW, *words, "--engine", "ode", "--v-read", "50mV", "--json", "-")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    shape = nm.PulseShape.biphasic(v_spike=-0.3, width=5e-6, v_tail=0.2, tau=50e-6)
    expected = nm.stdp_curve(
        nm.VTEAM(v_on=0.31, v_off=0.31), pre=shape, post=shape, x0=0.2, delays=[-60e-6, -20e-6, 20e-6, 60e-6]
    )
    assert content["dx"] == pytest.approx(expected.dx)
    assert content["v_read"] == 0.05
    assert content["windows"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--pre", "biphasic(v_spik=1)"], "biphasic has no parameter 'v_spik'; did you mean 'v_spike'?"),
        (["--pre", "triangle(width=1)"], "forms: rectangular, biphasic, tails"),
        (["--post", "rectangular(amplitude=1us, width=1us)"], "rectangular: amplitude: cannot read '1us'"),
        (["--pre", "rectangular(width=1us)"], "rectangular also needs amplitude"),
        (["--pre", "rectangular(width=1us, width=1us)"], "rectangular: width is given twice"),
        (["--pre", "rectangular(1us)"], "rectangular: expected name=value, got '1us'"),
        (["--delays", "1us:2us:lin1"], "a range has from 2 to 10000 delays, got 1"),
        (["--delays", "10mV"], "--delays 10mV: cannot read '10mV'.*write a:b:linN or a,b,c"),
        (["--delays", "20us,10us"], "delays must increase"),
        (["--pairs", "3"], "3 pairs need a frequency in Hz"),
        (["--limit", "2"], "--limit must be a number between 0 and 1, got 2.0"),
        (["--set", "v_onn=1"], "plastic-synapse has no parameter 'v_onn'"),
        (["--memristor", "pcm"], "no memristor model 'pcm'; choices: mms"),
        (["--engine", "spectre"], "no engine 'spectre'; choices: ode"),
        (["--engine", "ode", "--reltol", "1e-3"], "engine 'ode' takes no SPICE options"),
        (["--plot", "picture.xyz"], "cannot write a picture as 'picture.xyz'"),
    ],
)
def test_what_cannot_be_used_is_status_2(run, words, message):
    result = run("stdp", *words)
    assert result.exit_code == 2, result.output
    assert re.search(message, result.stderr), result.stderr


def test_ranges_and_lists_of_delays():
    assert parsed_delays("-1us:1us:lin5") == pytest.approx([-1e-6, -0.5e-6, 0.0, 0.5e-6, 1e-6], abs=1e-21)
    assert parsed_delays("-5us, 3ms") == [-5e-6, 3e-3]


@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(text):
    for reader in (parse_pulse, parsed_delays):
        with contextlib.suppress(ValueError):
            reader(text)
