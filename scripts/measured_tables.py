"""Tables of measured times in the pages of docs: their marks, their place, and the machine they come from."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def machine() -> str:
    """Kind of machine, without its name."""
    model = ""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
        model = f" ({found[1].strip()})" if found else ""
    except OSError:
        pass
    return f"{platform.system()} {platform.machine()} with {os.cpu_count()} cores{model}"


def marks(name: str) -> tuple[str, str]:
    """What stands before and behind a table of a page."""
    return f"<!-- times of {name}: begin -->", f"<!-- times of {name}: end -->"


def rewrite(page: Path, name: str, text: str) -> None:
    """Put the text in place of a marked block of the page."""
    old = page.read_text("utf-8")
    begin, end = marks(name)
    if old.count(begin) != 1 or old.count(end) != 1:
        raise SystemExit(f"{page.name} must have the marks {begin} and {end}, once each")
    page.write_text(old[: old.index(begin)] + text + old[old.index(end) + len(end) :], "utf-8")
