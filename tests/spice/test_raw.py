"""Raw files: round trips of both formats, files of the real ngspice, and files cut at every kind of place."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neuromorph.errors import SimulationError
from neuromorph.spice.raw import RawPlot, RawVariable, read_raw

DECK = """raw reader
V1 in 0 dc 1 ac 1 PULSE(0 1 0 1u 1u 1m 2m)
R1 in out 1k
C1 out 0 100n
"""


def raw_bytes(
    names: list[str],
    values: NDArray[np.generic],
    *,
    binary: bool,
    title: str = "deck",
    points: str | None = None,
    plotname: str = "Transient Analysis",
) -> bytes:
    """A raw file as ngspice writes it, made here without the package's reader."""
    is_complex = np.iscomplexobj(values)
    n_points = values.shape[1]
    header = f"Title: {title}\nDate: Sat Nov 21 03:00:24  2026\nPlotname: {plotname}\n"
    header += f"Flags: {'complex' if is_complex else 'real'}\nNo. Variables: {len(names)}\n"
    header += f"No. Points: {n_points if points is None else points}       \nVariables:\n"
    header += "".join(f"\t{i}\t{name}\tvoltage\n" for i, name in enumerate(names))
    if binary:
        return (header + "Binary:\n").encode() + np.ascontiguousarray(values.T).tobytes()
    body = ""
    for point, column in enumerate(values.T):
        numbers = [f"{x.real!r},{x.imag!r}" if is_complex else repr(float(x)) for x in column.tolist()]
        body += f" {point}\t" + "\n\t".join(numbers) + "\n\n"
    return (header + "Values:\n" + body).encode()


def as_bits(values: NDArray[np.generic]) -> bytes:
    return np.ascontiguousarray(values).tobytes()


@st.composite
def plots(draw: st.DrawFn, finite: bool) -> tuple[list[str], NDArray[np.generic]]:
    name = st.text("abcdefghijklmnopqrstuvwxyzABC0123456789()#_.[]@:", min_size=1, max_size=12)
    names = draw(st.lists(name.map(lambda text: f"v({text})"), min_size=1, max_size=5, unique=True))
    shape = (len(names), draw(st.integers(1, 12)))
    number = st.floats(allow_nan=not finite, allow_infinity=not finite)
    cells = shape[0] * shape[1]
    real = np.array(draw(st.lists(number, min_size=cells, max_size=cells))).reshape(shape)
    if not draw(st.booleans()):
        return names, real
    values = np.empty(shape, complex)
    values.real = real
    values.imag = np.array(draw(st.lists(number, min_size=cells, max_size=cells))).reshape(shape)
    return names, values


