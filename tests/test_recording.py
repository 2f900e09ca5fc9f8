"""Recordings: read-only, resampled on request, and saved bit for bit or not at all."""

from __future__ import annotations

import copy
import hashlib
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neuromorph.errors import MeasurementError, NeuromorphError
from neuromorph.recording import Recording, SignalNotFoundError, SpikeTrains, load
from neuromorph.recording.sealed import seal


def example() -> Recording:
    return Recording(
        time=[0.0, 1.0, 1.0, 3.0],
        signals={"v_mem": [0.0, 2.0, -1.0, 1.0], "x": [0.5, 0.5, 0.5, 0.5]},
        units={"v_mem": "V"},
        spikes=SpikeTrains([1.0, 2.5], names=("neuron",)),
        provenance={"engine": "rk4", "options": {"dt": 1e-6, "orders": (1, 2)}, "seed": None},
    )


def assert_identical(a: Recording, b: Recording) -> None:
    """Equal to the last bit, NaN payloads and signs of zero included."""
    assert a.names == b.names
    assert dict(a.units) == dict(b.units)
    assert dict(a.provenance) == dict(b.provenance)
    assert (a.spikes.names, a.spikes.n_sources) == (b.spikes.names, b.spikes.n_sources)
    pairs = [(a.time, b.time), (a.spikes.times, b.spikes.times), (a.spikes.sources, b.spikes.sources)]
    pairs += [(a[name], b[name]) for name in a.names]
    for one, other in pairs:
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


# Spikes.


def test_spikes_are_sorted_counted_and_separated() -> None:
    spikes = SpikeTrains([3.0, 1.0, 2.0, 7.0], [0, 0, 2, 0], names=("a", "b", "c"))
    assert len(spikes) == 4
    assert spikes.times.tolist() == [1.0, 2.0, 3.0, 7.0]
    assert spikes.sources.tolist() == [0, 2, 0, 0]
    assert spikes.counts().tolist() == [3, 0, 1]
    assert spikes.of("a").tolist() == spikes.of(0).tolist() == [1.0, 3.0, 7.0]
    assert spikes.of(1).tolist() == []
    assert [train.tolist() for train in spikes.intervals()] == [[2.0, 4.0], [], []]
    assert repr(spikes) == "SpikeTrains(4 spikes of 3 neurons)"
    part = spikes.between(2.0, 3.0)
    assert part.times.tolist() == [2.0, 3.0]
    assert part.counts().tolist() == [1, 0, 1]


def test_one_neuron_needs_no_sources() -> None:
    spikes = SpikeTrains(np.array([0.1, 0.3]))
    assert spikes.counts().tolist() == [2]
    assert [train.tolist() for train in spikes.intervals()] == [pytest.approx([0.2])]
    assert SpikeTrains(()).counts().tolist() == [0]
    assert [len(train) for train in SpikeTrains(()).intervals()] == [0]


def test_silent_neurons_are_counted_when_their_number_is_given() -> None:
    assert SpikeTrains([1.0], [1], n_sources=4).counts().tolist() == [0, 1, 0, 0]
    assert SpikeTrains([1.0], [1]).counts().tolist() == [0, 1]
    assert SpikeTrains([], [], n_sources=0).intervals() == ()


def test_equal_times_are_in_the_order_of_sources() -> None:
    one, other = SpikeTrains([1.0, 1.0], [1, 0]), SpikeTrains([1.0, 1.0], [0, 1])
    assert one.sources.tolist() == other.sources.tolist() == [0, 1]


@given(
    data=st.lists(st.tuples(st.floats(0, 10), st.integers(0, 4)), max_size=30),
)
def test_intervals_agree_with_each_train(data: list[tuple[float, int]]) -> None:
    spikes = SpikeTrains([t for t, _ in data], [k for _, k in data] if data else None, n_sources=5)
    for source, intervals in enumerate(spikes.intervals()):
        np.testing.assert_array_equal(intervals, np.diff(spikes.of(source)))
        assert spikes.counts()[source] == len(spikes.of(source))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0, np.nan],), "times must be finite times in s, got times[1] = nan"),
        (([0.0, 1.0], [0]), "times and sources must be one-dimensional and of one length, got (2,) and (1,)"),
        (([0.0], [0.5]), "sources must be integers, got an array of float64"),
        (([0.0], [-1]), "sources must be from 0 to n_sources - 1"),
        (([0.0], [2], ("a", "b")), "got sources from 0 to 2, n_sources 2 and 2 names"),
        (([0.0], [0], ("a", "a")), "names must differ, got 'a' twice"),
        (([0.0], [0], "a"), "names must be a sequence of names, got the text 'a'"),
        (([0.0], [0], ("",)), "names must be texts of printable characters, got ''"),
        (([0.0], [0], ("a",), 2), "n_sources 2 and 1 name"),
    ],
)
def test_bad_spikes_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        SpikeTrains(*arguments)


