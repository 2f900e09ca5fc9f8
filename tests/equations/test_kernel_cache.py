"""Generated kernels on disk: the second process compiles nothing, whatever happened to the folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from neuromorph.equations import cache_folder, load_kernel

RUN = """
import sys
import neuromorph as nm
solver = getattr(nm, sys.argv[1])()
recording = nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), t_stop=5e-3, solver=solver)
(kernel,) = (m for name, m in sys.modules.items() if name.startswith("neuromorph_kernels.lif"))
stats = kernel.integrate.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), recording.spikes.times.tolist())
"""


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("NEUROMORPH_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
    return kept | changes


def start(solver: str = "RK4", **changes: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", RUN, solver]
    return subprocess.Popen(
        command, env=environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, int, str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    hits, misses, spikes = out.split(" ", 2)
    return int(hits), int(misses), spikes


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.rglob("*") if p.is_file()
    }


@pytest.mark.timeout(240)
@pytest.mark.parametrize("solver", ["RK4", "Rosenbrock"])
def test_the_second_process_compiles_nothing_and_damage_is_repaired(tmp_path, solver):
    cache = {"solver": solver, "NEUROMORPH_CACHE": str(tmp_path)}
    # Two at once on an empty folder: both must get the right kernel.
    first = [finish(process) for process in [start(**cache), start(**cache)]]
    assert first[0][2] == first[1][2]
    assert "[" in first[0][2]
    before = files(tmp_path)
    assert len([name for name in before if name.endswith(".py")]) == 1
    assert not [name for name in before if name.endswith(".part")]

    assert finish(start(**cache)) == (1, 0, first[0][2])
    assert files(tmp_path) == before

    (source,) = (tmp_path / "kernels").glob("*.py")
    source.write_text("raise RuntimeError('somebody else wrote here')\n", encoding="utf-8")
    assert finish(start(**cache))[2] == first[0][2]
    assert source.read_bytes() == before[f"kernels/{source.name}"][1]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_commands_that_compile_one_network_at_once_get_the_same(tmp_path):
    """As a user does who starts two runs of a new network side by side: its kernels are several modules."""
    words = ["network", "simulate", "chain:2", "--t-stop", "1ms", "--record", "none"]
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "neuromorph.cli", *words, "--json", str(tmp_path / f"{k}.json")],
            env=environment(NEUROMORPH_CACHE=str(tmp_path / "cache")),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for k in range(2)
    ]
    for run in runs:
        _, err = run.communicate(timeout=200)
        assert run.returncode == 0, err
    one, two = (json.loads((tmp_path / f"{k}.json").read_text())["spike_times"] for k in range(2))
    assert one == two
    assert len(one["n1"]) > 10


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_damaged_machine_code_is_compiled_anew(tmp_path, ending):
    cache = {"NEUROMORPH_CACHE": str(tmp_path)}
    spikes = finish(start(**cache))[2]
    for file in tmp_path.rglob(f"*.{ending}"):
        file.write_bytes(file.read_bytes()[:100])
    assert finish(start(**cache)) == (0, 1, spikes)
    assert finish(start(**cache)) == (1, 0, spikes)


@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path):
    not_a_folder = tmp_path / "home"
    not_a_folder.write_text("", encoding="utf-8")
    places = {"HOME": str(not_a_folder), "TMPDIR": str(tmp_path)}
    _, misses, spikes = finish(start(**places))
    assert misses == 1
    assert finish(start(**places)) == (1, 0, spikes)


def test_the_folder_that_the_environment_names_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROMORPH_CACHE", str(tmp_path / "deep" / "er"))
    assert cache_folder() == tmp_path / "deep" / "er"
    assert cache_folder().is_dir()


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.delenv("NEUROMORPH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder() == tmp_path / "neuromorph"
    cache_folder().chmod(0o777)
    private = cache_folder()
    assert private == tmp_path / f"neuromorph-{os.getuid()}"
    assert private.stat().st_mode & 0o077 == 0
    private.chmod(0o777)
    assert cache_folder() not in (private, tmp_path / "neuromorph")


def test_one_text_is_one_module():
    body = "@kernel\ndef double(a):\n    return 2.0 * a\n"
    assert load_kernel("cache_test", body) is load_kernel("cache_test", body)
    other = load_kernel("cache_test", body.replace("2.0", "3.0"))
    assert other is not load_kernel("cache_test", body)
    assert other.double(2.0) == 6.0


def test_a_module_that_cannot_be_loaded_leaves_no_half_of_it():
    with pytest.raises(ZeroDivisionError):
        load_kernel("broken_test", "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        load_kernel("broken_test", "1 / 0\n")
    assert not [name for name in sys.modules if "broken_test" in name]
