"""Spikes from files: text, recordings, neo; what a bad file is answered with."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm


def written(folder, text, name="spikes.csv"):
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_time_in_each_line(tmp_path):
    path = written(tmp_path, "# recorded by hand\n2e-3\n\n0.001  # the first\n3e-3\n", "spikes.txt")
    spikes = nm.load_spikes(path)
    assert spikes.times.tolist() == [1e-3, 2e-3, 3e-3]
    assert (spikes.n_sources, spikes.names) == (1, ())
    assert nm.SpikeInput.from_file(path) == nm.SpikeInput(times=[1e-3, 2e-3, 3e-3])


@pytest.mark.parametrize(
    "head", ["time [ms], neuron\n", "times(ms);unit\n", "Spike time [ms] source\n", "spike_times [ms]\n"]
)
@pytest.mark.parametrize("separator", [",", "; ", "\t", "  "])
def test_a_header_states_the_unit_and_neurons_have_names(tmp_path, head, separator):
    path = written(tmp_path, head + "".join(f"{t}{separator}{who}\n" for t, who in ((1.5, "b"), (2, "a"), (0.25, "b"))))
    spikes = nm.load_spikes(path)
    assert spikes.names == ("b", "a")
    assert spikes.of("b") == pytest.approx([0.25e-3, 1.5e-3])
    assert nm.SpikeInput.from_file(path, "a", width=1e-3).times == pytest.approx((2e-3,))
    assert len(nm.SpikeInput.from_file(path).times) == 3


def test_neurons_with_numbers_keep_them(tmp_path):
    path = written(tmp_path, "0.1,3\n0.2,0\n0.3,3\n")
    spikes = nm.load_spikes(path)
    assert spikes.counts().tolist() == [1, 0, 0, 2]
    assert nm.SpikeInput.from_file(path, 3).times == (0.1, 0.3)


def test_a_number_beside_names_is_the_name_and_not_the_place(tmp_path):
    path = written(tmp_path, "0.1, 1\n0.2, 2\n0.3, x\n")
    assert nm.SpikeInput.from_file(path, 1) == nm.SpikeInput.from_file(path, "1") == nm.SpikeInput(times=[0.1])
    assert nm.SpikeInput.from_file(path, 2).times == (0.2,)
    long = written(tmp_path, "0.1, 1000000001\n0.2, 1\n", "long.csv")
    assert nm.SpikeInput.from_file(long, 1).times == (0.2,)


def test_a_recording_drives_the_next_neuron(tmp_path):
    recording = nm.simulate(nm.LIF(), nm.Constant(value=0.2e-3), 5e-3)
    recording.save(tmp_path / "first.nc")
    spikes = nm.load_spikes(tmp_path / "first.nc")
    assert spikes.times.tolist() == recording.spikes.times.tolist()
    with pytest.raises(
        ValueError, match=r"first\.nc is no text: give SpikeInput\(times=nm\.load_spikes\('.*'\)\.times\)"
    ):
        nm.SpikeInput.from_file(tmp_path / "first.nc")


def test_files_that_neo_reads(tmp_path):
    import neo

    spikes = nm.SpikeTrains([3e-3, 1e-3, 2e-3], sources=[0, 0, 1], names=("a", "b"))
    block = neo.Block()
    block.segments.append(neo.Segment())
    block.segments[0].spiketrains.extend(spikes.to_neo(t_stop=5e-3))
    neo.io.NeoMatlabIO(str(tmp_path / "spikes.mat")).write_block(block)
    back = nm.load_spikes(tmp_path / "spikes.mat")
    assert back.times.tolist() == spikes.times.tolist()
    assert back.sources.tolist() == spikes.sources.tolist()
    assert back.names == spikes.names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1\nsoon\n", "spikes.csv, line 2: expected a finite time, got 'soon'"),
        ("0.1\n\nnan\n", "spikes.csv, line 3: expected a finite time, got 'nan'"),
        ("0.1\ninf\n", "line 2: expected a finite time, got 'inf'"),
        ("0.1\n0.2, 1\n", "line 2: expected a time, as in the first line of it, got '0.2, 1'"),
        ("0.1 1\n0.2\n", "line 2: expected a time and a neuron, as in the first line of it, got '0.2'"),
        ("0.1 1 2\n", "line 1: expected a time and a neuron"),
        ("time [mV]\n0.1\n", "line 1: expected a unit of time such as s, ms or us, got 'mV'"),
        ("0.1\ntime [ms]\n", "line 2: expected a time, as in the first line of it, got 'time [ms]'"),
    ],
)
def test_a_bad_line_is_named(tmp_path, text, message):
    path = written(tmp_path, text)
    for read in (nm.load_spikes, nm.SpikeInput.from_file):
        with pytest.raises(nm.MeasurementError, match=re.escape(message)):
            read(path)


def test_a_negative_time_is_no_input(tmp_path):
    path = written(tmp_path, "0.1\n-0.2\n")
    assert nm.load_spikes(path).times.tolist() == [-0.2, 0.1]
    with pytest.raises(nm.MeasurementError, match=r"spikes\.csv, line 2: a run starts at 0 s, got -0\.2 s"):
        nm.SpikeInput.from_file(path)


def test_files_that_cannot_be_read(tmp_path):
    for name in ("none.csv", "none.mat", "none.nc"):
        with pytest.raises(nm.MeasurementError, match=rf"none\.{name[5:]}: there is no such file"):
            nm.load_spikes(tmp_path / name)
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff")
    with pytest.raises(nm.MeasurementError, match=r"picture\.csv: it is no text in UTF-8"):
        nm.load_spikes(tmp_path / "picture.csv")
    with pytest.raises(nm.MeasurementError, match=r"t\.pkl: a pickled file may run any code"):
        nm.load_spikes(tmp_path / "t.pkl")
    written(tmp_path, "?", "spikes.xyz")
    with pytest.raises(nm.MeasurementError, match=r"spikes\.xyz: neo says"):
        nm.load_spikes(tmp_path / "spikes.xyz")


def test_a_neuron_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="has no spikes of 'c'; choices: a, b"):
        nm.SpikeInput.from_file(written(tmp_path, "1 a\n2 b\n"), "c")
    with pytest.raises(ValueError, match="has no spikes of 1; choices: none, it has times alone"):
        nm.SpikeInput.from_file(written(tmp_path, "1\n2\n"), 1)


def test_a_stimulus_of_the_command_line_reads_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "time [ms] neuron\n1 0\n2 1\n")
    assert nm.parse_stimulus("spikes(file=spikes.csv, source=1, width=1ms)") == nm.SpikeInput(times=[2e-3], width=1e-3)
    with pytest.raises(ValueError, match="spikes has no parameter 'times'; choices: file, source, width, edge"):
        nm.parse_stimulus("spikes(file=spikes.csv, times=[1])")


@settings(deadline=None)
@given(times=st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_any_times_come_back(times, tmp_path_factory):
    path = written(tmp_path_factory.mktemp("spikes"), "".join(f"{t!r}\n" for t in times))
    assert nm.load_spikes(path).times.tolist() == np.sort(times).tolist()


@settings(deadline=None)
@given(text=st.text(alphabet="0123456789.e-+ ,;\t\ntimes[]#ab", max_size=60))
def test_any_text_is_read_or_refused_with_its_line(text, tmp_path_factory):
    path = written(tmp_path_factory.mktemp("spikes"), text)
    refused = None
    try:
        assert np.isfinite(nm.load_spikes(path).times).all()
    except nm.MeasurementError as error:
        refused = str(error)
    assert refused is None or re.search(r"spikes\.csv, line \d+: ", refused)
