"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from neuromorph.files import atomic_path, write_text_atomically


def test_a_text_is_written(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    write_text_atomically(target, "grüße\n")
    write_text_atomically(target, "ωμέγα\nx\n")
    assert target.read_bytes() == "ωμέγα\nx\n".encode()
    assert list(tmp_path.iterdir()) == [target]


def test_the_temporary_is_in_the_same_folder_with_the_same_suffix(tmp_path: Path) -> None:
    target = tmp_path / "figure.png"
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".png"
        assert not target.exists()
        temporary.write_bytes(b"picture")
    assert target.read_bytes() == b"picture"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, RuntimeError, ValueError])
def test_an_interruption_leaves_what_was_there(tmp_path: Path, interruption: type[BaseException]) -> None:
    target = tmp_path / "report.txt"
    target.write_text("before")

    def write_half() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half of wh")
            raise interruption

    with pytest.raises(interruption):
        write_half()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_text_that_cannot_be_encoded_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(target, "\ud800")
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text_atomically(tmp_path / "report.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.txt").stat().st_mode) == mode


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    real, link = tmp_path / "data" / "real.txt", tmp_path / "link.txt"
    link.symlink_to(real)
    write_text_atomically(link, "first")
    write_text_atomically(link, "second")
    assert link.is_symlink()
    assert real.read_text() == "second"
    assert list(real.parent.iterdir()) == [real]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text_atomically(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_standard_output_can_be_named(tmp_path: Path) -> None:
    code = (
        "from neuromorph.files import write_text_atomically as w\nw('/dev/stdout', 'one\\n')\nprint('two', flush=True)"
    )
    redirected = tmp_path / "out.txt"
    with redirected.open("a") as stdout:
        subprocess.run([sys.executable, "-c", code], stdout=stdout, check=True)
    assert redirected.read_text() == "one\ntwo\n"
    assert list(tmp_path.iterdir()) == [redirected]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "report.txt"
    message = re.escape(f"No such file or directory; make the folder first: '{target}'")
    with pytest.raises(FileNotFoundError, match=message):
        write_text_atomically(target, "x")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="give the name of a file"):
        write_text_atomically(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_refused_and_the_longest_is_not(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / ("x" * 251 + ".txt"), "x")
    with pytest.raises(OSError, match="File name too long; shorten the name") as caught:
        write_text_atomically(tmp_path / ("x" * 252 + ".txt"), "x")
    assert caught.value.errno == errno.ENAMETOOLONG
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_about_another_file_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    message = re.escape(f"[Errno 2] No such file or directory: '{other}'")
    with pytest.raises(FileNotFoundError, match=message), atomic_path(tmp_path / "a.txt"):
        other.read_text()
    assert list(tmp_path.iterdir()) == []


def test_a_file_size_limit_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("before")
    code = (
        "import resource, sys\n"
        "from neuromorph.files import write_text_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_text_atomically(sys.argv[1], 'x' * 5000)\n"
        "except OSError as error:\n    print(error)"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cannot write: File too large; raise the limit on file sizes" in done.stdout
    assert str(target) in done.stdout
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
