"""Every way in which a run fails: message, remedy, folder kept, nothing left under a final name."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.errors import EngineNotFoundError, SimulationError

Fail = Callable[..., SimulationError]
MakeDeck = Callable[..., nm.Deck]

# ---------------------------------------------------------------- before anything runs


def test_a_missing_include_is_named_before_the_run(divider: nm.Schematic, tmp_path: Path) -> None:
    divider.include(tmp_path / "nowhere.lib")
    with pytest.raises(FileNotFoundError, match=f"include file '{tmp_path}/nowhere.lib' does not exist"):
        nm.make_deck(divider, t_stop=1e-3)


def test_a_missing_include_of_raw_lines_is_named_before_the_run(with_lines: MakeDeck) -> None:
    with pytest.raises(FileNotFoundError, match=r"library file 'nowhere\.lib' does not exist \(looked for /"):
        with_lines('.lib "nowhere.lib" tt')


def test_a_missing_include_inside_an_include_is_the_engine_s(
    divider: nm.Schematic, tmp_path: Path, failure: Fail
) -> None:
    (tmp_path / "outer.lib").write_text('.include "inner.lib"\n')
    divider.include(tmp_path / "outer.lib")
    error = failure(nm.make_deck(divider, t_stop=1e-3))
    assert "include file" in error.cause
    assert "inner.lib does not exist" in error.cause
    assert error.where is not None
    assert error.where.endswith("inner.lib")


def test_an_include_is_found_from_where_the_user_is(
    divider: nm.Schematic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Móje modele"
    folder.mkdir()
    (folder / "Load A.inc").write_text("Rextra out 0 1k\n")
    (tmp_path / "Corners.lib").write_text(".lib TT\nRcorner out 0 500\n.endl\n")
    monkeypatch.chdir(folder)
    divider.include("Load A.inc")
    divider.raw_spice = ".lib '../Corners.lib' TT"
    assert nm.simulate(divider, t_stop=1e-3)["v_out"][-1] == pytest.approx(250 / 1250, rel=1e-5)


@pytest.mark.parametrize("t_max", [2e-3, 1.0])
def test_a_run_shorter_than_a_step(divider: nm.Schematic, runs: Path, t_max: float) -> None:
    deck = nm.make_deck(divider, t_stop=1e-3)
    with pytest.raises(
        ValueError, match=rf"t_stop \(0\.001 s\) is shorter than one time step \({t_max:g} s\): lengthen"
    ):
        nm.Ngspice(folder=runs).run(deck, nm.NgspiceOptions(t_max=t_max))
    assert not runs.exists()


def test_a_stimulus_that_is_not_finite(divider: nm.Schematic, runs: Path) -> None:
    class Broken(nm.Constant):
        def spice(self, t_stop: float) -> str:
            return "PWL(0 0 1e-3 nan)"

    divider.ports = {"i_in": nm.Port("out")}
    with pytest.raises(ValueError, match="the stimulus of port 'i_in' is not finite everywhere"):
        nm.simulate(divider, Broken(value=1.0), 1e-3, engine=nm.Ngspice(folder=runs))
    assert not runs.exists()


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan"), float("inf")])
def test_a_timeout_that_is_no_time(timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a positive time in s, got"):
        nm.Ngspice(timeout=timeout)


# ---------------------------------------------------------------- the program


def test_a_program_that_is_not_there(divider: nm.Schematic, monkeypatch: pytest.MonkeyPatch) -> None:
    deck = nm.make_deck(divider, t_stop=1e-3)
    with pytest.raises(
        EngineNotFoundError, match=r"^/no/ngspice is not an executable program; install it with: .*ngspice"
    ):
        nm.Ngspice(program="/no/ngspice").run(deck)
    monkeypatch.setenv("NEUROMORPH_NGSPICE", "/no/such")
    with pytest.raises(
        EngineNotFoundError, match=r"/no/such is not .* \(from NEUROMORPH_NGSPICE\): correct that variable or unset it"
    ):
        nm.Ngspice().run(deck)
    monkeypatch.delenv("NEUROMORPH_NGSPICE")
    monkeypatch.setenv("PATH", "/no")
    with pytest.raises(EngineNotFoundError, match=r"^ngspice is not on the search path; install it with: .*ngspice"):
        nm.Ngspice().run(deck)


@pytest.mark.parametrize("program", ["/bin/true", "/bin/cat", "/bin/sh"])
def test_a_program_that_is_not_ngspice(
    divider: nm.Schematic, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    deck = nm.make_deck(divider, t_stop=1e-3)
    with pytest.raises(EngineNotFoundError, match=f"{program} is not ngspice: asked for its version it says .*install"):
        nm.Ngspice(program=program).run(deck)
    assert not (tmp_path / "engines.json").exists()


def test_a_file_that_is_no_program(divider: nm.Schematic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "cache"))
    program = tmp_path / "data"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    with pytest.raises(EngineNotFoundError, match="data cannot be run: Exec format error; install: "):
        nm.Ngspice(program=program).run(nm.make_deck(divider, t_stop=1e-3))


# ---------------------------------------------------------------- no convergence


def test_an_operating_point_that_is_not_found(with_lines: MakeDeck, failure: Fail) -> None:
    error = failure(with_lines("Bx o 0 V=v(o)>0.5 ? 0 : 1", "Rx o 0 1k"))
    assert error.cause.startswith("no operating point was found: gmin stepping, source stepping")
    assert ".nodeset or .ic" in error.remedy
    assert error.where == "o"


def test_a_time_step_that_becomes_too_small(with_lines: MakeDeck, failure: Fail) -> None:
    # dv/dt = (v^2 + 1) * 1e3 / s from v = 1 reaches infinity at (pi/2 - pi/4) ms.
    lines = ["Bx 0 x I=v(x)*v(x)*1u+1u", "Cx x 0 1n", "Rx x 0 1g", ".ic v(x)=1"]
    error = failure(with_lines(*lines, t_stop=10e-3))
    assert error.cause.startswith("the time step became too small at 0.000785")
    assert error.time_reached == pytest.approx(np.pi / 4 * 1e-3, rel=1e-3)
    assert error.where == "x"
    assert "smooth a switch" in error.remedy


# ---------------------------------------------------------------- interruptions


def at_first_progress(action: Callable[[], None]) -> Callable[[float, str], None]:
    """A listener that acts once."""
    done: list[float] = []

    def listen(fraction: float, what: str) -> None:
        if not done:
            done.append(fraction)
            action()

    return listen


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_killed(
    long_deck: nm.Deck,
    runs: Path,
    with_pid: Path,
    engine_pid: Callable[[], int | None],
    number: signal.Signals,
) -> None:
    def kill() -> None:
        pid = engine_pid()
        assert pid is not None
        # From another thread, a little later.
        threading.Timer(0.2, os.kill, (pid, number)).start()

    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(folder=runs, program=with_pid).run(long_deck, progress=at_first_progress(kill))
    error = caught.value
    assert error.cause == f"ngspice was killed by signal {number.value} ({number.name})"
    assert "memory limits" in error.remedy
    assert error.time_reached is not None
    assert 0 < error.time_reached < long_deck.t_stop
    assert error.folder is not None
    assert (error.folder / "out.raw").stat().st_size > 0


def test_a_kill_is_seen_through_a_shell(long_deck: nm.Deck, stand_in: Callable[[str], Path], failure: Fail) -> None:
    error = failure(long_deck, program=stand_in('"$ngspice" "$@" & sleep 0.5; kill -9 $!; wait $!; exit $?'))
    assert error.cause == "ngspice was killed by signal 9 (SIGKILL)"
    assert error.time_reached is not None


def test_a_crash(divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail) -> None:
    program = stand_in("echo last words; kill -SEGV $$")
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=program)
    assert error.cause == "ngspice crashed (SIGSEGV)"
    assert error.log_lines == ("last words",)


def test_a_status_without_a_message(divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail) -> None:
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=stand_in("exit 3"))
    assert error.cause == "ngspice ended with status 3 and no message"


def test_a_run_that_takes_too_long(long_deck: nm.Deck, failure: Fail, is_running: Callable[[], bool]) -> None:
    started = time.monotonic()
    error = failure(long_deck, timeout=0.7)
    assert 0.7 <= time.monotonic() - started < 10
    assert error.cause == "ngspice had not finished after 0.7 s"
    assert error.remedy == "allow more time, or a longer time step"
    assert error.time_reached is not None
    assert 0 < error.time_reached < long_deck.t_stop
    assert not is_running()


def test_a_program_that_closes_its_output_and_goes_on(
    divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail
) -> None:
    program = stand_in("exec >&- 2>&-; exec sleep 100")
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=program, timeout=0.5)
    assert error.cause == "ngspice had not finished after 0.5 s"


def test_an_interrupt_stops_the_program_and_keeps_the_folder(
    long_deck: nm.Deck, runs: Path, is_running: Callable[[], bool], caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt() -> None:
        assert is_running()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nm.Ngspice(folder=runs).run(long_deck, progress=at_first_progress(interrupt))
    assert not is_running()
    (folder,) = runs.iterdir()
    assert {path.name for path in folder.iterdir()} == {"deck.cir", "ngspice.log", "out.raw"}
    assert f"ngspice was stopped; deck, log and raw file are kept in {folder}" in caplog.text


LONG_RUN = """
import sys
import neuromorph as nm
circuit = nm.Schematic("long", probes={"v": "v(a)"}, resolution=nm.Resolution(t_max=1e-9))
circuit.V("1", "a", 0, 1.0)
circuit.R("1", "a", 0, 1e3)
nm.Ngspice(folder=sys.argv[1], program=sys.argv[2]).run(nm.make_deck(circuit, t_stop=1.0))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_orphan_is_left(
    runs: Path,
    with_pid: Path,
    engine_pid: Callable[[], int | None],
    is_running: Callable[[], bool],
    number: signal.Signals,
) -> None:
    # A caller that is killed cannot clean up; ngspice then ends when it next prints its progress, which from
    # version 40 on may take half a minute.
    command = [sys.executable, "-c", LONG_RUN, str(runs), str(with_pid)]
    script = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: engine_pid() is not None)
        script.send_signal(number)
        wait_for(lambda: not is_running())
        _, printed = script.communicate(timeout=30)
    except BaseException:
        script.kill()
        os.kill(engine_pid() or script.pid, signal.SIGKILL)
        raise
    assert (number == signal.SIGINT) == ("Interrupt" in printed)
    (folder,) = runs.iterdir()
    assert (folder / "deck.cir").exists()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# ---------------------------------------------------------------- the raw file


