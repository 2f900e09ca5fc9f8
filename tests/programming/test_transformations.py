"""What happens to conductances: statistics by seeded samples, laws against closed forms, stuck devices, monotone limits.

Bounds on statistics are six standard errors of a correct implementation (failure probability 2e-9 each), on counts likewise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.special import expit

import neuromorph as nm

MAPPING = nm.WeightMapping(r_on=500.0, r_off=1500.0, w_max=1.0)
G_ON, G_OFF = 1 / 500.0, 1 / 1500.0
WINDOW = G_ON - G_OFF
K_IN_EV = 1.380649e-23 / 1.602176634e-19


def array(m=200, n=100, seed=3):
    return MAPPING.program(np.random.default_rng(1).uniform(-1, 1, (m, n)), seed=seed)


def normalised(before, after, deviation):
    return ((after - before) / deviation).ravel()


def assert_standard_normal(z):
    """Mean, variance, skewness and kurtosis, and independence of neighbours."""
    n = z.size
    assert abs(z.mean()) < 6 / math.sqrt(n)
    assert abs(z.var() - 1) < 6 * math.sqrt(2 / n)
    assert abs(np.mean(z**3)) < 6 * math.sqrt(15 / n)
    assert abs(np.mean(z**4) - 3) < 6 * math.sqrt(96 / n)
    assert abs(np.mean(z[1:] * z[:-1])) < 6 / math.sqrt(n)


@pytest.mark.parametrize(("relative", "of_window"), [(0.05, 0.0), (0.0, 0.03), (0.04, 0.02)])
def test_write_noise(relative, of_window):
    before = array()
    after = before.after(nm.WriteNoise(relative=relative, of_window=of_window))
    deviation = np.sqrt((relative * before.conductances) ** 2 + (of_window * WINDOW) ** 2)
    assert_standard_normal(normalised(before.conductances, after.conductances, deviation))


def test_write_noise_never_goes_below_zero():
    after = array().after(nm.WriteNoise(relative=1.0)).conductances
    assert after.min() == 0.0
    share = np.mean(after == 0.0)
    expected = 0.15865525393145707
    assert abs(share - expected) < 6 * math.sqrt(expected * (1 - expected) / after.size)


@pytest.mark.parametrize(("centre", "shift"), [("median", 0.0), ("mean", 0.5 * 0.3**2)])
def test_device_variation_is_lognormal(centre, shift):
    before = array()
    after = before.after(nm.DeviceVariation(sigma=0.3, centre=centre))
    assert_standard_normal((np.log(after.conductances / before.conductances) + shift).ravel() / 0.3)


def test_variation_around_the_mean_is_that_around_the_median_made_smaller():
    before = array(10, 10)
    median, mean = (before.after(nm.DeviceVariation(sigma=0.4, centre=c)).conductances for c in ("median", "mean"))
    np.testing.assert_allclose(mean, median * math.exp(-0.08), rtol=1e-14)


def test_stuck_devices_by_probability():
    before = array()
    after = before.after(nm.StuckDevices(p_on=0.05, p_off=0.1))
    stuck, g = after.state.stuck, after.conductances
    for p, level in ((0.05, G_ON), (0.1, G_OFF)):
        count = np.count_nonzero(stuck & (g == level))
        assert abs(count - p * g.size) < 6 * math.sqrt(p * (1 - p) * g.size)
    assert np.count_nonzero(stuck) == np.count_nonzero(stuck & ((g == G_ON) | (g == G_OFF)))
    assert (g[~stuck] == before.conductances[~stuck]).all()


def test_stuck_devices_at_the_ends_of_probability():
    before = array(9, 4)
    assert (before.after(nm.StuckDevices(p_on=1.0)).conductances == G_ON).all()
    assert (before.after(nm.StuckDevices(p_off=1.0, g_off=0.0)).conductances == 0.0).all()
    assert not before.after(nm.StuckDevices()).state.stuck.any()


def test_what_is_stuck_at_a_low_probability_is_stuck_at_a_higher_one():
    before = array(40, 20)
    masks = [before.after(nm.StuckDevices(p_on=p, p_off=p / 2)).state.stuck for p in (0.0, 0.02, 0.1, 0.5, 0.6)]
    for fewer, more in pairwise(masks):
        assert not (fewer & ~more).any()
        assert more.sum() > fewer.sum()


def test_stuck_devices_by_mask():
    before = array(3, 2)
    on, off = np.zeros((3, 4), bool), np.zeros((3, 4), bool)
    on[0, 1], off[2, 3] = True, True
    after = before.after(nm.StuckDevices(on=on, off=off, g_on=5e-3, g_off=1e-6))
    expected = before.conductances.copy()
    expected[0, 1], expected[2, 3] = 5e-3, 1e-6
    assert (after.conductances == expected).all()
    assert (after.state.stuck == (on | off)).all()
    # A mask decides also where the probability is one.
    assert after.undo().after(nm.StuckDevices(on=on, p_off=1.0)).conductances[0, 1] == G_ON


def test_stuck_devices_stay_as_they_are():
    stuck = array(20, 10).after(nm.StuckDevices(p_on=0.1, p_off=0.1))
    later = stuck.after(
        nm.WriteNoise(of_window=0.1),
        nm.DeviceVariation(sigma=0.5),
        nm.Drift(time=1e4, t_0=1.0, nu=0.1),
        nm.Retention(time=1.0, tau=1.0),
        nm.TemperatureShift(temperature=400.0, coefficient=1e-2),
        nm.StuckDevices(p_on=0.5, p_off=0.5),
        nm.ReadNoise(relative=0.5),
    )
    where = stuck.state.stuck
    assert (stuck.after(nm.StuckDevices(p_off=0.01)).state.stuck[where]).all()
    assert (later.conductances[where] == stuck.conductances[where]).all()
    assert (later.read_conductances(4)[where] == stuck.conductances[where]).all()
    assert later.state.stuck.all()


def test_read_noise_is_new_at_every_read():
    noisy = array().after(nm.ReadNoise(relative=0.02))
    quiet = noisy.conductances
    assert (quiet == noisy.undo().conductances).all()
    z = [normalised(quiet, noisy.read_conductances(k), 0.02 * quiet) for k in range(3)]
    for one in z:
        assert_standard_normal(one)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.mean(z[one] * z[other])) < 6 / math.sqrt(z[0].size)
    assert (noisy.read_conductances(2) == noisy.read_conductances(2)).all()


def test_read_noise_in_a_product():
    """Every vector is a read of its own; the noise of an output is that of its devices, added in squares."""
    noisy = array(50, 3).after(nm.ReadNoise(of_window=0.05))
    x = np.tile(np.random.default_rng(2).uniform(-1, 1, 50), (4000, 1))
    product = noisy.multiply(x)
    deviation = 0.05 * WINDOW * math.sqrt(2 * np.sum(x[0] ** 2)) / noisy.mapping.conductance_per_weight
    z = (product.outputs - product.ideal) / deviation
    assert np.abs(z.mean(axis=0)).max() < 6 / math.sqrt(4000)
    assert np.abs(z.var(axis=0) - 1).max() < 6 * math.sqrt(2 / 4000)
    assert (noisy.multiply(x[7], first_read=7).outputs == product.outputs[7]).all()
    assert (noisy.multiply(x[:5], first_read=10).outputs == product.outputs[10:15]).all()


def test_drift_against_its_law():
    before = array()
    after = before.after(nm.Drift(time=3600.0, t_0=20.0, nu=0.05, nu_sigma=0.01))
    exponents = -np.log(after.conductances / before.conductances) / math.log(180.0)
    assert_standard_normal((exponents.ravel() - 0.05) / 0.01)
    exact = before.after(nm.Drift(time=3600.0, t_0=20.0, nu=0.05))
    np.testing.assert_allclose(exact.conductances, before.conductances * 180.0**-0.05, rtol=1e-14)
    assert (
        before.after(nm.Drift(time=20.0, t_0=20.0, nu=0.05, nu_sigma=0.01)).conductances == before.conductances
    ).all()


def test_the_same_devices_drift_on():
    """Exponents do not depend on the time: twice the logarithm of time is twice that of conductance."""
    before = array(20, 10)
    logs = [
        np.log(before.after(nm.Drift(time=t, t_0=1.0, nu=0.05, nu_sigma=0.02)).conductances / before.conductances)
        for t in (10.0, 100.0, 1000.0)
    ]
    np.testing.assert_allclose(logs[1], 2 * logs[0], atol=1e-14)
    np.testing.assert_allclose(logs[2], 3 * logs[0], atol=1e-14)


def test_retention_by_hand():
    before = array(5, 4)
    after = before.after(nm.Retention(time=2.0, tau=4.0, g_rest=1e-3))
    np.testing.assert_allclose(after.conductances, 1e-3 + (before.conductances - 1e-3) * math.exp(-0.5), rtol=1e-14)
    hot = nm.Retention(time=2.0, tau=4.0, activation_energy=1.1, temperature=398.15, reference=298.15)
    factor = math.exp(1.1 / K_IN_EV * (1 / 398.15 - 1 / 298.15))
    assert hot.tau_at_temperature == pytest.approx(4.0 * factor, rel=1e-12)
    assert hot.tau_at_temperature < 1e-3 * 4.0
    np.testing.assert_allclose(before.after(hot).conductances, G_OFF, rtol=1e-12)
    assert (before.after(nm.Retention(time=0.0, tau=1.0)).conductances == before.conductances).all()


def test_retention_is_monotone_in_time_and_temperature():
    before = array(10, 10)
    previous = before.conductances
    for time in (0.1, 1.0, 10.0):
        now = before.after(nm.Retention(time=time, tau=1.0)).conductances
        assert (now <= previous).all()
        assert (now >= G_OFF).all()
        previous = now
    losses = [
        np.mean(
            before.conductances
            - before.after(nm.Retention(time=1.0, tau=100.0, activation_energy=0.6, temperature=t)).conductances
        )
        for t in (280.0, 300.0, 350.0, 400.0)
    ]
    assert losses == sorted(losses)


def test_relaxation_of_metastable_switches():
    """At 0 V the state goes to 1/2 at the rate 2 s(-v_on / v_t) / tau."""
    model = nm.MMS()
    before = array(20, 10)
    x = (before.conductances - G_OFF) / WINDOW
    rate = 2 * expit(-0.27 / (K_IN_EV * model.temperature)) / model.tau
    for time in (0.0, 0.3, 5.0, 1e6):
        after = before.after(nm.StateRelaxation(time=time, model=model)).conductances
        expected = G_OFF + WINDOW * (0.5 + (x - 0.5) * math.exp(-rate * time))
        np.testing.assert_allclose(after, expected, rtol=1e-12)


def test_relaxation_of_a_model_that_is_not_linear_in_its_state():
    """A state that leaks with its square, against LSODA."""

    @dataclass(frozen=True, kw_only=True)
    class Leaky(nm.MMS):
        def state_equation(self, v, x):
            return super().state_equation(v, x) - 3.0 * x**2

    before = array(2, 2)
    after = before.after(nm.StateRelaxation(time=0.4, model=Leaky())).conductances
    switching = expit(-0.27 / (K_IN_EV * nm.MMS().temperature)) / nm.MMS().tau

    def rate(t, x):
        return switching * (1 - 2 * x) - 3.0 * x**2

    for g, found in zip(before.conductances.ravel(), after.ravel(), strict=True):
        solution = solve_ivp(rate, (0, 0.4), [(g - G_OFF) / WINDOW], "LSODA", rtol=1e-10, atol=1e-12)
        assert found == pytest.approx(G_OFF + WINDOW * solution.y[0, -1], rel=1e-8)


def test_temperature_by_each_of_its_laws():
    before = array(5, 4)
    g = before.conductances

    def at(temperature, **law):
        return before.after(nm.TemperatureShift(temperature=temperature, reference=300.0, **law)).conductances

    np.testing.assert_allclose(at(340.0, coefficient=-2e-3), g * 0.92, rtol=1e-13)
    np.testing.assert_allclose(
        at(340.0, activation_energy=0.1), g * math.exp(-0.1 / K_IN_EV * (1 / 340 - 1 / 300)), rtol=1e-12
    )
    for law in ({"coefficient": 1e-3}, {"activation_energy": 0.2}, {"model": Thermal()}):
        assert (at(300.0, **law) == g).all() or np.allclose(at(300.0, **law), g, rtol=1e-14)
        assert (at(350.0, **law) > at(320.0, **law)).all()
        assert (at(320.0, **law) > g).all()
    np.testing.assert_allclose(at(330.0, model=Thermal()), g * 1.1, rtol=1e-12)


@dataclass(frozen=True, kw_only=True)
class Thermal(nm.MMS):
    """A memristor whose conductance is proportional to the absolute temperature."""

    def current_equation(self, v, x):
        return super().current_equation(v, x) * self.temperature / sympy.Integer(300)


def test_gain_trim_takes_off_a_factor():
    """Conductances of a column all too large by a factor: the trimmed product is exact."""

    @dataclass(frozen=True, kw_only=True)
    class ColumnFactors(nm.Transformation):
        def changed(self, conductances, array, rng):
            return conductances * np.linspace(0.7, 1.4, conductances.shape[1])

    array_ = array(30, 6).after(ColumnFactors())
    x = np.random.default_rng(5).uniform(-1, 1, (10, 30))
    assert array_.multiply(x).relative_error > 0.1
    trimmed = array_.after(nm.GainTrim())
    assert trimmed.multiply(x).relative_error < 1e-12
    np.testing.assert_allclose(trimmed.state.line_gains, 1 / np.linspace(0.7, 1.4, 12), rtol=1e-12)
    assert (trimmed.conductances == array_.conductances).all()


def test_gain_trim_is_least_squares():
    """The gain of an output by numpy's solver, and no other gain gives smaller errors over the vectors."""
    vectors = np.random.default_rng(5).uniform(-1, 1, (20, 30))
    noisy = array(30, 6).after(nm.WriteNoise(of_window=0.2))
    trimmed = noisy.after(nm.GainTrim(vectors=vectors, per="output"))
    measured, wanted = noisy.multiply(vectors).outputs, vectors @ noisy.weights
    for j in range(6):
        (gain,) = np.linalg.lstsq(measured[:, [j]], wanted[:, j], rcond=None)[0]
        assert trimmed.state.output_gains[j] == pytest.approx(gain, rel=1e-10)
    assert trimmed.multiply(vectors).relative_error < noisy.multiply(vectors).relative_error


