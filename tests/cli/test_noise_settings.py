"""Noise, random times and arriving spikes from the command line: seeds, files, and every kind of bad value."""

from __future__ import annotations

import json
import re

import pytest

import neuromorph as nm

NOISY = ("lif", "--set", "noise_current=2uA*s^0.5", "--drive", "80uA", "--t-stop", "5ms")
SYNAPTIC = """
import neuromorph as nm


def design(t_refractory_sd: float = 0.0):
    return nm.ConductanceLIF(t_refractory_sd=t_refractory_sd)
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "synaptic.py"
    path.write_text(SYNAPTIC)
    return path


def test_a_seed_repeats_a_noisy_run(run, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        done = run("simulate", *NOISY, "--seed", seed, "--save", tmp_path / f"{name}.nc")
        assert done.exit_code == 0, done.output
    a, b, c = (nm.load(tmp_path / f"{name}.nc")["v_mem"].tolist() for name in "abc")
    assert a == b
    assert a != c


def test_one_path_of_noise_on_both_roads(run, tmp_path):
    done = run("validate", *NOISY, "--seed", 3, "--dt", "20us", "--json", tmp_path / "check.json")
    assert done.exit_code == 0, done.output
    assert "verdict: agree" in done.output
    assert json.loads((tmp_path / "check.json").read_text())["passed"]


def test_ngspice_draws_noise_of_its_own(run):
    noise = ("--drive", "noise=whitenoise(step=20us, seed=7)")
    done = run(
        "simulate",
        "lif",
        "--set",
        "noise_current=2e-6",
        "--drive",
        "i_in=80uA",
        *noise,
        "--t-stop",
        "5ms",
        "--engine",
        "ngspice",
    )
    assert done.exit_code == 0, done.output


def test_spikes_of_a_file_arrive(run, script, tmp_path):
    (tmp_path / "spikes.csv").write_text("time [ms], neuron\n1, a\n2, b\n2.1, b\n")
    done = run("simulate", script, "--drive", f"s_exc=spikes(file={tmp_path}/spikes.csv, source=b)", "--t-stop", "5ms")
    assert done.exit_code == 0, done.output
    assert re.search(r"g_exc +from +0 S to +4\.\d+ nS", done.output)


def test_crowded_steps_are_warned_of(run, script):
    done = run("simulate", script, "--drive", "s_exc=poisson(rate=2kHz, counting=bernoulli)", "--t-stop", "5ms")
    assert done.exit_code == 0, done.output
    assert (
        "warning: a source of 2 kHz fires in 0.2 of all steps of 100 us, at most once in each: lower width"
        in done.output
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--seed", 3, "--dt", "2.5ms"),
            "dt (0.0025 s) is longer than the fastest time constant of mode 'integrating' (0.001 s)",
        ),
        ((), "is random (noise): give a seed"),
        (("--seed", -1), "seed must be a whole number from 0 to 2**64 - 1, got -1"),
        (("--seed", 3, "--engine", "ngspice"), "noise that ngspice draws is a drive"),
        (("--set", "noise_conductance=nan"), "--set noise_conductance: cannot read 'nan': expected a value in S*s^0.5"),
        (
            ("--set", "noise_conductance=-1e-6", "--seed", 3),
            "noise_conductance must be a finite value in S*s^0.5 of at least 0",
        ),
        (
            ("--set", "t_refractory_sd=-1ms", "--seed", 3),
            "t_refractory_sd must be a finite time in s of at least 0, got -0.001",
        ),
        (
            ("--set", "t_refractory=-1ms", "--seed", 3),
            "t_refractory must be a finite time in s of at least 0, got -0.001",
        ),
    ],
)
def test_bad_noise_exits_with_2_and_says_why(run, arguments, message):
    done = run("simulate", *NOISY, *arguments)
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("drive", "message"),
    [
        (
            "poisson(rate=20kHz, counting=bernoulli)",
            "a source of 20 kHz fires in 2 of all steps of 100 us: lower width, or use counting='poisson'",
        ),
        ("poisson(rate=-1)", "rate must be a finite frequency in Hz of at least 0, got -1"),
        ("poisson(rate=nan)", "poisson: rate: cannot read 'nan'"),
        ("spikes(file=nowhere.csv)", "cannot read spikes from nowhere.csv: there is no such file"),
        ("spikes(times=[nan])", "spikes: times: cannot read 'nan'"),
        ("spikes(times=[-1ms])", "times must be at least 0 s, got -0.001 s"),
    ],
)
def test_bad_spikes_exit_with_2_and_say_why(run, script, drive, message):
    done = run("simulate", script, "--drive", f"s_exc={drive}", "--t-stop", "5ms")
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (*NOISY, "--seed", 3),
            "--seed draws one path of noise for both roads: say with --dt how long each sample is held",
        ),
        (NOISY, "nothing drives port 'noise' of 'lif'"),
        (("lif", "--seed", 3, "--dt", "20us"), "system 'lif' has no noise: simulate it as it is"),
    ],
)
def test_validate_says_how_noise_goes_to_both_roads(run, arguments, message):
    done = run("validate", *arguments)
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
