"""What bias schemes, read margin, half-select disturbance, decks and arrays of devices refuse, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm

G = (1e-3, 1e-5)
CROSSBAR = nm.Crossbar(nm.DeviceArray(nm.MMS(), np.zeros((2, 3))), r_word=1.0, r_bit=1.0)


def disturb(crossbar=CROSSBAR, cell=(0, 1), voltage=0.5, **settings):
    return nm.half_select_disturbance(crossbar, cell, voltage, **({"width": 1e-6, "pulses": 1} | settings))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nm.read_margin(G, (2, 2), np.nan),
            "voltage of the selected cell must be a finite number of volts, got nan",
        ),
        (lambda: nm.read_margin(G, (2, 2), np.inf), "finite number of volts, got inf"),
        (lambda: nm.read_margin(G, (2, 2), "0.1"), "finite number of volts, got '0.1'"),
        (lambda: nm.read_margin(G, (2, 2), 0.0), "v_read must not be 0 V: no current flows"),
        (lambda: nm.read_margin(G, (2.9, 2), 0.1), r"a shape is a number of word lines.*\(2.9, 2\)"),
        (lambda: nm.read_margin(G, (2, 2, 2), 0.1), r"a shape is .*\(2, 2, 2\)"),
        (lambda: nm.read_margin(G, (True, 2), 0.1), r"a shape is .*\(True, 2\)"),
        (lambda: nm.read_margin(G, (0, 2), 0.1), r"at least 1 each.*\(0, 2\)"),
        (lambda: nm.read_margin(G, 4, 0.1), "a shape is .* got 4"),
        (
            lambda: nm.read_margin(G, (2, 2), 0.1, cell=(1.7, 0)),
            r"a row and a column, such as \(0, 1\), got \(1.7, 0\)",
        ),
        (lambda: nm.read_margin(G, (2, 2), 0.1, cell=(0, 0, 0)), "a cell is a row and a column"),
        (lambda: nm.read_margin((1e-3,), (2, 2), 0.1), r"two conductances in S, on and off.*got \(0.001,\)"),
        (lambda: nm.read_margin("MMS", (2, 2), 0.1), "device must be a memristor model, such as nm.MMS.*got 'MMS'"),
        (lambda: nm.read_margin(nm.MMS, (2, 2), 0.1), "device must be a memristor model, such as nm.MMS.*class"),
        (lambda: nm.read_margin((-1e-3, 1e-5), (2, 2), 0.1), "finite and at least 0 S, got -0.001"),
        (
            lambda: nm.read_margin(G, (2, 2), 0.1, scheme=None),
            "kind must be one of V/2, V/3, grounded, floating, got None",
        ),
        (lambda: nm.BiasScheme().line_voltages((2, 2), (0, 0), np.nan), "finite number of volts"),
        (lambda: disturb(voltage=np.nan), "finite number of volts, got nan"),
        (lambda: disturb(crossbar=np.ones((2, 2))), "crossbar must be a Crossbar of a DeviceArray, got ndarray"),
        (lambda: disturb(scheme=None), "kind must be one of"),
        (lambda: disturb(width="a"), "width must be a positive time in s, got 'a'"),
        (lambda: disturb(width=0.0), "width must be a positive time in s, got 0.0"),
        (lambda: disturb(period=np.nan), "period must be a positive time in s, got nan"),
        (
            lambda: disturb(period=0.5e-6),
            "period must be at least 1.01e-06 s, what a pulse takes with its edges, got 5e-07",
        ),
        (lambda: disturb(period=1e-6, pulses=2), "times must not let pulses overlap, each takes 1.01e-06 s"),
        (lambda: disturb(pulses=True), "pulses must be a whole number of at least 1, got True"),
        (lambda: disturb(pulses=0), "pulses must be a whole number of at least 1, got 0"),
        (lambda: nm.Crossbar([[1e-3]]).deck(name=3), "name, the title of the deck, must be text, got 3"),
        (
            lambda: nm.DeviceArray(nm.MMS(), [[0.0]], variations=[[1.0]]),
            "variations must be a mapping from names of parameters to values.*got list",
        ),
    ],
)
def test_the_message_says_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_whole_numbers_of_numpy_are_whole_numbers():
    found = disturb(cell=(np.int64(0), np.int32(1)), pulses=np.int64(2))
    assert found.cell == (0, 1)
    assert found.states.shape == (3, 2, 3)
    assert nm.read_margin(G, np.array([2, 2]), 0.1).margin == pytest.approx(0.658, abs=1e-3)


def test_an_array_that_does_not_fit_into_memory_is_refused_before_it_is_made():
    with pytest.raises(
        MemoryError, match=r"the 1000000 x 1000000 array needs about .* GB are free: try a smaller array"
    ):
        nm.read_margin(G, (1_000_000, 1_000_000), 0.1)
