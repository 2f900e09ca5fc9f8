"""Masked values are refused wherever arrays and programming take values: a plain array would bring back what is hidden."""

from __future__ import annotations

import numpy as np
import pytest

import neuromorph as nm

MASK = [[False, True], [False, False]]
MASKED = np.ma.array([[1e-3, 2e-3], [3e-3, 4e-3]], mask=MASK)
TARGETS = np.full((2, 2), 1e-3)
ROWS = [np.ma.array([1e-3, 2e-3], mask=[False, True]), np.ma.array([3e-3, 4e-3])]


def program():
    return nm.WeightMapping().program([[1.0, -0.5], [0.25, 0.0]], seed=7)


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda: nm.Crossbar(MASKED), r"conductances must not be masked, got 1 masked value: .*filled\(values, 0\.0\)"),
        (lambda: nm.Crossbar(ROWS), "conductances must not be masked, got 1 masked value:"),
        (lambda: nm.Crossbar(np.ma.masked_all((2, 2))), "conductances must not be masked, got 4 masked values:"),
        (
            lambda: nm.Crossbar([[1e-3]] * 2).solve(np.ma.array([0.1, 0.2], mask=[True, False])),
            "voltages of side left must",
        ),
        (lambda: nm.DeviceArray(nm.MMS(), MASKED), "states must not be masked"),
        (
            lambda: nm.DeviceArray(nm.MMS(), np.ones((2, 2)), {"r_on": MASKED}),
            r"variations\['r_on'\] must not be masked",
        ),
        (lambda: nm.DeviceArray(nm.MMS(), np.ones((2, 2)), stuck=MASKED), r"stuck must .*filled\(values, np\.nan\)"),
        (lambda: nm.WeightMapping().program(MASKED, seed=7), "weights must not be masked"),
        (lambda: program().multiply(np.ma.array([0.1, 0.2], mask=[True, False])), "inputs must not be masked"),
        (lambda: nm.StuckDevices(on=np.ma.array(MASK, mask=MASK)), "mask 'on' must not be masked"),
        (lambda: nm.WriteVerify().run(MASKED, seed=1), "targets must not be masked"),
        (
            lambda: nm.WriteVerify().run(TARGETS, selected=np.ma.array(MASK, mask=MASK), seed=1),
            "selected must not be masked",
        ),
        (lambda: program().after(nm.GainTrim(vectors=MASKED)), "vectors must not be masked"),
    ],
)
def test_masked_values_are_refused(give, message):
    with pytest.raises(ValueError, match=message):
        give()


def test_a_masked_array_in_which_nothing_is_masked_is_a_plain_one():
    np.testing.assert_array_equal(nm.Crossbar(np.ma.array(MASKED.data)).conductances, MASKED.data)
