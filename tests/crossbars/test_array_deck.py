"""Decks of crossbars: what stands in them, that plain ngspice runs them, and what is refused."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.crossbars.spice.deck import crossbar_deck, shortest_time

G = np.array([[1e-3, 2e-3, 0.0], [3e-3, 4e-3, 5e-3]])
SINE = nm.Sine(amplitude=0.5, frequency=100.0)


def elements(deck: nm.Deck, letters: str = "") -> dict[str, str]:
    """What stands behind the name of each element."""
    lines = (line for line in deck.body if line[0].isalpha() and line[0] in (letters or line[0]))
    return dict(line.split(" ", 1) for line in lines)


def memristors(shape: tuple[int, int] = (2, 3), **given: object) -> nm.DeviceArray:
    states = np.linspace(0.1, 0.9, shape[0] * shape[1]).reshape(shape)
    return nm.DeviceArray(nm.MMS(), states, **given)


def test_every_wire_device_and_end_stands_in_the_deck() -> None:
    crossbar = nm.Crossbar(G, r_word=1.0, r_bit=2.0, r_driver=50.0, r_sense=10.0)
    assert elements(crossbar_deck(crossbar, [0.1, 0.2])) == {
        "Vleft0": "left0 0 0.1",
        "Rleft0": "w0_0 left0 51.0",
        "Vleft1": "left1 0 0.2",
        "Rleft1": "w1_0 left1 51.0",
        **{f"Vbottom{j}": f"bottom{j} 0 0.0" for j in range(3)},
        **{f"Rbottom{j}": f"b1_{j} bottom{j} 12.0" for j in range(3)},
        **{f"Rw{i}_{j}": f"w{i}_{j - 1} w{i}_{j} 1.0" for i in range(2) for j in (1, 2)},
        **{f"Rb1_{j}": f"b0_{j} b1_{j} 2.0" for j in range(3)},
        "Rd0_0": "w0_0 b0_0 1000.0",
        "Rd0_1": "w0_1 b0_1 500.0",
        "Rd1_0": f"w1_0 b1_0 {1 / 3e-3!r}",
        "Rd1_1": "w1_1 b1_1 250.0",
        "Rd1_2": "w1_2 b1_2 200.0",
    }


def test_lines_without_resistance_are_one_node() -> None:
    deck = crossbar_deck(
        nm.Crossbar(G, r_bit=2.0, right="grounded", left="floating", top="driven"), {"top": [1.0, 2.0, 3.0]}
    )
    found = elements(deck)
    assert found["Vright1"] == "w1 0 0.0"
    assert found["Vtop2"] == "top2 0 3.0"
    assert found["Rtop2"] == "b0_2 top2 2.0"
    assert found["Rd1_2"] == "w1 b1_2 200.0"
    assert not any(name.startswith("Rw") for name in found)


def test_what_nothing_reaches_is_left_out() -> None:
    """Cut word lines: a node is there only where a device joins it to a bit line that has an end."""
    crossbar = nm.Crossbar(G, r_word=math.inf, r_bit=1.0, left="floating", top=["driven", "floating", "driven"])
    deck = crossbar_deck(crossbar, {"top": [1.0, 0.0, 1.0]}, record="voltages")
    assert "v_w0_0" in deck.probes
    assert "v_w0_2" not in deck.probes
    lone = nm.Crossbar(np.diag([1e-3, 1e-3]), left=["driven", "floating"], bottom=["sensed", "floating"])
    assert list(elements(crossbar_deck(lone, [1.0, 0.0]))) == ["Vleft0", "Vbottom0", "Rd0_0"]


def test_numbers_keep_all_digits() -> None:
    g = np.nextafter(1e-3, 1) * np.ones((1, 1))
    found = elements(crossbar_deck(nm.Crossbar(g, r_word=np.pi, r_bit=np.nextafter(1.0, 2)), [np.e]))
    assert float(found["Rd0_0"].split()[-1]) == 1 / g[0, 0]
    assert float(found["Rleft0"].split()[-1]) == np.pi
    assert float(found["Vleft0"].split()[-1]) == np.e
    assert float(found["Rbottom0"].split()[-1]) == np.nextafter(1.0, 2)


def test_memristors_are_instances_of_the_models_subcircuit() -> None:
    r_on = np.array([[400.0, 500.0, 600.0], [410.0, 510.0, np.nextafter(610.0, 611)]])
    stuck = np.full((2, 3), np.nan)
    stuck[0, 1], stuck[1, 0] = 1e-3, 0.0
    devices = memristors(variations={"r_on": r_on}, stuck=stuck)
    deck = crossbar_deck(nm.Crossbar(devices, r_word=1.0, r_bit=1.0), SINE, 1e-3)
    found = elements(deck, "XR")
    assert found["Xd0_0"] == "w0_0 b0_0 x0_0 mms r_on=400.0"
    assert found["Xd1_2"] == "w1_2 b1_2 x1_2 mms r_on=610.0000000000001"
    assert found["Rd0_1"] == "w0_1 b0_1 1000.0"
    assert not {"Xd0_1", "Xd1_0", "Rd1_0"} & set(found)
    text = "\n".join(deck.body)
    assert nm.MMS().subcircuit().strip() in text
    initial = dict(re.findall(r"v\((x\d_\d)\)=(\S+)", text))
    assert {k: float(v) for k, v in initial.items()} == {
        f"x{i}_{j}": devices.states[i, j] for i in range(2) for j in range(3) if math.isnan(stuck[i, j])
    }
    assert deck.states == ("x_0_0", "x_0_2", "x_1_1", "x_1_2")
    assert elements(deck)["Vleft0"] == f"left0 0 {SINE.spice(1e-3)}"


def test_a_state_is_held_at_an_operating_point() -> None:
    deck = crossbar_deck(nm.Crossbar(memristors(variations={"tau": [[1e-4, 2e-4, 3e-4]]}), r_bit=1.0), [0.1, 0.2])
    assert elements(deck)["Xd1_2"] == "w1 b1_2 mms_held x=0.9 tau=0.0003"
    assert not any(line.startswith(".ic") for line in deck.body)
    assert deck.is_operating_point
    assert list(deck.probes) == ["i_left_0", "i_left_1", "i_bottom_0", "i_bottom_1", "i_bottom_2"]


def test_what_is_recorded() -> None:
    crossbar = nm.Crossbar(memristors(), r_word=1.0)
    everything = crossbar_deck(crossbar, SINE, 1e-3, record=("currents", "states", "voltages")).probes
    assert len(everything) == 5 + 6 + 6 + 3
    assert everything["v_b1"].expression == "v(b1)"
    assert everything["x_1_2"].resolved_unit() == ""
    assert everything["i_bottom_2"].resolved_unit() == "A"
    assert list(crossbar_deck(crossbar, SINE, 1e-3).probes) == [*list(everything)[:5], *list(everything)[5:11]]
    assert list(crossbar_deck(crossbar, SINE, 1e-3, record="states").probes) == list(everything)[5:11]
    with pytest.raises(ValueError, match="a crossbar's deck records currents, states, voltages, got 'power'"):
        crossbar_deck(crossbar, SINE, 1e-3, record="power")


def test_drives() -> None:
    """Numbers, stimuli, or one volt."""
    crossbar = nm.Crossbar(G, left=["driven", "grounded"])
    assert elements(crossbar_deck(crossbar), "V") == {
        "Vleft0": "w0 0 1.0", "Vleft1": "w1 0 0.0", **{f"Vbottom{j}": f"b{j} 0 0.0" for j in range(3)}
    }  # fmt: skip
    assert elements(crossbar_deck(crossbar, [0.3, 0.0], 1e-3), "V")["Vleft0"] == "w0 0 DC 0.3"
    assert elements(crossbar_deck(crossbar, [SINE, None], 1e-3), "V")["Vleft1"] == "w1 0 0"
    both = nm.Crossbar(G, r_bit=1.0, top="driven")
    mixed = crossbar_deck(both, {"left": SINE, "top": [0.1, 0.2, 0.3]}, 1e-3)
    assert elements(mixed, "V")["Vleft1"].startswith("w1 0 SIN(")
    assert elements(mixed, "V")["Vtop2"] == "top2 0 DC 0.3"


@pytest.mark.parametrize(
    ("crossbar", "arguments", "message"),
    [
        (
            nm.Crossbar(G, left="floating", bottom="floating"),
            ({},),
            "no end of the array is joined to anything, so SPICE has no node whose voltage is known: drive, sense or ground",
        ),
        (
            nm.Crossbar(G, r_driver=math.inf, r_sense=math.inf),
            ([1.0, 1.0],),
            "no end of the array is joined to anything",
        ),
        (nm.Crossbar(G), (SINE,), "stimuli need a time: give t_stop in s, or numbers in V for an operating point"),
        (nm.Crossbar(G), (np.ones((3, 2)),), "a deck has one vector of voltages, got 3: make a deck for each"),
        (nm.Crossbar(G), (np.ones((3, 2)), 1e-3), r"of shape \(lines,\), got \(3, 2\)"),
        (
            nm.Crossbar([[1e-3, 1e-309]]),
            ([1.0],),
            r"the conductance of device \(0, 1\), 1e-309 S, has no finite resistance, which a deck needs: give 0 S",
        ),
        (nm.Crossbar(G), ([1.0, 1.0], -1.0), "t_stop must be a positive time in s, got -1.0"),
    ],
)  # fmt: skip
def test_what_is_refused(crossbar: nm.Crossbar, arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        crossbar_deck(crossbar, *arguments)


def test_a_stimulus_cannot_smuggle_a_line() -> None:
    class Evil(nm.Constant):
        def spice(self, t_stop: float) -> str:
            return "DC 1\n.control\nshell echo\n.endc"

    with pytest.raises(ValueError, match="the stimulus of line 0 on side left has a line that is no continuation"):
        crossbar_deck(nm.Crossbar(G), Evil(value=1.0), 1e-3)
    with pytest.raises(ValueError, match="title"):
        crossbar_deck(nm.Crossbar(G), name="a\n.end")


def test_the_step_sees_sines_and_switching() -> None:
    slow = nm.Sine(amplitude=0.5, frequency=1e3)
    linear = crossbar_deck(nm.Crossbar(G), slow, 10e-3)
    assert linear.resolution.t_max == pytest.approx(1e-3 / 20)
    crossbar = nm.Crossbar(memristors(variations={"tau": [[1e-4, 3e-5, 3e-4]]}))
    assert crossbar_deck(crossbar, slow, 10e-3).resolution.t_max == pytest.approx(3e-6)
    assert shortest_time(crossbar.devices, 1.0) == pytest.approx(3e-5)
    # Where a model names times that few devices ever see, the error control has to find them.
    steep = nm.Crossbar(nm.DeviceArray(nm.MMS(tau=1e-12), [[0.5]]))
    assert crossbar_deck(steep, slow, 10e-3).resolution.t_max == pytest.approx(10e-3 / 20_000)


def test_plain_ngspice_runs_the_decks(tmp_path: Path) -> None:
    """By hand, without a raw file: the values are printed."""
    point = crossbar_deck(nm.Crossbar([[1e-3, 2e-3]]), [0.5])
    (tmp_path / "point.cir").write_text(point.text())
    moving = crossbar_deck(nm.Crossbar(memristors(), r_word=1.0), SINE, 1e-4)
    (tmp_path / "moving.cir").write_text(moving.text())
    for name, found in (("point", r"\t-1\.50+e-03\t5\.0+e-04\t1\.0+e-03"), ("moving", r"x0_0|v\(x0_0\)")):
        command = ["ngspice", "-b", f"{name}.cir"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0
        assert re.search(found, run.stdout), run.stdout
        assert not re.search("error|singular|warning", run.stdout + run.stderr, re.IGNORECASE)


def test_a_deck_is_an_ordinary_one() -> None:
    deck = crossbar_deck(nm.Crossbar(memristors(), r_word=1.0, r_bit=1.0), SINE, 1e-3)
    recording = nm.simulate(deck)
    assert recording.time[-1] == pytest.approx(1e-3)
    assert recording["x_0_0"][0] == pytest.approx(0.1, rel=1e-9)
    assert recording.provenance["states"] == list(deck.states)
    assert recording.provenance["parameters"] == {"r_word": 1.0, "r_bit": 1.0, "r_driver": 0.0, "r_sense": 0.0}
