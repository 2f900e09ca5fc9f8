"""What programming refuses at once: steps that do not fit an array, wrong kinds of values, numbers of reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import neuromorph as nm

ARRAY = nm.WeightMapping().program([[1.0, -0.5], [0.25, 0.0]], seed=7)
TARGETS = np.full((2, 2), 1e-3)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (nm.StuckDevices(on=np.ones((3, 3), bool)), r"mask 'on' has the shape \(3, 3\), the array's devices \(2, 4\)"),
        (nm.StuckDevices(on=np.eye(2, 4, dtype=bool), off=np.eye(2, 4, dtype=bool)), r"device \(0, 0\) is in the mask"),
        (nm.GainTrim(wires={"rword": 1}), "the wiring of an array has no parameter 'rword'; did you mean 'r_word'"),
        (nm.GainTrim(wires={"r_word": -1.0}), "r_word, the resistance .* must be at least 0"),
        (nm.GainTrim(vectors=np.ones((3, 5))), "vectors need 2 inputs, one for each word line, got 5"),
        (nm.WriteVerify(variation={"ron": 0.1}), "MMS has no parameter 'ron'; did you mean 'r_on'"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_when_it_is_added(step, message):
    with pytest.raises(ValueError, match=message):
        ARRAY.after(step)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nm.WriteVerify(variation=[0.1]), r"variation must be a mapping from names .*got \[0.1\]"),
        (lambda: nm.WriteVerify(model="MMS"), "model must be a memristor model, such as nm.MMS.*got 'MMS'"),
        (lambda: nm.StateRelaxation(time=1.0, model="MMS"), "model must be a memristor model"),
        (lambda: nm.TemperatureShift(temperature=300.0, model="MMS"), "model must be a memristor model"),
        (lambda: nm.StuckDevices(on=[[True], [True, False]]), "mask 'on' must be a matrix of booleans"),
        (lambda: nm.GainTrim(wires=[1.0]), "wires must be a mapping such as"),
        (lambda: nm.GainTrim(vectors="a"), "vectors must be real numbers, .*got 'a'"),
        (lambda: nm.WriteVerify().run(TARGETS, nm.MMS()), r"devices must be a DeviceArray.*WriteVerify\(model="),
        (lambda: nm.WriteVerify().run(TARGETS, seed="a"), "seed must be a whole number from 0, got 'a'"),
        (lambda: nm.WriteVerify().run("a"), "targets must be real numbers, .*got 'a'"),
        (lambda: nm.WeightMapping().program("a"), "weights must be real numbers, .*got 'a'"),
        (
            lambda: nm.WeightMapping().program([[1.0], [1.0, 2.0]]),
            "weights must be real numbers, with rows of one length",
        ),
        (lambda: ARRAY.multiply("a"), "inputs must be real numbers, .*got 'a'"),
        (lambda: ARRAY.multiply([1.0, 1.0], first_read=-1), "first_read is the number of a read.*got -1"),
        (lambda: ARRAY.multiply([1.0, 1.0], first_read=1.5), "first_read is the number of a read.*got 1.5"),
        (lambda: ARRAY.multiply([1.0, 1.0], read_voltage="a"), "read_voltage must be a positive voltage in V, got 'a'"),
        (lambda: ARRAY.multiply([1.0, 1.0], r_wrd=1), "the wiring of an array has no parameter 'r_wrd'; did you mean"),
    ],
)
def test_the_message_says_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_step_of_ones_own_can_refuse_an_array_when_it_is_added():
    @dataclass(frozen=True, kw_only=True)
    class Square(nm.Transformation):
        def check(self, array):
            if array.shape[0] != array.shape[1]:
                raise ValueError(f"not square: {array.shape}")

        def changed(self, conductances, array, rng):
            return conductances

    with pytest.raises(ValueError, match=r"not square: \(2, 4\)"):
        ARRAY.after(Square())
    square = nm.WeightMapping(scheme="offset").program([[1.0], [0.5]])
    assert square.after(Square()).history.names == ("square",)