def test_an_unknown_source_lists_the_choices() -> None:
    spikes = SpikeTrains([0.0], names=("a", "b"))
    for source in ("c", 2, -1):
        with pytest.raises(ValueError, match=f"no source {source!r}; choices: 0 to 1, or by name a, b"):
            spikes.of(source)


# Recordings.


def test_a_recording_gives_plain_arrays() -> None:
    rec = example()
    assert rec.names == ("v_mem", "x")
    assert list(rec) == ["v_mem", "x"]
    assert "x" in rec
    assert "y" not in rec
    assert rec["v_mem"].tolist() == [0.0, 2.0, -1.0, 1.0]
    assert rec["v_mem"].dtype == rec.time.dtype == np.float64
    assert dict(rec.units) == {"v_mem": "V", "x": ""}
    assert rec.last == {"v_mem": 1.0, "x": 0.5}
    assert rec.provenance["options"] == {"dt": 1e-6, "orders": [1, 2]}
    assert repr(rec) == "Recording(4 points up to 3 s: v_mem [V], x; 2 spikes)"


def test_nothing_in_a_recording_can_be_written_to() -> None:
    rec = example()
    for array in (rec.time, rec["x"], rec.spikes.times, rec.spikes.sources, rec.between(0, 1)["x"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    for mapping in (rec.signals, rec.units, rec.provenance):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        rec.time = np.zeros(1)  # type: ignore[misc]


def test_the_callers_arrays_stay_theirs() -> None:
    time, values = np.arange(3.0), np.zeros(3)
    rec = Recording(time, {"x": values})
    values[0] = time[0] = -1.0
    assert rec["x"][0] == rec.time[0] == 0.0


def test_a_read_only_array_is_not_copied() -> None:
    values = np.zeros(3)
    values.setflags(write=False)
    assert Recording(np.arange(3.0), {"x": values})["x"] is values


def test_an_unknown_signal_lists_the_choices() -> None:
    message = "there is no signal 'v_men'; did you mean 'v_mem'? choices: v_mem, x"
    with pytest.raises(SignalNotFoundError, match=f"^{re.escape(message)}$"):
        example()["v_men"]
    with pytest.raises(KeyError):
        example()["zzz"]
    with pytest.raises(NeuromorphError, match="there is no signal 'zzz'; choices: v_mem, x"):
        example()["zzz"]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda rec: pickle.loads(pickle.dumps(rec))])
def test_a_recording_survives_a_process_pool(duplicate: Any) -> None:
    twin = duplicate(example())
    assert_identical(twin, example())
    assert not twin["x"].flags.writeable
    assert not twin.spikes.times.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time": [0.0, 2.0, 1.0]}, "time must not decrease: time[2] = 1.0 s comes after 2.0 s"),
        ({"time": [0.0, np.nan]}, "time must be finite times in s, got time[1] = nan"),
        ({"time": [[0.0]]}, "time must be one-dimensional, got shape (1, 1)"),
        ({"signals": {"x": [0.0]}}, "signal 'x' must have the shape of time, (2,), got (1,)"),
        ({"units": {"y": "V"}}, "units has 'y', which is no signal; signals: x"),
        ({"units": {"x": 1}}, "the unit of 'x' must be a text of printable characters, got 1"),
        (
            {"signals": {"time": [0.0, 1.0]}},
            "a signal's name must be a text of printable characters other than",
        ),
        ({"signals": {"": [0.0, 1.0]}}, "a signal's name must be a text of printable characters"),
        ({"signals": {"a\nb": [0.0, 1.0]}}, r"got 'a\nb'"),
        (
            {"provenance": {"engine": object()}},
            "provenance must be numbers, texts, lists and dicts, as in JSON",
        ),
    ],
)
def test_bad_recordings_are_refused(arguments: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"time": [0.0, 1.0], "signals": {"x": [0.0, 1.0]}}
    with pytest.raises(ValueError, match=re.escape(message)):
        Recording(**good | arguments)


def test_provenance_takes_what_programs_have() -> None:
    given_ = {
        "folder": Path("/a/b"),
        "n": np.int64(3),
        "sigma": np.float64(0.5),
        "grid": np.arange(2),
        1: "one",
    }
    rec = Recording([], {}, provenance=given_)
    assert dict(rec.provenance) == {"folder": "/a/b", "n": 3, "sigma": 0.5, "grid": [0, 1], "1": "one"}


def test_resampling_takes_the_value_after_a_jump() -> None:
    rec = example().resample([0.0, 0.5, 1.0, 2.0, 3.0])
    assert rec["v_mem"].tolist() == [0.0, 1.0, -1.0, 0.0, 1.0]
    assert rec["x"].tolist() == [0.5] * 5
    assert dict(rec.units) == {"v_mem": "V", "x": ""}
    assert rec.spikes.times.tolist() == [1.0, 2.5]
    assert example().resample([]).time.size == 0