@pytest.mark.parametrize(
    ("commands", "cause", "is_reached"),
    [
        ("truncate -s -100 out.raw", "the raw file is truncated", True),
        ("truncate -s 150 out.raw", "ngspice wrote no results", False),
        ("truncate -s 0 out.raw", "ngspice wrote no results", False),
        ("rm out.raw", "ngspice wrote no results", False),
        ("head -c 5000 /dev/urandom > out.raw", "ngspice wrote no results", False),
    ],
)
def test_a_raw_file_that_is_cut_behind_a_good_status(
    divider: nm.Schematic,
    stand_in: Callable[[str], Path],
    failure: Fail,
    commands: str,
    cause: str,
    is_reached: bool,
) -> None:
    program = stand_in(f'"$ngspice" "$@"; {commands}; exit 0')
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=program)
    assert error.cause == cause
    assert (error.time_reached is not None) == is_reached
    assert error.log_lines


def test_a_run_that_ends_early(divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail) -> None:
    program = stand_in('sed -i "s/^\\.tran .*/.tran 1e-6 0.5e-3/" deck.cir; exec "$ngspice" "$@"')
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=program)
    assert error.cause == "the run ended at 0.0005 s instead of 0.001 s"
    assert error.time_reached == pytest.approx(0.5e-3)


