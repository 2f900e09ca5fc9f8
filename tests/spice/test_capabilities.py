"""What the found ngspice can do: probed once for each file, and what follows for the solver."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import neuromorph as nm
from neuromorph.errors import EngineNotFoundError, SimulationError
from neuromorph.spice.capabilities import Capabilities, capabilities_of, find_program, install_command

# What ngspice 44.2 of Debian 13 prints, where it differs in what is looked at.
RECORDED_44 = """\
echo call >> "{calls}"
case "$*" in
--version)
    echo '******'
    echo '** ngspice-44.2 : Circuit level simulation program'
    echo '** Compiled with KLU Direct Linear Solver'
    exit 0;;
*" -r "*) exec ngspice "$@";;
esac
if grep -q pre_osdi deck.cir; then
    echo 'Error opening osdi lib "none.osdi": No such file or directory!' >&2
    exit 1
fi
grep -qw klu deck.cir && echo 'Note: using KLU as Direct Linear Solver' || echo 'Using SPARSE 1.3 as Direct Linear Solver'
echo 'No. of Data Rows : 1'
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def program_44(tmp_path: Path) -> Path:
    """A stand-in that answers probes as ngspice 44.2 does and counts its calls."""
    program = tmp_path / "ngspice-44"
    program.write_text("#!/bin/sh\n" + RECORDED_44.format(calls=tmp_path / "calls"))
    program.chmod(0o755)
    return program


def calls(program: Path) -> int:
    return len((program.parent / "calls").read_text().splitlines())


def test_the_found_ngspice_agrees_with_what_it_states() -> None:
    found = nm.Ngspice().capabilities()
    stated = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, check=True).stdout
    assert f"ngspice-{found.version} " in stated
    if found.version.startswith("39"):
        assert found == Capabilities(version="39", klu=False, osdi=False)


def test_answers_of_ngspice_44(program_44: Path) -> None:
    # A real one, where there is one; otherwise what one printed.
    program = Path(os.environ.get("NEUROMORPH_TEST_NGSPICE44", program_44))
    found = capabilities_of(program)
    assert found.version.startswith("44")
    assert found.klu
    assert found.osdi


def test_a_file_is_probed_once_and_again_when_it_changes(program_44: Path, cache: Path) -> None:
    first = capabilities_of(program_44)
    n_calls = calls(program_44)
    assert n_calls == 3
    assert capabilities_of(program_44) == first
    assert calls(program_44) == n_calls, "kept in memory"
    (kept,) = json.loads((cache / "engines.json").read_text()).values()
    assert Capabilities(**kept) == first
    os.utime(program_44, (1, 1))
    assert capabilities_of(program_44) == first
    assert calls(program_44) == 2 * n_calls, "another time stamp is another program"
    program_44.write_text(program_44.read_text() + "\n")
    os.utime(program_44, (1, 1))
    capabilities_of(program_44)
    assert calls(program_44) == 3 * n_calls, "another size is another program"
    assert len(json.loads((cache / "engines.json").read_text())) == 3


def test_another_process_reads_the_cache(program_44: Path, cache: Path) -> None:
    capabilities_of(program_44)
    n_calls = calls(program_44)
    from neuromorph.spice import capabilities

    capabilities._remembered.cache_clear()
    assert capabilities_of(program_44).klu
    assert calls(program_44) == n_calls


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"%s": 3}', '{"%s": {"version": "1"}}', "\x00\xff"])
def test_a_broken_cache_is_probed_over(program_44: Path, cache: Path, content: str) -> None:
    cache.mkdir()
    stat = program_44.stat()
    key = f"{program_44}|{stat.st_mtime_ns}|{stat.st_size}"
    (cache / "engines.json").write_text(content.replace("%s", key))
    assert capabilities_of(program_44).klu
    assert key in json.loads((cache / "engines.json").read_text())


def test_a_cache_that_cannot_be_written_does_no_harm(
    program_44: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "file"))
    assert capabilities_of(program_44).klu
    monkeypatch.setenv("NEUROMORPH_CACHE", "/proc/self")
    os.utime(program_44, (2, 2))
    assert capabilities_of(program_44).klu


def test_a_program_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    monkeypatch.setattr("neuromorph.spice.capabilities._PATIENCE", 0.2)
    with pytest.raises(EngineNotFoundError, match="silent is not ngspice: asked for its version it says ''"):
        capabilities_of(program)


def test_where_the_program_is_looked_for(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = stand_in("exit 0")
    assert find_program(program) == program
    monkeypatch.setenv("NEUROMORPH_NGSPICE", str(program))
    assert find_program() == program
    assert find_program("ngspice").name == "ngspice", "what the caller names comes first"
    monkeypatch.chdir(tmp_path)
    assert find_program(f"./{program.name}") == program
    assert nm.Ngspice().executable() == program


@pytest.mark.parametrize(
    ("present", "command"),
    [
        ("apt-get", "sudo apt-get install ngspice"),
        ("dnf", "sudo dnf install ngspice"),
        (None, "ngspice.sourceforge.io"),
    ],
)
def test_the_install_command_fits_the_system(
    present: str | None, command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if present:
        (tmp_path / present).write_text("#!/bin/sh\n")
        (tmp_path / present).chmod(0o755)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command in install_command()
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert install_command() == "brew install ngspice"


# ---------------------------------------------------------------- the linear solver


@pytest.fixture
def decks(divider: nm.Schematic) -> dict[str, nm.Deck]:
    small = nm.make_deck(divider, t_stop=1e-3)
    divider.raw_spice = "\n".join(f"Rn{i} n{i} 0 1k\nRm{i} out n{i} 1k" for i in range(500))
    return {"small": small, "large": nm.make_deck(divider, t_stop=1e-3)}


@pytest.mark.parametrize(
    ("size", "solver", "is_klu"),
    [("small", "auto", False), ("large", "auto", True), ("small", "klu", True), ("large", "sparse", False)],
)
def test_klu_is_asked_for_where_it_is_and_helps(
    decks: dict[str, nm.Deck], program_44: Path, size: str, solver: str, is_klu: bool
) -> None:
    engine = nm.Ngspice(program=program_44)
    options = nm.NgspiceOptions(linear_solver=solver)
    text = decks[size].text(options, engine.uses_klu(decks[size], options))
    (line,) = [line for line in text.splitlines() if line.startswith(".options")]
    assert (line.split()[-1] == "klu") == is_klu


def test_a_large_deck_runs_without_klu_where_there_is_none(decks: dict[str, nm.Deck]) -> None:
    recording = nm.Ngspice().run(decks["large"])
    # 1 V through 1 kohm into 1 kohm beside five hundred times 2 kohm.
    assert recording["v_out"][-1] == pytest.approx(1 / (1 + 1 + 250), rel=1e-4)


def test_asking_for_klu_where_there_is_none(
    decks: dict[str, nm.Deck], tmp_path: Path, program_44: Path, runs: Path
) -> None:
    program = tmp_path / "without-klu"
    program.write_text(program_44.read_text().replace("using KLU", "using SPARSE"))
    program.chmod(0o755)
    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(program=program, folder=runs).run(decks["small"], nm.NgspiceOptions(linear_solver="klu"))
    assert caught.value.cause == "ngspice 44.2 was built without the KLU solver"
    assert "linear_solver='auto'" in caught.value.remedy
    assert not runs.exists()
