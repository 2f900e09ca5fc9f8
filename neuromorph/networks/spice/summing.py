"""Subcircuits between the lines and the neurons: ideal current conveyor, low-pass, output of a real driver."""

from __future__ import annotations

__all__ = ["CONVEYOR", "LOW_PASS", "PULSE_OUTPUT"]

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

PULSE_OUTPUT = (
    "* pulse_output: v(out) follows v(in) with the time constant r*c, behind r_out",
    ".subckt pulse_output in out params: r_out=1 r=1 c=1",
    "Rin in mid {r}",
    "Cmid mid 0 {c}",
    "Eout buffered 0 mid 0 1",
    "Rout buffered out {r_out}",
    ".ends pulse_output",
)
"""What stands between the pulse of a driver and its line: edges that take time, and a resistance."""
