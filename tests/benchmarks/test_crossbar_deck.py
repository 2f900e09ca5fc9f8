"""The text of a crossbar's deck against the same array drawn with PySpice."""

from __future__ import annotations

import numpy as np
import pytest
from PySpice.Spice.Netlist import Circuit
from taking_turns import shortest

import neuromorph as nm

SIZE = 50


@pytest.mark.slow
def test_a_deck_is_written_ten_times_faster_than_with_pyspice(capsys: pytest.CaptureFixture[str]) -> None:
    conductances = 10.0 ** np.random.default_rng(0).uniform(-6, -3, (SIZE, SIZE))
    crossbar = nm.Crossbar(conductances, r_word=1.0, r_bit=1.0)

    def with_pyspice() -> str:
        circuit = Circuit("crossbar")
        for i in range(SIZE):
            circuit.V(f"left{i}", f"left{i}", 0, 1.0)
            circuit.R(f"left{i}", f"left{i}", f"w{i}_0", 1.0)
            circuit.R(f"bottom{i}", f"b{SIZE - 1}_{i}", 0, 1.0)
            for j in range(SIZE):
                circuit.R(f"d{i}_{j}", f"w{i}_{j}", f"b{i}_{j}", float(1 / conductances[i, j]))
                if j:
                    circuit.R(f"w{i}_{j}", f"w{i}_{j - 1}", f"w{i}_{j}", 1.0)
                if i:
                    circuit.R(f"b{i}_{j}", f"b{i - 1}_{j}", f"b{i}_{j}", 1.0)
        return str(circuit)

    large = nm.Crossbar(np.full((100, 100), 1e-4), r_word=1.0, r_bit=1.0)
    best = shortest(
        {"ours": lambda: crossbar.deck().text(), "PySpice": with_pyspice, "large": lambda: large.deck().text()},
        lambda best: best["PySpice"] > 10 * best["ours"],
        rounds=5,
    )
    with capsys.disabled():
        print(
            f"\ndeck of {SIZE} x {SIZE}: {best['ours'] * 1e3:.1f} ms, PySpice {best['PySpice'] * 1e3:.0f} ms; 100 x 100: "
            f"{best['large'] * 1e3:.0f} ms"
        )
    assert best["PySpice"] > 10 * best["ours"]
