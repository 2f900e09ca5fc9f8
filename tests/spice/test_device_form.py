"""Compiled devices in ngspice: when they are chosen, that a run says so, and that the result is the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.errors import SimulationError
from neuromorph.roads import deck_of, working_point
from neuromorph.spice import device_form as module
from neuromorph.spice import ngspice as ngspice_module
from neuromorph.spice.capabilities import Capabilities
from neuromorph.spice.device_form import device_form

WITH_OSDI = Capabilities(version="44.2", klu=True, osdi=True)
WITHOUT = Capabilities(version="39", klu=False, osdi=False)
NEURON = nm.MemristiveALIF()
VARIABLE = "NEUROMORPH_TEST_NGSPICE44"


@pytest.fixture(scope="module")
def deck() -> nm.Deck:
    return deck_of(NEURON, working_point(NEURON, None, None)[0], 0.2e-3)


@pytest.fixture(scope="module")
def modern() -> nm.Ngspice:
    """An ngspice that loads compiled Verilog-A: the one that the environment names, else the found one."""
    engine = nm.Ngspice(program=os.environ.get(VARIABLE))
    found = engine.capabilities()
    if not found.osdi:
        pytest.skip(
            f"ngspice {found.version} does not load compiled Verilog-A; {VARIABLE} may name one that does (docs/ngspice.md)"
        )
    return engine


# ---------------------------------------------------------------- the choice, wherever the tests run


def test_compiled_where_it_is_possible(deck: nm.Deck) -> None:
    form = device_form(deck, nm.NgspiceOptions(), WITH_OSDI)
    assert form.why == "compiled (OSDI): mms"
    assert form.file is not None
    assert form.file.read_bytes()[:4] == b"\x7fELF"
    assert "Ndevice" in "\n".join(form.deck.body)
    assert "module mms" in form.source


@pytest.mark.parametrize(
    ("capabilities", "options", "why"),
    [
        (WITHOUT, {}, "B sources, since ngspice 39 does not load compiled Verilog-A here"),
        (WITH_OSDI, {"devices": "sources"}, "B sources, since the options say so"),
    ],
)
def test_b_sources_where_it_is_not(
    deck: nm.Deck, capabilities: Capabilities, options: dict[str, str], why: str
) -> None:
    form = device_form(deck, nm.NgspiceOptions(**options), capabilities)  # type: ignore[arg-type]
    assert form.why == why
    assert form.deck is deck
    assert form.file is None


def test_without_a_compiler(deck: nm.Deck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from neuromorph.spice import vacask_program

    monkeypatch.setattr(vacask_program, "_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    form = device_form(deck, nm.NgspiceOptions(), WITH_OSDI)
    assert form.why.startswith(
        "B sources, since the Verilog-A compiler openvaf-r is not here; install it with: pip install"
    )
    monkeypatch.setenv("NEUROMORPH_OPENVAF", "/nowhere/openvaf-r")
    form = device_form(deck, nm.NgspiceOptions(), WITH_OSDI)
    assert "/nowhere/openvaf-r is not an executable program (from NEUROMORPH_OPENVAF)" in form.why
    with pytest.raises(
        SimulationError, match="cannot be compiled for ngspice: /nowhere/openvaf-r is not an executable"
    ):
        device_form(deck, nm.NgspiceOptions(devices="compiled"), WITH_OSDI)


def test_verilog_a_that_does_not_compile() -> None:
    circuit = nm.Schematic("faulty", probes={"a": "v(a)"})
    circuit.raw_spice = "Vin in 0 1\nRin in a 1k\nX1 a 0 ohmic\n.subckt ohmic p n\nR1 p n 1k\n.ends"
    circuit.verilog_a["ohmic"] = (
        "module ohmic(p, n);\n    inout p, n;\n    electrical p, n;\n    analog nonsense;\nendmodule\n"
    )
    faulty = nm.make_deck(circuit, t_stop=1e-3)
    form = device_form(faulty, nm.NgspiceOptions(), WITH_OSDI)
    assert form.why.startswith("B sources, since the Verilog-A of the circuit does not compile: ")
    with pytest.raises(SimulationError, match="the Verilog-A of the circuit does not compile"):
        device_form(faulty, nm.NgspiceOptions(devices="compiled"), WITH_OSDI)


def test_what_compiled_cannot_mean(deck: nm.Deck) -> None:
    asked = nm.NgspiceOptions(devices="compiled")
    with pytest.raises(SimulationError, match="ngspice 39 does not load compiled Verilog-A here") as caught:
        device_form(deck, asked, WITHOUT)
    assert "devices='auto'" in caught.value.remedy
    plain = nm.Schematic("plain", probes={"a": "v(a)"})
    plain.V("a", "a", plain.gnd, 1.0)
    plain.R("a", "a", plain.gnd, 1e3)
    with pytest.raises(SimulationError, match="the deck has no device with Verilog-A"):
        device_form(nm.make_deck(plain, t_stop=1e-3), asked, WITH_OSDI)
    assert device_form(nm.make_deck(plain, t_stop=1e-3), nm.NgspiceOptions(), WITH_OSDI).why == ""
    with pytest.raises(ValueError, match="devices is 'auto', 'sources' or 'compiled', got 'osdi'"):
        nm.NgspiceOptions(devices="osdi")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="VACASK compiles every device: leave devices='sources' out"):
        nm.VacaskOptions.of(nm.NgspiceOptions(devices="sources"))


def test_a_deck_with_a_mode_keeps_its_sources(deck: nm.Deck) -> None:
    from dataclasses import replace

    form = device_form(replace(deck, compatibility="lt"), nm.NgspiceOptions(), WITH_OSDI)
    assert form.why == "B sources, since the deck needs the compatibility mode 'lt'"


def test_a_run_says_which_it_was(deck: nm.Deck) -> None:
    found = nm.Ngspice().run(deck, nm.NgspiceOptions(devices="sources")).provenance
    assert found["devices"] == "B sources, since the options say so"
    assert found["linear_solver"] == "sparse"
    assert found["options"]["devices"] == "sources"
    lif = nm.LIF()
    assert "devices" not in nm.simulate(lif, nm.Constant(value=1e-4), t_stop=1e-4, engine="ngspice").provenance


def test_the_folder_of_a_failed_run_has_all_that_it_needs(
    deck: nm.Deck, stand_in: Callable[[str], Path], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in("ls > seen; exit 1")
    monkeypatch.setattr(ngspice_module, "capabilities_of", lambda executable: WITH_OSDI)
    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(program=program, folder=runs).run(deck)
    assert caught.value.folder is not None
    assert {"deck.cir", "deck.va", "deck.osdi"} <= set((caught.value.folder / "seen").read_text().split())
    text = (caught.value.folder / "deck.cir").read_text()
    assert text.index("pre_osdi deck.osdi") < text.index("Ndevice p n x mms_compiled")


def test_an_array_is_expected_to_take_less_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run costs is said of the form that it will have."""
    crossbar = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.full((24, 24), 0.5)), r_word=1.0, r_bit=1.0)
    drive = nm.Sine(amplitude=0.5, frequency=100.0)
    monkeypatch.setattr(nm.Ngspice, "capabilities", lambda self: WITH_OSDI)
    times = []
    for devices in ("sources", "compiled"):
        with pytest.raises(ValueError, match="ngspice would need about") as caught:
            crossbar.simulate(
                drive, 10e-3, engine="ngspice", options=nm.NgspiceOptions(method="trap", devices=devices), longest=1e-3
            )
        times.append(float(str(caught.value).split("longest=")[1]))
    assert 2 < times[0] / times[1] < 6


