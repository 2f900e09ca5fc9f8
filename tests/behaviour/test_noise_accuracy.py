"""Euler-Maruyama and Milstein beside closed forms: stationary statistics, strong and weak orders on given paths.

Limits are 4.5 standard errors or more: a right method on another seed fails less than once in 1e5 for each number.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from noisy_systems import geometric_brownian_motion, ornstein_uhlenbeck, sigma, tau, v, x

import neuromorph as nm
from neuromorph.behaviour import EulerMaruyama, Milstein, simulate_batch, simulate_system
from neuromorph.behaviour.steps import refuse_bad_noise
from neuromorph.systems import Mode, State

H, TAU = 1e-3, 10e-3
PATH_DT = 2.0**-10


@pytest.fixture(scope="module")
def stationary():
    """4000 realisations of 0.5 s after 0.2 s, every 10 steps: 51 samples each, one a time constant."""
    batch = simulate_batch(
        ornstein_uhlenbeck(), None, 0.7, 4000, solver=EulerMaruyama(dt=H), seed=11, record=["v"], every=10
    )
    return batch["v"][19:]


def test_stationary_variance_is_that_of_the_method(stationary):
    # Exact for Euler-Maruyama; sigma**2 tau / 2, which holds for h = 0, is 5 % less. Neighbours have the correlation 0.35:
    # some 1.6e5 independent values, standard error 0.35 %. Bounds of 4.5 standard errors (1.6 %) fail a right method once
    # in 1e5, and find what is off by 2.5 % with more than 99 %.
    exact = H / (1 - (1 - H / TAU) ** 2)
    assert stationary.var() == pytest.approx(exact, rel=0.016)
    assert stationary.var() != pytest.approx(TAU / 2, rel=0.016)
    # A mean that is off by 0.02 standard deviations, 8 standard errors, is found with more than 99 %.
    assert abs(stationary.mean()) < 4.5 * np.sqrt(exact * 2.1 / stationary.size)


def test_autocorrelation_is_that_of_the_method(stationary):
    # Standard error 0.0022; the correlation of the exact process, exp(-1) = 0.368, is 8.7 of them away, and so found always.
    a, b = stationary[:-1].ravel(), stationary[1:].ravel()
    assert np.corrcoef(a, b)[0, 1] == pytest.approx((1 - H / TAU) ** 10, abs=4.5 * 0.0022)
    a, b = stationary[:-2].ravel(), stationary[2:].ravel()
    assert np.corrcoef(a, b)[0, 1] == pytest.approx((1 - H / TAU) ** 20, abs=4.5 * 0.0025)


def end_of_paths(system, method, dt, n, t_stop=1.0, **more):
    solver = method(dt=dt, path_dt=PATH_DT)
    return simulate_batch(system, None, t_stop, n, solver=solver, seed=5, **more).last


def exact_end(interpretation, w):
    drift = 0.5 - (0.5 if interpretation == "ito" else 0.0)
    return np.exp(drift + w)


@pytest.mark.parametrize("interpretation", ["ito", "stratonovich"])
@pytest.mark.parametrize(("method", "order"), [(EulerMaruyama, 0.5), (Milstein, 1.0)])
def test_strong_order_on_the_same_path(interpretation, method, order):
    # 12000 paths: the slope is 0.49 and 0.97 with a scatter of 0.017 and 0.013 between seeds, so the limits are 4.5 standard errors
    # or more. Without its own term Milstein has 1/2, and the wrong drift has 0: found always.
    system = geometric_brownian_motion(interpretation)
    steps = 2.0 ** -np.arange(4, 9)
    errors, ends = [], []
    for dt in steps:
        last = end_of_paths(system, method, dt, 12_000)
        errors.append(np.sqrt(np.mean((last["x"] - exact_end(interpretation, last["w"])) ** 2)))
        ends.append(last["w"])
    np.testing.assert_allclose(ends, [ends[0]] * len(steps), atol=1e-12)
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.1)
    assert method.strong_order == order


def test_weak_order_is_one():
    # The mean of Euler-Maruyama is (1 + mu h)**n exactly; the error on the same path has a small variance: 20000 paths give
    # each mean error to 1 % or better and the slope, 0.927 at these steps, to 0.0015. A drift that is off by 1 % is found always.
    system = dataclasses.replace(geometric_brownian_motion("ito"), parameters={"mu": 1.5, "sigma": 0.3})
    steps, measured = 2.0 ** -np.arange(3, 7), []
    for dt in steps:
        last = end_of_paths(system, EulerMaruyama, dt, 20_000)
        error = last["x"] - np.exp(1.5 - 0.045 + 0.3 * last["w"])
        exact = (1 + 1.5 * dt) ** (1 / dt) - np.exp(1.5)
        assert error.mean() == pytest.approx(exact, abs=4.5 * error.std() / np.sqrt(error.size))
        measured.append(-error.mean())
    assert np.polyfit(np.log(steps), np.log(measured), 1)[0] == pytest.approx(1.0, abs=0.12)


def test_the_wrong_interpretation_is_found():
    last = end_of_paths(geometric_brownian_motion("ito"), Milstein, 2.0**-8, 500)
    right, wrong = (np.abs(last["x"] / exact_end(i, last["w"]) - 1).mean() for i in ("ito", "stratonovich"))
    assert right < 0.01
    assert wrong > 0.3


def test_one_run_is_neuron_0_of_a_batch_bit_for_bit_also_on_a_fine_path():
    system = geometric_brownian_motion("ito")
    solver = Milstein(dt=2.0**-6, path_dt=2.0**-7)
    alone = simulate_system(system, None, 1.0, solver, seed=5)
    batch = simulate_batch(system, None, 1.0, 3, solver=solver, seed=5, record=["x", "w"])
    for name in ("x", "w"):
        np.testing.assert_array_equal(alone[name][1:], batch[name][:, 0])
        assert not np.array_equal(alone[name][1:], batch[name][:, 1])
    assert alone.provenance["seed"] == 5
    assert alone.provenance["engine"] == "milstein"
    assert alone.provenance["options"]["interpretation"] == "ito"
    other = simulate_system(system, None, 1.0, solver, seed=6)
    assert not np.array_equal(alone["w"], other["w"])


def test_two_processes_in_two_states_have_the_covariance_that_is_stated():
    # dv = dA + dB, dx = dA - 2 dB: covariance matrix t [[2, -1], [-1, 5]]. An entry that is off by 10 % is found with more than 99 %
    # on the diagonal, and the wrong sign of the other always.
    a, b = {"a": 1, "b": 1}, {"a": 1, "b": -2}
    system = dataclasses.replace(
        ornstein_uhlenbeck(),
        name="two_processes",
        states={"v": State(0.0), "x": State(0.0)},
        modes={"only": Mode(rates={"v": 0 * v, "x": 0 * x})},
        diffusion={"v": a, "x": b},
    )
    last = simulate_batch(system, None, 1.0, 20_000, solver=EulerMaruyama(dt=0.05), seed=1).last
    exact = np.array([[2, -1], [-1, 5]])
    errors = np.sqrt((np.outer(np.diag(exact), np.diag(exact)) + exact**2) / 20_000)
    assert np.abs((np.cov(last["v"], last["x"]) - exact) / errors).max() < 4.5


def test_noise_through_the_front_door_with_a_step_of_its_own():
    system = ornstein_uhlenbeck()
    recording = nm.simulate(system, t_stop=0.1, seed=1)
    assert recording.provenance["options"]["dt"] == pytest.approx(TAU / 100)
    assert len(recording.time) == 1001
    assert nm.simulate(system, t_stop=0.1, dt=1e-3, seed=1).provenance["options"]["dt"] == 1e-3


def test_deterministic_solvers_refuse_noise_and_name_one_that_does_not():
    for solver in (nm.RK4(), nm.Rosenbrock()):
        with pytest.raises(
            ValueError, match=r"has noise \(noise\): use solver=nm\.EulerMaruyama\(dt=\.\.\.\) or nm\.M"
        ):
            simulate_system(ornstein_uhlenbeck(), None, 0.1, solver)
    with pytest.raises(ValueError, match=r"RK4 is a deterministic solver"):
        simulate_batch(ornstein_uhlenbeck(), None, 0.1, 2, solver=nm.RK4())


def test_milstein_refuses_noise_that_does_not_commute():
    system = dataclasses.replace(
        ornstein_uhlenbeck(),
        states={"v": State(0.0), "x": State(1.0)},
        modes={"only": Mode(rates={"v": -v / tau, "x": 0})},
        diffusion={"v": {"first": x}, "x": {"second": 1}},
        interpretation="ito",
    )
    message = r"'first' and 'second' do not, so that their joint double integrals would be needed: use EulerMaruyama"
    with pytest.raises(ValueError, match=message):
        simulate_system(system, None, 0.1, Milstein(dt=1e-3), seed=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"dt": 20e-3},
            r"dt \(0\.02 s\) is longer than the fastest time constant of mode 'only' \(0\.01 s\), .* 0\.001 s",
        ),
        ({"dt": 0.0}, "dt must be a positive time in s, got 0.0"),
        ({"dt": "1ms"}, "dt must be a positive time in s, got '1ms'"),
        ({"dt": float("nan")}, "dt must be a positive time in s, got nan"),
        ({"dt": True}, "dt must be a positive time in s, got True"),
        ({"crossings": "bridges"}, "crossings must be one of grid, interpolated, bridge, got 'bridges'"),
        ({"path_dt": 0.7e-3}, r"whole multiple of path_dt, got 0\.001 s and 0\.0007 s"),
        ({"path_dt": 2e-3}, "whole multiple of path_dt"),
        ({"dt": 0.3e-3}, r"t_stop \(0\.1 s\) must be a whole number of steps of 0\.0003 s: give t_stop=0\.0999"),
        ({"seed": None}, r"is random \(noise\): give a seed"),
        ({"seed": -1}, r"seed must be a whole number from 0 to 2\*\*64 - 1, got -1"),
        ({"seed": 1.5}, "seed must be a whole number"),
    ],
)
def test_messages_of_what_a_run_cannot_use(change, message):
    wanted = {"dt": 1e-3, "seed": 1, **change}
    seed = wanted.pop("seed")
    with pytest.raises(ValueError, match=message):
        simulate_system(ornstein_uhlenbeck(), None, 0.1, EulerMaruyama(**wanted), seed=seed)


def test_a_negative_variance_is_refused_before_and_during_a_run():
    import sympy

    system = dataclasses.replace(ornstein_uhlenbeck(), diffusion={"v": {"noise": sympy.sqrt(sigma)}})
    with pytest.raises(ValueError, match=r"sqrt\(sigma\), is not a finite number at the start: a negative variance"):
        simulate_system(
            dataclasses.replace(system, parameters={"tau": TAU, "sigma": -1.0}), None, 0.1, EulerMaruyama(dt=H), seed=1
        )
    with pytest.raises(ValueError, match="a negative variance"):
        simulate_batch(system, None, 0.1, 2, solver=EulerMaruyama(dt=H), seed=1, parameters={"sigma": [1.0, -1.0]})
    root = dataclasses.replace(
        ornstein_uhlenbeck(), name="root", diffusion={"v": {"noise": sympy.sqrt(v)}}, interpretation="ito"
    )
    root = dataclasses.replace(root, states={"v": State(1e-3)})
    with pytest.raises(nm.SimulationError, match="the diffusion for the root of a negative variance") as caught:
        simulate_system(root, None, 1.0, EulerMaruyama(dt=H), seed=1)
    assert caught.value.time_reached < 1.0
    assert len(caught.value.partial.time) > 1
    with pytest.raises(nm.SimulationError, match=r"system 'root', neuron \d"):
        simulate_batch(root, None, 1.0, 5, solver=EulerMaruyama(dt=H), seed=1)


def test_a_variance_with_functions_of_any_kind_is_looked_at_without_a_complex_number():
    import sympy

    noise = sympy.sqrt(sympy.sin(v) + sympy.erf(v) - sigma)
    system = dataclasses.replace(ornstein_uhlenbeck(), diffusion={"v": {"noise": noise}}, interpretation="ito")
    refuse_bad_noise(system, {"sigma": -1.0}, {"v": 1.0})
    for start in (0.4, -2.0):
        with pytest.raises(ValueError, match=r"sqrt\(.*\), is not a finite number at the start: a negative variance"):
            refuse_bad_noise(system, {"sigma": 1.0}, {"v": start})
