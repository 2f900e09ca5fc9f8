"""Progress read from a raw file while it grows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from neuromorph.spice.growing import GrowingRaw
from neuromorph.spice.raw import read_raw

DECK = "* grows\nV1 a 0 1\nR1 a b 1k\nC1 b 0 1n\n.save v(b)\n.tran 1u 1m 0 1u\n.end\n"


def test_the_last_whole_point_is_found_at_every_length(tmp_path: Path) -> None:
    (tmp_path / "deck.cir").write_text(DECK)
    subprocess.run(["ngspice", "-n", "-b", "-r", "out.raw", "deck.cir"], cwd=tmp_path, capture_output=True, check=True)
    content, plot = (tmp_path / "out.raw").read_bytes(), read_raw(tmp_path / "out.raw")[0]
    start = content.index(b"Binary:\n") + len(b"Binary:\n")
    growing = GrowingRaw(tmp_path / "growing.raw")
    assert growing.last_time() is None, "there is no file yet"
    for size in [0, 10, start - 1, start, start + 15]:
        (tmp_path / "growing.raw").write_bytes(content[:size])
        assert growing.last_time() is None
    for n_points, rest in [(1, 0), (1, 15), (2, 0), (7, 3), (plot.n_points, 0)]:
        (tmp_path / "growing.raw").write_bytes(content[: start + 16 * n_points + rest])
        assert growing.last_time() == plot.axis[n_points - 1]


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"Flags: real\nNo. Variables: 0\nBinary:\n" + b"x" * 99])
def test_what_is_no_raw_file_has_no_time(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "out.raw").write_bytes(content)
    assert GrowingRaw(tmp_path / "out.raw").last_time() is None
    assert GrowingRaw(tmp_path).last_time() is None


def test_other_flags_have_no_time(tmp_path: Path) -> None:
    header = b"Title: t\nFlags: complex\nNo. Variables: 1\nBinary:\n"
    (tmp_path / "out.raw").write_bytes(header + np.ones(4).tobytes())
    assert GrowingRaw(tmp_path / "out.raw").last_time() is None
