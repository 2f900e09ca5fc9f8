"""A compatibility mode acts on the deck that asks for it, and changes neither our own text nor another run."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm

PSPICE = ".subckt clip in out\nE1 out 0 VALUE={LIMIT(V(in), -1, 1)}\n.ends\n"


def clipped(folder: Path) -> nm.Schematic:
    """A limiter in PSpice's language behind a source of 5 V."""
    (folder / "part.lib").write_text(PSPICE)
    circuit = nm.Schematic("clip", probes={"out": "v(out)"})
    circuit.V("in", "in", 0, 5.0)
    circuit.R("load", "out", 0, 1e3)
    circuit.include(folder / "part.lib")
    circuit.X("1", "clip", "in", "out")
    return circuit


def test_the_mode_is_there_before_the_deck_is_read(tmp_path: Path) -> None:
    circuit = clipped(tmp_path)
    with_mode = nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6, compatibility="ps"))
    assert with_mode["out"][-1] == pytest.approx(1.0)
    # Not a mistake of the test: without it ngspice reads the same text in another way, and says nothing.
    assert nm.Ngspice().run(nm.make_deck(circuit, t_stop=1e-6))["out"][-1] == pytest.approx(0.0)


def test_the_deck_says_how_to_call_ngspice(tmp_path: Path) -> None:
    text = nm.make_deck(clipped(tmp_path), t_stop=1e-6, compatibility="ps").text()
    command = text.splitlines()[1].removeprefix("* in ngspice: ")
    assert command == "ngspice -D ngbehavior=ps -b FILE"
    (tmp_path / "deck.cir").write_text(text)
    done = subprocess.run(
        command.replace("FILE", "deck.cir").split(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    last = [line for line in done.stdout.splitlines() if line[:1].isdigit()][-1]
    assert float(last.split()[2]) == pytest.approx(1.0)
    assert "ngbehavior" not in nm.make_deck(clipped(tmp_path), t_stop=1e-6).text()


@pytest.mark.parametrize(("mode", "rtol"), [("lt", 0.0), ("lta", 0.0), ("ps", 2e-7), ("psa", 2e-7), ("ltpsa", 2e-7)])
def test_an_ideal_neuron_is_the_same_in_every_mode(mode: str, rtol: float) -> None:
    # In the modes of PSpice ngspice rounds our sources in another way.
    neuron = nm.MemristiveALIF()
    deck = nm.make_deck(neuron.schematic(), drives=neuron.working_point().drive, t_stop=2e-4)
    plain = nm.Ngspice().run(deck)
    other = nm.Ngspice().run(dataclasses.replace(deck, compatibility=mode))
    assert len(plain.spikes.times) > 3
    np.testing.assert_allclose(other.spikes.times, plain.spikes.times, rtol=rtol, atol=0)
    assert len(other.time) == len(plain.time)


@pytest.mark.parametrize(
    "line", [".param vt=1.5", ".subckt cell a b params: r=1 VT=1.5", ".PARAM r=1 temp = 3", ".param gmin=1e-9"]
)
def test_parameters_that_a_mode_would_replace_are_refused(line: str) -> None:
    end = [".ends"] if line.startswith(".subckt") else []
    body = ("V1 a 0 1", line, *end)
    deck = nm.Deck(name="d", body=body, probes={"v": nm.Probe("v(a)")}, t_stop=1e-6, compatibility="lta")
    with pytest.raises(
        ValueError, match=r"in the compatibility mode 'psa' ngspice would replace the parameter '(vt|VT|temp|gmin)'"
    ):
        dataclasses.replace(deck, compatibility="psa")


def test_what_ngspice_does_to_such_a_parameter(tmp_path: Path) -> None:
    # The reason for the refusal, and for translating vendors' files instead.
    deck = "t\n.subckt s o params: vt=1.5\nB1 o 0 v={vt}\n.ends\nX1 b s vt=1.5\nR1 b 0 1\n.op\n.print op v(b)\n.end\n"
    (tmp_path / "deck.cir").write_text(deck)
    found = {}
    for mode in ("", "psa"):
        arguments = ["-D", f"ngbehavior={mode}"] if mode else []
        done = subprocess.run(
            ["ngspice", "-n", *arguments, "-b", "deck.cir"], cwd=tmp_path, capture_output=True, check=False
        )
        match = re.search(rb"^0\t(\S+)", done.stdout, re.MULTILINE)
        assert match is not None
        found[mode] = float(match[1])
    assert found[""] == 1.5
    assert found["psa"] == pytest.approx(0.0259, abs=1e-4)


def test_modes_that_exist() -> None:
    with pytest.raises(
        ValueError, match=r"compatibility must be one of '', 'ps', 'psa', 'lt', 'lta', 'ltps', 'ltpsa', got 'x -r'"
    ):
        nm.Deck(name="d", body=("V1 a 0 1",), probes={"v": nm.Probe("v(a)")}, t_stop=1.0, compatibility="x -r")


def test_a_vendor_s_part_needs_no_mode(tmp_path: Path) -> None:
    (tmp_path / "part.lib").write_text(PSPICE)
    circuit = nm.Schematic("clip", probes={"out": "v(out)"})
    circuit.V("in", "in", 0, 5.0)
    circuit.R("load", "out", 0, 1e3)
    part = nm.VendorModel(tmp_path / "part.lib", "clip", {"in_p": "in", "out": "out"})
    part.add_to(circuit, "1", in_p="in", out="out")
    for mode in ("", "psa", "lta"):
        deck = nm.make_deck(circuit, t_stop=1e-6, compatibility=mode)
        assert nm.Ngspice().run(deck)["out"][-1] == pytest.approx(1.0)