def test_a_vector_that_was_not_recorded(with_lines: MakeDeck, divider: nm.Schematic, failure: Fail) -> None:
    divider.probes = {"v": "v(out)", "inner": "v(x1.nosuch)"}
    error = failure(with_lines("X1 out cell", ".subckt cell a", "R1 a b 1k", "R2 b 0 1k", ".ends"))
    assert error.cause == "ngspice did not record v(x1.nosuch)"
    assert error.remedy == "check the probe's name; recorded: time, v(out)"


@pytest.mark.parametrize("probe", ["v(x1.b)", "i(v.x1.v1)", "@r.x1.r1[i]"])
def test_probes_inside_a_subcircuit(with_lines: MakeDeck, divider: nm.Schematic, probe: str) -> None:
    divider.probes = {"inner": probe}
    deck = with_lines("X1 out cell", ".subckt cell a", "R1 a b 1k", "R2 b c 1k", "V1 c 0 0", ".ends")
    # 1 V through 1 kohm into 1 kohm beside 2 kohm: 0.4 V, of which the cell's own divider takes half.
    expected = 0.2 if probe.startswith("v") else 0.2e-3
    assert nm.Ngspice().run(deck)["inner"][-1] == pytest.approx(expected, rel=1e-5)


def test_a_message_behind_a_progress_mark_is_not_lost(
    divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail
) -> None:
    mark = " Reference value :  2.50000e-04"
    text = 'doAnalyses: TRAN:  Timestep too small; time = 0.0005, timestep = 1e-20: trouble with node \\"x\\"'
    commands = f'printf "{mark}\\r{mark}{text}\\n"; echo "run simulation(s) aborted"; exit 1'
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=stand_in(commands))
    assert error.cause.startswith("the time step became too small at 0.0005 s")
    assert error.time_reached == 0.0005
    assert error.where == "x"


