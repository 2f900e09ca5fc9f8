"""Files to records: three formats, metadata from three places, and a question wherever something is open."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuromorph as nm
from neuromorph.measurement.columns import role_of, unit_factor
from neuromorph.measurement.metadata import from_name
from neuromorph.measurement.table import find_table

SINE = np.sin(2 * np.pi * np.arange(100) / 100)


def table(path, head, *columns, delimiter=",", decimal="."):
    rows = [
        delimiter.join(f"{value:.12g}".replace(".", decimal) for value in row) for row in zip(*columns, strict=True)
    ]
    path.write_text("\n".join([*([head] if head else []), *rows, ""]), encoding="utf-8")
    return path


def test_two_columns_with_the_drive_beside(bench, record):
    loaded = nm.load_measurement(bench())
    assert (loaded.series_resistor, loaded.frequency, loaded.periodic, loaded.name) == (
        5e3,
        10.0,
        True,
        "5k_0.8V_10Hz_M1",
    )
    assert loaded.metadata == {"amplitude": 0.8, "device": "M1"}
    np.testing.assert_allclose(loaded.voltage, record.voltage, rtol=1e-14)
    np.testing.assert_allclose(loaded.current, record.current, rtol=1e-14)
    np.testing.assert_allclose(loaded.drive, record.drive, atol=1e-15)
    np.testing.assert_allclose(loaded.time, np.arange(200) * 5e-4, rtol=1e-14)
    assert loaded.cycles == pytest.approx(1.0)
    assert re.fullmatch("[0-9a-f]{64}", loaded.sha256)
    assert loaded.cleaning == ()


def test_the_resistor_follows_from_the_drive(bench):
    """Where it explains all that the drive has beyond the device's voltage, and only there."""
    assert nm.load_measurement(bench("sweep_10Hz.csv")).series_resistor == 5e3
    path = bench("wrong_10Hz.csv", drive=False)
    other = bench("other_10Hz.csv", rows=slice(None, None, -1))
    numbers = np.loadtxt(other.with_stem("other_10Hz_drive"), delimiter=",")
    np.savetxt(other, np.column_stack([numbers[:, 0], np.loadtxt(path, delimiter=",")[:, 1]]), delimiter=",")
    assert nm.load_measurement(path, drive=other).series_resistor is None


def test_arguments_come_before_the_toml_and_the_toml_before_the_name(bench):
    path = bench(drive=False)
    path.with_suffix(".toml").write_text('device = "M7"\nseries_resistor = "5.1k"\n[metadata]\noperator = "me"\n')
    loaded = nm.load_measurement(path, device="M9")
    assert loaded.metadata == {"amplitude": 0.8, "device": "M9", "operator": "me"}
    assert (loaded.series_resistor, loaded.frequency) == (5100.0, 10.0)
    assert nm.load_measurement(path, frequency=20.0).frequency == 20.0


def test_a_drive_that_is_named(bench, tmp_path):
    path = bench()
    path.with_stem(f"{path.stem}_drive").rename(tmp_path / "source.csv")
    assert nm.load_measurement(path).drive is None
    assert nm.load_measurement(path, drive="source.csv").drive is not None
    with pytest.raises(nm.MeasurementError, match=r"the drive's file other\.csv does not exist"):
        nm.load_measurement(path, drive="other.csv")


def scope(path, offset=0.0, periods=3):
    time = np.arange(300) * 1e-4 - 0.015
    across, source = np.tile(0.1 * SINE, periods) + offset, np.tile(0.4 * SINE, periods)
    lines = [f"{t:.7E},{a:+.6E},{s:+.6E}" for t, a, s in zip(time, across, source, strict=True)]
    path.write_text("\n".join(["x-axis,1,2", "second,Volt,Volt", *lines, ""]))
    return path


