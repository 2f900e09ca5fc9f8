"""What a sweep promises: results by task, failures as values, any executor, any number of workers, clear refusals."""

from __future__ import annotations

import csv
import json
import math
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import sympy

import neuromorph as nm

CAPACITANCES = [10e-9, 20e-9, 30e-9]
FAST = {"t_stop": 5e-3, "drive": nm.Constant(value=0.2e-3), "measure": "isi_first"}
EXPECTED = [nm.LIF(capacitance=c).interval(0.2e-3) for c in CAPACITANCES]


def last_voltage(recording):
    return recording["v_mem"][-1]


@pytest.mark.parametrize(
    "how",
    [
        {"workers": 1},
        {"workers": 5},
        {"executor": ThreadPoolExecutor(2)},
        {"executor": ProcessPoolExecutor(2)},
    ],
    ids=["here", "more than tasks", "threads", "processes"],
)
def test_any_executor_gives_the_same(how):
    result = nm.sweep(nm.LIF(), {"capacitance": CAPACITANCES}, **FAST, **how)
    assert result.values() == pytest.approx(EXPECTED, rel=1e-9)
    here = nm.sweep(nm.LIF(), {"capacitance": CAPACITANCES}, **FAST, workers=1)
    assert result.values().tolist() == here.values().tolist()
    if "executor" in how:
        assert how["executor"].submit(int).result() == 0  # it is the caller's, and still there
        how["executor"].shutdown()


class Backwards(Executor):
    """Only ``submit``, and futures that know nothing but ``result``: the least that an executor can be."""

    class Later:
        def __init__(self, call):
            self._call = call

        def result(self):
            return self._call()

        def cancel(self):
            return False

    def submit(self, fn, /, *args, **kwargs):
        return self.Later(lambda: fn(*args, **kwargs))


def test_only_submit_and_result_are_used():
    result = nm.sweep(nm.LIF(), {"capacitance": CAPACITANCES}, **FAST, executor=Backwards())
    assert result.values() == pytest.approx(EXPECTED, rel=1e-9)


def test_draws_are_reproducible_on_any_number_of_workers():
    over = {
        "capacitance": nm.Normal(relative=0.05),
        "r_leak": nm.LogNormal(relative=0.1),
        "drive.value": [0.2e-3, 0.3e-3],
    }
    results = [nm.sweep(nm.LIF(), over, **FAST | {"drive": None}, samples=4, seed=7, workers=w) for w in (1, 3)]
    assert results[0].shape == (2, 4)
    assert results[0].tasks == results[1].tasks
    assert np.array_equal(results[0].values(), results[1].values())
    values = results[0].axis("capacitance")
    assert len(set(values)) == 8
    assert not np.array_equal(
        nm.sweep(nm.LIF(), over, **FAST, samples=4, seed=8, workers=1).axis("capacitance"), values
    )


def test_spread_of_draws():
    """Mean and deviation of many draws, each within four standard errors."""
    rng, n = np.random.default_rng(0), 4000
    normal = [nm.Normal(relative=0.1).draw(rng, 2.0) for _ in range(n)]
    assert np.mean(normal) == pytest.approx(2.0, abs=4 * 0.2 / math.sqrt(n))
    assert np.std(normal) == pytest.approx(0.2, rel=4 / math.sqrt(2 * n))
    logs = [nm.LogNormal(relative=0.5).draw(rng, 2.0) for _ in range(n)]
    assert np.median(logs) == pytest.approx(2.0, rel=0.05)
    assert np.std(logs) / np.mean(logs) == pytest.approx(0.5, rel=0.1)
    flat = [nm.Uniform(relative=0.05).draw(rng, -2.0) for _ in range(n)]
    assert -2.1 <= min(flat) < -2.09 < -1.91 < max(flat) <= -1.9
    assert 1.0 < nm.Uniform(low=1.0, high=1.1).draw(rng, None) < 1.1


def test_a_failed_run_is_a_value_and_the_others_go_on():
    result = nm.sweep(nm.LIF(), {"v_reset": [0.0, 2.0, 0.5]}, **FAST, workers=2)
    assert np.isnan(result.values()).tolist() == [False, True, False]
    (failure,) = result.failures
    assert failure.index == 1
    assert failure.parameters == {"v_reset": 2.0}
    assert failure.message == "v_reset must be below v_th (1 V), got 2.0"
    assert "1 run failed, the first at v_reset = 2 V: v_reset must be below v_th" in result.summary()
    assert result.table()[1]["failure"] == failure.message
    assert result.table()[0]["failure"] is None