@pytest.mark.parametrize("per", ["line", "output"])
def test_a_second_trim_by_the_same_vectors_changes_nothing(per):
    vectors = np.random.default_rng(5).uniform(-1, 1, (20, 30))
    once = array(30, 6).after(nm.WriteNoise(of_window=0.2), nm.GainTrim(vectors=vectors, per=per))
    twice = once.after(nm.GainTrim(vectors=vectors, per=per))
    np.testing.assert_allclose(twice.state.line_gains, once.state.line_gains, rtol=1e-12)
    np.testing.assert_allclose(twice.state.output_gains, once.state.output_gains, rtol=1e-12)
    assert not np.allclose(once.multiply(vectors).outputs, once.undo().multiply(vectors).outputs)


@pytest.mark.parametrize("per", ["line", "output"])
def test_gain_trim_against_the_wires(per):
    wires = {"r_word": 0.5, "r_bit": 0.5}
    plain = array(24, 12)
    x = np.random.default_rng(6).uniform(-1, 1, (40, 24))
    error = plain.multiply(x, **wires).relative_error
    trimmed = plain.after(nm.GainTrim(wires=wires, per=per)).multiply(x, **wires).relative_error
    blind = plain.after(nm.GainTrim(per=per)).multiply(x, **wires).relative_error
    assert error == pytest.approx(blind, rel=1e-9)
    assert trimmed < 0.5 * error