def test_oscilloscope(tmp_path):
    loaded = nm.load_measurement(scope(tmp_path / "run.csv"), series_resistor=1e5)
    assert loaded.frequency == 100.0
    assert loaded.periodic
    assert loaded.cycles == pytest.approx(3.0)
    assert loaded.time[0] == 0.0
    np.testing.assert_allclose(loaded.current[:100], 1e-6 * SINE, atol=1e-12)
    np.testing.assert_allclose(loaded.voltage[:100], 0.3 * SINE, atol=1e-6)
    np.testing.assert_allclose(loaded.drive[:100], 0.4 * SINE, atol=1e-6)
    with pytest.raises(nm.MeasurementError, match=r"series resistor: how large is it\? Give series_resistor= \[ohm\]"):
        nm.load_measurement(tmp_path / "run.csv")


@pytest.mark.parametrize(
    ("head", "delimiter", "decimal"),
    [
        ("time [s],voltage [V],current [A]", ",", "."),
        ("time [s];voltage [V];current [A]", ";", ","),
        ("time [s]\tvoltage [V]\tcurrent [A]", "\t", ","),
        ("# t_s V_V I_A", " ", "."),
        ("t/s;V_mem in V;I (A)", ";", "."),
        ("Time;Voltage;Current\ns;V;A", ";", "."),
        ('"Time (s)","Voltage (V)","Current (A)"', ",", "."),
        ("Instrument: bench 3\nOperator, me\ntime [s],voltage [V],current [A]", ",", "."),
    ],
)
def test_named_columns(tmp_path, head, delimiter, decimal):
    path = table(
        tmp_path / "a.csv", head, np.arange(100) * 1e-3, SINE, 1e-3 * SINE, delimiter=delimiter, decimal=decimal
    )
    loaded = nm.load_measurement(path)
    assert loaded.frequency == 10.0
    assert loaded.periodic
    np.testing.assert_allclose(loaded.voltage, SINE, atol=1e-11)
    np.testing.assert_allclose(loaded.current, 1e-3 * SINE, atol=1e-14)


def test_units_of_named_columns(tmp_path):
    head = "t_ms;voltage [mV];I (µA);V_drive [V]"
    path = table(
        tmp_path / "a.csv", head, np.arange(100), 300 * SINE, 50 * SINE, 0.35 * SINE, delimiter=";", decimal=","
    )
    loaded = nm.load_measurement(path, series_resistor=1e3)
    np.testing.assert_allclose(loaded.time, np.arange(100) * 1e-3, atol=1e-15)
    np.testing.assert_allclose(loaded.voltage, 0.3 * SINE, atol=1e-12)
    np.testing.assert_allclose(loaded.current, 50e-6 * SINE, atol=1e-15)
    np.testing.assert_allclose(loaded.drive, 0.35 * SINE, atol=1e-12)


def test_columns_and_units_as_arguments(tmp_path):
    path = table(tmp_path / "a_10Hz.csv", "", np.arange(100), 50 * SINE, SINE)
    loaded = nm.load_measurement(path, columns=(None, "current", "voltage"), units={"current": "nA"})
    np.testing.assert_allclose(loaded.current, 50e-9 * SINE, atol=1e-18)
    by_position = nm.load_measurement(path, columns={"voltage": 3, "current": 2, "time": 1}, units={"time": "ms"})
    assert by_position.frequency == 10.0
    assert by_position.dt == pytest.approx(1e-3)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    path = table(tmp_path / "a.csv", "time [s],voltage [V],current [µA]", np.arange(100) * 1e-3, SINE, SINE)
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    np.testing.assert_allclose(nm.load_measurement(path).current, 1e-6 * SINE, atol=1e-16)


