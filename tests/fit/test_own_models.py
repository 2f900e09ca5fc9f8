"""Ranges that a fit chooses for the parameters of a user's model."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import neuromorph as nm


@dataclass(frozen=True, kw_only=True)
class Shifted(nm.MMS):
    """A threshold that moves with the state, up or down."""

    shift: float = nm.parameter(0.0, unit="V", low=-0.3, high=0.3, doc="rise of v_on from off to on")

    def state_equation(self, v, x):
        """State rate [1/s]."""
        return super().state_equation(v - self.shift * x, x)


def test_a_parameter_whose_limit_is_below_zero_may_be_negative():
    """A voltage is taken for positive, unless its field says otherwise."""
    truth = Shifted(r_on=1.2e3, r_off=9e4, v_on=0.31, v_off=0.13, tau=3e-4, shift=-0.05)
    records = [nm.synthetic_measurement(truth, 0.8, f, 5e3, noise=0.001) for f in (1.0, 1e3)]
    fit = nm.fit_memristor(records, Shifted, starts=3)
    (shift,) = [p.range for p in fit.problem.parameters if p.name == "shift"]
    assert (shift.low, shift.high) == (-0.3, 0.3)
    assert -0.3 <= shift.start_low < 0.0 < shift.start_high <= 0.3
    assert fit.model.shift == pytest.approx(-0.05, abs=0.01)
