"""How far a run has come, seen in the raw file that it is writing.

What ngspice prints does not tell: from version 40 on its progress stays in a buffer for half a minute.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

_COUNT = re.compile(rb"^No\. Variables: *(\d+)", re.MULTILINE)
_DATA = b"\nBinary:\n"
_LONGEST_HEADER = 1 << 24


class GrowingRaw:
    """A binary raw file of a transient analysis that grows.

    Parameters
    ----------
    path : Path
        The file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = self._point_bytes = 0

    def last_time(self) -> float | None:
        """Simulated time of the last whole point that is on the disk [s]; ``None`` before the first."""
        try:
            with self._path.open("rb", buffering=0) as file:
                if not self._start and not self._read_header(file.read(_LONGEST_HEADER)):
                    return None
                n_points = (os.fstat(file.fileno()).st_size - self._start) // self._point_bytes
                if n_points < 1:
                    return None
                file.seek(self._start + (n_points - 1) * self._point_bytes)
                value: float = struct.unpack("<d", file.read(8))[0]
                return value
        except (OSError, struct.error):
            return None

    def _read_header(self, beginning: bytes) -> bool:
        end, count = beginning.find(_DATA), _COUNT.search(beginning)
        if end < 0 or count is None or int(count[1]) < 1 or b"\nFlags: real" not in beginning[:end]:
            return False
        self._start, self._point_bytes = end + len(_DATA), 8 * int(count[1])
        return True
