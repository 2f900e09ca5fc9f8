"""The commands as a user types them: what they print, write and return."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import neuromorph as nm

FAST_LIF = ["lif", "--t-stop", "3ms"]
DRIVE = "constant(value=0.2mA)"


@pytest.fixture
def script(tmp_path):
    """A function that writes a user's script and returns its path."""

    def write(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_doctor_names_engine_version_and_capabilities(run, tmp_path):
    result = run("doctor", "--json", tmp_path / "d.json")
    assert result.exit_code == 0
    assert "ngspice         ready" in result.stdout
    assert "ngspice-shared  ready" in result.stdout
    assert "vacask          ready" in result.stdout
    assert "Verilog-A compiler" in result.stdout
    found = json.loads((tmp_path / "d.json").read_text())["engines"]["ngspice"]
    assert found["version"][0].isdigit()
    assert isinstance(found["klu"], bool)
    assert isinstance(found["osdi"], bool)


def test_doctor_without_ngspice_names_the_command_that_installs_it(run, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "/nowhere/ngspice")
    assert run("doctor").exit_code == 0  # VACASK is here
    monkeypatch.setenv("NEUROMORPH_VACASK", "/nowhere/vacask")
    result = run("doctor")
    assert result.exit_code == 3
    assert "missing: /nowhere/ngspice is not an executable program (from NEUROMORPH_NGSPICE)" in result.stdout
    assert "install" in result.stdout


def test_simulate_prints_spikes_and_writes_json_waveforms_and_picture(run, tmp_path):
    result = run(
        "simulate", *FAST_LIF, "--json", tmp_path / "r.json", "--save", tmp_path / "r.nc", "--plot", tmp_path / "r.png"
    )
    assert result.exit_code == 0, result.output
    assert "3 spikes, first ISI 893.1 us" in result.stdout
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["engine"] == "rk4"
    assert np.diff(content["spike_times"]) == pytest.approx(nm.LIF().interval(0.2e-3), rel=1e-9)
    assert nm.load(tmp_path / "r.nc").spikes.times.tolist() == content["spike_times"]
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")


def test_values_with_units_reach_the_design(run):
    result = run(
        "simulate",
        *FAST_LIF,
        "--set",
        "capacitance=10nF",
        "--set",
        "t_refractory=50us",
        "--drive",
        DRIVE,
        "--json",
        "-",
    )
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    neuron = nm.LIF(capacitance=10e-9, t_refractory=50e-6)
    assert np.diff(content["spike_times"]) == pytest.approx(neuron.interval(0.2e-3), rel=1e-9)


@pytest.mark.parametrize("name", ["r_on", "memristor.r_on"])
def test_parameters_of_the_memristor(run, name):
    result = run("netlist", "memristive-alif", "--set", f"{name}=0.7kohm", "--set", "r_switch=none")
    assert result.exit_code == 0, result.output
    assert " r_on=700.0 " in result.stdout
    assert "Vsink sink rest" in result.stdout


def test_validate_agrees_and_writes_the_promised_json(run, tmp_path):
    result = run("validate", *FAST_LIF, "--json", tmp_path / "v.json", "--plot", tmp_path / "v.png")
    assert result.exit_code == 0, result.output
    assert "verdict: agree" in result.stdout
    content = json.loads((tmp_path / "v.json").read_text())
    assert content["passed"] is True
    metrics = content["metrics"]
    for name in ("spike_time_error_max", "spike_time_error_rms", "isi_error_max", "state_error_max"):
        assert 0 <= metrics[name] < 1e-2
    assert set(metrics["nrmse"]) >= {"v_mem", "i_in"}
    assert set(metrics["numerical_error"]) == {"reference", "candidate"}
    for road, engine in (("reference", "rk4"), ("candidate", "ngspice")):
        assert content[road]["engine"] == engine
        assert content[road]["version"]
        assert len(content[road]["spike_times"]) == 3
        assert set(content[road]["final_state"]) == {"v_mem"}


def test_validate_of_a_wrong_pair_exits_with_1(run, script):
    path = script(
        "import neuromorph as nm\n"
        "def design():\n    return nm.LIF().dynamics(), nm.LIF(capacitance=102e-9).schematic()\n"
        "def working_point():\n    return nm.LIF().working_point()\n"
    )
    result = run("validate", path, "--t-stop", "3ms")
    assert result.exit_code == 1, result.output
    assert "verdict: DISAGREE - the models differ" in result.stdout


def test_json_on_standard_output_is_nothing_but_json(run):
    for command in (["netlist", "lif"], ["simulate", *FAST_LIF], ["validate", *FAST_LIF], ["doctor"]):
        result = run(*command, "--json", "-")
        assert result.exit_code == 0, result.output
        json.loads(result.stdout)


def test_netlist_file_is_the_deck(run, tmp_path):
    assert run("netlist", "lif", "--output", tmp_path / "lif.cir").exit_code == 0
    assert (tmp_path / "lif.cir").read_text() == run("netlist", "lif").stdout


def test_script_design_arguments_can_be_set(run, script):
    path = script("import neuromorph as nm\ndef design(tau=1e-3):\n    return nm.LIF(r_leak=tau / 100e-9)\n")
    result = run(
        "simulate", path, "--set", "tau=2m", "--set", "v_th=0.5V", "--t-stop", "5ms", "--drive", DRIVE, "--json", "-"
    )
    assert result.exit_code == 0, result.output
    expected = nm.LIF(r_leak=2e-3 / 100e-9, v_th=0.5).interval(0.2e-3)
    assert np.diff(json.loads(result.stdout)["spike_times"]) == pytest.approx(expected, rel=1e-9)


def test_script_arguments_take_any_unit_and_text(run, script):
    path = script(
        "import neuromorph as nm\nprint('loading')\n"
        "def design(c=1e-9, kind='none'):\n    print('designing')\n"
        "    return nm.LIF(capacitance=c, v_th=0.5 if kind == 'low' else 1.0)\n"
    )
    result = run(
        "simulate", path, "--set", "c=47nF", "--set", "kind=low", "--drive", DRIVE, "--t-stop", "5ms", "--json", "-"
    )
    assert result.exit_code == 0, result.output
    expected = nm.LIF(capacitance=47e-9, v_th=0.5).interval(0.2e-3)
    assert np.diff(json.loads(result.stdout)["spike_times"]) == pytest.approx(expected, rel=1e-9)


def test_own_circuit_needs_no_equations(run, root):
    result = run("simulate", root / "circuits" / "rectifying_synapse.py", "--t-stop", "10ms")
    assert result.exit_code == 0, result.output
    assert "ngspice" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["simulate", "lif", "--drive", "constant(value=1mV)"], "the input takes a stimulus in A, got one in V"),
        (["simulate", "lif", "--drive", "i_in=1mA", "--drive", "i_in=2mA"], "--drive gives 'i_in' twice"),
        (["simulate", "lif", "--reltol", "1e-5"], "engine 'ode' takes no SPICE options"),
        (["simulate", "lif", "--probe", "v(mem)"], "and no probes"),
        (
            ["simulate", "lif", "--engine", "ngspice", "--dt", "1us"],
            "dt and solver belong to the engines 'ode' and 'rk4'",
        ),
        (["netlist", "lif", "--probe", "v=v(mem)", "--probe", "v=v(spike)"], "--probe gives 'v' twice"),
        (["netlist", "memristive-alif", "--set", "r_on=1k", "--set", "memristor.r_on=2k"], "memristor.r_on twice"),
        (["simulate", "lif", "--json", "."], "--json .: this is a folder"),
        (["validate", "lif", "--plot", "no/such/x.png"], "the folder no/such does not exist"),
        (["simulate", "lif", "--save", "x.csv"], "give a name that ends in .nc"),
        (
            ["simulate", "memristive"],
            "no design 'memristive'. Choices: memristive-alif, lif, rc-neuron, conductance-lif, adex, izhikevich, or the path of a script",
        ),
        (["simulate", "none.py"], "the script 'none.py' does not exist"),
        (["simulate", "lif", "--set", "capacitence=1nF"], "did you mean 'capacitance'?"),
        (["simulate", "lif", "--set", "zzz=1"], "lif has no parameter 'zzz'"),
        (["simulate", "memristive-alif", "--set", "zzz=1"], "memristor.r_on"),
        (["simulate", "lif", "--set", "capacitance"], "write name=value, such as capacitance=10nF"),
        (["simulate", "lif", "--set", "v_th=1V", "--set", "v_th=2V"], "gives 'v_th' twice"),
        (["simulate", "lif", "--set", "capacitance=3V"], "cannot read '3V'"),
        (["simulate", "lif", "--set", "r_leak=-3"], "r_leak must be a positive resistance in ohm, got -3.0"),
        (["simulate", "lif", "--set", "v_reset=2V"], "v_reset must be below v_th (1 V), got 2.0"),
        (["simulate", "lif", "--t-stop", "5kg"], "cannot read '5kg'"),
        (["simulate", "lif", "--t-stop", "1us", "--dt", "2us"], "shorter than one time step"),
        (["simulate", "lif", "--engine", "spectre"], "no engine 'spectre'; choices: ode, rk4, ngspice"),
        (["simulate", "lif", "--drive", "sqare(amplitude=1mA)"], "square"),
        (["simulate", "lif", "--drive", "constant(value=nan)"], "nan"),
        (["validate", "lif", "--t-stop", "1us", "--t-max", "2us"], "shorter than one time step"),
        (["simulate", "lif", "--t-stop", "1ms", "--plot", "x.bmpp"], "cannot write a picture as 'x.bmpp'"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_do(run, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "has no function design()"),
        ("def design(:\n", "line 1: "),
        ("def design():\n    return undefined_name\n", "line 2: NameError"),
        ("import not_a_module\n", "line 1: ModuleNotFoundError"),
        ("def design():\n    return 42\n", "returned 42; it should return a neuron"),
        ("def design():\n    pass\n", "returned None; it should return a neuron"),
        ("import sys\nsys.exit(0)\n", "line 2: SystemExit: 0"),
        ("def design():\n    raise SystemExit\n", "line 2: SystemExit"),
        (
            "import neuromorph as nm\ndef design(a=1):\n    return nm.LIF().dynamics()\n",
            "mine.py has no parameter 'zzz'",
        ),
    ],
)
def test_faulty_script_is_named_with_its_line(run, script, text, message):
    settings = ["--set", "zzz=1"] if "zzz" in message else []
    result = run("netlist", script(text), "--t-stop", "1ms", *settings)
    assert result.exit_code == 2, result.output
    assert message in result.output


