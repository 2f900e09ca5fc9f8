"""Subcircuits between the lines and the neurons: current conveyor, low-pass and delay line."""

from __future__ import annotations

__all__ = ["CONVEYOR", "DELAY_LINE", "LOW_PASS"]

CONVEYOR = (
    "* conveyor: x follows y, and what flows into x flows out of z, times gain",
    ".subckt conveyor x y z params: gain=1",
    "Efollow follow 0 y 0 1",
    "Vx x follow 0",
    "Fz 0 z Vx {gain}",
    ".ends conveyor",
)
"""A second-generation current conveyor; with a negative gain its output draws the current."""

LOW_PASS = (
    "* lowpass: v(out) follows v(in) with the time constant r*c",
    ".subckt lowpass in out params: r=1 c=1",
    "Rin in mid {r}",
    "Cmid mid 0 {c}",
    "Eout out 0 mid 0 1",
    ".ends lowpass",
)
"""An RC low-pass with a buffer behind it."""

DELAY_LINE = (
    "* delayline: v(out) is v(in) some time ago, by a matched transmission line",
    ".subckt delayline in out params: td=1",
    "Tline in 0 far 0 z0=50 td={td}",
    "Rfar far 0 50",
    "Eout out 0 far 0 1",
    ".ends delayline",
)
"""An ideal transmission line that ends in its own impedance, with a buffer behind it."""