def test_a_log_that_floods_keeps_its_beginning_and_its_end(
    divider: nm.Schematic, stand_in: Callable[[str], Path], failure: Fail
) -> None:
    flood = "echo 'Error: Could not find include file first.lib'; yes flood | head -c 30000000; echo the end; exit 1"
    error = failure(nm.make_deck(divider, t_stop=1e-3), program=stand_in(flood))
    assert error.cause == "the include file first.lib does not exist"
    assert error.folder is not None
    log = (error.folder / "ngspice.log").read_text()
    assert len(log) < 2_000_000
    assert log.startswith("Error: Could not find")
    assert "[the middle of the log was left out]" in log
    assert log.endswith("the end\n")


# ---------------------------------------------------------------- the disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A disk of 256 KiB, or ``None`` where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk(
    divider: nm.Schematic, small_disk: Path | None, stand_in: Callable[[str], Path], failure: Fail
) -> None:
    divider.resolution = nm.Resolution(t_max=50e-9)
    deck = nm.make_deck(divider, t_stop=1e-3)
    if small_disk is None:
        # Writing to this device fails as on a full disk.
        error = failure(deck, program=stand_in('ln -s /dev/full out.raw; exec "$ngspice" "$@"'))
        assert "the disk is full" in error.cause
        return
    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(folder=small_disk).run(deck)
    error = caught.value
    assert error.folder is not None
    assert error.folder.parent == small_disk
    assert error.cause == f"no space left on the disk that holds {error.folder}"
    assert "free some space, or choose another place for runs (TMPDIR" in error.remedy
    assert str(small_disk) in error.remedy
    assert error.time_reached is not None
    assert 0 < error.time_reached < 1e-3
    # Full from the start: not even the deck can be written.
    subprocess.run(["dd", "if=/dev/zero", f"of={small_disk}/rest", "bs=1k"], capture_output=True, check=False)
    with pytest.raises(SimulationError, match=r"(?i)no space left"):
        nm.Ngspice(folder=small_disk).run(deck)


