"""What a circuit consists of, as far as it decides how long an engine takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Parts of a flat circuit, counted.

    Parameters
    ----------
    elements : int
        All of them, subcircuits put in their place (pure number).
    thresholds : int
        Of switches with hysteresis; those with one control and one pair of thresholds count once (pure number).
    devices : int
        Parts with a Verilog-A module of their own, such as memristors (pure number).
    """

    elements: int
    thresholds: int
    devices: int
