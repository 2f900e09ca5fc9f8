"""Arrays of devices: each one is what the model says of a device alone, with its own parameters."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import neuromorph as nm

SHAPE = (4, 6)
MODELS = [
    nm.MMS(),
    nm.GMMS(),
    nm.GMMS(schottky="pinched"),
    nm.VTEAM(),
    nm.VTEAM(iv="exponential", window="biolek"),
    nm.Yakopcic(),
    nm.Yakopcic(eta="reverse"),
    nm.LinearIonDrift(window="joglekar"),
]
VARIED = {"MMS": "tau", "GMMS": "beta_f", "VTEAM": "k_on", "Yakopcic": "b", "LinearIonDrift": "mobility"}
LINEAR = {"MMS", "VTEAM", "LinearIonDrift"}


@dataclass(frozen=True, kw_only=True)
class Ohmic(nm.MemristorModel):
    """A resistor whose state relaxes to the voltage; its parameters have names that the kernels use."""

    k: float = nm.parameter(2e-3, unit="S", positive=True, doc="conductance")
    rate: float = nm.parameter(10.0, unit="1/s", positive=True, doc="rate of relaxation")

    def current_equation(self, v: Any, x: Any) -> Any:
        return self.k * v

    def state_equation(self, v: Any, x: Any) -> Any:
        return self.rate * (v - x)


def drawn(seed=1):
    rng = np.random.default_rng(seed)
    return rng, rng.random(SHAPE), rng.uniform(-1.0, 1.0, (3, *SHAPE))


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.subcircuit_name)
def test_every_device_follows_its_own_parameters(model):
    rng, states, v = drawn()
    name = VARIED[type(model).__name__]
    values = getattr(model, name) * rng.uniform(0.5, 2.0, SHAPE)
    devices = nm.DeviceArray(model, states, {name: values})
    current, slope = devices.current_and_slope(v)
    rate, partials = devices.state_rate(v), devices.derivatives(v)
    for at in np.ndindex(*SHAPE):
        alone, x, u = model.replace(**{name: values[at]}), states[at], v[:, *at]
        np.testing.assert_allclose(current[:, *at], alone.current(u, x), rtol=1e-13, atol=1e-18)
        np.testing.assert_allclose(rate[:, *at], alone.state_rate(u, x), rtol=1e-12, atol=1e-12)
        for key, expected in alone.derivatives(u, x).items():
            np.testing.assert_allclose(partials[key][:, *at], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(devices.current(v), current, rtol=1e-13)
    np.testing.assert_allclose(slope, partials["current_dv"], rtol=1e-13)
    # The variation is seen: with the model's value for all, something differs.
    plain = nm.DeviceArray(model, states)
    same = np.allclose(plain.current(v), current, rtol=1e-6) and np.allclose(plain.state_rate(v), rate, rtol=1e-6)
    assert not same


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.subcircuit_name)
def test_what_is_linear_in_the_voltage_is_found_from_the_equations(model):
    _, states, v = drawn()
    devices = nm.DeviceArray(model, states)
    assert devices.is_linear == (type(model).__name__ in LINEAR)
    if devices.is_linear:
        np.testing.assert_allclose(devices.conductances() * v, devices.current(v), rtol=1e-13)
        np.testing.assert_array_equal(devices.conductances(0.3), devices.conductances())
    else:
        with pytest.raises(ValueError, match=r"not linear in the voltage.*give voltage in V"):
            devices.conductances()


def test_conductance_of_a_bent_curve_is_the_secant_and_the_tangent_at_zero():
    model = nm.GMMS(schottky="pinched")
    devices = nm.DeviceArray(model, [[0.2, 0.8]])
    np.testing.assert_allclose(devices.conductances(0.5), model.current(0.5, devices.states) / 0.5, rtol=1e-14)
    near = model.current(1e-7, devices.states) / 1e-7
    np.testing.assert_allclose(devices.conductances([[0.0, 0.5]])[0, 0], near[0, 0], rtol=1e-6)
    offset = nm.DeviceArray(nm.GMMS(alpha_r=1e-4), [[0.2]])
    with pytest.raises(ValueError, match="carries a current at 0 V"):
        offset.conductances(0.0)


def test_stuck_devices_are_resistors_that_do_not_move():
    _, states, v = drawn()
    stuck = np.full(SHAPE, np.nan)
    stuck[1, 2], stuck[3, 0] = 0.0, 5e-3
    devices = nm.DeviceArray(nm.MMS(), states, stuck=stuck)
    working = nm.DeviceArray(nm.MMS(), states)
    broken = ~np.isnan(stuck)
    assert np.array_equal(devices.is_stuck, broken)
    assert not working.is_stuck.any()
    np.testing.assert_array_equal(devices.conductances()[broken], [0.0, 5e-3])
    np.testing.assert_array_equal(devices.current(v)[:, broken], v[:, broken] * [0.0, 5e-3])
    assert not devices.state_rate(v)[:, broken].any()
    for mine, theirs in zip(devices.derivatives(v).values(), working.derivatives(v).values(), strict=True):
        np.testing.assert_array_equal(mine[:, ~broken], theirs[:, ~broken])
    np.testing.assert_array_equal(devices.state_rate(v)[:, ~broken], working.state_rate(v)[:, ~broken])
    assert "2 stuck" in repr(devices)


def test_a_device_without_a_voltage_does_not_move():
    devices = nm.DeviceArray(nm.MMS(), [[0.5, 0.5]])
    rate = devices.state_rate([[np.nan, 1.0]])
    assert rate[0, 0] == 0.0
    assert rate[0, 1] > 0.0


def test_names_of_a_users_parameters_do_not_meet_those_of_the_kernel():
    devices = nm.DeviceArray(Ohmic(), [[0.1, 0.2]], {"k": [[1e-3, 4e-3]]})
    assert devices.is_linear
    np.testing.assert_array_equal(devices.conductances(), [[1e-3, 4e-3]])
    np.testing.assert_allclose(devices.state_rate(1.0), [[9.0, 8.0]], rtol=1e-15)


def test_other_states_and_pickles_keep_all_else():
    _, states, v = drawn()
    stuck = np.where(np.arange(24).reshape(SHAPE) == 5, 1e-3, np.nan)
    devices = nm.DeviceArray(nm.MMS(), states, {"r_on": np.full(SHAPE, 300.0)}, stuck)
    moved = devices.with_states(1.0 - states)
    expected = nm.DeviceArray(nm.MMS(r_on=300.0), 1.0 - states, stuck=stuck).current(v)
    np.testing.assert_allclose(moved.current(v), expected, rtol=1e-15)
    again = pickle.loads(pickle.dumps(moved))
    np.testing.assert_array_equal(again.current(v), moved.current(v))
    assert np.array_equal(devices.states, states)
    with pytest.raises(ValueError, match="read-only"):
        devices.states[0, 0] = 0.0
    assert np.array_equal(devices.parameter("r_on"), np.full(SHAPE, 300.0))
    assert np.array_equal(devices.parameter("r_off"), np.full(SHAPE, 1500.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mms", [[0.5]]), "model must be a memristor model"),
        ((nm.MMS(), [0.5, 0.5]), r"states must have the shape \(rows, columns\)"),
        ((nm.MMS(), [["much"]]), "states must be numbers"),
        ((nm.MMS(), [[0.5, 1.5]]), r"from 0 to 1, got states\[0, 1\] = 1.5"),
        ((nm.MMS(), [[np.nan]]), r"got states\[0, 0\] = nan"),
        ((nm.MMS(), [[0.5]], {"r_onn": [[1.0]]}), "did you mean 'r_on'"),
        ((nm.VTEAM(), [[0.5]], {"window": [[1.0]]}), "no parameter 'window'"),
        ((nm.MMS(), [[0.5]], {"r_on": [[1.0, 2.0]]}), r"must have the shape of the array, \(1, 1\), got \(1, 2\)"),
        (
            (nm.MMS(), [[0.5, 0.5]], {"r_on": [[500.0, -1.0]]}),
            r"positive and finite in ohm, got -1.0 of device \(0, 1\)",
        ),
        ((nm.GMMS(), [[0.5]], {"phi": [[1.5]]}), "at most 1"),
        ((nm.MMS(), [[0.5]], {"v_on": [[np.inf]]}), "got inf"),
        ((nm.MMS(), [[0.5]], None, [[-1e-3]]), r"at least 0 S.*got -0.001 S for device \(0, 0\)"),
        ((nm.MMS(), [[0.5]], None, [[np.inf]]), "give the conductance of the short"),
        ((nm.MMS(), [[0.5]], None, [[0.0, 0.0]]), "stuck must have the shape"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        nm.DeviceArray(*arguments)


def test_voltages_of_another_shape_are_refused():
    devices = nm.DeviceArray(nm.MMS(), np.full((2, 3), 0.5))
    with pytest.raises(ValueError, match=r"shape of the array, \(2, 3\)"):
        devices.current(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"shape of the array, \(2, 3\), got \(3, 2\)"):
        devices.with_states(np.zeros((3, 2)))


def test_a_mask_is_not_taken_as_conductances_of_stuck_devices():
    states, mask = np.zeros((2, 2)), np.eye(2, dtype=bool)
    for given in (mask, mask.tolist()):
        with pytest.raises(ValueError, match=r"stuck must have conductances in S, NaN where a device works.*np\.where"):
            nm.DeviceArray(nm.MMS(), states, stuck=given)
    devices = nm.DeviceArray(nm.MMS(), states, stuck=np.where(mask, 1e-3, np.nan))
    np.testing.assert_array_equal(devices.is_stuck, mask)