def test_what_a_design_check_says_is_kept_with_the_run(recwarn, tmp_path):
    """A threshold that the adapted neuron cannot reach: told in the result, not once a run on the terminal."""
    arguments = {"over": {"v_th": [0.4, 0.7]}, "t_stop": 0.1e-3, "measure": "spike_count", "store": tmp_path}
    for _ in range(2):  # from the store, too
        result = nm.sweep(nm.MemristiveALIF(), **arguments, workers=1)
        (warning,) = result.warnings
        assert warning.index == 1
        assert "v_th" in warning.message
        assert "1 run with a warning, the first at v_th = 700 mV: " in result.summary()
        assert result.to_dict()["warnings"] == [{"run": 1, "message": warning.message}]
    assert not recwarn.list


def test_a_measure_that_fails_or_returns_no_number_is_a_failure():
    def broken(recording):
        return 1 / 0

    result = nm.sweep(nm.LIF(), {"capacitance": CAPACITANCES}, **FAST | {"measure": broken}, workers=2)
    assert [f.message for f in result.failures] == ["ZeroDivisionError: division by zero"] * 3
    result = nm.sweep(nm.LIF(), {"capacitance": [1e-9]}, t_stop=1e-3, measure={"spikes": lambda r: r.spikes}, workers=1)
    assert result.failures[0].message.startswith(
        "measure 'spikes' must return a number, or a dict of numbers, got Spike"
    )


def test_a_simulator_that_fails_is_a_failure_that_says_why(tmp_path):
    engine = nm.Ngspice(timeout=1e-6, folder=tmp_path)
    result = nm.sweep(nm.LIF(), {"capacitance": [1e-9, 2e-9]}, **FAST, engine=engine, workers=2)
    assert len(result.failures) == 2
    assert "ngspice had not finished after 1e-06 s" in result.failures[0].message
    assert f"kept in: {tmp_path}" in result.failures[0].message


@pytest.mark.parametrize("text", [None, "#!/bin/sh\necho 'ksh 93'\n"])
def test_a_missing_simulator_is_said_once_before_anything_runs(text, tmp_path):
    program = tmp_path / "ngspice"
    if text is not None:
        program.write_text(text)
        program.chmod(0o755)
    with pytest.raises(nm.EngineNotFoundError):
        nm.sweep(nm.LIF(), {"capacitance": [1e-9]}, **FAST, engine=nm.Ngspice(program=program))


def test_measures_of_ones_own_and_several_numbers_from_one():
    result = nm.sweep(
        nm.LIF(),
        {"capacitance": CAPACITANCES},
        t_stop=5e-3,
        measure={
            "end": last_voltage,
            "both": lambda r: {"n": len(r.spikes), "top": r["v_mem"].max()},
            "n": "spike_count",
        },
        workers=2,
    )
    assert result.measures == ("end", "both.n", "both.top", "n")
    assert result.values("both.n").tolist() == result.values("n").tolist()
    assert result.values("both.top") == pytest.approx(1.0)
    assert ((result.values("end") >= 0) & (result.values("end") < 1)).all()


def test_energy_by_part():
    result = nm.sweep(
        nm.MemristiveALIF(), {"r_s": [1e3, 2e3]}, t_stop=0.5e-3, measure=["power", "power_by_part"], workers=1
    )
    parts = [m for m in result.measures if m.startswith("power_by_part.")]
    assert {p.partition(".")[2] for p in parts} == {"memristor", "r_s", "discharge"}
    assert sum(result.values(p) for p in parts) == pytest.approx(result.values("power"), rel=0.2)
    assert result.units[parts[0]] == "W"


def test_a_function_that_makes_the_design():
    def make(r, c=100e-9):
        return nm.LIF(r_leak=r, capacitance=c, t_refractory=0.0)

    result = nm.sweep(make, {"r": [10e3, 20e3], "c": [50e-9, 100e-9]}, **FAST, workers=2)
    expected = [[make(r, c).interval(0.2e-3) for c in (50e-9, 100e-9)] for r in (10e3, 20e3)]
    assert result.values() == pytest.approx(np.array(expected), rel=1e-9)