QUESTIONS = {
    "no time and no frequency": ("", (SINE, SINE), {}, r"what is the frequency of its drive\? Give frequency= \[Hz\]"),
    "columns without names": (
        "",
        (SINE, SINE, 0.5 * SINE),
        {},
        r"3 columns without names\. What are they\? Give columns=",
    ),
    "whole numbers": (
        "",
        (np.arange(9), np.arange(9), np.arange(9), np.arange(9)),
        {},
        r"4 columns without names \(are these decimal commas\? then give delimiter= and decimal=\)",
    ),
    "a header of other length": (
        "voltage [V],current [A]",
        (np.arange(9), np.arange(9), np.arange(9), np.arange(9)),
        {},
        r"names 2 columns \(voltage \[V\], current \[A\]\), the rows have 4\. Are these decimal commas\?",
    ),
    "no unit": (
        "voltage [V],current",
        (SINE, SINE),
        {},
        r"column 2 \('current'\), the current, has no unit\. In what unit is it\?",
    ),
    "a wrong unit": ("voltage [V],current [mV]", (SINE, SINE), {}, r"is said to be in 'mV'\. In what unit"),
    "two of a kind": (
        "v [V],voltage [V],i [A]",
        (SINE, SINE, SINE),
        {},
        r"'v \[V\]' and 'voltage \[V\]' may both be the voltage\. Which",
    ),
    "none of a kind": (
        "voltage [V],foo [A]",
        (SINE, SINE),
        {},
        r"no column is the current \(there are 'voltage \[V\]', 'foo \[A\]'\)",
    ),
    "a wrong role": (
        "",
        (SINE, SINE),
        {"columns": ("volts", "current")},
        "columns name 'volts'; choices: time, voltage, current",
    ),
    "a wrong position": ("", (SINE, SINE), {"columns": {"voltage": 0}}, "0 is none of them, counted from 1"),
    "a wrong name": ("", (SINE, SINE), {"columns": {"voltage": "v"}}, "has no column 'v'; it has no names"),
    "no such unit": ("", (SINE, SINE), {"units": {"current": "V"}}, "units: 'V' is no unit of current"),
    "no such role": ("", (SINE, SINE), {"units": {"i": "A"}}, "units name 'i'; choices: time, voltage"),
    "time that falls": (
        "time [s],voltage [V],current [A]",
        (np.r_[np.arange(50), np.arange(50)], SINE, SINE),
        {},
        r"a\.csv, line 52: time does not rise there \(49 s, then 0 s\)",
    ),
    "a delimiter that is not there": (
        "",
        (SINE, SINE),
        {"delimiter": ";"},
        r"no rows of two or more numbers with delimiter=';'",
    ),
}