# ---------------------------------------------------------------- the result, where an ngspice loads compiled devices


def test_the_neuron_is_the_same(modern: nm.Ngspice) -> None:
    runs = [
        nm.simulate(NEURON, t_stop=1e-3, engine=modern, options=nm.NgspiceOptions(devices=devices))
        for devices in ("sources", "auto")
    ]
    assert runs[1].provenance["devices"] == "compiled (OSDI): mms"
    assert len(runs[0].spikes) == len(runs[1].spikes) > 10
    assert runs[1].spikes.times == pytest.approx(runs[0].spikes.times, abs=1e-12)
    for name in ("v_c", "x", "v_mem"):
        assert np.interp(runs[0].time, runs[1].time, runs[1][name]) == pytest.approx(runs[0][name], abs=1e-9)
    assert runs[0].provenance["deck_hash"] != runs[1].provenance["deck_hash"]


@pytest.mark.parametrize(
    "memristor",
    [nm.MMS(), nm.GMMS(), nm.VTEAM(), nm.Yakopcic(), nm.LinearIonDrift()],
    ids=lambda m: type(m).__name__,
)
def test_every_memristor_is_the_same(memristor: nm.MemristorModel, modern: nm.Ngspice) -> None:
    circuit = nm.Schematic(
        "sweep", ports={"v": nm.Port("top", kind="voltage")}, probes={"i": "i(Vdrive_v)", "x": "v(x)"}
    )
    circuit.raw_spice += memristor.subcircuit()
    circuit.X("m", memristor.subcircuit_name, "top", circuit.gnd, "x", **memristor.values())
    circuit.verilog_a[memristor.subcircuit_name] = memristor.verilog_a()
    circuit.initial = {"x": 0.3}
    circuit.resolution = nm.Resolution(t_max=1e-5)
    drive = nm.Sine(amplitude=0.5, frequency=100.0)
    runs = [
        nm.simulate(circuit, drive, 10e-3, engine=modern, options=nm.NgspiceOptions(devices=devices))
        for devices in ("sources", "compiled")
    ]
    for name in ("i", "x"):
        found = np.interp(runs[0].time, runs[1].time, runs[1][name])
        assert found == pytest.approx(runs[0][name], abs=1e-6 * np.ptp(runs[0][name]) + 1e-15)


def test_an_array_is_the_same_and_near_the_equations(modern: nm.Ngspice) -> None:
    states = np.random.default_rng(3).uniform(0.1, 0.9, (6, 6))
    devices = nm.DeviceArray(nm.MMS(), states, variations={"r_on": np.linspace(400.0, 600.0, 36).reshape(6, 6)})
    crossbar = nm.Crossbar(devices, r_word=1.0, r_bit=1.0)
    drive = nm.Sine(amplitude=0.6, frequency=100.0)
    runs = [
        crossbar.simulate(drive, 5e-3, engine=modern, options=nm.NgspiceOptions(method="trap", devices=form))
        for form in ("sources", "compiled")
    ]
    exact = crossbar.simulate(drive, 5e-3)
    assert np.abs(runs[0].states - runs[1].states).max() < 1e-8
    assert np.abs(runs[1].states - exact.states).max() < 1e-3
    assert runs[1].provenance["devices"] == "compiled (OSDI): mms"
    if modern.capabilities().klu:
        large = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.full((16, 16), 0.5)), r_word=1.0, r_bit=1.0)
        assert large.simulate(drive, 1e-4, engine=modern).provenance["linear_solver"] == "klu"


def test_modules_that_cannot_be_loaded(
    modern: nm.Ngspice, deck: nm.Deck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.osdi"
    broken.write_bytes(b"\x7fELF and nothing more")
    monkeypatch.setattr(module, "compiled", lambda *_: broken)
    with pytest.raises(SimulationError) as caught:
        nm.Ngspice(program=modern.program).run(deck)
    assert "deck.osdi" in str(caught.value)
