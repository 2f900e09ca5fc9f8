"""Progress is silent for short work and shows on work over two seconds."""

from __future__ import annotations

from neuromorph.cli.output import DelayedProgress


def test_short_work_is_silent(capsys):
    with DelayedProgress() as progress:
        progress(0.5, "ngspice")
    assert capsys.readouterr().err == ""


def test_long_work_says_how_far_it_is(capsys, monkeypatch):
    clock = iter([100.0, 103.0, 103.5, 109.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with DelayedProgress() as progress:
        progress(0.25, "ngspice")
        progress(0.30, "ngspice")
        progress(0.75, "ngspice")
    assert capsys.readouterr().err == "ngspice: 25 %\nngspice: 75 %\n"