def test_resampling_at_the_samples_returns_them_whatever_their_neighbours() -> None:
    rec = Recording([0.0, 1.0, 2.0], {"x": [1.0, np.inf, np.nan]})
    np.testing.assert_array_equal(rec.resample(rec.time)["x"], rec["x"])


@given(
    values=hnp.arrays(np.float64, 6, elements=st.floats(-1e3, 1e3)),
    times=hnp.arrays(np.float64, 9, elements=st.floats(0, 5)),
)
def test_resampling_agrees_with_numpy_where_there_is_no_jump(values: Any, times: Any) -> None:
    rec = Recording(np.arange(6.0), {"x": values}).resample(np.sort(times))
    np.testing.assert_allclose(rec["x"], np.interp(rec.time, np.arange(6.0), values), rtol=0, atol=1e-10)


@pytest.mark.parametrize("times", [[-0.1], [0.0, 3.1]])
def test_resampling_beyond_the_ends_is_refused(times: list[float]) -> None:
    with pytest.raises(ValueError, match=r"cannot resample from .* s to .* s: recorded is 0.0 s to 3.0 s"):
        example().resample(times)


def test_resampling_refuses_what_is_no_time_grid() -> None:
    with pytest.raises(ValueError, match="times must not decrease"):
        example().resample([1.0, 0.5])
    with pytest.raises(ValueError, match="times must be finite"):
        example().resample([np.nan])
    with pytest.raises(ValueError, match="recorded is nothing"):
        Recording([], {"x": []}).resample([0.0])


def test_a_part_keeps_both_sides_of_a_jump() -> None:
    part = example().between(1.0, 2.5)
    assert part.time.tolist() == [1.0, 1.0]
    assert part["v_mem"].tolist() == [2.0, -1.0]
    assert part.spikes.times.tolist() == [1.0, 2.5]
    assert example().between(5.0, 6.0).time.size == 0
    with pytest.raises(ValueError, match="t_stop must be at or after t_start, got 2 s and 1 s"):
        example().between(2, 1)


def test_an_empty_recording_has_no_last_values() -> None:
    with pytest.raises(ValueError, match="the recording is empty"):
        _ = Recording([], {"x": []}).last


def test_labels() -> None:
    dataset = example().to_xarray()
    assert dataset["v_mem"].attrs["units"] == "V"
    assert dataset["time"].attrs["units"] == "s"
    assert dataset["v_mem"].dims == ("time",)
    assert dataset["spike_time"].dims == ("spike",)
    assert dataset["spike_time"].values.tolist() == [1.0, 2.5]
    assert dataset["source"].values.tolist() == ["neuron"]
    assert '"engine": "rk4"' in dataset.attrs["provenance"]


# Files.

names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6).filter(
    lambda text: text.isprintable() and text not in ("time", "spike", "source")
)
names_of_signals = st.one_of(names, st.sampled_from(["a/b", "a_b", "a_b_2", ".", "..", "v(a)", "i(v1)", "x.y"]))
any_float = st.floats(allow_nan=True, allow_infinity=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    n = draw(st.integers(0, 5))
    time = np.sort(draw(hnp.arrays(np.float64, n, elements=st.floats(-1e9, 1e9))))
    listed = draw(st.lists(names_of_signals, unique=True, max_size=4))
    signals = {name: draw(hnp.arrays(np.float64, n, elements=any_float)) for name in listed}
    units = {name: draw(st.sampled_from(["", "V", "A", "s", "days since 1900-01-01", "µS"])) for name in listed}
    neurons = tuple(draw(st.lists(names, unique=True, max_size=3)))
    n_sources = len(neurons) or draw(st.integers(0, 3))
    m = draw(st.integers(0, 4)) if n_sources else 0
    sources = draw(hnp.arrays(np.int64, m, elements=st.integers(0, max(n_sources - 1, 0))))
    times = draw(hnp.arrays(np.float64, m, elements=st.floats(-1e9, 1e9)))
    spikes = SpikeTrains(times, sources, neurons, n_sources)
    return Recording(time, signals, units, spikes, draw(st.dictionaries(st.text(max_size=4), json_values)))


@settings(deadline=None, max_examples=40)
@given(rec=recordings())
def test_a_saved_recording_reads_back_bit_for_bit(rec: Recording, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("recording") / "run.nc"
    assert rec.save(path) == path
    assert_identical(load(path), rec)
    assert list(path.parent.iterdir()) == [path]


def test_a_nan_keeps_its_payload(tmp_path: Path) -> None:
    payloads = np.array([0x7FF8000000000001, 0xFFF800000000BEEF, 0x8000000000000000], dtype=np.uint64)
    rec = Recording([0.0, 1.0, 2.0], {"x": payloads.view(np.float64)})
    rec.save(tmp_path / "run.nc")
    assert_identical(load(tmp_path / "run.nc"), rec)


def test_other_programs_can_read_the_file(tmp_path: Path) -> None:
    import xarray

    example().save(tmp_path / "run.nc")
    with xarray.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as dataset:
        assert dataset["v_mem"].attrs["units"] == "V"
        assert dataset["v_mem"].values.tolist() == [0.0, 2.0, -1.0, 1.0]
        assert dataset["time"].values.tolist() == [0.0, 1.0, 1.0, 3.0]
        assert dataset["spike_time"].dtype == np.float64


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    with pytest.raises(MeasurementError, match=re.escape(f"recording {path}: there is no such file")):
        load(path)
    with pytest.raises(MeasurementError, match="there is no such file"):
        load(tmp_path)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.3, 0.6, 0.95, -1])