@pytest.mark.parametrize(("head", "columns", "arguments", "message"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions(tmp_path, head, columns, arguments, message):
    path = table(tmp_path / "a.csv", head, *columns)
    with pytest.raises(nm.MeasurementError, match=message) as caught:
        nm.load_measurement(path, **arguments)
    if "name" not in message and "units" not in message:
        assert "a.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (57, "nan,1.0", r"a_10Hz\.csv, line 57: column 1 is 'nan'; every row needs finite numbers"),
        (3, "0.1,inf", "line 3: column 2 is 'inf'"),
        (9, "0.1,", "line 9: column 2 is empty"),
        (9, "0.1", r"line 9: has 1 cells instead of 2: '0\.1'"),
        (9, "0.1,abc", "line 9: column 2 is 'abc'"),
        (1, "nan,nan", "line 1: column 1 is 'nan'"),
        (70, "0.1,9.9e37", r"line 70: column 2 is 9\.9e\+37; nothing measures that"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path, line, text, message):
    path = table(tmp_path / "a_10Hz.csv", "", SINE, SINE)
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(["", *lines, ""]).lstrip("\n"))
    with pytest.raises(nm.MeasurementError, match=message):
        nm.load_measurement(path)


def test_lines_are_counted_with_header_blank_lines_and_comments(tmp_path):
    path = table(tmp_path / "a.csv", "time [s],voltage [V],current [A]", np.arange(100), SINE, SINE)
    lines = path.read_text().splitlines()
    lines[40] = lines[60] = "1.0,nan,0.2"
    path.write_text("\n".join([*lines[:10], "", "# lunch", *lines[10:], ""]))
    with pytest.raises(nm.MeasurementError, match=r"a\.csv, line 43: column 2 is 'nan', and 1 more such lines"):
        nm.load_measurement(path)


@pytest.mark.parametrize("content", ["", "\n\n  \n", "hello\n", "1.0\n2.0\n"])
def test_a_file_without_a_table(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(nm.MeasurementError, match=r"a\.csv (is empty|has no text|has no rows of two or more numbers)"):
        nm.load_measurement(path)


def test_paths_that_are_no_records(tmp_path, bench):
    with pytest.raises(nm.MeasurementError, match="does not exist"):
        nm.load_measurement(tmp_path / "a.csv")
    with pytest.raises(nm.MeasurementError, match="is a folder, not a file"):
        nm.load_measurement(tmp_path)
    path = bench()
    with pytest.raises(nm.MeasurementError, match=r"is the record of a drive: load 5k_0\.8V_10Hz_M1\.csv"):
        nm.load_measurement(path.with_stem(f"{path.stem}_drive"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frequency = [", "is not TOML"),
        ("frequncy = 10", "says 'frequncy', which is not known; choices: series_resistor, frequency"),
        ('frequency = "10 volts"', "frequency: cannot read '10 volts'"),
        ("frequency = true", "frequency must be a number in Hz or a text with a unit, got True"),
        ("device = 3", "device must be a str, got 3"),
    ],
)
def test_a_bad_toml(bench, text, message):
    path = bench()
    path.with_suffix(".toml").write_text(text)
    with pytest.raises(nm.MeasurementError, match=rf"5k_0\.8V_10Hz_M1\.toml.*{message}"):
        nm.load_measurement(path)


@pytest.mark.parametrize(
    ("stem", "facts"),
    [
        ("5k_0.8V_10Hz_M1", {"series_resistor": 5e3, "amplitude": 0.8, "frequency": 10.0, "device": "M1"}),
        ("tri_150mV_1kHz_o1", {"amplitude": 0.15, "frequency": 1e3, "device": "o1"}),
        ("4.7kohm_2V", {"series_resistor": 4.7e3, "amplitude": 2.0}),
        ("100R_0.5hz", {"series_resistor": 100.0, "frequency": 0.5}),
        ("1Hz_2Hz_a", {"device": "a"}),
        ("retention1_00", {}),
        ("5_8_notes", {}),
    ],
)
def test_what_a_name_says(stem, facts):
    assert from_name(stem) == facts


@pytest.mark.parametrize(
    ("name", "role", "unit"),
    [
        ("voltage [V]", "voltage", "V"),
        ("I (uA)", "current", "uA"),
        ("t_ms", "time", "ms"),
        ("Time s", "time", "s"),
        ("current in nA", "current", "nA"),
        ("U/mV", "voltage", "mV"),
        ("V_drive", "drive", None),
        ("v_source [V]", "drive", "V"),
        ("V_shunt (mV)", "resistor", "mV"),
        ("I [V]", "current", "V"),
        ("foo", None, None),
    ],
)
def test_names_of_columns(name, role, unit):
    assert role_of(name) == (role, unit)


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("uA", ("A", 1e-6)),
        ("µA", ("A", 1e-6)),
        ("microamps", ("A", 1e-6)),
        ("kV", ("V", 1e3)),
        ("Volt", ("V", 1.0)),
        ("MV", None),
        ("x", None),
    ],
)
def test_units(text, factor):
    assert unit_factor(text) == factor


FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


@given(
    rows=st.lists(st.tuples(FINITE, FINITE, FINITE), min_size=3, max_size=30),
    layout=st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", "."), (" ", ",")]),
    head=st.sampled_from(["", "a b c", "time voltage current", "# made by hand"]),
)
def test_any_table_is_read_back_as_it_was_written(tmp_path_factory, rows, layout, head):
    delimiter, decimal = layout
    path = tmp_path_factory.mktemp("tables") / "a.csv"
    lines = [delimiter.join(repr(value).replace(".", decimal) for value in row) for row in rows]
    path.write_text("\n".join([*([head.replace(" ", delimiter)] if head else []), *lines, ""]), encoding="utf-8")
    found = find_table(path, delimiter, decimal)
    np.testing.assert_array_equal(found.read([0, 1, 2]), np.array(rows))
    sniffed = find_table(path)
    np.testing.assert_array_equal(sniffed.read([0, 1, 2]), np.array(rows))


@given(text=st.text(max_size=300))
def test_no_text_brings_another_error_than_a_question(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("texts") / "a_10Hz.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    message = path.name
    try:
        nm.load_measurement(path)
    except nm.MeasurementError as error:
        message = str(error)
    assert path.stem in message


CELLS = st.sampled_from(
    [
        "1",
        "-0.5",
        "2e-3",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "",
        "abc",
        '"3"',
        '"',
        "1,5",
        "1;2",
        "#",
        "%",
        "\t",
        " ",
        "0x1",
        "1_0",
    ]
)
HEADS = st.sampled_from(
    ["", "time [s],voltage [V],current [A]", "x-axis,1,2\nsecond,Volt,Volt", "v [V];i [uA]", "t v i", "[,],(", "# a"]
)


@given(
    head=HEADS,
    delimiter=st.sampled_from([",", ";", " ", "\t"]),
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=30),
)
def test_no_table_brings_another_error_than_a_question(tmp_path_factory, head, delimiter, rows):
    path = tmp_path_factory.mktemp("tables") / "5k_1V_10Hz.csv"
    path.write_text("\n".join([head, *(delimiter.join(row) for row in rows)]), encoding="utf-8")
    message = path.name
    try:
        nm.load_measurement(path)
    except nm.MeasurementError as error:
        message = str(error)
    assert path.stem in message


@settings(max_examples=25)
@given(
    cleaning=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3),
    metadata=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
        st.one_of(st.booleans(), st.integers(-9, 9), st.text(st.characters(exclude_categories=["Cs"]), max_size=9)),
        max_size=3,
    ),
    drive=st.booleans(),
)
def test_a_saved_record_is_read_back_equal(tmp_path_factory, record, cleaning, metadata, drive):
    path = tmp_path_factory.mktemp("saved") / "record.csv"
    metadata = {key: value for key, value in metadata.items() if key not in ("amplitude", "device")}
    saved = record.replace(
        cleaning=tuple(cleaning),
        metadata={"device": "M1", **metadata},
        drive=record.drive if drive else None,
        source="x.csv",
        sha256="0" * 64,
    )
    saved.save(path)
    loaded = nm.load_measurement(path)
    assert loaded.to_dict() == saved.to_dict()
    for column in ("time", "voltage", "current", *(["drive"] if drive else [])):
        np.testing.assert_array_equal(getattr(loaded, column), getattr(saved, column))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"voltage": np.zeros(3)}, r"voltage has the shape \(3,\), time has \(200,\)"),
        ({"current": np.full(200, np.nan)}, "current is nan in sample 1"),
        ({"time": np.zeros(200)}, "time must rise from sample to sample"),
        ({"series_resistor": -5.0}, r"series_resistor must be positive, in ohm, or None, got -5\.0"),
        ({"frequency": None}, "a periodic record needs its frequency"),
    ],
)
def test_a_record_that_is_none(record, changes, message):
    with pytest.raises(nm.MeasurementError, match=message):
        record.replace(**changes)


def test_what_drove_the_device(record):
    np.testing.assert_allclose(record.replace(drive=None).source_voltage, record.drive, atol=1e-14)
    with pytest.raises(nm.MeasurementError, match=r"what drove the device\? Give series_resistor="):
        _ = record.replace(drive=None, series_resistor=None).source_voltage
