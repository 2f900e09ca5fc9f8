"""Every panel of the paper's figures is drawn, labelled with units."""

from __future__ import annotations

import pytest

from neuromorph.reproduce.alif.budget import TAKEN_OUT
from neuromorph.reproduce.alif.figures import draw_budget, draw_damping, draw_figure_5, draw_figure_6
from neuromorph.reproduce.alif.variants import CAPACITANCES, GAINS, Variant, run_variant


@pytest.fixture(scope="module")
def ideal():
    return run_variant(Variant(capacitance=22e-9), "ode", with_waveforms=True)


@pytest.fixture(scope="module")
def hard():
    variant = Variant(capacitance=22e-9, gain=2.0, fidelity="macromodel")
    return run_variant(variant, "ode", with_waveforms=True)


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def test_figure_5(ideal):
    figure = draw_figure_5(ideal)
    assert [title[:3] for title in titles(figure) if title.startswith("(")] == ["(a)", "(b)", "(c)"]
    assert titles(figure).count("zoom") == 3
    assert figure.axes[0].get_xlim() == (0.0, 5.0)
    assert figure.axes[-1].get_xlabel() == "time [ms]"


def test_figure_6(hard, ideal):
    figure = draw_figure_6(hard, ideal)
    assert [title[:3] for title in titles(figure) if title.startswith("(")] == ["(a)", "(b)", "(c)", "(d)"]
    spikes = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("(c)"))
    assert spikes.lines[0].get_ydata().max() == pytest.approx(3.75, rel=0.05)


def test_damping(ideal, hard):
    runs = {(Variant(capacitance=c), "spice"): ideal for c in CAPACITANCES}
    runs |= {
        (Variant(capacitance=c, gain=g, fidelity="macromodel"), "spice"): hard for c in CAPACITANCES for g in GAINS
    }
    (ax,) = draw_damping(runs).axes
    assert ax.get_xlabel() == "membrane capacitor [nF]"
    assert ax.get_ylabel().endswith("[%]")
    assert len(ax.lines) == 4


def test_budget():
    row = {
        "capacitance": 22e-9,
        "gain": 2.0,
        "isi_first": 1e-7,
        "isi_steady": 2e-7,
        "share_first": 0.1,
        "share_steady": 0.2,
    }
    rows = [row | {"kind": "taken out", "cause": cause} for cause in TAKEN_OUT]
    (ax,) = draw_budget(rows).axes
    assert ax.get_xlabel() == "lengthening of the first ISI [us]"
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"{cause} (taken out)" for cause in TAKEN_OUT]