@pytest.fixture(scope="module")
def ngspice_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `binary.raw` and `ascii.raw`: op, tran, ac and dc of one circuit, appended by ngspice."""
    folder = tmp_path_factory.mktemp("raw")
    control = ""
    for filetype in ("binary", "ascii"):
        control += f"set filetype={filetype}\nunset appendwrite\n"
        for analysis in ("op", "tran 10u 0.4m", "ac dec 2 1 1k", "dc v1 0 1 0.25"):
            control += f"{analysis}\nwrite {filetype}.raw\nset appendwrite\n"
    (folder / "deck.cir").write_text(f"{DECK}.control\n{control}quit\n.endc\n.end\n")
    subprocess.run(["ngspice", "-n", "-b", "deck.cir"], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "ascii"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_round_trip_is_bit_exact(data: st.DataObject, binary: bool, tmp_path: Path) -> None:
    # A NaN has no payload in decimal, so only the binary format takes every bit pattern.
    written = data.draw(st.lists(plots(finite=not binary), min_size=1, max_size=3))
    (tmp_path / "a.raw").write_bytes(b"".join(raw_bytes(n, v, binary=binary) for n, v in written))
    read = read_raw(tmp_path / "a.raw")
    assert len(read) == len(written)
    for plot, (names, values) in zip(read, written, strict=True):
        assert plot.names == tuple(names)
        assert plot.complete
        assert plot.values.dtype == values.dtype
        assert as_bits(plot.values) == as_bits(values)
        assert all(row.flags.c_contiguous for row in plot.values)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "ascii"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(data=st.data())
def test_a_cut_file_gives_a_prefix_of_the_whole(data: st.DataObject, binary: bool, tmp_path: Path) -> None:
    first, second = np.arange(12.0).reshape(3, 4) + 0.25, (np.arange(10.0) + 1j).reshape(2, 5)
    whole = raw_bytes(["time", "v(a)", "v(b)"], first, binary=binary)
    whole += raw_bytes(["frequency", "v(a)"], second, binary=binary)
    (tmp_path / "a.raw").write_bytes(whole)
    references = read_raw(tmp_path / "a.raw")
    length = data.draw(st.integers(0, len(whole) - 1))
    (tmp_path / "a.raw").write_bytes(whole[:length])
    first_header = raw_bytes(["time", "v(a)", "v(b)"], first[:, :0], binary=binary, points="4")
    if length < len(first_header):
        with pytest.raises(SimulationError, match=r"it is empty|it ends inside its header"):
            read_raw(tmp_path / "a.raw")
        return
    read = read_raw(tmp_path / "a.raw")
    for plot, reference in zip(read, references, strict=False):
        n_points = plot.n_points
        assert as_bits(plot.values) == as_bits(reference.values[: len(plot.values), :n_points])
        assert plot.complete == (n_points == reference.n_points)
    # A newline after the last number is all that can be missing from a whole ASCII file.
    assert not (len(read) == 2 and read[1].complete) or length == len(whole) - 1


def test_ngspice_files_of_both_formats_agree(ngspice_files: Path) -> None:
    binary, text = read_raw(ngspice_files / "binary.raw"), read_raw(ngspice_files / "ascii.raw")
    expected = ["Operating Point", "Transient Analysis", "AC Analysis", "DC transfer characteristic"]
    assert [plot.name for plot in binary] == [plot.name for plot in text] == expected
    for one, other in zip(binary, text, strict=True):
        assert one.complete
        assert other.complete
        assert one.title == "raw reader"
        assert one.variables == other.variables
        # ngspice prints 16 digits, and runs the analyses of the second file anew.
        np.testing.assert_allclose(one.values, other.values, rtol=1e-14, atol=1e-15)


def test_ngspice_values_are_those_of_the_circuit(ngspice_files: Path) -> None:
    op, tran, ac, dc = read_raw(ngspice_files / "binary.raw")
    # The pulse's first level overrides dc 1 at t = 0 of the transient; the operating point takes dc.
    assert op["v(out)"][0] == pytest.approx(1.0, rel=1e-9)
    assert tran.axis[0] == 0.0
    assert tran.axis[-1] == pytest.approx(0.4e-3)
    # RC charge with tau = 0.1 ms behind a 1 us ramp, which delays the response by half the ramp.
    expected = 1 - np.exp(-(0.4e-3 - 0.5e-6) / 1e-4)
    assert tran["v(out)"][-1] == pytest.approx(expected, rel=1e-3)
    np.testing.assert_allclose(ac.axis, np.logspace(0, 3, 7), rtol=1e-12)
    np.testing.assert_allclose(ac["v(out)"], 1 / (1 + 2j * np.pi * ac.axis * 1e-4), rtol=1e-9)
    np.testing.assert_allclose(dc.axis, np.arange(5) * 0.25, atol=1e-12)
    assert dc.variables[0].kind == "voltage"


def test_the_imaginary_part_of_a_frequency_is_zero(tmp_path: Path) -> None:
    # ngspice -r leaves uninitialised memory there.
    deck = f"{DECK}.ac dec 2 1 1k\n.end\n"
    (tmp_path / "deck.cir").write_text(deck)
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "deck.cir"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    (plot,) = read_raw(tmp_path / "out.raw")
    assert np.all(plot["frequency"].imag == 0)
    assert plot["frequency"].dtype == np.complex128
    assert plot.axis.dtype == np.float64


@pytest.mark.parametrize("as_text", [False, True], ids=["binary", "ascii"])
def test_a_failed_run_with_zero_points_in_the_middle(tmp_path: Path, as_text: bool) -> None:
    # ngspice 39 never corrects the header's "No. Points: 0" of a transient that failed; 44 does. Both go on.
    deck = "blow-up\nV1 in 0 dc 1 ac 1\nB1 0 x I=v(x)*v(x)*1u+1u\nC1 x 0 1n\nR1 x 0 1g\n.ic v(x)=1\n"
    deck += ".dc v1 0 1 0.5\n.tran 1u 10m uic\n.noise v(x) v1 dec 2 1 1k\n.end\n"
    (tmp_path / "deck.cir").write_text(deck)
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "deck.cir"]
    environment = os.environ | ({"SPICE_ASCIIRAWFILE": "1"} if as_text else {})
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, timeout=60, env=environment)
    plots_by_name = {plot.name: plot for plot in read_raw(tmp_path / "out.raw")}
    failed = plots_by_name["Transient Analysis"]
    # dv/dt = (v^2 + 1) * 1e3 / s reaches infinity at (pi/2 - atan 1) ms.
    assert failed.axis[-1] == pytest.approx((np.pi / 2 - np.arctan(1)) * 1e-3, rel=1e-3)
    assert np.all(np.diff(failed.axis) > 0)
    assert plots_by_name["DC transfer characteristic"].complete
    assert plots_by_name["Integrated Noise"].n_points == 1


def test_a_killed_run_is_sized_by_the_length_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "deck.cir").write_text(f"{DECK}.tran 1u 1000\n.end\n")
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "deck.cir"]
    raw = tmp_path / "out.raw"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None and not (raw.exists() and raw.stat().st_size > 100_000):
            pass
        run.kill()
    assert b"No. Points: 0 " in raw.read_bytes()[:400]
    (plot,) = read_raw(raw)
    assert not plot.complete
    header = raw.read_bytes().index(b"Binary:\n") + len(b"Binary:\n")
    assert plot.n_points == (raw.stat().st_size - header) // (8 * len(plot.variables))
    assert np.all(np.diff(plot.axis) > 0)


@pytest.mark.parametrize("points", ["0", ""], ids=["zero", "blank"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "ascii"])
def test_no_count_of_points(tmp_path: Path, binary: bool, points: str) -> None:
    values = np.arange(8.0).reshape(2, 4)
    content = raw_bytes(["time", "v(a)"], values, binary=binary, points=points)
    (tmp_path / "a.raw").write_bytes(content[:-3])
    (plot,) = read_raw(tmp_path / "a.raw")
    assert not plot.complete
    np.testing.assert_array_equal(plot.values, values[:, :3])


def test_no_count_of_points_before_a_header_that_was_cut(tmp_path: Path) -> None:
    values = np.arange(8.0).reshape(2, 4)
    first = raw_bytes(["time", "v(a)"], values, binary=True, points="0")
    second = raw_bytes(["time", "v(a)"], values, binary=True)
    for length in (6, 11, 12, 14, 17, 20, 60, 120):
        (tmp_path / "a.raw").write_bytes(first + second[:length])
        plot, rest = read_raw(tmp_path / "a.raw")
        np.testing.assert_array_equal(plot.values, values)
        assert not rest.complete
        assert rest.variables == ()
        assert rest.values.shape == (0, 0)


def test_a_title_may_look_like_data(tmp_path: Path) -> None:
    values = np.arange(4.0).reshape(2, 2)
    content = raw_bytes(["time", "v(a)"], values, binary=True, title="Binary: Values: Title: 0\t1")
    (tmp_path / "a.raw").write_bytes(content * 2)
    one, other = read_raw(tmp_path / "a.raw")
    assert one.title == other.title == "Binary: Values: Title: 0\t1"
    np.testing.assert_array_equal(other.values, values)


def test_headers_of_other_programs(tmp_path: Path) -> None:
    # ngspice 44 adds a command and dims, VACASK pads and knows no types, Spice3 starts the list on its line.
    header = "Title: t\r\nDate: d\r\nCommand: ngspice-44.2\r\nPlotname: p\r\nFlags: real padded\r\n"
    header += "No. Variables: 2\r\nNo. Points: 1     \r\nDimensions: 1\r\n"
    header += "Variables:\t0\ttime\tnotype\r\n\t1\tv(a) - v(b)\tvoltage dims=1\tgrid=3\r\nBinary:\r\n"
    (tmp_path / "a.raw").write_bytes(header.encode() + np.array([1.0, 2.0]).tobytes())
    (plot,) = read_raw(tmp_path / "a.raw")
    assert plot.variables == (RawVariable("time", "notype"), RawVariable("v(a) - v(b)", "voltage"))
    assert plot["v(a) - v(b)"][0] == 2.0
    assert plot.flags == ("real", "padded")


HEADER = "Title: t\nDate: d\nPlotname: p\nFlags: real\nNo. Variables: 1\nNo. Points: 1\nVariables:\n\t0\ta\tv\n"


@pytest.mark.parametrize(
    ("content", "defect"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"Title: t\nDate:", "it ends inside its header"),
        (b"Title: t\nDate: d\n", "it ends inside its header"),
        (b"\x89PNG\r\n\x1a\n", "must begin with 'Title:'"),
        ("Title: t".encode("utf-16"), "must begin with 'Title:'"),
        (b"Title: t\nsomething else\nBinary:\n", "'something else' is not a line"),
        (b"Title: t\nBinary:\n", "has no line 'Flags'"),
        (HEADER.replace("real", "double").encode() + b"Binary:\n", "expected 'real' or 'complex'"),
        (HEADER.replace("Points: 1", "Points: many").encode() + b"Binary:\n", "'many' points"),
        (HEADER.replace("Points: 1", "Points: -1").encode() + b"Binary:\n", "-1 points"),
        (HEADER.replace("Variables: 1", "Variables: 2").encode() + b"Binary:\n", "2 variables and lists 1"),
        (HEADER.replace("\t0\t", "\t1\t").encode() + b"Binary:\n", "expected variable 0"),
        (HEADER.replace("\ta\tv", "\ta").encode() + b"Binary:\n", "expected variable 0"),
        (HEADER.encode() + b"Binary:\n" + bytes(8) + b"more", "must begin with 'Title:', found 'more'"),
        (HEADER.encode() + b"Values:\n 0\t1.0\n\n 1\t2.0\n", "says 1 points, but values of 2 follow"),
        (HEADER.encode() + b"Values:\n 0\tnonsense\n", "its values are not all numbers"),
        (HEADER.encode() + b"Values:\n 7\t1.0\n", "point 0 of its values carries the number 7"),
        (
            HEADER.replace("real", "real unpadded").replace("Points: 1", "Points: 4").encode()[:-1]
            + b" dims=2\nBinary:\n"
            + bytes(16),
            "its variables have different lengths",
        ),
    ],
)
def test_a_defect_is_named_with_the_file(tmp_path: Path, content: bytes, defect: str) -> None:
    (tmp_path / "bad.raw").write_bytes(content)
    with pytest.raises(SimulationError) as caught:
        read_raw(tmp_path / "bad.raw")
    assert defect in caught.value.cause
    assert "bad.raw" in caught.value.cause


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_raw(tmp_path / "none.raw")


def plot_of(*names: str) -> RawPlot:
    variables = tuple(RawVariable(name, "voltage") for name in names)
    return RawPlot("t", "d", "tran", ("real",), variables, np.eye(len(names)), True)


def test_lookup_ignores_case_and_knows_both_spellings_of_a_current() -> None:
    plot = plot_of("time", "v(out)", "i(v1)", "v2#branch")
    assert plot["V(Out)"][1] == 1
    assert plot["v1#branch"][2] == plot["I(V1)"][2] == 1
    assert plot["i(v2)"][3] == plot["v2#branch"][3] == 1
    assert "i(v2)" in plot
    assert "i(v3)" not in plot
    assert np.shares_memory(plot["v(out)"], plot.values)


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(KeyError, match=r"no variable 'v\(outt\)'; did you mean 'v\(out\)'\? Choices: time, v"):
        plot_of("time", "v(out)")["v(outt)"]


def test_names_that_differ_in_case_only() -> None:
    # VACASK keeps the case of a node; an exact spelling is found, another one is ambiguous.
    plot = plot_of("time", "Out", "oUt")
    assert plot["oUt"][2] == 1
    with pytest.raises(KeyError, match="names 2 variables"):
        plot["out"]


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    values = np.random.default_rng(5).standard_normal((3, 100_003))
    (tmp_path / "a.raw").write_bytes(raw_bytes(["time", "a", "b"], values, binary=True))
    (plot,) = read_raw(tmp_path / "a.raw")
    np.testing.assert_array_equal(plot.values, values)