def test_a_file_that_is_cut_off_is_refused(kept: float, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    example().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))] if isinstance(kept, float) else content[:kept])
    message = f"cannot read the recording {path}: it was not written by Recording.save, or is cut off"
    with pytest.raises(MeasurementError, match=re.escape(message)):
        load(path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "run.nc"
    example().save(path)
    return path.read_bytes()


@given(data=st.data())
def test_a_damaged_file_is_refused(data: st.DataObject, saved: bytes, tmp_path_factory: Any) -> None:
    # HDF5 itself runs into an endless loop on some of these.
    path = tmp_path_factory.getbasetemp() / "damaged.nc"
    content = bytearray(saved)
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(MeasurementError, match=re.escape(str(path))):
        load(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    import xarray

    text, foreign = tmp_path / "text.nc", tmp_path / "foreign.nc"
    text.write_text("time,v\n0,1\n" * 1000)
    xarray.Dataset({"t2m": ("x", [1.0])}).to_netcdf(foreign, engine="h5netcdf")
    for path in (text, foreign):
        with pytest.raises(MeasurementError, match=re.escape(f"{path}: it was not written by Recording.save")):
            load(path)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (example().to_xarray().drop_vars("spike_source"), "spike_source"),
        (example().to_xarray().assign_attrs(format="neuromorph recording 9"), "its format is"),
    ],
)
def test_a_file_of_another_version_is_refused(dataset: Any, message: str, tmp_path: Path) -> None:
    path, content = tmp_path / "run.nc", dataset.to_netcdf(engine="h5netcdf")
    path.write_bytes(bytes(content) + seal(hashlib.sha256(content)))
    with pytest.raises(MeasurementError, match=f"cannot read the recording {re.escape(str(path))}: .*{message}"):
        load(path)


def test_saving_replaces_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_text("before")
    example().save(path)
    assert_identical(load(path), example())


LARGE = "import numpy as np; rec = Recording(np.arange(50_000.0), {'x': np.zeros(50_000)})\n"
SAVE = """
import sys
from neuromorph.recording import Recording, load
{large}
{limit}
try:
    rec.save(sys.argv[1])
except OSError as error:
    print(error)
rec.between(0, 10).save(sys.argv[1] + ".small")
assert load(sys.argv[1] + ".small").time.size == 11
"""


def save_in_another_process(path: Path, limit: str = "") -> str:
    """What a process prints that cannot save; it must live on, save something smaller, and end well."""
    code = SAVE.format(large=LARGE, limit=limit)
    command = [sys.executable, "-W", "error", "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_limit_on_file_sizes_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_text("before")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    printed = save_in_another_process(path, limit)
    assert "cannot write: File too large; raise the limit on file sizes" in printed
    assert str(path) in printed
    assert path.read_text() == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["run.nc", "run.nc.small"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A disk of 64 kB, or None where this user may not mount one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_leaves_the_file_that_was_there(small_disk: Path | None, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_text("before")
    if small_disk is None:
        # /dev/full is a full disk for whoever may not mount one.
        limit = (
            "from pathlib import Path\n"
            "opened, first = Path.open, iter([Path('/dev/full')])\n"
            "def redirected(path, mode='r', **options):\n"
            "    return opened(next(first, path) if mode == 'wb' else path, mode, **options)\n"
            "Path.open = redirected"
        )
    else:
        limit = ""
    printed = save_in_another_process(path, limit)
    assert "cannot write: No space left on device; free space on that disk" in printed
    assert str(path) in printed
    assert path.read_text() == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["run.nc", "run.nc.small"]


def test_the_module_is_light() -> None:
    code = (
        "import sys, neuromorph, numpy; before = set(sys.modules); import neuromorph.recording\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names) - {'numpy', 'neuromorph'}))\n"
        "print(*sorted({'xarray', 'h5netcdf', 'h5py', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