@pytest.mark.parametrize("engine", ["vacask", "auto"])
def test_validate_runs_on_vacask(run, engine, tmp_path):
    design = ("memristive-alif", "--t-stop", "0.3ms")
    result = run("validate", *design, "--engine", engine, "--reltol", "1e-7", "--json", tmp_path / "c.json")
    assert result.exit_code == 0, result.output
    assert "vacask (candidate)" in result.stdout
    assert ("engine: vacask; 1 memristor and 1 threshold of switches: VACASK" in result.stdout) == (engine == "auto")
    candidate = json.loads((tmp_path / "c.json").read_text())["candidate"]
    assert candidate["engine"] == "vacask"


def test_auto_falls_back_to_ngspice_and_says_why(run, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_VACASK", "/nowhere/vacask")
    result = run("simulate", *FAST_LIF, "--engine", "auto")
    assert result.exit_code == 0, result.output
    assert (
        "engine: ngspice; ngspice, because VACASK cannot be used: /nowhere/vacask is not an executable" in result.stdout
    )


def test_without_any_engine_auto_exits_with_3_and_names_both(run, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_VACASK", "/nowhere/vacask")
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "/nowhere/ngspice")
    result = run("validate", *FAST_LIF, "--engine", "auto")
    assert result.exit_code == 3
    assert "/nowhere/vacask" in result.output
    assert "/nowhere/ngspice" in result.output


def test_missing_engine_exits_with_3(run, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "no-such-ngspice")
    result = run("validate", *FAST_LIF)
    assert result.exit_code == 3
    assert "install" in result.output


def test_failed_simulation_exits_with_4_and_keeps_its_folder(run, script, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    path = script(
        "import neuromorph as nm\n"
        "def design():\n"
        "    c = nm.Schematic('broken', probes={'v': 'v(a)'})\n"
        "    c.V('1', 'a', c.gnd, '{no_such_parameter}')\n    c.R('1', 'a', c.gnd, 1e3)\n    return c\n"
    )
    result = run("simulate", path, "--t-stop", "1ms")
    assert result.exit_code == 4, result.output
    assert "no_such_parameter" in result.output
    kept = result.output.split("kept in: ")[1].splitlines()[0]
    assert (tmp_path / kept / "deck.cir").is_file()


def test_failed_run_keeps_what_it_had_under_another_name(run, script, tmp_path):
    path = script(
        "import sympy, neuromorph as nm\n"
        "def design():\n"
        "    v = sympy.Symbol('v')\n"
        "    return nm.HybridSystem(name='blow-up', states={'v': nm.State(1.0, 'V')},\n"
        "        modes={'growing': nm.Mode(rates={'v': v**2})})\n"
    )
    result = run("simulate", path, "--t-stop", "2s", "--save", tmp_path / "v.nc")
    assert result.exit_code == 4, result.output
    assert "ceased to be finite" in result.output
    assert not (tmp_path / "v.nc").exists()
    kept = nm.load(tmp_path / "v.partial.nc")
    assert 0.9 < kept.time[-1] < 1.1  # dv/dt = v**2 from 1 is infinite at 1 s
    assert str(tmp_path / "v.partial.nc") in result.output


def test_what_cannot_be_written_is_said_before_anything_runs(run, tmp_path):
    result = run("simulate", *FAST_LIF, "--json", tmp_path / "no" / "folder" / "r.json")
    assert result.exit_code == 2
    assert "3 spikes" not in result.stdout
    assert "does not exist; make it first" in result.output


def test_command_is_installed():
    done = subprocess.run(
        [sys.executable, "-m", "neuromorph.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"neuromorph {nm.__version__}"
