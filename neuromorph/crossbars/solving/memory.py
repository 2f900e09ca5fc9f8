"""How much memory is free."""

from __future__ import annotations

import math

__all__ = ["free_memory"]


def free_memory() -> float:
    """Memory that programs can still get [byte]; infinite where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * float(line.split()[1])
    except OSError:
        return math.inf
    return math.inf
