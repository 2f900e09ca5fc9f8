"""Subcircuits between the lines and the neurons: current conveyor and low-pass."""

from __future__ import annotations

__all__ = ["CONVEYOR", "LOW_PASS"]

CONVEYOR = (
    "* conveyor: x is held at y, and what flows into x flows out of z, times gain",
    ".subckt conveyor x y z params: gain=1",
    "Vx x y 0",
    "Fz 0 z Vx {gain}",
    ".ends conveyor",
)
"""A second-generation current conveyor whose y is ground or a source; with a negative gain its output draws the current."""

LOW_PASS = (
    "* lowpass: v(out) follows v(in) with the time constant r*c",
    ".subckt lowpass in out params: r=1 c=1",
    "Rin in mid {r}",
    "Cmid mid 0 {c}",
    "Eout out 0 mid 0 1",
    ".ends lowpass",
)
"""An RC low-pass with a buffer behind it."""
