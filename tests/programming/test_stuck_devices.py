"""Stuck devices keep their conductance, whatever it is, while the others are written, relax or get warm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import neuromorph as nm

MAPPING = nm.WeightMapping(r_on=550.0, r_off=1400.0, w_max=1.0)
OPEN = nm.StuckDevices(p_off=0.3, g_off=0.0)
# Far above what the model has.
SHORT = nm.StuckDevices(p_on=0.3, g_on=1.0)


@dataclass(frozen=True, kw_only=True)
class Warm(nm.MMS):
    """A device whose current rises with the temperature."""

    def current_equation(self, v, x):
        return super().current_equation(v, x) * self.temperature / 300


LATER = {
    "write-verify": nm.WriteVerify(),
    "write-verify of devices that vary": nm.WriteVerify(variation={"r_on": 0.01}),
    "relaxation": nm.StateRelaxation(time=0.1),
    "temperature": nm.TemperatureShift(temperature=350.0, reference=300.0, model=Warm()),
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
@pytest.mark.parametrize("faults", [OPEN, SHORT], ids=["open", "short"])
def test_a_stuck_device_keeps_a_conductance_that_no_state_of_the_model_gives(faults, later):
    array = MAPPING.program(np.random.default_rng(0).uniform(-0.9, 0.9, (6, 4)), seed=2)
    faulty = array.after(faults)
    stuck = faulty.state.stuck
    assert 0 < stuck.sum() < stuck.size
    found = faulty.after(later).conductances
    np.testing.assert_array_equal(found[stuck], faulty.conductances[stuck])
    assert (found[~stuck] != faulty.conductances[~stuck]).all()
    # Relaxation and warmth draw nothing, so working devices come out as they do where none is stuck.
    if not isinstance(later, nm.WriteVerify):
        np.testing.assert_allclose(found[~stuck], array.after(later).conductances[~stuck], rtol=1e-12)
    else:
        np.testing.assert_allclose(found[~stuck], array.conductances[~stuck], rtol=0.02)


def test_working_devices_outside_of_the_model_are_still_refused():
    array = MAPPING.program(np.full((2, 2), 0.5)).after(nm.StuckDevices(on=np.eye(2, 4, dtype=bool)))
    with pytest.raises(ValueError, match="6 of 8 conductances are outside of what MMS has"):
        array.after(nm.StateRelaxation(time=1.0, model=nm.MMS(r_on=50.0, r_off=100.0))).conductances  # noqa: B018
