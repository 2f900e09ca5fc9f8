"""The page on vendors' models is true: its example runs on its file, and its table is what ngspice does."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neuromorph as nm

ROWS = {
    "LIMIT(5, -1, 1)": ("E1 b 0 VALUE={LIMIT(V(p), -1, 1)}", 0.0, 1.0),
    "V(a)**3": ("E1 b 0 VALUE={V(a)**3}", 8.0, 8.0),
    "PWR(V(a), 3)": ("E1 b 0 VALUE={PWR(V(a), 3)}", -8.0, 8.0),
    "V(a)^2": ("E1 b 0 VALUE={V(a)^2}", 4.0, 4.0),
    "4K7": ("I1 0 b 1m\nR1 b 0 4K7", 4.0, 4.0),
    "GND": (".subckt s p gnd\nR1 p gnd 1\n.ends\nX1 b p s", 0.0, 0.0),
    "vt": (".subckt s o params: vt=1.5\nB1 o 0 v={vt}\n.ends\nX1 b s", 1.5, 0.0258649),
    "TABLE(5, -1,-1, 1,1)": ("E1 b 0 VALUE={TABLE(V(p), -1,-1, 1,1)}", None, 5.0),
}


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "vendor_models.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_example_runs(page: str, tmp_path: Path) -> None:
    (model,), (code,) = blocks(page, "spice"), blocks(page, "python")
    (tmp_path / "opa9.lib").write_text(model)
    code += "\nassert abs(recording['v_out'].max() - 1) < 1e-3\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("row", ROWS)
def test_what_ngspice_makes_of_it(row: str, page: str, tmp_path: Path) -> None:
    assert f"`{row}`" in page
    text, plain, in_mode = ROWS[row]
    deck = f"t\nVA a 0 -2\nVP p 0 5\n{text}\nRB b 0 1e6\n.op\n.print op v(b)\n.end\n"
    (tmp_path / "deck.cir").write_text(deck)
    for mode, expected in (([], plain), (["-D", "ngbehavior=psa"], in_mode)):
        program = str(nm.Ngspice().executable())
        done = subprocess.run([program, "-n", *mode, "-b", "deck.cir"], cwd=tmp_path, capture_output=True, check=False)
        found = re.search(rb"^0\t(\S+)", done.stdout, re.MULTILINE)
        if expected is None:
            assert found is None
        else:
            assert found is not None
            assert float(found[1]) == pytest.approx(expected, rel=1e-2, abs=1e-3)


def test_a_part_travels_between_processes(page: str, tmp_path: Path) -> None:
    (tmp_path / "opa9.lib").write_text(blocks(page, "spice")[0])
    pins = {role: i for i, role in enumerate(("in_p", "in_n", "v_pos", "v_neg", "out"), start=1)}
    part = nm.VendorModel(tmp_path / "opa9.lib", "OPA9", pins)
    twin = pickle.loads(pickle.dumps(part))
    assert twin == part
    assert twin.definition == part.definition
    assert str(twin.add_to(nm.Schematic("a"), "x", **{role: role for role in pins})).endswith("out opa9")
