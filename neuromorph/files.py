"""Files written whole or not at all: a crash, a full disk or Ctrl-C leaves what was there before."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["atomic_path", "write_text_atomically"]

_REMEDIES = {
    errno.ENOSPC: "free space on that disk, or write elsewhere",
    errno.EDQUOT: "free space in your quota, or write elsewhere",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f), or write elsewhere",
    errno.EACCES: "write to a folder that you may write to",
    errno.EPERM: "write to a folder that you may write to",
    errno.EROFS: "write to a disk that is not read-only",
    errno.ENOENT: "make the folder first",
    errno.ENOTDIR: "a part of the path is a file: write elsewhere",
    errno.EISDIR: "give the name of a file, not of a folder",
    errno.ENAMETOOLONG: "shorten the name",
}


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary file to write to, which becomes `path` when the block ends without an exception.

    Parameters
    ----------
    path : path-like
        The file to make or to replace. A symbolic link is followed; a device or a pipe, such as
        ``/dev/stdout``, cannot be replaced and is handed over as it is.

    Yields
    ------
    Path
        An empty file in the same folder, with the same suffix (matplotlib picks the format by it) and the
        permissions of any new file. On any exception, KeyboardInterrupt included, it is removed, and a file
        that had the name before stays untouched.

    Raises
    ------
    OSError
        When writing fails; names `path` and what to do.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with atomic_path(Path(folder.name) / "report.json") as temporary:
    ...     _ = temporary.write_text("{}")
    >>> [entry.name for entry in Path(folder.name).iterdir()]
    ['report.json']
    >>> folder.cleanup()
    """
    if _is_stream(Path(path)):
        yield Path(path)
        return
    target = Path(os.path.realpath(path))
    try:
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        temporary = _new_file(target)
    except OSError as error:
        raise _explained(error, path) from error
    try:
        yield temporary
        os.replace(temporary, target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        # An error about some other file, raised in the block, is not ours to explain.
        if error.filename is not None and error.filename not in (str(temporary), temporary):
            raise
        raise _explained(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text_atomically(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file whole or not at all, as UTF-8 with line feeds.

    Parameters
    ----------
    path : path-like
        The file to make or to replace.
    text : str
        What it is to hold.

    Raises
    ------
    OSError
        As :func:`atomic_path` does.
    """
    content = text.encode()
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def _is_stream(path: Path) -> bool:
    # What /dev/stdout leads to may be a regular file; to replace it would cut off what is printed later.
    named = str(path).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    return named or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path))


def _new_file(target: Path) -> Path:
    # Not tempfile: its files are private to the user (0600), these get what the umask grants.
    suffix = target.suffix if len(target.suffix) <= 16 else ""
    temporary = target.with_name(f".neuromorph-{secrets.token_hex(8)}{suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _explained(error: OSError, path: str | os.PathLike[str]) -> OSError:
    if error.errno is None:
        return OSError(f"cannot write {os.fspath(path)}: {error}")
    remedy = _REMEDIES.get(error.errno, "write elsewhere")
    # OSError makes itself FileNotFoundError, PermissionError and so on by the number.
    return OSError(error.errno, f"cannot write: {os.strerror(error.errno)}; {remedy}", os.fspath(path))