def test_a_line_without_current_keeps_its_gain():
    open_line = np.zeros((8, 6), bool)
    open_line[:, 2] = True
    trimmed = array(8, 3).after(nm.StuckDevices(off=open_line, g_off=0.0), nm.GainTrim())
    assert trimmed.state.line_gains[2] == 1.0
    assert np.isfinite(trimmed.state.line_gains).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nm.WriteNoise(relative=-0.1), "relative must be a finite number of at least 0, got -0.1"),
        (lambda: nm.WriteNoise(of_window=np.nan), "of_window must be a finite number of at least 0, got nan"),
        (lambda: nm.DeviceVariation(sigma=-1.0), "sigma must be a finite number of at least 0, got -1.0"),
        (lambda: nm.StuckDevices(p_on=1.2), "p_on must be a finite number from 0 to 1, got 1.2"),
        (lambda: nm.StuckDevices(p_off=-0.1), "p_off must be a finite number from 0 to 1, got -0.1"),
        (lambda: nm.StuckDevices(p_on=np.nan), "p_on must be a finite number from 0 to 1, got nan"),
        (lambda: nm.StuckDevices(p_on=0.6, p_off=0.5), r"p_on \+ p_off must be at most 1, got 1.1"),
        (lambda: nm.StuckDevices(on=[[1, 0]]), "mask 'on' must be a matrix of booleans, one for each device, got int"),
        (lambda: nm.ReadNoise(relative="much"), "relative must be a finite number of at least 0, got 'much'"),
        (lambda: nm.Drift(time=1.0, t_0=2.0, nu=0.1), "time must be at least t_0, 2 s, got 1 s"),
        (lambda: nm.Retention(time=1.0, tau=0.0), "tau must be a positive time in s, got 0.0"),
        (
            lambda: nm.TemperatureShift(temperature=300.0),
            "exactly one of coefficient, activation_energy, model, got none",
        ),
        (
            lambda: nm.TemperatureShift(temperature=300.0, coefficient=0.0, activation_energy=0.1),
            "got coefficient, activation_energy",
        ),
        (
            lambda: nm.TemperatureShift(temperature=300.0, model=nm.MMS()),
            "the current of MMS does not depend on a parameter temperature.*let the state move.*StateRelaxation",
        ),
        (lambda: nm.GainTrim(count=0), "count must be a whole number of vectors, at least 1, got 0"),
        (lambda: nm.GainTrim(vectors=[[1.0, np.nan]]), "vectors must be finite numbers"),
        (lambda: nm.GainTrim(per="row"), "per must be one of line, output, got 'row'"),
    ],
)
def test_settings_that_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (nm.StuckDevices(on=np.ones((2, 2), bool)), r"mask 'on' has the shape \(2, 2\), the array's devices \(4, 6\)"),
        (
            nm.StuckDevices(on=np.eye(4, 6, dtype=bool), off=np.eye(4, 6, dtype=bool)),
            r"device \(0, 0\) is in the mask of devices stuck on and in that of devices stuck off",
        ),
        (nm.GainTrim(vectors=np.ones((3, 5))), "vectors need 4 inputs, one for each word line, got 5"),
        (nm.GainTrim(wires={"r_wire": 1.0}), "has no parameter 'r_wire'; .*r_word, r_bit, r_driver, r_sense"),
        (
            nm.StateRelaxation(time=1.0, model=nm.MMS(r_on=1000.0)),
            r"24 conductances are outside of what MMS has, 0.000666667 S to 0.001 S at 0.1 V",
        ),
    ],
)
def test_steps_that_do_not_fit_the_array(step, message):
    with pytest.raises(ValueError, match=message):
        _ = array(4, 3).after(step).conductances


def test_a_transformation_that_returns_nonsense():
    @dataclass(frozen=True, kw_only=True)
    class Broken(nm.Transformation):
        def changed(self, conductances, array, rng):
            return conductances * np.nan

    with pytest.raises(ValueError, match=r"broken must return finite conductances of the shape \(4, 6\)"):
        _ = array(4, 3).after(Broken()).conductances
