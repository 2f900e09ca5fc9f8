"""The committed decks and model files are what the code makes, and plain ngspice runs them."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.cli.designs import requested
from neuromorph.roads import at_fidelity, deck_of, working_point

DESIGNS = {
    "memristive_alif": "memristive-alif",
    "lif": "lif",
    "rectifying_synapse": "circuits/rectifying_synapse.py",
    "sinh_memristor": "circuits/sinh_memristor.py",
    "relaxation_oscillator": "circuits/relaxation_oscillator.py",
    "schmitt_discharge": "circuits/schmitt_discharge.py",
    "rc_neuron": "circuits/rc_neuron.py",
    "stdp_pair": "circuits/stdp_pair.py",
    "two_neurons": "circuits/two_neurons.py",
    "winner_take_all": "circuits/winner_take_all.py",
    "recurrent_8": "circuits/recurrent_8.py",
    "memristive_alif_transistor": "memristive-alif at transistor",
}


def _deck(name, root):
    design, _, fidelity = DESIGNS[name].partition(" at ")
    request = requested(design if "/" not in design else str(root / design), [], [], None)
    built = at_fidelity(request.design, fidelity or None)
    drive, t_stop = working_point(built, request.drive, request.t_stop)
    return deck_of(built, drive, t_stop)


@pytest.mark.parametrize("name", DESIGNS)
def test_committed_deck_is_what_the_code_makes(name, root, compare_or_update):
    compare_or_update(root / "netlists" / f"{name}.cir", _deck(name, root).text())


@pytest.mark.parametrize("name", DESIGNS)
def test_committed_deck_runs_in_plain_ngspice(name, root, tmp_path):
    deck = root / "netlists" / f"{name}.cir"
    done = subprocess.run(
        ["ngspice", "-n", "-b", "-r", str(tmp_path / "out.raw"), str(deck)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    plot = nm.read_raw(tmp_path / "out.raw")[-1]
    assert plot.axis[-1] == pytest.approx(_deck(name, root).t_stop, rel=1e-9)
    assert np.isfinite(plot.values).all()


def test_committed_deck_prints_without_a_raw_file(root, tmp_path):
    """``ngspice -b deck.cir``, as one types it: ngspice runs nothing when there is nothing to print."""
    deck = root / "netlists" / "relaxation_oscillator.cir"
    done = subprocess.run(
        ["ngspice", "-b", str(deck)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert float(rows[-1][1]) == pytest.approx(1e-3)


def test_every_deck_has_its_design(root):
    assert {path.stem for path in (root / "netlists").glob("*.cir")} == set(DESIGNS)


MODELS = [nm.MMS(), nm.GMMS(), nm.GMMS(schottky="pinched"), nm.VTEAM(), nm.Yakopcic()]
MODELS += [nm.LinearIonDrift(window=window) for window in ("none", "joglekar", "biolek", "prodromakis")]


@pytest.mark.parametrize(("ending", "method"), [("lib", "subcircuit"), ("va", "verilog_a")])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.subcircuit_name)
def test_model_files_are_what_the_code_makes(model, ending, method, root, compare_or_update):
    compare_or_update(root / "models" / f"{model.subcircuit_name}.{ending}", getattr(model, method)())


PARTS = [nm.OpAmp(), nm.Comparator(), nm.Mosfet(), nm.TransistorComparator(inputs="p")]
PARTS += [nm.TransistorComparator(inputs="n"), nm.CurrentConveyor()]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.subcircuit_name)
def test_part_libraries_are_what_the_code_makes(part, root, compare_or_update):
    compare_or_update(root / "models" / f"{part.subcircuit_name}.lib", part.subcircuit())


def test_every_library_has_its_device(root):
    assert {path.stem for path in (root / "models").glob("*.lib")} == {d.subcircuit_name for d in MODELS + PARTS}


def test_part_libraries_run_in_a_hand_written_deck(root, tmp_path):
    """A follower, a comparator of each kind that switches a transistor; every library included, none from Python."""
    lines = ["* by hand", *(f".include {root}/models/{part.subcircuit_name}.lib" for part in PARTS)]
    lines += ["Vpos pos 0 5", "Vneg neg 0 -5", "Vin in 0 0.7", "Vref ref 0 0.5"]
    lines += ["X1 in follow pos neg follow opamp v_offset=1m"]
    for i, kind in enumerate(("comparator", "transistorcomparator_p")):
        lines += [f"X2{i} follow ref pos 0 g{i} {kind}", f"R{i} pos d{i} 1k", f"X3{i} d{i} g{i} 0 mosfet k_p=20m"]
    lines += ["X4 pos ref pos 0 n transistorcomparator_n", ".tran 10n 1u", ".end", ""]
    (tmp_path / "hand.cir").write_text("\n".join(lines))
    command = ["ngspice", "-n", "-b", "-r", "out.raw", "hand.cir"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    plot = nm.read_raw(tmp_path / "out.raw")[0]
    assert plot["v(follow)"][-1] == pytest.approx(0.701 / (1 + 1 / 31.6e3), rel=1e-5)
    assert plot["v(g0)"][-1] == pytest.approx(3.75, abs=1e-3)
    assert plot["v(g1)"][-1] == pytest.approx(5.0, abs=1e-3)
    # Triode: 1 kohm against the on-resistance.
    for i, v_gs in ((0, 3.75), (1, 5.0)):
        assert plot[f"v(d{i})"][-1] == pytest.approx(5 / (1 + 1e3 * 0.02 * (v_gs - 1.5)), rel=0.03)


def test_model_library_runs_in_a_hand_written_deck(root, tmp_path):
    """The current of the shipped subcircuit, against the equation evaluated by hand."""
    deck = tmp_path / "hand.cir"
    deck.write_text(
        f"* by hand\n.include {root}/models/mms.lib\nV1 a 0 0.2\nVx x 0 0.25\nX1 a 0 x mms r_on=600\n.op\n.end\n"
    )
    subprocess.run(
        ["ngspice", "-n", "-b", "-r", "out.raw", "hand.cir"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    current = -nm.read_raw(tmp_path / "out.raw")[0]["i(v1)"][0]
    assert current == pytest.approx(0.2 * (0.25 / 600 + 0.75 / 1500), rel=1e-10)