LIMITED_RUN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
import neuromorph as nm
circuit = nm.Schematic("divider", probes={"v": "v(a)"}, resolution=nm.Resolution(t_max=1e-7))
circuit.V("1", "a", 0, 1.0)
circuit.R("1", "a", 0, 1e3)
try:
    nm.Ngspice(folder=sys.argv[1]).run(nm.make_deck(circuit, t_stop=1e-3))
except nm.SimulationError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("limit", "cause", "remedy"),
    [
        (65536, "the raw file reached the limit on file sizes", "ulimit -f"),
        (16, f"cannot write: {os.strerror(errno.EFBIG)}", "choose another place for runs"),
    ],
)
def test_a_limit_on_file_sizes(runs: Path, limit: int, cause: str, remedy: str) -> None:
    command = [sys.executable, "-c", LIMITED_RUN, str(runs), str(limit)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.startswith(cause), ended.stderr
    assert remedy in ended.stdout
    assert f"kept in: {runs}/neuromorph-ngspice-" in ended.stdout


def test_a_folder_that_cannot_be_made(divider: nm.Schematic, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    deck = nm.make_deck(divider, t_stop=1e-3)
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        with pytest.raises(SimulationError) as caught:
            nm.Ngspice(folder=folder).run(deck)
        assert caught.value.cause.startswith(f"cannot make a folder for the run in {folder}: ")
        assert "Ngspice(folder=...)" in caught.value.remedy


def test_a_folder_may_be_relative_and_a_text(
    divider: nm.Schematic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_lines: MakeDeck
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(folder="deep/runs").run(with_lines("Xa in out nosuch"))
    assert caught.value.folder is not None
    assert caught.value.folder.is_absolute()
    assert (tmp_path / "deep" / "runs" / caught.value.folder.name / "deck.cir").exists()


# ---------------------------------------------------------------- side by side


def test_a_failure_leaves_earlier_results_alone(divider: nm.Schematic, runs: Path, with_lines: MakeDeck) -> None:
    runs.mkdir()
    (runs / "out.raw").write_text("earlier")
    kept = []
    for _ in range(2):
        with pytest.raises(SimulationError) as caught:
            nm.Ngspice(folder=runs).run(with_lines("Xa in out nosuch"))
        kept.append(caught.value.folder)
    divider.raw_spice = ""
    nm.Ngspice(folder=runs).run(nm.make_deck(divider, t_stop=1e-3))
    assert (runs / "out.raw").read_text() == "earlier"
    assert {path for path in runs.iterdir() if path.is_dir()} == set(kept)


def test_runs_in_threads_do_not_touch_each_other(divider: nm.Schematic, runs: Path) -> None:
    engine = nm.Ngspice(folder=runs)
    decks = []
    for level in range(1, 9):
        divider.Vin.dc_value = float(level)
        decks.append(nm.make_deck(divider, t_stop=1e-3))
    with ThreadPoolExecutor(4) as pool:
        recordings = list(pool.map(engine.run, decks))
    assert [recording["v_out"][-1] for recording in recordings] == pytest.approx([level / 2 for level in range(1, 9)])
    assert list(runs.iterdir()) == []


def test_engine_deck_and_failure_travel_between_processes(
    with_lines: MakeDeck, divider: nm.Schematic, runs: Path
) -> None:
    engine = nm.Ngspice(folder=runs, timeout=60.0)
    assert pickle.loads(pickle.dumps(engine)) == engine
    good, bad = with_lines(), with_lines("Xa in out nosuch")
    assert pickle.loads(pickle.dumps(good)).text() == good.text()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        recordings = [pool.submit(engine.run, good) for _ in range(2)]
        failed = pool.submit(engine.run, bad)
        assert [r.result()["v_out"][-1] for r in recordings] == pytest.approx([0.5, 0.5])
        error = failed.exception()
    assert isinstance(error, SimulationError)
    assert error.cause == "subcircuit nosuch is not defined"
    assert error.where == "xa"
    assert error.remedy
    assert error.log_lines
    assert error.folder is not None
    assert (error.folder / "deck.cir").read_text() == bad.text()