def test_parameters_of_a_hybrid_system_of_ones_own():
    v, tau = sympy.symbols("v tau")
    decay = nm.HybridSystem(
        name="decay",
        states={"v": nm.State(1.0, "V")},
        parameters={"tau": 1e-3},
        modes={"decaying": nm.Mode(rates={"v": -v / tau}, time_scale=tau)},
    )
    result = nm.sweep(decay, {"tau": [1e-3, 2e-3]}, t_stop=1e-3, measure=lambda r: r["v"][-1], workers=1)
    assert result.values() == pytest.approx(np.exp([-1.0, -0.5]), rel=1e-8)
    assert result.design == "decay"


def test_parameters_of_one_drive_of_several():
    def both(recording):
        return recording["i_in"].max()

    result = nm.sweep(
        nm.LIF(),
        {"drive.i_in.value": [1e-6, 2e-6]},
        drive={"i_in": nm.Constant(value=1e-6)},
        t_stop=1e-3,
        measure=both,
        workers=1,
    )
    assert result.values().tolist() == [1e-6, 2e-6]
    assert result.units["drive.i_in.value"] == "A"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"over": {"capacitence": [1e-9]}},
            "the sweep of lif has no parameter 'capacitence'; did you mean 'capacitance'? choices: ",
        ),
        (
            {"over": {"drive.amplitude": [1e-9]}},
            "choices: capacitance, r_leak, v_th, v_reset, v_rest, t_refractory, noise_current, noise_conductance, t_refractory_sd, ",
        ),
        ({"over": {}}, "over must be a dict of values by parameter"),
        (
            {"over": {"capacitance": 1e-9}},
            "over['capacitance'] must be a sequence of values, such as [1e-9, 2e-9], got 1e-09",
        ),
        ({"over": {"capacitance": []}}, "over['capacitance'] has no values"),
        ({"over": {"capacitance": [math.nan]}}, "over['capacitance'] must hold finite numbers"),
        (
            {"over": {"capacitance": [1e-9], "r_leak": [1.0, 2.0]}, "mode": "zip"},
            "their numbers differ: capacitance 1, r_leak 2",
        ),
        ({"mode": "random"}, "no mode 'random'; choices: grid, zip"),
        ({"measure": "isi_stedy"}, "no measure 'isi_stedy'; did you mean 'isi_steady'? choices: spike_count, rate, "),
        ({"measure": 3}, "a measure is a name or a function of a Recording, got 3"),
        ({"measure": ["rate", "rate"]}, "two measures are named 'rate'"),
        ({"measure": []}, "give at least one measure"),
        ({"workers": 0}, "workers must be an integer of at least 1, got 0"),
        ({"executor": ThreadPoolExecutor, "workers": 2}, "give an executor (something with submit) or workers"),
        ({"executor": 7}, "give an executor (something with submit) or workers"),
        ({"samples": 3}, "samples=3 draws from distributions"),
        ({"over": {"capacitance": nm.Normal(relative=0.1)}}, "give samples, the number of draws"),
        (
            {"over": {"capacitance": nm.Normal(relative=0.1)}, "samples": 0},
            "samples must be an integer of at least 1, got 0",
        ),
        ({"engine": "hspice"}, "no engine 'hspice'; choices: "),
        ({"design": nm.LIF}, "give a design, not its class: LIF() instead of LIF"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_runs(changes, message):
    arguments = {"design": nm.LIF(), "over": {"capacitance": [1e-9]}, "t_stop": 1e-3, **changes}
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is read below
        nm.sweep(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nm.Normal(), "Normal: give one of relative and sigma, got none"),
        (lambda: nm.Normal(relative=0.1, sigma=1.0), "Normal: give one of relative and sigma, got relative, sigma"),
        (lambda: nm.Normal(relative=-0.1), "Normal: relative must be a positive number, got -0.1"),
        (lambda: nm.LogNormal(relative=0.1, median=0.0), "median must be positive, got 0.0"),
        (lambda: nm.Uniform(low=1.0), "Uniform: give relative, or low below high"),
        (lambda: nm.Normal(relative=0.1).draw(np.random.default_rng(0), None), "the design has no value of its own"),
        (lambda: nm.LogNormal(relative=0.1).draw(np.random.default_rng(0), -1.0), "needs a positive median"),
    ],
)
def test_distributions_refuse(make, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is read below
        make()
    assert message in str(caught.value)


def test_progress_counts_runs():
    seen = []
    nm.sweep(
        nm.LIF(), {"capacitance": CAPACITANCES}, **FAST, workers=1, progress=lambda f, what: seen.append((f, what))
    )
    assert seen == [(1 / 3, "1 of 3 runs"), (2 / 3, "2 of 3 runs"), (1.0, "3 of 3 runs")]


def test_table_csv_and_json(tmp_path):
    result = nm.sweep(nm.LIF(), {"capacitance": [10e-9, 20e-9], "v_reset": [0.0, 2.0]}, t_stop=3e-3, workers=1)
    rows = result.table()
    assert len(rows) == len(result) == 4
    assert list(rows[0]) == [
        "capacitance",
        "v_reset",
        "spike_count",
        "rate",
        "isi_first",
        "isi_steady",
        "adaptation_ratio",
        "failure",
    ]
    with result.to_csv(tmp_path / "t.csv").open() as file:
        table = list(csv.reader(file))
    assert table[0][:3] == ["capacitance [F]", "v_reset [V]", "spike_count"]
    assert float(table[1][4]) == rows[0]["isi_first"]
    assert table[2][2:7] == [""] * 5
    content = json.loads(result.to_json(tmp_path / "t.json").read_text())
    assert content["shape"] == [2, 2]
    assert content["parameters"]["capacitance"] == {"unit": "F", "values": [10e-9, 20e-9]}
    assert content["measures"]["rate"]["unit"] == "Hz"
    assert content["rows"][1]["rate"] is None
    assert content["rows"][1]["failure"].startswith("v_reset must be below")
    assert content["failures"] == 2
    with pytest.raises(ValueError, match="the sweep has no measure 'power'; choices: spike_count"):
        result.values("power")
    with pytest.raises(ValueError, match="say which measure: spike_count"):
        result.values()


@pytest.mark.parametrize(
    ("over", "more"),
    [
        ({"capacitance": [1e-9, 1e-8, 1e-7]}, {}),
        ({"capacitance": [10e-9, 20e-9], "r_leak": [10e3, 11e3, 12e3]}, {}),
        ({"capacitance": np.linspace(10e-9, 20e-9, 9), "r_leak": np.linspace(10e3, 20e3, 9)}, {}),
        ({"capacitance": [10e-9, 20e-9], "v_reset": [0.0, 2.0], "r_leak": [1e4, 2e4]}, {"at": {"v_reset": 0.0}}),
        ({"capacitance": nm.Normal(relative=0.1)}, {"samples": 5}),
        ({"capacitance": nm.Normal(relative=0.1), "r_leak": [10e3, 20e3]}, {"samples": 3}),
        ({"capacitance": [10e-9, 20e-9], "r_leak": [20e3, 10e3]}, {"mode": "zip"}),
        ({"engine": ["rk4", "ode"], "capacitance": [10e-9, 20e-9]}, {}),
        ({"engine": ["rk4", "ode"]}, {}),
    ],
)
def test_pictures(over, more, tmp_path):
    at = more.pop("at", None)
    result = nm.sweep(nm.LIF(), over, t_stop=0.5e-3, dt=1e-4, measure="spike_count", workers=1, **more)
    result.plot(tmp_path / "p.png", at=at)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_three_parameters_says_what_to_hold(tmp_path):
    over = {"capacitance": [10e-9, 20e-9], "v_reset": [0.0, 0.1], "r_leak": [1e4, 2e4]}
    result = nm.sweep(nm.LIF(), over, t_stop=0.5e-3, dt=1e-4, measure="spike_count", workers=1)
    with pytest.raises(ValueError, match="left are capacitance, v_reset, r_leak: hold some with at="):
        result.plot()
    with pytest.raises(ValueError, match="at holds 'r', which is not an axis of the sweep; choices: capacitance, "):
        result.plot(at={"r": 1.0})
