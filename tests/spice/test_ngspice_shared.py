"""ngspice as a library: the same results as the program, no stale ones, replaced when it dies, stopped with what it has."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.errors import EngineNotFoundError, SimulationError
from neuromorph.spice import ngspice_shared

MakeDeck = Callable[..., nm.Deck]


@pytest.fixture
def engine(runs: Path) -> nm.NgspiceShared:
    return nm.NgspiceShared(folder=runs)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[ngspice_shared._Worker]]]:
    """No worker waits from another test; those of this one are ended."""
    idle: dict[str, list[ngspice_shared._Worker]] = {}
    monkeypatch.setattr(ngspice_shared, "_idle", idle)
    yield idle
    for worker in workers_of(idle):
        worker.close()


def workers_of(idle: dict[str, list[ngspice_shared._Worker]]) -> list[ngspice_shared._Worker]:
    return [worker for workers in idle.values() for worker in workers]


@pytest.mark.parametrize("neuron", [nm.MemristiveALIF(), nm.LIF()], ids=lambda n: n.design_name)
def test_the_library_gives_what_the_program_gives(neuron: nm.Neuron) -> None:
    t_stop = neuron.working_point().t_stop / 5
    program, library = (nm.simulate(neuron, t_stop=t_stop, engine=name) for name in ("ngspice", "ngspice-shared"))
    assert len(program.spikes) >= 2
    # Debian packs both from one source; another version may round otherwise.
    np.testing.assert_allclose(library.spikes.times, program.spikes.times, atol=20e-9)
    assert library.provenance["engine"] == "ngspice-shared"
    assert library.provenance["version"] != "unknown"
    assert library.provenance["deck_hash"] == program.provenance["deck_hash"]


def test_an_operating_point(engine: nm.NgspiceShared, with_lines: MakeDeck) -> None:
    found = nm.simulate(replace(with_lines(""), t_stop=None), engine=engine)
    assert found.time.tolist() == [0.0]
    assert found["v_out"].tolist() == pytest.approx([0.5])


FAULTS = {
    "unknown subcircuit": ("X1 out 0 nothing",),
    "undefined parameter": ("Rbad out 0 {nothing}",),
    "unbalanced brace": ("Bbad out 0 i={(1+2}",),
    "unknown model": ("Dbad out 0 nothing",),
    "duplicate name": ("Rsame out 0 1k", "Rsame out 0 2k"),
}


@pytest.mark.parametrize("lines", FAULTS.values(), ids=FAULTS)
def test_a_faulty_circuit_never_gives_the_results_of_the_one_before(
    engine: nm.NgspiceShared, with_lines: MakeDeck, lines: tuple[str, ...]
) -> None:
    good = with_lines("")
    expected = engine.run(good)["v_out"][-1]
    for _ in range(2):
        with pytest.raises(SimulationError) as caught:
            engine.run(with_lines(*lines))
        assert caught.value.cause
        assert caught.value.remedy
        assert caught.value.folder is not None
        assert caught.value.partial is None
        # The library, or the one that replaces it, is good for the next run.
        assert engine.run(good)["v_out"][-1] == pytest.approx(expected, rel=1e-12)


def test_the_next_circuit_is_run_and_not_the_one_before(engine: nm.NgspiceShared, with_lines: MakeDeck) -> None:
    for r in (1e3, 500.0, 250.0):
        found = engine.run(with_lines(f"Rmore out 0 {r!r}"))["v_out"][-1]
        parallel = 1 / (1 / 1e3 + 1 / r)
        assert found == pytest.approx(parallel / (1e3 + parallel), rel=1e-5)


def test_a_worker_is_used_again_and_replaced_when_it_dies(
    engine: nm.NgspiceShared, with_lines: MakeDeck, fresh: dict[str, list[ngspice_shared._Worker]]
) -> None:
    deck = with_lines("")
    engine.run(deck)
    (first,) = workers_of(fresh)
    engine.run(deck)
    assert workers_of(fresh) == [first]
    first._process.kill()
    first._process.wait()
    assert engine.run(deck)["v_out"][-1] == pytest.approx(0.5, rel=1e-4)
    (second,) = workers_of(fresh)
    assert second is not first


def test_a_worker_that_dies_in_mid_run_is_told_and_replaced(
    engine: nm.NgspiceShared, long_deck: nm.Deck, with_lines: MakeDeck, fresh: dict[str, list[ngspice_shared._Worker]]
) -> None:
    def kill(fraction: float, what: str) -> None:
        borrowed[0]._process.kill()

    borrowed: list[ngspice_shared._Worker] = []
    engine.run(with_lines(""))
    borrowed.extend(workers_of(fresh))
    with pytest.raises(SimulationError, match="was killed by signal 9") as caught:
        engine.run(long_deck, progress=kill)
    assert caught.value.folder is not None
    assert engine.run(with_lines(""))["v_out"][-1] == pytest.approx(0.5, rel=1e-4)


def test_progress_rises_in_per_cent(engine: nm.NgspiceShared) -> None:
    said: list[float] = []
    nm.simulate(nm.MemristiveALIF(), t_stop=10e-3, engine=engine, progress=lambda f, what: said.append(f))
    assert len(said) >= 3
    assert said == sorted(said)
    assert 0.0 <= said[0] < 0.5 < said[-1] <= 1.0


def test_a_run_that_takes_too_long_keeps_what_it_has(runs: Path, long_deck: nm.Deck) -> None:
    started = time.monotonic()
    with pytest.raises(SimulationError, match=r"had not finished after 2 s") as caught:
        nm.NgspiceShared(folder=runs, timeout=2.0).run(long_deck)
    assert time.monotonic() - started < 10.0
    partial = caught.value.partial
    assert partial is not None
    assert len(partial.time) > 100
    assert partial.time[-1] == pytest.approx(caught.value.time_reached)
    assert partial["v_out"][-1] == pytest.approx(0.5, rel=1e-3)


def test_the_program_keeps_what_it_has_too(runs: Path, long_deck: nm.Deck) -> None:
    with pytest.raises(SimulationError, match="had not finished") as caught:
        nm.Ngspice(folder=runs, timeout=3.0).run(long_deck)
    assert caught.value.partial is not None
    assert len(caught.value.partial.time) > 100


def test_ctrl_c_stops_the_run_and_leaves_its_points(engine: nm.NgspiceShared, runs: Path, long_deck: nm.Deck) -> None:
    def interrupt(fraction: float, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.run(long_deck, progress=interrupt)
    (raw,) = runs.glob("*/out.raw")
    (plot,) = nm.read_raw(raw)
    assert plot.n_points > 10


def test_threads_have_workers_of_their_own(with_lines: MakeDeck, runs: Path) -> None:
    decks = [with_lines(f"Rmore out 0 {r!r}") for r in (1e3, 2e3, 4e3, 8e3)]
    engine = nm.NgspiceShared(folder=runs)
    alone = [engine.run(deck)["v_out"][-1] for deck in decks]
    with ThreadPoolExecutor(2) as pool:
        together = [recording["v_out"][-1] for recording in pool.map(engine.run, decks * 3)]
    assert together == alone * 3


def resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_memory_is_flat_over_500_runs(
    engine: nm.NgspiceShared, with_lines: MakeDeck, fresh: dict[str, list[ngspice_shared._Worker]]
) -> None:
    # 500 points of 4 vectors: 16 kB a run, 8 MB in all if results were kept.
    deck = with_lines("", t_max=2e-6)
    for _ in range(30):
        engine.run(deck)
    (worker,) = workers_of(fresh)
    before = resident(worker._process.pid)
    for _ in range(500):
        engine.run(deck)
    assert workers_of(fresh) == [worker]
    assert resident(worker._process.pid) - before < 2e6


def test_a_users_spiceinit_changes_nothing(
    engine: nm.NgspiceShared,
    with_lines: MakeDeck,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fresh: dict[str, list[ngspice_shared._Worker]],
) -> None:
    (tmp_path / ".spiceinit").write_text("set ngbehavior=psa\nquit\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert engine.run(with_lines(""))["v_out"][-1] == pytest.approx(0.5, rel=1e-4)


def test_what_is_no_library_is_named(with_lines: MakeDeck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deck = with_lines("")
    with pytest.raises(
        EngineNotFoundError, match=r"/no/lib\.so is not a file; the library is installed with: .*libngspice0"
    ):
        nm.NgspiceShared(program="/no/lib.so").run(deck)
    text = tmp_path / "libngspice.so"
    text.write_text("not a library")
    with pytest.raises(EngineNotFoundError, match="is not a library of ngspice that can be loaded"):
        nm.NgspiceShared(program=text).run(deck)
    monkeypatch.setenv("NEUROMORPH_LIBNGSPICE", "/no/such.so")
    with pytest.raises(EngineNotFoundError, match=r"/no/such\.so \(from NEUROMORPH_LIBNGSPICE\) is not a file"):
        nm.NgspiceShared().run(deck)


def test_no_thread_is_left_behind(engine: nm.NgspiceShared, with_lines: MakeDeck) -> None:
    before = threading.active_count()
    engine.run(with_lines(""))
    assert threading.active_count() == before
