"""Circuits and stand-ins for ngspice that the engine's tests share."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import neuromorph as nm
from neuromorph.errors import SimulationError


@pytest.fixture
def divider() -> nm.Schematic:
    """A source of 1 V, two resistors and a capacitor; the node ``out`` settles at 0.5 V."""
    circuit = nm.Schematic("divider", probes={"v_out": "v(out)", "i_in": "i(Vin)"})
    circuit.V("in", "in", circuit.gnd, 1.0)
    circuit.R("top", "in", "out", 1e3)
    circuit.R("bottom", "out", circuit.gnd, 1e3)
    circuit.C("out", "out", circuit.gnd, 1e-9)
    return circuit


@pytest.fixture
def with_lines(divider: nm.Schematic) -> Callable[..., nm.Deck]:
    """A function that adds raw lines to the divider and makes its deck."""

    def make(*lines: str, t_stop: float = 1e-3, t_max: float | None = None) -> nm.Deck:
        divider.raw_spice = "\n".join(lines)
        divider.resolution = nm.Resolution(t_max=t_max)
        return nm.make_deck(divider, t_stop=t_stop)

    return make


@pytest.fixture
def long_deck(divider: nm.Schematic) -> nm.Deck:
    """A run of about an hour."""
    divider.resolution = nm.Resolution(t_max=1e-9)
    return nm.make_deck(divider, t_stop=1.0)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder for the folders of runs."""
    return tmp_path / "runs"


@pytest.fixture
def failure(runs: Path) -> Callable[..., SimulationError]:
    """A function that runs a deck which has to fail, and checks what every failure owes to its reader."""

    def fail(deck: nm.Deck, **engine: object) -> SimulationError:
        with pytest.raises(SimulationError) as caught:
            nm.Ngspice(folder=runs, **engine).run(deck)
        error = caught.value
        assert error.cause
        assert error.remedy
        assert error.folder is not None
        assert error.folder.parent == runs
        assert "\n* divider\n" in "\n" + (error.folder / "deck.cir").read_text()
        assert (error.folder / "ngspice.log").exists()
        text = str(error)
        assert f"kept in: {error.folder}" in text
        assert f"try: {error.remedy}" in text
        if error.where:
            assert f"at: {error.where}" in text
        if error.time_reached is not None:
            assert f"time reached: {error.time_reached:.6g} s" in text
        return error

    return fail


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A function that makes a program: shell commands for a run, the real ngspice for everything else."""
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "cache"))
    real = shutil.which("ngspice")
    assert real, "ngspice is not installed"

    def make(commands: str) -> Path:
        program = tmp_path / f"stand-in-{len(list(tmp_path.glob('stand-in-*')))}"
        program.write_text(
            f'#!/bin/sh\nngspice={real}\ncase " $* " in\n*" -r "*) ;;\n*) exec "$ngspice" "$@";;\nesac\n{commands}\n'
        )
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def with_pid(stand_in: Callable[[str], Path]) -> Path:
    """The real ngspice, which leaves the number of its process in its folder."""
    return stand_in('echo $$ > pid; exec "$ngspice" "$@"')


@pytest.fixture
def engine_pid(runs: Path) -> Callable[[], int | None]:
    """A function that finds the process of the one run that there is, once it has written something."""

    def find() -> int | None:
        for file in runs.glob("*/pid"):
            raw = file.with_name("out.raw")
            if raw.exists() and raw.stat().st_size:
                return int(file.read_text())
        return None

    return find


@pytest.fixture
def is_running(runs: Path) -> Callable[[], bool]:
    """A function that sees whether a long run still writes; unlike a process number, that cannot mislead."""

    def look() -> bool:
        (raw,) = runs.glob("*/out.raw")
        before = raw.stat().st_size
        time.sleep(0.4)
        return raw.stat().st_size != before

    return look
